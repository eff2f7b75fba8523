/* Retry budgets, each against a trace worked out by hand, and against the bound that it promises.
 */
#include "models/guard/budget.h"
#include "models/guard/specs.h"
#include "tests/models/bench_plan.h"

#include <glib.h>

/* ---- a budget by hand --------------------------------------------------------------------------
 */
typedef struct {
    gd_budget_kind kind;
    gd_budget_at at;
    gd_arena *arena;
    uint64_t state[512], calls[8][4];
} purse;

/* A budget as a model writes it: "{'ratio': {'share': '10%'}}". */
static void purse_init(purse *p, const char *text)
{
    memset(p, 0, sizeof *p);
    p->arena = gd_arena_new();
    g_autofree char *model = g_strdup_printf(
        "{'gameday': 1, 'name': 'x', 'duration': '1s', 'model': {'gameday': 1, 'services': {'s': "
        "{'workers': 1, 'operations': {'op': [{'work': '1ms'}]}}}, 'clients': {'web': {'at': 's', "
        "'retry': {'budget': %s}, 'arrivals': {'periodic': '1/s'}}}}}",
        text);
    gd_plan *plan = plan_from_json(p->arena, model);
    const gd_plan_site *site = &plan->sites[bench_site(plan, "web>s.op")];
    const gd_retry_spec *retry = plan->policies[site->chain_first].spec;
    p->kind = (gd_budget_kind)retry->budget_kind;
    assert_true(gd_budget_state_bytes(p->kind) <= sizeof p->state);
    assert_true(gd_budget_call_bytes(p->kind) <= sizeof p->calls[0]);
    p->at = (gd_budget_at){.spec = retry->budget.spec, .state = p->state};
}

static gd_reply failed(gd_outcome outcome, gd_span after)
{
    return (gd_reply){.outcome = outcome, .retry_after = after};
}

/* Plays a script; writes y or n for each retry that is asked for.
 *   ( a call begins and is sent   o x it succeeds, fails in a way worth a retry; it has ended
 *   r asks for a retry of it (then it is sent again), after a failure
 *   t the same after a time-out, l after a rate limit          s its server says: do not retry
 *   + a second passes             1-7 the call that is meant from here on */
static void play(purse *p, const char *script, char *answers)
{
    size_t call = 1;
    uint32_t tries[8] = {0};
    for (; *script; script++) {
        gd_reply good = failed(GD_OK, GD_RETRY_UNSAID);
        gd_reply bad = failed(*script == 't'   ? GD_TIMEOUT
                              : *script == 'l' ? GD_RATE_LIMITED
                                               : GD_SERVER_ERROR,
                              *script == 's' ? GD_RETRY_STOP : GD_RETRY_UNSAID);
        if (*script >= '1' && *script <= '7')
            call = (size_t)(*script - '0');
        p->at.mine = p->calls[call];
        switch (*script) {
        case '+':
            p->at.now += GD_S;
            break;
        case '(':
            memset(p->calls[call], 0, sizeof p->calls[call]);
            tries[call] = 1;
            gd_budget_began(p->kind, &p->at);
            gd_budget_sent(p->kind, &p->at);
            break;
        case 'o':
        case 'x':
        case 's':
            gd_budget_ended(p->kind, &p->at, *script == 'o' ? &good : &bad, *script == 'x');
            gd_budget_over(p->kind, &p->at, *script == 'o');
            break;
        case 'r':
        case 't':
        case 'l':
            gd_budget_ended(p->kind, &p->at, &bad, true);
            *answers = gd_budget_acquire(p->kind, &p->at, &bad, tries[call]) ? 'y' : 'n';
            if (*answers++ == 'y') {
                tries[call]++;
                gd_budget_sent(p->kind, &p->at);
            } else {
                gd_budget_over(p->kind, &p->at, false);
            }
            break;
        }
    }
    *answers = '\0';
}

static const struct {
    const char *name, *budget, *script, *wanted;
} traces[] = {
    {"ratio: it begins with what it may save up", "{'ratio': {'share': '50%', 'burst': 2}}",
     "(r(r(r(r", "yyyn"}, /* has 2; 2 - 1 + 0.5; 1.5 - 1 + 0.5; 1 - 1 + 0.5: not enough */
    {"ratio: two calls earn one", "{'ratio': {'share': '50%', 'burst': 1}}", "(r(r(r", "yny"},
    {"ratio: no more than the burst is saved", "{'ratio': {'share': '100%', 'burst': 1}}",
     "(o(o(o(rr", "yn"},
    {"fixed: three at once", "{'fixed_concurrency': {'max_retries': 2}}", "1(r2(r3(r", "yyn"},
    {"fixed: a retry gives its place back to itself", "{'fixed_concurrency': {'max_retries': 1}}",
     "1(rrr", "yyy"},
    {"fixed: and to others when it is over", "{'fixed_concurrency': {'max_retries': 1}}",
     "1(r2(r1o3(r", "yny"},
    /* 20 % of 6 active: retries 0 < 1.2, 1 < 1.2, 2 > 1.2; each failed one is active no more. */
    {"envoy: a share of what is active",
     "{'envoy_concurrency': {'share': '20%', 'min_concurrency': 0}}", "1(2(3(4(5(6(7(1r2r3r",
     "yyn"},
    {"envoy: a minimum whatever is active",
     "{'envoy_concurrency': {'share': '20%', 'min_concurrency': 1}}", "1(r2(r", "yn"},
    /* Reserve 0; a call deposits 1, a retry at 50 % withdraws 2. */
    {"finagle: deposits pay for it", "{'finagle_ttl': {'share': '50%', 'min_per_s': 0}}",
     "(r(r(r(r", "nyny"}, /* has 1, 2, 1, 2 */
    {"finagle: deposits vanish", "{'finagle_ttl': {'share': '50%', 'min_per_s': 0, 'ttl': '2s'}}",
     "(o(o+++(r", "n"},
    {"finagle: a standing reserve",
     "{'finagle_ttl': {'share': '50%', 'min_per_s': 1, 'ttl': '1s'}}", "(rr", "yn"},
    /* 10 tokens, half is 5: after five net failures it refuses. */
    {"gRPC: five net failures", "{'grpc_throttle': {}}", "(r(r(r(r(r(r", "yyyynn"},
    {"gRPC: ten successes are a failure", "{'grpc_throttle': {'max_tokens': 4}}",
     "(x(x(o(o(o(o(o(o(o(o(o(r", "n"}, /* 2 + 0.9 - 1 = 1.9: not above 2 */
    {"gRPC: and eleven are more", "{'grpc_throttle': {'max_tokens': 4}}",
     "(x(x(o(o(o(o(o(o(o(o(o(o(o(r", "y"}, /* 2 + 1.1 - 1 */
    {"gRPC: never above its maximum", "{'grpc_throttle': {'max_tokens': 2, 'token_ratio': 1}}",
     "(o(o(o(r", "n"}, /* 2 - 1 = 1, not above 1 */
    {"gRPC: a stop counts as a failure", "{'grpc_throttle': {'max_tokens': 4}}", "(s(r", "n"},
    /* 25: 10 after a time-out, 5 else. */
    {"AWS: what it costs", "{'aws_quota': {'capacity': 25}}", "(t(r(t(r", "yyyn"},
    {"AWS: a success gives its last retry back", "{'aws_quota': {'capacity': 10}}", "(tot", "yy"},
    {"AWS: and one for a call that needed none", "{'aws_quota': {'capacity': 10}}",
     "(t(o(o(o(o(r(o(r", "yny"}, /* has 4, then 5 */
    {"AWS, newer: dearer, but for throttling", "{'aws_quota_v2': {'capacity': 24}}", "(r(l(l(r",
     "yyyn"},
    {"SRE: three tries of a call", "{'sre_budget': {'share': '100%'}}", "(o(o(o(rrr", "yyn"},
    {"SRE: a share of the requests", "{'sre_budget': {'share': '10%'}}",
     "(o(o(o(o(o(o(o(o(o(o1(r2(r3(r", "yyn"}, /* 0 of 11, 1 of 12 (8.3 %), 2 of 13 (15 %) */
    {"SRE: of the window only", "{'sre_budget': {'share': '10%', 'window': '60s'}}",
     "1(r2(r++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++3(r", "yny"},
};

static void test_traces(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(traces); i++) {
        purse p;
        char answers[64];
        purse_init(&p, traces[i].budget);
        play(&p, traces[i].script, answers);
        check_text(answers, traces[i].wanted, "%s", traces[i].name);
        gd_arena_free(p.arena);
    }
}

/* ---- in a run ----------------------------------------------------------------------------------
 */
/* 2,000 calls that all fail, 100/s: with budget r no more than r x calls and what is saved up. */
static const struct {
    const char *budget;
    uint64_t most, least;
} bounds[] = {
    {"{'ratio': {'share': '10%', 'burst': 10}}", 210, 208},
    {"{'sre_budget': {'share': '10%'}}", 201, 198},
    {"{'grpc_throttle': {}}", 2, 2},  /* each try counts: 9, 8, 7, 6, 5 */
    {"{'aws_quota': {}}", 100, 100},  /* 500 / 5 */
    {"{'aws_quota_v2': {}}", 35, 35}, /* 500 / 14 */
    {"{'finagle_ttl': {'min_per_s': 0}}", 400, 395},
};

static void test_bounds(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(bounds); i++) {
        g_autofree char *model = g_strdup_printf(
            "'services': {'s': {'workers': 'unlimited', 'operations': {'op': [{'work': '1ms'}, "
            "{'fail': '100%%'}]}}}, 'clients': {'web': {'at': 's', 'retry': {'max_attempts': 2, "
            "'budget': %s}, 'arrivals': {'periodic': '100/s'}, 'stop_after': 2000}}",
            bounds[i].budget);
        g_auto(bench) b = bench_of(model, "");
        bench_play(&b, "");
        uint64_t retries = bench_counter(&b, "web>s.op", "retry", "retries");
        check_that(bounds[i].least <= retries && retries <= bounds[i].most, "%s: %lu retries",
                   bounds[i].budget, (unsigned long)retries);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_traces),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
