/* Asks a pool by hand: no clock runs, the test says what time it is. */
#pragma once

#include "models/balance/pool.h"
#include "tests/models/bench_plan.h"

typedef struct {
    bench b;
    gd_run *run;
    const gd_plan_pool *pool;
    const gd_plan_site *site;
    uint32_t from; /* the first instance of the caller; GD_NONE: a client */
    uint64_t asked;
} picks;

/* The pool of the site of that name ("web>s.op"). */
static inline picks picks_of(const char *model, const char *site)
{
    picks p = {.b = bench_of(model, "'duration': '1h'")};
    p.run = p.b.run;
    uint32_t index = bench_site(p.b.plan, site);
    p.site = &p.b.plan->sites[index];
    check_that(p.site->pools_first != 0, "%s has a pool", site);
    p.pool = &p.b.plan->pools[p.b.plan->pool_of[p.site->pools_first - 1]];
    p.from = p.site->client != GD_NONE ? GD_NONE
                                       : p.b.plan->services[p.site->caller_service].instances_first;
    return p;
}

static inline void picks_clear(picks *p)
{
    bench_clear(&p->b);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(picks, picks_clear)

static inline gd_pool_state *picks_state(picks *p)
{
    uint32_t ordinal = 0;
    return gd_pool_state_of(p->run, p->pool, ordinal);
}

static inline gd_host *picks_host(picks *p, uint32_t host)
{
    return &gd_pool_hosts(p->pool, picks_state(p))[host];
}

/* The instance that request `n` goes to; GD_NONE: nobody. */
static inline uint32_t picks_ask(picks *p, uint64_t n)
{
    uint32_t op;
    uint64_t key = gd_mix_n(p->run->key, n);
    gd_subject subject = {.request = key, .user = (uint32_t)n};
    uint32_t at = gd_pool_pick(p->run, p->site, p->from, key, &subject, &op);
    return at == GD_NONE ? GD_NONE : at - p->b.plan->services[p->pool->service].instances_first;
}

/* And how its call ends, at once. */
static inline void picks_end(picks *p, uint32_t host, gd_outcome outcome)
{
    uint32_t at = p->b.plan->services[p->pool->service].instances_first + host;
    gd_pool_ended(p->run, p->site, p->from, at, 0, outcome, GD_MS);
}

static inline uint32_t picks_next(picks *p)
{
    uint32_t host = picks_ask(p, p->asked++);
    if (host != GD_NONE)
        picks_end(p, host, GD_OK);
    return host;
}

static inline void picks_flag(picks *p, uint32_t host, unsigned flag, bool on)
{
    gd_pool_flag(p->run, p->pool, picks_state(p), host, flag, on);
}

/* As letters: a is instance 0. */
static inline const char *picks_letters(picks *p, unsigned n)
{
    static char text[256];
    for (unsigned i = 0; i < n; i++) {
        uint32_t host = picks_next(p);
        text[i] = host == GD_NONE ? '-' : (char)('a' + (int)host);
    }
    text[n] = '\0';
    return text;
}
