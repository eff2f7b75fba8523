#include "report/text_number.h"
#include "report/text_parts.h"
#include "report/text_spark.h"

#include <math.h>

/* Columns of a row: indent and label, the bars, then "  top 12.3k/s". */
enum { LABEL = 12, TAIL = 14 };
/* Up to FEW operations are all shown; of more, the clients and the WORST operations. */
enum { FEW = 3, WORST = 5 };

static unsigned cells_of(const gd_sheet *sheet)
{
    return sheet->form.width - LABEL - TAIL;
}

/* A quantity, as it is drawn. */
typedef struct {
    const char *label;
    bool peak; /* a cell shows the highest of its windows, else their mean */
    gd_ink ink;
    char *(*print)(double);
} gauge;

static const gauge goodput = {"goodput", false, GD_INK_GOOD, gd_text_rate};
static const gauge failures = {"failures", false, GD_INK_BAD, gd_text_rate};
static const gauge p99 = {"p99", true, GD_INK_WARN, gd_text_ms};

static void put_row(gd_sheet *sheet, const gauge *shown, const double *values, uint32_t n)
{
    unsigned cells = cells_of(sheet);
    double top = gd_text_spark_top(values, n, cells, shown->peak);
    g_autofree char *bars = gd_text_spark(values, n, cells, top, shown->peak, sheet->form.utf8);
    g_autofree char *number = shown->print(top);
    gd_sheet_printf(sheet, GD_INK_DIM, "  %-*s", LABEL - 2, shown->label);
    gd_sheet_put(sheet, top > 0 ? shown->ink : GD_INK_DIM, bars);
    gd_sheet_printf(sheet, GD_INK_DIM, "  top %s\n", number);
}

/* Events in a window per second; the last window may be short. */
static void per_second(const gd_result *result, const uint32_t *counts, double *out)
{
    for (uint32_t w = 0; w < result->windows; w++) {
        gd_span length = MIN(result->window, result->ended_at - (gd_time)w * result->window);
        out[w] = length > 0 ? (double)counts[w] * GD_S / (double)length : NAN;
    }
}

static gd_text_span span_of(const gd_result *result, const gd_plan_fault *fault)
{
    double whole = (double)result->window * result->windows;
    gd_time from = fault->start - result->plan->warmup;
    gd_time to = fault->end == GD_NEVER ? GD_NEVER : fault->end - result->plan->warmup;
    return (gd_text_span){.from = CLAMP((double)from / whole, 0, 1),
                          .to = CLAMP((double)to / whole, 0, 1)};
}

static void put_faults(gd_sheet *sheet, const gd_result *result)
{
    const gd_plan *plan = result->plan;
    g_autofree gd_text_span *spans = g_new(gd_text_span, plan->n_faults);
    size_t n = 0;
    for (uint32_t i = 0; i < plan->n_faults; i++) {
        spans[n] = span_of(result, &plan->faults[i]);
        /* One without targets is left out: this is the control. */
        n += plan->faults[i].targets_n && spans[n].from < 1 && plan->faults[i].main == i &&
             !plan->faults[i].background;
    }
    if (!n)
        return;
    g_autofree char *marks = gd_text_marks(spans, n, cells_of(sheet), sheet->form.utf8);
    gd_sheet_printf(sheet, GD_INK_DIM, "  %-*s", LABEL - 2, "faults");
    gd_sheet_put(sheet, GD_INK_BAD, marks);
    g_string_append_c(sheet->text, '\n');
}

static void put_view(gd_sheet *sheet, const gd_result *result, const gd_result_view *view)
{
    g_autofree char *name = gd_text_escape(view->name, sheet->form.utf8);
    g_autofree double *values = g_new(double, result->windows);
    gd_sheet_put(sheet, GD_INK_PLAIN, name);
    g_string_append_c(sheet->text, '\n');

    per_second(result, view->series.useful, values);
    put_row(sheet, &goodput, values, result->windows);
    per_second(result, view->series.failed, values);
    put_row(sheet, &failures, values, result->windows);
    for (uint32_t w = 0; view->series.p99 && w < result->windows; w++)
        values[w] = view->series.p99[w] < 0 ? NAN : (double)view->series.p99[w] / GD_MS;
    if (view->series.p99) /* a client has none: quantiles do not add up */
        put_row(sheet, &p99, values, result->windows);
    put_faults(sheet, result);
}

static void put_axis(gd_sheet *sheet, const gd_result *result)
{
    gd_time end = MIN(result->ended_at, (gd_time)result->windows * result->window);
    g_autofree char *last = gd_text_clock((double)end / GD_S);
    gd_sheet_pad(sheet, LABEL);
    gd_sheet_put(sheet, GD_INK_DIM, "0:00");
    unsigned used = 4 + gd_text_columns(last);
    if (cells_of(sheet) > used)
        gd_sheet_pad(sheet, cells_of(sheet) - used);
    gd_sheet_put(sheet, GD_INK_DIM, last);
    g_string_append_c(sheet->text, '\n');
}

/* How far it fell, where that is known; else how much of it failed. */
static double hurt(const gd_result_view *view)
{
    if (gd_is_known(view->incident.depth_ratio))
        return view->incident.depth_ratio;
    double good = view->availability_ratio[GD_ALL];
    return gd_is_known(good) ? 1 - good : 0;
}

/* Marks those that were hurt, at most WORST, and says how many. */
static uint32_t choose(const gd_result *result, bool *shown)
{
    uint32_t chosen = 0;
    for (uint32_t i = 0; i < result->n_views; i++) {
        double mine = hurt(&result->views[i]);
        uint32_t worse = 0;
        for (uint32_t j = 0; j < result->n_views; j++) {
            double other = hurt(&result->views[j]);
            worse += other > mine || (other == mine && j < i);
        }
        shown[i] = mine > 0 && worse < WORST;
        chosen += shown[i];
    }
    return chosen;
}

/* In the order of their names. */
static void put_worst(gd_sheet *sheet, const gd_result *result)
{
    g_autofree bool *shown = g_new0(bool, result->n_views);
    uint32_t chosen = choose(result, shown);
    for (uint32_t i = 0; i < MIN(result->n_clients, WORST); i++)
        put_view(sheet, result, &result->clients[i]);
    for (uint32_t i = 0; i < result->n_views; i++)
        if (shown[i])
            put_view(sheet, result, &result->views[i]);
    put_axis(sheet, result);
    g_autofree char *line =
        g_strdup_printf("(each client; and of %u operations the %u that fell%s)", result->n_views,
                        chosen, chosen == WORST ? " furthest" : "");
    gd_sheet_wrap(sheet, GD_INK_DIM, 0, line);
}

void gd_text_put_series(gd_sheet *sheet, const gd_result *result)
{
    if (!result->windows || !result->n_views)
        return;
    gd_sheet_heading(sheet, "What users got, over time");
    if (result->n_views > FEW) {
        put_worst(sheet, result);
        return;
    }
    for (uint32_t i = 0; i < result->n_views; i++)
        put_view(sheet, result, &result->views[i]);
    put_axis(sheet, result);
}
