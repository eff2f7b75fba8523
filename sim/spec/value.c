#include "sim/spec/field.h"
#include "sim/spec/preset.h"
#include "sim/spec/quantity.h"
#include "sim/spec/text.h"

#include <string.h>

typedef struct {
    const char *noun, *example;
    bool (*parse)(const char *text, int64_t *out, const char **why);
    bool strings, numbers; /* how it may be written; where numbers may not, 0 still may */
    int64_t min, max;
} quantity_type;

/* Indexed by gd_field_type; the rest has no parser. */
static const quantity_type types[] = {
    [GD_FIELD_COUNT] = {"a whole number", "12", gd_parse_count, false, true, 0, UINT32_MAX},
    [GD_FIELD_SPAN] = {"a duration", "\"250ms\"", gd_parse_span, true, false, 0, GD_HORIZON},
    [GD_FIELD_SHARE] = {"a share", "\"70%\" or 0.7", gd_parse_share, true, true, 0, GD_SHARE_ONE},
    [GD_FIELD_FACTOR] = {"a factor", "8 or \"150%\"", gd_parse_share, true, true, 0, INT64_MAX},
    [GD_FIELD_RATE] = {"a rate", "\"180/s\"", gd_parse_rate, true, false, 0, INT64_MAX},
    [GD_FIELD_BYTES] = {"a size", "\"64KiB\"", gd_parse_bytes, true, true, 0, INT64_MAX},
    [GD_FIELD_BITS] = {"a bandwidth", "\"1Gbit/s\"", gd_parse_bits, true, false, 0, INT64_MAX},
    [GD_FIELD_NANO] = {"a number", "0.99", gd_parse_nano, true, true, 0, INT64_MAX},
    [GD_FIELD_WHOLE] = {"a whole number", "12", gd_parse_count, false, true, 0, INT64_MAX},
};

static const quantity_type *type_of(gd_field_type type)
{
    g_assert((size_t)type < G_N_ELEMENTS(types) && types[type].parse);
    return &types[type];
}

void gd_quantity_range(gd_field_type type, int64_t *min, int64_t *max)
{
    *min = type_of(type)->min;
    *max = type_of(type)->max;
}

char *gd_quantity_print(gd_field_type type, int64_t value)
{
    char text[32];
    if (type == GD_FIELD_SPAN)
        gd_print_span(value, text);
    else if (type == GD_FIELD_SHARE)
        gd_print_share(value, text);
    else if (type == GD_FIELD_RATE)
        gd_print_rate(value, text);
    else if (type == GD_FIELD_FACTOR || type == GD_FIELD_NANO) {
        g_snprintf(text, sizeof text, "%s%" G_GINT64_FORMAT ".%09" G_GINT64_FORMAT,
                   value < 0 ? "-" : "", ABS(value / GD_SHARE_ONE), ABS(value % GD_SHARE_ONE));
        size_t length = strlen(text);
        while (text[length - 1] == '0')
            text[--length] = '\0';
        if (text[length - 1] == '.')
            text[length - 1] = '\0';
    } else
        g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT "%s", value,
                   type == GD_FIELD_BITS ? "B/s" : "");
    return g_strdup(text);
}

char *gd_node_describe(const gd_node *node)
{
    switch (node->kind) {
    case GD_NULL:
        return g_strdup("null");
    case GD_BOOL:
        return g_strdup(node->truth ? "true" : "false");
    case GD_NUMBER: {
        bool cut = strlen(node->text) > 40;
        return g_strdup_printf("%.40s%s", node->text, cut ? "…" : "");
    }
    case GD_STRING:
        return gd_text_quote(node->text);
    case GD_ARRAY:
        return g_strdup("an array");
    case GD_OBJECT:
        return g_strdup("an object");
    }
    g_assert_not_reached();
}

static void report_kind(gd_reader *reader, const gd_node *node, const quantity_type *t)
{
    g_autofree char *found = gd_node_describe(node);
    gd_problem(reader->problems, node, "expected %s such as %s, found %s%s", t->noun, t->example,
               found, node->kind == GD_NULL ? "; leave the member out" : "");
}

static bool check_range(gd_reader *reader, const gd_node *node, gd_field_type type, int64_t value,
                        int64_t min, int64_t max)
{
    if (min == 0 && max == 0)
        gd_quantity_range(type, &min, &max);
    else if (max == 0)
        max = type_of(type)->max;
    if (value >= min && value <= max)
        return true;
    g_autofree char *found = gd_node_describe(node);
    g_autofree char *low = gd_quantity_print(type, min);
    g_autofree char *high = gd_quantity_print(type, max);
    if (max == INT64_MAX)
        gd_problem(reader->problems, node, "%s is out of range; write %s or more", found, low);
    else
        gd_problem(reader->problems, node, "%s is out of range; write a value between %s and %s",
                   found, low, high);
    return false;
}

/* A quantity that is written out, not an uncertain one. */
static bool read_plain(gd_reader *reader, const gd_node *node, gd_field_type type, int64_t min,
                       int64_t max, int64_t *out)
{
    const quantity_type *t = type_of(type);
    bool text = node->kind == GD_STRING && t->strings;
    bool number = node->kind == GD_NUMBER;
    if (!text && !number) {
        report_kind(reader, node, t);
        return false;
    }
    int64_t value;
    const char *why;
    const gd_share_preset *preset =
        text && type == GD_FIELD_SHARE ? gd_share_preset_of(node->text) : NULL;
    if (preset) {
        value = preset->share;
    } else if (!t->parse(node->text, &value, &why)) {
        g_autofree char *found = gd_node_describe(node);
        if (number && !t->numbers)
            report_kind(reader, node, t);
        else
            gd_problem(reader->problems, node, "%s %s", found, why);
        return false;
    }
    if (!check_range(reader, node, type, value, min, max))
        return false;
    *out = value;
    return true;
}

/* Every member of an uncertain number is known, and it says enough. */
static bool check_uncertain(gd_reader *reader, const gd_node *node)
{
    static const char *const words[] = {"about", "between", "source", NULL};
    guint before = gd_problems_reported(reader->problems);
    const gd_node *between = gd_node_get(node, "between"), *source = gd_node_get(node, "source");
    for (const gd_node *m = node->first; m; m = m->next)
        if (!g_strv_contains(words, m->key) && !gd_is_remark(m->key))
            gd_report_unknown(reader->problems, m, words);
    if (source && source->kind != GD_STRING)
        gd_problem(reader->problems, source,
                   "expected a text that says where the value is from, "
                   "such as \"guess\" or \"dashboard, May\"");
    else if (!between && !(source && g_str_has_prefix(source->text, "guess")))
        gd_problem(reader->problems, node,
                   "an uncertain number needs its range; write \"between\": [LOW, HIGH], or "
                   "\"source\": \"guess\" when nobody knows");
    if (between && (between->kind != GD_ARRAY || gd_node_count(between) != 2))
        gd_problem(reader->problems, between,
                   "expected an array of two values; write [\"2ms\", \"9ms\"]");
    return gd_problems_reported(reader->problems) == before;
}

const gd_node *gd_uncertain_open(gd_reader *reader, const gd_node *node, const gd_node **low,
                                 const gd_node **high)
{
    *low = *high = NULL;
    const gd_node *about = gd_node_get(node, "about");
    if (!about || !check_uncertain(reader, node))
        return NULL;
    const gd_node *between = gd_node_get(node, "between");
    if (between) {
        *low = between->first;
        *high = between->last;
    }
    if (reader->record_uncertain) {
        if (!reader->uncertain)
            reader->uncertain = g_ptr_array_new();
        g_autofree char *address = gd_node_address(node);
        const gd_node *source = gd_node_get(node, "source");
        gd_uncertain *uncertain = gd_arena_make(reader->arena, gd_uncertain);
        *uncertain = (gd_uncertain){
            .node = node,
            .address = gd_arena_strndup(reader->arena, address, strlen(address)),
            .low = *low,
            .high = *high,
            .source = source ? source->text : NULL,
        };
        g_ptr_array_add(reader->uncertain, uncertain);
    }
    return about;
}

bool gd_read_quantity(gd_reader *reader, const gd_node *node, gd_field_type type, int64_t min,
                      int64_t max, int64_t *out)
{
    if (!gd_node_get(node, "about"))
        return read_plain(reader, node, type, min, max, out);

    const gd_node *low, *high;
    const gd_node *about = gd_uncertain_open(reader, node, &low, &high);
    int64_t value, from, to;
    if (!about || !read_plain(reader, about, type, min, max, &value))
        return false;
    if (low) {
        /* Both ends are read before either can stop us: all mistakes at once. */
        bool low_read = read_plain(reader, low, type, min, max, &from);
        if (!read_plain(reader, high, type, min, max, &to) || !low_read)
            return false;
        if (value < from || value > to) {
            gd_problem(
                reader->problems, about,
                "\"about\" lies outside \"between\"; write a range that holds it, low first");
            return false;
        }
    }
    *out = value;
    return true;
}

bool gd_read_span(gd_reader *reader, const gd_node *node, gd_span *out)
{
    return gd_read_quantity(reader, node, GD_FIELD_SPAN, 0, 0, out);
}

bool gd_read_count(gd_reader *reader, const gd_node *node, int64_t min, int64_t max, int64_t *out)
{
    return gd_read_quantity(reader, node, GD_FIELD_WHOLE, min, max, out);
}
