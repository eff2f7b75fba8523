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

#include "models/flow/connections.h"
#include "models/flow/flow.h"
#include "models/flow/stations.h"
#include "models/record.h"

enum {
    GD_SEG_FRAMES,
    GD_SEG_SIDES,
    GD_SEG_STARTS, /* per frame: when it got its worker, in plans with blocking services */
    GD_SEG_EXTRAS,
    GD_SEG_CALLS,
    GD_SEG_CALL_BYTES,
    GD_SEG_USERS,
    GD_SEG_CANCELS,
    GD_SEG_CONN_POOLS, /* per pool and caller instance */
    GD_SEG_CONNS,
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
    GD_SEG_OBJECTIVE_WINDOWS,
    GD_SEG_VIEWS,
    GD_SEG_CLIENT_RECORDS,
    GD_SEG_SERVICES,
    GD_SEG_EDGES,
    GD_SEG_SERIES,
    GD_SEG_HAPPENINGS,
    GD_SEG_FOLLOW,
    GD_SEG_COUNTERS,  /* per counter of the plan: by phase */
    GD_SEG_SERVE,     /* per instance: the bytes of its service's rows of serve.def */
    GD_SEG_TICKS,     /* of balancers */
    GD_SEG_ENDPOINTS, /* per instance: what its registry knows; none without one */
    GD_SEG_RATE_BUCKETS,
    GD_SEG_PAUSES, /* per instance: until when it stands still; only in plans with pauses */
    GD_SEG_FAULT_RUNS,
    GD_SEG_FAULT_RECORDS,
    GD_SEG_MESSAGES_S,
    GD_SEG_MESSAGES_L,
    GD_SEG_TARGETS, /* per target of each fault */
    GD_SEG_UNITS,
    GD_SEG_HITS,  /* faults that look at single requests now */
    GD_SEG_FLAGS, /* per flag: threshold of the share that is on */
    GD_SEG_MIX,   /* per journey: as gd_journey.below, where a client's mix is shifted */
    GD_SEGS
};

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
    gd_slots frames, calls, users, cancels, conns;
    gd_hist_pool hists;
    uint32_t window, clients_stopped;
    uint32_t series_room; /* windows that the series' memory holds */
    uint32_t call_stride;
    gd_phase phase;
    bool pauses; /* some process may stand still */
    bool measuring, ended, finished, any_site_lever;
    bool any_dark, any_local, any_levers; /* some fault of that sort is active */
    uint32_t n_hits;
    bool words, sides, roots, extras; /* as in the layout */
    bool many_hists;                  /* the services' histograms do not fit the cache */
    gd_hist_queue soon;               /* additions to them on their way */
    bool somebody_left;               /* before its answer: from now on work is checked for waste */
    bool noting;                      /* a budget is near: who acts is noted for the message */
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
    bool starts;          /* some service is blocking */
    bool roots;           /* some draw is per request: sides carry the root's key */
    bool extras; /* some answer says retry_after to a caller that listens, or a request carries a
                    deadline */
    gd_time first_fault, last_fault; /* phase borders, internal time; GD_NEVER: no fault */
} gd_layout;

#define GD_SEG(run, index, type) ((type *)(run)->segs[index].base)
#define GD_FRAMES(run)           GD_SEG(run, GD_SEG_FRAMES, gd_frame)
#define GD_SIDES(run)            GD_SEG(run, GD_SEG_SIDES, gd_frame_side)
#define GD_STARTS(run)           GD_SEG(run, GD_SEG_STARTS, gd_time)
#define GD_EXTRAS(run)           GD_SEG(run, GD_SEG_EXTRAS, gd_extra)
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
#define GD_SALT_RESELECT   UINT64_C(0x526573656c656374) /* "Reselect": another instance instead */
#define GD_SALT_BETWEEN    UINT64_C(0x4265747765656e31) /* "Between1": from server to server */
#define GD_SALT_LIFETIME   UINT64_C(0x4c69666574696d65) /* "Lifetime": of a connection */
#define GD_SALT_HOP        UINT64_C(0x486f702020202031) /* "Hop    1": through a mesh, there */
#define GD_SALT_HOP_BACK   UINT64_C(0x486f702020202032)
#define GD_SALT_FALLBACK   UINT64_C(0x46616c6c62616331) /* "Fallbac1" */
#define GD_SALT_COALESCE   UINT64_C(0x436f616c65736365) /* "Coalesce": what a request asks for */
#define GD_SALT_OPENING    UINT64_C(0x4f70656e696e6731) /* "Opening1": how long a breaker is open */
#define GD_SALT_THROTTLE   UINT64_C(0x5468726f74746c31) /* "Throttl1" */
#define GD_SALT_MODE       UINT64_C(0x4d6f646520202031)
#define GD_SALT_UNIT       UINT64_C(0x556e697420202031)
#define GD_SALT_JITTER     UINT64_C(0x4a69747465722031)
#define GD_SALT_LATE       UINT64_C(0x4c61746520202031)
#define GD_SALT_DOUBLED    UINT64_C(0x446f75626c656431)
#define GD_SALT_STAGGER    UINT64_C(0x5374616767657231)
#define GD_SALT_AFTER      UINT64_C(0x4166746572202031)
#define GD_SALT_HERD       UINT64_C(0x4865726420202031)
#define GD_SALT_PHASE      UINT64_C(0x5068617365202031)
#define GD_SALT_PROXY      UINT64_C(0x50726F7879202031)

/* A proxy's own draws hang on this name, those of what it passes on to on the name that it was
 * called by. */
static inline uint64_t gd_proxy_key(uint64_t key)
{
    return key ^ GD_SALT_PROXY;
}
/* The name of a call that a frame waits for. */
static inline uint64_t gd_call_key(uint64_t frame_key, const gd_plan_site *site)
{
    return site->passes ? gd_proxy_key(frame_key) : gd_mix(frame_key, site->salt);
}

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
    if (!run->roots)
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

static inline gd_service_window *gd_service_window_of(gd_run *run, uint32_t service)
{
    return &GD_SEG(run, GD_SEG_SERVICE_WINDOWS, gd_service_window)[service];
}
static inline gd_edge_window *gd_edge_window_of(gd_run *run, uint32_t edge)
{
    return &GD_SEG(run, GD_SEG_EDGE_WINDOWS, gd_edge_window)[edge];
}
