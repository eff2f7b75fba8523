/* Rate limits of a server: so many requests a second for each caller, tenant, or for all. Over it
 * the answer is `rate_limited`, and says when to come back.
 *
 *   token_bucket    a token every 1 / rate, up to `burst` saved: GCRA, exact to the ns
 *   fixed_window    rate x period requests in each period: up to twice that around its border
 *   sliding_window  the present window's count, and the last one's by what is left of it
 *
 * `local` limits are of each instance (N instances let N times as much through), `global` ones are
 * of the service: one count for all, without the round trip that a real one takes. `enforced` is
 * the share of requests for which it is more than a count: a limiter that is configured and not
 * enforced is a usual latent fault.
 * Sources: patterns 3.10, 4.3; Envoy local_rate_limit.proto (429, filter_enforced).
 */
#include "models/flow/reply.h"
#include "models/serve/serve.h"

#define SALT_ENFORCED UINT64_C(0x456e666f72636564) /* "Enforced" */

enum { ALLOWED, LIMITED, NOT_ENFORCED };
static const gd_counter_row counters[] = {
    {"allowed", NULL},
    {"limited", NULL},
    {"not_enforced", "over its limit, but the limit is not enforced for it"},
    {0},
};

/* ns a token, at least 1: a faster limit is none. */
static gd_span period_of(gd_rate rate)
{
    gd_i128 period = (gd_i128)GD_RATE_HZ * GD_S / rate;
    return period < 1 ? 1 : period > GD_NEVER ? GD_NEVER : (gd_span)period;
}

/* 0: it may pass; else after how long it may. */
static gd_span take_token(const gd_rate_limit_spec *spec, gd_rate_bucket *b, gd_time now)
{
    gd_span period = period_of(spec->rate);
    gd_i128 earliest = (gd_i128)b->at - (gd_i128)period * (spec->burst - 1);
    if (now < earliest)
        return (gd_span)(earliest - now);
    b->at = gd_time_add(b->at > now ? b->at : now, period);
    return 0;
}

static void turn_window(const gd_rate_limit_spec *spec, gd_rate_bucket *b, gd_time now)
{
    gd_time begun = now - now % spec->period;
    if (b->at == begun)
        return;
    b->before = begun - b->at == spec->period ? b->now : 0;
    b->now = 0;
    b->at = begun;
}

static gd_span take_of_window(const gd_rate_limit_spec *spec, gd_rate_bucket *b, gd_time now)
{
    turn_window(spec, b, now);
    gd_span left = spec->period - (now - b->at);
    gd_i128 used = (gd_i128)b->now * spec->period;
    if (spec->algorithm == GD_SLIDING_WINDOW)
        used += (gd_i128)b->before * left;
    if (used + spec->period > (gd_i128)spec->in_window * spec->period)
        return left;
    b->now++;
    return 0;
}

static gd_rate_bucket *bucket_of(const gd_serve_at *at, uint32_t slot)
{
    const gd_rate_limit_spec *spec = at->spec;
    uint32_t index = gd_whose(at->run, slot, spec->by) % spec->n;
    if (spec->scope == 0) {
        const gd_plan_service *service = &at->run->plan->services[gd_serve_instance(at)->service];
        index += (at->instance - service->instances_first) * spec->n;
    }
    return &GD_SEG(at->run, GD_SEG_RATE_BUCKETS, gd_rate_bucket)[spec->first + index];
}

static gd_outcome arrive(const gd_serve_at *at, uint32_t slot)
{
    const gd_rate_limit_spec *spec = at->spec;
    gd_rate_bucket *b = bucket_of(at, slot);
    gd_time now = at->run->now;
    gd_span wait = spec->algorithm == GD_TOKEN_BUCKET ? take_token(spec, b, now)
                                                      : take_of_window(spec, b, now);
    if (wait == 0) {
        gd_serve_count(at, ALLOWED);
        return GD_OK;
    }
    if (gd_serve_draw(at, slot, SALT_ENFORCED) >= gd_share_threshold(spec->enforced) &&
        spec->enforced < GD_SHARE_ONE) {
        gd_serve_count(at, NOT_ENFORCED);
        return GD_OK;
    }
    gd_serve_count(at, LIMITED);
    if (spec->retry_after)
        gd_frame_retry_after(at->run, slot, wait);
    return GD_RATE_LIMITED;
}

/* A restarted instance has forgotten its own counts. */
static void reset(const gd_serve_at *at)
{
    const gd_rate_limit_spec *spec = at->spec;
    const gd_plan_service *service = &at->run->plan->services[gd_serve_instance(at)->service];
    if (spec->scope != 0)
        return;
    uint32_t first = spec->first + (at->instance - service->instances_first) * spec->n;
    for (uint32_t i = 0; i < spec->n; i++)
        GD_SEG(at->run, GD_SEG_RATE_BUCKETS, gd_rate_bucket)[first + i] = (gd_rate_bucket){0};
}

const gd_serve_kind gd_serve_rate_limit = {
    .name = "rate_limit",
    .counters = counters,
    .reset = reset,
    .arrive = arrive,
};

static const char *const algorithms[] = {"token_bucket", "fixed_window", "sliding_window", NULL};
static const char *const scopes[] = {"local", "global", NULL};
#define S gd_rate_limit_spec
static const gd_field fields[] = {
    {.name = "by",
     .type = GD_FIELD_NAME,
     .offset = offsetof(S, by_name),
     .fallback = "\"caller\"",
     .help = "whose requests are counted together: \"caller\" (the calling service or client), a "
             "segment of the model (\"tenant\"), or \"all\""},
    GD_FIELD_ROW(S, rate, GD_FIELD_RATE, .required = true, .min = 1,
                 .help = "requests a second that each may make", .source = "patterns 4.3"),
    GD_FIELD_ROW(S, burst, GD_FIELD_COUNT, .fallback = "0", .max = 1000000000, .unit = "requests",
                 .help = "token_bucket: so many may be saved up; 0: one second's worth",
                 .source = "assumption, as for quotas"),
    GD_FIELD_ROW(S, algorithm, GD_FIELD_WORD, .words = algorithms, .fallback = "\"token_bucket\"",
                 .help = "how they are counted", .source = "patterns 3.10"),
    GD_FIELD_ROW(S, period, GD_FIELD_SPAN, .fallback = "\"1s\"", .min = GD_MS, .max = GD_DAY,
                 .help = "of the windows", .source = "patterns 3.10"),
    GD_FIELD_ROW(S, scope, GD_FIELD_WORD, .words = scopes, .fallback = "\"local\"",
                 .help = "local: each instance counts for itself, and N of them let N times as "
                         "much through; global: one count for the service",
                 .source = "patterns 4.3"),
    GD_FIELD_ROW(S, enforced, GD_FIELD_SHARE, .fallback = "1", .min = 0, .max = GD_SHARE_ONE,
                 .help = "for this share of what is over the limit it is more than a count",
                 .source = "Envoy filter_enforced"),
    GD_FIELD_ROW(S, retry_after, GD_FIELD_BOOL, .fallback = "true",
                 .help = "the answer says when to come back", .source = "patterns 4.3"),
    {0},
};
#undef S

static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    gd_rate_limit_spec *s = spec;
    gd_i128 in_window = (gd_i128)s->rate * s->period / GD_RATE_HZ / GD_S;
    gd_i128 saved = s->rate / GD_RATE_HZ;
    if (s->algorithm != GD_TOKEN_BUCKET && in_window < 1)
        gd_problem(problems, node,
                   "the rate lets %.3g requests through in a period of %.3g s, so nothing passes; "
                   "write a longer period",
                   (double)s->rate / (double)GD_RATE_HZ * (double)s->period / 1e9,
                   (double)s->period / 1e9);
    if (s->burst == 0)
        s->burst = saved < 1 ? 1 : saved > 1000000000 ? 1000000000u : (uint32_t)saved;
    s->in_window = in_window > 1000000000 ? 1000000000u : (uint32_t)in_window;
}

const gd_shape gd_rate_limit_shape = {
    .name = "rate_limit",
    .help = "so many requests a second for each caller or tenant; over it rate_limited",
    .source = "patterns 4.3; Envoy local_rate_limit.proto",
    .bytes = sizeof(gd_rate_limit_spec),
    .fields = fields,
    .check = check,
    .concept =
        &(const gd_concept){
            .title = "Rate limit of a server",
            .idea = "Each caller or tenant may ask so often; over it 429, and when to come back.",
            .cures = "One caller who takes all.",
            .cures_not = "The sum of callers above capacity: each is within his limit.",
            .price = "Refusals while there is room; limits that nobody remembers to raise.",
            .dangerous_with = "Autoscaling: local limits times instances is the limit.",
            .numbers = "A bucket lets burst + rate x t through in any t; a fixed window twice its "
                       "count around a border.",
            .source = "patterns 3.10, 4.3; Envoy local_rate_limit.proto",
            .pattern = "rate-limit",
        },
};
