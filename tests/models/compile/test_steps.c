/* Steps become tables: what they look like, and on what names their draws hang. */
#include "sim/rng.h"
#include "tests/models/compile/compiled.h"

#define MODEL(steps)                                                                               \
    "{'gameday': 1, 'flags': {'beta': {}}, 'services': {'db': {'workers': 1, 'operations': "       \
    "{'read': [], 'write': []}}, 'api': {'workers': 1, 'operations': {'get': [" steps "]}}}, "     \
    "'clients': {'web': {'at': 'api', 'arrivals': {'poisson': '1/s'}, 'draw': {'items': 2}}}}"

static const char *const kinds[] = {"enter",    "work",   "wait",       "call",     "send",
                                    "parallel", "choose", "repeat",     "if",       "fail",
                                    "jump",     "end",    "end-strand", "optional", "refuse"};

static void print_step(GString *out, const gd_plan *plan, const gd_step *step, uint32_t first)
{
    g_string_append(out, kinds[step->kind]);
    switch ((gd_step_kind)step->kind) {
    case GD_STEP_CALL:
    case GD_STEP_SEND:
        g_string_append_printf(out, "(%s)", plan->sites[step->a].name);
        break;
    case GD_STEP_PARALLEL:
        g_string_append_printf(out, "(%u of", step->b);
        for (uint32_t i = 0; i < step->n; i++) {
            const gd_branch *branch = &plan->branches[step->a + i];
            if (branch->bare)
                g_string_append_printf(out, " %s", plan->sites[branch->at].name);
            else
                g_string_append_printf(out, " @%u", branch->at - first);
        }
        g_string_append_printf(out, "%s%s)", step->flags & GD_STEP_AT_ONCE ? " at-once" : "",
                               step->flags & GD_STEP_CANCEL ? " cancel" : "");
        break;
    case GD_STEP_CHOOSE:
        g_string_append(out, "(");
        for (uint32_t i = 0; i < step->n; i++)
            g_string_append_printf(
                out, "%s%u%%@%u", i ? " " : "",
                (unsigned)(plan->choices[step->a + i].below / (UINT64_MAX / 100)),
                plan->choices[step->a + i].step - first);
        g_string_append(out, ")");
        break;
    case GD_STEP_REPEAT:
        g_string_append_printf(out, "(%s x%u%s @%u)", step->b == GD_NONE ? "$" : "n", step->n,
                               step->flags & GD_STEP_BARE ? " bare" : "", step->a - first);
        break;
    case GD_STEP_IF:
        g_string_append_printf(out, "(%s else @%u)", plan->flags[step->a].name, step->b - first);
        break;
    case GD_STEP_FAIL:
        g_string_append_printf(out, "(%s)", gd_outcome_words[step->n]);
        break;
    case GD_STEP_JUMP:
        g_string_append_printf(out, "(@%u)", step->a - first);
        break;
    case GD_STEP_ENTER:
    case GD_STEP_WORK:
    case GD_STEP_WAIT:
    case GD_STEP_END:
    case GD_STEP_OPTIONAL:
    case GD_STEP_REFUSE:
    case GD_STEP_END_STRAND:
        break;
    }
}

/* All steps of api.get, which is the first operation; @n counts from its ENTER. */
static char *print_steps(const gd_plan *plan)
{
    GString *out = g_string_new(NULL);
    uint32_t first = op_named(plan, "api.get")->first, end = op_named(plan, "db.read")->first;
    for (uint32_t i = first; i < end; i++) {
        g_string_append(out, i == first ? "" : " ");
        print_step(out, plan, &plan->steps[i], first);
    }
    return g_string_free(out, FALSE);
}

static const struct {
    const char *what, *model, *wanted;
} programs[] = {
    {"nothing", MODEL(""), "enter end"},
    {"in order", MODEL("{'work': '1ms'}, {'wait': '2ms'}, 'db.read'"),
     "enter work wait call(api>db.read) end"},
    {"without waiting", MODEL("{'call': 'db.write', 'wait': false}"),
     "enter send(api>db.write) end"},
    {"bare branches have no strand", MODEL("{'parallel': ['db.read', ['db.write']]}"),
     "enter parallel(2 of api>db.read api>db.write) end"},
    {"others are behind the end",
     MODEL("{'parallel': ['db.read', [{'work': '1ms'}, 'db.write']], "
           "'until': 'first', 'on_failure': 'at_once', 'rest': "
           "'cancel'}, {'wait': '1ms'}"),
     "enter parallel(1 of api>db.read @4 at-once cancel) wait end work call(api>db.write) "
     "end-strand"},
    {"named branches in byte order",
     MODEL("{'parallel': {'z': 'db.read', 'a': [{'work': '1ms'}]}, "
           "'until': 2}"),
     "enter parallel(2 of @3 api>db.read) end work end-strand"},
    {"a branch that does not wait is a strand",
     MODEL("{'parallel': [{'call': 'db.read', 'wait': false}]}"),
     "enter parallel(1 of @3) end send(api>db.read) end-strand"},
    {"choices jump",
     MODEL("{'choose': {'miss': {'weight': 1, 'steps': ['db.read']}, 'hit': "
           "{'weight': 3}}}, {'work': '1ms'}"),
     "enter choose(75%@2 100%@3) jump(@5) call(api>db.read) jump(@5) work end"},
    {"a flag", MODEL("{'if': 'beta', 'then': ['db.read'], 'else': [{'work': '1ms'}]}"),
     "enter if(beta else @4) call(api>db.read) jump(@5) work end"},
    {"a flag without an else", MODEL("{'if': 'beta', 'then': ['db.read']}"),
     "enter if(beta else @3) call(api>db.read) end"},
    {"a repeated call", MODEL("{'repeat': 3, 'steps': ['db.read']}"),
     "enter repeat(n x1 bare @3) end call(api>db.read) end-strand"},
    {"a repeated list",
     MODEL("{'repeat': '$items', 'at_once': 2, 'steps': [{'work': '1ms'}, "
           "'db.read']}"),
     "enter repeat($ x2 @3) end work call(api>db.read) end-strand"},
    {"a failure", MODEL("{'fail': '2%', 'outcome': 'client_error'}, {'fail': 1}"),
     "enter fail(client_error) fail(server_error) end"},
    {"nested", MODEL("{'repeat': 2, 'steps': [{'parallel': [[{'work': '1ms'}], 'db.read']}]}"),
     "enter repeat(n x1 @3) end parallel(2 of @5 api>db.read) end-strand work end-strand"},
};

static void test_programs(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
        compiled c = compile_good(programs[i].model, NULL);
        g_autofree char *program = print_steps(c.plan);
        check_text(program, programs[i].wanted, "%s", programs[i].what);
        forget(&c);
    }
}

static void test_before_and_after(void **unused)
{
    (void)unused;
    compiled c = compile_good(
        "{'gameday': 1, 'services': {'api': {'workers': 1, 'before': [{'work': '1ms'}, 'db.read'], "
        "'after': [{'wait': '1ms'}], 'operations': {'get': ['db.read'], 'put': []}}, 'db': "
        "{'workers': 1, 'operations': {'read': []}}}, 'clients': {'web': {'at': 'api', 'mix': "
        "'get', 'arrivals': {'poisson': '1/s'}}}}",
        NULL);
    const gd_plan_op *get = op_named(c.plan, "api.get"), *put = op_named(c.plan, "api.put");
    check_that(get->starts_with_work && get->sites_n == 2 && put->sites_n == 1, "%u %u",
               get->sites_n, put->sites_n);
    check_that(c.plan->steps[get->first + 1].salt == gd_hash_text("before/work#0"), "before");
    check_that(c.plan->steps[get->first + 4].salt == gd_hash_text("after/wait#0"), "after");
    check_that(c.plan->sites[get->sites_first].salt == gd_hash_text("api.get>before/db.read#0"),
               "a call of `before` is named apart");
    check_that(c.plan->sites[get->sites_first + 1].salt == gd_hash_text("api.get>db.read#0"),
               "so that it changes no other name");
    forget(&c);
}

/* ---- names ------------------------------------------------------------------------------------
 */
/* The names that the steps, branches and sites of api.get must still have after an edit. */
static const char *const steps_of_base[] = {"work#0", "db.read#0", "parallel#0",
                                            "work#1", "db.read#1", "work#2"};
#define BASE                                                                                       \
    "{'work': '1ms'}, 'db.read', {'parallel': [[{'work': '1ms'}, 'db.read'], 'db.write']}, "
#define TAIL "{'work': '3ms'}"

static bool has_step(const gd_plan *plan, const char *name)
{
    uint64_t salt = gd_hash_text(name);
    uint32_t end = op_named(plan, "db.read")->first;
    for (uint32_t i = op_named(plan, "api.get")->first; i < end; i++)
        if (plan->steps[i].salt == salt)
            return true;
    return false;
}

static bool has_site(const gd_plan *plan, const char *name)
{
    uint64_t salt = gd_hash_text(name);
    for (uint32_t i = 0; i < plan->n_sites; i++)
        if (plan->sites[i].salt == salt)
            return true;
    return false;
}

static void test_names_survive_edits(void **unused)
{
    (void)unused;
    static const char *const edits[] = {
        MODEL(BASE TAIL),
        MODEL("{'wait': '1ms'}, " BASE TAIL),            /* a step of another kind in front */
        MODEL(BASE "{'fail': '1%'}, 'db.write', " TAIL), /* and in the middle */
        MODEL(BASE "{'if': 'beta', 'then': [{'wait': '1ms'}]}, " TAIL),
        MODEL("{'work': '1ms', 'as': 'log'}, " BASE TAIL), /* of the same kind, with its own name */
        MODEL(
            "'db.read', {'work': '1ms'}, {'parallel': [[{'work': '1ms'}, 'db.read'], 'db.write'], "
            "'until': 1}, " TAIL), /* in another order */
    };
    for (size_t e = 0; e < G_N_ELEMENTS(edits); e++) {
        compiled c = compile_good(edits[e], NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(steps_of_base); i++)
            check_that(has_step(c.plan, steps_of_base[i]), "edit %zu: %s", e, steps_of_base[i]);
        check_that(has_site(c.plan, "api.get>db.read#0") && has_site(c.plan, "api.get>db.read#1") &&
                       has_site(c.plan, "api.get>db.write#0") && has_site(c.plan, "web>api.get#0"),
                   "edit %zu", e);
        forget(&c);
    }
}

static void test_branches_have_names(void **unused)
{
    (void)unused;
    compiled c = compile_good(
        MODEL("{'parallel': ['db.read', [{'work': '1ms'}], [{'wait': '1ms'}]]}, {'parallel': {'x': "
              "'db.read'}}, {'parallel': [{'call': 'db.read', 'as': 'y'}]}"),
        NULL);
    static const char *const wanted[] = {"db.read#0", "branch#0", "branch#1", "x", "y"};
    check_that(c.plan->n_branches == 5, "%u", c.plan->n_branches);
    for (uint32_t i = 0; i < 5; i++)
        check_that(c.plan->branches[i].salt == gd_hash_text(wanted[i]), "%s", wanted[i]);
    check_that(has_site(c.plan, "api.get>y"), "a site has its step's own name");
    forget(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_programs),
        cmocka_unit_test(test_before_and_after),
        cmocka_unit_test(test_names_survive_edits),
        cmocka_unit_test(test_branches_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
