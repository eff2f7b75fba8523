#include "sim/stats/hist.h"

#include <glib.h>
#include <string.h>

void gd_hist_pool_clear(gd_hist_pool *pool)
{
    g_free(pool->counters);
    *pool = (gd_hist_pool){0};
}

uint32_t gd_hist_block_new(gd_hist_pool *pool)
{
    if (pool->blocks == pool->capacity) {
        pool->capacity += pool->capacity / 2 + 64; /* a branch may begin with one block */
        pool->counters = g_realloc_n(pool->counters, (gsize)pool->capacity * GD_HIST_SUB,
                                     sizeof pool->counters[0]);
    }
    memset(pool->counters + (size_t)pool->blocks * GD_HIST_SUB, 0,
           GD_HIST_SUB * sizeof pool->counters[0]);
    return ++pool->blocks;
}

void gd_hist_widen(gd_hist *hist, int64_t value)
{
    if (hist->count == 1) {
        hist->low = value;
        hist->spread = 0;
    } else if (value < hist->low) {
        hist->spread += hist->low - value;
        hist->low = value;
    } else {
        hist->spread = value - hist->low;
    }
}

void gd_hist_flush(gd_hist_queue *queue, gd_hist_pool *pool)
{
    for (uint32_t n = 0; n < GD_HIST_QUEUE; n++) {
        uint32_t i = (queue->at + n) % GD_HIST_QUEUE;
        if (!queue->hist[i])
            continue;
        if (n >= GD_HIST_QUEUE / 2) /* has not met its histogram yet */
            queue->counter[i] = gd_hist_head(queue->hist[i], pool, queue->value[i]);
        if (queue->counter[i] != GD_HIST_ZERO)
            gd_hist_count(pool, queue->counter[i]);
        queue->hist[i] = NULL;
    }
}

static const uint32_t *block_of(const gd_hist *hist, const gd_hist_pool *pool, unsigned octave)
{
    return hist->block[octave] ? pool->counters + (size_t)(hist->block[octave] - 1) * GD_HIST_SUB
                               : NULL;
}

static int64_t bucket_low(unsigned octave, uint32_t sub)
{
    return octave == 0 ? (int64_t)sub : (int64_t)(GD_HIST_SUB + sub) << (octave - 1);
}

static int64_t bucket_middle(unsigned octave, uint32_t sub)
{
    return bucket_low(octave, sub) + (octave > 1 ? INT64_C(1) << (octave - 2) : 0);
}

int64_t gd_hist_quantile(const gd_hist *hist, const gd_hist_pool *pool, gd_share q)
{
    if (hist->count == 0)
        return -1;
    gd_u128 scaled = (gd_u128)hist->count * (gd_u128)q;
    uint64_t rank = (uint64_t)((scaled + (gd_u128)GD_SHARE_ONE - 1) / (gd_u128)GD_SHARE_ONE);
    rank = rank < 1 ? 1 : rank > hist->count ? hist->count : rank;
    if (rank == hist->count)
        return gd_hist_max(hist);

    uint64_t seen = hist->zeros;
    if (seen >= rank)
        return 0;
    for (unsigned octave = 0; octave < GD_HIST_OCTAVES; octave++) {
        const uint32_t *counters = block_of(hist, pool, octave);
        for (uint32_t sub = 0; counters && sub < GD_HIST_SUB; sub++) {
            seen += counters[sub];
            if (seen >= rank)
                return CLAMP(bucket_middle(octave, sub), hist->low, gd_hist_max(hist));
        }
    }
    return gd_hist_max(hist);
}

double gd_hist_mean(const gd_hist *hist)
{
    return hist->count ? (double)hist->sum / (double)hist->count : -1;
}

void gd_hist_merge(gd_hist *into, gd_hist_pool *pool, const gd_hist *from,
                   const gd_hist_pool *from_pool)
{
    if (from->count == 0)
        return;
    int64_t low = into->count ? MIN(into->low, from->low) : from->low;
    int64_t max = into->count ? MAX(gd_hist_max(into), gd_hist_max(from)) : gd_hist_max(from);
    into->low = low;
    into->spread = max - low;
    into->count += from->count;
    into->zeros += from->zeros;
    into->clipped += from->clipped;
    into->sum += from->sum;
    for (unsigned octave = 0; octave < GD_HIST_OCTAVES; octave++) {
        if (!from->block[octave])
            continue;
        if (!into->block[octave])
            into->block[octave] = gd_hist_block_new(pool);
        uint32_t *to = pool->counters + (size_t)(into->block[octave] - 1) * GD_HIST_SUB;
        const uint32_t *add = block_of(from, from_pool, octave);
        for (uint32_t sub = 0; sub < GD_HIST_SUB; sub++) {
            uint32_t sum = to[sub] + add[sub];
            pool->saturated |= sum < to[sub];
            to[sub] = sum < to[sub] ? UINT32_MAX : sum;
        }
    }
}

uint64_t gd_hist_count_upto(const gd_hist *hist, const gd_hist_pool *pool, int64_t limit)
{
    if (limit < 0)
        return 0;
    if (hist->count && limit >= gd_hist_max(hist))
        return hist->count;
    uint64_t seen = hist->zeros;
    for (unsigned octave = 0; octave < GD_HIST_OCTAVES; octave++) {
        const uint32_t *counters = block_of(hist, pool, octave);
        for (uint32_t sub = 0; counters && sub < GD_HIST_SUB; sub++)
            if (bucket_low(octave, sub) <= limit)
                seen += counters[sub];
    }
    return seen;
}
