/* What a run means: a plain tree of numbers, series and a timeline, computed once from the raw
 * record. Reports print it and do no arithmetic; studies and expectations look quantities up in it
 * by name (models/result/quantity.h says what each means).
 *
 * Measured doubles come from integers by + - x / and square roots alone, so that they have the same
 * bits everywhere. A number that cannot be known (no answers, no fault, the run too short) is
 * GD_UNKNOWN, and the reports leave it out. Moments that never came are GD_NEVER.
 *
 * Nothing here tells of the machine or the wall clock, but for peak_bytes, which JSON leaves out.
 */
#pragma once

#include "models/record.h"
#include "sim/spec/node.h"

#pragma GCC visibility push(default) /* part of libgameday */

#define GD_UNKNOWN    (__builtin_nan(""))
#define GD_NEVER_CAME (__builtin_inf()) /* quantities only: a moment that the run did not reach */

static inline bool gd_is_known(double value)
{
    return value == value; /* not a NaN */
}

/* Beside the three phases: the whole run. */
#define GD_ALL            GD_PHASES
#define GD_PHASES_AND_ALL (GD_PHASES + 1)

/* Of `count` values; when count is 0 the rest is GD_UNKNOWN. Quantiles are exact to 1/256. */
typedef struct {
    uint64_t count;
    double mean_ms, p50_ms, p90_ms, p95_ms, p99_ms, p999_ms, max_ms;
} gd_latency;

/* How far the users of something fell and how they came back (definitions: explain quantities).
 * Without a fault before which there is a baseline, `has_baseline` is false and all is unknown. */
typedef struct {
    bool has_baseline, has_impact, recovered;
    double baseline_goodput_per_s;
    double baseline_ratio; /* mean of useful / asked by judged window, at most 1 */
    double band_ratio;     /* the band's lower edge, of the same ratio */
    double depth_ratio;    /* deepest window below the baseline: 0 none, 1 nothing got through */
    uint64_t lost_requests;
    double lost_user_minutes;
    double resilience_loss; /* percent-seconds: the area between the baseline and what users got */
    /* Starts of judged windows; GD_NEVER. Served: back in the band; recovered: queues drained too.
     */
    gd_time impact_at, mitigate_at, served_at, recover_at;
    gd_span held; /* how long it then stayed in the band: 5 min, or to the run's end */
} gd_incident;

/* A user-visible operation ("web.checkout") or all of one client ("web"). */
typedef struct {
    const char *name;
    uint32_t client; /* index in the plan */
    uint64_t requests[GD_PHASES_AND_ALL], useful[GD_PHASES_AND_ALL];
    uint64_t outcomes[GD_PHASES_AND_ALL][GD_OUTCOMES];
    uint64_t attempts, users, users_hurt;
    double availability_ratio[GD_PHASES_AND_ALL]; /* good / ended */
    double degraded_ratio[GD_PHASES_AND_ALL];     /* degraded / ended */
    double goodput_per_s[GD_PHASES_AND_ALL];
    double requests_per_s[GD_PHASES_AND_ALL];
    double attempts_per_request;
    gd_latency latency[GD_PHASES_AND_ALL];     /* of good answers, from the intended start */
    gd_latency latency_all[GD_PHASES_AND_ALL]; /* of all that ended */
    gd_incident incident;
    gd_view_series series; /* result->windows values each; a client's p50, p99: NULL */
} gd_result_view;

typedef struct {
    const char *name;
    uint32_t instances;
    bool external, unlimited; /* no limit on workers: no utilisation */
    uint64_t arrivals, completed, rejected, crashed, queue_max;
    uint64_t outcomes[GD_OUTCOMES];
    double utilization_ratio, in_system_mean, queue_mean, busy_mean;
    double wasted_work_ratio, amplification;
    double amplification_peak; /* worst judged window: load per user request over the baseline's */
    bool hurt;                 /* what its callers got left its band */
    gd_latency wait, service, sojourn;
    gd_service_series series;
    double *utilization_series, *queue_series; /* ratio; mean items, by window */
} gd_result_service;

typedef struct {
    const char *name;
    bool has_breaker;
    uint64_t calls, attempts, late, answered;
    uint64_t outcomes[GD_OUTCOMES]; /* of calls */
    uint64_t tries[GD_OUTCOMES];    /* of attempts */
    double attempts_per_call;
    double failed_ratio;          /* of calls that ended */
    double false_timeout_ratio;   /* of timeouts: a good answer came after all */
    double failed_attempts_ratio; /* of attempts that ended */
    gd_latency latency;           /* of calls, all outcomes */
    uint64_t breaker_opens, breaker_refused;
    double breaker_open_s;      /* breaker-seconds, over caller instances */
    uint32_t breakers_open_max; /* at a window's end */
    gd_edge_series series;
} gd_result_edge;

/* Windows over which the burning of an error budget is measured (SRE Workbook ch. 5: four long
 * ones, each with a short one of a twelfth of its length). */
typedef enum {
    GD_BURN_5M,
    GD_BURN_30M,
    GD_BURN_1H,
    GD_BURN_2H,
    GD_BURN_6H,
    GD_BURN_1D,
    GD_BURN_3D,
    GD_BURNS
} gd_burn;

/* A service level objective, and what the run did to it. Before t = 0 all windows are full of the
 * baseline: what stood before the first fault, or without a fault the whole run's mean. */
typedef struct {
    const char *name, *of;
    double target_ratio, allowed_ratio; /* of good answers; of bad ones: 1 - target */
    double within_s, period_s;          /* within_s unknown: however long */
    uint64_t good, bad;
    double sli_ratio; /* good / (good + bad) */
    bool met;         /* sli at or above the target */
    /* Bad events that the period allows at the baseline's traffic, and the share of them that the
     * run has used up. */
    double budget, budget_burnt_ratio;
    double burn_run;           /* of the run as a whole */
    double burn_max[GD_BURNS]; /* the largest burn rate at the end of a window of the series */
    /* Fast: what pages (1 h and 5 min, or 6 h and 30 min); slow: what makes a ticket (1 d and 2 h,
     * or 3 d and 6 h). First moment, and how long in all. */
    gd_time fast_burn_at, slow_burn_at, exhausted_at;
    double fast_burn_s, slow_burn_s;
    struct {
        uint32_t *good, *bad;
    } series;
} gd_result_objective;

/* For the whole scenario: the worst of its operations decides when it fell and when it is back. */
typedef struct {
    gd_incident users;    /* levels and losses: of all together; moments: of the worst operation */
    uint32_t *operations; /* indices of views that left their band: the blast radius */
    uint32_t n_operations;
    /* Of the operations, those that call nothing that a fault is on; known is false where faults
     * are on links or clients alone. */
    uint32_t *outside;
    uint32_t n_outside, n_services; /* n_services: whose callers' answers left their band */
    bool outside_known;
    double outside_count;  /* n_outside, or GD_UNKNOWN */
    double users_ratio;    /* users with a failed request, of all users: each counts once */
    gd_span judged_window; /* of the ratios that are held against the band */
} gd_degradation;

/* What became of it after the faults. */
typedef enum {
    GD_AFTERMATH_UNKNOWN, /* no fault, no baseline, or the run ended before it could tell */
    GD_AFTERMATH_RECOVERED,
    GD_AFTERMATH_SLOW, /* recovered later than the grace after the faults and the extra load */
    GD_AFTERMATH_METASTABLE,
    GD_AFTERMATH_PERMANENT,
    GD_AFTERMATHS
} gd_aftermath;
extern const char *const gd_aftermath_words[GD_AFTERMATHS];

typedef struct {
    bool judged; /* false: a fault, but no baseline before it: recovered and metastable say nothing
                  */
    bool has_fault, fault_ends;
    gd_time fault_at, fault_end; /* first start, last end; from the end of the warm-up */
    gd_time impact_at, mitigate_at, served_at, recover_at;
    gd_span held;
    double impact_to_mitigate_s, impact_to_recover_s, fault_to_impact_s, fault_end_to_recover_s;
    bool recovered; /* true as well when nothing ever left its band */
    bool metastable, metastable_observable;
    bool recovering; /* not recovered, but what is queued goes down: a longer run would tell */
    const char *sustained_by;   /* "amplification", "backlog", "wasted work"; NULL */
    bool dropped;               /* the run was played again with its load cut for a while */
    gd_span drop_lasts;         /* for so long */
    double required_drop_ratio; /* the largest rest of the load that brought it back: 0.5, 0.25, 0.1
                                   or 0; GD_UNKNOWN: not tested, or none did */
    bool permanent;             /* it stays down, and no cut brought it back */
    gd_aftermath aftermath;
} gd_recovery;

typedef enum { GD_CLAIM_FALSE, GD_CLAIM_TRUE, GD_CLAIM_UNKNOWN } gd_claim_verdict;
extern const char *const gd_claim_words[3]; /* "false", "true", "unknown" */

typedef struct {
    const char *text; /* one comparison, as written */
    gd_claim_verdict verdict;
    double found;           /* what stood on the left; GD_UNKNOWN, or infinite: never came */
    const char *found_text; /* with its unit: "93.2%", "412ms", "not in this run" */
} gd_claim_part;
typedef struct {
    const char *name, *text;
    gd_claim_verdict verdict;
    gd_claim_part *parts;
    uint32_t n_parts;
} gd_claim;

typedef enum {
    GD_TOLD_FAULT_BEGAN,
    GD_TOLD_FAULT_ENDED,
    GD_TOLD_GOODPUT_LOW,  /* a view left its band; value: the ratio to its baseline */
    GD_TOLD_GOODPUT_BACK, /* and came back to stay */
    GD_TOLD_STILL_LOW,    /* and had not when the run ended */
    GD_TOLD_DEGRADED,     /* answers with less than was asked for; value: of all during the fault */
    GD_TOLD_DRAINED,      /* after users were served again: what was queued is gone too */
    GD_TOLD_BREAKER_OPENED, /* count: most open at once until they closed; times: openings */
    GD_TOLD_BREAKER_CLOSED,
    GD_TOLD_QUEUE_FULL,
    GD_TOLD_CRASHED, /* count: instances */
    GD_TOLD_STARTED,
    GD_TOLD_KINDS
} gd_told;
extern const char *const gd_told_words[GD_TOLD_KINDS]; /* "fault_began", … for JSON */

typedef struct {
    gd_time at; /* from the end of the warm-up */
    gd_told what;
    const char *subject; /* "psp-slow", "web.checkout", "orders>payments.charge", "orders" */
    const char *text;    /* one line: "psp-slow begins: slow on external.psp" */
    uint32_t count, times;
    double value;
    bool shown; /* on a terminal; the rest is in the JSON */
} gd_told_line;

/* A fault of the scenario, or of its background; moments that never came are GD_NEVER. */
typedef struct {
    const char *name, *kind, *target;
    bool background;
    gd_time injected_at, effective_at;    /* it first began; the first operation met it */
    gd_time removed_at, last_affected_at; /* it was last over; the last operation met it */
    uint64_t times;                       /* that it began */
} gd_result_fault;

typedef struct {
    const char *path;
    uint64_t digest;
} gd_result_file;
typedef struct {
    const char *address, *about, *low, *high, *source; /* low and high NULL: a plain value */
} gd_result_assumption;

/* One number of `observed` against the run's, before the first fault. */
typedef struct {
    const char *view, *quantity; /* "rate", "p50", "p90", "p95", "p99", "errors" */
    const char *unit;            /* "per_s", "ms", "ratio" */
    const char *source;          /* as the model says; NULL */
    double observed, simulated;  /* per s, ms, ratio */
    double ratio;                /* simulated / observed */
} gd_observation;

/* Plays the run again from the same seed on `plan`, which was made from the run's by a cut of the
 * load. Owned by the caller; NULL: it cannot, or was stopped. */
typedef struct gd_result *(*gd_replay)(void *user, const gd_plan *plan);

typedef struct {
    gd_replay replay; /* NULL: what stays down is judged from the run alone */
    void *replay_user;
    const gd_node *expect;           /* the scenario's, or NULL; checked by gd_expect_check */
    const gd_node *observed;         /* the model's, or NULL; the compiler checks it */
    const struct gd_result *control; /* for `control.` quantities, or NULL */
    const gd_result_file *files;
    uint32_t n_files;
    const gd_result_assumption *assumptions; /* those that a run relied on */
    uint32_t n_assumptions;
} gd_result_options;

typedef struct gd_result {
    gd_arena *arena;
    const gd_plan *plan; /* borrowed: the plan must outlive the result */
    const char *name;
    uint64_t seed, digest, events;
    double simulated_s;
    double wasted_work_ratio; /* of all services together */
    gd_time ended_at;
    gd_end end;
    bool partial, saturated;
    const char *end_text; /* "reached its duration", … */
    const char *busiest;
    uint64_t peak_bytes; /* of the run's state; not in the JSON */

    gd_time phase_start[GD_PHASES_AND_ALL], phase_end[GD_PHASES_AND_ALL]; /* equal: no such phase */
    gd_span window;
    uint32_t windows;

    gd_result_view *views, *clients;
    uint32_t n_views, n_clients;
    gd_result_service *services;
    uint32_t n_services;
    gd_result_edge *edges;
    uint32_t n_edges;
    uint64_t *counters; /* of the plan: GD_PHASES_AND_ALL each */
    gd_result_objective *objectives;
    uint32_t n_objectives;
    gd_result_fault *faults; /* as in the plan: parts of another one have no name */
    uint32_t n_faults;
    gd_degradation degradation;
    gd_recovery recovery;
    gd_claim *claims;
    uint32_t n_claims;
    gd_claim_verdict verdict; /* of all claims together; true when there are none */
    gd_told_line *timeline;
    uint32_t n_timeline, timeline_dropped;
    gd_result_file *files;
    uint32_t n_files;
    gd_result_assumption *assumptions;
    uint32_t n_assumptions;
    gd_observation *observations; /* none: not calibrated */
    uint32_t n_observations;
    const struct gd_result *control;
} gd_result;

/* Everything above, from a finished run's record. Owned by the caller; borrows the plan, the
 * control and the documents' nodes, and nothing of the record. */
gd_result *gd_result_new(const gd_record *record, const gd_result_options *options);
void gd_result_free(gd_result *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gd_result, gd_result_free)

/* Load time: every claim must parse and name known quantities; problems carry the nearest name. */
void gd_expect_check(const gd_plan *plan, const gd_node *expect, gd_problems *problems);
/* True when a claim depends on whether what stays down comes back under less load. */
bool gd_expect_needs_replay(const gd_plan *plan, const gd_node *expect);
/* True when a claim compares with the control, so that it must be run as well. */
bool gd_expect_needs_control(const gd_plan *plan, const gd_node *expect);

#pragma GCC visibility pop
