/* Whom a fault touched: services whose callers' answers left their band, operations that were hurt
 * though they call nothing that a fault is on, and how much more work each request made.
 *
 * Sources: AWS Builders' Library on cells and shuffle sharding (blast radius, containment); N.
 * Bronson et al., HotOS 2021 (amplification over the fault-free value).
 */
#include "models/result/parts.h"

/* ---- services -----------------------------------------------------------------------------------
 */

/* Edges by the service that they lead to: those of service i are at[first[i]] to at[first[i + 1]].
 */
typedef struct {
    uint32_t *first, *at;
} callers;

static callers callers_of(const gd_result *result, gd_arena *scratch)
{
    const gd_plan *plan = result->plan;
    uint32_t n = result->n_services;
    callers c = {.first = gd_arena_array(scratch, uint32_t, (size_t)n + 2),
                 .at = gd_arena_array(scratch, uint32_t, (size_t)result->n_edges + 1)};
    uint32_t *callee = gd_arena_array(scratch, uint32_t, (size_t)result->n_edges + 1);
    for (uint32_t e = 0; e < result->n_edges; e++)
        callee[e] = GD_NONE;
    for (uint32_t s = 0; s < plan->n_sites; s++)
        callee[plan->sites[s].edge] = gd_site_callee(plan, &plan->sites[s]);
    for (uint32_t e = 0; e < result->n_edges; e++)
        if (callee[e] != GD_NONE)
            c.first[callee[e] + 2]++;
    for (uint32_t i = 0; i < n; i++)
        c.first[i + 2] += c.first[i + 1]; /* first[i + 1] is where service i's go on from here */
    for (uint32_t e = 0; e < result->n_edges; e++)
        if (callee[e] != GD_NONE)
            c.at[c.first[callee[e] + 1]++] = e;
    return c;
}

/* What callers got of one service, by judged window: calls that failed, of attempts. */
static gd_judged judged_service(const gd_result *result, gd_arena *scratch, const gd_judged *all,
                                const callers *edges, uint32_t service)
{
    gd_judged judged = *all;
    uint32_t per = (uint32_t)(judged.width / result->window);
    judged.asked = gd_arena_array(scratch, double, judged.n);
    judged.useful = gd_arena_array(scratch, double, judged.n);
    judged.ratio = gd_arena_array(scratch, double, judged.n);
    for (uint32_t e = edges->first[service]; e < edges->first[service + 1]; e++) {
        const gd_edge_series *series = &result->edges[edges->at[e]].series;
        for (uint32_t i = 0; i < judged.n * per; i++) {
            double asked = MAX(series->attempts[i], series->failed[i]);
            judged.asked[i / per] += asked;
            judged.useful[i / per] += asked - series->failed[i];
        }
    }
    for (uint32_t j = 0; j < judged.n; j++)
        judged.ratio[j] = gd_ratio(judged.useful[j], judged.asked[j]);
    gd_judged_band(&judged, scratch);
    return judged;
}

/* Arrivals for each request of any user, against those before the first fault. */
static double peak_of(const gd_result *result, const gd_judged *all, uint32_t service)
{
    const uint32_t *arrivals = result->services[service].series.arrivals;
    uint32_t per = (uint32_t)(all->width / result->window);
    double before = 0, asked = 0, peak = GD_UNKNOWN;
    for (uint32_t j = 0; j < all->baseline; j++)
        asked += all->raw[j];
    for (uint32_t i = 0; i < all->baseline * per; i++)
        before += arrivals[i];
    if (before == 0 || asked == 0)
        return peak;
    for (uint32_t j = all->baseline; j < all->n; j++) {
        double now = 0;
        for (uint32_t i = j * per; i < (j + 1) * per; i++)
            now += arrivals[i];
        double factor = gd_ratio(now, all->raw[j]) / (before / asked);
        if (gd_is_known(factor) && !(factor <= peak)) /* the first known one is above nothing */
            peak = factor;
    }
    return peak;
}

static void spread_to_services(gd_result *result)
{
    g_autoptr(gd_arena) whole = gd_arena_new();
    gd_judged all = gd_judged_of(result, whole, GD_NONE, GD_NONE);
    callers edges = callers_of(result, whole);
    for (uint32_t i = 0; i < result->n_services; i++) {
        gd_result_service *service = &result->services[i];
        if (!all.has_baseline && !result->recovery.has_fault) { /* nothing to hold it against */
            service->amplification_peak = GD_UNKNOWN;
            continue;
        }
        g_autoptr(gd_arena) scratch = gd_arena_new();
        service->amplification_peak = all.has_baseline ? peak_of(result, &all, i) : GD_UNKNOWN;
        gd_judged judged = judged_service(result, scratch, &all, &edges, i);
        service->hurt = judged.has_baseline && gd_judged_first_out(&judged, judged.first, judged.n,
                                                                   judged.edge) != GD_NONE;
        result->degradation.n_services += service->hurt;
    }
}

/* ---- operations that call nothing that is broken ------------------------------------------------
 */

typedef struct {
    const gd_plan *plan;
    bool *services, *sites; /* that a fault is on */
    bool *met;              /* operations on the way */
} search;

static bool is_reached_by(search *s, const gd_plan_site *site);

static bool op_is_reached(search *s, uint32_t index)
{
    const gd_plan_op *op = &s->plan->ops[index];
    if (s->services[op->service])
        return true;
    if (s->met[index])
        return false;
    s->met[index] = true;
    for (uint32_t i = op->sites_first; i < op->sites_first + op->sites_n; i++)
        if (is_reached_by(s, &s->plan->sites[i]))
            return true;
    return false;
}

/* As deep as the model calls; the compiler refuses rings of calls. */
static bool is_reached_by(search *s, const gd_plan_site *site)
{
    if (s->sites[site - s->plan->sites])
        return true;
    for (uint32_t i = 0; i < site->callees_n; i++)
        if (op_is_reached(s, s->plan->callees[site->callees_first + i]))
            return true;
    return site->then == GD_THEN_CALL && is_reached_by(s, &s->plan->sites[site->then_site]);
}

/* False: no fault is on services or calls. */
static bool mark_targets(const gd_plan *plan, search *s)
{
    bool any = false;
    for (uint32_t f = 0; f < plan->n_faults; f++) {
        const gd_plan_fault *fault = &plan->faults[f];
        for (uint32_t i = 0; i < fault->targets_n; i++) {
            uint32_t target = plan->targets[fault->targets_first + i];
            if (fault->on == GD_ON_INSTANCES)
                s->services[plan->instances[target].service] = true;
            else if (fault->on == GD_ON_SITES)
                s->sites[target] = true;
            any |= fault->on == GD_ON_INSTANCES || fault->on == GD_ON_SITES;
        }
    }
    return any;
}

static bool view_is_reached(search *s, uint32_t view)
{
    const gd_plan *plan = s->plan;
    for (uint32_t i = 0; i < plan->n_ops; i++)
        s->met[i] = false;
    for (uint32_t p = 0; p < plan->n_pages; p++)
        if (plan->pages[p].op_record == view && is_reached_by(s, &plan->sites[plan->pages[p].site]))
            return true;
    return false;
}

static void spread_outside(gd_result *result)
{
    const gd_plan *plan = result->plan;
    gd_degradation *fall = &result->degradation;
    g_autoptr(gd_arena) scratch = gd_arena_new();
    search s = {
        .plan = plan,
        .services = gd_arena_array(scratch, bool, (size_t)plan->n_services + 1),
        .sites = gd_arena_array(scratch, bool, (size_t)plan->n_sites + 1),
        .met = gd_arena_array(scratch, bool, (size_t)plan->n_ops + 1),
    };
    fall->outside_count = GD_UNKNOWN;
    fall->outside = gd_arena_array(result->arena, uint32_t, (size_t)fall->n_operations + 1);
    fall->outside_known = plan->instances && plan->n_pages && mark_targets(plan, &s);
    if (!fall->outside_known)
        return;
    for (uint32_t i = 0; i < fall->n_operations; i++)
        if (!view_is_reached(&s, fall->operations[i]))
            fall->outside[fall->n_outside++] = fall->operations[i];
    fall->outside_count = fall->n_outside;
}

void gd_result_spread(gd_result *result)
{
    spread_to_services(result);
    spread_outside(result);
}
