/* Who is refused, by load, age, wait, success, rate; and whose turn it is. Traces by hand. */
#include "tests/models/serve/rig.h"

#define TENANTS                "'segments': {'tenant': {'values': {'big': 1, 'small': 1}}}, "
#define OF(name, tenant, at)   MORE(name, "'segments': {'tenant': '" tenant "'}", at)
#define CLASS(name, class, at) MORE(name, "'criticality': '" class "'", at)
#define SAYS(name, span, at)   MORE(name, "'deadline': {'after': '" span "', 'propagate': true}", at)

static const serve_case cases[] = {
    {"random: all", SERVICE("'shed': {'random': '100%'}", "10ms") ASKS("a", "0 1ms") "}",
     "0 answer a>s.op, 1 answer a>s.op", "random.refused 2", NULL},

    /* One works from 0 on: u(t) = 1 - e^(-t / 10 ms). At 10: 0.632, above 0.5 and below 0.7. */
    {"cpu: by class",
     SERVICE("'queue': 0, 'shed': {'cpu': {'signal': 'busy', 'tau': '10ms', 'critical_plus': 0.9, "
             "'critical': 0.7, 'sheddable_plus': 0.5, 'sheddable': 0.5}}",
             "100ms")
         CLASS("a", "critical", "0") "," CLASS("b", "sheddable", "10ms") "," CLASS(
             "c", "critical", "10ms") "," CLASS("d", "sheddable_plus",
                                                "7ms") "," CLASS("e", "sheddable", "6ms") "}",
     /* 6: 0.451: below, so the queue refuses; 7: 0.503 */
     NULL,
     "cpu.refused 2 cpu.refused_sheddable 1 cpu.refused_sheddable_plus 1 cpu.refused_critical 0 "
     "cpu.below 3",
     NULL},
    /* Two wait and one works from 0: 3 a worker. At 10: 3 x 0.632 = 1.9. */
    {"cpu: runnable counts those who wait",
     SERVICE("'shed': {'cpu': {'tau': '10ms', 'critical': 1.8}}", "100ms")
         ASKS("a", "0 0 0 9ms 10ms") "}",
     NULL, "cpu.refused 1 cpu.below 4", NULL},
    /* b has waited for 5 ms at 6, and for 6 at 7. */
    {"queue age", SERVICE("'shed': {'queue_age': '5ms'}", "10ms") ASKS("a", "0 1ms 6ms 7ms") "}",
     NULL, "queue_age.refused 1 queue_age.young 3", NULL},
    {"queue age: the oldest of a lifo",
     SERVICE("'discipline': 'lifo', 'shed': {'queue_age': '5ms'}", "10ms")
         ASKS("a", "0 1ms 6ms 7ms") "}",
     NULL, "queue_age.refused 1 queue_age.young 3", NULL},
    /* Unknown until 10; then 10 ms: with one in work the next waits 10, the one after 20. */
    {"queue wait: queued x service / workers",
     SERVICE("'shed': {'queue_wait': {'max': '15ms'}}", "10ms")
         ASKS("a", "0 10ms 11ms 12ms 13ms") "}",
     NULL, "queue_wait.unknown 1 queue_wait.short 2 queue_wait.refused 2", NULL},
    /* At 11 the wait is 10 and the service 10: 31, and b waits until 29. */
    {"queue wait: the deadline",
     SERVICE("'shed': {'queue_wait': {'deadline': true}}", "10ms")
         ASKS("a", "0 10ms") "," SAYS("b", "18ms", "11ms") "," SAYS("c", "21ms", "11ms") "}",
     NULL, "queue_wait.past_deadline 1 queue_wait.short 2", NULL},
    /* 4 of 4 failed: (4 - 0) / 5 = 0.8, the most. All of them are refused at a `most` of 1. */
    {"success rate: nothing succeeds",
     "'services': {'s': {'workers': 1, 'shed': {'success_rate': {'threshold': 1, 'most': 1}}, "
     "'operations': {'op': [{'fail': '100%'}]}}}, 'clients': {" ASKS("a", "0 1ms") "}",
     NULL, "success_rate.healthy 1", NULL},
    {"success rate: all succeed",
     SERVICE("'shed': {'success_rate': {}}", "1ms") ASKS("a", "0 2ms 4ms 6ms") "}", NULL,
     "success_rate.healthy 4 success_rate.refused 0", NULL},
    {"success rate: too few to tell",
     SERVICE("'shed': {'success_rate': {'rate': '1/s', 'window': '10s'}}", "1ms")
         ASKS("a", "0 2ms 4ms 6ms") "}",
     NULL, "success_rate.quiet 4", NULL},

    /* 100/s and two saved: two at 0; the next at 10 - 0; 5 is refused, 10 passes, 15 is refused. */
    {"token bucket",
     SERVICE("'limits': {'l': {'by': 'all', 'rate': '100/s', 'burst': 2}}", "1ms")
         ASKS("a", "0 0 5ms 10ms 15ms 20ms") "}",
     NULL, "limits.l.allowed 4 limits.l.limited 2", NULL},
    {"each caller has a bucket of its own",
     SERVICE("'limits': {'l': {'rate': '100/s', 'burst': 1}}", "1ms")
         ASKS("a", "0 1ms") "," ASKS("b", "0") "}",
     NULL, "limits.l.allowed 2 limits.l.limited 1", NULL},
    {"each tenant has a bucket of its own",
     TENANTS SERVICE("'limits': {'l': {'by': 'tenant', 'rate': '100/s', 'burst': 1}}", "1ms")
         OF("a", "big", "0 1ms") "," OF("b", "small", "0") "," OF("c", "big", "2ms") "}",
     NULL, "limits.l.allowed 2 limits.l.limited 2", NULL},
    /* Two in each 10 ms: both ends of a border. */
    {"fixed window: twice as much around a border",
     SERVICE("'limits': {'l': {'by': 'all', 'rate': '200/s', 'algorithm': 'fixed_window', "
             "'period': '10ms'}}",
             "1ms") ASKS("a", "8ms 9ms 9500us 10ms 11ms 12ms") "}",
     NULL, "limits.l.allowed 4 limits.l.limited 2", NULL},
    /* At 12: 2 x 0.8 of the last window: 1.6 + 1 > 2. At 15: 1 + 0 + 1. At 16: 0.8 + 1 + 1 > 2. */
    {"sliding window",
     SERVICE("'limits': {'l': {'by': 'all', 'rate': '200/s', 'algorithm': 'sliding_window', "
             "'period': '10ms'}}",
             "1ms") ASKS("a", "8ms 9ms 12ms 15ms 16ms") "}",
     NULL, "limits.l.allowed 3 limits.l.limited 2", NULL},
    {"a limit that is not enforced",
     SERVICE("'limits': {'l': {'by': 'all', 'rate': '1/s', 'burst': 1, 'enforced': 0}}", "1ms")
         ASKS("a", "0 5ms") "}",
     NULL, "limits.l.allowed 1 limits.l.limited 0 limits.l.not_enforced 1", NULL},
    {"local limits are of each instance",
     "'services': {'s': {'workers': 1, 'instances': 2, 'limits': {'l': {'by': 'all', 'rate': "
     "'1/s', 'burst': 1}}, 'operations': {'op': [{'work': '1ms'}]}}}, 'clients': {" ASKS(
         "a", "0 5ms 10ms") "}",
     NULL, "limits.l.allowed 2 limits.l.limited 1", NULL},
    {"global ones are of the service",
     "'services': {'s': {'workers': 1, 'instances': 2, 'limits': {'l': {'by': 'all', 'rate': "
     "'1/s', 'burst': 1, 'scope': 'global'}}, 'operations': {'op': [{'work': '1ms'}]}}}, "
     "'clients': {" ASKS("a", "0 5ms 10ms") "}",
     NULL, "limits.l.allowed 1 limits.l.limited 2", NULL},
    /* The answer says 10 - 1 = 9 ms: the second try is at 10, not at once. */
    {"the answer says when to come back",
     SERVICE("'limits': {'l': {'by': 'all', 'rate': '100/s', 'burst': 1}}", "1ms")
         ASKS("a", "0") "," MORE(
             "b", "'retry': {'max_attempts': 2, 'backoff': {'constant': '1ms'}}", "1ms") "}",
     "1 answer a>s.op, 1 answer b>s.op, 11 answer b>s.op", "limits.l.allowed 2 limits.l.limited 1",
     NULL},

    {"fair: in turn, whoever asked more",
     TENANTS SERVICE("'discipline': 'fair'", "10ms")
         OF("a", "big", "0") "," OF("b", "big", "1ms") "," OF("c", "big", "2ms") "," OF(
             "d", "big", "3ms") "," OF("e", "small", "4ms") "," OF("f", "small", "5ms") "}",
     "10 answer a>s.op, 20 answer b>s.op, 30 answer e>s.op, 40 answer c>s.op, 50 answer f>s.op, "
     "60 answer d>s.op",
     "fair.alone 1", NULL},
    {"fair: two turns for one",
     TENANTS SERVICE("'discipline': 'fair', 'fair': {'weights': {'big': 2}}", "10ms")
         OF("a", "big", "0") "," OF("b", "big", "1ms") "," OF("c", "big", "2ms") "," OF(
             "d", "big", "3ms") "," OF("e", "small", "4ms") "," OF("f", "small", "5ms") "}",
     "10 answer a>s.op, 20 answer b>s.op, 30 answer c>s.op, 40 answer e>s.op, 50 answer d>s.op, "
     "60 answer f>s.op",
     "fair.alone 1", NULL},
    {"fair: a limit for each",
     TENANTS SERVICE("'discipline': 'fair', 'fair': {'limit': 1}", "10ms")
         OF("a", "big", "0") "," OF("b", "big", "1ms") "," OF("c", "big", "2ms") "," OF(
             "e", "small", "4ms") "}",
     "2 answer c>s.op, 10 answer a>s.op, 20 answer b>s.op, 30 answer e>s.op",
     "fair.refused 1 fair.alone 1", NULL},
    {"fair: by caller, and one who gives up leaves his place",
     SERVICE("'discipline': 'fair', 'fair': {'by': 'caller'}, 'cancellation': 'dequeue_only'",
             "10ms")
         ASKS("a", "0 0 0") "," MORE("b", "'timeout': '5ms'", "1ms") "," ASKS("c", "2ms") "}",
     "10 answer a>s.op, 20 answer a>s.op, 30 answer c>s.op, 40 answer a>s.op", "fair.alone 1",
     NULL},
    /* The queue was last empty at 1: at 10 and 20 it does not stand, at 30 it does. */
    {"adaptive lifo: the newest once the queue stands",
     SERVICE("'discipline': 'adaptive_lifo', 'adaptive_lifo': {'standing_after': '25ms'}", "10ms")
         ASKS("a", "0") "," ASKS("b", "1ms") "," ASKS("c", "2ms") "," ASKS("d", "3ms") "," ASKS(
             "e", "4ms") "," ASKS("f", "5ms") "}",
     "10 answer a>s.op, 20 answer b>s.op, 30 answer c>s.op, 40 answer f>s.op, 50 answer e>s.op, "
     "60 answer d>s.op",
     "adaptive_lifo.newest_first 3 adaptive_lifo.oldest_first 2", NULL},
    {"edf: who gives up first, and last who says nothing",
     SERVICE("'discipline': 'edf'", "10ms") ASKS("a", "0") "," ASKS("b", "1ms") "," SAYS(
         "c", "90ms", "2ms") "," SAYS("d", "60ms", "3ms") "," SAYS("e", "70ms", "4ms") "}",
     "10 answer a>s.op, 20 answer d>s.op, 30 answer e>s.op, 40 answer c>s.op, 50 answer b>s.op",
     "edf.no_deadline 1", NULL},
    /* c and d give up at 12 and 25; their turn is at 20: c is not served. */
    {"whose deadline has passed is not served",
     SERVICE("'queue': {'drop_expired': true}", "10ms") ASKS("a", "0") "," ASKS(
         "b", "1ms") "," SAYS("c", "10ms", "2ms") "," SAYS("d", "32ms", "3ms") "}",
     NULL, "expired.dropped 1 expired.in_time 1 expired.unsaid 1", NULL},
    {"priority by what the request says",
     SERVICE("'discipline': 'priority', 'classes': 'criticality'", "10ms")
         CLASS("a", "sheddable", "0") "," CLASS("b", "sheddable", "1ms") "," CLASS(
             "c", "critical_plus", "2ms") "," ASKS("d", "3ms") "}",
     "10 answer a>s.op, 20 answer c>s.op, 30 answer d>s.op, 40 answer b>s.op", NULL, NULL},
    /* At 20 b has waited 19 ms: three classes up at 6 ms each: 0, as c; b came first. */
    {"priority with ageing",
     SERVICE("'discipline': 'priority', 'classes': 'criticality', 'ageing': '6ms'", "10ms")
         CLASS("a", "sheddable", "0") "," CLASS("b", "sheddable", "1ms") "," CLASS(
             "c", "critical_plus", "9ms") "," CLASS("d", "critical_plus", "19ms") "}",
     "10 answer a>s.op, 20 answer c>s.op, 30 answer b>s.op, 40 answer d>s.op", NULL, NULL},
    {"a class travels through a service to the next",
     "'services': {'m': {'workers': 'unlimited', 'calls': {'s': {'timeout': '1s'}}, 'operations': "
     "{'op': ['s.op']}}, 's': {'workers': 1, 'discipline': 'priority', 'classes': 'criticality', "
     "'operations': {'op': [{'work': '10ms'}]}}}, 'clients': {'a': {'at': 'm', 'arrivals': {'csv': "
     "'0'}}, 'b': {'at': 'm', 'criticality': 'sheddable', 'arrivals': {'csv': '1ms'}}, 'c': {'at': "
     "'m', 'criticality': {'op': 'critical_plus'}, 'arrivals': {'csv': '2ms'}}}",
     "10 answer m>s.op, 10 answer a>m.op, 20 answer m>s.op, 20 answer c>m.op, 30 answer m>s.op, "
     "30 answer b>m.op",
     NULL, NULL},
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
