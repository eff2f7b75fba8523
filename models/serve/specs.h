/* What a service says of its door, its queue and its work: one struct for each kind of serve.def,
 * and how it is read. */
#pragma once

#include "sim/spec/field.h"

typedef enum {
#define GD_SERVE(symbol, name) GD_SERVE_##symbol,
#include "models/serve/serve.def"
#undef GD_SERVE
    GD_SERVES
} gd_serve_symbol;

/* The classes of SRE book chapter 21, the best first. */
typedef enum {
    GD_CRITICAL_PLUS,
    GD_CRITICAL,
    GD_SHEDDABLE_PLUS,
    GD_SHEDDABLE,
    GD_CRITICALITIES
} gd_criticality;
extern const char *const gd_criticality_words[];

/* ---- how many at once --------------------------------------------------------------------- */
typedef struct {
    uint32_t initial, min, max; /* fixed: max is the limit */
    gd_share backoff_ratio;     /* aimd */
    gd_span timeout;            /* aimd */
    gd_share smoothing;         /* vegas, gradient2 */
    uint32_t probe_multiplier;  /* vegas */
    uint32_t long_window;       /* gradient2: samples */
    gd_share tolerance;         /* gradient2 */
    uint32_t queue_size;        /* gradient2 */
    gd_span window;             /* netflix: samples are taken together for so long; 0: one by one */
    uint32_t window_size;       /* netflix: and at least so many */
} gd_limit_spec;

/* Envoy's adaptive concurrency. */
typedef struct {
    uint32_t min_concurrency, max, request_count;
    gd_share percentile, buffer, jitter;
    gd_span interval, update_interval;
} gd_gradient_spec;

/* ---- shedding ------------------------------------------------------------------------------ */
typedef struct {
    gd_share share;
} gd_random_shed_spec;
typedef struct {
    uint8_t signal; /* 0 runnable, 1 busy */
    gd_span tau;
    gd_share above[GD_CRITICALITIES];
} gd_cpu_shed_spec;
typedef struct {
    gd_span max;
} gd_queue_age_spec;
typedef struct {
    gd_span max; /* 0: only the request's own deadline counts */
    bool deadline;
    uint32_t window; /* samples of the average time of service */
} gd_queue_wait_spec;
typedef struct {
    gd_share threshold, aggression, most;
    gd_span window;
    gd_rate rate;
} gd_success_rate_spec;

typedef struct {
    gd_random_shed_spec *random;
    gd_cpu_shed_spec *cpu;
    gd_queue_age_spec *queue_age;
    gd_queue_wait_spec *queue_wait;
    gd_success_rate_spec *success_rate;
} gd_shed_spec;

/* ---- the queue ----------------------------------------------------------------------------- */
typedef struct {
    gd_span target, interval;
} gd_codel_spec;
typedef struct {
    uint32_t dist; /* of the longest wait */
} gd_queue_timeout_spec;

typedef struct {
    gd_span standing_after;
} gd_adaptive_lifo_spec;

/* Whose a request is: the index of a segment of the plan, or one of these. */
#define GD_WHOSE_CALLER (UINT32_MAX - 1)
#define GD_WHOSE_ALL    (UINT32_MAX - 2)
typedef struct {
    const char *by_name;
    const gd_node *weights_node;
    uint32_t limit;
    uint32_t by, n;          /* the compiler's, as the rest: values */
    const uint32_t *weights; /* by value; NULL: all 1 */
} gd_fair_spec;

enum { GD_TOKEN_BUCKET, GD_FIXED_WINDOW, GD_SLIDING_WINDOW };
typedef struct {
    const char *by_name;
    gd_rate rate;
    uint32_t burst;
    uint8_t algorithm, scope; /* 0 local, 1 global */
    gd_span period;
    gd_share enforced;
    bool retry_after;
    uint32_t in_window;    /* rate x period */
    uint32_t by, n, first; /* the compiler's: values; its first bucket */
} gd_rate_limit_spec;

/* ---- work ---------------------------------------------------------------------------------- */
typedef struct gd_contention_spec {
    gd_share alpha, beta;
} gd_contention_spec;
typedef struct {
    gd_share factor;
    gd_span lasts;
    bool cold;
} gd_warm_up_spec;

/* n / X(n) of the universal scalability law. */
gd_share gd_contention_factor(const gd_contention_spec *spec, uint64_t n);

typedef struct {
    int64_t limit, base, per_request, leak, leak_per_request, allocates, rate;
    gd_span restart, spread, pause;
} gd_memory_spec;
typedef struct {
    gd_dist_spec *every, *pause;
} gd_gc_spec;
typedef struct {
    uint32_t every, pause; /* dists */
} gd_gc_plan;
typedef struct {
    gd_span target, period;
    gd_share gain, least, latent_bug;
} gd_brownout_spec;

/* ---- whom it serves ------------------------------------------------------------------------ */
#define GD_SHARD_MOST 32u
typedef struct gd_isolation_spec {
    uint32_t cells, shard; /* one of them is 0 */
    const char *by_name;
    uint32_t by; /* the compiler's: a segment, or GD_WHOSE_ALL: each user */
} gd_isolation_spec;

extern const gd_shape gd_memory_shape, gd_gc_shape, gd_brownout_shape, gd_isolation_shape;
extern const gd_shape *const gd_limit_shapes[]; /* the variants of `concurrency_limit` */
extern const gd_shape gd_fixed_shape, gd_aimd_shape, gd_vegas_shape, gd_gradient2_shape;
extern const gd_shape gd_gradient_shape, gd_shed_shape;
extern const gd_shape gd_random_shed_shape, gd_cpu_shed_shape, gd_queue_age_shape;
extern const gd_shape gd_queue_wait_shape, gd_success_rate_shape;
extern const gd_shape gd_codel_shape, gd_codel_enqueue_shape;
extern const gd_shape gd_adaptive_lifo_shape, gd_fair_shape, gd_rate_limit_shape;
extern const gd_shape gd_contention_shape, gd_warm_up_shape;
