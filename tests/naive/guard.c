/* The policies of a call, each from its own description: timeout and deadline bound a try and the
 * whole call, a retry waits and tries again, a breaker stops what keeps failing, a bulkhead bounds
 * how many are out. */
#include "models/guard/backoff.h"
#include "tests/naive/world.h"

enum { CLOSED, OPEN, HALF_OPEN };

static nv_guard *guard_of(nv_call *call, unsigned level)
{
    return &call->guards[level];
}

static nv_edge *edge_of(nv_world *w, const nv_call *call)
{
    return &w->result->edges[w->plan->sites[call->site].edge];
}

static void stop_timer(nv_world *w, nv_guard *guard)
{
    nv_drop(w, guard->timer);
    guard->timer = NULL;
}

static void start_timer(nv_world *w, nv_call *call, unsigned level, gd_span after)
{
    guard_of(call, level)->timer =
        nv_at(w, gd_time_add(w->now, after), NV_RANK_TIMER, nv_call_timer, call, level);
}

/* ---- retry -------------------------------------------------------------------------------------
 */
static gd_span between(gd_span low, gd_span high, uint64_t u)
{
    return low + (gd_span)gd_below(u, (uint64_t)(high - low) + 1);
}

static gd_span cap(gd_i128 wait, gd_span max)
{
    gd_i128 most = max > 0 ? max : GD_NEVER;
    return (gd_span)(wait < most ? wait : most);
}

gd_span nv_backoff(const gd_retry_spec *spec, uint32_t n, gd_span *before, uint64_t u)
{
    const gd_backoff_spec *wait = &spec->wait;
    gd_span h = wait->base;
    for (uint32_t i = 1; i < n; i++)
        h = gd_share_of(h, wait->multiplier);
    h = cap(h, wait->max);
    switch ((gd_backoff_kind)spec->backoff_kind) {
    case GD_BACKOFF_NONE:
        return 0;
    case GD_BACKOFF_CONSTANT:
        return wait->base;
    case GD_BACKOFF_LINEAR:
        return cap((gd_i128)wait->base * n, wait->max);
    case GD_BACKOFF_EXPONENTIAL:
        return h;
    case GD_BACKOFF_PROPORTIONAL:
        return between(gd_share_of(h, 800000000), gd_share_of(h, 1200000000), u);
    case GD_BACKOFF_POLLY_BASIC:
        return between(wait->base - wait->base / 4, wait->base + wait->base / 4, u);
    case GD_BACKOFF_FULL:
        return between(0, h, u);
    case GD_BACKOFF_ENVOY_FULL:
        return between(0, cap((((gd_i128)1 << MIN(n, 60u)) - 1) * wait->base, wait->max), u);
    case GD_BACKOFF_EQUAL:
        return between(h / 2, h, u);
    case GD_BACKOFF_DECORRELATED:
        *before = cap(between(wait->base, 3 * (*before ? *before : wait->base), u), wait->max);
        return *before;
    case GD_BACKOFF_DECORRELATED_V2: /* a curve in fixed point: tests/models/test_backoff.c has it
                                      */
        return gd_backoff(GD_BACKOFF_DECORRELATED_V2, wait, n, before, u);
    case GD_BACKOFFS:
        break;
    }
    return 0;
}

static nv_answer retry_ended(nv_world *w, nv_call *call, unsigned level, gd_outcome outcome,
                             gd_time *when)
{
    const gd_retry_spec *spec = nv_policy_at(w, call, level)->spec;
    nv_guard *guard = guard_of(call, level);
    bool worth =
        !gd_outcome_rows[outcome].good && w->plan->sites[call->site].retry_mask >> outcome & 1u;
    if (!worth || guard->tries >= spec->max_attempts)
        return NV_PASS;
    uint64_t u = gd_mix_n(gd_mix(call->key, NV_SALT_BACKOFF), guard->tries);
    *when = gd_time_add(w->now, nv_backoff(spec, guard->tries, &guard->before, u));
    if (*when >= call->deadline)
        return NV_PASS;
    guard->tries++;
    return NV_AGAIN;
}

/* ---- breaker -----------------------------------------------------------------------------------
 */
static nv_breaker *breaker_of(nv_world *w, const nv_call *call)
{
    return &nv_memory_of(w, call->site, call->from)->breaker;
}

static void enter(nv_world *w, const nv_call *call, const gd_breaker_spec *spec, unsigned state)
{
    nv_breaker *b = breaker_of(w, call);
    uint32_t edge = w->plan->sites[call->site].edge;
    unsigned before = b->state;
    b->state = state;
    b->generation++;
    b->permits = spec->trial_calls;
    g_array_set_size(b->results, 0);
    b->until = state == OPEN         ? gd_time_add(w->now, spec->open_for)
               : spec->half_open_for ? gd_time_add(w->now, spec->half_open_for)
                                     : GD_NEVER;
    if (before != OPEN && state == OPEN)
        nv_breaker_moved(w, edge, 1);
    else if (before == OPEN && state != OPEN)
        nv_breaker_moved(w, edge, -1);
    if (state == CLOSED)
        nv_happened(w, GD_HAPPENED_BREAKER_CLOSED, edge, 0);
}

static nv_answer breaker_admit(nv_world *w, nv_call *call, unsigned level, gd_outcome *outcome)
{
    const gd_breaker_spec *spec = nv_policy_at(w, call, level)->spec;
    nv_breaker *b = breaker_of(w, call);
    if (b->state == OPEN && w->now >= b->until)
        enter(w, call, spec, HALF_OPEN);
    else if (b->state == HALF_OPEN && w->now >= b->until)
        enter(w, call, spec, OPEN);
    if (b->state == OPEN || (b->state == HALF_OPEN && b->permits == 0)) {
        edge_of(w, call)->breaker_refused += nv_measuring(w);
        *outcome = GD_BREAKER_OPEN;
        return NV_END;
    }
    b->permits -= b->state == HALF_OPEN;
    guard_of(call, level)->ticket = b->generation;
    guard_of(call, level)->admitted = w->now;
    return NV_PASS;
}

/* The window: the last calls, or those of the present second and the ones before it. Half-open, all
 * results since. */
static void forget_old(const gd_breaker_spec *spec, nv_breaker *b, gd_time now)
{
    if (b->state == HALF_OPEN)
        return;
    while (b->results->len > 0) {
        gd_time first = g_array_index(b->results, nv_verdict, 0).at;
        bool old = spec->window_type ? now / GD_S - first / GD_S >= spec->window_seconds
                                     : b->results->len > spec->window_calls;
        if (!old)
            return;
        g_array_remove_index(b->results, 0);
    }
}

static void breaker_judge(nv_world *w, const nv_call *call, const gd_breaker_spec *spec)
{
    nv_breaker *b = breaker_of(w, call);
    uint32_t n = b->results->len, failed = 0, slow = 0, minimum = spec->min_calls;
    if (b->state == HALF_OPEN)
        minimum = MIN(minimum, spec->trial_calls);
    else if (!spec->window_type)
        minimum = MIN(minimum, spec->window_calls);
    for (uint32_t i = 0; i < n; i++) {
        failed += g_array_index(b->results, nv_verdict, i).failed;
        slow += g_array_index(b->results, nv_verdict, i).slow;
    }
    if (n < minimum)
        return;
    if ((gd_i128)failed * GD_SHARE_ONE >= (gd_i128)n * spec->failure_rate ||
        (gd_i128)slow * GD_SHARE_ONE >= (gd_i128)n * spec->slow_rate)
        enter(w, call, spec, OPEN);
    else if (b->state == HALF_OPEN)
        enter(w, call, spec, CLOSED);
}

static void breaker_ended(nv_world *w, nv_call *call, unsigned level, gd_outcome outcome)
{
    const gd_breaker_spec *spec = nv_policy_at(w, call, level)->spec;
    const gd_outcome_row *row = &gd_outcome_rows[outcome];
    const nv_guard *guard = guard_of(call, level);
    nv_breaker *b = breaker_of(w, call);
    if (guard->ticket != b->generation)
        return;
    if (!row->good && !row->breaker) {
        b->permits += b->state == HALF_OPEN;
        return;
    }
    nv_verdict verdict = {w->now, !row->good, w->now - guard->admitted > spec->slow_call};
    g_array_append_val(b->results, verdict);
    forget_old(spec, b, w->now);
    breaker_judge(w, call, spec);
}

/* ---- bulkhead ----------------------------------------------------------------------------------
 */
static nv_answer bulkhead_admit(nv_world *w, nv_call *call, unsigned level, gd_outcome *outcome)
{
    const gd_bulkhead_spec *spec = nv_policy_at(w, call, level)->spec;
    nv_bulkhead *b = &nv_memory_of(w, call->site, call->from)->bulkhead;
    if (b->in_use < spec->max) {
        b->in_use++;
        return NV_PASS;
    }
    if (spec->max_wait > 0) {
        guard_of(call, level)->parked = true;
        g_queue_push_tail(b->waiting, call);
        start_timer(w, call, level, spec->max_wait);
        return NV_PARK;
    }
    edge_of(w, call)->bulkhead_refused += nv_measuring(w);
    *outcome = GD_BULKHEAD_FULL;
    return NV_END;
}

static void bulkhead_release(nv_world *w, nv_call *call, unsigned level)
{
    nv_bulkhead *b = &nv_memory_of(w, call->site, call->from)->bulkhead;
    if (guard_of(call, level)->parked) {
        g_queue_remove(b->waiting, call);
        guard_of(call, level)->parked = false;
        stop_timer(w, guard_of(call, level));
        return;
    }
    nv_call *next = g_queue_pop_head(b->waiting);
    if (!next) {
        b->in_use--;
        return;
    }
    guard_of(next, level)->parked = false;
    stop_timer(w, guard_of(next, level));
    next->state = NV_GRANTED;
    next->level = level;
    nv_at_once(w, nv_call_follow, next);
}

/* ---- the interface -----------------------------------------------------------------------------
 */
nv_answer nv_guard_admit(nv_world *w, nv_call *call, unsigned level, gd_outcome *outcome)
{
    const gd_plan_policy *policy = nv_policy_at(w, call, level);
    nv_guard *guard = guard_of(call, level);
    gd_policy_kind kind = (gd_policy_kind)policy->kind;
    nv_answer answer = NV_PASS;
    *guard = (nv_guard){.tries = 1};
    if (kind == GD_POLICY_DEADLINE || kind == GD_POLICY_TIMEOUT) {
        gd_span after = ((const gd_timeout_spec *)policy->spec)->after;
        if (kind == GD_POLICY_DEADLINE)
            call->deadline = gd_time_add(w->now, after);
        start_timer(w, call, level, after);
    } else if (kind == GD_POLICY_BREAKER) {
        answer = breaker_admit(w, call, level, outcome);
    } else if (kind == GD_POLICY_BULKHEAD) {
        answer = bulkhead_admit(w, call, level, outcome);
    }
    guard->active = answer != NV_END;
    return answer;
}

/* The call has left this policy: no deadline of its own holds any longer. */
static void left(nv_world *w, nv_call *call, unsigned level)
{
    guard_of(call, level)->active = false;
    stop_timer(w, guard_of(call, level));
    if (nv_policy_at(w, call, level)->kind == GD_POLICY_DEADLINE)
        call->deadline = GD_NEVER;
}

nv_answer nv_guard_ended(nv_world *w, nv_call *call, unsigned level, gd_outcome outcome,
                         gd_time *when)
{
    gd_policy_kind kind = (gd_policy_kind)nv_policy_at(w, call, level)->kind;
    if (kind == GD_POLICY_RETRY && retry_ended(w, call, level, outcome, when) == NV_AGAIN)
        return NV_AGAIN;
    if (kind == GD_POLICY_BREAKER)
        breaker_ended(w, call, level, outcome);
    else if (kind == GD_POLICY_BULKHEAD)
        bulkhead_release(w, call, level);
    left(w, call, level);
    return NV_PASS;
}

void nv_guard_cancelled(nv_world *w, nv_call *call, unsigned level)
{
    gd_policy_kind kind = (gd_policy_kind)nv_policy_at(w, call, level)->kind;
    if (kind == GD_POLICY_BREAKER) {
        nv_breaker *b = breaker_of(w, call);
        b->permits += b->state == HALF_OPEN && guard_of(call, level)->ticket == b->generation;
    } else if (kind == GD_POLICY_BULKHEAD) {
        bulkhead_release(w, call, level);
    }
    left(w, call, level);
}

nv_answer nv_guard_timer(nv_world *w, nv_call *call, unsigned level, gd_outcome *outcome)
{
    gd_policy_kind kind = (gd_policy_kind)nv_policy_at(w, call, level)->kind;
    if (kind == GD_POLICY_RETRY)
        return NV_AGAIN;
    if (kind == GD_POLICY_DEADLINE) {
        *outcome = GD_DEADLINE_EXCEEDED;
    } else if (kind == GD_POLICY_TIMEOUT) {
        *outcome = GD_TIMEOUT;
    } else if (kind == GD_POLICY_BULKHEAD) {
        g_queue_remove(nv_memory_of(w, call->site, call->from)->bulkhead.waiting, call);
        guard_of(call, level)->parked = false;
        edge_of(w, call)->bulkhead_refused += nv_measuring(w);
        *outcome = GD_BULKHEAD_FULL;
    }
    left(w, call, level);
    return NV_END;
}
