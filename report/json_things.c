/* What the run measured of each thing that has a name. */
#include "report/json_parts.h"

#include <string.h>

/* As `during` names them. */
static const char *const phase_words[GD_PHASES] = {"before", "fault", "after"};

static void put_latency(gd_json_writer *w, const char *key, const gd_latency *latency)
{
    if (latency->count == 0)
        return;
    gd_json_open(w, key, '{');
    gd_json_put_count(w, "count", latency->count);
    gd_json_put_number(w, "mean", latency->mean_ms);
    gd_json_put_number(w, "p50", latency->p50_ms);
    gd_json_put_number(w, "p90", latency->p90_ms);
    gd_json_put_number(w, "p95", latency->p95_ms);
    gd_json_put_number(w, "p99", latency->p99_ms);
    gd_json_put_number(w, "p999", latency->p999_ms);
    gd_json_put_number(w, "max", latency->max_ms);
    gd_json_close(w, '}');
}

/* Those that occurred. */
static void put_outcomes(gd_json_writer *w, const char *key, const uint64_t *outcomes)
{
    gd_json_open(w, key, '{');
    for (unsigned outcome = 0; outcome < GD_OUTCOMES; outcome++)
        if (outcomes[outcome] > 0)
            gd_json_put_count(w, gd_outcome_rows[outcome].name, outcomes[outcome]);
    gd_json_close(w, '}');
}

void gd_json_put_incident(gd_json_writer *w, const gd_incident *incident)
{
    if (!incident->has_baseline)
        return;
    gd_json_put_number(w, "baseline_goodput_per_s", incident->baseline_goodput_per_s);
    gd_json_put_number(w, "baseline_ratio", incident->baseline_ratio);
    gd_json_put_number(w, "band_ratio", incident->band_ratio);
    gd_json_put_number(w, "depth_ratio", incident->depth_ratio);
    gd_json_put_count(w, "lost_requests", incident->lost_requests);
    gd_json_put_number(w, "lost_user_minutes", incident->lost_user_minutes);
    gd_json_put_number(w, "resilience_loss", incident->resilience_loss);
}

static void put_view_phase(gd_json_writer *w, const gd_result_view *view, unsigned phase)
{
    gd_json_put_count(w, "requests", view->requests[phase]);
    put_outcomes(w, "outcomes", view->outcomes[phase]);
    gd_json_put_number(w, "availability_ratio", view->availability_ratio[phase]);
    gd_json_put_number(w, "degraded_ratio", view->degraded_ratio[phase]);
    gd_json_put_number(w, "rate_per_s", view->requests_per_s[phase]);
    gd_json_put_number(w, "goodput_per_s", view->goodput_per_s[phase]);
    put_latency(w, "latency_ms", &view->latency[phase]);
    put_latency(w, "latency_all_ms", &view->latency_all[phase]);
}

static void put_view(gd_json_writer *w, const gd_result *result, const gd_result_view *view)
{
    gd_json_open(w, view->name, '{');
    put_view_phase(w, view, GD_ALL);
    gd_json_put_count(w, "users", view->users);
    gd_json_put_count(w, "users_hurt", view->users_hurt);
    gd_json_put_count(w, "attempts", view->attempts);
    gd_json_put_number(w, "attempts_per_request", view->attempts_per_request);
    if (result->recovery.has_fault) {
        gd_json_open(w, "phases", '{');
        for (unsigned phase = 0; phase < GD_PHASES; phase++) {
            gd_json_open(w, phase_words[phase], '{');
            put_view_phase(w, view, phase);
            gd_json_close(w, '}');
        }
        gd_json_close(w, '}');
    }
    if (view->incident.has_baseline) {
        gd_json_open(w, "degradation", '{');
        gd_json_put_incident(w, &view->incident);
        gd_json_put_seconds(w, "impact_at_s", view->incident.impact_at);
        gd_json_put_seconds(w, "mitigate_at_s", view->incident.mitigate_at);
        gd_json_put_seconds(w, "served_at_s", view->incident.served_at);
        gd_json_put_seconds(w, "recover_at_s", view->incident.recover_at);
        gd_json_put_truth(w, "recovered", view->incident.recovered);
        gd_json_close(w, '}');
    }
    gd_json_close(w, '}');
}

static bool is_group(const gd_plan_counter *counter, gd_counted_by of, uint32_t about,
                     const char *group)
{
    return counter->of == of && counter->about == about && strcmp(counter->group, group) == 0;
}

/* One group of a thing's counters; of the reasons why it did nothing those that occurred. */
static void put_group(gd_json_writer *w, const gd_result *result, gd_counted_by of, uint32_t about,
                      const char *group)
{
    const gd_plan *plan = result->plan;
    for (uint32_t i = 0; i < plan->n_counters; i++) {
        uint64_t n = result->counters[(size_t)i * GD_PHASES_AND_ALL + GD_ALL];
        if (is_group(&plan->counters[i], of, about, group) &&
            (n > 0 || !plan->counters[i].row->why))
            gd_json_put_count(w, plan->counters[i].row->name, n);
    }
}

/* The groups of a thing in the plan's order, each as an object; "breaker" is put elsewhere. */
static void put_counters(gd_json_writer *w, const gd_result *result, gd_counted_by of,
                         uint32_t about)
{
    const gd_plan *plan = result->plan;
    const char *last = NULL;
    for (uint32_t i = 0; i < plan->n_counters; i++) {
        const gd_plan_counter *counter = &plan->counters[i];
        if (counter->of != of || counter->about != about || counter->group == last)
            continue;
        last = counter->group;
        if (strcmp(last, "breaker") == 0)
            continue;
        gd_json_open(w, last, '{');
        put_group(w, result, of, about, last);
        gd_json_close(w, '}');
    }
}

static void put_service(gd_json_writer *w, const gd_result *result,
                        const gd_result_service *service)
{
    gd_json_open(w, service->name, '{');
    gd_json_put_truth(w, "external", service->external);
    gd_json_put_count(w, "instances", service->instances);
    gd_json_put_number(w, "utilization_ratio", service->utilization_ratio);
    gd_json_put_number(w, "busy_mean", service->busy_mean);
    gd_json_put_number(w, "in_system_mean", service->in_system_mean);
    gd_json_put_number(w, "queue_mean", service->queue_mean);
    gd_json_put_count(w, "queue_max", service->queue_max);
    gd_json_put_count(w, "arrivals", service->arrivals);
    gd_json_put_count(w, "completed", service->completed);
    gd_json_put_count(w, "rejected", service->rejected);
    gd_json_put_count(w, "crashed", service->crashed);
    put_outcomes(w, "outcomes", service->outcomes);
    put_latency(w, "wait_ms", &service->wait);
    put_latency(w, "service_ms", &service->service);
    put_latency(w, "sojourn_ms", &service->sojourn);
    gd_json_put_number(w, "wasted_work_ratio", service->wasted_work_ratio);
    gd_json_put_number(w, "amplification", service->amplification);
    put_counters(w, result, GD_COUNTED_BY_SERVICE, (uint32_t)(service - result->services));
    gd_json_put_number(w, "amplification_peak", service->amplification_peak);
    gd_json_close(w, '}');
}

static void put_edge(gd_json_writer *w, const gd_result *result, const gd_result_edge *edge)
{
    uint32_t index = (uint32_t)(edge - result->edges);
    gd_json_open(w, edge->name, '{');
    gd_json_put_count(w, "calls", edge->calls);
    gd_json_put_count(w, "attempts", edge->attempts);
    gd_json_put_number(w, "attempts_per_call", edge->attempts_per_call);
    put_outcomes(w, "outcomes", edge->outcomes);
    put_outcomes(w, "tries", edge->tries);
    gd_json_put_number(w, "failed_ratio", edge->failed_ratio);
    gd_json_put_number(w, "failed_attempts_ratio", edge->failed_attempts_ratio);
    gd_json_put_count(w, "answered", edge->answered);
    gd_json_put_count(w, "late", edge->late);
    gd_json_put_number(w, "false_timeout_ratio", edge->false_timeout_ratio);
    put_latency(w, "latency_ms", &edge->latency);
    if (edge->has_breaker) {
        gd_json_open(w, "breaker", '{');
        gd_json_put_count(w, "opens", edge->breaker_opens);
        gd_json_put_number(w, "open_s", edge->breaker_open_s);
        gd_json_put_count(w, "open_now", edge->breakers_open_max);
        gd_json_put_count(w, "refused", edge->breaker_refused);
        put_group(w, result, GD_COUNTED_BY_EDGE, index, "breaker");
        gd_json_close(w, '}');
    }
    put_counters(w, result, GD_COUNTED_BY_EDGE, index);
    gd_json_close(w, '}');
}

static void put_objective(gd_json_writer *w, const gd_result_objective *objective)
{
    static const char *const burns[GD_BURNS] = {"5m", "30m", "1h", "2h", "6h", "1d", "3d"};
    gd_json_open(w, objective->name, '{');
    gd_json_put_text(w, "of", objective->of);
    gd_json_put_number(w, "within_s", objective->within_s);
    gd_json_put_number(w, "target_ratio", objective->target_ratio);
    gd_json_put_number(w, "period_s", objective->period_s);
    gd_json_put_count(w, "good", objective->good);
    gd_json_put_count(w, "bad", objective->bad);
    gd_json_put_number(w, "sli_ratio", objective->sli_ratio);
    if (gd_is_known(objective->sli_ratio))
        gd_json_put_truth(w, "met", objective->met);
    gd_json_put_number(w, "budget", objective->budget);
    gd_json_put_number(w, "budget_burnt_ratio", objective->budget_burnt_ratio);
    gd_json_put_number(w, "burn", objective->burn_run);
    gd_json_open(w, "burn_max", '{');
    for (gd_burn b = 0; b < GD_BURNS; b++)
        gd_json_put_number(w, burns[b], objective->burn_max[b]);
    gd_json_close(w, '}');
    gd_json_put_seconds(w, "fast_burn_at_s", objective->fast_burn_at);
    gd_json_put_number(w, "fast_burn_s", objective->fast_burn_s);
    gd_json_put_seconds(w, "slow_burn_at_s", objective->slow_burn_at);
    gd_json_put_number(w, "slow_burn_s", objective->slow_burn_s);
    gd_json_put_seconds(w, "exhausted_at_s", objective->exhausted_at);
    gd_json_close(w, '}');
}

static void put_fault(gd_json_writer *w, const gd_result *result, uint32_t index)
{
    const gd_result_fault *fault = &result->faults[index];
    gd_json_open(w, fault->name, '{');
    gd_json_put_text(w, "fault", fault->kind);
    gd_json_put_text(w, "target", fault->target);
    if (fault->background)
        gd_json_put_truth(w, "background", true);
    gd_json_put_seconds(w, "injected_at_s", fault->injected_at);
    gd_json_put_seconds(w, "effective_at_s", fault->effective_at);
    gd_json_put_seconds(w, "removed_at_s", fault->removed_at);
    gd_json_put_seconds(w, "last_affected_at_s", fault->last_affected_at);
    gd_json_put_count(w, "times", fault->times);
    put_counters(w, result, GD_COUNTED_BY_FAULT, index);
    gd_json_close(w, '}');
}

/* Things by name, in the plan's order. */
void gd_json_put_things(gd_json_writer *w, const gd_result *result)
{
    gd_json_open(w, "operations", '{');
    for (uint32_t i = 0; i < result->n_views; i++)
        put_view(w, result, &result->views[i]);
    gd_json_close(w, '}');
    gd_json_open(w, "clients", '{');
    for (uint32_t i = 0; i < result->n_clients; i++)
        put_view(w, result, &result->clients[i]);
    gd_json_close(w, '}');
    gd_json_open(w, "services", '{');
    for (uint32_t i = 0; i < result->n_services; i++)
        put_service(w, result, &result->services[i]);
    gd_json_close(w, '}');
    gd_json_open(w, "calls", '{');
    for (uint32_t i = 0; i < result->n_edges; i++)
        put_edge(w, result, &result->edges[i]);
    gd_json_close(w, '}');
    if (result->n_faults > 0) {
        gd_json_open(w, "faults", '{');
        for (uint32_t i = 0; i < result->n_faults; i++)
            if (result->faults[i].name)
                put_fault(w, result, i);
        gd_json_close(w, '}');
    }
    gd_json_open(w, "objectives", '{');
    for (uint32_t i = 0; i < result->n_objectives; i++)
        put_objective(w, &result->objectives[i]);
    gd_json_close(w, '}');
}
