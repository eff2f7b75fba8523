/* Pending events, taken in order of (time, rank, sequence number).
 *
 * An entry is one 128-bit number: time << 4 | rank above sequence:35 | kind:5 | subject:24, so that
 * comparing entries compares that order. Entries sit in a 4-ary heap, but for those of a constant
 * delay, which are born in order and wait in a FIFO ring: only the ring's head competes. Nothing is
 * cancelled: an entry whose subject has moved on is stale, and its subject says so (it keeps the
 * word of the entry that it waits for).
 *
 * The heap pops lazily: the hole at the top is filled by the next push, the usual case, or else
 * when the next entry is asked for. All else sees only push, push_ring, peek and pop.
 */
#pragma once

#include "sim/segment.h"

typedef gd_u128 gd_entry;

#define GD_AGENDA_RINGS 64u
#define GD_NO_RING      255u
#define GD_ENTRY_LAST   ((gd_entry)-1)
#define GD_SUBJECTS     (1u << 24) /* so many records a pool may hold */
/* What is due later (18 years) is due then: after every horizon, and within the key's bits. */
#define GD_AGENDA_LATEST (INT64_C(1) << 59)

typedef struct {
    gd_segment at; /* power of two of entries */
    uint32_t head, tail, mask;
    gd_span delay;
    unsigned rank;
} gd_ring;

typedef struct {
    gd_segment heap;
    uint32_t n; /* entries in the heap, the hole included */
    bool hole;
    uint64_t sequence;
    uint32_t rings_n, tree_n; /* tree_n: leaves, a power of two; 0: few rings, scanned */
    gd_entry first;           /* the least of the rings' heads */
    uint8_t first_at;         /* its ring */
    gd_memory *memory;
    gd_entry heads[GD_AGENDA_RINGS]; /* GD_ENTRY_LAST: the ring is empty */
    uint8_t tree[2 * GD_AGENDA_RINGS];
    gd_ring rings[GD_AGENDA_RINGS];
} gd_agenda;

void gd_agenda_init(gd_agenda *agenda, gd_memory *memory);
void gd_agenda_clear(gd_agenda *agenda);
void gd_agenda_reset(gd_agenda *agenda); /* empty, keeps memory and rings */
void gd_agenda_copy(gd_agenda *to, gd_memory *memory, const gd_agenda *from);
/* The ring of that delay and rank, made when new; GD_NO_RING when there are too many. */
uint8_t gd_agenda_ring(gd_agenda *agenda, gd_span delay, unsigned rank);

static inline gd_time gd_entry_time(gd_entry e)
{
    return (gd_time)((uint64_t)(e >> 64) >> 4);
}
static inline unsigned gd_entry_kind(gd_entry e)
{
    return (unsigned)((uint64_t)e >> 24) & 31u;
}
static inline uint32_t gd_entry_subject(gd_entry e)
{
    return (uint32_t)e & (GD_SUBJECTS - 1);
}
/* Unique among a run's entries: what a subject keeps of the entry that it waits for. Never 0. */
static inline uint64_t gd_entry_word(gd_entry e)
{
    return (uint64_t)e;
}

static inline GD_HOT gd_entry gd_agenda_entry(gd_agenda *agenda, gd_time at, unsigned rank,
                                              unsigned kind, uint32_t subject)
{
    uint64_t word = ++agenda->sequence << 29 | (uint64_t)kind << 24 | subject;
    at = at < GD_AGENDA_LATEST ? at : GD_AGENDA_LATEST;
    return (gd_entry)((uint64_t)at << 4 | rank) << 64 | word;
}

void gd_agenda_grow(gd_agenda *agenda);
void gd_agenda_ring_grow(gd_agenda *agenda, uint8_t ring);
void gd_agenda_tree_update(gd_agenda *agenda, uint8_t ring);

/* Sifts `e` down from the root of a heap of n entries. */
static inline GD_HOT void gd_agenda_sift(gd_entry *h, uint32_t n, gd_entry e)
{
    uint32_t i = 0;
    for (;;) {
        uint32_t c = 4 * i + 1;
        if (c + 3 < n) { /* branch-free choice of the least of four */
            uint32_t a = c + (h[c + 1] < h[c]);
            uint32_t b = c + 2 + (h[c + 3] < h[c + 2]);
            uint32_t m = h[b] < h[a] ? b : a;
            if (!(h[m] < e))
                break;
            h[i] = h[m];
            i = m;
        } else {
            if (c >= n)
                break;
            uint32_t m = c;
            for (uint32_t k = c + 1; k < n; k++)
                if (h[k] < h[m])
                    m = k;
            if (!(h[m] < e))
                break;
            h[i] = h[m];
            i = m;
        }
    }
    h[i] = e;
}

static inline GD_HOT void gd_agenda_add(gd_agenda *agenda, gd_entry e)
{
    gd_entry *h = agenda->heap.base;
    if (agenda->hole) {
        agenda->hole = false;
        gd_agenda_sift(h, agenda->n, e);
        return;
    }
    if (__builtin_expect((agenda->n + 1) * sizeof *h > agenda->heap.capacity, 0)) {
        gd_agenda_grow(agenda);
        h = agenda->heap.base;
    }
    uint32_t i = agenda->n++;
    while (i > 0) {
        uint32_t p = (i - 1) >> 2;
        if (!(e < h[p]))
            break;
        h[i] = h[p];
        i = p;
    }
    h[i] = e;
}

static inline GD_HOT uint64_t gd_agenda_push(gd_agenda *agenda, gd_time at, unsigned rank,
                                             unsigned kind, uint32_t subject)
{
    gd_entry e = gd_agenda_entry(agenda, at, rank, kind, subject);
    gd_agenda_add(agenda, e);
    return gd_entry_word(e);
}

/* Pushes at now + the ring's delay. Time never goes back, so a ring's entries are born in order. */
static inline GD_HOT uint64_t gd_agenda_push_ring(gd_agenda *agenda, uint8_t ring, gd_time now,
                                                  unsigned kind, uint32_t subject)
{
    gd_ring *r = &agenda->rings[ring];
    gd_entry e = gd_agenda_entry(agenda, now + r->delay, r->rank, kind, subject);
    if (r->head == r->tail) {
        if (__builtin_expect(r->at.base == NULL, 0))
            gd_agenda_ring_grow(agenda, ring);
        agenda->heads[ring] = e;
        if (agenda->tree_n)
            gd_agenda_tree_update(agenda, ring);
        if (e < agenda->first) {
            agenda->first = e;
            agenda->first_at = ring;
        }
    } else if (r->tail - r->head > r->mask) {
        gd_agenda_ring_grow(agenda, ring);
    }
    ((gd_entry *)r->at.base)[r->tail++ & r->mask] = e;
    return gd_entry_word(e);
}

/* The earliest entry, or GD_ENTRY_LAST. *where says how to pop it: a ring, or GD_NO_RING. */
static inline GD_HOT gd_entry gd_agenda_peek(gd_agenda *agenda, uint8_t *where)
{
    gd_entry *h = agenda->heap.base;
    if (agenda->hole) {
        agenda->hole = false;
        if (--agenda->n > 0)
            gd_agenda_sift(h, agenda->n, h[agenda->n]);
    }
    if (agenda->n == 0 || agenda->first < h[0]) {
        *where = agenda->first_at;
        return agenda->first;
    }
    *where = GD_NO_RING;
    return h[0];
}

/* Takes what the last peek returned. */
static inline GD_HOT void gd_agenda_pop(gd_agenda *agenda, uint8_t where)
{
    if (where == GD_NO_RING) {
        agenda->hole = true;
        return;
    }
    gd_ring *r = &agenda->rings[where];
    r->head++;
    agenda->heads[where] =
        r->head == r->tail ? GD_ENTRY_LAST : ((gd_entry *)r->at.base)[r->head & r->mask];
    uint8_t least = 0;
    if (agenda->tree_n) {
        gd_agenda_tree_update(agenda, where);
        least = agenda->tree[1];
    } else {
        for (uint32_t i = 1; i < agenda->rings_n; i++)
            least = agenda->heads[i] < agenda->heads[least] ? (uint8_t)i : least;
    }
    agenda->first = agenda->heads[least];
    agenda->first_at = least;
}
