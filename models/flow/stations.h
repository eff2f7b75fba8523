/* What stays: instances, their levers, links, clients, and what is counted of them. */
#pragma once

#include "models/plan.h"
#include "sim/stats/hist.h"

/* ---- stations ---------------------------------------------------------------------------------
 */
#define GD_I_DOWN     1u /* refuses: crashed or starting */
#define GD_I_HANG     2u
#define GD_I_ERRORS   4u
#define GD_I_LIMITED  8u
#define GD_I_SLOW     16u
#define GD_I_STARTING 32u
#define GD_I_SERVE    64u   /* its service has rows of models/serve/serve.def */
#define GD_I_PAUSED   128u  /* the process stands still: nothing begins, goes on or ends */
#define GD_I_CLOSED   256u  /* drains: refuses what is new, goes on with what it has */
#define GD_I_TIED     512u  /* some copies that come are tied */
#define GD_I_DARK     1024u /* its host is gone: packets to it vanish */
#define GD_I_SPOILS   2048u /* some answers are not what they should be */
#define GD_I_DRAWN    8192u /* some fault looks at each request */
/* Of these a fault's change composes all anew; the others are somebody else's. */
#define GD_I_LEVERS                                                                                \
    (GD_I_HANG | GD_I_ERRORS | GD_I_LIMITED | GD_I_SLOW | GD_I_DRAWN | GD_I_CLOSED | GD_I_DARK |   \
     GD_I_SPOILS)

typedef struct {
    uint32_t busy, workers;
    uint32_t queued, queue_limit;
    uint32_t head, tail;           /* FIFO, LIFO; classes of PRIORITY are in `classes` */
    uint32_t lane_head, lane_tail; /* work that goes on: served before arrivals */
    uint32_t service;
    uint16_t flags, zone;
    uint32_t aside;  /* index into classes or shared processors; GD_NONE */
    uint32_t start;  /* of the word of its pending start: another one is stale */
    uint32_t serve;  /* of its bytes in GD_SEG_SERVE, in 8 bytes */
    uint32_t starts; /* so far: each has its own draw */
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
    uint32_t limit;                   /* fault whose bucket is asked; GD_NONE */
    uint8_t outcome;                  /* of the errors */
    uint8_t drain;                    /* 1: has left the registry, 2: closed to what is new */
    bool drawn, costs, spoils, local; /* REQUEST: some is there; some costs work, spoils answers */
    uint16_t dark;
    uint32_t taken; /* workers that something else holds */
} gd_lever_state;

/* What faults do to the messages of a site or a link, beside their latency. */
typedef struct {
    uint64_t loss, late, doubled; /* thresholds */
    gd_share correlation;         /* of the losses and the jitter: the largest */
    gd_span jitter, late_by;
    int64_t bytes_per_s, buffer, largest; /* the least of all; 0: none */
} gd_message_state;

/* Of a fault: what it has in hand, and the draws that the next one may repeat. */
typedef struct {
    uint32_t held;   /* requests that it holds up now */
    uint32_t active; /* of its units, those that are down */
    uint32_t sent;   /* of a herd */
    bool drawn, hit; /* the last draw */
} gd_fault_run;

/* Of one of a fault's targets: how many reasons put it there, and whether the run drew it. */
typedef struct {
    uint16_t on;
    bool chosen;
} gd_target_run;

typedef struct {
    uint64_t word;  /* of its next change: others are stale */
    uint64_t count; /* LEAK: requests since the start */
    gd_time born;   /* LEAK: the start */
    gd_span waited; /* a loop's last wait */
    uint32_t cycle;
    uint8_t fill; /* LEAK: sixteenths */
    bool down;
} gd_unit_run;

typedef struct {
    gd_time full_at; /* GCRA: theoretical arrival time */
} gd_bucket;
typedef struct {
    gd_time at; /* GCRA: theoretical arrival time; windows: when the present one began */
    uint32_t now, before;
} gd_rate_bucket;

typedef struct {
    uint8_t request_ring, reply_ring;
    bool plain;         /* a constant or zero latency, no loss, no bandwidth: a push and no more */
    bool fast;          /* plain, and no fault is on it */
    gd_time free_at;    /* bandwidth: when the wire is free */
    gd_time last_at[2]; /* ordered: latest delivery of each direction's kind */
    uint64_t jittered;  /* the last draw, which a correlated one repeats */
    bool drawn, lost;   /* the same of losses */
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
    bool mixed;    /* the weights of its journeys are not the plan's */
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

typedef struct {
    uint32_t good, bad;
} gd_objective_window;

typedef struct {
    uint32_t arrivals, completed, rejected, queue_max;
} gd_service_window;
typedef struct {
    uint32_t attempts, failed;
    uint32_t open_now; /* breakers of the edge: not of the window, it stays */
    gd_time changed;
} gd_edge_window;
