/* The naive reference simulator: a plan and a seed, run in the plainest way that the documents
 * allow.
 *
 * A sorted list of events, an object on the heap with pointers for everything that is in flight, a
 * FIFO of what goes on at the same instant, levers worked out from the list of faults whenever they
 * are asked. Nothing is pooled, reused, packed or cached, and no code is shared with models/flow,
 * models/guard, models/fault or sim/agenda; only the plan's tables, the samplers and the mixer are.
 * It is slow and it is there to be compared with: two programs that were written apart seldom have
 * the same mistake.
 */
#pragma once

#include "models/record.h"

#include <glib.h>

typedef struct {
    uint64_t count, zeros;
    gd_u128 sum;
    int64_t min, max;
} nv_tally;

typedef struct {
    uint64_t requests[GD_PHASES], outcomes[GD_PHASES][GD_OUTCOMES], useful[GD_PHASES];
    uint64_t attempts, users, users_hurt;
    nv_tally good[GD_PHASES], all[GD_PHASES];
} nv_view;

typedef struct {
    uint64_t arrivals, completed, rejected, crashed, outcomes[GD_OUTCOMES], queue_max;
    nv_tally wait, service, sojourn;
    gd_u128 busy_area, queue_area, system_area, work, wasted;
} nv_service;

typedef struct {
    uint64_t calls, attempts, outcomes[GD_OUTCOMES], tries[GD_OUTCOMES], late, answered;
    uint64_t breaker_opens, breaker_refused, bulkhead_refused;
    nv_tally latency;
    gd_u128 breaker_open_area;
} nv_edge;

/* One window of a series. */
typedef struct {
    uint64_t requests, good, degraded, failed, useful, attempts;
} nv_view_window;
typedef struct {
    uint64_t arrivals, completed, rejected, busy_area, queue_area, queue_max;
} nv_service_window;
typedef struct {
    uint64_t attempts, failed, breakers_open;
} nv_edge_window;

/* One folded event. */
typedef struct {
    gd_time at; /* internal clock */
    uint64_t agent, subject;
    unsigned kind;
} nv_line;

typedef struct {
    uint64_t digest;
    gd_time ended_at; /* from the end of the warm-up */
    gd_end end;
    uint32_t in_flight;
    nv_view *views;
    nv_service *services;
    nv_edge *edges;
    uint32_t windows; /* closed ones; series are [window * n + index] */
    nv_view_window *view_windows;
    nv_service_window *service_windows;
    nv_edge_window *edge_windows;
    GArray *happenings; /* gd_happening */
    GArray *lines;      /* nv_line, when they were asked for */
} nv_result;

/* Runs to the end. Owned by the caller. */
nv_result *nv_run(const gd_plan *plan, uint64_t seed, bool keep_lines);
void nv_result_free(nv_result *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(nv_result, nv_result_free)

/* The first thing that a record of the real engine says otherwise, or NULL. Owned by the caller. */
char *nv_compare(const nv_result *naive, const gd_record *record);
/* The first event in which the two differ, with what came before; the real one is run again for its
 * trace. NULL when all lines are the same. Owned by the caller. */
char *nv_compare_lines(const nv_result *naive, const gd_plan *plan, uint64_t seed);
