/* Plans and runs for tests: small documents in, what happened out.
 *
 * Documents are written with ' for ", so that they read well in C. Arrivals may stand in the
 * document itself: "arrivals": {"csv": "0 1ms 2s"} arrives at these instants. What happened is a
 * story: "0 asks web>a.op, 5 worked a, 5 answer web>a.op", times in ms.
 */
#pragma once

#include "models/run.h"
#include "tests/check.h"

/* The plan of a scenario with its model inside; a document with a mistake fails the test. */
gd_plan *plan_from_json(gd_arena *arena, const char *text);

typedef struct {
    gd_arena *arena;
    gd_plan *plan;
    gd_run *run;
    GString *story;
    const char *kinds;
    const gd_record *record; /* after bench_play */
} bench;

/* A run of seed 1. `model` is the members of a model, `scenario` more members of the scenario. */
bench bench_of(const char *model, const char *scenario);
void bench_clear(bench *b);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(bench, bench_clear)

/* Plays it to its end. The story keeps events of these kinds ("asks answer timer"); returns it. */
const char *bench_play(bench *b, const char *kinds);

/* By name; one that is not there fails the test. */
const gd_view_record *bench_view(const bench *b, const char *name);
const gd_service_record *bench_service(const bench *b, const char *name);
const gd_edge_record *bench_edge(const bench *b, const char *name);
/* Of a call: bench_counter(b, "web>s.op", "bulkhead", "refused"). */
uint64_t bench_counter(const bench *b, const char *edge, const char *group, const char *name);
uint32_t bench_site(const gd_plan *plan, const char *name);

/* How requests of a view ended, all phases: "ok 3 timeout 2". Lives as long as the bench. */
const char *bench_outcomes(const bench *b, const char *view);
/* How calls of an edge ended (`tries`: how their attempts did). */
const char *bench_calls(const bench *b, const char *edge);
const char *bench_tries(const bench *b, const char *edge);
/* Latencies of a view: the only one of its requests, failed or not, in ms. */
double bench_latency_ms(const bench *b, const char *view);
