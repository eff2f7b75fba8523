/* Clients: who asks, and what they do with the answer.
 *
 * Open clients make arrivals that do not depend on the answers (arrivals.c); visitors ask for one
 * page after the other; closed users think, ask and wait.
 */
#include "models/flow/arrivals.h"

/* Places of a closed user before its first page. */
#define THINKS    UINT32_MAX
#define NOT_THERE (UINT32_MAX - 1)

/* ---- pages -------------------------------------------------------------------------------------
 */
static GD_HOT const gd_journey *journey_of(gd_run *run, const gd_plan_client *client, uint64_t key)
{
    const gd_plan *plan = run->plan;
    uint32_t index = (uint32_t)(client - plan->clients);
    const gd_journey *journey = &plan->journeys[client->journeys_first];
    if (client->journeys_n == 1)
        return journey;
    uint64_t u = gd_mix(key, GD_SALT_JOURNEY);
    if (__builtin_expect(gd_client_state(run, index)->mixed, 0)) {
        const uint64_t *below = &GD_SEG(run, GD_SEG_MIX, uint64_t)[client->journeys_first];
        gd_fault_touch(run, GD_ON_CLIENTS, index, 1u << GD_LEVER_MIX);
        for (uint32_t i = 1; i < client->journeys_n && u >= below[i - 1]; i++)
            journey++;
        return journey;
    }
    for (uint32_t i = 1; i < client->journeys_n && u >= journey->below; i++)
        journey++;
    return journey;
}

static void ask(gd_run *run, const gd_page *page, gd_caller_kind by, uint32_t caller, uint64_t key,
                uint32_t ordinal)
{
    const gd_plan_site *site = &run->plan->sites[page->site];
    gd_measure_request(run, page->op_record);
    gd_fold(run, site->hash, GD_EV_ARRIVAL, key);
    gd_call_begin(run, page->site, by, caller, gd_mix(key, site->salt), ordinal, true);
}

static void visit_page(gd_run *run, uint32_t slot)
{
    gd_user *user = &GD_USERS(run)[slot];
    const gd_journey *journey = &run->plan->journeys[user->journey];
    const gd_page *page = &run->plan->pages[journey->pages_first + user->page];
    uint64_t bit = UINT64_C(1) << run->layout->site_bit[page->site];
    if (run->measuring && !(user->seen & bit)) {
        GD_CLIENT_RECORDS(run)[user->client].users += !user->seen;
        user->seen |= bit;
        GD_VIEWS(run)[page->op_record].users++;
    }
    ask(run, page, GD_BY_USER, slot, gd_mix_n(user->key, user->page), user->ordinal);
}

/* A visitor's pages begin, or a closed user's next cycle. */
static void visit_begin(gd_run *run, uint32_t slot)
{
    gd_user *user = &GD_USERS(run)[slot];
    const gd_plan_client *client = &run->plan->clients[user->client];
    const gd_journey *journey = journey_of(run, client, user->key);
    user->journey = (uint32_t)(journey - run->plan->journeys);
    user->page = user->fails = 0;
    visit_page(run, slot);
}

/* Somebody comes: a visit begins, or one request is made. */
static GD_HOT void arrive(gd_run *run, uint32_t index, uint64_t key, uint32_t ordinal)
{
    const gd_plan_client *client = &run->plan->clients[index];
    if (client->visits) {
        uint32_t slot = gd_user_new(run);
        GD_USERS(run)
        [slot] = (gd_user){.key = key, .client = index, .ordinal = ordinal, .live = true};
        visit_begin(run, slot);
        return;
    }
    const gd_journey *journey = journey_of(run, client, key);
    const gd_page *page = &run->plan->pages[journey->pages_first];
    GD_VIEWS(run)[page->op_record].users++;
    ask(run, page, GD_BY_CLIENT, index, key, ordinal);
}

void gd_client_arrival(gd_run *run, uint32_t index, uint64_t word)
{
    gd_client_run *state = gd_client_state(run, index);
    if (state->word != word)
        return;
    uint32_t ordinal = (uint32_t)state->arrivals++;
    uint64_t key = state->next_key;
    state->last_at = run->now;
    if (__builtin_expect(state->load != GD_SHARE_ONE, 0))
        gd_fault_touch(run, GD_ON_CLIENTS, index, 1u << GD_LEVER_LOAD);
    gd_arrivals_next(run, index);
    arrive(run, index, key, ordinal);
}

void gd_client_extra(gd_run *run, uint32_t index, uint64_t key, uint32_t ordinal)
{
    gd_fold(run, run->plan->clients[index].salt, GD_EV_HERD, key);
    arrive(run, index, key, ordinal);
}

/* ---- closed users and thinking -----------------------------------------------------------------
 */
static void think(gd_run *run, uint32_t slot, uint32_t dist, uint64_t salt)
{
    const gd_user *user = &GD_USERS(run)[slot];
    gd_span wait = 0;
    if (dist != GD_NONE)
        wait = gd_dist_sample(&run->plan->dists[dist],
                              gd_mix(gd_mix_n(user->key, salt), GD_SALT_THINK));
    gd_agenda_push(&run->agenda, gd_time_add(run->now, wait), GD_RANK_ARRIVAL, GD_EV_USER, slot);
}

/* Before a closed user's cycle it thinks; false when its client has made all its cycles. */
static bool cycle_begin(gd_run *run, uint32_t slot)
{
    gd_user *user = &GD_USERS(run)[slot];
    const gd_plan_client *client = &run->plan->clients[user->client];
    gd_client_run *state = gd_client_state(run, user->client);
    if (client->stop_after && state->arrivals >= client->stop_after) {
        gd_arrivals_stop(run, state);
        return false;
    }
    state->arrivals++;
    user->key = gd_mix_n(gd_user_key(state, user->ordinal), user->cycle++);
    user->page = THINKS;
    think(run, slot, client->think, UINT32_MAX);
    return true;
}

void gd_client_think_over(gd_run *run, uint32_t slot)
{
    uint32_t page = GD_USERS(run)[slot].page;
    if (page == THINKS)
        visit_begin(run, slot);
    else if (page != NOT_THERE)
        visit_page(run, slot);
    else if (!cycle_begin(run, slot))
        gd_user_free(run, slot);
}

/* A page is answered: the next one, the next cycle, or gone. */
static void go_on(gd_run *run, uint32_t slot, bool good)
{
    gd_user *user = &GD_USERS(run)[slot];
    const gd_plan_client *client = &run->plan->clients[user->client];
    const gd_journey *journey = &run->plan->journeys[user->journey];
    uint32_t dist = run->plan->pages[journey->pages_first + user->page].think;
    user->fails = good ? 0 : user->fails + 1;
    user->page++;
    bool gives_up = journey->gives_up_after && user->fails >= journey->gives_up_after;
    if (!gives_up && user->page < journey->pages_n) {
        think(run, slot, dist, user->page);
        return;
    }
    if (client->arrivals != GD_ARRIVE_USERS || !cycle_begin(run, slot))
        gd_user_free(run, slot);
}

GD_HOT void gd_client_done(gd_run *run, uint32_t index, gd_waiter who, gd_time begun,
                           uint32_t attempts, gd_outcome outcome)
{
    uint32_t view = run->layout->site_view[index];
    bool good = gd_outcome_rows[outcome].good;
    if (begun >= run->plan->warmup || !run->measuring) {
        gd_measure_view(run, view, run->now - begun, attempts, outcome);
        if (!good && who.by == GD_BY_CLIENT) {
            GD_VIEWS(run)[view].users_hurt++;
        } else if (!good && run->measuring) {
            gd_user *user = &GD_USERS(run)[who.caller];
            uint64_t bit = UINT64_C(1) << run->layout->site_bit[index];
            GD_VIEWS(run)[view].users_hurt += !(user->hurt & bit);
            GD_CLIENT_RECORDS(run)[user->client].users_hurt += !user->hurt;
            user->hurt |= bit;
        }
    }
    if (who.by == GD_BY_USER)
        go_on(run, who.caller, good);
}

void gd_client_start(gd_run *run, uint32_t index)
{
    const gd_plan_client *client = &run->plan->clients[index];
    gd_client_run *state = gd_client_state(run, index);
    state->key = gd_mix(run->key, client->salt);
    state->load = GD_SHARE_ONE;
    if (client->arrivals != GD_ARRIVE_USERS) {
        gd_arrivals_begin(run, index);
        return;
    }
    for (uint32_t i = 0; i < client->users; i++) {
        uint32_t slot = gd_user_new(run);
        GD_USERS(run)
        [slot] =
            (gd_user){.key = gd_user_key(state, i), .client = index, .ordinal = i, .live = true};
        gd_span offset = (gd_span)((gd_i128)client->users_over * i / client->users);
        if (offset > 0) {
            GD_USERS(run)[slot].page = NOT_THERE;
            gd_agenda_push(&run->agenda, offset, GD_RANK_ARRIVAL, GD_EV_USER, slot);
        } else if (!cycle_begin(run, slot)) {
            gd_user_free(run, slot);
        }
    }
}
