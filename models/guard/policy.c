/* The table of the policies, and what they share. */
#include "models/guard/policy.h"

const gd_policy *const gd_policies[GD_POLICIES] = {
#define GD_POLICY(symbol, name, place) [GD_POLICY_##symbol] = &gd_##name##_policy,
#include "models/guard/policy.def"
#undef GD_POLICY
};

const char *const gd_policy_places[GD_POLICIES + 1] = {
#define GD_POLICY(symbol, name, place) [GD_POLICY_##symbol] = place,
#include "models/guard/policy.def"
#undef GD_POLICY
};

const char *const gd_policy_names[GD_POLICIES + 1] = {
#define GD_POLICY(symbol, name, place) [GD_POLICY_##symbol] = #name,
#include "models/guard/policy.def"
#undef GD_POLICY
};

const gd_counter_row *gd_policy_counters(gd_policy_kind kind)
{
    static const gd_counter_row none[] = {{0}};
    return gd_policies[kind]->counters ? gd_policies[kind]->counters : none;
}

uint32_t gd_policy_call_bytes(gd_policy_kind kind, const void *spec)
{
    const gd_policy *policy = gd_policies[kind];
    return policy->call_bytes + (policy->more_call_bytes ? policy->more_call_bytes(spec) : 0);
}

uint32_t gd_policy_state_bytes(gd_policy_kind kind, const void *spec)
{
    const gd_policy *policy = gd_policies[kind];
    return policy->state_bytes + (policy->more_state_bytes ? policy->more_state_bytes(spec) : 0);
}

gd_span gd_policy_timer_span(gd_policy_kind kind, const void *spec)
{
    const gd_policy *policy = gd_policies[kind];
    return policy->timer_span ? policy->timer_span(spec) : 0;
}

uint32_t gd_policy_reselects(gd_policy_kind kind, const void *spec)
{
    const gd_policy *policy = gd_policies[kind];
    return policy->reselects ? policy->reselects(spec) : 0;
}

bool gd_policy_hears_sent(gd_policy_kind kind, const void *spec)
{
    const gd_policy *policy = gd_policies[kind];
    return policy->hears_sent ? policy->hears_sent(spec) : policy->sent != NULL;
}

bool gd_policy_hears_retry_after(gd_policy_kind kind, const void *spec)
{
    const gd_policy *policy = gd_policies[kind];
    return policy->hears_retry_after && policy->hears_retry_after(spec);
}

gd_carries gd_policy_carries(gd_policy_kind kind, const void *spec)
{
    const gd_policy *policy = gd_policies[kind];
    return policy->carries ? policy->carries(spec) : GD_CARRIES_NONE;
}

bool gd_policy_needs_roots(gd_policy_kind kind, const void *spec)
{
    const gd_policy *policy = gd_policies[kind];
    return policy->needs_roots && policy->needs_roots(spec);
}

gd_policy_at gd_policy_of_call(const gd_policy_at *at, uint32_t call)
{
    gd_policy_at other = *at;
    const gd_plan_policy *policy = &at->run->plan->policies[at->site->chain_first + at->level];
    other.call = call;
    other.mine = (char *)gd_call_bytes(at->run, call) + policy->at_call;
    return other;
}

/* ---- timers of a state -------------------------------------------------------------------------
 */
static uint32_t state_index(const gd_run *run, const gd_plan_site *site, uint32_t from)
{
    if (site->client != GD_NONE)
        return site->state_first;
    return site->state_first + from - run->plan->services[site->caller_service].instances_first;
}

void gd_policy_state_timer(const gd_policy_at *at, unsigned n, gd_span after)
{
    gd_run *run = at->run;
    ((uint64_t *)at->state)[n] =
        gd_agenda_push(&run->agenda, gd_time_add(run->now, after), GD_RANK_TIMER, GD_EV_STATE,
                       state_index(run, at->site, at->from));
}

/* The site whose states the index lies among: sites have theirs one after the other. */
static const gd_plan_site *site_of(const gd_plan *plan, uint32_t state)
{
    const gd_plan_site *found = NULL;
    for (uint32_t i = 0; i < plan->n_sites; i++) {
        const gd_plan_site *site = &plan->sites[i];
        if (site->state_first <= state && (!found || site->state_first > found->state_first))
            found = site;
    }
    return found;
}

gd_policy_at gd_policy_of_state(gd_run *run, const gd_plan_site *site, uint32_t from,
                                unsigned level)
{
    const gd_plan_policy *policy = &run->plan->policies[site->chain_first + level];
    return (gd_policy_at){
        .run = run,
        .site = site,
        .spec = policy->spec,
        .state = (char *)gd_site_state(run, site, from) + policy->at_state,
        .call = GD_NONE,
        .from = from,
        .level = level,
        .counters = policy->counters,
        .ring = GD_NO_RING,
    };
}

void gd_call_state_timer(gd_run *run, uint32_t state, uint64_t word)
{
    const gd_plan *plan = run->plan;
    const gd_plan_site *site = site_of(plan, state);
    uint32_t from = GD_NONE;
    if (site->client == GD_NONE)
        from = plan->services[site->caller_service].instances_first + state - site->state_first;
    for (unsigned level = 0; level < site->chain_n; level++) {
        const gd_policy *policy = gd_policies[plan->policies[site->chain_first + level].kind];
        if (policy->state_timers == 0)
            continue;
        gd_policy_at at = gd_policy_of_state(run, site, from, level);
        uint64_t *words = at.state;
        for (unsigned n = 0; n < policy->state_timers; n++) {
            if (words[n] != word)
                continue;
            words[n] = 0;
            gd_fold(run, site->hash, GD_EV_STATE,
                    from == GD_NONE ? site->salt : plan->instances[from].salt);
            policy->state_timer(&at, n);
            return;
        }
    }
}
