/* The layers of a call's policy, nearest first. The nearest wins, field by field. */
#include "models/compile/build.h"

#include <string.h>

/* Policies that build on each other: more could not be followed by a reader either. Twice this and
 * the layers of a call stay below GD_MAX_LAYERS. */
#define DEEPEST_USE 8u
/* A hostile policy is refused before it is copied for each call (rigour 4.1). */
#define LARGEST_POLICY 1000u

static bool is_policy_field(const char *name)
{
    for (const gd_field *field = gd_call_shape.fields; field->name; field++)
        if (strcmp(field->name, name) == 0)
            return true;
    return false;
}

static size_t count_all(const gd_node *node)
{
    size_t n = 1;
    for (const gd_node *child = node->first; child && n <= LARGEST_POLICY; child = child->next)
        n += count_all(child);
    return n;
}

/* The members of a step or a client that say how it calls; a bare name becomes {"use": name}. */
static gd_node *policy_of(gd_builder *b, const gd_node *node)
{
    gd_node *policy = gd_node_new(b->arena, GD_OBJECT, node->key, NULL, node);
    policy->parent = node->parent;
    if (node->kind == GD_STRING) {
        gd_node *use = gd_node_new(b->arena, GD_STRING, "use", node->text, node);
        gd_node_append(policy, use);
        return policy;
    }
    for (const gd_node *member = node->first; member && node->kind == GD_OBJECT;
         member = member->next) {
        if (!is_policy_field(member->key))
            continue;
        gd_node *copy = gd_arena_make(b->arena, gd_node);
        *copy = *member;
        gd_node_append(policy, copy);
    }
    if (count_all(policy) > LARGEST_POLICY) {
        gd_problem(b->problems, node, "is larger than any policy; leave out what it does not need");
        policy->first = policy->last = NULL;
    }
    return policy;
}

static void report_unknown(gd_builder *b, const gd_node *node)
{
    static const char *words[32]; /* the fields' names; more would not fit a call's shape */
    size_t n = 0;
    for (const gd_field *field = gd_call_shape.fields; field->name; field++)
        words[n++] = field->name;
    const gd_node *kept = gd_later_refuse(b->arena, node, GD_LATER_CALL, b->problems);
    for (const gd_node *member = kept->first; member; member = member->next)
        if (!is_policy_field(member->key) && !gd_is_remark(member->key))
            gd_report_unknown(b->problems, member, words);
}

/* A policy, or an entry of `calls`: it holds nothing else. */
static const gd_node *layer_node(gd_builder *b, const gd_node *node)
{
    const gd_node *known = g_hash_table_lookup(b->layer_nodes, node);
    if (known)
        return known;
    if (node->kind == GD_OBJECT)
        report_unknown(b, node);
    else if (node->kind != GD_STRING)
        gd_problem(b->problems, node,
                   "expected a policy such as {\"timeout\": \"300ms\"}, or the name of one");
    known = policy_of(b, node);
    g_hash_table_insert(b->layer_nodes, (void *)node, (void *)known);
    return known;
}

static uint32_t push(gd_layer *layers, uint32_t n, const char *name, const gd_node *node)
{
    if (n < GD_MAX_LAYERS)
        layers[n++] = (gd_layer){name, node};
    return n;
}

/* `callee` is whose timeout the starter's is; NULL: nobody's. */
static const gd_node *find_policy(gd_builder *b, const gd_node *use, const char *callee)
{
    const gd_node *policy = g_hash_table_lookup(b->policy_nodes, use->text);
    if (!policy && strcmp(use->text, "starter") == 0)
        return gd_starter_policy(b, callee);
    if (!policy)
        gd_problem(b->problems, use, "there is no policy \"%s\"; name one of `policies`",
                   use->text);
    return policy;
}

/* The policy that the nearest of the layers from `from` on names by `use`, then what that builds
 * on, and so on. */
static uint32_t push_used(gd_builder *b, gd_layer *layers, uint32_t n, uint32_t from,
                          const char *callee)
{
    uint32_t start = from, used = 0;
    for (uint32_t i = from; i < n && n < GD_MAX_LAYERS; i++) {
        const gd_node *use = gd_node_said(layers[i].node, "use");
        if (!use || use->kind != GD_STRING)
            continue;
        const gd_node *policy = find_policy(b, use, callee);
        if (!policy)
            return n;
        if (++used > DEEPEST_USE) {
            gd_problem(b->problems, use,
                       "is the %uth policy in a row that builds on another; "
                       "build on fewer",
                       used);
            return n;
        }
        const char *name = gd_arena_printf(b->arena, "policies.%s", use->text);
        for (uint32_t k = start; k < n; k++)
            if (strcmp(layers[k].name, name) == 0) {
                gd_problem(b->problems, use, "the policy \"%s\" builds on itself; remove this",
                           use->text);
                return n;
            }
        n = push(layers, n, name, layer_node(b, policy));
        i = n - 2; /* nearer ones have had their say: on with the one that was pushed */
    }
    return n;
}

static uint32_t push_calls(gd_builder *b, gd_party *caller, const char *callee, gd_layer *layers,
                           uint32_t n)
{
    const char *keys[2] = {callee, gd_arena_strndup(b->arena, callee, strcspn(callee, "."))};
    for (int i = 0; i < 2; i++) {
        const gd_node *node = g_hash_table_lookup(caller->calls, keys[i]);
        if (!node)
            continue;
        g_hash_table_add(caller->calls_used, (void *)node->key);
        const char *name =
            strchr(keys[i], '.')
                ? gd_arena_printf(b->arena, "services.%s.calls.\"%s\"", caller->name, keys[i])
                : gd_arena_printf(b->arena, "services.%s.calls.%s", caller->name, keys[i]);
        n = push(layers, n, name, layer_node(b, node));
    }
    return n;
}

static uint32_t push_default(gd_builder *b, gd_layer *layers, uint32_t n, const char *callee)
{
    const gd_node *far = gd_default_call(b);
    if (!far)
        return n;
    uint32_t from = n;
    n = push(layers, n, "defaults.call", layer_node(b, far));
    return push_used(b, layers, n, from, callee);
}

const gd_node *gd_default_call(gd_builder *b)
{
    return gd_node_said(gd_node_said(b->model_node, "defaults"), "call");
}

uint32_t gd_call_layers(gd_builder *b, gd_party *caller, const gd_node *client, const char *callee,
                        const gd_node *step, gd_layer layers[GD_MAX_LAYERS])
{
    uint32_t n = 0;
    if (client) {
        n = push(layers, n, gd_arena_printf(b->arena, "clients.%s", client->key),
                 policy_of(b, client));
        return push_used(b, layers, n, 0,
                         callee); /* users are no services: defaults.call is not theirs */
    }
    if (step && step->kind == GD_OBJECT)
        n = push(layers, n, "the step", policy_of(b, step));
    n = push_calls(b, caller, callee, layers, n);
    n = push_used(b, layers, n, 0, callee);
    return push_default(b, layers, n, callee);
}

uint32_t gd_policy_layers(gd_builder *b, const char *name, const gd_node *node,
                          gd_layer layers[GD_MAX_LAYERS])
{
    uint32_t n = push(layers, 0, name, layer_node(b, node));
    n = push_used(b, layers, n, 0, NULL);
    return node == gd_default_call(b) ? n : push_default(b, layers, n, NULL);
}

/* Members that name a kind cannot be merged with another kind: the nearer one replaces them whole.
 * A copy of `far` in which they are null. */
static const gd_node *clear_for(gd_builder *b, const gd_node *far, const gd_node *near)
{
    gd_node *clear = gd_node_new(b->arena, GD_OBJECT, NULL, NULL, far);
    if (gd_node_get(near, "then") || gd_node_get(near, "optional")) {
        gd_node_append(clear, gd_node_new(b->arena, GD_NULL, "then", NULL, far));
        gd_node_append(clear, gd_node_new(b->arena, GD_NULL, "optional", NULL, far));
    }
    if (gd_node_get(gd_node_get(near, "retry"), "backoff") && gd_node_said(far, "retry")) {
        gd_node *retry = gd_node_new(b->arena, GD_OBJECT, "retry", NULL, far);
        gd_node_append(retry, gd_node_new(b->arena, GD_NULL, "backoff", NULL, far));
        gd_node_append(clear, retry);
    }
    return clear->first ? gd_node_overlay(b->arena, far, clear) : far;
}

const gd_node *gd_overlay_layers(gd_builder *b, const gd_layer *layers, uint32_t n)
{
    if (n == 0)
        return gd_node_new(b->arena, GD_OBJECT, NULL, NULL, NULL);
    const gd_node *whole = layers[n - 1].node;
    for (uint32_t i = n - 1; i-- > 0;)
        whole = gd_node_overlay(b->arena, clear_for(b, whole, layers[i].node), layers[i].node);
    return whole;
}
