/* The one interface of a call's policies.
 *
 * A call goes down its chain, outermost policy first: each is asked to `admit` it. Past the last
 * one an attempt is sent; when it has ended its outcome climbs the chain, innermost first, and each
 * policy that admitted the call hears `ended`. A policy answers
 *   PASS   go on in that direction
 *   END    the call has this outcome here: turn round (admit), or replace the outcome (ended)
 *   PARK   keeps the call until gd_call_granted (admit only)
 *   AGAIN  once more from the policy below this one, at *when (ended only)
 * `cancelled` takes the place of `ended` when something outside it no longer waits. A timer's word
 * is the first 8 bytes that a policy keeps for a call: 0 when none is pending.
 */
#pragma once

#include "models/flow/engine.h"
#include "models/guard/specs.h"

typedef enum { GD_PASS, GD_END, GD_PARK, GD_AGAIN } gd_verdict;

typedef struct {
    gd_run *run;
    const void *spec;
    void *mine;        /* its bytes for this call, zero when the call begins */
    void *state;       /* its bytes for this site and caller instance, zero at first use */
    uint32_t call;     /* slot */
    uint32_t level;    /* its place in the chain */
    uint32_t counters; /* index of its first */
    uint8_t ring;      /* of its constant timer, GD_NO_RING: none */
} gd_policy_at;

static inline gd_call *gd_policy_call(const gd_policy_at *at)
{
    return &GD_CALLS(at->run)[at->call];
}
static inline const gd_plan_site *gd_policy_site(const gd_policy_at *at)
{
    return &at->run->plan->sites[gd_policy_call(at)->site];
}
/* Adds to a counter of the policy's rows, by its place among them. */
static inline void gd_policy_count(const gd_policy_at *at, unsigned counter, uint64_t n)
{
    gd_count(at->run, at->counters + counter, n);
}
/* Sets the policy's timer and keeps its word. */
static inline void gd_policy_timer(const gd_policy_at *at, gd_span after)
{
    gd_run *run = at->run;
    uint64_t word;
    if (at->ring != GD_NO_RING && run->agenda.rings[at->ring].delay == after)
        word = gd_agenda_push_ring(&run->agenda, at->ring, run->now, GD_EV_TIMER, at->call);
    else
        word = gd_agenda_push(&run->agenda, gd_time_add(run->now, after), GD_RANK_TIMER,
                              GD_EV_TIMER, at->call);
    *(uint64_t *)at->mine = word;
}

#define GD_POLICY(symbol, name)                                                                    \
    gd_verdict gd_##name##_admit(const gd_policy_at *at, gd_outcome *outcome);                     \
    gd_verdict gd_##name##_ended(const gd_policy_at *at, gd_outcome *outcome, gd_time *when);      \
    void gd_##name##_cancelled(const gd_policy_at *at);                                            \
    gd_verdict gd_##name##_timer(const gd_policy_at *at, gd_outcome *outcome);                     \
    uint32_t gd_##name##_call_bytes(const void *spec);                                             \
    uint32_t gd_##name##_state_bytes(const void *spec);                                            \
    gd_span gd_##name##_timer_span(const void *spec); /* constant timer, 0: none */                \
    extern const gd_counter_row gd_##name##_counters[];
#include "models/guard/policy.def"
#undef GD_POLICY

/* 0 closed, 1 open, 2 half-open. */
unsigned gd_breaker_get_state(const void *state);
/* The caller instance of that state restarted: the breaker is as new. */
void gd_breaker_forget(gd_run *run, uint32_t edge, const void *state);
