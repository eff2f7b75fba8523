/* Who asks, and when.
 *
 * Arrivals live in operational time: the next one is due when the rate, added up since the last
 * one, reaches a drawn need. In numbers: needs are mean gaps in 2^-58; operational time is whole ns
 * of the profile's integral, a trapezoid rounded down; an arrival is at the least ns that reaches
 * it.
 */
#include "tests/naive/world.h"

static uint64_t user_key(const nv_client *client, uint64_t ordinal)
{
    return gd_mix_n(client->key, ordinal);
}

static nv_act arrive, phase_ends, think_over;

/* ---- operational time --------------------------------------------------------------------------
 */
/* One straight piece of a profile: from `at` on with factor f, to `until` with factor g. */
typedef struct {
    gd_time at, until;
    gd_share f, g;
} piece;

static piece piece_at(const gd_plan *plan, const gd_plan_client *client, gd_time at)
{
    piece p = {at, GD_NEVER, GD_SHARE_ONE, GD_SHARE_ONE};
    const gd_profile_point *points = &plan->profile[client->profile_first], *last = NULL;
    for (uint32_t i = 0; i < client->profile_n; i++) {
        if (points[i].at > at) {
            p.until = points[i].at;
            break;
        }
        last = &points[i];
    }
    if (!last)
        return p;
    p.f = p.g = last->factor;
    if (p.until == GD_NEVER || last->jump)
        return p;
    const gd_profile_point *next = last + 1;
    p.f += (gd_share)((gd_i128)(next->factor - last->factor) * (at - last->at) /
                      (next->at - last->at));
    p.g = next->factor;
    return p;
}

/* Operational time of the piece's first x ns. */
static gd_i128 area(const piece *p, gd_span x)
{
    gd_span length = p->until == GD_NEVER ? GD_HORIZON : p->until - p->at;
    gd_share end = p->f + (gd_share)((gd_i128)(p->g - p->f) * x / length);
    return ((gd_i128)p->f + end) * x / (2 * (gd_i128)GD_SHARE_ONE);
}

/* When operational time has grown by `need` since `from`. */
static gd_time reach(const gd_plan *plan, const gd_plan_client *client, gd_time from, gd_i128 need)
{
    if (client->profile_n == 0)
        return need > GD_NEVER - from ? GD_NEVER : from + (gd_time)need;
    for (;;) {
        piece p = piece_at(plan, client, from);
        gd_span low = 0, high = p.until == GD_NEVER ? GD_HORIZON : p.until - p.at;
        gd_i128 whole = area(&p, high);
        if (whole >= need && whole > 0) {
            while (low < high) { /* the least x that reaches it */
                gd_span middle = low + (high - low) / 2;
                if (area(&p, middle) >= need)
                    high = middle;
                else
                    low = middle + 1;
            }
            return from + low;
        }
        if (p.until == GD_NEVER)
            return GD_NEVER;
        need -= whole;
        from = p.until;
    }
}

static gd_i128 grown(const gd_plan *plan, const gd_plan_client *client, gd_time from, gd_time to)
{
    gd_i128 sum = 0;
    if (client->profile_n == 0)
        return to - from;
    while (from < to) {
        piece p = piece_at(plan, client, from);
        gd_span x = MIN(to, p.until) - from;
        sum += area(&p, x);
        from += x;
    }
    return sum;
}

/* ---- arrivals ----------------------------------------------------------------------------------
 */
static gd_rate rate_now(const gd_plan_client *client, const nv_client *state)
{
    bool off = client->arrivals == GD_ARRIVE_BURSTS && state->phase % 2 == 1;
    return gd_share_of(off ? client->rate_off : client->rate, state->load);
}

static bool has_rate(const gd_plan_client *client, const nv_client *state)
{
    return state->load > 0 && (client->arrivals == GD_ARRIVE_TRACE || rate_now(client, state) > 0);
}

/* The need as ns of operational time at the present rate. */
static gd_i128 need_ns(const gd_plan_client *client, const nv_client *state)
{
    if (client->arrivals == GD_ARRIVE_TRACE)
        return (gd_i128)state->need * GD_SHARE_ONE / state->load;
    uint64_t gap;
    uint8_t shift;
    gd_scale_make((gd_u128)GD_RATE_HZ * (gd_u128)GD_S, (gd_u128)rate_now(client, state), &gap,
                  &shift);
    return gd_scale_q58(state->need, gap, shift);
}

static void schedule(nv_world *w, uint32_t index)
{
    const gd_plan_client *client = &w->plan->clients[index];
    nv_client *state = &w->clients[index];
    nv_drop(w, state->next);
    state->next = NULL;
    if (!has_rate(client, state))
        return;
    gd_time at = reach(w->plan, client, state->last_at, need_ns(client, state));
    if (at < w->plan->horizon)
        state->next = nv_at(w, at, NV_RANK_ARRIVAL, arrive, state, index);
}

static void stop(nv_world *w, nv_client *state)
{
    w->stopped += !state->stopped;
    state->stopped = true;
}

static void next_arrival(nv_world *w, uint32_t index)
{
    const gd_plan_client *client = &w->plan->clients[index];
    nv_client *state = &w->clients[index];
    uint64_t i = state->arrivals;
    bool over = (client->stop_after && i >= client->stop_after) ||
                (client->arrivals == GD_ARRIVE_TRACE && i >= client->trace_n);
    if (over) {
        stop(w, state);
        return;
    }
    if (client->arrivals == GD_ARRIVE_PERIODIC)
        state->need = UINT64_C(1) << 58;
    else if (client->arrivals == GD_ARRIVE_TRACE)
        state->need = (uint64_t)(client->trace[i] - (i ? client->trace[i - 1] : 0));
    else
        state->need = gd_exp_q58(gd_mix(user_key(state, i), NV_SALT_GAP));
    schedule(w, index);
}

/* What is left of the need is stretched by the new rate. */
static void restretch(nv_world *w, uint32_t index, gd_share load, uint32_t phase)
{
    const gd_plan_client *client = &w->plan->clients[index];
    nv_client *state = &w->clients[index];
    if (!state->stopped && has_rate(client, state)) {
        gd_i128 all = need_ns(client, state);
        gd_i128 left = all - grown(w->plan, client, state->last_at, w->now);
        if (all > 0)
            state->need = (uint64_t)((gd_u128)state->need * (gd_u128)MAX(left, 0) / (gd_u128)all);
    }
    state->load = load;
    state->phase = phase;
    if (state->stopped)
        return;
    state->last_at = w->now;
    schedule(w, index);
}

void nv_client_reload(nv_world *w, uint32_t index, gd_share load)
{
    if (w->plan->clients[index].arrivals == GD_ARRIVE_USERS)
        w->clients[index].load = load;
    else
        restretch(w, index, load, w->clients[index].phase);
}

static void phase_begins(nv_world *w, uint32_t index)
{
    const gd_plan_client *client = &w->plan->clients[index];
    nv_client *state = &w->clients[index];
    const gd_dist *dist = &w->plan->dists[state->phase % 2 ? client->off : client->on];
    gd_span lasts = gd_dist_sample(dist, gd_mix_n(gd_mix(state->key, NV_SALT_PHASE), state->phase));
    nv_at(w, gd_time_add(w->now, MAX(lasts, 1)), NV_RANK_ARRIVAL, phase_ends, state, index);
}

static void phase_ends(nv_world *w, void *subject, unsigned index)
{
    const nv_client *state = subject;
    restretch(w, index, state->load, state->phase + 1);
    if (!state->stopped)
        phase_begins(w, index);
}

/* ---- pages -------------------------------------------------------------------------------------
 */
static const gd_journey *journey_of(const gd_plan *plan, const gd_plan_client *client, uint64_t key)
{
    const gd_journey *journeys = &plan->journeys[client->journeys_first];
    uint64_t u = gd_mix(key, NV_SALT_JOURNEY);
    for (uint32_t i = 0; i + 1 < client->journeys_n; i++)
        if (u < journeys[i].below)
            return &journeys[i];
    return &journeys[client->journeys_n - 1];
}

static void ask(nv_world *w, const gd_page *page, nv_user *user, uint32_t client, uint64_t key,
                uint32_t ordinal)
{
    const gd_plan_site *site = &w->plan->sites[page->site];
    if (nv_measuring(w)) {
        w->result->views[page->op_record].requests[nv_phase(w, w->now)]++;
        w->view_now[page->op_record].requests++;
    }
    nv_fold(w, site->hash, NV_ASKS, key);
    nv_request *request = nv_make(w, nv_request);
    *request = (nv_request){gd_mix(key, site->salt), client, ordinal};
    nv_who who = {.user = user, .client = user == NULL};
    nv_call_begin(w, page->site, who, request, GD_NONE, request->key, false);
}

static void visit_page(nv_world *w, nv_user *user)
{
    const gd_page *page = &w->plan->pages[user->journey->pages_first + user->page];
    uint64_t bit = UINT64_C(1) << w->page_bit[page->site];
    if (nv_measuring(w) && !(user->seen & bit)) {
        user->seen |= bit;
        w->result->views[page->op_record].users++;
    }
    ask(w, page, user, user->client, gd_mix_n(user->key, user->page), user->ordinal);
}

static void visit_begin(nv_world *w, nv_user *user)
{
    user->journey = journey_of(w->plan, &w->plan->clients[user->client], user->key);
    user->page = user->fails = 0;
    visit_page(w, user);
}

static nv_user *user_new(nv_world *w, uint32_t client, uint32_t ordinal)
{
    nv_user *user = nv_make(w, nv_user);
    user->key = user_key(&w->clients[client], ordinal);
    user->client = client;
    user->ordinal = ordinal;
    w->live++;
    return user;
}

static void arrive(nv_world *w, void *subject, unsigned index)
{
    nv_client *state = subject;
    const gd_plan_client *client = &w->plan->clients[index];
    uint32_t ordinal = (uint32_t)state->arrivals++;
    uint64_t key = user_key(state, ordinal);
    state->next = NULL;
    state->last_at = w->now;
    next_arrival(w, index);
    if (client->visits) {
        visit_begin(w, user_new(w, index, ordinal));
        return;
    }
    const gd_page *page = &w->plan->pages[journey_of(w->plan, client, key)->pages_first];
    w->result->views[page->op_record].users += nv_measuring(w);
    ask(w, page, NULL, index, key, ordinal);
}

/* ---- thinking ----------------------------------------------------------------------------------
 */
static void think(nv_world *w, nv_user *user, uint32_t dist, uint64_t salt)
{
    gd_span wait = 0;
    if (dist != GD_NONE)
        wait =
            gd_dist_sample(&w->plan->dists[dist], gd_mix(gd_mix_n(user->key, salt), NV_SALT_THINK));
    nv_at(w, gd_time_add(w->now, wait), NV_RANK_ARRIVAL, think_over, user, 0);
}

static void cycle_begin(nv_world *w, nv_user *user)
{
    const gd_plan_client *client = &w->plan->clients[user->client];
    nv_client *state = &w->clients[user->client];
    user->not_there = false;
    if (client->stop_after && state->arrivals >= client->stop_after) {
        stop(w, state);
        w->live--;
        return;
    }
    state->arrivals++;
    user->key = gd_mix_n(user_key(state, user->ordinal), user->cycle++);
    user->cycling = true;
    think(w, user, client->think, UINT32_MAX);
}

static void think_over(nv_world *w, void *subject, unsigned level)
{
    (void)level;
    nv_user *user = subject;
    bool begins = user->cycling;
    user->cycling = false;
    if (user->not_there)
        cycle_begin(w, user);
    else if (begins)
        visit_begin(w, user);
    else
        visit_page(w, user);
}

static void go_on(nv_world *w, nv_user *user, bool good)
{
    const gd_journey *journey = user->journey;
    uint32_t dist = w->plan->pages[journey->pages_first + user->page].think;
    user->fails = good ? 0 : user->fails + 1;
    user->page++;
    bool gives_up = journey->gives_up_after && user->fails >= journey->gives_up_after;
    if (!gives_up && user->page < journey->pages_n)
        think(w, user, dist, user->page);
    else if (w->plan->clients[user->client].arrivals == GD_ARRIVE_USERS)
        cycle_begin(w, user);
    else
        w->live--;
}

/* ---- answers -----------------------------------------------------------------------------------
 */
static void measure(nv_world *w, uint32_t index, gd_span latency, uint32_t attempts,
                    gd_outcome outcome)
{
    nv_view *view = &w->result->views[index];
    nv_view_window *window = &w->view_now[index];
    gd_phase phase = nv_phase(w, w->now);
    view->outcomes[phase][outcome]++;
    view->attempts += attempts;
    window->attempts += attempts;
    nv_tally_add(&view->all[phase], latency);
    if (!gd_outcome_rows[outcome].good) {
        window->failed++;
        return;
    }
    bool useful = latency <= w->plan->views[index].useful_within;
    nv_tally_add(&view->good[phase], latency);
    view->useful[phase] += useful;
    window->useful += useful;
    window->good++;
    window->degraded += outcome == GD_DEGRADED;
}

void nv_client_done(nv_world *w, uint32_t site, nv_who who, gd_time begun, uint32_t attempts,
                    gd_outcome outcome)
{
    uint32_t view = w->site_view[site];
    bool good = gd_outcome_rows[outcome].good;
    if (nv_measuring(w) && begun >= w->plan->warmup) {
        measure(w, view, w->now - begun, attempts, outcome);
        uint64_t bit = UINT64_C(1) << w->page_bit[site];
        if (!good && (!who.user || !(who.user->hurt & bit)))
            w->result->views[view].users_hurt++;
        if (!good && who.user)
            who.user->hurt |= bit;
    }
    if (who.user)
        go_on(w, who.user, good);
}

void nv_client_start(nv_world *w, uint32_t index)
{
    const gd_plan_client *client = &w->plan->clients[index];
    nv_client *state = &w->clients[index];
    state->key = gd_mix(w->key, client->salt);
    state->load = GD_SHARE_ONE;
    if (client->arrivals != GD_ARRIVE_USERS) {
        if (client->arrivals == GD_ARRIVE_BURSTS)
            phase_begins(w, index);
        next_arrival(w, index);
        return;
    }
    for (uint32_t i = 0; i < client->users; i++) {
        nv_user *user = user_new(w, index, i);
        gd_span offset = (gd_span)((gd_i128)client->users_over * i / client->users);
        user->not_there = offset > 0;
        if (user->not_there)
            nv_at(w, offset, NV_RANK_ARRIVAL, think_over, user, 0);
        else
            cycle_begin(w, user);
    }
}
