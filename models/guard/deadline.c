/* Deadline: bounds a call over all its tries and waits (gRPC: one deadline for all attempts).
 *
 * With `propagate` it takes what its caller has left into account and hands on what is left: a call
 * inside an operation whose own request carried a deadline ends `reserve` before it. Each call is
 * looked at before it is begun, and each further try before its back-off: with less than
 * `min_useful` left nothing is sent. What travels is what is left (relative: the way there is not
 * counted, clocks do not matter) or a date (absolute: wrong by the difference of two clocks).
 * A callee that has the deadline may drop what it dequeues too late: that is its queue's to say.
 *
 * Sources: gRFC A6 (the deadline spans the attempts); gRPC's grpc-timeout; Envoy's route timeout;
 * Google SRE book, ch. 22, "Deadline propagation".
 */
#include "models/guard/policy.h"

enum { EXPIRED, NOT_BEGUN, FROM_CALLER };
static const gd_counter_row counters[] = {
    {"expired", NULL},
    {"not_begun", "its caller had too little time left: nothing was sent"},
    {"shortened_by_caller", NULL},
    {0},
};

/* Until when the caller's own caller waits, less the reserve. */
static gd_time inherited(const gd_policy_at *at)
{
    const gd_deadline_spec *spec = at->spec;
    const gd_call *call = gd_policy_call(at);
    if (!spec->propagate || (call->by != GD_BY_FRAME && call->by != GD_BY_NOBODY))
        return GD_NEVER;
    const gd_frame *frame = &GD_FRAMES(at->run)[call->parent];
    if (call->by == GD_BY_FRAME && frame->age != call->parent_age)
        return GD_NEVER;
    gd_time deadline = gd_frame_deadline(at->run, call->parent);
    return deadline == GD_NEVER ? GD_NEVER : deadline - spec->reserve;
}

static gd_verdict admit(const gd_policy_at *at, gd_reply *reply)
{
    const gd_deadline_spec *spec = at->spec;
    gd_call *call = gd_policy_call(at);
    gd_time now = at->run->now, from_caller = inherited(at);
    gd_time deadline = spec->after ? gd_time_add(now, spec->after) : GD_NEVER;
    if (from_caller < deadline) {
        deadline = from_caller;
        gd_policy_count(at, FROM_CALLER, 1);
    }
    if (deadline == GD_NEVER)
        return GD_PASS;
    if (deadline <= now || deadline - now < spec->min_useful) {
        gd_policy_count(at, NOT_BEGUN, 1);
        reply->outcome = GD_DEADLINE_EXCEEDED;
        return GD_END;
    }
    call->deadline = deadline;
    call->try_before = deadline - spec->min_useful;
    gd_policy_timer(at, 0, deadline - now);
    return GD_PASS;
}

/* A retry outside it begins a new one. */
static void over(const gd_policy_at *at)
{
    gd_call *call = gd_policy_call(at);
    *(uint64_t *)at->mine = 0;
    call->deadline = call->try_before = GD_NEVER;
}

static gd_verdict ended(const gd_policy_at *at, gd_reply *reply, gd_time *when)
{
    (void)reply, (void)when;
    over(at);
    return GD_PASS;
}

static gd_verdict timer(const gd_policy_at *at, unsigned n, gd_reply *reply)
{
    (void)n;
    over(at);
    gd_policy_count(at, EXPIRED, 1);
    reply->outcome = GD_DEADLINE_EXCEEDED;
    return GD_END;
}

static gd_span timer_span(const void *spec)
{
    return ((const gd_deadline_spec *)spec)->after;
}

static gd_carries carries(const void *spec)
{
    const gd_deadline_spec *deadline = spec;
    if (!deadline->propagate)
        return GD_CARRIES_NONE;
    return deadline->encoding == GD_DEADLINE_ABSOLUTE ? GD_CARRIES_ABSOLUTE : GD_CARRIES_RELATIVE;
}

const gd_policy gd_deadline_policy = {
    .admit = admit,
    .ended = ended,
    .cancelled = over,
    .timer = timer,
    .counters = counters,
    .timers = 1,
    .call_bytes = sizeof(uint64_t),
    .timer_span = timer_span,
    .carries = carries,
};

/* ---- as a model writes it ----------------------------------------------------------------------
 */
static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_deadline_spec *deadline = spec;
    if (!deadline->after && !deadline->propagate)
        gd_problem(problems, node,
                   "bounds nothing; write \"after\", or \"propagate\": true for what the caller "
                   "has left");
    if (deadline->after && deadline->min_useful > deadline->after) {
        g_autofree char *least = gd_quantity_print(GD_FIELD_SPAN, deadline->min_useful);
        g_autofree char *all = gd_quantity_print(GD_FIELD_SPAN, deadline->after);
        gd_problem(problems, node,
                   "min_useful is %s, but the whole call has only %s: no call would ever be sent",
                   least, all);
    }
    if (!deadline->propagate && deadline->reserve)
        gd_problem(problems, node,
                   "a reserve is kept of what the caller has left; write \"propagate\": true with "
                   "it");
}

static const char *const encodings[] = {"relative", "absolute", NULL};

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_deadline_spec, after, GD_FIELD_SPAN, .min = 1, .max = GD_YEAR,
                 .help = "bounds the whole call, tries and waits together. Absent: only what the "
                         "caller has left",
                 .source = "patterns 3.1"),
    GD_FIELD_ROW(gd_deadline_spec, propagate, GD_FIELD_BOOL, .fallback = "false",
                 .help = "takes what the caller has left into account, and hands on what is left",
                 .source = "patterns 3.2; gRPC passes it on, most HTTP clients do not"),
    GD_FIELD_ROW(gd_deadline_spec, reserve, GD_FIELD_SPAN, .fallback = "\"0s\"", .min = 0,
                 .max = GD_DAY, .help = "kept of what the caller has left, for its own answer",
                 .source = "patterns 3.2: 0; 5 ms is typical (assumption)"),
    GD_FIELD_ROW(gd_deadline_spec, min_useful, GD_FIELD_SPAN, .fallback = "\"0s\"", .min = 0,
                 .max = GD_DAY,
                 .help = "with less than this left nothing is sent: no call, no further try",
                 .source = "patterns 3.2: the callee's median is a good value (assumption)"),
    GD_FIELD_ROW(gd_deadline_spec, encoding, GD_FIELD_WORD, .fallback = "\"relative\"",
                 .words = encodings,
                 .help = "what travels: how much is left, or a date by the sender's clock",
                 .source = "gRPC grpc-timeout is relative"),
    {0},
};

static const gd_concept concept = {
    .title = "Deadline propagation",
    .idea = "A request carries how much time its user still has; every hop hands on what is left "
            "and stops when nothing is.",
    .cures = "Work for callers that have long gone: the waste that keeps an overload alive.",
    .cures_not = "The overload itself; work in progress, unless it is cancelled too.",
    .price = "Every hop must pass it on: one that does not breaks the chain.",
    .dangerous_with = "Absolute dates between clocks that differ; a reserve larger than the work.",
    .numbers = "gRPC sends it in each request; a reserve of some ms for the hop's own answer.",
    .source = "Google SRE book, ch. 22; gRFC A6",
    .pattern = "deadline-propagation",
};

const gd_shape gd_deadline_shape = {
    .name = "deadline",
    .help = "bounds the whole call, and what it causes",
    .source = "gRPC deadlines; Google SRE book, ch. 22",
    .bytes = sizeof(gd_deadline_spec),
    .fields = fields,
    .bare = "after",
    .check = check,
    .concept = &concept,
};
