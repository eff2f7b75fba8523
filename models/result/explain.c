/* What `gameday explain quantities` prints: the rows, and the definitions that they lean on. */
#include "models/result/quantity.h"

#include <string.h>

static const struct {
    gd_scope scope;
    const char *title, *prefix, *json;
} headings[] = {
    {GD_OF_VIEW, "User-visible operations, and a client as a whole (web.NAME)", "web.checkout.",
     "operations.\"web.checkout\" and clients.\"web\""},
    {GD_OF_SERVICE, "Services", "services.orders.", "services.orders"},
    {GD_OF_EDGE, "Calls", "orders>payments.charge.", "calls.\"orders>payments.charge\""},
    {GD_OF_OBJECTIVE, "Objectives", "objectives.checkout.", "objectives.checkout"},
    {GD_OF_FAULT, "Faults", "faults.psp-slow.", "faults.psp-slow"},
    {GD_OF_DEGRADATION, "How far users fell", "degradation.", "degradation"},
    {GD_OF_RECOVERY, "How they came back", "recovery.", "recovery"},
    {GD_OF_RUN, "The run", "", "the top level"},
};

static const char intro[] =
    "Quantities are what `expect` compares:\n"
    "\n"
    "    QUANTITY [over 1m] [during before|fault|after|all] OP VALUE, joined by and, or, not\n"
    "\n"
    "`control.` before a name is the same quantity of the control's run. Letters say how a "
    "quantity\n"
    "is had: P by phase (before the first fault, during: to the last fault's end, after), W over\n"
    "windows. A service's or call's quantity by phase is taken from the windows that lie within "
    "the\n"
    "phase. `over 1m` slides: the comparison must hold wherever a full minute fits into the "
    "phase;\n"
    "windows in which there was nothing to measure are passed over. In the JSON result the names "
    "end\n"
    "in their unit (_ratio, _ms, _s, _per_s), quantiles stand in latency_ms, wait_ms and so on, "
    "and\n"
    "what could not be known is left out.\n";

static const char definitions[] =
    "Definitions\n"
    "\n"
    "  Good is an outcome of ok, degraded or wrong_result; useful is good and within the client's\n"
    "  timeout or deadline over all tries. Times count from the end of the warm-up. Quantiles are "
    "of\n"
    "  merged histograms, exact to 0.4%.\n"
    "\n"
    "  Judged windows are 10 s wide, or 1/60 of a run shorter than 10 min, in whole windows of "
    "the\n"
    "  series (degradation.judged_window_s). In each, what users got is useful / requests. Users\n"
    "  who wait for an answer before they ask again (closed users, journeys) and whose load has "
    "no\n"
    "  profile count as asking as often as before the fault where they ask less by more than 3\n"
    "  standard deviations: else a service that answers nobody would look fine. Of an operation\n"
    "  that holds while its users are stuck in it: more requests in flight than before (mean + 3\n"
    "  standard deviations + 1), and a twentieth of all of the client's; or answers that fail or\n"
    "  are late. Of a client, and of all, while they are stuck in any operation: so a client may\n"
    "  lose more than its operations together.\n"
    "\n"
    "  The baseline is of the judged windows before the first fault, at least 5. The band's lower\n"
    "  edge is the baseline's mean - 3 standard deviations, and at most 95% of the mean\n"
    "  (assumption). Impact: below the edge, by more than one request or without any answer,\n"
    "  for 2 judged windows in a row. Recovery: not below it, and no more queued than the\n"
    "  baseline's mean + 3 standard deviations + 1, without relapse\n"
    "  (2 windows in a row below) for 5 min, until the last fault's end at least, or to the run's\n"
    "  end when that is nearer: recovery.held_s says which. served_at leaves out what is queued. "
    "Of\n"
    "  the scenario, the first impact of any operation counts, and the last recovery.\n"
    "\n"
    "  Lost requests are what the baseline's ratio would have made useful of all requests since "
    "the\n"
    "  first fault, less what was. User-minutes say more only of users who stay: of an open "
    "client\n"
    "  without journeys they are one for each lost request. A moment that the run did not reach\n"
    "  counts as later than any duration: recovery.fault_end_to_recover < 5m is false when users\n"
    "  did not come back. Times that need people or alerts (signal, detect, page, ack, engage,\n"
    "  diagnose) are not in the result of a run without them.\n"
    "\n";

static const char more_definitions[] =
    "  Metastable: after the last fault's end, from the time when users ask no more than before\n"
    "  (mean + 3 standard deviations), plus a grace, an operation stays below 90% of its baseline\n"
    "  for 5 min, or to the run's end if that leaves 1 min; and attempts per request are above "
    "110%\n"
    "  of the baseline on some call, or a backlog stands, or more than 5% of a service's work is\n"
    "  wasted (recovery.sustained_by). The grace is 60 s, 3 times the longest timeout of a "
    "client,\n"
    "  or the time in which the longest queue should drain: what is queued, by what the service\n"
    "  completes while it is backlogged less what arrived there before the fault. A backlog that\n"
    "  falls from third to third of that time, by a tenth at least, keeps nothing down\n"
    "  (recovery.recovering). A run that ends before it can tell says metastable_observable "
    "false;\n"
    "  the claim is then unknown.\n"
    "\n"
    "  The load-drop test: what stays down is played again from the same seed; when the grace is\n"
    "  over, the rates of all clients that have one are cut to 50% for a while, then to 25%, 10%\n"
    "  and 0% in further runs, until one comes back: no operation below 90% of its baseline for 2\n"
    "  judged windows in a row, from a grace after the load's return on. The while is 2 min, or\n"
    "  1.25 times what the longest queue needs to empty when nothing comes. That confirms\n"
    "  metastable, and the rest of the load is recovery.required_drop; when none does, it is\n"
    "  permanent. `verify` makes the test where a claim asks for it, `run` always. Clients "
    "without\n"
    "  a rate (users, recorded arrivals) are not cut; where there are no others, the run alone\n"
    "  decides. A recovery is slow when it begins later than the grace (recovery.aftermath).\n"
    "\n"
    "  An objective's budget is 1 - target, of the answers that its period would see at the "
    "traffic\n"
    "  before the first fault (without a fault: of the whole run). A burn rate is the share of "
    "bad\n"
    "  answers over 1 - target. Windows that reach back before t = 0 are full of the baseline: "
    "the\n"
    "  good and bad answers before the first fault, and without such a time good answers only\n"
    "  (assumption). It burns too fast when both windows of a pair burn above the long one's "
    "share\n"
    "  of the budget x period / long window: 2% in 1 h (14.4 for 30 days), 5% in 6 h (6), 10% in\n"
    "  1 d (3), 10% in 3 d (1), and the long one has 10 answers at least (assumption). Pairs "
    "longer\n"
    "  than the period are left out. Source: Google SRE Workbook, ch. 5. Delays of scraping, "
    "rules\n"
    "  and paging come on top.\n"
    "\n"
    "  Amplification of a service: attempts that arrive, over calls divided by the amplification "
    "of\n"
    "  the caller: three layers of three tries each make 27.\n";

/* "  name     unit     PW  meaning", the meaning wrapped. */
static void add_row(GString *text, const gd_quantity_row *row)
{
    enum { MEANING = 40, WIDTH = 98 };
    gd_quantity quantity = {.row = row};
    const char *name = *row->name ? row->name : "(quantiles)";
    g_string_append_printf(text, "  %-23s %-10s %c%c ", name, gd_measure_words[row->unit],
                           gd_quantity_has_phases(&quantity) ? 'P' : ' ',
                           gd_quantity_has_windows(&quantity) ? 'W' : ' ');

    gsize column = MEANING;
    g_auto(GStrv) words = g_strsplit(row->meaning, " ", -1);
    for (guint i = 0; words[i]; i++) {
        if (column + strlen(words[i]) > WIDTH) {
            g_string_append_printf(text, "\n%*s", MEANING - 1, "");
            column = MEANING;
        }
        g_string_append_printf(text, " %s", words[i]);
        column += strlen(words[i]) + 1;
    }
    g_string_append_c(text, '\n');
}

char *gd_quantities_explain(void)
{
    GString *text = g_string_new(intro);
    for (unsigned i = 0; i < G_N_ELEMENTS(headings); i++) {
        g_string_append_printf(text, "\n%s\n  %sNAME, in the JSON result under %s\n\n",
                               headings[i].title, headings[i].prefix, headings[i].json);
        for (const gd_quantity_row *row = gd_quantity_rows; row->name; row++)
            if (row->scope == headings[i].scope)
                add_row(text, row);
    }
    g_string_append_printf(text, "\n%s%s", definitions, more_definitions);
    return g_string_free(text, FALSE);
}
