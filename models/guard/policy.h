/* The one interface of a call's policies.
 *
 * A call goes down its chain, outermost policy first: each is asked to `admit` it. Past the last
 * one an attempt is sent (`sent`); when it has ended its reply climbs the chain, innermost first,
 * and each policy that admitted the call hears `ended`. A policy answers
 *   PASS   go on in that direction; from a timer: nothing more
 *   END    the call has this outcome here: turn round (admit, timer), or replace it (ended)
 *   PARK   keeps the call: admit, until gd_call_granted or its timer's AGAIN; ended, until
 *          gd_call_answer or its timer's END
 *   AGAIN  go down (again) from the policy below this one: at *when (ended), now (timer)
 *   ALSO   send one more copy from the policy below this one on, beside what is out (timer, ended
 * of a copy): its end comes back as `ended` with at->copy `cancelled` takes the place of `ended`
 * when something outside it no longer waits. A moment that a policy leaves NULL passes it by.
 *
 * Timers: the first `timers` words of the bytes that a policy keeps for a call are its timers' own,
 * 0 when none is pending; the first `state_timers` words of its state likewise.
 */
#pragma once

#include "models/flow/engine.h"
#include "models/guard/specs.h"

typedef enum { GD_PASS, GD_END, GD_PARK, GD_AGAIN, GD_ALSO } gd_verdict;

typedef struct gd_policy_at {
    gd_run *run;
    const gd_plan_site *site;
    const void *spec;
    void *mine;        /* its bytes for this call, zero when the call begins */
    void *state;       /* its bytes for this site and caller instance, zero at first use */
    uint32_t call;     /* slot; GD_NONE: none (state timers, forget) */
    uint32_t from;     /* caller instance; GD_NONE: a client */
    uint32_t level;    /* its place in the chain */
    uint32_t counters; /* index of its first */
    uint8_t ring;      /* of its constant timer, GD_NO_RING: none */
    bool copy;         /* ended: it is a copy's end, not that of the call's own way */
} gd_policy_at;

typedef struct {
    gd_verdict (*admit)(const gd_policy_at *at, gd_reply *reply);
    void (*sent)(const gd_policy_at *at, uint32_t target); /* an attempt is out */
    gd_verdict (*ended)(const gd_policy_at *at, gd_reply *reply, gd_time *when);
    void (*cancelled)(const gd_policy_at *at);
    gd_verdict (*timer)(const gd_policy_at *at, unsigned n, gd_reply *reply);
    void (*state_timer)(const gd_policy_at *at, unsigned n);
    void (*forget)(const gd_policy_at *at); /* the caller instance restarts: its state will be 0 */
    bool (*avoids)(const gd_policy_at *at, uint32_t target); /* ask the balancer once more? */

    const gd_counter_row *counters; /* NULL: none */
    unsigned timers, state_timers;
    uint32_t call_bytes, state_bytes;              /* of every call and state */
    uint32_t (*more_call_bytes)(const void *spec); /* besides: by its spec */
    uint32_t (*more_state_bytes)(const void *spec);
    gd_span (*timer_span)(const void *spec); /* of timer 0, when that is constant; 0: it is not */
    uint32_t (*reselects)(const void *spec); /* how often `avoids` may send it back */
    bool (*hears_sent)(const void *spec);    /* `sent` matters to it; NULL: to each that has one */
    bool (*hears_retry_after)(const void *spec); /* a reply's retry_after matters to it */
    gd_carries (*carries)(const void *spec);     /* the deadline that its attempts carry */
    bool (*needs_roots)(const void *spec);       /* it asks which request a call is for */
} gd_policy;

#define GD_POLICY(symbol, name, place) extern const gd_policy gd_##name##_policy;
#include "models/guard/policy.def"
#undef GD_POLICY

extern const gd_policy *const gd_policies[GD_POLICIES];

static inline gd_call *gd_policy_call(const gd_policy_at *at)
{
    return &GD_CALLS(at->run)[at->call];
}
/* Adds to a counter of the policy's rows, by its place among them. */
static inline void gd_policy_count(const gd_policy_at *at, unsigned counter, uint64_t n)
{
    gd_count(at->run, at->counters + counter, n);
}
/* Sets a timer of the policy and keeps its word. */
static inline void gd_policy_timer(const gd_policy_at *at, unsigned n, gd_span after)
{
    gd_run *run = at->run;
    uint64_t word;
    if (at->ring != GD_NO_RING && run->agenda.rings[at->ring].delay == after)
        word = gd_agenda_push_ring(&run->agenda, at->ring, run->now, GD_EV_TIMER, at->call);
    else
        word = gd_agenda_push(&run->agenda, gd_time_add(run->now, after), GD_RANK_TIMER,
                              GD_EV_TIMER, at->call);
    ((uint64_t *)at->mine)[n] = word;
}
/* Sets a timer of the policy's state. */
void gd_policy_state_timer(const gd_policy_at *at, unsigned n, gd_span after);
/* The same policy as `at`, seen by another call of its site and caller instance. */
gd_policy_at gd_policy_of_call(const gd_policy_at *at, uint32_t call);

/* A policy's state at a caller instance, outside any call. */
gd_policy_at gd_policy_of_state(gd_run *run, const gd_plan_site *site, uint32_t from,
                                unsigned level);

/* 0 closed, 1 open, 2 half-open. */
unsigned gd_breaker_get_state(const void *state);
