/* How a run's state is laid out and begun. */
#pragma once

#include "models/flow/engine.h"

gd_layout *gd_layout_new(const gd_plan *plan);
gd_layout *gd_layout_ref(gd_layout *layout);
void gd_layout_unref(gd_layout *layout);
void gd_layout_rings(gd_run *run); /* into its agenda; needs the links' state */
void gd_layout_state(gd_run *run); /* every segment of fixed size, as at the start */
