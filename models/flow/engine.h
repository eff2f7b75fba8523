/* The state of one run, and what the files of models/flow, models/guard and models/fault share.
 *
 *   arrival -> call -> policies admit -> attempt -> network -> instance: queue -> worker -> steps
 *           -> reply -> policies record -> the caller's next step
 *
 * A frame is one attempt at one operation: on the wire, queued, running, or on its way back. A call
 * is a call site in progress that has policies; without policies the frame's caller is the caller's
 * frame itself and there is no call record. Records live in pools; a reference is (slot, age), and
 * an age that no longer matches says that nobody waits.
 */
#pragma once

#include "models/record.h"
#include "models/run.h"
#include "sim/agenda.h"

/* ---- events -----------------------------------------------------------------------------------
 */
typedef enum {
    GD_EV_ARRIVAL, /* subject: client */
    GD_EV_REQUEST, /* frame reaches its instance */
    GD_EV_WORK,    /* frame's work ends */
    GD_EV_WAIT,    /* frame's wait ends */
    GD_EV_REPLY,   /* frame's answer reaches its caller */
    GD_EV_TIMER,   /* call: a policy's timer */
    GD_EV_USER,    /* user: think time over */
    GD_EV_SHARED,  /* instance: the next processor-sharing completion */
    GD_EV_LEVER,   /* fault: begins, moves along its ramp, ends */
    GD_EV_STARTED, /* instance: start-up over */
    GD_EV_RESEND,  /* frame: TCP sends it again over a cut link */
    GD_EV_RUN,     /* frame: go on with its steps (follow-up only) */
    GD_EV_CANCEL,  /* a cancel message reaches the callee; subject: cancel record */
    GD_EV_PHASE,   /* client: a burst's phase changes */
    GD_EV_CALL     /* call: ended or granted at this instant (follow-up only) */
} gd_event_kind;

/* Ranks at one instant (design: levers, completions and replies, timers, arrivals, control). */
enum { GD_RANK_LEVER, GD_RANK_REPLY, GD_RANK_TIMER, GD_RANK_ARRIVAL, GD_RANK_CONTROL };

/* ---- frames -----------------------------------------------------------------------------------
 */
typedef enum { GD_BY_CLIENT, GD_BY_USER, GD_BY_FRAME, GD_BY_CALL, GD_BY_NOBODY } gd_caller_kind;

#define GD_F_LIVE      0x001u /* the slot is in use */
#define GD_F_ARRIVED   0x002u /* is at its instance */
#define GD_F_WORKER    0x004u /* holds a worker */
#define GD_F_QUEUED    0x008u
#define GD_F_REPLYING  0x010u /* its answer is on the way */
#define GD_F_DEAD      0x020u /* freed when its pending event comes up */
#define GD_F_DEGRADED  0x040u
#define GD_F_STRAND    0x080u /* a branch or a repeat's body, on its parent's instance */
#define GD_F_ROOT      0x100u /* a client's attempt: root/root_age hold the intended start instead */
#define GD_F_ROOT_CALL 0x200u  /* root is a call */
#define GD_F_HUNG      0x400u  /* its instance hangs: waits for that to end */
#define GD_F_EVENT     0x800u  /* has a pending event of its own (work, wait, resend, transit) */
#define GD_F_LEFT      0x1000u /* its caller is known to have left: what it does is wasted */
#define GD_F_CONTINUES 0x2000u /* has been served before: the continuation lane, or pre-empted */

typedef struct {
    uint64_t key;
    gd_time arrived; /* at the instance */
    gd_time mark;    /* when the step in progress began */
    uint32_t caller, caller_age;
    uint32_t root, root_age;
    uint32_t next; /* in a queue, or the free list */
    uint32_t age;
    uint32_t instance;
    uint16_t pc, site;
    uint16_t pending; /* branches not back yet */
    uint16_t back;    /* link of the answer */
    uint16_t flags;
    uint8_t by;      /* gd_caller_kind */
    uint8_t outcome; /* of the answer; while running: first failure of a parallel */
} gd_frame;
_Static_assert(sizeof(gd_frame) == 64, "a frame is one cache line");

/* What only some frames need. */
typedef struct {
    uint64_t root_key;    /* when the plan draws per request */
    gd_time started;      /* got its worker */
    uint64_t word;        /* of the pending work event, where it can be pre-empted or rescaled */
    gd_span remaining;    /* of work that was pre-empted; of a shared processor: all of it */
    gd_time ends;         /* of the work in progress, where `word` is used */
    uint64_t tag;         /* processor sharing: attained service at which it is done */
    uint32_t left, right; /* processor sharing: heap of tags */
    uint32_t iteration, iterations; /* of the repeat in progress */
    uint32_t child;                 /* of the call step in progress: a frame's slot, or a call's */
    bool child_is_call;
    uint16_t needed, succeeded; /* of the parallel in progress */
    uint16_t transmissions;
    uint32_t client; /* of the root */
    uint32_t user;   /* of the root: the visitor's ordinal */
} gd_frame_side;

/* ---- calls ------------------------------------------------------------------------------------
 */
typedef enum {
    GD_CALL_FREE,
    GD_CALL_SENT,   /* an attempt is out */
    GD_CALL_WAITS,  /* for its next attempt */
    GD_CALL_PARKED, /* a policy keeps it until it is granted */
    GD_CALL_GRANTED,
    GD_CALL_DEAD, /* killed between its grant or its end and the follow-up about that */
    GD_CALL_ENDED /* within the step that began it: told at the same instant, not deeper */
} gd_call_state;
#define GD_C_MEASURED 1u /* began after the warm-up */
#define GD_C_FALLBACK 2u /* stands in for another site's call */

typedef struct {
    uint64_t key;
    gd_time begun;    /* for a client: the intended start */
    gd_time sent;     /* the live attempt */
    gd_time deadline; /* GD_NEVER: none */
    uint32_t parent, parent_age;
    uint32_t age, next;
    uint32_t frame;  /* of the live attempt */
    uint32_t target; /* its instance */
    uint32_t from;   /* caller instance, GD_NONE for a client */
    uint16_t site;
    uint8_t level; /* where in the chain it waits */
    uint8_t attempts;
    uint32_t user; /* clients: the visitor's ordinal */
    uint8_t state, flags, by;
    uint8_t outcome; /* of the last attempt */
} gd_call;
_Static_assert(sizeof(gd_call) <= 80, "a call fits two cache lines with its policies' bytes");

/* What a call's attempts must know of its request, also when its caller has gone on without it.
 * Behind the policies' bytes, in plans that ask for it. */
typedef struct {
    uint64_t key;    /* of the request */
    uint64_t caller; /* key of the calling frame: what a proxy passes on */
    uint32_t client, user;
} gd_call_root;

typedef struct {
    uint64_t key; /* of the visit (or of a closed user's cycle) */
    uint64_t seen,
        hurt; /* a bit for each of its client's user-visible operations, the 64th shared */
    uint32_t client, journey;
    uint32_t next, ordinal;
    uint32_t page, fails, cycle;
    bool live;
} gd_user;

/* A cancel on its way. Who waits and the name say whether the frame is still the one that it was
 * sent for: the tries of a call to a proxy all have one name. */
typedef struct {
    uint64_t key;
    uint32_t frame, next;
    uint32_t caller, caller_age;
} gd_cancel;

/* ---- stations ---------------------------------------------------------------------------------
 */
#define GD_I_DOWN     1u /* refuses: crashed or starting */
#define GD_I_HANG     2u
#define GD_I_ERRORS   4u
#define GD_I_LIMITED  8u
#define GD_I_SLOW     16u
#define GD_I_STARTING 32u

typedef struct {
    uint32_t busy, workers;
    uint32_t queued, queue_limit;
    uint32_t head, tail;           /* FIFO, LIFO; classes of PRIORITY are in `classes` */
    uint32_t lane_head, lane_tail; /* work that goes on: served before arrivals */
    uint32_t service;
    uint16_t flags, zone;
    uint32_t aside; /* index into classes or shared processors; GD_NONE */
    uint32_t start; /* of the word of its pending start: another one is stale */
    uint32_t spare[2];
} gd_instance;
_Static_assert(sizeof(gd_instance) <= 64, "an instance is one cache line");

#define GD_CLASSES 8u
typedef struct {
    uint32_t head[GD_CLASSES], tail[GD_CLASSES];
} gd_classes;

/* A processor that its jobs share: `attained` grows at min(1, workers / n) and a job is done when
 * it reaches its tag. Attained service is in 2^-GD_SHARED_BITS ns, rounded down at each change. */
#define GD_SHARED_BITS 12
typedef struct {
    uint64_t attained;
    gd_time changed;
    uint32_t n, root;
    uint64_t added; /* jobs so far: those that are done together go in order of coming */
    uint64_t word;  /* of its pending completion */
} gd_shared;

/* What faults make of an instance, a site, a link: composed anew whenever one of them changes. */
typedef struct {
    gd_share factor; /* SLOW: product */
    gd_span added;
    uint64_t errors; /* threshold */
    uint32_t down, hang, cut;
    uint32_t limit;  /* fault whose bucket is asked; GD_NONE */
    uint8_t outcome; /* of the errors */
} gd_lever_state;

typedef struct {
    gd_time full_at; /* GCRA: theoretical arrival time */
} gd_bucket;

typedef struct {
    uint8_t request_ring, reply_ring;
    bool plain;         /* a constant or zero latency, no loss, no bandwidth: a push and no more */
    bool fast;          /* plain, and no fault is on it */
    gd_time free_at;    /* bandwidth: when the wire is free */
    gd_time last_at[2]; /* ordered: latest delivery of each direction's kind */
} gd_link_run;

typedef struct {
    uint64_t key;
    uint64_t arrivals; /* made so far */
    gd_time last_at;   /* of the last arrival, or the last change of rate */
    uint64_t next_key; /* of the arrival to come */
    uint64_t need;     /* of operational time before the next arrival, Q58 of one mean gap */
    uint64_t word;     /* of the pending arrival: others are stale */
    uint64_t gap;      /* mean gap of the present rate, for gd_scale_q58 */
    uint8_t gap_shift;
    gd_time phase_until; /* bursts */
    uint32_t phase;
    gd_share load; /* product of overload faults */
    bool stopped;
    bool plain; /* Poisson at a rate that nothing changes now: the next gap is a draw and no more */
} gd_client_run;

/* Time-weighted counts of a service. Areas are of the window in progress. */
typedef struct {
    gd_time changed;
    uint64_t busy_area, queue_area, system_area, worker_area;
    gd_time full_at; /* 1 ns after the last refusal, for the timeline; 0: none */
    uint32_t busy, queue, system, workers;
} gd_gauge;

/* Counters of the window in progress. */
typedef struct {
    uint32_t requests, good, degraded, failed, useful, attempts;
    gd_hist latency; /* of good answers, of the present phase: joins the record's at the close */
    gd_hist carried; /* the window's part that a phase's end has closed already */
} gd_view_window;

enum {
    GD_SEG_FRAMES,
    GD_SEG_SIDES,
    GD_SEG_CALLS,
    GD_SEG_CALL_BYTES,
    GD_SEG_USERS,
    GD_SEG_CANCELS,
    GD_SEG_INSTANCES,
    GD_SEG_CLASSES,
    GD_SEG_SHARED,
    GD_SEG_STATE_INDEX, /* per (site, caller instance): offset + 1 into STATES */
    GD_SEG_STATES,
    GD_SEG_LEVERS_I,
    GD_SEG_LEVERS_S,
    GD_SEG_LEVERS_L,
    GD_SEG_BUCKETS, /* per fault, then per service quota */
    GD_SEG_FAULTS,  /* per fault: intensity, 0: not active */
    GD_SEG_LINKS,
    GD_SEG_CLIENTS,
    GD_SEG_GAUGES,
    GD_SEG_VIEW_WINDOWS,
    GD_SEG_SERVICE_WINDOWS,
    GD_SEG_EDGE_WINDOWS,
    GD_SEG_VIEWS,
    GD_SEG_CLIENT_RECORDS,
    GD_SEG_SERVICES,
    GD_SEG_EDGES,
    GD_SEG_SERIES,
    GD_SEG_HAPPENINGS,
    GD_SEG_FOLLOW,
    GD_SEG_COUNTERS, /* per counter of the plan: by phase */
    GD_SEGS
};

typedef struct {
    uint32_t arrivals, completed, rejected, queue_max;
} gd_service_window;
typedef struct {
    uint32_t attempts, failed;
    uint32_t open_now; /* breakers of the edge: not of the window, it stays */
    gd_time changed;
} gd_edge_window;

typedef struct {
    uint32_t used, free, live;
} gd_slots;

struct gd_run {
    const gd_plan *plan;
    gd_time now, boundary; /* boundary: the next window's end */
    uint64_t digest, events, key, seed;
    uint64_t event_budget, looked;     /* looked: events at the last look */
    uint64_t check_at;                 /* events at which to look at budgets and for the end */
    gd_time checked;                   /* the no-progress guard: time at the last look */
    uint64_t stalled;                  /* events since it last moved, by looks */
    uint32_t follow_head, follow_tail; /* indices into the follow-up list */
    uint32_t nested; /* messages without latency that are being delivered, one in the other */
    gd_memory memory;
    gd_segment segs[GD_SEGS];
    gd_slots frames, calls, users, cancels;
    gd_hist_pool hists;
    uint32_t window, clients_stopped;
    uint32_t series_room; /* windows that the series' memory holds */
    uint32_t call_stride;
    gd_phase phase;
    bool measuring, ended, finished, any_site_lever;
    bool words, sides, roots; /* as in the layout */
    bool many_hists;          /* the services' histograms do not fit the cache */
    gd_hist_queue soon;       /* additions to them on their way */
    bool somebody_left;       /* before its answer: from now on work is checked for waste */
    bool noting;              /* a budget is near: who acts is noted for the message */
    gd_end end;
    uint32_t happenings_dropped;
    /* Of the plan, laid out for the loop; shared by branches, never written after gd_run_new. */
    struct gd_layout *layout;
    gd_trace_line trace;
    void *trace_user;
    gd_agenda agenda;
    gd_record record;
    char busiest[256];
};

/* What every run of a plan needs to look up by index. */
typedef struct gd_layout {
    gd_arena *arena;
    int references;
    uint8_t *dist_ring;   /* per dist: ring of its constant at the completions' rank, or NO_RING */
    uint8_t *policy_ring; /* per policy: ring of its constant timer */
    uint32_t *site_view;  /* per site: user-visible operation, or GD_NONE */
    uint32_t *site_bit;   /* per client site: its bit in gd_user.seen */
    bool words;           /* some work can be pre-empted or rescaled: work events are checked */
    bool sides;           /* some frame needs its side record */
    bool roots;           /* some draw is per request: sides carry the root's key */
    bool proxies;         /* some operation passes its caller's key on */
    gd_time first_fault, last_fault; /* phase borders, internal time; GD_NEVER: no fault */
} gd_layout;

#define GD_SEG(run, index, type) ((type *)(run)->segs[index].base)
#define GD_FRAMES(run)           GD_SEG(run, GD_SEG_FRAMES, gd_frame)
#define GD_SIDES(run)            GD_SEG(run, GD_SEG_SIDES, gd_frame_side)
#define GD_CALLS(run)            GD_SEG(run, GD_SEG_CALLS, gd_call)
#define GD_USERS(run)            GD_SEG(run, GD_SEG_USERS, gd_user)
#define GD_INSTANCES(run)        GD_SEG(run, GD_SEG_INSTANCES, gd_instance)
#define GD_GAUGES(run)           GD_SEG(run, GD_SEG_GAUGES, gd_gauge)
#define GD_SERVICES(run)         GD_SEG(run, GD_SEG_SERVICES, gd_service_record)
#define GD_VIEWS(run)            GD_SEG(run, GD_SEG_VIEWS, gd_view_record)
#define GD_CLIENT_RECORDS(run)   GD_SEG(run, GD_SEG_CLIENT_RECORDS, gd_client_record)
#define GD_EDGES(run)            GD_SEG(run, GD_SEG_EDGES, gd_edge_record)

/* Salts of draws that have no name in a document. */
#define GD_SALT_REQUEST    UINT64_C(0x5265717565737431) /* "Request1": latency of the way there */
#define GD_SALT_REPLY      UINT64_C(0x5265706c79202031)
#define GD_SALT_LOSS       UINT64_C(0x4c6f737320202031)
#define GD_SALT_BALANCE    UINT64_C(0x42616c616e636531)
#define GD_SALT_CALLEE     UINT64_C(0x43616c6c65652031)
#define GD_SALT_ERROR      UINT64_C(0x4572726f72202031)
#define GD_SALT_SITE_ERROR UINT64_C(0x4572726f72202032)
#define GD_SALT_BACKOFF    UINT64_C(0x4261636b6f666631)
#define GD_SALT_GAP        UINT64_C(0x4761702020202031)
#define GD_SALT_JOURNEY    UINT64_C(0x4a6f75726e657931)
#define GD_SALT_THINK      UINT64_C(0x5468696e6b202031)
#define GD_SALT_QUOTA      UINT64_C(0x51756f7461202031)
#define GD_SALT_START      UINT64_C(0x5374617274202031)
#define GD_SALT_PHASE      UINT64_C(0x5068617365202031)

/* ---- follow-ups: what goes on at the same instant, in order, without recursion ----------------
 */
void gd_follow_grow(gd_run *run);
static inline void gd_follow(gd_run *run, gd_event_kind kind, uint32_t subject)
{
    if (__builtin_expect(
            (run->follow_tail + 1) * sizeof(uint32_t) > run->segs[GD_SEG_FOLLOW].capacity, 0))
        gd_follow_grow(run);
    GD_SEG(run, GD_SEG_FOLLOW, uint32_t)[run->follow_tail++] = (uint32_t)kind << 24 | subject;
}

void gd_trace_event(gd_run *run, uint64_t agent, gd_event_kind kind, uint64_t subject);

/* ---- the digest --------------------------------------------------------------------------------
 */
/* Folds (time, agent, kind, subject): names' hashes, never slots. */
static inline void gd_fold(gd_run *run, uint64_t agent, gd_event_kind kind, uint64_t subject)
{
    uint64_t x = (run->digest ^ subject) + (uint64_t)run->now * GD_GOLDEN;
    x ^= agent + (uint64_t)kind;
    x *= UINT64_C(0xD6E8FEB86659FD93);
    run->digest = x ^ (x >> 32);
    if (__builtin_expect(run->trace != NULL, 0)) {
        gd_trace_event(run, agent, kind, subject);
    }
}

/* Records of large runs do not fit the cache: what the loop will touch soon is asked for early. */
#define GD_LARGE 4096u /* frames: 256 KiB, the size of a second-level cache: assumption */
static inline void gd_prefetch_frame(const gd_run *run, uint32_t slot)
{
    __builtin_prefetch(&GD_FRAMES(run)[slot], 1);
}

/* ---- pools -------------------------------------------------------------------------------------
 */
void gd_frames_grow(gd_run *run);
void gd_calls_grow(gd_run *run);

/* A new frame; its age goes on from the slot's last use. All else is the caller's to fill. */
static inline uint32_t gd_frame_new(gd_run *run)
{
    uint32_t slot = run->frames.free;
    if (__builtin_expect(slot != GD_NONE, 1)) {
        run->frames.free = GD_FRAMES(run)[slot].next;
    } else {
        slot = run->frames.used;
        if ((slot + 1) * sizeof(gd_frame) > run->segs[GD_SEG_FRAMES].capacity)
            gd_frames_grow(run);
        run->frames.used = slot + 1;
    }
    run->frames.live++;
    return slot;
}
static inline void gd_frame_free(gd_run *run, uint32_t slot)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    frame->age++;
    frame->flags = 0;
    frame->next = run->frames.free;
    run->frames.free = slot;
    run->frames.live--;
}
uint32_t gd_call_new(gd_run *run);
void gd_call_free(gd_run *run, uint32_t slot);
static inline void *gd_call_bytes(gd_run *run, uint32_t slot)
{
    return (char *)run->segs[GD_SEG_CALL_BYTES].base + (size_t)slot * run->call_stride;
}
/* NULL in plans that need none. */
static inline gd_call_root *gd_call_root_of(gd_run *run, uint32_t slot)
{
    if (!run->roots && !run->layout->proxies)
        return NULL;
    return (gd_call_root *)((char *)gd_call_bytes(run, slot) + run->call_stride) - 1;
}
uint32_t gd_user_new(gd_run *run);
void gd_user_free(gd_run *run, uint32_t slot);

/* The state of a site's policies at a caller instance: comes into being at first use. */
void *gd_site_state(gd_run *run, const gd_plan_site *site, uint32_t from);

/* Adds to a histogram of a service. */
static inline void gd_service_hist(gd_run *run, gd_hist *hist, int64_t value)
{
    if (run->many_hists)
        gd_hist_add_soon(&run->soon, hist, &run->hists, value);
    else
        gd_hist_add(hist, &run->hists, value);
}

/* Adds to a counter of the plan, in the present phase. */
static inline void gd_count(gd_run *run, uint32_t counter, uint64_t n)
{
    GD_SEG(run, GD_SEG_COUNTERS, uint64_t)[counter * GD_PHASES + run->phase] += n;
}

/* ---- gauges ------------------------------------------------------------------------------------
 */
static inline void gd_gauge_touch(gd_gauge *gauge, gd_time now)
{
    uint64_t dt = (uint64_t)(now - gauge->changed);
    if (dt == 0)
        return;
    gauge->changed = now;
    gauge->busy_area += dt * gauge->busy;
    gauge->queue_area += dt * gauge->queue;
    gauge->system_area += dt * gauge->system;
}

/* ---- who does what -----------------------------------------------------------------------------
 */
/* frame.c */
void gd_frame_request(gd_run *run, uint32_t slot); /* GD_EV_REQUEST */
void gd_frame_run(gd_run *run, uint32_t slot);     /* goes on at its pc */
void gd_frame_go_on(gd_run *run, uint32_t slot);   /* the same, after what happens before */
void gd_frame_follow(gd_run *run, uint32_t slot);  /* GD_EV_RUN */
void gd_frame_work_done(gd_run *run, uint32_t slot, uint64_t word);
void gd_frame_wait_done(gd_run *run, uint32_t slot);
void gd_frame_finish(gd_run *run, uint32_t slot, gd_outcome outcome);
void gd_frame_reply(gd_run *run, uint32_t slot); /* GD_EV_REPLY */
/* One branch (or the only one) of the step in progress of `parent` is back. */
void gd_frame_branch_done(gd_run *run, uint32_t parent, gd_outcome outcome);
bool gd_frame_is_left(gd_run *run, uint32_t slot); /* nobody waits for what it does */
/* Answers without service: refused, limited, injected error. */
void gd_frame_answer(gd_run *run, uint32_t slot, gd_outcome outcome);
/* The accounts of `work` done for a frame by its service. */
void gd_frame_account(gd_run *run, uint32_t slot, gd_span work);

/* steps.c */
gd_span gd_step_work_time(gd_run *run, uint32_t slot, const gd_step *step);

/* station.c */
void gd_station_admit(gd_run *run, uint32_t slot);       /* on arrival: start, queue or shed */
bool gd_station_resume(gd_run *run, uint32_t slot);      /* async: a worker for work, or the lane */
void gd_station_release(gd_run *run, uint32_t instance); /* a worker is free */
void gd_station_begin(gd_run *run, uint32_t slot, const gd_step *step); /* its worker works */
void gd_station_drop(gd_run *run, uint32_t slot); /* out of its queue, without service */
/* shared.c: processor sharing */
void gd_shared_add(gd_run *run, uint32_t slot, gd_span work);
void gd_shared_done(gd_run *run, uint32_t instance, uint64_t word);
void gd_shared_remove(gd_run *run, uint32_t slot);
void gd_shared_pause(gd_run *run, uint32_t instance); /* a hang begins: before its flag is set */
void gd_shared_wake(gd_run *run, uint32_t instance);  /* it is over: after its flag is gone */

/* call.c */
/* Calls `site` from a frame (or a client or user) and waits: `iteration` of the repeat, 0 else. */
void gd_call_begin(gd_run *run, uint32_t site, gd_caller_kind by, uint32_t caller, uint64_t key,
                   uint32_t user, bool last);
void gd_call_follow(gd_run *run, uint32_t slot);               /* GD_EV_CALL */
void gd_call_timer(gd_run *run, uint32_t slot, uint64_t word); /* GD_EV_TIMER */
void gd_call_attempt_ended(gd_run *run, uint32_t slot, gd_outcome outcome);
void gd_call_granted(gd_run *run, uint32_t slot, unsigned level); /* a parked call may go on */
void gd_call_kill(gd_run *run, uint32_t slot);                    /* its caller is gone */
/* Who waits for an attempt or a call. */
typedef struct {
    uint32_t caller, caller_age; /* clients: their index and the visitor's ordinal */
    uint8_t by;                  /* gd_caller_kind */
    uint64_t root;               /* clients, after the first call: the request's key; else 0 */
} gd_waiter;
/* Sends one attempt. GD_OK when it is on its way, else why not. *frame is its slot. `last`: the
 * caller does nothing after it, so that what takes no time may go on at once. */
gd_outcome gd_attempt_send(gd_run *run, uint32_t site, gd_waiter who, uint64_t key, bool last,
                           uint32_t *frame);
/* An unguarded call's answer, or a guarded one's: applies `then`, tells who waits. */
void gd_call_conclude(gd_run *run, uint32_t site, gd_waiter who, uint64_t key, gd_time begun,
                      uint32_t attempts, gd_outcome outcome);

/* balance.c */
uint32_t gd_balance_pick(gd_run *run, const gd_plan_site *site, uint32_t from, uint64_t key,
                         uint32_t *op);
/* The caller no longer counts that attempt as its own in flight. */
void gd_balance_ended(gd_run *run, const gd_plan_site *site, uint32_t from, uint32_t instance);

/* network.c */
void gd_network_request(gd_run *run, uint32_t slot, uint16_t link, bool last);
void gd_network_reply(gd_run *run, uint32_t slot, bool last);
void gd_network_resend(gd_run *run, uint32_t slot);

/* client.c */
void gd_client_start(gd_run *run, uint32_t client);
void gd_client_arrival(gd_run *run, uint32_t client, uint64_t word);
void gd_client_phase(gd_run *run, uint32_t client);
void gd_client_rescale(gd_run *run, uint32_t client, gd_share load);
void gd_client_done(gd_run *run, uint32_t site, gd_waiter who, gd_time begun, uint32_t attempts,
                    gd_outcome outcome);
void gd_client_think_over(gd_run *run, uint32_t user);

/* fault/lever.c */
/* What meets a request at its instance: GD_OK, an outcome, or GD_OUTCOMES when it vanishes. */
gd_outcome gd_lever_verdict(gd_run *run, uint32_t slot);
void gd_lever_start(gd_run *run);
void gd_lever_event(gd_run *run, uint32_t fault);
void gd_lever_started(gd_run *run, uint32_t instance, uint64_t word);
bool gd_bucket_take(gd_run *run, uint32_t bucket, gd_rate rate, uint32_t burst);

/* crash.c, cancel.c */
/* Frames that were looked for, in order of arrival, then of names; never of slots. */
typedef struct {
    gd_time arrived;
    uint64_t key;
    uint32_t slot;
    uint16_t site; /* what a proxy's callers are told apart by */
} gd_found;
/* Requests that a hanging edge has swallowed: gd_found, owned by the caller. */
GArray *gd_frames_swallowed(gd_run *run, uint32_t site);
void gd_instance_crash(gd_run *run, uint32_t instance);
void gd_instance_unhang(gd_run *run, uint32_t instance);
void gd_instance_rescale(gd_run *run, uint32_t instance, gd_share before, gd_share after);
void gd_frame_cancel(gd_run *run, uint32_t slot); /* nobody wants its answer any more */
void gd_frame_cancel_children(gd_run *run, uint32_t slot);
void gd_cancel_send(gd_run *run, uint32_t slot);
void gd_cancel_arrives(gd_run *run, uint32_t cancel);

/* measure.c */
void gd_measure_layout(gd_run *run);   /* the series' memory */
void gd_measure_pointers(gd_run *run); /* into it: after it was copied */
void gd_measure_window_end(gd_run *run);
/* One breaker of an edge opened (+1) or left the open state (-1). */
void gd_measure_breaker(gd_run *run, uint32_t edge, int change);
/* The phase changes: what was counted so far belongs to the one before. */
void gd_measure_phase(gd_run *run, gd_phase phase);
void gd_measure_happening(gd_run *run, gd_happened what, uint32_t about, uint32_t count);
void gd_measure_request(gd_run *run, uint32_t view);
void gd_measure_view(gd_run *run, uint32_t view, gd_span latency, uint32_t attempts,
                     gd_outcome outcome);
static inline gd_service_window *gd_service_window_of(gd_run *run, uint32_t service)
{
    return &GD_SEG(run, GD_SEG_SERVICE_WINDOWS, gd_service_window)[service];
}
static inline gd_edge_window *gd_edge_window_of(gd_run *run, uint32_t edge)
{
    return &GD_SEG(run, GD_SEG_EDGE_WINDOWS, gd_edge_window)[edge];
}
