/* The growing arrays of a run. A run's state is a set of segments: contiguous, index-addressed, so
 * that a snapshot is a copy of each segment's used part. Hold no pointer across a growth.
 */
#pragma once

#include "sim/units.h"

/* What a run's segments may take together. */
typedef struct {
    uint64_t bytes, peak, budget;
    bool over; /* the budget was passed: the run stops at the next event */
} gd_memory;

typedef struct {
    void *base;
    size_t used, capacity; /* bytes */
} gd_segment;

/* Makes room for `bytes` in all; new bytes are zero. */
void gd_segment_reserve(gd_segment *segment, gd_memory *memory, size_t bytes);
/* Grows `used` by `bytes` (zeroed) and returns the offset of the new part. */
size_t gd_segment_extend(gd_segment *segment, gd_memory *memory, size_t bytes);
void gd_segment_copy(gd_segment *to, gd_memory *memory, const gd_segment *from);
void gd_segment_clear(gd_segment *segment, gd_memory *memory);
