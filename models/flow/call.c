/* Calls: a call site in progress, its chain of policies, its attempts, and what its end means. */
#include "models/guard/fallback.h"
#include "models/guard/policy.h"

#include <string.h>

/* ---- the chain ---------------------------------------------------------------------------------
 */
#define CALL_SENT_OFF 255u /* the level of a call whose attempt is out */

static gd_policy_at policy_at(gd_run *run, uint32_t slot, unsigned level)
{
    const gd_call *call = &GD_CALLS(run)[slot];
    const gd_plan_site *site = &run->plan->sites[call->site];
    const gd_plan_policy *policy = &run->plan->policies[site->chain_first + level];
    char *state = site->state_bytes ? gd_site_state(run, site, call->from) : NULL;
    return (gd_policy_at){
        .run = run,
        .site = site,
        .spec = policy->spec,
        .mine = (char *)gd_call_bytes(run, slot) + policy->at_call,
        .state = state ? state + policy->at_state : NULL,
        .call = slot,
        .from = call->from,
        .level = level,
        .counters = policy->counters,
        .ring = run->layout->policy_ring[site->chain_first + level],
    };
}

static const gd_policy *policy_of(const gd_run *run, uint32_t slot, unsigned level)
{
    const gd_plan_site *site = &run->plan->sites[GD_CALLS(run)[slot].site];
    return gd_policies[run->plan->policies[site->chain_first + level].kind];
}

static gd_verdict admit(gd_run *run, uint32_t slot, unsigned level, gd_reply *reply)
{
    const gd_policy *policy = policy_of(run, slot, level);
    if (!policy->admit)
        return GD_PASS;
    gd_policy_at at = policy_at(run, slot, level);
    return policy->admit(&at, reply);
}

static gd_verdict ended(gd_run *run, uint32_t slot, unsigned level, gd_reply *reply, gd_time *when)
{
    const gd_policy *policy = policy_of(run, slot, level);
    if (!policy->ended)
        return GD_PASS;
    gd_policy_at at = policy_at(run, slot, level);
    return policy->ended(&at, reply, when);
}

static void cancelled(gd_run *run, uint32_t slot, unsigned level)
{
    const gd_policy *policy = policy_of(run, slot, level);
    if (!policy->cancelled)
        return;
    gd_policy_at at = policy_at(run, slot, level);
    policy->cancelled(&at);
}

/* Above this level a call's chain is not its own: a copy ends where it was sent from. */
static int base_of(const gd_run *run, uint32_t slot)
{
    const gd_call *call = &GD_CALLS(run)[slot];
    return call->by == GD_BY_COPY ? (int)call->parent_age : -1;
}

static void sent(gd_run *run, uint32_t slot, unsigned n, uint32_t target)
{
    for (unsigned level = n, base = (unsigned)(base_of(run, slot) + 1); level-- > base;) {
        const gd_policy *policy = policy_of(run, slot, level);
        if (!policy->sent)
            continue;
        gd_policy_at at = policy_at(run, slot, level);
        policy->sent(&at, target);
    }
}

bool gd_call_avoids(gd_run *run, uint32_t slot, uint32_t target)
{
    unsigned n = run->plan->sites[GD_CALLS(run)[slot].site].chain_n;
    for (unsigned level = 0; level < n; level++) {
        const gd_policy *policy = policy_of(run, slot, level);
        if (!policy->avoids)
            continue;
        gd_policy_at at = policy_at(run, slot, level);
        if (policy->avoids(&at, target))
            return true;
    }
    return false;
}

uint32_t gd_call_whole(const gd_run *run, uint32_t slot)
{
    while (GD_CALLS(run)[slot].by == GD_BY_COPY)
        slot = GD_CALLS(run)[slot].parent;
    return slot;
}

/* ---- driving a call along its chain ------------------------------------------------------------
 */
static bool send(gd_run *run, uint32_t slot, gd_reply *reply)
{
    gd_call *call = &GD_CALLS(run)[slot];
    gd_waiter who = {.caller = slot, .caller_age = call->age, .by = GD_BY_CALL};
    gd_call *whole = &GD_CALLS(run)[gd_call_whole(run, slot)]; /* copies and tries count together */
    uint64_t key = whole->attempts == 0 ? whole->key : gd_mix_n(whole->key, whole->attempts);
    if (whole->attempts < UINT8_MAX)
        whole->attempts++;
    call->sent = run->now;
    uint32_t frame = GD_NONE;
    gd_outcome outcome = gd_attempt_send(run, call->site, who, key, false, &frame);
    call = &GD_CALLS(run)[slot];
    if (outcome != GD_OK) {
        *reply = gd_reply_local(outcome);
        return false;
    }
    call->frame = frame;
    call->target = GD_FRAMES(run)[frame].instance;
    call->state = GD_CALL_SENT;
    call->level = CALL_SENT_OFF;
    const gd_plan_site *site = &run->plan->sites[call->site];
    if (site->hears_sent)
        sent(run, slot, site->chain_n, call->target);
    return true;
}

static void park(gd_run *run, uint32_t slot, int level)
{
    GD_CALLS(run)[slot].state = GD_CALL_PARKED;
    GD_CALLS(run)[slot].level = (uint8_t)level;
}

/* Takes a call down its chain from `level`, and up again when it meets an end, until it waits for
 * something (false) or has ended (true, with *reply). `level` -1 with `up` is the top. */
static bool drive(gd_run *run, uint32_t slot, bool up, int level, gd_reply *reply)
{
    int n = (int)run->plan->sites[GD_CALLS(run)[slot].site].chain_n, base = base_of(run, slot);
    for (;;) {
        while (!up && level < n) {
            gd_verdict verdict = admit(run, slot, (unsigned)level, reply);
            if (verdict == GD_PARK) {
                park(run, slot, level);
                return false;
            }
            up = verdict == GD_END;
            level += up ? -1 : 1;
        }
        if (!up) {
            if (send(run, slot, reply))
                return false;
            up = true;
            level = n - 1;
        }
        for (; up && level > base; level -= up) {
            gd_time when = run->now;
            gd_verdict verdict = ended(run, slot, (unsigned)level, reply, &when);
            if (verdict == GD_PARK) {
                park(run, slot, level);
                return false;
            }
            if (verdict != GD_AGAIN)
                continue;
            up = false;
            if (when > run->now) {
                gd_policy_at at = policy_at(run, slot, (unsigned)level);
                GD_CALLS(run)[slot].state = GD_CALL_WAITS;
                GD_CALLS(run)[slot].level = (uint8_t)level;
                gd_policy_timer(&at, 0, when - run->now);
                return false;
            }
        }
        if (up)
            return true;
        level++;
    }
}

static void copy_over(gd_run *run, uint32_t slot, gd_reply reply);

static void conclude(gd_run *run, uint32_t slot, gd_reply reply)
{
    gd_call call = GD_CALLS(run)[slot];
    gd_outcome outcome = reply.outcome;
    if (call.by == GD_BY_COPY) {
        copy_over(run, slot, reply);
        return;
    }
    if (call.by == GD_BY_CONN) {
        gd_edge_record *edge = &GD_EDGES(run)[run->plan->sites[call.site].edge];
        edge->outcomes[outcome]++;
        gd_hist_add(&edge->latency, &run->hists, run->now - call.begun);
        gd_call_free(run, slot);
        gd_connections_shaken(run, call.parent, call.target, outcome);
        return;
    }
    const gd_call_root *root = gd_call_root_of(run, slot);
    gd_waiter who = {.caller = call.parent,
                     .caller_age = call.parent_age,
                     .by = call.by,
                     .root = root ? root->key : 0};
    if (call.flags & GD_C_FALLBACK && outcome == GD_OK)
        outcome = GD_DEGRADED; /* an answer, but not the one that was asked for */
    gd_call_free(run, slot);
    gd_call_conclude(run, call.site, who, call.key, call.begun, call.attempts, outcome);
}

/* The attempt that is out is given up: its answer will find nobody. With `tell` the callee hears
 * of it. */
static void give_up(gd_run *run, uint32_t slot, gd_outcome outcome, bool tell)
{
    gd_call *call = &GD_CALLS(run)[slot];
    if (call->state != GD_CALL_SENT)
        return;
    const gd_plan_site *site = &run->plan->sites[call->site];
    GD_EDGES(run)[site->edge].tries[outcome]++;
    if (__builtin_expect(site->pools_first != 0, 0))
        gd_pool_ended(run, site, call->from, call->target, call->parent_age, outcome,
                      run->now - call->sent);
    else
        gd_balance_ended(run, site, call->from, call->target);
    run->somebody_left = true;
    call->age++;
    gd_frame *frame = &GD_FRAMES(run)[call->frame];
    if (frame->by != GD_BY_CALL || frame->caller != slot || frame->caller_age + 1 != call->age)
        return; /* it is lost, and its slot serves another */
    if (outcome == GD_TIMEOUT)
        frame->flags |= GD_F_TIMED_OUT;
    if (tell)
        gd_cancel_send(run, call->frame);
}

/* Whose timer it is; chain_n: nobody's any more. */
static unsigned level_of(gd_run *run, uint32_t slot, const gd_plan_site *site, uint64_t word,
                         unsigned *timer)
{
    char *bytes = gd_call_bytes(run, slot);
    for (unsigned level = 0; level < site->chain_n; level++) {
        const gd_plan_policy *policy = &run->plan->policies[site->chain_first + level];
        uint64_t *words = (uint64_t *)(bytes + policy->at_call);
        for (unsigned n = 0; n < gd_policies[policy->kind]->timers; n++) {
            if (words[n] != word)
                continue;
            words[n] = 0;
            *timer = n;
            return level;
        }
    }
    return site->chain_n;
}

void gd_call_timer(gd_run *run, uint32_t slot, uint64_t word)
{
    const gd_call *call = &GD_CALLS(run)[slot];
    if (call->state == GD_CALL_FREE || call->state == GD_CALL_DEAD)
        return;
    const gd_plan_site *site = &run->plan->sites[call->site];
    unsigned n = 0, level = level_of(run, slot, site, word, &n);
    if (level == site->chain_n)
        return; /* stale */
    gd_fold(run, site->hash, GD_EV_TIMER, call->key + call->attempts);
    gd_policy_at at = policy_at(run, slot, level);
    gd_reply reply = gd_reply_local(GD_OK);
    reply.target = call->state == GD_CALL_SENT ? call->target : GD_NONE;
    reply.latency = call->state == GD_CALL_SENT ? run->now - call->sent : 0;
    gd_verdict verdict = policy_of(run, slot, level)->timer(&at, n, &reply);
    bool over = false;
    if (verdict == GD_ALSO) {
        gd_call_copy(run, slot, level);
    } else if (verdict == GD_AGAIN) {
        over = drive(run, slot, false, (int)level + 1, &reply);
    } else if (verdict == GD_END) {
        unsigned deepest = call->state == GD_CALL_SENT ? site->chain_n : call->level + 1u;
        give_up(run, slot, reply.outcome, site->cancel_on_timeout);
        for (unsigned inner = level + 1; inner < deepest; inner++)
            cancelled(run, slot, inner);
        GD_CALLS(run)[slot].state = GD_CALL_WAITS;
        over = drive(run, slot, true, (int)level - 1, &reply);
    }
    if (over)
        conclude(run, slot, reply);
}

void gd_call_attempt_ended(gd_run *run, uint32_t slot, gd_reply reply)
{
    gd_call *call = &GD_CALLS(run)[slot];
    const gd_plan_site *site = &run->plan->sites[call->site];
    GD_EDGES(run)[site->edge].tries[reply.outcome]++;
    reply.latency = run->now - call->sent;
    call->outcome = (uint8_t)reply.outcome;
    call->age++;
    call->state = GD_CALL_WAITS;
    if (drive(run, slot, true, (int)site->chain_n - 1, &reply))
        conclude(run, slot, reply);
}

void gd_call_granted(gd_run *run, uint32_t slot, unsigned level)
{
    GD_CALLS(run)[slot].state = GD_CALL_GRANTED;
    GD_CALLS(run)[slot].level = (uint8_t)level;
    gd_follow(run, GD_EV_CALL, slot);
}

void gd_call_follow(gd_run *run, uint32_t slot)
{
    gd_call *call = &GD_CALLS(run)[slot];
    if (call->state == GD_CALL_DEAD) {
        gd_call_free(run, slot);
    } else if (call->state == GD_CALL_ENDED) {
        conclude(run, slot, gd_reply_local((gd_outcome)call->outcome));
    } else if (call->state == GD_CALL_GRANTED) {
        gd_reply reply = gd_reply_local(GD_OK);
        if (drive(run, slot, false, (int)call->level + 1, &reply))
            conclude(run, slot, reply);
    } else if (call->state == GD_CALL_ANSWERED) {
        gd_reply reply = gd_reply_local((gd_outcome)call->outcome);
        if (drive(run, slot, true, (int)call->level - 1, &reply))
            conclude(run, slot, reply);
    }
}

/* Whether the follow-up list holds its slot. */
static bool is_followed(const gd_call *call)
{
    return call->state == GD_CALL_ENDED || call->state == GD_CALL_GRANTED ||
           call->state == GD_CALL_ANSWERED;
}

/* Everything below `level` hears that nobody waits any more. */
static void stop_below(gd_run *run, uint32_t slot, int level, bool tell)
{
    const gd_call *call = &GD_CALLS(run)[slot];
    unsigned deepest = call->level + 1u;
    if (call->state == GD_CALL_SENT)
        deepest = run->plan->sites[call->site].chain_n;
    else if (call->state == GD_CALL_ENDED)
        deepest = 0;
    give_up(run, slot, GD_CANCELLED, tell);
    for (unsigned inner = (unsigned)(level + 1); inner < deepest; inner++)
        cancelled(run, slot, inner);
}

static void drop(gd_run *run, uint32_t slot)
{
    if (!is_followed(&GD_CALLS(run)[slot])) {
        gd_call_free(run, slot);
        return;
    }
    GD_CALLS(run)[slot].age++;
    GD_CALLS(run)[slot].state = GD_CALL_DEAD; /* its follow-up frees it */
}

void gd_call_kill(gd_run *run, uint32_t slot)
{
    const gd_plan_site *site = &run->plan->sites[GD_CALLS(run)[slot].site];
    GD_EDGES(run)[site->edge].outcomes[GD_CANCELLED]++;
    stop_below(run, slot, -1, site->cancel_on_timeout);
    drop(run, slot);
}

void gd_call_answer(gd_run *run, uint32_t slot, unsigned level, gd_outcome outcome, bool tell)
{
    bool followed = is_followed(&GD_CALLS(run)[slot]);
    stop_below(run, slot, (int)level, tell);
    gd_call *call = &GD_CALLS(run)[slot];
    call->state = GD_CALL_ANSWERED;
    call->level = (uint8_t)level;
    call->outcome = (uint8_t)outcome;
    if (!followed)
        gd_follow(run, GD_EV_CALL, slot);
}

/* ---- copies ------------------------------------------------------------------------------------
 */
void gd_call_copy(gd_run *run, uint32_t slot, unsigned level)
{
    uint32_t copy = gd_call_new(run);
    gd_call *call = &GD_CALLS(run)[copy], *of = &GD_CALLS(run)[slot];
    *call = (gd_call){.key = of->key,
                      .begun = of->copies,
                      .deadline = of->deadline,
                      .try_before = of->try_before,
                      .parent = slot,
                      .parent_age = level,
                      .age = call->age,
                      .from = of->from,
                      .site = of->site,
                      .flags = of->flags,
                      .by = GD_BY_COPY,
                      .state = GD_CALL_WAITS,
                      .frame = GD_NONE};
    of->copies = copy + 1;
    memset(gd_call_bytes(run, copy), 0, run->plan->sites[of->site].call_bytes);
    if (gd_call_root_of(run, copy))
        *gd_call_root_of(run, copy) = *gd_call_root_of(run, slot);
    gd_reply reply = gd_reply_local(GD_OK);
    if (drive(run, copy, false, (int)level + 1, &reply)) {
        GD_CALLS(run)[copy].state = GD_CALL_ENDED;
        GD_CALLS(run)[copy].outcome = (uint8_t)reply.outcome;
        gd_follow(run, GD_EV_CALL, copy);
    }
}

void gd_call_copies_stop(gd_run *run, uint32_t slot, bool tell)
{
    uint32_t next = GD_CALLS(run)[slot].copies;
    GD_CALLS(run)[slot].copies = 0;
    while (next != 0) {
        uint32_t copy = next - 1;
        next = (uint32_t)GD_CALLS(run)[copy].begun;
        stop_below(run, copy, base_of(run, copy), tell);
        drop(run, copy);
    }
}

/* A copy has come back to the policy that sent it. */
static void copy_over(gd_run *run, uint32_t slot, gd_reply reply)
{
    gd_call *calls = GD_CALLS(run);
    uint32_t of = calls[slot].parent;
    unsigned level = calls[slot].parent_age;
    uint32_t next = (uint32_t)calls[slot].begun;
    if (calls[of].copies == slot + 1) {
        calls[of].copies = next;
    } else {
        uint32_t at = calls[of].copies - 1;
        while (calls[at].begun != (gd_time)slot + 1)
            at = (uint32_t)calls[at].begun - 1;
        calls[at].begun = next;
    }
    gd_call_free(run, slot);

    gd_policy_at policy = policy_at(run, of, level);
    gd_time when = run->now;
    policy.copy = true;
    switch (policy_of(run, of, level)->ended(&policy, &reply, &when)) {
    case GD_PARK:
        break;
    case GD_ALSO:
        gd_call_copy(run, of, level);
        break;
    case GD_PASS:
    case GD_END:
    case GD_AGAIN:
        gd_call_answer(run, of, level, reply.outcome,
                       run->plan->sites[GD_CALLS(run)[of].site].cancel_losers);
        break;
    }
}

/* ---- beginning and end -------------------------------------------------------------------------
 */
/* While its caller is still there: what its attempts must know of their request. */
static void note_root(gd_run *run, uint32_t slot, const gd_waiter *who)
{
    gd_call_root *root = gd_call_root_of(run, slot);
    const gd_call *call = &GD_CALLS(run)[slot];
    if (!root)
        return;
    *root = (gd_call_root){.key = who->root ? who->root : call->key,
                           .client = run->plan->sites[call->site].client,
                           .user = who->caller_age,
                           .criticality = run->plan->sites[call->site].criticality};
    if ((who->by != GD_BY_FRAME && who->by != GD_BY_NOBODY) || who->caller == GD_NONE)
        return;
    if (run->roots) {
        const gd_frame_side *side = &GD_SIDES(run)[who->caller];
        root->key = side->root_key;
        root->client = side->client;
        root->user = side->user;
        root->criticality = side->criticality;
    }
}

static void begin(gd_run *run, uint32_t index, gd_waiter who, uint64_t key, gd_time begun,
                  uint32_t from, uint8_t flags)
{
    const gd_plan_site *site = &run->plan->sites[index];
    uint32_t slot = gd_call_new(run);
    gd_call *call = &GD_CALLS(run)[slot];
    uint32_t age = call->age;
    *call = (gd_call){.key = key,
                      .begun = begun,
                      .deadline = GD_NEVER,
                      .try_before = GD_NEVER,
                      .parent = who.caller,
                      .parent_age = who.caller_age,
                      .age = age,
                      .from = from,
                      .site = (uint16_t)index,
                      .flags = flags,
                      .by = who.by,
                      .state = GD_CALL_WAITS,
                      .frame = GD_NONE};
    memset(gd_call_bytes(run, slot), 0, site->call_bytes);
    note_root(run, slot, &who);
    if (run->sides && who.by == GD_BY_FRAME) {
        GD_SIDES(run)[who.caller].child = slot;
        GD_SIDES(run)[who.caller].child_is_call = true;
    }
    gd_reply reply = gd_reply_local(GD_OK);
    if (drive(run, slot, false, 0, &reply)) {
        GD_CALLS(run)[slot].state = GD_CALL_ENDED;
        GD_CALLS(run)[slot].outcome = (uint8_t)reply.outcome;
        gd_follow(run, GD_EV_CALL, slot);
    }
}

void gd_call_for_connection(gd_run *run, uint32_t site, uint32_t conn, uint64_t key, uint32_t from)
{
    gd_waiter who = {.caller = conn, .by = GD_BY_CONN};
    GD_EDGES(run)[run->plan->sites[site].edge].calls++;
    begin(run, site, who, key, run->now, from, 0);
}

/* The caller's instance; GD_NONE for users. */
static uint32_t instance_of(const gd_run *run, const gd_waiter *who)
{
    return who->by == GD_BY_FRAME || who->by == GD_BY_NOBODY ? GD_FRAMES(run)[who->caller].instance
                                                             : GD_NONE;
}

GD_HOT void gd_call_begin(gd_run *run, uint32_t index, gd_caller_kind by, uint32_t caller,
                          uint64_t key, uint32_t user, bool last)
{
    const gd_plan_site *site = &run->plan->sites[index];
    gd_waiter who = {.caller = caller, .caller_age = user, .by = (uint8_t)by};
    bool record = site->guarded || site->pools_first != 0;
    /* A balancer that counts what is out must hear of every end, also when the caller has left. */
    if (by == GD_BY_FRAME || by == GD_BY_NOBODY)
        record = record || site->balancer == GD_LEAST_REQUESTS || site->balancer == GD_TWO_CHOICES;
    if (by == GD_BY_FRAME) {
        const gd_frame *frame = &GD_FRAMES(run)[caller];
        const gd_step *step = &run->plan->steps[frame->pc];
        who.caller_age = frame->age;
        record = record || (step->kind == GD_STEP_REPEAT && step->n > 1); /* each its own clock */
    }
    GD_EDGES(run)[site->edge].calls++;
    if (record) {
        begin(run, index, who, key, run->now, instance_of(run, &who), 0);
        return;
    }
    uint32_t slot;
    gd_outcome outcome = gd_attempt_send(run, index, who, key, last, &slot);
    if (outcome != GD_OK) {
        GD_FRAMES(run)[slot].outcome = (uint8_t)outcome;
        gd_follow(run, GD_EV_REPLY, slot);
    }
}

/* A failure that the caller answers by asking somebody else instead. */
static void fall_back(gd_run *run, uint32_t index, gd_waiter who, uint64_t key, gd_time begun)
{
    const gd_plan_site *site = &run->plan->sites[index];
    GD_EDGES(run)[site->edge].calls++;
    begin(run, index, who, gd_mix(key, site->salt), begun, instance_of(run, &who), GD_C_FALLBACK);
}

/* The key of the request that a caller works for. */
static uint64_t root_key(const gd_run *run, const gd_waiter *who, uint64_t key)
{
    if (who->by == GD_BY_FRAME)
        return run->roots ? GD_SIDES(run)[who->caller].root_key : key;
    return who->root ? who->root : key;
}

/* What the caller has of it besides: a last good answer is kept; a failure is answered. */
static gd_outcome stand_in(gd_run *run, uint32_t index, gd_waiter who, uint64_t key,
                           gd_outcome outcome)
{
    const gd_plan_site *site = &run->plan->sites[index];
    uint32_t from = instance_of(run, &who);
    uint64_t root = root_key(run, &who, key);
    if (gd_outcome_rows[outcome].good) {
        if (site->fallback->kind == GD_FALLBACK_STALE_CACHE)
            gd_fallback_learn(run, site, from, root);
        return outcome;
    }
    outcome = gd_fallback_answer(run, site, from, root, outcome);
    GD_EDGES(run)[site->edge].answered += gd_outcome_rows[outcome].good;
    if (site->then_site != GD_NONE) { /* the same, later and for nobody */
        uint32_t caller = who.by == GD_BY_FRAME ? who.caller : GD_NONE;
        gd_waiter nobody = {.caller = caller, .by = GD_BY_NOBODY, .root = root};
        GD_EDGES(run)[run->plan->sites[site->then_site].edge].calls++;
        begin(run, site->then_site, nobody, gd_mix(key, run->plan->sites[site->then_site].salt),
              run->now, from, 0);
    }
    return outcome;
}

GD_HOT void gd_call_conclude(gd_run *run, uint32_t index, gd_waiter who, uint64_t key,
                             gd_time begun, uint32_t attempts, gd_outcome outcome)
{
    const gd_plan_site *site = &run->plan->sites[index];
    gd_edge_record *edge = &GD_EDGES(run)[site->edge];
    bool good = gd_outcome_rows[outcome].good;
    if (who.by == GD_BY_FRAME && GD_FRAMES(run)[who.caller].age != who.caller_age) {
        edge->late++; /* the caller went on without it: nobody saw how it ended */
        edge->outcomes[GD_CANCELLED]++;
        return;
    }
    edge->outcomes[outcome]++;
    if (who.by == GD_BY_FRAME) /* a client's latency is its operation's: see finish_edges */
        gd_hist_add(&edge->latency, &run->hists, run->now - begun);
    if (!good) {
        gd_edge_window_of(run, site->edge)->failed++;
        if (site->then == GD_THEN_CALL && outcome != GD_DEADLINE_EXCEEDED &&
            who.by != GD_BY_NOBODY) {
            fall_back(run, site->then_site, who, key, begun);
            return;
        }
        if (site->then == GD_THEN_ANSWER) {
            outcome = (gd_outcome)site->answer;
            edge->answered++;
        } else if (site->then == GD_THEN_CRASH && who.by == GD_BY_FRAME) {
            gd_lever_restart(run, GD_FRAMES(run)[who.caller].instance, 0);
            return;
        }
    }
    if (site->then == GD_THEN_FALLBACK && who.by != GD_BY_NOBODY)
        outcome = stand_in(run, index, who, key, outcome);
    if (who.by == GD_BY_FRAME)
        gd_frame_branch_done(run, who.caller, outcome);
    else if (who.by != GD_BY_NOBODY)
        gd_client_done(run, index, who, begun, attempts, outcome);
}
