/* Ordinary times: partial failure is the normal case. Parts fail by themselves at the rates of
 * patterns 9.6 (assumptions all of them, for one part and year; the middle of what is said there)
 * and are repaired as 11.5 and 11.6 say. "times" makes them that many times as frequent, so that a
 * run of minutes sees what a year brings.
 */
#include "models/compile/build.h"

#include <string.h>

typedef struct {
    const char *name, *kind, *target;
    double per_year;
    const char *mttr, *by, *more;
    enum { ALWAYS, SOME_EXTERNAL, SOME_ZONES, SOME_REGIONS, SOME_RATE } needs;
} ordinary;

#define LOGNORMAL(p50, p99) "{\"lognormal\": {\"median\": \"" p50 "\", \"p99\": \"" p99 "\"}}"

static const ordinary rows[] = {
    /* 2 to 12 a year; process restart 2 s, 20 s at p99 */
    {"background-crash", "crash", "services.*", 7, LOGNORMAL("2s", "20s"), "instance", "", ALWAYS},
    /* 1 to 4 % of machines a year; VM boot 45 s, 180 s */
    {"background-host", "host_down", "services.*", 0.025, LOGNORMAL("45s", "180s"), "instance", "",
     ALWAYS},
    /* a dependency degrades 6 to 24 times a year: one answer in five takes five times as long, for
     * ten minutes, two hours at p99 (assumption) */
    {"background-dependency", "dependency_slow", "external.*", 15, LOGNORMAL("10m", "2h"),
     "service", ", \"p_slow\": \"20%\", \"factor\": 5", SOME_EXTERNAL},
    /* a certificate or credential expires 0.2 times a year; an hour, six at p99 (assumption) */
    {"background-certificate", "cert_expiry", "services.*", 0.2, LOGNORMAL("1h", "6h"), "service",
     "", ALWAYS},
    /* a zone is lost 0.1 to 0.5 times a year; one hour, six at p99 (11.6: power 6 h) */
    {"background-zone", "zone_down", NULL, 0.3, LOGNORMAL("1h", "6h"), "zone", "", SOME_ZONES},
    {"background-region", "region_down", NULL, 0.06, LOGNORMAL("2h", "12h"), "all", "",
     SOME_REGIONS},
    /* load doubles 4 to 12 times a year, for ten minutes, an hour at p99 (assumption) */
    {"background-load", "load_step", NULL, 8, LOGNORMAL("10m", "1h"), "all", ", \"factor\": 2",
     SOME_RATE},
};

#define YEAR_S 31536000.0

/* One fault as a user would write it, read like any other. */
static void add(gd_builder *b, const ordinary *row, const char *name, const char *target,
                int64_t times)
{
    double mtbf_s = YEAR_S / row->per_year / (double)times;
    const char *text =
        gd_arena_printf(b->arena,
                        "{\"%s\": {\"fault\": \"%s\", \"target\": \"%s\", \"at\": \"0s\"%s, "
                        "\"schedule\": {\"mtbf\": "
                        "\"%.0fms\", \"mttr\": %s, \"by\": \"%s\"}}}",
                        name, row->kind, target, row->more, mtbf_s * 1000, row->mttr, row->by);
    gd_node *node = gd_source_parse(b->arena, "background", text, strlen(text), b->problems);
    if (node && b->faults->len < GD_MAX_FAULTS)
        gd_build_fault(b, node->first, true);
}

static uint32_t count_external(const gd_plan *plan, bool external)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < plan->n_services; i++)
        n += plan->services[i].external == external && plan->services[i].instances_n > 0;
    return n;
}

/* Somebody stands there. */
static bool is_settled(const gd_plan *plan, uint32_t zone, uint32_t region)
{
    for (uint32_t i = 0; i < plan->n_instances; i++)
        if (plan->instances[i].zone == zone ||
            (zone == GD_NONE && plan->zones[plan->instances[i].zone].region == region))
            return true;
    return false;
}

static void add_all(gd_builder *b, const ordinary *row, int64_t times)
{
    const gd_plan *plan = b->plan;
    switch (row->needs) {
    case ALWAYS:
        if (count_external(plan, false))
            add(b, row, row->name, row->target, times);
        break;
    case SOME_EXTERNAL:
        if (count_external(plan, true))
            add(b, row, row->name, row->target, times);
        break;
    case SOME_ZONES: /* with one zone, it is the region */
        for (uint32_t i = 0; b->n_real_zones > 1 && i < plan->n_zones; i++)
            if (!plan->zones[i].client && is_settled(plan, i, GD_NONE))
                add(b, row, gd_arena_printf(b->arena, "%s-%s", row->name, plan->zones[i].name),
                    gd_arena_printf(b->arena, "zones.%s", plan->zones[i].name), times);
        break;
    case SOME_REGIONS:
        for (uint32_t i = 0; plan->n_regions > 1 && i < plan->n_regions; i++)
            if (is_settled(plan, GD_NONE, i))
                add(b, row, gd_arena_printf(b->arena, "%s-%s", row->name, plan->regions[i]),
                    gd_arena_printf(b->arena, "regions.%s", plan->regions[i]), times);
        break;
    case SOME_RATE:
        for (uint32_t i = 0; i < plan->n_clients; i++)
            if (plan->clients[i].arrivals != GD_ARRIVE_USERS &&
                plan->clients[i].arrivals != GD_ARRIVE_TRACE)
                add(b, row, gd_arena_printf(b->arena, "%s-%s", row->name, plan->clients[i].name),
                    gd_arena_printf(b->arena, "clients.%s", plan->clients[i].name), times);
        break;
    }
}

void gd_build_background(gd_builder *b)
{
    const gd_node *said = b->scenario->background, *body = said ? said->first : NULL;
    int64_t times = 1;
    if (!said)
        return;
    bool word = said->kind == GD_STRING && strcmp(said->text, "ordinary") == 0;
    bool object = said->kind == GD_OBJECT && body && !body->next &&
                  strcmp(body->key, "ordinary") == 0 && body->kind == GD_OBJECT;
    const gd_node *n = object ? gd_node_said(body, "times") : NULL;
    if ((!word && !object) || (object && body->first && (!n || body->first->next))) {
        gd_problem(b->problems, said,
                   "is no background; write \"ordinary\" or {\"ordinary\": {\"times\": 1000}}");
        return;
    }
    /* Beyond a million times nothing would be up between two failures. */
    if (n && !gd_read_count(&b->reader, n, 1, 1000000, &times))
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        add_all(b, &rows[i], times);
}
