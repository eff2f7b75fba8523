#include "sim/spec/preset.h"
#include "sim/spec/schema.h"

#include <string.h>

#define WIDTH 80
/* Columns of the table of members: the name takes what it needs up to this, so do type and default.
 */
#define WIDEST_NAME    24
#define WIDEST_TYPE    18
#define WIDEST_DEFAULT 12

typedef struct {
    const gd_shape *root;
    const gd_shape *const *more;
    const gd_field *field; /* what the path ends at; NULL: a shape */
    const gd_shape *shape; /* its members; NULL: none */
    bool is_map;           /* `shape` is that of each member */
    char *why;
    bool near; /* `why` knows a name that was probably meant */
} search;

static const char *type_word(const gd_field *field)
{
    switch (field->type) {
    case GD_FIELD_BOOL:
        return "true or false";
    case GD_FIELD_WORD:
        return "word";
    case GD_FIELD_TEXT:
        return "text";
    case GD_FIELD_OBJECT:
        return "object";
    case GD_FIELD_MAP:
        return "named members";
    case GD_FIELD_VARIANT:
        return "one kind of";
    case GD_FIELD_NODE:
    case GD_FIELD_NODES:
        return field->shape ? field->shape->name : "any value";
    case GD_FIELD_DIST_COUNT:
        return "distribution";
    case GD_FIELD_COUNT:
    case GD_FIELD_SPAN:
    case GD_FIELD_SHARE:
    case GD_FIELD_FACTOR:
    case GD_FIELD_RATE:
    case GD_FIELD_BYTES:
    case GD_FIELD_BITS:
    case GD_FIELD_NANO:
    case GD_FIELD_NAME:
    case GD_FIELD_ADDRESS:
    case GD_FIELD_DIST:
    case GD_FIELD_WHOLE:
        return gd_type_definition(field->type);
    }
    g_assert_not_reached();
}

static const gd_shape *const *variants_of(const gd_field *field)
{
    if (field->type == GD_FIELD_DIST || field->type == GD_FIELD_DIST_COUNT)
        return gd_dist_shapes(field->type == GD_FIELD_DIST);
    return field->type == GD_FIELD_VARIANT ? field->variants : NULL;
}

/* --- finding -----------------------------------------------------------------------------------
 */

/* The next name of the path, its quotes taken off; *rest is what follows its dot. Owned by the
 * caller. */
static char *next_name(const char *path, const char **rest)
{
    const char *end;
    char *name;
    if (*path == '"' && strchr(path + 1, '"')) {
        end = strchr(path + 1, '"');
        name = g_strndup(path + 1, (size_t)(end - path) - 1);
        end++;
    } else {
        end = path + strcspn(path, ".");
        name = g_strndup(path, (size_t)(end - path));
    }
    *rest = *end == '.' ? end + 1 : end;
    return name;
}

static const gd_field *find_field(const gd_shape *shape, const char *name)
{
    for (const gd_field *f = shape->fields; f && f->name; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

static bool find_in_shape(search *s, const gd_shape *shape, const char *path);

static bool report(search *s, const char *name, const gd_shape *shape,
                   const gd_shape *const *variants)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (const gd_field *f = shape ? shape->fields : NULL; f && f->name; f++)
        g_ptr_array_add(words, (char *)f->name);
    for (; variants && *variants; variants++)
        g_ptr_array_add(words, (char *)(*variants)->name);
    g_ptr_array_add(words, NULL);
    const char *near = gd_nearest(name, (const char *const *)words->pdata);
    g_autoptr(GString) known = g_string_new(NULL);
    for (guint i = 0; i + 1 < words->len; i++)
        g_string_append_printf(known, "%s%s", i ? ", " : "", (char *)words->pdata[i]);
    g_free(s->why);
    s->near = near != NULL;
    s->why = near ? g_strdup_printf("there is no \"%s\" here; did you mean \"%s\"?", name, near)
             : known->len
                 ? g_strdup_printf("there is no \"%s\" here; known are %s", name, known->str)
                 : g_strdup_printf("nothing stands below here, so there is no \"%s\"", name);
    return false;
}

static bool find_variant(search *s, const gd_shape *const *variants, const char *path)
{
    const char *rest;
    g_autofree char *word = next_name(path, &rest);
    for (const gd_shape *const *v = variants; *v; v++)
        if (strcmp((*v)->name, word) == 0)
            return find_in_shape(s, *v, rest);
    return report(s, word, NULL, variants);
}

/* Names of members may have dots ("payments.charge"): where the second name is no field of the
 * member, nor a misspelt one, it may belong to the first. */
static bool find_in_map(search *s, const gd_field *map, const gd_shape *shape, const char *path)
{
    const char *rest;
    g_free(next_name(path, &rest));
    if (find_in_shape(s, shape, rest))
        return true;
    g_autofree char *second = next_name(rest, &rest);
    if (s->near || find_field(shape, second) || (map->type == GD_FIELD_MAP && !map->any_key))
        return false;
    g_autofree char *why = g_steal_pointer(&s->why);
    if (find_in_shape(s, shape, rest))
        return true;
    g_free(s->why);
    s->why = g_steal_pointer(&why); /* of the first reading, the likeliest one */
    return false;
}

static bool find_below(search *s, const gd_field *field, const char *path)
{
    const gd_shape *const *variants = variants_of(field);
    bool is_map = field->type == GD_FIELD_MAP, by_reference = false;
    const gd_shape *shape = gd_shape_follow(s->root, s->more, field->shape, &by_reference);
    is_map = is_map || by_reference;
    if (!*path) {
        s->field = field;
        s->shape = shape;
        s->is_map = is_map;
        return true;
    }
    if (variants)
        return find_variant(s, variants, path);
    if (shape)
        return is_map ? find_in_map(s, field, shape, path) : find_in_shape(s, shape, path);
    const char *rest;
    g_autofree char *name = next_name(path, &rest);
    return report(s, name, NULL, NULL);
}

static bool find_in_shape(search *s, const gd_shape *shape, const char *path)
{
    if (!*path) {
        s->field = NULL;
        s->shape = shape;
        s->is_map = false;
        return true;
    }
    const char *rest;
    g_autofree char *name = next_name(path, &rest);
    const gd_field *field = find_field(shape, name);
    return field ? find_below(s, field, rest) : report(s, name, shape, NULL);
}

/* --- printing ----------------------------------------------------------------------------------
 */

/* Appends `text`, broken between words at WIDTH, each further line indented. `column` is where the
 * line stands now. */
static void append_wrapped(GString *out, const char *text, size_t indent, size_t column)
{
    while (*text) {
        size_t bytes = strcspn(text, " \n");
        size_t wide = (size_t)g_utf8_strlen(text, (gssize)bytes);
        if (column > indent && column + 1 + wide > WIDTH) {
            g_string_append_printf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (column > indent) {
            g_string_append_c(out, ' ');
            column++;
        }
        g_string_append_len(out, text, (gssize)bytes);
        column += wide;
        text += bytes;
        text += strspn(text, " \n");
    }
    while (out->len && g_ascii_isspace(out->str[out->len - 1])) /* a cell that stayed empty */
        g_string_truncate(out, out->len - 1);
    g_string_append_c(out, '\n');
}

static size_t width_of(const char *text, size_t widest)
{
    return MIN((size_t)g_utf8_strlen(text, -1), widest);
}

/* Appends a cell padded to `wide`; a longer text pushes the rest of its line to the next one. */
static size_t append_cell(GString *out, const char *text, size_t column, size_t wide)
{
    size_t n = (size_t)g_utf8_strlen(text, -1);
    g_string_append(out, text);
    if (n > wide) {
        g_string_append_printf(out, "\n%*s", (int)(column + wide + 2), "");
    } else {
        g_string_append_printf(out, "%*s", (int)(wide - n + 2), "");
    }
    return column + wide + 2;
}

static const char *default_text(const gd_field *f)
{
    return f->fallback ? f->fallback : f->required ? "required" : "-";
}

static void append_table(GString *out, const gd_shape *shape)
{
    size_t name = 6, type = 4, fallback = 7;
    for (const gd_field *f = shape->fields; f && f->name; f++) {
        name = MAX(name, width_of(f->name, WIDEST_NAME));
        type = MAX(type, width_of(type_word(f), WIDEST_TYPE));
        fallback = MAX(fallback, width_of(default_text(f), WIDEST_DEFAULT));
    }
    const gd_field heading = {.name = "member", .help = "meaning"};
    for (const gd_field *f = &heading; f && f->name; f = f == &heading ? shape->fields : f + 1) {
        g_string_append(out, "  ");
        size_t column = append_cell(out, f->name, 2, name);
        column = append_cell(out, f == &heading ? "type" : type_word(f), column, type);
        column = append_cell(out, f == &heading ? "default" : default_text(f), column, fallback);
        append_wrapped(out, f->help ? f->help : "", column, column);
    }
}

static void append_line(GString *out, const char *label, const char *text)
{
    if (!text)
        return;
    g_string_append_printf(out, "  %-9s", label);
    append_wrapped(out, text, 11, 11);
}

static void append_words(GString *out, const char *const *words)
{
    g_autofree char *list = g_strjoinv(", ", (char **)words);
    append_line(out, "one of", list);
}

/* The kinds among which one member chooses, with what each means. */
static void append_variants(GString *out, const gd_shape *const *variants)
{
    size_t wide = 4;
    for (const gd_shape *const *v = variants; *v; v++)
        wide = MAX(wide, width_of((*v)->name, WIDEST_NAME));
    g_string_append_c(out, '\n');
    const gd_shape heading = {.name = "kind", .help = "meaning"};
    const gd_shape *shape = &heading;
    while (shape) {
        g_string_append(out, "  ");
        size_t column = append_cell(out, shape->name, 2, wide);
        append_wrapped(out, shape->help ? shape->help : "", column, column);
        shape = *variants++;
    }
}

static bool is_numeric(gd_field_type type)
{
    return type == GD_FIELD_WHOLE || (type >= GD_FIELD_COUNT && type <= GD_FIELD_NANO);
}

static void append_range(GString *out, const gd_field *field)
{
    int64_t low, high;
    gd_quantity_range(field->type, &low, &high);
    if (field->min || field->max) {
        low = field->min;
        high = field->max ? field->max : high;
    }
    g_autofree char *from = gd_quantity_print(field->type, low);
    g_autofree char *to = gd_quantity_print(field->type, high);
    if (high == INT64_MAX)
        g_string_append_printf(out, "  range    %s or more\n", from);
    else
        g_string_append_printf(out, "  range    %s to %s\n", from, to);
}

static void append_field(GString *out, const gd_field *field)
{
    if (field->help) {
        g_string_append(out, "  ");
        append_wrapped(out, field->help, 2, 2);
    }
    append_line(out, "unit", field->unit);
    if (is_numeric(field->type))
        append_range(out, field);
    if (field->type == GD_FIELD_WORD)
        append_words(out, field->words);
    append_line(out, "default",
                field->required && !field->fallback ? "none: it must be written"
                : field->fallback                   ? field->fallback
                                                    : "absent");
    append_line(out, "source", field->source);
    if (variants_of(field))
        append_variants(out, variants_of(field));
}

static void append_shape(GString *out, const search *s)
{
    const gd_shape *shape = s->shape;
    if (!s->field && shape->help) {
        g_string_append(out, "  ");
        append_wrapped(out, shape->help, 2, 2);
    }
    if (!s->field)
        append_line(out, "source", shape->source);
    if (shape->bare) {
        g_autofree char *bare = g_strdup_printf("a bare value is its \"%s\"", shape->bare);
        append_line(out, "short", bare);
    }
    if (!shape->fields)
        return;
    g_string_append(out, s->is_map ? "\n  Each of its members:\n\n" : "\n");
    append_table(out, shape);
}

/* Most presets share a source; what follows its semicolon is this one's own. */
static void append_preset(GString *out, const char *name, const char *low, const char *high,
                          unsigned year, const char *help, const char *source)
{
    const char *own = strstr(source, "; ");
    g_autofree char *meaning = g_strconcat(help, own, NULL);
    g_string_append_printf(out, "  %-27s %6s %6s  %4u  ", name, low, high, year);
    append_wrapped(out, meaning, 51, 51);
}

static char *explain_presets(void)
{
    GString *out = g_string_new(
        "presets · distribution\n\n"
        "  Written \"preset:NAME\" where a duration may be drawn: lognormal by median and\n"
        "  99th percentile. A link's latency is half a round trip. Unless a source is\n"
        "  named, the values are modelling choices for their year: measure your own.\n\n"
        "  name                           p50    p99  year  meaning\n");
    for (const gd_preset *preset = gd_presets; preset->name; preset++) {
        g_autofree char *p50 = gd_quantity_print(GD_FIELD_SPAN, preset->p50);
        g_autofree char *p99 = gd_quantity_print(GD_FIELD_SPAN, preset->p99);
        append_preset(out, preset->name, p50, p99, preset->year, preset->help, preset->source);
    }
    g_string_append(out, "\n  Shares, where one may stand:\n\n");
    for (const gd_share_preset *preset = gd_share_presets; preset->name; preset++) {
        g_autofree char *share = gd_quantity_print(GD_FIELD_SHARE, preset->share);
        append_preset(out, preset->name, share, "", preset->year, preset->help, preset->source);
    }
    return g_string_free(out, FALSE);
}

/* Paths that every document has, though they are no members. */
static bool find_special(search *s, const char *path)
{
    static const gd_field all = {
        .name = "distributions",
        .type = GD_FIELD_DIST_COUNT,
        .help = "What is drawn anew each time: a constant (\"5ms\", or 3 for a count), "
                "\"preset:NAME\", or an object with one of the members below. Beside it, \"per\": "
                "\"request\" draws once for all that one request causes. Geometric and zipf are "
                "for counts. {\"about\": DISTRIBUTION, \"source\": \"guess\"} marks what nobody "
                "has measured."};
    static const gd_field times = {.name = "distributions", .type = GD_FIELD_DIST};
    const char *rest;
    g_autofree char *name = next_name(path, &rest);
    if (strcmp(name, all.name) != 0)
        return false;
    return (*rest && find_below(s, &times, rest)) || find_below(s, &all, rest);
}

bool gd_explain_find(const gd_shape *root, const gd_shape *const *more, const char *path,
                     const gd_field **field, const gd_shape **shape)
{
    search s = {.root = root, .more = more};
    bool found = find_in_shape(&s, root, path);
    g_free(s.why);
    *field = found ? s.field : NULL;
    *shape = found ? s.shape : NULL;
    return found;
}

char *gd_explain_print(const gd_shape *root, const gd_shape *const *more, const char *path,
                       char **why)
{
    search s = {.root = root, .more = more};
    *why = NULL;
    if (strcmp(path, "presets") == 0 && !find_field(root, path))
        return explain_presets();
    if (!find_in_shape(&s, root, path) && !find_special(&s, path)) {
        *why = s.why;
        return NULL;
    }
    g_free(s.why);
    GString *out = g_string_new(*path ? path : root->name);
    g_string_append_printf(out, " · %s\n\n", s.field ? type_word(s.field) : "object");
    if (s.field)
        append_field(out, s.field);
    if (s.shape)
        append_shape(out, &s);
    return g_string_free(out, FALSE);
}
