/* One run: a pure function of (plan, seed). No globals; runs go side by side on threads.
 *
 * The state is indices and offsets in contiguous arrays: it can be stopped anywhere, copied and
 * continued, with the same digest.
 */
#pragma once

#include "models/record.h"

#pragma GCC visibility push(default) /* part of libgameday */

typedef struct gd_run gd_run;

/* A run at its start. Owned by the caller; `plan` must outlive it. */
gd_run *gd_run_new(const gd_plan *plan, uint64_t seed);
void gd_run_free(gd_run *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gd_run, gd_run_free)
/* Back to the start with another seed; keeps the memory. */
void gd_run_reset(gd_run *run, uint64_t seed);

/* Goes on until internal time `until` (GD_NEVER: to the end) or until `max_events` more events have
 * run. False when the run has ended (its horizon, drained, or a budget). */
bool gd_run_until(gd_run *run, gd_time until, uint64_t max_events);
bool gd_run_has_ended(const gd_run *run);
gd_time gd_run_get_now(const gd_run *run); /* internal: 0 is the start of the warm-up */
uint64_t gd_run_get_events(const gd_run *run);
uint64_t gd_run_get_digest(const gd_run *run);

/* A copy that goes on by itself, on any thread. Owned by the caller. */
gd_run *gd_run_branch(const gd_run *run);

/* Marks a run that is stopped before its end (Ctrl-C). */
void gd_run_interrupt(gd_run *run);

/* Closes gauges and windows and counts what is unfinished. Call once, after the last gd_run_until.
 * The record belongs to the run. */
const gd_record *gd_run_finish(gd_run *run);

/* One line for each event, without its newline; NULL turns it off. Changes no digest. */
typedef void (*gd_trace_line)(void *user, const char *line);
void gd_run_set_trace(gd_run *run, gd_trace_line write, void *user);

/* How many records of each pool are in use: all 0 after a run that drained. For tests. */
uint32_t gd_run_count_in_flight(const gd_run *run);

#pragma GCC visibility pop
