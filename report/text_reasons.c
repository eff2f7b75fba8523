/* Why mechanisms did nothing: the reasons that a run counted, by the thing that had them. */
#include "report/text_number.h"
#include "report/text_parts.h"

enum { INDENT = 2, GROUP = 18, COUNT = 11 };

static const char *name_of(const gd_plan *plan, const gd_plan_counter *counter)
{
    switch ((gd_counted_by)counter->of) {
    case GD_COUNTED_BY_EDGE:
        return plan->edges[counter->about].name;
    case GD_COUNTED_BY_SERVICE:
        return plan->services[counter->about].name;
    case GD_COUNTED_BY_CLIENT:
        return plan->clients[counter->about].name;
    case GD_COUNTED_BY_LINK:
        return plan->links[counter->about].name;
    case GD_COUNTED_BY_FAULT:
        return plan->faults[counter->about].name;
    }
    g_assert_not_reached();
}

static uint64_t count_of(const gd_result *result, uint32_t counter)
{
    return result->counters[(size_t)counter * GD_PHASES_AND_ALL + GD_ALL];
}

static void put_reason(gd_sheet *sheet, const gd_plan_counter *counter, uint64_t count)
{
    g_autofree char *times = gd_text_count(count);
    unsigned wide = gd_text_columns(counter->group), digits = gd_text_columns(times);
    gd_sheet_pad(sheet, INDENT);
    gd_sheet_put(sheet, GD_INK_PLAIN, counter->group);
    gd_sheet_pad(sheet, wide < GROUP ? GROUP - wide : 1);
    gd_sheet_pad(sheet, digits < COUNT ? COUNT - digits : 0);
    gd_sheet_put(sheet, GD_INK_PLAIN, times);
    gd_sheet_pad(sheet, 2);
    gd_sheet_wrap(sheet, GD_INK_PLAIN, INDENT + MAX(GROUP, wide + 1) + MAX(COUNT, digits) + 2,
                  counter->row->why);
}

void gd_text_put_reasons(gd_sheet *sheet, const gd_result *result)
{
    const gd_plan *plan = result->plan;
    const gd_plan_counter *last = NULL;
    gd_sheet_heading(sheet, "Why nothing was done");
    for (uint32_t i = 0; i < plan->n_counters; i++) {
        const gd_plan_counter *counter = &plan->counters[i];
        if (!counter->row->why || count_of(result, i) == 0)
            continue;
        if (!last || last->of != counter->of || last->about != counter->about) {
            g_autofree char *name = gd_text_escape(name_of(plan, counter), sheet->form.utf8);
            gd_sheet_printf(sheet, GD_INK_TITLE, "%s\n", name);
        }
        last = counter;
        put_reason(sheet, counter, count_of(result, i));
    }
    if (!last)
        gd_sheet_wrap(sheet, GD_INK_DIM, 0,
                      plan->n_counters ? "no policy, discipline, balancer or fault of this run had "
                                         "a reason to do nothing"
                                       : "the model names no policy that could have acted");
}
