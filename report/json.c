#include "report/json.h"

#include "report/json_writer.h"

#include <string.h>

static const char *const end_words[] = {
    [GD_END_DURATION] = "duration", [GD_END_DRAINED] = "drained",
    [GD_END_EVENTS] = "events",     [GD_END_MEMORY] = "memory",
    [GD_END_STALLED] = "stalled",   [GD_END_INTERRUPTED] = "interrupted",
};
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

static void put_seconds(gd_json_writer *w, const char *key, gd_time time)
{
    if (time != GD_NEVER)
        gd_json_put_number(w, key, (double)time / (double)GD_S);
}

static void put_incident(gd_json_writer *w, const gd_incident *incident)
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
        put_incident(w, &view->incident);
        put_seconds(w, "impact_at_s", view->incident.impact_at);
        put_seconds(w, "mitigate_at_s", view->incident.mitigate_at);
        put_seconds(w, "served_at_s", view->incident.served_at);
        put_seconds(w, "recover_at_s", view->incident.recover_at);
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

static void put_times(gd_json_writer *w, const char *key, const int64_t *ns, guint n)
{
    g_autofree double *ms = g_new(double, n);
    for (guint i = 0; i < n; i++)
        ms[i] = ns[i] < 0 ? GD_UNKNOWN : (double)ns[i] / (double)GD_MS;
    gd_json_put_numbers(w, key, ms, n);
}

static void put_view_series(gd_json_writer *w, const gd_result *result, const gd_result_view *view)
{
    const gd_view_series *series = &view->series;
    gd_json_open(w, view->name, '{');
    gd_json_put_counts(w, "requests", series->requests, result->windows);
    gd_json_put_counts(w, "good", series->good, result->windows);
    gd_json_put_counts(w, "degraded", series->degraded, result->windows);
    gd_json_put_counts(w, "failed", series->failed, result->windows);
    gd_json_put_counts(w, "useful", series->useful, result->windows);
    gd_json_put_counts(w, "attempts", series->attempts, result->windows);
    put_times(w, "p50_ms", series->p50, result->windows);
    put_times(w, "p99_ms", series->p99, result->windows);
    put_times(w, "max_ms", series->max, result->windows);
    gd_json_close(w, '}');
}

static void put_series(gd_json_writer *w, const gd_result *result)
{
    gd_json_open(w, "series", '{');
    put_seconds(w, "window_s", result->window);
    gd_json_put_count(w, "windows", result->windows);
    gd_json_open(w, "operations", '{');
    for (uint32_t i = 0; i < result->n_views; i++)
        put_view_series(w, result, &result->views[i]);
    gd_json_close(w, '}');
    gd_json_open(w, "services", '{');
    for (uint32_t i = 0; i < result->n_services; i++) {
        const gd_result_service *service = &result->services[i];
        gd_json_open(w, service->name, '{');
        gd_json_put_counts(w, "arrivals", service->series.arrivals, result->windows);
        gd_json_put_counts(w, "completed", service->series.completed, result->windows);
        gd_json_put_counts(w, "rejected", service->series.rejected, result->windows);
        if (service->utilization_series)
            gd_json_put_numbers(w, "utilization_ratio", service->utilization_series,
                                result->windows);
        gd_json_put_numbers(w, "queue_mean", service->queue_series, result->windows);
        gd_json_put_counts(w, "queue_max", service->series.queue_max, result->windows);
        gd_json_close(w, '}');
    }
    gd_json_close(w, '}');
    gd_json_open(w, "calls", '{');
    for (uint32_t i = 0; i < result->n_edges; i++) {
        const gd_result_edge *edge = &result->edges[i];
        gd_json_open(w, edge->name, '{');
        gd_json_put_counts(w, "attempts", edge->series.attempts, result->windows);
        gd_json_put_counts(w, "failed", edge->series.failed, result->windows);
        if (edge->has_breaker)
            gd_json_put_counts(w, "breakers_open", edge->series.breakers_open, result->windows);
        gd_json_close(w, '}');
    }
    gd_json_close(w, '}');
    gd_json_close(w, '}');
}

static void put_degradation(gd_json_writer *w, const gd_result *result)
{
    const gd_degradation *degradation = &result->degradation;
    gd_json_open(w, "degradation", '{');
    put_incident(w, &degradation->users);
    put_seconds(w, "judged_window_s", degradation->judged_window);
    gd_json_open(w, "blast_radius", '{');
    gd_json_open(w, "operations", '[');
    for (uint32_t i = 0; i < degradation->n_operations; i++)
        gd_json_put_text(w, NULL, result->views[degradation->operations[i]].name);
    gd_json_close(w, ']');
    if (degradation->outside_known) {
        gd_json_open(w, "outside", '[');
        for (uint32_t i = 0; i < degradation->n_outside; i++)
            gd_json_put_text(w, NULL, result->views[degradation->outside[i]].name);
        gd_json_close(w, ']');
    }
    gd_json_open(w, "services", '[');
    for (uint32_t i = 0; i < result->n_services; i++)
        if (result->services[i].hurt)
            gd_json_put_text(w, NULL, result->services[i].name);
    gd_json_close(w, ']');
    gd_json_put_number(w, "users_ratio", degradation->users_ratio);
    gd_json_close(w, '}');
    gd_json_close(w, '}');
}

static void put_recovery(gd_json_writer *w, const gd_recovery *recovery)
{
    gd_json_open(w, "recovery", '{');
    put_seconds(w, "fault_at_s", recovery->fault_at);
    put_seconds(w, "fault_end_s", recovery->fault_end);
    put_seconds(w, "impact_at_s", recovery->impact_at);
    put_seconds(w, "mitigate_at_s", recovery->mitigate_at);
    put_seconds(w, "served_at_s", recovery->served_at);
    put_seconds(w, "recover_at_s", recovery->recover_at);
    gd_json_put_number(w, "fault_to_impact_s", recovery->fault_to_impact_s);
    gd_json_put_number(w, "impact_to_mitigate_s", recovery->impact_to_mitigate_s);
    gd_json_put_number(w, "impact_to_recover_s", recovery->impact_to_recover_s);
    gd_json_put_number(w, "fault_end_to_recover_s", recovery->fault_end_to_recover_s);
    if (recovery->recover_at != GD_NEVER)
        put_seconds(w, "held_s", recovery->held);
    if (recovery->judged)
        gd_json_put_truth(w, "recovered", recovery->recovered);
    gd_json_put_truth(w, "metastable", recovery->metastable);
    gd_json_put_truth(w, "metastable_observable", recovery->metastable_observable);
    gd_json_put_truth(w, "recovering", recovery->recovering);
    gd_json_put_text(w, "sustained_by", recovery->sustained_by);
    gd_json_close(w, '}');
}

static void put_claims(gd_json_writer *w, const gd_result *result)
{
    gd_json_open(w, "expectations", '{');
    for (uint32_t i = 0; i < result->n_claims; i++) {
        const gd_claim *claim = &result->claims[i];
        gd_json_open(w, claim->name, '{');
        gd_json_put_text(w, "verdict", gd_claim_words[claim->verdict]);
        gd_json_put_text(w, "expect", claim->text);
        gd_json_open(w, "parts", '[');
        for (uint32_t j = 0; j < claim->n_parts; j++) {
            const gd_claim_part *part = &claim->parts[j];
            gd_json_open(w, NULL, '{');
            gd_json_put_text(w, "expect", part->text);
            gd_json_put_text(w, "verdict", gd_claim_words[part->verdict]);
            gd_json_put_number(w, "found", part->found);
            gd_json_put_text(w, "found_text", part->found_text);
            gd_json_close(w, '}');
        }
        gd_json_close(w, ']');
        gd_json_close(w, '}');
    }
    gd_json_close(w, '}');
}

static void put_timeline(gd_json_writer *w, const gd_result *result)
{
    gd_json_open(w, "timeline", '[');
    for (uint32_t i = 0; i < result->n_timeline; i++) {
        const gd_told_line *line = &result->timeline[i];
        gd_json_open(w, NULL, '{');
        put_seconds(w, "at_s", line->at);
        gd_json_put_text(w, "event", gd_told_words[line->what]);
        gd_json_put_text(w, "subject", line->subject);
        gd_json_put_text(w, "text", line->text);
        if (line->count > 1)
            gd_json_put_count(w, "count", line->count);
        if (line->times > 1)
            gd_json_put_count(w, "times", line->times);
        gd_json_put_number(w, line->what == GD_TOLD_DEGRADED ? "degraded_ratio" : "depth_ratio",
                           line->value);
        gd_json_close(w, '}');
    }
    gd_json_close(w, ']');
    if (result->timeline_dropped > 0)
        gd_json_put_count(w, "timeline_dropped", result->timeline_dropped);
}

/* By their last name: the same bytes wherever the files lie. */
static void put_documents(gd_json_writer *w, const gd_result *result)
{
    gd_json_open(w, "files", '[');
    for (uint32_t i = 0; i < result->n_files; i++) {
        g_autofree char *name = g_path_get_basename(result->files[i].path);
        gd_json_open(w, NULL, '{');
        gd_json_put_text(w, "name", name);
        gd_json_put_hex(w, "digest", result->files[i].digest);
        gd_json_close(w, '}');
    }
    gd_json_close(w, ']');

    gd_json_open(w, "assumptions", '[');
    for (uint32_t i = 0; i < result->n_assumptions; i++) {
        const gd_result_assumption *assumption = &result->assumptions[i];
        gd_json_open(w, NULL, '{');
        gd_json_put_text(w, "address", assumption->address);
        gd_json_put_text(w, "about", assumption->about);
        gd_json_put_text(w, "low", assumption->low);
        gd_json_put_text(w, "high", assumption->high);
        gd_json_put_text(w, "source", assumption->source);
        gd_json_close(w, '}');
    }
    gd_json_close(w, ']');
}

static void put_observations(gd_json_writer *w, const gd_result *result)
{
    gd_json_put_truth(w, "calibrated", result->n_observations > 0);
    if (result->n_observations == 0)
        return;
    gd_json_open(w, "measured_against_simulated", '[');
    for (uint32_t i = 0; i < result->n_observations; i++) {
        const gd_observation *observation = &result->observations[i];
        gd_json_open(w, NULL, '{');
        gd_json_put_text(w, "operation", observation->view);
        gd_json_put_text(w, "quantity", observation->quantity);
        gd_json_put_text(w, "unit", observation->unit);
        gd_json_put_number(w, "measured", observation->observed);
        gd_json_put_number(w, "simulated", observation->simulated);
        gd_json_put_number(w, "ratio", observation->ratio);
        gd_json_put_text(w, "source", observation->source);
        gd_json_close(w, '}');
    }
    gd_json_close(w, ']');
}

static void put_run(gd_json_writer *w, const gd_result *result)
{
    gd_json_put_count(w, "gameday", 1); /* the version of the documents */
    gd_json_put_text(w, "name", result->name);
    gd_json_put_count(w, "seed", result->seed);
    gd_json_put_hex(w, "digest", result->digest);
    gd_json_put_count(w, "events", result->events);
    gd_json_put_number(w, "simulated_s", result->simulated_s);
    gd_json_put_number(w, "wasted_work_ratio", result->wasted_work_ratio);
    gd_json_put_text(w, "end", end_words[result->end]);
    gd_json_put_truth(w, "partial", result->partial);
    if (result->partial)
        gd_json_put_text(w, "busiest", result->busiest);
    if (result->saturated)
        gd_json_put_truth(w, "saturated", true);
}

/* Things by name, in the plan's order. */
static void put_things(gd_json_writer *w, const gd_result *result)
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
}

GString *gd_json_write(const gd_result *result, bool pretty)
{
    gd_json_writer writer = {.text = g_string_new(NULL), .pretty = pretty};
    gd_json_open(&writer, NULL, '{');
    put_run(&writer, result);
    put_observations(&writer, result);
    put_things(&writer, result);
    put_degradation(&writer, result);
    put_recovery(&writer, &result->recovery);
    put_claims(&writer, result);
    gd_json_put_text(&writer, "verdict", gd_claim_words[result->verdict]);
    put_timeline(&writer, result);
    put_documents(&writer, result);
    put_series(&writer, result);
    gd_json_close(&writer, '}');
    g_string_append_c(writer.text, '\n');
    return writer.text;
}
