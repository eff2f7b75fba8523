/* Retry: tries again what failed in a way that the model calls worth it, after a back-off.
 *
 * Each failed try costs the callee another one: with independent failures p and N attempts,
 * E[attempts] = (1 - p^N) / (1 - p). Under overload failures are not independent, and retries hold
 * the overload up. Back-off formulas and the products that use them: backoff.c.
 *
 * Sources: gRFC A6; AWS Architecture Blog, "Exponential Backoff and Jitter".
 */
#include "models/guard/backoff.h"
#include "models/guard/policy.h"

const gd_counter_row gd_retry_counters[] = {{0}};

typedef struct {
    uint64_t word;
    gd_span before; /* the wait before this one (decorrelated) */
    uint32_t tries;
} retry_call;

gd_verdict gd_retry_admit(const gd_policy_at *at, gd_outcome *outcome)
{
    (void)outcome;
    ((retry_call *)at->mine)->tries = 1;
    return GD_PASS;
}

gd_verdict gd_retry_ended(const gd_policy_at *at, gd_outcome *outcome, gd_time *when)
{
    const gd_retry_spec *spec = at->spec;
    retry_call *mine = at->mine;
    if (gd_outcome_rows[*outcome].good || mine->tries >= spec->max_attempts)
        return GD_PASS;
    if (!(gd_policy_site(at)->retry_mask >> *outcome & 1u))
        return GD_PASS;

    const gd_call *call = gd_policy_call(at);
    uint64_t u = gd_mix_n(gd_mix(call->key, GD_SALT_BACKOFF), mine->tries);
    gd_span wait =
        gd_backoff((gd_backoff_kind)spec->backoff_kind, &spec->wait, mine->tries, &mine->before, u);
    *when = gd_time_add(at->run->now, wait);
    if (*when >= call->deadline)
        return GD_PASS;
    mine->tries++;
    return GD_AGAIN;
}

void gd_retry_cancelled(const gd_policy_at *at)
{
    ((retry_call *)at->mine)->word = 0;
}

/* The back-off is over: once more from the policy below. */
gd_verdict gd_retry_timer(const gd_policy_at *at, gd_outcome *outcome)
{
    (void)outcome;
    ((retry_call *)at->mine)->word = 0;
    return GD_AGAIN;
}

uint32_t gd_retry_call_bytes(const void *spec)
{
    (void)spec;
    return sizeof(retry_call);
}

uint32_t gd_retry_state_bytes(const void *spec)
{
    (void)spec;
    return 0;
}

gd_span gd_retry_timer_span(const void *spec)
{
    const gd_retry_spec *retry = spec;
    return retry->backoff_kind == GD_BACKOFF_CONSTANT ? retry->wait.base : 0;
}

/* ---- as a model writes it ----------------------------------------------------------------------
 */
static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    gd_retry_spec *retry = spec;
    retry->backoff_kind = GD_BACKOFF_NONE;
    if (retry->backoff.shape) {
        for (unsigned i = 0; i < GD_BACKOFFS; i++)
            if (gd_backoff_shapes[i] == retry->backoff.shape)
                retry->backoff_kind = (uint8_t)i;
        retry->wait = *(const gd_backoff_spec *)retry->backoff.spec;
        if (retry->wait.max != 0 && retry->wait.max < retry->wait.base)
            gd_problem(problems, retry->backoff.node,
                       "max is below base: no wait could be that long; raise max or lower base");
    }
    (void)node;
}

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_retry_spec, max_attempts, GD_FIELD_COUNT, .fallback = "3", .min = 1, .max = 255,
                 .help = "tries in all, the first included",
                 .source = "resilience4j RetryConfig: 3; AWS SDK standard mode: 3"),
    GD_FIELD_ROW(gd_retry_spec, backoff, GD_FIELD_VARIANT, .variants = gd_backoff_shapes,
                 .help = "how long to wait before each further try; absent: at once",
                 .source = "AWS Architecture Blog, Exponential Backoff and Jitter"),
    {0},
};

const gd_shape gd_retry_shape = {
    .name = "retry",
    .help = "tries again what failed in a way that `on` calls worth it",
    .source = "gRFC A6; AWS SDK; Envoy; resilience4j",
    .bytes = sizeof(gd_retry_spec),
    .fields = fields,
    .bare = "max_attempts",
    .check = check,
};
