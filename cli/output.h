/* A file that appears whole or not at all: written under another name beside its own, synced, then
 * renamed. An existing file is left alone unless `force`; what is no regular file, always. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct gd_output gd_output;

/* Opens early, so that a bad path is known before the work is done. Owned by the caller. */
gd_output *gd_output_open(const char *path, bool force, GError **error);
/* Errors are kept until the commit. */
void gd_output_write(gd_output *output, const char *text, gsize length);
/* Makes the file appear. To be called once. */
bool gd_output_commit(gd_output *output, GError **error);
/* Discards what was not committed. */
void gd_output_free(gd_output *output);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gd_output, gd_output_free)

/* Removes what open outputs have written so far; safe in a signal handler that ends the program. */
void gd_output_abandon_all(void);
