/* "use": "starter": a sensible first policy for a call (patterns, Annex B): a deadline of 10 s, the
 * better of two instances, and a timeout of three times the callee's own p99, at least 100 ms. No
 * retries and no breaker: those are decisions. A model may name a policy "starter" of its own.
 *
 * The p99 is an estimate: the sum over the callee's steps and what they call, the longest of
 * parallel branches, without waiting in queues and on the network. It is rounded up to 10 ms.
 */
#include "models/compile/build.h"
#include "sim/spec/quantity.h"

#include <string.h>

#define SHORTEST_TIMEOUT (100 * GD_MS)
#define ROUNDING         (10 * GD_MS)
#define P99S             3
/* Calls that are looked into below a call; a chain longer than this has timeouts of its own. */
#define DEEPEST 8

static double p99_of_list(gd_builder *b, const gd_node *list, int depth);

static double p99_of_dist(gd_builder *b, const gd_node *node)
{
    g_autoptr(gd_problems) ignored = gd_problems_new();
    gd_reader reader = {.arena = b->arena, .problems = ignored};
    const gd_dist_spec *spec = node ? gd_read_dist(&reader, node, true) : NULL;
    return spec && gd_problems_count(ignored) == 0 ? gd_dist_get_quantile(spec, 0.99) : 0;
}

/* Of one operation, with what it calls down to `depth`. */
static double p99_of_op(gd_builder *b, uint32_t op, int depth)
{
    const gd_node *node = g_array_index(b->op_nodes, const gd_node *, op);
    const gd_party *party = gd_party_of(b, b->plan->ops[op].service);
    if (party->external)
        return p99_of_dist(b, node);
    const gd_node *steps = node->kind == GD_OBJECT ? gd_node_said(node, "steps") : node;
    return p99_of_list(b, party->spec->before, depth) + p99_of_list(b, steps, depth) +
           p99_of_list(b, party->spec->after, depth);
}

/* Each callee is looked into once for each depth: a fan-out may be wide. */
static double p99_of_call(gd_builder *b, const char *callee, int depth)
{
    if (!callee || depth == 0)
        return 0;
    const char *key = gd_arena_printf(b->arena, "%d %s", depth, callee);
    const double *known = g_hash_table_lookup(b->p99s, key);
    if (known)
        return *known;
    uint32_t op = gd_lookup(b->ops, callee);
    for (uint32_t i = 0; !op && strchr(callee, '*') && i < b->plan->n_ops; i++)
        if (gd_matches(callee, b->plan->ops[i].name, strlen(b->plan->ops[i].name)))
            op = i + 1;
    double *p99 = gd_arena_make(b->arena, double);
    *p99 = op ? p99_of_op(b, op - 1, depth) : 0;
    g_hash_table_insert(b->p99s, (void *)key, p99);
    return *p99;
}

/* The longest of an array's elements or an object's members, each a list or an option. */
static double p99_of_longest(gd_builder *b, const gd_node *branches, int depth)
{
    double longest = 0;
    for (const gd_node *branch = branches ? branches->first : NULL; branch; branch = branch->next) {
        const gd_node *steps = gd_node_said(branch, "steps");
        longest = MAX(longest, p99_of_list(b, steps ? steps : branch, depth));
    }
    return longest;
}

static double p99_of_step(gd_builder *b, const gd_node *step, int depth)
{
    gd_step_word word = gd_step_word_of(step);
    switch (word) {
    case GD_SAYS_WORK:
        return p99_of_dist(b, gd_node_said(step, "work"));
    case GD_SAYS_WAIT:
        return p99_of_dist(b, gd_node_said(step, "wait"));
    case GD_SAYS_CALL:
        return gd_is_bare_call(step) ? p99_of_call(b, gd_step_callee(step), depth - 1) : 0;
    case GD_SAYS_PARALLEL:
        return p99_of_longest(b, gd_node_said(step, "parallel"), depth);
    case GD_SAYS_CHOOSE:
        return p99_of_longest(b, gd_node_said(step, "choose"), depth);
    case GD_SAYS_REPEAT:
        return p99_of_list(b, gd_node_said(step, "steps"), depth) *
               MAX(1, gd_dist_mean_at(b, gd_node_said(step, "repeat"), false));
    case GD_SAYS_IF:
        return MAX(p99_of_list(b, gd_node_said(step, "then"), depth),
                   p99_of_list(b, gd_node_said(step, "else"), depth));
    case GD_SAYS_OPTIONAL:
        return p99_of_list(b, gd_node_said(step, "optional"), depth);
    case GD_SAYS_FAIL:
    case GD_SAYS:
        return 0;
    }
    return 0;
}

static double p99_of_list(gd_builder *b, const gd_node *list, int depth)
{
    double sum = 0;
    if (!list || list->kind != GD_ARRAY)
        return list ? p99_of_step(b, list, depth) : 0;
    for (const gd_node *step = list->first; step; step = step->next)
        sum += p99_of_step(b, step, depth);
    return sum;
}

const gd_node *gd_starter_policy(gd_builder *b, const char *callee)
{
    double p99 = P99S * p99_of_call(b, callee, DEEPEST);
    gd_span timeout = p99 < (double)GD_HOUR ? (gd_span)p99 : GD_HOUR;
    timeout = MAX(SHORTEST_TIMEOUT, (timeout + ROUNDING - 1) / ROUNDING * ROUNDING);
    char span[32];
    gd_print_span(timeout, span);
    const char *text = gd_arena_printf(
        b->arena, "{\"timeout\": \"%s\", \"deadline\": \"10s\", \"balancer\": \"two_choices\"}",
        span);
    return gd_source_parse(b->arena, "starter", text, strlen(text), b->problems);
}
