/* A retry budget: limits the share of tries that are not a call's first, for each call site and
 * caller instance. With share r the callee sees at most (1 + r) x what is offered, instead of
 * max_attempts x. It refuses most when everything fails: right under overload, a needless loss when
 * failures are independent. Retries and hedges ask it.
 *
 * Who uses it keeps gd_budget_call_bytes for each call (zero at first) and gd_budget_state_bytes
 * for each state, and tells it of the moments below.
 */
#pragma once

#include "models/flow/reply.h"
#include "sim/spec/field.h"

typedef enum {
#define GD_BUDGET(symbol, name) GD_BUDGET_##symbol,
#include "models/guard/budget.def"
#undef GD_BUDGET
    GD_BUDGETS
} gd_budget_kind;

typedef struct {
    gd_time now;
    const void *spec;
    void *mine;  /* for this call */
    void *state; /* for its site and caller instance */
} gd_budget_at;

/* NULL: it does not matter to this kind. */
typedef struct {
    const gd_shape *shape;
    uint32_t call_bytes, state_bytes;
    void (*began)(const gd_budget_at *at); /* a call begins */
    void (*sent)(const gd_budget_at *at);  /* one of its attempts is out */
    /* One of its attempts has ended or is given up; `worth`: it failed in a way that is worth
     * another one. */
    void (*ended)(const gd_budget_at *at, const gd_reply *reply, bool worth);
    /* May there be one more, the `tries`-th and one? What it costs is then taken. */
    bool (*acquire)(const gd_budget_at *at, const gd_reply *reply, uint32_t tries);
    void (*over)(const gd_budget_at *at, bool good); /* the call has ended */
    bool throttles; /* a refusal is called `throttled`, not `budget` (by its product) */
} gd_budget;

extern const gd_budget *const gd_budgets[GD_BUDGETS];
/* In the order of the kinds, ending with NULL. */
extern const gd_shape *const gd_budget_shapes[GD_BUDGETS + 1];

/* GD_BUDGETS: none. */
gd_budget_kind gd_budget_of(const gd_variant *said);

/* The moments, where there may be no budget (kind GD_BUDGETS). */
static inline void gd_budget_began(gd_budget_kind kind, const gd_budget_at *at)
{
    if (kind != GD_BUDGETS && gd_budgets[kind]->began)
        gd_budgets[kind]->began(at);
}
static inline void gd_budget_sent(gd_budget_kind kind, const gd_budget_at *at)
{
    if (kind != GD_BUDGETS && gd_budgets[kind]->sent)
        gd_budgets[kind]->sent(at);
}
static inline void gd_budget_ended(gd_budget_kind kind, const gd_budget_at *at,
                                   const gd_reply *reply, bool worth)
{
    if (kind != GD_BUDGETS && gd_budgets[kind]->ended)
        gd_budgets[kind]->ended(at, reply, worth);
}
static inline bool gd_budget_acquire(gd_budget_kind kind, const gd_budget_at *at,
                                     const gd_reply *reply, uint32_t tries)
{
    return kind == GD_BUDGETS || gd_budgets[kind]->acquire(at, reply, tries);
}
static inline void gd_budget_over(gd_budget_kind kind, const gd_budget_at *at, bool good)
{
    if (kind != GD_BUDGETS && gd_budgets[kind]->over)
        gd_budgets[kind]->over(at, good);
}

/* What a retry or a hedge keeps of it, in multiples of 8. */
static inline uint32_t gd_budget_call_bytes(gd_budget_kind kind)
{
    return kind == GD_BUDGETS ? 0 : (gd_budgets[kind]->call_bytes + 7u) & ~7u;
}
static inline uint32_t gd_budget_state_bytes(gd_budget_kind kind)
{
    return kind == GD_BUDGETS ? 0 : (gd_budgets[kind]->state_bytes + 7u) & ~7u;
}
