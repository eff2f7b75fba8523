/* The table of the budgets. */
#include "models/guard/budget.h"

#define GD_BUDGET(symbol, name) extern const gd_budget gd_##name##_budget;
#include "models/guard/budget.def"
#undef GD_BUDGET
#define GD_BUDGET(symbol, name) extern const gd_shape gd_##name##_budget_shape;
#include "models/guard/budget.def"
#undef GD_BUDGET

const gd_budget *const gd_budgets[GD_BUDGETS] = {
#define GD_BUDGET(symbol, name) [GD_BUDGET_##symbol] = &gd_##name##_budget,
#include "models/guard/budget.def"
#undef GD_BUDGET
};

const gd_shape *const gd_budget_shapes[GD_BUDGETS + 1] = {
#define GD_BUDGET(symbol, name) [GD_BUDGET_##symbol] = &gd_##name##_budget_shape,
#include "models/guard/budget.def"
#undef GD_BUDGET
};

gd_budget_kind gd_budget_of(const gd_variant *said)
{
    unsigned kind = 0;
    while (kind < GD_BUDGETS && gd_budget_shapes[kind] != said->shape)
        kind++;
    return (gd_budget_kind)kind;
}
