#include "sim/ziggurat.h"
#include "sim/fixed.h"
#include "sim/rng.h"
#include "sim/ziggurat_tables.h"

/* Another step than gd_next's, so that a sampler that takes gd_next(u) for its second unit draw
 * does not meet the uniform which decided the first one's wedge. The fraction of the square root
 * of 3, as in SHA-512's initial hash value (FIPS 180-4). */
#define STEP UINT64_C(0xBB67AE8584CAA73B)

static uint64_t further(uint64_t u)
{
    return gd_fin(u + STEP);
}

/* Is a point of layer `i` under the density? -ln of the point's height, in Q58. */
static uint64_t height_neglog(const uint64_t *heights, unsigned i, uint64_t u)
{
    uint64_t span = heights[i + 1] - heights[i];
    uint64_t height = heights[i] + (uint64_t)(((gd_u128)u * span) >> 64); /* Q63 */
    return gd_neglog_q58(height << 1);
}

uint64_t gd_exp_edge_q58(uint64_t u)
{
    for (;;) {
        unsigned i = (unsigned)(u & 255);
        uint64_t x = (uint64_t)(((gd_u128)u * gd_exp_rows[i].width) >> 64);
        if (u < gd_exp_rows[i].inside)
            return x;
        u = further(u);
        if (i == 0) /* the tail: an exponential has no memory */
            return EXP_TAIL_Q58 + gd_neglog_q58(u);
        if (height_neglog(exp_heights, i, u) > x)
            return x;
        u = further(u);
    }
}

/* |x| beyond the last edge: Marsaglia's method of 1964, exact. */
static uint64_t normal_tail(uint64_t u)
{
    for (;;) {
        uint64_t e = gd_neglog_q58(u);
        uint64_t x = (uint64_t)(((gd_u128)e * NORMAL_TAIL_INVERSE_Q63) >> 63);
        u = further(u);
        uint64_t square = (uint64_t)(((gd_u128)x * x) >> 59); /* x^2/2, Q58 */
        if (gd_neglog_q58(u) > square)
            return NORMAL_TAIL_Q58 + x;
        u = further(u);
    }
}

int64_t gd_normal_edge_q58(uint64_t u)
{
    bool negative = u >> 8 & 1;
    for (;;) {
        unsigned i = (unsigned)(u & 255);
        uint64_t x = (uint64_t)(((gd_u128)u * gd_normal_rows[i].width) >> 64);
        if (u < gd_normal_rows[i].inside)
            return negative ? -(int64_t)x : (int64_t)x;
        u = further(u);
        if (i == 0)
            x = normal_tail(u);
        else if (height_neglog(normal_heights, i, u) <= (uint64_t)(((gd_u128)x * x) >> 59)) {
            u = further(u);
            continue;
        }
        return negative ? -(int64_t)x : (int64_t)x;
    }
}
