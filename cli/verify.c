#include "cli/command.h"
#include "cli/library.h"
#include "cli/number.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/signals.h"
#include "report/json_verify.h"
#include "report/text_verify.h"

#include <string.h>

enum { SEEDS = 50, MOST_SEEDS = 1000000, MOST_THREADS = 1024 };

static const gd_usage usage = {
    .arguments = "SCENARIO…",
    .purpose =
        "Holds the claims (`expect`) of scenarios against many seeds and against their\n"
        "controls, and runs each `try` once. A claim passes when it holds in 90% of the\n"
        "seeds; one of `control.expect_not` must also hold in less than half of them in the\n"
        "control, with 95% intervals that do not overlap. A scenario of which no claim tells\n"
        "it from its control teaches nothing, and fails.",
    .examples =
        "Examples:\n"
        "  gameday verify scenarios/retry-storm-metastable.json\n"
        "  gameday verify scenarios/*.json --seeds 20 -j 4 --json\n"
        "\n"
        "Exit status: 0 all passed, 1 some failed, 2 usage, 3 invalid input, 4 a file that\n"
        "cannot be read, 130 interrupted.\n",
    .min = 1,
    .max = -1,
};

typedef struct {
    gd_progress progress;
    uint32_t files, at;       /* scenarios in all; the one in hand, from 1 */
    double all, before, mine; /* weights: of all, of those that are done, of the one in hand */
} watcher;

static bool look_on(void *user, uint32_t done, uint32_t all, double share_of_one)
{
    watcher *watch = user;
    double share = watch->all > 0 ? (watch->before + watch->mine * share_of_one) / watch->all : 0;
    g_autofree char *speed = g_strdup_printf("scenario %u of %u, seed %u of %u", watch->at,
                                             watch->files, MIN(done + 1, all), all);
    gd_progress_tell(&watch->progress, share, speed);
    return !gd_signals_asked();
}

/* What is ahead; models, which are passed over, weigh nothing. */
static double *weigh(char **paths, watcher *watch)
{
    double *weights = g_new(double, g_strv_length(paths) + 1);
    for (guint i = 0; paths[i]; i++) {
        weights[i] = gd_verify_weight(paths[i]);
        watch->all += weights[i];
        watch->files += weights[i] > 0;
    }
    return weights;
}

/* All scenarios, in the order given. False when it was interrupted. */
static bool verify_all(char **paths, const gd_verify_options *options, GPtrArray *out)
{
    watcher watch = {0};
    g_autofree double *weights = weigh(paths, &watch);
    gd_verify_options watched = *options;
    watched.goes_on = look_on;
    watched.user = &watch;
    gd_progress_begin(&watch.progress);
    bool all = true;
    for (guint i = 0; paths[i] && all; i++) {
        watch.mine = weights[i];
        watch.at += weights[i] > 0;
        gd_verified *verified = gd_verify(paths[i], &watched);
        all = verified != NULL;
        if (verified)
            g_ptr_array_add(out, verified);
        watch.before += weights[i];
    }
    gd_progress_end(&watch.progress);
    return all;
}

typedef struct {
    unsigned passed, failed, broken; /* broken: failed, with wrong documents */
    unsigned unreadable;             /* of them, those with a file that could not be read */
} tally;

static bool print_text(const GPtrArray *all, gd_text_form form, const tally *sum)
{
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < all->len; i++) {
        g_autofree char *text = gd_text_verified(g_ptr_array_index(all, i), form);
        g_string_append(out, text);
    }
    g_string_append_printf(out, "%u passed, %u failed\n", sum->passed, sum->failed);
    return gd_print(out->str, out->len);
}

static bool print_json(const GPtrArray *all)
{
    g_autoptr(GString) json = gd_json_verified((const gd_verified *const *)all->pdata, all->len);
    return gd_print(json->str, json->len);
}

/* Counts, and says on stderr what is wrong with documents. */
static tally sum_up(const GPtrArray *all)
{
    tally sum = {0};
    for (guint i = 0; i < all->len; i++) {
        const gd_verified *verified = g_ptr_array_index(all, i);
        sum.passed += verified->passed && !verified->skipped;
        sum.failed += !verified->passed;
        if (verified->problems) {
            gd_say_lines(verified->problems);
            sum.broken++;
            sum.unreadable += verified->unreadable;
        }
    }
    return sum;
}

static int conclude(const GPtrArray *all, bool json, gd_text_form form)
{
    tally sum = sum_up(all);
    if (!(json ? print_json(all) : print_text(all, form, &sum)))
        return GD_EXIT_IO;
    if (sum.unreadable)
        return GD_EXIT_IO;
    return sum.broken ? GD_EXIT_INPUT : sum.failed ? GD_EXIT_FAILED : GD_EXIT_OK;
}

int gd_command_verify(int argc, char **argv)
{
    g_autofree char *seeds_text = NULL, *jobs_text = NULL, *color = NULL, *width = NULL;
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"seeds", 0, 0, G_OPTION_ARG_FILENAME, &seeds_text, "seeds 1 to N (default 50)", "N"},
        {"jobs", 'j', 0, G_OPTION_ARG_FILENAME, &jobs_text, "threads (default: all cores)", "N"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON instead of text", NULL},
        {"color", 0, 0, G_OPTION_ARG_FILENAME, &color, "auto, always or never", "WHEN"},
        {"width", 0, 0, G_OPTION_ARG_FILENAME, &width, "columns of the text", "N"},
        {0},
    };
    int status;
    g_auto(GStrv) paths = gd_options_take(argc, argv, entries, &usage, &status);
    if (!paths)
        return status;
    for (char **path = paths; *path; path++) {
        g_autofree char *named = *path;
        *path = gd_library_resolve(named);
    }

    uint64_t seeds = SEEDS, jobs = g_get_num_processors();
    gd_text_form form;
    if ((seeds_text &&
         !gd_number_read("--seeds", seeds_text, GD_VERIFY_FEWEST_SEEDS, MOST_SEEDS, &seeds)) ||
        (jobs_text && !gd_number_read("--jobs", jobs_text, 1, MOST_THREADS, &jobs)) ||
        !gd_form_read(color, width, &form))
        return GD_EXIT_USAGE;

    gd_verify_options options = {.seeds = (uint32_t)seeds, .threads = (uint32_t)jobs};
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)gd_verified_free);
    bool finished = verify_all(paths, &options, all);
    status = conclude(all, json, form);
    if (finished || status == GD_EXIT_IO)
        return status;
    guint n = g_strv_length(paths);
    gd_say("interrupted; %u of %u scenarios were not verified", n - all->len, n);
    return GD_EXIT_SIGNAL + gd_signals_asked();
}
