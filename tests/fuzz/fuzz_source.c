/* Bytes into the document reader: a tree, or problems. What was read prints as JSON that reads back
 * to the same text; a path that overlays the tree on itself changes nothing.
 */
#include "sim/spec/expr.h"
#include "sim/spec/node.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(gd_arena *arena, const gd_node *root, gd_problems *problems)
{
    g_autofree char *once = gd_node_print(root, false);
    gd_node *again = gd_source_parse(arena, "again", once, strlen(once), problems);
    g_assert(again);
    g_autofree char *twice = gd_node_print(again, false);
    g_assert(strcmp(once, twice) == 0);
    g_autofree char *merged = gd_node_print(gd_node_overlay(arena, root, again), false);
    g_assert(strcmp(once, merged) == 0);
}

/* The strings of a document are what expressions and assignments are made of. */
static void use_strings(gd_arena *arena, gd_node *root, const gd_node *node, gd_problems *problems)
{
    if (node->kind == GD_STRING) {
        gd_expr_read(arena, node, problems);
        gd_node_set(arena, root, node->text, problems);
    }
    g_autofree char *address = gd_node_address(node);
    gd_node_at(root, address);
    for (const gd_node *child = node->first; child; child = child->next)
        use_strings(arena, root, child, problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(gd_arena) arena = gd_arena_new();
    g_autoptr(gd_problems) problems = gd_problems_new();
    gd_node *root = gd_source_parse(arena, "fuzz", (const char *)data, size, problems);
    g_assert((root == NULL) == (gd_problems_count(problems) > 0));
    /* The walks below are quadratic on purpose; large documents have had their turn above. */
    if (root && size <= 4096) {
        check_again(arena, root, problems);
        use_strings(arena, root, root, problems);
    }
    g_free(gd_problems_print(problems));
    return 0;
}
