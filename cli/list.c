#include "cli/command.h"
#include "cli/library.h"
#include "cli/options.h"
#include "cli/say.h"
#include "report/json_library.h"
#include "report/text_library.h"

static const gd_usage usage = {
    .arguments = "",
    .purpose =
        "Lists the library of scenarios by topic, a line each: name and lesson. The library\n"
        "is the one that was installed with the program, or that of its source tree; it\n"
        "is found from any folder.",
    .examples = "Examples:\n"
                "  gameday list\n"
                "  gameday list --patterns\n"
                "  gameday run retry-storm-metastable     (a name of the list is enough)\n",
    .max = 0,
};

static int print(const gd_library *library, gboolean patterns, gboolean json, gd_text_form form)
{
    if (json) {
        g_autoptr(GString) out = gd_json_library(library);
        return gd_print(out->str, out->len) ? GD_EXIT_OK : GD_EXIT_IO;
    }
    g_autofree char *text =
        patterns ? gd_text_patterns(library, form) : gd_text_library(library, form);
    return gd_print_text(text) ? GD_EXIT_OK : GD_EXIT_IO;
}

int gd_command_list(int argc, char **argv)
{
    g_autofree char *from = NULL, *color = NULL, *width = NULL;
    gboolean json = FALSE, patterns = FALSE;
    const GOptionEntry entries[] = {
        {"patterns", 0, 0, G_OPTION_ARG_NONE, &patterns, "by pattern: which scenario teaches it",
         NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "print JSON instead of text", NULL},
        {"from", 0, 0, G_OPTION_ARG_FILENAME, &from, "another folder of scenarios", "FOLDER"},
        {"color", 0, 0, G_OPTION_ARG_FILENAME, &color, "auto, always or never", "WHEN"},
        {"width", 0, 0, G_OPTION_ARG_FILENAME, &width, "columns of the text", "N"},
        {0},
    };
    int status;
    g_auto(GStrv) arguments = gd_options_take(argc, argv, entries, &usage, &status);
    gd_text_form form;
    if (!arguments)
        return status;
    if (!gd_form_read(color, width, &form))
        return GD_EXIT_USAGE;

    g_autofree char *folder = from ? g_strdup(from) : gd_library_find();
    if (!folder) {
        gd_say("there is no library beside this program; name one with --from FOLDER");
        return GD_EXIT_IO;
    }
    g_autoptr(gd_problems) problems = gd_problems_new();
    g_autoptr(gd_library) library = gd_library_open(folder, problems);
    if (library)
        return print(library, patterns, json, form);
    g_autofree char *lines = gd_problems_print(problems);
    gd_say_lines(lines);
    return gd_problems_has_unreadable(problems) ? GD_EXIT_IO : GD_EXIT_INPUT;
}
