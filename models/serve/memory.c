/* A process's memory: what it holds, what it leaks, and what happens at the limit.
 *
 *   live = base + per_request x inside + leak x age + leak_per_request x requests so far
 *   at the limit the kernel kills it: a crash, and a new process after `restart` and its start-up
 *
 * With a collector each request allocates, and when that fills what is free the process stands
 * still for pause = base + live / rate: a renewal process whose interval is free / allocation rate,
 * so that as free goes to 0 all time goes into collecting.
 * With `spread` the processes are of different ages when the run begins, evenly.
 * Source: patterns 4.9.
 */
#include "models/serve/serve.h"

#define LEAST_LIFE GD_MS /* assumption: less is a mistake, and would make a run endless */

enum { KILLED, COLLECTIONS, PAUSED_US, ROOM };
static const gd_counter_row counters[] = {
    {"killed", NULL},
    {"collections", NULL},
    {"paused_us", NULL},
    {"room", "a request allocated, and the heap had room: nothing was collected"},
    {0},
};

typedef struct {
    uint64_t word; /* killed, or the collection's end or beginning */
    gd_time since;
    uint64_t requests, inside, allocated;
    bool collecting, wants;
} memory;

static uint32_t bytes(const void *spec)
{
    (void)spec;
    return sizeof(memory);
}

static gd_i128 live_of(const gd_serve_at *at)
{
    const gd_memory_spec *spec = at->spec;
    const memory *m = at->mine;
    return (gd_i128)spec->base + (gd_i128)spec->per_request * (gd_i128)m->inside +
           (gd_i128)spec->leak * (at->run->now - m->since) / GD_S +
           (gd_i128)spec->leak_per_request * (gd_i128)m->requests;
}

/* When the leak alone will have filled it. */
static void foresee(const gd_serve_at *at)
{
    const gd_memory_spec *spec = at->spec;
    gd_i128 left = (gd_i128)spec->limit - live_of(at);
    if (spec->leak == 0)
        return;
    gd_i128 wait = left <= 0 ? 0 : (left * GD_S + spec->leak - 1) / spec->leak;
    if (wait < GD_HORIZON)
        gd_serve_timer(at, (gd_span)wait);
}

static void reset(const gd_serve_at *at)
{
    const gd_memory_spec *spec = at->spec;
    memory *m = at->mine;
    m->since = at->run->now;
    if (at->run->now == 0 && spec->spread > 0) {
        const gd_plan_service *service = &at->run->plan->services[gd_serve_instance(at)->service];
        uint32_t ordinal = at->instance - service->instances_first;
        m->since = -(gd_span)((gd_i128)spec->spread * ordinal / service->instances_n);
    }
    foresee(at);
}

static void kill_it(const gd_serve_at *at)
{
    const gd_memory_spec *spec = at->spec;
    gd_serve_count(at, KILLED);
    gd_lever_restart(at->run, at->instance, spec->restart);
}

static void collect(const gd_serve_at *at)
{
    const gd_memory_spec *spec = at->spec;
    memory *m = at->mine;
    m->wants = false;
    m->collecting = true;
    m->allocated = 0;
    gd_span pause = spec->pause;
    if (spec->rate > 0) {
        gd_i128 looks = live_of(at) * GD_S / spec->rate;
        pause = gd_time_add(pause, looks < GD_HORIZON ? (gd_span)looks : GD_HORIZON);
    }
    pause = pause > 0 ? pause : 1;
    gd_serve_count(at, COLLECTIONS);
    gd_count(at->run, at->counters + PAUSED_US, (uint64_t)(pause / GD_US));
    gd_instance_pause(at->run, at->instance, pause);
    gd_serve_timer(at, pause);
}

static void timer(const gd_serve_at *at)
{
    const gd_memory_spec *spec = at->spec;
    memory *m = at->mine;
    if (m->collecting) {
        m->collecting = false;
        gd_instance_go_on(at->run, at->instance);
    }
    if (live_of(at) >= spec->limit)
        kill_it(at);
    else if (m->wants)
        collect(at);
    else
        foresee(at);
}

static void enter(const gd_serve_at *at, uint32_t slot)
{
    (void)slot;
    const gd_memory_spec *spec = at->spec;
    memory *m = at->mine;
    m->inside++;
    m->requests++;
    m->allocated += (uint64_t)spec->allocates;
    gd_i128 left = (gd_i128)spec->limit - live_of(at);
    bool full = left <= 0;
    m->wants = !m->collecting && spec->allocates > 0 && (gd_i128)m->allocated >= left;
    if (spec->allocates > 0 && !m->wants)
        gd_serve_count(at, ROOM);
    if ((full || m->wants) && !m->collecting) /* not within what happens now */
        gd_serve_timer(at, 0);
}

static void finish(const gd_serve_at *at, uint32_t slot, gd_outcome outcome)
{
    (void)slot, (void)outcome;
    ((memory *)at->mine)->inside--;
}

static gd_span slow(const gd_serve_at *at, gd_span work)
{
    return gd_time_add(work, gd_instance_stands(at->run, at->instance));
}

const gd_serve_kind gd_serve_memory = {
    .name = "memory",
    .counters = counters,
    .bytes = bytes,
    .reset = reset,
    .enter = enter,
    .slow = slow,
    .finish = finish,
    .timer = timer,
};

#define S gd_memory_spec
static const gd_field fields[] = {
    GD_FIELD_ROW(S, limit, GD_FIELD_BYTES, .required = true, .min = 1,
                 .help = "at which the process is killed"),
    GD_FIELD_ROW(S, base, GD_FIELD_BYTES, .fallback = "0", .help = "held by the process itself"),
    GD_FIELD_ROW(S, per_request, GD_FIELD_BYTES, .fallback = "0",
                 .help = "held by each request inside"),
    GD_FIELD_ROW(S, leak, GD_FIELD_BYTES, .fallback = "0",
                 .help = "lost in each second, and not given back before the end"),
    GD_FIELD_ROW(S, leak_per_request, GD_FIELD_BYTES, .fallback = "0",
                 .help = "lost with each request"),
    GD_FIELD_ROW(S, restart, GD_FIELD_SPAN, .fallback = "\"0s\"", .min = 0, .max = GD_DAY,
                 .help = "until the supervisor starts a new process; its start_up follows",
                 .source = "patterns 8.5: Kubernetes restarts the first time at once"),
    GD_FIELD_ROW(S, spread, GD_FIELD_SPAN, .fallback = "\"0s\"", .min = 0, .max = GD_YEAR,
                 .help = "the instances are of ages from 0 to this when the run begins, evenly; 0: "
                         "all were started together"),
    GD_FIELD_ROW(S, allocates, GD_FIELD_BYTES, .fallback = "0",
                 .help = "allocated by each request, until a collector frees it; 0: no collector"),
    GD_FIELD_ROW(S, pause, GD_FIELD_SPAN, .fallback = "\"5ms\"", .min = 0, .max = GD_HOUR,
                 .help = "the process stands still for this at each collection",
                 .source = "assumption: a small stop-the-world pause"),
    GD_FIELD_ROW(S, rate, GD_FIELD_BYTES, .fallback = "\"1GiB\"",
                 .help = "and for as long as it takes to look at what lives, at so much a second; "
                         "0: nothing more",
                 .source = "assumption: of the order of memory bandwidth with pointers to follow"),
    {0},
};
#undef S

static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_memory_spec *s = spec;
    if (s->base >= s->limit)
        gd_problem(problems, node,
                   "base is %.4g MiB and limit %.4g MiB: it would be killed at its start; write a "
                   "base below the limit",
                   (double)s->base / 1048576, (double)s->limit / 1048576);
    else if ((gd_i128)s->leak * LEAST_LIFE / GD_S >= s->limit - s->base)
        gd_problem(
            problems, node,
            "it leaks %.4g MiB a second, and there is room for %.4g: it would be killed within "
            "a millisecond, again and again; write a smaller leak",
            (double)s->leak / 1048576, (double)(s->limit - s->base) / 1048576);
    else if (s->spread > 0 && s->leak > 0 &&
             (gd_i128)s->leak * s->spread / GD_S > s->limit - s->base)
        gd_problem(
            problems, node,
            "after %.4g s it leaks %.4g MiB, and there is room for %.4g: the oldest would be "
            "killed at its start; write a shorter spread",
            (double)s->spread / 1e9, (double)s->leak * (double)s->spread / 1e9 / 1048576,
            (double)(s->limit - s->base) / 1048576);
}

const gd_shape gd_memory_shape = {
    .name = "memory",
    .help = "what a process holds and leaks, when it is killed, when it collects",
    .source = "patterns 4.9",
    .bytes = sizeof(gd_memory_spec),
    .fields = fields,
    .check = check,
    .concept =
        &(const gd_concept){
            .title = "Memory leak and out-of-memory kill",
            .idea = "What leaks is gone until the process ends; at the limit the kernel ends it.",
            .cures = "Nothing: a restart gives the memory back, and the next leak begins.",
            .price = "A crash with all that was inside, and a cold start.",
            .dangerous_with = "Instances of one age: they are killed together. And a canary whose "
                              "bake is shorter than the time to the limit.",
            .numbers = "Time to exhaustion = (limit - live) / leak rate. As free memory goes to 0 "
                       "the share of time in collections goes to 1.",
            .source = "patterns 4.9, 12.33; Huang et al., Metastable Failures in the Wild (2022)",
            .pattern = "memory-leak",
        },
};
