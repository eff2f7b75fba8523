/* Memory that lives as long as one thing (a study's documents, a plan, a run) and goes at once.
 *
 * A bump allocator over chunks from g_malloc. Nothing is freed alone. Zeroed, 16-byte aligned.
 * For load time and plans; a run's growing state lives in pools (sim/pool.h), which can be copied.
 */
#pragma once

#include <glib.h>
#include <stddef.h>

#pragma GCC visibility push(default) /* part of libgameday */

typedef struct gd_arena gd_arena;

gd_arena *gd_arena_new(void);
void gd_arena_free(gd_arena *arena);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gd_arena, gd_arena_free)

void *gd_arena_alloc(gd_arena *arena, size_t bytes);
/* A copy that ends in NUL; `text` need not. */
char *gd_arena_strndup(gd_arena *arena, const char *text, size_t length);
char *gd_arena_printf(gd_arena *arena, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Bytes handed out so far, rounded up to the alignment: the figure that budgets count. */
size_t gd_arena_get_bytes(const gd_arena *arena);

/* size x count, with an assertion on overflow instead of a short block. */
void *gd_arena_alloc_array(gd_arena *arena, size_t size, size_t count);

#define gd_arena_array(arena, type, count)                                                         \
    ((type *)gd_arena_alloc_array(arena, sizeof(type), (count)))
#define gd_arena_make(arena, type) gd_arena_array(arena, type, 1)

#pragma GCC visibility pop
