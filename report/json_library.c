#include "report/json_library.h"

#include "report/json_writer.h"

static void put_words(gd_json_writer *w, const char *key, const char *const *words)
{
    gd_json_open(w, key, '[');
    for (; *words; words++)
        gd_json_put_text(w, NULL, *words);
    gd_json_close(w, ']');
}

GString *gd_json_library(const gd_library *library)
{
    gd_json_writer w = {.text = g_string_new(NULL), .pretty = true};
    gd_json_open(&w, NULL, '{');
    gd_json_put_text(&w, "folder", library->folder);
    gd_json_open(&w, "scenarios", '[');
    for (uint32_t i = 0; i < library->n; i++) {
        const gd_library_entry *entry = &library->entries[i];
        gd_json_open(&w, NULL, '{');
        gd_json_put_text(&w, "name", entry->name);
        gd_json_put_text(&w, "file", entry->file);
        gd_json_put_text(&w, "topic", entry->topic);
        put_words(&w, "teaches", entry->teaches);
        gd_json_put_text(&w, "lesson", entry->lesson);
        gd_json_put_text(&w, "question", entry->question);
        put_words(&w, "try", entry->tries);
        gd_json_close(&w, '}');
    }
    gd_json_close(&w, ']');
    gd_json_close(&w, '}');
    g_string_append_c(w.text, '\n');
    return w.text;
}
