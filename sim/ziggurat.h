/* Unit exponential and unit normal draws by Marsaglia and Tsang's ziggurat ("The Ziggurat Method
 * for Generating Random Variables", J. Stat. Soft. 5(8), 2000), in integers.
 *
 * 256 layers of equal area; the draw's low 8 bits choose the layer, all 64 bits the place in it
 * (what the two share is below 2^-56 of a layer). Wedges and tails are decided by the exact
 * density, through the integer logarithm, with further uniforms of the same address. One draw in
 * about 90 leaves the fast path.
 */
#pragma once

#include "sim/units.h"

typedef struct {
    uint64_t inside; /* a draw below this one lies under the density whatever its height */
    uint64_t width;  /* of the layer, Q58 */
} gd_ziggurat_row;

extern const gd_ziggurat_row gd_exp_rows[256];
extern const gd_ziggurat_row gd_normal_rows[256];

uint64_t gd_exp_edge_q58(uint64_t u);
int64_t gd_normal_edge_q58(uint64_t u);

/* Exp(1) in Q58: below 53. */
static inline uint64_t gd_exp_q58(uint64_t u)
{
    const gd_ziggurat_row *row = &gd_exp_rows[u & 255];
    if (__builtin_expect(u < row->inside, 1))
        return (uint64_t)(((gd_u128)u * row->width) >> 64);
    return gd_exp_edge_q58(u);
}

/* N(0, 1) in Q58: within +-16. Bit 8 is the sign. */
static inline int64_t gd_normal_q58(uint64_t u)
{
    const gd_ziggurat_row *row = &gd_normal_rows[u & 255];
    if (__builtin_expect(u >= row->inside, 0))
        return gd_normal_edge_q58(u);
    int64_t x = (int64_t)(((gd_u128)u * row->width) >> 64);
    int64_t sign = -(int64_t)(u >> 8 & 1);
    return (x ^ sign) - sign;
}
