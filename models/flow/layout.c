/* What the loop looks up by index, worked out once for a plan; and the state of a run at its start.
 */
#include "models/flow/layout.h"

#include "models/balance/pool.h"
#include "models/guard/specs.h"

#include <string.h>

static void scan_steps(const gd_plan *plan, gd_layout *layout)
{
    for (uint32_t i = 0; i < plan->n_steps; i++) {
        const gd_step *step = &plan->steps[i];
        if (step->kind == GD_STEP_REPEAT)
            layout->sides = true;
        if (step->kind == GD_STEP_PARALLEL && (step->b < step->n || step->flags & GD_STEP_AT_ONCE))
            layout->sides = true;
        if (step->kind == GD_STEP_IF || (step->kind == GD_STEP_REPEAT && step->b == GD_NONE))
            layout->roots = true;
    }
    for (uint32_t i = 0; i < plan->n_dists; i++)
        layout->roots |= plan->dists[i].per_request;
    for (uint32_t i = 0; i < plan->n_pools; i++)
        layout->roots |= plan->pools[i].by_subject;
}

static void scan_services(const gd_plan *plan, gd_layout *layout)
{
    for (uint32_t i = 0; i < plan->n_services; i++) {
        const gd_plan_service *service = &plan->services[i];
        layout->starts |= !service->async;
        /* A crash looks for what its frames wait for. */
        layout->sides |= service->discipline == GD_PS || (!service->async && plan->n_faults > 0);
        layout->words |= service->preempt;
        layout->sides |= service->serves_n > 0;
        layout->sides |= service->cancel != GD_CANCEL_NONE;
    }
}

static void scan_faults(const gd_plan *plan, gd_layout *layout)
{
    bool first = true;
    layout->first_fault = layout->last_fault = GD_NEVER;
    for (uint32_t i = 0; i < plan->n_faults; i++) {
        const gd_plan_fault *fault = &plan->faults[i];
        layout->words |= fault->running_too;
        layout->sides |= fault->lever == GD_LEVER_CUT || fault->lever == GD_LEVER_DARK ||
                         fault->lever == GD_LEVER_MESSAGE;
        layout->roots |= fault->by_request;
        if (fault->background)
            continue; /* it is there all the time: no phase begins or ends with it */
        if (layout->first_fault == GD_NEVER || fault->start < layout->first_fault)
            layout->first_fault = fault->start;
        if (first || fault->end > layout->last_fault)
            layout->last_fault = fault->end;
        first = false;
    }
}

static void pages_of(const gd_plan *plan, gd_layout *layout)
{
    memset(layout->site_view, 0xff, plan->n_sites * sizeof layout->site_view[0]);
    for (uint32_t c = 0; c < plan->n_clients; c++) {
        const gd_plan_client *client = &plan->clients[c];
        uint32_t first = GD_NONE;
        for (uint32_t j = 0; j < client->journeys_n; j++) {
            const gd_journey *journey = &plan->journeys[client->journeys_first + j];
            for (uint32_t p = 0; p < journey->pages_n; p++) {
                const gd_page *page = &plan->pages[journey->pages_first + p];
                layout->site_view[page->site] = page->op_record;
                first = page->op_record < first ? page->op_record : first;
            }
        }
        for (uint32_t s = 0; s < plan->n_sites; s++)
            if (plan->sites[s].client == c && layout->site_view[s] != GD_NONE)
                layout->site_bit[s] = MIN(layout->site_view[s] - first, 63u);
    }
}

/* Beside the frames of plans in which some caller listens to a retry_after and somebody says one,
 * or some request carries a deadline. */
static void scan_policies(const gd_plan *plan, gd_layout *layout)
{
    bool hears = false, says = plan->says_retry_after;
    for (uint32_t i = 0; i < plan->n_policies; i++) {
        const gd_plan_policy *policy = &plan->policies[i];
        gd_policy_kind kind = (gd_policy_kind)policy->kind;
        hears |= gd_policy_hears_retry_after(kind, policy->spec);
        layout->extras |= gd_policy_carries(kind, policy->spec) != GD_CARRIES_NONE;
        layout->roots |= gd_policy_needs_roots(kind, policy->spec);
    }
    layout->extras |= hears && says;
    for (uint32_t i = 0; i < plan->n_sites; i++)
        layout->roots |= plan->sites[i].then == GD_THEN_FALLBACK;
}

gd_layout *gd_layout_new(const gd_plan *plan)
{
    gd_arena *arena = gd_arena_new();
    gd_layout *layout = gd_arena_make(arena, gd_layout);
    layout->arena = arena;
    layout->references = 1;
    scan_steps(plan, layout);
    scan_services(plan, layout);
    scan_faults(plan, layout);
    scan_policies(plan, layout);
    for (uint32_t i = 0; i < plan->n_sites; i++)
        layout->sides |= plan->sites[i].then == GD_THEN_CRASH;
    layout->roots |= plan->needs_roots;
    layout->words |= plan->pauses;
    layout->sides |= layout->words || layout->roots;
    layout->dist_ring = gd_arena_array(arena, uint8_t, plan->n_dists + 1);
    layout->policy_ring = gd_arena_array(arena, uint8_t, plan->n_policies + 1);
    layout->site_view = gd_arena_array(arena, uint32_t, plan->n_sites + 1);
    layout->site_bit = gd_arena_array(arena, uint32_t, plan->n_sites + 1);
    pages_of(plan, layout);
    return layout;
}

gd_layout *gd_layout_ref(gd_layout *layout)
{
    g_atomic_int_inc(&layout->references);
    return layout;
}

void gd_layout_unref(gd_layout *layout)
{
    if (g_atomic_int_dec_and_test(&layout->references))
        gd_arena_free(layout->arena);
}

/* Constant delays wait in rings: links first, then timers, then constant work. */
void gd_layout_rings(gd_run *run)
{
    const gd_plan *plan = run->plan;
    gd_layout *layout = run->layout;
    gd_agenda *agenda = &run->agenda;
    for (uint32_t i = 0; i < plan->n_links; i++) {
        const gd_plan_link *link = &plan->links[i];
        gd_link_run *state = &GD_SEG(run, GD_SEG_LINKS, gd_link_run)[i];
        bool constant = link->is_constant || link->latency == GD_NONE;
        state->plain = constant && !link->loss && !link->bytes_per_s && !link->ordered;
        state->request_ring = state->reply_ring = GD_NO_RING;
        state->fast = state->plain;
        if (!state->plain || link->constant == 0)
            continue;
        state->request_ring = gd_agenda_ring(agenda, link->constant, GD_RANK_ARRIVAL);
        state->reply_ring = gd_agenda_ring(agenda, link->constant, GD_RANK_REPLY);
        if (state->request_ring == GD_NO_RING || state->reply_ring == GD_NO_RING)
            state->plain = false;
        state->fast = state->plain;
    }
    for (uint32_t i = 0; i < plan->n_policies; i++) {
        const gd_plan_policy *policy = &plan->policies[i];
        gd_span span = gd_policy_timer_span((gd_policy_kind)policy->kind, policy->spec);
        layout->policy_ring[i] =
            span > 0 ? gd_agenda_ring(agenda, span, GD_RANK_TIMER) : GD_NO_RING;
    }
    memset(layout->dist_ring, GD_NO_RING, plan->n_dists + 1);
    for (uint32_t i = 0; i < plan->n_steps; i++) {
        const gd_step *step = &plan->steps[i];
        if (step->kind != GD_STEP_WORK || plan->dists[step->a].kind != GD_DIST_CONSTANT)
            continue;
        layout->dist_ring[step->a] =
            gd_agenda_ring(agenda, (gd_span)plan->dists[step->a].a, GD_RANK_REPLY);
    }
}

static void zeroed(gd_run *run, unsigned seg, size_t count, size_t size)
{
    gd_segment *segment = &run->segs[seg];
    gd_segment_reserve(segment, &run->memory, count * size + 16);
    segment->used = count * size + 16;
    memset(segment->base, 0, segment->used);
}

static void mark_tied(gd_run *run)
{
    const gd_plan *plan = run->plan;
    for (uint32_t i = 0; i < plan->n_sites; i++) {
        const gd_plan_site *site = &plan->sites[i];
        for (uint32_t c = 0; site->tied && c < site->callees_n; c++) {
            uint32_t op = plan->callees[site->callees_first + c];
            const gd_plan_service *service = &plan->services[plan->ops[op].service];
            for (uint32_t k = 0; k < service->instances_n; k++)
                GD_INSTANCES(run)[service->instances_first + k].flags |= GD_I_TIED;
        }
    }
}

static void instances_new(gd_run *run)
{
    const gd_plan *plan = run->plan;
    uint32_t classes = 0, shared = 0;
    uint64_t serve = 0;
    for (uint32_t i = 0; i < plan->n_instances; i++) {
        const gd_plan_service *service = &plan->services[plan->instances[i].service];
        gd_instance *instance = &GD_INSTANCES(run)[i];
        *instance = (gd_instance){
            .workers = service->workers,
            .queue_limit = service->queue_limit,
            .head = GD_NONE,
            .tail = GD_NONE,
            .lane_head = GD_NONE,
            .lane_tail = GD_NONE,
            .service = plan->instances[i].service,
            .zone = plan->instances[i].zone,
            .aside = GD_NONE,
            .flags = (uint16_t)((service->unavailable ? GD_I_ERRORS : 0) |
                                (service->quota ? GD_I_LIMITED : 0) |
                                (service->serves_n ? GD_I_SERVE : 0)),
            .serve = (uint32_t)(serve / 8),
        };
        serve += service->serve_bytes;
        if (service->discipline == GD_PRIORITY)
            instance->aside = classes++;
        else if (service->discipline == GD_PS)
            instance->aside = shared++;
    }
    zeroed(run, GD_SEG_CLASSES, classes, sizeof(gd_classes));
    memset(run->segs[GD_SEG_CLASSES].base, 0xff, classes * sizeof(gd_classes));
    zeroed(run, GD_SEG_SERVE, serve, 1);
    zeroed(run, GD_SEG_SHARED, shared, sizeof(gd_shared));
    for (uint32_t i = 0; i < shared; i++)
        GD_SEG(run, GD_SEG_SHARED, gd_shared)[i].root = GD_NONE;
}

static void faults_new(gd_run *run)
{
    const gd_plan *plan = run->plan;
    zeroed(run, GD_SEG_FAULT_RUNS, plan->n_faults, sizeof(gd_fault_run));
    zeroed(run, GD_SEG_FAULT_RECORDS, plan->n_faults, sizeof(gd_fault_record));
    zeroed(run, GD_SEG_TARGETS, plan->n_targets, sizeof(gd_target_run));
    zeroed(run, GD_SEG_UNITS, plan->n_units, sizeof(gd_unit_run));
    zeroed(run, GD_SEG_MESSAGES_S, plan->n_sites, sizeof(gd_message_state));
    zeroed(run, GD_SEG_MESSAGES_L, plan->n_links, sizeof(gd_message_state));
    zeroed(run, GD_SEG_HITS, plan->n_faults, sizeof(uint32_t));
    zeroed(run, GD_SEG_FLAGS, plan->n_flags, sizeof(uint64_t));
    zeroed(run, GD_SEG_MIX, plan->n_journeys, sizeof(uint64_t));
    for (uint32_t i = 0; i < plan->n_faults; i++)
        GD_SEG(run, GD_SEG_FAULT_RECORDS, gd_fault_record)
    [i] = (gd_fault_record){
        .injected = GD_NEVER, .effective = GD_NEVER, .removed = GD_NEVER, .last = GD_NEVER};
    for (uint32_t i = 0; i < plan->n_flags; i++)
        GD_SEG(run, GD_SEG_FLAGS, uint64_t)[i] = plan->flags[i].on;
}

void gd_layout_state(gd_run *run)
{
    const gd_plan *plan = run->plan;
    zeroed(run, GD_SEG_INSTANCES, plan->n_instances, sizeof(gd_instance));
    instances_new(run);
    mark_tied(run);
    zeroed(run, GD_SEG_STATE_INDEX, plan->n_states, sizeof(uint32_t));
    zeroed(run, GD_SEG_PAUSES, plan->pauses ? plan->n_instances : 0, sizeof(gd_time));
    zeroed(run, GD_SEG_RATE_BUCKETS, plan->n_rate_buckets, sizeof(gd_rate_bucket));
    zeroed(run, GD_SEG_CONN_POOLS, plan->n_connection_states, sizeof(gd_conn_pool));
    zeroed(run, GD_SEG_BUCKETS, (size_t)plan->n_faults + plan->n_services, sizeof(gd_bucket));
    zeroed(run, GD_SEG_FAULTS, plan->n_faults, sizeof(gd_share));
    faults_new(run);
    zeroed(run, GD_SEG_LINKS, plan->n_links, sizeof(gd_link_run));
    zeroed(run, GD_SEG_CLIENTS, plan->n_clients, sizeof(gd_client_run));
    zeroed(run, GD_SEG_GAUGES, plan->n_services, sizeof(gd_gauge));
    zeroed(run, GD_SEG_VIEW_WINDOWS, plan->n_views, sizeof(gd_view_window));
    zeroed(run, GD_SEG_SERVICE_WINDOWS, plan->n_services, sizeof(gd_service_window));
    zeroed(run, GD_SEG_EDGE_WINDOWS, plan->n_edges, sizeof(gd_edge_window));
    zeroed(run, GD_SEG_OBJECTIVE_WINDOWS, plan->n_objectives, sizeof(gd_objective_window));
    zeroed(run, GD_SEG_VIEWS, plan->n_views, sizeof(gd_view_record));
    zeroed(run, GD_SEG_CLIENT_RECORDS, plan->n_clients, sizeof(gd_client_record));
    zeroed(run, GD_SEG_SERVICES, plan->n_services, sizeof(gd_service_record));
    zeroed(run, GD_SEG_EDGES, plan->n_edges, sizeof(gd_edge_record));
    zeroed(run, GD_SEG_TICKS, plan->n_ticks, sizeof(gd_tick));
    zeroed(run, GD_SEG_ENDPOINTS, plan->registries ? plan->n_instances : 0, sizeof(gd_endpoint));
    zeroed(run, GD_SEG_COUNTERS, (size_t)plan->n_counters * GD_PHASES, sizeof(uint64_t));
    static const unsigned levers[] = {GD_SEG_LEVERS_I, GD_SEG_LEVERS_S, GD_SEG_LEVERS_L};
    const uint32_t counts[] = {plan->n_instances, plan->n_sites, plan->n_links};
    for (unsigned k = 0; k < 3; k++) {
        zeroed(run, levers[k], counts[k], sizeof(gd_lever_state));
        for (uint32_t i = 0; i < counts[k]; i++)
            GD_SEG(run, levers[k], gd_lever_state)
        [i] = (gd_lever_state){.factor = GD_SHARE_ONE, .limit = GD_NONE};
    }
    gd_segment *states = &run->segs[GD_SEG_STATES];
    if (states->base)
        memset(states->base, 0, states->capacity);
    states->used = 0;
}
