/* What a plan's tables imply, filled in at the end of compilation: which link a call site always
 * takes, and where the state of its policies and its balancer lies. */
#include "models/plan.h"
#include "tests/models/bench_plan.h"

#include <glib.h>

/* Zones a, b and the users' own; links by the pair of zones. */
enum { A, B, USERS, ZONES };

typedef struct {
    gd_plan plan;
    gd_plan_zone zones[ZONES];
    uint16_t link_of[ZONES * ZONES];
    gd_plan_service services[3];
    gd_plan_instance instances[5];
    gd_plan_op ops[3];
    gd_plan_client clients[1];
    gd_plan_site sites[4];
    uint32_t callees[4];
} tables;

/* one is in a; pair in a and b; two is in b, twice. */
static void fill(tables *t)
{
    *t = (tables){.instances = {{.service = 0, .zone = A},
                                {.service = 1, .zone = A},
                                {.service = 1, .zone = B},
                                {.service = 2, .zone = B},
                                {.service = 2, .zone = B}}};
    static const uint32_t first[] = {0, 1, 3}, n[] = {1, 2, 2};
    for (uint32_t i = 0; i < 3; i++) {
        t->services[i] =
            (gd_plan_service){.instances_first = first[i], .instances_n = n[i], .ops_first = i};
        t->ops[i] = (gd_plan_op){.service = i};
    }
    for (uint16_t i = 0; i < ZONES * ZONES; i++)
        t->link_of[i] = i; /* a link of its own for each pair and direction */
    t->clients[0].zone = USERS;
    t->plan = (gd_plan){.zones = t->zones,
                        .n_zones = ZONES,
                        .link_of = t->link_of,
                        .services = t->services,
                        .n_services = 3,
                        .instances = t->instances,
                        .n_instances = 5,
                        .ops = t->ops,
                        .n_ops = 3,
                        .clients = t->clients,
                        .n_clients = 1,
                        .sites = t->sites,
                        .callees = t->callees};
}

static gd_plan_site *add_site(tables *t, uint32_t caller, uint32_t callee)
{
    uint32_t i = t->plan.n_sites++;
    t->callees[i] = callee;
    t->plan.n_callees = i + 1;
    t->sites[i] = (gd_plan_site){.client = caller == GD_NONE ? 0 : GD_NONE,
                                 .caller_service = caller,
                                 .callees_first = i,
                                 .callees_n = 1,
                                 .balancer = GD_RANDOM};
    return &t->sites[i];
}

static void test_fixed_links(void **unused)
{
    (void)unused;
    static const struct {
        const char *name;
        uint32_t caller, callee;
        uint16_t there, back;
    } cases[] = {
        {"users to one place", GD_NONE, 0, USERS * ZONES + A, A * ZONES + USERS},
        {"users to two places", GD_NONE, 1, UINT16_MAX, UINT16_MAX},
        {"users to one zone, two instances", GD_NONE, 2, USERS * ZONES + B, B * ZONES + USERS},
        {"one place to one zone", 0, 2, A * ZONES + B, B * ZONES + A},
        {"a service to itself", 0, 0, A * ZONES + A, A * ZONES + A},
        {"from two places", 1, 2, UINT16_MAX, UINT16_MAX},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        tables t;
        fill(&t);
        const gd_plan_site *site = add_site(&t, cases[i].caller, cases[i].callee);
        gd_plan_finish(&t.plan);
        check_that(site->fixed_link == cases[i].there && site->fixed_back == cases[i].back,
                   "%s: %u and %u", cases[i].name, site->fixed_link, site->fixed_back);
    }
}

/* The ways differ in one direction only: neither is fixed, so that both are looked up. */
static void test_a_one_way_difference(void **unused)
{
    (void)unused;
    tables t;
    fill(&t);
    for (unsigned i = 0; i < ZONES * ZONES; i++)
        t.link_of[i] = 0;
    t.link_of[B * ZONES + USERS] = 1; /* only the way back from b is another */
    const gd_plan_site *site = add_site(&t, GD_NONE, 1);
    gd_plan_finish(&t.plan);
    check_that(site->fixed_link == UINT16_MAX && site->fixed_back == UINT16_MAX, "%u and %u",
               site->fixed_link, site->fixed_back);
}

/* Each caller instance has its own state; users have one. */
static void test_states(void **unused)
{
    (void)unused;
    tables t;
    fill(&t);
    gd_plan_site *users = add_site(&t, GD_NONE, 0), *none = add_site(&t, 0, 2),
                 *pair = add_site(&t, 1, 2), *two = add_site(&t, 2, 0);
    users->state_bytes = 5;
    users->call_bytes = 9;
    pair->state_bytes = 24;
    pair->call_bytes = 33;
    two->balancer = GD_LEAST_REQUESTS;
    gd_plan_finish(&t.plan);
    check_that(users->state_bytes == 8 && users->call_bytes == 16, "in words of 8 bytes");
    check_that(users->state_first == 0, "the users' one");
    check_that(none->state_first == GD_NONE, "no state, no slot");
    check_that(pair->state_first == 1, "two slots");
    check_that(two->state_first == 3 && two->balancer_bytes == sizeof(uint32_t),
               "a balancer's is state too");
    check_that(t.plan.n_states == 5, "%u", t.plan.n_states);
    check_that(t.plan.max_call_bytes == 40, "%u", t.plan.max_call_bytes);

    gd_plan_finish(&t.plan);
    check_that(t.plan.n_states == 5 && pair->state_first == 1, "finishing twice changes nothing");
}

static void test_balancer_bytes(void **unused)
{
    (void)unused;
    static const struct {
        const char *name;
        uint8_t balancer;
        uint32_t callee, group, bytes;
    } cases[] = {
        {"a cursor over two", GD_ROUND_ROBIN, 2, 1, 8},
        {"none over one", GD_ROUND_ROBIN, 0, 1, 0},
        {"over a group of single ones", GD_ROUND_ROBIN, 0, 2, 8},
        {"random keeps nothing", GD_RANDOM, 2, 1, 0},
        {"a count for each instance", GD_LEAST_REQUESTS, 2, 1, 8},
        {"two choices too", GD_TWO_CHOICES, 1, 1, 8},
        {"of a group: of all there are", GD_TWO_CHOICES, 0, 2, 20},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        tables t;
        fill(&t);
        gd_plan_site *site = add_site(&t, GD_NONE, cases[i].callee);
        site->balancer = cases[i].balancer;
        site->callees_n = cases[i].group;
        gd_plan_finish(&t.plan);
        check_that(site->balancer_bytes == cases[i].bytes, "%s: %u", cases[i].name,
                   site->balancer_bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixed_links),
        cmocka_unit_test(test_a_one_way_difference),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_balancer_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
