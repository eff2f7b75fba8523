/* One arm of a study: documents, compiled once, and its runs. An arm is read-only after it is made,
 * so that threads share it; each thread has a run of its own.
 */
#pragma once

#include "models/compile.h"
#include "models/result/result.h"
#include "models/run.h"
#include "study/load.h"

#pragma GCC visibility push(default) /* part of libgameday */

typedef struct {
    gd_arena *arena;
    const gd_documents *documents;
    gd_plan *plan;
    gd_result_options noted; /* what results say of the documents; without a control */
    bool needs_control;      /* some claim compares with the control */
    bool needs_replay;       /* some claim asks whether less load would bring it back */
} gd_arm;

/* Compiles, and checks claims and observations. NULL when `problems` grew. The documents note the
 * data files that the model names, and must outlive the arm. `read_data` of `options` is not used.
 * Owned by the caller. */
gd_arm *gd_arm_new(gd_documents *documents, const gd_compile_options *options,
                   gd_problems *problems);
void gd_arm_free(gd_arm *arm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gd_arm, gd_arm_free)

/* Who looks on while it runs. All may be NULL. */
typedef struct {
    bool (*goes_on)(void *user, const gd_run *run); /* every few ms; false stops the run */
    void *user;
    gd_trace_line trace;
    void *trace_user;
    bool replays;   /* what stays down is played again with less load, claims or not */
    double *loop_s; /* out: what the events took, on the wall clock, without set-up and result */
} gd_watch;

/* Plays a run that is at its start to its end, and says what it means. `control` is for claims that
 * compare with it, or NULL; it must outlive the result. Owned by the caller. */
gd_result *gd_arm_play(const gd_arm *arm, gd_run *run, const gd_result *control,
                       const gd_watch *watch);

#pragma GCC visibility pop
