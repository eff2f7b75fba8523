/* The program's commands: a row in command.def, a file of its own, one function. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* What a caller's script may rely on. Signals end as 128 + their number. */
typedef enum {
    GD_EXIT_OK = 0,
    GD_EXIT_FAILED = 1, /* an expectation failed */
    GD_EXIT_USAGE = 2,
    GD_EXIT_INPUT = 3, /* a document is wrong */
    GD_EXIT_IO = 4,
    GD_EXIT_BUDGET = 5, /* stopped early; the result is partial */
    GD_EXIT_BUG = 70,   /* ours: EX_SOFTWARE of sysexits.h */
    GD_EXIT_SIGNAL = 128,
} gd_exit;

typedef struct {
    const char *name, *summary;
    /* argv[0] is "gameday NAME". Returns an exit status. */
    int (*run)(int argc, char **argv);
} gd_command;

/* Ends with a row of NULLs. */
extern const gd_command gd_commands[];

#define GD_COMMAND(name, summary) int gd_command_##name(int argc, char **argv);
#include "cli/command.def"
#undef GD_COMMAND
