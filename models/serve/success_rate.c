/* Envoy's admission control: refuses a share of arrivals that grows as the success rate of those
 * that were let in falls. Over a sliding window of n answers, n_ok of them good:
 *
 *   p = min(most, max(0, (n - n_ok / threshold) / (n + 1)) ^ (1 / aggression))
 *
 * and nothing is refused while the average rate of answers is below `rate`. The window slides by
 * tenths (assumption). x^(1/a) is 2^(log2(x) / a) in fixed point, exact to 2^-32; aggression 1
 * needs none of it. Successes are what less traffic would not change (patterns 2.3). Source: Envoy
 * admission_control.proto and its filter.
 */
#include "models/serve/serve.h"
#include "sim/fixed.h"

#define PARTS     10u
#define SALT_DROP UINT64_C(0x5375636352617465) /* "SuccRate" */

enum { REFUSED, HEALTHY, QUIET };
static const gd_counter_row counters[] = {
    {"refused", NULL},
    {"healthy", "the success rate was above its threshold"},
    {"quiet", "fewer answers a second than it judges by"},
    {0},
};

typedef struct {
    uint32_t n[PARTS], good[PARTS], all, all_good;
    int64_t part; /* of time: the newest */
} state;

static uint32_t bytes(const void *spec)
{
    (void)spec;
    return sizeof(state);
}

static void slide(const gd_serve_at *at)
{
    const gd_success_rate_spec *spec = at->spec;
    state *s = at->mine;
    int64_t part = at->run->now / (spec->window / PARTS);
    for (unsigned gone = 0; s->part < part && gone < PARTS; gone++) {
        unsigned i = (unsigned)(++s->part % PARTS);
        s->all -= s->n[i];
        s->all_good -= s->good[i];
        s->n[i] = s->good[i] = 0;
    }
    s->part = part;
}

/* p in billionths. */
static gd_share refusal(const gd_success_rate_spec *spec, const state *s)
{
    gd_i128 excess = (gd_i128)s->all * GD_SHARE_ONE -
                     (gd_i128)s->all_good * GD_SHARE_ONE * GD_SHARE_ONE / spec->threshold;
    if (excess <= 0)
        return 0;
    gd_share p = (gd_share)(excess / ((gd_i128)s->all + 1));
    if (spec->aggression != GD_SHARE_ONE && p > 0) {
        gd_i128 log = gd_log2_q57((uint64_t)p) - gd_log2_q57((uint64_t)GD_SHARE_ONE); /* < 0 */
        gd_i128 y = (INT64_C(32) << 57) + log * GD_SHARE_ONE / spec->aggression;
        int64_t root = y > 0 ? gd_exp2_q57((int64_t)y) : 0;
        p = (gd_share)(((gd_i128)root * GD_SHARE_ONE) >> 32);
    }
    return p < spec->most ? p : spec->most;
}

static gd_outcome arrive(const gd_serve_at *at, uint32_t slot)
{
    const gd_success_rate_spec *spec = at->spec;
    state *s = at->mine;
    slide(at);
    if ((gd_i128)s->all * GD_RATE_HZ * GD_S < (gd_i128)spec->rate * spec->window) {
        gd_serve_count(at, QUIET);
        return GD_OK;
    }
    gd_share p = refusal(spec, s);
    if (p == 0 || gd_serve_draw(at, slot, SALT_DROP) >= gd_share_threshold(p)) {
        if (p == 0)
            gd_serve_count(at, HEALTHY);
        return GD_OK;
    }
    gd_serve_count(at, REFUSED);
    return GD_SHED;
}

static bool succeeds(gd_outcome outcome)
{
    return gd_outcome_rows[outcome].good || outcome == GD_CANCELLED || outcome == GD_CLIENT_ERROR ||
           outcome == GD_AUTH_FAILURE;
}

static void finish(const gd_serve_at *at, uint32_t slot, gd_outcome outcome)
{
    (void)slot;
    state *s = at->mine;
    slide(at);
    unsigned i = (unsigned)(s->part % PARTS);
    bool good = succeeds(outcome);
    s->n[i]++;
    s->all++;
    s->good[i] += good;
    s->all_good += good;
}

const gd_serve_kind gd_serve_success_rate = {
    .name = "success_rate",
    .counters = counters,
    .bytes = bytes,
    .arrive = arrive,
    .finish = finish,
};

#define S gd_success_rate_spec
static const gd_field fields[] = {
    GD_FIELD_ROW(S, threshold, GD_FIELD_SHARE, .fallback = "0.95", .min = GD_SHARE_ONE / 100,
                 .max = GD_SHARE_ONE, .help = "a success rate that is well",
                 .source = "Envoy sr_threshold"),
    GD_FIELD_ROW(S, aggression, GD_FIELD_FACTOR, .fallback = "1", .min = GD_SHARE_ONE,
                 .max = 100 * GD_SHARE_ONE, .help = "above 1 it refuses more, sooner",
                 .source = "Envoy aggression"),
    GD_FIELD_ROW(S, most, GD_FIELD_SHARE, .fallback = "0.8", .min = 1, .max = GD_SHARE_ONE,
                 .help = "it never refuses a larger share",
                 .source = "Envoy max_rejection_probability"),
    GD_FIELD_ROW(S, window, GD_FIELD_SPAN, .fallback = "\"30s\"", .min = GD_MS, .max = GD_HOUR,
                 .help = "answers of so long are looked at", .source = "Envoy sampling_window"),
    GD_FIELD_ROW(S, rate, GD_FIELD_RATE, .fallback = "\"0/s\"", .min = 0,
                 .help = "fewer answers a second say nothing", .source = "Envoy rps_threshold"),
    {0},
};
#undef S

const gd_shape gd_success_rate_shape = {
    .name = "success_rate",
    .help = "refuses a share that grows as the success rate falls",
    .source = "Envoy admission control",
    .bytes = sizeof(gd_success_rate_spec),
    .fields = fields,
    .concept =
        &(const gd_concept){
            .title = "Admission by success rate",
            .idea = "A server whose answers fail more and more refuses a share of what comes, the "
                    "larger the fewer succeed, and so gives the rest a chance.",
            .cures = "Failure from too much load, without any limit to tune.",
            .cures_not =
                "Failure with another cause: a broken dependency makes it refuse users as well.",
            .price = "A share of refused users even among those who would succeed; a window's "
                     "delay in both directions.",
            .dangerous_with = "Callers that count its refusals as failures and retry: it refuses "
                              "more, and they ask more.",
            .numbers = "p = ((n - good / threshold) / (n + 1)) ^ (1 / aggression), at most the "
                       "largest share.",
            .source = "Envoy admission_control.proto; Google SRE book, chapter 21",
        },
};
