/* Merge patches of a model. RFC 7396 everywhere, but for one thing: where a call's policy stands,
 * null says that nothing is there, whatever lies further away ("retry": null), so it is kept. */
#include "models/compile.h"

#include <string.h>

/* Members of `policy` that are null in the patch, put into what it became. */
static void keep_nulls(gd_arena *arena, gd_node *into, const gd_node *patch)
{
    if (!into || !patch || into->kind != GD_OBJECT || patch->kind != GD_OBJECT)
        return;
    for (const gd_node *member = patch->first; member; member = member->next)
        if (member->kind == GD_NULL && !gd_node_get(into, member->key))
            gd_node_append(into, gd_node_new(arena, GD_NULL, member->key, NULL, member));
}

/* The same for each member of a section of policies: `calls`, `policies`. */
static void keep_in_section(gd_arena *arena, gd_node *into, const gd_node *patch)
{
    if (!patch || patch->kind != GD_OBJECT)
        return;
    for (const gd_node *member = patch->first; member; member = member->next)
        keep_nulls(arena, gd_node_get(into, member->key), member);
}

gd_node *gd_model_patch(gd_arena *arena, const gd_node *model, const gd_node *patch,
                        gd_problems *problems)
{
    gd_node *patched = gd_node_merge(arena, model, patch, problems);
    keep_in_section(arena, gd_node_get(patched, "policies"), gd_node_get(patch, "policies"));
    const gd_node *defaults = gd_node_get(patch, "defaults");
    gd_node *of_all = gd_node_get(patched, "defaults");
    keep_nulls(arena, gd_node_get(of_all, "call"), gd_node_get(defaults, "call"));
    keep_nulls(arena, gd_node_get(of_all, "service"), gd_node_get(defaults, "service"));
    const gd_node *services = gd_node_get(patch, "services");
    gd_node *into = gd_node_get(patched, "services");
    if (!services || services->kind != GD_OBJECT)
        return patched;
    for (const gd_node *service = services->first; service; service = service->next) {
        gd_node *patched_service = gd_node_get(into, service->key);
        keep_nulls(arena, patched_service, service);
        keep_in_section(arena, gd_node_get(patched_service, "calls"),
                        gd_node_get(service, "calls"));
    }
    return patched;
}
