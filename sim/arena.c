#include "sim/arena.h"

#include <stdint.h>
#include <string.h>

/* The first chunk; each further one doubles until LARGEST, so a plan costs a handful of g_mallocs
 * and at most half of its memory is unused. What does not fit a chunk gets one of its own. */
#define FIRST_CHUNK   ((size_t)16 * 1024)
#define LARGEST_CHUNK ((size_t)4 * 1024 * 1024)
#define ALIGNMENT     ((size_t)16)

typedef struct chunk chunk;
struct chunk {
    chunk *next;
    size_t size, used;
    _Alignas(16) unsigned char bytes[];
};

struct gd_arena {
    chunk *chunks; /* the one that is filled now comes first */
    size_t next_size;
    size_t bytes; /* handed out, alignment included */
};

gd_arena *gd_arena_new(void)
{
    gd_arena *arena = g_new0(gd_arena, 1);
    arena->next_size = FIRST_CHUNK;
    return arena;
}

void gd_arena_free(gd_arena *arena)
{
    if (!arena)
        return;
    for (chunk *c = arena->chunks; c;) {
        chunk *next = c->next;
        g_free(c);
        c = next;
    }
    g_free(arena);
}

/* A chunk of exactly `bytes` goes behind the current one, which may still have room. */
static void *alloc_large(gd_arena *arena, size_t bytes)
{
    chunk *c = g_malloc0(sizeof *c + bytes);
    c->size = c->used = bytes;
    if (arena->chunks) {
        c->next = arena->chunks->next;
        arena->chunks->next = c;
    } else {
        arena->chunks = c;
    }
    return c->bytes;
}

static void add_chunk(gd_arena *arena)
{
    chunk *c = g_malloc0(sizeof *c + arena->next_size);
    c->size = arena->next_size;
    c->next = arena->chunks;
    arena->chunks = c;
    if (arena->next_size < LARGEST_CHUNK)
        arena->next_size *= 2;
}

void *gd_arena_alloc(gd_arena *arena, size_t bytes)
{
    g_assert(bytes <= SIZE_MAX / 4);
    size_t rounded = (MAX(bytes, 1) + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    arena->bytes += rounded;
    chunk *c = arena->chunks;
    if (!c || c->size - c->used < rounded) {
        if (rounded > arena->next_size / 4)
            return alloc_large(arena, rounded);
        add_chunk(arena);
        c = arena->chunks;
    }
    void *result = c->bytes + c->used;
    c->used += rounded;
    return result;
}

char *gd_arena_strndup(gd_arena *arena, const char *text, size_t length)
{
    char *copy = gd_arena_alloc(arena, length + 1);
    if (length)
        memcpy(copy, text, length);
    return copy;
}

char *gd_arena_printf(gd_arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    gsize size = g_printf_string_upper_bound(format, args); /* with its NUL */
    va_end(args);
    char *text = gd_arena_alloc(arena, size);
    g_vsnprintf(text, size, format, again);
    va_end(again);
    return text;
}

size_t gd_arena_get_bytes(const gd_arena *arena)
{
    return arena->bytes;
}

void *gd_arena_alloc_array(gd_arena *arena, size_t size, size_t count)
{
    size_t bytes;
    g_assert(!__builtin_mul_overflow(size, count, &bytes));
    return gd_arena_alloc(arena, bytes);
}
