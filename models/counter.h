/* What a kind of policy, discipline, balancer or fault counts for the result, and why it did
 * nothing. A kind states its rows; the compiler gives them places in one table; the engine adds.
 *
 * In the result: calls."orders>payments.charge".<group>.<name>, services.<name>.<group>.<name> …;
 * expressions use the same address (orders>payments.charge.<group>.<name>), also by phase.
 */
#pragma once

#include <stdint.h>

typedef struct {
    const char *name; /* "refused" */
    const char *why; /* a reason why it did nothing: what `gameday run --explain` says; else NULL */
} gd_counter_row;    /* rows end with {0} */

/* Whose a counter is; `about` is that thing's index in the plan. */
typedef enum {
    GD_COUNTED_BY_EDGE,
    GD_COUNTED_BY_SERVICE,
    GD_COUNTED_BY_CLIENT,
    GD_COUNTED_BY_LINK,
    GD_COUNTED_BY_FAULT
} gd_counted_by;

typedef struct {
    const gd_counter_row *row;
    const char *group; /* the kind's name: "breaker" */
    uint32_t about;
    uint8_t of; /* gd_counted_by */
} gd_plan_counter;
