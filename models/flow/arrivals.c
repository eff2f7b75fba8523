/* When requests come. An arrival process lives in operational time: the next arrival is due when
 * the integral of the rate since the last one reaches a drawn need. So a rate that changes (a
 * profile, a burst, an overload) stretches the gaps and changes no draw.
 */
#include "models/flow/arrivals.h"

#define ONE_Q58 (UINT64_C(1) << 58)

/* ---- operational time --------------------------------------------------------------------------
 */
/* The rate now, as a factor on the client's own: profile at `at`, burst phase, overload. */
static gd_share profile_at(const gd_plan *plan, const gd_plan_client *client, gd_time at,
                           gd_time *until, gd_share *end_factor)
{
    const gd_profile_point *points = &plan->profile[client->profile_first];
    uint32_t low = 0, high = client->profile_n;
    while (low < high) { /* the first point after `at` */
        uint32_t middle = (low + high) / 2;
        if (points[middle].at <= at)
            low = middle + 1;
        else
            high = middle;
    }
    *until = low < client->profile_n ? points[low].at : GD_NEVER;
    if (low == 0) {
        *end_factor = GD_SHARE_ONE;
        return GD_SHARE_ONE;
    }
    const gd_profile_point *from = &points[low - 1];
    if (low == client->profile_n || from->jump) {
        *end_factor = from->factor;
        return from->factor;
    }
    gd_i128 slope = (gd_i128)(points[low].factor - from->factor) * (at - from->at);
    *end_factor = points[low].factor;
    return from->factor + (gd_share)(slope / (points[low].at - from->at));
}

/* Integral of the profile over [at, at + x], in ns of operational time x 2^-0; trapezoid, exact for
 * linear pieces up to rounding down. f, g: factors at both ends. */
static gd_i128 area(gd_share f, gd_share g, gd_span x)
{
    return ((gd_i128)f + g) * x / (2 * (gd_i128)GD_SHARE_ONE);
}

/* Within a piece of length L that goes from f to g: the factor at x. */
static gd_share inside(gd_share f, gd_share g, gd_span x, gd_span length)
{
    return f == g ? f : f + (gd_share)((gd_i128)(g - f) * x / length);
}

/* How far into a piece `need` reaches: the least x with area(0..x) >= need. */
static gd_span reach_in(gd_share f, gd_share g, gd_span length, gd_i128 need)
{
    gd_span low = 0, high = length;
    if (f == g) {
        gd_i128 x = (need * GD_SHARE_ONE + f - 1) / f;
        return x > length ? length : (gd_span)x;
    }
    while (low < high) {
        gd_span middle = low + (high - low) / 2;
        if (area(f, inside(f, g, middle, length), middle) >= need)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* When operational time has grown by `need` ns since `from`. */
static gd_time advance(const gd_plan *plan, const gd_plan_client *client, gd_time from,
                       gd_i128 need)
{
    if (client->profile_n == 0)
        return need > GD_NEVER - from ? GD_NEVER : from + (gd_time)need;
    for (;;) {
        gd_time until;
        gd_share g, f = profile_at(plan, client, from, &until, &g);
        gd_span length = until == GD_NEVER ? GD_HORIZON : until - from;
        gd_i128 whole = area(f, g, length);
        if (whole >= need && whole > 0)
            return from + reach_in(f, g, length, need);
        if (until == GD_NEVER)
            return GD_NEVER;
        need -= whole;
        from = until;
    }
}

/* The operational time of [from, to]. */
static gd_i128 elapsed(const gd_plan *plan, const gd_plan_client *client, gd_time from, gd_time to)
{
    if (client->profile_n == 0)
        return to - from;
    gd_i128 sum = 0;
    while (from < to) {
        gd_time until;
        gd_share g, f = profile_at(plan, client, from, &until, &g);
        gd_span length = until == GD_NEVER ? GD_HORIZON : until - from;
        gd_span x = to - from < length ? to - from : length;
        sum += area(f, inside(f, g, x, length), x);
        from += x;
    }
    return sum;
}

/* ---- arrivals ----------------------------------------------------------------------------------
 */
static gd_rate rate_now(const gd_plan_client *client, const gd_client_run *state)
{
    gd_rate rate =
        client->arrivals == GD_ARRIVE_BURSTS && state->phase % 2 ? client->rate_off : client->rate;
    return gd_share_of(rate, state->load);
}

/* Keeps the mean gap of the present rate as a scaled integer. */
static void set_gap(const gd_plan_client *client, gd_client_run *state)
{
    gd_rate rate = client->arrivals == GD_ARRIVE_TRACE ? 0 : rate_now(client, state);
    if (rate > 0)
        gd_scale_make((gd_u128)GD_RATE_HZ * (gd_u128)GD_S, (gd_u128)rate, &state->gap,
                      &state->gap_shift);
    state->plain = rate > 0 && client->profile_n == 0;
}

/* `need` (Q58 of mean gaps) as ns of operational time at the present rate. */
static gd_i128 need_ns(const gd_plan_client *client, const gd_client_run *state)
{
    if (client->arrivals == GD_ARRIVE_TRACE)
        return (gd_i128)((gd_u128)state->need * (gd_u128)GD_SHARE_ONE / (gd_u128)state->load);
    return gd_scale_q58(state->need, state->gap, state->gap_shift);
}

static GD_HOT void schedule(gd_run *run, uint32_t index)
{
    const gd_plan_client *client = &run->plan->clients[index];
    gd_client_run *state = gd_client_state(run, index);
    state->word = 0;
    if (state->plain) {
        state->word = gd_agenda_push(
            &run->agenda,
            gd_time_add(state->last_at, gd_scale_q58(state->need, state->gap, state->gap_shift)),
            GD_RANK_ARRIVAL, GD_EV_ARRIVAL, index);
        return;
    }
    if (state->load == 0 || (client->arrivals != GD_ARRIVE_TRACE && rate_now(client, state) == 0))
        return;
    gd_time at = advance(run->plan, client, state->last_at, need_ns(client, state));
    if (at < GD_NEVER >> 5)
        state->word = gd_agenda_push(&run->agenda, at, GD_RANK_ARRIVAL, GD_EV_ARRIVAL, index);
}

/* Draws the need of the next arrival; false when there is none. */
static GD_HOT bool next_need(gd_run *run, uint32_t index)
{
    const gd_plan_client *client = &run->plan->clients[index];
    gd_client_run *state = gd_client_state(run, index);
    uint64_t i = state->arrivals;
    if (client->stop_after && i >= client->stop_after)
        return false;
    state->next_key = gd_user_key(state, i);
    switch ((gd_arrival_kind)client->arrivals) {
    case GD_ARRIVE_POISSON:
    case GD_ARRIVE_BURSTS:
        state->need = gd_exp_q58(gd_mix(state->next_key, GD_SALT_GAP));
        return true;
    case GD_ARRIVE_PERIODIC:
        state->need = ONE_Q58;
        return true;
    case GD_ARRIVE_TRACE:
        if (i >= client->trace_n)
            return false;
        state->need = (uint64_t)(client->trace[i] - (i ? client->trace[i - 1] : 0));
        return true;
    case GD_ARRIVE_USERS:
        break;
    }
    return false;
}

void gd_arrivals_stop(gd_run *run, gd_client_run *state)
{
    if (state->stopped)
        return;
    state->stopped = true;
    if (++run->clients_stopped == run->plan->n_clients)
        run->check_at = run->events + 1; /* from now on each event may be the last */
}

GD_HOT void gd_arrivals_next(gd_run *run, uint32_t index)
{
    if (next_need(run, index))
        schedule(run, index);
    else
        gd_arrivals_stop(run, gd_client_state(run, index));
}

/* The load or the phase changes: what is left of the need is stretched by the new rate. */
static void restretch(gd_run *run, uint32_t index, gd_share load, uint32_t phase)
{
    const gd_plan_client *client = &run->plan->clients[index];
    gd_client_run *state = gd_client_state(run, index);
    if (state->stopped) {
        state->load = load;
        state->phase = phase;
        return;
    }
    gd_i128 all = state->load && (client->arrivals == GD_ARRIVE_TRACE || rate_now(client, state))
                      ? need_ns(client, state)
                      : 0;
    gd_i128 done = elapsed(run->plan, client, state->last_at, run->now);
    if (all > 0) {
        gd_i128 left = all > done ? all - done : 0;
        for (; all >> 63; all >>= 1) /* so that the product fits */
            left >>= 1;
        state->need = (uint64_t)((gd_u128)state->need * (gd_u128)left / (gd_u128)all);
    }
    state->last_at = run->now;
    state->load = load;
    state->phase = phase;
    set_gap(client, state);
    schedule(run, index);
}

void gd_client_rescale(gd_run *run, uint32_t index, gd_share load)
{
    if (run->plan->clients[index].arrivals == GD_ARRIVE_USERS)
        gd_client_state(run, index)->load = load; /* thinks are divided by it, from the next on */
    else
        restretch(run, index, load, gd_client_state(run, index)->phase);
}

static void phase_begins(gd_run *run, uint32_t index)
{
    const gd_plan_client *client = &run->plan->clients[index];
    gd_client_run *state = gd_client_state(run, index);
    const gd_dist *dist = &run->plan->dists[state->phase % 2 ? client->off : client->on];
    gd_span lasts = gd_dist_sample(dist, gd_mix_n(gd_mix(state->key, GD_SALT_PHASE), state->phase));
    gd_agenda_push(&run->agenda, gd_time_add(run->now, lasts > 0 ? lasts : 1), GD_RANK_ARRIVAL,
                   GD_EV_PHASE, index);
}

void gd_client_phase(gd_run *run, uint32_t index)
{
    restretch(run, index, gd_client_state(run, index)->load,
              gd_client_state(run, index)->phase + 1);
    if (!gd_client_state(run, index)->stopped)
        phase_begins(run, index);
}

void gd_arrivals_begin(gd_run *run, uint32_t index)
{
    const gd_plan_client *client = &run->plan->clients[index];
    set_gap(client, gd_client_state(run, index));
    if (client->arrivals == GD_ARRIVE_BURSTS)
        phase_begins(run, index);
    gd_arrivals_next(run, index);
}
