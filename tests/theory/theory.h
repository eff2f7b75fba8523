/* Cases with a closed form: what a case is, and how one number of one run is had.
 *
 * A case is a scenario that `gameday run` plays as well; its member x-theory says what theory
 * expects of it (tests/theory/README.md). Doubles are fine here: nothing of this reaches a run.
 */
#pragma once

#include "models/result/quantity.h"
#include "models/run.h"
#include "study/run.h"

#define THEORY_LEVELS 64u /* numbers in a service that are told apart; the last also holds more */
#define THEORY_TIMES  8u  /* moments that one case may ask about */

/* What a case wants to know of a service from event to event. */
typedef struct {
    uint32_t service;                                    /* GD_NONE: nothing */
    gd_time at[THEORY_TIMES], empty_after[THEORY_TIMES]; /* from the end of the warm-up */
    uint32_t n_at, n_empty_after;
    uint32_t passages[THEORY_TIMES], n_passages; /* levels */
} theory_question;

typedef struct {
    double time_at[THEORY_LEVELS];  /* s with so many in the service */
    double entries[THEORY_LEVELS];  /* how often the number rose to this level or passed it */
    double seen[THEORY_TIMES];      /* how many were in it at these moments */
    double emptied[THEORY_TIMES];   /* s until it was empty; NaN: never */
    double passage_s[THEORY_TIMES]; /* summed time from empty until the level was reached */
    double passages[THEORY_TIMES];
    double seconds;
} theory_answer;

/* One run, finished. */
typedef struct {
    const gd_result *result;
    const gd_record *record;
    const theory_answer *answer;
} theory_run;

/* Plays a run that is at its start to its end, looking at the service after every event. */
void theory_watch(gd_run *run, const theory_question *question, theory_answer *answer);

/* ---- formulas: "services.s.rejected / services.s.arrivals" ------------------------------------
 */
typedef struct theory_formula theory_formula;

/* Names are those of `gameday explain quantities`, with `during PHASE` or `from SPAN to SPAN`, and
 * those of formula.c. Adds to `question` what must be watched. NULL, and *why (owned by the
 * caller), when it cannot be read. Lives in `arena`. */
const theory_formula *theory_formula_parse(gd_arena *arena, const gd_plan *plan, const char *text,
                                           theory_question *question, char **why);
double theory_formula_get(const theory_formula *formula, const theory_run *run);
/* Whether it is a quantile from a histogram, known to 1/256 only. */
bool theory_formula_is_quantile(const theory_formula *formula);

/* ---- cases ------------------------------------------------------------------------------------
 */
typedef struct {
    const char *name;
    const theory_formula *formula;
    double theory;
    double within;  /* what the simulator may be off, absolute */
    double known;   /* what theory itself may be off: an approximation, another's simulation */
    bool spread;    /* the standard deviation over runs is meant, not their mean */
    double *values; /* one a run */
} theory_row;

typedef struct {
    const char *id, *title, *source, *wide;
    gd_documents *documents;
    gd_arm *arm;
    theory_question question;
    theory_row *rows;
    uint32_t n_rows, n_runs;
    uint64_t salt;
    gint done;       /* runs */
    gint cut_short;  /* runs that reached a budget */
    uint64_t events; /* of all runs */
} theory_case;

/* NULL and text in `problems` when the file is wrong. Owned by the caller. */
theory_case *theory_case_load(const char *path, gd_problems *problems);
void theory_case_free(theory_case *one);
