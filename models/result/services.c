/* From counters to numbers: services, and the calls between them. */
#include "models/result/parts.h"

/* Failures, of all that ended. */
static double failed_of(const uint64_t *outcomes)
{
    uint64_t failed = 0, ended = 0;
    for (unsigned outcome = 0; outcome < GD_OUTCOMES; outcome++) {
        if (outcome == GD_UNFINISHED)
            continue;
        ended += outcomes[outcome];
        failed += gd_outcome_rows[outcome].good ? 0 : outcomes[outcome];
    }
    return gd_ratio((double)failed, (double)ended);
}

static void measure_edge(gd_result *result, const gd_record *record, uint32_t index)
{
    const gd_edge_record *from = &record->edges[index];
    gd_result_edge *edge = &result->edges[index];

    edge->name = record->plan->edges[index].name;
    edge->has_breaker = record->plan->edges[index].has_breaker;
    edge->calls = from->calls;
    edge->attempts = from->attempts;
    edge->late = from->late;
    edge->answered = from->answered;
    for (unsigned outcome = 0; outcome < GD_OUTCOMES; outcome++) {
        edge->outcomes[outcome] = from->outcomes[outcome];
        edge->tries[outcome] = from->tries[outcome];
    }
    edge->failed_ratio = failed_of(from->outcomes);
    edge->failed_attempts_ratio = failed_of(from->tries);
    edge->false_timeout_ratio =
        gd_ratio((double)from->false_timeouts, (double)from->tries[GD_TIMEOUT]);
    edge->attempts_per_call = gd_ratio((double)from->attempts, (double)from->calls);
    edge->latency = gd_latency_of(&from->latency, record->hists);
    edge->breaker_opens = from->breaker_opens;
    edge->breaker_refused = from->breaker_refused;
    edge->breaker_open_s = (double)from->breaker_open_area / (double)GD_S;

    const gd_edge_series *series = record->edge_series ? &record->edge_series[index] : NULL;
    edge->series.attempts = gd_series_copy(result, series ? series->attempts : NULL);
    edge->series.failed = gd_series_copy(result, series ? series->failed : NULL);
    edge->series.breakers_open = gd_series_copy(result, series ? series->breakers_open : NULL);
    for (uint32_t i = 0; i < result->windows; i++)
        edge->breakers_open_max = MAX(edge->breakers_open_max, edge->series.breakers_open[i]);
}

static void service_series(gd_result *result, const gd_service_series *from, uint32_t index)
{
    const gd_plan_service *plan = &result->plan->services[index];
    gd_result_service *service = &result->services[index];
    double capacity = (double)plan->workers * (double)plan->instances_n;

    service->series.arrivals = gd_series_copy(result, from->arrivals);
    service->series.completed = gd_series_copy(result, from->completed);
    service->series.rejected = gd_series_copy(result, from->rejected);
    service->series.queue_max = gd_series_copy(result, from->queue_max);
    service->series.busy_area = gd_arena_array(result->arena, uint64_t, result->windows);
    service->series.queue_area = gd_arena_array(result->arena, uint64_t, result->windows);
    service->queue_series = gd_arena_array(result->arena, double, result->windows);
    if (!service->unlimited)
        service->utilization_series = gd_arena_array(result->arena, double, result->windows);
    for (uint32_t i = 0; i < result->windows; i++) {
        /* The last one may have been cut short. */
        double window = (double)MIN(result->window, result->ended_at - i * result->window);
        service->series.busy_area[i] = from->busy_area ? from->busy_area[i] : 0;
        service->series.queue_area[i] = from->queue_area ? from->queue_area[i] : 0;
        service->queue_series[i] = gd_ratio((double)service->series.queue_area[i], window);
        if (!service->unlimited)
            service->utilization_series[i] =
                gd_ratio((double)service->series.busy_area[i], window * capacity);
    }
}

static void measure_service(gd_result *result, const gd_record *record, uint32_t index)
{
    const gd_plan_service *plan = &record->plan->services[index];
    const gd_service_record *from = &record->services[index];
    gd_result_service *service = &result->services[index];
    double ran = (double)result->ended_at;

    service->name = plan->name;
    service->instances = plan->instances_n;
    service->external = plan->external;
    service->unlimited = plan->workers == UINT32_MAX;
    service->arrivals = from->arrivals;
    service->completed = from->completed;
    service->rejected = from->rejected;
    service->crashed = from->crashed;
    service->queue_max = from->queue_max;
    for (unsigned outcome = 0; outcome < GD_OUTCOMES; outcome++)
        service->outcomes[outcome] = from->outcomes[outcome];
    service->utilization_ratio = service->unlimited
                                     ? GD_UNKNOWN
                                     : gd_ratio((double)from->busy_area, (double)from->worker_area);
    service->busy_mean = gd_ratio((double)from->busy_area, ran);
    service->in_system_mean = gd_ratio((double)from->system_area, ran);
    service->queue_mean = gd_ratio((double)from->queue_area, ran);
    service->wasted_work_ratio = gd_ratio((double)from->wasted, (double)from->work);
    service->wait = gd_latency_of(&from->wait, record->hists);
    service->service = gd_latency_of(&from->service, record->hists);
    service->sojourn = gd_latency_of(&from->sojourn, record->hists);
    service_series(
        result, record->service_series ? &record->service_series[index] : &(gd_service_series){0},
        index);
}

uint32_t gd_site_callee(const gd_plan *plan, const gd_plan_site *site)
{
    uint32_t service = GD_NONE;
    for (uint32_t i = 0; i < site->callees_n; i++) {
        uint32_t other = plan->ops[plan->callees[site->callees_first + i]].service;
        if (service != GD_NONE && other != service)
            return GD_NONE;
        service = other;
    }
    return service;
}

typedef struct {
    uint32_t caller, callee; /* services; GD_NONE: a client, several */
} ends;

static ends *ends_of_edges(const gd_plan *plan, gd_arena *scratch)
{
    ends *edges = gd_arena_array(scratch, ends, plan->n_edges);
    for (uint32_t i = 0; i < plan->n_edges; i++)
        edges[i] = (ends){GD_NONE, GD_NONE};
    for (uint32_t i = 0; i < plan->n_sites; i++) {
        const gd_plan_site *site = &plan->sites[i];
        edges[site->edge] = (ends){site->caller_service, gd_site_callee(plan, site)};
    }
    return edges;
}

/* Attempts that arrive for each one that would arrive if every call above were tried once: the
 * product of attempts / calls along the paths from the users, weighted by traffic. A service at
 * depth d is right after d rounds; rings of calls stop at the last round. */
static void amplify(gd_result *result)
{
    enum { ROUNDS = 64 }; /* assumption: no chain of services is deeper */
    g_autoptr(gd_arena) scratch = gd_arena_new();
    ends *edges = ends_of_edges(result->plan, scratch);
    double *attempts = gd_arena_array(scratch, double, result->n_services);
    double *needed = gd_arena_array(scratch, double, result->n_services);

    for (uint32_t i = 0; i < result->n_services; i++)
        result->services[i].amplification = 1;
    for (uint32_t round = 0; round < MIN(ROUNDS, result->n_services); round++) {
        for (uint32_t i = 0; i < result->n_services; i++)
            attempts[i] = needed[i] = 0;
        for (uint32_t i = 0; i < result->n_edges; i++) {
            if (edges[i].callee == GD_NONE)
                continue;
            double above =
                edges[i].caller == GD_NONE ? 1 : result->services[edges[i].caller].amplification;
            if (above == 0)
                above = 1; /* nothing got to the caller: it made no calls either */
            attempts[edges[i].callee] += (double)result->edges[i].attempts;
            needed[edges[i].callee] += (double)result->edges[i].calls / above;
        }
        for (uint32_t i = 0; i < result->n_services; i++)
            if (needed[i] > 0)
                result->services[i].amplification = attempts[i] / needed[i];
    }
    for (uint32_t i = 0; i < result->n_services; i++)
        if (needed[i] == 0)
            result->services[i].amplification = GD_UNKNOWN;
}

void gd_result_measure_services(gd_result *result, const gd_record *record)
{
    result->n_services = record->plan->n_services;
    result->services = gd_arena_array(result->arena, gd_result_service, result->n_services);
    for (uint32_t i = 0; i < result->n_services; i++)
        measure_service(result, record, i);

    result->n_edges = record->plan->n_edges;
    result->edges = gd_arena_array(result->arena, gd_result_edge, result->n_edges);
    for (uint32_t i = 0; i < result->n_edges; i++)
        measure_edge(result, record, i);
    if (result->n_services > 0)
        amplify(result);
    gd_u128 work = 0, wasted = 0;
    for (uint32_t i = 0; i < result->n_services; i++) {
        work += record->services[i].work;
        wasted += record->services[i].wasted;
    }
    result->wasted_work_ratio = gd_ratio((double)wasted, (double)work);
}
