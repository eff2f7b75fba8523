/* Options of a command: GLib's parser, our help, and numbers glued to short options (-j4). */
#pragma once

#include "cli/command.h"

typedef struct {
    const char *arguments; /* "SCENARIO…" as the usage line shows them */
    const char *purpose;   /* what the command is for */
    const char *examples;  /* lines to try, and what else there is to know */
    int min, max;          /* how many arguments; max < 0: any number */
} gd_usage;

/* Takes the options out of argv; what remains, without argv[0], is returned and owned by the
 * caller. NULL when the command is done: --help was printed, or a mistake was said; *status is then
 * its exit status. Options are G_OPTION_ARG_FILENAME wherever they carry text, so that no locale
 * changes their bytes; their strings are the caller's too. */
char **gd_options_take(int argc, char **argv, const GOptionEntry *entries, const gd_usage *usage,
                       int *status);
