/* A quantile of the spans of a recent window: see recent.c. */
#pragma once

#include "sim/units.h"

typedef struct {
    gd_time since;  /* when the newest half began */
    gd_span value;  /* the quantile, as last computed; 0: not known */
    uint32_t n[2];  /* spans in either half */
    uint32_t fresh; /* spans since it was computed */
    uint32_t newest;
} gd_recent; /* behind it: the counts of both halves */

typedef struct {
    gd_span window;
    gd_share share;     /* the quantile */
    uint32_t min_calls; /* no quantile of fewer */
} gd_recent_of;

/* With what lies behind it; zero at first. */
uint32_t gd_recent_bytes(void);
void gd_recent_add(gd_recent *state, const gd_recent_of *of, gd_time now, gd_span value);
/* 0: there are too few. At most 1/32 too long. */
gd_span gd_recent_get(gd_recent *state, const gd_recent_of *of, gd_time now);
