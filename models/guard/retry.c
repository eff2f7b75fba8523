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

typedef struct {
    uint64_t word;
    gd_span before; /* the wait before this one (decorrelated) */
    uint32_t tries;
} retry_call;

static gd_verdict admit(const gd_policy_at *at, gd_reply *reply)
{
    (void)reply;
    ((retry_call *)at->mine)->tries = 1;
    return GD_PASS;
}

static gd_verdict ended(const gd_policy_at *at, gd_reply *reply, gd_time *when)
{
    const gd_retry_spec *spec = at->spec;
    retry_call *mine = at->mine;
    if (gd_outcome_rows[reply->outcome].good || mine->tries >= spec->max_attempts)
        return GD_PASS;
    if (!(at->site->retry_mask >> reply->outcome & 1u))
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

static void cancelled(const gd_policy_at *at)
{
    ((retry_call *)at->mine)->word = 0;
}

/* The back-off is over: once more from the policy below. */
static gd_verdict timer(const gd_policy_at *at, unsigned n, gd_reply *reply)
{
    (void)at, (void)n, (void)reply;
    return GD_AGAIN;
}

static gd_span timer_span(const void *spec)
{
    const gd_retry_spec *retry = spec;
    return retry->backoff_kind == GD_BACKOFF_CONSTANT ? retry->wait.base : 0;
}

const gd_policy gd_retry_policy = {
    .admit = admit,
    .ended = ended,
    .cancelled = cancelled,
    .timer = timer,
    .timers = 1,
    .call_bytes = sizeof(retry_call),
    .timer_span = timer_span,
};

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
