/* A formula as read: formula.c makes it, value.c works it out. */
#pragma once

#include "tests/theory/theory.h"

typedef enum {
    THEORY_NUMBER,
    THEORY_QUANTITY,
    THEORY_WINDOWS,
    THEORY_NONE,
    THEORY_VARIANCE,
    THEORY_SECOND,
    THEORY_LAST_FAILED,
    THEORY_TIME_AT,
    THEORY_TIME_FROM,
    THEORY_ENTRIES,
    THEORY_PASSAGE,
    THEORY_SEEN,
    THEORY_SEEN_EMPTY,
    THEORY_EMPTIED,
    THEORY_SECONDS,
    THEORY_SUM,
    THEORY_DIFFERENCE,
    THEORY_PRODUCT,
    THEORY_RATIO
} theory_kind;

struct theory_formula {
    theory_kind kind;
    double number;
    gd_quantity quantity;
    unsigned phase;
    gd_time from, to;
    uint32_t index, part; /* service or view; histogram, level or slot of the question */
    const theory_formula *left, *right;
};
