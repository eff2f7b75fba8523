/* The one interface of what a service does to keep itself standing: admission, queue management,
 * and what makes its work slower. One record for each kind, one row in serve.def.
 *
 * A request meets these moments, in the order of serve.def:
 *   arrive   may it come in? GD_OK, or the outcome that it is refused with
 *   enter    it is in: it waits, or a worker has it (once for each request let in)
 *   wait     it has to wait: it is the last of the queue
 *   dequeue  it has waited and a worker is free: GD_OK, or the outcome that it is dropped with
 *   start    a worker takes it for the first time
 *   slow     what a piece of work of `work` takes here and now
 *   finish   it is out: answered, dropped, cancelled or lost (once for each `enter`)
 * and an instance these:
 *   reset    it begins, at the start of the run or after a restart: its bytes are zero
 *   busy     the number of busy workers, or of those who wait, is about to change
 *   timer    its timer is due; the timer's word is the first 8 bytes that the kind keeps
 *   optional an optional step: is it done, left out, or does leaving it out fail?
 * A queue discipline of its own has these, and one service has at most one of them:
 *   push, pop   puts a request into the queue, takes the next one out (it is not empty)
 *   drop        takes one out of the middle
 *   oldest      when the one came who has waited for longest
 * A moment that a kind does not have is NULL and costs nothing; so does a service that names none.
 */
#pragma once

#include "models/counter.h"
#include "models/flow/engine.h"
#include "models/serve/specs.h"

typedef struct {
    gd_run *run;
    const void *spec;
    void *mine; /* its bytes for this instance */
    uint32_t instance;
    uint32_t counters; /* its first counter */
} gd_serve_at;

typedef struct gd_serve_kind {
    const char *name;
    const gd_counter_row *counters;
    uint32_t (*bytes)(const void *spec); /* for each instance; NULL: none */
    void (*reset)(const gd_serve_at *at);
    gd_outcome (*arrive)(const gd_serve_at *at, uint32_t slot);
    void (*enter)(const gd_serve_at *at, uint32_t slot);
    void (*wait)(const gd_serve_at *at, uint32_t slot);
    gd_outcome (*dequeue)(const gd_serve_at *at, uint32_t slot);
    void (*start)(const gd_serve_at *at, uint32_t slot);
    gd_span (*slow)(const gd_serve_at *at, gd_span work);
    void (*finish)(const gd_serve_at *at, uint32_t slot, gd_outcome outcome);
    void (*busy)(const gd_serve_at *at);
    void (*timer)(const gd_serve_at *at);
    void (*expired)(const gd_serve_at *at); /* somebody's time in the queue was up */
    /* An optional step: GD_OK: do it; GD_DEGRADED: leave it out; a failure: it broke. */
    gd_outcome (*optional)(const gd_serve_at *at, uint32_t slot, uint64_t salt);
    void (*push)(const gd_serve_at *at, uint32_t slot);
    uint32_t (*pop)(const gd_serve_at *at);
    void (*drop)(const gd_serve_at *at, uint32_t slot);
    gd_time (*oldest)(const gd_serve_at *at);
} gd_serve_kind;

#define GD_SERVE(symbol, name) extern const gd_serve_kind gd_serve_##name;
#include "models/serve/serve.def"
#undef GD_SERVE
extern const gd_serve_kind *const gd_serve_kinds[GD_SERVES];

static inline void gd_serve_count(const gd_serve_at *at, uint32_t counter)
{
    gd_count(at->run, at->counters + counter, 1);
}
static inline gd_instance *gd_serve_instance(const gd_serve_at *at)
{
    return &GD_INSTANCES(at->run)[at->instance];
}
/* Sets the kind's timer and keeps its word; an earlier one becomes stale. */
static inline void gd_serve_timer(const gd_serve_at *at, gd_span after)
{
    *(uint64_t *)at->mine = gd_agenda_push(&at->run->agenda, gd_time_add(at->run->now, after),
                                           GD_RANK_CONTROL, GD_EV_SERVE, at->instance);
}
/* The i-th instance (from 0, of the service) of a customer's; i goes round. */
uint32_t gd_isolation_member(const gd_plan_service *service, uint64_t customer, uint32_t i);
/* 64 uniform bits that belong to this request and this purpose. */
static inline uint64_t gd_serve_draw(const gd_serve_at *at, uint32_t slot, uint64_t salt)
{
    return gd_mix(GD_FRAMES(at->run)[slot].key, salt);
}
