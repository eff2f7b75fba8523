/* What is in flight: events, frames, calls, users, cancels. Records live in pools; a reference is
 * (slot, age), and an age that no longer matches says that nobody waits.
 */
#pragma once

#include "models/plan.h"
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
    GD_EV_STATE,   /* state of a site at a caller instance: a timer of one of its policies */
    GD_EV_CALL,    /* call: ended or granted at this instant (follow-up only) */
    GD_EV_SERVE,   /* instance: a timer of one of its rows of serve.def */
    GD_EV_EXPIRE,  /* frame: has waited in its queue for as long as it may */
    GD_EV_BALANCE, /* tick of a balancer: a probe, a sweep, a look into the registry */
    GD_EV_CONN,    /* connection: a wait of its handshake, or its lifetime, is over */
    GD_EV_KEEP,    /* pool of connections: its keeper looks */
    GD_EV_UNIT,    /* unit of a fault: fails, or is repaired */
    GD_EV_HERD,    /* fault: the next of its arrivals */
    GD_EV_HEAL     /* instance: a restart ended some fault */
} gd_event_kind;

/* Ranks at one instant (design: levers, completions and replies, timers, arrivals, control). */
enum { GD_RANK_LEVER, GD_RANK_REPLY, GD_RANK_TIMER, GD_RANK_ARRIVAL, GD_RANK_CONTROL };

/* ---- frames -----------------------------------------------------------------------------------
 */
typedef enum {
    GD_BY_CLIENT,
    GD_BY_USER,
    GD_BY_FRAME,
    GD_BY_CALL,
    GD_BY_NOBODY,
    GD_BY_PROBE, /* a health check: its caller is a tick */
    GD_BY_COPY,  /* calls only: one more copy of its parent, from a policy of its chain down */
    GD_BY_CONN   /* calls only: the handshake of its parent, a connection */
} gd_caller_kind;

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
#define GD_F_PING      0x8000u /* a shallow health check: the process answers by itself */
#define GD_F_TIMED_OUT                                                                             \
    0x4000u /* its caller's timeout passed: a good answer makes it a false one                     \
             */

/* In `pending`: something came back while the instance hung, and is looked at when that ends. */
#define GD_CAME_BACK 0x8000u
_Static_assert(GD_MAX_BRANCHES < GD_CAME_BACK, "branches are counted below the mark");

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
    uint16_t pending; /* branches not back yet; GD_CAME_BACK */
    uint16_t back;    /* link of the answer */
    uint16_t flags;
    uint8_t by;      /* gd_caller_kind */
    uint8_t outcome; /* of the answer; while running: first failure of a parallel */
} gd_frame;
_Static_assert(sizeof(gd_frame) == 64, "a frame is one cache line");

/* What only some frames need. */
typedef struct {
    uint64_t root_key; /* when the plan draws per request */
    uint64_t word;     /* of the pending work event, where it can be pre-empted or rescaled */
    gd_span remaining; /* of work that was pre-empted; of a shared processor: all of it */
    gd_time ends;      /* of the work in progress, where `word` is used */
    union {
        uint64_t tag;     /* processor sharing: attained service at which it is done */
        gd_time leave_by; /* in a queue: the longest that it may wait */
    };
    uint32_t left, right;           /* processor sharing: heap of tags */
    uint32_t iteration, iterations; /* of the repeat in progress */
    uint32_t child;                 /* of the call step in progress: a frame's slot, or a call's */
    bool child_is_call;
    bool entered;        /* its service's admission and queue management count it */
    uint8_t criticality; /* of the request: gd_criticality */
    uint16_t succeeded;  /* of the parallel in progress */
    uint16_t transmissions;
    uint32_t client; /* of the root */
    uint32_t user;   /* of the root: the visitor's ordinal */
    uint32_t inside; /* with it, so many were inside its instance when it came */
} gd_frame_side;
/* 8 bytes more, and blocking services are slower: */
_Static_assert(sizeof(gd_frame_side) <= 96, "what only some frames need is not much");

/* ---- calls ------------------------------------------------------------------------------------
 */
typedef enum {
    GD_CALL_FREE,
    GD_CALL_SENT,   /* an attempt is out */
    GD_CALL_WAITS,  /* for its next attempt */
    GD_CALL_PARKED, /* a policy keeps it until it is granted */
    GD_CALL_GRANTED,
    GD_CALL_DEAD,    /* killed between its grant or its end and the follow-up about that */
    GD_CALL_ENDED,   /* within the step that began it: told at the same instant, not deeper */
    GD_CALL_ANSWERED /* has its outcome at a policy: goes up from there at the same instant */
} gd_call_state;
#define GD_C_MEASURED 1u /* began after the warm-up */
#define GD_C_FALLBACK 2u /* stands in for another site's call */

typedef struct {
    uint64_t key;
    gd_time begun;      /* for a client: the intended start; a copy: the one before, slot + 1 */
    gd_time sent;       /* the live attempt */
    gd_time deadline;   /* GD_NEVER: none */
    gd_time try_before; /* no try begins then or later: the deadline, less what a try needs */
    uint32_t parent, parent_age; /* a copy: its call, and the level that sent it */
    uint32_t age, next;
    uint32_t frame;  /* of the live attempt */
    uint32_t target; /* its instance */
    uint32_t from;   /* caller instance, GD_NONE for a client */
    uint16_t site;
    uint8_t level; /* where in the chain it waits */
    uint8_t attempts;
    uint32_t copies; /* live ones, the latest first: slot + 1 */
    uint8_t state, flags, by;
    uint8_t outcome; /* of the last attempt */
} gd_call;
_Static_assert(sizeof(gd_call) <= 80, "a call fits two cache lines with its policies' bytes");

/* What a call's attempts must know of its request, also when its caller has gone on without it.
 * Behind the policies' bytes, in plans that ask for it. */
typedef struct {
    uint64_t key; /* of the request */
    uint32_t client, user;
    uint8_t criticality;
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
    bool tied; /* from the twin: only while it queues */
} gd_cancel;
