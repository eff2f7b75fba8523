/* The families of distributions, as shapes. Private to sim/spec. */
#pragma once

#include "sim/spec/field.h"

/* What one of gd_dist_shapes(is_time) reads into gd_dist_spec.kind. */
gd_dist_kind gd_family_kind(const gd_shape *shape, bool is_time);
