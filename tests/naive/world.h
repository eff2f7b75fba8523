/* What is in the naive world. Objects live until the run's end, `gone` says that they are over; so
 * a pointer is always good and nothing is ever mistaken for its successor. */
#pragma once

#include "models/guard/specs.h"
#include "models/plan.h"
#include "tests/naive/naive.h"

/* Ranks at one instant (design: levers, completions and replies, timers, arrivals). */
enum { NV_RANK_LEVER, NV_RANK_REPLY, NV_RANK_TIMER, NV_RANK_ARRIVAL };

/* Kinds of events as the digest numbers them. */
enum {
    NV_ASKS = 0,
    NV_REQUEST = 1,
    NV_WORKED = 2,
    NV_WAITED = 3,
    NV_ANSWER = 4,
    NV_TIMER = 5,
    NV_LEVER = 8,
    NV_STARTED = 9,
    NV_CANCEL = 12
};

/* Addresses of draws that no document names. */
#define NV_SALT_REQUEST    UINT64_C(0x5265717565737431)
#define NV_SALT_REPLY      UINT64_C(0x5265706c79202031)
#define NV_SALT_LOSS       UINT64_C(0x4c6f737320202031)
#define NV_SALT_BALANCE    UINT64_C(0x42616c616e636531)
#define NV_SALT_CALLEE     UINT64_C(0x43616c6c65652031)
#define NV_SALT_ERROR      UINT64_C(0x4572726f72202031)
#define NV_SALT_SITE_ERROR UINT64_C(0x4572726f72202032)
#define NV_SALT_BACKOFF    UINT64_C(0x4261636b6f666631)
#define NV_SALT_GAP        UINT64_C(0x4761702020202031)
#define NV_SALT_JOURNEY    UINT64_C(0x4a6f75726e657931)
#define NV_SALT_THINK      UINT64_C(0x5468696e6b202031)
#define NV_SALT_QUOTA      UINT64_C(0x51756f7461202031)
#define NV_SALT_START      UINT64_C(0x5374617274202031)
#define NV_SALT_PHASE      UINT64_C(0x5068617365202031)

typedef struct nv_world nv_world;
typedef struct nv_task nv_task;
typedef struct nv_call nv_call;
typedef struct nv_user nv_user;
typedef void nv_act(nv_world *w, void *subject, unsigned level);

typedef struct {
    gd_time at;
    unsigned rank, level;
    uint64_t number;
    nv_act *act; /* NULL: what it was for is over, but its owner keeps its place until then */
    void *subject;
} nv_event;

/* What a user asked for: everything below it refers to it. */
typedef struct {
    uint64_t key;
    uint32_t client, user;
} nv_request;

/* Who waits for an answer; all NULL: nobody does. */
typedef struct {
    nv_task *task;
    nv_call *call;
    nv_user *user;
    bool client; /* an open client's single request */
} nv_who;

/* An operation at an instance, or a strand of one (a branch, a round of a repeat). */
struct nv_task {
    uint64_t key;
    uint32_t op, site, instance;
    nv_who who;
    bool deserted; /* whoever waited has given it up */
    const nv_request *request;
    uint32_t from;        /* the caller's instance */
    gd_time begun;        /* for a client: when it asked */
    uint16_t there, back; /* links */
    unsigned transmissions;

    bool gone, arrived, strand, worker, queued, continues, hung, swallowed, replying, degraded;
    bool overtaken; /* its cancel was here before it */
    bool heard;     /* something came back while it hung */
    gd_outcome bad; /* … and the first of it that failed */
    gd_outcome outcome;
    gd_time arrived_at, started_at, mark; /* mark: when the step in progress began */
    uint32_t pc;
    nv_event *event; /* pending work or wait, or the transport's next try */
    bool working;    /* the event is work */
    bool interrupted;
    gd_span remaining;   /* of interrupted work */
    gd_span work;        /* of the work in progress */
    gd_i128 left;        /* processor sharing: 2^-12 ns of service still to get */
    GPtrArray *children; /* nv_child: what the step in progress waits for */
    uint32_t pending, succeeded, rounds, rounds_all;
    gd_outcome first_failure;
};

/* One of both. */
typedef struct {
    nv_task *task;
    nv_call *call;
} nv_child;

typedef struct {
    bool active; /* has admitted the call and not heard of its end */
    nv_event *timer;
    uint32_t tries;
    gd_span before; /* the wait before this one */
    uint32_t ticket;
    gd_time admitted;
    bool parked;
} nv_guard;

typedef enum { NV_SENT, NV_WAITS, NV_PARKED, NV_GRANTED, NV_ENDED } nv_call_state;

/* A call with policies, or one of several rounds at once: it has a clock of its own. */
struct nv_call {
    uint64_t key;
    uint32_t site, from;
    nv_who who;
    bool deserted, gone, fallback;
    const nv_request *request;
    gd_time begun, deadline;
    uint32_t attempts;
    nv_task *attempt; /* that is out */
    nv_call_state state;
    unsigned level; /* where it is parked or was granted */
    gd_outcome outcome;
    nv_guard guards[GD_POLICIES];
};

struct nv_user {
    uint64_t key, seen, hurt;
    uint32_t client, ordinal, cycle, page, fails;
    const gd_journey *journey;
    bool cycling; /* thinks before its first page */
    bool not_there;
};

/* ---- what policies and balancers remember, for each call site and caller instance --------------
 */
typedef struct {
    unsigned state; /* 0 closed, 1 open, 2 half-open */
    uint32_t generation, permits;
    gd_time until;
    GArray *results; /* nv_verdict of the window, oldest first */
} nv_breaker;
typedef struct {
    gd_time at;
    bool failed, slow;
} nv_verdict;
typedef struct {
    uint32_t in_use;
    GQueue *waiting; /* nv_call */
} nv_bulkhead;
typedef struct {
    nv_breaker breaker;
    nv_bulkhead bulkhead;
    bool placed;
    uint32_t next;       /* round robin */
    uint32_t *in_flight; /* by instance */
} nv_memory;

typedef struct {
    uint32_t busy, queued; /* queued: arrivals and what was interrupted, not the lane */
    GQueue *queue, *lane;
    GQueue *sharing; /* processor sharing: tasks at work */
    gd_time shared_at;
    nv_event *shared_event;
    bool down, hung; /* as the levers last said */
    gd_share factor;
    bool refuses; /* down, or starting */
    gd_time up_at;
    uint32_t starts; /* so far */
} nv_instance;

typedef struct {
    gd_time free_at, last_at[2];
} nv_wire;

typedef struct {
    uint64_t key, arrivals;
    gd_time last_at;
    uint64_t need; /* 2^-58 mean gaps; of a trace: ns */
    nv_event *next;
    uint32_t phase;
    gd_share load;
    bool stopped;
} nv_client;

typedef struct {
    uint32_t busy, queue, system;
    gd_time changed, full_at;
} nv_gauge;

struct nv_world {
    const gd_plan *plan;
    uint64_t key, digest, number;
    gd_time now, boundary;
    GQueue *events; /* nv_event, sorted */
    GQueue *at_once;
    GPtrArray *heap; /* everything that was allocated */
    uint32_t live, zombies, stopped;
    bool keep_lines;
    nv_instance *instances;
    nv_memory **memories; /* [site][caller instance] */
    nv_wire *wires;
    nv_client *clients;
    nv_gauge *gauges;
    gd_time *buckets; /* per fault, then per service */
    gd_share *intensity;
    bool *site_hung;
    GPtrArray *tasks, *calls; /* in flight */
    uint32_t *open_now;       /* per edge: breakers open */
    gd_time *open_since;
    uint32_t *page_bit; /* per site */
    uint32_t *site_view;
    nv_result *result;
    /* The window in progress. */
    nv_view_window *view_now;
    nv_service_window *service_now;
    nv_edge_window *edge_now;
};

/* ---- world.c -----------------------------------------------------------------------------------
 */
void *nv_alloc(nv_world *w, gsize size);
#define nv_make(w, type) ((type *)nv_alloc(w, sizeof(type)))
nv_event *nv_at(nv_world *w, gd_time at, unsigned rank, nv_act *act, void *subject, unsigned level);
void nv_drop(nv_world *w, nv_event *event);   /* it will not happen; NULL is fine */
void nv_hollow(nv_world *w, nv_event *event); /* nor will this, but its time is waited for */
void nv_at_once(nv_world *w, nv_act *act, void *subject);
void nv_fold(nv_world *w, uint64_t agent, unsigned kind, uint64_t subject);
bool nv_measuring(const nv_world *w);
gd_phase nv_phase(const nv_world *w, gd_time at);
nv_memory *nv_memory_of(nv_world *w, uint32_t site, uint32_t from);
void nv_memory_forget(nv_world *w, uint32_t site, uint32_t from);
const gd_plan_service *nv_service_of(const nv_world *w, uint32_t instance);

/* ---- measure.c ---------------------------------------------------------------------------------
 */
void nv_measure_new(nv_world *w);
void nv_measure_finish(nv_world *w);
void nv_close_windows(nv_world *w, gd_time upto); /* all that end at or before it */
void nv_tally_add(nv_tally *tally, int64_t value);
void nv_gauge_move(nv_world *w, uint32_t service, int busy, int queue, int system);
void nv_queue_seen(nv_world *w, uint32_t instance);
void nv_breaker_moved(nv_world *w, uint32_t edge, int change);
void nv_happened(nv_world *w, gd_happened what, uint32_t about, uint32_t count);

/* ---- task.c, steps.c ---------------------------------------------------------------------------
 */
nv_task *nv_task_new(nv_world *w);
void nv_task_gone(nv_world *w, nv_task *task);
/* What the step in progress of `parent` waits for: a task or a call. */
void nv_task_child(nv_world *w, nv_task *parent, nv_task *task, nv_call *call);
void nv_task_forget(nv_task *parent, const nv_task *task, const nv_call *call);
void nv_task_run(nv_world *w, void *task, unsigned level);
void nv_task_finish(nv_world *w, nv_task *task, gd_outcome outcome);
void nv_task_answer(nv_world *w, nv_task *task, gd_outcome outcome); /* without service */
nv_act nv_task_request, nv_task_worked, nv_task_waited, nv_task_reply, nv_strand_done;
void nv_task_account(nv_world *w, nv_task *task, gd_span work);
void nv_task_branch_done(nv_world *w, nv_task *task, gd_outcome outcome);
/* Whoever waits in that step waits no more: children that are still out are deserted. */
void nv_task_desert(nv_task *task);
gd_span nv_task_work_time(nv_world *w, const nv_task *task, const gd_step *step);

/* ---- station.c, shared.c -----------------------------------------------------------------------
 */
void nv_station_admit(nv_world *w, nv_task *task);
bool nv_station_resume(nv_world *w, nv_task *task);
void nv_station_release(nv_world *w, uint32_t instance);
void nv_station_begin(nv_world *w, nv_task *task);
void nv_station_leave_queue(nv_world *w, nv_task *task);
void nv_shared_add(nv_world *w, nv_task *task, gd_span work);
void nv_shared_remove(nv_world *w, nv_task *task);
void nv_shared_pause(nv_world *w, uint32_t instance);
void nv_shared_rescale(nv_world *w, uint32_t instance, gd_share was, gd_share is);
void nv_shared_wake(nv_world *w, uint32_t instance);

/* ---- call.c, guard.c ---------------------------------------------------------------------------
 */
void nv_call_begin(nv_world *w, uint32_t site, nv_who who, const nv_request *request, uint32_t from,
                   uint64_t key, bool own_clock);
void nv_call_attempt_ended(nv_world *w, nv_call *call, gd_outcome outcome);
void nv_call_kill(nv_world *w, nv_call *call);
nv_act nv_call_timer, nv_call_follow;
void nv_call_concluded(nv_world *w, uint32_t site, nv_who who, bool deserted,
                       const nv_request *request, uint64_t key, gd_time begun, uint32_t attempts,
                       gd_outcome outcome);

typedef enum { NV_PASS, NV_END, NV_PARK, NV_AGAIN } nv_answer;
nv_answer nv_guard_admit(nv_world *w, nv_call *call, unsigned level, gd_outcome *outcome);
nv_answer nv_guard_ended(nv_world *w, nv_call *call, unsigned level, gd_outcome outcome,
                         gd_time *when);
void nv_guard_cancelled(nv_world *w, nv_call *call, unsigned level);
/* Its timer: NV_END with an outcome, or NV_AGAIN. */
nv_answer nv_guard_timer(nv_world *w, nv_call *call, unsigned level, gd_outcome *outcome);
const gd_plan_policy *nv_policy_at(const nv_world *w, const nv_call *call, unsigned level);
gd_span nv_backoff(const gd_retry_spec *spec, uint32_t n, gd_span *before, uint64_t u);

/* ---- network.c, cancel.c -----------------------------------------------------------------------
 */
nv_task *nv_send(nv_world *w, uint32_t site, nv_who who, const nv_request *request, uint32_t from,
                 uint64_t key);
void nv_reply_sent(nv_world *w, nv_task *task);
void nv_balance_ended(nv_world *w, const nv_task *task);
void nv_cancel_send(nv_world *w, nv_task *task);
void nv_cancel_children(nv_world *w, nv_task *task);

/* ---- client.c ----------------------------------------------------------------------------------
 */
void nv_client_start(nv_world *w, uint32_t client);
void nv_client_reload(nv_world *w, uint32_t client, gd_share load);
void nv_client_done(nv_world *w, uint32_t site, nv_who who, gd_time begun, uint32_t attempts,
                    gd_outcome outcome);

/* ---- lever.c, crash.c --------------------------------------------------------------------------
 */
void nv_lever_start(nv_world *w);
/* The process dies by itself, and starts again. */
void nv_restart(nv_world *w, uint32_t instance);
typedef struct {
    bool down, hang, cut;
    gd_share factor;
    gd_span added;
    uint64_t errors;
    gd_outcome outcome;
    uint32_t limit; /* fault, or GD_NONE */
} nv_effect;
nv_effect nv_effect_on(const nv_world *w, gd_target_kind on, uint32_t target);
/* What meets a request; GD_OUTCOMES: an edge swallowed it. */
gd_outcome nv_verdict_on(nv_world *w, const nv_task *task);
void nv_crash(nv_world *w, uint32_t instance);
void nv_unhang(nv_world *w, uint32_t instance);
void nv_rescale(nv_world *w, uint32_t instance, gd_share before, gd_share after);
/* Tasks in flight that `wanted` accepts, by arrival and then by name. Owned by the caller. */
GPtrArray *nv_tasks_where(nv_world *w, bool (*wanted)(const nv_task *, uint32_t), uint32_t about);
