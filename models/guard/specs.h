/* The policies of a call as a model writes them: struct and field table of each. The machines that
 * use them are in models/guard/<name>.c. */
#pragma once

#include "models/counter.h"
#include "models/plan.h"
#include "sim/spec/field.h"

typedef enum {
#define GD_POLICY(symbol, name, place) GD_POLICY_##symbol,
#include "models/guard/policy.def"
#undef GD_POLICY
    GD_POLICIES
} gd_policy_kind;

/* "timeout": "300ms" bounds one try. */
typedef struct {
    gd_span after;
} gd_timeout_spec;

/* "deadline": "2s" bounds the whole call. */
typedef enum { GD_DEADLINE_RELATIVE, GD_DEADLINE_ABSOLUTE } gd_deadline_encoding;
typedef struct {
    gd_span after; /* 0: only what the caller has left */
    gd_span reserve, min_useful;
    bool propagate;
    uint8_t encoding; /* gd_deadline_encoding */
} gd_deadline_spec;

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

/* What a retry does with a reply's retry_after. */
typedef enum {
    GD_AFTER_HTTP, /* waits that long instead of its back-off */
    GD_AFTER_GRPC, /* and begins its back-off anew */
    GD_AFTER_ENVOY,
    GD_AFTER_AWS,
    GD_AFTER_IGNORE,
    GD_AFTERS
} gd_after_kind;

typedef struct {
    uint32_t max_attempts; /* with the first */
    uint32_t other_host;   /* how often the balancer is asked again for who was not tried */
    bool transparent;
    gd_variant backoff; /* "backoff": {"full": {"base": "10ms"}}; absent: at once */
    gd_variant throttled_backoff, retry_after, budget;
    /* Read from these by the shape's check, for the machine. */
    uint8_t backoff_kind, throttled_kind, after_kind, budget_kind;
    gd_backoff_spec wait, throttled_wait;
    gd_span after_limit; /* Envoy: what is longer is ignored; AWS: so much longer than its own */
    uint32_t mask;       /* of a mesh's: its own `on`; 0: the site's */
} gd_retry_spec;

typedef enum {
    GD_MODE_NORMAL,
    GD_MODE_DISABLED,    /* lets all through, measures nothing */
    GD_MODE_FORCED_OPEN, /* lets nothing through */
    GD_MODE_METRICS_ONLY /* measures, but never opens */
} gd_breaker_mode;
typedef enum {
    GD_COUNTS_UNSAID,
    GD_COUNTS_FAILURE,
    GD_COUNTS_SUCCESS,
    GD_COUNTS_IGNORED
} gd_counts_as;

typedef struct {
    gd_span window, snapshot, sleep;
    uint32_t request_volume;
    gd_share error_rate;
} gd_hystrix_spec;

typedef struct {
    gd_share failure_ratio, open_growth;
    gd_span sampling, open_for, open_max;
    uint32_t min_throughput;
} gd_polly_spec;

typedef struct {
    uint32_t failures, min_calls;
    gd_share success_rate, open_growth;
    gd_span window, open_for, open_max;
    bool jitter;
} gd_consecutive_spec;

typedef struct {
    gd_share failure_rate, slow_rate;
    gd_span slow_call;
    uint8_t window_type; /* 0 count, 1 time */
    uint32_t window_calls, window_seconds, min_calls, trial_calls;
    gd_span open_for, half_open_for; /* half_open_for 0: unlimited */
    gd_span open_max;
    gd_share open_growth;
    bool auto_half_open;
    uint8_t after_half_open; /* 0 open, 1 closed */
    uint8_t mode;            /* gd_breaker_mode */
    const gd_node *said_counts;
    uint8_t counts[GD_OUTCOMES]; /* gd_counts_as, of said_counts */
    /* Another kind instead. */
    gd_hystrix_spec *hystrix;
    gd_polly_spec *polly;
    gd_consecutive_spec *consecutive;
} gd_breaker_spec;

typedef struct {
    uint32_t core, max, queue; /* max 0: as core */
    gd_span keep_alive;
} gd_thread_pool_spec;

typedef struct {
    uint32_t max_connections, max_pending, max_requests;
    uint8_t protocol; /* 0 http1, 1 http2 */
} gd_envoy_limits_spec;

typedef struct {
    uint32_t max;
    gd_span max_wait; /* 0: refuses at once */
    /* Another kind instead. */
    gd_thread_pool_spec *thread_pool;
    gd_envoy_limits_spec *envoy;
} gd_bulkhead_spec;

typedef enum { GD_COALESCE_CALL, GD_COALESCE_USER } gd_coalesce_by;

typedef struct {
    uint8_t by; /* gd_coalesce_by */
    bool share_errors;
    gd_span waiter_timeout; /* 0: none */
    gd_dist_spec *keys;     /* absent: one key */
    uint32_t keys_dist;     /* of the plan; GD_NONE: none */
} gd_coalesce_spec;

typedef struct {
    uint32_t max_attempts; /* with the first */
    gd_span delay;
    gd_share percentile; /* 0: the delay is fixed */
    gd_span window;
    uint32_t min_calls;
    const gd_node *non_fatal; /* absent: as `on` says */
    gd_variant budget;
    uint8_t budget_kind; /* gd_budget_kind */
    bool after_timeout, cancel_losers, pick_other_host, tied;
    uint32_t mask; /* of non_fatal */
} gd_hedge_spec;
typedef enum {
    GD_PACE_TOKEN_BUCKET,
    GD_PACE_LEAKY_BUCKET,
    GD_PACE_FIXED_WINDOW,
    GD_PACE_SLIDING_LOG,
    GD_PACE_SLIDING_WINDOW,
    GD_PACE_CYCLES,
    GD_PACES
} gd_pace_kind;

/* Each kind has its own rows of it. */
typedef struct {
    gd_rate rate;
    uint32_t burst, queue; /* burst 0: one second's worth */
    uint32_t limit;
    gd_span period, max_wait;
} gd_pace_spec;

typedef struct {
    uint8_t kind; /* gd_pace_kind */
    gd_pace_spec limit;
} gd_pace_choice;

/* What `rate_limit` says, for the machine. */
gd_pace_choice gd_rate_limit_of(const gd_variant *said);
extern const gd_shape *const gd_pace_shapes[GD_PACES + 1];

typedef struct {
    gd_share k;
    gd_span window;
} gd_throttle_spec;

typedef struct {
    gd_share beta, scale, smoothing;
    gd_rate min_rate;
} gd_adaptive_spec;

/* The kinds of `throttle`: sre, aws_adaptive; ends with NULL. */
extern const gd_shape gd_throttle_shape, gd_adaptive_shape;
extern const gd_shape *const gd_throttle_shapes[];

extern const gd_shape gd_deadline_shape, gd_retry_shape, gd_breaker_shape, gd_bulkhead_shape;
/* The way through a mesh's proxies. */
typedef struct {
    uint32_t dist;   /* of the plan; GD_NONE: no time */
    bool one_way;    /* the answer takes none */
    gd_span timeout; /* of what follows; 0: none */
} gd_hop_spec;

/* `pools` of a caller: see guard/connections.c. */
typedef struct {
    uint32_t max, min_idle, max_waiting, max_connecting, round_trips;
    gd_span acquire_timeout, connect_timeout, idle_timeout, max_lifetime, validation;
    gd_share lifetime_jitter;
    gd_variant reconnect;
    const gd_node *connect_work;
    /* Read from `reconnect` by the shape's check. */
    uint8_t backoff_kind;
    gd_backoff_spec backoff;
} gd_connections_spec;

/* Counters of a pool's connections, about the edge of its handshakes. */
enum {
    GD_CONN_HANDSHAKES,
    GD_CONN_OPENED,
    GD_CONN_FAILED,
    GD_CONN_GIVEN_UP,
    GD_CONN_BROKEN,
    GD_CONN_OLD,
    GD_CONN_IDLED,
    GD_CONN_OPEN_MS
};
extern const gd_counter_row gd_connections_rows[];

extern const gd_shape gd_coalesce_shape, gd_hedge_shape, gd_connections_shape;

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
bool gd_policy_hears_sent(gd_policy_kind kind, const void *spec);
bool gd_policy_hears_retry_after(gd_policy_kind kind, const void *spec);
gd_carries gd_policy_carries(gd_policy_kind kind, const void *spec);
bool gd_policy_needs_roots(gd_policy_kind kind, const void *spec);
