/* A plan from two texts, for tests. In them ' stands for ", so that they can be read here. */
#pragma once

#include "models/compile.h"
#include "tests/check.h"

typedef struct {
    gd_arena *arena;
    gd_problems *problems;
    gd_node *model, *scenario;
    gd_plan *plan; /* NULL: see the problems */
} compiled;

__attribute__((unused)) static gd_node *parse_text(compiled *c, const char *path, const char *text)
{
    g_autofree char *json = g_strdelimit(g_strdup(text), "'", '"');
    return gd_source_parse(c->arena, path, json, strlen(json), c->problems);
}

__attribute__((unused)) static compiled compile_with(const char *model, const char *scenario,
                                                     const gd_compile_options *options)
{
    compiled c = {.arena = gd_arena_new(), .problems = gd_problems_new()};
    c.model = parse_text(&c, "model.json", model);
    c.scenario = scenario ? parse_text(&c, "scenario.json", scenario) : NULL;
    if (c.model && (!scenario || c.scenario))
        c.plan = gd_compile(c.arena, c.model, c.scenario, options, c.problems);
    return c;
}

__attribute__((unused)) static compiled compile_text(const char *model, const char *scenario)
{
    return compile_with(model, scenario, NULL);
}

/* As compile_text, but it must succeed. */
__attribute__((unused)) static compiled compile_good(const char *model, const char *scenario)
{
    compiled c = compile_text(model, scenario);
    g_autofree char *problems = gd_problems_print(c.problems);
    check_that(c.plan, "%s\n%s", model, problems);
    return c;
}

__attribute__((unused)) static void forget(compiled *c)
{
    gd_arena_free(c->arena);
    gd_problems_free(c->problems);
}

__attribute__((unused)) static const gd_plan_site *site_named(const gd_plan *plan, const char *name)
{
    for (uint32_t i = 0; i < plan->n_sites; i++)
        if (strcmp(plan->sites[i].name, name) == 0)
            return &plan->sites[i];
    return NULL;
}

__attribute__((unused)) static const gd_plan_op *op_named(const gd_plan *plan, const char *name)
{
    for (uint32_t i = 0; i < plan->n_ops; i++)
        if (strcmp(plan->ops[i].name, name) == 0)
            return &plan->ops[i];
    return NULL;
}

/* A service with one operation, and its client; %s: more members, each behind a comma. */
#define TINY_SERVICES                                                                              \
    "'services': {'api': {'workers': 1, 'operations': {'get': [{'work': '5ms'}]}}}"
#define TINY_CLIENTS "'clients': {'web': {'at': 'api', 'arrivals': {'poisson': {'rate': '10/s'}}}}"
#define TINY_MODEL   "{'gameday': 1, " TINY_SERVICES ", " TINY_CLIENTS "}"
