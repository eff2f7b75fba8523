/* An instance that has just started is slow: caches are empty, code is not compiled, connections
 * are not there. Work takes `factor` times as long at the start, and less and less, in a straight
 * line (assumption), until it is warm. At the start of a run instances are warm, unless `cold`.
 *
 * Source: patterns 4.8 (factor 3, 60 s: assumptions there).
 */
#include "models/serve/serve.h"

enum { COLD, WARM };
static const gd_counter_row counters[] = {
    {"slowed", NULL},
    {"warm", "it had started long ago: work takes no longer"},
    {0},
};

typedef struct {
    gd_time since; /* when it started */
} state;

static uint32_t bytes(const void *spec)
{
    (void)spec;
    return sizeof(state);
}

static void reset(const gd_serve_at *at)
{
    const gd_warm_up_spec *spec = at->spec;
    bool begins = at->run->now == 0;
    ((state *)at->mine)->since = begins && !spec->cold ? -spec->lasts : at->run->now;
}

static gd_span slow(const gd_serve_at *at, gd_span work)
{
    const gd_warm_up_spec *spec = at->spec;
    gd_span age = at->run->now - ((state *)at->mine)->since;
    gd_serve_count(at, age < spec->lasts ? COLD : WARM);
    if (age >= spec->lasts)
        return work;
    gd_i128 more = (gd_i128)(spec->factor - GD_SHARE_ONE) * (spec->lasts - age) / spec->lasts;
    return gd_share_of(work, GD_SHARE_ONE + (gd_share)more);
}

const gd_serve_kind gd_serve_warm_up = {
    .name = "warm_up",
    .counters = counters,
    .bytes = bytes,
    .reset = reset,
    .slow = slow,
};

#define S gd_warm_up_spec
static const gd_field fields[] = {
    GD_FIELD_ROW(S, factor, GD_FIELD_FACTOR, .fallback = "3", .min = GD_SHARE_ONE,
                 .max = 1000 * GD_SHARE_ONE, .help = "work takes so many times as long at first",
                 .source = "patterns 4.8 (assumption)"),
    {.name = "for",
     .type = GD_FIELD_SPAN,
     .offset = offsetof(S, lasts),
     .fallback = "\"60s\"",
     .min = GD_MS,
     .max = GD_DAY,
     .help = "and then less and less, until it is warm after this",
     .source = "patterns 4.8 (assumption)"},
    GD_FIELD_ROW(S, cold, GD_FIELD_BOOL, .fallback = "false",
                 .help = "its instances are cold at the start of the run, too"),
    {0},
};
#undef S

const gd_shape gd_warm_up_shape = {
    .name = "warm_up",
    .help = "an instance is slower after its start",
    .source = "patterns 4.8",
    .bytes = sizeof(gd_warm_up_spec),
    .fields = fields,
    .concept =
        &(const gd_concept){
            .title = "Warm-up",
            .idea = "A new process is slower than an old one: empty caches, cold code.",
            .cures = "Nothing: it is a property of processes that starts and balancers must know.",
            .price = "A restart costs capacity for longer than the restart takes.",
            .dangerous_with = "Round robin, which gives a cold instance its full share at once.",
            .numbers = "Three times as slow, for a minute (assumptions).",
            .source = "patterns 4.8",
            .pattern = "warm-up",
        },
};
