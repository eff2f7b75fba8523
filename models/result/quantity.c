#include "models/result/quantity.h"
#include "models/result/parts.h"
#include "models/result/words.h"

#include <string.h>

const char *const gd_measure_words[] = {
    [GD_IN_COUNT] = "",          [GD_IN_FACTOR] = "factor", [GD_IN_RATIO] = "ratio",
    [GD_IN_MS] = "ms",           [GD_IN_S] = "s",           [GD_IN_PER_S] = "per_s",
    [GD_IN_MINUTES] = "minutes", [GD_IN_PERCENT_S] = "% s", [GD_IN_TRUTH] = "true/false",
};

/* ---- from a name to a row ----------------------------------------------------------------------
 */

static const char *const latency_parts[] = {"mean", "p50",  "p90", "p95",
                                            "p99",  "p999", "max", NULL};

static const char *const scope_prefixes[GD_SCOPES] = {
    [GD_OF_SERVICE] = "services.",  [GD_OF_DEGRADATION] = "degradation.",
    [GD_OF_RECOVERY] = "recovery.", [GD_OF_FAULT] = "faults.",
    [GD_OF_LINK] = "links.",        [GD_OF_OBJECTIVE] = "objectives.",
};

/* Things whose names have no dot and follow a prefix. */
static bool is_named(gd_scope scope)
{
    return scope == GD_OF_SERVICE || scope == GD_OF_FAULT || scope == GD_OF_LINK ||
           scope == GD_OF_OBJECTIVE;
}

static bool is_latency(const gd_quantity_row *row)
{
    return row->at == GD_AT_LATENCY || row->at == GD_AT_LATENCIES;
}

static bool has_outcome(const gd_quantity_row *row)
{
    return row->at == GD_AT_OUTCOMES || row->at == GD_AT_SHARES || row->at == GD_AT_OUTCOMES_BY ||
           row->at == GD_AT_SHARES_BY;
}

static bool find_word(const char *word, const char *const *words, uint32_t *index)
{
    for (uint32_t i = 0; words[i]; i++)
        if (strcmp(word, words[i]) == 0) {
            *index = i;
            return true;
        }
    return false;
}

/* `rest` is what follows the thing's name: "p99", "wait.p99", "outcomes.timeout", "requests". */
static bool match_row(const gd_quantity_row *row, const char *rest, uint32_t *part)
{
    if (!is_latency(row) && !has_outcome(row))
        return strcmp(rest, row->name) == 0;
    if (row->over != GD_OVER_NONE) /* one quantile that has a series */
        return strcmp(rest, row->name) == 0 && find_word(rest, latency_parts, part);
    size_t length = strlen(row->name);
    if (strncmp(rest, row->name, length) != 0 || (length > 0 && rest[length] != '.'))
        return false;
    return find_word(rest + length + (length > 0),
                     has_outcome(row) ? gd_outcome_words : latency_parts, part);
}

static bool find_row(gd_scope scope, const char *rest, gd_quantity *quantity)
{
    for (const gd_quantity_row *row = gd_quantity_rows; row->name; row++)
        if (row->scope == scope && match_row(row, rest, &quantity->part)) {
            quantity->row = row;
            return true;
        }
    return false;
}

/* The plan's counters: "retry.stopped" of a call. */
static const gd_quantity_row counter_rows[GD_SCOPES] = {
#define COUNTER(scope) [scope] = {scope, "", GD_IN_COUNT, GD_AT_COUNTER, 0, GD_OVER_NONE, 0, 0, ""}
    COUNTER(GD_OF_VIEW),  COUNTER(GD_OF_SERVICE), COUNTER(GD_OF_EDGE),
    COUNTER(GD_OF_FAULT), COUNTER(GD_OF_LINK),
#undef COUNTER
};

static bool is_counter_of(const gd_plan_counter *counter, gd_scope scope,
                          const gd_quantity *quantity)
{
    static const gd_scope scopes[] = {
        [GD_COUNTED_BY_EDGE] = GD_OF_EDGE,   [GD_COUNTED_BY_SERVICE] = GD_OF_SERVICE,
        [GD_COUNTED_BY_CLIENT] = GD_OF_VIEW, [GD_COUNTED_BY_LINK] = GD_OF_LINK,
        [GD_COUNTED_BY_FAULT] = GD_OF_FAULT,
    };
    return scopes[counter->of] == scope && counter->about == quantity->index &&
           (scope != GD_OF_VIEW || quantity->of_client);
}

static bool find_counter(const gd_plan *plan, gd_scope scope, const char *rest,
                         gd_quantity *quantity)
{
    for (uint32_t i = 0; i < plan->n_counters; i++) {
        const gd_plan_counter *counter = &plan->counters[i];
        size_t length = strlen(counter->group);
        if (!is_counter_of(counter, scope, quantity) ||
            strncmp(rest, counter->group, length) != 0 || rest[length] != '.' ||
            strcmp(rest + length + 1, counter->row->name) != 0)
            continue;
        quantity->row = &counter_rows[scope];
        quantity->part = i;
        return true;
    }
    return false;
}

/* All that may follow a thing's name, for the nearest. */
static GPtrArray *names_of(const gd_plan *plan, gd_scope scope, const gd_quantity *quantity)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (uint32_t i = 0; i < plan->n_counters; i++)
        if (is_counter_of(&plan->counters[i], scope, quantity))
            g_ptr_array_add(names, g_strconcat(plan->counters[i].group, ".",
                                               plan->counters[i].row->name, NULL));
    for (const gd_quantity_row *row = gd_quantity_rows; row->name; row++) {
        if (row->scope != scope)
            continue;
        const char *const *parts = has_outcome(row)                               ? gd_outcome_words
                                   : is_latency(row) && row->over == GD_OVER_NONE ? latency_parts
                                                                                  : NULL;
        if (!parts)
            g_ptr_array_add(names, g_strdup(row->name));
        for (; parts && *parts; parts++)
            g_ptr_array_add(names, *row->name ? g_strconcat(row->name, ".", *parts, NULL)
                                              : g_strdup(*parts));
    }
    g_ptr_array_add(names, NULL);
    return names;
}

static char *nothing_near(const gd_plan *plan, gd_scope scope, const gd_quantity *quantity,
                          const char *thing, const char *rest)
{
    g_autoptr(GPtrArray) names = names_of(plan, scope, quantity);
    const char *near = gd_nearest(rest, (const char *const *)names->pdata);
    const char *prefix = is_named(scope) ? scope_prefixes[scope] : "";
    if (near && scope == GD_OF_RUN)
        return g_strdup_printf("no such quantity: \"%.100s\"; did you mean %s?", rest, near);
    if (near)
        return g_strdup_printf("%.100s has no \"%.100s\"; did you mean %s%.100s.%s?", thing, rest,
                               prefix, thing, near);
    return g_strdup_printf(
        "%.100s has no \"%.100s\"; gameday explain quantities lists what there is", thing, rest);
}

static const char *const kind_words[GD_SCOPES] = {
    [GD_OF_VIEW] = "quantity", [GD_OF_SERVICE] = "service", [GD_OF_EDGE] = "call",
    [GD_OF_FAULT] = "fault",   [GD_OF_LINK] = "link",       [GD_OF_OBJECTIVE] = "objective"};

/* ---- from a name to a thing --------------------------------------------------------------------
 */

/* `thing.rest`: what follows the thing's name, NULL when it is another's. */
static const char *after(const char *name, const char *thing)
{
    size_t length = strlen(thing);
    return strncmp(name, thing, length) == 0 && name[length] == '.' ? name + length + 1 : NULL;
}

/* The longest name that fits: web.checkout.p99 is of the page, web.p99 of the client. */
static const char *find_view(const gd_plan *plan, const char *name, gd_quantity *quantity,
                             const char **thing)
{
    const char *rest = NULL, *of_view;
    for (uint32_t i = 0; i < plan->n_clients; i++)
        if ((of_view = after(name, plan->clients[i].name))) {
            rest = of_view;
            quantity->index = i;
            quantity->of_client = true;
            *thing = plan->clients[i].name;
        }
    for (uint32_t i = 0; i < plan->n_views; i++)
        if ((of_view = after(name, plan->views[i].name)) && (!rest || of_view > rest)) {
            rest = of_view;
            quantity->index = i;
            quantity->of_client = false;
            *thing = plan->views[i].name;
        }
    return rest;
}

static const char *find_edge(const gd_plan *plan, const char *name, gd_quantity *quantity,
                             const char **thing)
{
    const char *rest = NULL, *of_edge;
    for (uint32_t i = 0; i < plan->n_edges; i++)
        if ((of_edge = after(name, plan->edges[i].name)) && (!rest || of_edge > rest)) {
            rest = of_edge;
            quantity->index = i;
            *thing = plan->edges[i].name;
        }
    return rest;
}

static uint32_t count_of(const gd_plan *plan, gd_scope scope)
{
    return scope == GD_OF_OBJECTIVE ? plan->n_objectives
           : scope == GD_OF_SERVICE ? plan->n_services
           : scope == GD_OF_FAULT   ? plan->n_faults
           : scope == GD_OF_LINK    ? plan->n_links
           : scope == GD_OF_EDGE    ? plan->n_edges
                                    : plan->n_views;
}

static const char *name_of(const gd_plan *plan, gd_scope scope, uint32_t index)
{
    return scope == GD_OF_OBJECTIVE ? plan->objectives[index].name
           : scope == GD_OF_SERVICE ? plan->services[index].name
           : scope == GD_OF_FAULT   ? plan->faults[index].name
           : scope == GD_OF_LINK    ? plan->links[index].name
           : scope == GD_OF_EDGE    ? plan->edges[index].name
                                    : plan->views[index].name;
}

/* A service, fault or link. */
static const char *find_named(const gd_plan *plan, gd_scope scope, const char *name,
                              gd_quantity *quantity, const char **thing)
{
    for (uint32_t i = 0; i < count_of(plan, scope); i++) {
        const char *rest = after(name, name_of(plan, scope, i));
        if (!rest)
            continue;
        quantity->index = i;
        *thing = name_of(plan, scope, i);
        return rest;
    }
    return NULL;
}

/* "did you mean …?" for a thing that is not there; NULL when none is near. */
static char *near_thing(const gd_plan *plan, gd_scope scope, const char *name)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (uint32_t i = 0; i < count_of(plan, scope); i++)
        g_ptr_array_add(names, (char *)name_of(plan, scope, i));
    g_ptr_array_add(names, NULL);

    /* A service's name has no dot; a page's and a call's have one. */
    const char *end = strchr(name, '.');
    if (end && !is_named(scope))
        end = strchr(end + 1, '.');
    g_autofree char *head = end ? g_strndup(name, (gsize)(end - name)) : g_strdup(name);
    const char *near = gd_nearest(head, (const char *const *)names->pdata);
    const char *prefix = is_named(scope) ? scope_prefixes[scope] : "";
    return near ? g_strdup_printf("no such %s: \"%.100s\"; did you mean %s%s%.100s?",
                                  kind_words[scope], head, prefix, near, name + strlen(head))
                : NULL;
}

static gd_scope scope_of(const char **name)
{
    for (gd_scope scope = 0; scope < GD_SCOPES; scope++)
        if (scope_prefixes[scope] && g_str_has_prefix(*name, scope_prefixes[scope])) {
            *name += strlen(scope_prefixes[scope]);
            return scope;
        }
    if (strchr(*name, '>'))
        return GD_OF_EDGE;
    return strchr(*name, '.') ? GD_OF_VIEW : GD_OF_RUN;
}

bool gd_quantity_find(const gd_plan *plan, const char *name, gd_quantity *quantity, char **why)
{
    *quantity = (gd_quantity){.of_control = g_str_has_prefix(name, "control.")};
    const char *rest = name + (quantity->of_control ? strlen("control.") : 0);
    const char *thing = "a run";
    gd_scope scope = scope_of(&rest);
    const char *found = rest;

    if (scope == GD_OF_VIEW)
        found = find_view(plan, rest, quantity, &thing);
    else if (scope == GD_OF_EDGE)
        found = find_edge(plan, rest, quantity, &thing);
    else if (is_named(scope))
        found = find_named(plan, scope, rest, quantity, &thing);
    else if (scope != GD_OF_RUN)
        thing = scope == GD_OF_RECOVERY ? "recovery" : "degradation";

    if (found && (find_row(scope, found, quantity) || find_counter(plan, scope, found, quantity)))
        return true;
    /* "web.chekout.p99" is a page misspelt rather than a quantity of the whole client. */
    *why = NULL;
    if (!found || (quantity->of_client && strchr(found, '.')))
        *why = near_thing(plan, scope, rest);
    if (!*why && found)
        *why = nothing_near(plan, scope, quantity, thing, found);
    if (!*why)
        *why = g_strdup_printf(
            "no such %s: \"%.100s\"; gameday explain quantities lists what there is",
            kind_words[scope], rest);
    return false;
}

bool gd_quantity_needs_replay(const gd_quantity *quantity)
{
    uint32_t at = quantity->row->offset;
    if (quantity->row->scope == GD_OF_RUN)
        return at == offsetof(gd_result, recovery.metastable);
    return quantity->row->scope == GD_OF_RECOVERY &&
           (at == offsetof(gd_recovery, metastable) || at == offsetof(gd_recovery, permanent) ||
            at == offsetof(gd_recovery, required_drop_ratio));
}

gd_measure gd_quantity_unit(const gd_quantity *quantity)
{
    return quantity->row->unit;
}

bool gd_quantity_has_windows(const gd_quantity *quantity)
{
    return quantity->row->over != GD_OVER_NONE &&
           !(quantity->of_client && quantity->row->over == GD_OVER_WORST);
}

bool gd_quantity_has_phases(const gd_quantity *quantity)
{
    gd_at at = quantity->row->at;
    return at == GD_AT_COUNTS || at == GD_AT_NUMBERS || at == GD_AT_LATENCIES ||
           at == GD_AT_OUTCOMES_BY || at == GD_AT_SHARES_BY || at == GD_AT_FAILED_BY ||
           at == GD_AT_COUNTER || gd_quantity_has_windows(quantity);
}

const char *gd_quantity_text(gd_arena *arena, gd_measure unit, double value)
{
    if (!gd_is_known(value))
        return "not known";
    if (value == GD_NEVER_CAME)
        return "not in this run";
    if (unit == GD_IN_TRUTH)
        return value != 0 ? "true" : "false";
    char word[GD_WORD];
    if (unit == GD_IN_RATIO)
        return gd_arena_printf(arena, "%s", gd_word_percent(word, value));
    if ((unit == GD_IN_MS || unit == GD_IN_S) && value >= 0)
        return gd_arena_printf(arena, "%s",
                               gd_word_seconds(word, unit == GD_IN_MS ? value / 1000 : value));
    const char *number = gd_number_text(arena, value, unit == GD_IN_COUNT ? 12 : 4);
    if (unit == GD_IN_COUNT || unit == GD_IN_FACTOR)
        return number;
    return gd_arena_printf(arena, "%s%s", number,
                           unit == GD_IN_PER_S     ? "/s"
                           : unit == GD_IN_MINUTES ? " user-minutes"
                           : unit == GD_IN_MS      ? "ms"
                           : unit == GD_IN_S       ? "s"
                                                   : " percent-seconds");
}
