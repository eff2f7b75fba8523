#include "sim/spec/field.h"
#include "sim/spec/text.h"

#include <string.h>

static void *slot(void *spec, const gd_field *field)
{
    return (char *)spec + field->offset;
}

static void report_wanted(gd_reader *reader, const gd_node *node, const char *wanted)
{
    g_autofree char *found = gd_node_describe(node);
    gd_problem(reader->problems, node, "expected %s, found %s", wanted, found);
}

/* --- texts ------------------------------------------------------------------------------------ */

static void read_text(gd_reader *reader, const gd_field *field, const gd_node *node, void *spec)
{
    if (node->kind == GD_NULL) /* nothing named, said aloud: "runbook": null */
        return;
    if (node->kind != GD_STRING) {
        report_wanted(reader, node,
                      field->type == GD_FIELD_NAME      ? "a name in double quotes"
                      : field->type == GD_FIELD_ADDRESS ? "an address in double quotes"
                                                        : "a text in double quotes");
        return;
    }
    g_autofree char *found = gd_text_quote(node->text);
    if (field->type == GD_FIELD_NAME && !gd_is_name(node->text))
        gd_problem(reader->problems, node,
                   "%s is no name; write a lower-case letter, then letters, digits, - or _, at "
                   "most %d in all",
                   found, GD_LONGEST_NAME);
    else if (field->type == GD_FIELD_ADDRESS && !gd_is_address(node->text))
        gd_problem(reader->problems, node,
                   "%s is no address; write names joined by dots, at most %d characters", found,
                   GD_LONGEST_ADDRESS);
    else
        *(const char **)slot(spec, field) = node->text;
}

static char *list_words(const char *const *words)
{
    GString *list = g_string_new(NULL);
    for (; *words; words++)
        g_string_append_printf(list, "%s\"%s\"",
                               !list->len ? ""
                               : words[1] ? ", "
                                          : " or ",
                               *words);
    return g_string_free(list, FALSE);
}

static void read_word(gd_reader *reader, const gd_field *field, const gd_node *node, void *spec)
{
    for (uint8_t i = 0; node->kind == GD_STRING && field->words[i]; i++) {
        if (strcmp(field->words[i], node->text) != 0)
            continue;
        *(uint8_t *)slot(spec, field) = i;
        return;
    }
    g_autofree char *known = list_words(field->words);
    g_autofree char *found = gd_node_describe(node);
    const char *near = node->kind == GD_STRING ? gd_nearest(node->text, field->words) : NULL;
    if (near)
        gd_problem(reader->problems, node, "%s is none of %s; did you mean \"%s\"?", found, known,
                   near);
    else
        gd_problem(reader->problems, node, "expected %s, found %s", known, found);
}

/* --- structs ---------------------------------------------------------------------------------- */

static void read_object(gd_reader *reader, const gd_field *field, const gd_node *node, void *spec)
{
    if (node->kind != GD_NULL)
        *(void **)slot(spec, field) = gd_read(reader, field->shape, node);
}

static int compare_members(const void *left, const void *right)
{
    return strcmp(((const gd_member *)left)->name, ((const gd_member *)right)->name);
}

static bool check_key(gd_reader *reader, const gd_field *field, const gd_node *member)
{
    if (field->any_key ? gd_is_address(member->key) : gd_is_name(member->key))
        return true;
    g_autofree char *key = gd_text_quote(member->key);
    gd_problem_key(reader->problems, member,
                   "%s is no name; write a lower-case letter, then letters, digits, - or _, at "
                   "most %d in all",
                   key, GD_LONGEST_NAME);
    return false;
}

void gd_read_map(gd_reader *reader, const gd_field *field, const gd_node *node, gd_map *out)
{
    if (node->kind == GD_NULL)
        return;
    if (node->kind != GD_OBJECT) {
        report_wanted(reader, node, "an object with a member for each name");
        return;
    }
    gd_map map = {0, gd_arena_array(reader->arena, gd_member, gd_node_count(node))};
    for (const gd_node *m = node->first; m; m = m->next)
        if (m->kind != GD_NULL && !gd_is_remark(m->key) && check_key(reader, field, m))
            map.at[map.n++] = (gd_member){m->key, m, gd_read(reader, field->shape, m)};
    if (map.n > 1)
        qsort(map.at, map.n, sizeof *map.at, compare_members);
    *out = map;
}

static const gd_shape *find_shape(const gd_shape *const *variants, const char *word)
{
    for (; *variants; variants++)
        if (strcmp((*variants)->name, word) == 0)
            return *variants;
    return NULL;
}

static GPtrArray *variant_words(const gd_shape *const *variants)
{
    GPtrArray *words = g_ptr_array_new();
    for (; *variants; variants++)
        g_ptr_array_add(words, (char *)(*variants)->name);
    g_ptr_array_add(words, NULL);
    return words;
}

/* The one member that names the kind, one that is null being no member; NULL after a problem. */
static const gd_node *only_member(gd_reader *reader, const gd_node *node,
                                  const gd_shape *const *variants, const char *const *known)
{
    const gd_node *only = NULL;
    guint before = gd_problems_reported(reader->problems);
    for (const gd_node *m = node->first; m; m = m->next) {
        if (gd_is_remark(m->key))
            continue;
        if (!find_shape(variants, m->key))
            gd_report_unknown(reader->problems, m, known);
        else if (only && m->kind != GD_NULL)
            gd_problem_key(reader->problems, m,
                           "one member names the kind, and \"%s\" already does; remove one (in a "
                           "patch: \"%s\": null)",
                           only->key, only->key);
        else if (m->kind != GD_NULL)
            only = m;
    }
    if (gd_problems_reported(reader->problems) != before)
        return NULL;
    if (!only)
        report_wanted(reader, node, "one member that names the kind");
    return only;
}

static void read_variant(gd_reader *reader, const gd_field *field, const gd_node *node, void *spec)
{
    gd_variant *variant = slot(spec, field);
    if (node->kind == GD_NULL)
        return;
    g_autoptr(GPtrArray) words = variant_words(field->variants);
    const char *const *known = (const char *const *)words->pdata;
    if (node->kind == GD_STRING) {
        const gd_shape *shape = find_shape(field->variants, node->text);
        if (shape) {
            *variant = (gd_variant){shape, gd_arena_alloc(reader->arena, shape->bytes), node};
            gd_read_defaults(reader, shape, node, variant->spec);
            return;
        }
        g_autofree char *found = gd_node_describe(node), *list = list_words(known);
        const char *near = gd_nearest(node->text, known);
        gd_problem(reader->problems, node,
                   near ? "%s is none of %s; did you mean \"%s\"?" : "%s is none of %s", found,
                   list, near);
        return;
    }
    if (node->kind != GD_OBJECT) {
        g_autofree char *list = list_words(known);
        g_autofree char *wanted = g_strconcat("an object with one of the members ", list, NULL);
        report_wanted(reader, node, wanted);
        return;
    }
    const gd_node *only = only_member(reader, node, field->variants, known);
    if (!only)
        return;
    const gd_shape *shape = find_shape(field->variants, only->key);
    *variant = (gd_variant){shape, gd_read(reader, shape, only), only};
}

static void read_bool(gd_reader *reader, const gd_field *field, const gd_node *node, void *spec)
{
    if (node->kind == GD_BOOL)
        *(bool *)slot(spec, field) = node->truth;
    else
        report_wanted(reader, node, "true or false");
}

static void read_number(gd_reader *reader, const gd_field *field, const gd_node *node, void *spec)
{
    int64_t value;
    if (!gd_read_quantity(reader, node, field->type, field->min, field->max, &value))
        return;
    if (field->type == GD_FIELD_COUNT)
        *(uint32_t *)slot(spec, field) = (uint32_t)value;
    else
        *(int64_t *)slot(spec, field) = value;
}

static void read_field(gd_reader *reader, const gd_field *field, const gd_node *node, void *spec)
{
    switch (field->type) {
    case GD_FIELD_BOOL:
        read_bool(reader, field, node, spec);
        break;
    case GD_FIELD_COUNT:
    case GD_FIELD_SPAN:
    case GD_FIELD_SHARE:
    case GD_FIELD_FACTOR:
    case GD_FIELD_RATE:
    case GD_FIELD_BYTES:
    case GD_FIELD_BITS:
    case GD_FIELD_NANO:
    case GD_FIELD_WHOLE:
        read_number(reader, field, node, spec);
        break;
    case GD_FIELD_WORD:
        read_word(reader, field, node, spec);
        break;
    case GD_FIELD_NAME:
    case GD_FIELD_ADDRESS:
    case GD_FIELD_TEXT:
        read_text(reader, field, node, spec);
        break;
    case GD_FIELD_DIST:
    case GD_FIELD_DIST_COUNT:
        if (node->kind != GD_NULL)
            *(gd_dist_spec **)slot(spec, field) =
                gd_read_dist(reader, node, field->type == GD_FIELD_DIST);
        break;
    case GD_FIELD_OBJECT:
        read_object(reader, field, node, spec);
        break;
    case GD_FIELD_MAP:
        gd_read_map(reader, field, node, slot(spec, field));
        break;
    case GD_FIELD_VARIANT:
        read_variant(reader, field, node, spec);
        break;
    case GD_FIELD_NODES:
        if (node->kind == GD_NULL)
            break;
        if (node->kind != GD_ARRAY && node->kind != GD_OBJECT) {
            report_wanted(reader, node, "an array or an object");
            break;
        }
        *(const gd_node **)slot(spec, field) = node;
        break;
    case GD_FIELD_NODE:
        *(const gd_node **)slot(spec, field) = node;
        break;
    }
}

/* --- shapes ----------------------------------------------------------------------------------- */

/* The node that a fallback's text stands for, as if it were a member of `parent`. */
static gd_node *parse_fallback(gd_reader *reader, const gd_field *field, const gd_node *parent)
{
    const char *text = field->fallback;
    size_t length = strlen(text);
    gd_node *node;
    if (g_ascii_isdigit(*text) && strspn(text, "0123456789.eE-") == length) {
        node = gd_node_new(reader->arena, GD_NUMBER, field->name, text, parent);
    } else if (*text == '"' && length > 1 && !strchr(text, '\\')) {
        const char *value = gd_arena_strndup(reader->arena, text + 1, length - 2);
        node = gd_node_new(reader->arena, GD_STRING, field->name, value, parent);
    } else {
        node = gd_source_parse(reader->arena, "default", text, length, reader->problems);
        g_assert(node); /* a table with a wrong default is a bug of ours */
    }
    node->key = field->name;
    node->parent = (gd_node *)parent;
    return node;
}

static void report_missing(gd_reader *reader, const gd_field *field, const gd_node *node)
{
    gd_problem(reader->problems, node, "the member \"%s\" is missing%s%s; write it%s%s",
               field->name, field->help ? ": " : "", field->help ? field->help : "",
               field->unit ? " in " : "", field->unit ? field->unit : "");
}

static void report_unknown(gd_reader *reader, const gd_shape *shape, const gd_node *member)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (const gd_field *field = shape->fields; field && field->name; field++)
        g_ptr_array_add(words, (char *)field->name);
    g_ptr_array_add(words, NULL);
    gd_report_unknown(reader->problems, member, (const char *const *)words->pdata);
}

static const gd_field *find_field(const gd_shape *shape, const char *name)
{
    for (const gd_field *field = shape->fields; field && field->name; field++)
        if (strcmp(field->name, name) == 0)
            return field;
    return NULL;
}

/* Reads all fields: from the members of `object` (or none, when NULL), except that `bare` is the
 * value of the field that shape->bare names. Messages about what is missing are at `place`. */
static void read_fields(gd_reader *reader, const gd_shape *shape, const gd_node *object,
                        const gd_node *bare, const gd_node *place, void *spec)
{
    guint before = gd_problems_reported(reader->problems);
    for (const gd_node *m = object ? object->first : NULL; m; m = m->next)
        if (!find_field(shape, m->key) && !gd_is_remark(m->key))
            report_unknown(reader, shape, m);
    for (const gd_field *field = shape->fields; field && field->name; field++) {
        const gd_node *node = object ? gd_node_get(object, field->name) : NULL;
        if (bare && strcmp(field->name, shape->bare) == 0)
            node = bare;
        bool nothing = !node || (node->kind == GD_NULL && field->required);
        if (!nothing)
            read_field(reader, field, node, spec);
        else if (field->fallback)
            read_field(reader, field, parse_fallback(reader, field, place), spec);
        else if (field->required)
            report_missing(reader, field, place);
    }
    if (shape->check && gd_problems_reported(reader->problems) == before)
        shape->check(spec, place, reader->problems);
}

void gd_read_defaults(gd_reader *reader, const gd_shape *shape, const gd_node *place, void *spec)
{
    read_fields(reader, shape, NULL, NULL, place, spec);
}

/* An object that is meant as the bare value: an uncertain number, a distribution or a variant,
 * whose one member names its kind ({"charge": {"quantiles": {…}}}). */
static bool is_bare_object(const gd_shape *shape, const gd_field *bare, const gd_node *node)
{
    if (!bare)
        return false;
    bool is_dist = bare->type == GD_FIELD_DIST || bare->type == GD_FIELD_DIST_COUNT;
    const gd_shape *const *kinds = is_dist ? gd_dist_shapes(bare->type == GD_FIELD_DIST)
                                   : bare->type == GD_FIELD_VARIANT ? bare->variants
                                                                    : NULL;
    for (const gd_node *m = node->first; m; m = m->next)
        if (!find_field(shape, m->key) &&
            (strcmp(m->key, "about") == 0 || (kinds && find_shape(kinds, m->key))))
            return true;
    return false;
}

void gd_read_into(gd_reader *reader, const gd_shape *shape, const gd_node *node, void *spec)
{
    const gd_field *bare = shape->bare ? find_field(shape, shape->bare) : NULL;
    bool is_bool = node && node->kind == GD_BOOL;
    if (!node) {
        gd_read_defaults(reader, shape, NULL, spec);
    } else if (node->kind == GD_OBJECT && !is_bare_object(shape, bare, node)) {
        read_fields(reader, shape, node, NULL, node, spec);
    } else if (bare && (!is_bool || bare->type == GD_FIELD_BOOL)) {
        read_fields(reader, shape, NULL, node, node, spec);
    } else if (is_bool && node->truth) {
        gd_read_defaults(reader, shape, node, spec);
    } else if (is_bool) {
        gd_problem(reader->problems, node, "false says nothing here; write null for none");
    } else {
        const char *first = shape->fields ? shape->fields->name : NULL;
        g_autofree char *wanted =
            g_strdup_printf(first ? "an object such as {\"%s\": …}" : "an object", first);
        report_wanted(reader, node, wanted);
    }
}

void *gd_read(gd_reader *reader, const gd_shape *shape, const gd_node *node)
{
    void *spec = gd_arena_alloc(reader->arena, shape->bytes);
    gd_read_into(reader, shape, node, spec);
    return spec;
}
