/* Faults of the crowd at run time: load and mix of clients, herds, and flags that are flipped. */
#include "models/flow/engine.h"

static gd_share intensity_of(const gd_run *run, uint32_t fault)
{
    return GD_SEG(run, GD_SEG_FAULTS, gd_share)[fault];
}

/* 1 + (factor - 1) x intensity. */
static gd_share part_of(gd_share factor, gd_share intensity)
{
    gd_i128 delta = (gd_i128)(factor - GD_SHARE_ONE) * intensity / GD_SHARE_ONE;
    return GD_SHARE_ONE + (gd_share)delta;
}

static bool is_on(const gd_run *run, uint32_t f, gd_lever lever, uint32_t target)
{
    return run->plan->faults[f].lever == lever && gd_fault_is_active(run, f) &&
           gd_fault_holds(run, f, target) != GD_NONE;
}

static void reload(gd_run *run, uint32_t client)
{
    gd_share load = GD_SHARE_ONE;
    for (uint32_t f = 0; f < run->plan->n_faults; f++)
        if (is_on(run, f, GD_LEVER_LOAD, client))
            load = gd_share_of(load, part_of(run->plan->faults[f].factor, intensity_of(run, f)));
    gd_client_rescale(run, client, load);
}

/* A journey's weight in the plan: the distance of two thresholds, and 31 bits less. */
static gd_u128 weight_of(const gd_journey *journeys, uint32_t i)
{
    uint64_t from = i ? journeys[i - 1].below : 0;
    return (journeys[i].below - from) >> 31;
}

/* Weights times the factors of all shifts, as thresholds. */
static void remix(gd_run *run, uint32_t index)
{
    const gd_plan *plan = run->plan;
    const gd_plan_client *client = &plan->clients[index];
    const gd_journey *journeys = &plan->journeys[client->journeys_first];
    uint64_t *below = &GD_SEG(run, GD_SEG_MIX, uint64_t)[client->journeys_first];
    gd_client_run *state = &GD_SEG(run, GD_SEG_CLIENTS, gd_client_run)[index];
    gd_u128 total = 0, sum = 0;
    state->mixed = false;
    for (unsigned pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < client->journeys_n; i++) {
            gd_u128 weight = weight_of(journeys, i);
            for (uint32_t f = 0; f < plan->n_faults; f++) {
                if (!is_on(run, f, GD_LEVER_MIX, index))
                    continue;
                state->mixed = true;
                gd_share factor = plan->mix[plan->faults[f].weights_first + i];
                weight = weight * (gd_u128)factor / (gd_u128)GD_SHARE_ONE;
                weight = MIN(weight, (gd_u128)1 << 50);
            }
            if (pass == 0) {
                total += weight;
                continue;
            }
            sum += weight; /* below 2^50 x 4,095: << 64 fits */
            gd_u128 share = total ? (sum << 64) / total : (gd_u128)(i + 1) << 64;
            below[i] = share > UINT64_MAX ? UINT64_MAX : (uint64_t)share;
        }
    }
    state->mixed &= total > 0; /* all weights 0: the mix stays */
}

static void reflag(gd_run *run, uint32_t flag)
{
    uint64_t on = run->plan->flags[flag].on;
    for (uint32_t f = 0; f < run->plan->n_faults; f++)
        if (is_on(run, f, GD_LEVER_FLAG, flag))
            on = gd_share_threshold(run->plan->faults[f].share);
    GD_SEG(run, GD_SEG_FLAGS, uint64_t)[flag] = on;
}

void gd_crowd_refresh(gd_run *run, uint32_t index)
{
    const gd_plan_fault *fault = &run->plan->faults[index];
    for (uint32_t t = 0; t < fault->targets_n; t++) {
        uint32_t target = run->plan->targets[fault->targets_first + t];
        if (fault->lever == GD_LEVER_FLAG)
            reflag(run, target);
        else if (fault->lever == GD_LEVER_MIX)
            remix(run, target);
        else if (fault->lever == GD_LEVER_LOAD)
            reload(run, target);
    }
}

/* The i-th of n arrivals lies in the i-th n-th of the jitter, at a place that is drawn: they come
 * in order and need no sorting. Each target has its herd. */
void gd_herd_event(gd_run *run, uint32_t index)
{
    const gd_plan_fault *fault = &run->plan->faults[index];
    gd_fault_run *state = &GD_SEG(run, GD_SEG_FAULT_RUNS, gd_fault_run)[index];
    uint64_t key = gd_mix(gd_mix(run->key, fault->salt), GD_SALT_HERD);
    if (run->now > fault->start || fault->added == 0) {
        for (uint32_t t = 0; t < fault->targets_n; t++) {
            uint32_t client = run->plan->targets[fault->targets_first + t];
            uint64_t mine = gd_mix_n(gd_mix(key, run->plan->clients[client].salt), state->sent);
            gd_client_extra(run, client, mine, UINT32_MAX - state->sent);
            gd_fault_touch(run, GD_ON_CLIENTS, client, 1u << GD_LEVER_HERD);
        }
        state->sent++;
    }
    if (state->sent >= fault->herd)
        return;
    gd_u128 place = ((gd_u128)state->sent << 32) + (gd_mix_n(key, state->sent) >> 32);
    gd_u128 offset = place * (gd_u128)fault->added / fault->herd >> 32;
    gd_time at = gd_time_add(fault->start, (gd_span)offset);
    if (fault->added && at <= fault->start)
        at = fault->start + 1;
    gd_agenda_push(&run->agenda, MAX(at, run->now), GD_RANK_ARRIVAL, GD_EV_HERD, index);
}
