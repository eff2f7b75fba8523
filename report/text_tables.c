#include "report/text_number.h"
#include "report/text_parts.h"
#include "report/text_table.h"

#include <math.h>

/* From here on a call counts as one with trouble: assumptions about what is worth a line. */
#define FAILED_SHARE 0.001
#define TRIES_A_CALL 1.01
enum { CALLS_SHOWN = 10, SERVICES_SHOWN = 24, OUTCOMES_SHOWN = 3 };

static void take_name(gd_table *table, const gd_sheet *sheet, const char *name)
{
    gd_table_take(table, GD_INK_PLAIN, gd_text_escape(name, sheet->form.utf8));
}

static gd_ink ink_of_share(double good)
{
    return !gd_is_known(good) ? GD_INK_DIM
           : good < 0.95      ? GD_INK_BAD
           : good < 0.99      ? GD_INK_WARN
                              : GD_INK_PLAIN;
}

static void take_share(gd_table *table, double good)
{
    gd_table_take(table, ink_of_share(good), gd_text_percent(good));
}

/* "812 timeout, 22 shed": failures, most frequent first. Owned by the caller; NULL: none. */
static char *list_failures(const uint64_t *outcomes)
{
    GString *out = g_string_new(NULL);
    uint32_t listed = 0;
    for (unsigned shown = 0; shown < OUTCOMES_SHOWN; shown++) {
        unsigned most = GD_OUTCOMES;
        for (unsigned o = 0; o < GD_OUTCOMES; o++) {
            bool counts = !gd_outcome_rows[o].good && o != GD_UNFINISHED && outcomes[o] &&
                          !(listed & 1u << o);
            if (counts && (most == GD_OUTCOMES || outcomes[o] > outcomes[most]))
                most = o;
        }
        if (most == GD_OUTCOMES)
            break;
        listed |= 1u << most;
        g_autofree char *count = gd_text_count(outcomes[most]);
        g_string_append_printf(out, "%s%s %s", shown ? ", " : "", count,
                               gd_outcome_rows[most].name);
    }
    return g_string_free(out, out->len == 0);
}

void gd_text_put_observations(gd_sheet *sheet, const gd_result *result)
{
    if (!result->n_observations) {
        gd_sheet_wrap(sheet, GD_INK_DIM, 0,
                      "not calibrated: the model says nothing of what production showed "
                      "(`observed`)");
        return;
    }
    static const gd_column columns[] = {{"measured against simulated", false},
                                        {"", false},
                                        {"measured", true},
                                        {"simulated", true},
                                        {"ratio", true},
                                        {"source", false}};
    g_autoptr(gd_table) table = gd_table_new(columns, G_N_ELEMENTS(columns));
    for (uint32_t i = 0; i < result->n_observations; i++) {
        const gd_observation *row = &result->observations[i];
        char *(*print)(double) = g_str_equal(row->quantity, "rate")     ? gd_text_rate
                                 : g_str_equal(row->quantity, "errors") ? gd_text_percent
                                                                        : gd_text_ms;
        bool near = row->ratio > 0.8 && row->ratio < 1.25; /* within a quarter: an assumption */
        take_name(table, sheet, row->view);
        take_name(table, sheet, row->quantity);
        gd_table_take(table, GD_INK_PLAIN, print(row->observed));
        gd_table_take(table, GD_INK_PLAIN, print(row->simulated));
        gd_table_take(table, near ? GD_INK_GOOD : GD_INK_WARN, gd_text_number(row->ratio));
        take_name(table, sheet, row->source ? row->source : "");
    }
    gd_table_print(table, sheet);
}

static void take_good(gd_table *table, const gd_result *result, const gd_result_view *view)
{
    if (!result->recovery.has_fault) {
        take_share(table, view->availability_ratio[GD_ALL]);
        return;
    }
    for (unsigned phase = GD_BEFORE; phase < GD_PHASES; phase++)
        take_share(table, view->availability_ratio[phase]);
}

static void put_failures(gd_sheet *sheet, const gd_result_view *view)
{
    g_autofree char *failures = list_failures(view->outcomes[GD_ALL]);
    if (!failures)
        return;
    g_autofree char *name = gd_text_escape(view->name, sheet->form.utf8);
    g_autofree char *line = g_strdup_printf("%s failed: %s", name, failures);
    gd_sheet_wrap(sheet, GD_INK_DIM, 0, line);
}

static bool has_degraded(const gd_result *result)
{
    for (uint32_t i = 0; i < result->n_views; i++)
        if (result->views[i].outcomes[GD_ALL][GD_DEGRADED])
            return true;
    return false;
}

/* Good answers stand in one column, or by phase where there was a fault; degraded ones where there
 * are any. Returns how many columns there are. */
static unsigned view_columns(const gd_result *result, gd_column columns[9])
{
    unsigned n = 0;
    columns[n++] = (gd_column){"operation", false};
    columns[n++] = (gd_column){"requests", true};
    if (!result->recovery.has_fault) {
        columns[n++] = (gd_column){"good", true};
    } else {
        columns[n++] = (gd_column){"before", true};
        columns[n++] = (gd_column){"during", true};
        columns[n++] = (gd_column){"after", true};
    }
    if (has_degraded(result))
        columns[n++] = (gd_column){"degraded", true};
    columns[n++] = (gd_column){"p50", true};
    columns[n++] = (gd_column){"p99", true};
    columns[n++] = (gd_column){"goodput", true};
    return n;
}

void gd_text_put_views(gd_sheet *sheet, const gd_result *result)
{
    gd_column columns[9];
    gd_sheet_heading(sheet, result->recovery.has_fault ? "What users got (good answers by phase)"
                                                       : "What users got");
    g_autoptr(gd_table) table = gd_table_new(columns, view_columns(result, columns));
    bool degraded = has_degraded(result);
    for (uint32_t i = 0; i < result->n_views; i++) {
        const gd_result_view *view = &result->views[i];
        take_name(table, sheet, view->name);
        gd_table_take(table, GD_INK_PLAIN, gd_text_count(view->requests[GD_ALL]));
        take_good(table, result, view);
        if (degraded)
            gd_table_take(table, view->degraded_ratio[GD_ALL] > 0 ? GD_INK_WARN : GD_INK_PLAIN,
                          gd_text_percent(view->degraded_ratio[GD_ALL]));
        gd_table_take(table, GD_INK_PLAIN, gd_text_ms(view->latency[GD_ALL].p50_ms));
        gd_table_take(table, GD_INK_PLAIN, gd_text_ms(view->latency[GD_ALL].p99_ms));
        gd_table_take(table, GD_INK_PLAIN, gd_text_rate(view->goodput_per_s[GD_ALL]));
    }
    gd_table_print(table, sheet);
    for (uint32_t i = 0; i < result->n_views; i++)
        put_failures(sheet, &result->views[i]);
}

/* Those that refused most come first, then the busiest; ties by name. */
static gint compare_services(gconstpointer a, gconstpointer b)
{
    const gd_result_service *x = *(const gd_result_service *const *)a;
    const gd_result_service *y = *(const gd_result_service *const *)b;
    if (x->rejected != y->rejected)
        return x->rejected > y->rejected ? -1 : 1;
    double busy_x = gd_is_known(x->utilization_ratio) ? x->utilization_ratio : 0;
    double busy_y = gd_is_known(y->utilization_ratio) ? y->utilization_ratio : 0;
    return busy_x > busy_y ? -1 : busy_x < busy_y ? 1 : g_strcmp0(x->name, y->name);
}

/* Mean length of one instance's queue. */
static char *print_queue(const gd_result_service *service)
{
    double mean = service->queue_mean / MAX(service->instances, 1);
    return mean < 0.0005 ? g_strdup("0") : gd_text_number(mean);
}

static void take_service(gd_table *table, gd_sheet *sheet, const gd_result_service *service)
{
    double busy = service->unlimited ? GD_UNKNOWN : service->utilization_ratio;
    take_name(table, sheet, service->name);
    gd_table_take(table, busy > 0.9 ? GD_INK_WARN : GD_INK_PLAIN, gd_text_percent(busy));
    gd_table_take(table, GD_INK_PLAIN, print_queue(service));
    gd_table_take(table, GD_INK_PLAIN, gd_text_count(service->queue_max));
    gd_table_take(table, GD_INK_PLAIN, gd_text_count(service->arrivals));
    gd_table_take(table, service->rejected ? GD_INK_WARN : GD_INK_PLAIN,
                  gd_text_count(service->rejected));
    gd_table_take(table, GD_INK_PLAIN, gd_text_ms(service->sojourn.p99_ms));
    gd_table_take(table, service->wasted_work_ratio > 0.1 ? GD_INK_WARN : GD_INK_PLAIN,
                  gd_text_percent(service->wasted_work_ratio));
}

static bool has_copies(const gd_result *result)
{
    for (uint32_t i = 0; i < result->n_services; i++)
        if (result->services[i].instances > 1)
            return true;
    return false;
}

void gd_text_put_services(gd_sheet *sheet, const gd_result *result)
{
    static const gd_column columns[] = {
        {"service", false}, {"busy", true},    {"queue", true}, {"longest", true},
        {"arrivals", true}, {"refused", true}, {"p99", true},   {"wasted", true},
    };
    g_autoptr(GPtrArray) services = g_ptr_array_new();
    for (uint32_t i = 0; i < result->n_services; i++)
        g_ptr_array_add(services, &result->services[i]);
    bool some = services->len > SERVICES_SHOWN;
    if (some) /* else all, in the order of their names */
        g_ptr_array_sort(services, compare_services);

    gd_sheet_heading(sheet, "Services");
    g_autoptr(gd_table) table = gd_table_new(columns, G_N_ELEMENTS(columns));
    for (guint i = 0; i < MIN(services->len, SERVICES_SHOWN); i++)
        take_service(table, sheet, g_ptr_array_index(services, i));
    gd_table_print(table, sheet);
    if (has_copies(result))
        gd_sheet_wrap(sheet, GD_INK_DIM, 0, "(queue: mean and longest of one instance)");
    if (some)
        gd_sheet_printf(sheet, GD_INK_DIM, "(the busiest %d of %u; see --json)\n", SERVICES_SHOWN,
                        services->len);
}

/* "14.4 at 5:00": the largest burn of an hour, and when it should have paged. */
static char *print_burn(const gd_result_objective *objective)
{
    g_autofree char *burn = gd_text_number(objective->burn_max[GD_BURN_1H]);
    if (objective->fast_burn_at == GD_NEVER)
        return g_steal_pointer(&burn);
    g_autofree char *at = gd_text_clock((double)objective->fast_burn_at / GD_S);
    return g_strdup_printf("%s, pages at %s", burn, at);
}

void gd_text_put_objectives(gd_sheet *sheet, const gd_result *result)
{
    static const gd_column columns[] = {
        {"objective", false}, {"of", false},          {"good", true},
        {"target", true},     {"budget burnt", true}, {"fastest burn of 1h", false},
    };
    if (!result->n_objectives)
        return;
    gd_sheet_heading(sheet, "What was promised");
    g_autoptr(gd_table) table = gd_table_new(columns, G_N_ELEMENTS(columns));
    for (uint32_t i = 0; i < result->n_objectives; i++) {
        const gd_result_objective *objective = &result->objectives[i];
        take_name(table, sheet, objective->name);
        take_name(table, sheet, objective->of);
        gd_table_take(table, objective->met ? GD_INK_PLAIN : GD_INK_BAD,
                      gd_text_percent(objective->sli_ratio));
        gd_table_take(table, GD_INK_PLAIN, gd_text_percent(objective->target_ratio));
        gd_table_take(table, objective->budget_burnt_ratio > 1 ? GD_INK_BAD : GD_INK_PLAIN,
                      gd_text_percent(objective->budget_burnt_ratio));
        gd_table_take(table, objective->fast_burn_at == GD_NEVER ? GD_INK_PLAIN : GD_INK_BAD,
                      print_burn(objective));
    }
    gd_table_print(table, sheet);
}

static bool has_trouble(const gd_result_edge *edge)
{
    return edge->failed_ratio > FAILED_SHARE || edge->attempts_per_call > TRIES_A_CALL ||
           edge->breaker_opens || edge->outcomes[GD_BULKHEAD_FULL] > 0;
}

/* Those with trouble, the most failures first; ties by name. */
static gint compare_calls(gconstpointer a, gconstpointer b)
{
    const gd_result_edge *x = *(const gd_result_edge *const *)a;
    const gd_result_edge *y = *(const gd_result_edge *const *)b;
    double failed_x = gd_is_known(x->failed_ratio) ? x->failed_ratio : 0;
    double failed_y = gd_is_known(y->failed_ratio) ? y->failed_ratio : 0;
    return failed_x > failed_y ? -1 : failed_x < failed_y ? 1 : g_strcmp0(x->name, y->name);
}

static void take_call(gd_table *table, gd_sheet *sheet, const gd_result_edge *edge)
{
    take_name(table, sheet, edge->name);
    gd_table_take(table, GD_INK_PLAIN, gd_text_count(edge->calls));
    gd_table_take(table, edge->failed_ratio > 0.05 ? GD_INK_BAD : GD_INK_PLAIN,
                  gd_text_percent(edge->failed_ratio));
    gd_table_take(table, edge->attempts_per_call > 1.5 ? GD_INK_WARN : GD_INK_PLAIN,
                  gd_text_number(edge->attempts_per_call));
    gd_table_take(table, GD_INK_PLAIN, gd_text_ms(edge->latency.p99_ms));
    gd_table_take(table, edge->breaker_opens ? GD_INK_WARN : GD_INK_PLAIN,
                  edge->has_breaker ? gd_text_count(edge->breaker_opens) : g_strdup("-"));
    char *failures = list_failures(edge->outcomes);
    gd_table_take(table, GD_INK_DIM, failures ? failures : g_strdup("-"));
}

void gd_text_put_calls(gd_sheet *sheet, const gd_result *result)
{
    g_autoptr(GPtrArray) calls = g_ptr_array_new();
    for (uint32_t i = 0; i < result->n_edges; i++) {
        if (has_trouble(&result->edges[i]))
            g_ptr_array_add(calls, &result->edges[i]);
    }
    if (!calls->len)
        return;
    g_ptr_array_sort(calls, compare_calls);
    static const gd_column columns[] = {
        {"call", false}, {"calls", true},   {"failed", true},    {"tries", true},
        {"p99", true},   {"breaker", true}, {"failures", false},
    };
    gd_sheet_heading(sheet, "Calls with trouble");
    g_autoptr(gd_table) table = gd_table_new(columns, G_N_ELEMENTS(columns));
    for (guint i = 0; i < MIN(calls->len, CALLS_SHOWN); i++)
        take_call(table, sheet, g_ptr_array_index(calls, i));
    gd_table_print(table, sheet);
    if (calls->len > CALLS_SHOWN)
        gd_sheet_printf(sheet, GD_INK_DIM, "(and %u more; see --json)\n", calls->len - CALLS_SHOWN);
}
