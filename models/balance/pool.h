/* The state of a pool: one caller's view of a callee's instances, and the choice among them.
 *
 *   registry --discovery--> view --checks, ejections--> available --panic, locality--> groups
 *            --the balancer's own rule--> one instance
 *
 * What leads to the groups is worked out anew when something changed (`dirty`), so that a pick
 * costs what its rule costs. A state lies in the segment of states, its arrays behind it.
 */
#pragma once

#include "models/balance/plan.h"
#include "models/flow/engine.h"

#define GD_H_IN_VIEW 1u /* discovery has it, and so has the caller's subset */
#define GD_H_UNWELL  2u /* its registry says so */
#define GD_H_FAILED  4u /* the caller's own checks say so */
#define GD_H_EJECTED 8u
#define GD_H_CHOSEN  16u /* in the caller's subset */
#define GD_H_USABLE  (GD_H_IN_VIEW | GD_H_UNWELL | GD_H_FAILED | GD_H_EJECTED)

typedef struct {
    gd_time joined;                           /* slow start begins; 0: before the run */
    gd_time ejected_at;                       /* the last time */
    gd_span ejected_for;                      /* and for how long */
    int64_t current;                          /* smooth weighted round robin */
    gd_span rtt;                              /* peak EWMA */
    gd_time rtt_at;                           /* when it was worked out */
    uint32_t in_flight;                       /* of this caller */
    uint32_t requests, failures;              /* since the last sweep for outliers */
    uint32_t ejections;                       /* in a row: the multiplier */
    uint32_t ejected_times;                   /* names the draws */
    uint16_t run_5xx, run_gateway, run_local; /* failures in a row */
    uint8_t flags, spare;
} gd_host;

typedef struct {
    uint64_t below; /* cumulative threshold of its share */
    uint32_t first, n;
    uint32_t cursor; /* round robin: next + 1; 0: not placed yet */
    uint16_t zone;
    bool panic;
} gd_group;

typedef struct {
    uint64_t salt;      /* of this run, pool and caller */
    gd_time slow_until; /* some host is in its slow start until then */
    uint32_t caller;    /* instance; GD_NONE: a client */
    uint32_t groups_n;
    uint32_t members, usable, ejected; /* in view, of those available; ejected ones */
    uint32_t table_n;                  /* entries of a hash's table */
    uint32_t connections;              /* pick_first: made so far */
    gd_time until;                     /* and when the present one is too old */
    uint32_t stays;                    /* pick_first: place in the order + 1 */
    bool dirty, born;
    bool ignores; /* DNS: keeps its first answer for ever */
    bool fails;   /* in panic, and that means failure */
} gd_pool_state;

/* One pick. */
typedef struct {
    gd_run *run;
    const gd_plan_pool *pool;
    gd_pool_state *state;
    gd_host *hosts;        /* all of the callee's instances */
    const uint32_t *order; /* of the group: hosts */
    gd_group *group;
    void *table;
    uint64_t u;       /* draw of this attempt */
    uint64_t subject; /* hashes */
} gd_picking;

/* What a balancer is: its record, in the order of gd_balancer. */
typedef struct {
    uint32_t (*pick)(const gd_picking *p); /* a host of the group, which is not empty */
    uint32_t (*table_bytes)(const gd_plan_pool *pool, uint32_t hosts_n); /* NULL: no table */
    void (*rebuild)(const gd_picking *p);                                /* fills it */
    void (*ended)(const gd_picking *p, uint32_t host, gd_outcome outcome, gd_span took);
} gd_balancer_kind;
#define GD_BALANCER(symbol, name) extern const gd_balancer_kind gd_##name##_kind;
#include "models/balance/balance.def"
#undef GD_BALANCER
const gd_balancer_kind *gd_balancer_kind_of(gd_balancer balancer);

enum {
    GD_PICK_ALL,
    GD_PICK_SAME_ZONE,
    GD_PICK_OTHER_ZONE,
    GD_PICK_PANIC,
    GD_PICK_STALE,
    GD_PICK_YOUNG,
    GD_PICK_NONE,
    GD_PICK_REFUSED,
    GD_PICK_REBUILD
};

/* finish.c: where things lie in a plan's pools; the last step of compiling */
void gd_pools_finish(gd_plan *plan);

/* pool.c */
gd_pool_state *gd_pool_state_of(gd_run *run, const gd_plan_pool *pool, uint32_t ordinal);
/* The same for something that reads no more than a state that is there; NULL: not born yet. */
gd_pool_state *gd_pool_state_peek(gd_run *run, const gd_plan_pool *pool, uint32_t ordinal);
gd_host *gd_pool_hosts(const gd_plan_pool *pool, gd_pool_state *state);
gd_group *gd_pool_groups(const gd_plan_pool *pool, gd_pool_state *state);
uint32_t *gd_pool_order(const gd_plan_pool *pool, gd_pool_state *state);
void gd_pool_flag(gd_run *run, const gd_plan_pool *pool, gd_pool_state *state, uint32_t host,
                  unsigned flag, bool on);

/* groups.c, subset.c */
void gd_pool_regroup(gd_run *run, const gd_plan_pool *pool, gd_pool_state *state);
void gd_subset_choose(gd_run *run, const gd_plan_pool *pool, gd_pool_state *state);

/* weights.c */
/* In 2^-16 of one; slow start taken into account. */
uint64_t gd_pool_weight(const gd_picking *p, uint32_t host);
bool gd_pool_is_weighted(const gd_picking *p);
/* Smooth weighted round robin; `of` NULL: by gd_pool_weight. */
uint32_t gd_pool_smooth(const gd_picking *p, uint64_t (*of)(const gd_picking *p, uint32_t host));

/* outlier.c */
void gd_outlier_start(gd_run *run, const gd_plan_pool *pool, uint32_t tick);
void gd_outlier_ended(gd_run *run, const gd_plan_pool *pool, gd_pool_state *state, uint32_t host,
                      gd_outcome outcome);
void gd_outlier_sweep(gd_run *run, uint32_t tick);
void gd_outlier_checked(gd_run *run, const gd_plan_pool *pool, gd_pool_state *state, uint32_t host);

/* check.c */
void gd_check_start(gd_run *run, uint32_t tick);
void gd_check_probe(gd_run *run, uint32_t tick);
void gd_check_timeout(gd_run *run, uint32_t tick);

/* discovery.c */
void gd_discovery_start(gd_run *run, uint32_t tick);
void gd_discovery_refresh(gd_run *run, uint32_t tick);
void gd_discovery_look(gd_run *run, const gd_plan_pool *pool, gd_pool_state *state);
void gd_discovery_beat(gd_run *run, uint32_t tick);
/* What the registry says of an instance changed. */
void gd_registry_set(gd_run *run, uint32_t instance, unsigned flag, bool on);

/* ---- ticks: what the balancers do by the clock -------------------------------------------------
 */
typedef enum { GD_TICK_SWEEP, GD_TICK_REFRESH, GD_TICK_PROBE, GD_TICK_BEAT } gd_tick_kind;
typedef struct {
    uint32_t pool; /* GD_NONE: a service's registry */
    uint32_t ordinal;
    uint32_t instance; /* PROBE, BEAT: of whom */
    uint32_t probes;   /* sent so far */
    uint32_t run;      /* answers in a row that speak against its present state */
    uint8_t what;      /* gd_tick_kind */
    bool waits;        /* a probe is out */
    bool unhealthy;
} gd_tick;
#define GD_TICKS(run) GD_SEG(run, GD_SEG_TICKS, gd_tick)
/* The event's subject: a tick, or its probe's timeout. */
#define GD_TICK_EVENT(tick)   ((tick)*2)
#define GD_TICK_TIMEOUT(tick) ((tick)*2 + 1)
#define GD_MAX_TICKS          (GD_SUBJECTS / 2)

/* What the registry knows of an instance. */
#define GD_E_UNWELL   1u
#define GD_E_DRAINING 2u
#define GD_E_EXPIRED  4u
typedef struct {
    gd_time beat_at;
    uint8_t flags;
} gd_endpoint;
#define GD_ENDPOINTS(run) GD_SEG(run, GD_SEG_ENDPOINTS, gd_endpoint)

#define GD_SALT_POOL    UINT64_C(0x506f6f6c20202031)
#define GD_SALT_ZONE    UINT64_C(0x5a6f6e6520202031)
#define GD_SALT_PHASE_0 UINT64_C(0x5068617365303031)
#define GD_SALT_PROBE   UINT64_C(0x50726f6265202031)
#define GD_SALT_EJECT   UINT64_C(0x456a656374202031)
#define GD_SALT_PUSH    UINT64_C(0x5075736820202031)
#define GD_SALT_SUBJECT UINT64_C(0x5375626a65637431)
#define GD_SALT_SUBSET  UINT64_C(0x5375627365742031)
