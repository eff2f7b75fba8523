/* Log-linear histogram: 128 sub-buckets an octave, so a value is off by at most 1/256 (0.4 %).
 *
 * Octaves are blocks of 128 counters in a pool shared by a run's histograms and appear when first
 * touched: a histogram that sees one decade costs 2 KiB, not 20. Values are ns, 0 to 2^44 (4.9 h);
 * larger ones count in the last bucket and set `clipped`. Zeros are counted apart. Histograms of
 * the same layout merge by adding counters, in any order, to the same bits.
 * Layout after HdrHistogram (G. Tene); this one has no significant-digit parameter.
 */
#pragma once

#include "sim/units.h"
#include <stddef.h>

#define GD_HIST_SUB     128u
#define GD_HIST_END     (INT64_C(1) << 44)
#define GD_HIST_OCTAVES 38u /* 0: values below 128; k: [2^(k+6), 2^(k+7)) */

typedef struct {
    uint64_t count, zeros;
    int64_t low, spread; /* least value, greatest minus least: one comparison tells a new extreme */
    gd_u128 sum;
    uint64_t clipped;
    uint32_t block[GD_HIST_OCTAVES]; /* index + 1 into the pool; 0: not touched */
} gd_hist;

typedef struct {
    uint32_t *counters; /* blocks of GD_HIST_SUB */
    uint32_t blocks, capacity;
    bool saturated;
} gd_hist_pool;

void gd_hist_pool_clear(gd_hist_pool *pool); /* frees the blocks */
uint32_t gd_hist_block_new(gd_hist_pool *pool);

static inline unsigned gd_hist_octave(uint64_t value)
{
    return 57u - (unsigned)__builtin_clzll(value | (GD_HIST_SUB - 1));
}

/* A new extreme. */
void gd_hist_widen(gd_hist *hist, int64_t value);

static inline int64_t gd_hist_max(const gd_hist *hist) /* meaningless when count is 0 */
{
    return hist->low + hist->spread;
}

/* The first half of an addition: all but the counter, whose index is returned; GD_HIST_ZERO: none.
 */
#define GD_HIST_ZERO UINT32_MAX
static inline uint32_t gd_hist_head(gd_hist *hist, gd_hist_pool *pool, int64_t value)
{
    hist->count++;
    if (__builtin_expect((uint64_t)(value - hist->low) > (uint64_t)hist->spread, 0))
        gd_hist_widen(hist, value);
    if (value == 0) {
        hist->zeros++;
        return GD_HIST_ZERO;
    }
    hist->sum += (gd_u128)value;
    if (__builtin_expect(value >= GD_HIST_END, 0)) {
        value = GD_HIST_END - 1;
        hist->clipped++;
    }
    unsigned octave = gd_hist_octave((uint64_t)value);
    uint32_t sub = (uint32_t)((uint64_t)value >> (octave - (octave != 0))) & (GD_HIST_SUB - 1);
    uint32_t block = hist->block[octave];
    if (__builtin_expect(block == 0, 0))
        block = hist->block[octave] = gd_hist_block_new(pool);
    return block * GD_HIST_SUB + sub - GD_HIST_SUB;
}

static inline void gd_hist_count(gd_hist_pool *pool, uint32_t index)
{
    uint32_t *counter = &pool->counters[index];
    if (__builtin_expect(++*counter == 0, 0)) {
        *counter = UINT32_MAX;
        pool->saturated = true;
    }
}

static inline void gd_hist_add(gd_hist *hist, gd_hist_pool *pool, int64_t value)
{
    uint32_t counter = gd_hist_head(hist, pool, value);
    if (counter != GD_HIST_ZERO)
        gd_hist_count(pool, counter);
}

/* Additions on their way: in a run whose histograms do not fit the cache, an addition waits twice
 * for memory, for the histogram and for the counter. Through this queue both are asked for early
 * and the addition is made some additions later; the result is the same. Flush before reading. */
#define GD_HIST_QUEUE 16u
typedef struct {
    gd_hist *hist[GD_HIST_QUEUE];
    int64_t value[GD_HIST_QUEUE];
    uint32_t counter[GD_HIST_QUEUE];
    uint32_t at;
} gd_hist_queue;

void gd_hist_flush(gd_hist_queue *queue, gd_hist_pool *pool);

/* Two stages behind each other: the slot's old addition is completed; the one half a round behind
 * has its histogram by now and asks for its counter. */
static inline void gd_hist_add_soon(gd_hist_queue *q, gd_hist *hist, gd_hist_pool *pool,
                                    int64_t value)
{
    uint32_t i = q->at++ % GD_HIST_QUEUE, half = (i + GD_HIST_QUEUE / 2) % GD_HIST_QUEUE;
    if (q->counter[i] != GD_HIST_ZERO && q->hist[i])
        gd_hist_count(pool, q->counter[i]);
    q->hist[i] = hist;
    q->value[i] = value;
    __builtin_prefetch(hist, 1);
    __builtin_prefetch((char *)hist + 64 + 16, 1);
    if (q->hist[half]) {
        q->counter[half] = gd_hist_head(q->hist[half], pool, q->value[half]);
        if (q->counter[half] != GD_HIST_ZERO)
            __builtin_prefetch(&pool->counters[q->counter[half]], 1);
    }
}

/* The value at rank ceil(q x count) in the middle of its bucket, clamped to [min, max]; -1 when
 * empty. q in [0, 1] as a share. */
int64_t gd_hist_quantile(const gd_hist *hist, const gd_hist_pool *pool, gd_share q);
/* Mean in ns, as a double for display; -1 when empty. */
double gd_hist_mean(const gd_hist *hist);
/* Adds `from` (of `from_pool`) to `into` (of `pool`). */
void gd_hist_merge(gd_hist *into, gd_hist_pool *pool, const gd_hist *from,
                   const gd_hist_pool *from_pool);
/* How many values are <= limit (by whole buckets up to the one that holds it). */
uint64_t gd_hist_count_upto(const gd_hist *hist, const gd_hist_pool *pool, int64_t limit);
