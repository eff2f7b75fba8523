/* What happens to those who wait, and to what is refused: traces worked out by hand. */
#include "tests/models/serve/rig.h"

#define EIGHT                                                                                      \
    ASKS("a", "0")                                                                                 \
    "," ASKS("b", "0") "," ASKS("c", "0") "," ASKS("d", "0") "," ASKS("e", "0") "," ASKS(          \
        "f", "0") "," ASKS("g", "0") "," ASKS("h", "0") "}"
#define TWO_WORKERS(more)                                                                          \
    "'services': {'s': {'workers': 2, " more                                                       \
    ", 'operations': {'op': [{'work': '10ms'}]}}}, 'clients': {"

static const serve_case cases[] = {
    /* Waits of b and c are above 5 ms from 10 on, so at 30 d is dropped; the next drop is due at
     * 30 + 20 / sqrt(1) = 50: e and f are served, g is dropped; h is the last: served. */
    {"codel: the packet algorithm",
     SERVICE("'queue': {'codel': {'target': '5ms', 'interval': '20ms'}}", "10ms") EIGHT,
     "10 answer a>s.op, 20 answer b>s.op, 30 answer d>s.op, 30 answer c>s.op, 40 answer e>s.op, "
     "50 answer g>s.op, 50 answer f>s.op, 60 answer h>s.op",
     "codel.dropped 2 codel.below_target 1 codel.not_yet 2 codel.not_next 2", NULL},
    {"codel: a burst that is gone within the interval",
     SERVICE("'queue': {'codel': {'target': '5ms', 'interval': '20ms'}}", "10ms")
         ASKS("a", "0 0 0") "}",
     "10 answer a>s.op, 20 answer a>s.op, 30 answer a>s.op",
     "codel.dropped 0 codel.not_yet 1 codel.below_target 1", NULL},
    /* b may wait until 15, c (queue empty at 12) until 27, d until 33; e comes at 28, and the queue
     * was last empty at 12: until 33, and its turn is at 40. */
    {"codel at enqueue",
     SERVICE("'queue': {'codel_enqueue': {'target': '5ms', 'interval': '15ms'}}", "10ms")
         ASKS("a", "0") "," ASKS("b", "0") "," ASKS("c", "12ms") "," ASKS("d", "18ms") "," ASKS(
             "e", "28ms") "}",
     "10 answer a>s.op, 20 answer b>s.op, 30 answer c>s.op, 40 answer e>s.op, 40 answer d>s.op",
     "codel_enqueue.dropped 1 codel_enqueue.in_time 3 codel_enqueue.standing 1", NULL},
    {"a queue's time-out: at that moment",
     SERVICE("'queue': {'timeout': '15ms'}", "10ms")
         ASKS("a", "0") "," ASKS("b", "0") "," ASKS("c", "0") "," ASKS("d", "0") "}",
     "10 answer a>s.op, 15 answer c>s.op, 15 answer d>s.op, 20 answer b>s.op",
     "queue_timeout.timed_out 2 queue_timeout.in_time 1", NULL},
    {"a queue's time-out: whose turn comes then is served",
     SERVICE("'queue': {'timeout': '10ms'}", "10ms") ASKS("a", "0") "," ASKS("b", "0") "}",
     "10 answer a>s.op, 20 answer b>s.op", "queue_timeout.timed_out 0 queue_timeout.in_time 1",
     NULL},
    {"a queue's time-out: priority",
     SERVICE("'discipline': 'priority', 'queue': {'timeout': '15ms'}", "10ms")
         ASKS("a", "0") "," ASKS("b", "0") "," ASKS("c", "0") "}",
     "10 answer a>s.op, 15 answer c>s.op, 20 answer b>s.op", "queue_timeout.timed_out 1", NULL},
    /* b is refused at 2 and c at 11; a worker is free for b's refusal at 10, for c's at 14. */
    {"the price of a refusal",
     SERVICE("'queue': {'limit': 0}, 'reject_cost': '4ms'", "10ms")
         ASKS("a", "0") "," ASKS("b", "2ms") "," ASKS("c", "11ms") "}",
     "10 answer a>s.op, 14 answer b>s.op, 18 answer c>s.op", NULL, NULL},
    /* b waits from 1, c is refused at 2: its refusal goes before b. */
    {"the price of a refusal: before those who wait",
     SERVICE("'queue': {'limit': 1}, 'reject_cost': '4ms'", "10ms")
         ASKS("a", "0") "," ASKS("b", "1ms") "," ASKS("c", "2ms") "}",
     "10 answer a>s.op, 14 answer c>s.op, 24 answer b>s.op", NULL, NULL},
    {"the price of a refusal: async",
     SERVICE("'queue': {'limit': 0}, 'threads': 'async', 'reject_cost': '4ms'", "10ms")
         ASKS("a", "0") "," ASKS("b", "2ms") "}",
     "10 answer a>s.op, 14 answer b>s.op", NULL, NULL},
    /* b is refused at 2; from then on a (8 left) and the refusal (4) share: b at 10, a at 14. */
    {"the price of a refusal: a shared processor",
     SERVICE("'queue': {'limit': 0}, 'discipline': 'ps', 'reject_cost': '4ms'", "10ms")
         ASKS("a", "0") "," ASKS("b", "2ms") "}",
     "10 answer b>s.op, 14 answer a>s.op", NULL, NULL},
    /* b's time is up at 5, and its refusal waits for the worker: 10 to 14. c's time is up at 13. */
    {"the price of a refusal: who timed out pays too",
     SERVICE("'queue': {'timeout': '5ms'}, 'reject_cost': '4ms'", "10ms")
         ASKS("a", "0") "," ASKS("b", "0") "," ASKS("c", "8ms") "}",
     "10 answer a>s.op, 14 answer b>s.op, 18 answer c>s.op", NULL, NULL},
    {"contention: the second of two takes half as long again",
     TWO_WORKERS("'contention': {'alpha': 0.5, 'beta': 0}") ASKS("a", "0") "," ASKS("b", "0") "}",
     "10 answer a>s.op, 15 answer b>s.op", "contention.alone 1", NULL},
    /* 1 + 2 x 0.1 x 1 = 1.2 */
    {"contention: coherency",
     TWO_WORKERS("'contention': {'alpha': 0, 'beta': 0.1}") ASKS("a", "0") "," ASKS("b", "0") "}",
     "10 answer a>s.op, 12 answer b>s.op", "contention.alone 1", NULL},
    {"contention: a shared processor is slowed as a whole",
     TWO_WORKERS("'discipline': 'ps', 'contention': {'alpha': 0.5, 'beta': 0}")
         ASKS("a", "0") "," ASKS("b", "0") "}",
     "15 answer a>s.op, 15 answer b>s.op", NULL, NULL},
    /* Together until 12: a has done 8 of 10 … the rest alone. */
    {"contention: a shared processor, one after the other",
     TWO_WORKERS("'discipline': 'ps', 'contention': {'alpha': 0.5, 'beta': 0}")
         ASKS("a", "0") "," ASKS("b", "4ms") "}",
     "13 answer a>s.op, 17 answer b>s.op", NULL, NULL},
    /* At 0 three times, at 10 ms of 20 twice as long. */
    {"warm-up: cold at the start, in a straight line to warm",
     TWO_WORKERS("'warm_up': {'factor': 3, 'for': '20ms', 'cold': true}")
         ASKS("a", "0") "," ASKS("b", "10ms") "," ASKS("c", "30ms") "}",
     "30 answer a>s.op, 30 answer b>s.op, 40 answer c>s.op", "warm_up.slowed 2 warm_up.warm 1",
     NULL},
    {"warm-up: only after a start",
     TWO_WORKERS("'warm_up': {'factor': 3, 'for': '20ms'}")
         ASKS("a", "0") "," ASKS("b", "30ms") "," ASKS("c", "40ms") "}",
     "10 answer a>s.op, 50 answer b>s.op, 50 answer c>s.op", "warm_up.slowed 1 warm_up.warm 2",
     "'faults': {'c': {'fault': 'crash', 'target': 'services.s', 'at': '15ms', 'for': '5ms'}}"},
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
