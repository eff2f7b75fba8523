/* Earliest deadline first: next is who will give up first. Optimal while there is capacity for all;
 * beyond, it serves those who are about to give up, and everybody is late, unless what has expired
 * is dropped (`drop_expired`). Requests without a deadline come last, in order of arrival.
 *
 * A skew heap (Sleator and Tarjan 1986) of deadlines, linked through the frames' side records.
 * Source: patterns 4.1; Liu and Layland, "Scheduling Algorithms for Multiprogramming in a Hard-
 * Real-Time Environment", JACM 1973.
 */
#include "models/flow/reply.h"
#include "models/serve/serve.h"

enum { IN_ORDER };
static const gd_counter_row counters[] = {
    {"no_deadline", "its request carried no deadline: after all that did"},
    {0},
};

typedef struct {
    uint32_t root; /* + 1; 0: empty */
} heap;

static uint32_t bytes(const void *spec)
{
    (void)spec;
    return sizeof(heap);
}

static bool is_before(gd_run *run, uint32_t a, uint32_t b)
{
    gd_time x = gd_frame_deadline(run, a), y = gd_frame_deadline(run, b);
    const gd_frame *f = &GD_FRAMES(run)[a], *g = &GD_FRAMES(run)[b];
    if (x != y)
        return x < y;
    return f->arrived != g->arrived ? f->arrived < g->arrived : f->key < g->key;
}

static uint32_t merge(gd_run *run, uint32_t a, uint32_t b)
{
    gd_frame_side *sides = GD_SIDES(run);
    uint32_t root = GD_NONE, *link = &root;
    while (a != GD_NONE && b != GD_NONE) {
        if (is_before(run, b, a)) {
            uint32_t t = a;
            a = b;
            b = t;
        }
        *link = a;
        uint32_t right = sides[a].right;
        sides[a].right = sides[a].left;
        link = &sides[a].left;
        a = right;
    }
    *link = a == GD_NONE ? b : a;
    return root;
}

static void push(const gd_serve_at *at, uint32_t slot)
{
    heap *h = at->mine;
    gd_frame_side *side = &GD_SIDES(at->run)[slot];
    side->left = side->right = GD_NONE;
    if (gd_frame_deadline(at->run, slot) == GD_NEVER)
        gd_serve_count(at, IN_ORDER);
    h->root = merge(at->run, h->root - 1, slot) + 1;
}

static uint32_t pop(const gd_serve_at *at)
{
    heap *h = at->mine;
    uint32_t slot = h->root - 1;
    const gd_frame_side *side = &GD_SIDES(at->run)[slot];
    h->root = merge(at->run, side->left, side->right) + 1;
    return slot;
}

/* Found by rebuilding the heap without it: only cancellations and time-outs come here. */
static void drop(const gd_serve_at *at, uint32_t slot)
{
    heap *h = at->mine;
    gd_run *run = at->run;
    uint32_t keep = GD_NONE, stack = h->root - 1;
    while (stack != GD_NONE) {
        uint32_t top = stack;
        gd_frame_side *side = &GD_SIDES(run)[top];
        stack = merge(run, side->left, side->right);
        side->left = side->right = GD_NONE;
        if (top != slot)
            keep = merge(run, keep, top);
    }
    h->root = keep + 1;
}

const gd_serve_kind gd_serve_edf = {
    .name = "edf",
    .counters = counters,
    .bytes = bytes,
    .push = push,
    .pop = pop,
    .drop = drop,
};
