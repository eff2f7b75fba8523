/* Circuit breaker of failures in a row: after n of them it opens, for a time that grows with each
 * opening, then lets one trial through. With `success_rate` it opens also when too few calls of a
 * sliding window were good: Finagle's failure accrual has both.
 *
 * Sources: Finagle FailureAccrualPolicy (5 consecutive failures, or success rate 0.8 over 30 s with
 * 5 requests; marked dead for an equal-jitter back-off from 5 s to 300 s), FailureAccrualFactory
 * (probation: one request). Finagle smooths the rate exponentially; here it is that of the window's
 * calls, in 30 slices (assumption).
 */
#include "models/guard/breaker.h"
#include "models/guard/slices.h"

#include <string.h>

#define SLICES 30u

enum { CALLS, GOOD, SUMS };
enum { TOO_FEW };
static const gd_counter_row counters[] = {
    {"too_few_in_a_row", "a failure, but not enough of them in a row"},
    {0},
};

typedef struct {
    gd_breaker_head head;
    uint32_t in_a_row, spare;
    int64_t sums[SUMS];
    gd_slices slices;
    int64_t cells[SLICES * SUMS];
} consecutive_state;

/* h to 2 h at random, h the wait without jitter (Finagle's equal jitter). */
static void open(const gd_policy_at *at)
{
    const gd_consecutive_spec *spec = at->spec;
    consecutive_state *b = at->state;
    gd_breaker_enter(at, GD_OPEN);
    gd_span wait = gd_breaker_wait(&b->head, spec->open_for, spec->open_growth, spec->open_max);
    if (spec->jitter) {
        uint64_t who =
            at->from == GD_NONE ? at->site->salt : at->run->plan->instances[at->from].salt;
        uint64_t u = gd_mix_n(gd_mix(gd_mix(at->run->key, at->site->salt), who + GD_SALT_OPENING),
                              b->head.generation);
        wait = gd_time_add(wait, (gd_span)gd_below(u, (uint64_t)wait + 1));
        wait = wait > spec->open_max ? spec->open_max : wait;
    }
    b->head.until = gd_time_add(at->run->now, wait);
    b->in_a_row = 0;
}

static gd_verdict admit(const gd_policy_at *at, gd_reply *reply)
{
    return gd_breaker_admit_one(at, reply, ((const gd_consecutive_spec *)at->spec)->open_for);
}

static bool is_rate_low(const gd_policy_at *at, bool good)
{
    const gd_consecutive_spec *spec = at->spec;
    consecutive_state *b = at->state;
    if (spec->success_rate == 0)
        return false;
    int64_t *cell =
        gd_slices_at(&b->slices, SLICES, SUMS, spec->window / SLICES, at->run->now, b->sums);
    cell[CALLS]++;
    cell[GOOD] += good;
    b->sums[CALLS]++;
    b->sums[GOOD] += good;
    return b->sums[CALLS] >= (int64_t)spec->min_calls &&
           (gd_i128)b->sums[GOOD] * GD_SHARE_ONE < (gd_i128)b->sums[CALLS] * spec->success_rate;
}

static gd_verdict ended(const gd_policy_at *at, gd_reply *reply, gd_time *when)
{
    (void)when;
    const gd_consecutive_spec *spec = at->spec;
    consecutive_state *b = at->state;
    bool good = gd_outcome_rows[reply->outcome].good, trial = b->head.state == GD_HALF_OPEN;
    if (!gd_breaker_is_current(at))
        return GD_PASS;
    if (!good && !gd_outcome_rows[reply->outcome].breaker) {
        b->head.permits += trial;
        return GD_PASS;
    }
    if (trial && good) {
        gd_breaker_enter(at, GD_CLOSED);
        memset(&b->in_a_row, 0, sizeof *b - offsetof(consecutive_state, in_a_row));
    } else if (trial) {
        open(at);
    } else {
        bool low = is_rate_low(at, good);
        b->in_a_row = good ? 0 : b->in_a_row + 1;
        if (!good && (b->in_a_row >= spec->failures || low))
            open(at);
        else if (!good)
            gd_policy_count(at, TOO_FEW, 1);
    }
    return GD_PASS;
}

const gd_policy gd_consecutive_policy = {
    .admit = admit,
    .ended = ended,
    .cancelled = gd_breaker_cancelled,
    .forget = gd_breaker_forget,
    .counters = counters,
    .call_bytes = sizeof(gd_breaker_call),
    .state_bytes = sizeof(consecutive_state),
};

static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_consecutive_spec *breaker = spec;
    if (breaker->open_max < breaker->open_for)
        gd_problem(problems, node,
                   "open_max is below open_for: no opening could be that short; raise open_max");
}

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_consecutive_spec, failures, GD_FIELD_COUNT, .fallback = "5", .min = 1,
                 .max = 1000000, .help = "opens after so many failures in a row",
                 .source = "Finagle failure accrual: 5"),
    GD_FIELD_ROW(gd_consecutive_spec, success_rate, GD_FIELD_SHARE, .fallback = "0", .min = 0,
                 .max = GD_SHARE_ONE,
                 .help = "opens also when fewer calls than this are good; 0: never",
                 .source = "Finagle successRateWithinDuration: 0.8"),
    GD_FIELD_ROW(gd_consecutive_spec, window, GD_FIELD_SPAN, .fallback = "\"30s\"",
                 .min = SLICES * GD_MS, .max = GD_DAY, .help = "over which that rate is taken",
                 .source = "Finagle: 30 s"),
    GD_FIELD_ROW(gd_consecutive_spec, min_calls, GD_FIELD_COUNT, .fallback = "5", .min = 1,
                 .max = 1000000, .help = "and with so many calls at least",
                 .source = "Finagle minRequestThreshold: 5"),
    GD_FIELD_ROW(gd_consecutive_spec, open_for, GD_FIELD_SPAN, .fallback = "\"5s\"", .min = GD_MS,
                 .max = GD_DAY, .help = "the first opening, before jitter",
                 .source = "Finagle markDeadFor: 5 s"),
    GD_FIELD_ROW(gd_consecutive_spec, open_growth, GD_FIELD_FACTOR, .fallback = "2",
                 .min = GD_SHARE_ONE, .max = 100 * GD_SHARE_ONE,
                 .help = "each opening in a row lasts this many times the last one",
                 .source = "Finagle Backoff.equalJittered: 2"),
    GD_FIELD_ROW(gd_consecutive_spec, open_max, GD_FIELD_SPAN, .fallback = "\"300s\"", .min = GD_MS,
                 .max = GD_DAY, .help = "and at most so long",
                 .source = "Finagle markDeadFor: 300 s"),
    GD_FIELD_ROW(gd_consecutive_spec, jitter, GD_FIELD_BOOL, .fallback = "true",
                 .help = "adds up to the same again at random",
                 .source = "Finagle Backoff.equalJittered"),
    {0},
};

const gd_shape gd_consecutive_shape = {
    .name = "consecutive",
    .help = "so many failures in a row; a wait that grows; one trial",
    .source = "Finagle FailureAccrualPolicy",
    .bytes = sizeof(gd_consecutive_spec),
    .fields = fields,
    .bare = "failures",
    .check = check,
    .concept =
        &(const gd_concept){
            .title = "Circuit breaker: failures in a row",
            .idea = "So many failures one after the other, and it opens, each time for longer; one "
                    "trial decides.",
            .cures = "A callee that is down: it opens after a handful of calls, however few come.",
            .cures_not = "A callee that fails half of its calls: a run of n failures has a chance "
                         "of one in 2^n.",
            .price = "Every opening keeps away the users of its whole wait.",
            .dangerous_with = "High rates: at a failure share f a run of n comes about every 1 / "
                              "((1 - f) f^n) calls, so a healthy callee is cut off by chance.",
            .source = "Finagle FailureAccrualPolicy; patterns 3.6",
        },
};
