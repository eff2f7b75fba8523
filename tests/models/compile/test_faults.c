/* Faults: whom they are on, from when to when. */
#include "sim/rng.h"
#include "tests/models/compile/compiled.h"

#define MODEL                                                                                      \
    "{'gameday': 1, 'network': {'same_zone': '1ms', 'regions': {'eu': {'zones': ['a', 'b']}, "     \
    "'us': {}}, 'links': {'wan': {'between': ['eu', 'us'], 'latency': '40ms'}}}, 'services': "     \
    "{'api': {'workers': 1, 'instances': 4, 'zones': ['a', 'b'], 'operations': {'get': "           \
    "['db.read', 'db.write', 'psp.pay']}}, 'db': {'workers': 1, 'instances': 2, 'zones': ['b', "   \
    "'a'], 'operations': {'read': [], 'write': []}}, 'leaf': {'copies': 2, 'zones': ['a'], "       \
    "'workers': 1, 'operations': {'x': []}}}, 'external': {'psp': {'region': 'us', 'operations': " \
    "{'pay': '1ms'}}}, 'clients': {'web': {'at': 'api', 'arrivals': {'poisson': '1/s'}}}}"

/* "api/0 api/1", "web>api.get", "a>b" or "web": what the fault is on, in the plan's order. */
static char *print_targets(const gd_plan *plan, const gd_plan_fault *fault)
{
    GString *out = g_string_new(NULL);
    for (uint32_t i = 0; i < fault->targets_n; i++) {
        uint32_t index = plan->targets[fault->targets_first + i];
        g_string_append(out, i ? " " : "");
        switch ((gd_target_kind)fault->on) {
        case GD_ON_INSTANCES:
            g_string_append_printf(out, "%s/%u",
                                   plan->services[plan->instances[index].service].name,
                                   plan->instances[index].ordinal);
            break;
        case GD_ON_SITES:
            g_string_append(out, plan->sites[index].name);
            break;
        case GD_ON_LINKS:
            g_string_append_printf(out, "%s>%s", plan->zones[plan->links[index].from].name,
                                   plan->zones[plan->links[index].to].name);
            break;
        case GD_ON_CLIENTS:
        case GD_ON_FLAGS:
            g_string_append(out, plan->clients[index].name);
            break;
        }
    }
    return g_string_free(out, FALSE);
}

static const struct {
    const char *fault;
    gd_lever lever;
    const char *wanted;
} cases[] = {
    {"'fault': 'crash', 'target': 'services.api'", GD_LEVER_DOWN, "api/0 api/1 api/2 api/3"},
    {"'fault': 'crash', 'target': 'services.api', 'instances': 1", GD_LEVER_DOWN, "api/0"},
    {"'fault': 'crash', 'target': 'services.api', 'instances': '30%'", GD_LEVER_DOWN,
     "api/0 api/1"},
    {"'fault': 'crash', 'target': 'services.api', 'instances': 'all'", GD_LEVER_DOWN,
     "api/0 api/1 api/2 api/3"},
    {"'fault': 'crash', 'target': 'zones.a'", GD_LEVER_DOWN, "api/0 api/2 db/1 leaf-1/0 leaf-2/0"},
    {"'fault': 'crash', 'target': 'network.zones.b'", GD_LEVER_DOWN, "api/1 api/3 db/0"},
    {"'fault': 'crash', 'target': 'regions.eu', 'instances': 1", GD_LEVER_DOWN,
     "api/0 db/0 leaf-1/0 leaf-2/0"},
    {"'fault': 'crash', 'target': 'external.psp'", GD_LEVER_DOWN, "psp/0"},
    {"'fault': 'hang', 'target': 'services.leaf'", GD_LEVER_HANG, "leaf-1/0 leaf-2/0"},
    {"'fault': 'hang', 'target': 'services.leaf-2'", GD_LEVER_HANG, "leaf-2/0"},
    {"'fault': 'slow', 'factor': 2, 'target': 'api>db'", GD_LEVER_SLOW, "api>db.read api>db.write"},
    {"'fault': 'slow', 'factor': 2, 'target': 'api>db.read'", GD_LEVER_SLOW, "api>db.read"},
    {"'fault': 'errors', 'target': '*>psp'", GD_LEVER_ERRORS, "api>psp.pay"},
    {"'fault': 'errors', 'target': 'web>api'", GD_LEVER_ERRORS, "web>api.get"},
    {"'fault': 'slow', 'added': '1s', 'target': 'links.wan'", GD_LEVER_SLOW, "a>us b>us us>a us>b"},
    {"'fault': 'overload', 'factor': 2, 'target': 'clients.web'", GD_LEVER_LOAD, "web"},
    {"'fault': 'partition', 'target': 'links.wan', 'direction': 'to'", GD_LEVER_CUT, "a>us b>us"},
    {"'fault': 'partition', 'target': 'links.wan', 'direction': 'from'", GD_LEVER_CUT, "us>a us>b"},
    {"'fault': 'partition', 'target': 'zones.b'", GD_LEVER_CUT, "a>b b>a b>us b>web us>b web>b"},
    {"'fault': 'partition', 'target': 'zones.b', 'direction': 'to'", GD_LEVER_CUT,
     "a>b us>b web>b"},
    {"'fault': 'partition', 'target': 'regions.eu'", GD_LEVER_CUT,
     "a>us a>web b>us b>web us>a us>b web>a web>b"},
    {"'fault': 'partition', 'between': ['a', 'b']", GD_LEVER_CUT, "a>b b>a"},
    {"'fault': 'partition', 'between': ['a', 'us'], 'direction': 'to'", GD_LEVER_CUT, "a>us"},
    {"'fault': 'partition', 'between': ['web', 'b']", GD_LEVER_CUT, "b>web web>b"},
    {"'fault': 'partition', 'partial': [['a', 'us'], ['us', 'web']], 'direction': 'from'",
     GD_LEVER_CUT, "us>a web>us"},
    {"'fault': 'partition', 'partial': [['a', 'b'], ['b', 'a']]", GD_LEVER_CUT, "a>b b>a"},
    {"'fault': 'rate_limit', 'limit': '3/s', 'target': 'services.db'", GD_LEVER_LIMIT, "db/0 db/1"},
};

static void test_targets(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *scenario =
            g_strdup_printf("{'gameday': 1, 'faults': {'f': {%s, 'at': '1s'}}}", cases[i].fault);
        compiled c = compile_good(MODEL, scenario);
        g_autofree char *targets = print_targets(c.plan, &c.plan->faults[0]);
        check_text(targets, cases[i].wanted, "%s", cases[i].fault);
        check_that(c.plan->faults[0].lever == cases[i].lever, "%s", cases[i].fault);
        forget(&c);
    }
}

static void test_fields(void **unused)
{
    (void)unused;
    compiled c = compile_good(
        MODEL,
        "{'gameday': 1, 'duration': '10m', 'warmup': '1m', 'faults': {'z': {'fault': 'slow', "
        "'target': 'services.db', 'at': '2m', 'for': '3m', 'ramp': '30s', 'factor': '250%', "
        "'added': '5ms', 'applies_to': 'running'}, 'a': {'fault': 'errors', 'target': "
        "'services.api', 'at': '0s', 'share': '20%', 'outcome': 'shed'}, 'm': {'fault': "
        "'rate_limit', 'target': 'services.api', 'at': '1s', 'limit': '7/s'}, 'n': {'fault': "
        "'rate_limit', 'target': 'services.api', 'at': '1s', 'limit': '7/h', 'burst': 3}}}");
    const gd_plan_fault *a = &c.plan->faults[0], *m = a + 1, *n = a + 2, *z = a + 3;
    check_text(a->name, "a", "byte order");
    check_that(a->start == GD_MINUTE && a->end == GD_NEVER,
               "from the end of the warm-up, for ever");
    check_that(a->share == GD_SHARE_ONE / 5 && a->outcome == GD_SHED && !a->running_too, "errors");
    check_that(a->factor == GD_SHARE_ONE, "errors slow nothing");
    check_that(m->limit == 7 * GD_RATE_HZ && m->burst == 7, "a second of the limit");
    check_that(n->burst == 3, "as said");
    check_text(z->name, "z", "byte order");
    check_text(z->fault, "slow", "kind");
    check_text(z->target, "services.db", "as written");
    check_that(z->start == 3 * GD_MINUTE && z->end == 6 * GD_MINUTE && z->ramp == 30 * GD_S,
               "times");
    check_that(z->factor == GD_SHARE_ONE * 5 / 2 && z->added == 5 * GD_MS && z->running_too,
               "slow");
    check_that(z->salt == gd_hash_text("z"), "salt");
    forget(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
