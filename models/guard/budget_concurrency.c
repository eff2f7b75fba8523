/* Budgets of how many retries are going on at once, as Envoy has them: a fixed number
 * (`max_retries`), or a share of the requests that are active (`retry_budget`, which overrides it).
 * A retry is active from the decision, through its back-off, until it has ended.
 *
 * Sources: Envoy circuit_breaker.proto (Thresholds, RetryBudget); RetryStateImpl::shouldRetry,
 * which gives its own retry back before it asks for the next.
 * Left out: pending requests (those that wait for a connection) count as active here only when
 * they are out.
 */
#include "models/guard/budget.h"

typedef struct {
    gd_share share;
    uint32_t min_concurrency;
} envoy_spec;

typedef struct {
    uint32_t max_retries;
} fixed_spec;

typedef struct {
    uint32_t active, retries;
} concurrency_state;

typedef struct {
    uint32_t out, retrying;
} concurrency_call;

static void sent(const gd_budget_at *at)
{
    concurrency_state *state = at->state;
    concurrency_call *mine = at->mine;
    state->active++;
    mine->out++;
}

static void ended(const gd_budget_at *at, const gd_reply *reply, bool worth)
{
    (void)reply, (void)worth;
    concurrency_state *state = at->state;
    concurrency_call *mine = at->mine;
    if (mine->out == 0) /* it was refused before it was sent */
        return;
    mine->out--;
    state->active -= state->active > 0; /* 0: the caller has restarted since */
}

static void give_back(const gd_budget_at *at)
{
    concurrency_state *state = at->state;
    concurrency_call *mine = at->mine;
    state->retries -= mine->retrying < state->retries ? mine->retrying : state->retries;
    mine->retrying = 0;
}

static void over(const gd_budget_at *at, bool good)
{
    (void)good;
    concurrency_state *state = at->state;
    concurrency_call *mine = at->mine;
    give_back(at);
    state->active -= mine->out < state->active ? mine->out : state->active;
    mine->out = 0;
}

static bool take(const gd_budget_at *at, gd_i128 limit_billionths)
{
    concurrency_state *state = at->state;
    concurrency_call *mine = at->mine;
    if (mine->out == 0) /* a retry: the one before is over. A hedge goes on beside it */
        give_back(at);
    if ((gd_i128)state->retries * GD_SHARE_ONE >= limit_billionths)
        return false;
    state->retries++;
    mine->retrying++;
    return true;
}

static bool envoy_acquire(const gd_budget_at *at, const gd_reply *reply, uint32_t tries)
{
    (void)reply, (void)tries;
    const envoy_spec *spec = at->spec;
    const concurrency_state *state = at->state;
    gd_i128 share = (gd_i128)spec->share * state->active;
    gd_i128 least = (gd_i128)spec->min_concurrency * GD_SHARE_ONE;
    return take(at, share > least ? share : least);
}

static bool fixed_acquire(const gd_budget_at *at, const gd_reply *reply, uint32_t tries)
{
    (void)reply, (void)tries;
    return take(at, (gd_i128)((const fixed_spec *)at->spec)->max_retries * GD_SHARE_ONE);
}

static const gd_field envoy_fields[] = {
    GD_FIELD_ROW(envoy_spec, share, GD_FIELD_SHARE, .fallback = "\"20%\"", .min = 0,
                 .max = GD_SHARE_ONE, .help = "active retries for each active request",
                 .source = "Envoy RetryBudget.budget_percent"),
    GD_FIELD_ROW(envoy_spec, min_concurrency, GD_FIELD_COUNT, .fallback = "3", .min = 0,
                 .max = 1000000, .help = "so many retries may be active whatever the share",
                 .source = "Envoy RetryBudget.min_retry_concurrency"),
    {0},
};

const gd_shape gd_envoy_concurrency_budget_shape = {
    .name = "envoy_concurrency",
    .help = "active retries are at most a share of the active requests",
    .source = "Envoy circuit_breaker.proto, RetryBudget",
    .bytes = sizeof(envoy_spec),
    .fields = envoy_fields,
    .bare = "share",
};

const gd_budget gd_envoy_concurrency_budget = {
    .shape = &gd_envoy_concurrency_budget_shape,
    .call_bytes = sizeof(concurrency_call),
    .state_bytes = sizeof(concurrency_state),
    .sent = sent,
    .ended = ended,
    .acquire = envoy_acquire,
    .over = over,
};

static const gd_field fixed_fields[] = {
    GD_FIELD_ROW(fixed_spec, max_retries, GD_FIELD_COUNT, .fallback = "3", .min = 0, .max = 1000000,
                 .help = "so many retries may be active at once",
                 .source = "Envoy Thresholds.max_retries"),
    {0},
};

const gd_shape gd_fixed_concurrency_budget_shape = {
    .name = "fixed_concurrency",
    .help = "so many retries at once, and no more",
    .source = "Envoy circuit_breaker.proto, Thresholds.max_retries",
    .bytes = sizeof(fixed_spec),
    .fields = fixed_fields,
    .bare = "max_retries",
};

const gd_budget gd_fixed_concurrency_budget = {
    .shape = &gd_fixed_concurrency_budget_shape,
    .call_bytes = sizeof(concurrency_call),
    .state_bytes = sizeof(concurrency_state),
    .sent = sent,
    .ended = ended,
    .acquire = fixed_acquire,
    .over = over,
};
