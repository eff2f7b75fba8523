/* Circuit breaker as Hystrix had it: a rolling window of ten seconds, looked at every half second;
 * with enough requests in it and enough errors it opens; after a sleep one trial decides.
 *
 * The window is made of slices as long as the interval of the snapshots, and a verdict is over
 * whole slices only: it falls at the end of a slice, so a short burst of errors is judged up to
 * 500 ms later. Time-outs count as errors, and so do refusals of its own pool or semaphore.
 *
 * Sources: Hystrix HystrixCommandProperties (defaults), HystrixCircuitBreakerImpl,
 * HealthCountsStream.
 */
#include "models/guard/breaker.h"
#include "models/guard/slices.h"

#include <string.h>

#define MOST_SLICES 120u

enum { REQUESTS, ERRORS, SUMS };
enum { BELOW_VOLUME, BELOW_RATE };
static const gd_counter_row counters[] = {
    {"below_volume", "errors, but fewer requests in the window than request_volume: no verdict"},
    {"below_rate", "errors, but a smaller share than error_rate"},
    {0},
};

typedef struct {
    gd_breaker_head head;
    int64_t sums[SUMS];
    gd_slices slices;
} hystrix_state;

static uint32_t slices_of(const gd_hystrix_spec *spec)
{
    return (uint32_t)(spec->window / spec->snapshot);
}

static void open_at(const gd_policy_at *at, gd_time when)
{
    const gd_hystrix_spec *spec = at->spec;
    hystrix_state *b = at->state;
    gd_breaker_enter(at, GD_OPEN);
    b->head.until = gd_time_add(when, spec->sleep);
}

/* Moves to the present slice; the one before it is then whole, and the window is judged. */
static int64_t *look(const gd_policy_at *at)
{
    const gd_hystrix_spec *spec = at->spec;
    hystrix_state *b = at->state;
    int64_t present = at->run->now / spec->snapshot, whole = b->slices.newest;
    if (present > whole && b->head.state == GD_CLOSED && b->sums[ERRORS] > 0) {
        if (b->sums[REQUESTS] < (int64_t)spec->request_volume)
            gd_policy_count(at, BELOW_VOLUME, 1);
        else if ((gd_i128)b->sums[ERRORS] * GD_SHARE_ONE <
                 (gd_i128)b->sums[REQUESTS] * spec->error_rate)
            gd_policy_count(at, BELOW_RATE, 1);
        else
            open_at(at, (whole + 1) * spec->snapshot);
    }
    return gd_slices_at(&b->slices, slices_of(spec), SUMS, spec->snapshot, at->run->now, b->sums);
}

static gd_verdict admit(const gd_policy_at *at, gd_reply *reply)
{
    look(at);
    return gd_breaker_admit_one(at, reply, ((const gd_hystrix_spec *)at->spec)->sleep);
}

static void forget_counts(const gd_policy_at *at)
{
    const gd_hystrix_spec *spec = at->spec;
    hystrix_state *b = at->state;
    memset(b->sums, 0, sizeof b->sums);
    memset(&b->slices + 1, 0, slices_of(spec) * SUMS * sizeof(int64_t));
}

static gd_verdict ended(const gd_policy_at *at, gd_reply *reply, gd_time *when)
{
    (void)when;
    hystrix_state *b = at->state;
    bool good = gd_outcome_rows[reply->outcome].good;
    bool error = gd_outcome_rows[reply->outcome].breaker || reply->outcome == GD_BULKHEAD_FULL;
    int64_t *cell = look(at);
    bool trial = b->head.state == GD_HALF_OPEN;
    bool current = gd_breaker_is_current(at);
    if (!good && !error) { /* HystrixBadRequestException: neither way */
        b->head.permits += current && trial;
        return GD_PASS;
    }
    cell[REQUESTS]++;
    cell[ERRORS] += error;
    b->sums[REQUESTS]++;
    b->sums[ERRORS] += error;
    if (!current || !trial)
        return GD_PASS;
    if (error) {
        open_at(at, at->run->now);
    } else {
        gd_breaker_enter(at, GD_CLOSED);
        forget_counts(at);
    }
    return GD_PASS;
}

static uint32_t more_state_bytes(const void *spec)
{
    return slices_of(spec) * SUMS * (uint32_t)sizeof(int64_t);
}

const gd_policy gd_hystrix_policy = {
    .admit = admit,
    .ended = ended,
    .cancelled = gd_breaker_cancelled,
    .forget = gd_breaker_forget,
    .counters = counters,
    .call_bytes = sizeof(gd_breaker_call),
    .state_bytes = sizeof(hystrix_state),
    .more_state_bytes = more_state_bytes,
};

/* ---- as a model writes it ----------------------------------------------------------------------
 */
static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    gd_hystrix_spec *hystrix = spec;
    if (hystrix->window <= 0 || hystrix->snapshot <= 0) /* unreadable: that is said already */
        hystrix->window = hystrix->snapshot = GD_S;
    if (hystrix->window % hystrix->snapshot == 0 &&
        hystrix->window / hystrix->snapshot <= MOST_SLICES)
        return;
    g_autofree char *window = gd_quantity_print(GD_FIELD_SPAN, hystrix->window);
    g_autofree char *snapshot = gd_quantity_print(GD_FIELD_SPAN, hystrix->snapshot);
    gd_problem(problems, node,
               "the window of %s is not 1 to %u whole snapshots of %s; choose a snapshot that fits",
               window, MOST_SLICES, snapshot);
    hystrix->snapshot = hystrix->window;
}

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_hystrix_spec, window, GD_FIELD_SPAN, .fallback = "\"10s\"", .min = GD_MS,
                 .max = GD_DAY, .help = "what the verdict is about",
                 .source = "Hystrix metrics.rollingStats"),
    GD_FIELD_ROW(gd_hystrix_spec, snapshot, GD_FIELD_SPAN, .fallback = "\"500ms\"", .min = GD_MS,
                 .max = GD_DAY, .help = "how often it looks",
                 .source = "Hystrix metrics.healthSnapshot"),
    GD_FIELD_ROW(gd_hystrix_spec, request_volume, GD_FIELD_COUNT, .fallback = "20", .min = 1,
                 .max = 1000000000, .help = "no verdict below so many requests in the window",
                 .source = "Hystrix requestVolumeThreshold"),
    GD_FIELD_ROW(gd_hystrix_spec, error_rate, GD_FIELD_SHARE, .fallback = "\"50%\"", .min = 1000000,
                 .max = GD_SHARE_ONE, .help = "opens at or above this share of errors",
                 .source = "Hystrix errorThresholdPercentage"),
    GD_FIELD_ROW(gd_hystrix_spec, sleep, GD_FIELD_SPAN, .fallback = "\"5s\"", .min = GD_MS,
                 .max = GD_DAY, .help = "refuses everything this long, then lets one trial through",
                 .source = "Hystrix sleepWindowInMilliseconds"),
    {0},
};

const gd_shape gd_hystrix_shape = {
    .name = "hystrix",
    .help = "the share of errors in a rolling window; one trial",
    .source = "Hystrix HystrixCommandProperties, HystrixCircuitBreaker",
    .bytes = sizeof(gd_hystrix_spec),
    .fields = fields,
    .check = check,
    .concept =
        &(const gd_concept){
            .title = "Circuit breaker: Hystrix",
            .idea = "A rolling window is looked at every half second; with enough requests and "
                    "enough errors in it the breaker opens, and after a sleep one trial decides.",
            .cures = "Threads that wait for a callee that does not answer.",
            .cures_not = "A short burst of errors: the verdict falls with the next snapshot.",
            .price = "Users refused although their call might have worked.",
            .dangerous_with =
                "A callee of which one part is down: it closes the way to the other parts too.",
            .numbers = "20 requests and 50 % errors in 10 s; it sleeps 5 s.",
            .source = "Hystrix HystrixCommandProperties, HystrixCircuitBreaker",
        },
};
