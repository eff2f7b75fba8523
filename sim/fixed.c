#include "sim/fixed.h"
#include "sim/fixed_tables.h"

#include <glib.h>

/* (a x b) >> shift, rounded down, for signed factors. */
static inline int64_t scaled(int64_t a, int64_t b, unsigned shift)
{
    return (int64_t)((gd_i128)a * b >> shift);
}

/* Both polynomials are in Estrin's form: fewer multiplications wait for one another. */

/* 1/n in Q62: a polynomial's coefficient. */
#define INVERSE(n) ((INT64_C(1) << 62) / (n))

/* -ln(m / 2^64) in Q63 for m with its top bit set. m x inverse = 1 + z with |z| <= 2^-9, and the
 * series of ln(1 + z) up to z^6 leaves out less than 2^-65. */
static inline int64_t neglog_mantissa(uint64_t m)
{
    unsigned row = (unsigned)(m >> 55) & 255;
    gd_u128 one = (gd_u128)1 << 127;
    gd_u128 product = (gd_u128)m * log_rows[row].inverse;
    int64_t z = (int64_t)((gd_i128)(product - one) >> 56); /* Q71 */
    int64_t z2 = scaled(z, z, 71);
    int64_t high = INVERSE(5) + scaled(z, INVERSE(-6), 71);
    int64_t middle = INVERSE(3) + scaled(z, INVERSE(-4), 71) + scaled(z2, high, 71);
    int64_t p = INVERSE(1) - (z >> 10) + scaled(z2, middle, 71); /* 1 - z/2 + ..., Q62 */
    return (int64_t)log_rows[row].log - scaled(z, p, 70);
}

uint64_t gd_neglog_q58(uint64_t r)
{
    r += r == 0;
    unsigned zeros = (unsigned)__builtin_clzll(r);
    int64_t mantissa = neglog_mantissa(r << zeros);
    if (mantissa < 0) /* -ln(1) less a rounding */
        mantissa = 0;
    gd_u128 sum = (gd_u128)LN2_Q63 * zeros + (uint64_t)mantissa;
    return (uint64_t)((sum + 16) >> 5);
}

int64_t gd_log2_q57(uint64_t x)
{
    unsigned zeros = (unsigned)__builtin_clzll(x);
    int64_t ln = neglog_mantissa(x << zeros);
    int64_t log2 = scaled(ln, (int64_t)LOG2_E_Q62, 63); /* Q62: up to 1, of m = 1/2 */
    uint64_t sum = ((uint64_t)(64 - zeros) << 57) - (uint64_t)((log2 + 16) >> 5);
    return sum > INT64_MAX ? INT64_MAX : (int64_t)sum;
}

gd_i128 gd_log2_q57_wide(gd_u128 x)
{
    uint64_t high = (uint64_t)(x >> 64);
    if (high == 0)
        return gd_log2_q57((uint64_t)x);
    unsigned bits = 64 - (unsigned)__builtin_clzll(high);
    return gd_log2_q57((uint64_t)(x >> bits)) + (gd_i128)bits * GD_Q57;
}

int64_t gd_exp2_q57(int64_t y)
{
    if (y >= 63 * GD_Q57)
        return GD_NEVER;
    if (y < -GD_Q57)
        return 0;
    int whole = (int)(y >> 57); /* -1 to 62 */
    int64_t part = y & (GD_Q57 - 1);
    unsigned row = (unsigned)(part >> 49);
    int64_t off =
        (part & ((INT64_C(1) << 49) - 1)) - (INT64_C(1) << 48); /* from the row's centre */
    /* 2^t - 1 for |t| <= 2^-9; the series of e^(t ln 2) up to t^5 leaves out less than 2^-66. */
    int64_t t = off * 8192; /* Q70 */
    int64_t t2 = scaled(t, t, 70);
    int64_t high = EXP_3_Q62 + scaled(t, EXP_4_Q62, 70) + scaled(t2, EXP_5_Q62, 70);
    int64_t p = EXP_1_Q62 + scaled(t, EXP_2_Q62, 70) + scaled(t2, high, 70);
    int64_t more = scaled(t, p, 62); /* Q70 */
    uint64_t base = exp_rows[row];
    uint64_t mantissa = base + (uint64_t)(int64_t)((gd_i128)base * more >> 70); /* [1, 2), Q63 */
    return (int64_t)(((mantissa >> (62 - whole)) + 1) >> 1);
}

uint64_t gd_root(gd_u128 x)
{
    uint64_t root = 0;
    for (uint64_t bit = UINT64_C(1) << 63; bit; bit >>= 1) {
        uint64_t trial = root | bit;
        if ((gd_u128)trial * trial <= x)
            root = trial;
    }
    return root;
}

int64_t gd_ln_of_log2(int64_t log2_q57)
{
    return scaled(log2_q57, (int64_t)LN2_Q63, 63);
}

int64_t gd_log2_of_ln(int64_t ln_q57)
{
    return scaled(ln_q57, (int64_t)LOG2_E_Q62, 62);
}

/* Stirling's series at w = z + 32, where its terms up to 1/w^7 leave out less than 2^-55; then
 * gamma(z) = gamma(w) / (z (z+1) ... (z+31)). */
int64_t gd_log2_gamma_q57(int64_t z_nano)
{
    enum { STEPS = 32 };
    g_assert(z_nano >= GD_SHARE_ONE && z_nano <= 20 * GD_SHARE_ONE);
    int64_t log2_nano = gd_log2_q57((uint64_t)GD_SHARE_ONE);
    gd_i128 product = 0; /* log2 of it, Q57 */
    for (int i = 0; i < STEPS; i++)
        product += gd_log2_q57((uint64_t)z_nano + (uint64_t)i * GD_SHARE_ONE) - log2_nano;
    int64_t w_nano = z_nano + STEPS * GD_SHARE_ONE;
    gd_i128 w = (gd_i128)w_nano * GD_Q57 / GD_SHARE_ONE;
    gd_i128 log2_w = gd_log2_q57((uint64_t)w_nano) - log2_nano;
    int64_t v = (int64_t)((gd_i128)GD_Q57 * GD_SHARE_ONE / w_nano); /* 1/w, Q57 */
    int64_t v2 = scaled(v, v, 57);
    int64_t tail = GD_Q57 / 360 - scaled(v2, GD_Q57 / 1260 - v2 / 1680, 57);
    int64_t series = scaled(v, GD_Q57 / 12 - scaled(v2, tail, 57), 57);
    gd_i128 power = (2 * (gd_i128)w_nano - GD_SHARE_ONE) * log2_w / ((gd_i128)2 * GD_SHARE_ONE);
    gd_i128 ln_part = series - w;
    gd_i128 log2_part = (ln_part * (gd_i128)LOG2_E_Q62) >> 62;
    return (int64_t)(power + log2_part + (gd_i128)HALF_LOG2_2PI_Q57 - product);
}

/* log2 of the normal density at z (Q58, 0 <= z < 8), in Q57. */
static int64_t normal_log2_density(int64_t z)
{
    return -gd_log2_of_ln(scaled(z, z, 60)) - (int64_t)HALF_LOG2_2PI_Q57;
}

/* Density / (1 - Phi(z)), the normal's hazard, in Q58; z in Q58, 0 <= z < 8. The power series of
 * Phi below 3; Laplace's continued fraction above, where 60 terms leave out less than 2^-60. */
static int64_t normal_hazard_q58(int64_t z)
{
    if (z >= 3 * GD_Q58) {
        int64_t fraction = z;
        for (int n = 60; n >= 1; n--)
            fraction = z + (int64_t)(((gd_i128)n << 116) / fraction);
        return fraction;
    }
    int64_t density = gd_exp2_q57(62 * GD_Q57 + normal_log2_density(z)); /* Q62 */
    gd_i128 term = z, sum = z;
    for (int n = 1; term > 0; n++) {
        term = (term * z >> 58) * z >> 58;
        term /= 2 * n + 1;
        sum += term;
    }
    int64_t tail = (INT64_C(1) << 61) - (int64_t)(sum * density >> 58); /* Q62 */
    return (int64_t)(((gd_i128)density << 58) / tail);
}

/* Newton's method on ln(1 - Phi(z)), which is concave, from the bound exp(-z^2/2) / 2: it comes
 * down on the root without passing it, in four to six steps. */
int64_t gd_normal_quantile_q58(int64_t p_nano)
{
    g_assert(p_nano > 0 && p_nano < GD_SHARE_ONE);
    if (2 * p_nano == GD_SHARE_ONE)
        return 0;
    int64_t q_nano = MIN(p_nano, GD_SHARE_ONE - p_nano);
    int64_t wanted = gd_log2_q57((uint64_t)q_nano) - gd_log2_q57((uint64_t)GD_SHARE_ONE);
    int64_t ln_bound = gd_ln_of_log2(-(wanted + GD_Q57)); /* -ln(2q) > 0, Q57 */
    int64_t z = (int64_t)gd_root((gd_u128)ln_bound << 60);
    for (int step = 0; step < 40; step++) {
        int64_t hazard = normal_hazard_q58(z);
        g_assert(hazard > 0);
        int64_t log2_hazard = gd_log2_q57((uint64_t)hazard) - 58 * GD_Q57;
        int64_t above = normal_log2_density(z) - log2_hazard - wanted; /* < 0 right of the root */
        int64_t move = (int64_t)((gd_i128)gd_ln_of_log2(above) * 2 * GD_Q58 / hazard);
        z = MAX(z + move, 0);
        if (move > -64 && move < 64) /* 2^-52: finer than the logarithms can tell */
            break;
    }
    return p_nano == q_nano ? -z : z;
}
