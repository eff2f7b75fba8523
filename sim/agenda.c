#include "sim/agenda.h"

#include <glib.h>
#include <string.h>

/* Up to so many rings a linear scan of their heads beats the tournament. */
#define SCANNED_RINGS 5u

void gd_agenda_init(gd_agenda *agenda, gd_memory *memory)
{
    *agenda = (gd_agenda){.memory = memory, .first = GD_ENTRY_LAST};
    for (unsigned i = 0; i < GD_AGENDA_RINGS; i++)
        agenda->heads[i] = GD_ENTRY_LAST;
}

void gd_agenda_clear(gd_agenda *agenda)
{
    gd_segment_clear(&agenda->heap, agenda->memory);
    for (unsigned i = 0; i < agenda->rings_n; i++)
        gd_segment_clear(&agenda->rings[i].at, agenda->memory);
    agenda->rings_n = 0;
}

static void tree_build(gd_agenda *agenda)
{
    agenda->tree_n = 0;
    if (agenda->rings_n <= SCANNED_RINGS)
        return;
    uint32_t leaves = 1;
    while (leaves < agenda->rings_n)
        leaves *= 2;
    agenda->tree_n = leaves;
    for (uint32_t i = 0; i < leaves; i++) /* a leaf without a ring: its head is always the last */
        agenda->tree[leaves + i] = (uint8_t)i;
    for (uint32_t i = leaves - 1; i > 0; i--) {
        uint8_t a = agenda->tree[2 * i], b = agenda->tree[2 * i + 1];
        agenda->tree[i] = agenda->heads[b] < agenda->heads[a] ? b : a;
    }
}

void gd_agenda_reset(gd_agenda *agenda)
{
    agenda->n = 0;
    agenda->hole = false;
    agenda->sequence = 0;
    agenda->first = GD_ENTRY_LAST;
    agenda->first_at = 0;
    for (unsigned i = 0; i < agenda->rings_n; i++) {
        agenda->rings[i].head = agenda->rings[i].tail = 0;
        agenda->heads[i] = GD_ENTRY_LAST;
    }
    tree_build(agenda);
}

void gd_agenda_copy(gd_agenda *to, gd_memory *memory, const gd_agenda *from)
{
    *to = *from;
    to->memory = memory;
    gd_segment heap = from->heap;
    heap.used = from->n * sizeof(gd_entry);
    gd_segment_copy(&to->heap, memory, &heap);
    to->heap.used = 0;
    for (unsigned i = 0; i < from->rings_n; i++) {
        gd_segment ring = from->rings[i].at;
        ring.used = ring.base ? ((size_t)from->rings[i].mask + 1) * sizeof(gd_entry) : 0;
        gd_segment_copy(&to->rings[i].at, memory, &ring);
        to->rings[i].at.used = 0;
    }
}

uint8_t gd_agenda_ring(gd_agenda *agenda, gd_span delay, unsigned rank)
{
    for (unsigned i = 0; i < agenda->rings_n; i++)
        if (agenda->rings[i].delay == delay && agenda->rings[i].rank == rank)
            return (uint8_t)i;
    if (agenda->rings_n == GD_AGENDA_RINGS)
        return GD_NO_RING;
    agenda->rings[agenda->rings_n] = (gd_ring){.delay = delay, .rank = rank};
    agenda->rings_n++;
    tree_build(agenda);
    return (uint8_t)(agenda->rings_n - 1);
}

void gd_agenda_grow(gd_agenda *agenda)
{
    gd_segment_reserve(&agenda->heap, agenda->memory, (agenda->n + 1) * sizeof(gd_entry));
}

void gd_agenda_ring_grow(gd_agenda *agenda, uint8_t ring)
{
    gd_ring *r = &agenda->rings[ring];
    uint32_t before = r->at.base ? r->mask + 1 : 0;
    uint32_t after = before ? before * 2 : 64;
    gd_segment bigger = {0};
    gd_segment_reserve(&bigger, agenda->memory, after * sizeof(gd_entry));
    gd_entry *to = bigger.base;
    const gd_entry *from = r->at.base;
    g_assert(from || r->head == r->tail);
    for (uint32_t i = r->head; i != r->tail; i++)
        to[i & (after - 1)] = from[i & (before - 1)];
    gd_segment_clear(&r->at, agenda->memory);
    r->at = bigger;
    r->mask = after - 1;
}

void gd_agenda_tree_update(gd_agenda *agenda, uint8_t ring)
{
    for (uint32_t i = (agenda->tree_n + ring) / 2; i > 0; i /= 2) {
        uint8_t a = agenda->tree[2 * i], b = agenda->tree[2 * i + 1];
        agenda->tree[i] = agenda->heads[b] < agenda->heads[a] ? b : a;
    }
}
