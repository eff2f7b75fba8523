/* Adaptive LIFO: first come, first served while the queue comes and goes; the newest first once it
 * stands, that is, when it has not been empty for `standing_after`. Under overload the oldest have
 * waited too long already, and the newest are those who still wait for an answer.
 *
 * Source: B. Maurer, "Fail at Scale", ACM Queue 13(8), 2015, with CoDel's test.
 */
#include "models/serve/serve.h"

enum { NEWEST, OLDEST };
static const gd_counter_row counters[] = {
    {"newest_first", NULL},
    {"oldest_first", "the queue had been empty lately: first come, first served"},
    {0},
};

/* A list in order of arrival: `next` of the frame towards the newest, `left` of its side back. */
typedef struct {
    uint32_t oldest, newest;
    gd_time empty_at;
} line;

static uint32_t bytes(const void *spec)
{
    (void)spec;
    return sizeof(line);
}

static void reset(const gd_serve_at *at)
{
    *(line *)at->mine = (line){.oldest = GD_NONE, .newest = GD_NONE, .empty_at = at->run->now};
}

static void push(const gd_serve_at *at, uint32_t slot)
{
    line *l = at->mine;
    gd_frame *frames = GD_FRAMES(at->run);
    if (l->oldest == GD_NONE) {
        l->empty_at = at->run->now;
        l->oldest = slot;
    } else {
        frames[l->newest].next = slot;
    }
    frames[slot].next = GD_NONE;
    GD_SIDES(at->run)[slot].left = l->newest;
    l->newest = slot;
}

static void drop(const gd_serve_at *at, uint32_t slot)
{
    line *l = at->mine;
    uint32_t newer = GD_FRAMES(at->run)[slot].next, older = GD_SIDES(at->run)[slot].left;
    if (newer == GD_NONE)
        l->newest = older;
    else
        GD_SIDES(at->run)[newer].left = older;
    if (older == GD_NONE)
        l->oldest = newer;
    else
        GD_FRAMES(at->run)[older].next = newer;
    if (l->oldest == GD_NONE)
        l->empty_at = at->run->now;
}

static uint32_t pop(const gd_serve_at *at)
{
    const gd_adaptive_lifo_spec *spec = at->spec;
    line *l = at->mine;
    bool standing = at->run->now - l->empty_at > spec->standing_after;
    uint32_t slot = standing ? l->newest : l->oldest;
    gd_serve_count(at, standing ? NEWEST : OLDEST);
    drop(at, slot);
    return slot;
}

static gd_time oldest(const gd_serve_at *at)
{
    const line *l = at->mine;
    return l->oldest == GD_NONE ? GD_NEVER : GD_FRAMES(at->run)[l->oldest].arrived;
}

const gd_serve_kind gd_serve_adaptive_lifo = {
    .name = "adaptive_lifo",
    .counters = counters,
    .bytes = bytes,
    .reset = reset,
    .push = push,
    .pop = pop,
    .drop = drop,
    .oldest = oldest,
};

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_adaptive_lifo_spec, standing_after, GD_FIELD_SPAN, .fallback = "\"100ms\"",
                 .min = 1, .max = GD_HOUR,
                 .help = "a queue that has not been empty for so long stands",
                 .source = "Maurer 2015: N"),
    {0},
};
const gd_shape gd_adaptive_lifo_shape = {
    .name = "adaptive_lifo",
    .help = "the newest first while the queue stands, else the oldest",
    .source = "Maurer, Fail at Scale (2015)",
    .bytes = sizeof(gd_adaptive_lifo_spec),
    .fields = fields,
    .concept =
        &(const gd_concept){
            .title = "Adaptive LIFO",
            .idea = "First come, first served, until the queue stands; then the newest first.",
            .cures = "Overload in which everybody is served late: some are served in time.",
            .cures_not = "The excess: the oldest wait until their time-out.",
            .price = "Unfair: whoever came first in a bad moment is served last, or never.",
            .dangerous_with = "A queue without a time-out: the oldest are served when it is over, "
                              "for nobody.",
            .numbers = "100 ms without an empty queue, then newest first.",
            .source = "Maurer, Fail at Scale, ACM Queue 2015",
            .pattern = "adaptive-lifo",
        },
};
