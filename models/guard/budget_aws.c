/* Budgets "aws_quota" and "aws_quota_v2": the retry quota of the AWS SDKs. A retry costs a number
 * of units and is refused when fewer are there; a call that succeeds gives back what its last retry
 * cost, or 1 if it was never retried. In standard mode a retry costs 5, after a time-out 10; in the
 * newer mode 14, after a throttling error 5.
 *
 * Sources: botocore retries/quota.py and retries/standard.py (RetryQuotaChecker); AWS SDK reference
 * guide, retry behaviour.
 */
#include "models/guard/budget.h"

typedef struct {
    uint32_t capacity, cost, special; /* special: after a time-out, or a throttling error (v2) */
    uint32_t given_back;
} quota_spec;

typedef struct {
    uint32_t taken; /* of the capacity: 0 at first */
} quota_state;

typedef struct {
    uint32_t last; /* cost of the call's last retry; 0: it had none */
} quota_call;

static bool take(const gd_budget_at *at, uint32_t cost)
{
    const quota_spec *spec = at->spec;
    quota_state *state = at->state;
    if (cost > spec->capacity - state->taken)
        return false;
    state->taken += cost;
    ((quota_call *)at->mine)->last = cost;
    return true;
}

static bool acquire(const gd_budget_at *at, const gd_reply *reply, uint32_t tries)
{
    (void)tries;
    const quota_spec *spec = at->spec;
    bool late = reply->outcome == GD_TIMEOUT || reply->outcome == GD_CONN_TIMEOUT;
    return take(at, late ? spec->special : spec->cost);
}

static bool acquire_v2(const gd_budget_at *at, const gd_reply *reply, uint32_t tries)
{
    (void)tries;
    const quota_spec *spec = at->spec;
    bool throttled = reply->outcome == GD_RATE_LIMITED || reply->outcome == GD_SHED;
    return take(at, throttled ? spec->special : spec->cost);
}

static void over(const gd_budget_at *at, bool good)
{
    const quota_spec *spec = at->spec;
    quota_state *state = at->state;
    quota_call *mine = at->mine;
    uint32_t back = mine->last ? mine->last : spec->given_back;
    if (good)
        state->taken -= back < state->taken ? back : state->taken;
    mine->last = 0;
}

#define CAPACITY                                                                                   \
    GD_FIELD_ROW(quota_spec, capacity, GD_FIELD_COUNT, .fallback = "500", .min = 1,                \
                 .max = 1000000000, .help = "units that it begins with and at most has",           \
                 .source = "botocore RetryQuota INITIAL_CAPACITY")
#define GIVEN_BACK                                                                                 \
    GD_FIELD_ROW(quota_spec, given_back, GD_FIELD_COUNT, .fallback = "1", .min = 0, .max = 1000,   \
                 .help = "units that a call gives back which succeeds at once",                    \
                 .source = "botocore RetryQuotaChecker _NO_RETRY_INCREMENT")

static const gd_field fields[] = {
    CAPACITY,
    GD_FIELD_ROW(quota_spec, cost, GD_FIELD_COUNT, .fallback = "5", .min = 1, .max = 1000000,
                 .help = "units that a retry costs",
                 .source = "botocore RetryQuotaChecker _RETRY_COST"),
    {.name = "timeout_cost",
     .type = GD_FIELD_COUNT,
     .offset = offsetof(quota_spec, special),
     .fallback = "10",
     .min = 1,
     .max = 1000000,
     .help = "units that a retry costs after a time-out",
     .source = "botocore RetryQuotaChecker _TIMEOUT_RETRY_REQUEST"},
    GIVEN_BACK,
    {0},
};

static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    const quota_spec *quota = spec;
    uint32_t dearest = quota->cost > quota->special ? quota->cost : quota->special;
    if (dearest > quota->capacity)
        gd_problem(problems, node,
                   "a retry costs %u, but there are only %u units: it could never be paid; raise "
                   "capacity",
                   dearest, quota->capacity);
}

const gd_shape gd_aws_quota_budget_shape = {
    .name = "aws_quota",
    .help = "retries cost units that successes give back: standard mode of the AWS SDKs",
    .source = "botocore retries/quota.py, retries/standard.py",
    .bytes = sizeof(quota_spec),
    .fields = fields,
    .bare = "capacity",
    .check = check,
};

const gd_budget gd_aws_quota_budget = {
    .shape = &gd_aws_quota_budget_shape,
    .call_bytes = sizeof(quota_call),
    .state_bytes = sizeof(quota_state),
    .acquire = acquire,
    .over = over,
};

static const gd_field fields_v2[] = {
    CAPACITY,
    GD_FIELD_ROW(quota_spec, cost, GD_FIELD_COUNT, .fallback = "14", .min = 1, .max = 1000000,
                 .help = "units that a retry costs",
                 .source = "AWS SDK reference guide, newer standard mode"),
    {.name = "throttling_cost",
     .type = GD_FIELD_COUNT,
     .offset = offsetof(quota_spec, special),
     .fallback = "5",
     .min = 1,
     .max = 1000000,
     .help = "units that a retry costs after a throttling error (rate_limited, shed)",
     .source = "AWS SDK reference guide, newer standard mode"},
    GIVEN_BACK,
    {0},
};

const gd_shape gd_aws_quota_v2_budget_shape = {
    .name = "aws_quota_v2",
    .help = "as aws_quota, dearer unless the callee asked to slow down",
    .source = "AWS SDK reference guide, newer standard mode",
    .bytes = sizeof(quota_spec),
    .fields = fields_v2,
    .bare = "capacity",
    .check = check,
};

const gd_budget gd_aws_quota_v2_budget = {
    .shape = &gd_aws_quota_v2_budget_shape,
    .call_bytes = sizeof(quota_call),
    .state_bytes = sizeof(quota_state),
    .acquire = acquire_v2,
    .over = over,
};
