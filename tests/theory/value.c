#include "tests/theory/formula.h"

#include <math.h>

/* Sum of squares in ns^2: each value in the middle of its bucket, with the spread within it. */
static double squares(const gd_hist *hist, const gd_hist_pool *pool)
{
    double sum = 0;
    for (unsigned octave = 0; octave < GD_HIST_OCTAVES; octave++) {
        if (!hist->block[octave])
            continue;
        const uint32_t *counters = pool->counters + (size_t)(hist->block[octave] - 1) * GD_HIST_SUB;
        double width = ldexp(1, octave ? (int)octave - 1 : 0);
        for (uint32_t sub = 0; sub < GD_HIST_SUB; sub++) {
            double middle = octave ? (GD_HIST_SUB + sub + 0.5) * width : sub;
            sum += counters[sub] * (middle * middle + (octave ? width * width / 12 : 0));
        }
    }
    return sum;
}

static double moment_of(const theory_formula *formula, const theory_run *run)
{
    const gd_record *record = run->record;
    double count = 0, sum = 0, square = 0, zeros = 0;
    for (unsigned i = 0; i < (formula->part == 3 ? GD_PHASES : 1); i++) {
        const gd_service_record *service = &record->services[formula->index];
        const gd_hist *hist = formula->part == 0   ? &service->wait
                              : formula->part == 1 ? &service->service
                              : formula->part == 2 ? &service->sojourn
                                                   : &record->views[formula->index].good[i];
        count += (double)hist->count;
        zeros += (double)hist->zeros;
        sum += (double)hist->sum;
        square += squares(hist, record->hists);
    }
    double ms = (double)GD_MS;
    if (formula->kind == THEORY_NONE)
        return zeros / count;
    double mean = sum / count / ms, second = square / count / ms / ms;
    return formula->kind == THEORY_SECOND ? second : second - mean * mean;
}

static double last_failed(const theory_formula *formula, const theory_run *run)
{
    const uint32_t *failed = run->record->view_series[formula->index].failed;
    uint32_t windows = run->record->windows;
    while (windows > 0 && failed[windows - 1] == 0)
        windows--;
    return windows * ((double)run->record->plan->window / (double)GD_S);
}

static double watched_value(const theory_formula *formula, const theory_answer *answer)
{
    uint32_t part = formula->part;
    if (formula->kind == THEORY_TIME_AT)
        return answer->time_at[part] / answer->seconds;
    if (formula->kind == THEORY_ENTRIES)
        return answer->entries[part] / answer->seconds;
    if (formula->kind == THEORY_PASSAGE)
        return answer->passage_s[part] / answer->passages[part];
    if (formula->kind == THEORY_SEEN)
        return answer->seen[part];
    if (formula->kind == THEORY_SEEN_EMPTY)
        return answer->seen[part] == 0;
    if (formula->kind == THEORY_EMPTIED)
        return answer->emptied[part];
    double share = 0; /* THEORY_TIME_FROM */
    for (uint32_t k = part; k < THEORY_LEVELS; k++)
        share += answer->time_at[k] / answer->seconds;
    return share;
}

static double over_windows(const theory_formula *formula, const gd_result *result)
{
    gd_span width = result->window;
    return gd_quantity_over(result, &formula->quantity, (uint32_t)(formula->from / width),
                            (uint32_t)((formula->to - formula->from) / width));
}

static double combine(theory_kind kind, double a, double b)
{
    if (kind == THEORY_SUM)
        return a + b;
    if (kind == THEORY_DIFFERENCE)
        return a - b;
    return kind == THEORY_PRODUCT ? a * b : a / b;
}

double theory_formula_get(const theory_formula *formula, const theory_run *run)
{
    theory_kind kind = formula->kind;
    if (formula->left)
        return combine(kind, theory_formula_get(formula->left, run),
                       theory_formula_get(formula->right, run));
    if (kind == THEORY_NUMBER)
        return formula->number;
    if (kind == THEORY_SECONDS)
        return run->result->simulated_s;
    if (kind == THEORY_QUANTITY)
        return gd_quantity_get(run->result, &formula->quantity, formula->phase);
    if (kind == THEORY_WINDOWS)
        return over_windows(formula, run->result);
    if (kind == THEORY_LAST_FAILED)
        return last_failed(formula, run);
    if (kind == THEORY_NONE || kind == THEORY_VARIANCE || kind == THEORY_SECOND)
        return moment_of(formula, run);
    return watched_value(formula, run->answer);
}
