/* A plan: a model and a scenario, compiled to flat tables of integers. Immutable and shared by all
 * runs and threads. Everything is laid out in byte order of names, so that no table depends on the
 * order in which a file was written. models/compile/ builds it; the engine only reads it.
 */
#pragma once

#include "models/balance/plan.h"
#include "models/counter.h"
#include "models/outcome.h"
#include "sim/dist.h"
#include "sim/units.h"

#define GD_NONE UINT32_MAX
/* Ceilings that the engine's packed records imply; the compiler refuses more, with the number. */
#define GD_MAX_STEPS     65535u
#define GD_MAX_SITES     65535u
#define GD_MAX_INSTANCES 1000000u
#define GD_MAX_BRANCHES  4095u

/* ---- steps: an operation is a program ---------------------------------------------------------
 */
typedef enum {
    GD_STEP_ENTER,    /* first of every operation: a = op */
    GD_STEP_WORK,     /* a = dist */
    GD_STEP_WAIT,     /* a = dist */
    GD_STEP_CALL,     /* a = site */
    GD_STEP_SEND,     /* a = site; goes on at once ("wait": false) */
    GD_STEP_PARALLEL, /* a = first branch, n = branches, b = how many must succeed, flags below */
    GD_STEP_CHOOSE,   /* a = first choice, n = choices; jumps */
    GD_STEP_REPEAT,   /* a = first step of the body (ends with END_STRAND), b = dist of the count or
                         GD_NONE, c = attribute (when b is GD_NONE), n = at_once (>= 1) */
    GD_STEP_IF,       /* a = flag, b = step to jump to when the flag is off */
    GD_STEP_FAIL,     /* a = index into shares (probability), n = gd_outcome */
    GD_STEP_JUMP,     /* a = step */
    GD_STEP_END,      /* end of the operation: a = op */
    GD_STEP_END_STRAND, /* end of a branch or of a repeat's body */
    GD_STEP_OPTIONAL,   /* a = step to jump to when it is left out */
    GD_STEP_REFUSE /* end of a service's program of refusal: answers with the frame's outcome */
} gd_step_kind;

#define GD_STEP_AT_ONCE 1u /* PARALLEL: on_failure at_once */
#define GD_STEP_CANCEL  2u /* PARALLEL: rest cancel (else abandon) */
#define GD_STEP_BARE    4u /* REPEAT: the body is one bare call: no strand is needed; a = its CALL */

typedef struct {
    uint8_t kind, flags;
    uint16_t n;
    uint32_t a, b, c;
    uint64_t salt; /* gd_hash of the step's name within its operation: "work#0", or its `as` */
} gd_step;

typedef struct {
    bool bare; /* one bare call: `at` is a site; else the first step of a strand */
    uint32_t at;
    uint64_t salt; /* of the branch's name */
} gd_branch;

typedef struct {
    uint64_t below; /* cumulative threshold of the weights; the last is UINT64_MAX */
    uint32_t step;
} gd_choice;

/* ---- who runs what ----------------------------------------------------------------------------
 */
typedef struct {
    const char *name; /* "payments.charge" */
    uint64_t salt;    /* gd_hash of it */
    uint32_t service;
    uint32_t first;                /* its ENTER step */
    uint32_t sites_first, sites_n; /* call sites whose caller is this operation */
    uint8_t priority;              /* 0 is served first */
    bool transparent;              /* a proxy: see gd_plan_site.passes */
    bool starts_with_work;         /* the step after ENTER is WORK (through IF/CHOOSE: false) */
    int64_t send_bytes, reply_bytes;
} gd_plan_op;

/* GD_ROWS: a row of models/serve/serve.def orders the queue. */
typedef enum { GD_FIFO, GD_LIFO, GD_PRIORITY, GD_PS, GD_ROWS } gd_discipline;
/* What users are told apart by: a tenant, a plan. */
typedef struct {
    const char *name;
    uint64_t salt;
    bool by_user; /* drawn for each visitor, else for each request */
    uint32_t n;
    const uint64_t *below;    /* cumulative thresholds of the values; NULL: all alike */
    const char *const *names; /* of the values; NULL: they have none */
} gd_plan_segment;

/* A row of models/serve/serve.def that a service has. */
typedef struct {
    uint8_t kind;      /* gd_serve_symbol */
    uint32_t at;       /* offset of its bytes in the instance's */
    uint32_t counters; /* index of its first */
    const void *spec;
} gd_plan_serve;

typedef enum { GD_CANCEL_NONE, GD_CANCEL_DEQUEUE, GD_CANCEL_IMMEDIATE } gd_cancel_mode;
typedef enum { GD_CRASH_RESET, GD_CRASH_SILENT } gd_crash_mode; /* what callers hear of lost work */

typedef struct {
    const char *name; /* "pg", or "psp" for an external */
    const char *owner;
    uint64_t salt;
    bool external, async;
    uint8_t discipline, cancel, crash_running, crash_queued;
    bool preempt;           /* PRIORITY: a better class interrupts, and the work resumes later */
    uint32_t workers;       /* UINT32_MAX: unlimited */
    uint32_t queue_limit;   /* UINT32_MAX: unlimited */
    gd_span start_up;       /* after a crash ends: refuses until then */
    uint32_t start_up_dist; /* GD_NONE: start_up is constant */
    uint32_t instances_first, instances_n;
    uint32_t ops_first, ops_n;
    gd_rate quota;        /* 0: none; per service, token bucket of burst 1 s of quota */
    gd_span quota_after;  /* retry_after of its refusals, or GD_RETRY_UNSAID, GD_RETRY_STOP */
    uint64_t unavailable; /* threshold: share of arrivals answered `unavailable` (availability) */
    uint32_t serves_first, serves_n, serve_bytes; /* into plan->serves; bytes of an instance */
    const struct gd_isolation_spec *isolation;    /* NULL: none */
    const struct gd_contention_spec *contention;  /* NULL: none */
    bool by_criticality; /* PRIORITY: classes are the requests', not the operations' */
    gd_span ageing;      /* PRIORITY: who waits rises a class after each of it; 0: never */
    uint32_t refusal;    /* first step of what a refusal costs; GD_NONE: nothing */
} gd_plan_service;

typedef struct {
    uint32_t service, ordinal;
    uint16_t zone;
    uint64_t salt; /* of (service, ordinal) */
} gd_plan_instance;

typedef struct {
    const char *name;
    uint32_t region;
    bool client; /* the place of a client's users: a zone of its own */
} gd_plan_zone;

typedef struct {
    const char *name; /* of the document's link, "same_zone", "eu", or "client" */
    uint32_t latency; /* dist, one way; GD_NONE: none */
    gd_span constant; /* when the latency is a constant (also 0) */
    bool is_constant, ordered;
    uint64_t loss;       /* threshold per message */
    gd_span rto;         /* first retransmission timeout */
    int64_t bytes_per_s; /* 0: unlimited */
    uint16_t from, to;
} gd_plan_link;

/* ---- calls ------------------------------------------------------------------------------------
 */
typedef enum {
    GD_THEN_FAIL,
    GD_THEN_ANSWER,
    GD_THEN_CALL,
    GD_THEN_CRASH,
    GD_THEN_FALLBACK
} gd_then;

typedef enum { GD_CARRIES_NONE, GD_CARRIES_RELATIVE, GD_CARRIES_ABSOLUTE } gd_carries;

typedef struct {
    uint8_t kind;      /* gd_policy_kind: models/guard/policy.def */
    bool mesh;         /* of the caller's mesh, not of its application */
    uint16_t at_call;  /* offset of its bytes in the call's extension */
    uint16_t at_state; /* offset of its bytes in the site's state (per caller instance) */
    uint32_t counters; /* index of its first, the same for all sites of an edge */
    const void *spec;  /* its spec struct, as read */
} gd_plan_policy;

typedef struct {
    const char *name; /* "orders>payments.charge"; from a client "web>gateway.home" */
    uint64_t salt;    /* gd_hash of (caller op, callee, n-th such call in it) or of its `as` */
    uint64_t hash;    /* gd_hash of the name: for digest and trace */
    uint32_t client;  /* caller is this client, or GD_NONE */
    uint32_t caller_op;
    uint32_t caller_service; /* GD_NONE for a client */
    uint32_t edge;           /* index of gd_plan_edge: sites of one edge share statistics */
    uint32_t callees_first, callees_n; /* into plan->callees: op indices; more than one = one_of */
    uint8_t balancer;
    uint8_t then;       /* gd_then */
    uint8_t answer;     /* THEN_ANSWER: GD_OK or GD_DEGRADED */
    uint32_t then_site; /* THEN_CALL; THEN_FALLBACK: what is tried later, or GD_NONE */
    const struct gd_fallback_spec *fallback; /* THEN_FALLBACK */
    uint32_t fallback_counters, at_fallback; /* its counters; its bytes in the site's state */
    uint32_t retry_mask;                     /* bit per outcome: another try is worth it */
    uint32_t hedge_mask;    /* bit per outcome: not fatal, another copy is worth it */
    bool isolated;          /* its callee says which instances serve whom */
    uint8_t criticality;    /* of what a client asks here: gd_criticality */
    bool guarded;           /* has a policy chain: needs a call record */
    bool passes;            /* a proxy's first call: has the proxy's own name, so that
                               designs with and without it meet the same draws behind it */
    bool cancel_on_timeout; /* sends a cancel to the callee when it stops waiting */
    bool cancel_losers;     /* the same for copies that another one has overtaken */
    bool tied;              /* the copy that starts first takes the others out of queues */
    bool hears_sent;        /* some policy of the chain wants to know who was asked */
    uint8_t carries;        /* gd_carries: the deadline that its attempts take along */
    uint8_t reselects;      /* how often the balancer is asked again for who was not tried yet */
    uint32_t chain_first, chain_n;    /* into plan->policies, outermost first */
    uint32_t call_bytes, state_bytes; /* of the chain */
    uint32_t pools_first;      /* into pool_of, + 1; one for each callee. 0: a plain balancer */
    uint32_t balance_counters; /* first one; means something when there are pools */
    uint32_t balancer_bytes;   /* state of the balancer, behind state_bytes */
    uint32_t state_first;      /* index of this site's first slot in the state table, one per caller
                                  instance (clients: one); GD_NONE: stateless */
    uint32_t only;        /* the one instance that there is to pick; GD_NONE: the balancer picks */
    uint32_t connections; /* GD_NONE: each attempt has its own, free of charge */
    uint16_t fixed_link;  /* link request, when all pairs share it, else UINT16_MAX */
    uint16_t fixed_back;
} gd_plan_site;

/* The connections that the instances of one service keep to another one. */
typedef struct {
    const void *spec;        /* gd_connections_spec */
    uint32_t caller, callee; /* services */
    uint32_t site;           /* of its handshakes */
    uint32_t first;          /* of its states: one for each caller instance */
    uint32_t counters;       /* index of its first */
} gd_plan_connections;

typedef struct {
    const char *name; /* "orders>payments.charge" */
    uint64_t salt;
    bool has_breaker;
} gd_plan_edge;

/* ---- clients ----------------------------------------------------------------------------------
 */
typedef enum {
    GD_ARRIVE_POISSON,
    GD_ARRIVE_PERIODIC,
    GD_ARRIVE_BURSTS,
    GD_ARRIVE_TRACE,
    GD_ARRIVE_USERS /* closed: think, ask, wait */
} gd_arrival_kind;

typedef struct {
    gd_time at;      /* internal clock: 0 is the start of the warm-up */
    gd_share factor; /* from `at` on, linear to the next point's factor */
    bool jump;       /* the factor holds (no slope) until the next point */
} gd_profile_point;

typedef struct {
    uint32_t site;      /* the client's call site of this page */
    uint32_t op_record; /* index of the user-visible operation */
    uint32_t think;     /* dist before the next page; GD_NONE */
} gd_page;

typedef struct {
    uint64_t below; /* cumulative threshold */
    uint32_t pages_first, pages_n;
    uint32_t gives_up_after; /* failed pages in a row; 0: never */
    uint64_t salt;
} gd_journey;

typedef struct {
    const char *name;
    uint64_t salt;
    uint16_t zone;
    uint8_t arrivals;     /* gd_arrival_kind */
    bool visits;          /* arrivals are visitors with a journey, not single requests */
    gd_rate rate;         /* POISSON, PERIODIC, BURSTS (while on) */
    uint32_t on, off;     /* BURSTS: dists of the phases */
    gd_rate rate_off;     /* BURSTS: rate while off, often 0 */
    const gd_time *trace; /* TRACE: internal times, ascending */
    uint32_t trace_n;
    uint32_t users;      /* USERS */
    gd_span users_over;  /* USERS: they start spread evenly over this span; 0: at once */
    uint32_t think;      /* USERS without journeys: dist */
    uint64_t stop_after; /* arrivals (or closed cycles); 0: none. When all clients have stopped and
                            all is drained, the run ends */
    uint32_t profile_first, profile_n;   /* into plan->profile; n = 0: steady */
    uint32_t journeys_first, journeys_n; /* an open mix is journeys of one page each */
    uint32_t
        attributes_first; /* into plan->attributes: n_attribute_names dists, GD_NONE: undrawn */
} gd_plan_client;

/* ---- flags, levers, faults --------------------------------------------------------------------
 */
typedef struct {
    const char *name;
    uint64_t salt, on; /* threshold of the share that is on */
    bool by_user;      /* keyed by the visitor, else by the request */
} gd_plan_flag;

typedef enum {
    GD_LEVER_DOWN,    /* instances: crashed */
    GD_LEVER_SLOW,    /* instances, sites, links: factor (billionths) and/or an added span */
    GD_LEVER_HANG,    /* instances, sites: accepts, never answers */
    GD_LEVER_ERRORS,  /* instances, sites: share of attempts that end in `outcome` */
    GD_LEVER_LOAD,    /* clients: factor on the arrival rate */
    GD_LEVER_CUT,     /* links: no packet passes */
    GD_LEVER_LIMIT,   /* services' instances, sites: token bucket, over it `rate_limited` */
    GD_LEVER_DARK,    /* instances: the host is gone, so packets to it vanish */
    GD_LEVER_DRAIN,   /* instances: leave the registry, then close, then stop */
    GD_LEVER_TAKEN,   /* instances: workers that something else holds */
    GD_LEVER_REQUEST, /* instances, sites: what a single request meets, drawn for each */
    GD_LEVER_MESSAGE, /* links: what a single message meets */
    GD_LEVER_LEAK,    /* instances: memory fills up, then the process is killed */
    GD_LEVER_MIX,     /* clients: other weights of pages or journeys */
    GD_LEVER_HERD,    /* clients: many arrivals at once */
    GD_LEVER_FLAG     /* flags: another share is on */
} gd_lever;
typedef enum {
    GD_ON_INSTANCES,
    GD_ON_SITES,
    GD_ON_LINKS,
    GD_ON_CLIENTS,
    GD_ON_FLAGS
} gd_target_kind;

/* What a request that is hit meets. */
typedef enum {
    GD_HIT_ANSWER, /* `outcome` instead of service, after `after` */
    GD_HIT_DELAY,  /* waits `after`, then it is served */
    GD_HIT_COST,   /* its work takes `factor` times as long */
    GD_HIT_CRASH,  /* its instance crashes */
    GD_HIT_SPOIL,  /* it is served, and answered with `outcome` */
    GD_HIT_BUCKET, /* `outcome` when no token is left, after `after` */
    GD_HIT_ROOM,   /* `outcome` when so many are at its instance already */
    GD_HIT_CLOCK   /* `outcome` when the instance's clock is off by more than `added` */
} gd_hit;

/* Which of its targets a fault takes: all, or some that each run draws anew. */
typedef enum { GD_MODE_ALL, GD_MODE_FIXED, GD_MODE_PERCENT, GD_MODE_MAX_PERCENT } gd_fault_mode;

/* Targets that fail together: a single one, those of a zone or a rack, or all. */
typedef struct {
    uint32_t fault;
    uint32_t first, n; /* into plan->members: positions in the fault's targets */
    uint64_t salt;     /* of what they have in common */
} gd_plan_unit;

typedef struct {
    const char *name;   /* "psp-slow" */
    const char *fault;  /* "slow" */
    const char *target; /* as written */
    uint8_t lever, on;
    uint32_t targets_first, targets_n; /* into plan->targets: indices of what `on` says */
    gd_time start, end;                /* internal clock; end GD_NEVER: until the run ends */
    gd_span ramp;                      /* intensity grows linearly from 0 to 1 */
    gd_share factor;                   /* SLOW, LOAD, COST; LEAK: when memory is full */
    gd_span added;                     /* SLOW: added to each message (links, sites) or work */
    gd_share share;                    /* ERRORS, REQUEST, MESSAGE, FLAG; TAKEN: of the workers */
    uint8_t outcome;                   /* ERRORS, REQUEST */
    bool running_too;                  /* SLOW: "applies_to": "running" */
    gd_span linger, grace;             /* DRAIN: until it closes, until it is killed */
    gd_rate limit;                     /* LIMIT, BUCKET: over the targets together */
    uint32_t burst;                    /* the same: tokens that may be saved up; >= 1 */
    gd_span retry_after;               /* of its refusals, or GD_RETRY_UNSAID, GD_RETRY_STOP */
    uint64_t salt;

    uint32_t main;   /* index of the fault that it is a part of; its own, where it is whole */
    bool background; /* always there: no phase of the run begins or ends with it */
    bool silent;     /* health probes see nothing of it */
    bool heals;      /* "repair": "restart": a crash of the instance ends it there */
    gd_span fall;    /* intensity shrinks linearly to 0 before the end */
    gd_span decay;   /* after the ramp and `hold`: to 1/e in so long, down to nothing */
    gd_span hold;
    uint8_t hit;               /* REQUEST */
    bool local;                /* REQUEST: at the caller, before anything is sent */
    bool by_request;           /* REQUEST: drawn from the root's key, so that every try meets it */
    uint32_t after;            /* REQUEST: dist; GD_NONE: at once */
    gd_span staggered;         /* REQUEST: begins so much later at most, a draw of each caller */
    gd_share correlation;      /* REQUEST, MESSAGE: repeats the last draw so often */
    uint32_t max_active;       /* REQUEST: affected at once; 0: no limit */
    uint32_t room;             /* ROOM */
    uint32_t ops_first, ops_n; /* into plan->fault_ops: only these; n = 0: all */
    uint32_t taken;            /* TAKEN: workers of each instance, beside `share` */
    gd_span jitter;            /* MESSAGE: so much more or less */
    int64_t bytes_per_s, buffer, largest; /* MESSAGE; 0: none. largest: what is longer vanishes */
    bool late, doubled, lost;             /* MESSAGE: what `share` of them are */
    gd_span skew;                         /* CLOCK: added to what the instance reads */
    int64_t drift;                        /* CLOCK: billionths, as time goes by */
    int64_t leak_per_s, leak_each, leak_room; /* LEAK: bytes a second, a request, and all */
    uint32_t herd;                            /* HERD: arrivals, spread over `added` */
    uint32_t weights_first; /* MIX: into plan->mix: a factor for each journey of the client */

    uint8_t mode; /* gd_fault_mode */
    uint32_t some;
    uint32_t units_first, units_n; /* into plan->units; n = 0: on from start to end */
    uint32_t up, down;             /* dists: until it happens, and until it is over */
    bool up_first;                 /* else it begins at once */
    bool in_phase;                 /* each unit's first `up` is whole, not a part of one */
    gd_span longest_down;          /* `down` doubles up to here; 0: it does not */
    gd_share common;               /* beta: failures of all units together, of all failures */
    uint32_t counters;             /* first of GD_COUNTED_BY_FAULT */
} gd_plan_fault;

/* ---- user-visible operations ------------------------------------------------------------------
 */
typedef struct {
    const char *name; /* "web.checkout" */
    uint64_t salt;
    uint32_t client;
    gd_span useful_within; /* the client's timeout or deadline over all tries; GD_NEVER: none */
    uint32_t objectives_first, objectives_n; /* into plan->view_objectives */
} gd_plan_view;

/* What users were promised of an operation, or of all of a client's. */
typedef struct {
    const char *name, *of; /* "checkout", "web.checkout" */
    uint32_t good, valid;  /* bit per outcome; `good` is part of `valid` */
    gd_span within;        /* a good answer takes no longer; GD_NEVER: however long */
    gd_share target;
    gd_span period; /* over which the budget is counted */
} gd_plan_objective;

typedef struct gd_plan {
    gd_arena *arena;
    const char *name;        /* of the scenario */
    gd_time warmup, horizon; /* internal: measured from `warmup` to `horizon` = warmup + duration */
    gd_span window;          /* of the series */
    uint32_t windows;
    uint64_t event_budget, memory_budget;
    uint32_t stall_budget; /* events at one instant */

    gd_plan_zone *zones;
    uint32_t n_zones;
    const char **regions;
    uint32_t n_regions;
    gd_plan_link *links;
    uint32_t n_links;
    uint16_t *link_of; /* [from x n_zones + to] */

    gd_plan_service *services;
    uint32_t n_services;
    gd_plan_instance *instances;
    uint32_t n_instances;
    gd_plan_op *ops;
    uint32_t n_ops;
    gd_step *steps;
    uint32_t n_steps;
    gd_branch *branches;
    gd_choice *choices;
    uint64_t *shares;
    gd_dist *dists;
    uint32_t n_branches, n_choices, n_shares, n_dists;

    gd_plan_site *sites;
    uint32_t n_sites;
    gd_plan_edge *edges;
    uint32_t n_edges;
    uint32_t *callees;
    gd_plan_pool *pools;
    uint32_t *pool_of;
    uint32_t n_pools, n_pool_of;
    uint32_t n_ticks;             /* of balancers */
    gd_plan_registry *registries; /* per service; NULL: nothing changes who is there */
    gd_plan_policy *policies;
    gd_plan_connections *connections;
    uint32_t n_connections, n_connection_states;
    uint32_t n_callees, n_policies;
    bool says_retry_after;   /* some refusal says when to come back */
    uint32_t max_call_bytes; /* over all sites */
    uint32_t n_states;       /* slots of the state table */

    gd_plan_client *clients;
    uint32_t n_clients;
    gd_profile_point *profile;
    gd_journey *journeys;
    gd_page *pages;
    uint32_t *attributes;
    uint64_t *attribute_salts;
    uint32_t n_profile, n_journeys, n_pages, n_attribute_names;
    gd_plan_view *views; /* user-visible operations, byte order of names */
    uint32_t n_views;
    gd_plan_objective *objectives; /* byte order of names */
    uint32_t *view_objectives;     /* indices into objectives, by view */
    uint32_t n_objectives, n_view_objectives;

    gd_plan_flag *flags;
    uint32_t n_flags;
    gd_plan_fault *faults;
    uint32_t *targets;
    gd_plan_unit *units;
    uint32_t *members;   /* of units: positions in their fault's targets */
    uint32_t *fault_ops; /* operations that some fault is restricted to */
    gd_share *mix;
    uint32_t n_faults, n_targets, n_units, n_members, n_fault_ops, n_mix;

    gd_plan_segment *segments;
    uint32_t *segment_values; /* [client x n_segments + segment]: fixed, or GD_NONE */
    uint32_t n_segments, n_rate_buckets;

    gd_plan_serve *serves; /* by service, in the order of serve.def */
    uint32_t n_serves;
    bool pauses;      /* some process may stand still */
    bool needs_roots; /* somebody asks frames whose they are */

    gd_plan_counter *counters;
    uint32_t n_counters;
} gd_plan;

/* Fills what follows from the rest: fixed links of sites, offsets of policy state. The compiler
 * calls it last. */
void gd_plan_finish(gd_plan *plan);

/* A dip: rates times `to` in [at, at + lasts), in a run until `until` at least. Internal clock. */
typedef struct {
    gd_time at, until;
    gd_span lasts;
    gd_share to;
} gd_load_cut;
/* The plan with a dip in the load of all clients that have a rate; NULL when none has, or the run
 * would be too long. Behind the plan's own horizon rates stay as they were there. Shares all else
 * with `plan`, which must outlive it. */
gd_plan *gd_plan_cut_load(gd_arena *arena, const gd_plan *plan, const gd_load_cut *cut);
