#include "sim/spec/node.h"
#include "sim/spec/text.h"

#include <string.h>

/* Objects with more members than this get a table of their names while they are merged. */
#define FEW_MEMBERS 16
/* As in documents: all that walks a tree may recurse. */
#define MAX_DEPTH 64

/* A copy of one node without its children. */
static gd_node *copy_bare(gd_arena *arena, const gd_node *node)
{
    gd_node *copy = gd_node_new(arena, node->kind, node->key, node->text, node);
    copy->truth = node->truth;
    return copy;
}

/* A deep copy. Without `nulls`, members that are null are left out, as RFC 7396 has it for what a
 * patch brings; elements of arrays stay. Depth is bounded by the readers of both trees. */
static gd_node *copy_tree(gd_arena *arena, const gd_node *node, bool nulls)
{
    gd_node *copy = copy_bare(arena, node);
    for (const gd_node *child = node->first; child; child = child->next)
        if (nulls || node->kind != GD_OBJECT || child->kind != GD_NULL)
            gd_node_append(copy, copy_tree(arena, child, nulls || node->kind == GD_ARRAY));
    return copy;
}

/* Where a call's policy stands instead: format.md keeps it at the edge, under the caller's "calls",
 * two members below the root ("services.orders.calls"). */
static char *edge_address(const gd_node *array)
{
    const gd_node *owner = array;
    while (owner->parent && owner->parent->parent && owner->parent->parent->parent)
        owner = owner->parent;
    if (owner == array || !owner->parent || !owner->parent->parent)
        return NULL;
    g_autofree char *address = gd_node_address(owner);
    return g_strconcat(address, ".calls", NULL);
}

static bool has_steps(const gd_node *array)
{
    for (const gd_node *item = array->first; item; item = item->next)
        if (item->kind == GD_OBJECT || (item->kind == GD_STRING && strchr(item->text, '.')))
            return true;
    return false;
}

static void report_array(gd_problems *problems, const gd_node *patch, const gd_node *array)
{
    g_autofree char *address = gd_node_address(array);
    g_autofree char *edge = has_steps(array) ? edge_address(array) : NULL;
    if (edge)
        gd_problem_key(problems, patch,
                       "%s is an array, and no address leads into one; a call's policy stands "
                       "under %s, anything else needs the whole array again",
                       address, edge);
    else
        gd_problem_key(problems, patch,
                       "%s is an array, and no address leads into one; give the whole array",
                       *address ? address : "the document");
}

typedef struct {
    gd_arena *arena;
    gd_problems *problems; /* NULL: arrays are replaced */
    bool nulls;
    const gd_node *whole; /* this value of the patch replaces, even an object by an object */
} merger;

static const gd_node *find_member(GHashTable *names, const gd_node *object, const char *key)
{
    return names ? g_hash_table_lookup(names, key) : gd_node_get(object, key);
}

static GHashTable *index_members(const gd_node *object)
{
    if (object->kind != GD_OBJECT || gd_node_count(object) <= FEW_MEMBERS)
        return NULL;
    GHashTable *names = g_hash_table_new(g_str_hash, g_str_equal);
    for (gd_node *member = object->first; member; member = member->next)
        g_hash_table_insert(names, (char *)member->key, member);
    return names;
}

static gd_node *merge(merger *m, const gd_node *target, const gd_node *patch)
{
    if (patch->kind != GD_OBJECT || patch == m->whole)
        return copy_tree(m->arena, patch, true);
    if (target->kind == GD_ARRAY && m->problems) {
        report_array(m->problems, patch, target);
        return copy_tree(m->arena, target, true);
    }
    if (target->kind != GD_OBJECT)
        return copy_tree(m->arena, patch, m->nulls);

    gd_node *merged = copy_bare(m->arena, target);
    GHashTable *patched = index_members(patch), *known = index_members(target);
    for (const gd_node *member = target->first; member; member = member->next) {
        const gd_node *change = find_member(patched, patch, member->key);
        if (!change)
            gd_node_append(merged, copy_tree(m->arena, member, true));
        else if (change->kind != GD_NULL || m->nulls)
            gd_node_append(merged, merge(m, member, change));
    }
    for (const gd_node *member = patch->first; member; member = member->next)
        if ((member->kind != GD_NULL || m->nulls) && !find_member(known, target, member->key))
            gd_node_append(merged, copy_tree(m->arena, member, m->nulls));
    g_clear_pointer(&patched, g_hash_table_unref);
    g_clear_pointer(&known, g_hash_table_unref);
    return merged;
}

gd_node *gd_node_merge(gd_arena *arena, const gd_node *target, const gd_node *patch,
                       gd_problems *problems)
{
    merger m = {arena, problems, false, NULL};
    gd_node *merged = merge(&m, target, patch);
    merged->key = target->key;
    return merged;
}

gd_node *gd_node_overlay(gd_arena *arena, const gd_node *far, const gd_node *near)
{
    merger m = {arena, NULL, true, NULL};
    gd_node *merged = merge(&m, far, near);
    merged->key = far->key;
    return merged;
}

/* --- gd_node_set ------------------------------------------------------------------------------ */

/* Where the address ends: the first = outside quotes; 0 when there is none. */
static size_t find_equals(const char *assignment)
{
    bool quoted = false;
    for (size_t i = 0; assignment[i]; i++) {
        if (assignment[i] == '"' && (i == 0 || assignment[i - 1] != '\\'))
            quoted = !quoted;
        if (assignment[i] == '=' && !quoted)
            return i;
    }
    return 0;
}

/* VALUE as JSON with its place on the command line, or as a bare string. */
static gd_node *parse_value(gd_arena *arena, const char *assignment, size_t from,
                            gd_problems *problems)
{
    static const char path[] = "command line";
    size_t length = strlen(assignment);
    g_autofree char *blanked = g_strdup(assignment);
    memset(blanked, ' ', from);
    const char *value = assignment + from;

    bool bracketed = *value && strchr("{[\"", *value);
    g_autoptr(gd_problems) quiet = gd_problems_new();
    gd_node *node = gd_source_parse(arena, path, blanked, length, bracketed ? problems : quiet);
    if (node || bracketed)
        return node;
    if (!g_utf8_validate(assignment, -1, NULL)) {
        gd_problem_text(problems, path, 1, 1, "--set is not UTF-8");
        return NULL;
    }
    gd_source *source = gd_arena_make(arena, gd_source);
    source->path = path;
    source->text = gd_arena_strndup(arena, assignment, length);
    source->length = length;
    node = gd_node_new(arena, GD_STRING, NULL, source->text + from, NULL);
    node->source = source;
    node->at = (uint32_t)from;
    return node;
}

/* The key that begins `address`, with or without quotes; NULL when there is none. */
static char *first_key(gd_arena *arena, const char *address, size_t *length)
{
    if (*address != '"') {
        *length = strcspn(address, ".");
        return *length ? gd_arena_strndup(arena, address, *length) : NULL;
    }
    const char *close = strchr(address + 1, '"');
    *length = close ? (size_t)(close - address) + 1 : 0;
    return close > address + 1 ? gd_arena_strndup(arena, address + 1, *length - 2) : NULL;
}

/* The longest member name of `object` that `address` begins with, then a boundary; or NULL. */
static const gd_node *longest_member(const gd_node *object, const char *address, size_t *length)
{
    const gd_node *best = NULL;
    *length = 0;
    for (const gd_node *m = object ? object->first : NULL; m; m = m->next) {
        size_t n = m->key ? strlen(m->key) : 0;
        bool quoted = *address == '"' && strncmp(address + 1, m->key ? m->key : "", n) == 0 &&
                      address[n + 1] == '"';
        n += quoted ? 2 : 0;
        if (n > *length && (quoted || strncmp(address, m->key, n) == 0) &&
            (address[n] == '.' || !address[n])) {
            best = m;
            *length = n;
        }
    }
    return best;
}

/* A patch of nested objects that holds `value` at `address`; NULL and a problem. */
static gd_node *build_patch(gd_arena *arena, const gd_node *root, const char *address,
                            gd_node *value, gd_problems *problems)
{
    gd_node *patch = gd_node_new(arena, GD_OBJECT, NULL, NULL, value), *inner = patch;
    const gd_node *object = root;
    unsigned depth = 0;
    for (const char *at = address;;) {
        size_t length;
        if (++depth > MAX_DEPTH) {
            gd_problem(problems, value, "the address is deeper than %d names; shorten it",
                       MAX_DEPTH);
            return NULL;
        }
        if (object && object->kind == GD_ARRAY) {
            report_array(problems, value, object);
            return NULL;
        }
        const gd_node *member = longest_member(object, at, &length);
        const char *key = member ? member->key : first_key(arena, at, &length);
        if (!key || (at[length] && at[length] != '.')) {
            gd_problem(problems, value,
                       "the address \"%s\" has an empty or unfinished name; write "
                       "names joined by dots, such as services.db.instances=4",
                       address);
            return NULL;
        }
        at += length;
        gd_node *child = *at ? gd_node_new(arena, GD_OBJECT, key, NULL, value) : value;
        child->key = key;
        gd_node_append(inner, child);
        if (!*at++)
            return patch;
        inner = child;
        object = member;
    }
}

gd_node *gd_node_set(gd_arena *arena, const gd_node *root, const char *assignment,
                     gd_problems *problems)
{
    size_t equals = find_equals(assignment);
    if (!equals) {
        g_autofree char *shown = gd_text_quote(assignment);
        gd_problem(problems, NULL, "--set %s: write ADDRESS=VALUE, such as services.db.instances=4",
                   shown);
        return NULL;
    }
    gd_node *value = parse_value(arena, assignment, equals + 1, problems);
    if (!value)
        return NULL;
    g_autofree char *address = g_strndup(assignment, equals);
    gd_node *patch = build_patch(arena, root, address, value, problems);
    if (!patch)
        return NULL;
    /* An assignment, not a patch: null stands as a value, which takes a policy away. */
    merger m = {arena, NULL, true, value};
    return merge(&m, root, patch);
}
