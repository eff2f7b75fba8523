#include "report/text_library.h"

#include <string.h>

enum { INDENT = 2, GAP = 2 };

static unsigned longest_name(const gd_library *library)
{
    unsigned longest = 0;
    for (uint32_t i = 0; i < library->n; i++)
        longest = MAX(longest, gd_text_columns(library->entries[i].name));
    return longest;
}

/* Name and lesson on one line: what does not fit is cut, never wrapped. */
static void put_entry(gd_sheet *sheet, const gd_library_entry *entry, unsigned wide)
{
    g_autofree char *flat = g_strdelimit(g_strdup(entry->lesson ? entry->lesson : ""), "\n\t", ' ');
    g_autofree char *safe = gd_text_escape(flat, sheet->form.utf8);
    g_autofree char *name = gd_text_escape(entry->name, sheet->form.utf8);
    unsigned used = INDENT + wide + GAP;
    unsigned room = sheet->form.width > used ? sheet->form.width - used : 0;
    g_autofree char *cut = gd_text_cut(safe, room, sheet->form.utf8);
    unsigned columns = gd_text_columns(name);
    gd_sheet_pad(sheet, INDENT);
    gd_sheet_put(sheet, GD_INK_TITLE, name);
    if (*cut)
        gd_sheet_pad(sheet, (wide > columns ? wide - columns : 0) + GAP);
    gd_sheet_put(sheet, GD_INK_PLAIN, cut);
    g_string_append_c(sheet->text, '\n');
}

static bool is_of(const gd_library_entry *entry, const char *topic)
{
    return topic ? g_strcmp0(entry->topic, topic) == 0 : entry->topic == NULL;
}

static void put_topic(gd_sheet *sheet, const gd_library *library, const char *topic,
                      const char *title, unsigned wide)
{
    bool any = false;
    for (uint32_t i = 0; i < library->n; i++) {
        if (!is_of(&library->entries[i], topic))
            continue;
        if (!any)
            gd_sheet_heading(sheet, title);
        any = true;
        put_entry(sheet, &library->entries[i], wide);
    }
}

static bool is_listed(const char *topic)
{
    for (const gd_topic *known = gd_topics; known->name; known++)
        if (g_strcmp0(known->name, topic) == 0)
            return true;
    return false;
}

/* Topics that the table does not know follow it, each at its first scenario. */
static void put_other_topics(gd_sheet *sheet, const gd_library *library, unsigned wide)
{
    for (uint32_t i = 0; i < library->n; i++) {
        const char *topic = library->entries[i].topic;
        bool told = !topic || is_listed(topic);
        for (uint32_t j = 0; j < i && !told; j++)
            told = is_of(&library->entries[j], topic);
        if (!told)
            put_topic(sheet, library, topic, topic, wide);
    }
    put_topic(sheet, library, NULL, "Others", wide);
}

static void put_folder(gd_sheet *sheet, const gd_library *library)
{
    g_autofree char *folder = gd_text_escape(library->folder, sheet->form.utf8);
    gd_sheet_printf(sheet, GD_INK_DIM, "%u scenarios in %s\n", library->n, folder);
}

char *gd_text_library(const gd_library *library, gd_text_form form)
{
    gd_sheet sheet = {.text = g_string_new(NULL), .form = form};
    unsigned wide = longest_name(library);
    put_folder(&sheet, library);
    for (const gd_topic *topic = gd_topics; topic->name; topic++)
        put_topic(&sheet, library, topic->name, topic->title, wide);
    put_other_topics(&sheet, library, wide);
    g_string_append(sheet.text, "\ngameday run NAME plays one; gameday list --patterns: which "
                                "teaches what\n");
    return g_string_free(sheet.text, FALSE);
}

static char *join_names(const gd_library *library, const char *pattern)
{
    GString *names = g_string_new(NULL);
    for (uint32_t i = 0; i < library->n; i++)
        if (gd_library_teaches(&library->entries[i], pattern))
            g_string_append_printf(names, "%s%s", names->len ? ", " : "", library->entries[i].name);
    return g_string_free(names, FALSE);
}

char *gd_text_patterns(const gd_library *library, gd_text_form form)
{
    gd_sheet sheet = {.text = g_string_new(NULL), .form = form};
    g_autoptr(GPtrArray) patterns = gd_library_patterns(library);
    unsigned wide = 0;
    for (guint i = 0; i < patterns->len; i++)
        wide = MAX(wide, gd_text_columns(patterns->pdata[i]));
    put_folder(&sheet, library);
    g_string_append_c(sheet.text, '\n');
    for (guint i = 0; i < patterns->len; i++) {
        const char *pattern = patterns->pdata[i];
        g_autofree char *names = join_names(library, pattern);
        g_autofree char *safe = gd_text_escape(names, form.utf8);
        gd_sheet_pad(&sheet, INDENT);
        gd_sheet_put(&sheet, GD_INK_TITLE, pattern);
        gd_sheet_pad(&sheet, wide - gd_text_columns(pattern) + GAP);
        gd_sheet_wrap(&sheet, GD_INK_PLAIN, INDENT + wide + GAP, safe);
    }
    g_string_append(sheet.text, "\ngameday explain PATTERN says what a pattern is\n");
    return g_string_free(sheet.text, FALSE);
}
