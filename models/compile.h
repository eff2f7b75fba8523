/* Model + scenario, as trees, become a plan. */
#pragma once

#include "models/plan.h"
#include "sim/spec/field.h"

#pragma GCC visibility push(default) /* part of libgameday */

/* Reads a data file named in a document (CSV of arrivals, of quantiles …); NULL and a problem when
 * it cannot. The core never opens files itself. Text is kept in `arena`. */
typedef const char *(*gd_data_reader)(void *user, gd_arena *arena, const char *path,
                                      const gd_node *place, gd_problems *problems, size_t *length);

typedef struct {
    /* The scenario's control: with control.patch, or else without its load changes and with faults
     * that reach nothing (their times stay, so that "during fault" means the same in both). */
    bool control;
    /* Rates, closed users, stop_after, workers, queue limits, quotas and rate limits times this;
     * 0 or GD_SHARE_ONE: full size. Times stay. A service that is left with less than one worker an
     * instance is refused. */
    gd_share scale;
    gd_data_reader read_data;
    void *user;
    uint64_t event_budget; /* 0: the default */
    uint64_t memory_budget;
} gd_compile_options;

/* NULL when `problems` grew. The plan lives in `arena`, and so do its strings. `scenario` has had
 * its `patch` (and a `try`) merged into `model` already: see gd_documents in study/load.h. It may
 * be NULL: a minute without faults. `options` may be NULL: full size, no data files. */
gd_plan *gd_compile(gd_arena *arena, const gd_node *model, const gd_node *scenario,
                    const gd_compile_options *options, gd_problems *problems);

/* `patch` over `model`: a merge patch (RFC 7396) that keeps null where it takes away what a default
 * would bring: a call's policies, a service's fields. Neither is changed. */
gd_node *gd_model_patch(gd_arena *arena, const gd_node *model, const gd_node *patch,
                        gd_problems *problems);

/* The documents' field tables, for `gameday schema` and `gameday explain`. */
extern const gd_shape gd_model_shape, gd_scenario_shape;
/* How the call "orders>payments.charge" is made (also "web>gateway.home"), a line a field: its
 * name, its value, and which layer said so at which file and line. NULL and a problem when the
 * model has no such call, or is wrong. Owned by the caller. */
char *gd_explain_edge(gd_arena *arena, const gd_node *model, const char *edge,
                      gd_problems *problems);

#pragma GCC visibility pop
