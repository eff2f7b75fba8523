/* Units that a type carries. One concept: what a plain integer means, and how it is added safely.
 *
 * Time is int64 nanoseconds of simulated time: +-292 years. Shares are billionths, so that decimal
 * text up to nine places is exact. Rates are events per 10^12 s, so that "9/y" keeps six digits and
 * "9000000/s" still fits. Floats measure, integers decide: nothing here is a double.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __FAST_MATH__
#error "gameday must not be built with -ffast-math: its numbers would depend on the compiler"
#endif
#ifndef __SIZEOF_INT128__
#error "gameday needs a compiler with 128-bit integers"
#endif

/* Becomes part of its callers, across files too (link-time optimisation keeps the attribute): of an
 * event's instructions a fifth were entering and leaving functions. For what every request passes;
 * not for both halves of a circle. */
#ifdef __clang__ /* which takes `inline` on a function with external linkage for a mistake */
#define GD_HOT __attribute__((always_inline))
#else
#define GD_HOT __attribute__((always_inline)) inline
#endif

typedef int64_t gd_time;  /* ns since t = 0, the end of the warm-up; negative during the warm-up */
typedef int64_t gd_span;  /* ns */
typedef int64_t gd_share; /* billionths: 1 is GD_SHARE_ONE */
typedef int64_t gd_rate;  /* events per 10^12 s: one a second is GD_RATE_HZ */

__extension__ typedef __int128 gd_i128;
__extension__ typedef unsigned __int128 gd_u128;

#define GD_US        INT64_C(1000)
#define GD_MS        INT64_C(1000000)
#define GD_S         INT64_C(1000000000)
#define GD_MINUTE    (60 * GD_S)
#define GD_HOUR      (60 * GD_MINUTE)
#define GD_DAY       (24 * GD_HOUR)
#define GD_YEAR      (365 * GD_DAY)
#define GD_NEVER     INT64_MAX
#define GD_SHARE_ONE INT64_C(1000000000)
#define GD_RATE_HZ   INT64_C(1000000000000)

/* The longest run: a longer horizon is refused, so that time << 4 fits the agenda's key. */
#define GD_HORIZON (10 * GD_YEAR)

/* a + b, or GD_NEVER where the sum does not fit; both >= 0 in every use that can saturate. */
static inline gd_time gd_time_add(gd_time a, gd_span b)
{
    gd_time sum;
    return __builtin_add_overflow(a, b, &sum) ? GD_NEVER : sum;
}

/* value x factor, factor in billionths, rounded down; saturates at GD_NEVER. value, factor >= 0. */
static inline int64_t gd_share_of(int64_t value, gd_share factor)
{
    gd_i128 product = (gd_i128)value * factor / GD_SHARE_ONE;
    return product > GD_NEVER ? GD_NEVER : (int64_t)product;
}

/* A share as the threshold that a uniform 64-bit draw stays below with that probability. */
static inline uint64_t gd_share_threshold(gd_share share)
{
    if (share >= GD_SHARE_ONE)
        return UINT64_MAX;
    return share <= 0 ? 0 : (uint64_t)(((gd_u128)share << 64) / (gd_u128)GD_SHARE_ONE);
}
