/* The story of a run: what the engine noted and what the users' indicator says, in order of time.
 */
#include "models/result/parts.h"
#include "models/result/words.h"

#define LINES_KEPT     1000        /* assumption: more is a log, not a story */
#define LINES_SHOWN    24          /* fits a terminal */
#define DEGRADED_LEAST 0.01        /* assumption: of the answers; less is not worth a line */
#define CALM           (60 * GD_S) /* breakers that open again within it belong to one line */

const char *const gd_told_words[GD_TOLD_KINDS] = {
    [GD_TOLD_FAULT_BEGAN] = "fault_began",
    [GD_TOLD_FAULT_ENDED] = "fault_ended",
    [GD_TOLD_GOODPUT_LOW] = "goodput_low",
    [GD_TOLD_GOODPUT_BACK] = "goodput_back",
    [GD_TOLD_STILL_LOW] = "still_low",
    [GD_TOLD_DEGRADED] = "degraded",
    [GD_TOLD_DRAINED] = "drained",
    [GD_TOLD_BREAKER_OPENED] = "breaker_opened",
    [GD_TOLD_BREAKER_CLOSED] = "breaker_closed",
    [GD_TOLD_QUEUE_FULL] = "queue_full",
    [GD_TOLD_CRASHED] = "crashed",
    [GD_TOLD_STARTED] = "started",
};

/* Lower is told first when there is no room for all. */
static unsigned weight_of(gd_told what)
{
    switch (what) {
    case GD_TOLD_FAULT_BEGAN:
    case GD_TOLD_FAULT_ENDED:
    case GD_TOLD_GOODPUT_LOW:
    case GD_TOLD_GOODPUT_BACK:
    case GD_TOLD_STILL_LOW:
    case GD_TOLD_DRAINED:
        return 0;
    case GD_TOLD_DEGRADED:
    case GD_TOLD_BREAKER_OPENED:
    case GD_TOLD_BREAKER_CLOSED:
    case GD_TOLD_QUEUE_FULL:
        return 1;
    case GD_TOLD_CRASHED:
    case GD_TOLD_STARTED:
    case GD_TOLD_KINDS:
        break;
    }
    return 2;
}

typedef struct {
    gd_result *result;
    GArray *lines;          /* gd_told_line */
    guint *opened, *closed; /* by edge: index + 1 of its last such line; 0: none */
} telling;

static gd_told_line *tell(telling *story, gd_time at, gd_told what, const char *subject)
{
    gd_told_line line = {.at = at, .what = what, .subject = subject, .count = 1, .times = 1};
    line.value = GD_UNKNOWN;
    g_array_append_val(story->lines, line);
    return &g_array_index(story->lines, gd_told_line, story->lines->len - 1);
}

static void forget(telling *story, guint line)
{
    g_array_index(story->lines, gd_told_line, line - 1).times = 0;
}

/* One line for a spell of openings: a breaker that flaps is one thing that happened. */
static void tell_breaker(telling *story, const gd_happening *happened)
{
    const char *name = story->result->edges[happened->about].name;
    guint *opened = &story->opened[happened->about], *closed = &story->closed[happened->about];

    if (happened->what == GD_HAPPENED_BREAKER_CLOSED) {
        if (*opened && !*closed && happened->count == 0) {
            tell(story, happened->at, GD_TOLD_BREAKER_CLOSED, name);
            *closed = story->lines->len;
        }
        return;
    }
    if (*closed) {
        gd_told_line *calm = &g_array_index(story->lines, gd_told_line, *closed - 1);
        if (happened->at - calm->at > CALM)
            *opened = 0;
        else
            forget(story, *closed);
        *closed = 0;
    }
    if (!*opened) {
        tell(story, happened->at, GD_TOLD_BREAKER_OPENED, name)->count = happened->count;
        *opened = story->lines->len;
        return;
    }
    gd_told_line *line = &g_array_index(story->lines, gd_told_line, *opened - 1);
    line->times++;
    line->count = MAX(line->count, happened->count);
}

/* Instances of a service that go, or come, at one instant. */
static void tell_instance(telling *story, const gd_happening *happened, gd_told what)
{
    const char *name = story->result->services[happened->about].name;
    if (story->lines->len > 0) {
        gd_told_line *last = &g_array_index(story->lines, gd_told_line, story->lines->len - 1);
        if (last->at == happened->at && last->what == what && last->subject == name) {
            last->count++;
            return;
        }
    }
    tell(story, happened->at, what, name);
}

static void tell_happening(telling *story, const gd_happening *happened)
{
    const gd_result *result = story->result;
    switch ((gd_happened)happened->what) {
    case GD_HAPPENED_FAULT_BEGAN:
    case GD_HAPPENED_FAULT_ENDED: {
        if (result->plan->faults[happened->about].targets_n == 0)
            break; /* a control, in which the fault marks only the time */
        bool began = happened->what == GD_HAPPENED_FAULT_BEGAN;
        tell(story, happened->at, began ? GD_TOLD_FAULT_BEGAN : GD_TOLD_FAULT_ENDED,
             result->plan->faults[happened->about].name)
            ->count = happened->about; /* for its text */
        break;
    }
    case GD_HAPPENED_BREAKER_OPENED:
    case GD_HAPPENED_BREAKER_CLOSED:
        tell_breaker(story, happened);
        break;
    case GD_HAPPENED_QUEUE_FULL:
        tell(story, happened->at, GD_TOLD_QUEUE_FULL, result->services[happened->about].name);
        break;
    case GD_HAPPENED_CRASHED:
        tell_instance(story, happened, GD_TOLD_CRASHED);
        break;
    case GD_HAPPENED_STARTED:
        tell_instance(story, happened, GD_TOLD_STARTED);
        break;
    }
}

static void tell_incident(telling *story, const gd_result_view *view)
{
    const gd_incident *incident = &view->incident;
    if (!incident->has_impact)
        return;
    tell(story, incident->impact_at, GD_TOLD_GOODPUT_LOW, view->name)->value =
        incident->depth_ratio;
    if (incident->served_at != GD_NEVER)
        tell(story, incident->served_at, GD_TOLD_GOODPUT_BACK, view->name);
    else
        tell(story, story->result->ended_at, GD_TOLD_STILL_LOW, view->name);
}

/* Once for the scenario: queues are no operation's own. */
static void tell_drained(telling *story)
{
    const gd_recovery *recovery = &story->result->recovery;
    if (recovery->recover_at != GD_NEVER && recovery->recover_at > recovery->served_at)
        tell(story, recovery->recover_at, GD_TOLD_DRAINED, "queues");
}

/* Where the fault brings more of them than there were before: from the first one on. */
static void tell_degraded(telling *story, const gd_result_view *view)
{
    const gd_result *result = story->result;
    double usual = view->degraded_ratio[GD_BEFORE], share = view->degraded_ratio[GD_DURING];
    if (!(share > DEGRADED_LEAST + (gd_is_known(usual) ? usual : 0)))
        return; /* an unknown share too */
    gd_time fault_at = result->recovery.fault_at;
    uint32_t i = (uint32_t)(fault_at / result->window);
    while (i < result->windows && view->series.degraded[i] == 0)
        i++;
    tell(story, MAX(fault_at, i * result->window), GD_TOLD_DEGRADED, view->name)->value = share;
}

static const gd_incident *incident_of(const gd_result *result, const char *view)
{
    for (uint32_t i = 0; i < result->n_views; i++)
        if (result->views[i].name == view)
            return &result->views[i].incident;
    g_assert_not_reached();
}

static const char *text_of_breakers(gd_arena *arena, const gd_told_line *line)
{
    const char *many = line->count > 1 ? gd_arena_printf(arena, ", %u at once", line->count) : "";
    const char *often = line->times > 1 ? gd_arena_printf(arena, ", %u times", line->times) : "";
    return gd_arena_printf(arena, "%s: breaker opens%s%s", line->subject, many, often);
}

/* When the first operation met a fault, where that was not within a window of its beginning. */
static const char *felt_text(const gd_result *result, const gd_told_line *line)
{
    const gd_result_fault *fault = &result->faults[line->count];
    char after[GD_WORD];
    if (fault->injected_at != line->at)
        return ""; /* it comes and goes: the first time tells */
    if (fault->effective_at == GD_NEVER)
        return "; nothing met it";
    gd_span wait = fault->effective_at - fault->injected_at;
    if (wait <= result->window)
        return "";
    return gd_arena_printf(result->arena, "; first met %s later",
                           gd_word_seconds(after, gd_seconds(wait)));
}

static const char *text_of(const gd_result *result, const gd_told_line *line)
{
    gd_arena *arena = result->arena;
    switch (line->what) {
    case GD_TOLD_FAULT_BEGAN: {
        const gd_plan_fault *fault = &result->plan->faults[line->count];
        return gd_arena_printf(arena, "%s begins: %s on %s%s", fault->name, fault->fault,
                               fault->target, felt_text(result, line));
    }
    case GD_TOLD_FAULT_ENDED:
        return gd_arena_printf(arena, "%s ends", line->subject);
    case GD_TOLD_GOODPUT_LOW: {
        const gd_incident *incident = incident_of(result, line->subject);
        char band[GD_WORD], least[GD_WORD];
        gd_word_percent(band, incident->band_ratio / incident->baseline_ratio);
        return gd_arena_printf(arena, "%s: goodput below %s of baseline, %s at its lowest",
                               line->subject, band, gd_word_percent(least, 1 - line->value));
    }
    case GD_TOLD_GOODPUT_BACK:
        return gd_arena_printf(arena, "%s: back to baseline", line->subject);
    case GD_TOLD_STILL_LOW:
        return gd_arena_printf(arena, "%s: still down when the run ended", line->subject);
    case GD_TOLD_DEGRADED: {
        char share[GD_WORD];
        return gd_arena_printf(arena, "%s: degraded answers, %s of all during the fault",
                               line->subject, gd_word_percent(share, line->value));
    }
    case GD_TOLD_DRAINED:
        return "queues drained";
    case GD_TOLD_BREAKER_OPENED:
        return text_of_breakers(arena, line);
    case GD_TOLD_BREAKER_CLOSED:
        return gd_arena_printf(arena, "%s: breakers closed", line->subject);
    case GD_TOLD_QUEUE_FULL:
        return gd_arena_printf(arena, "%s: queue full, requests are shed", line->subject);
    case GD_TOLD_CRASHED:
    case GD_TOLD_STARTED:
        return gd_arena_printf(arena, "%s: %u instance%s %s", line->subject, line->count,
                               line->count == 1 ? "" : "s",
                               line->what == GD_TOLD_CRASHED ? "down" : "up again");
    case GD_TOLD_KINDS:
        break;
    }
    g_assert_not_reached();
}

typedef struct {
    const gd_told_line *line;
    guint order;
} place;

static gint by_time(gconstpointer a, gconstpointer b)
{
    const place *x = a, *y = b;
    if (x->line->at != y->line->at)
        return x->line->at < y->line->at ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* Sorted, worded, cut to what is kept. */
static void write_story(gd_result *result, const GArray *lines)
{
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(place));
    for (guint i = 0; i < lines->len; i++) {
        place p = {&g_array_index(lines, gd_told_line, i), i};
        if (p.line->times > 0)
            g_array_append_val(places, p);
    }
    g_array_sort(places, by_time);

    result->n_timeline = MIN(places->len, LINES_KEPT);
    result->timeline_dropped += places->len - result->n_timeline;
    result->timeline = gd_arena_array(result->arena, gd_told_line, result->n_timeline);
    for (guint i = 0; i < result->n_timeline; i++) {
        gd_told_line *line = &result->timeline[i];
        *line = *g_array_index(places, place, i).line;
        line->text = text_of(result, line);
        if (line->what == GD_TOLD_FAULT_BEGAN || line->what == GD_TOLD_FAULT_ENDED)
            line->count = 1;
    }
}

static void choose_shown(gd_result *result)
{
    unsigned room = LINES_SHOWN;
    for (unsigned weight = 0; weight <= 2; weight++)
        for (uint32_t i = 0; i < result->n_timeline && room > 0; i++)
            if (weight_of(result->timeline[i].what) == weight) {
                result->timeline[i].shown = true;
                room--;
            }
}

void gd_result_tell(gd_result *result, const gd_record *record)
{
    g_autoptr(gd_arena) scratch = gd_arena_new();
    telling story = {
        .result = result,
        .lines = g_array_new(FALSE, FALSE, sizeof(gd_told_line)),
        .opened = gd_arena_array(scratch, guint, result->n_edges),
        .closed = gd_arena_array(scratch, guint, result->n_edges),
    };
    for (uint32_t i = 0; i < record->n_happenings; i++)
        tell_happening(&story, &record->happenings[i]);
    for (uint32_t i = 0; i < result->n_views; i++)
        tell_incident(&story, &result->views[i]);
    for (uint32_t i = 0; i < result->n_views && result->windows > 0; i++)
        tell_degraded(&story, &result->views[i]);
    tell_drained(&story);

    result->timeline_dropped = record->happenings_dropped;
    write_story(result, story.lines);
    choose_shown(result);
    g_array_unref(story.lines);
}
