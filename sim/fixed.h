/* Logarithm, 2^x and their kin in fixed point: what libm may not do between a seed and an event.
 *
 * Qn means: the integer is the number x 2^n. Each function takes a table of 256 rows and a short
 * polynomial, in 64-bit multiplications with 128-bit products: no floating point, so the same bits
 * on every machine. Against quad precision over 3 x 10^5 arguments, the error of a logarithm is
 * below one unit of its last place (2^-58, 2^-57), and the relative error of a power below 2^-58.9;
 * tests/sim/test_fixed.c holds them to exact values.
 */
#pragma once

#include "sim/units.h"

#define GD_Q57 (INT64_C(1) << 57)
#define GD_Q58 (INT64_C(1) << 58)

/* -ln(r / 2^64) in Q58; r = 0 counts as 1. The one of sim/dist.h, declared here as well. */
uint64_t gd_neglog_q58(uint64_t r);
/* log2(x) in Q57, x > 0; below 64, so the last 2^-57 of that is cut off. */
int64_t gd_log2_q57(uint64_t x);
gd_i128 gd_log2_q57_wide(gd_u128 x);
/* 2^y to the nearest integer, y in Q57: 0 far below, GD_NEVER from 63 up. */
int64_t gd_exp2_q57(int64_t y);

/* The largest integer whose square is not above x. */
uint64_t gd_root(gd_u128 x);

/* For load time; microseconds. */

/* ln(2) x log2: turns Q57 in powers of two into Q57 in powers of e, and back. */
int64_t gd_ln_of_log2(int64_t log2_q57);
int64_t gd_log2_of_ln(int64_t ln_q57);
/* log2 of the gamma function at z / 10^9, in Q57; 1 <= z / 10^9 <= 20. */
int64_t gd_log2_gamma_q57(int64_t z_nano);
/* The standard normal's quantile at p / 10^9 in Q58, 0 < p < 10^9: within +-6. */
int64_t gd_normal_quantile_q58(int64_t p_nano);
