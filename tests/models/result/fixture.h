/* A hand-made record: what a run would have measured, second by second, so that the right answers
 * can be worked out on paper. One client with two pages, two services, one fault.
 */
#pragma once

#include "models/result/result.h"
#include "tests/check.h"

enum { CHECKOUT, HOME, VIEWS }; /* byte order of names */
enum { ORDERS_PAYMENTS, WEB_ORDERS, EDGES };
enum { ORDERS, PAYMENTS, SERVICES };
enum { SECONDS = 900, CALM = 100 }; /* requests a second on each page */

enum { TRAFFIC = 100000 }; /* answers a second that an objective counts: shares come out exactly */

typedef struct {
    gd_arena *arena;
    gd_plan plan;
    gd_plan_client client;
    gd_plan_fault fault;
    gd_hist_pool hists;
    gd_record record;
    uint32_t target;
} fixture;

static const char *const fixture_views[] = {"web.checkout", "web.home"};

static inline void fixture_plan(fixture *f)
{
    gd_arena *arena = f->arena;
    f->client = (gd_plan_client){.name = "web", .arrivals = GD_ARRIVE_POISSON};
    f->fault = (gd_plan_fault){
        .name = "psp-slow", .fault = "slow", .target = "services.payments", .targets_n = 1};
    gd_plan_service *services = gd_arena_array(arena, gd_plan_service, SERVICES);
    services[ORDERS] = (gd_plan_service){.name = "orders", .workers = 4, .instances_n = 2};
    services[PAYMENTS] = (gd_plan_service){.name = "payments", .workers = 2, .instances_n = 1};
    gd_plan_op *ops = gd_arena_array(arena, gd_plan_op, 2);
    ops[0] = (gd_plan_op){.name = "orders.place", .service = ORDERS};
    ops[1] = (gd_plan_op){.name = "payments.charge", .service = PAYMENTS};
    gd_plan_edge *edges = gd_arena_array(arena, gd_plan_edge, EDGES);
    edges[ORDERS_PAYMENTS] = (gd_plan_edge){.name = "orders>payments.charge", .has_breaker = true};
    edges[WEB_ORDERS] = (gd_plan_edge){.name = "web>orders.place"};
    gd_plan_site *sites = gd_arena_array(arena, gd_plan_site, 2);
    sites[0] = (gd_plan_site){.edge = WEB_ORDERS,
                              .client = 0,
                              .caller_service = GD_NONE,
                              .callees_first = 0,
                              .callees_n = 1};
    sites[1] = (gd_plan_site){.edge = ORDERS_PAYMENTS,
                              .client = GD_NONE,
                              .caller_service = ORDERS,
                              .callees_first = 1,
                              .callees_n = 1};
    uint32_t *callees = gd_arena_array(arena, uint32_t, 2);
    callees[1] = 1;
    gd_plan_view *views = gd_arena_array(arena, gd_plan_view, VIEWS);
    for (unsigned i = 0; i < VIEWS; i++)
        views[i] = (gd_plan_view){.name = fixture_views[i], .useful_within = GD_NEVER};

    f->plan = (gd_plan){
        .arena = arena,
        .name = "hand-made",
        .warmup = 60 * GD_S,
        .horizon = (60 + SECONDS) * GD_S,
        .window = GD_S,
        .windows = SECONDS,
        .services = services,
        .n_services = SERVICES,
        .ops = ops,
        .n_ops = 2,
        .sites = sites,
        .n_sites = 2,
        .edges = edges,
        .n_edges = EDGES,
        .callees = callees,
        .n_callees = 2,
        .clients = &f->client,
        .n_clients = 1,
        .views = views,
        .n_views = VIEWS,
        .faults = &f->fault,
        .n_faults = 0,
    };
}

static inline void fixture_series(fixture *f)
{
    gd_arena *arena = f->arena;
    gd_record *record = &f->record;
    record->view_series = gd_arena_array(arena, gd_view_series, VIEWS);
    for (unsigned i = 0; i < VIEWS; i++) {
        gd_view_series *s = &record->view_series[i];
        uint32_t **counts[] = {&s->requests, &s->good,   &s->degraded,
                               &s->failed,   &s->useful, &s->attempts};
        for (unsigned c = 0; c < G_N_ELEMENTS(counts); c++)
            *counts[c] = gd_arena_array(arena, uint32_t, SECONDS);
        int64_t **times[] = {&s->p50, &s->p99, &s->max};
        for (unsigned t = 0; t < G_N_ELEMENTS(times); t++) {
            *times[t] = gd_arena_array(arena, int64_t, SECONDS);
            for (unsigned w = 0; w < SECONDS; w++)
                (*times[t])[w] = -1;
        }
    }
    record->service_series = gd_arena_array(arena, gd_service_series, SERVICES);
    for (unsigned i = 0; i < SERVICES; i++)
        record->service_series[i] = (gd_service_series){
            .arrivals = gd_arena_array(arena, uint32_t, SECONDS),
            .completed = gd_arena_array(arena, uint32_t, SECONDS),
            .rejected = gd_arena_array(arena, uint32_t, SECONDS),
            .busy_area = gd_arena_array(arena, uint64_t, SECONDS),
            .queue_area = gd_arena_array(arena, uint64_t, SECONDS),
            .queue_max = gd_arena_array(arena, uint32_t, SECONDS),
        };
    record->edge_series = gd_arena_array(arena, gd_edge_series, EDGES);
    for (unsigned i = 0; i < EDGES; i++)
        record->edge_series[i] = (gd_edge_series){
            .attempts = gd_arena_array(arena, uint32_t, SECONDS),
            .failed = gd_arena_array(arena, uint32_t, SECONDS),
            .breakers_open = gd_arena_array(arena, uint32_t, SECONDS),
        };
}

/* From second `from` to `to`, a page is asked for and answered usefully so often each second. The
 * counters by phase are the test's own business. */
static inline void fixture_load(fixture *f, unsigned view, uint32_t from, uint32_t to,
                                uint32_t asked, uint32_t useful)
{
    gd_view_series *s = &f->record.view_series[view];
    for (uint32_t w = from; w < to; w++) {
        s->requests[w] = s->attempts[w] = asked;
        s->useful[w] = s->good[w] = useful;
        s->failed[w] = asked - useful;
    }
}

/* A calm run of 15 minutes: 100 requests a second on each page, all answered. */
static inline fixture *fixture_new(void)
{
    gd_arena *arena = gd_arena_new();
    fixture *f = gd_arena_make(arena, fixture);
    f->arena = arena;
    fixture_plan(f);
    f->record = (gd_record){
        .plan = &f->plan,
        .seed = 7,
        .digest = UINT64_C(0x0123456789abcdef),
        .events = 42,
        .ended_at = SECONDS * GD_S,
        .end = GD_END_DURATION,
        .windows = SECONDS,
        .views = gd_arena_array(arena, gd_view_record, VIEWS),
        .services = gd_arena_array(arena, gd_service_record, SERVICES),
        .edges = gd_arena_array(arena, gd_edge_record, EDGES),
        .hists = &f->hists,
    };
    fixture_series(f);
    for (unsigned i = 0; i < VIEWS; i++)
        fixture_load(f, i, 0, SECONDS, CALM, CALM);
    return f;
}

/* The fault's time, in seconds from the end of the warm-up; `end` 0: it never ends. */
static inline void fixture_fault(fixture *f, uint32_t start, uint32_t end)
{
    f->plan.n_faults = 1;
    f->fault.start = f->plan.warmup + start * GD_S;
    f->fault.end = end ? f->plan.warmup + end * GD_S : GD_NEVER;
}

/* An objective for all pages, and its TRAFFIC good answers a second. */
static inline void fixture_promise(fixture *f, gd_share target, gd_span period)
{
    gd_plan_objective *objective = gd_arena_make(f->arena, gd_plan_objective);
    *objective = (gd_plan_objective){
        .name = "pages", .of = "web", .within = GD_NEVER, .target = target, .period = period};
    f->plan.objectives = objective;
    f->plan.n_objectives = 1;
    gd_objective_series *series = gd_arena_make(f->arena, gd_objective_series);
    series->good = gd_arena_array(f->arena, uint32_t, SECONDS);
    series->bad = gd_arena_array(f->arena, uint32_t, SECONDS);
    for (unsigned w = 0; w < SECONDS; w++)
        series->good[w] = TRAFFIC;
    f->record.objective_series = series;
}

static inline gd_result *fixture_result(fixture *f)
{
    return gd_result_new(&f->record, &(gd_result_options){0});
}

static inline void fixture_free(fixture *f)
{
    gd_hist_pool_clear(&f->hists);
    gd_arena_free(f->arena);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(fixture, fixture_free)
