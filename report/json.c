#include "report/json.h"

#include "report/json_parts.h"

static const char *const end_words[] = {
    [GD_END_DURATION] = "duration", [GD_END_DRAINED] = "drained",
    [GD_END_EVENTS] = "events",     [GD_END_MEMORY] = "memory",
    [GD_END_STALLED] = "stalled",   [GD_END_INTERRUPTED] = "interrupted",
};
void gd_json_put_seconds(gd_json_writer *w, const char *key, gd_time time)
{
    if (time != GD_NEVER)
        gd_json_put_number(w, key, (double)time / (double)GD_S);
}

static void put_degradation(gd_json_writer *w, const gd_result *result)
{
    const gd_degradation *degradation = &result->degradation;
    gd_json_open(w, "degradation", '{');
    gd_json_put_incident(w, &degradation->users);
    gd_json_put_seconds(w, "judged_window_s", degradation->judged_window);
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
    gd_json_put_seconds(w, "fault_at_s", recovery->fault_at);
    gd_json_put_seconds(w, "fault_end_s", recovery->fault_end);
    gd_json_put_seconds(w, "impact_at_s", recovery->impact_at);
    gd_json_put_seconds(w, "mitigate_at_s", recovery->mitigate_at);
    gd_json_put_seconds(w, "served_at_s", recovery->served_at);
    gd_json_put_seconds(w, "recover_at_s", recovery->recover_at);
    gd_json_put_number(w, "fault_to_impact_s", recovery->fault_to_impact_s);
    gd_json_put_number(w, "impact_to_mitigate_s", recovery->impact_to_mitigate_s);
    gd_json_put_number(w, "impact_to_recover_s", recovery->impact_to_recover_s);
    gd_json_put_number(w, "fault_end_to_recover_s", recovery->fault_end_to_recover_s);
    if (recovery->recover_at != GD_NEVER)
        gd_json_put_seconds(w, "held_s", recovery->held);
    if (recovery->judged)
        gd_json_put_truth(w, "recovered", recovery->recovered);
    gd_json_put_truth(w, "metastable", recovery->metastable);
    gd_json_put_truth(w, "metastable_observable", recovery->metastable_observable);
    gd_json_put_truth(w, "recovering", recovery->recovering);
    gd_json_put_text(w, "sustained_by", recovery->sustained_by);
    gd_json_put_truth(w, "load_drop_tested", recovery->dropped);
    if (recovery->dropped)
        gd_json_put_seconds(w, "drop_lasts_s", recovery->drop_lasts);
    gd_json_put_number(w, "required_drop_ratio", recovery->required_drop_ratio);
    gd_json_put_truth(w, "permanent", recovery->permanent);
    gd_json_put_text(w, "aftermath", gd_aftermath_words[recovery->aftermath]);
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
        gd_json_put_seconds(w, "at_s", line->at);
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

GString *gd_json_write(const gd_result *result, bool pretty)
{
    gd_json_writer writer = {.text = g_string_new(NULL), .pretty = pretty};
    gd_json_open(&writer, NULL, '{');
    put_run(&writer, result);
    put_observations(&writer, result);
    gd_json_put_things(&writer, result);
    put_degradation(&writer, result);
    put_recovery(&writer, &result->recovery);
    put_claims(&writer, result);
    gd_json_put_text(&writer, "verdict", gd_claim_words[result->verdict]);
    put_timeline(&writer, result);
    put_documents(&writer, result);
    gd_json_put_series(&writer, result);
    gd_json_close(&writer, '}');
    g_string_append_c(writer.text, '\n');
    return writer.text;
}
