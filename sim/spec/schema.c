#include "sim/spec/schema.h"
#include "sim/spec/preset.h"
#include "sim/spec/text.h"

#include <string.h>

#define NAME_BODY "[a-z][a-z0-9_-]{0,62}$"
/* Remarks are no names: note and x-... may stand in any object. */
#define REMARKS   "\"note\": true, \"$schema\": true"
#define X_PATTERN "\"^x-\": true"
#define DECIMAL   "(0|[1-9][0-9]*)(\\\\.[0-9]+)?([eE][+-]?[0-9]+)?"

typedef struct {
    GString *out;
    GPtrArray *shapes; /* definitions, in the order in which they were met */
} printer;

/* Two shapes may bear one name ("ratio"): the second is "ratio-2". Owned by the caller. */
static char *definition_name(const printer *p, const gd_shape *shape)
{
    unsigned same = 0;
    for (guint i = 0; i < p->shapes->len; i++) {
        const gd_shape *other = g_ptr_array_index(p->shapes, i);
        if (strcmp(other->name, shape->name) == 0)
            same++;
        if (other == shape)
            break;
    }
    return same > 1 ? g_strdup_printf("%s-%u", shape->name, same) : g_strdup(shape->name);
}

static const gd_field *bare_field(const gd_shape *shape)
{
    for (const gd_field *f = shape->fields; shape->bare && f && f->name; f++)
        if (strcmp(f->name, shape->bare) == 0)
            return f;
    return NULL;
}

static bool needs_nothing(const gd_shape *shape)
{
    for (const gd_field *f = shape->fields; f && f->name; f++)
        if (f->required && !f->fallback)
            return false;
    return !shape->schema || shape->fields;
}

/* The object itself, without what may stand for it. */
static void print_reference(printer *p, const gd_shape *shape)
{
    if (shape->fields) {
        g_autofree char *name = definition_name(p, shape);
        g_string_append_printf(p->out, "{\"$ref\": \"#/$defs/%s\"}", name);
    } else if (shape->schema) {
        g_string_append(p->out, shape->schema);
    } else {
        g_string_append(p->out, "{\"type\": \"object\", \"properties\": {" REMARKS
                                "}, \"patternProperties\": {" X_PATTERN
                                "}, \"additionalProperties\": false}");
    }
}

static void print_shape_value(printer *p, const gd_shape *shape, bool nullable)
{
    g_string_append(p->out, "{\"anyOf\": [");
    print_reference(p, shape);
    if (!shape->fields && !shape->schema)
        g_string_append(p->out, ", {\"const\": true}");
    if (nullable)
        g_string_append(p->out, ", {\"type\": \"null\"}");
    g_string_append(p->out, "]}");
}

static void print_map(printer *p, const gd_field *field)
{
    g_string_append(p->out, "{\"anyOf\": [{\"type\": \"object\", \"properties\": {" REMARKS
                            "}, \"patternProperties\": {" X_PATTERN ", ");
    gd_text_append_json(p->out,
                        field->any_key ? "^(?!x-|note$|\\$schema$)" : "^(?!x-|note$)" NAME_BODY);
    g_string_append(p->out, ": ");
    print_shape_value(p, field->shape, true);
    g_string_append(p->out, "}, \"additionalProperties\": false}, {\"type\": \"null\"}]}");
}

/* One object for each variant, the words of those that need no members, null. */
static void print_variant(printer *p, const gd_shape *const *variants)
{
    g_string_append(p->out, "{\"anyOf\": [");
    for (const gd_shape *const *v = variants; *v; v++) {
        g_string_append(p->out, "{\"type\": \"object\", \"properties\": {" REMARKS ", ");
        gd_text_append_json(p->out, (*v)->name);
        g_string_append(p->out, ": ");
        print_shape_value(p, *v, false);
        g_string_append(p->out, "}, \"patternProperties\": {" X_PATTERN "}, \"required\": [");
        gd_text_append_json(p->out, (*v)->name);
        g_string_append(p->out, "], \"additionalProperties\": false}, ");
    }
    for (const gd_shape *const *v = variants; *v; v++)
        if (needs_nothing(*v)) {
            g_string_append(p->out, "{\"const\": ");
            gd_text_append_json(p->out, (*v)->name);
            g_string_append(p->out, "}, ");
        }
    g_string_append(p->out, "{\"type\": \"null\"}]}");
}

static void print_words(printer *p, const char *const *words)
{
    g_string_append(p->out, "{\"enum\": [");
    for (; *words; words++) {
        gd_text_append_json(p->out, *words);
        g_string_append(p->out, words[1] ? ", " : "");
    }
    g_string_append(p->out, "]}");
}

/* Whole numbers state their range; of the others only the text's form can be said. */
static void print_whole(printer *p, const gd_field *field)
{
    int64_t low, high;
    gd_quantity_range(field->type, &low, &high);
    if (field->min || field->max) {
        low = field->min;
        high = field->max ? field->max : high;
    }
    g_string_append_printf(
        p->out, "{\"anyOf\": [{\"type\": \"integer\", \"minimum\": %" G_GINT64_FORMAT, low);
    if (high != INT64_MAX) /* beyond 2^53 a JSON number is no exact limit */
        g_string_append_printf(p->out, ", \"maximum\": %" G_GINT64_FORMAT, high);
    g_string_append(p->out, "}, {\"$ref\": \"#/$defs/uncertain-whole-number\"}]}");
}

static void print_type(printer *p, const gd_field *field)
{
    switch (field->type) {
    case GD_FIELD_BOOL:
        g_string_append(p->out, "{\"type\": \"boolean\"}");
        break;
    case GD_FIELD_COUNT:
    case GD_FIELD_WHOLE:
        print_whole(p, field);
        break;
    case GD_FIELD_SPAN:
    case GD_FIELD_SHARE:
    case GD_FIELD_FACTOR:
    case GD_FIELD_RATE:
    case GD_FIELD_BYTES:
    case GD_FIELD_BITS:
    case GD_FIELD_NANO:
        g_string_append_printf(p->out, "{\"$ref\": \"#/$defs/%s\"}",
                               gd_type_definition(field->type));
        break;
    case GD_FIELD_WORD:
        print_words(p, field->words);
        break;
    case GD_FIELD_NAME:
    case GD_FIELD_ADDRESS:
    case GD_FIELD_DIST:
    case GD_FIELD_DIST_COUNT:
        g_string_append_printf(p->out,
                               "{\"anyOf\": [{\"$ref\": \"#/$defs/%s\"}, {\"type\": \"null\"}]}",
                               gd_type_definition(field->type));
        break;
    case GD_FIELD_TEXT:
        g_string_append(p->out, "{\"type\": [\"string\", \"null\"]}");
        break;
    case GD_FIELD_OBJECT:
        print_shape_value(p, field->shape, true);
        break;
    case GD_FIELD_MAP:
        print_map(p, field);
        break;
    case GD_FIELD_VARIANT:
        print_variant(p, field->variants);
        break;
    case GD_FIELD_NODE:
        if (field->shape)
            print_reference(p, field->shape);
        else
            g_string_append(p->out, "{}");
        break;
    case GD_FIELD_NODES:
        if (field->shape)
            print_reference(p, field->shape);
        else
            g_string_append(p->out, "{\"type\": [\"array\", \"object\", \"null\"]}");
        break;
    }
}

static void print_description(printer *p, const char *help, const char *unit, const char *source)
{
    if (!help)
        return;
    g_autoptr(GString) text = g_string_new(help);
    if (unit)
        g_string_append_printf(text, " (%s)", unit);
    if (source)
        g_string_append_printf(text, ". Source: %s", source);
    g_string_append(p->out, "\"description\": ");
    gd_text_append_json(p->out, text->str);
    g_string_append(p->out, ", ");
}

/* {"description": …, "default": …, TYPE}: the type's own object is opened up. */
static void print_field(printer *p, const gd_field *field)
{
    g_string_append(p->out, "      ");
    gd_text_append_json(p->out, field->name);
    g_string_append(p->out, ": {");
    print_description(p, field->help, field->unit, field->source);
    if (field->fallback)
        g_string_append_printf(p->out, "\"default\": %s, ", field->fallback);
    gsize from = p->out->len;
    print_type(p, field);
    g_assert(p->out->str[from] == '{');
    g_string_erase(p->out, (gssize)from, 1);
    if (strcmp(p->out->str + from, "}") == 0 && p->out->str[from - 2] == ',')
        g_string_erase(p->out, (gssize)from - 2, 2);
}

/* The inside of the object's schema. */
static void print_object(printer *p, const gd_shape *shape)
{
    g_string_append(p->out, "\"type\": \"object\",\n    \"properties\": {\n      " REMARKS);
    for (const gd_field *f = shape->fields; f->name; f++) {
        g_string_append(p->out, ",\n");
        print_field(p, f);
    }
    g_string_append(p->out, "},\n    \"patternProperties\": {" X_PATTERN "}, \"required\": [");
    bool first = true;
    for (const gd_field *f = shape->fields; f->name; f++)
        if (f->required && !f->fallback) {
            g_string_append(p->out, first ? "" : ", ");
            gd_text_append_json(p->out, f->name);
            first = false;
        }
    g_string_append(p->out, "], \"additionalProperties\": false");
}

/* What reads as the shape: the object, true for all defaults, or the bare value. */
static void print_definition(printer *p, const gd_shape *shape)
{
    const gd_field *bare = bare_field(shape);
    if (!shape->fields) {
        g_string_append(p->out, shape->schema ? shape->schema : "true");
        return;
    }
    g_string_append(p->out, "{");
    print_description(p, shape->help, NULL, shape->source);
    if (!bare && !needs_nothing(shape)) {
        print_object(p, shape);
        g_string_append(p->out, "}");
        return;
    }
    g_string_append(p->out, "\"anyOf\": [{");
    print_object(p, shape);
    g_string_append(p->out, needs_nothing(shape) ? "}, {\"const\": true}" : "}");
    if (bare) {
        g_string_append(p->out, ", ");
        print_type(p, bare);
    }
    g_string_append(p->out, "]}");
}

/* A quantity as written (`value`), and as an uncertain number. */
static void print_quantity(printer *p, const char *name, const char *value)
{
    g_string_append_printf(
        p->out,
        ",\n  \"%s\": {\"anyOf\": [%s, {\"$ref\": \"#/$defs/uncertain-%s\"}]},\n"
        "  \"uncertain-%s\": {\"type\": \"object\", \"properties\": {\"about\": %s, \"between\": "
        "{\"type\": \"array\", \"items\": %s, \"minItems\": 2, \"maxItems\": 2}, \"source\": "
        "{\"type\": \"string\"}, " REMARKS "}, \"patternProperties\": {" X_PATTERN
        "}, \"required\": [\"about\"], \"additionalProperties\": false}",
        name, value, name, name, value, value);
}

static void print_quantities(printer *p)
{
#define TEXT(units) "{\"type\": \"string\", \"pattern\": \"^(" DECIMAL "(" units ")|0)$\"}"
#define NUMBER      "{\"type\": \"number\", \"minimum\": 0}"
#define ZERO        "{\"const\": 0}"
    print_quantity(p, "duration",
                   "{\"anyOf\": [" TEXT("ns|us|µs|ms|s|m|min|h|d|w|y") ", " ZERO "]}");
    print_quantity(p, "rate", "{\"anyOf\": [" TEXT("/s|/ms|/min|/m|/h|/d|/w|/y") ", " ZERO "]}");
    print_quantity(
        p, "share",
        "{\"anyOf\": [" TEXT("%?") ", {\"type\": \"string\", \"pattern\": "
                                   "\"^preset:\"}, {\"type\": \"number\", \"minimum\": 0}]}");
    print_quantity(p, "factor", "{\"anyOf\": [" TEXT("%?") ", " NUMBER "]}");
    print_quantity(p, "size",
                   "{\"anyOf\": [" TEXT(
                       "(B|[kK]B|MB|GB|TB|KiB|MiB|GiB|TiB)?") ", {\"type\": "
                                                              "\"integer\", \"minimum\": 0}]}");
    print_quantity(p, "bandwidth",
                   "{\"anyOf\": [" TEXT("([kKMGT]?bit|[kKMG]?B|[KMG]iB)/s") ", " ZERO "]}");
    print_quantity(p, "number", "{\"anyOf\": [" TEXT("") ", {\"type\": \"number\"}]}");
    print_quantity(p, "whole-number", "{\"type\": \"integer\", \"minimum\": 0}");
#undef TEXT
#undef NUMBER
#undef ZERO
    g_string_append(p->out, ",\n  \"name\": {\"type\": \"string\", \"pattern\": \"^" NAME_BODY
                            "\"},\n  \"address\": {\"type\": \"string\", \"minLength\": 1, "
                            "\"maxLength\": 256}");
}

static void print_distribution(printer *p, bool is_time)
{
    const char *name = is_time ? "distribution" : "count-distribution";
    g_string_append_printf(p->out, ",\n  \"%s\": {\"anyOf\": [{\"$ref\": \"#/$defs/%s\"}, ", name,
                           is_time ? "duration" : "whole-number");
    if (is_time) {
        g_string_append(p->out, "{\"enum\": [");
        for (const gd_preset *preset = gd_presets; preset->name; preset++)
            g_string_append_printf(p->out, "%s\"preset:%s\"", preset == gd_presets ? "" : ", ",
                                   preset->name);
        g_string_append(p->out, "]}, ");
    }
    for (const gd_shape *const *s = gd_dist_shapes(is_time); *s; s++) {
        g_string_append(p->out, "\n    {\"type\": \"object\", ");
        print_description(p, (*s)->help, NULL, NULL);
        g_string_append_printf(p->out, "\"properties\": {\"%s\": ", (*s)->name);
        print_shape_value(p, *s, false);
        g_string_append_printf(p->out,
                               ", \"per\": {\"const\": \"request\"}, " REMARKS
                               "}, \"patternProperties\": {" X_PATTERN
                               "}, \"required\": [\"%s\"], \"additionalProperties\": false}, ",
                               (*s)->name);
    }
    g_string_append_printf(p->out,
                           "\n    {\"type\": \"object\", \"properties\": {\"about\": {\"$ref\": "
                           "\"#/$defs/%s\"}, \"between\": {\"type\": \"array\", \"minItems\": 2, "
                           "\"maxItems\": 2}, \"source\": {\"type\": \"string\"}, " REMARKS
                           "}, \"patternProperties\": {" X_PATTERN
                           "}, \"required\": [\"about\"], \"additionalProperties\": false}]}",
                           name);
}

/* Names that some schema text refers to and nothing defines: anything may stand there. */
static void print_undefined(printer *p)
{
    static const char reference[] = "\"#/$defs/";
    g_autoptr(GHashTable) done = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *text = g_strdup(p->out->str);
    for (const char *at = strstr(text, reference); at; at = strstr(at, reference)) {
        at += strlen(reference);
        char *name = g_strndup(at, strcspn(at, "\""));
        g_autofree char *definition = g_strdup_printf("\n  \"%s\": ", name);
        if (!strstr(text, definition) && !g_hash_table_contains(done, name))
            g_string_append_printf(p->out, ",\n  \"%s\": true", name);
        g_hash_table_add(done, name);
    }
}

char *gd_schema_print(const gd_shape *root, const gd_shape *const *more, const char *title)
{
    printer p = {g_string_new("{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\", "),
                 gd_shape_collect(root, more)};
    for (unsigned times = 0; times < 2; times++)
        for (const gd_shape *const *s = gd_dist_shapes(times); *s; s++)
            if ((*s)->fields)
                g_ptr_array_add(p.shapes, (void *)*s);
    g_string_append(p.out, "\"title\": ");
    gd_text_append_json(p.out, title);
    g_autofree char *name = definition_name(&p, root);
    g_string_append_printf(p.out, ", \"$ref\": \"#/$defs/%s\", \"$defs\": {", name);
    for (guint i = 0; i < p.shapes->len; i++) {
        const gd_shape *shape = g_ptr_array_index(p.shapes, i);
        g_autofree char *definition = definition_name(&p, shape);
        g_string_append_printf(p.out, "%s\n  \"%s\": ", i ? "," : "", definition);
        print_definition(&p, shape);
    }
    print_quantities(&p);
    print_distribution(&p, true);
    print_distribution(&p, false);
    print_undefined(&p);
    g_string_append(p.out, "\n}}\n");
    g_ptr_array_unref(p.shapes);
    return g_string_free(p.out, FALSE);
}
