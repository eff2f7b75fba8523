/* Pauses of a process that come by themselves: every so often it stands still for a while (a
 * garbage collector as its log shows it, a stalled disk, a live migration). Nothing begins, goes on
 * or ends meanwhile; what arrives, requests and answers, waits at the socket.
 * Source: patterns 4.9: a renewal process.
 */
#include "models/serve/serve.h"

#define SALT_EVERY UINT64_C(0x5061757365204576) /* "Pause Ev" */
#define SALT_PAUSE UINT64_C(0x506175736520466f) /* "Pause Fo" */

enum { PAUSES, PAUSED_US };
static const gd_counter_row counters[] = {{"pauses", NULL}, {"paused_us", NULL}, {0}};

typedef struct {
    uint64_t word;
    uint64_t n;
    gd_time since; /* of this process: lives differ */
    bool paused;
} gc;

static uint32_t bytes(const void *spec)
{
    (void)spec;
    return sizeof(gc);
}

static gd_span draw(const gd_serve_at *at, uint32_t dist, uint64_t salt)
{
    uint64_t key = gd_mix(at->run->key, at->run->plan->instances[at->instance].salt);
    const gc *g = at->mine;
    key = gd_mix_n(gd_mix_n(gd_mix(key, salt), (uint64_t)g->since), g->n);
    return gd_dist_sample(&at->run->plan->dists[dist], key);
}

static void reset(const gd_serve_at *at)
{
    const gd_gc_plan *spec = at->spec;
    ((gc *)at->mine)->since = at->run->now;
    gd_serve_timer(at, draw(at, spec->every, SALT_EVERY));
}

static void timer(const gd_serve_at *at)
{
    const gd_gc_plan *spec = at->spec;
    gc *g = at->mine;
    if (g->paused) {
        g->paused = false;
        g->n++;
        gd_instance_go_on(at->run, at->instance);
        gd_span wait = draw(at, spec->every, SALT_EVERY);
        gd_serve_timer(at, wait > GD_US ? wait : GD_US); /* else it never goes on */
        return;
    }
    gd_span lasts = draw(at, spec->pause, SALT_PAUSE);
    lasts = lasts > 0 ? lasts : 1;
    g->paused = true;
    gd_serve_count(at, PAUSES);
    gd_count(at->run, at->counters + PAUSED_US, (uint64_t)(lasts / GD_US));
    gd_instance_pause(at->run, at->instance, lasts);
    gd_serve_timer(at, lasts);
}

static gd_span slow(const gd_serve_at *at, gd_span work)
{
    return gd_time_add(work, gd_instance_stands(at->run, at->instance));
}

const gd_serve_kind gd_serve_gc = {
    .name = "gc",
    .counters = counters,
    .bytes = bytes,
    .reset = reset,
    .slow = slow,
    .timer = timer,
};

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_gc_spec, every, GD_FIELD_DIST, .required = true,
                 .help = "from the end of a pause to the next one"),
    GD_FIELD_ROW(gd_gc_spec, pause, GD_FIELD_DIST, .required = true,
                 .help = "how long the process stands still"),
    {0},
};
const gd_shape gd_gc_shape = {
    .name = "gc",
    .help = "pauses of the whole process, every so often",
    .source = "patterns 4.9",
    .bytes = sizeof(gd_gc_spec),
    .fields = fields,
    .concept =
        &(const gd_concept){
            .title = "Garbage collection pause",
            .idea = "The whole process stands still; what arrives waits, also health checks.",
            .cures = "Nothing: it is what runtimes do.",
            .price = "A pause of one instance is a wait for all who asked it, and a queue after.",
            .dangerous_with = "Short timeouts with retries, tight health checks, leases.",
            .numbers =
                "Share of time lost = pause / (interval + pause); whoever arrives in a pause "
                "waits half of it on average.",
            .source = "patterns 4.9, 12.28",
            .pattern = "gc-pause",
        },
};
