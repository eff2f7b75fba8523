/* The AWS SDKs' adaptive mode: the arithmetic of CUBIC against botocore's formulas, and a client
 * that finds a callee's limit. Whoever waits in a policy leaves nothing behind when his caller
 * dies. */
#include "models/guard/policy.h"
#include "tests/models/bench_plan.h"

#include <glib.h>
#include <math.h>

static const gd_adaptive_spec spec = {.beta = GD_SHARE_ONE / 10 * 7,
                                      .scale = GD_SHARE_ONE / 10 * 4,
                                      .smoothing = GD_SHARE_ONE / 10 * 8,
                                      .min_rate = GD_RATE_HZ / 2};

/* What botocore computes, in floats: retries/throttling.py and bucket.py, line by line. */
typedef struct {
    double w_max, k, last_fail, fill, capacity, tokens, refilled;
    double measured, count, bucket;
    bool enabled;
} botocore;

static void set_rate(botocore *b, double rate, double now)
{
    b->tokens = fmin(b->capacity, b->tokens + (now - b->refilled) * b->fill);
    b->refilled = now;
    b->fill = fmax(rate, 0.5);
    b->capacity = fmax(b->fill, 1);
    b->tokens = fmin(b->tokens, b->capacity);
}

static void receive(botocore *b, double now, bool throttled)
{
    double bucket = floor(now * 2) / 2, rate;
    b->count++;
    if (bucket > b->bucket) {
        b->measured = b->count / (bucket - b->bucket) * 0.8 + b->measured * 0.2;
        b->count = 0;
        b->bucket = bucket;
    }
    if (throttled) {
        b->w_max = b->enabled ? fmin(b->measured, b->fill) : b->measured;
        b->k = cbrt(b->w_max * 0.3 / 0.4);
        b->last_fail = now;
        b->enabled = true;
        rate = b->w_max * 0.7;
    } else {
        rate = 0.4 * pow(now - b->last_fail - b->k, 3) + b->w_max;
    }
    set_rate(b, fmin(rate, 2 * b->measured), now);
}

typedef struct {
    bench b;
    gd_policy_at at;
    uint64_t state[64], mine[8];
} rig;

static void rig_init(rig *r)
{
    memset(r, 0, sizeof *r);
    r->b = bench_of("'services': {'s': {'workers': 1, 'operations': {'op': [{'work': '1ms'}]}}}, "
                    "'clients': {'web': {'at': 's', 'throttle': 'aws_adaptive', 'arrivals': "
                    "{'periodic': '1/s'}}}",
                    "");
    gd_run *run = r->b.run;
    uint32_t slot = gd_call_new(run);
    GD_CALLS(run)[slot].site = (uint16_t)bench_site(r->b.plan, "web>s.op");
    assert_true(gd_policy_state_bytes(GD_POLICY_ADAPTIVE, &spec) <= sizeof r->state);
    r->at = (gd_policy_at){.run = run,
                           .site = &r->b.plan->sites[GD_CALLS(run)[slot].site],
                           .spec = &spec,
                           .mine = r->mine,
                           .state = r->state,
                           .call = slot,
                           .from = GD_NONE,
                           .ring = GD_NO_RING};
}

/* How many may be sent now, one after the other, before the next has to wait. */
static unsigned tokens_of(rig *r)
{
    unsigned n = 0;
    gd_reply reply = gd_reply_local(GD_OK);
    while (n < 100000 && gd_adaptive_policy.admit(&r->at, &reply) == GD_PASS)
        n++;
    gd_adaptive_policy.cancelled(&r->at);
    return n;
}

/* 40 answers a second for 10 s, a throttled one at 5 s and at 5.7 s; then what is in the bucket,
 * now and at times when CUBIC is below, at and above its plateau. */
static void test_cubic(void **unused)
{
    (void)unused;
    for (unsigned extra = 0; extra < 40; extra += 13) {
        static rig r;
        rig_init(&r);
        botocore b = {.w_max = 0.5};
        gd_reply reply = {.outcome = GD_OK, .retry_after = GD_RETRY_UNSAID, .reached = true};
        gd_time when = 0;
        gd_reply ask = gd_reply_local(GD_OK);
        gd_adaptive_policy.admit(&r.at, &ask);
        set_rate(&b, 0.5, 0);
        for (unsigned i = 1; i <= 240 + extra; i++) {
            r.at.run->now = i * (GD_S / 40);
            bool throttled = i == 200 || i == 228;
            reply.outcome = throttled ? GD_RATE_LIMITED : GD_OK;
            gd_adaptive_policy.ended(&r.at, &reply, &when);
            receive(&b, (double)r.at.run->now / 1e9, throttled);
        }
        check_that(b.enabled, "it was throttled");
        double wanted = floor(b.tokens + 1e-6);
        unsigned got = tokens_of(&r);
        check_that(fabs(got - wanted) <= 1, "%u answers later: %u tokens, not %g", extra, got,
                   wanted);
        bench_clear(&r.b);
    }
}

/* A callee that takes 50/s is asked 80/s: nearly all that it can do is done, and what is sent in
 * vain is a small part; without the policy it is 30 of 80. */
static void test_finds_the_limit(void **unused)
{
    (void)unused;
    g_auto(bench) b = bench_of(
        "'services': {'m': {'workers': 'unlimited', 'calls': {'s': {'throttle': 'aws_adaptive', "
        "'deadline': '20s'}}, 'operations': {'op': ['s.op']}}}, 'external': {'s': {'quota': "
        "'50/s', 'operations': {'op': '1ms'}}}, 'clients': {'web': {'at': 'm', 'arrivals': "
        "{'poisson': '80/s'}}}",
        "'duration': '300s', 'warmup': '60s'");
    bench_play(&b, "");
    const gd_edge_record *edge = bench_edge(&b, "m>s.op");
    double good = (double)edge->tries[GD_OK], bad = (double)edge->tries[GD_RATE_LIMITED];
    check_that(good > 0.8 * 300 * 50, "%g good answers", good);
    check_that(bad < 0.15 * (good + bad), "%g in vain of %g", bad, good + bad);
    check_that(bench_counter(&b, "m>s.op", "adaptive", "waited") > 1000, "calls wait");
}

/* ---- callers that die while they wait ----------------------------------------------------------
 */
static void test_crashes(void **unused)
{
    (void)unused;
    static const char *const policies[] = {
        "'bulkhead': {'thread_pool': {'core': 1, 'max': 3, 'queue': 20}}",
        "'bulkhead': {'envoy': {'max_connections': 2, 'max_pending': 20}}",
        "'bulkhead': {'max': 2, 'max_wait': '1s'}",
        "'rate_limit': {'leaky_bucket': {'rate': '20/s', 'queue': 20}}",
        "'rate_limit': {'sliding_log': {'limit': 5, 'period': '1s', 'max_wait': '2s'}}",
        "'throttle': 'aws_adaptive'",
        "'throttle': 'sre', 'retry': {'budget': 'envoy_concurrency', 'other_host': 1}",
        "'retry': {'budget': 'fixed_concurrency', 'backoff': {'constant': '50ms'}}, 'breaker': "
        "{'polly': {'min_throughput': 5}}",
        "'breaker': {'auto_half_open': true, 'window_calls': 10, 'min_calls': 5, 'open_for': "
        "'500ms'}",
        "'breaker': {'hystrix': {}}, 'deadline': {'after': '300ms', 'propagate': true}",
        "'breaker': {'consecutive': 3}, 'timeout': '60ms', 'order': ['timeout', 'breaker']",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(policies); i++) {
        g_autofree char *model = g_strdup_printf(
            "'services': {'m': {'instances': 2, 'workers': 'unlimited', 'cancellation': "
            "'immediate', 'calls': {'s': {%s}}, 'operations': {'op': ['s.op']}}, 's': "
            "{'instances': 2, 'workers': 2, 'cancellation': 'immediate', 'operations': {'op': "
            "[{'work': {'exponential': {'mean': '40ms'}}}, {'fail': '20%%'}]}}}, 'clients': "
            "{'web': {'at': 'm', 'timeout': '400ms', 'arrivals': {'poisson': '120/s'}, "
            "'stop_after': 2000}}",
            policies[i]);
        g_auto(bench) b = bench_of(
            model, "'faults': {'a': {'fault': 'crash', 'target': 'services.m', 'instances': 1, "
                   "'at': '3s', 'for': '2s'}, 'b': {'fault': 'crash', 'target': 'services.m', "
                   "'at': '8s', 'for': '100ms'}, 'c': {'fault': 'crash', 'target': 'services.s', "
                   "'instances': 1, 'at': '6s', 'for': '1s'}, 'd': {'fault': 'rate_limit', "
                   "'target': 'services.s', 'limit': '20/s', 'burst': 1, 'retry_after': '100ms', "
                   "'at': '10s', 'for': '2s'}}");
        bench_play(&b, "");
        check_that(gd_run_count_in_flight(b.run) == 0, "%s", policies[i]);
        const gd_edge_record *edge = bench_edge(&b, "m>s.op");
        uint64_t ended = 0;
        for (unsigned o = 0; o < GD_OUTCOMES; o++)
            ended += edge->outcomes[o];
        check_that(ended == edge->calls, "%s: %lu calls, %lu ends", policies[i],
                   (unsigned long)edge->calls, (unsigned long)ended);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cubic),
        cmocka_unit_test(test_finds_the_limit),
        cmocka_unit_test(test_crashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
