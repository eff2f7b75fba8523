/* Names of steps: what their random draws hang on. A step is called by its `as`, else by its callee
 * or kind and its ordinal among equals in the operation, in document order. So a step of another
 * kind, put in anywhere, changes no other name.
 */
#include "models/compile/build.h"

#include <string.h>

static const char *const words[GD_SAYS + 1] = {"work",   "wait", "call", "parallel", "choose",
                                               "repeat", "if",   "fail", "optional", NULL};

gd_step_word gd_step_word_of(const gd_node *node)
{
    /* A call may also say "wait": false, so it is looked for first. */
    if (node->kind == GD_STRING || gd_node_get(node, "call"))
        return GD_SAYS_CALL;
    for (int word = 0; word < GD_SAYS; word++)
        if (gd_node_get(node, words[word]))
            return (gd_step_word)word;
    return GD_SAYS;
}

const char *gd_step_callee(const gd_node *node)
{
    if (node->kind == GD_STRING)
        return node->text;
    const gd_node *callee = gd_node_said(node, "call");
    const gd_node *pattern = callee ? gd_node_said(callee, "one_of") : NULL;
    callee = pattern ? pattern : callee;
    return callee && callee->kind == GD_STRING ? callee->text : NULL;
}

const gd_node **gd_branch_nodes(gd_builder *b, const gd_node *parallel)
{
    if (parallel->kind == GD_OBJECT)
        return gd_members(b, parallel);
    size_t n = 0;
    const gd_node **nodes = gd_arena_array(b->arena, const gd_node *, gd_node_count(parallel) + 1);
    for (const gd_node *child = parallel->first; child; child = child->next)
        nodes[n++] = child;
    return nodes;
}

bool gd_is_bare_call(const gd_node *branch)
{
    if (branch->kind == GD_ARRAY)
        return branch->first && !branch->first->next && gd_is_bare_call(branch->first);
    if (branch->kind == GD_STRING)
        return true;
    const gd_node *wait = gd_node_get(branch, "wait");
    return gd_node_get(branch, "call") && !(wait && wait->kind == GD_BOOL && !wait->truth);
}

const gd_node *gd_first_call(const gd_node *steps)
{
    if (!steps || steps->kind != GD_ARRAY)
        return steps && gd_is_bare_call(steps) ? steps : NULL;
    for (const gd_node *step = steps->first; step; step = step->next)
        if (step->kind != GD_ARRAY && gd_is_bare_call(step))
            return step;
    return NULL;
}

const char *gd_callee_behind(gd_builder *b, const char *callee)
{
    /* Proxies behind each other; those that call in a circle end here too. */
    enum { DEEPEST = 16 };
    for (unsigned depth = 0; depth < DEEPEST; depth++) {
        uint32_t op = gd_lookup(b->ops, callee);
        if (op == 0 || !b->plan->ops[op - 1].transparent)
            break;
        const gd_node *steps = gd_op_steps(g_array_index(b->op_nodes, const gd_node *, op - 1));
        const gd_node *first = gd_first_call(steps);
        const char *next = first ? gd_step_callee(first) : NULL;
        if (!next)
            break;
        callee = next;
    }
    return callee;
}

typedef struct {
    gd_builder *b;
    GHashTable *names; /* step -> name */
    GHashTable *branches;
    GHashTable *counts; /* name without ordinal -> how many so far */
    GHashTable *given;  /* `as` -> its node */
    const char *prefix; /* "", "before/" or "after/" */
} namer;

static const char *number(namer *n, const char *what)
{
    const char *key = gd_arena_printf(n->b->arena, "%s%s", n->prefix, what);
    guint count = GPOINTER_TO_UINT(g_hash_table_lookup(n->counts, key));
    g_hash_table_insert(n->counts, (void *)key, GUINT_TO_POINTER(count + 1));
    return gd_arena_printf(n->b->arena, "%s#%u", key, count);
}

static const char *given_name(namer *n, const gd_node *step)
{
    const gd_node *as = gd_node_said(step, "as");
    if (!as || as->kind != GD_STRING)
        return NULL;
    if (g_hash_table_contains(n->given, as->text))
        gd_problem(n->b->problems, as,
                   "another step of this operation is called \"%s\" too; choose another name",
                   as->text);
    g_hash_table_add(n->given, (void *)as->text);
    return as->text;
}

static void name_list(namer *n, const gd_node *list);

static void name_branches(namer *n, const gd_node *parallel)
{
    const gd_node **branches = gd_branch_nodes(n->b, parallel);
    for (size_t i = 0; branches[i]; i++) {
        const gd_node *branch = branches[i];
        name_list(n, branch);
        if (branch->key && parallel->kind == GD_OBJECT)
            g_hash_table_insert(n->branches, (void *)branch,
                                gd_arena_printf(n->b->arena, "%s%s", n->prefix, branch->key));
        else if (branch->kind == GD_ARRAY)
            g_hash_table_insert(n->branches, (void *)branch, (void *)number(n, "branch"));
    }
}

static void name_step(namer *n, const gd_node *step)
{
    gd_step_word word = gd_step_word_of(step);
    const char *name = given_name(n, step);
    const char *callee = word == GD_SAYS_CALL ? gd_step_callee(step) : NULL;
    callee = callee ? gd_callee_behind(n->b, callee) : NULL;
    if (!name && word < GD_SAYS)
        name = number(n, callee ? callee : words[word]);
    g_hash_table_insert(n->names, (void *)step, (void *)name);
    const gd_node *body =
        word < GD_SAYS && step->kind == GD_OBJECT ? gd_node_said(step, words[word]) : NULL;
    if (!body)
        return;
    if (word == GD_SAYS_PARALLEL)
        name_branches(n, body);
    if (word == GD_SAYS_CHOOSE) {
        const gd_node **options = gd_members(n->b, body);
        for (size_t i = 0; options[i]; i++)
            name_list(n, gd_node_said(options[i], "steps"));
    }
    if (word == GD_SAYS_REPEAT)
        name_list(n, gd_node_said(step, "steps"));
    if (word == GD_SAYS_OPTIONAL)
        name_list(n, body);
    if (word == GD_SAYS_IF) {
        name_list(n, gd_node_said(step, "then"));
        name_list(n, gd_node_said(step, "else"));
    }
}

/* A list of steps, or one step where a list may stand. */
static void name_list(namer *n, const gd_node *list)
{
    if (!list)
        return;
    if (list->kind != GD_ARRAY) {
        name_step(n, list);
        return;
    }
    for (const gd_node *step = list->first; step; step = step->next)
        name_step(n, step);
}

gd_names gd_name_steps(gd_builder *b, const gd_node *before, const gd_node *steps,
                       const gd_node *after)
{
    namer n = {b,
               g_hash_table_new(NULL, NULL),
               g_hash_table_new(NULL, NULL),
               g_hash_table_new(g_str_hash, g_str_equal),
               g_hash_table_new(g_str_hash, g_str_equal),
               "before/"};
    name_list(&n, before);
    n.prefix = "after/";
    name_list(&n, after);
    n.prefix = "";
    name_list(&n, steps);
    g_hash_table_unref(n.counts);
    g_hash_table_unref(n.given);
    return (gd_names){n.names, n.branches};
}
