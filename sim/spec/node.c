#include "sim/spec/node.h"
#include "sim/spec/text.h"

#include <string.h>

gd_node *gd_node_new(gd_arena *arena, gd_node_kind kind, const char *key, const char *text,
                     const gd_node *place)
{
    gd_node *node = gd_arena_make(arena, gd_node);
    node->kind = kind;
    node->key = key;
    node->text = text;
    if (place) {
        node->source = place->source;
        node->at = place->at;
        node->key_at = place->key_at;
    }
    return node;
}

void gd_node_append(gd_node *parent, gd_node *child)
{
    child->parent = parent;
    child->next = NULL;
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
}

gd_node *gd_node_get(const gd_node *object, const char *key)
{
    if (!object || object->kind != GD_OBJECT)
        return NULL;
    for (gd_node *member = object->first; member; member = member->next)
        if (strcmp(member->key, key) == 0)
            return member;
    return NULL;
}

size_t gd_node_count(const gd_node *parent)
{
    size_t n = 0;
    for (const gd_node *child = parent ? parent->first : NULL; child; child = child->next)
        n++;
    return n;
}

void gd_node_place(const gd_node *node, bool of_key, size_t *line, size_t *column)
{
    *line = *column = 1;
    if (node->source)
        gd_text_place(node->source->text, node->source->length,
                      of_key && node->key ? node->key_at : node->at, line, column);
}

/* A key that an address cannot hold as it is stands in double quotes there. */
static bool needs_quotes(const char *key)
{
    return !*key || strpbrk(key, ".\"[]= \t") != NULL;
}

static void append_address(GString *out, const gd_node *node)
{
    if (!node->parent)
        return;
    append_address(out, node->parent);
    if (!node->key) {
        size_t index = 0;
        for (const gd_node *child = node->parent->first; child && child != node;
             child = child->next)
            index++;
        g_string_append_printf(out, "[%zu]", index);
        return;
    }
    if (out->len)
        g_string_append_c(out, '.');
    if (needs_quotes(node->key))
        gd_text_append_json(out, node->key);
    else
        g_string_append(out, node->key);
}

char *gd_node_address(const gd_node *node)
{
    GString *out = g_string_new(NULL);
    append_address(out, node);
    return g_string_free(out, FALSE);
}

/* The length of the quoted key at `address`, its quotes included, when it names `key`; else 0. */
static size_t match_quoted(const char *address, const char *key)
{
    g_autoptr(GString) quoted = g_string_new(NULL);
    gd_text_append_json(quoted, key);
    return strncmp(address, quoted->str, quoted->len) == 0 ? quoted->len : 0;
}

static size_t match_key(const char *address, const char *key)
{
    if (*address == '"')
        return match_quoted(address, key);
    size_t length = strlen(key);
    return length && strncmp(address, key, length) == 0 ? length : 0;
}

/* What follows a complete key. */
static bool is_boundary(char c)
{
    return c == '\0' || c == '.' || c == '[';
}

static gd_node *find(gd_node *node, const char *address)
{
    if (!*address)
        return node;
    if (*address == '[') {
        char *end;
        guint64 index = g_ascii_strtoull(address + 1, &end, 10);
        if (node->kind != GD_ARRAY || end == address + 1 || *end != ']' || !is_boundary(end[1]))
            return NULL;
        gd_node *child = node->first;
        while (child && index--)
            child = child->next;
        return child ? find(child, end + 1) : NULL;
    }
    if (*address == '.' && node->parent)
        address++;
    if (node->kind != GD_OBJECT)
        return NULL;
    /* Longest name first; where the rest then leads nowhere, the next shorter one. */
    for (size_t below = SIZE_MAX;;) {
        size_t longest = 0;
        gd_node *best = NULL;
        for (gd_node *member = node->first; member; member = member->next) {
            size_t length = match_key(address, member->key);
            if (length > longest && length < below && is_boundary(address[length])) {
                longest = length;
                best = member;
            }
        }
        if (!best)
            return NULL;
        gd_node *found = find(best, address + longest);
        if (found)
            return found;
        below = longest;
    }
}

gd_node *gd_node_at(gd_node *root, const char *address)
{
    return root ? find(root, address) : NULL;
}

static void print_break(GString *out, bool pretty, unsigned depth)
{
    if (!pretty)
        return;
    g_string_append_c(out, '\n');
    for (unsigned i = 0; i < depth; i++)
        g_string_append(out, "  ");
}

static void print(GString *out, const gd_node *node, bool pretty, unsigned depth);

static void print_children(GString *out, const gd_node *node, bool pretty, unsigned depth)
{
    bool object = node->kind == GD_OBJECT;
    g_string_append_c(out, object ? '{' : '[');
    for (const gd_node *child = node->first; child; child = child->next) {
        print_break(out, pretty, depth + 1);
        if (object) {
            gd_text_append_json(out, child->key);
            g_string_append(out, pretty ? ": " : ":");
        }
        print(out, child, pretty, depth + 1);
        if (child->next)
            g_string_append_c(out, ',');
    }
    if (node->first)
        print_break(out, pretty, depth);
    g_string_append_c(out, object ? '}' : ']');
}

static void print(GString *out, const gd_node *node, bool pretty, unsigned depth)
{
    switch (node->kind) {
    case GD_NULL:
        g_string_append(out, "null");
        break;
    case GD_BOOL:
        g_string_append(out, node->truth ? "true" : "false");
        break;
    case GD_NUMBER:
        g_string_append(out, node->text);
        break;
    case GD_STRING:
        gd_text_append_json(out, node->text);
        break;
    case GD_ARRAY:
    case GD_OBJECT:
        print_children(out, node, pretty, depth);
        break;
    }
}

char *gd_node_print(const gd_node *node, bool pretty)
{
    GString *out = g_string_new(NULL);
    print(out, node, pretty, 0);
    return g_string_free(out, FALSE);
}
