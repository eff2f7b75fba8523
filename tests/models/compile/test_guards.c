/* What the policies of a call refuse, and what they say then: the numbers, and what to write. */
#include "tests/models/compile/compiled.h"

#include <glib.h>

#define CALL(policy)                                                                               \
    "{'gameday': 1, 'services': {'api': {'workers': 1, 'operations': {'get': []}}}, 'clients': "   \
    "{'web': {'at': 'api', " policy ", 'arrivals': {'poisson': '1/s'}}}}"

static const struct {
    const char *policy, *wanted;
} cases[] = {
    {CALL("'retry': {'budget': {'ratio': '150%'}}"),
     "budget.ratio: \"150%\" is out of range; write a value between 0% and 100%"},
    {CALL("'retry': {'budget': {'sre_budget': {'share': 2}}}"), "budget.sre_budget.share"},
    {CALL("'retry': {'budget': {'finagle_ttl': {'ttl': '61s'}}}"), "between 1s and 1m"},
    {CALL("'retry': {'budget': {'aws_quota': 7}}"),
     "a retry costs 10, but there are only 7 units: it could never be paid; raise capacity"},
    {CALL("'retry': {'budget': {'ratio': {}, 'grpc_throttle': {}}}"), "one member"},
    {CALL("'retry': {'throttled_backoff': {'full': {'base': '2s', 'max': '1s'}}}"),
     "max is below base: no wait could be that long"},
    {CALL("'retry': {'retry_after': 'obey'}"), "\"obey\" is none of"},
    {CALL("'deadline': {'reserve': '5ms'}"), "bounds nothing; write \"after\""},
    {CALL("'deadline': {'after': '1s', 'min_useful': '2s'}"),
     "min_useful is 2s, but the whole call has only 1s: no call would ever be sent"},
    {CALL("'deadline': {'after': '1s', 'reserve': '5ms'}"), "write \"propagate\": true with it"},
    {CALL("'breaker': {'hystrix': {'window': '10s', 'snapshot': '3s'}}"),
     "the window of 10s is not 1 to 120 whole snapshots of 3s"},
    {CALL("'breaker': {'hystrix': {}, 'min_calls': 3}"),
     "belongs to a breaker of another kind than the one named here"},
    {CALL("'breaker': {'hystrix': {}, 'polly': {}}"), "is a second kind of breaker"},
    {CALL("'breaker': {'consecutive': {'open_for': '10s', 'open_max': '5s'}}"),
     "open_max is below open_for"},
    {CALL("'breaker': {'open_for': '10s', 'open_max': '5s'}"), "open_max is below open_for"},
    {CALL("'breaker': {'counts': {'timeout': 'bad'}}"),
     "expected \"failure\", \"success\" or \"ignore\""},
    {CALL("'breaker': {'counts': {'timeot': 'failure'}}"), "did you mean"},
    {CALL("'bulkhead': {'thread_pool': {'core': 5, 'max': 3}}"),
     "max is 3, but the core alone has 5 threads; raise max"},
    {CALL("'bulkhead': {'thread_pool': {}, 'envoy': {}}"), "is a thread pool and Envoy's limits"},
    {CALL("'bulkhead': {'thread_pool': {}, 'max': 3}"), "belongs to a semaphore"},
    {CALL("'rate_limit': {'token_bucket': {}}"), "rate"},
    {CALL("'rate_limit': {'sliding_log': {'limit': 5000}}"), "between 1 and 4096"},
    {CALL("'throttle': {'sre': {'k': 0.5}}"), "between 1"},
    {CALL("'timeout': '1s', 'throttle': 'sre', 'order': ['timeout']"),
     "leaves throttle out, which this call has; add it"},
    {CALL("'timeout': '1s', 'order': ['timeout', 'throtle']"), "is no policy; list deadline"},
};

static void test_cases(void **unused)
{
    (void)unused;
    unsigned wrong = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        compiled c = compile_text(cases[i].policy, NULL);
        g_autofree char *problems = gd_problems_print(c.problems);
        if (c.plan || !strstr(problems, cases[i].wanted)) {
            print_error("%s\nprinted %s\nwanted  %s\n\n", cases[i].policy, problems,
                        cases[i].wanted);
            wrong++;
        }
        forget(&c);
    }
    check_that(wrong == 0, "%u of %zu", wrong, G_N_ELEMENTS(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
