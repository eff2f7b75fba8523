#include "models/fault/fault.h"
#include "sim/spec/quantity.h"

#include <string.h>

/* Kinds of patterns 9 that this version knows by name and does not have: what they break (stores,
 * queues, caches, deploys, people) is not simulated yet. */
static const char *const not_yet[] = {"agent_down",
                                      "scheduler_no_capacity",
                                      "disk_loss",
                                      "slow_close",
                                      "slicer",
                                      "limit_data",
                                      "dns_random",
                                      "cross_region_loss",
                                      "cache_flush",
                                      "cache_node_loss",
                                      "poison_message",
                                      "consumer_stall",
                                      "producer_burst",
                                      "db_failover",
                                      "replication_lag",
                                      "lock_storm",
                                      "long_transaction",
                                      "hot_key",
                                      "schema_migration",
                                      "retry_storm",
                                      "bad_deploy",
                                      "bad_config_push",
                                      "bad_data",
                                      "control_plane_down",
                                      "telemetry_down",
                                      "telemetry_lag",
                                      "alert_misroute",
                                      "runbook_stale",
                                      "access_lost",
                                      "operator_error",
                                      "dependency_cycle_cold_start",
                                      "partition_full",
                                      "partition_partial",
                                      "partition_one_way"};

/* Other names of what is here. */
static const char *instead_of(const char *word)
{
    if (g_str_has_prefix(word, "partition_"))
        return "write \"partition\", with between, partial or direction";
    return strcmp(word, "cross_region_loss") == 0
               ? "write \"partition\" with a region as its target"
               : "this version does not simulate it, leave it out";
}

/* ---- one fault ---------------------------------------------------------------------------- */
static void check_times(gd_fault_maker *m)
{
    gd_builder *b = m->b;
    const gd_fault_spec *spec = m->spec;
    gd_span duration = b->plan->horizon - b->plan->warmup;
    char text[32];
    gd_print_span(duration, text);
    bool known = duration > 1; /* one that cannot be read is a problem already, and 1 ns here */
    if (known && spec->at >= duration)
        gd_problem(b->problems, gd_node_said(m->node, "at"),
                   "begins after the end of the run; write less than its duration, %s", text);
    if (spec->lasts && spec->ramp > spec->lasts)
        gd_fault_problem(m, "ramp", "is longer than the fault itself; write at most its `for`");
}

static void fill_fault(gd_fault_maker *m)
{
    const gd_fault_spec *spec = m->spec;
    gd_plan_fault *fault = &m->fault;
    fault->name = m->node->key;
    fault->fault = gd_fault_words[spec->fault];
    fault->target = spec->target;
    fault->lever = (uint8_t)m->kind->lever;
    fault->start = m->b->plan->warmup + spec->at;
    fault->end = spec->lasts ? gd_time_add(fault->start, spec->lasts) : GD_NEVER;
    fault->ramp = spec->ramp;
    fault->factor = GD_SHARE_ONE;
    fault->added = spec->added;
    fault->linger = spec->linger;
    fault->grace = spec->grace;
    fault->share = spec->share;
    fault->outcome = spec->outcome;
    fault->running_too = spec->applies_to == 1;
    fault->limit = spec->limit ? MAX(1, gd_scaled(m->b, spec->limit)) : 0;
    int64_t second = fault->limit / GD_RATE_HZ;
    fault->burst = spec->burst ? spec->burst : (uint32_t)CLAMP(second, 1, UINT32_MAX);
    fault->retry_after = gd_read_retry_after(m->b, spec->retry_after);
    fault->salt = gd_hash_text(fault->name);
    fault->silent = gd_node_said(m->node, "silent") ? spec->silent : m->kind->silent;
    fault->heals = spec->repair == 1;
    fault->after = fault->up = fault->down = GD_NONE;
    fault->correlation = spec->correlation;
    fault->max_active = spec->max_active;
}

uint32_t gd_fault_constant(gd_fault_maker *m, gd_span span)
{
    gd_dist_spec *spec = gd_arena_make(m->b->arena, gd_dist_spec);
    *spec = (gd_dist_spec){.kind = GD_DIST_CONSTANT, .value = span};
    return gd_dist_index_of(m->b, spec, m->node);
}

void gd_fault_add_part(gd_fault_maker *m, const gd_plan_fault *part)
{
    g_array_append_val(m->parts, *part);
}

static void fill_schedule(gd_fault_maker *m)
{
    gd_schedule_spec *schedule = m->spec->schedule;
    if (!schedule)
        return;
    if (schedule->mtbf && schedule->mtbf->kind == GD_DIST_CONSTANT) {
        schedule->mtbf->kind = GD_DIST_EXPONENTIAL;
        schedule->mtbf->mean = schedule->mtbf->value;
    }
    if (schedule->mttr && schedule->mttr->kind == GD_DIST_CONSTANT) {
        schedule->mttr->kind = GD_DIST_LOGNORMAL;
        schedule->mttr->mean = schedule->mttr->value;
        schedule->mttr->cv = GD_SHARE_ONE;
    }
    if (m->spec->ramp)
        gd_fault_problem(m, "ramp", "what comes and goes comes at once; leave it out");
    m->fault.up = gd_dist_index_of(m->b, schedule->mtbf, m->node);
    m->fault.down = gd_dist_index_of(m->b, schedule->mttr, m->node);
    m->fault.up_first = true;
    m->fault.in_phase = true; /* nobody knows of a failure before: the first wait is whole */
    m->fault.common = schedule->common_cause;
}

/* Operations that the fault is restricted to, by their bare names in whatever it is on. */
static void fill_ops(gd_fault_maker *m)
{
    gd_builder *b = m->b;
    const gd_node *list = m->spec->operations;
    m->fault.ops_first = b->fault_ops->len;
    for (const gd_node *op = list ? list->first : NULL; op; op = op->next) {
        guint before = b->fault_ops->len;
        for (uint32_t i = 0; op->kind == GD_STRING && i < b->plan->n_ops; i++) {
            const char *dot = strrchr(b->plan->ops[i].name, '.');
            if (dot && strcmp(dot + 1, op->text) == 0)
                g_array_append_val(b->fault_ops, i);
        }
        if (b->fault_ops->len == before)
            gd_problem(b->problems, op,
                       "nothing has such an operation; write one's name, "
                       "without its service");
    }
    m->fault.ops_n = b->fault_ops->len - m->fault.ops_first;
    if (list && list->kind != GD_ARRAY)
        gd_problem(b->problems, list, "expected names; write [\"write\"]");
    else if (list && !list->first)
        gd_problem(b->problems, list,
                   "no operation at all: the fault would do nothing; leave it "
                   "out for all of them");
}

static bool read_kind(gd_builder *b, const gd_node *node, gd_fault_word *word)
{
    const gd_node *said = gd_node_said(node, "fault");
    const char *text = said && said->kind == GD_STRING ? said->text : NULL;
    for (int i = 0; text && i < GD_FAULTS; i++)
        if (strcmp(gd_fault_words[i], text) == 0) {
            *word = (gd_fault_word)i;
            return true;
        }
    for (size_t i = 0; text && i < G_N_ELEMENTS(not_yet); i++)
        if (strcmp(not_yet[i], text) == 0) {
            gd_problem(b->problems, said, "not yet: %s; %s", text, instead_of(text));
            return false;
        }
    const char *near = text ? gd_nearest(text, gd_fault_words) : NULL;
    if (near)
        gd_problem(b->problems, said, "there is no fault \"%.60s\"; did you mean \"%s\"?", text,
                   near);
    else
        gd_problem(b->problems, said ? said : node,
                   "does not name its kind; write \"fault\": \"crash\", slow, hang, errors, "
                   "overload, partition, rate_limit or another of gameday explain faults");
    return false;
}

static const gd_counter_row counters[] = {
    {"affected", NULL},
    {"hidden", NULL},
    {"missed", "drawn, and not hit: its share of them is less than all"},
    {"full", "as many as max_active were held up already"},
    {0},
};

/* Only work has something left that can be rescaled: not messages, nor the waits of an external. */
static void check_running(gd_fault_maker *m)
{
    const gd_builder *b = m->b;
    bool works = false;
    for (uint32_t i = 0; m->fault.on == GD_ON_INSTANCES && i < m->fault.targets_n; i++) {
        uint32_t at = g_array_index(b->targets, uint32_t, m->fault.targets_first + i);
        works |= !b->plan->services[b->plan->instances[at].service].external;
    }
    if (m->fault.running_too && m->fault.targets_n > 0 && !works)
        gd_fault_problem(m, "applies_to",
                         "\"running\" rescales work in progress, and this target has none: no "
                         "service works there; leave it out, or name a service");
}

/* The parts follow the fault and share its targets, name, counters and record. */
static void append(gd_fault_maker *m)
{
    gd_builder *b = m->b;
    uint32_t main_at = b->faults->len;
    m->fault.main = main_at;
    m->fault.counters = gd_counters_for(b, GD_COUNTED_BY_FAULT, main_at, "effect", counters);
    gd_find_units(m, &m->fault);
    check_running(m);
    g_array_append_val(b->faults, m->fault);
    for (guint i = 0; i < m->parts->len; i++) {
        gd_plan_fault part = g_array_index(m->parts, gd_plan_fault, i);
        part.main = main_at;
        part.counters = m->fault.counters;
        part.on = m->fault.on;
        part.targets_first = m->fault.targets_first;
        part.targets_n = m->fault.targets_n;
        part.mode = m->fault.mode;
        part.some = m->fault.some;
        gd_find_units(m, &part);
        g_array_append_val(b->faults, part);
    }
}

void gd_build_fault(gd_builder *b, const gd_node *node, bool background)
{
    gd_fault_word word;
    if (!gd_is_name(node->key))
        gd_problem_key(b->problems, node,
                       "is no name; write a lower-case letter, then letters, digits, - or _");
    if (!read_kind(b, node, &word))
        return;
    guint before = gd_problems_reported(b->problems);
    gd_fault_maker m = {.b = b, .node = node, .kind = gd_fault_kinds[word]};
    m.spec = gd_read(&b->reader, gd_fault_shapes[word], gd_node_present(b->arena, node));
    if (gd_problems_reported(b->problems) > before)
        return;
    if (!m.spec->target)
        ((gd_fault_spec *)m.spec)->target = m.kind->otherwise;
    m.targets = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    m.parts = g_array_new(FALSE, FALSE, sizeof(gd_plan_fault));
    check_times(&m);
    fill_fault(&m);
    fill_schedule(&m);
    gd_choose_mode(&m);
    fill_ops(&m);
    if (m.kind->fill)
        m.kind->fill(&m);
    m.fault.background = background;
    gd_find_targets(&m);
    append(&m);
    g_array_unref(m.parts);
    g_array_unref(m.targets);
}

void gd_build_faults(gd_builder *b)
{
    const gd_node *faults = b->scenario->faults;
    if (faults && faults->kind != GD_OBJECT && faults->kind != GD_NULL)
        gd_problem(b->problems, faults, "expected an object with a member for each fault");
    const gd_node **members = gd_members(b, faults);
    uint32_t n = 0;
    while (members[n])
        n++;
    if (n > GD_MAX_FAULTS)
        gd_too_many(b, faults, "faults", GD_MAX_FAULTS);
    for (uint32_t i = 0; i < n && !b->too_many; i++)
        gd_build_fault(b, members[i], false);
    /* A control has the same document and no faults: they are read and reach nothing. Their times
     * stay, so that "during fault" is the same time in both. */
    bool without = b->options->control && !(b->scenario->control && b->scenario->control->patch);
    for (uint32_t i = 0; without && i < b->faults->len; i++) {
        gd_plan_fault *fault = &g_array_index(b->faults, gd_plan_fault, i);
        fault->targets_n = fault->units_n = 0;
    }
    if (without) {
        g_array_set_size(b->targets, 0);
        g_array_set_size(b->units, 0);
        g_array_set_size(b->members, 0);
    }
    if (!without) /* nothing fails in a control, not by itself either */
        gd_build_background(b);
}
