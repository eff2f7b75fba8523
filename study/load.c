#include "study/load.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* rigour 4.1: a size cap before reading, includes of bounded depth and number: ten files that each
 * extend ten would be 10^8 at that depth. The number is an assumption. */
#define LARGEST_FILE    ((size_t)16 << 20)
#define DEEPEST_EXTENDS 8
#define MOST_DOCUMENTS  64
#define STDIN_PATH      "-"

typedef struct {
    gd_documents *documents;
    gd_problems *problems;
    unsigned loaded; /* documents, each as often as it is named */
} loader;

/* ---- files -------------------------------------------------------------------------------- */
static void report_file(gd_problems *problems, const gd_node *place, const char *path,
                        const char *what)
{
    gd_problems_mark_unreadable(problems);
    if (place)
        gd_problem(problems, place, "%s: %s", path, what);
    else {
        g_autofree char *message = g_strdup_printf("%s", what);
        gd_problem_text(problems, path, 1, 1, message);
    }
}

/* All that `fd` gives, up to the cap; NULL and *what when it is too much or fails. */
static char *read_all(int fd, size_t *length, const char **what)
{
    GString *text = g_string_new(NULL);
    char block[65536];
    for (;;) {
        ssize_t got = read(fd, block, sizeof block);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            *what = got < 0 ? g_strerror(errno) : NULL;
            break;
        }
        g_string_append_len(text, block, got);
        *what = "is larger than 16 MiB; split it up";
        if (text->len > LARGEST_FILE)
            break;
    }
    *length = text->len;
    return g_string_free(text, *what != NULL);
}

/* Never waits for a writer and never reads a device: only what is a file is opened for good. */
static char *read_file(const char *path, size_t *length, const char **what)
{
    struct stat status;
    if (strcmp(path, STDIN_PATH) == 0)
        return read_all(STDIN_FILENO, length, what);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0) {
        *what = g_strerror(errno);
        return NULL;
    }
    char *text = NULL;
    if (fstat(fd, &status) != 0)
        *what = g_strerror(errno);
    else if (!S_ISREG(status.st_mode))
        *what = "is no regular file; name a JSON file";
    else if (status.st_size > (off_t)LARGEST_FILE)
        *what = "is larger than 16 MiB; split it up";
    else
        text = read_all(fd, length, what);
    close(fd);
    return text;
}

static void note_file(gd_documents *documents, const char *path, uint64_t digest)
{
    for (uint32_t i = 0; i < documents->n_files; i++)
        if (strcmp(documents->files[i].path, path) == 0)
            return;
    if (documents->n_files == documents->room) {
        uint32_t room = documents->room ? 2 * documents->room : 8;
        gd_document_file *files = gd_arena_array(documents->arena, gd_document_file, room);
        if (documents->n_files)
            memcpy(files, documents->files, documents->n_files * sizeof *files);
        documents->files = files;
        documents->room = room;
    }
    path = gd_arena_strndup(documents->arena, path, strlen(path));
    documents->files[documents->n_files++] = (gd_document_file){path, digest};
}

/* The path of what a document names: below its folder, or in a folder beside that one. NULL after a
 * problem. Owned by the caller. */
static char *path_beside(const gd_node *place, const char *path, gd_problems *problems)
{
    const char *own = place && place->source ? place->source->path : STDIN_PATH;
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    bool fine = *path && *path != '/';
    for (guint i = 0; parts[i] && fine; i++)
        fine = strcmp(parts[i], "..") != 0 || (i == 0 && parts[1] && *parts[1]);
    if (!fine) {
        gd_problem(
            problems, place,
            "\"%.200s\" leads elsewhere; name a file below this one's folder, or in a folder "
            "beside it",
            path);
        return NULL;
    }
    g_autofree char *folder = g_path_get_dirname(own);
    return strcmp(folder, ".") == 0 ? g_strdup(path) : g_build_filename(folder, path, NULL);
}

const char *gd_documents_read_data(void *user, gd_arena *arena, const char *path,
                                   const gd_node *place, gd_problems *problems, size_t *length)
{
    const char *what = NULL;
    g_autofree char *full = path_beside(place, path, problems);
    if (!full)
        return NULL;
    g_autofree char *text = read_file(full, length, &what);
    if (!text) {
        report_file(problems, place, full, what);
        return NULL;
    }
    note_file(user, full, gd_hash(text, *length));
    return gd_arena_strndup(arena, text, *length);
}

/* ---- documents ---------------------------------------------------------------------------- */
static gd_node *load_document(loader *l, const char *path, const gd_node *place, unsigned depth);

/* The document with all that it `extends` beneath it; the later file wins, the document most. */
static gd_node *add_extends(loader *l, gd_node *document, unsigned depth)
{
    gd_node *files = gd_node_get(document, "extends"), *below = NULL;
    if (!files || files->kind == GD_NULL)
        return document;
    bool is_list = files->kind == GD_ARRAY;
    if (depth >= DEEPEST_EXTENDS) {
        gd_problem(l->problems, files,
                   "is the %uth file that extends another (or extends itself); extend fewer",
                   depth + 1);
        return document;
    }
    for (const gd_node *file = is_list ? files->first : files; file; file = file->next) {
        if (file->kind != GD_STRING) {
            gd_problem(l->problems, file, "expected a path; write \"base.json\"");
            return document;
        }
        g_autofree char *path = path_beside(file, file->text, l->problems);
        gd_node *base = path ? load_document(l, path, file, depth + 1) : NULL;
        if (!base)
            return document;
        below = below ? gd_model_patch(l->documents->arena, below, base, l->problems) : base;
        if (!is_list)
            break;
    }
    if (!below)
        return document;
    gd_node *whole = gd_model_patch(l->documents->arena, below, document, l->problems);
    for (gd_node *member = whole->first, *before = NULL; member; member = member->next) {
        if (strcmp(member->key, "extends") != 0) {
            before = member;
            continue;
        }
        *(before ? &before->next : &whole->first) = member->next;
        whole->last = whole->last == member ? before : whole->last;
        break;
    }
    return whole;
}

static gd_node *load_document(loader *l, const char *path, const gd_node *place, unsigned depth)
{
    size_t length = 0;
    const char *what = NULL;
    gd_arena *arena = l->documents->arena;
    if (l->loaded == MOST_DOCUMENTS) {
        gd_problem(l->problems, place, "is one file too many: %d are read; extend fewer",
                   MOST_DOCUMENTS);
        l->loaded++;
    }
    if (l->loaded > MOST_DOCUMENTS)
        return NULL;
    l->loaded++;
    g_autofree char *text = read_file(path, &length, &what);
    if (!text) {
        report_file(l->problems, place, path, what);
        return NULL;
    }
    const char *shown = gd_arena_strndup(arena, path, strlen(path));
    gd_node *document = gd_source_parse(arena, shown, text, length, l->problems);
    note_file(l->documents, path, gd_hash(text, length));
    if (!document)
        return NULL;
    if (document->kind != GD_OBJECT) {
        gd_problem(l->problems, document, "expected an object; write {\"gameday\": 1, …}");
        return NULL;
    }
    return add_extends(l, document, depth);
}

/* ---- scenario and model ------------------------------------------------------------------- */
static const char *text_of(const gd_node *object, const char *key)
{
    const gd_node *node = gd_node_get(object, key);
    return node && node->kind == GD_STRING ? node->text : NULL;
}

static void report_no_document(loader *l, const gd_node *document)
{
    if (gd_node_get(document, "scenario") || gd_node_get(document, "designs"))
        gd_problem(l->problems, document, "not yet: study documents; name a scenario");
    else if (gd_node_get(document, "incidents") || gd_node_get(document, "teams"))
        gd_problem(l->problems, document, "not yet: on-call documents; name a scenario");
    else
        gd_problem(l->problems, document,
                   "is neither a scenario nor a model; write \"model\": \"shop.json\", or "
                   "\"services\" and \"clients\"");
}

static gd_node *find_model(loader *l, gd_node *document)
{
    gd_node *model = gd_node_get(document, "model");
    gd_documents *documents = l->documents;
    if (!model && gd_node_get(document, "services")) {
        gd_node *scenario = gd_node_new(documents->arena, GD_OBJECT, NULL, NULL, document);
        gd_node_append(scenario,
                       gd_node_new(documents->arena, GD_NUMBER, "gameday", "1", document));
        documents->is_model_alone = true;
        documents->scenario = scenario;
        return document;
    }
    documents->scenario = document;
    if (!model) {
        report_no_document(l, document);
        return NULL;
    }
    if (model->kind == GD_OBJECT)
        return add_extends(l, model, 1);
    if (model->kind != GD_STRING) {
        gd_problem(l->problems, model, "expected a path or a model; write \"shop.json\"");
        return NULL;
    }
    g_autofree char *path = path_beside(model, model->text, l->problems);
    return path ? load_document(l, path, model, 1) : NULL;
}

static int compare_tries(const void *left, const void *right)
{
    return strcmp(((const gd_document_try *)left)->name, ((const gd_document_try *)right)->name);
}

static void list_tries(gd_documents *documents)
{
    const gd_node *section = gd_node_get(documents->scenario, "try");
    if (!section || section->kind != GD_OBJECT)
        return;
    documents->tries =
        gd_arena_array(documents->arena, gd_document_try, gd_node_count(section) + 1);
    for (const gd_node *node = section->first; node; node = node->next)
        if (node->kind == GD_OBJECT && !gd_is_remark(node->key))
            documents->tries[documents->n_tries++] =
                (gd_document_try){node->key, text_of(node, "say"), gd_node_get(node, "patch")};
    if (documents->n_tries > 1)
        qsort(documents->tries, documents->n_tries, sizeof *documents->tries, compare_tries);
}

static void apply(loader *l, const gd_node *patch)
{
    gd_documents *documents = l->documents;
    if (patch && patch->kind == GD_OBJECT)
        documents->model = gd_model_patch(documents->arena, documents->model, patch, l->problems);
    else if (patch && patch->kind != GD_NULL)
        gd_problem(l->problems, patch,
                   "expected a merge patch of the model; write {\"services\": …}");
}

static void apply_try(loader *l, const char *name)
{
    gd_documents *documents = l->documents;
    g_autofree const char **names = g_new0(const char *, documents->n_tries + 1);
    if (!name)
        return;
    for (uint32_t i = 0; i < documents->n_tries; i++) {
        names[i] = documents->tries[i].name;
        if (strcmp(names[i], name) == 0) {
            documents->try_name = names[i];
            apply(l, documents->tries[i].patch);
            return;
        }
    }
    const char *near = gd_nearest(name, names);
    gd_problem(l->problems, gd_node_get(documents->scenario, "try"),
               near                 ? "there is no try \"%.100s\"; did you mean \"%.100s\"?"
               : documents->n_tries ? "there is no try \"%.100s\"; there is \"%.100s\""
                                    : "there is no try \"%.100s\"; the scenario has none",
               name,
               near                 ? near
               : documents->n_tries ? names[0]
                                    : NULL);
}

/* ---- --set -------------------------------------------------------------------------------- */
/* Sections that only a scenario has; all else is the model's. */
static bool is_of_scenario(const char *assignment)
{
    size_t length = strcspn(assignment, ".=");
    for (const gd_field *field = gd_scenario_shape.fields; field->name; field++)
        if (strlen(field->name) == length && strncmp(field->name, assignment, length) == 0)
            return true;
    return false;
}

static void apply_set(loader *l, const char *assignment)
{
    gd_documents *documents = l->documents;
    bool of_model = g_str_has_prefix(assignment, "model.");
    const char *rest = of_model ? assignment + strlen("model.") : assignment;
    const gd_node **root =
        !of_model && is_of_scenario(rest) ? &documents->scenario : &documents->model;
    gd_node *changed = gd_node_set(documents->arena, *root, rest, l->problems);
    if (changed)
        *root = changed;
}

/* ---- the whole ---------------------------------------------------------------------------- */
/* What is no array of texts has been reported by the reader of scenarios. */
static void fill_teaches(gd_documents *documents, const gd_node *list)
{
    documents->teaches =
        gd_arena_array(documents->arena, const char *, list ? gd_node_count(list) + 1 : 1);
    uint32_t n = 0;
    for (const gd_node *word = list ? list->first : NULL; word; word = word->next)
        if (word->kind == GD_STRING)
            documents->teaches[n++] = word->text;
}

static void fill(gd_documents *documents)
{
    const gd_node *scenario = documents->scenario;
    const char *name = text_of(scenario, "name");
    name = name ? name : text_of(documents->model, "name");
    documents->name = name ? name : "unnamed";
    documents->lesson = text_of(scenario, "lesson");
    documents->question = text_of(scenario, "question");
    documents->topic = text_of(scenario, "topic");
    fill_teaches(documents, gd_node_get(scenario, "teaches"));
    documents->starts_at = text_of(scenario, "starts_at");
    documents->choices = gd_node_get(scenario, "choices");
    documents->expect = gd_node_get(scenario, "expect");
    documents->control = gd_node_get(scenario, "control");
    documents->expect_not = gd_node_get(documents->control, "expect_not");
}

gd_documents *gd_documents_load(const char *path, const char *const *sets, const char *try_name,
                                gd_problems *problems)
{
    guint before = gd_problems_count(problems);
    g_autoptr(gd_documents) documents = g_new0(gd_documents, 1);
    documents->arena = gd_arena_new();
    documents->path = gd_arena_strndup(documents->arena, path, strlen(path));
    loader l = {.documents = documents, .problems = problems};
    gd_node *document = load_document(&l, path, NULL, 0);
    gd_node *model = document ? find_model(&l, document) : NULL;
    if (!model || gd_problems_count(problems) > before)
        return NULL;
    model->parent = NULL; /* addresses start at the model, also where it stands in its scenario */
    documents->model = model;
    list_tries(documents);
    apply(&l, gd_node_get(documents->scenario, "patch"));
    apply_try(&l, try_name);
    for (; sets && *sets; sets++)
        apply_set(&l, *sets);
    if (gd_problems_count(problems) > before)
        return NULL;
    fill(documents);
    return g_steal_pointer(&documents);
}

void gd_documents_free(gd_documents *documents)
{
    if (!documents)
        return;
    gd_arena_free(documents->arena);
    g_free(documents);
}
