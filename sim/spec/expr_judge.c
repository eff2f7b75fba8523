#include "sim/spec/expr.h"

double gd_expr_sum_value(const gd_expr_sum *sum, gd_expr_lookup *lookup, void *user, bool *known)
{
    double total = 0;
    *known = true;
    for (uint32_t i = 0; i < sum->n; i++) {
        bool one_known = true;
        double value = lookup(user, &sum->terms[i], &one_known);
        *known = *known && one_known;
        total += sum->terms[i].minus ? -value : value;
    }
    return total + sum->value;
}

static bool compare(gd_expr_op op, double left, double right)
{
    switch (op) {
    case GD_EXPR_LESS:
        return left < right;
    case GD_EXPR_LESS_EQUAL:
        return left <= right;
    case GD_EXPR_GREATER:
        return left > right;
    case GD_EXPR_GREATER_EQUAL:
        return left >= right;
    case GD_EXPR_EQUAL:
        return left == right;
    case GD_EXPR_NOT_EQUAL:
        return left != right;
    }
    g_assert_not_reached();
}

static gd_expr_truth judge_sums(const gd_expr *expr, gd_expr_lookup *lookup, void *user)
{
    bool left_known, right_known = true;
    double left = gd_expr_sum_value(&expr->left, lookup, user, &left_known), right = 0;
    if (expr->kind == GD_EXPR_COMPARE)
        right = gd_expr_sum_value(&expr->right, lookup, user, &right_known);
    /* A NaN compares with nothing, so it is as good as unknown. */
    if (!left_known || !right_known || left != left || right != right)
        return GD_EXPR_UNKNOWN;
    bool truth = expr->kind == GD_EXPR_COMPARE ? compare(expr->op, left, right) : left != 0;
    return truth ? GD_EXPR_TRUE : GD_EXPR_FALSE;
}

gd_expr_truth gd_expr_judge(const gd_expr *expr, gd_expr_lookup *lookup, void *user)
{
    if (expr->kind == GD_EXPR_COMPARE || expr->kind == GD_EXPR_BARE)
        return judge_sums(expr, lookup, user);
    if (expr->kind == GD_EXPR_NOT) {
        gd_expr_truth inner = gd_expr_judge(expr->first, lookup, user);
        return inner == GD_EXPR_UNKNOWN ? inner
               : inner == GD_EXPR_TRUE  ? GD_EXPR_FALSE
                                        : GD_EXPR_TRUE;
    }
    gd_expr_truth decisive = expr->kind == GD_EXPR_AND ? GD_EXPR_FALSE : GD_EXPR_TRUE;
    bool unknown = false;
    for (const gd_expr *operand = expr->first; operand; operand = operand->next) {
        gd_expr_truth truth = gd_expr_judge(operand, lookup, user);
        if (truth == decisive)
            return decisive;
        unknown = unknown || truth == GD_EXPR_UNKNOWN;
    }
    if (unknown)
        return GD_EXPR_UNKNOWN;
    return decisive == GD_EXPR_FALSE ? GD_EXPR_TRUE : GD_EXPR_FALSE;
}

void gd_expr_visit(const gd_expr *expr, void (*visit)(void *user, const gd_expr_term *term),
                   void *user)
{
    for (uint32_t i = 0; i < expr->left.n; i++)
        visit(user, &expr->left.terms[i]);
    for (uint32_t i = 0; i < expr->right.n; i++)
        visit(user, &expr->right.terms[i]);
    for (const gd_expr *operand = expr->first; operand; operand = operand->next)
        gd_expr_visit(operand, visit, user);
}
