/* What a service cannot mean is refused, with the numbers and what to write instead. */
#include "tests/models/serve/rig.h"

#include "models/compile.h"
#include "sim/spec/node.h"

static const struct {
    const char *service, *wanted;
} cases[] = {
    {"'concurrency_limit': {'aimd': {'min': 30, 'max': 20}}", "min is 30 and max is 20"},
    {"'concurrency_limit': {'aimd': {'initial': 300}}", "initial is 300"},
    {"'concurrency_limit': {'gradient': {'update_interval': '2m'}}", "no sample window fits"},
    {"'queue': {'codel': {'target': '100ms', 'interval': '50ms'}}", "target is 100 ms"},
    {"'queue': {'codel_enqueue': {'target': '1s'}}", "in a standing queue requests may wait less"},
    {"'discipline': 'ps', 'queue': {'timeout': '1s'}", "nobody waits where all share"},
    {"'ageing': '1s'", "write \"discipline\": \"priority\" too"},
    {"'fair': {'by': 'caller'}", "write \"discipline\": \"fair\" too"},
    {"'discipline': 'fair'", "there is no segment \"tenant\""},
    {"'shed': {'cpu': {'sheddable': 5}}", "the lower class would be served longer"},
    {"'shed': {'cpu': {'signal': 'busy', 'sheddable': 1, 'sheddable_plus': 1}}",
     "nothing would ever be refused"},
    {"'shed': {'queue_wait': {}}", "refuses nothing"},
    {"'discipline': 'edf', 'shed': {'queue_age': '1s'}", "who came first"},
    {"'limits': {'l': {'by': 'all', 'rate': '1/s', 'algorithm': 'fixed_window', 'period': "
     "'100ms'}}",
     "so nothing passes"},
    {"'limits': {'l': {'by': 'all'}}", "\"rate\" is missing"},
    {"'memory': {'limit': '1MiB', 'base': '2MiB'}", "it would be killed at its start"},
    {"'memory': {'limit': '2MiB', 'leak': '4000GiB'}", "killed within a millisecond"},
    {"'memory': {'limit': '2MiB', 'allocates': '1MiB'}, 'gc': {'every': '1s', 'pause': '1ms'}",
     "keep one of gc and memory.allocates"},
    {"'isolation': {'shard': 3}", "shard is 3, and there are 1 instances"},
    {"'isolation': {'shard': 1, 'cells': 1}", "one of the two"},
    {"'isolation': {}", "one of the two"},
    {"'contention': {'alpha': 2}", "alpha"},
    {"'warm_up': {'factor': 0.5}", "factor"},
    {"'concurrency_limit': {'newton': {}}", "newton"},
};

static char *problems_of(const char *service)
{
    g_autoptr(gd_arena) arena = gd_arena_new();
    g_autoptr(gd_problems) problems = gd_problems_new();
    g_autofree char *text = g_strdup_printf(
        "{'gameday': 1, 'services': {'s': {'workers': 1, %s, 'operations': {'op': [{'work': "
        "'1ms'}]}}}, 'clients': {'a': {'at': 's', 'arrivals': {'poisson': {'rate': '1/s'}}}}}",
        service);
    g_strdelimit(text, "'", '"');
    const gd_node *node = gd_source_parse(arena, "m.json", text, strlen(text), problems);
    if (node && gd_compile(arena, node, NULL, NULL, problems))
        return g_strdup("no problem at all");
    return gd_problems_print(problems);
}

static void test_mistakes(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *said = problems_of(cases[i].service);
        check_that(strstr(said, cases[i].wanted) != NULL, "%s: %s", cases[i].service, said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_mistakes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
