#include "cli/command.h"
#include "cli/say.h"
#include "cli/signals.h"

#include <locale.h>
#include <string.h>

const gd_command gd_commands[] = {
#define GD_COMMAND(name, summary) {#name, summary, gd_command_##name},
#include "cli/command.def"
#undef GD_COMMAND
    {0},
};

static const gd_command *find(const char *word)
{
    if (strcmp(word, "--version") == 0)
        word = "version";
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        word = "help";
    for (const gd_command *command = gd_commands; command->name; command++) {
        if (strcmp(command->name, word) == 0)
            return command;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C"); /* numbers read the same everywhere */
    g_set_prgname("gameday");
    gd_signals_install();

    const gd_command *command = find(argc > 1 ? argv[1] : "help");
    if (!command) {
        gd_say("there is no command \"%s\"; see gameday help", argv[1]);
        return GD_EXIT_USAGE;
    }
    if (argc < 2)
        return command->run(1, argv);

    g_autofree char *name = g_strdup_printf("gameday %s", command->name);
    g_set_prgname(name);
    argv[1] = name;
    return command->run(argc - 1, argv + 1);
}
