/* Calls that wait in a policy's state, first come first served. A call that waits is in one such
 * list at a time: its record carries the link.
 */
#pragma once

#include "models/guard/policy.h"

typedef struct {
    uint32_t head, tail; /* slot + 1 */
    uint32_t n, spare;
} gd_parked;

static inline void gd_parked_push(gd_run *run, gd_parked *parked, uint32_t call)
{
    gd_call *calls = GD_CALLS(run);
    calls[call].next = 0;
    if (parked->head == 0)
        parked->head = call + 1;
    else
        calls[parked->tail - 1].next = call + 1;
    parked->tail = call + 1;
    parked->n++;
}

/* From wherever it stands. */
static inline void gd_parked_remove(gd_run *run, gd_parked *parked, uint32_t call)
{
    gd_call *calls = GD_CALLS(run);
    uint32_t before = 0;
    for (uint32_t i = parked->head; i != 0; before = i, i = calls[i - 1].next) {
        if (i - 1 != call)
            continue;
        if (before == 0)
            parked->head = calls[i - 1].next;
        else
            calls[before - 1].next = calls[i - 1].next;
        if (parked->tail == i)
            parked->tail = before;
        parked->n--;
        return;
    }
}

/* The slot of the one that came first; GD_NONE: nobody waits. */
static inline uint32_t gd_parked_first(const gd_parked *parked)
{
    return parked->head ? parked->head - 1 : GD_NONE;
}
