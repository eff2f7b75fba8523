#include "sim/spec/schema.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/say.h"
#include "models/compile.h"

#include <string.h>

static const gd_usage usage = {
    .arguments = "[model|scenario]",
    .purpose =
        "Prints the JSON Schema (2020-12) of models (the default) or scenarios, for editors\n"
        "that complete and check while one types. It comes from the same field tables that\n"
        "read the documents.",
    .examples = "Examples:\n"
                "  gameday schema model > model.schema.json\n"
                "  gameday schema scenario > scenario.schema.json\n"
                "\n"
                "A document names its schema with \"$schema\": \"./model.schema.json\".\n",
    .max = 1,
};

int gd_command_schema(int argc, char **argv)
{
    int status;
    g_auto(GStrv) arguments = gd_options_take(argc, argv, NULL, &usage, &status);
    if (!arguments)
        return status;
    const char *which = arguments[0] ? arguments[0] : "model";
    bool scenario = strcmp(which, "scenario") == 0;
    if (!scenario && strcmp(which, "model") != 0) {
        gd_say("there is no schema \"%s\"; write model or scenario", which);
        return GD_EXIT_USAGE;
    }
    g_autofree char *text = scenario
                                ? gd_schema_print(&gd_scenario_shape, NULL, "a gameday scenario")
                                : gd_schema_print(&gd_model_shape, NULL, "a gameday model");
    return gd_print_text(text) ? GD_EXIT_OK : GD_EXIT_IO;
}
