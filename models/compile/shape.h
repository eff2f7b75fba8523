/* The shapes of a model and a scenario: what each section says, as structs, and the field tables
 * that read them. Sections whose members need more than a row (steps, calls, faults) stay nodes
 * here and are read by their own file with a shape of their own.
 */
#pragma once

#include "models/balance/specs.h"
#include "models/fault/spec.h"
#include "models/guard/specs.h"
#include "models/outcome.h"
#include "models/serve/specs.h"
#include "sim/spec/field.h"

/* A row whose JSON name is no C name, or whose member lies deeper in the struct. */
#define GD_ROW(S, json, m, T, ...)                                                                 \
    {                                                                                              \
        .name = json, .type = T, .offset = (uint32_t)offsetof(S, m), __VA_ARGS__                   \
    }

/* JSON Schema of an object whose members are all one of `values`, remarks apart. */
#define GD_MEMBERS_SCHEMA_BEGINS                                                                   \
    "{\"type\": \"object\", \"properties\": {\"note\": true}, \"patternProperties\": {\"^x-\": "   \
    "true}, \"additionalProperties\": {\"anyOf\": ["
#define GD_MEMBERS_SCHEMA_ENDS    "{\"type\": \"null\"}]}}"
#define GD_MEMBERS_SCHEMA(values) GD_MEMBERS_SCHEMA_BEGINS values ", " GD_MEMBERS_SCHEMA_ENDS
#define GD_SCHEMA_REF(name)       "{\"$ref\": \"#/$defs/" name "\"}"

/* ---- calls -------------------------------------------------------------------------------- */
/* How a call is made, as one of its layers says it (or all of them together). A span of 0 and a
 * NULL mean that nothing was said, so nothing is there. */
typedef struct {
    const char *use;
    gd_span timeout;
    gd_deadline_spec *deadline;
    gd_retry_spec *retry;
    gd_breaker_spec *breaker;
    gd_bulkhead_spec *bulkhead;
    gd_coalesce_spec *coalesce;
    gd_hedge_spec *hedge;
    gd_variant rate_limit, throttle;
    const gd_node *on, *then, *order;
    bool optional, cancel_on_timeout;
    gd_variant balancer, discovery;
    gd_health_check_spec *health_check;
    gd_outlier_spec *outlier_ejection;
} gd_call_spec;

/* The rows of a call's policy in struct S, where they lie below `path` ("policy." or nothing). */
#define GD_CALL_ROWS(S, path)                                                                      \
    GD_ROW(                                                                                        \
        S, "use", path use, GD_FIELD_NAME,                                                         \
        .help =                                                                                    \
            "a chain of `policies` that this one builds on, or \"starter\"; nearer fields win"),   \
        GD_ROW(S, "timeout", path timeout, GD_FIELD_SPAN, .min = 1, .max = GD_YEAR,                \
               .help = "bounds one try: after it the caller stops waiting. Absent: none",          \
               .source = "patterns 3.1"),                                                          \
        GD_ROW(S, "deadline", path deadline, GD_FIELD_OBJECT, .shape = &gd_deadline_shape,         \
               .help = "bounds the whole call, tries and waits together. Absent: none",            \
               .source = "patterns 3.1"),                                                          \
        GD_ROW(S, "retry", path retry, GD_FIELD_OBJECT, .shape = &gd_retry_shape,                  \
               .help = "tries again, with waits between. Absent: one try",                         \
               .source = "patterns 3.3"),                                                          \
        GD_ROW(S, "rate_limit", path rate_limit, GD_FIELD_VARIANT, .variants = gd_pace_shapes,     \
               .help = "how many of these calls a caller sends in a time. Absent: no limit",       \
               .source = "patterns 3.10"),                                                         \
        GD_ROW(S, "throttle", path throttle, GD_FIELD_VARIANT, .variants = gd_throttle_shapes,     \
               .help = "slows down by what the callee answers. Absent: does not",                  \
               .source = "patterns 3.5, 3.11"),                                                    \
        GD_ROW(S, "breaker", path breaker, GD_FIELD_OBJECT, .shape = &gd_breaker_shape,            \
               .help = "stops calling what keeps failing. Absent: none",                           \
               .source = "patterns 3.7"),                                                          \
        GD_ROW(S, "bulkhead", path bulkhead, GD_FIELD_OBJECT, .shape = &gd_bulkhead_shape,         \
               .help = "bounds how many of these calls run at once. Absent: none",                 \
               .source = "patterns 3.9"),                                                          \
        GD_ROW(S, "coalesce", path coalesce, GD_FIELD_OBJECT, .shape = &gd_coalesce_shape,         \
               .help = "of calls that ask for the same, one is sent for all. Absent: each is",     \
               .source = "patterns 6.2"),                                                          \
        GD_ROW(S, "hedge", path hedge, GD_FIELD_OBJECT, .shape = &gd_hedge_shape,                  \
               .help = "sends another copy when an answer is slow. Absent: none",                  \
               .source = "patterns 3.6"),                                                          \
        GD_ROW(S, "on", path on, GD_FIELD_NODE, .shape = &gd_on_shape,                             \
               .help = "per outcome, or `any`: retry or fail. Unsaid: the outcome's own answer",   \
               .source = "patterns 2.1"),                                                          \
        GD_ROW(S, "then", path then, GD_FIELD_NODE, .shape = &gd_then_shape,                       \
               .help = "what the caller does when tries are spent. Absent: it fails"),             \
        GD_ROW(S, "optional", path optional, GD_FIELD_BOOL, .fallback = "false",                   \
               .help = "short for \"then\": {\"answer\": \"degraded\"}"),                          \
        GD_ROW(S, "order", path order, GD_FIELD_NODES, .shape = &gd_order_shape,                   \
               .help = "the chain's policies by name, outermost first. Absent: deadline, "         \
                       "retry, rate_limit, throttle, breaker, bulkhead, timeout",                  \
               .source = "design 4"),                                                              \
        GD_ROW(S, "balancer", path balancer, GD_FIELD_VARIANT, .variants = gd_balancer_shapes,     \
               .help = "which instance is asked. Absent: as the called service says",              \
               .source = "patterns 5.1"),                                                          \
        GD_ROW(S, "health_check", path health_check, GD_FIELD_OBJECT,                              \
               .shape = &gd_health_check_shape,                                                    \
               .help = "each caller probes each instance. Absent: none",                           \
               .source = "patterns 5.4"),                                                          \
        GD_ROW(S, "outlier_ejection", path outlier_ejection, GD_FIELD_OBJECT,                      \
               .shape = &gd_outlier_shape,                                                         \
               .help = "each caller leaves out who fails. Absent: as the called service says",     \
               .source = "patterns 5.5"),                                                          \
        GD_ROW(S, "discovery", path discovery, GD_FIELD_VARIANT, .variants = gd_discovery_shapes,  \
               .help = "how it learns which instances there are. Absent: as the called service "   \
                       "says",                                                                     \
               .source = "patterns 5.6"),                                                          \
        GD_ROW(S, "cancel_on_timeout", path cancel_on_timeout, GD_FIELD_BOOL, .fallback = "true",  \
               .help = "tells the callee when it stops waiting; the callee's `cancellation` says " \
                       "whether that helps",                                                       \
               .source = "patterns 3.1: resilience4j cancelRunningFuture")

extern const gd_shape gd_mesh_shape;
extern const gd_shape gd_call_shape, gd_on_shape, gd_then_shape, gd_order_shape;
extern const char *const gd_balancer_words[];

/* ---- services ----------------------------------------------------------------------------- */
typedef struct {
    const gd_node *values;
    uint32_t count;
    uint8_t key; /* 0 user, 1 request */
} gd_segment_spec;
extern const gd_shape gd_segment_shape, gd_client_segments_shape, gd_criticality_shape;

#define GD_NO_QUEUE_LIMIT 1000000000u
typedef struct {
    uint32_t limit;
    gd_dist_spec *timeout;
    bool drop_expired;
    gd_codel_spec *codel, *codel_enqueue;
} gd_queue_spec;
typedef struct {
    uint8_t running, queued; /* gd_crash_mode */
} gd_crash_spec;

typedef struct {
    const char *owner;
    uint32_t copies; /* 0: one, unnumbered */
    uint32_t instances;
    const gd_node *zones, *workers;
    uint8_t threads; /* 0 blocking, 1 async */
    uint8_t discipline, cancellation;
    gd_variant balancer, discovery;
    gd_health_check_spec *health_check;
    gd_outlier_spec *outlier_ejection;
    bool preempt;
    gd_queue_spec *queue;
    gd_crash_spec *crash;
    gd_dist_spec *start_up, *reject_cost;
    gd_variant concurrency_limit;
    gd_map limits;
    gd_fair_spec *fair;
    gd_adaptive_lifo_spec *adaptive_lifo;
    uint8_t classes; /* 0 operation, 1 criticality */
    gd_span ageing;
    gd_shed_spec *shed;
    gd_contention_spec *contention;
    gd_memory_spec *memory;
    gd_gc_spec *gc;
    gd_brownout_spec *brownout;
    gd_isolation_spec *isolation;
    gd_warm_up_spec *warm_up;
    const gd_node *before, *after, *calls, *operations;
    const gd_node *mesh;
    gd_map pools; /* gd_connections_spec, by the service that is called */
} gd_service_spec;

typedef struct {
    const gd_node *steps;
    uint32_t priority;
    bool transparent;
    int64_t send, reply;
} gd_op_spec;

typedef struct {
    const char *region;
    gd_rate quota;
    const gd_node *retry_after;
    gd_share availability;
    const gd_node *operations;
} gd_external_spec;

extern const gd_shape gd_retry_after_shape;
extern const gd_shape gd_service_shape, gd_op_shape, gd_external_shape, gd_steps_shape;
extern const gd_shape gd_external_ops_shape, gd_names_shape, gd_workers_shape;

/* ---- steps -------------------------------------------------------------------------------- */
/* A step is an object with one member that says its kind. gd_step_rows[kind] reads it. */
typedef enum {
    GD_SAYS_WORK,
    GD_SAYS_WAIT,
    GD_SAYS_CALL,
    GD_SAYS_PARALLEL,
    GD_SAYS_CHOOSE,
    GD_SAYS_REPEAT,
    GD_SAYS_IF,
    GD_SAYS_FAIL,
    GD_SAYS_OPTIONAL,
    GD_SAYS
} gd_step_word;

typedef struct {
    const char *as;
    const gd_node *body; /* the member that names the kind */
    const gd_node *until, *steps, *then, *otherwise;
    bool wait;
    uint8_t on_failure, rest, outcome;
    uint32_t at_once;
    gd_share share;
    gd_call_spec policy; /* a call's own fields */
} gd_step_spec;

typedef struct {
    gd_share weight;
    const gd_node *steps;
} gd_option_spec;

typedef struct {
    const char *one_of;
} gd_callee_spec;

extern const gd_shape *const gd_step_shapes[GD_SAYS + 1];
extern const gd_shape gd_option_shape, gd_callee_shape;

/* ---- network ------------------------------------------------------------------------------ */
typedef struct {
    const gd_node *zones;
    gd_dist_spec *latency;
} gd_region_spec;
typedef struct {
    const gd_node *between;
    const char *from, *to;
    gd_dist_spec *latency;
    gd_share loss;
    gd_span rto;
    int64_t bandwidth;
    bool ordered;
} gd_link_spec;
typedef struct {
    gd_map regions, links;
    gd_dist_spec *same_zone, *clients;
} gd_network_spec;

extern const gd_shape gd_network_shape;

/* ---- clients ------------------------------------------------------------------------------ */
typedef struct {
    gd_rate rate;
} gd_steady_rate_spec; /* poisson, periodic */
typedef struct {
    gd_dist_spec *on, *off;
    gd_rate rate, rate_off;
} gd_bursts_spec;
typedef struct {
    const char *file, *column;
} gd_csv_spec;
typedef struct {
    uint32_t n;
    gd_dist_spec *think;
    gd_span over;
} gd_users_spec;
typedef struct {
    gd_share weight;
    const gd_node *pages;
    gd_dist_spec *think;
    uint32_t gives_up_after;
} gd_journey_spec;
typedef struct {
    uint32_t max_attempts;
    gd_span after;
} gd_reload_spec;

/* How a rate changes over time: one struct, each kind its own rows. */
typedef struct {
    gd_share factor, from, to, low, high;
    gd_span at, lasts, rise, fall, period;
    const char *peak_at, *file, *column;
} gd_profile_spec;

typedef struct {
    const char *at, *zone, *region;
    gd_variant arrivals, visits, profile;
    gd_users_spec *users;
    const gd_node *mix, *draw, *segments, *criticality;
    gd_map journeys;
    uint32_t stop_after;
    gd_reload_spec *reload;
    gd_call_spec policy;
} gd_client_spec;

extern const gd_shape gd_client_shape;
extern const gd_shape gd_poisson_shape, gd_periodic_shape, gd_bursts_shape, gd_trace_shape;
extern const gd_shape *const gd_profile_variants[];
extern const gd_shape gd_steady_shape, gd_ramp_shape, gd_step_profile_shape, gd_spike_shape;
extern const gd_shape gd_daily_shape, gd_profile_csv_shape;

/* ---- the rest of a model ------------------------------------------------------------------ */
typedef struct {
    const char *utc_offset;
} gd_clock_spec;
typedef struct {
    gd_share share;
    uint8_t key; /* 0 user, 1 request */
} gd_flag_spec;
typedef struct {
    gd_rate rate;
    gd_span p50, p90, p95, p99;
    gd_share errors;
    const char *source;
} gd_observed_spec;
typedef struct {
    const gd_node *call, *service, *mesh;
} gd_defaults_spec;
typedef struct {
    uint32_t gameday;
    const char *name;
    gd_clock_spec *clock;
    gd_network_spec *network;
    gd_defaults_spec *defaults;
    gd_map external, clients, flags, objectives, segments;
    const gd_node *policies, *services, *observed, *extends;
} gd_model_spec;

extern const gd_shape gd_observed_shape;

/* ---- objectives --------------------------------------------------------------------------- */
typedef struct {
    const gd_node *outcome;
    gd_span within;
} gd_good_spec;
typedef struct {
    const char *of;
    gd_good_spec *good;
    gd_share target;
    gd_span window;
} gd_objective_spec;

extern const gd_shape gd_objective_shape;

/* ---- scenarios ---------------------------------------------------------------------------- */

typedef struct {
    const char *target;
    gd_profile_spec *change[6]; /* in the order of gd_profile_variants */
} gd_load_spec;
typedef struct {
    const char *say;
    const gd_node *patch;
} gd_try_spec;
typedef struct {
    const gd_node *patch, *expect_not;
} gd_control_spec;

typedef struct {
    uint32_t gameday;
    const char *name;
    const gd_node *model, *patch, *faults, *expect, *choices, *extends;
    gd_span duration, warmup;
    const char *starts_at, *lesson, *question, *topic;
    const gd_node *teaches;
    gd_map load, tries;
    gd_control_spec *control;
    const gd_node *background;
} gd_scenario_spec;

/* ---- what later work brings --------------------------------------------------------------- */
typedef enum {
    GD_LATER_MODEL,
    GD_LATER_SCENARIO,
    GD_LATER_SERVICE,
    GD_LATER_OP,
    GD_LATER_STEP,
    GD_LATER_CALL,
    GD_LATER_RETRY,
    GD_LATER_EXTERNAL,
    GD_LATER_CLIENT,
    GD_LATERS
} gd_later;

/* `node` without the members that this version knows by name but does not have: each becomes a
 * problem "not yet: stores". The node itself when there is none. */
const gd_node *gd_later_refuse(gd_arena *arena, const gd_node *node, gd_later where,
                               gd_problems *problems);
/* The object without members that are null: itself, or a shallow copy at the same address. */
const gd_node *gd_node_present(gd_arena *arena, const gd_node *node);
/* A member that is there and is not null. */
const gd_node *gd_node_said(const gd_node *object, const char *key);
