/* The one vocabulary of how attempts, calls and operations end. Rows: models/outcome.def. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum {
#define GD_OUTCOME(symbol, name, good, breaker, retry, upstream) GD_##symbol,
#include "models/outcome.def"
#undef GD_OUTCOME
    GD_OUTCOMES
} gd_outcome;

typedef struct {
    const char *name;
    bool good, breaker, retry;
    uint8_t upstream;
} gd_outcome_row;

extern const gd_outcome_row gd_outcome_rows[GD_OUTCOMES];
/* Names in the order of the enum, ending with NULL: the words of `on` and of fields. */
extern const char *const gd_outcome_words[GD_OUTCOMES + 1];
