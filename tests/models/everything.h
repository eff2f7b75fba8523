/* A model with a bit of everything, and eight faults on it: what must hold whatever happens is
 * shown on this one. */
#pragma once

#include "tests/models/bench_plan.h"

#define EVERYTHING                                                                                 \
    "'network': {'same_zone': '0.2ms', 'clients': '1ms', 'regions': {'eu': {'zones': ['a', 'b'], " \
    "'latency': {'exponential': '1ms'}}, 'far': {}}, 'links': {'wan': {'between': ['eu', 'far'], " \
    "'latency': {'uniform': {'low': '1ms', 'high': '3ms'}}, 'loss': '1%', 'bandwidth': "           \
    "'10Mbit/s', 'ordered': true}}}, 'flags': {'new': {'share': '30%'}}, 'defaults': {'service': " \
    "{'zones': ['a', 'b']}}, 'external': {'psp': {'region': 'far', 'quota': '90/s', "              \
    "'availability': '99%', 'operations': {'pay': {'exponential': '20ms'}}}}, 'services': {"       \
    "'gw': {'instances': 2, 'workers': 64, 'threads': 'async', 'cancellation': 'immediate', "      \
    "'calls': {'shop': {'deadline': '300ms', 'retry': 2, 'bulkhead': {'max': 20, 'max_wait': "     \
    "'20ms'}}, 'ads': {'timeout': '15ms', 'optional': true, 'breaker': {'window_calls': 10, "      \
    "'min_calls': 5, 'trial_calls': 2, 'open_for': '500ms'}}}, 'operations': {'home': [{'work': "  \
    "{'exponential': '1ms'}}, {'parallel': ['shop.list', 'ads.get'], 'until': 'first', 'rest': "   \
    "'cancel'}], 'buy': {'priority': 1, 'steps': [{'work': '1ms'}, {'repeat': '$items', "          \
    "'at_once': "                                                                                  \
    "2, 'steps': ['shop.list', {'wait': '1ms'}]}, 'shop.pay']}}},"                                 \
    "'shop': {'instances': 3, 'workers': 4, 'queue': 10, 'discipline': 'priority', 'preempt': "    \
    "true, 'cancellation': 'dequeue_only', 'balancer': 'two_choices', 'calls': {'psp': "           \
    "{'timeout': "                                                                                 \
    "'80ms', 'retry': {'max_attempts': 3, 'backoff': {'decorrelated': {'base': '5ms'}}}, 'then': " \
    "{'call': 'db.log'}}}, 'operations': {'list': [{'work': {'exponential': '6ms'}}, {'if': "      \
    "'new', "                                                                                      \
    "'then': ['db.get']}], 'pay': {'priority': 3, 'send': 4000, 'reply': 1000, 'steps': "          \
    "[{'work': "                                                                                   \
    "'3ms'}, 'psp.pay', {'call': 'db.log', 'wait': false}]}}},"                                    \
    "'ads': {'workers': 2, 'discipline': 'lifo', 'queue': 5, 'crash': {'running': 'silent'}, "     \
    "'start_up': '50ms', 'operations': {'get': [{'work': {'lognormal': {'median': '4ms', 'p99': "  \
    "'30ms'}}}, {'fail': '2%'}]}},"                                                                \
    "'db': {'workers': 2, 'discipline': 'ps', 'operations': {'get': [{'work': '2ms'}], 'log': "    \
    "[{'choose': {'hit': {'weight': 9, 'steps': [{'work': '0.5ms'}]}, 'miss': {'weight': 1, "      \
    "'steps': [{'work': '5ms'}]}}}]}}},"                                                           \
    "'clients': {'web': {'at': 'gw', 'region': 'eu', 'timeout': '250ms', 'reload': "               \
    "{'max_attempts': 2, 'after': '100ms'}, 'visits': {'poisson': '40/s'}, 'draw': {'items': "     \
    "{'geometric': {'mean': 2}}}, 'journeys': {'look': {'weight': 3, 'pages': ['home', 'home'], "  \
    "'think': {'exponential': '200ms'}, 'gives_up_after': 2}, 'buy': {'pages': ['home', "          \
    "'buy']}}},"                                                                                   \
    "'app': {'at': 'gw', 'region': 'eu', 'users': {'n': 5, 'think': '300ms', 'over': '1s'}, "      \
    "'mix': {'home': 2, 'buy': 1}, 'draw': {'items': 1}}, 'bot': {'at': 'db', 'region': 'far', "   \
    "'mix': 'get', 'arrivals': {'bursts': {'on': '300ms', 'off': '500ms', 'rate': '100/s'}}}}"

#define TROUBLE                                                                                    \
    "'duration': '6s', 'warmup': '500ms', 'faults': {"                                             \
    "'down': {'fault': 'crash', 'target': 'services.ads', 'at': '1s', 'for': '200ms'},"            \
    "'half': {'fault': 'crash', 'target': 'services.shop', 'at': '1500ms', 'for': '300ms', "       \
    "'instances': 1}, 'slow': {'fault': 'slow', 'target': 'services.shop', 'at': '2s', 'for': "    \
    "'600ms', 'factor': 4, 'ramp': '200ms', 'applies_to': 'running'},"                             \
    "'hung': {'fault': 'hang', 'target': 'services.db', 'at': '3s', 'for': '100ms'},"              \
    "'wan': {'fault': 'partition', 'between': ['eu', 'far'], 'at': '3500ms', 'for': '300ms'},"     \
    "'bad': {'fault': 'errors', 'target': 'gw>ads', 'at': '4s', 'for': '300ms', 'share': '60%'},"  \
    "'rush': {'fault': 'overload', 'target': 'clients.web', 'at': '4500ms', 'for': '500ms', "      \
    "'factor': 5, 'ramp': '100ms'}, 'less': {'fault': 'rate_limit', 'target': 'external.psp', "    \
    "'at': '5s', 'for': '500ms', 'limit': '5/s'}}"

static inline gd_plan *everything(gd_arena *arena)
{
    return plan_from_json(arena, "{'gameday': 1, 'name': 'all', " TROUBLE
                                 ", 'model': {'gameday': 1, " EVERYTHING "}}");
}

static inline uint64_t to_the_end(gd_run *run)
{
    while (gd_run_until(run, GD_NEVER, UINT64_MAX))
        ;
    return gd_run_get_digest(run);
}
