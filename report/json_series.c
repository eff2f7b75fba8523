/* The series: a value for each window. */
#include "report/json_parts.h"

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

void gd_json_put_series(gd_json_writer *w, const gd_result *result)
{
    gd_json_open(w, "series", '{');
    gd_json_put_seconds(w, "window_s", result->window);
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
    gd_json_open(w, "objectives", '{');
    for (uint32_t i = 0; i < result->n_objectives; i++) {
        const gd_result_objective *objective = &result->objectives[i];
        gd_json_open(w, objective->name, '{');
        gd_json_put_counts(w, "good", objective->series.good, result->windows);
        gd_json_put_counts(w, "bad", objective->series.bad, result->windows);
        gd_json_close(w, '}');
    }
    gd_json_close(w, '}');
    gd_json_close(w, '}');
}
