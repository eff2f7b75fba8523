/* What the naive world counts. Everything counts from the end of the warm-up. */
#include "tests/naive/world.h"

/* A service says "queue full" once, then again after a minute without a refusal. */
#define FULL_AGAIN GD_MINUTE

void nv_tally_add(nv_tally *tally, int64_t value)
{
    tally->min = tally->count ? MIN(tally->min, value) : value;
    tally->max = tally->count ? MAX(tally->max, value) : value;
    tally->count++;
    tally->zeros += value == 0;
    tally->sum += (gd_u128)value;
}

static void tally_join(nv_tally *into, const nv_tally *from)
{
    if (from->count == 0)
        return;
    into->min = into->count ? MIN(into->min, from->min) : from->min;
    into->max = into->count ? MAX(into->max, from->max) : from->max;
    into->count += from->count;
    into->zeros += from->zeros;
    into->sum += from->sum;
}

void nv_measure_new(nv_world *w)
{
    const gd_plan *plan = w->plan;
    nv_result *r = w->result;
    r->views = g_new0(nv_view, plan->n_views + 1);
    r->services = g_new0(nv_service, plan->n_services + 1);
    r->edges = g_new0(nv_edge, plan->n_edges + 1);
    r->view_windows = g_new0(nv_view_window, (plan->windows + 1) * (plan->n_views + 1));
    r->service_windows = g_new0(nv_service_window, (plan->windows + 1) * (plan->n_services + 1));
    r->edge_windows = g_new0(nv_edge_window, (plan->windows + 1) * (plan->n_edges + 1));
    r->happenings = g_array_new(FALSE, FALSE, sizeof(gd_happening));
    r->lines = g_array_new(FALSE, FALSE, sizeof(nv_line));
    w->view_now = nv_alloc(w, (plan->n_views + 1) * sizeof(nv_view_window));
    w->service_now = nv_alloc(w, (plan->n_services + 1) * sizeof(nv_service_window));
    w->edge_now = nv_alloc(w, (plan->n_edges + 1) * sizeof(nv_edge_window));
    w->gauges = nv_alloc(w, (plan->n_services + 1) * sizeof(nv_gauge));
    w->open_now = nv_alloc(w, (plan->n_edges + 1) * sizeof(uint32_t));
    w->open_since = nv_alloc(w, (plan->n_edges + 1) * sizeof(gd_time));
    for (uint32_t i = 0; i < plan->n_services; i++)
        w->gauges[i].full_at = -1;
}

void nv_result_free(nv_result *r)
{
    if (!r)
        return;
    g_free(r->views);
    g_free(r->services);
    g_free(r->edges);
    g_free(r->view_windows);
    g_free(r->service_windows);
    g_free(r->edge_windows);
    g_array_unref(r->happenings);
    g_array_unref(r->lines);
    g_free(r);
}

/* ---- gauges ------------------------------------------------------------------------------------
 */
/* Adds what was there from the last change up to `at`, as far as it is measured. */
static void touch(nv_world *w, uint32_t service, gd_time at)
{
    nv_gauge *gauge = &w->gauges[service];
    gd_time from = MAX(gauge->changed, w->plan->warmup);
    gauge->changed = at;
    if (at <= from)
        return;
    uint64_t dt = (uint64_t)(at - from);
    nv_service *record = &w->result->services[service];
    record->busy_area += (gd_u128)dt * gauge->busy;
    record->queue_area += (gd_u128)dt * gauge->queue;
    record->system_area += (gd_u128)dt * gauge->system;
    w->service_now[service].busy_area += dt * gauge->busy;
    w->service_now[service].queue_area += dt * gauge->queue;
}

void nv_gauge_move(nv_world *w, uint32_t service, int busy, int queue, int system)
{
    touch(w, service, w->now);
    w->gauges[service].busy += (uint32_t)busy;
    w->gauges[service].queue += (uint32_t)queue;
    w->gauges[service].system += (uint32_t)system;
}

/* The longest queue of an instance: as it is at a window's start, and whenever it has grown. */
void nv_queue_seen(nv_world *w, uint32_t instance)
{
    uint32_t service = w->plan->instances[instance].service;
    uint64_t n = w->instances[instance].queued;
    if (w->boundary <= w->plan->warmup && w->now < w->plan->warmup)
        return;
    nv_service_window *window = &w->service_now[service];
    window->queue_max = MAX(window->queue_max, n);
    nv_service *record = &w->result->services[service];
    record->queue_max = MAX(record->queue_max, n);
}

static void touch_breakers(nv_world *w, uint32_t edge, gd_time at)
{
    gd_time from = MAX(w->open_since[edge], w->plan->warmup);
    if (at > from)
        w->result->edges[edge].breaker_open_area += (gd_u128)(at - from) * w->open_now[edge];
    w->open_since[edge] = at;
}

void nv_breaker_moved(nv_world *w, uint32_t edge, int change)
{
    touch_breakers(w, edge, w->now);
    w->open_now[edge] += (uint32_t)change;
    if (change < 0)
        return;
    w->result->edges[edge].breaker_opens += nv_measuring(w);
    nv_happened(w, GD_HAPPENED_BREAKER_OPENED, edge, w->open_now[edge]);
}

void nv_happened(nv_world *w, gd_happened what, uint32_t about, uint32_t count)
{
    if (what == GD_HAPPENED_QUEUE_FULL) {
        nv_gauge *gauge = &w->gauges[about];
        bool silent = gauge->full_at >= 0 && w->now - gauge->full_at < FULL_AGAIN;
        gauge->full_at = w->now;
        if (silent)
            return;
    }
    gd_happening one = {
        .at = w->now - w->plan->warmup, .what = (uint8_t)what, .about = about, .count = count};
    g_array_append_val(w->result->happenings, one);
}

/* ---- windows -----------------------------------------------------------------------------------
 */
static void close_window(nv_world *w, gd_time at)
{
    const gd_plan *plan = w->plan;
    nv_result *r = w->result;
    uint32_t n = r->windows++;
    for (uint32_t i = 0; i < plan->n_views; i++) {
        r->view_windows[n * plan->n_views + i] = w->view_now[i];
        w->view_now[i] = (nv_view_window){0};
    }
    for (uint32_t i = 0; i < plan->n_services; i++) {
        touch(w, i, at);
        r->service_windows[n * plan->n_services + i] = w->service_now[i];
        w->service_now[i] = (nv_service_window){0};
    }
    for (uint32_t i = 0; i < plan->n_edges; i++) {
        w->edge_now[i].breakers_open = w->open_now[i];
        r->edge_windows[n * plan->n_edges + i] = w->edge_now[i];
        w->edge_now[i] = (nv_edge_window){0};
    }
}

void nv_close_windows(nv_world *w, gd_time upto)
{
    const gd_plan *plan = w->plan;
    while (w->boundary <= upto) {
        gd_time at = w->boundary;
        if (at > plan->warmup)
            close_window(w, at);
        w->boundary = w->result->windows < plan->windows ? gd_time_add(at, plan->window) : GD_NEVER;
        for (uint32_t i = 0; i < plan->n_instances; i++)
            nv_queue_seen(w, i);
    }
}

void nv_measure_finish(nv_world *w)
{
    const gd_plan *plan = w->plan;
    nv_result *r = w->result;
    if (w->boundary <= plan->warmup)
        return;
    /* The horizon itself is outside: a fault may end there. */
    gd_phase last = nv_phase(w, MIN(w->now, plan->horizon - 1));
    if (r->windows < plan->windows)
        close_window(w, w->now); /* the one in progress, empty or not */
    for (uint32_t i = 0; i < plan->n_edges; i++)
        touch_breakers(w, i, w->now);
    for (uint32_t i = 0; i < plan->n_services; i++)
        touch(w, i, w->now);
    for (uint32_t i = 0; i < plan->n_views; i++) {
        nv_view *view = &r->views[i];
        uint64_t begun_n = 0, ended_n = 0;
        for (unsigned p = 0; p < GD_PHASES; p++) {
            begun_n += view->requests[p];
            for (unsigned o = 0; o < GD_OUTCOMES; o++)
                ended_n += view->outcomes[p][o];
        }
        view->outcomes[last][GD_UNFINISHED] += begun_n - ended_n;
    }
    for (uint32_t i = 0; i < plan->n_sites; i++) {
        if (plan->sites[i].client == GD_NONE || w->site_view[i] == GD_NONE)
            continue;
        for (unsigned p = 0; p < GD_PHASES; p++)
            tally_join(&r->edges[plan->sites[i].edge].latency, &r->views[w->site_view[i]].all[p]);
    }
}
