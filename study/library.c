#include "study/library.h"

#include <string.h>

static const char *keep(gd_arena *arena, const char *text)
{
    return text ? gd_arena_strndup(arena, text, strlen(text)) : NULL;
}

static const char *const *keep_words(gd_arena *arena, const char *const *words)
{
    uint32_t n = 0;
    while (words[n])
        n++;
    const char **kept = gd_arena_array(arena, const char *, (size_t)n + 1);
    for (uint32_t i = 0; i < n; i++)
        kept[i] = keep(arena, words[i]);
    return kept;
}

static const char *const *keep_tries(gd_arena *arena, const gd_documents *documents)
{
    const char **kept = gd_arena_array(arena, const char *, (size_t)documents->n_tries + 1);
    for (uint32_t i = 0; i < documents->n_tries; i++)
        kept[i] = keep(arena, documents->tries[i].name);
    return kept;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The JSON files of a folder, in byte order; NULL and a problem. Owned by the caller. */
static GPtrArray *list_files(const char *folder, gd_problems *problems)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
    if (!dir) {
        gd_problems_mark_unreadable(problems);
        gd_problem_text(problems, folder, 1, 1, error->message);
        return NULL;
    }
    GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
    for (const char *name = g_dir_read_name(dir); name; name = g_dir_read_name(dir))
        if (g_str_has_suffix(name, ".json"))
            g_ptr_array_add(files, g_strdup(name));
    g_ptr_array_sort(files, compare_names);
    return files;
}

static void add(gd_library *library, const char *file, gd_problems *problems)
{
    gd_arena *arena = library->arena;
    g_autofree char *path = g_build_filename(library->folder, file, NULL);
    g_autoptr(gd_documents) documents = gd_documents_load(path, NULL, NULL, problems);
    if (!documents || documents->is_model_alone)
        return;
    library->entries[library->n++] = (gd_library_entry){
        .name = gd_arena_strndup(arena, file, strlen(file) - strlen(".json")),
        .file = keep(arena, file),
        .topic = keep(arena, documents->topic),
        .lesson = keep(arena, documents->lesson),
        .question = keep(arena, documents->question),
        .teaches = keep_words(arena, documents->teaches),
        .tries = keep_tries(arena, documents),
    };
}

gd_library *gd_library_open(const char *folder, gd_problems *problems)
{
    guint before = gd_problems_count(problems);
    g_autoptr(GPtrArray) files = list_files(folder, problems);
    if (!files)
        return NULL;
    g_autoptr(gd_library) library = g_new0(gd_library, 1);
    library->arena = gd_arena_new();
    library->folder = keep(library->arena, folder);
    library->entries = gd_arena_array(library->arena, gd_library_entry, (size_t)files->len + 1);
    for (guint i = 0; i < files->len; i++)
        add(library, files->pdata[i], problems);
    return gd_problems_count(problems) > before ? NULL : g_steal_pointer(&library);
}

void gd_library_free(gd_library *library)
{
    if (!library)
        return;
    gd_arena_free(library->arena);
    g_free(library);
}

bool gd_library_teaches(const gd_library_entry *entry, const char *pattern)
{
    for (uint32_t i = 0; entry->teaches[i]; i++)
        if (strcmp(entry->teaches[i], pattern) == 0)
            return true;
    return false;
}

GPtrArray *gd_library_patterns(const gd_library *library)
{
    GPtrArray *patterns = g_ptr_array_new();
    for (uint32_t i = 0; i < library->n; i++)
        for (uint32_t t = 0; library->entries[i].teaches[t]; t++) {
            const char *word = library->entries[i].teaches[t];
            bool known = false;
            for (guint p = 0; p < patterns->len && !known; p++)
                known = strcmp(patterns->pdata[p], word) == 0;
            if (!known)
                g_ptr_array_add(patterns, (char *)word);
        }
    g_ptr_array_sort(patterns, compare_names);
    return patterns;
}
