/* How long a client waits before it tries again: every formula in use, in integers. */
#pragma once

#include "models/guard/specs.h"

/* The wait before retry n (1 is the first retry). *before is the wait before the last one (0 at
 * first), kept by the caller; u is the draw. */
gd_span gd_backoff(gd_backoff_kind kind, const gd_backoff_spec *spec, uint32_t n, gd_span *before,
                   uint64_t u);

/* In the order of gd_backoff_kind, ending with NULL. */
extern const gd_shape *const gd_backoff_shapes[GD_BACKOFFS + 1];
