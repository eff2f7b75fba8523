#include "study/run.h"
#include "cli/command.h"
#include "cli/library.h"
#include "cli/number.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/say.h"
#include "cli/signals.h"
#include "report/csv.h"
#include "report/json.h"
#include "report/text.h"
#include "report/text_number.h"

#include <string.h>

/* As typed. Text stays text until it is read. */
typedef struct {
    char *seed, **sets, *attempt, *background, *out, *series, *trace, *scale, *events, *color,
        *width;
    gboolean control, json, force, explain;
} asked;

/* The same, read. */
typedef struct {
    const char *path, *shown; /* as a file, and as it was typed */
    uint64_t seed;
    gd_compile_options compile;
    gd_text_form form;
    gd_output *out, *series, *trace;
} request;

static const gd_usage usage = {
    .arguments = "SCENARIO",
    .purpose =
        "Runs a scenario from a seed and tells the story: how far the users' experience fell,\n"
        "how it came back, what happened in between, and whether what was expected came true.\n"
        "The same scenario and seed give the same result on every machine. A run of a MODEL\n"
        "alone needs a scenario of three lines: \"gameday\", \"model\", \"duration\". A name that\n"
        "`gameday list` shows will do for a file.",
    .examples =
        "Examples:\n"
        "  gameday run scenarios/retry-storm-metastable.json\n"
        "  gameday run retry-storm-tamed --explain\n"
        "  gameday run scenarios/retry-storm-metastable.json --seed 7 --set "
        "services.db.instances=4\n"
        "\n"
        "Exit status: 0 fine; 1 an expectation failed (not with --try or --control, which change\n"
        "what it was expected of); 2 usage; 3 invalid input; 4 input or output; 5 stopped by a\n"
        "budget, the result is marked partial; 70 a bug of gameday; 130 interrupted, the result "
        "so\n"
        "far is printed, marked partial.\n",
    .min = 1,
    .max = 1,
};

static bool read_request(const asked *typed, request *run)
{
    run->seed = 1;
    run->compile = (gd_compile_options){.scale = GD_SHARE_ONE, .control = typed->control};
    if (typed->seed && !gd_number_read("--seed", typed->seed, 0, UINT64_MAX, &run->seed))
        return false;
    if (typed->scale && !gd_scale_read("--scale", typed->scale, &run->compile.scale))
        return false;
    if (typed->events &&
        !gd_number_read("--events", typed->events, 1, UINT64_MAX - 1, &run->compile.event_budget))
        return false;
    return gd_form_read(typed->color, typed->width, &run->form);
}

/* Before the run: a path that cannot be written is known before the work is done. */
static bool open_outputs(const asked *typed, request *run)
{
    const struct {
        const char *path;
        gd_output **output;
    } files[] = {
        {typed->out, &run->out}, {typed->series, &run->series}, {typed->trace, &run->trace}};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(GError) error = NULL;
        if (!files[i].path)
            continue;
        *files[i].output = gd_output_open(files[i].path, typed->force, &error);
        if (!*files[i].output) {
            gd_say("%s", error->message);
            return false;
        }
    }
    return true;
}

static void close_outputs(request *run)
{
    g_clear_pointer(&run->out, gd_output_free);
    g_clear_pointer(&run->series, gd_output_free);
    g_clear_pointer(&run->trace, gd_output_free);
}

/* ---- the run ----------------------------------------------------------------------------------
 */

typedef struct {
    gd_progress progress;
    const gd_plan *plan;
} watcher;

static bool look_on(void *user, const gd_run *run)
{
    watcher *watch = user;
    double seconds = gd_progress_get_seconds(&watch->progress);
    double events = (double)gd_run_get_events(run);
    /* Whichever ends it: its time, or its budget. */
    double done = MAX((double)gd_run_get_now(run) / (double)watch->plan->horizon,
                      events / (double)watch->plan->event_budget);
    g_autofree char *rate = gd_text_rate(events / MAX(seconds, 1e-9));
    g_autofree char *speed = g_strdup_printf("%s events", rate);
    gd_progress_tell(&watch->progress, MIN(done, 1), speed);
    return !gd_signals_asked();
}

static void trace_line(void *user, const char *line)
{
    gd_output_write(user, line, strlen(line));
    gd_output_write(user, "\n", 1);
}

static gd_result *play(const gd_arm *arm, uint64_t seed, const gd_result *control, gd_output *trace,
                       double *wall_s)
{
    watcher watching = {.plan = arm->plan};
    gd_watch watch = {.goes_on = look_on, .user = &watching, .loop_s = wall_s, .replays = true};
    if (trace) {
        watch.trace = trace_line;
        watch.trace_user = trace;
    }
    gd_progress_begin(&watching.progress);
    g_autoptr(gd_run) run = gd_run_new(arm->plan, seed);
    gd_result *result = gd_arm_play(arm, run, control, &watch);
    gd_progress_end(&watching.progress);
    return result;
}

/* Claims that compare with the control need its run first; seeds are the same. */
static gd_result *play_control(gd_documents *documents, const request *run, gd_problems *problems,
                               gd_arm **arm)
{
    gd_compile_options options = run->compile;
    double wall_s;
    options.control = true;
    *arm = gd_arm_new(documents, &options, problems);
    return *arm ? play(*arm, run->seed, NULL, NULL, &wall_s) : NULL;
}

/* ---- what is shown ----------------------------------------------------------------------------
 */

/* As a shell reads it back; plain words stay plain. Owned by the caller. */
static char *quote(const char *text)
{
    bool plain = *text != '\0';
    for (const char *at = text; *at; at++)
        plain = plain && (g_ascii_isalnum(*at) || strchr("_-./=:,+%@", *at));
    return plain ? g_strdup(text) : g_shell_quote(text);
}

/* "gameday run a.json --seed 7 --set x=1": what runs this again, but for --try. */
static char *command_of(const asked *typed, const char *path)
{
    g_autofree char *quoted = quote(path);
    GString *out = g_string_new("gameday run ");
    g_string_append(out, quoted);
    if (typed->seed)
        g_string_append_printf(out, " --seed %s", typed->seed);
    for (char **set = typed->sets; set && *set; set++) {
        g_autofree char *safe = quote(*set);
        g_string_append_printf(out, " --set %s", safe);
    }
    if (typed->scale)
        g_string_append_printf(out, " --scale %s", typed->scale);
    return g_string_free(out, FALSE);
}

static char *variant_of(const asked *typed)
{
    if (!typed->attempt && !typed->control && !typed->scale)
        return NULL;
    GString *out = g_string_new(NULL);
    if (typed->attempt)
        g_string_append_printf(out, "try %s", typed->attempt);
    if (typed->control)
        g_string_append_printf(out, "%scontrol", out->len ? ", " : "");
    if (typed->scale)
        g_string_append_printf(out, "%sscale %s", out->len ? ", " : "", typed->scale);
    return g_string_free(out, FALSE);
}

static GPtrArray *choices_of(const gd_documents *documents)
{
    GPtrArray *choices = g_ptr_array_new();
    const gd_node *choice = documents->choices ? documents->choices->first : NULL;
    for (; choice; choice = choice->next)
        if (choice->kind == GD_STRING)
            g_ptr_array_add(choices, (gpointer)choice->text);
    return choices;
}

static char *tell(const gd_result *result, const gd_documents *documents, const asked *typed,
                  const request *run, double wall_s)
{
    g_autofree char *command = command_of(typed, run->shown), *variant = variant_of(typed);
    g_autofree gd_text_try *tries = g_new0(gd_text_try, documents->n_tries + 1);
    g_autoptr(GPtrArray) choices = choices_of(documents);
    gd_text_context context = {
        .command = command,
        .question = documents->question,
        .choices = (const char *const *)choices->pdata,
        .n_choices = choices->len,
        .lesson = documents->lesson,
        .variant = variant,
        .reasons = typed->explain,
        .changed = typed->attempt || typed->control,
        .tries = tries,
        .wall_s = wall_s,
    };
    for (uint32_t i = 0; i < documents->n_tries; i++) {
        const gd_document_try *next = &documents->tries[i];
        if (g_strcmp0(next->name, documents->try_name) != 0)
            tries[context.n_tries++] = (gd_text_try){next->name, next->say};
    }
    return gd_text_result(result, &context, run->form);
}

/* Files first: stdout may be closed by then, and the files are what was asked for. */
static bool write_files(const gd_result *result, request *run)
{
    g_autoptr(GError) error = NULL;
    if (run->out) {
        g_autoptr(GString) json = gd_json_write(result, true);
        gd_output_write(run->out, json->str, json->len);
    }
    if (run->series) {
        g_autoptr(GString) csv = gd_csv_series(result);
        gd_output_write(run->series, csv->str, csv->len);
    }
    if ((!run->out || gd_output_commit(run->out, &error)) &&
        (!run->series || gd_output_commit(run->series, &error)) &&
        (!run->trace || gd_output_commit(run->trace, &error)))
        return true;
    gd_say("%s", error->message);
    return false;
}

static bool show(const gd_result *result, const gd_documents *documents, const asked *typed,
                 const request *run, double wall_s)
{
    if (typed->json) {
        g_autoptr(GString) json = gd_json_write(result, true);
        return gd_print(json->str, json->len);
    }
    g_autofree char *text = tell(result, documents, typed, run, wall_s);
    g_autoptr(GString) out = g_string_new(text);
    if (typed->out) {
        g_autofree char *path = gd_text_escape(typed->out, run->form.utf8);
        g_string_append_printf(out, "\nThe whole result: %s\n", path);
    }
    return gd_print(out->str, out->len);
}

/* Claims are about the scenario as written: --try and --control change what they are about. */
static int judge(const gd_result *result, const asked *typed)
{
    if (result->end == GD_END_INTERRUPTED)
        return GD_EXIT_SIGNAL + gd_signals_asked();
    if (result->partial)
        return GD_EXIT_BUDGET;
    bool as_written = !typed->attempt && !typed->control;
    return as_written && result->verdict != GD_CLAIM_TRUE ? GD_EXIT_FAILED : GD_EXIT_OK;
}

static int say_problems(const gd_problems *problems)
{
    g_autofree char *lines = gd_problems_print(problems);
    gd_say_lines(lines);
    return gd_problems_has_unreadable(problems) ? GD_EXIT_IO : GD_EXIT_INPUT;
}

static int play_and_show(const asked *typed, request *run)
{
    g_autoptr(gd_problems) problems = gd_problems_new();
    g_autoptr(gd_documents) documents =
        gd_documents_load(run->path, (const char *const *)typed->sets, typed->attempt, problems);
    g_autoptr(gd_arm) arm = documents ? gd_arm_new(documents, &run->compile, problems) : NULL;
    if (!arm)
        return say_problems(problems);

    g_autoptr(gd_arm) control_arm = NULL;
    g_autoptr(gd_result) control = NULL;
    if (arm->needs_control) {
        control = play_control(documents, run, problems, &control_arm);
        if (!control)
            return say_problems(problems);
    }
    double wall_s;
    g_autoptr(gd_result) result = play(arm, run->seed, control, run->trace, &wall_s);
    bool written = write_files(result, run);
    bool shown = show(result, documents, typed, run, wall_s);
    return written && shown ? judge(result, typed) : GD_EXIT_IO;
}

static void clear(asked *typed)
{
    char **all[] = {&typed->seed,  &typed->attempt, &typed->out,   &typed->series, &typed->trace,
                    &typed->scale, &typed->events,  &typed->color, &typed->width};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++)
        g_free(*all[i]);
    g_strfreev(typed->sets);
    g_free(typed->background);
}

/* --background NAME is --set background=NAME, and is repeated as that. */
static void set_background(asked *typed)
{
    guint n = typed->sets ? g_strv_length(typed->sets) : 0;
    typed->sets = g_renew(char *, typed->sets, n + 2);
    typed->sets[n] = g_strdup_printf("background=%s", typed->background);
    typed->sets[n + 1] = NULL;
}

static int run_typed(asked *typed, int argc, char **argv)
{
    const GOptionEntry entries[] = {
        {"seed", 0, 0, G_OPTION_ARG_FILENAME, &typed->seed, "0 to 2^64 - 1 (default 1)", "N"},
        {"set", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &typed->sets,
         "change a field of model or scenario; may be repeated", "ADDRESS=VALUE"},
        {"background", 0, 0, G_OPTION_ARG_STRING, &typed->background,
         "ordinary: parts fail now and then, as in life", "NAME"},
        {"try", 0, 0, G_OPTION_ARG_FILENAME, &typed->attempt, "apply one of the scenario's `try`",
         "NAME"},
        {"control", 0, 0, G_OPTION_ARG_NONE, &typed->control,
         "run the control: without the faults, or with control.patch", NULL},
        {"scale", 0, 0, G_OPTION_ARG_FILENAME, &typed->scale,
         "run a smaller copy: rates and workers times this", "1/20"},
        {"explain", 0, 0, G_OPTION_ARG_NONE, &typed->explain,
         "also print why each mechanism did nothing", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &typed->json, "print the result as JSON", NULL},
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &typed->out, "write the result as JSON", "FILE"},
        {"series", 0, 0, G_OPTION_ARG_FILENAME, &typed->series, "write the series as CSV", "FILE"},
        {"trace", 0, 0, G_OPTION_ARG_FILENAME, &typed->trace, "write a line for each event",
         "FILE"},
        {"force", 0, 0, G_OPTION_ARG_NONE, &typed->force, "replace existing files", NULL},
        {"events", 0, 0, G_OPTION_ARG_FILENAME, &typed->events, "stop after so many events", "N"},
        {"color", 0, 0, G_OPTION_ARG_FILENAME, &typed->color, "auto, always or never", "WHEN"},
        {"width", 0, 0, G_OPTION_ARG_FILENAME, &typed->width, "columns of the text", "N"},
        {0},
    };
    int status;
    g_auto(GStrv) arguments = gd_options_take(argc, argv, entries, &usage, &status);
    if (!arguments)
        return status;
    if (typed->background)
        set_background(typed);
    g_autofree char *path = gd_library_resolve(arguments[0]);
    request run = {.path = path, .shown = arguments[0]};
    if (!read_request(typed, &run))
        return GD_EXIT_USAGE;
    status = open_outputs(typed, &run) ? play_and_show(typed, &run) : GD_EXIT_IO;
    close_outputs(&run);
    return status;
}

int gd_command_run(int argc, char **argv)
{
    asked typed = {0};
    int status = run_typed(&typed, argc, argv);
    clear(&typed);
    return status;
}
