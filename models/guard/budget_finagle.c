/* Budget "finagle_ttl": a token bucket whose deposits vanish. Each call deposits 1, each retry
 * withdraws 1 / share, deposits (and withdrawals) are forgotten after `ttl`, and a standing reserve
 * allows min_per_s x ttl withdrawals whatever the traffic.
 *
 * Sources: Finagle RetryBudget.scala (TokenRetryBudget) and TokenBucket.newLeakyBucket, whose
 * WindowedAdder has 10 slices; blog "Retry Budgets" (2016).
 */
#include "models/guard/budget.h"
#include "models/guard/slices.h"

#define SLICES 10u  /* WindowedAdder in TokenBucket.scala */
#define SCALE  1000 /* RetryBudget.ScaleFactor: deposits are so many units */

typedef struct {
    gd_span ttl;
    uint32_t min_per_s;
    gd_share share;
} finagle_spec;

typedef struct {
    int64_t balance; /* of the window */
    gd_slices slices;
} finagle_state;

static int64_t *cell(const gd_budget_at *at)
{
    const finagle_spec *spec = at->spec;
    finagle_state *state = at->state;
    return gd_slices_at(&state->slices, SLICES, 1, spec->ttl / SLICES, at->now, &state->balance);
}

static void add(const gd_budget_at *at, int64_t amount)
{
    *cell(at) += amount;
    ((finagle_state *)at->state)->balance += amount;
}

/* A share of 0: calls deposit nothing, and a retry takes one unit of the reserve. */
static void began(const gd_budget_at *at)
{
    if (((const finagle_spec *)at->spec)->share > 0)
        add(at, SCALE);
}

static bool acquire(const gd_budget_at *at, const gd_reply *reply, uint32_t tries)
{
    (void)reply, (void)tries;
    const finagle_spec *spec = at->spec;
    finagle_state *state = at->state;
    int64_t costs = spec->share > 0 ? (int64_t)((gd_i128)SCALE * GD_SHARE_ONE / spec->share) : 1;
    gd_i128 reserve = (gd_i128)spec->min_per_s * (spec->ttl / GD_S) * costs;
    cell(at);
    if (state->balance + reserve < costs)
        return false;
    add(at, -costs);
    return true;
}

static const gd_field fields[] = {
    GD_FIELD_ROW(finagle_spec, ttl, GD_FIELD_SPAN, .fallback = "\"10s\"", .min = GD_S,
                 .max = 60 * GD_S, .help = "deposits are forgotten after it",
                 .source = "Finagle RetryBudget: 10 s, from 1 to 60"),
    GD_FIELD_ROW(finagle_spec, min_per_s, GD_FIELD_COUNT, .fallback = "10", .min = 0,
                 .max = 1000000, .help = "retries a second that are allowed without any deposit",
                 .source = "Finagle RetryBudget minRetriesPerSec"),
    GD_FIELD_ROW(finagle_spec, share, GD_FIELD_SHARE, .fallback = "\"20%\"", .min = 0,
                 .max = GD_SHARE_ONE,
                 .help = "retries for each call; above 100% it would limit nothing",
                 .source = "Finagle RetryBudget percentCanRetry"),
    {0},
};

const gd_shape gd_finagle_ttl_budget_shape = {
    .name = "finagle_ttl",
    .help = "retries are at most a share of recent calls, and a few a second besides",
    .source = "Finagle RetryBudget.scala",
    .bytes = sizeof(finagle_spec),
    .fields = fields,
    .bare = "share",
};

const gd_budget gd_finagle_ttl_budget = {
    .shape = &gd_finagle_ttl_budget_shape,
    .state_bytes = sizeof(finagle_state) + SLICES * sizeof(int64_t),
    .began = began,
    .acquire = acquire,
};
