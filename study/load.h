/* Documents as files: a scenario with its model, `extends` followed, patches and --set applied, so
 * that what is left are two trees. Nothing here knows what they mean; models/compile does.
 *
 * A file is a regular file of at most 16 MiB, or "-" for standard input. Files that a document
 * names lie below its own folder, or in a folder beside that one.
 */
#pragma once

#include "models/compile.h"

#pragma GCC visibility push(default) /* part of libgameday */

typedef struct {
    const char *path; /* as shown */
    uint64_t digest;  /* gd_hash of its bytes */
} gd_document_file;

typedef struct {
    const char *name, *say; /* say NULL: nothing is said */
    const gd_node *patch;
} gd_document_try;

typedef struct gd_documents {
    gd_arena *arena;
    const char *path;        /* of the first document, as given */
    const char *name;        /* of the scenario, else of the model; never NULL */
    const gd_node *model;    /* with scenario.patch, the try and --set */
    const gd_node *scenario; /* an empty one for a model alone */
    bool is_model_alone;
    const char *try_name;   /* NULL: none */
    gd_document_try *tries; /* byte order of names */
    uint32_t n_tries;
    gd_document_file
        *files; /* in the order in which they were read; data files come with gd_compile */
    uint32_t n_files, room;
    /* Of the scenario; NULL: not said. Expectations keep the scenario's order. */
    const char *lesson, *question, *starts_at, *topic;
    const char **teaches; /* ends with NULL */
    const gd_node *choices, *expect, *control, *expect_not;
} gd_documents;

/* `sets` are "ADDRESS=VALUE" and end with NULL; it may be NULL. `try_name` NULL: as the scenario
 * is. NULL when `problems` grew. Owned by the caller. */
gd_documents *gd_documents_load(const char *path, const char *const *sets, const char *try_name,
                                gd_problems *problems);
void gd_documents_free(gd_documents *documents);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gd_documents, gd_documents_free)

/* A gd_data_reader: `user` is the gd_documents, whose list of files grows. Not for two threads at
 * once. */
const char *gd_documents_read_data(void *user, gd_arena *arena, const char *path,
                                   const gd_node *place, gd_problems *problems, size_t *length);

#pragma GCC visibility pop
