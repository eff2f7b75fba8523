/* Circuit breaker of Polly v8: opens when, in the sampling window, there were enough executions and
 * enough of them failed; looked at after each failure. After the break one trial decides; when it
 * does not come back, the next one is let through a break later.
 *
 * Sources: Polly docs "Circuit breaker" (defaults); CircuitStateController, RollingHealthMetrics
 * (ten windows).
 */
#include "models/guard/breaker.h"
#include "models/guard/slices.h"

#include <string.h>

#define SLICES 10u /* RollingHealthMetrics: samplingDuration / 10 each */

enum { RUNS, FAILURES, SUMS };
enum { BELOW_THROUGHPUT, BELOW_RATIO };
static const gd_counter_row counters[] = {
    {"below_throughput", "a failure, but fewer executions than min_throughput: no verdict"},
    {"below_ratio", "a failure, but the ratio stays below failure_ratio"},
    {0},
};

typedef struct {
    gd_breaker_head head;
    int64_t sums[SUMS];
    gd_slices slices;
    int64_t cells[SLICES * SUMS];
} polly_state;

static void open(const gd_policy_at *at)
{
    const gd_polly_spec *spec = at->spec;
    polly_state *b = at->state;
    gd_breaker_enter(at, GD_OPEN);
    gd_span wait = gd_breaker_wait(&b->head, spec->open_for, spec->open_growth, spec->open_max);
    b->head.until = gd_time_add(at->run->now, wait);
}

static gd_verdict admit(const gd_policy_at *at, gd_reply *reply)
{
    return gd_breaker_admit_one(at, reply, ((const gd_polly_spec *)at->spec)->open_for);
}

static void judge(const gd_policy_at *at)
{
    const gd_polly_spec *spec = at->spec;
    const polly_state *b = at->state;
    if (b->sums[RUNS] < (int64_t)spec->min_throughput)
        gd_policy_count(at, BELOW_THROUGHPUT, 1);
    else if ((gd_i128)b->sums[FAILURES] * GD_SHARE_ONE <
             (gd_i128)b->sums[RUNS] * spec->failure_ratio)
        gd_policy_count(at, BELOW_RATIO, 1);
    else
        open(at);
}

static gd_verdict ended(const gd_policy_at *at, gd_reply *reply, gd_time *when)
{
    (void)when;
    const gd_polly_spec *spec = at->spec;
    polly_state *b = at->state;
    bool good = gd_outcome_rows[reply->outcome].good, trial = b->head.state == GD_HALF_OPEN;
    if (!gd_breaker_is_current(at))
        return GD_PASS;
    if (!good && !gd_outcome_rows[reply->outcome].breaker) {
        b->head.permits += trial;
        return GD_PASS;
    }
    if (trial && good) {
        gd_breaker_enter(at, GD_CLOSED);
        memset(b->sums, 0, sizeof *b - offsetof(polly_state, sums));
    } else if (trial) {
        open(at);
    } else if (b->head.state == GD_CLOSED) {
        int64_t *cell =
            gd_slices_at(&b->slices, SLICES, SUMS, spec->sampling / SLICES, at->run->now, b->sums);
        cell[RUNS]++;
        cell[FAILURES] += !good;
        b->sums[RUNS]++;
        b->sums[FAILURES] += !good;
        if (!good)
            judge(at);
    }
    return GD_PASS;
}

const gd_policy gd_polly_policy = {
    .admit = admit,
    .ended = ended,
    .cancelled = gd_breaker_cancelled,
    .forget = gd_breaker_forget,
    .counters = counters,
    .call_bytes = sizeof(gd_breaker_call),
    .state_bytes = sizeof(polly_state),
};

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_polly_spec, failure_ratio, GD_FIELD_SHARE, .fallback = "\"10%\"",
                 .min = 1000000, .max = GD_SHARE_ONE,
                 .help = "opens at or above this share of failures",
                 .source = "Polly FailureRatio"),
    GD_FIELD_ROW(gd_polly_spec, sampling, GD_FIELD_SPAN, .fallback = "\"30s\"", .min = 500 * GD_MS,
                 .max = GD_DAY, .help = "the window that is looked at",
                 .source = "Polly SamplingDuration, at least 0.5 s"),
    GD_FIELD_ROW(gd_polly_spec, min_throughput, GD_FIELD_COUNT, .fallback = "100", .min = 2,
                 .max = 1000000000, .help = "no verdict below so many executions in it",
                 .source = "Polly MinimumThroughput, at least 2"),
    GD_FIELD_ROW(gd_polly_spec, open_for, GD_FIELD_SPAN, .fallback = "\"5s\"", .min = 500 * GD_MS,
                 .max = GD_DAY, .help = "refuses everything this long, then lets one trial through",
                 .source = "Polly BreakDuration, at least 0.5 s"),
    GD_FIELD_ROW(gd_polly_spec, open_growth, GD_FIELD_FACTOR, .fallback = "1", .min = GD_SHARE_ONE,
                 .max = 100 * GD_SHARE_ONE,
                 .help = "each opening in a row lasts this many times the last one",
                 .source = "Polly BreakDurationGenerator"),
    GD_FIELD_ROW(gd_polly_spec, open_max, GD_FIELD_SPAN, .fallback = "\"1h\"", .min = GD_MS,
                 .max = GD_DAY, .help = "and at most so long", .source = "assumption"),
    {0},
};

const gd_shape gd_polly_shape = {
    .name = "polly",
    .help = "the share of failures in a sampling window; one trial",
    .source = "Polly v8 CircuitBreakerStrategyOptions",
    .bytes = sizeof(gd_polly_spec),
    .fields = fields,
    .concept =
        &(const gd_concept){
            .title = "Circuit breaker: Polly",
            .idea = "After each failure it asks whether the sampling window holds enough calls and "
                    "too large a share of failures; then it opens for a fixed break, and one trial "
                    "decides.",
            .cures = "Calls to a callee that fails them all.",
            .cures_not =
                "A callee with little traffic: below the minimum of calls there is no verdict.",
            .price = "Users refused although their call might have worked.",
            .dangerous_with = "Its defaults for callers of a few calls a second: the minimum is "
                              "never reached, and it never opens.",
            .source = "Polly v8 CircuitBreakerStrategyOptions",
        },
};
