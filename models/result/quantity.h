/* The names that expressions, metrics and reports use: one row says what a quantity is called, its
 * unit, what it means, where in a result it stands and how it is had by phase and over windows.
 * `gameday explain quantities` prints the rows.
 */
#pragma once

#include "models/result/result.h"

typedef enum {
    GD_IN_COUNT,
    GD_IN_RATIO,  /* shown as a percentage */
    GD_IN_FACTOR, /* a ratio that may pass 1 */
    GD_IN_MS,
    GD_IN_S,
    GD_IN_PER_S,
    GD_IN_MINUTES,
    GD_IN_PERCENT_S,
    GD_IN_TRUTH,
} gd_measure;

typedef enum {
    GD_OF_VIEW,      /* web.checkout.NAME, and web.NAME for the whole client */
    GD_OF_SERVICE,   /* services.orders.NAME */
    GD_OF_EDGE,      /* orders>payments.charge.NAME */
    GD_OF_OBJECTIVE, /* objectives.checkout.NAME */
    GD_OF_DEGRADATION,
    GD_OF_RECOVERY,
    GD_OF_FAULT, /* faults.psp-slow.NAME */
    GD_OF_LINK,  /* links.psp.NAME */
    GD_OF_RUN,   /* NAME alone */
    GD_SCOPES
} gd_scope;

/* Where a value stands in its scope's struct. */
typedef enum {
    GD_AT_COUNT,    /* uint64_t */
    GD_AT_SMALL,    /* uint32_t */
    GD_AT_NUMBER,   /* double */
    GD_AT_LATENCY,  /* gd_latency; the name goes on with p50, mean … */
    GD_AT_OUTCOMES, /* uint64_t[GD_OUTCOMES]; the name goes on with timeout … */
    GD_AT_SHARES,   /* the same, of all that ended */
    GD_AT_COUNTS,   /* one of each of the five by phase and in all */
    GD_AT_NUMBERS,
    GD_AT_LATENCIES,
    GD_AT_OUTCOMES_BY,
    GD_AT_SHARES_BY,
    GD_AT_FAILED_BY, /* 1 - the double[] of availability */
    GD_AT_LOST,      /* uint64_t that is known only with a baseline */
    GD_AT_DURATION,  /* double s; unknown while not recovered: GD_NEVER_CAME */
    GD_AT_TIME,      /* gd_time */
    GD_AT_TRUTH,     /* bool */
    GD_AT_COUNTER,   /* one of the plan's counters, by phase and in all */
} gd_at;

/* How several windows of a series make one value: from uint32_t series `a` and `b`. */
typedef enum {
    GD_OVER_NONE,
    GD_OVER_SUM,   /* sum a */
    GD_OVER_RATE,  /* sum a, a second */
    GD_OVER_RATIO, /* sum a / sum b */
    GD_OVER_PART,  /* sum a / (sum a + sum b) */
    GD_OVER_MOST,  /* largest a */
    GD_OVER_WORST, /* largest of the int64_t series a (ns), in ms: an upper bound of a quantile */
    GD_OVER_BUSY,  /* mean of the double series a */
    GD_OVER_BURN,  /* sum a / (sum a + sum b), over what the objective allows */
} gd_over;

typedef struct {
    gd_scope scope;
    const char *name;
    gd_measure unit;
    gd_at at;
    uint32_t offset;
    gd_over over;
    uint32_t a, b;
    const char *meaning;
} gd_quantity_row;

extern const gd_quantity_row gd_quantity_rows[]; /* end with a name of NULL */

/* A name, resolved against a plan; good for every result of that plan. */
typedef struct {
    const gd_quantity_row *row;
    uint32_t index; /* view, client, service, edge or objective */
    uint32_t part;  /* outcome, member of a latency, or counter */
    bool of_client, of_control;
} gd_quantity;

/* False when there is no such name; *why (owned by the caller) then says what to write. */
bool gd_quantity_find(const gd_plan *plan, const char *name, gd_quantity *quantity, char **why);
/* By phase from the record, or from the series' windows that lie within the phase. */
bool gd_quantity_has_phases(const gd_quantity *quantity);
bool gd_quantity_has_windows(const gd_quantity *quantity);
/* Whether it depends on the run being played again with less load. */
bool gd_quantity_needs_replay(const gd_quantity *quantity);
gd_measure gd_quantity_unit(const gd_quantity *quantity);

/* phase: a gd_phase or GD_ALL. GD_UNKNOWN, GD_NEVER_CAME, or a number in the quantity's unit
 * (truth: 0 or 1). Follows `control.`; without a control it is unknown. */
double gd_quantity_get(const gd_result *result, const gd_quantity *quantity, unsigned phase);
/* Of the windows [first, first + n) of the series. */
double gd_quantity_over(const gd_result *result, const gd_quantity *quantity, uint32_t first,
                        uint32_t n);
/* The windows that lie wholly within a phase. */
void gd_phase_windows(const gd_result *result, unsigned phase, uint32_t *first, uint32_t *n);

/* "93.2%", "412ms", "not in this run". Lives in `arena`. */
const char *gd_quantity_text(gd_arena *arena, gd_measure unit, double value);
extern const char *const gd_measure_words[]; /* by gd_measure: "", "ratio", "ms" … */

/* What `gameday explain quantities` prints. Owned by the caller. */
char *gd_quantities_explain(void);
