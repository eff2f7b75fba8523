/* The table: simulated against closed forms. scripts/theory builds and starts it.
 *
 * Each case is played in many independent runs; a row is the mean over them and Student's interval.
 * Rows are judged at a level at which the whole table errs once in a thousand seeds (Bonferroni),
 * so that another --seed does not find a failure by looking long enough.
 */
#include "tests/theory/theory.h"

#include "sim/rng.h"
#include "sim/stats/interval.h"

#include <gsl/gsl_cdf.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FALSE_ALARM 0.001 /* of the whole table */
#define WIDE        0.01  /* issue 1: the half-width of a mean is at most 1 % of the truth */
#define NAME_WIDTH  37

typedef struct {
    GPtrArray *cases;
    uint64_t seed;
    gint next_case, next_run; /* under the lock */
    GMutex lock;
    GCond finished;
} table;

typedef struct {
    double value, half_width, wide; /* wide: half-width at 95 % */
    bool ok;
} verdict;

/* ---- playing ----------------------------------------------------------------------------------
 */
static void play(theory_case *one, gd_run *run, uint32_t index)
{
    theory_answer answer = {0};
    if (one->question.service != GD_NONE)
        theory_watch(run, &one->question, &answer);
    else
        gd_run_until(run, GD_NEVER, UINT64_MAX);
    const gd_record *record = gd_run_finish(run);
    g_autoptr(gd_result) result = gd_result_new(record, &one->arm->noted);
    theory_run done = {result, record, &answer};
    for (uint32_t i = 0; i < one->n_rows; i++)
        one->rows[i].values[index] = theory_formula_get(one->rows[i].formula, &done);
    if (result->partial)
        g_atomic_int_inc(&one->cut_short);
}

static uint64_t seed_of(const table *all, const theory_case *one, uint32_t index)
{
    return gd_mix_n(gd_mix(all->seed, one->salt), index);
}

/* The next run that nobody plays yet; NULL when there is none. */
static theory_case *take(table *all, uint32_t *index)
{
    theory_case *one = NULL;
    g_mutex_lock(&all->lock);
    if (all->next_case < (gint)all->cases->len) {
        one = g_ptr_array_index(all->cases, (guint)all->next_case);
        *index = (uint32_t)all->next_run++;
        if (all->next_run == (gint)one->n_runs) {
            all->next_run = 0;
            all->next_case++;
        }
    }
    g_mutex_unlock(&all->lock);
    return one;
}

static gpointer work(gpointer at)
{
    table *all = at;
    const theory_case *loaded = NULL;
    gd_run *run = NULL;
    uint32_t index;
    for (theory_case *one; (one = take(all, &index));) {
        if (one == loaded) {
            gd_run_reset(run, seed_of(all, one, index));
        } else {
            gd_run_free(run);
            run = gd_run_new(one->arm->plan, seed_of(all, one, index));
            loaded = one;
        }
        play(one, run, index);
        g_mutex_lock(&all->lock);
        one->events += gd_run_get_events(run);
        if (++one->done == (gint)one->n_runs)
            g_cond_signal(&all->finished);
        g_mutex_unlock(&all->lock);
    }
    gd_run_free(run);
    return NULL;
}

/* ---- judging ----------------------------------------------------------------------------------
 */
/* Of a standard deviation, where the values are normal. */
static gd_interval spread_interval(gd_moments m, double confidence)
{
    double freedom = (double)m.n - 1, tail = (1 - confidence) / 2;
    return (gd_interval){m.deviation * sqrt(freedom / gsl_cdf_chisq_Qinv(tail, freedom)),
                         m.deviation * sqrt(freedom / gsl_cdf_chisq_Pinv(tail, freedom))};
}

static gd_interval interval_of(const theory_row *row, uint32_t runs, double confidence)
{
    gd_moments m = gd_moments_of(row->values, runs);
    if (m.deviation == 0)
        return (gd_interval){m.mean, m.mean};
    return row->spread ? spread_interval(m, confidence)
                       : gd_interval_mean(row->values, runs, confidence);
}

static verdict judge(const theory_case *one, const theory_row *row, double confidence)
{
    gd_interval sure = interval_of(row, one->n_runs, confidence);
    gd_interval usual = interval_of(row, one->n_runs, GD_CONFIDENCE_95);
    gd_moments m = gd_moments_of(row->values, one->n_runs);
    /* Sums of doubles: what is exact in theory may be off in the last digits. */
    double rounding = 1e-7 * fabs(row->theory);
    verdict v = {
        .value = row->spread ? m.deviation : m.mean,
        .half_width = (sure.high - sure.low) / 2,
        .wide = (usual.high - usual.low) / 2,
    };
    double slack = row->known + rounding;
    v.ok = isfinite(v.value) && sure.low - slack <= row->theory &&
           row->theory <= sure.high + slack &&
           fabs(v.value - row->theory) <= row->within + rounding && one->cut_short == 0;
    return v;
}

/* ---- printing ---------------------------------------------------------------------------------
 */
static void print_padded(const char *text, int width)
{
    printf("%s%*s", text, MAX(0, width - (int)g_utf8_strlen(text, -1)), "");
}

static int decimals_for(double step)
{
    return step > 0 ? CLAMP(1 - (int)floor(log10(step)), 0, 9) : 0;
}

static char *number_text(double value)
{
    return g_strdup_printf("%.*f", decimals_for(fabs(value) / 1000), value);
}

static void print_row(const theory_case *one, const theory_row *row, const verdict *v, bool is_wide)
{
    int decimals = decimals_for(v->half_width);
    g_autofree char *name = g_strdup_printf("%s %s", one->id, row->name);
    g_autofree char *theory = number_text(row->theory);
    g_autofree char *exact = number_text(v->value);
    g_autofree char *spread = v->half_width > 0 ? g_strdup_printf("%.*f \u00b1 %.*f", decimals,
                                                                  v->value, decimals, v->half_width)
                                                : g_strdup_printf("%s \u00b1 0", exact);
    print_padded(name, NAME_WIDTH);
    print_padded(" | ", 3);
    print_padded(theory, 8);
    print_padded(" | ", 3);
    print_padded(spread, 20);
    printf(" | %s\n", !v->ok ? "FAIL" : is_wide ? "ok *" : "ok");
}

/* Prints a case and counts its rows. */
static void print_case(const theory_case *one, double confidence, bool with_source, guint *passed,
                       guint *failed)
{
    bool any_wide = false;
    printf("%s\n", one->title);
    if (with_source)
        printf("    %s\n    %u runs, %" G_GUINT64_FORMAT " events\n", one->source, one->n_runs,
               one->events);
    for (uint32_t i = 0; i < one->n_rows; i++) {
        verdict v = judge(one, &one->rows[i], confidence);
        bool is_wide = v.wide > WIDE * fabs(one->rows[i].theory);
        print_row(one, &one->rows[i], &v, is_wide);
        any_wide = any_wide || is_wide;
        ++*(v.ok ? passed : failed);
    }
    if (one->cut_short)
        printf("    %d runs reached a budget: their numbers are partial\n", one->cut_short);
    if (any_wide)
        printf("    * %s\n", one->wide ? one->wide : "wider than 1 %: more runs would be needed");
    fflush(stdout);
}

static void print_not_yet(const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "not-yet.txt", NULL);
    g_autofree char *text = NULL;
    if (g_file_get_contents(path, &text, NULL, NULL))
        printf("\n%s", text);
}

static void print_head(double rows)
{
    printf("%-*s | %-8s | %-20s | ok\n", NAME_WIDTH, "case", "theory",
           "simulated \u00b1 half-width");
    printf("\u00b1 is what a row is judged by: at %.5f %%, so that all %.0f rows together err\n"
           "in one seed of 1,000. \"*\": above 1 %% of theory, at the usual 95 %%.\n\n",
           100 * (1 - FALSE_ALARM / rows), rows);
}

/* ---- the command ------------------------------------------------------------------------------
 */
static int compare_cases(gconstpointer left, gconstpointer right)
{
    const theory_case *const *a = left, *const *b = right;
    return strcmp((*a)->id, (*b)->id);
}

/* All cases of the folder, by id; NULL after complaints on stderr. */
static GPtrArray *load_cases(const char *folder)
{
    g_autoptr(GPtrArray) cases = g_ptr_array_new_with_free_func((GDestroyNotify)theory_case_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &error);
    bool fine = dir != NULL;
    if (error)
        fprintf(stderr, "theory: %s\n", error->message);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        if (!g_str_has_suffix(name, ".json"))
            continue;
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autoptr(gd_problems) problems = gd_problems_new();
        theory_case *one = theory_case_load(path, problems);
        if (one) {
            g_ptr_array_add(cases, one);
            continue;
        }
        g_autofree char *text = gd_problems_print(problems);
        fprintf(stderr, "%s", text);
        fine = false;
    }
    g_ptr_array_sort(cases, compare_cases);
    return fine ? g_steal_pointer(&cases) : NULL;
}

static void keep_only(GPtrArray *cases, char **wanted)
{
    for (guint i = cases->len; wanted && i-- > 0;) {
        const theory_case *one = g_ptr_array_index(cases, i);
        bool found = false;
        for (char **id = wanted; *id; id++)
            found = found || g_ascii_strcasecmp(*id, one->id) == 0;
        if (!found)
            g_ptr_array_remove_index(cases, i);
    }
}

static guint print_table(table *all, double confidence, bool with_source, guint *passed)
{
    guint failed = 0;
    for (guint i = 0; i < all->cases->len; i++) {
        theory_case *one = g_ptr_array_index(all->cases, i);
        g_mutex_lock(&all->lock);
        while (one->done < (gint)one->n_runs)
            g_cond_wait(&all->finished, &all->lock);
        g_mutex_unlock(&all->lock);
        print_case(one, confidence, with_source, passed, &failed);
    }
    return failed;
}

int main(int argc, char **argv)
{
    gint64 seed = 1;
    gint threads = (gint)g_get_num_processors();
    g_autofree char *folder = g_strdup("tests/theory");
    g_auto(GStrv) wanted = NULL;
    const GOptionEntry options[] = {
        {"seed", 0, 0, G_OPTION_ARG_INT64, &seed, "re-roll the table (1)", "N"},
        {"case", 0, 0, G_OPTION_ARG_STRING_ARRAY, &wanted, "only this one, with its source", "ID"},
        {"threads", 0, 0, G_OPTION_ARG_INT, &threads, "at work (one a processor)", "N"},
        {"folder", 0, 0, G_OPTION_ARG_FILENAME, &folder, "of the cases (tests/theory)", "PATH"},
        {0},
    };
    setlocale(LC_CTYPE, "C.UTF-8");
    g_autoptr(GOptionContext) context = g_option_context_new("- simulated against closed forms");
    g_autoptr(GError) error = NULL;
    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || argc > 1) {
        fprintf(stderr, "theory: %s\n", error ? error->message : "too many arguments");
        return 2;
    }
    g_autoptr(GPtrArray) cases = load_cases(folder);
    if (!cases)
        return 3;
    double rows = 0;
    for (guint i = 0; i < cases->len; i++)
        rows += ((theory_case *)g_ptr_array_index(cases, i))->n_rows;
    keep_only(cases, wanted);
    if (cases->len == 0) {
        fprintf(stderr, "theory: there is no such case\n");
        return 2;
    }

    table all = {.cases = cases, .seed = (uint64_t)seed};
    g_mutex_init(&all.lock);
    g_cond_init(&all.finished);
    threads = CLAMP(threads, 1, 64);
    print_head(rows);
    g_autofree GThread **at_work = g_new(GThread *, threads);
    for (gint i = 0; i < threads; i++)
        at_work[i] = g_thread_new("theory", work, &all);
    guint passed = 0;
    guint failed = print_table(&all, 1 - FALSE_ALARM / rows, wanted != NULL, &passed);
    for (gint i = 0; i < threads; i++)
        g_thread_join(at_work[i]);
    if (!wanted)
        print_not_yet(folder);
    printf("%u passed, %u failed\n", passed, failed);
    return failed > 0;
}
