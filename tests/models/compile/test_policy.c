/* How a call is made: nearest wins, field by field. */
#include "models/guard/specs.h"
#include "tests/models/compile/compiled.h"

/* An edge a>b.op; %s: a's calls, the step, policies, defaults. */
static char *model_of(const char *calls, const char *step, const char *policies, const char *far)
{
    return g_strdup_printf(
        "{'gameday': 1, 'policies': {%s}, 'defaults': {%s}, 'services': {'a': {'workers': 1, "
        "'calls': {%s}, 'operations': {'get': [%s]}}, 'b': {'workers': 1, 'instances': 2, "
        "'balancer': 'random', 'operations': {'op': [], 'alt': []}}}, 'clients': {'web': {'at': "
        "'a', 'arrivals': {'poisson': '1/s'}}}}",
        policies, far, calls, step);
}

/* "deadline 2s, retry 3, timeout 300ms": the chain of a site with each policy's main figure. */
static char *print_chain(const gd_plan *plan, const gd_plan_site *site)
{
    GString *out = g_string_new(NULL);
    for (uint32_t i = 0; i < site->chain_n; i++) {
        const gd_plan_policy *policy = &plan->policies[site->chain_first + i];
        g_string_append_printf(out, "%s%s ", i ? ", " : "", gd_policy_names[policy->kind]);
        if (policy->kind == GD_POLICY_RETRY)
            g_string_append_printf(out, "%u", ((const gd_retry_spec *)policy->spec)->max_attempts);
        else if (policy->kind == GD_POLICY_BULKHEAD)
            g_string_append_printf(out, "%u", ((const gd_bulkhead_spec *)policy->spec)->max);
        else if (policy->kind == GD_POLICY_DEADLINE || policy->kind == GD_POLICY_TIMEOUT)
            g_string_append_printf(out, "%d",
                                   (int)(((const gd_timeout_spec *)policy->spec)->after / GD_MS));
    }
    return g_string_free(out, FALSE);
}

static const struct {
    const char *what, *calls, *step, *policies, *far, *wanted;
} chains[] = {
    {"nothing named is nothing there", "", "'b.op'", "", "", ""},
    {"of the callee", "'b': {'timeout': '1s'}", "'b.op'", "", "", "timeout 1000"},
    {"of the operation before that", "'b': {'timeout': '1s'}, 'b.op': {'timeout': '2s'}", "'b.op'",
     "", "", "timeout 2000"},
    {"another operation's is not it", "'b': {'timeout': '1s'}, 'b.alt': {'timeout': '2s'}",
     "'b.op', 'b.alt'", "", "", "timeout 1000"},
    {"of the step before all", "'b.op': {'timeout': '2s'}", "{'call': 'b.op', 'timeout': '3s'}", "",
     "", "timeout 3000"},
    {"a named one is further away", "'b': {'use': 'p', 'timeout': '1s'}", "'b.op'",
     "'p': {'timeout': '9s', 'deadline': '2s'}", "", "deadline 2000, timeout 1000"},
    {"a bare name", "'b': 'p'", "'b.op'", "'p': {'timeout': '9s'}", "", "timeout 9000"},
    {"the default is everyone's", "", "'b.op'", "", "'call': {'timeout': '7s'}", "timeout 7000"},
    {"the default may be a name", "", "'b.op'", "'p': {'timeout': '9s'}", "'call': 'p'",
     "timeout 9000"},
    {"the default lies under a named one", "'b': 'p'", "'b.op'",
     "'p': {'timeout': '9s'}, 'q': {'timeout': '1s', 'deadline': '4s'}", "'call': 'q'",
     "deadline 4000, timeout 9000"},
    {"the nearest name is used", "'b': 'p', 'b.op': {'use': 'q'}", "'b.op'",
     "'p': {'timeout': '9s', 'deadline': '9s'}, 'q': {'timeout': '1s'}", "", "timeout 1000"},
    {"a policy may build on another", "'b': 'p'", "'b.op'",
     "'p': {'use': 'q', 'deadline': '9s'}, 'q': {'timeout': '1s', 'deadline': '1s'}", "",
     "deadline 9000, timeout 1000"},
    {"null takes it away", "'b': {'timeout': null}", "'b.op'", "",
     "'call': {'timeout': '7s', 'deadline': '8s'}", "deadline 8000"},
    {"null in a policy too", "'b': 'p'", "'b.op'", "'p': {'retry': null}",
     "'call': {'timeout': '7s', 'retry': {'max_attempts': 2}}", "timeout 7000"},
    {"parts of a policy merge", "'b': {'retry': {'max_attempts': 5}}", "'b.op'", "",
     "'call': {'retry': {'max_attempts': 2, 'backoff': {'full': {'base': '1s'}}}}", "retry 5"},
    {"the default order",
     "'b': {'timeout': '1s', 'bulkhead': {'max': 4}, 'breaker': {}, 'retry': "
     "{'max_attempts': 2}, 'deadline': '2s'}",
     "'b.op'", "", "", "deadline 2000, retry 2, breaker , bulkhead 4, timeout 1000"},
    {"an order of one's own",
     "'b': {'timeout': '1s', 'breaker': {}, 'retry': {'max_attempts': 2}, 'order': ['breaker', "
     "'retry', 'timeout']}",
     "'b.op'", "", "", "breaker , retry 2, timeout 1000"},
};

/* The starter's timeout is three times the callee's p99, at least 100 ms. */
static void test_starter(void **unused)
{
    (void)unused;
    static const char *const works[][2] = {
        {"{'work': '1ms'}", "deadline 10000, timeout 100"},
        {"{'work': '70ms'}", "deadline 10000, timeout 210"},
        {"{'work': '33ms'}, {'parallel': ['db.read', {'wait': '7ms'}]}, {'repeat': 2, 'steps': "
         "[{'work': '1ms'}]}",
         "deadline 10000, timeout 260"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(works); i++) {
        g_autofree char *model = g_strdup_printf(
            "{'gameday': 1, 'defaults': {'call': 'starter'}, 'services': {'a': {'workers': 1, "
            "'operations': {'get': ['b.op']}}, 'b': {'workers': 1, 'operations': {'op': [%s]}}, "
            "'db': {'workers': 1, 'operations': {'read': [{'work': '50ms'}]}}}, 'clients': {'web': "
            "{'at': 'a', 'arrivals': {'poisson': '1/s'}}}}",
            works[i][0]);
        compiled c = compile_good(model, NULL);
        const gd_plan_site *site = site_named(c.plan, "a>b.op");
        g_autofree char *chain = print_chain(c.plan, site);
        check_text(chain, works[i][1], "%s", works[i][0]);
        check_that(site->balancer == GD_TWO_CHOICES, "%u", site->balancer);
        forget(&c);
    }
}

static void test_chains(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(chains); i++) {
        g_autofree char *model =
            model_of(chains[i].calls, chains[i].step, chains[i].policies, chains[i].far);
        compiled c = compile_good(model, NULL);
        const gd_plan_site *site = site_named(c.plan, "a>b.op");
        g_autofree char *chain = print_chain(c.plan, site);
        check_text(chain, chains[i].wanted, "%s", chains[i].what);
        check_that(site->guarded == (site->chain_n > 0), "%s", chains[i].what);
        forget(&c);
    }
}

/* A nearer kind of back-off replaces the farther one whole: two kinds would be a contradiction. */
static void test_variant_is_replaced(void **unused)
{
    (void)unused;
    g_autofree char *model =
        model_of("'b': {'retry': {'backoff': {'constant': {'base': '3s'}}}}", "'b.op'", "",
                 "'call': {'retry': {'max_attempts': 2, 'backoff': {'full': {'base': '1s'}}}}");
    compiled c = compile_good(model, NULL);
    const gd_plan_site *site = site_named(c.plan, "a>b.op");
    const gd_retry_spec *retry = c.plan->policies[site->chain_first].spec;
    check_that(retry->backoff_kind == GD_BACKOFF_CONSTANT, "%u", retry->backoff_kind);
    check_that(retry->wait.base == 3 * GD_S, "%" G_GINT64_FORMAT, retry->wait.base);
    check_that(retry->max_attempts == 2, "%u", retry->max_attempts);
    forget(&c);
}

static const struct {
    const char *what, *calls;
    gd_outcome outcome;
    bool again;
} answers[] = {
    {"unsaid, as the outcome has it", "'retry': {'max_attempts': 2}", GD_TIMEOUT, true},
    {"unsaid, as the outcome has it", "'retry': {'max_attempts': 2}", GD_BREAKER_OPEN, false},
    {"said", "'retry': {'max_attempts': 2}, 'on': {'timeout': 'fail'}", GD_TIMEOUT, false},
    {"said", "'retry': {'max_attempts': 2}, 'on': {'breaker_open': 'retry'}", GD_BREAKER_OPEN,
     true},
    {"any", "'retry': {'max_attempts': 2}, 'on': {'any': 'fail', 'shed': 'retry'}", GD_TIMEOUT,
     false},
    {"any", "'retry': {'max_attempts': 2}, 'on': {'any': 'fail', 'shed': 'retry'}", GD_SHED, true},
    {"a good answer never", "'retry': {'max_attempts': 2}, 'on': {'any': 'retry'}", GD_OK, false},
    {"without retries never", "'on': {'any': 'retry'}", GD_TIMEOUT, false},
};

static void test_on(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        g_autofree char *calls = g_strdup_printf("'b': {%s}", answers[i].calls);
        g_autofree char *model = model_of(calls, "'b.op'", "", "");
        compiled c = compile_good(model, NULL);
        uint32_t mask = site_named(c.plan, "a>b.op")->retry_mask;
        check_that((mask >> answers[i].outcome & 1) == answers[i].again, "%s: %s on %s",
                   answers[i].what, answers[i].calls, gd_outcome_words[answers[i].outcome]);
        forget(&c);
    }
}

static const struct {
    const char *calls, *far;
    gd_then then;
    uint8_t answer;
} thens[] = {
    {"", "", GD_THEN_FAIL, GD_DEGRADED},
    {"'then': 'fail'", "", GD_THEN_FAIL, GD_DEGRADED},
    {"'then': 'crash'", "", GD_THEN_CRASH, GD_DEGRADED},
    {"'then': {'answer': 'ok', 'because': 'cached'}", "", GD_THEN_ANSWER, GD_OK},
    {"'optional': true", "", GD_THEN_ANSWER, GD_DEGRADED},
    {"'then': {'answer': 'ok'}", "'optional': true", GD_THEN_ANSWER, GD_OK},
    {"'optional': true", "'then': {'call': 'b.alt'}", GD_THEN_ANSWER, GD_DEGRADED},
    {"'then': {'answer': 'degraded'}", "'then': {'call': 'b.alt'}", GD_THEN_ANSWER, GD_DEGRADED},
};

static void test_then(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(thens); i++) {
        g_autofree char *calls = g_strdup_printf("'b': {%s}", thens[i].calls);
        g_autofree char *far = g_strdup_printf("'call': {%s}", thens[i].far);
        g_autofree char *model = model_of(calls, "'b.op'", "", far);
        compiled c = compile_good(model, NULL);
        const gd_plan_site *site = site_named(c.plan, "a>b.op");
        check_that(site->then == thens[i].then && site->answer == thens[i].answer, "%s over %s: %u",
                   thens[i].calls, thens[i].far, site->then);
        forget(&c);
    }
}

/* A fallback is a call of its own, and never its own fallback. */
static void test_fallback_calls(void **unused)
{
    (void)unused;
    g_autofree char *model =
        model_of("'b.alt': {'timeout': '1s'}", "'b.op'", "", "'call': {'then': {'call': 'b.alt'}}");
    compiled c = compile_good(model, NULL);
    const gd_plan_site *site = site_named(c.plan, "a>b.op");
    check_that(site->then == GD_THEN_CALL, "%u", site->then);
    const gd_plan_site *second = &c.plan->sites[site->then_site];
    g_autofree char *chain = print_chain(c.plan, second);
    check_text(second->name, "a>b.alt", "%u", site->then_site);
    check_text(chain, "timeout 1000", "of its own edge");
    check_that(second->then == GD_THEN_FAIL, "%u", second->then);
    check_that(second->salt != site->salt, "they draw apart");
    const gd_plan_op *op = op_named(c.plan, "a.get");
    check_that(op->sites_n == 2, "%u", op->sites_n);
    forget(&c);
}

/* What a step says of its call is not said of the fallback. */
static void test_fallback_has_its_own_policy(void **unused)
{
    (void)unused;
    g_autofree char *model =
        model_of("", "{'call': 'b.op', 'timeout': '5s', 'then': {'call': 'b.alt'}}", "", "");
    compiled c = compile_good(model, NULL);
    const gd_plan_site *site = site_named(c.plan, "a>b.op");
    check_that(site->chain_n == 1 && c.plan->sites[site->then_site].chain_n == 0, "%u",
               c.plan->sites[site->then_site].chain_n);
    forget(&c);
}

/* A cancel is sent only to who would honour it. */
static void test_cancel(void **unused)
{
    (void)unused;
    static const struct {
        const char *cancellation, *more;
        bool wanted;
    } ways[] = {
        {"none", "", false},
        {"dequeue_only", "", true},
        {"immediate", "", true},
        {"immediate", ", 'cancel_on_timeout': false", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autofree char *model = g_strdup_printf(
            "{'gameday': 1, 'services': {'api': {'workers': 1, 'cancellation': '%s', 'operations': "
            "{'get': []}}}, 'clients': {'web': {'at': 'api', 'arrivals': {'poisson': '1/s'}, "
            "'timeout': '1s'%s}}}",
            ways[i].cancellation, ways[i].more);
        compiled c = compile_good(model, NULL);
        check_that(c.plan->sites[0].cancel_on_timeout == ways[i].wanted, "%s%s",
                   ways[i].cancellation, ways[i].more);
        forget(&c);
    }
}

static void test_balancer(void **unused)
{
    (void)unused;
    g_autofree char *plain = model_of("", "'b.op'", "", "");
    g_autofree char *said = model_of("'b': {'balancer': 'least_requests'}", "'b.op'", "", "");
    compiled c = compile_good(plain, NULL), d = compile_good(said, NULL);
    check_that(site_named(c.plan, "a>b.op")->balancer == GD_RANDOM, "the callee's");
    check_that(site_named(d.plan, "a>b.op")->balancer == GD_LEAST_REQUESTS, "the edge's");
    check_that(site_named(d.plan, "web>a.get")->balancer == GD_ROUND_ROBIN, "the default");
    forget(&c);
    forget(&d);
}

/* Users are no services: defaults.call is not theirs; a reload is a retry with a constant wait. */
static void test_clients(void **unused)
{
    (void)unused;
    compiled c = compile_good(
        "{'gameday': 1, " TINY_SERVICES ", 'defaults': {'call': {'timeout': '1s', 'on': "
        "{'timeout': 'fail'}}}, 'clients': {'web': {'at': 'api', 'arrivals': {'poisson': '1/s'}, "
        "'timeout': '8s', 'reload': {'max_attempts': 2, 'after': '3s'}}, 'bot': {'at': 'api', "
        "'arrivals': {'poisson': '1/s'}}}}",
        NULL);
    const gd_plan_site *web = site_named(c.plan, "web>api.get");
    g_autofree char *chain = print_chain(c.plan, web);
    check_text(chain, "retry 2, timeout 8000", "web");
    check_that(web->retry_mask >> GD_TIMEOUT & 1, "a slow page is reloaded");
    const gd_retry_spec *retry = c.plan->policies[web->chain_first].spec;
    check_that(retry->backoff_kind == GD_BACKOFF_CONSTANT && retry->wait.base == 3 * GD_S, "%u",
               retry->backoff_kind);
    check_that(site_named(c.plan, "bot>api.get")->chain_n == 0, "bot");
    check_that(c.plan->views[1].useful_within == GD_NEVER, "a user who reloads goes on waiting");
    forget(&c);
}

/* Records of a call hold the policies' bytes side by side. */
static void test_offsets(void **unused)
{
    (void)unused;
    g_autofree char *model = model_of("'b': {'timeout': '1s', 'breaker': {}, 'bulkhead': {'max': "
                                      "3}, 'retry': {'max_attempts': 2}}",
                                      "'b.op'", "", "");
    compiled c = compile_good(model, NULL);
    const gd_plan_site *site = site_named(c.plan, "a>b.op");
    uint32_t call = 0, state = 0;
    for (uint32_t i = 0; i < site->chain_n; i++) {
        const gd_plan_policy *policy = &c.plan->policies[site->chain_first + i];
        check_that(policy->at_call == call && policy->at_state == state, "policy %u", i);
        call += (gd_policy_call_bytes(policy->kind, policy->spec) + 7) & ~7u;
        state += (gd_policy_state_bytes(policy->kind, policy->spec) + 7) & ~7u;
    }
    check_that(site->call_bytes == call && site->state_bytes == state, "%u %u", call, state);
    check_that(c.plan->max_call_bytes >= call, "%u", c.plan->max_call_bytes);
    forget(&c);
}

static void test_explain(void **unused)
{
    (void)unused;
    static const char *const wanted[] = {
        "a>b.op\n",
        "\"2s\"         services.a.calls.\"b.op\", model.json:2",
        "retry.max_attempts            3            policies.p, model.json:1",
        "retry.backoff.full.base       \"10ms\"       defaults.call, model.json:1",
        "breaker                       -            not named",
        "balancer                      random       as the called service says",
        "chain, outermost first: retry > timeout\n",
    };
    g_autofree char *text = model_of("'b.op': {\n'timeout':\n'2s'}, 'b': 'p'", "'b.op'",
                                     "'p': {'retry': {'max_attempts': "
                                     "3}}",
                                     "'call': {'retry': {'backoff': {'full': {'base': '10ms'}}}}");
    compiled c = compile_good(text, NULL);
    g_autofree char *out = gd_explain_edge(c.arena, c.model, "a>b.op", c.problems);
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++)
        check_that(out && strstr(out, wanted[i]), "%s\nis not in\n%s", wanted[i], out);
    g_autofree char *none = gd_explain_edge(c.arena, c.model, "a>b.opp", c.problems);
    g_autofree char *problems = gd_problems_print(c.problems);
    check_that(!none && strstr(problems, "did you mean 'a>b.op'?"), "%s", problems);
    forget(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_variant_is_replaced),
        cmocka_unit_test(test_on),
        cmocka_unit_test(test_then),
        cmocka_unit_test(test_fallback_calls),
        cmocka_unit_test(test_balancer),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_fallback_has_its_own_policy),
        cmocka_unit_test(test_clients),
        cmocka_unit_test(test_offsets),
        cmocka_unit_test(test_explain),
        cmocka_unit_test(test_starter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
