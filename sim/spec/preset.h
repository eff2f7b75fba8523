/* Shipped latency and component presets: what "preset:NAME" stands for.
 *
 * All values are those of the project's reference on patterns, sections 11.3 and 11.4: lognormal,
 * given as median and 99th percentile; unless a source is named they are modelling choices for the
 * year they represent, to be replaced by measurements.
 */
#pragma once

#include "sim/dist.h"
#include "sim/spec/node.h"

typedef struct {
    const char *name; /* "same-zone" */
    gd_span p50, p99;
    /* Network presets are round trips, links carry one direction: a link's reader halves both. */
    bool round_trip;
    unsigned year; /* what the values represent */
    const char *source, *help;
    /* With this probability a draw is uniform in [slow_low, slow_high] instead. */
    gd_share slow_share;
    gd_span slow_low, slow_high;
} gd_preset;

extern const gd_preset gd_presets[]; /* ends with name NULL */

const gd_preset *gd_preset_find(const char *name);
/* The preset that a node names as "preset:NAME", or NULL. */
const gd_preset *gd_preset_of(const gd_node *node);
/* The distribution that a preset stands for; `arena` holds its parts. */
gd_dist_spec *gd_preset_spec(const gd_preset *preset, gd_arena *arena);
/* The preset nearest to a misspelt name, or NULL. */
const char *gd_preset_nearest(const char *name);

typedef struct {
    const char *name; /* "loss-wan" */
    gd_share share;
    unsigned year;
    const char *source, *help;
} gd_share_preset;

extern const gd_share_preset gd_share_presets[]; /* ends with name NULL */

/* The share that `text` names as "preset:NAME", or NULL. */
const gd_share_preset *gd_share_preset_of(const char *text);
