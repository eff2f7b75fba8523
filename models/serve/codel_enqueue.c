/* CoDel as Facebook's servers have it: how long a request may wait is said when it comes. If the
 * queue has been empty at some moment of the last `interval`, a burst may wait that long; else the
 * queue stands, and it may wait `target` only. Who has waited longer is refused when it is reached.
 *
 * Source: B. Maurer, "Fail at Scale", ACM Queue 13(8), 2015: N = 100 ms, M = 5 ms.
 */
#include "models/serve/serve.h"

enum { DROPPED, IN_TIME, STANDING };
static const gd_counter_row counters[] = {
    {"dropped", NULL},
    {"in_time", "it had not waited longer than it was allowed to"},
    {"standing", NULL}, /* came to a standing queue */
    {0},
};

typedef struct {
    gd_time empty_at; /* the last moment at which nobody waited */
} state;

static uint32_t bytes(const void *spec)
{
    (void)spec;
    return sizeof(state);
}

static void reset(const gd_serve_at *at)
{
    ((state *)at->mine)->empty_at = at->run->now;
}

static void wait(const gd_serve_at *at, uint32_t slot)
{
    const gd_codel_spec *spec = at->spec;
    state *s = at->mine;
    gd_time now = at->run->now;
    if (gd_serve_instance(at)->queued == 1) /* itself */
        s->empty_at = now;
    bool standing = now - s->empty_at > spec->interval;
    if (standing)
        gd_serve_count(at, STANDING);
    GD_SIDES(at->run)[slot].leave_by = gd_time_add(now, standing ? spec->target : spec->interval);
}

static gd_outcome dequeue(const gd_serve_at *at, uint32_t slot)
{
    state *s = at->mine;
    if (gd_serve_instance(at)->queued == 0) /* it was the last */
        s->empty_at = at->run->now;
    bool late = at->run->now > GD_SIDES(at->run)[slot].leave_by;
    gd_serve_count(at, late ? DROPPED : IN_TIME);
    return late ? GD_SHED : GD_OK;
}

const gd_serve_kind gd_serve_codel_enqueue = {
    .name = "codel_enqueue",
    .counters = counters,
    .bytes = bytes,
    .reset = reset,
    .wait = wait,
    .dequeue = dequeue,
};

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_codel_spec, target, GD_FIELD_SPAN, .fallback = "\"5ms\"", .min = 0,
                 .max = GD_HOUR, .help = "the longest wait in a standing queue",
                 .source = "Maurer 2015: M"),
    GD_FIELD_ROW(gd_codel_spec, interval, GD_FIELD_SPAN, .fallback = "\"100ms\"", .min = GD_US,
                 .max = GD_HOUR,
                 .help = "a queue that was not empty for so long stands; else the longest wait",
                 .source = "Maurer 2015: N"),
    {0},
};

static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_codel_spec *s = spec;
    if (s->target >= s->interval)
        gd_problem(problems, node,
                   "target is %g ms and interval %g ms: in a standing queue requests may wait "
                   "less, not longer; write a target below the interval",
                   (double)s->target / 1e6, (double)s->interval / 1e6);
}

const gd_shape gd_codel_enqueue_shape = {
    .name = "codel_enqueue",
    .help = "lets requests wait long in a burst, and shortly in a queue that stands",
    .source = "Maurer, Fail at Scale (2015)",
    .bytes = sizeof(gd_codel_spec),
    .fields = fields,
    .check = check,
    .concept =
        &(const gd_concept){
            .title = "CoDel at enqueue",
            .idea = "Ask at arrival whether the queue has been empty lately; if not, wait 5 ms at "
                    "most.",
            .cures = "Standing queues under overload: whoever is served waited little.",
            .cures_not = "The excess itself: it is refused.",
            .price = "Under overload most who come to a standing queue wait in vain.",
            .dangerous_with = "Clients that try again at once.",
            .numbers = "100 ms in a burst, 5 ms in a standing queue; one pair for many services.",
            .source = "Maurer, Fail at Scale, ACM Queue 2015",
            .pattern = "codel",
        },
};
