/* A run's story for a terminal: what was broken, how far the users fell, what happened when, which
 * claims held, and what to try next.
 */
#pragma once

#include "models/result/result.h"
#include "report/text_sheet.h"

typedef struct {
    const char *name, *say;
} gd_text_try;

/* What the story needs beside the numbers. All borrowed; strings may be NULL. */
typedef struct {
    const char *command; /* that makes this run again, quoted for a shell: "gameday run a.json" */
    const char *question, *lesson;
    const char *variant;        /* "try breaker", "control", "scale 1/20" … */
    bool reasons;               /* say why mechanisms did nothing */
    bool changed;               /* so that what was expected was expected of something else */
    const char *const *choices; /* answers to the question, to guess from */
    unsigned n_choices;
    const gd_text_try *tries;
    unsigned n_tries;
    double wall_s; /* what its events took; 0: leave speed out */
} gd_text_context;

/* Ends in a newline. Owned by the caller. */
char *gd_text_result(const gd_result *result, const gd_text_context *context, gd_text_form form);
