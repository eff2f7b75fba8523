/* A folder of scenarios as a library: what each teaches, and under which topic it stands. */
#pragma once

#include "study/load.h"

#pragma GCC visibility push(default) /* part of libgameday */

typedef struct {
    const char *name, *file;               /* "retry-storm", "retry-storm.json" */
    const char *topic, *lesson, *question; /* NULL: not said */
    const char *const *teaches;            /* ends with NULL */
    const char *const *tries;              /* names; ends with NULL */
} gd_library_entry;

typedef struct {
    gd_arena *arena;
    const char *folder;
    gd_library_entry *entries; /* byte order of names */
    uint32_t n;
} gd_library;

/* All scenarios of a folder; models beside them are passed over. NULL when `problems` grew. Owned
 * by the caller. */
gd_library *gd_library_open(const char *folder, gd_problems *problems);
void gd_library_free(gd_library *library);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gd_library, gd_library_free)

bool gd_library_teaches(const gd_library_entry *entry, const char *pattern);
/* All patterns that some scenario teaches, in byte order. Owned by the caller. */
GPtrArray *gd_library_patterns(const gd_library *library);

#pragma GCC visibility pop
