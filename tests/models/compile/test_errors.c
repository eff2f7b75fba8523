/* What a wrong document is told: its place, its address, what is wrong and what to write. */
#include "tests/models/compile/compiled.h"

#define API(members) "'api': {'workers': 1, 'operations': {'get': [{'work': '5ms'}]}" members "}"
#define WEB(members) "'web': {'at': 'api', 'arrivals': {'poisson': '10/s'}" members "}"
#define MODEL(services, clients, more)                                                             \
    "{'gameday': 1, 'services': {" services "}, 'clients': {" clients "}" more "}"
#define STEPS(steps)                                                                               \
    MODEL("'db': {'workers': 1, 'operations': {'read': [{'work': '1ms'}]}}, 'api': {'workers': "   \
          "1, 'operations': {'get': [" steps "]}}",                                                \
          WEB(""), "")
#define GOOD           MODEL(API(""), WEB(""), "")
#define FAULT(members) "{'gameday': 1, 'duration': '10m', 'faults': {'f': {" members "}}}"
#define TWO_ZONES      ", 'network': {'regions': {'eu': {'zones': ['a', 'b']}}, 'same_zone': '1ms'}"

static const struct {
    const char *what, *model, *scenario, *wanted; /* wanted: part of what is printed */
} cases[] = {
    {"a section of later work", MODEL(API(""), WEB(""), ", 'stores': {}"), NULL,
     "model.json:1:163: stores: not yet: stores; this version does not simulate it, leave it out"},
    {"a field of later work", MODEL(API(", 'consumes': {'q': []}"), WEB(""), ""), NULL,
     "services.api.consumes: not yet: consumes"},
    {"a step of later work", STEPS("{'publish': 'q'}"), NULL, "not yet: publish"},
    {"a promise",
     MODEL("'api': {'workers': 1, 'operations': {'get': {'steps': [], 'promises': "
           "{}}}}",
           WEB(""), ""),
     NULL, "not yet: promises"},
    {"a retry budget of more than all",
     MODEL(API(""), WEB(", 'retry': {'max_attempts': 2, 'budget': {'ratio': {'share': 1.5}}}"), ""),
     NULL, "retry.budget.ratio.share"},
    {"deploys", GOOD, "{'gameday': 1, 'deploys': {}}", "scenario.json:1:16: deploys: not yet"},
    {"a misspelt section", MODEL(API(""), WEB(""), ", 'netwrk': {}"), NULL,
     "netwrk: no such member \"netwrk\"; did you mean \"network\"?"},
    {"a misspelt field", MODEL(API(", 'quue': 5"), WEB(""), ""), NULL,
     "services.api.quue: no such member \"quue\"; did you mean \"queue\"?"},
    {"no workers", MODEL("'api': {'operations': {'get': []}}", WEB(""), ""), NULL,
     "services.api: does not say how much it does at once; write \"workers\": 16"},
    {"no operations", MODEL("'api': {'workers': 1}", WEB(""), ""), NULL, "has no operations"},
    {"no clients", "{'gameday': 1, " TINY_SERVICES "}", NULL, "the member \"clients\" is missing"},
    {"a service that nobody has", STEPS("'dbb.read'"), NULL,
     "there is no operation \"dbb.read\"; did you mean \"db.read\"?"},
    {"a call without an operation", STEPS("'wibble'"), NULL,
     "\"wibble\" is no operation; write \"service.operation\""},
    {"a pattern that nothing matches", STEPS("{'call': {'one_of': 'zz-*.op'}}"), NULL,
     "no operation matches \"zz-*.op\""},
    {"two kinds in one step", STEPS("{'work': '1ms', 'wait': '1ms'}"), NULL,
     "no such member \"wait\""},
    {"no step", STEPS("{'wrok': '1ms'}"), NULL, "is no step; write \"service.operation\""},
    {"a number for a time", STEPS("{'work': 5}"), NULL, "services.api.operations.get[0].work: "},
    {"a flag that is not there", STEPS("{'if': 'beta', 'then': []}"), NULL,
     "there is no flag \"beta\"; name it under flags"},
    {"an attribute that nobody draws", STEPS("{'repeat': '$items', 'steps': ['db.read']}"), NULL,
     "no client draws \"items\"; write \"draw\""},
    {"an attribute that one client does not draw",
     MODEL("'api': {'workers': 1, 'operations': {'get': ['b.x']}}, 'b': {'workers': 1, "
           "'operations': {'x': [{'repeat': '$items', 'steps': [{'work': '1ms'}]}]}}",
           WEB(", 'draw': {'items': 3}") ", 'bot': {'at': 'api', 'arrivals': {'poisson': '1/s'}}",
           ""),
     NULL, "clients.bot: its requests of api.get come to a repeat by $items"},
    {"two steps of one name", STEPS("{'work': '1ms', 'as': 'x'}, {'wait': '1ms', 'as': 'x'}"), NULL,
     "another step of this operation is called \"x\" too"},
    {"until more than there are", STEPS("{'parallel': ['db.read'], 'until': 2}"), NULL,
     "until: 2 is out of range"},
    {"weights of nothing", STEPS("{'choose': {'a': {'weight': 0}}}"), NULL, "all weights are 0"},
    {"a failure that is none", STEPS("{'fail': '2%', 'outcome': 'ok'}"), NULL,
     "a failure cannot end with \"ok\""},
    {"a circle of calls",
     MODEL("'api': {'workers': 1, 'operations': {'get': ['b.x']}}, 'b': {'workers': 1, "
           "'operations': {'x': ['c.x']}}, 'c': {'workers': 1, 'operations': {'x': ['b.x']}}",
           WEB(""), ""),
     NULL, "so a request would never end: b.x → c.x → b.x; remove one of them"},
    {"a call of itself",
     MODEL("'api': {'workers': 1, 'operations': {'get': ['api.get']}}", WEB(""), ""), NULL,
     "api.get → api.get"},
    {"a fan-out bomb",
     MODEL("'api': {'workers': 1, 'operations': {'get': [{'repeat': 10000, 'steps': ['b.x']}]}}, "
           "'b': {'workers': 1, 'operations': {'x': [{'repeat': 10000, 'steps': ['c.x']}]}}, 'c': "
           "{'workers': 1, 'operations': {'x': []}}",
           WEB(""), ""),
     NULL, "one request of web>api.get makes about 1e+08 calls, and a run allows 1e+06"},
    {"a billion instances", MODEL(API(", 'instances': 1000000000"), WEB(""), ""), NULL,
     "services.api.instances: 1000000000 is out of range"},
    {"a million, a hundred times", MODEL(API(", 'instances': 1000000, 'copies': 100"), WEB(""), ""),
     NULL, "the model has 100000000 instances, and a plan holds 1000000"},
    {"a policy that nobody named", MODEL(API(""), WEB(", 'use': 'fast'"), ""), NULL,
     "clients.web.use: there is no policy \"fast\"; name one of `policies`"},
    {"a policy on itself",
     MODEL(API(""), WEB(""), ", 'policies': {'a': {'use': 'b'}, 'b': {'use': 'a'}}"), NULL,
     "the policy \"a\" builds on itself"},
    {"too many policies on each other",
     MODEL(API(""), WEB(", 'use': 'a'"),
           ", 'policies': {'a': {'use': 'b'}, 'b': {'use': 'c'}, 'c': {'use': 'd'}, 'd': {'use': "
           "'e'}, 'e': {'use': 'f'}, 'f': {'use': 'g'}, 'g': {'use': 'h'}, 'h': {'use': 'i'}, 'i': "
           "{}}"),
     NULL, "policies.h.use: is the 9th policy in a row that builds on another"},
    {"a call that is never made", MODEL(API(", 'calls': {'db': {'timeout': '1s'}}"), WEB(""), ""),
     NULL, "api never calls db; remove this, or name what it calls"},
    {"an outcome that is none", MODEL(API(""), WEB(", 'on': {'timeuot': 'retry'}"), ""), NULL,
     "clients.web.on.timeuot: no such member \"timeuot\"; did you mean \"timeout\"?"},
    {"a word that is none", MODEL(API(""), WEB(", 'on': {'timeout': 'again'}"), ""), NULL,
     "expected \"retry\" or \"fail\""},
    {"a then that is none", MODEL(API(""), WEB(", 'then': {'answer': 'maybe'}"), ""), NULL,
     "expected \"fail\", \"crash\", {\"answer\": \"degraded\"}"},
    {"an order that leaves one out",
     MODEL(API(""), WEB(", 'timeout': '1s', 'deadline': '2s', 'order': ['timeout']"), ""), NULL,
     "leaves deadline out, which this call has; add it"},
    {"two ways to come", MODEL(API(""), WEB(", 'users': 5"), ""), NULL,
     "has more than one of arrivals, visits and users"},
    {"visits without journeys",
     MODEL(API(""), "'web': {'at': 'api', 'visits': {'poisson': '1/s'}}", ""), NULL,
     "visits need journeys"},
    {"a client at nothing",
     MODEL(API(""), "'web': {'at': 'ap', 'arrivals': {'poisson': '1/s'}}", ""), NULL,
     "there is no service \"ap\"; did you mean \"api\"?"},
    {"a page that is not there", MODEL(API(""), WEB(", 'mix': {'gt': 1}"), ""), NULL,
     "there is no operation \"api.gt\"; did you mean \"api.get\"?"},
    {"a bare number for a rate",
     MODEL(API(""), "'web': {'at': 'api', 'arrivals': {'poisson': 5}}", ""), NULL,
     "expected a rate such as \"180/s\""},
    {"a zone that is not there", MODEL(API(", 'zones': ['c']"), WEB(""), TWO_ZONES), NULL,
     "there is no such zone; name zones or regions of the network"},
    {"two zones of one name",
     MODEL(API(""), WEB(""), ", 'network': {'regions': {'eu': {'zones': ['a', 'a']}}}"), NULL,
     "there are two zones \"a\""},
    {"regions without a link",
     MODEL(API(", 'zones': ['eu'], 'before': ['db.read']") ", 'db': {'zones': ['us'], 'workers': "
                                                           "1, 'operations': {'read': []}}",
           WEB(", 'region': 'eu'"), ", 'network': {'regions': {'eu': {}, 'us': {}}}"),
     NULL, "no link says how eu reaches us; write \"links\""},
    {"where in two regions",
     MODEL(API(""), WEB(""),
           ", 'network': {'regions': {'eu': {}, 'us': "
           "{}}}"),
     NULL, "the network has several regions and nothing says where this is"},
    {"two links for one way",
     MODEL(API(", 'zones': ['eu', 'us']"), WEB(", 'region': 'eu'"),
           ", 'network': {'regions': {'eu': {}, 'us': {}}, 'links': {'x': {'between': ['eu', "
           "'us']}, 'y': {'between': ['us', 'eu']}}}"),
     NULL, "x and y both join eu and us"},
    {"observed of nothing", MODEL(API(""), WEB(""), ", 'observed': {'web.buy': {'p50': '1s'}}"),
     NULL, "is no user-visible operation; write \"web.get\""},
    {"no kind of fault", GOOD, FAULT("'fault': 'crsh', 'target': 'services.api', 'at': '1m'"),
     "there is no fault \"crsh\"; did you mean \"crash\"?"},
    {"a crash of a link", GOOD, FAULT("'fault': 'crash', 'target': 'links.psp', 'at': '1m'"),
     "crash cannot be on \"links.psp\"; write services.x, external.x, zones.x or regions.x"},
    {"a fault on nothing", GOOD, FAULT("'fault': 'crash', 'target': 'services.db', 'at': '1m'"),
     "nothing is called \"services.db\""},
    {"a fault after the end", GOOD,
     FAULT("'fault': 'crash', 'target': 'services.api', 'at': "
           "'10m'"),
     "faults.f.at: begins after the end of the run; write less than its duration, 10m"},
    {"a slowness of nothing", GOOD, FAULT("'fault': 'slow', 'target': 'services.api', 'at': '1m'"),
     "slows nothing down; write \"factor\": 8"},
    {"work in progress where nothing works", GOOD,
     FAULT("'fault': 'slow', 'target': 'web>api', 'at': '1m', 'factor': 3, 'applies_to': "
           "'running'"),
     "faults.f.applies_to: \"running\" rescales work in progress, and this target has none"},
    {"a field of another fault", GOOD,
     FAULT("'fault': 'crash', 'target': 'services.api', 'at': '1m', 'factor': 3"),
     "faults.f.factor: no such member \"factor\""},
    {"more instances than there are", GOOD,
     FAULT("'fault': 'crash', 'target': 'services.api', 'at': '1m', 'instances': 2"),
     "there are only 1 instances"},
    {"a partition of no link", GOOD,
     FAULT("'fault': 'partition', 'between': ['local', 'local'], 'at': '1m'"),
     "no link joins these two"},
    {"an answer that no callee gives", GOOD,
     FAULT("'fault': 'errors', 'target': 'services.api', 'at': '1m', 'outcome': 'timeout'"),
     "no callee answers \"timeout\""},
    {"an overload of users", MODEL(API(""), "'web': {'at': 'api', 'users': 5}", ""),
     FAULT("'fault': 'overload', 'target': 'clients.web', 'at': '1m', 'factor': 2"),
     "web has no rate that could grow"},
    {"load of nobody", GOOD,
     "{'gameday': 1, 'load': {'x': {'target': 'clients.bot', 'step': {'at': '1s', 'factor': 2}}}}",
     "load.x.target: is no client; write \"clients.web\""},
    {"eleven years", GOOD, "{'gameday': 1, 'duration': '11y'}", "duration: "},
    {"ten years and a warm-up", GOOD, "{'gameday': 1, 'duration': '3650d', 'warmup': '1d'}",
     "with the warm-up the run is longer than ten years"},
    {"a time of no day", GOOD, "{'gameday': 1, 'starts_at': 'Tue 25:10'}",
     "starts_at: \"Tue 25:10\" is no time; write \"Tue 02:10\""},
    {"pre-emption without priorities", MODEL(API(", 'preempt': true"), WEB(""), ""), NULL,
     "only priority pre-empts"},
    {"a service and an external of one name",
     MODEL(API(""), WEB(""), ", 'external': {'api': {'operations': {'x': '1ms'}}}"), NULL,
     "there are two services or externals \"api\""},
};

static void test_cases(void **unused)
{
    (void)unused;
    unsigned wrong = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        compiled c = compile_text(cases[i].model, cases[i].scenario);
        g_autofree char *problems = gd_problems_print(c.problems);
        if (c.plan || !strstr(problems, cases[i].wanted)) {
            print_error("%s\nprinted %s\nwanted  %s\n\n", cases[i].what, problems, cases[i].wanted);
            wrong++;
        }
        forget(&c);
    }
    check_that(wrong == 0, "%u of %zu", wrong, G_N_ELEMENTS(cases));
}

/* The documents that the cases break are sound themselves. */
static void test_bases(void **unused)
{
    (void)unused;
    static const char *const models[] = {GOOD, STEPS("'db.read'"),
                                         MODEL(API(", 'zones': ['b']"), WEB(""), TWO_ZONES)};
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++) {
        compiled c = compile_good(models[i],
                                  FAULT("'fault': 'crash', 'target': 'services.api', 'at': '1m'"));
        forget(&c);
    }
}

static void test_all_at_once(void **unused)
{
    (void)unused;
    compiled c = compile_text(MODEL(API(", 'quue': 5"), WEB(", 'zzz': 1"), ", 'caches': {}"),
                              FAULT("'fault': 'crash', 'at': '1m'"));
    check_that(gd_problems_count(c.problems) == 4, "%u", gd_problems_count(c.problems));
    forget(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_bases),
        cmocka_unit_test(test_all_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
