#include "models/compile/build.h"
#include "sim/spec/quantity.h"

#include <string.h>

static const gd_lever levers[GD_FAULTS] = {
    [GD_FAULT_CRASH] = GD_LEVER_DOWN,       [GD_FAULT_SLOW] = GD_LEVER_SLOW,
    [GD_FAULT_HANG] = GD_LEVER_HANG,        [GD_FAULT_ERRORS] = GD_LEVER_ERRORS,
    [GD_FAULT_OVERLOAD] = GD_LEVER_LOAD,    [GD_FAULT_PARTITION] = GD_LEVER_CUT,
    [GD_FAULT_RATE_LIMIT] = GD_LEVER_LIMIT, [GD_FAULT_DRAIN] = GD_LEVER_DRAIN,
};

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
        gd_problem(b->problems, gd_node_said(m->node, "ramp"),
                   "is longer than the fault itself; write at most its `for`");
}

static void check_outcome(gd_fault_maker *m)
{
    gd_outcome outcome = (gd_outcome)m->spec->outcome;
    bool wrong = outcome == GD_OK || outcome == GD_UNFINISHED || outcome == GD_TIMEOUT ||
                 outcome == GD_CANCELLED || outcome == GD_BREAKER_OPEN ||
                 outcome == GD_BULKHEAD_FULL || outcome == GD_THROTTLED_LOCAL;
    if (m->spec->fault == GD_FAULT_ERRORS && wrong)
        gd_problem(m->b->problems, gd_node_said(m->node, "outcome"),
                   "no callee answers \"%s\"; write \"server_error\", \"unavailable\", \"shed\" …",
                   gd_outcome_words[outcome]);
}

static void fill_fault(gd_fault_maker *m)
{
    const gd_fault_spec *spec = m->spec;
    gd_plan_fault *fault = &m->fault;
    fault->name = m->node->key;
    fault->fault = gd_fault_words[spec->fault];
    fault->target = spec->target;
    fault->lever = (uint8_t)levers[spec->fault];
    fault->start = m->b->plan->warmup + spec->at;
    fault->end = spec->lasts ? gd_time_add(fault->start, spec->lasts) : GD_NEVER;
    fault->ramp = spec->ramp;
    fault->factor = fault->lever == GD_LEVER_SLOW || fault->lever == GD_LEVER_LOAD ? spec->factor
                                                                                   : GD_SHARE_ONE;
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
}

static bool read_kind(gd_builder *b, const gd_node *node, gd_fault_word *word)
{
    const gd_node *said = gd_node_said(node, "fault");
    for (int i = 0; said && said->kind == GD_STRING && i < GD_FAULTS; i++)
        if (strcmp(gd_fault_words[i], said->text) == 0) {
            *word = (gd_fault_word)i;
            return true;
        }
    const char *near =
        said && said->kind == GD_STRING ? gd_nearest(said->text, gd_fault_words) : NULL;
    if (near)
        gd_problem(b->problems, said, "there is no fault \"%s\"; did you mean \"%s\"?", said->text,
                   near);
    else
        gd_problem(b->problems, said ? said : node,
                   "does not name its kind; write \"fault\": \"crash\", slow, hang, errors, "
                   "overload, partition, rate_limit or drain");
    return false;
}

static void build_fault(gd_builder *b, const gd_node *node, gd_plan_fault *out)
{
    gd_fault_word word;
    if (!gd_is_name(node->key))
        gd_problem_key(b->problems, node,
                       "is no name; write a lower-case letter, then letters, digits, - or _");
    if (!read_kind(b, node, &word))
        return;
    guint before = gd_problems_reported(b->problems);
    gd_fault_maker m = {.b = b, .node = node};
    m.spec = gd_read(&b->reader, gd_fault_shapes[word], gd_node_present(b->arena, node));
    if (gd_problems_reported(b->problems) > before)
        return;
    m.targets = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    check_times(&m);
    check_outcome(&m);
    fill_fault(&m);
    gd_find_targets(&m);
    g_array_unref(m.targets);
    *out = m.fault;
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
    b->plan->faults = gd_arena_array(b->arena, gd_plan_fault, n + 1);
    if (n > GD_MAX_FAULTS)
        gd_too_many(b, faults, "faults", GD_MAX_FAULTS);
    for (uint32_t i = 0; i < n && !b->too_many; i++)
        build_fault(b, members[i], &b->plan->faults[i]);
    b->plan->n_faults = n;
    /* A control has the same document and no faults: they are read and reach nothing. Their times
     * stay, so that "during fault" is the same time in both. */
    bool without = b->options->control && !(b->scenario->control && b->scenario->control->patch);
    for (uint32_t i = 0; without && i < n; i++)
        b->plan->faults[i].targets_n = 0;
    if (without)
        g_array_set_size(b->targets, 0);
}
