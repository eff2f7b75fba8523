/* What a caller does instead when its call has failed: see fallback.c. */
#pragma once

#include "models/plan.h"
#include "models/run.h"
#include "sim/spec/field.h"

typedef enum {
    GD_FALLBACK_DEFAULT_VALUE,
    GD_FALLBACK_STALE_CACHE,
    GD_FALLBACK_OMIT,
    GD_FALLBACK_QUEUE_FOR_LATER,
    GD_FALLBACK_FAIL_SILENT,
    GD_FALLBACK_FAIL_OPEN,
    GD_FALLBACK_FAIL_CLOSED,
    GD_FALLBACKS
} gd_fallback_kind;

typedef struct gd_fallback_spec {
    uint8_t kind;
    gd_share wrong;
    uint64_t wrong_below;
    gd_span max_stale, every, keep;
    gd_dist_spec *keys;
    uint32_t keys_dist, capacity;
} gd_fallback_spec;

/* By kind, ending with NULL. */
extern const gd_shape *const gd_fallback_shapes[GD_FALLBACKS + 1];
const gd_counter_row *gd_fallback_counters(gd_fallback_kind kind);
uint32_t gd_fallback_state_bytes(const gd_fallback_spec *spec);

/* What the caller sees instead of a failure; `root` is the request's key. */
gd_outcome gd_fallback_answer(gd_run *run, const gd_plan_site *site, uint32_t from, uint64_t root,
                              gd_outcome outcome);
/* A good answer that may serve later. */
void gd_fallback_learn(gd_run *run, const gd_plan_site *site, uint32_t from, uint64_t root);
