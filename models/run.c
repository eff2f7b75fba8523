/* The life of a run: begun, driven event by event, copied, ended. */
#include "models/flow/layout.h"

#include <string.h>

/* So many events before a budget ends a run, who acts is noted for the message. */
#define NOTED 64u
/* Budgets are looked at this often: a look costs as much as an event. */
#define LOOK_EVERY 65536u
/* From so many services on their histograms (3 of 6 KiB each) are taken to miss a 2 MiB cache. */
#define MANY_SERVICES 100u

static const gd_slots no_slots = {.free = GD_NONE};

static void plan_check(gd_run *run);

gd_run *gd_run_new(const gd_plan *plan, uint64_t seed)
{
    gd_run *run = g_new0(gd_run, 1);
    run->plan = plan;
    run->memory.budget = plan->memory_budget ? plan->memory_budget : UINT64_MAX;
    run->layout = gd_layout_new(plan);
    run->words = run->layout->words;
    run->sides = run->layout->sides;
    run->roots = run->layout->roots;
    run->pauses = plan->pauses;
    run->extras = run->layout->extras;
    run->call_stride = MAX((plan->max_call_bytes + 7) & ~7u, 8u); /* calls may have no policies */
    if (run->layout->roots)
        run->call_stride += sizeof(gd_call_root);
    run->record.view_series = g_new0(gd_view_series, plan->n_views + 1);
    run->record.service_series = g_new0(gd_service_series, plan->n_services + 1);
    run->record.edge_series = g_new0(gd_edge_series, plan->n_edges + 1);
    run->record.objective_series = g_new0(gd_objective_series, plan->n_objectives + 1);
    gd_agenda_init(&run->agenda, &run->memory);
    gd_run_reset(run, seed);
    return run;
}

void gd_run_reset(gd_run *run, uint64_t seed)
{
    const gd_plan *plan = run->plan;
    run->seed = seed;
    run->key = gd_run_key(seed);
    run->digest = run->key;
    run->now = 0;
    run->events = run->stalled = run->looked = 0;
    run->checked = -1;
    run->event_budget = plan->event_budget ? plan->event_budget : UINT64_MAX;
    run->noting = false;
    run->follow_head = run->follow_tail = 0;
    run->frames = run->calls = run->users = run->cancels = run->conns = no_slots;
    run->hists.blocks = 0;
    run->hists.saturated = false;
    run->window = run->clients_stopped = 0;
    run->phase = GD_BEFORE;
    run->somebody_left = false;
    run->soon = (gd_hist_queue){0};
    run->many_hists = plan->n_services >= MANY_SERVICES;
    run->measuring = run->ended = run->finished = run->any_site_lever = false;
    run->any_dark = run->any_local = run->any_levers = false;
    run->n_hits = 0;
    run->end = GD_END_DURATION;
    run->happenings_dropped = 0;
    run->record.n_happenings = 0;
    run->memory.over = false;
    run->busiest[0] = '\0';
    run->boundary = plan->warmup;
    gd_agenda_reset(&run->agenda);
    gd_layout_state(run);
    gd_layout_rings(run);
    gd_agenda_reset(&run->agenda);
    gd_measure_layout(run);
    gd_frames_grow(run);
    gd_lever_start(run);
    for (uint32_t i = 0; plan->n_serves && i < plan->n_instances; i++)
        gd_serve_reset(run, i);
    if (plan->n_ticks || plan->registries)
        gd_balance_start(run);
    gd_connections_begin(run);
    for (uint32_t i = 0; i < plan->n_clients; i++)
        gd_client_start(run, i);
    plan_check(run);
}

void gd_run_free(gd_run *run)
{
    if (!run)
        return;
    for (unsigned i = 0; i < GD_SEGS; i++)
        gd_segment_clear(&run->segs[i], &run->memory);
    gd_agenda_clear(&run->agenda);
    gd_hist_pool_clear(&run->hists);
    gd_layout_unref(run->layout);
    g_free(run->record.view_series);
    g_free(run->record.service_series);
    g_free(run->record.edge_series);
    g_free(run->record.objective_series);
    g_free(run);
}

static size_t used_of(const gd_run *run, unsigned seg)
{
    switch (seg) {
    case GD_SEG_FRAMES:
        return (size_t)run->frames.used * sizeof(gd_frame);
    case GD_SEG_SIDES:
        return run->layout->sides ? (size_t)run->frames.used * sizeof(gd_frame_side) : 0;
    case GD_SEG_EXTRAS:
        return run->extras ? (size_t)run->frames.used * sizeof(gd_extra) : 0;
    case GD_SEG_STARTS:
        return run->layout->starts ? (size_t)run->frames.used * sizeof(gd_time) : 0;
    case GD_SEG_CALLS:
        return (size_t)run->calls.used * sizeof(gd_call);
    case GD_SEG_CALL_BYTES:
        return (size_t)run->calls.used * run->call_stride;
    case GD_SEG_USERS:
        return (size_t)run->users.used * sizeof(gd_user);
    case GD_SEG_CANCELS:
        return (size_t)run->cancels.used * sizeof(gd_cancel);
    case GD_SEG_CONNS:
        return (size_t)run->conns.used * sizeof(gd_conn);
    case GD_SEG_FOLLOW:
        return 0;
    default:
        return run->segs[seg].used;
    }
}

gd_run *gd_run_branch(const gd_run *run)
{
    const gd_plan *plan = run->plan;
    gd_run *copy = g_new0(gd_run, 1);
    *copy = *run;
    copy->memory = (gd_memory){.budget = run->memory.budget};
    copy->layout = gd_layout_ref(run->layout);
    copy->trace = NULL;
    for (unsigned i = 0; i < GD_SEGS; i++) {
        gd_segment part = run->segs[i];
        part.used = used_of(run, i);
        gd_segment_copy(&copy->segs[i], &copy->memory, &part);
    }
    gd_agenda_copy(&copy->agenda, &copy->memory, &run->agenda);
    copy->hists.capacity = run->hists.blocks;
    copy->hists.counters =
        g_memdup2(run->hists.counters, (gsize)run->hists.blocks * GD_HIST_SUB * sizeof(uint32_t));
    copy->record.view_series = g_new0(gd_view_series, plan->n_views + 1);
    copy->record.service_series = g_new0(gd_service_series, plan->n_services + 1);
    copy->record.edge_series = g_new0(gd_edge_series, plan->n_edges + 1);
    copy->record.objective_series = g_new0(gd_objective_series, plan->n_objectives + 1);
    for (unsigned i = 0; i < GD_HIST_QUEUE; i++)
        if (run->soon.hist[i])
            copy->soon.hist[i] =
                (gd_hist *)((char *)GD_SERVICES(copy) +
                            ((const char *)run->soon.hist[i] - (const char *)GD_SERVICES(run)));
    gd_measure_pointers(copy);
    gd_frames_grow(copy);
    return copy;
}

/* ---- the loop ----------------------------------------------------------------------------------
 */
static inline void dispatch(gd_run *run, unsigned kind, uint32_t subject, uint64_t word)
{
    switch ((gd_event_kind)kind) {
    case GD_EV_REQUEST:
        gd_frame_request(run, subject);
        break;
    case GD_EV_WORK:
        gd_frame_work_done(run, subject, word);
        break;
    case GD_EV_REPLY:
        gd_frame_reply(run, subject);
        break;
    case GD_EV_TIMER:
        gd_call_timer(run, subject, word);
        break;
    case GD_EV_ARRIVAL:
        gd_client_arrival(run, subject, word);
        break;
    case GD_EV_RUN:
        gd_frame_follow(run, subject);
        break;
    case GD_EV_CALL:
        gd_call_follow(run, subject);
        break;
    case GD_EV_WAIT:
        gd_frame_wait_done(run, subject);
        break;
    case GD_EV_USER:
        gd_client_think_over(run, subject);
        break;
    case GD_EV_SHARED:
        gd_shared_done(run, subject, word);
        break;
    case GD_EV_LEVER:
        gd_lever_event(run, subject);
        break;
    case GD_EV_STARTED:
        gd_lever_started(run, subject, word);
        break;
    case GD_EV_RESEND:
        gd_network_resend(run, subject);
        break;
    case GD_EV_CANCEL:
        gd_cancel_arrives(run, subject);
        break;
    case GD_EV_PHASE:
        gd_client_phase(run, subject);
        break;
    case GD_EV_CONN:
        gd_connections_event(run, subject, word);
        break;
    case GD_EV_KEEP:
        gd_connections_keep(run, subject);
        break;
    case GD_EV_BALANCE:
        gd_balance_tick(run, subject);
        break;
    case GD_EV_UNIT:
        gd_unit_event(run, subject, word);
        break;
    case GD_EV_HERD:
        gd_herd_event(run, subject);
        break;
    case GD_EV_HEAL:
        gd_lever_heal(run, subject);
        break;
    case GD_EV_STATE:
        gd_call_state_timer(run, subject, word);
        break;
    case GD_EV_SERVE:
        gd_serve_event(run, subject, word);
        break;
    case GD_EV_EXPIRE:
        gd_serve_expire(run, subject, word);
        break;
    }
}

static void end_run(gd_run *run, gd_end end)
{
    run->ended = true;
    run->end = end;
}

/* Who acts at an event, by the name that the model gives it. */
static const char *agent_of(const gd_run *run, unsigned kind, uint32_t subject)
{
    const gd_plan *plan = run->plan;
    switch ((gd_event_kind)kind) {
    case GD_EV_REQUEST:
    case GD_EV_WORK:
    case GD_EV_WAIT:
    case GD_EV_REPLY:
    case GD_EV_RESEND:
    case GD_EV_RUN:
    case GD_EV_EXPIRE:
        return plan->sites[GD_FRAMES(run)[subject].site].name;
    case GD_EV_TIMER:
    case GD_EV_CALL:
        return plan->sites[GD_CALLS(run)[subject].site].name;
    case GD_EV_ARRIVAL:
    case GD_EV_PHASE:
        return plan->clients[subject].name;
    case GD_EV_USER:
        return plan->clients[GD_USERS(run)[subject].client].name;
    case GD_EV_SHARED:
    case GD_EV_STARTED:
    case GD_EV_SERVE:
    case GD_EV_HEAL:
        return plan->services[GD_INSTANCES(run)[subject].service].name;
    case GD_EV_LEVER:
    case GD_EV_HERD:
        return plan->faults[subject].name;
    case GD_EV_UNIT:
        return plan->faults[plan->units[subject].fault].name;
    case GD_EV_CANCEL:
        return "cancel";
    case GD_EV_CONN:
    case GD_EV_KEEP:
        return "connections";
    case GD_EV_BALANCE:
        return "balancers";
    case GD_EV_STATE:
        break;
    }
    return "policies";
}

static void note(gd_run *run, const char *name)
{
    size_t length = strlen(run->busiest), more = strlen(name);
    if (strstr(run->busiest, name) || length + more + 3 > sizeof run->busiest)
        return;
    if (length)
        memcpy(run->busiest + length, ", ", 3), length += 2;
    memcpy(run->busiest + length, name, more + 1);
}

/* The service that holds most of what is in flight. */
static void note_memory(gd_run *run)
{
    g_autofree uint32_t *count = g_new0(uint32_t, run->plan->n_services);
    uint32_t best = 0;
    for (uint32_t i = 0; i < run->frames.used; i++)
        if (GD_FRAMES(run)[i].flags & GD_F_LIVE)
            count[GD_INSTANCES(run)[GD_FRAMES(run)[i].instance].service]++;
    for (uint32_t i = 0; i < run->plan->n_services; i++)
        if (count[i] > count[best])
            best = i;
    run->busiest[0] = '\0';
    if (run->plan->n_services)
        note(run, run->plan->services[best].name);
}

static bool is_drained(const gd_run *run)
{
    return run->clients_stopped == run->plan->n_clients && gd_run_count_in_flight(run) == 0;
}

/* When to look again: soon enough for each budget, and so that a message can name who acted last.
 */
static void plan_check(gd_run *run)
{
    uint64_t left = run->event_budget - run->events;
    uint64_t stall = run->plan->stall_budget, step = CLAMP(stall / 8, NOTED, LOOK_EVERY);
    run->noting = left <= NOTED || (run->stalled + step > stall && run->stalled > 0);
    if (left > NOTED && left - NOTED < step)
        step = left - NOTED;
    bool every = run->noting || run->memory.over || run->clients_stopped == run->plan->n_clients;
    run->check_at = run->events + (every ? 1 : step);
}

/* Between two events, now and then. `kind` and `subject` are of the event to come. */
static bool look(gd_run *run, unsigned kind, uint32_t subject)
{
    run->stalled = run->now == run->checked ? run->stalled + (run->events - run->looked) : 0;
    run->checked = run->now;
    run->looked = run->events;
    if (run->noting)
        note(run, agent_of(run, kind, subject));
    if (run->memory.over) {
        note_memory(run);
        end_run(run, GD_END_MEMORY);
    } else if (run->stalled > run->plan->stall_budget) {
        end_run(run, GD_END_STALLED);
    } else if (run->events > run->event_budget) {
        end_run(run, GD_END_EVENTS);
    }
    plan_check(run);
    return !run->ended;
}

static bool follow_ups(gd_run *run)
{
    while (run->follow_head < run->follow_tail) {
        uint32_t next = GD_SEG(run, GD_SEG_FOLLOW, uint32_t)[run->follow_head++];
        unsigned kind = next >> 24;
        uint32_t subject = next & (GD_SUBJECTS - 1);
        if (__builtin_expect(++run->events >= run->check_at, 0) && !look(run, kind, subject))
            return false;
        dispatch(run, kind, subject, 0);
        /* Keep the list short where one thing leads to the next without end. */
        if (run->follow_head == run->follow_tail)
            run->follow_head = run->follow_tail = 0;
    }
    return true;
}

/* No event before the run's end or `until` is left; what the clock passes is closed. */
static bool pass(gd_run *run, gd_time at, gd_time until)
{
    gd_time horizon = run->plan->horizon;
    if (at >= horizon && until >= horizon) {
        while (run->boundary <= horizon)
            gd_measure_window_end(run);
        run->now = horizon;
        end_run(run, GD_END_DURATION);
        return false;
    }
    if (at >= until)
        return false;
    while (at >= run->boundary)
        gd_measure_window_end(run);
    return true;
}

bool gd_run_until(gd_run *run, gd_time until, uint64_t max_events)
{
    uint64_t last = run->events + max_events < run->events ? UINT64_MAX : run->events + max_events;
    gd_time edge = MIN(run->boundary, MIN(until, run->plan->horizon));
    if (!run->ended && run->clients_stopped == run->plan->n_clients && is_drained(run))
        end_run(run, GD_END_DRAINED);
    while (!run->ended) {
        if (__builtin_expect(run->events >= last, 0))
            return true;
        uint8_t where;
        gd_entry e = gd_agenda_peek(&run->agenda, &where);
        gd_time at = gd_entry_time(e);
        if (__builtin_expect(at >= edge, 0)) {
            if (!pass(run, at, until))
                return !run->ended;
            edge = MIN(run->boundary, MIN(until, run->plan->horizon));
        }
        gd_agenda_pop(&run->agenda, where);
        run->now = at;
        unsigned kind = gd_entry_kind(e);
        uint32_t subject = gd_entry_subject(e);
        if (__builtin_expect(++run->events >= run->check_at, 0) && !look(run, kind, subject))
            break;
        dispatch(run, kind, subject, gd_entry_word(e));
        if (run->follow_tail && !follow_ups(run))
            break;
        /* So it is too when the last client has stopped in this event. */
        if (__builtin_expect(run->check_at <= run->events + 1, 0) && is_drained(run))
            end_run(run, GD_END_DRAINED);
    }
    return false;
}

bool gd_run_has_ended(const gd_run *run)
{
    return run->ended;
}

gd_time gd_run_get_now(const gd_run *run)
{
    return run->now;
}

uint64_t gd_run_get_events(const gd_run *run)
{
    return run->events;
}

uint64_t gd_run_get_digest(const gd_run *run)
{
    return run->digest;
}

void gd_run_interrupt(gd_run *run)
{
    end_run(run, GD_END_INTERRUPTED);
}
