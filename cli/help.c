#include "cli/command.h"
#include "cli/options.h"
#include "cli/say.h"

#include <string.h>

static const char first_steps[] =
    "\nFour to begin with:\n"
    "  gameday list\n"
    "  gameday run scenarios/boutique-slow-catalogue.json\n"
    "  gameday explain scenarios/online-boutique.json 'frontend>productcatalog.list'\n"
    "  gameday verify scenarios/retry-storm-metastable.json --seeds 20\n"
    "\n`gameday COMMAND --help` says what a command is for, with examples.\n";

static int list_commands(void)
{
    g_autoptr(GString) out = g_string_new(
        "gameday breaks a distributed system from a seed, and tells the story.\n\nCommands:\n");
    for (const gd_command *command = gd_commands; command->name; command++)
        g_string_append_printf(out, "  %-9s %s\n", command->name, command->summary);
    g_string_append(out, first_steps);
    return gd_print(out->str, out->len) ? GD_EXIT_OK : GD_EXIT_IO;
}

int gd_command_help(int argc, char **argv)
{
    static const gd_usage usage = {
        .arguments = "[COMMAND]",
        .purpose = "Lists the commands; with a name, explains that command.",
        .examples = "Examples:\n  gameday help\n  gameday help run\n",
        .max = 1,
    };
    int status;
    g_auto(GStrv) arguments = gd_options_take(argc, argv, NULL, &usage, &status);
    if (!arguments)
        return status;
    if (!arguments[0])
        return list_commands();
    for (const gd_command *command = gd_commands; command->name; command++) {
        if (strcmp(command->name, arguments[0]) != 0)
            continue;
        g_autofree char *name = g_strdup_printf("gameday %s", command->name);
        g_set_prgname(name);
        char *asked[] = {name, (char[]){"--help"}, NULL};
        return command->run(2, asked);
    }
    gd_say("there is no command \"%s\"; see gameday help", arguments[0]);
    return GD_EXIT_USAGE;
}
