/* Steps become a flat table. What runs beside the main line (branches, rounds of a repeat) stands
 * behind the operation's END, so that the main line is contiguous. */
#include "models/compile/build.h"

#include <string.h>

/* An operation that goes round more often than this is refused, as one with too many calls is
 * (MOST_CALLS in statics.c). */
#define MOST_ROUNDS 1e6

typedef struct {
    const gd_node *list; /* steps, or one step */
    bool is_branch;
    uint32_t index; /* of the branch, or of the REPEAT step */
    double times;
} body;

typedef struct {
    gd_builder *b;
    uint32_t op;
    gd_names names;
    GArray *bodies;        /* still to be laid out */
    const gd_node *passes; /* the call to which a proxy passes its name on */
} emitter;

static uint32_t add_step(emitter *e, gd_step_kind kind, const gd_node *node, uint64_t salt)
{
    gd_builder *b = e->b;
    gd_step step = {.kind = (uint8_t)kind, .salt = salt};
    if (b->steps->len >= GD_MAX_STEPS) {
        gd_too_many(b, node, "steps", GD_MAX_STEPS);
        return 0;
    }
    g_array_append_val(b->steps, step);
    return b->steps->len - 1;
}

static gd_step *step_at(emitter *e, uint32_t index)
{
    return &g_array_index(e->b->steps, gd_step, index);
}

static const char *name_of(emitter *e, const gd_node *node)
{
    const char *name = g_hash_table_lookup(e->names.steps, node);
    return name ? name : "";
}

static void emit_list(emitter *e, const gd_node *list, double times);

/* ---- calls -------------------------------------------------------------------------------- */
static uint32_t add_call_site(emitter *e, const gd_node *node, double times)
{
    const char *callee = gd_step_callee(node);
    if (!callee) {
        gd_problem(e->b->problems, node, "does not say what it calls; write \"service.operation\"");
        return GD_NONE;
    }
    const gd_node *group = gd_node_said(node, "call");
    if (group && group->kind == GD_OBJECT)
        gd_read(&e->b->reader, &gd_callee_shape, group);
    gd_call_at at = {.client = GD_NONE, .op = e->op, .callee = callee, .place = node};
    at.step = node->kind == GD_OBJECT ? node : NULL;
    at.name = name_of(e, node);
    at.passes = node == e->passes;
    at.times = times;
    return gd_add_site(e->b, &at);
}

static void emit_call(emitter *e, const gd_node *node, const gd_step_spec *spec, double times)
{
    bool waits = !spec || spec->wait;
    uint32_t site = add_call_site(e, node, times);
    uint32_t step =
        add_step(e, waits ? GD_STEP_CALL : GD_STEP_SEND, node, gd_hash_text(name_of(e, node)));
    step_at(e, step)->a = site;
}

/* ---- branches ----------------------------------------------------------------------------- */
static uint16_t read_until(gd_builder *b, const gd_node *until, uint32_t n)
{
    int64_t needed = n;
    if (!until || (until->kind == GD_STRING && strcmp(until->text, "all") == 0))
        return (uint16_t)n;
    if (until->kind == GD_STRING && strcmp(until->text, "first") == 0)
        return 1;
    if (until->kind != GD_NUMBER)
        gd_problem(b->problems, until, "expected \"all\", \"first\" or a number of branches");
    else
        gd_read_count(&b->reader, until, 1, n, &needed);
    return (uint16_t)needed;
}

static void fill_branch(emitter *e, const gd_node *node, uint32_t index, double times)
{
    gd_branch branch = {.bare = gd_is_bare_call(node)};
    const gd_node *call = node->kind == GD_ARRAY && branch.bare ? node->first : node;
    const char *name = g_hash_table_lookup(e->names.branches, node);
    branch.salt = gd_hash_text(name ? name : name_of(e, call));
    if (branch.bare) {
        branch.at = add_call_site(e, call, times);
    } else {
        body pending = {node, true, index, times};
        g_array_append_val(e->bodies, pending);
    }
    g_array_index(e->b->branches, gd_branch, index) = branch;
}

static void emit_parallel(emitter *e, const gd_node *node, const gd_step_spec *spec, double times)
{
    gd_builder *b = e->b;
    if (spec->body->kind != GD_ARRAY && spec->body->kind != GD_OBJECT) {
        gd_problem(b->problems, spec->body,
                   "expected branches; write [\"a.get\", \"b.get\"] or named members");
        return;
    }
    const gd_node **nodes = gd_branch_nodes(b, spec->body);
    uint32_t n = 0;
    while (nodes[n])
        n++;
    if (n == 0 || n > GD_MAX_BRANCHES) {
        gd_problem(b->problems, spec->body, "has %u branches; write 1 to %u", n, GD_MAX_BRANCHES);
        return;
    }
    uint32_t step = add_step(e, GD_STEP_PARALLEL, node, gd_hash_text(name_of(e, node)));
    uint32_t first = b->branches->len;
    gd_step *parallel = step_at(e, step);
    parallel->a = first;
    parallel->n = (uint16_t)n;
    parallel->b = read_until(b, spec->until, n);
    parallel->flags =
        (uint8_t)((spec->on_failure ? GD_STEP_AT_ONCE : 0) | (spec->rest ? GD_STEP_CANCEL : 0));
    g_array_set_size(b->branches, first + n);
    for (uint32_t i = 0; i < n; i++)
        fill_branch(e, nodes[i], first + i, times);
}

/* ---- choices ------------------------------------------------------------------------------ */
static void emit_choose(emitter *e, const gd_node *node, const gd_step_spec *spec, double times)
{
    gd_builder *b = e->b;
    const gd_node **nodes = gd_members(b, spec->body);
    uint32_t n = 0;
    while (nodes[n])
        n++;
    if (spec->body->kind != GD_OBJECT || n == 0 || n > GD_MAX_BRANCHES) {
        gd_problem(b->problems, spec->body,
                   "expected 1 to %u named options; write {\"hit\": {\"weight\": 9, \"steps\": "
                   "[…]}, …}",
                   GD_MAX_BRANCHES);
        return;
    }
    g_autofree gd_share *weights = g_new(gd_share, n);
    g_autofree uint64_t *below = g_new(uint64_t, n);
    g_autofree const gd_option_spec **options = g_new(const gd_option_spec *, n);
    double total = 0;
    for (uint32_t i = 0; i < n; i++) {
        options[i] = gd_read(&b->reader, &gd_option_shape, nodes[i]);
        weights[i] = options[i]->weight;
        total += (double)weights[i];
    }
    if (total <= 0) {
        gd_problem(b->problems, spec->body, "all weights are 0; give one option a weight");
        return;
    }
    gd_thresholds(weights, n, below);
    uint32_t step = add_step(e, GD_STEP_CHOOSE, node, gd_hash_text(name_of(e, node)));
    uint32_t first = b->choices->len;
    step_at(e, step)->a = first;
    step_at(e, step)->n = (uint16_t)n;
    g_array_set_size(b->choices, first + n);
    g_autofree uint32_t *jumps = g_new(uint32_t, n);
    for (uint32_t i = 0; i < n; i++) {
        g_array_index(b->choices, gd_choice, first + i) = (gd_choice){below[i], b->steps->len};
        emit_list(e, options[i]->steps, times * (double)weights[i] / total);
        jumps[i] = add_step(e, GD_STEP_JUMP, node, 0);
    }
    for (uint32_t i = 0; i < n; i++)
        step_at(e, jumps[i])->a = b->steps->len;
}

static void emit_if(emitter *e, const gd_node *node, const gd_step_spec *spec, double times)
{
    gd_builder *b = e->b;
    const char *name = spec->body->kind == GD_STRING ? spec->body->text : "";
    uint32_t flag = gd_lookup(b->flag_index, name);
    if (!flag) {
        const char *near = gd_nearest_key(b, b->flag_index, name);
        gd_problem(b->problems, spec->body,
                   near ? "there is no flag \"%s\"; did you mean \"%s\"?"
                        : "there is no flag \"%s\"; name it under flags",
                   name, near);
        return;
    }
    const gd_flag_spec *said = b->model->flags.at[flag - 1].spec;
    double on = (double)said->share / (double)GD_SHARE_ONE;
    uint32_t step = add_step(e, GD_STEP_IF, node, gd_hash_text(name_of(e, node)));
    step_at(e, step)->a = flag - 1;
    emit_list(e, spec->then, times * on);
    if (!spec->otherwise) {
        step_at(e, step)->b = b->steps->len;
        return;
    }
    uint32_t jump = add_step(e, GD_STEP_JUMP, node, 0);
    step_at(e, step)->b = b->steps->len;
    emit_list(e, spec->otherwise, times * (1 - on));
    step_at(e, jump)->a = b->steps->len;
}

static void emit_optional(emitter *e, const gd_node *node, const gd_step_spec *spec, double times)
{
    gd_builder *b = e->b;
    const gd_party *party = gd_party_of(b, b->plan->ops[e->op].service);
    if (!party->spec || !party->spec->brownout)
        gd_problem(b->problems, node,
                   "nothing leaves it out; write \"brownout\": {\"target\": \"200ms\"} on the "
                   "service, or its steps by themselves");
    uint32_t step = add_step(e, GD_STEP_OPTIONAL, node, gd_hash_text(name_of(e, node)));
    emit_list(e, spec->body, times);
    step_at(e, step)->a = b->steps->len;
}

/* ---- repeats ------------------------------------------------------------------------------ */
/* How often on average; fills the count's fields of the step. */
static double read_repeats(emitter *e, const gd_node *count, gd_step *step)
{
    gd_builder *b = e->b;
    step->b = GD_NONE;
    if (count->kind != GD_STRING || count->text[0] != '$') {
        step->b = gd_dist_index(b, count, false);
        return gd_dist_mean_at(b, count, false);
    }
    for (guint i = 0; i < b->attribute_names->len; i++) {
        if (strcmp(b->attribute_names->pdata[i], count->text + 1) != 0)
            continue;
        gd_attribute_use use = {e->op, i, count};
        g_array_append_val(b->drawn_by, use);
        step->c = i;
        return b->attribute_means[i];
    }
    gd_problem(
        b->problems, count,
        "no client draws \"%s\"; write \"draw\": {\"%s\": {\"geometric\": {\"mean\": 3}}} on "
        "the client",
        count->text + 1, count->text + 1);
    return 0;
}

static void emit_repeat(emitter *e, const gd_node *node, const gd_step_spec *spec, double times)
{
    const gd_node *steps = spec->steps;
    gd_step counted = {0};
    double mean = read_repeats(e, spec->body, &counted);
    if (!steps || (steps->kind == GD_ARRAY && !steps->first)) {
        gd_problem(e->b->problems, node,
                   "repeats nothing; write \"steps\": [\"service.operation\"]");
        return;
    }
    if (times * mean > MOST_ROUNDS)
        gd_problem(e->b->problems, node,
                   "goes round about %.3g times in one request, and a run allows %.0g; repeat less",
                   times * mean, MOST_ROUNDS);
    uint32_t index = add_step(e, GD_STEP_REPEAT, node, gd_hash_text(name_of(e, node)));
    gd_step *step = step_at(e, index);
    step->b = counted.b;
    step->c = counted.c;
    step->n = (uint16_t)spec->at_once;
    step->flags = gd_is_bare_call(steps) ? GD_STEP_BARE : 0;
    body pending = {steps, false, index, times * mean};
    g_array_append_val(e->bodies, pending);
}

/* ---- one step ----------------------------------------------------------------------------- */
static void emit_fail(emitter *e, const gd_node *node, const gd_step_spec *spec)
{
    gd_builder *b = e->b;
    gd_outcome outcome = (gd_outcome)spec->outcome;
    if (outcome == GD_OK || outcome == GD_UNFINISHED)
        gd_problem(b->problems, gd_node_said(node, "outcome"),
                   "a failure cannot end with \"%s\"; write \"server_error\"",
                   gd_outcome_words[outcome]);
    uint64_t threshold = gd_share_threshold(spec->share);
    uint32_t step = add_step(e, GD_STEP_FAIL, node, gd_hash_text(name_of(e, node)));
    step_at(e, step)->a = b->shares->len;
    step_at(e, step)->n = spec->outcome;
    g_array_append_val(b->shares, threshold);
}

static const gd_step_spec *read_step(gd_builder *b, const gd_node *node, gd_step_word word)
{
    gd_step_spec *spec = g_hash_table_lookup(b->step_specs, node);
    if (!spec) {
        const gd_node *kept = node->kind == GD_OBJECT ? gd_node_present(b->arena, node) : node;
        kept = gd_later_refuse(b->arena, kept, GD_LATER_CALL, b->problems);
        spec = gd_read(&b->reader, gd_step_shapes[word], kept);
        g_hash_table_insert(b->step_specs, (void *)node, spec);
    }
    return spec;
}

static void report_no_step(gd_builder *b, const gd_node *node)
{
    guint before = gd_problems_reported(b->problems);
    gd_later_refuse(b->arena, node, GD_LATER_STEP, b->problems);
    if (gd_problems_reported(b->problems) == before)
        gd_problem(
            b->problems, node,
            "is no step; write \"service.operation\" or one of {\"work\": …}, {\"wait\": …}, "
            "{\"call\": …}, {\"parallel\": …}, {\"choose\": …}, {\"repeat\": …}, {\"if\": …}, "
            "{\"fail\": …}, {\"optional\": …}");
}

static void emit_step(emitter *e, const gd_node *node, double times)
{
    gd_builder *b = e->b;
    gd_step_word word = gd_step_word_of(node);
    if (word == GD_SAYS) {
        report_no_step(b, node);
        return;
    }
    if (node->kind == GD_STRING) {
        emit_call(e, node, NULL, times);
        return;
    }
    const gd_step_spec *spec = read_step(b, node, word);
    if (!spec->body && word != GD_SAYS_FAIL)
        return; /* null: reported by the reader */
    switch (word) {
    case GD_SAYS_WORK:
    case GD_SAYS_WAIT: {
        uint32_t dist = gd_dist_index(b, spec->body, true);
        uint32_t step = add_step(e, word == GD_SAYS_WORK ? GD_STEP_WORK : GD_STEP_WAIT, node,
                                 gd_hash_text(name_of(e, node)));
        step_at(e, step)->a = dist;
        break;
    }
    case GD_SAYS_CALL:
        emit_call(e, node, spec, times);
        break;
    case GD_SAYS_PARALLEL:
        emit_parallel(e, node, spec, times);
        break;
    case GD_SAYS_CHOOSE:
        emit_choose(e, node, spec, times);
        break;
    case GD_SAYS_REPEAT:
        emit_repeat(e, node, spec, times);
        break;
    case GD_SAYS_IF:
        emit_if(e, node, spec, times);
        break;
    case GD_SAYS_OPTIONAL:
        emit_optional(e, node, spec, times);
        break;
    case GD_SAYS_FAIL:
        emit_fail(e, node, spec);
        break;
    case GD_SAYS:
        break;
    }
}

static void emit_list(emitter *e, const gd_node *list, double times)
{
    if (!list)
        return;
    if (list->kind != GD_ARRAY) {
        emit_step(e, list, times);
        return;
    }
    for (const gd_node *step = list->first; step && !e->b->too_many; step = step->next)
        emit_step(e, step, times);
}

/* ---- operations --------------------------------------------------------------------------- */
static void emit_bodies(emitter *e)
{
    gd_builder *b = e->b;
    for (guint i = 0; i < e->bodies->len && !b->too_many; i++) {
        body pending = g_array_index(e->bodies, body, i);
        uint32_t first = b->steps->len;
        if (pending.is_branch)
            g_array_index(b->branches, gd_branch, pending.index).at = first;
        else
            step_at(e, pending.index)->a = first;
        emit_list(e, pending.list, pending.times);
        add_step(e, GD_STEP_END_STRAND, pending.list, 0);
    }
}

static void emit_op(emitter *e, const gd_party *party, const gd_node *node)
{
    gd_builder *b = e->b;
    gd_plan_op *op = &b->plan->ops[e->op];
    op->first = add_step(e, GD_STEP_ENTER, node, 0);
    step_at(e, op->first)->a = e->op;
    op->sites_first = b->sites->len;
    if (party->external) {
        uint32_t dist = gd_dist_index(b, node, true);
        uint32_t step = add_step(e, GD_STEP_WAIT, node, gd_hash_text("wait#0"));
        step_at(e, step)->a = dist;
    } else {
        const gd_node *steps = gd_op_steps(node);
        e->passes = op->transparent ? gd_first_call(steps) : NULL;
        if (op->transparent && !e->passes)
            gd_problem(b->problems, node,
                       "is transparent, but has no call to pass its caller's name on to; add one "
                       "that it waits for, or remove \"transparent\"");
        bool plain = gd_is_handshake(op->name);
        const gd_node *before = plain ? NULL : party->spec->before;
        const gd_node *after = plain ? NULL : party->spec->after;
        e->names = gd_name_steps(b, before, steps, after);
        emit_list(e, before, 1);
        emit_list(e, steps, 1);
        emit_list(e, after, 1);
    }
    step_at(e, add_step(e, GD_STEP_END, node, 0))->a = e->op;
    emit_bodies(e);
    op->sites_n = b->sites->len - op->sites_first;
    const gd_step *second = op->first + 1 < b->steps->len ? step_at(e, op->first + 1) : NULL;
    op->starts_with_work = second && second->kind == GD_STEP_WORK;
}

/* What a refusal costs is a program of two steps, behind the service's operations. */
static void emit_refusal(gd_builder *b, uint32_t index)
{
    gd_plan_service *service = &b->plan->services[index];
    const gd_party *party = gd_party_of(b, index);
    if (!party->spec || !party->spec->reject_cost || service->ops_n == 0)
        return;
    emitter e = {.b = b, .op = service->ops_first};
    const gd_node *node = gd_node_said(party->node, "reject_cost");
    step_at(&e, add_step(&e, GD_STEP_ENTER, node, 0))->a = service->ops_first;
    uint32_t dist = gd_dist_index_of(b, party->spec->reject_cost, node);
    service->refusal = add_step(&e, GD_STEP_WORK, node, gd_hash_text("refusal"));
    step_at(&e, service->refusal)->a = dist;
    add_step(&e, GD_STEP_REFUSE, node, 0);
}

void gd_build_steps(gd_builder *b)
{
    for (uint32_t i = 0; i < b->plan->n_ops && !b->too_many; i++) {
        emitter e = {.b = b, .op = i};
        const gd_party *party = gd_party_of(b, b->plan->ops[i].service);
        e.bodies = g_array_new(FALSE, FALSE, sizeof(body));
        emit_op(&e, party, g_array_index(b->op_nodes, const gd_node *, i));
        g_array_unref(e.bodies);
        g_clear_pointer(&e.names.steps, g_hash_table_unref);
        g_clear_pointer(&e.names.branches, g_hash_table_unref);
    }
    for (uint32_t i = 0; i < b->plan->n_services && !b->too_many; i++)
        emit_refusal(b, i);
}
