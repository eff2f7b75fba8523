/* The naive world's clock: a sorted list, and a FIFO of what goes on at the same instant. */
#include "tests/naive/world.h"

#include <string.h>

/* ---- the heap ----------------------------------------------------------------------------------
 */
void *nv_alloc(nv_world *w, gsize size)
{
    void *object = g_malloc0(size);
    g_ptr_array_add(w->heap, object);
    return object;
}

/* ---- events ------------------------------------------------------------------------------------
 */
static bool is_before(const nv_event *a, const nv_event *b)
{
    if (a->at != b->at)
        return a->at < b->at;
    if (a->rank != b->rank)
        return a->rank < b->rank;
    return a->number < b->number;
}

nv_event *nv_at(nv_world *w, gd_time at, unsigned rank, nv_act *act, void *subject, unsigned level)
{
    nv_event *event = nv_make(w, nv_event);
    *event = (nv_event){.at = at,
                        .rank = rank,
                        .level = level,
                        .number = ++w->number,
                        .act = act,
                        .subject = subject};
    GList *later = w->events->tail;
    while (later && is_before(event, later->data))
        later = later->prev;
    if (later)
        g_queue_insert_after(w->events, later, event);
    else
        g_queue_push_head(w->events, event);
    return event;
}

void nv_drop(nv_world *w, nv_event *event)
{
    if (event)
        g_queue_remove(w->events, event);
}

void nv_hollow(nv_world *w, nv_event *event)
{
    event->act = NULL;
    w->zombies++;
}

typedef struct {
    nv_act *act;
    void *subject;
} follow_up;

void nv_at_once(nv_world *w, nv_act *act, void *subject)
{
    follow_up *next = nv_make(w, follow_up);
    *next = (follow_up){act, subject};
    g_queue_push_tail(w->at_once, next);
}

/* ---- what is common ----------------------------------------------------------------------------
 */
void nv_fold(nv_world *w, uint64_t agent, unsigned kind, uint64_t subject)
{
    /* The digest's formula is part of what is promised: see gd_fold in models/flow/engine.h. */
    uint64_t x = (w->digest ^ subject) + (uint64_t)w->now * GD_GOLDEN;
    x ^= agent + kind;
    x *= UINT64_C(0xD6E8FEB86659FD93);
    w->digest = x ^ (x >> 32);
    if (w->keep_lines) {
        nv_line line = {w->now, agent, subject, kind};
        g_array_append_val(w->result->lines, line);
    }
}

bool nv_measuring(const nv_world *w)
{
    return w->now >= w->plan->warmup;
}

gd_phase nv_phase(const nv_world *w, gd_time at)
{
    gd_time first = GD_NEVER, last = 0;
    for (uint32_t i = 0; i < w->plan->n_faults; i++) {
        first = MIN(first, w->plan->faults[i].start);
        last = MAX(last, w->plan->faults[i].end);
    }
    if (at < first)
        return GD_BEFORE;
    return at < last ? GD_DURING : GD_AFTER;
}

const gd_plan_service *nv_service_of(const nv_world *w, uint32_t instance)
{
    return &w->plan->services[w->plan->instances[instance].service];
}

nv_memory *nv_memory_of(nv_world *w, uint32_t site, uint32_t from)
{
    uint32_t slots = w->plan->n_instances + 1, slot = from == GD_NONE ? slots - 1 : from;
    nv_memory **at = &w->memories[site * slots + slot];
    if (*at)
        return *at;
    *at = nv_make(w, nv_memory);
    (*at)->in_flight = nv_alloc(w, w->plan->n_instances * sizeof(uint32_t));
    (*at)->bulkhead.waiting = g_queue_new();
    (*at)->breaker.generation = 1;
    (*at)->breaker.results = g_array_new(FALSE, FALSE, sizeof(nv_verdict));
    return *at;
}

static void memory_free(nv_memory *memory)
{
    if (!memory)
        return;
    g_queue_free(memory->bulkhead.waiting);
    g_array_unref(memory->breaker.results);
}

void nv_memory_forget(nv_world *w, uint32_t site, uint32_t from)
{
    nv_memory **at = &w->memories[site * (w->plan->n_instances + 1) + from];
    memory_free(*at);
    *at = NULL;
}

/* ---- the life of a world -----------------------------------------------------------------------
 */
/* The index of a page among its client's views, at most 63: users are counted once for each. */
static void find_pages(nv_world *w)
{
    const gd_plan *plan = w->plan;
    w->page_bit = nv_alloc(w, (plan->n_sites + 1) * sizeof(uint32_t));
    w->site_view = nv_alloc(w, (plan->n_sites + 1) * sizeof(uint32_t));
    memset(w->site_view, 0xff, plan->n_sites * sizeof(uint32_t));
    for (uint32_t c = 0; c < plan->n_clients; c++) {
        const gd_plan_client *client = &plan->clients[c];
        uint32_t first = GD_NONE;
        for (int pass = 0; pass < 2; pass++)
            for (uint32_t j = 0; j < client->journeys_n; j++) {
                const gd_journey *journey = &plan->journeys[client->journeys_first + j];
                for (uint32_t p = 0; p < journey->pages_n; p++) {
                    const gd_page *page = &plan->pages[journey->pages_first + p];
                    first = MIN(first, page->op_record);
                    w->site_view[page->site] = page->op_record;
                    w->page_bit[page->site] = MIN(page->op_record - first, 63u);
                }
            }
    }
}

static void world_begin(nv_world *w, const gd_plan *plan, uint64_t seed)
{
    w->plan = plan;
    w->heap = g_ptr_array_new_with_free_func(g_free);
    w->events = g_queue_new();
    w->at_once = g_queue_new();
    w->tasks = g_ptr_array_new();
    w->calls = g_ptr_array_new();
    w->key = w->digest = gd_run_key(seed);
    w->boundary = plan->warmup;
    w->instances = nv_alloc(w, (plan->n_instances + 1) * sizeof(nv_instance));
    for (uint32_t i = 0; i < plan->n_instances; i++) {
        w->instances[i].queue = g_queue_new();
        w->instances[i].lane = g_queue_new();
        w->instances[i].sharing = g_queue_new();
        w->instances[i].factor = GD_SHARE_ONE;
    }
    w->memories = nv_alloc(w, (plan->n_sites + 1) * (plan->n_instances + 1) * sizeof(nv_memory *));
    w->wires = nv_alloc(w, (plan->n_links + 1) * sizeof(nv_wire));
    w->clients = nv_alloc(w, (plan->n_clients + 1) * sizeof(nv_client));
    w->buckets = nv_alloc(w, (plan->n_faults + plan->n_services + 1) * sizeof(gd_time));
    w->intensity = nv_alloc(w, (plan->n_faults + 1) * sizeof(gd_share));
    w->site_hung = nv_alloc(w, (plan->n_sites + 1) * sizeof(bool));
    find_pages(w);
    nv_measure_new(w);
    nv_lever_start(w);
    for (uint32_t i = 0; i < plan->n_clients; i++)
        nv_client_start(w, i);
}

static void world_clear(nv_world *w)
{
    for (uint32_t i = 0; i < w->plan->n_instances; i++) {
        g_queue_free(w->instances[i].queue);
        g_queue_free(w->instances[i].lane);
        g_queue_free(w->instances[i].sharing);
    }
    for (uint32_t i = 0; i < w->plan->n_sites * (w->plan->n_instances + 1); i++)
        memory_free(w->memories[i]);
    for (guint i = 0; i < w->tasks->len; i++)
        g_ptr_array_unref(((nv_task *)w->tasks->pdata[i])->children);
    g_ptr_array_unref(w->tasks);
    g_ptr_array_unref(w->calls);
    g_queue_free(w->events);
    g_queue_free(w->at_once);
    g_ptr_array_unref(w->heap);
}

static void happen(nv_world *w, const nv_event *event)
{
    w->now = event->at;
    if (event->act)
        event->act(w, event->subject, event->level);
    else
        w->zombies--;
    follow_up *next;
    while ((next = g_queue_pop_head(w->at_once)))
        next->act(w, next->subject, 0);
}

nv_result *nv_run(const gd_plan *plan, uint64_t seed, bool keep_lines)
{
    nv_world w = {.keep_lines = keep_lines};
    nv_result *result = w.result = g_new0(nv_result, 1);
    world_begin(&w, plan, seed);
    for (;;) {
        if (w.stopped == plan->n_clients && w.live + w.zombies == 0) {
            result->end = GD_END_DRAINED;
            break;
        }
        nv_event *next = g_queue_peek_head(w.events);
        if (!next || next->at >= plan->horizon) {
            nv_close_windows(&w, plan->horizon);
            w.now = plan->horizon;
            result->end = GD_END_DURATION;
            break;
        }
        nv_close_windows(&w, next->at);
        g_queue_pop_head(w.events);
        happen(&w, next);
    }
    nv_measure_finish(&w);
    result->digest = w.digest;
    result->ended_at = w.now - plan->warmup;
    result->in_flight = w.live + w.zombies;
    world_clear(&w);
    return result;
}
