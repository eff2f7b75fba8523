/* The policies of a call as a model writes them: struct and field table of each. The machines that
 * use them are in models/guard/<name>.c. */
#pragma once

#include "models/counter.h"
#include "sim/spec/field.h"

typedef enum {
#define GD_POLICY(symbol, name, place) GD_POLICY_##symbol,
#include "models/guard/policy.def"
#undef GD_POLICY
    GD_POLICIES
} gd_policy_kind;

/* "timeout": "300ms" bounds one try; "deadline": "2s" the whole call. Written as bare spans. */
typedef struct {
    gd_span after;
} gd_timeout_spec;

typedef enum {
    GD_BACKOFF_NONE, /* at once */
    GD_BACKOFF_CONSTANT,
    GD_BACKOFF_LINEAR,
    GD_BACKOFF_EXPONENTIAL,
    GD_BACKOFF_PROPORTIONAL,
    GD_BACKOFF_POLLY_BASIC,
    GD_BACKOFF_FULL,
    GD_BACKOFF_ENVOY_FULL,
    GD_BACKOFF_EQUAL,
    GD_BACKOFF_DECORRELATED,
    GD_BACKOFF_DECORRELATED_V2,
    GD_BACKOFFS
} gd_backoff_kind;

typedef struct {
    gd_span base, max;   /* max 0: no cap */
    gd_share multiplier; /* factor */
} gd_backoff_spec;

typedef struct {
    uint32_t max_attempts; /* with the first */
    gd_variant backoff;    /* "backoff": {"full": {"base": "10ms"}}; absent: at once */
    /* Read from `backoff` by the shape's check, for the machine. */
    uint8_t backoff_kind;
    gd_backoff_spec wait;
} gd_retry_spec;

typedef struct {
    gd_share failure_rate, slow_rate;
    gd_span slow_call;
    uint8_t window_type; /* 0 count, 1 time */
    uint32_t window_calls, window_seconds, min_calls, trial_calls;
    gd_span open_for, half_open_for; /* half_open_for 0: unlimited */
} gd_breaker_spec;

typedef struct {
    uint32_t max;
    gd_span max_wait; /* 0: refuses at once */
} gd_bulkhead_spec;

extern const gd_shape gd_retry_shape, gd_breaker_shape, gd_bulkhead_shape;

/* By kind, ending with NULL: "hystrix", and the word of its place in `order`, "breaker". */
extern const char *const gd_policy_names[GD_POLICIES + 1], *const gd_policy_places[GD_POLICIES + 1];

/* What a policy counts: its rows. */
const gd_counter_row *gd_policy_counters(gd_policy_kind kind);
/* Bytes that a policy keeps for each call and for each (site, caller instance). */
uint32_t gd_policy_call_bytes(gd_policy_kind kind, const void *spec);
uint32_t gd_policy_state_bytes(gd_policy_kind kind, const void *spec);
/* The span of a timer that is always the same; 0: none. */
gd_span gd_policy_timer_span(gd_policy_kind kind, const void *spec);
/* How often it may send a try back to the balancer because of who was tried before. */
uint32_t gd_policy_reselects(gd_policy_kind kind, const void *spec);
bool gd_policy_hears_sent(gd_policy_kind kind);
bool gd_policy_hears_retry_after(gd_policy_kind kind, const void *spec);
bool gd_policy_says_deadline(gd_policy_kind kind, const void *spec);
