/* What a run counts while it goes: windows of the series, user-visible operations, the timeline.
 *
 * A window is [start, end): it is closed before the first event at or after its end. Requests count
 * where they begin, answers where they arrive; only requests that began after the warm-up count.
 */
#include "models/flow/engine.h"

#include <string.h>

#define FAULTS_KEPT     4000u /* and so many lines for faults, which come and go */
#define HAPPENINGS_KEPT 5000u /* assumption: more would not be read; the rest is counted */

static void hist_empty(gd_run *run, gd_hist *hist)
{
    for (unsigned octave = 0; hist->count && octave < GD_HIST_OCTAVES; octave++)
        if (hist->block[octave])
            memset(run->hists.counters + (size_t)(hist->block[octave] - 1) * GD_HIST_SUB, 0,
                   GD_HIST_SUB * sizeof(uint32_t));
    hist->count = hist->zeros = hist->clipped = 0;
    hist->low = hist->spread = 0;
    hist->sum = 0;
}

/* The answers of the window so far join the record of the present phase. */
static void join_record(gd_run *run, uint32_t i)
{
    gd_view_window *window = &GD_SEG(run, GD_SEG_VIEW_WINDOWS, gd_view_window)[i];
    gd_view_record *record = &GD_VIEWS(run)[i];
    if (window->latency.count == 0)
        return;
    gd_hist_merge(&record->good[run->phase], &run->hists, &window->latency, &run->hists);
}

void gd_measure_phase(gd_run *run, gd_phase phase)
{
    for (uint32_t i = 0; phase != run->phase && i < run->plan->n_views; i++) {
        gd_view_window *window = &GD_SEG(run, GD_SEG_VIEW_WINDOWS, gd_view_window)[i];
        join_record(run, i);
        gd_hist_merge(&window->carried, &run->hists, &window->latency, &run->hists);
        hist_empty(run, &window->latency);
    }
    run->phase = phase;
}

static void close_view(gd_run *run, uint32_t i, uint32_t w)
{
    gd_view_window *window = &GD_SEG(run, GD_SEG_VIEW_WINDOWS, gd_view_window)[i];
    const gd_view_series *s = &run->record.view_series[i];
    s->requests[w] = window->requests;
    s->good[w] = window->good;
    s->degraded[w] = window->degraded;
    s->failed[w] = window->failed;
    s->useful[w] = window->useful;
    s->attempts[w] = window->attempts;
    join_record(run, i);
    if (window->carried.count) {
        gd_hist_merge(&window->latency, &run->hists, &window->carried, &run->hists);
        hist_empty(run, &window->carried);
    }
    s->p50[w] = gd_hist_quantile(&window->latency, &run->hists, GD_SHARE_ONE / 2);
    s->p99[w] = gd_hist_quantile(&window->latency, &run->hists, GD_SHARE_ONE / 100 * 99);
    s->max[w] = window->latency.count ? gd_hist_max(&window->latency) : -1;

    hist_empty(run, &window->latency);
    window->requests = window->good = window->degraded = window->failed = 0;
    window->useful = window->attempts = 0;
}

/* A window begins with the queues that are there. */
static void window_begins(gd_run *run, uint32_t i)
{
    const gd_plan_service *service = &run->plan->services[i];
    gd_service_window *window = gd_service_window_of(run, i);
    *window = (gd_service_window){0};
    /* No more are queued at the instances than at the service: most windows look at none. */
    uint32_t left = GD_GAUGES(run)[i].queue;
    for (uint32_t k = 0; k < service->instances_n && left > window->queue_max; k++) {
        uint32_t queued = GD_INSTANCES(run)[service->instances_first + k].queued;
        left -= queued;
        if (queued > window->queue_max)
            window->queue_max = queued;
    }
}

static void close_service(gd_run *run, uint32_t i, uint32_t w, gd_time at)
{
    gd_service_window *window = gd_service_window_of(run, i);
    gd_gauge *gauge = &GD_GAUGES(run)[i];
    gd_service_record *record = &GD_SERVICES(run)[i];
    const gd_service_series *s = &run->record.service_series[i];
    gd_gauge_touch(gauge, at);
    s->busy_area[w] = gauge->busy_area;
    s->queue_area[w] = gauge->queue_area;
    s->arrivals[w] = window->arrivals;
    s->completed[w] = window->completed;
    s->rejected[w] = window->rejected;
    s->queue_max[w] = window->queue_max;
    record->arrivals += window->arrivals;
    record->completed += window->completed;
    record->rejected += window->rejected;
    record->busy_area += gauge->busy_area;
    record->queue_area += gauge->queue_area;
    record->system_area += gauge->system_area;
    if (window->queue_max > record->queue_max)
        record->queue_max = window->queue_max;
    gauge->busy_area = gauge->queue_area = gauge->system_area = 0;
    window_begins(run, i);
}

static void close_objectives(gd_run *run, uint32_t w)
{
    for (uint32_t i = 0; i < run->plan->n_objectives; i++) {
        gd_objective_window *window =
            &GD_SEG(run, GD_SEG_OBJECTIVE_WINDOWS, gd_objective_window)[i];
        run->record.objective_series[i].good[w] = window->good;
        run->record.objective_series[i].bad[w] = window->bad;
        *window = (gd_objective_window){0};
    }
}

static void close_windows(gd_run *run, gd_time at)
{
    const gd_plan *plan = run->plan;
    uint32_t w = run->window;
    if (w >= plan->windows) /* the run ended at its horizon, where the last window did */
        return;
    gd_hist_flush(&run->soon, &run->hists);
    if (w == run->series_room)
        gd_measure_grow(run);
    for (uint32_t i = 0; i < plan->n_views; i++)
        close_view(run, i, w);
    for (uint32_t i = 0; i < plan->n_services; i++)
        close_service(run, i, w, at);
    for (uint32_t i = 0; i < plan->n_edges; i++) {
        gd_edge_window *window = gd_edge_window_of(run, i);
        const gd_edge_series *s = &run->record.edge_series[i];
        s->attempts[w] = window->attempts;
        s->failed[w] = window->failed;
        s->breakers_open[w] = window->open_now;
        GD_EDGES(run)[i].attempts += window->attempts;
        window->attempts = window->failed = 0;
    }
    close_objectives(run, w);
    run->window++;
}

/* The warm-up is over: what was counted so far does not count. Counting always and forgetting once
 * costs the loop nothing. */
static void begin_measuring(gd_run *run, gd_time at)
{
    const gd_plan *plan = run->plan;
    gd_hist_flush(&run->soon, &run->hists);
    for (uint32_t i = 0; i < plan->n_services; i++) {
        gd_gauge *gauge = &GD_GAUGES(run)[i];
        gd_gauge_touch(gauge, at);
        gauge->busy_area = gauge->queue_area = gauge->system_area = 0;
        window_begins(run, i);
    }
    memset(GD_SERVICES(run), 0, plan->n_services * sizeof(gd_service_record));
    memset(GD_EDGES(run), 0, plan->n_edges * sizeof(gd_edge_record));
    memset(GD_VIEWS(run), 0, plan->n_views * sizeof(gd_view_record));
    for (uint32_t i = 0; i < plan->n_edges; i++) {
        gd_edge_window *window = gd_edge_window_of(run, i);
        *window = (gd_edge_window){.open_now = window->open_now, .changed = at};
    }
    memset(GD_SEG(run, GD_SEG_VIEW_WINDOWS, gd_view_window), 0,
           plan->n_views * sizeof(gd_view_window));
    memset(GD_SEG(run, GD_SEG_COUNTERS, uint64_t), 0,
           (size_t)plan->n_counters * GD_PHASES * sizeof(uint64_t));
    memset(GD_SEG(run, GD_SEG_OBJECTIVE_WINDOWS, gd_objective_window), 0,
           plan->n_objectives * sizeof(gd_objective_window));
    run->hists.blocks = 0;
    run->measuring = true;
}

void gd_measure_window_end(gd_run *run)
{
    gd_time at = run->boundary;
    if (!run->measuring)
        begin_measuring(run, at);
    else
        close_windows(run, at);
    run->boundary =
        run->window < run->plan->windows ? gd_time_add(at, run->plan->window) : GD_NEVER;
}

/* ---- user-visible operations -------------------------------------------------------------------
 */
void gd_measure_request(gd_run *run, uint32_t view)
{
    GD_VIEWS(run)[view].requests[run->phase]++;
    GD_SEG(run, GD_SEG_VIEW_WINDOWS, gd_view_window)[view].requests++;
}

static void count_objectives(gd_run *run, const gd_plan_view *view, gd_span latency,
                             gd_outcome outcome)
{
    for (uint32_t i = 0; i < view->objectives_n; i++) {
        uint32_t index = run->plan->view_objectives[view->objectives_first + i];
        const gd_plan_objective *objective = &run->plan->objectives[index];
        gd_objective_window *window =
            &GD_SEG(run, GD_SEG_OBJECTIVE_WINDOWS, gd_objective_window)[index];
        bool valid = objective->valid >> outcome & 1;
        bool good = objective->good >> outcome & 1 && latency <= objective->within;
        window->good += valid && good;
        window->bad += valid && !good;
    }
}

GD_HOT void gd_measure_view(gd_run *run, uint32_t view, gd_span latency, uint32_t attempts,
                            gd_outcome outcome)
{
    gd_view_record *record = &GD_VIEWS(run)[view];
    gd_view_window *window = &GD_SEG(run, GD_SEG_VIEW_WINDOWS, gd_view_window)[view];
    const gd_plan_view *plan = &run->plan->views[view];
    if (plan->objectives_n)
        count_objectives(run, plan, latency, outcome);
    record->outcomes[run->phase][outcome]++;
    record->attempts += attempts;
    window->attempts += attempts;
    if (gd_outcome_rows[outcome].good) {
        bool useful = latency <= plan->useful_within;
        gd_hist_add(&window->latency, &run->hists, latency);
        record->useful[run->phase] += useful;
        window->useful += useful;
        window->good++;
        window->degraded += outcome == GD_DEGRADED;
    } else {
        /* Failures only: finishing the run adds the good ones. */
        gd_hist_add(&record->all[run->phase], &run->hists, latency);
        window->failed++;
    }
}

/* ---- the timeline ------------------------------------------------------------------------------
 */
void gd_measure_happening(gd_run *run, gd_happened what, uint32_t about, uint32_t count)
{
    uint32_t n = run->record.n_happenings;
    bool fault = what == GD_HAPPENED_FAULT_BEGAN || what == GD_HAPPENED_FAULT_ENDED;
    if (n >= HAPPENINGS_KEPT + (fault ? FAULTS_KEPT : 0)) {
        run->happenings_dropped++;
        return;
    }
    gd_segment *segment = &run->segs[GD_SEG_HAPPENINGS];
    gd_segment_reserve(segment, &run->memory, (n + 1) * sizeof(gd_happening));
    segment->used = (n + 1) * sizeof(gd_happening);
    GD_SEG(run, GD_SEG_HAPPENINGS, gd_happening)
    [n] = (gd_happening){
        .at = run->now - run->plan->warmup, .what = (uint8_t)what, .about = about, .count = count};
    run->record.n_happenings = n + 1;
}

static void breaker_area(gd_run *run, uint32_t edge)
{
    gd_edge_window *window = gd_edge_window_of(run, edge);
    GD_EDGES(run)
    [edge].breaker_open_area += (gd_u128)(run->now - window->changed) * window->open_now;
    window->changed = run->now;
}

void gd_measure_breaker(gd_run *run, uint32_t edge, int change)
{
    breaker_area(run, edge);
    gd_edge_window *window = gd_edge_window_of(run, edge);
    window->open_now = (uint32_t)((int)window->open_now + change);
    if (change > 0) {
        GD_EDGES(run)[edge].breaker_opens++;
        gd_measure_happening(run, GD_HAPPENED_BREAKER_OPENED, edge, window->open_now);
    }
}

/* ---- the end -----------------------------------------------------------------------------------
 */
static void finish_view(gd_run *run, gd_view_record *view)
{
    uint64_t begun = 0, ended = 0;
    for (unsigned p = 0; p < GD_PHASES; p++) {
        begun += view->requests[p];
        for (unsigned o = 0; o < GD_OUTCOMES; o++)
            ended += view->outcomes[p][o];
        gd_hist_merge(&view->all[p], &run->hists, &view->good[p], &run->hists);
    }
    view->outcomes[run->phase][GD_UNFINISHED] += begun - ended;
}

/* Each request of an open client without journeys is a user's own. */
static void finish_clients(gd_run *run)
{
    for (uint32_t i = 0; i < run->plan->n_views; i++) {
        const gd_plan_client *client = &run->plan->clients[run->plan->views[i].client];
        gd_client_record *record = &GD_CLIENT_RECORDS(run)[run->plan->views[i].client];
        if (client->visits || client->arrivals == GD_ARRIVE_USERS)
            continue;
        record->users += GD_VIEWS(run)[i].users;
        record->users_hurt += GD_VIEWS(run)[i].users_hurt;
    }
}

/* A client's call is its user-visible operation: counted once, told twice. */
static void finish_edges(gd_run *run)
{
    const gd_plan *plan = run->plan;
    for (uint32_t i = 0; i < plan->n_sites; i++) {
        if (plan->sites[i].client == GD_NONE || run->layout->site_view[i] == GD_NONE)
            continue;
        const gd_view_record *view = &GD_VIEWS(run)[run->layout->site_view[i]];
        for (unsigned p = 0; p < GD_PHASES; p++)
            gd_hist_merge(&GD_EDGES(run)[plan->sites[i].edge].latency, &run->hists, &view->all[p],
                          &run->hists);
    }
}

/* How long each service's instances were up is not followed: crashed workers count as available, so
 * that utilisation is of what was paid for. */
static void finish_service(gd_run *run, uint32_t i)
{
    const gd_plan_service *service = &run->plan->services[i];
    gd_span measured = run->now - run->plan->warmup;
    if (service->workers != UINT32_MAX)
        GD_SERVICES(run)
    [i].worker_area = (gd_u128)measured * service->workers * service->instances_n;
}

uint64_t gd_record_counter(const gd_record *record, gd_counted_by of, uint32_t about,
                           const char *group, const char *name)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < record->plan->n_counters; i++) {
        const gd_plan_counter *counter = &record->plan->counters[i];
        if (counter->of == of && counter->about == about && strcmp(counter->group, group) == 0 &&
            strcmp(counter->row->name, name) == 0)
            for (unsigned phase = 0; phase < GD_PHASES; phase++)
                sum += record->counters[i * GD_PHASES + phase];
    }
    return sum;
}

const gd_record *gd_run_finish(gd_run *run)
{
    gd_record *record = &run->record;
    if (run->finished)
        return record;
    run->finished = true;
    const gd_plan *plan = run->plan;
    if (!run->measuring) {
        begin_measuring(run, run->now); /* it ended in its warm-up: nothing counts */
    } else {
        uint32_t edges = plan->n_edges;
        for (uint32_t i = 0; i < edges; i++)
            breaker_area(run, i);
        close_windows(run, run->now); /* the one in progress, empty or not */
        for (uint32_t i = 0; i < plan->n_views; i++)
            finish_view(run, &GD_VIEWS(run)[i]);
        for (uint32_t i = 0; i < plan->n_services; i++)
            finish_service(run, i);
        finish_edges(run);
        finish_clients(run);
    }
    record->plan = plan;
    record->seed = run->seed;
    record->digest = run->digest;
    record->events = run->events;
    record->ended_at = run->now - plan->warmup;
    record->end = run->end;
    record->busiest = run->busiest;
    record->peak_bytes = run->memory.peak;
    record->windows = run->window;
    record->views = GD_VIEWS(run);
    record->clients = GD_CLIENT_RECORDS(run);
    record->services = GD_SERVICES(run);
    record->edges = GD_EDGES(run);
    record->faults = GD_SEG(run, GD_SEG_FAULT_RECORDS, gd_fault_record);
    record->counters = GD_SEG(run, GD_SEG_COUNTERS, uint64_t);
    record->hists = &run->hists;
    record->happenings = GD_SEG(run, GD_SEG_HAPPENINGS, gd_happening);
    record->happenings_dropped = run->happenings_dropped;
    record->saturated = run->hists.saturated;
    return record;
}
