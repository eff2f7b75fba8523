#include "sim/rng.h"
#include "sim/spec/lex.h"
#include "sim/spec/node.h"
#include "sim/spec/text.h"

#include <cjson/cJSON.h>
#include <string.h>

/* Up to this many members a repeated key is found by comparing each with each. */
#define FEW_MEMBERS 16

typedef struct {
    gd_arena *arena;
    const gd_source *source;
    const GArray *places;
    guint next; /* the place of the next value in document order */
    gd_problems *problems;
    bool bad;
} builder;

static void report_repeat(builder *b, const gd_node *again, const gd_node *before)
{
    b->bad = true;
    size_t line, column;
    gd_node_place(before, true, &line, &column);
    g_autofree char *key = gd_text_quote(again->key);
    gd_problem_key(b->problems, again,
                   "the member %s is given twice, first at line %zu, column %zu; keep one of them",
                   key, line, column);
}

static void check_repeats(builder *b, const gd_node *object, size_t members)
{
    if (members <= FEW_MEMBERS) {
        for (const gd_node *m = object->first; m; m = m->next)
            for (const gd_node *before = object->first; before != m; before = before->next)
                if (strcmp(m->key, before->key) == 0) {
                    report_repeat(b, m, before);
                    break;
                }
        return;
    }
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (gd_node *m = object->first; m; m = m->next) {
        const gd_node *before = g_hash_table_lookup(seen, m->key);
        if (before)
            report_repeat(b, m, before);
        else
            g_hash_table_insert(seen, (char *)m->key, m);
    }
}

static gd_node_kind kind_of(const cJSON *item)
{
    if (cJSON_IsObject(item))
        return GD_OBJECT;
    if (cJSON_IsArray(item))
        return GD_ARRAY;
    if (cJSON_IsString(item))
        return GD_STRING;
    if (cJSON_IsNumber(item))
        return GD_NUMBER;
    return cJSON_IsBool(item) ? GD_BOOL : GD_NULL;
}

/* The digits as written: cJSON's double has lost them. */
static const char *number_text(builder *b, size_t at)
{
    const char *digits = b->source->text + at;
    size_t length = 0; /* by hand: strspn reads to the end of the document under a sanitizer */
    while (g_ascii_isdigit(digits[length]) || (digits[length] && strchr("+-.eE", digits[length])))
        length++;
    return gd_arena_strndup(b->arena, digits, length);
}

/* Depth is at most 64 here, so is the recursion. */
static gd_node *build(builder *b, const cJSON *item, gd_node *parent)
{
    g_assert(b->next < b->places->len);
    gd_lex_place place = g_array_index(b->places, gd_lex_place, b->next++);

    gd_node *node = gd_arena_make(b->arena, gd_node);
    node->kind = kind_of(item);
    node->source = b->source;
    node->at = place.at;
    node->key_at = place.key_at;
    node->truth = cJSON_IsTrue(item);
    if (item->string && parent && parent->kind == GD_OBJECT)
        node->key = gd_arena_strndup(b->arena, item->string, strlen(item->string));
    if (node->kind == GD_STRING)
        node->text = gd_arena_strndup(b->arena, item->valuestring, strlen(item->valuestring));
    if (node->kind == GD_NUMBER)
        node->text = number_text(b, place.at);
    if (parent)
        gd_node_append(parent, node);

    size_t members = 0;
    const cJSON *child;
    cJSON_ArrayForEach (child, item) {
        build(b, child, node);
        members++;
    }
    if (node->kind == GD_OBJECT)
        check_repeats(b, node, members);
    return node;
}

static gd_node *parse_clean(builder *b, const char *clean, size_t length)
{
    const char *end = clean;
    cJSON *tree = cJSON_ParseWithLengthOpts(clean, length + 1, &end, true);
    if (!tree) {
        size_t line, column;
        gd_text_place(b->source->text, length, (size_t)(end - clean), &line, &column);
        gd_problem_text(b->problems, b->source->path, line, column,
                        "the JSON parser stops here; write strict JSON");
        return NULL;
    }
    gd_node *root = build(b, tree, NULL);
    g_assert(b->next == b->places->len);
    cJSON_Delete(tree);
    return root;
}

gd_node *gd_source_parse(gd_arena *arena, const char *path, const char *text, size_t length,
                         gd_problems *problems)
{
    gd_lex lex;
    gd_lex_text(&lex, path, text, length, problems);
    gd_node *root = NULL;
    bool bad = lex.bad;
    if (lex.places) {
        gd_source *source = gd_arena_make(arena, gd_source);
        source->path = gd_arena_strndup(arena, path, strlen(path));
        source->text = gd_arena_strndup(arena, text, length);
        source->length = length;
        source->digest = gd_hash(text, length);
        builder b = {arena, source, lex.places, 0, problems, false};
        root = parse_clean(&b, lex.clean, length);
        bad = bad || b.bad;
    }
    gd_lex_clear(&lex);
    return bad ? NULL : root;
}
