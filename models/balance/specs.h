/* How callers find and choose instances, as a model writes it: struct and field table of each part.
 * The machines that use them are in models/balance/.
 */
#pragma once

#include "sim/spec/field.h"

typedef enum {
#define GD_BALANCER(symbol, name) GD_##symbol,
#include "models/balance/balance.def"
#undef GD_BALANCER
    GD_BALANCERS
} gd_balancer;

typedef struct {
    gd_span window;
    gd_share aggression; /* factor */
    gd_share min_weight;
} gd_slow_start_spec;

typedef enum { GD_SUBSET_DETERMINISTIC, GD_SUBSET_RANDOM } gd_subset_method;
typedef struct {
    uint32_t size;
    uint8_t method; /* gd_subset_method */
} gd_subset_spec;

/* One struct for all kinds of locality, each with its own rows. */
typedef enum {
    GD_LOCALITY_NONE,
    GD_LOCALITY_ZONE_AWARE,
    GD_LOCALITY_LOCAL_ONLY,
    GD_LOCALITY_WEIGHTED,
    GD_LOCALITY_PRIORITY
} gd_locality_kind;
typedef struct {
    uint32_t min_cluster_size; /* zone_aware */
    uint32_t min_size;         /* local_only */
    const gd_node *weights;    /* weighted: by zone */
    const gd_node *levels;     /* priority: lists of zones; NULL: by closeness */
    gd_share overprovisioning; /* factor */
} gd_locality_spec;

typedef enum { GD_HASH_USER, GD_HASH_REQUEST } gd_hash_on;

/* One struct for all kinds of balancer: what they share, then what some of them have. */
typedef struct {
    gd_variant locality;
    gd_subset_spec *subset;
    gd_share panic_threshold;
    bool fail_on_panic;
    const gd_node *weights; /* by zone, or by an instance's number */
    gd_slow_start_spec *slow_start;

    uint32_t choices;             /* least_requests: 0: all of them */
    gd_share active_request_bias; /* factor */
    gd_span decay;                /* peak_ewma */
    uint8_t hash_on;              /* gd_hash_on */
    gd_dist_spec *keys;           /* hashes: instead of the user */
    uint32_t min_ring, max_ring;
    gd_share hash_balance; /* factor; 0: off */
    uint32_t table_size;
    bool shuffle;    /* pick_first */
    gd_span max_age; /* of its connection; 0: none */

    uint8_t locality_kind; /* from `locality`, by the shape's check */
} gd_balancer_spec;

typedef struct {
    gd_span interval, timeout, jitter;
    gd_span unhealthy_interval; /* 0: as interval */
    uint32_t unhealthy_threshold, healthy_threshold;
    const char *operation; /* NULL: the process answers by itself */
} gd_health_check_spec;

typedef struct {
    uint32_t consecutive_5xx, consecutive_gateway, consecutive_local;
    gd_share enforcing_5xx, enforcing_gateway, enforcing_local;
    bool split_local;
    gd_span interval, base_ejection, max_ejection, ejection_jitter;
    gd_share max_ejected;
    bool always_eject_one;
    uint32_t success_rate_hosts, success_rate_requests;
    gd_share success_rate_stdev, enforcing_success_rate; /* stdev: factor */
    gd_share failure_percentage, enforcing_failure_percentage;
    uint32_t failure_percentage_hosts, failure_percentage_requests;
    bool healthy_check_unejects;
} gd_outlier_spec;

typedef enum { GD_DISCOVERY_DNS, GD_DISCOVERY_PUSH, GD_DISCOVERY_HEARTBEAT } gd_discovery_kind;
typedef struct {
    gd_span ttl; /* dns */
    gd_share ignore_ttl;
    uint32_t resolvers;
    gd_dist_spec *propagation; /* push */
    gd_span heartbeat, expiry, refresh;
    gd_share self_preservation;
} gd_discovery_spec;

/* In the order of gd_balancer and gd_discovery_kind, ending with NULL. */
extern const gd_shape *const gd_balancer_shapes[GD_BALANCERS + 1];
extern const gd_shape *const gd_discovery_shapes[];
extern const gd_shape gd_health_check_shape, gd_outlier_shape;

#define GD_BALANCER(symbol, name) extern const gd_shape gd_##name##_shape;
#include "models/balance/balance.def"
#undef GD_BALANCER

/* What every balancer may say. */
extern const gd_shape *const gd_locality_shapes[];
extern const gd_shape gd_subset_shape, gd_slow_start_shape, gd_host_weights_shape;
#define GD_BALANCER_ROWS                                                                           \
    GD_FIELD_ROW(gd_balancer_spec, locality, GD_FIELD_VARIANT, .variants = gd_locality_shapes,     \
                 .help = "which zones are asked. Absent: all alike", .source = "patterns 5.3"),    \
        GD_FIELD_ROW(gd_balancer_spec, subset, GD_FIELD_OBJECT, .shape = &gd_subset_shape,         \
                     .help = "each caller knows only some instances. Absent: all of them",         \
                     .source = "patterns 5.1"),                                                    \
        GD_FIELD_ROW(gd_balancer_spec, panic_threshold, GD_FIELD_SHARE, .fallback = "\"50%\"",     \
                     .max = GD_SHARE_ONE,                                                          \
                     .help = "with fewer instances available than this share, health is ignored; " \
                             "0: never",                                                           \
                     .source = "Envoy healthy_panic_threshold"),                                   \
        GD_FIELD_ROW(gd_balancer_spec, fail_on_panic, GD_FIELD_BOOL, .fallback = "false",          \
                     .help = "in panic nothing is asked instead of everything",                    \
                     .source = "Envoy fail_traffic_on_panic")
#define GD_WEIGHT_ROW                                                                              \
    GD_FIELD_ROW(gd_balancer_spec, weights, GD_FIELD_NODE, .shape = &gd_host_weights_shape,        \
                 .help = "by zone (\"a\") or instance (\"0\"); unnamed: 1. Absent: all 1",         \
                 .source = "patterns 5.1")
#define GD_SLOW_START_ROW                                                                          \
    GD_FIELD_ROW(gd_balancer_spec, slow_start, GD_FIELD_OBJECT, .shape = &gd_slow_start_shape,     \
                 .help = "instances that joined lately get less. Absent: none",                    \
                 .source = "patterns 5.2")
#define GD_HASH_ROWS                                                                               \
    GD_ROW_AT("on", hash_on, GD_FIELD_WORD, .words = gd_hash_words, .fallback = "\"user\"",        \
              .help = "what is hashed: the visitor, or each request by itself",                    \
              .source = "patterns 5.1"),                                                           \
        GD_FIELD_ROW(gd_balancer_spec, keys, GD_FIELD_DIST_COUNT,                                  \
                     .help = "hash a key drawn for each request instead, such as {\"zipf\": "      \
                             "{\"n\": 1000, \"s\": 1}}")
#define GD_ROW_AT(json, member, T, ...)                                                            \
    {                                                                                              \
        .name = json, .type = T, .offset = (uint32_t)offsetof(gd_balancer_spec, member),           \
        __VA_ARGS__                                                                                \
    }
extern const char *const gd_hash_words[];
void gd_balancer_check(void *spec, const gd_node *node, gd_problems *problems);
void gd_hash_check(void *spec, const gd_node *node, gd_problems *problems);
