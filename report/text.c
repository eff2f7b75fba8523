#include "report/text.h"

#include "report/text_number.h"
#include "report/text_parts.h"

enum { CLOCK = 9, VERDICT = 9, COMMAND_INDENT = 2, CHOICE = 5 };

/* A document's text, escaped and broken into lines. */
static void wrap_foreign(gd_sheet *sheet, gd_ink ink, unsigned indent, const char *text)
{
    g_autofree char *flat = g_strdelimit(g_strdup(text), "\n\t", ' ');
    g_autofree char *safe = gd_text_escape(flat, sheet->form.utf8);
    gd_sheet_wrap(sheet, ink, indent, safe);
}

static void put_header(gd_sheet *sheet, const gd_result *result, const gd_text_context *context)
{
    g_autofree char *name = gd_text_escape(result->name, sheet->form.utf8);
    g_autofree char *simulated = gd_text_seconds(result->simulated_s);
    g_autofree char *events = gd_text_count(result->events);
    g_autofree char *memory = gd_text_bytes(result->peak_bytes);
    gd_sheet_put(sheet, GD_INK_TITLE, name);
    if (context->variant) {
        g_autofree char *variant = gd_text_escape(context->variant, sheet->form.utf8);
        gd_sheet_printf(sheet, GD_INK_WARN, "  %s", variant);
    }
    gd_sheet_printf(sheet, GD_INK_DIM,
                    "  seed %" G_GUINT64_FORMAT "  digest %016" G_GINT64_MODIFIER "x\n",
                    result->seed, result->digest);
    gd_sheet_printf(sheet, GD_INK_DIM, "%s simulated, %s events", simulated, events);
    if (context->wall_s > 0) {
        g_autofree char *wall = gd_text_seconds(context->wall_s);
        g_autofree char *speed = gd_text_rate((double)result->events / context->wall_s);
        gd_sheet_printf(sheet, GD_INK_DIM, " in %s (%s)", wall, speed);
    }
    gd_sheet_printf(sheet, GD_INK_DIM, ", peak memory %s\n", memory);
    if (context->question)
        wrap_foreign(sheet, GD_INK_PLAIN, 0, context->question);
    for (unsigned i = 0; i < context->n_choices; i++) {
        gd_sheet_printf(sheet, GD_INK_DIM, "  %c  ", 'a' + (int)(i % 26));
        wrap_foreign(sheet, GD_INK_PLAIN, CHOICE, context->choices[i]);
    }
}

static void put_partial(gd_sheet *sheet, const gd_result *result)
{
    if (!result->partial)
        return;
    g_autofree char *at = gd_text_clock((double)result->ended_at / GD_S);
    g_autofree char *why = g_strdup_printf("PARTIAL: stopped at %s: %s", at, result->end_text);
    wrap_foreign(sheet, GD_INK_BAD, 0, why);
    if (result->busiest && *result->busiest) {
        g_autofree char *busiest = g_strdup_printf("busiest: %s", result->busiest);
        wrap_foreign(sheet, GD_INK_BAD, 0, busiest);
    }
}

static void append_clock(GString *line, const char *what, gd_time at)
{
    g_autofree char *clock = gd_text_clock((double)at / GD_S);
    g_string_append_printf(line, "%s%s", what, clock);
}

static void put_back(GString *line, const gd_recovery *recovery)
{
    g_autofree char *impact = gd_text_seconds(recovery->impact_to_recover_s);
    g_autofree char *after = gd_text_seconds(recovery->fault_end_to_recover_s);
    g_string_append_printf(line, "back to normal %s after the impact", impact);
    if (recovery->fault_end_to_recover_s > 0)
        g_string_append_printf(line, ", %s after the fault's end", after);
    if (recovery->served_at < recovery->recover_at) {
        append_clock(line, ": users served again at ", recovery->served_at);
        append_clock(line, ", queues drained at ", recovery->recover_at);
    }
}

static void put_drop(GString *line, const gd_recovery *recovery)
{
    if (!recovery->dropped || !gd_is_known(recovery->required_drop_ratio))
        return;
    g_autofree char *rest = gd_text_percent(recovery->required_drop_ratio);
    g_autofree char *lasts = gd_text_seconds((double)recovery->drop_lasts / GD_S);
    g_string_append_printf(line, "; with its load cut to %s for %s it comes back", rest, lasts);
}

static void put_recovery(gd_sheet *sheet, const gd_recovery *recovery)
{
    g_autoptr(GString) line = g_string_new(NULL);
    if (recovery->metastable) {
        g_string_append(line, "metastable: the trigger is gone and it stays down");
        if (recovery->sustained_by)
            g_string_append_printf(line, ", kept there by %s", recovery->sustained_by);
        put_drop(line, recovery);
    } else if (recovery->permanent) {
        g_string_append(line,
                        "permanent: the trigger is gone and it stays down; a while without any "
                        "load does not bring it back");
    } else if (recovery->recovered) {
        put_back(line, recovery);
    } else if (recovery->served_at != GD_NEVER) {
        append_clock(line, "users served again at ", recovery->served_at);
        g_string_append(line, ", but queues had not drained when the run ended");
    } else {
        g_string_append(line, "not back to normal when the run ended");
        if (recovery->recovering)
            g_string_append(line, ", but recovering: its queues get shorter");
        if (!recovery->metastable_observable)
            g_string_append(line, "; a longer `duration` would tell whether it stays down");
    }
    gd_sheet_wrap(sheet, recovery->recovered ? GD_INK_GOOD : GD_INK_BAD, 0, line->str);
}

/* While the fault lasted; 0 where nothing ended. */
static double degraded_share(const gd_result *result)
{
    uint64_t degraded = 0, ended = 0;
    for (uint32_t i = 0; i < result->n_views; i++)
        for (unsigned outcome = 0; outcome < GD_OUTCOMES; outcome++) {
            uint64_t count = result->views[i].outcomes[GD_DURING][outcome];
            ended += outcome == GD_UNFINISHED ? 0 : count;
            degraded += outcome == GD_DEGRADED ? count : 0;
        }
    return ended ? (double)degraded / (double)ended : 0;
}

static void put_degraded(gd_sheet *sheet, const gd_result *result)
{
    double share = degraded_share(result);
    if (share == 0)
        return;
    g_autofree char *percent = gd_text_percent(share);
    g_autofree char *line = g_strdup_printf(
        "%s of the answers during the fault were degraded: less than was asked for", percent);
    gd_sheet_wrap(sheet, GD_INK_WARN, 0, line);
}

/* Of users who come and go, the minutes are the requests again. */
static bool has_closed_users(const gd_plan *plan)
{
    for (uint32_t i = 0; i < plan->n_clients; i++)
        if (plan->clients[i].arrivals == GD_ARRIVE_USERS)
            return true;
    return false;
}

static void put_fall(gd_sheet *sheet, const gd_result *result)
{
    const gd_incident *users = &result->degradation.users;
    if (!users->has_baseline)
        return;
    gd_sheet_heading(sheet, "How far, and back");
    if (!users->has_impact) {
        gd_sheet_put(sheet, GD_INK_GOOD, "no operation left its normal band\n");
        put_degraded(sheet, result);
        return;
    }
    g_autofree char *depth = gd_text_percent(users->depth_ratio);
    g_autofree char *lost = gd_text_count(users->lost_requests);
    g_autofree char *minutes = gd_text_number(users->lost_user_minutes);
    g_autofree char *hurt = gd_text_percent(result->degradation.users_ratio);
    g_autoptr(GString) fell = g_string_new(NULL);
    g_string_printf(fell, "fell by %s at worst: %s requests", depth, lost);
    if (has_closed_users(result->plan))
        g_string_append_printf(fell, " and %s user-minutes", minutes);
    g_string_append_printf(fell, " lost; %u of %u operations and %s of the users were hurt",
                           result->degradation.n_operations, result->n_views, hurt);
    gd_sheet_wrap(sheet, GD_INK_PLAIN, 0, fell->str);
    put_degraded(sheet, result);
    put_recovery(sheet, &result->recovery);
}

static gd_ink ink_of_line(gd_told what)
{
    switch (what) {
    case GD_TOLD_FAULT_BEGAN:
    case GD_TOLD_GOODPUT_LOW:
    case GD_TOLD_STILL_LOW:
    case GD_TOLD_CRASHED:
        return GD_INK_BAD;
    case GD_TOLD_BREAKER_OPENED:
    case GD_TOLD_QUEUE_FULL:
    case GD_TOLD_DEGRADED:
        return GD_INK_WARN;
    case GD_TOLD_GOODPUT_BACK:
        return GD_INK_GOOD;
    case GD_TOLD_FAULT_ENDED:
    case GD_TOLD_DRAINED:
    case GD_TOLD_BREAKER_CLOSED:
    case GD_TOLD_STARTED:
    case GD_TOLD_KINDS:
        break;
    }
    return GD_INK_PLAIN;
}

static void put_timeline(gd_sheet *sheet, const gd_result *result)
{
    uint32_t hidden = result->timeline_dropped, shown = 0;
    for (uint32_t i = 0; i < result->n_timeline; i++) {
        const gd_told_line *line = &result->timeline[i];
        if (!line->shown) {
            hidden++;
            continue;
        }
        if (!shown++)
            gd_sheet_heading(sheet, "What happened");
        g_autofree char *at = gd_text_clock((double)line->at / GD_S);
        gd_sheet_printf(sheet, GD_INK_DIM, "%*s  ", CLOCK - 2, at);
        wrap_foreign(sheet, ink_of_line(line->what), CLOCK, line->text);
    }
    if (hidden)
        gd_sheet_printf(sheet, GD_INK_DIM, "%*s(and %u more; see --json)\n", CLOCK, "", hidden);
}

static void put_part(gd_sheet *sheet, const gd_claim_part *part)
{
    g_autofree char *text = g_strdup_printf("%s: it was %s", part->text, part->found_text);
    gd_sheet_pad(sheet, VERDICT);
    wrap_foreign(sheet, GD_INK_DIM, VERDICT, text);
}

static void put_claims(gd_sheet *sheet, const gd_result *result, bool changed)
{
    static const struct {
        const char *word;
        gd_ink ink;
    } verdicts[] = {
        [GD_CLAIM_FALSE] = {"false", GD_INK_BAD},
        [GD_CLAIM_TRUE] = {"true", GD_INK_GOOD},
        [GD_CLAIM_UNKNOWN] = {"unknown", GD_INK_WARN},
    };
    if (!result->n_claims)
        return;
    gd_sheet_heading(sheet, changed ? "Expected of the scenario as written" : "Expected");
    for (uint32_t i = 0; i < result->n_claims; i++) {
        const gd_claim *claim = &result->claims[i];
        gd_sheet_printf(sheet, verdicts[claim->verdict].ink, "%-*s", VERDICT,
                        verdicts[claim->verdict].word);
        wrap_foreign(sheet, GD_INK_PLAIN, VERDICT, claim->name);
        for (uint32_t part = 0; part < claim->n_parts; part++)
            put_part(sheet, &claim->parts[part]);
    }
}

static void put_next(gd_sheet *sheet, const gd_text_context *context)
{
    if (context->lesson) {
        gd_sheet_heading(sheet, "The lesson");
        wrap_foreign(sheet, GD_INK_PLAIN, 0, context->lesson);
    }
    if (!context->n_tries || !context->command)
        return;
    gd_sheet_heading(sheet, "Try next");
    for (unsigned i = 0; i < context->n_tries; i++) {
        const gd_text_try *next = &context->tries[i];
        g_autofree char *command = g_strdup_printf("%s --try %s", context->command, next->name);
        g_autofree char *safe = gd_text_escape(command, sheet->form.utf8);
        wrap_foreign(sheet, GD_INK_PLAIN, 0, next->say ? next->say : next->name);
        gd_sheet_pad(sheet, COMMAND_INDENT);
        gd_sheet_put(sheet, GD_INK_TITLE, safe); /* never broken: it is there to be copied */
        g_string_append_c(sheet->text, '\n');
    }
}

char *gd_text_result(const gd_result *result, const gd_text_context *context, gd_text_form form)
{
    gd_sheet sheet = {.text = g_string_new(NULL), .form = form};
    put_header(&sheet, result, context);
    put_partial(&sheet, result);
    g_string_append_c(sheet.text, '\n');
    gd_text_put_observations(&sheet, result);
    gd_text_put_series(&sheet, result);
    gd_text_put_views(&sheet, result);
    gd_text_put_objectives(&sheet, result);
    gd_text_put_services(&sheet, result);
    gd_text_put_calls(&sheet, result);
    if (context->reasons)
        gd_text_put_reasons(&sheet, result);
    put_fall(&sheet, result);
    put_timeline(&sheet, result);
    put_claims(&sheet, result, context->changed);
    put_next(&sheet, context);
    return g_string_free(sheet.text, FALSE);
}
