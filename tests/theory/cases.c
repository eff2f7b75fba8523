#include "tests/theory/theory.h"

#include "sim/rng.h"

#include <math.h>
#include <string.h>

#define DEFAULT_RUNS 48
#define MOST_RUNS    1000000

static const gd_node *member(const gd_node *object, const char *key, gd_node_kind kind,
                             gd_problems *problems)
{
    const gd_node *node = gd_node_get(object, key);
    if (node && node->kind == kind)
        return node;
    gd_problem(problems, node ? node : object, "needs \"%s\", of another kind or at all", key);
    return NULL;
}

/* A number, or a percentage of `whole`. NaN after a problem. */
static double read_number(const gd_node *node, double whole, gd_problems *problems)
{
    char *end = NULL;
    double value = node->text ? g_ascii_strtod(node->text, &end) : 0;
    if (node->kind == GD_STRING && end != node->text && strcmp(end, "%") == 0)
        return value / 100 * fabs(whole);
    if (node->kind == GD_NUMBER)
        return value;
    gd_problem(problems, node, "expected a number or \"3%%\"");
    return NAN;
}

static bool read_row(theory_case *one, const gd_node *node, theory_row *row, gd_problems *problems)
{
    guint before = gd_problems_reported(problems);
    const gd_node *is = member(node, "is", GD_STRING, problems);
    const gd_node *theory = member(node, "theory", GD_NUMBER, problems);
    const gd_node *within = gd_node_get(node, "within"), *known = gd_node_get(node, "known");
    const gd_node *spread = gd_node_get(node, "spread");
    if (!is || !theory)
        return false;
    row->name = node->key;
    row->theory = read_number(theory, 0, problems);
    row->within = within ? read_number(within, row->theory, problems) : INFINITY;
    row->known = known ? read_number(known, row->theory, problems) : 0;
    row->spread = spread && spread->truth;
    g_autofree char *why = NULL;
    row->formula =
        theory_formula_parse(one->arm->arena, one->arm->plan, is->text, &one->question, &why);
    if (!row->formula)
        gd_problem(problems, is, "%s", why ? why : "is no formula");
    else if (theory_formula_is_quantile(row->formula))
        row->known += fabs(row->theory) / (2 * GD_HIST_SUB);
    row->values = g_new0(double, one->n_runs);
    return gd_problems_reported(problems) == before;
}

static const char *text_of(const gd_node *object, const char *key)
{
    const gd_node *node = gd_node_get(object, key);
    return node && node->kind == GD_STRING ? node->text : NULL;
}

static bool read_theory(theory_case *one, const gd_node *theory, gd_problems *problems)
{
    const gd_node *expect = member(theory, "expect", GD_OBJECT, problems);
    const gd_node *id = member(theory, "case", GD_STRING, problems);
    const gd_node *title = member(theory, "title", GD_STRING, problems);
    const gd_node *source = member(theory, "source", GD_STRING, problems);
    const gd_node *runs = gd_node_get(theory, "runs");
    if (!expect || !id || !title || !source)
        return false;
    one->id = id->text;
    one->title = title->text;
    one->source = source->text;
    one->wide = text_of(theory, "wide");
    one->salt = gd_hash_text(one->id);
    double n = runs ? read_number(runs, 0, problems) : DEFAULT_RUNS;
    if (!(n >= 1 && n <= MOST_RUNS)) {
        gd_problem(problems, runs, "expected 1 to %d runs", MOST_RUNS);
        return false;
    }
    one->n_runs = (uint32_t)n;
    one->rows = g_new0(theory_row, gd_node_count(expect));
    bool fine = true;
    for (const gd_node *row = expect->first; row; row = row->next)
        fine = read_row(one, row, &one->rows[one->n_rows++], problems) && fine;
    return fine;
}

theory_case *theory_case_load(const char *path, gd_problems *problems)
{
    static const gd_compile_options full_size = {.scale = GD_SHARE_ONE};
    theory_case *one = g_new0(theory_case, 1);
    one->question.service = GD_NONE;
    one->documents = gd_documents_load(path, NULL, NULL, problems);
    one->arm = one->documents ? gd_arm_new(one->documents, &full_size, problems) : NULL;
    const gd_node *theory =
        one->arm ? member(one->documents->scenario, "x-theory", GD_OBJECT, problems) : NULL;
    if (theory && read_theory(one, theory, problems))
        return one;
    theory_case_free(one);
    return NULL;
}

void theory_case_free(theory_case *one)
{
    for (uint32_t i = 0; i < one->n_rows; i++)
        g_free(one->rows[i].values);
    g_free(one->rows);
    gd_arm_free(one->arm);
    gd_documents_free(one->documents);
    g_free(one);
}
