/* Everything at once: a branch goes on as its run does, a run after a reset as a new one, and every
 * request ends in exactly one outcome. */
#include "tests/models/serve/rig.h"

#define CLIENTS                                                                                    \
    "'clients': {'web': {'at': 's', 'timeout': '150ms', 'retry': {'max_attempts': 2, 'backoff': "  \
    "{'constant': '5ms'}}, 'criticality': 'critical_plus', 'arrivals': {'poisson': {'rate': "      \
    "'180/s'}}}, 'batch': {'at': 's', 'criticality': 'sheddable', 'segments': {'tenant': 'b'}, "   \
    "'deadline': {'after': '300ms', 'propagate': true}, 'arrivals': {'poisson': {'rate': "         \
    "'60/s'}}}}"
#define SEGMENTS "'segments': {'tenant': {'values': {'a': 2, 'b': 1, 'c': 1}}}, "
#define STATION(more)                                                                              \
    SEGMENTS "'services': {'s': {'instances': 2, 'workers': 1, 'cancellation': 'dequeue_only', "   \
             "'limits': {'each': {'by': 'tenant', 'rate': '80/s', 'burst': 5}}, " more             \
             ", 'operations': {'op': [{'work': {'exponential': {'mean': '9ms'}}}]}}}, " CLIENTS
#define CPU "'shed': {'cpu': {'tau': '200ms'}, 'success_rate': {'window': '1s'}, 'queue_age': '1s'}"

#define LOAD "'shed': {'cpu': {'tau': '200ms'}}"

static const char *const models[] = {
    STATION("'concurrency_limit': {'aimd': {'min': 2, 'timeout': '50ms'}}, 'reject_cost': '1ms', "
            "'gc': {'every': {'exponential': {'mean': '300ms'}}, 'pause': '30ms'}, " CPU),
    STATION(LOAD ", 'concurrency_limit': {'vegas': {'probe_multiplier': 2}}, 'discipline': "
                 "'adaptive_lifo', 'queue': {'codel': {}}, 'contention': {}"),
    STATION(
        LOAD
        ", 'concurrency_limit': {'gradient2': {'min': 2, 'window': '100ms'}}, 'discipline': "
        "'fair', 'fair': {'by': 'tenant', 'weights': {'a': 2}, 'limit': 9}, 'queue': {'timeout': "
        "{'exponential': {'mean': '40ms'}}}, 'warm_up': {'cold': true}"),
    STATION(
        LOAD
        ", 'concurrency_limit': {'gradient': {'interval': '1s', 'request_count': 10}}, "
        "'discipline': 'edf', 'queue': {'drop_expired': true}, 'memory': {'limit': '4MiB', "
        "'base': '1MiB', 'leak_per_request': '10KiB', 'allocates': '200KiB', 'restart': '100ms'}"),
    STATION(
        "'discipline': 'priority', 'classes': 'criticality', 'ageing': '20ms', 'preempt': true, "
        "'queue': {'codel_enqueue': {}, 'timeout': '60ms'}, 'isolation': {'shard': 1, 'by': "
        "'tenant'}, 'reject_cost': '2ms'"),
    STATION(LOAD
            ", 'discipline': 'ps', 'queue': {'limit': 8}, 'concurrency_limit': {'fixed': 6}, "
            "'contention': {'alpha': 0.1}, 'reject_cost': '1ms', 'brownout': {'target': '50ms', "
            "'period': '200ms'}, 'gc': {'every': '250ms', 'pause': '20ms'}"),
};

#define FAULT                                                                                      \
    "'faults': {'crash': {'fault': 'crash', 'target': 'services.s', 'instances': 1, 'at': '3s', "  \
    "'for': '500ms'}, 'slow': {'fault': 'slow', 'target': 'services.s', 'factor': 2, 'at': '1s', " \
    "'for': '1s', 'applies_to': 'running'}}, 'duration': '6s'"

static void test_branch_and_reset(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++) {
        g_auto(bench) b = bench_of(models[i], FAULT);
        gd_run_until(b.run, 2500 * GD_MS, UINT64_MAX);
        gd_run *branch = gd_run_branch(b.run);
        gd_run_until(b.run, GD_NEVER, UINT64_MAX);
        gd_run_until(branch, GD_NEVER, UINT64_MAX);
        uint64_t digest = gd_run_get_digest(b.run);
        check_that(gd_run_get_digest(branch) == digest, "model %zu: branch", i);
        const gd_record *record = gd_run_finish(b.run);
        check_that(record->end == GD_END_DURATION, "model %zu: ended by %d", i, record->end);
        for (uint32_t v = 0; v < b.plan->n_views; v++) {
            uint64_t begun = 0, ended = 0;
            for (unsigned p = 0; p < GD_PHASES; p++) {
                begun += record->views[v].requests[p];
                for (unsigned o = 0; o < GD_OUTCOMES; o++)
                    ended += record->views[v].outcomes[p][o];
            }
            check_that(begun == ended && begun > 100, "model %zu: %lu begun, %lu ended", i,
                       (unsigned long)begun, (unsigned long)ended);
        }
        const gd_service_record *s = &record->services[0];
        check_that(s->busy_area <= s->worker_area, "model %zu: utilization above 1", i);
        uint64_t events = gd_run_get_events(b.run);
        gd_run_free(branch);
        gd_run_reset(b.run, 1);
        gd_run_until(b.run, GD_NEVER, UINT64_MAX);
        check_that(gd_run_get_digest(b.run) == digest && gd_run_get_events(b.run) == events,
                   "model %zu: reset", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_branch_and_reset)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
