/* Coalescing (singleflight): of the calls that ask for the same thing at the same time, one caller
 * instance sends one; the others wait for its answer and share it.
 *
 * What counts as the same is said by the model: every call of this site (one hot key), the user who
 * asks, or a key drawn for each request from a stated space of keys. N instances still send N.
 * Between one flight and the next nothing is remembered: it is no cache. When the call in flight is
 * given up (its own caller has left), the first that waits sends a new one for all.
 *
 * Sources: Go's golang.org/x/sync/singleflight (Group.Do: result and error are shared); patterns
 * 6.2. Left out: a leader whose work goes on after its caller left (Group.DoChan).
 */
#include "models/guard/policy.h"

enum { FLIGHTS, SHARED, SHARED_FAILURES, WAITER_TIMEOUTS, TAKEN_OVER };
static const gd_counter_row counters[] = {
    {"flights", NULL},         {"shared", NULL},     {"shared_failures", NULL},
    {"waiter_timeouts", NULL}, {"taken_over", NULL}, {0},
};

/* Flights of one caller instance are found by key: a power of two, so that a chain is short for
 * some hundred flights at once (assumption). */
#define BUCKETS 128u

typedef struct {
    uint32_t head[BUCKETS]; /* leaders, slot + 1 */
} coalesce_state;

typedef enum { NOBODY, LEADS, WAITS } coalesce_role;

typedef struct {
    uint64_t word; /* of the longest wait */
    uint64_t key;
    uint32_t before, after; /* leader: in its bucket; waiter: in its leader's line; slot + 1 */
    uint32_t first, last;   /* leader: who waits */
    uint32_t leader;        /* waiter: slot + 1 */
    uint32_t role;
} coalesce_call;

static coalesce_call *of(const gd_policy_at *at, uint32_t slot_1)
{
    return gd_policy_of_call(at, slot_1 - 1).mine;
}

/* ---- lists --------------------------------------------------------------------------------- */
static void lead(const gd_policy_at *at, uint32_t slot_1)
{
    coalesce_state *state = at->state;
    coalesce_call *mine = of(at, slot_1);
    uint32_t *head = &state->head[mine->key % BUCKETS];
    mine->role = LEADS;
    mine->before = 0;
    mine->after = *head;
    if (*head)
        of(at, *head)->before = slot_1;
    *head = slot_1;
    gd_policy_count(at, FLIGHTS, 1);
}

static void land(const gd_policy_at *at, coalesce_call *mine)
{
    coalesce_state *state = at->state;
    if (mine->before)
        of(at, mine->before)->after = mine->after;
    else
        state->head[mine->key % BUCKETS] = mine->after;
    if (mine->after)
        of(at, mine->after)->before = mine->before;
    mine->role = NOBODY;
}

static void wait_for(const gd_policy_at *at, uint32_t leader)
{
    coalesce_call *mine = at->mine, *theirs = of(at, leader);
    mine->role = WAITS;
    mine->leader = leader;
    mine->before = theirs->last;
    mine->after = 0;
    if (theirs->last)
        of(at, theirs->last)->after = at->call + 1;
    else
        theirs->first = at->call + 1;
    theirs->last = at->call + 1;
}

static void leave(const gd_policy_at *at, coalesce_call *mine)
{
    coalesce_call *leader = of(at, mine->leader);
    if (mine->before)
        of(at, mine->before)->after = mine->after;
    else
        leader->first = mine->after;
    if (mine->after)
        of(at, mine->after)->before = mine->before;
    else
        leader->last = mine->before;
    mine->role = NOBODY;
    mine->word = 0;
}

/* ---- moments ------------------------------------------------------------------------------- */
static uint64_t key_of(const gd_policy_at *at)
{
    const gd_coalesce_spec *spec = at->spec;
    const gd_plan *plan = at->run->plan;
    const gd_call_root *root = gd_call_root_of(at->run, at->call);
    uint64_t key = 0;
    if (spec->by == GD_COALESCE_USER)
        key = gd_mix_n(gd_mix_n(0, root->client), root->user);
    if (spec->keys_dist != GD_NONE) {
        uint32_t callee = plan->callees[at->site->callees_first];
        uint64_t u = gd_mix(gd_mix(root->key, plan->ops[callee].salt), GD_SALT_COALESCE);
        key = gd_mix_n(key, (uint64_t)gd_dist_sample(&plan->dists[spec->keys_dist], u));
    }
    return key;
}

static gd_verdict admit(const gd_policy_at *at, gd_reply *reply)
{
    const gd_coalesce_spec *spec = at->spec;
    const coalesce_state *state = at->state;
    coalesce_call *mine = at->mine;
    (void)reply;
    *mine = (coalesce_call){.key = key_of(at)};
    for (uint32_t i = state->head[mine->key % BUCKETS]; i != 0; i = of(at, i)->after) {
        if (of(at, i)->key != mine->key)
            continue;
        wait_for(at, i);
        gd_policy_count(at, SHARED, 1);
        if (spec->waiter_timeout > 0)
            gd_policy_timer(at, 0, spec->waiter_timeout);
        return GD_PARK;
    }
    lead(at, at->call + 1);
    return GD_PASS;
}

/* The first that waits sends a call of its own, for all who wait. */
static void hand_over(const gd_policy_at *at, coalesce_call *mine)
{
    uint32_t next = mine->first;
    if (!next)
        return;
    coalesce_call *theirs = of(at, next);
    uint32_t second = theirs->after;
    theirs->word = 0;
    theirs->first = second;
    theirs->last = second ? mine->last : 0;
    if (second)
        of(at, second)->before = 0;
    for (uint32_t i = second; i != 0; i = of(at, i)->after)
        of(at, i)->leader = next;
    lead(at, next);
    gd_policy_count(at, TAKEN_OVER, 1);
    gd_call_granted(at->run, next - 1, at->level);
}

static gd_verdict ended(const gd_policy_at *at, gd_reply *reply, gd_time *when)
{
    const gd_coalesce_spec *spec = at->spec;
    coalesce_call *mine = at->mine;
    (void)when;
    if (mine->role != LEADS)
        return GD_PASS;
    land(at, mine);
    bool good = gd_outcome_rows[reply->outcome].good;
    if (!good && !spec->share_errors) {
        hand_over(at, mine);
        return GD_PASS;
    }
    for (uint32_t i = mine->first, next; i != 0; i = next) {
        coalesce_call *theirs = of(at, i);
        next = theirs->after;
        theirs->role = NOBODY;
        theirs->word = 0;
        gd_policy_count(at, SHARED_FAILURES, !good);
        gd_call_answer(at->run, i - 1, at->level, reply->outcome, false);
    }
    return GD_PASS;
}

static void cancelled(const gd_policy_at *at)
{
    coalesce_call *mine = at->mine;
    if (mine->role == WAITS) {
        leave(at, mine);
    } else if (mine->role == LEADS) {
        land(at, mine);
        hand_over(at, mine);
    }
}

/* It has waited long enough for somebody else's answer. */
static gd_verdict timer(const gd_policy_at *at, unsigned n, gd_reply *reply)
{
    (void)n;
    leave(at, at->mine);
    gd_policy_count(at, WAITER_TIMEOUTS, 1);
    reply->outcome = GD_TIMEOUT;
    return GD_END;
}

static gd_span timer_span(const void *spec)
{
    return ((const gd_coalesce_spec *)spec)->waiter_timeout;
}

static bool needs_roots(const void *spec)
{
    const gd_coalesce_spec *coalesce = spec;
    return coalesce->keys || coalesce->by == GD_COALESCE_USER;
}

const gd_policy gd_coalesce_policy = {
    .counters = counters,
    .admit = admit,
    .ended = ended,
    .cancelled = cancelled,
    .timer = timer,
    .timers = 1,
    .call_bytes = sizeof(coalesce_call),
    .state_bytes = sizeof(coalesce_state),
    .timer_span = timer_span,
    .needs_roots = needs_roots,
};

/* ---- as a model writes it ----------------------------------------------------------------------
 */
static const char *const by_words[] = {"call", "user", NULL};

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_coalesce_spec, by, GD_FIELD_WORD, .fallback = "\"call\"", .words = by_words,
                 .help = "call: all these calls ask for the same thing; user: what one user asks "
                         "for",
                 .source = "patterns 6.2"),
    GD_FIELD_ROW(gd_coalesce_spec, keys, GD_FIELD_DIST_COUNT,
                 .help = "what a request asks for is one of these keys, drawn for each request: "
                         "{\"zipf\": {\"n\": 1000, \"s\": 1}}. Absent: one key",
                 .source = "patterns 6.1 key_popularity"),
    GD_FIELD_ROW(gd_coalesce_spec, share_errors, GD_FIELD_BOOL, .fallback = "true",
                 .help = "a failure is shared too; false: the first that waits tries for the rest",
                 .source = "Go singleflight: result and error are shared"),
    GD_FIELD_ROW(gd_coalesce_spec, waiter_timeout, GD_FIELD_SPAN, .fallback = "\"0s\"", .min = 0,
                 .max = GD_DAY,
                 .help = "the longest wait for another call's answer, then `timeout`; 0: no limit",
                 .source = "patterns 6.2 waiter_timeout_ms"),
    {0},
};

const gd_shape gd_coalesce_shape = {
    .name = "coalesce",
    .help = "of calls that ask for the same thing at the same time, one is sent for all",
    .source = "Go golang.org/x/sync/singleflight; Nishtala et al., NSDI 2013 (leases)",
    .bytes = sizeof(gd_coalesce_spec),
    .fields = fields,
    .bare = "by",
    .concept =
        &(const gd_concept){
            .title = "Request coalescing (singleflight)",
            .idea = "When many ask for the same thing at the same moment, one call is sent and "
                    "all share its answer.",
            .cures = "A stampede on one hot key: without it, 1 + rate x time of the answer calls "
                     "are out at once when a cached value expires.",
            .cures_not = "Load on many different keys; N instances still send N calls.",
            .price = "A failure or a slow answer is shared by all who wait for it.",
            .dangerous_with = "a call without a timeout: one hung flight holds everybody",
            .numbers = "duplicates without it: 1 + rate x time of the answer, for each key",
            .source = "Go singleflight; patterns 6.2",
        },
};
