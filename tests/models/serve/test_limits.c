/* Limits on how many may be inside: traces worked out by hand. */
#include "tests/models/serve/rig.h"

static const serve_case cases[] = {
    {"fixed: one more is shed",
     SERVICE("'concurrency_limit': {'fixed': 2}", "10ms") ASKS("a", "0 0 0") "}",
     "0 answer a>s.op, 10 answer a>s.op, 20 answer a>s.op", "fixed.refused 1", NULL},
    {"fixed: a place freed now is usable now",
     SERVICE("'concurrency_limit': {'fixed': 1}", "10ms") ASKS("a", "0 10ms") "}",
     "10 answer a>s.op, 20 answer a>s.op", "fixed.refused 0", NULL},
    {"what is cancelled leaves its place",
     SERVICE("'concurrency_limit': {'fixed': 1}, 'cancellation': 'immediate'", "10ms")
         MORE("a", "'timeout': '4ms'", "0") "," ASKS("b", "5ms") "}",
     "15 answer b>s.op", "fixed.refused 0", NULL},
    /* 10: rtt 10, 1 inside of 2: up to 3. 20: rtt 20 is late: floor(3 x 0.5) = 1. 31 is refused.
     * 40: up to 2. */
    {"aimd: one more, or half",
     SERVICE("'concurrency_limit': {'aimd': {'initial': 2, 'min': 1, 'max': 10, 'timeout': '15ms', "
             "'backoff_ratio': 0.5}}",
             "10ms") ASKS("a", "0 0 30ms 31ms") "}",
     "10 answer a>s.op, 20 answer a>s.op, 31 answer a>s.op, 40 answer a>s.op",
     "aimd.raised 2 aimd.lowered 1 aimd.late 1 aimd.refused 1 aimd.dropped 0", NULL},
    {"aimd: within its bounds",
     SERVICE("'concurrency_limit': {'aimd': {'initial': 2, 'min': 2, 'max': 2, 'timeout': '15ms'}}",
             "10ms") ASKS("a", "0 0 30ms") "}",
     NULL, "aimd.raised 0 aimd.lowered 0 aimd.late 1", NULL},
    {"aimd: a limit of which less than half is used stays",
     SERVICE("'concurrency_limit': {'aimd': {'initial': 20}}", "10ms") ASKS("a", "0 20ms") "}",
     NULL, "aimd.raised 0 aimd.not_used 2", NULL},
    /* Two windows of 2 samples: 10 and 20 (mean 15), then 30 and 40 (mean 35, late). */
    {"aimd: answers of a window together",
     SERVICE("'concurrency_limit': {'aimd': {'initial': 4, 'min': 1, 'timeout': '34ms', 'window': "
             "'1ns', 'window_size': 2}}",
             "10ms") ASKS("a", "0 0 0 0") "}",
     NULL, "aimd.raised 1 aimd.late 1 aimd.lowered 1", NULL},
    /* L = 1. The first is rtt0 = 10. Then 10 (1 of 4 inside), 20: ceil(4 x 1/2) = 2 < 3: up to 5;
     * 30: ceil(5 x 2/3) = 4: in between. */
    {"vegas: a queue of two is short, one of four is not",
     SERVICE("'concurrency_limit': {'vegas': {'initial': 4}}", "10ms")
         ASKS("a", "0 20ms 20ms 20ms") "}",
     NULL, "vegas.not_used 1 vegas.raised 1 vegas.in_between 1 vegas.lowered 0 vegas.probes 0",
     NULL},
    /* 12 at once at limit 12, L = 1: rtt 10 … 120; inside 1 … 12. The first five have half the
     * limit or less: 1 is rtt0, 2 to 5 not used. 6: ceil(12 x 5/6) = 10 > 6: 11; 7: ceil(11 x 6/7)
     * = 10: 10; and so on, one less each, until the last: ceil(6 x 11/12) = 6. */
    {"vegas: a long queue",
     SERVICE("'concurrency_limit': {'vegas': {'initial': 12}}", "10ms")
         ASKS("a", "0 0 0 0 0 0 0 0 0 0 0 0") "}",
     NULL, "vegas.not_used 4 vegas.lowered 6 vegas.in_between 1 vegas.raised 0", NULL},
    /* j x 1 x 4 is between 2 and 4: of eight samples at a limit of 4, at least two are probes. */
    {"vegas: measures the least round trip anew",
     SERVICE("'concurrency_limit': {'vegas': {'initial': 4, 'max': 4, 'probe_multiplier': 1}}",
             "10ms") ASKS("a", "0 10ms 20ms 30ms") "}",
     NULL, "vegas.probes 1", NULL},
    /* 10 and 10 are not used. 20: the average is 13.33, x 1.5 / 20 = 1 but for a rounding:
     * 4 + 4 = 8, rounded down. 30: 3 x 2 inside of 7.99. */
    {"gradient2: a round trip of 1.5 times the average is tolerated",
     SERVICE("'concurrency_limit': {'gradient2': {'initial': 4, 'min': 1, 'smoothing': 1, "
             "'window': '0s'}}",
             "10ms") ASKS("a", "0 20ms 20ms 20ms") "}",
     NULL, "gradient2.not_used 3 gradient2.raised 1 gradient2.lowered 0", NULL},
    /* The sixth of six at limit 10: rtt 60, average 35: 0.875 x 10 + 0 = 8.75. */
    {"gradient2: a longer one lowers",
     SERVICE("'concurrency_limit': {'gradient2': {'initial': 10, 'min': 1, 'smoothing': 1, "
             "'window': '0s', 'queue_size': 0}}",
             "10ms") ASKS("a", "0 0 0 0 0 0") "}",
     NULL, "gradient2.not_used 4 gradient2.lowered 2 gradient2.raised 0", NULL},
    /* 0-20: two samples with a limit of 1 (5 is refused): minRTT 10. At 120: 12.5 / 10 = 1.25;
     * 1.25 + 1.118 = 2.37: 2. So of three at 130 one is refused. */
    {"gradient: measures, then follows",
     SERVICE("'concurrency_limit': {'gradient': {'min_concurrency': 1, 'request_count': 2, "
             "'interval': '1s', 'jitter': 0, 'update_interval': '100ms'}}",
             "10ms") ASKS("a", "0 5ms 10ms 30ms 130ms 130ms 130ms") "}",
     "5 answer a>s.op, 10 answer a>s.op, 20 answer a>s.op, 40 answer a>s.op, 130 answer a>s.op, "
     "140 answer a>s.op, 150 answer a>s.op",
     "gradient.min_rtt_measured 1 gradient.raised 1 gradient.refused 2 gradient.refused_measuring "
     "1",
     NULL},
    /* Windows end at 120, 220 and 320; the second has no answer. */
    {"gradient: an empty window changes nothing",
     SERVICE("'concurrency_limit': {'gradient': {'min_concurrency': 1, 'request_count': 2, "
             "'interval': '1s', 'jitter': 0, 'update_interval': '100ms'}}",
             "10ms") ASKS("a", "0 10ms 30ms 330ms") "}",
     NULL, "gradient.raised 1 gradient.empty_windows 2", NULL},
    {"a restart begins anew",
     SERVICE("'concurrency_limit': {'aimd': {'initial': 2, 'min': 1}}", "10ms")
         ASKS("a", "0 0 11ms 12ms 12ms") "}",
     NULL, "aimd.refused 1",
     "'faults': {'c': {'fault': 'crash', 'target': 'services.s', 'at': '5ms', 'for': '6ms'}}"},
};

static void test_traces(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        play_serve_case(&cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_traces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
