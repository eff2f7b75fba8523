/* Calls: down the chain of policies, an attempt, up again with its outcome, and what its end means.
 */
#include "tests/naive/world.h"

const gd_plan_policy *nv_policy_at(const nv_world *w, const nv_call *call, unsigned level)
{
    return &w->plan->policies[w->plan->sites[call->site].chain_first + level];
}

static nv_edge *edge_of(nv_world *w, uint32_t site)
{
    return &w->result->edges[w->plan->sites[site].edge];
}

static void call_gone(nv_world *w, nv_call *call)
{
    call->gone = true;
    g_ptr_array_remove(w->calls, call);
    w->live--;
}

/* ---- driving a call ----------------------------------------------------------------------------
 */
static void send(nv_world *w, nv_call *call)
{
    uint64_t key = call->attempts == 0 ? call->key : gd_mix_n(call->key, call->attempts);
    call->attempts++;
    call->state = NV_SENT;
    nv_who who = {.call = call};
    call->attempt = nv_send(w, call->site, who, call->request, call->from, key);
}

static bool go_up(nv_world *w, nv_call *call, int level, gd_outcome *outcome);

/* From `level` inwards. True when the call has ended, with *outcome. */
static bool go_down(nv_world *w, nv_call *call, unsigned level, gd_outcome *outcome)
{
    for (; level < w->plan->sites[call->site].chain_n; level++) {
        nv_answer answer = nv_guard_admit(w, call, level, outcome);
        if (answer == NV_PARK) {
            call->state = NV_PARKED;
            call->level = level;
            return false;
        }
        if (answer == NV_END)
            return go_up(w, call, (int)level - 1, outcome);
    }
    send(w, call);
    return false;
}

/* From `level` outwards with an outcome. */
static bool go_up(nv_world *w, nv_call *call, int level, gd_outcome *outcome)
{
    call->state = NV_WAITS;
    for (; level >= 0; level--) {
        gd_time when = w->now;
        if (nv_guard_ended(w, call, (unsigned)level, *outcome, &when) != NV_AGAIN)
            continue;
        if (when == w->now)
            return go_down(w, call, (unsigned)level + 1, outcome);
        call->guards[level].timer =
            nv_at(w, when, NV_RANK_TIMER, nv_call_timer, call, (unsigned)level);
        return false;
    }
    return true;
}

static void conclude(nv_world *w, nv_call *call, gd_outcome outcome)
{
    if (call->fallback && outcome == GD_OK)
        outcome = GD_DEGRADED; /* an answer, but not the one that was asked for */
    call_gone(w, call);
    if (call->who.task && !call->deserted)
        nv_task_forget(call->who.task, NULL, call);
    nv_call_concluded(w, call->site, call->who, call->deserted, call->request, call->key,
                      call->begun, call->attempts, outcome);
}

static void give_up(nv_world *w, nv_call *call, gd_outcome outcome)
{
    if (call->state != NV_SENT)
        return;
    edge_of(w, call->site)->tries[outcome] += nv_measuring(w);
    nv_balance_ended(w, call->attempt);
    call->attempt->deserted = true;
    if (w->plan->sites[call->site].cancel_on_timeout)
        nv_cancel_send(w, call->attempt);
    call->attempt = NULL;
    call->state = NV_WAITS;
}

static void cancel_inside(nv_world *w, nv_call *call, unsigned level)
{
    for (; level < w->plan->sites[call->site].chain_n; level++)
        if (call->guards[level].active)
            nv_guard_cancelled(w, call, level);
}

void nv_call_timer(nv_world *w, void *subject, unsigned level)
{
    nv_call *call = subject;
    call->guards[level].timer = NULL;
    nv_fold(w, w->plan->sites[call->site].hash, NV_TIMER, call->key + call->attempts);
    gd_outcome outcome = GD_OK;
    bool over;
    if (nv_guard_timer(w, call, level, &outcome) == NV_AGAIN) {
        over = go_down(w, call, level + 1, &outcome);
    } else {
        give_up(w, call, outcome);
        cancel_inside(w, call, level + 1);
        over = go_up(w, call, (int)level - 1, &outcome);
    }
    if (over)
        conclude(w, call, outcome);
}

void nv_call_attempt_ended(nv_world *w, nv_call *call, gd_outcome outcome)
{
    edge_of(w, call->site)->tries[outcome] += nv_measuring(w);
    call->attempt = NULL;
    if (go_up(w, call, (int)w->plan->sites[call->site].chain_n - 1, &outcome))
        conclude(w, call, outcome);
}

void nv_call_follow(nv_world *w, void *subject, unsigned level)
{
    (void)level;
    nv_call *call = subject;
    if (call->gone)
        return;
    gd_outcome outcome = call->outcome;
    if (call->state == NV_ENDED)
        conclude(w, call, outcome);
    else if (call->state == NV_GRANTED && go_down(w, call, call->level + 1, &outcome))
        conclude(w, call, outcome);
}

void nv_call_kill(nv_world *w, nv_call *call)
{
    edge_of(w, call->site)->outcomes[GD_CANCELLED] += nv_measuring(w);
    give_up(w, call, GD_CANCELLED);
    cancel_inside(w, call, 0);
    call_gone(w, call);
}

/* ---- beginning and end -------------------------------------------------------------------------
 */
static void begin(nv_world *w, uint32_t site, nv_who who, const nv_request *request, uint32_t from,
                  uint64_t key, gd_time begun, bool fallback)
{
    nv_call *call = nv_make(w, nv_call);
    *call = (nv_call){.key = key,
                      .site = site,
                      .from = from,
                      .who = who,
                      .request = request,
                      .begun = begun,
                      .deadline = GD_NEVER,
                      .state = NV_WAITS,
                      .fallback = fallback};
    g_ptr_array_add(w->calls, call);
    w->live++;
    if (who.task)
        nv_task_child(w, who.task, NULL, call);
    gd_outcome outcome = GD_OK;
    if (go_down(w, call, 0, &outcome)) {
        call->state = NV_ENDED;
        call->outcome = outcome;
        nv_at_once(w, nv_call_follow, call);
    }
}

/* A balancer that counts what is out must hear of every end, so its caller's calls are followed. */
static bool is_counted(const gd_plan_site *site, const nv_who *who)
{
    return !who->user && !who->client &&
           (site->balancer == GD_LEAST_REQUESTS || site->balancer == GD_TWO_CHOICES);
}

void nv_call_begin(nv_world *w, uint32_t index, nv_who who, const nv_request *request,
                   uint32_t from, uint64_t key, bool own_clock)
{
    const gd_plan_site *site = &w->plan->sites[index];
    edge_of(w, index)->calls += nv_measuring(w);
    if (site->guarded || own_clock || is_counted(site, &who)) {
        begin(w, index, who, request, from, key, w->now, false);
        return;
    }
    nv_task *task = nv_send(w, index, who, request, from, key);
    if (who.task)
        nv_task_child(w, who.task, task, NULL);
}

void nv_call_concluded(nv_world *w, uint32_t index, nv_who who, bool deserted,
                       const nv_request *request, uint64_t key, gd_time begun, uint32_t attempts,
                       gd_outcome outcome)
{
    const gd_plan_site *site = &w->plan->sites[index];
    nv_edge *edge = edge_of(w, index);
    bool measuring = nv_measuring(w), somebody = who.task || who.user || who.client;
    if (deserted) { /* the caller went on without it: nobody saw how it ended */
        edge->late += measuring;
        edge->outcomes[GD_CANCELLED] += measuring;
        return;
    }
    edge->outcomes[outcome] += measuring;
    if (measuring && who.task) /* a client's call is its user-visible operation: counted there */
        nv_tally_add(&edge->latency, w->now - begun);
    if (!gd_outcome_rows[outcome].good) {
        w->edge_now[site->edge].failed += measuring;
        if (site->then == GD_THEN_CALL && outcome != GD_DEADLINE_EXCEEDED && somebody) {
            uint32_t from = who.task ? who.task->instance : GD_NONE;
            edge_of(w, site->then_site)->calls += measuring;
            begin(w, site->then_site, who, request, from,
                  gd_mix(key, w->plan->sites[site->then_site].salt), begun, true);
            return;
        }
        if (site->then == GD_THEN_ANSWER) {
            outcome = (gd_outcome)site->answer;
            edge->answered += measuring;
        } else if (site->then == GD_THEN_CRASH && who.task) {
            nv_restart(w, who.task->instance);
            return;
        }
    }
    if (who.task)
        nv_task_branch_done(w, who.task, outcome);
    else if (somebody)
        nv_client_done(w, index, who, begun, attempts, outcome);
}
