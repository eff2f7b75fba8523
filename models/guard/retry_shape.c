/* A retry as a model writes it. The machine is in retry.c. */
#include "models/guard/backoff.h"
#include "models/guard/budget.h"

typedef struct {
    gd_span limit;
} after_spec;

static const gd_field no_fields[] = {{0}};
static const gd_field envoy_fields[] = {
    {.name = "max",
     .type = GD_FIELD_SPAN,
     .offset = offsetof(after_spec, limit),
     .fallback = "\"300s\"",
     .min = 1,
     .max = GD_YEAR,
     .help = "a longer one is ignored",
     .source = "Envoy RateLimitedRetryBackOff max_interval"},
    {0},
};
static const gd_field aws_fields[] = {
    {.name = "within",
     .type = GD_FIELD_SPAN,
     .offset = offsetof(after_spec, limit),
     .fallback = "\"5s\"",
     .min = 0,
     .max = GD_YEAR,
     .help = "waits at most so much longer than its own back-off, and never less than that",
     .source = "AWS SDK reference guide, newer standard mode"},
    {0},
};
#define AFTER(symbol, word, rows, first, text, from)                                               \
    static const gd_shape symbol = {.name = word,                                                  \
                                    .help = text,                                                  \
                                    .source = from,                                                \
                                    .bytes = sizeof(after_spec),                                   \
                                    .fields = rows,                                                \
                                    .bare = first}
static const gd_concept after_concept = {
    .title = "Retry-After, pushback",
    .idea = "A refusal says when to come back; the client waits that long instead of its own "
            "back-off, or does not come back at all.",
    .cures = "Guessing: the callee knows when its quota is renewed.",
    .cures_not = "Herds: who is refused together comes back together, unless some time is added "
                 "at random.",
    .price = "Calls wait; a callee that is wrong keeps them away.",
    .dangerous_with = "The same value for all; no jitter; short deadlines.",
    .numbers = "Envoy waits U(v, 1.5 v) and ignores more than 300 s; AWS at most 5 s more than its "
               "own; gRPC exactly v, and below 0 never.",
    .source = "RFC 9110; gRFC A6; Envoy; AWS SDK",
    .pattern = "retry-after",
};

static const gd_shape http_shape = {.name = "http",
                                    .help = "waits that long instead of its back-off",
                                    .source = "RFC 9110",
                                    .bytes = sizeof(after_spec),
                                    .fields = no_fields,
                                    .concept = &after_concept};
AFTER(grpc_shape, "grpc", no_fields, NULL, "waits exactly that long, then its back-off begins anew",
      "gRFC A6, server pushback");
AFTER(envoy_shape, "envoy", envoy_fields, "max", "waits U(v, 1.5 v)",
      "Envoy rate-limited retry back-off");
AFTER(aws_shape, "aws", aws_fields, "within", "waits that long, but near its own back-off",
      "AWS SDK reference guide");
AFTER(ignore_shape, "ignore", no_fields, NULL, "does not listen", "clients without it");

/* In the order of gd_after_kind. */
static const gd_shape *const after_shapes[GD_AFTERS + 1] = {
    &http_shape, &grpc_shape, &envoy_shape, &aws_shape, &ignore_shape, NULL};

static uint8_t read_backoff(const gd_variant *said, gd_backoff_spec *wait, gd_problems *problems)
{
    uint8_t kind = GD_BACKOFF_NONE;
    if (!said->shape)
        return kind;
    for (unsigned i = 0; i < GD_BACKOFFS; i++)
        if (gd_backoff_shapes[i] == said->shape)
            kind = (uint8_t)i;
    *wait = *(const gd_backoff_spec *)said->spec;
    if (wait->max != 0 && wait->max < wait->base)
        gd_problem(problems, said->node,
                   "max is below base: no wait could be that long; raise max or lower base");
    return kind;
}

static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    (void)node;
    gd_retry_spec *retry = spec;
    retry->backoff_kind = read_backoff(&retry->backoff, &retry->wait, problems);
    retry->throttled_kind =
        read_backoff(&retry->throttled_backoff, &retry->throttled_wait, problems);
    retry->budget_kind = (uint8_t)gd_budget_of(&retry->budget);
    retry->after_kind = GD_AFTER_HTTP;
    if (!retry->retry_after.shape)
        return;
    for (unsigned i = 0; i < GD_AFTERS; i++)
        if (after_shapes[i] == retry->retry_after.shape)
            retry->after_kind = (uint8_t)i;
    retry->after_limit = ((const after_spec *)retry->retry_after.spec)->limit;
}

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_retry_spec, max_attempts, GD_FIELD_COUNT, .fallback = "3", .min = 1, .max = 255,
                 .help = "tries in all, the first included",
                 .source = "resilience4j RetryConfig: 3; AWS SDK standard mode: 3"),
    GD_FIELD_ROW(gd_retry_spec, backoff, GD_FIELD_VARIANT, .variants = gd_backoff_shapes,
                 .help = "how long to wait before each further try; absent: at once",
                 .source = "AWS Architecture Blog, Exponential Backoff and Jitter"),
    GD_FIELD_ROW(gd_retry_spec, throttled_backoff, GD_FIELD_VARIANT, .variants = gd_backoff_shapes,
                 .help = "the same after rate_limited and shed; absent: as `backoff`",
                 .source = "AWS SDK reference guide: 1 s instead of 50 ms"),
    GD_FIELD_ROW(gd_retry_spec, retry_after, GD_FIELD_VARIANT, .variants = after_shapes,
                 .help = "what it does with a reply's retry_after; absent: as http",
                 .source = "RFC 9110; gRFC A6; Envoy; AWS SDK"),
    GD_FIELD_ROW(gd_retry_spec, budget, GD_FIELD_VARIANT, .variants = gd_budget_shapes,
                 .help = "bounds the share of tries that are retries; absent: nothing does",
                 .source = "patterns 3.4"),
    GD_FIELD_ROW(gd_retry_spec, other_host, GD_FIELD_COUNT, .fallback = "0", .min = 0, .max = 8,
                 .help = "how often the balancer is asked again when it names an instance that "
                         "this call has tried",
                 .source = "Envoy previous_hosts: its host_selection_retry_max_attempts is 1"),
    GD_FIELD_ROW(gd_retry_spec, transparent, GD_FIELD_BOOL, .fallback = "false",
                 .help = "a refused try is sent again at once, one time, and counts for nothing",
                 .source = "gRFC A6, transparent retries"),
    {0},
};

static const gd_concept concept = {
    .title = "Retry",
    .idea = "A call that failed is tried again, after a wait that grows and is drawn at random.",
    .cures = "Failures that are independent, short and rare: a lost message, one bad instance.",
    .cures_not = "Overload, and errors that come again each time.",
    .price = "Load: with failures p and N tries E[tries] = (1 - p^N) / (1 - p), and N when all "
             "fail. Layers multiply: three of three tries make 27.",
    .dangerous_with = "Other layers' retries; calls that are not idempotent; no budget.",
    .numbers = "gRPC at most 5 tries, AWS SDK 3, resilience4j 3, Envoy 2.",
    .source = "AWS Architecture Blog, Exponential Backoff and Jitter; gRFC A6",
    .pattern = "retry",
};

const gd_shape gd_retry_shape = {
    .name = "retry",
    .help = "tries again what failed in a way that `on` calls worth it",
    .source = "gRFC A6; AWS SDK; Envoy; resilience4j",
    .bytes = sizeof(gd_retry_spec),
    .fields = fields,
    .bare = "max_attempts",
    .check = check,
    .concept = &concept,
};
