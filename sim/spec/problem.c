#include "sim/spec/node.h"
#include "sim/spec/text.h"

#include <string.h>

/* Kept are the first 200, shown are 20 of them, the rest is counted: a hostile file with a mistake
 * at every byte costs neither memory nor a walk through its text for each place. */
#define KEPT  200
#define SHOWN 20

typedef struct {
    char *path, *address, *message; /* path NULL: no place */
    size_t line, column;
    guint order;
} entry;

struct gd_problems {
    GPtrArray *kept;
    guint count, reported;
    bool unreadable;
};

static void entry_free(void *data)
{
    entry *e = data;
    g_free(e->path);
    g_free(e->address);
    g_free(e->message);
    g_free(e);
}

gd_problems *gd_problems_new(void)
{
    gd_problems *problems = g_new0(gd_problems, 1);
    problems->kept = g_ptr_array_new_with_free_func(entry_free);
    return problems;
}

void gd_problems_free(gd_problems *problems)
{
    if (!problems)
        return;
    g_ptr_array_unref(problems->kept);
    g_free(problems);
}

void gd_problems_mark_unreadable(gd_problems *problems)
{
    problems->unreadable = true;
}

bool gd_problems_has_unreadable(const gd_problems *problems)
{
    return problems->unreadable;
}

guint gd_problems_count(const gd_problems *problems)
{
    return problems->count;
}

guint gd_problems_reported(const gd_problems *problems)
{
    return problems->reported;
}

/* One mistake in a shared place (defaults, a named policy) is met once for each user of it. */
static bool is_known(const gd_problems *problems, const entry *e)
{
    for (guint i = 0; i < problems->kept->len; i++) {
        const entry *other = g_ptr_array_index(problems->kept, i);
        if (other->line == e->line && other->column == e->column &&
            g_strcmp0(other->path, e->path) == 0 && strcmp(other->message, e->message) == 0)
            return true;
    }
    return false;
}

/* Takes `message` and `address`. */
static void add(gd_problems *problems, const char *path, size_t line, size_t column, char *address,
                char *message)
{
    problems->reported++;
    entry *e = g_new0(entry, 1);
    *e = (entry){g_strdup(path), address, message, line, column, problems->count};
    if (is_known(problems, e)) {
        entry_free(e);
        return;
    }
    problems->count++;
    if (problems->kept->len < KEPT)
        g_ptr_array_add(problems->kept, e);
    else
        entry_free(e);
}

static void add_node(gd_problems *problems, const gd_node *node, bool of_key, char *message)
{
    if (problems->kept->len >= KEPT) {
        problems->count++;
        problems->reported++;
        g_free(message);
        return;
    }
    if (!node) {
        add(problems, NULL, 0, 0, NULL, message);
        return;
    }
    size_t line, column;
    gd_node_place(node, of_key, &line, &column);
    add(problems, node->source ? node->source->path : NULL, line, column, gd_node_address(node),
        message);
}

void gd_problem(gd_problems *problems, const gd_node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_node(problems, node, false, g_strdup_vprintf(format, args));
    va_end(args);
}

void gd_problem_key(gd_problems *problems, const gd_node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_node(problems, node, true, g_strdup_vprintf(format, args));
    va_end(args);
}

void gd_problem_text(gd_problems *problems, const char *path, size_t line, size_t column,
                     const char *message)
{
    add(problems, path, line, column, NULL, g_strdup(message));
}

static int compare(const void *left, const void *right)
{
    const entry *a = *(entry *const *)left, *b = *(entry *const *)right;
    int by_path = g_strcmp0(a->path, b->path);
    if (by_path)
        return by_path;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static void print_entry(GString *out, const entry *e)
{
    if (e->path) {
        gd_text_append_safe(out, e->path, strlen(e->path));
        g_string_append_printf(out, ":%zu:%zu: ", e->line, e->column);
    }
    if (e->address && *e->address) {
        gd_text_append_safe(out, e->address, strlen(e->address));
        g_string_append(out, ": ");
    }
    gd_text_append_safe(out, e->message, strlen(e->message));
    g_string_append_c(out, '\n');
}

char *gd_problems_print(const gd_problems *problems)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    for (guint i = 0; i < problems->kept->len; i++)
        g_ptr_array_add(sorted, g_ptr_array_index(problems->kept, i));
    g_ptr_array_sort(sorted, compare);

    /* At most 20 lines, the one that counts the rest included. */
    guint shown = problems->count > SHOWN ? SHOWN - 1 : sorted->len;
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < shown; i++)
        print_entry(out, g_ptr_array_index(sorted, i));
    if (shown < problems->count)
        g_string_append_printf(out, "… and %u more\n", problems->count - shown);
    return g_string_free(out, FALSE);
}
