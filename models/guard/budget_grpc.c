/* Budget "grpc_throttle": gRPC's retry throttling. Tokens begin at max_tokens; an attempt that
 * fails in a way worth a retry, or whose server says "do not retry", takes one, a success gives
 * token_ratio, and retries are let through while there are more than max_tokens / 2. What is not
 * let through fails at once. With 10 and 0.1 it refuses once failures exceed a tenth of the
 * successes, after about five net failures.
 *
 * Source: gRFC A6, Throttling Retry Attempts and Hedged RPCs (three decimals of the ratio count;
 * there the state is per server name, here per call site and caller instance).
 */
#include "models/guard/budget.h"

#define MILLI 1000

typedef struct {
    uint32_t max_tokens;
    gd_share token_ratio;
} grpc_spec;

typedef struct {
    int64_t gone; /* thousandths of a token below max_tokens: 0 at first */
} grpc_state;

static void ended(const gd_budget_at *at, const gd_reply *reply, bool worth)
{
    const grpc_spec *spec = at->spec;
    grpc_state *state = at->state;
    int64_t most = (int64_t)spec->max_tokens * MILLI;
    if (gd_outcome_rows[reply->outcome].good)
        state->gone -= spec->token_ratio / (GD_SHARE_ONE / MILLI);
    else if (worth || reply->retry_after == GD_RETRY_STOP)
        state->gone += MILLI;
    state->gone = state->gone < 0 ? 0 : state->gone > most ? most : state->gone;
}

static bool acquire(const gd_budget_at *at, const gd_reply *reply, uint32_t tries)
{
    (void)reply, (void)tries;
    const grpc_spec *spec = at->spec;
    return 2 * ((const grpc_state *)at->state)->gone < (int64_t)spec->max_tokens * MILLI;
}

static const gd_field fields[] = {
    GD_FIELD_ROW(grpc_spec, max_tokens, GD_FIELD_COUNT, .fallback = "10", .min = 1, .max = 1000,
                 .help = "tokens that it begins with; retries need more than half of them",
                 .source = "gRFC A6 maxTokens: 10 in its example, from 1 to 1000"),
    GD_FIELD_ROW(grpc_spec, token_ratio, GD_FIELD_FACTOR, .fallback = "0.1",
                 .min = GD_SHARE_ONE / MILLI, .max = 1000 * GD_SHARE_ONE,
                 .help = "tokens that a success gives back, to three decimals",
                 .source = "gRFC A6 tokenRatio: 0.1 in its example"),
    {0},
};

const gd_shape gd_grpc_throttle_budget_shape = {
    .name = "grpc_throttle",
    .help = "failures take tokens, successes give some back; no retries below half",
    .source = "gRFC A6 Client Retries",
    .bytes = sizeof(grpc_spec),
    .fields = fields,
    .bare = "max_tokens",
};

const gd_budget gd_grpc_throttle_budget = {
    .shape = &gd_grpc_throttle_budget_shape,
    .state_bytes = sizeof(grpc_state),
    .ended = ended,
    .acquire = acquire,
    .throttles = true,
};
