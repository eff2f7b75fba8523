/* Where the naive simulator and the real one differ: the first place, in words. */
#include "models/run.h"
#include "tests/naive/naive.h"

#include <string.h>

#define DIFFERS(what, i, naive, real)                                                              \
    g_strdup_printf("%s %u %s: naive %" G_GUINT64_FORMAT ", real %" G_GUINT64_FORMAT, about, i,    \
                    what, (uint64_t)(naive), (uint64_t)(real))
#define SAME(what, i, naive, real)                                                                 \
    do {                                                                                           \
        if ((naive) != (real))                                                                     \
            return DIFFERS(what, i, naive, real);                                                  \
    } while (0)

static char *tally(const char *about, const char *what, uint32_t i, const nv_tally *naive,
                   const gd_hist *real)
{
    SAME(what, i, naive->count, real->count);
    if (naive->count == 0)
        return NULL;
    SAME(what, i, naive->sum, real->sum);
    SAME(what, i, naive->min, real->low);
    SAME(what, i, naive->max, gd_hist_max(real));
    SAME(what, i, naive->zeros, real->zeros);
    return NULL;
}

static char *view(const gd_plan *plan, const nv_result *n, const gd_record *r, uint32_t i)
{
    const char *about = plan->views[i].name;
    const nv_view *a = &n->views[i];
    const gd_view_record *b = &r->views[i];
    char *found = NULL;
    for (unsigned p = 0; p < GD_PHASES && !found; p++) {
        SAME("requests", p, a->requests[p], b->requests[p]);
        for (unsigned o = 0; o < GD_OUTCOMES; o++)
            SAME(gd_outcome_rows[o].name, p, a->outcomes[p][o], b->outcomes[p][o]);
        SAME("useful", p, a->useful[p], b->useful[p]);
        found = tally(about, "good", p, &a->good[p], &b->good[p]);
        found = found ? found : tally(about, "all", p, &a->all[p], &b->all[p]);
    }
    if (found)
        return found;
    SAME("attempts", 0, a->attempts, b->attempts);
    SAME("users", 0, a->users, b->users);
    SAME("users_hurt", 0, a->users_hurt, b->users_hurt);
    for (uint32_t w = 0; w < n->windows; w++) {
        const nv_view_window *x = &n->view_windows[w * plan->n_views + i];
        const gd_view_series *y = &r->view_series[i];
        SAME("series.requests", w, x->requests, y->requests[w]);
        SAME("series.good", w, x->good, y->good[w]);
        SAME("series.degraded", w, x->degraded, y->degraded[w]);
        SAME("series.failed", w, x->failed, y->failed[w]);
        SAME("series.useful", w, x->useful, y->useful[w]);
        SAME("series.attempts", w, x->attempts, y->attempts[w]);
    }
    return NULL;
}

static char *service_series(const gd_plan *plan, const nv_result *n, const gd_record *r, uint32_t i)
{
    const char *about = plan->services[i].name;
    for (uint32_t w = 0; w < n->windows; w++) {
        const nv_service_window *x = &n->service_windows[w * plan->n_services + i];
        const gd_service_series *y = &r->service_series[i];
        SAME("series.arrivals", w, x->arrivals, y->arrivals[w]);
        SAME("series.completed", w, x->completed, y->completed[w]);
        SAME("series.rejected", w, x->rejected, y->rejected[w]);
        SAME("series.busy_area", w, x->busy_area, y->busy_area[w]);
        SAME("series.queue_area", w, x->queue_area, y->queue_area[w]);
        SAME("series.queue_max", w, x->queue_max, y->queue_max[w]);
    }
    return NULL;
}

static char *service(const gd_plan *plan, const nv_result *n, const gd_record *r, uint32_t i)
{
    const char *about = plan->services[i].name;
    const nv_service *a = &n->services[i];
    const gd_service_record *b = &r->services[i];
    SAME("arrivals", 0, a->arrivals, b->arrivals);
    SAME("completed", 0, a->completed, b->completed);
    SAME("rejected", 0, a->rejected, b->rejected);
    SAME("crashed", 0, a->crashed, b->crashed);
    for (unsigned o = 0; o < GD_OUTCOMES; o++)
        SAME(gd_outcome_rows[o].name, 0, a->outcomes[o], b->outcomes[o]);
    char *found = tally(about, "wait", 0, &a->wait, &b->wait);
    found = found ? found : tally(about, "service", 0, &a->service, &b->service);
    found = found ? found : tally(about, "sojourn", 0, &a->sojourn, &b->sojourn);
    if (found)
        return found;
    SAME("busy_area", 0, a->busy_area, b->busy_area);
    SAME("queue_area", 0, a->queue_area, b->queue_area);
    SAME("system_area", 0, a->system_area, b->system_area);
    SAME("work", 0, a->work, b->work);
    SAME("wasted", 0, a->wasted, b->wasted);
    SAME("queue_max", 0, a->queue_max, b->queue_max);
    return service_series(plan, n, r, i);
}

static char *edge(const gd_plan *plan, const nv_result *n, const gd_record *r, uint32_t i)
{
    const char *about = plan->edges[i].name;
    const nv_edge *a = &n->edges[i];
    const gd_edge_record *b = &r->edges[i];
    SAME("calls", 0, a->calls, b->calls);
    SAME("attempts", 0, a->attempts, b->attempts);
    for (unsigned o = 0; o < GD_OUTCOMES; o++) {
        SAME(gd_outcome_rows[o].name, 0, a->outcomes[o], b->outcomes[o]);
        SAME(gd_outcome_rows[o].name, 1, a->tries[o], b->tries[o]);
    }
    SAME("late", 0, a->late, b->late);
    SAME("answered", 0, a->answered, b->answered);
    SAME("breaker_opens", 0, a->breaker_opens, b->breaker_opens);
    SAME("breaker_open_area", 0, a->breaker_open_area, b->breaker_open_area);
    SAME("breaker_refused", 0, a->breaker_refused, b->breaker_refused);
    SAME("bulkhead_refused", 0, a->bulkhead_refused,
         gd_record_counter(r, GD_COUNTED_BY_EDGE, i, "bulkhead", "refused"));
    for (uint32_t w = 0; w < n->windows; w++) {
        const nv_edge_window *x = &n->edge_windows[w * plan->n_edges + i];
        SAME("series.attempts", w, x->attempts, r->edge_series[i].attempts[w]);
        SAME("series.failed", w, x->failed, r->edge_series[i].failed[w]);
        SAME("series.breakers_open", w, x->breakers_open, r->edge_series[i].breakers_open[w]);
    }
    return tally(about, "latency", 0, &a->latency, &b->latency);
}

static char *happenings(const nv_result *n, const gd_record *r)
{
    const char *about = "happening";
    for (uint32_t i = 0; i < n->happenings->len && i < r->n_happenings; i++) {
        const gd_happening *a = &g_array_index(n->happenings, gd_happening, i);
        const gd_happening *b = &r->happenings[i];
        SAME("what", i, a->what, b->what);
        SAME("at", i, a->at, b->at);
        SAME("about", i, a->about, b->about);
        SAME("count", i, a->count, b->count);
    }
    if (r->happenings_dropped == 0)
        SAME("happenings", 0, n->happenings->len, r->n_happenings);
    return NULL;
}

char *nv_compare(const nv_result *n, const gd_record *r)
{
    const gd_plan *plan = r->plan;
    const char *about = "run";
    char *found = NULL;
    SAME("digest", 0, n->digest, r->digest);
    SAME("end", 0, n->end, r->end);
    SAME("ended_at", 0, n->ended_at, r->ended_at);
    SAME("windows", 0, n->windows, r->windows);
    for (uint32_t i = 0; i < plan->n_views && !found; i++)
        found = view(plan, n, r, i);
    for (uint32_t i = 0; i < plan->n_services && !found; i++)
        found = service(plan, n, r, i);
    for (uint32_t i = 0; i < plan->n_edges && !found; i++)
        found = edge(plan, n, r, i);
    return found ? found : happenings(n, r);
}

/* ---- event by event ----------------------------------------------------------------------------
 */
static const char *const kinds[] = {"asks",   "request", "worked", "waited", "answer",
                                    "timer",  "user",    "shared", "lever",  "started",
                                    "resend", "run",     "cancel", "phase",  "call"};

static const char *name_of(const gd_plan *plan, uint64_t agent)
{
    for (uint32_t i = 0; i < plan->n_services; i++)
        if (plan->services[i].salt == agent)
            return plan->services[i].name;
    for (uint32_t i = 0; i < plan->n_sites; i++)
        if (plan->sites[i].hash == agent)
            return plan->sites[i].name;
    for (uint32_t i = 0; i < plan->n_faults; i++)
        if (plan->faults[i].salt == agent)
            return plan->faults[i].name;
    for (uint32_t i = 0; i < plan->n_instances; i++)
        if (plan->instances[i].salt == agent)
            return plan->services[plan->instances[i].service].name;
    return "?";
}

static char *line_text(const gd_plan *plan, const nv_line *line)
{
    gd_time t = line->at - plan->warmup;
    return g_strdup_printf("%s%" G_GINT64_FORMAT ".%09" G_GINT64_FORMAT
                           " %-8s %s %016" G_GINT64_MODIFIER "x",
                           t < 0 ? "-" : "", ABS(t) / GD_S, ABS(t) % GD_S, kinds[line->kind],
                           name_of(plan, line->agent), line->subject);
}

static void keep(void *user, const char *line)
{
    g_ptr_array_add(user, g_strdup(line));
}

/* What came before, and how it went on in both. */
static char *context(const GPtrArray *naive, const GPtrArray *real, guint at)
{
    GString *text = g_string_new(NULL);
    for (guint i = at > 12 ? at - 12 : 0; i < at; i++)
        g_string_append_printf(text, "      %s\n", (char *)real->pdata[i]);
    for (guint i = at; i < at + 4; i++)
        g_string_append_printf(text, "naive %s\n",
                               i < naive->len ? (char *)naive->pdata[i] : "(over)");
    for (guint i = at; i < at + 4; i++)
        g_string_append_printf(text, "real  %s\n",
                               i < real->len ? (char *)real->pdata[i] : "(over)");
    return g_string_free(text, FALSE);
}

char *nv_compare_lines(const nv_result *n, const gd_plan *plan, uint64_t seed)
{
    g_autoptr(GPtrArray) naive = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) real = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(gd_run) run = gd_run_new(plan, seed);
    gd_run_set_trace(run, keep, real);
    while (gd_run_until(run, GD_NEVER, UINT64_MAX))
        ;
    for (guint i = 0; i < n->lines->len; i++)
        g_ptr_array_add(naive, line_text(plan, &g_array_index(n->lines, nv_line, i)));
    for (guint i = 0; i < naive->len || i < real->len; i++)
        if (i >= naive->len || i >= real->len || strcmp(naive->pdata[i], real->pdata[i]) != 0)
            return context(naive, real, i);
    return NULL;
}
