/* Brownout: under load the optional parts of answers are left out. A dimmer d is the probability
 * that an optional part is done; each `period` it moves by
 *
 *   d := d + gain x (target - p95) / target, within [least, 1]
 *
 * with the p95 of the answers of the period, from arrival to answer; without an answer it stays.
 * What is answered without its optional parts is `degraded`. A degraded path that is never used may
 * not work: `latent_bug` is the probability, drawn once for each instance, that it fails.
 * Sources: Klein, Maggio, Arzen, Hernandez-Rodriguez, "Brownout", ICSE 2014; patterns 4.4. The p95
 * is off by at most 1/128 (buckets); d is in billionths.
 */
#include "models/serve/serve.h"
#include "models/serve/window.h"

#define SALT_BUG UINT64_C(0x4c6174656e744275) /* "LatentBu" */

enum { DONE, LEFT_OUT, RAISED, LOWERED, FULL };
static const gd_counter_row counters[] = {
    {"done", NULL},
    {"left_out", NULL},
    {"raised", NULL},
    {"lowered", NULL},
    {"full", "the p95 was below its target and nothing was left out: the dimmer stays at 1"},
    {0},
};

typedef struct {
    uint64_t word;
    gd_share dimmer;
    gd_window window;
} brownout;

static uint32_t bytes(const void *spec)
{
    (void)spec;
    return sizeof(brownout);
}

static void reset(const gd_serve_at *at)
{
    const gd_brownout_spec *spec = at->spec;
    ((brownout *)at->mine)->dimmer = GD_SHARE_ONE;
    gd_serve_timer(at, spec->period);
}

static void timer(const gd_serve_at *at)
{
    const gd_brownout_spec *spec = at->spec;
    brownout *b = at->mine;
    gd_serve_timer(at, spec->period);
    if (b->window.count == 0)
        return;
    gd_span p95 = gd_window_quantile(&b->window, GD_SHARE_ONE / 100 * 95);
    gd_window_clear(&b->window);
    gd_i128 next = b->dimmer + (gd_i128)spec->gain * (spec->target - p95) / spec->target;
    gd_share dimmer = next < spec->least    ? spec->least
                      : next > GD_SHARE_ONE ? GD_SHARE_ONE
                                            : (gd_share)next;
    if (dimmer != b->dimmer)
        gd_serve_count(at, dimmer > b->dimmer ? RAISED : LOWERED);
    else if (dimmer == GD_SHARE_ONE)
        gd_serve_count(at, FULL);
    b->dimmer = dimmer;
}

static void finish(const gd_serve_at *at, uint32_t slot, gd_outcome outcome)
{
    if (gd_outcome_rows[outcome].good)
        gd_window_add(&((brownout *)at->mine)->window,
                      at->run->now - GD_FRAMES(at->run)[slot].arrived);
}

static gd_outcome optional(const gd_serve_at *at, uint32_t slot, uint64_t salt)
{
    const gd_brownout_spec *spec = at->spec;
    const brownout *b = at->mine;
    bool done =
        b->dimmer == GD_SHARE_ONE || gd_serve_draw(at, slot, salt) < gd_share_threshold(b->dimmer);
    gd_serve_count(at, done ? DONE : LEFT_OUT);
    if (done)
        return GD_OK;
    uint64_t key = gd_mix(at->run->key, at->run->plan->instances[at->instance].salt);
    bool bug = spec->latent_bug == GD_SHARE_ONE ||
               gd_mix(key, SALT_BUG) < gd_share_threshold(spec->latent_bug);
    return bug ? GD_SERVER_ERROR : GD_DEGRADED;
}

const gd_serve_kind gd_serve_brownout = {
    .name = "brownout",
    .counters = counters,
    .bytes = bytes,
    .reset = reset,
    .finish = finish,
    .timer = timer,
    .optional = optional,
};

#define S gd_brownout_spec
static const gd_field fields[] = {
    GD_FIELD_ROW(S, target, GD_FIELD_SPAN, .required = true, .min = GD_US, .max = GD_HOUR,
                 .help = "the p95 of answers that it keeps"),
    GD_FIELD_ROW(S, period, GD_FIELD_SPAN, .fallback = "\"1s\"", .min = GD_MS, .max = GD_HOUR,
                 .help = "of the control loop", .source = "Klein et al. 2014: of this order"),
    GD_FIELD_ROW(S, gain, GD_FIELD_SHARE, .fallback = "0.1", .min = 1, .max = GD_SHARE_ONE,
                 .help = "how much the dimmer moves when the p95 is at twice its target, or at 0",
                 .source = "assumption: ten periods from full to nothing"),
    GD_FIELD_ROW(S, least, GD_FIELD_SHARE, .fallback = "0", .min = 0, .max = GD_SHARE_ONE,
                 .help = "the dimmer is never less"),
    GD_FIELD_ROW(S, latent_bug, GD_FIELD_SHARE, .fallback = "0", .min = 0, .max = GD_SHARE_ONE,
                 .help = "probability, for each instance, that its degraded path does not work",
                 .source = "patterns 4.4 latent_bug_ratio (assumption)"),
    {0},
};
#undef S

const gd_shape gd_brownout_shape = {
    .name = "brownout",
    .help = "leaves optional steps out under load, by a dimmer that keeps the p95 at a target",
    .source = "Klein et al., Brownout (2014)",
    .bytes = sizeof(gd_brownout_spec),
    .fields = fields,
    .concept =
        &(const gd_concept){
            .title = "Brownout",
            .idea =
                "Optional parts of an answer are done with a probability that falls under load.",
            .cures = "Overload, as far as the optional parts go: everybody gets something.",
            .cures_not = "Load beyond what the mandatory part alone can carry.",
            .price = "Poorer answers; a second path that must be tested.",
            .dangerous_with = "A degraded path that nobody ever ran.",
            .numbers = "d moves by gain x (target - p95) / target each period.",
            .source = "Klein et al., Brownout, ICSE 2014; patterns 4.4",
            .pattern = "brownout",
        },
};
