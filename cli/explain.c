#include "cli/command.h"
#include "cli/options.h"
#include "cli/say.h"
#include "models/compile.h"
#include "models/result/quantity.h"
#include "sim/spec/schema.h"
#include "study/load.h"

#include <string.h>

static const gd_usage usage = {
    .arguments = "PATH | quantities | MODEL CALL",
    .purpose =
        "Says what something means. PATH is a field of a model or a scenario, as\n"
        "services.*.queue.limit: its type, range, default, source and members. `quantities`\n"
        "lists what `expect` can compare. With a MODEL and a CALL, as 'orders>payments.charge':\n"
        "the chain of policies that holds for this call, and where each field was written.",
    .examples = "Examples:\n"
                "  gameday explain services.*.calls.*.breaker\n"
                "  gameday explain faults\n"
                "  gameday explain quantities\n"
                "  gameday explain scenarios/online-boutique.json 'frontend>productcatalog.list'\n",
    .min = 1,
    .max = 2,
};

static int print(const char *text)
{
    return gd_print_text(text) ? GD_EXIT_OK : GD_EXIT_IO;
}

/* A path may stand in a model, in a scenario, or (as `name`) in both. */
static int explain_path(const char *path)
{
    g_autofree char *no_model = NULL, *no_scenario = NULL;
    g_autofree char *model = gd_explain_print(&gd_model_shape, NULL, path, &no_model);
    g_autofree char *scenario = gd_explain_print(&gd_scenario_shape, NULL, path, &no_scenario);
    if (!model && !scenario && g_str_has_suffix(path, ".json")) {
        gd_say("name a call of this model too, as 'orders>payments.charge'");
        return GD_EXIT_USAGE;
    }
    if (!model && !scenario) {
        gd_say("in a model: %s", no_model);
        gd_say("in a scenario: %s", no_scenario);
        return GD_EXIT_USAGE;
    }
    g_autoptr(GString) out = g_string_new(NULL);
    if (model)
        g_string_append_printf(out, "In a model:\n%s", model);
    if (scenario)
        g_string_append_printf(out, "%sIn a scenario:\n%s", model ? "\n" : "", scenario);
    return print(out->str);
}

static int explain_call(const char *path, const char *edge)
{
    g_autoptr(gd_problems) problems = gd_problems_new();
    g_autoptr(gd_documents) documents = gd_documents_load(path, NULL, NULL, problems);
    g_autofree char *text =
        documents ? gd_explain_edge(documents->arena, documents->model, edge, problems) : NULL;
    if (text)
        return print(text);
    g_autofree char *lines = gd_problems_print(problems);
    gd_say_lines(lines);
    return GD_EXIT_INPUT;
}

int gd_command_explain(int argc, char **argv)
{
    int status;
    g_auto(GStrv) arguments = gd_options_take(argc, argv, NULL, &usage, &status);
    if (!arguments)
        return status;
    if (arguments[1])
        return explain_call(arguments[0], arguments[1]);
    if (strcmp(arguments[0], "quantities") != 0)
        return explain_path(arguments[0]);
    g_autofree char *text = gd_quantities_explain();
    return print(text);
}
