/* What a scenario expects, held against what happened.
 *
 * A comparison in which `over` stands slides: it holds when it holds at every place where windows
 * of that width fit into the phase; windows in which there was nothing to measure are passed over.
 */
#include "models/result/parts.h"
#include "models/result/quantity.h"
#include "sim/spec/expr.h"

/* In the order of gd_expr_during. */
static const unsigned phases[] = {GD_ALL, GD_BEFORE, GD_DURING, GD_AFTER};
static const char *const during_words[] = {"all", "before", "fault", "after"};

/* ---- load time ---------------------------------------------------------------------------------
 */

typedef struct {
    gd_arena *scratch;
    const gd_plan *plan;
    const gd_node *node;
    gd_problems *problems;
    const gd_expr *clause; /* the comparison in hand */
    gd_expr_unit unit;     /* of what was seen of it so far; NONE: nothing */
    gd_span over;
    gd_expr_during during;
    bool slides, control, replay;
} checker;

static gd_expr_unit unit_of(gd_measure measure)
{
    switch (measure) {
    case GD_IN_MS:
    case GD_IN_S:
        return GD_UNIT_SECONDS;
    case GD_IN_PER_S:
        return GD_UNIT_PER_SECOND;
    case GD_IN_RATIO:
        return GD_UNIT_RATIO;
    case GD_IN_COUNT:
    case GD_IN_FACTOR:
    case GD_IN_MINUTES:
    case GD_IN_PERCENT_S:
    case GD_IN_TRUTH:
        break;
    }
    return GD_UNIT_NUMBER;
}

static const char *remedy_of(gd_expr_unit unit)
{
    switch (unit) {
    case GD_UNIT_SECONDS:
        return "a duration, such as 800ms";
    case GD_UNIT_PER_SECOND:
        return "a rate, such as 500/s";
    case GD_UNIT_RATIO:
        return "a ratio, such as 0.99 or 99%";
    case GD_UNIT_NONE:
    case GD_UNIT_NUMBER:
    case GD_UNIT_BYTES:
    case GD_UNIT_BYTES_PER_SECOND:
        break;
    }
    return "a plain number";
}

/* A ratio may be written as a plain number, and 0 without a unit. */
static bool value_fits(const gd_expr_sum *sum, gd_expr_unit unit)
{
    if (sum->unit == GD_UNIT_NONE || sum->unit == unit)
        return true;
    return sum->unit == GD_UNIT_NUMBER && (unit == GD_UNIT_RATIO || sum->value == 0);
}

static void check_reach(checker *check, const gd_expr_term *term, const gd_quantity *quantity)
{
    if (term->during != GD_DURING_ALL && !gd_quantity_has_phases(quantity))
        gd_problem(check->problems, check->node,
                   "%s is known only for the whole run; leave \"during %s\" out", term->name,
                   during_words[term->during]);
    if (!term->over)
        return;
    if (!gd_quantity_has_windows(quantity))
        gd_problem(check->problems, check->node, "%s is not measured by window; leave \"over\" out",
                   term->name);
    else if (check->slides && (term->over != check->over || term->during != check->during))
        gd_problem(check->problems, check->node,
                   "\"%s\" slides windows of two kinds; give both the same over and during",
                   check->clause->text);
    else if (check->plan->window > 0 && term->over < check->plan->window)
        gd_problem(check->problems, check->node,
                   "windows are %s s wide in a run of this length; write no shorter \"over\"",
                   gd_number_text(check->scratch, gd_seconds(check->plan->window), 6));
    check->slides = true;
    check->over = term->over;
    check->during = term->during;
}

static void check_term(void *user, const gd_expr_term *term)
{
    checker *check = user;
    gd_quantity quantity;
    g_autofree char *why = NULL;

    check->control = check->control || term->control;
    if (!gd_quantity_find(check->plan, term->name, &quantity, &why)) {
        gd_problem(check->problems, check->node, "%s", why);
        return;
    }
    check->replay = check->replay || gd_quantity_needs_replay(&quantity);
    check_reach(check, term, &quantity);
    gd_expr_unit unit = unit_of(gd_quantity_unit(&quantity));
    if (check->unit != GD_UNIT_NONE && check->unit != unit)
        gd_problem(check->problems, check->node, "\"%s\" compares quantities of different units",
                   check->clause->text);
    check->unit = unit;
    if (check->clause->kind == GD_EXPR_BARE && gd_quantity_unit(&quantity) != GD_IN_TRUTH)
        gd_problem(check->problems, check->node, "%s is no claim; compare it with %s", term->name,
                   remedy_of(unit));
}

static void check_clauses(checker *check, const gd_expr *expr)
{
    if (expr->kind != GD_EXPR_COMPARE && expr->kind != GD_EXPR_BARE) {
        for (const gd_expr *operand = expr->first; operand; operand = operand->next)
            check_clauses(check, operand);
        return;
    }
    check->clause = expr;
    check->unit = GD_UNIT_NONE;
    check->slides = false;
    gd_expr_visit(expr, check_term, check);
    if (check->unit == GD_UNIT_NONE)
        return; /* its names are unknown, and said so */
    if (!value_fits(&expr->left, check->unit) || !value_fits(&expr->right, check->unit))
        gd_problem(check->problems, check->node, "in \"%s\": write %s", expr->text,
                   remedy_of(check->unit));
}

/* Visits each claim; *replay (may be NULL): whether one asks what less load would do. True when one
 * of them names the control. */
static bool check_all(const gd_plan *plan, const gd_node *expect, gd_problems *problems,
                      bool *replay)
{
    g_autoptr(gd_arena) scratch = gd_arena_new();
    checker check = {.scratch = scratch, .plan = plan, .problems = problems};
    if (!expect)
        return false;
    if (expect->kind != GD_OBJECT) {
        gd_problem(problems, expect,
                   "expected claims by name; write {\"it-recovers\": \"recovered\"}");
        return false;
    }
    for (const gd_node *node = expect->first; node; node = node->next) {
        const gd_expr *expr = gd_expr_read(scratch, node, problems);
        check.node = node;
        if (expr)
            check_clauses(&check, expr);
    }
    if (replay)
        *replay = check.replay;
    return check.control;
}

void gd_expect_check(const gd_plan *plan, const gd_node *expect, gd_problems *problems)
{
    (void)check_all(plan, expect, problems, NULL);
}

bool gd_expect_needs_control(const gd_plan *plan, const gd_node *expect)
{
    g_autoptr(gd_problems) unheard = gd_problems_new();
    return check_all(plan, expect, unheard, NULL);
}

bool gd_expect_needs_replay(const gd_plan *plan, const gd_node *expect)
{
    g_autoptr(gd_problems) unheard = gd_problems_new();
    bool replay = false;
    check_all(plan, expect, unheard, &replay);
    return replay;
}

/* ---- after a run -------------------------------------------------------------------------------
 */

typedef struct {
    const gd_result *result;
    uint32_t at, width; /* the windows that `over` looks at now; width 0: nothing slides */
} view;

/* In the units of expressions. */
static double look_up(void *user, const gd_expr_term *term, bool *known)
{
    const view *from = user;
    gd_quantity quantity;
    g_autofree char *why = NULL;
    bool found = gd_quantity_find(from->result->plan, term->name, &quantity, &why);
    g_assert(found); /* gd_expect_check has seen it */
    quantity.of_control = quantity.of_control || term->control;

    double value = term->over ? gd_quantity_over(from->result, &quantity, from->at, from->width)
                              : gd_quantity_get(from->result, &quantity, phases[term->during]);
    *known = gd_is_known(value);
    return gd_quantity_unit(&quantity) == GD_IN_MS ? value / 1000 : value;
}

typedef struct {
    gd_expr_truth truth;
    double found;
} judgement;

static judgement judge_here(const gd_expr *clause, view *from)
{
    bool known;
    const gd_expr_sum *shown = clause->left.n > 0 ? &clause->left : &clause->right;
    double found = gd_expr_sum_value(shown, look_up, from, &known);
    return (judgement){gd_expr_judge(clause, look_up, from), known ? found : GD_UNKNOWN};
}

static const gd_expr_term *sliding_term(const gd_expr *clause)
{
    const gd_expr_sum *sums[] = {&clause->left, &clause->right};
    for (unsigned s = 0; s < 2; s++)
        for (uint32_t i = 0; i < sums[s]->n; i++)
            if (sums[s]->terms[i].over)
                return &sums[s]->terms[i];
    return NULL;
}

/* The first place where it fails decides, and is what was found; else the last. */
static judgement slide(const gd_expr *clause, const gd_expr_term *term, const gd_result *result)
{
    judgement last = {GD_EXPR_UNKNOWN, GD_UNKNOWN};
    uint32_t first, n;
    gd_phase_windows(result, phases[term->during], &first, &n);
    if (n == 0)
        return last;
    view from = {.result = result};
    gd_span width = (term->over + result->window - 1) / result->window;
    if (width > n)
        return last;
    from.width = (uint32_t)width;
    for (from.at = first; from.at + from.width <= first + n; from.at++) {
        judgement here = judge_here(clause, &from);
        if (here.truth != GD_EXPR_UNKNOWN)
            last = here;
        if (here.truth == GD_EXPR_FALSE)
            break;
    }
    return last;
}

static judgement judge(const gd_expr *clause, const gd_result *result)
{
    const gd_expr_term *term = sliding_term(clause);
    return term ? slide(clause, term, result) : judge_here(clause, &(view){.result = result});
}

static gd_claim_verdict verdict_of(gd_expr_truth truth)
{
    return truth == GD_EXPR_TRUE    ? GD_CLAIM_TRUE
           : truth == GD_EXPR_FALSE ? GD_CLAIM_FALSE
                                    : GD_CLAIM_UNKNOWN;
}

/* Words what was found in the unit of the quantity that the clause names first. */
static const char *found_text(const gd_result *result, const gd_expr *clause, double found)
{
    const gd_expr_sum *shown = clause->left.n > 0 ? &clause->left : &clause->right;
    gd_quantity quantity;
    g_autofree char *why = NULL;
    bool known = gd_quantity_find(result->plan, shown->terms[0].name, &quantity, &why);
    g_assert(known);
    gd_measure unit = gd_quantity_unit(&quantity);
    return gd_quantity_text(result->arena, unit, unit == GD_IN_MS ? found * 1000 : found);
}

static gd_expr_truth add_part(gd_result *result, gd_claim *claim, const gd_expr *clause)
{
    judgement judged = judge(clause, result);
    gd_claim_part *parts = gd_arena_array(result->arena, gd_claim_part, claim->n_parts + 1);
    for (uint32_t i = 0; i < claim->n_parts; i++)
        parts[i] = claim->parts[i];
    parts[claim->n_parts++] = (gd_claim_part){
        .text = clause->text,
        .verdict = verdict_of(judged.truth),
        .found = judged.found,
        .found_text = found_text(result, clause, judged.found),
    };
    claim->parts = parts;
    return judged.truth;
}

/* Every comparison is judged, so that a report can show them all. */
static gd_expr_truth judge_tree(gd_result *result, gd_claim *claim, const gd_expr *expr)
{
    if (expr->kind == GD_EXPR_COMPARE || expr->kind == GD_EXPR_BARE)
        return add_part(result, claim, expr);
    if (expr->kind == GD_EXPR_NOT) {
        gd_expr_truth inner = judge_tree(result, claim, expr->first);
        return inner == GD_EXPR_UNKNOWN ? inner
               : inner == GD_EXPR_TRUE  ? GD_EXPR_FALSE
                                        : GD_EXPR_TRUE;
    }
    gd_expr_truth decisive = expr->kind == GD_EXPR_AND ? GD_EXPR_FALSE : GD_EXPR_TRUE;
    gd_expr_truth other = expr->kind == GD_EXPR_AND ? GD_EXPR_TRUE : GD_EXPR_FALSE;
    bool decided = false, unknown = false;
    for (const gd_expr *operand = expr->first; operand; operand = operand->next) {
        gd_expr_truth truth = judge_tree(result, claim, operand);
        decided = decided || truth == decisive;
        unknown = unknown || truth == GD_EXPR_UNKNOWN;
    }
    return decided ? decisive : unknown ? GD_EXPR_UNKNOWN : other;
}

/* One that fails decides over all, then one that is unknown. */
static gd_claim_verdict join(gd_claim_verdict all, gd_claim_verdict one)
{
    if (all == GD_CLAIM_FALSE || one == GD_CLAIM_FALSE)
        return GD_CLAIM_FALSE;
    return all == GD_CLAIM_UNKNOWN ? all : one;
}

static void add_claim(gd_result *result, const gd_node *node)
{
    g_autoptr(gd_problems) problems = gd_problems_new();
    const gd_expr *expr = gd_expr_read(result->arena, node, problems);
    g_assert(expr); /* gd_expect_check has seen it */
    gd_claim *claim = &result->claims[result->n_claims++];
    claim->name = gd_arena_printf(result->arena, "%s", node->key);
    claim->text = gd_arena_printf(result->arena, "%s", node->text);
    claim->verdict = verdict_of(judge_tree(result, claim, expr));
    result->verdict = join(result->verdict, claim->verdict);
}

void gd_result_claim(gd_result *result, const gd_node *expect)
{
    result->verdict = GD_CLAIM_TRUE;
    if (!expect || expect->kind != GD_OBJECT)
        return;
    result->claims = gd_arena_array(result->arena, gd_claim, gd_node_count(expect));
    for (const gd_node *node = expect->first; node; node = node->next)
        add_claim(result, node);
}
