/* Which targets of a fault a run draws (`mode`), and which of them fail together (`schedule.by`,
 * common causes): the units of its renewal process. */
#include "models/fault/fault.h"

#include <string.h>

static bool read_part(gd_fault_maker *m, const gd_node *value, gd_fault_mode mode)
{
    gd_share share = 0;
    if (!gd_read_quantity(&m->b->reader, value, GD_FIELD_SHARE, 1, GD_SHARE_ONE, &share))
        return false;
    m->fault.mode = (uint8_t)mode;
    /* Millionths: exact to what people write. */
    m->fault.some = (uint32_t)(share / 1000);
    return true;
}

void gd_choose_mode(gd_fault_maker *m)
{
    const gd_node *mode = m->spec->mode, *value = mode ? mode->first : NULL;
    int64_t count = 1;
    if (!mode)
        return;
    if (gd_node_said(m->node, "instances"))
        gd_fault_problem(m, "mode", "says the same as `instances` in another way; write one");
    bool word = mode->kind == GD_STRING, pair = mode->kind == GD_OBJECT && value && !value->next;
    if (word && strcmp(mode->text, "all") == 0)
        return;
    if (word && strcmp(mode->text, "one") == 0) {
        m->fault.mode = GD_MODE_FIXED;
        m->fault.some = 1;
    } else if (pair && strcmp(value->key, "fixed") == 0) {
        m->fault.mode = GD_MODE_FIXED;
        if (gd_read_count(&m->b->reader, value, 1, GD_MAX_INSTANCES, &count))
            m->fault.some = (uint32_t)count;
    } else if (pair && strcmp(value->key, "fixed-percent") == 0) {
        read_part(m, value, GD_MODE_PERCENT);
    } else if (pair && strcmp(value->key, "random-max-percent") == 0) {
        read_part(m, value, GD_MODE_MAX_PERCENT);
    } else {
        gd_problem(m->b->problems, mode,
                   "is no mode; write \"one\", \"all\", {\"fixed\": 2}, {\"fixed-percent\": "
                   "\"30%%\"} or {\"random-max-percent\": \"30%%\"}");
    }
}

/* What a target has in common with those that fail with it, as a number. */
static uint64_t group_of(gd_fault_maker *m, const gd_plan_fault *fault, uint32_t target, int by)
{
    const gd_plan *plan = m->b->plan;
    if (by == GD_BY_ALL)
        return 0;
    if (by == GD_BY_INSTANCE || fault->on != GD_ON_INSTANCES)
        return fault->on == GD_ON_INSTANCES ? plan->instances[target].salt : target + 1;
    const gd_plan_instance *instance = &plan->instances[target];
    if (by == GD_BY_SERVICE)
        return plan->services[instance->service].salt;
    uint64_t zone = gd_hash_text(plan->zones[instance->zone].name);
    if (by == GD_BY_ZONE)
        return zone;
    /* Its service's instances in its zone go round the racks. */
    uint32_t before = 0;
    for (uint32_t i = plan->services[instance->service].instances_first; i < target; i++)
        before += plan->instances[i].zone == instance->zone;
    return gd_mix_n(zone, before % m->spec->schedule->racks);
}

static void add_unit(gd_fault_maker *m, gd_plan_fault *fault, uint64_t salt)
{
    gd_plan_unit unit = {
        .fault = m->b->faults->len, .first = m->b->members->len, .n = 0, .salt = salt};
    g_array_append_val(m->b->units, unit);
    fault->units_n++;
}

static int by_of(const gd_fault_maker *m, const gd_plan_fault *fault)
{
    if (m->spec->schedule)
        return m->spec->schedule->by;
    /* A link has both ways, and a flapping one loses both at once. */
    return fault->on == GD_ON_LINKS ? GD_BY_ALL : GD_BY_INSTANCE;
}

/* A unit for each group, and the last for common causes. */
void gd_find_units(gd_fault_maker *m, gd_plan_fault *fault)
{
    gd_builder *b = m->b;
    fault->units_first = b->units->len;
    fault->units_n = 0;
    if (fault->up == GD_NONE && fault->lever != GD_LEVER_LEAK)
        return;
    int by = by_of(m, fault);
    g_autoptr(GHashTable) known = g_hash_table_new(g_int64_hash, g_int64_equal);
    g_autofree uint64_t *groups = g_new(uint64_t, fault->targets_n + 1);
    for (uint32_t i = 0; i < fault->targets_n; i++) {
        uint32_t target = g_array_index(b->targets, uint32_t, fault->targets_first + i);
        groups[i] = group_of(m, fault, target, by);
        if (g_hash_table_add(known, &groups[i]))
            add_unit(m, fault, groups[i]);
    }
    if (fault->common)
        add_unit(m, fault, gd_hash_text("common cause"));
    g_autofree uint32_t *sizes = g_new0(uint32_t, fault->units_n + 1);
    GHashTable *index = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (uint32_t u = 0; u < fault->units_n; u++) {
        gd_plan_unit *unit = &g_array_index(b->units, gd_plan_unit, fault->units_first + u);
        g_hash_table_insert(index, &unit->salt, GUINT_TO_POINTER(u));
    }
    for (uint32_t i = 0; i < fault->targets_n; i++)
        sizes[GPOINTER_TO_UINT(g_hash_table_lookup(index, &groups[i]))]++;
    uint32_t next = b->members->len;
    for (uint32_t u = 0; u < fault->units_n; u++) {
        gd_plan_unit *unit = &g_array_index(b->units, gd_plan_unit, fault->units_first + u);
        unit->first = next;
        next += fault->common && u + 1 == fault->units_n ? fault->targets_n : sizes[u];
    }
    g_array_set_size(b->members, next);
    for (uint32_t i = 0; i < fault->targets_n; i++) {
        uint32_t u = GPOINTER_TO_UINT(g_hash_table_lookup(index, &groups[i]));
        gd_plan_unit *unit = &g_array_index(b->units, gd_plan_unit, fault->units_first + u);
        g_array_index(b->members, uint32_t, unit->first + unit->n++) = i;
    }
    for (uint32_t i = 0; fault->common && i < fault->targets_n; i++) {
        gd_plan_unit *unit =
            &g_array_index(b->units, gd_plan_unit, fault->units_first + fault->units_n - 1);
        g_array_index(b->members, uint32_t, unit->first + unit->n++) = i;
    }
    g_hash_table_unref(index);
}
