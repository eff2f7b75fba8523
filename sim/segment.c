#include "sim/segment.h"

#include <glib.h>
#include <string.h>

static void account(gd_memory *memory, size_t before, size_t after)
{
    memory->bytes += after - before;
    if (memory->bytes > memory->peak)
        memory->peak = memory->bytes;
    if (memory->bytes > memory->budget)
        memory->over = true;
}

void gd_segment_reserve(gd_segment *segment, gd_memory *memory, size_t bytes)
{
    if (bytes <= segment->capacity)
        return;

    size_t capacity = segment->capacity ? segment->capacity : 1024;
    while (capacity < bytes)
        capacity += capacity >> 1 > 64 ? capacity >> 1 : capacity;
    capacity = (capacity + 63) & ~(size_t)63;
    segment->base = g_realloc(segment->base, capacity);
    memset((char *)segment->base + segment->capacity, 0, capacity - segment->capacity);
    account(memory, segment->capacity, capacity);
    segment->capacity = capacity;
}

size_t gd_segment_extend(gd_segment *segment, gd_memory *memory, size_t bytes)
{
    size_t at = segment->used;
    gd_segment_reserve(segment, memory, at + bytes);
    segment->used = at + bytes;
    return at;
}

void gd_segment_copy(gd_segment *to, gd_memory *memory, const gd_segment *from)
{
    *to = (gd_segment){0};
    if (from->used == 0)
        return;
    gd_segment_reserve(to, memory, from->used);
    memcpy(to->base, from->base, from->used);
    to->used = from->used;
}

void gd_segment_clear(gd_segment *segment, gd_memory *memory)
{
    account(memory, segment->capacity, 0);
    g_free(segment->base);
    *segment = (gd_segment){0};
}
