/* The reference's event list: a 4-ary heap of 16-byte entries, children chosen without branches,
 * and, with -DFIFO=1, two rings for the delays that are constant, whose entries are born in order
 * of time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#ifndef FIFO
#define FIFO 0
#endif

typedef struct {
    int64_t at;
    uint64_t what; /* sequence number << 36 | kind << 32 | id: ties break by order of birth */
} event;

static inline uint32_t kind_of(event e)
{
    return (e.what >> 32) & 15;
}
static inline uint32_t id_of(event e)
{
    return (uint32_t)e.what;
}
static inline uint64_t sequence_of(event e)
{
    return e.what >> 36;
}

typedef struct {
    event *entry;
    uint32_t head, tail, room; /* room is a power of two */
} ring;

static event *heap;
static int heap_size, heap_room, heap_peak;
static uint64_t sequence;
static ring hop_ring, timer_ring;

static inline bool earlier(event a, event b)
{
    return (a.at < b.at) | ((a.at == b.at) & (a.what < b.what));
}

static inline event make_event(int64_t at, uint32_t kind, uint32_t id)
{
    return (event){at, (sequence++ << 36) | ((uint64_t)kind << 32) | id};
}

static inline void heap_push(int64_t at, uint32_t kind, uint32_t id)
{
    if (__builtin_expect(heap_size == heap_room, 0)) {
        heap_room = heap_room ? heap_room * 2 : 1024;
        heap = realloc(heap, sizeof *heap * (size_t)heap_room);
    }
    event e = make_event(at, kind, id);
    int i = heap_size++;
    while (i) {
        int parent = (i - 1) >> 2;
        if (!earlier(e, heap[parent]))
            break;
        heap[i] = heap[parent];
        i = parent;
    }
    heap[i] = e;
    if (heap_size > heap_peak)
        heap_peak = heap_size;
}

/* The least of the children that begin at first: of four by a tournament, of fewer by a walk. */
static inline int least_child(int first, int end)
{
    if (first + 3 < end) {
        int a = first + earlier(heap[first + 1], heap[first]);
        int b = first + 2 + earlier(heap[first + 3], heap[first + 2]);
        return earlier(heap[b], heap[a]) ? b : a;
    }
    int least = first;
    for (int k = first + 1; k < end; k++)
        if (earlier(heap[k], heap[least]))
            least = k;
    return least;
}

static inline event heap_pop(void)
{
    event top = heap[0], last = heap[--heap_size];
    int i = 0;
    for (int first; (first = 4 * i + 1) < heap_size;) {
        int child = least_child(first, heap_size);
        if (!earlier(heap[child], last))
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = last;
    return top;
}

static inline void ring_push(ring *r, int64_t at, uint32_t kind, uint32_t id)
{
    if (__builtin_expect(r->tail - r->head == r->room, 0)) {
        uint32_t room = r->room ? r->room * 2 : 1024;
        event *entry = malloc(sizeof *entry * room);
        for (uint32_t i = r->head; i != r->tail; i++)
            entry[i & (room - 1)] = r->entry[i & (r->room - 1)];
        free(r->entry);
        r->entry = entry;
        r->room = room;
    }
    r->entry[r->tail++ & (r->room - 1)] = make_event(at, kind, id);
}

static inline bool ring_peek(const ring *r, event *e)
{
    if (r->head == r->tail)
        return false;
    *e = r->entry[r->head & (r->room - 1)];
    return true;
}

/* The earliest event of all; false when nothing is pending. */
static inline bool next_event(event *e)
{
    if (!FIFO) {
        if (!heap_size)
            return false;
        *e = heap_pop();
        return true;
    }
    event best = {0}, head;
    ring *from = NULL;
    bool any = heap_size > 0;
    if (any)
        best = heap[0];
    if (ring_peek(&hop_ring, &head) && (!any || earlier(head, best))) {
        best = head;
        from = &hop_ring;
        any = true;
    }
    if (ring_peek(&timer_ring, &head) && (!any || earlier(head, best))) {
        best = head;
        from = &timer_ring;
        any = true;
    }
    if (!any)
        return false;
    if (from)
        from->head++;
    else
        heap_pop();
    *e = best;
    return true;
}

static inline void push_hop(int64_t at, uint32_t kind, uint32_t id)
{
    if (FIFO)
        ring_push(&hop_ring, at, kind, id);
    else
        heap_push(at, kind, id);
}

static inline void push_timer(int64_t at, uint32_t kind, uint32_t id)
{
    if (FIFO)
        ring_push(&timer_ring, at, kind, id);
    else
        heap_push(at, kind, id);
}

static inline void forget_events(void)
{
    heap_size = 0;
    sequence = 0;
    hop_ring.head = hop_ring.tail = timer_ring.head = timer_ring.tail = 0;
}
