/* What a run measured, raw: counters, histograms and series. Filled by the engine, read by
 * models/result/. Everything counts from the end of the warm-up.
 */
#pragma once

#include "models/plan.h"
#include "sim/stats/hist.h"

/* Where a moment lies: before the first fault, from its start to the last fault's end, after.
 * Without faults all is GD_BEFORE. */
typedef enum { GD_BEFORE, GD_DURING, GD_AFTER, GD_PHASES } gd_phase;

/* One user-visible operation. requests = sum of outcomes (unfinished included). */
typedef struct {
    uint64_t requests[GD_PHASES];              /* by the phase in which they began */
    uint64_t outcomes[GD_PHASES][GD_OUTCOMES]; /* by the phase in which they ended */
    uint64_t attempts;
    uint64_t useful[GD_PHASES];              /* good and within useful_within */
    uint64_t users, users_hurt;              /* visitors seen; of them with a failed request */
    gd_hist good[GD_PHASES], all[GD_PHASES]; /* latency from the intended start, ns */
} gd_view_record;

/* A client as a whole: who used several operations counts once. */
typedef struct {
    uint64_t users, users_hurt;
} gd_client_record;

typedef struct {
    uint64_t arrivals, completed, rejected, crashed; /* attempts */
    uint64_t outcomes[GD_OUTCOMES];                  /* of what it answered */
    gd_hist wait, service, sojourn;                  /* ns: queue; worker held; arrival to answer */
    uint64_t queue_max;
    gd_u128 busy_area, queue_area, system_area; /* items x ns, over all instances */
    gd_u128 worker_area;                        /* workers that were up x ns */
    gd_u128 work, wasted; /* ns of work done; of it for callers that had left */
} gd_service_record;

typedef struct {
    uint64_t calls, attempts;
    uint64_t
        outcomes[GD_OUTCOMES];   /* of calls, as the caller's next step saw them (before `then`) */
    uint64_t tries[GD_OUTCOMES]; /* of attempts */
    uint64_t late;               /* answers that nobody waited for */
    uint64_t false_timeouts;     /* of them, good ones to attempts that had timed out */
    uint64_t answered;           /* failures turned into an answer by `then` */
    gd_hist latency;             /* of calls, all outcomes, ns */
    uint64_t breaker_opens;
    gd_u128 breaker_open_area; /* breakers x ns, over caller instances */
    uint64_t breaker_refused;
} gd_edge_record;

/* A fault, from the end of the warm-up; GD_NEVER: it did not come to that. */
typedef struct {
    gd_time injected;  /* it first began */
    gd_time effective; /* the first operation met it */
    gd_time removed;   /* it was over, the last time */
    gd_time last;      /* the last operation met it */
    uint32_t times;    /* that it began */
} gd_fault_record;

/* Series: one value a window; windows are [start, end) from the end of the warm-up. */
typedef struct {
    uint32_t *requests, *good, *degraded, *failed, *useful; /* counts */
    uint32_t *attempts;
    int64_t *p50, *p99, *max; /* ns, of good answers in the window; -1: none */
} gd_view_series;
typedef struct {
    uint32_t *arrivals, *completed, *rejected;
    uint64_t *busy_area, *queue_area; /* items x ns in the window */
    uint32_t *queue_max;
} gd_service_series;
typedef struct {
    uint32_t *attempts, *failed;
    uint32_t *breakers_open; /* at the window's end */
} gd_edge_series;
typedef struct {
    uint32_t *good, *bad; /* events of an objective, as they ended */
} gd_objective_series;

/* What happened, for the timeline: at most GD_EVENTS_KEPT, then only counted. */
typedef enum {
    GD_HAPPENED_FAULT_BEGAN, /* about: fault */
    GD_HAPPENED_FAULT_ENDED,
    GD_HAPPENED_BREAKER_OPENED, /* about: edge; count: how many breakers of the edge are open now */
    GD_HAPPENED_BREAKER_CLOSED,
    GD_HAPPENED_QUEUE_FULL, /* about: service; first refusal after a minute without one */
    GD_HAPPENED_CRASHED,    /* about: service; count: ordinal */
    GD_HAPPENED_STARTED
} gd_happened;
typedef struct {
    gd_time at; /* from the end of the warm-up */
    uint8_t what;
    uint32_t about, count;
} gd_happening;

typedef enum {
    GD_END_DURATION, /* reached its duration */
    GD_END_DRAINED,  /* all arrivals made and answered */
    GD_END_EVENTS,   /* budgets: the result is partial */
    GD_END_MEMORY,
    GD_END_STALLED,
    GD_END_INTERRUPTED
} gd_end;

typedef struct {
    const gd_plan *plan;
    uint64_t seed, digest, events;
    gd_time ended_at; /* from the end of the warm-up */
    gd_end end;
    const char *busiest; /* budgets: the agents with most events, one line */
    uint64_t peak_bytes; /* of the run's state; not part of the JSON result */
    uint32_t windows;    /* closed ones */
    gd_view_record *views;
    gd_client_record *clients;
    gd_service_record *services;
    gd_edge_record *edges;
    const gd_fault_record *faults; /* NULL: none */
    gd_view_series *view_series;
    gd_service_series *service_series;
    gd_edge_series *edge_series;
    const uint64_t *counters; /* of the plan: GD_PHASES each; NULL: none */
    gd_objective_series *objective_series;
    const gd_hist_pool *hists;
    gd_happening *happenings;
    uint32_t n_happenings, happenings_dropped;
    bool saturated; /* some counter hit its ceiling */
} gd_record;

/* Of all phases together; 0 when the plan has no such counter. */
uint64_t gd_record_counter(const gd_record *record, gd_counted_by of, uint32_t about,
                           const char *group, const char *name);
