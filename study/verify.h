/* Do the claims of a scenario hold? Over many seeds, next to its control, and with each `try`.
 *
 * A claim passes when it holds in 90 % of the seeds. One of `control.expect_not` must also fail in
 * the control: hold there in less than half of the seeds, with intervals that do not overlap. A
 * scenario of which no claim tells it from its control teaches nothing, and fails. The result
 * depends on the seeds alone, not on threads or their timing.
 */
#pragma once

#include "models/result/result.h"
#include "sim/stats/interval.h"
#include "study/load.h"

/* Of the seeds. Assumptions: what a workshop can rely on. */
#define GD_VERIFY_HOLDS   0.9
#define GD_VERIFY_CONTROL 0.5

/* With fewer, Wilson's intervals of "always" and "never" overlap at 95 %. */
#define GD_VERIFY_FEWEST_SEEDS 4u

/* Beside the phases and all: from the first fault's start on, so that a quick recovery counts. */
#define GD_SINCE GD_PHASES_AND_ALL

typedef struct {
    char *name, *text;
    bool expect_not;                         /* must fail in the control */
    uint32_t held, unknown, held_in_control; /* seeds */
    gd_interval share, control_share;        /* at 95 % */
    bool separates;                          /* holds less often in the control, beyond doubt */
    bool passed;
} gd_verified_claim;

/* What one `try` changes, at the first seed. */
typedef struct {
    char *name, *say, *problems; /* problems: NULL when it compiled */
    /* The share of users' requests with a good answer, without and with it: by gd_phase, in all,
     * and (GD_SINCE) from the first fault's start to the run's end; unknown where nothing ended. */
    double good_without[GD_SINCE + 1], good_with[GD_SINCE + 1];
    GPtrArray *flips; /* char *: names of claims whose verdict changed */
} gd_verified_try;

typedef struct {
    char *path, *name;
    char *problems;          /* NULL: the documents are sound */
    bool unreadable;         /* a file could not be read */
    uint32_t seeds, partial; /* runs that a budget ended */
    GArray *claims;          /* gd_verified_claim, in the scenario's order */
    GArray *tries;           /* gd_verified_try */
    bool skipped;            /* a model alone: there is nothing to verify; passed */
    bool separates, passed;
    char *why; /* not passed or skipped: in one line */
} gd_verified;

typedef struct {
    uint32_t seeds, threads;
    /* Called now and then, on the caller's thread, with the seeds done so far of all, and the share
     * of the work that is done, seeds in progress included; false stops. */
    bool (*goes_on)(void *user, uint32_t done, uint32_t all, double share);
    void *user;
} gd_verify_options;

/* How long a seed of this scenario simulates, in seconds: what its share of the work is guessed
 * from. 0 for a model alone, and for what cannot be read. */
double gd_verify_weight(const char *path);
/* NULL when it was stopped. Owned by the caller. */
gd_verified *gd_verify(const char *path, const gd_verify_options *options);
void gd_verified_free(gd_verified *verified);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gd_verified, gd_verified_free)
