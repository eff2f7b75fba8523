#include "cli/command.h"
#include "cli/library.h"
#include "cli/options.h"
#include "cli/say.h"
#include "models/compile.h"
#include "models/result/quantity.h"
#include "report/text_library.h"
#include "sim/spec/schema.h"
#include "study/load.h"

#include <string.h>

static const gd_usage usage = {
    .arguments = "[WORD | PATH | quantities | MODEL CALL]",
    .purpose =
        "Says what something means. WORD is a pattern or an idea, as breaker or burn-rate: what\n"
        "it is, what it cures and what it does not, its price, its numbers, and the scenarios\n"
        "that teach it; alone, `gameday explain` lists the words. PATH is a field of a model or\n"
        "a scenario, as services.*.queue.limit: its type, range, default, source and members.\n"
        "`quantities` lists what `expect` can compare. With a MODEL and a CALL, as\n"
        "'orders>payments.charge': the chain of policies that holds for this call, and where\n"
        "each field was written.",
    .examples = "Examples:\n"
                "  gameday explain breaker\n"
                "  gameday explain metastable-failure\n"
                "  gameday explain services.*.calls.*.breaker\n"
                "  gameday explain faults\n"
                "  gameday explain quantities\n"
                "  gameday explain scenarios/online-boutique.json 'frontend>productcatalog.list'\n",
    .min = 0,
    .max = 2,
};

static int print(const char *text)
{
    return gd_print_text(text) ? GD_EXIT_OK : GD_EXIT_IO;
}

/* The library's scenarios; a program without a library explains all the same. */
static gd_library *open_library(void)
{
    g_autoptr(gd_problems) unheard = gd_problems_new();
    g_autofree char *folder = gd_library_find();
    return folder ? gd_library_open(folder, unheard) : NULL;
}

static int explain_concept(const gd_concept_entry *entry, gd_text_form form)
{
    g_autoptr(gd_library) library = open_library();
    g_autofree char *text = gd_text_concept(entry, library, form);
    return print(text);
}

static int say_unknown(const GPtrArray *concepts, const char *path, const char *no_model,
                       const char *no_scenario)
{
    const char *near = gd_concept_nearest(concepts, path);
    if (g_str_has_suffix(path, ".json")) {
        gd_say("name a call of this model too, as 'orders>payments.charge'");
        return GD_EXIT_USAGE;
    }
    if (near) {
        gd_say("there is no \"%s\" to explain; did you mean \"%s\"?", path, near);
        return GD_EXIT_USAGE;
    }
    gd_say("in a model: %s", no_model);
    gd_say("in a scenario: %s", no_scenario);
    gd_say("gameday explain alone lists the patterns and ideas");
    return GD_EXIT_USAGE;
}

/* A word is a concept, or else a path, which may stand in a model, in a scenario, or (as `name`) in
 * both. */
static int explain_word(const char *path, gd_text_form form)
{
    g_autoptr(gd_arena) arena = gd_arena_new();
    g_autoptr(GPtrArray) concepts = gd_concepts_new(arena);
    const gd_concept_entry *entry = gd_concept_find(concepts, path);
    if (entry)
        return explain_concept(entry, form);
    g_autofree char *no_model = NULL, *no_scenario = NULL;
    g_autofree char *model = gd_explain_print(&gd_model_shape, NULL, path, &no_model);
    g_autofree char *scenario = gd_explain_print(&gd_scenario_shape, NULL, path, &no_scenario);
    if (!model && !scenario)
        return say_unknown(concepts, path, no_model, no_scenario);
    g_autoptr(GString) out = g_string_new(NULL);
    if (model)
        g_string_append_printf(out, "In a model:\n%s", model);
    if (scenario)
        g_string_append_printf(out, "%sIn a scenario:\n%s", model ? "\n" : "", scenario);
    return print(out->str);
}

static int list_words(gd_text_form form)
{
    g_autoptr(gd_arena) arena = gd_arena_new();
    g_autoptr(GPtrArray) concepts = gd_concepts_new(arena);
    g_autofree char *text = gd_text_concepts(concepts, form);
    return print(text);
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
    return gd_problems_has_unreadable(problems) ? GD_EXIT_IO : GD_EXIT_INPUT;
}

int gd_command_explain(int argc, char **argv)
{
    g_autofree char *color = NULL, *width = NULL;
    const GOptionEntry entries[] = {
        {"color", 0, 0, G_OPTION_ARG_FILENAME, &color, "auto, always or never", "WHEN"},
        {"width", 0, 0, G_OPTION_ARG_FILENAME, &width, "columns of a concept's text", "N"},
        {0},
    };
    int status;
    g_auto(GStrv) arguments = gd_options_take(argc, argv, entries, &usage, &status);
    gd_text_form form;
    if (!arguments)
        return status;
    if (!gd_form_read(color, width, &form))
        return GD_EXIT_USAGE;
    if (!arguments[0])
        return list_words(form);
    if (arguments[1])
        return explain_call(arguments[0], arguments[1]);
    if (strcmp(arguments[0], "quantities") != 0)
        return explain_word(arguments[0], form);
    g_autofree char *text = gd_quantities_explain();
    return print(text);
}
