/* Budget "ratio": each call earns `share` of a retry, a retry costs one, and no more than `burst`
 * are saved up. So over any time retries <= share x calls + burst: the plain form of Finagle's and
 * Linkerd's budgets, without expiry.
 */
#include "models/guard/budget.h"

typedef struct {
    gd_share share;
    uint32_t burst;
} ratio_spec;

typedef struct {
    int64_t spent; /* billionths of a retry below a full purse: 0 at first, so it begins full */
} ratio_state;

static void began(const gd_budget_at *at)
{
    const ratio_spec *spec = at->spec;
    ratio_state *state = at->state;
    state->spent -= spec->share < state->spent ? spec->share : state->spent;
}

static bool acquire(const gd_budget_at *at, const gd_reply *reply, uint32_t tries)
{
    (void)reply, (void)tries;
    const ratio_spec *spec = at->spec;
    ratio_state *state = at->state;
    if (state->spent + GD_SHARE_ONE > (int64_t)spec->burst * GD_SHARE_ONE)
        return false;
    state->spent += GD_SHARE_ONE;
    return true;
}

static const gd_field fields[] = {
    GD_FIELD_ROW(ratio_spec, share, GD_FIELD_SHARE, .fallback = "\"10%\"", .min = 0,
                 .max = GD_SHARE_ONE,
                 .help = "retries for each call; above 100% it would limit nothing",
                 .source = "Google SRE book, ch. 21: 10 %"),
    GD_FIELD_ROW(ratio_spec, burst, GD_FIELD_COUNT, .fallback = "10", .min = 1, .max = 1000000,
                 .help = "retries that can be saved up, and that it begins with",
                 .source = "assumption: Finagle's minRetriesPerSec is 10"),
    {0},
};

static const gd_concept concept = {
    .title = "Retry budget",
    .idea = "Retries are allowed as a share of the calls, or while tokens last: the callee sees at "
            "most (1 + share) times what is offered, not max_attempts times.",
    .cures = "Retry storms: load that retries add when everything fails.",
    .cures_not = "The fault itself.",
    .price = "Lost saves: it refuses most when the failure is total, and also when one bad "
             "instance makes more fail than the share.",
    .dangerous_with = "Failures of single endpoints without ejection, or without another host.",
    .numbers = "SRE book 10%, Finagle 20%, Envoy 20% of what is active, gRPC 10 tokens and 0.1 "
               "a success, AWS 500 units and 5 a retry.",
    .source = "Google SRE book, ch. 21; Finagle RetryBudget; gRFC A6; botocore; Envoy",
    .pattern = "retry-budget",
};

const gd_shape gd_ratio_budget_shape = {
    .name = "ratio",
    .help = "retries are at most this share of the calls",
    .source = "Google SRE book, ch. 21; Finagle RetryBudget",
    .bytes = sizeof(ratio_spec),
    .fields = fields,
    .bare = "share",
    .concept = &concept,
};

const gd_budget gd_ratio_budget = {
    .shape = &gd_ratio_budget_shape,
    .state_bytes = sizeof(ratio_state),
    .began = began,
    .acquire = acquire,
};
