/* The memory of the series: one value a window for each thing, in one segment that grows with the
 * windows that have passed. */
#include "models/flow/engine.h"

#include <string.h>

#define FIRST_ROOM 64u /* windows that the series have room for at first */
/* One block of memory: for each kind of series an array of as many values as there is room for. */
static void *take(char **at, size_t count, size_t size)
{
    char *array = *at;
    *at += (count * size + 7) & ~(size_t)7;
    return array;
}

static void view_series(gd_view_series *s, char **at, size_t n)
{
    s->p50 = take(at, n, sizeof(int64_t));
    s->p99 = take(at, n, sizeof(int64_t));
    s->max = take(at, n, sizeof(int64_t));
    s->requests = take(at, n, sizeof(uint32_t));
    s->good = take(at, n, sizeof(uint32_t));
    s->degraded = take(at, n, sizeof(uint32_t));
    s->failed = take(at, n, sizeof(uint32_t));
    s->useful = take(at, n, sizeof(uint32_t));
    s->attempts = take(at, n, sizeof(uint32_t));
}

static void service_series(gd_service_series *s, char **at, size_t n)
{
    s->busy_area = take(at, n, sizeof(uint64_t));
    s->queue_area = take(at, n, sizeof(uint64_t));
    s->arrivals = take(at, n, sizeof(uint32_t));
    s->completed = take(at, n, sizeof(uint32_t));
    s->rejected = take(at, n, sizeof(uint32_t));
    s->queue_max = take(at, n, sizeof(uint32_t));
}

static void edge_series(gd_edge_series *s, char **at, size_t n)
{
    s->attempts = take(at, n, sizeof(uint32_t));
    s->failed = take(at, n, sizeof(uint32_t));
    s->breakers_open = take(at, n, sizeof(uint32_t));
}

static void objective_series(gd_objective_series *s, char **at, size_t n)
{
    s->good = take(at, n, sizeof(uint32_t));
    s->bad = take(at, n, sizeof(uint32_t));
}

static size_t series_layout(gd_run *run, char *base)
{
    const gd_plan *plan = run->plan;
    gd_record *record = &run->record;
    size_t n = run->series_room;
    char *at = base;
    for (uint32_t i = 0; i < plan->n_views; i++)
        view_series(&record->view_series[i], &at, n);
    for (uint32_t i = 0; i < plan->n_services; i++)
        service_series(&record->service_series[i], &at, n);
    for (uint32_t i = 0; i < plan->n_edges; i++)
        edge_series(&record->edge_series[i], &at, n);
    for (uint32_t i = 0; i < plan->n_objectives; i++)
        objective_series(&record->objective_series[i], &at, n);
    return (size_t)(at - base);
}

void gd_measure_layout(gd_run *run)
{
    run->series_room = MIN(FIRST_ROOM, run->plan->windows);
    gd_segment *series = &run->segs[GD_SEG_SERIES];
    static char origin[8]; /* only differences of addresses are taken from it */
    series->used = series_layout(run, origin) + 8;
    gd_segment_reserve(series, &run->memory, series->used);
    gd_measure_pointers(run);
}

void gd_measure_pointers(gd_run *run)
{
    series_layout(run, run->segs[GD_SEG_SERIES].base);
}

/* Twice the room: each array moves to its new place. All are written before they are read, window
 * by window, so only closed windows are carried over. */
void gd_measure_grow(gd_run *run)
{
    gd_segment before = run->segs[GD_SEG_SERIES];
    uint32_t room = run->series_room;
    run->series_room = MIN(room * 2, run->plan->windows);
    static char origin[8];
    size_t bytes = series_layout(run, origin) + 8;
    run->segs[GD_SEG_SERIES] = (gd_segment){.used = bytes};
    gd_segment_reserve(&run->segs[GD_SEG_SERIES], &run->memory, bytes);
    gd_measure_pointers(run);

    const gd_plan *plan = run->plan;
    const char *from = before.base;
    char *to = run->segs[GD_SEG_SERIES].base;
    const struct {
        size_t count, wide, narrow; /* agents; arrays of 8 and of 4 bytes a value */
    } groups[] = {{plan->n_views, 3, 6},
                  {plan->n_services, 2, 4},
                  {plan->n_edges, 0, 3},
                  {plan->n_objectives, 0, 2}};
    for (unsigned g = 0; g < G_N_ELEMENTS(groups); g++) {
        for (size_t i = 0; i < groups[g].count * (groups[g].wide + groups[g].narrow); i++) {
            bool wide = i % (groups[g].wide + groups[g].narrow) < groups[g].wide;
            size_t size = wide ? sizeof(uint64_t) : sizeof(uint32_t);
            memcpy(to, from, room * size);
            from += (room * size + 7) & ~(size_t)7;
            to += (run->series_room * size + 7) & ~(size_t)7;
        }
    }
    gd_segment_clear(&before, &run->memory);
}
