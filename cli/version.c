#include "cli/command.h"
#include "cli/options.h"
#include "cli/say.h"

int gd_command_version(int argc, char **argv)
{
    static const gd_usage usage = {
        .arguments = "",
        .purpose = "Prints the version. Digests are comparable between equal versions only.",
        .examples = "Examples:\n  gameday version\n  gameday --version\n",
    };
    int status;
    g_auto(GStrv) arguments = gd_options_take(argc, argv, NULL, &usage, &status);
    if (!arguments)
        return status;
    return gd_print_text("gameday " GD_VERSION "\n") ? GD_EXIT_OK : GD_EXIT_IO;
}
