#include "models/compile/shape.h"

#include <string.h>

/* Parts of the documents' grammar that this version does not simulate. They are refused by name,
 * never ignored: a model whose cache was silently left out would lie. */
static const char *const later[GD_LATERS][24] = {
    [GD_LATER_MODEL] = {"stores", "caches", "queues", "jobs", "alerts", "routing", "channels",
                        "teams", "people", "runbooks", "automations", "tools", "deploys",
                        "assumptions", "decisions", "accepted_risks", "costs"},
    [GD_LATER_SCENARIO] = {"deploys", "away"},
    [GD_LATER_SERVICE] = {"consumes", "health", "autoscaler"},
    [GD_LATER_OP] = {"promises"},
    [GD_LATER_STEP] = {"cache", "read", "write", "publish"},
    [GD_LATER_CALL] = {NULL},
    [GD_LATER_RETRY] = {NULL},
    [GD_LATER_EXTERNAL] = {"idempotency_key"},
    [GD_LATER_CLIENT] = {"segment"},
};

static bool is_later(const gd_node *member, gd_later where)
{
    for (size_t i = 0; i < G_N_ELEMENTS(later[where]) && later[where][i]; i++)
        if (strcmp(member->key, later[where][i]) == 0)
            return true;
    return false;
}

/* A copy that shares its children's children; its own parent stays, so addresses stay. */
static gd_node *copy_shallow(gd_arena *arena, const gd_node *node)
{
    gd_node *copy = gd_arena_make(arena, gd_node);
    *copy = *node;
    copy->first = copy->last = copy->next = NULL;
    return copy;
}

static void append_copy(gd_arena *arena, gd_node *object, const gd_node *member)
{
    gd_node *copy = gd_arena_make(arena, gd_node);
    *copy = *member;
    gd_node_append(object, copy);
}

const gd_node *gd_later_refuse(gd_arena *arena, const gd_node *node, gd_later where,
                               gd_problems *problems)
{
    if (!node || node->kind != GD_OBJECT)
        return node;
    gd_node *kept = copy_shallow(arena, node);
    bool refused = false;
    for (const gd_node *member = node->first; member; member = member->next) {
        if (!is_later(member, where)) {
            append_copy(arena, kept, member);
            continue;
        }
        refused = true;
        if (member->kind != GD_NULL)
            gd_problem_key(problems, member,
                           "not yet: %s; this version does not simulate it, leave it out",
                           member->key);
    }
    return refused ? kept : node;
}

const gd_node *gd_node_present(gd_arena *arena, const gd_node *node)
{
    bool any = false;
    for (const gd_node *member = node->first; member && !any; member = member->next)
        any = member->kind == GD_NULL;
    if (!any || node->kind != GD_OBJECT)
        return node;
    gd_node *kept = copy_shallow(arena, node);
    for (const gd_node *member = node->first; member; member = member->next)
        if (member->kind != GD_NULL)
            append_copy(arena, kept, member);
    return kept;
}

const gd_node *gd_node_said(const gd_node *object, const char *key)
{
    const gd_node *member = gd_node_get(object, key);
    return member && member->kind != GD_NULL ? member : NULL;
}
