/* Dice, templates, times; and the documents as a whole. */
#include "tests/random/model.h"

#include "models/compile.h"

#include <stdlib.h>
#include <string.h>

/* ---- dice --------------------------------------------------------------------------------------
 */
uint32_t gd_maker_roll(gd_maker *m, uint32_t n)
{
    m->state = gd_next(m->state);
    return (uint32_t)gd_below(m->state, n);
}

bool gd_maker_chance(gd_maker *m, uint32_t percent)
{
    return gd_maker_roll(m, 100) < percent;
}

/* "2..9ms": a number, or a time that is stretched. Returns what follows. */
static const char *number(gd_maker *m, const char *at)
{
    char *end;
    unsigned low = (unsigned)strtoul(at, &end, 10), high = low;
    if (end[0] == '.' && end[1] == '.')
        high = (unsigned)strtoul(end + 2, &end, 10);
    unsigned n = low + gd_maker_roll(m, high - low + 1);
    bool time = g_str_has_prefix(end, "ms") || g_str_has_prefix(end, "us");
    g_string_append_printf(m->out, "%u", time ? n * m->stretch : n);
    return end;
}

/* "a|b|c~": one of these words. */
static const char *word(gd_maker *m, const char *at)
{
    const char *end = strchr(at, '~');
    g_autofree char *all = g_strdelimit(g_strndup(at, (size_t)(end - at)), "'", '"');
    g_auto(GStrv) words = g_strsplit(all, "|", -1);
    g_string_append(m->out, words[gd_maker_roll(m, g_strv_length(words))]);
    return end + 1;
}

void gd_maker_say(gd_maker *m, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *template = g_strdup_vprintf(format, args);
    va_end(args);
    for (const char *at = template; *at;) {
        if (*at == '#')
            at = number(m, at + 1);
        else if (*at == '~')
            at = word(m, at + 1);
        else
            g_string_append_c(m->out, *at++ == '\'' ? '"' : at[-1]);
    }
}

#define say    gd_maker_say
#define chance gd_maker_chance

void gd_maker_time(gd_maker *m, unsigned ms)
{
    unsigned half = ms / 2 ? ms / 2 : 1, kind = gd_maker_roll(m, 9);
    const char *per = chance(m, 10) ? ", 'per': 'request'" : "";
    if (m->traits & GD_RANDOM_EXACT && kind < 4)
        kind = 8;
    if (kind == 0)
        say(m, "{'exponential': {'mean': '#%ums'}%s}", ms, per);
    else if (kind == 1)
        say(m, "{'uniform': {'low': '#%ums', 'high': '#%ums'}%s}", half, ms + half, per);
    else if (kind == 2)
        say(m, "{'lognormal': {'median': '#%ums', 'p99': '#%ums'}}", ms, ms * 5);
    else if (kind == 3)
        say(m, "{'erlang': {'mean': '#%ums', 'stages': 2}}", ms);
    else if (kind == 4)
        say(m, "{'empirical': {'values': ['#%ums', '#%ums', '#%ums']}%s}", half, ms, ms * 2, per);
    else if (kind == 5)
        say(m, "'#1..%uus'", ms * 2000);
    else /* the same few constants again and again: events coincide */
        say(m, "'#%ums'", chance(m, 15) ? 0 : chance(m, 60) ? ms : half);
}

/* ---- documents ---------------------------------------------------------------------------------
 */
static void model(gd_maker *m)
{
    say(m, "{'gameday': 1, 'flags': {");
    for (unsigned i = 0; i < m->flags; i++)
        say(m, "%s'flag-%u': {'share': '#0..100%%', 'key': '~user|request~'}", i ? ", " : "", i);
    say(m, "}, ");
    gd_maker_places(m);
    gd_maker_parties(m);
    gd_maker_clients(m);
    say(m, "}");
}

static void arrivals(gd_maker *m)
{
    unsigned at = 0, n = 5 + gd_maker_roll(m, 40);
    say(m, "at\n");
    for (unsigned i = 0; i < n; i++) {
        at += gd_maker_roll(m, 3) * gd_maker_roll(m, 40);
        say(m, "#%ums\n", at);
    }
}

static char *written(gd_maker *m, void (*part)(gd_maker *m))
{
    m->out = g_string_new(NULL);
    part(m);
    return g_string_free(m->out, FALSE);
}

gd_random *gd_random_model(uint64_t seed, unsigned traits)
{
    gd_random *documents = g_new0(gd_random, 1);
    gd_maker m = {
        .state = gd_mix(seed, 1), .traits = traits, .stretch = traits & GD_RANDOM_TWICE ? 2 : 1};
    m.services = 2 + gd_maker_roll(&m, 4);
    m.external = chance(&m, 40);
    m.attribute = chance(&m, 30);
    m.copies = chance(&m, 20);
    m.flags = 1 + gd_maker_roll(&m, 2);
    m.clients = 1 + chance(&m, 40);
    m.duration = 500 + 500 * gd_maker_roll(&m, 5);
    for (unsigned i = 0; i < m.services; i++) {
        m.ops[i] = 1 + chance(&m, 50);
        m.proxy[i] = chance(&m, 15) && i + 1 < m.services;
    }
    documents->seed = seed;
    documents->model = written(&m, model);
    documents->scenario = written(&m, gd_maker_scenario);
    documents->arrivals = written(&m, arrivals);
    return documents;
}

gd_random *gd_random_copy(const gd_random *documents)
{
    gd_random *copy = g_new0(gd_random, 1);
    copy->model = g_strdup(documents->model);
    copy->scenario = g_strdup(documents->scenario);
    copy->arrivals = g_strdup(documents->arrivals);
    copy->seed = documents->seed;
    return copy;
}

void gd_random_free(gd_random *documents)
{
    if (!documents)
        return;
    g_free(documents->model);
    g_free(documents->scenario);
    g_free(documents->arrivals);
    g_free(documents);
}

static const char *read_arrivals(void *user, gd_arena *arena, const char *path, const gd_node *at,
                                 gd_problems *problems, size_t *length)
{
    (void)path, (void)at, (void)problems;
    const gd_random *documents = user;
    *length = strlen(documents->arrivals);
    return gd_arena_strndup(arena, documents->arrivals, *length);
}

gd_plan *gd_random_compile(const gd_random *documents, gd_arena *arena, char **problems)
{
    g_autoptr(gd_problems) found = gd_problems_new();
    gd_compile_options options = {.read_data = read_arrivals, .user = (void *)documents};
    const gd_node *what =
        gd_source_parse(arena, "model.json", documents->model, strlen(documents->model), found);
    const gd_node *scenario = gd_source_parse(arena, "scenario.json", documents->scenario,
                                              strlen(documents->scenario), found);
    gd_plan *plan = NULL;
    if (what && scenario)
        plan = gd_compile(arena, what, scenario, &options, found);
    *problems = plan ? NULL : gd_problems_print(found);
    return plan;
}
