/* A concept on one screen: idea, what it cures and what it does not, its price, its numbers from
 * the field tables, the scenarios that teach it, its source.
 */
#include "models/compile.h"
#include "report/text_library.h"
#include "sim/spec/schema.h"

#include <string.h>

enum { INDENT = 2, LABEL = 16, NAME = 18, DEFAULT = 9 };

static void put_part(gd_sheet *sheet, const char *label, const char *text)
{
    if (!text || !*text)
        return;
    gd_sheet_pad(sheet, INDENT);
    gd_sheet_put(sheet, GD_INK_DIM, label);
    gd_sheet_pad(sheet, LABEL - gd_text_columns(label));
    gd_sheet_wrap(sheet, GD_INK_PLAIN, INDENT + LABEL, text);
}

/* ---- numbers ------------------------------------------------------------------------------------
 */

typedef struct {
    gd_sheet *sheet;
    GHashTable *told; /* fields: several paths may lead to one */
    bool any;
} numbers;

/* "min_calls  100  resilience4j minimumNumberOfCalls" */
static void put_number(numbers *n, const char *name, const gd_field *field)
{
    if (!g_hash_table_add(n->told, (void *)field))
        return;
    gd_sheet *sheet = n->sheet;
    const char *fallback = field->fallback ? field->fallback : field->required ? "required" : "-";
    gd_sheet_pad(sheet, INDENT);
    gd_sheet_put(sheet, GD_INK_DIM, n->any ? "" : "numbers");
    gd_sheet_pad(sheet, LABEL - (n->any ? 0 : (unsigned)strlen("numbers")));
    n->any = true;
    gd_sheet_put(sheet, GD_INK_PLAIN, name);
    gd_sheet_pad(sheet, MAX(NAME, gd_text_columns(name) + 1) - gd_text_columns(name));
    gd_sheet_put(sheet, GD_INK_PLAIN, fallback);
    gd_sheet_pad(sheet, MAX(DEFAULT, gd_text_columns(fallback) + 1) - gd_text_columns(fallback));
    gd_sheet_wrap(sheet, GD_INK_DIM, INDENT + LABEL + NAME + DEFAULT,
                  field->source ? field->source
                  : field->help ? field->help
                                : "");
}

static bool is_number(const gd_field *field)
{
    return (field->fallback || field->source || field->required) && field->type != GD_FIELD_TEXT;
}

static void put_shape(numbers *n, const gd_shape *shape)
{
    for (const gd_field *field = shape->fields; field && field->name; field++)
        if (is_number(field))
            put_number(n, field->name, field);
}

static void put_kinds(numbers *n, const gd_field *field)
{
    for (const gd_shape *const *kind = field->variants; kind && *kind; kind++) {
        gd_sheet_pad(n->sheet, INDENT);
        gd_sheet_put(n->sheet, GD_INK_DIM, n->any ? "" : "kinds");
        gd_sheet_pad(n->sheet, LABEL - (n->any ? 0 : (unsigned)strlen("kinds")));
        n->any = true;
        const char *name = (*kind)->name;
        gd_sheet_put(n->sheet, GD_INK_PLAIN, name);
        gd_sheet_pad(n->sheet, MAX(NAME, gd_text_columns(name) + 1) - gd_text_columns(name));
        gd_sheet_wrap(n->sheet, GD_INK_DIM, INDENT + LABEL + NAME, (*kind)->help);
    }
}

static void put_path(numbers *n, const char *path)
{
    const gd_field *field;
    const gd_shape *shape;
    if (!gd_explain_find(&gd_model_shape, NULL, path, &field, &shape) &&
        !gd_explain_find(&gd_scenario_shape, NULL, path, &field, &shape))
        return;
    const char *dot = strrchr(path, '.');
    if (field && field->type == GD_FIELD_VARIANT)
        put_kinds(n, field);
    else if (shape)
        put_shape(n, shape);
    else if (field)
        put_number(n, dot ? dot + 1 : path, field);
}

static void put_numbers(gd_sheet *sheet, const gd_concept_entry *entry)
{
    g_autoptr(GHashTable) told = g_hash_table_new(NULL, NULL);
    numbers n = {.sheet = sheet, .told = told};
    g_auto(GStrv) paths = g_strsplit(entry->fields ? entry->fields : "", " ", -1);
    put_part(sheet, "numbers", entry->text.numbers);
    n.any = entry->text.numbers != NULL;
    for (char **path = paths; *path; path++)
        if (**path)
            put_path(&n, *path);
    if (entry->shape)
        put_shape(&n, entry->shape);
}

static void put_scenarios(gd_sheet *sheet, const gd_concept_entry *entry, const gd_library *library)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (uint32_t i = 0; library && i < library->n; i++)
        if (gd_library_teaches(&library->entries[i], entry->name))
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", library->entries[i].name);
    g_autofree char *safe = gd_text_escape(names->str, sheet->form.utf8);
    put_part(sheet, "scenarios", safe);
}

/* Where its fields stand, for `gameday explain` again. */
static void put_fields(gd_sheet *sheet, const gd_concept_entry *entry)
{
    if (!entry->fields)
        return;
    g_auto(GStrv) paths = g_strsplit(entry->fields, " ", -1);
    g_autofree char *list = g_strjoinv(", ", paths);
    put_part(sheet, "fields", list);
}

char *gd_text_concept(const gd_concept_entry *entry, const gd_library *library, gd_text_form form)
{
    gd_sheet sheet = {.text = g_string_new(NULL), .form = form};
    const gd_concept *text = &entry->text;
    gd_sheet_put(&sheet, GD_INK_TITLE, text->title ? text->title : entry->name);
    gd_sheet_printf(&sheet, GD_INK_DIM, " · %s\n\n", entry->name);
    put_part(&sheet, "idea", text->idea);
    put_part(&sheet, "cures", text->cures);
    put_part(&sheet, "does not cure", text->cures_not);
    put_part(&sheet, "price", text->price);
    put_part(&sheet, "dangerous with", text->dangerous_with);
    put_numbers(&sheet, entry);
    put_fields(&sheet, entry);
    put_scenarios(&sheet, entry, library);
    put_part(&sheet, "source", text->source);
    return g_string_free(sheet.text, FALSE);
}

char *gd_text_concepts(const GPtrArray *concepts, gd_text_form form)
{
    gd_sheet sheet = {.text = g_string_new(NULL), .form = form};
    g_string_append(sheet.text, "What gameday explain WORD explains:\n");
    for (const gd_topic *topic = gd_topics; topic->name; topic++) {
        g_autoptr(GString) names = g_string_new(NULL);
        for (guint i = 0; i < concepts->len; i++) {
            const gd_concept_entry *entry = concepts->pdata[i];
            if (strcmp(entry->topic, topic->name) == 0)
                g_string_append_printf(names, "%s%s", names->len ? ", " : "", entry->name);
        }
        if (!names->len)
            continue;
        gd_sheet_heading(&sheet, topic->title);
        gd_sheet_pad(&sheet, INDENT);
        gd_sheet_wrap(&sheet, GD_INK_PLAIN, INDENT, names->str);
    }
    g_string_append(
        sheet.text,
        "\nAlso: a field of a model or scenario, as services.*.queue.limit; quantities;\n"
        "presets; distributions; or MODEL 'orders>payments.charge' for one call's chain\n");
    return g_string_free(sheet.text, FALSE);
}
