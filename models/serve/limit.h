/* What the limits on requests inside an instance share: the count, the samples, the limit itself.
 *
 * A limit is a number of requests in 2^-20, rounded down at each change: it is off by less than one
 * millionth of a request for each. A sample is the time from arrival to answer of a request that
 * ended well; one that ended in an overload's outcome is a drop; others say nothing.
 */
#pragma once

#include "models/serve/serve.h"

#define GD_LIMIT_BITS 20
#define GD_LIMIT_ONE  (INT64_C(1) << GD_LIMIT_BITS)

typedef struct {
    int64_t limit; /* in 2^-GD_LIMIT_BITS */
    uint32_t inside;
    /* the window of samples in progress */
    uint32_t samples, most_inside;
    bool dropped;
    gd_time next; /* it ends at the first sample after this */
    gd_span sum;
    gd_time touched; /* up to which limit x time is counted; the rest of a second: */
    uint64_t rest;
} gd_limiter;

typedef struct {
    gd_span rtt; /* of a window: the mean of its samples */
    uint32_t inside;
    bool dropped;
} gd_limit_sample;

/* The counters that every such kind begins with. */
enum {
    GD_LIMIT_SECONDS, /* limit x seconds: divided by the time it is the mean limit */
    GD_LIMIT_REFUSED,
    GD_LIMIT_RAISED,
    GD_LIMIT_LOWERED,
    GD_LIMIT_IDLE, /* why it did nothing */
    GD_LIMIT_COUNTERS
};
#define GD_LIMIT_COUNTER_ROWS                                                                      \
    {"limit_x_s", NULL}, {"refused", NULL}, {"raised", NULL}, {"lowered", NULL},                   \
    {                                                                                              \
        "not_used", "less than half of the limit in use: no reason to raise it"                    \
    }

/* Counts limit x time up to now. */
void gd_limiter_touch(const gd_serve_at *at, gd_limiter *limiter);
void gd_limiter_set(const gd_serve_at *at, gd_limiter *limiter, int64_t limit);
gd_outcome gd_limiter_arrive(const gd_serve_at *at, uint32_t slot);
void gd_limiter_enter(const gd_serve_at *at, uint32_t slot);
/* One is out. True when *sample says something. */
bool gd_limiter_finish(const gd_serve_at *at, uint32_t slot, gd_outcome outcome,
                       gd_limit_sample *sample);
/* The clamped limit; value as that of `limit`. */
static inline int64_t gd_limit_clamp(int64_t value, uint32_t min, uint32_t max)
{
    int64_t low = (int64_t)min << GD_LIMIT_BITS, high = (int64_t)max << GD_LIMIT_BITS;
    return value < low ? low : value > high ? high : value;
}
/* Whether the outcome tells of overload, here or below. */
bool gd_limit_is_drop(gd_outcome outcome);

/* ---- rows that the kinds share ------------------------------------------------------------ */
#define GD_LIMIT_INITIAL(value, from)                                                              \
    GD_FIELD_ROW(gd_limit_spec, initial, GD_FIELD_COUNT, .fallback = value, .min = 1,              \
                 .max = 1000000, .help = "the limit at the start, for each instance",              \
                 .source = from)
#define GD_LIMIT_MIN(value, from)                                                                  \
    GD_FIELD_ROW(gd_limit_spec, min, GD_FIELD_COUNT, .fallback = value, .min = 1, .max = 1000000,  \
                 .help = "it is never less", .source = from)
#define GD_LIMIT_MAX(value, from)                                                                  \
    GD_FIELD_ROW(gd_limit_spec, max, GD_FIELD_COUNT, .fallback = value, .min = 1, .max = 1000000,  \
                 .help = "it is never more", .source = from)
#define GD_LIMIT_WINDOW(value, from)                                                               \
    GD_FIELD_ROW(gd_limit_spec, window, GD_FIELD_SPAN, .fallback = value, .min = 0,                \
                 .max = GD_HOUR,                                                                   \
                 .help = "answers of so long are taken together: their mean; 0: each by itself",   \
                 .source = from)
#define GD_LIMIT_WINDOW_SIZE                                                                       \
    GD_FIELD_ROW(gd_limit_spec, window_size, GD_FIELD_COUNT, .fallback = "10", .min = 1,           \
                 .max = 1000000, .help = "and at least so many",                                   \
                 .source = "Netflix concurrency-limits WindowedLimit")

/* min <= initial <= max. */
void gd_limit_check(void *spec, const gd_node *node, gd_problems *problems);
