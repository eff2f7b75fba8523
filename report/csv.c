#include "report/csv.h"

#include "report/json.h"

#include <string.h>

void gd_csv_text(GString *row, const char *text)
{
    bool formula = *text && strchr("=+-@\t\r\n", *text);
    bool quoted = formula || strpbrk(text, "\",\r\n;") != NULL;
    if (quoted)
        g_string_append_c(row, '"');
    if (formula)
        g_string_append_c(row, '\'');
    for (; *text; text++)
        g_string_append(row, *text == '"' ? "\"\"" : (char[]){*text, 0});
    if (quoted)
        g_string_append_c(row, '"');
}

/* One column: a name and, behind it, whichever array it has. */
typedef struct {
    const char *thing, *prefix, *quantity;
    const uint32_t *counts;
    const int64_t *times;
    const double *numbers;
} column;

static void add_view(GArray *columns, const gd_result_view *view)
{
    const gd_view_series *s = &view->series;
    const column all[] = {
        {view->name, "", "requests", s->requests, NULL, NULL},
        {view->name, "", "good", s->good, NULL, NULL},
        {view->name, "", "degraded", s->degraded, NULL, NULL},
        {view->name, "", "failed", s->failed, NULL, NULL},
        {view->name, "", "useful", s->useful, NULL, NULL},
        {view->name, "", "attempts", s->attempts, NULL, NULL},
        {view->name, "", "p50_ms", NULL, s->p50, NULL},
        {view->name, "", "p99_ms", NULL, s->p99, NULL},
        {view->name, "", "max_ms", NULL, s->max, NULL},
    };
    g_array_append_vals(columns, all, G_N_ELEMENTS(all));
}

static void add_service(GArray *columns, const gd_result_service *service)
{
    const gd_service_series *s = &service->series;
    const column all[] = {
        {service->name, "services.", "arrivals", s->arrivals, NULL, NULL},
        {service->name, "services.", "completed", s->completed, NULL, NULL},
        {service->name, "services.", "rejected", s->rejected, NULL, NULL},
        {service->name, "services.", "queue_mean", NULL, NULL, service->queue_series},
        {service->name, "services.", "queue_max", s->queue_max, NULL, NULL},
        {service->name, "services.", "utilization_ratio", NULL, NULL, service->utilization_series},
    };
    g_array_append_vals(columns, all,
                        service->utilization_series ? G_N_ELEMENTS(all) : G_N_ELEMENTS(all) - 1);
}

static void add_edge(GArray *columns, const gd_result_edge *edge)
{
    const gd_edge_series *s = &edge->series;
    const column all[] = {
        {edge->name, "", "attempts", s->attempts, NULL, NULL},
        {edge->name, "", "failed", s->failed, NULL, NULL},
        {edge->name, "", "breakers_open", s->breakers_open, NULL, NULL},
    };
    g_array_append_vals(columns, all,
                        edge->has_breaker ? G_N_ELEMENTS(all) : G_N_ELEMENTS(all) - 1);
}

/* Unknown is an empty cell. */
static void put_cell(GString *text, const column *cell, uint32_t window)
{
    g_string_append_c(text, ',');
    if (cell->counts)
        g_string_append_printf(text, "%u", cell->counts[window]);
    else if (cell->times && cell->times[window] >= 0)
        gd_json_number(text, (double)cell->times[window] / (double)GD_MS);
    else if (cell->numbers && gd_is_known(cell->numbers[window]))
        gd_json_number(text, cell->numbers[window]);
}

GString *gd_csv_series(const gd_result *result)
{
    g_autoptr(GArray) columns = g_array_new(FALSE, FALSE, sizeof(column));
    for (uint32_t i = 0; i < result->n_views; i++)
        add_view(columns, &result->views[i]);
    for (uint32_t i = 0; i < result->n_services; i++)
        add_service(columns, &result->services[i]);
    for (uint32_t i = 0; i < result->n_edges; i++)
        add_edge(columns, &result->edges[i]);

    GString *text = g_string_new("start_s");
    for (guint i = 0; i < columns->len; i++) {
        const column *c = &g_array_index(columns, column, i);
        g_autofree char *name = g_strdup_printf("%s%s.%s", c->prefix, c->thing, c->quantity);
        g_string_append_c(text, ',');
        gd_csv_text(text, name);
    }
    g_string_append(text, "\r\n");
    for (uint32_t window = 0; window < result->windows; window++) {
        gd_json_number(text, (double)(window * result->window) / (double)GD_S);
        for (guint i = 0; i < columns->len; i++)
            put_cell(text, &g_array_index(columns, column, i), window);
        g_string_append(text, "\r\n");
    }
    return text;
}
