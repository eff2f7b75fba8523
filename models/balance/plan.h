/* A pool: what one caller's process knows of one callee's instances, and how it chooses among them.
 * All call sites of a caller that say the same of a callee share it, as the clusters of a proxy do.
 * Plain balancers (a word and no more) have none. */
#pragma once

#include "models/balance/specs.h"
#include "models/counter.h"

#define GD_PRIORITIES 8u /* levels at most */

typedef struct {
    uint32_t caller_service, client; /* one of them is GD_NONE */
    uint32_t service;                /* the callee */
    uint8_t balancer;                /* gd_balancer */
    bool by_subject;                 /* needs the request's subject */
    const gd_balancer_spec *spec;
    const gd_health_check_spec *check; /* by each caller; NULL: none */
    const gd_outlier_spec *outlier;
    const gd_discovery_spec *discovery; /* NULL: sees the registry as it is */
    uint8_t discovery_kind;
    uint32_t propagation; /* dist; GD_NONE */
    uint32_t keys;        /* dist; GD_NONE */
    uint32_t check_site;  /* call site of its probes, GD_NONE: none */
    uint32_t check_counters, outlier_counters, discovery_counters; /* first ones; GD_NONE */
    const uint32_t *weights;      /* per instance of the callee; NULL: all 1 */
    const uint32_t *zone_weights; /* per zone of the plan: weighted locality */
    const uint8_t *levels;        /* per zone of the plan: priority; NULL: by closeness */
    uint64_t salt;
    uint32_t states_n;    /* callers, or a client's resolvers */
    uint32_t state_first; /* in the table of states */
    uint32_t ticks_first; /* of the ticks of its first state; GD_NONE: none */
    uint32_t ticks_n;     /* each state has so many */
    uint32_t hosts_at, order_at, groups_at, table_at, bytes; /* offsets in a state */
    uint32_t groups_n;                                       /* at most */
} gd_plan_pool;

/* A service's own checks, which its registry believes. */
typedef struct {
    const gd_health_check_spec *check; /* NULL: the registry knows only who is draining */
    uint32_t check_site, check_counters;
    uint32_t ticks_first; /* one for each instance; GD_NONE */
    bool beats;           /* its instances send heartbeats to the registry */
} gd_plan_registry;

extern const gd_counter_row gd_check_counters[], gd_discovery_counters[], gd_outlier_counters[];
