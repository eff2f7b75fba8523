/* What the files of the compiler share while a plan comes into being: the specs as read, the
 * growing tables, and who is called what. Nothing here outlives gd_compile.
 */
#pragma once

#include "models/compile.h"
#include "models/compile/shape.h"

/* Ceilings of the compiler's own work (assumptions: far beyond any model that somebody reads). */
#define GD_MAX_ATTRIBUTES 64u
#define GD_MAX_FAULTS     1000u
#define GD_MAX_TARGETS    4000000u
#define GD_MAX_CALLEES    UINT64_C(4000000)  /* over all calls */
#define GD_MAX_STATES     UINT64_C(16000000) /* calls x instances that make them */

/* A service or external as written; the copies of one share it. */
typedef struct {
    const char *name;            /* as in the document: the group's name when there are copies */
    const gd_node *node;         /* with defaults.service beneath it */
    const gd_service_spec *spec; /* NULL: an external */
    const gd_external_spec *external;
    uint32_t workers;
    GHashTable *calls;        /* key of its `calls` -> node */
    GHashTable *calls_used;   /* of them, those that some step met */
    const gd_call_spec *mesh; /* its chain below the application's; NULL: none */
    gd_hop_spec *hop;
    GHashTable *pools_used; /* services to which a call goes by a pool */
} gd_party;

/* A call's policy with all layers taken together, compiled once for each edge that says the same.
 */
typedef struct {
    const gd_call_spec *spec;
    const gd_node *node;
    bool says_balancer;
    uint32_t chain_first, chain_n;
    uint32_t call_bytes, state_bytes;
    uint32_t retry_mask, hedge_mask, reselects;
    uint8_t carries;
    bool hears_sent;
    uint8_t then, answer;
    const gd_node *then_call;
    const gd_connections_spec *pool;
    const struct gd_fallback_spec *fallback;
    uint32_t at_fallback;
} gd_resolved;

typedef struct {
    gd_arena *arena;
    gd_problems *problems;
    guint problems_before; /* that are none of ours */
    gd_reader reader;
    const gd_compile_options *options;
    gd_plan *plan;

    const gd_node *model_node, *scenario_node;
    const gd_model_spec *model;
    const gd_scenario_spec *scenario;

    GArray *connections;      /* gd_plan_connections */
    GPtrArray *pool_callers;  /* of them, those that say `pools` */
    GPtrArray *parties;       /* gd_party, byte order of names */
    GArray *party_of;         /* per plan service: index into parties */
    GArray *op_nodes;         /* per plan op: const gd_node * of what it does */
    GHashTable *services;     /* name -> index + 1 */
    GHashTable *ops;          /* "svc.op" -> index + 1 */
    GHashTable *dists;        /* node or spec -> index + 1 */
    GHashTable *step_specs;   /* node -> gd_step_spec */
    GHashTable *p99s;         /* "depth callee" -> double: see starter.c */
    GHashTable *policy_nodes; /* name -> node of `policies` */
    GHashTable *layer_nodes;  /* node of a policy -> its known members */
    GHashTable *resolved;     /* caller, callee and step -> gd_resolved */
    GHashTable *groups;       /* pattern -> gd_callees */
    GHashTable *edge_index;   /* name -> index + 1 */
    GHashTable *flag_index;   /* name -> index + 1 */

    GArray *steps, *branches, *choices, *shares, *dist_table, *sites, *edges, *callees, *policies;
    GArray *profile, *journeys, *pages, *attributes, *views, *targets, *links;
    GArray *faults, *units, *members, *fault_ops, *mix;
    GArray *site_times;        /* double per site: how often one run of its caller calls it */
    GArray *drawn_by;          /* gd_attribute_use: repeats by an attribute of the request */
    GArray *counters;          /* gd_plan_counter */
    GArray *serves;            /* gd_plan_serve */
    GHashTable *segments_used; /* names of segments that something is told apart by */
    bool asks_criticality;     /* some service looks at it */
    GHashTable *counter_index; /* "whose about group" -> index + 1 */
    GPtrArray *site_nodes;     /* const gd_node * per site, for messages */
    GPtrArray *site_hows;      /* const gd_resolved * per site; NULL: a probe's */
    GArray *pools, *pool_of;
    GPtrArray *attribute_names;                /* sorted */
    double attribute_means[GD_MAX_ATTRIBUTES]; /* the largest of all clients that draw it */
    GHashTable *load_of;   /* client -> GPtrArray of gd_member of the scenario's load */
    uint32_t n_real_zones; /* zones that are no client's */
    uint64_t callees_said; /* over all sites */
    bool too_many;         /* a ceiling was passed: said once */
} gd_builder;

typedef struct {
    uint32_t first, n;
} gd_callees;

typedef struct {
    uint32_t op, attribute;
    const gd_node *node;
} gd_attribute_use;

/* ---- compile.c ---------------------------------------------------------------------------- */
/* Everything but the settled plan. False: the documents cannot be read at all. */
bool gd_build_all(gd_builder *b, const gd_node *model, const gd_node *scenario);

/* ---- build.c ------------------------------------------------------------------------------ */
gd_builder *gd_builder_new(gd_arena *arena, const gd_compile_options *options,
                           gd_problems *problems);
void gd_builder_free(gd_builder *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gd_builder, gd_builder_free)
/* The grown tables become the plan's; call after all of them are complete. */
void gd_builder_settle(gd_builder *b);

/* An object's members in byte order of their names, remarks and nulls left out; ends with NULL. */
const gd_node **gd_members(gd_builder *b, const gd_node *object);
/* Index of a distribution; GD_NONE when it could not be read or is NULL. */
uint32_t gd_dist_index(gd_builder *b, const gd_node *node, bool is_time);
uint32_t gd_dist_index_of(gd_builder *b, const gd_dist_spec *spec, const gd_node *place);
/* The mean of what a node draws; 0 when it cannot be read. For estimates, never for events. */
double gd_dist_mean_at(gd_builder *b, const gd_node *node, bool is_time);
/* Weights as cumulative thresholds: below[i] of n; the last is UINT64_MAX. */
void gd_thresholds(const gd_share *weights, uint32_t n, uint64_t *below);
/* value x options->scale, rounded to nearest. */
int64_t gd_scaled(const gd_builder *b, int64_t value);
/* Index of the first of a kind's counters; the same group of the same thing has them once. Things
 * must have their final index: edges after gd_sort_edges. */
uint32_t gd_counters_for(gd_builder *b, gd_counted_by of, uint32_t about, const char *group,
                         const gd_counter_row *rows);
/* "did you mean"-less list lookups: the index + 1 of a name in a table, or 0. */
uint32_t gd_lookup(GHashTable *table, const char *name);
/* The key in the table nearest to `word`, or NULL; also when nobody would read the answer. */
const char *gd_nearest_key(gd_builder *b, GHashTable *table, const char *word);

/* ---- services.c --------------------------------------------------------------------------- */
/* Reads services and externals, lays out services, instances and operations. */
void gd_build_services(gd_builder *b);
gd_party *gd_party_of(gd_builder *b, uint32_t service);
/* The service's name in edges: its own, or "layer0-*" for one of numbered copies. */
const char *gd_group_name(gd_builder *b, uint32_t service);

/* serve.c: the rows of serve.def that a service has. */
void gd_add_serves(gd_builder *b, uint32_t service, const gd_party *party);

/* segments.c */
void gd_build_segments(gd_builder *b);
void gd_check_segments_used(gd_builder *b);
/* A client's fixed values, and the class of what it asks: sites from `first_site` on. */
void gd_read_client_segments(gd_builder *b, uint32_t client, const gd_client_spec *spec);
void gd_read_criticality(gd_builder *b, const gd_client_spec *spec, guint first_site);
/* What requests are told apart by, and into how many; GD_WHOSE_ALL after a problem. */
uint32_t gd_find_whose(gd_builder *b, const char *name, const gd_node *place, uint32_t *n);
/* GD_NONE after a problem. */
uint32_t gd_find_value(gd_builder *b, uint32_t segment, const gd_node *place, const char *name);

/* ---- network.c ---------------------------------------------------------------------------- */
/* Lays out regions, zones and links. Zones come before services, which name them. */
bool gd_build_zones(gd_builder *b); /* false: more places than a plan holds links between */
void gd_build_links(gd_builder *b);
/* Zones that a zone's or region's name stands for, appended to `out` (uint16_t); false: no such. */
bool gd_zones_named(gd_builder *b, const char *name, GArray *out);
/* Whether nothing says in which of several regions something is. */
bool gd_zones_of_only_region(gd_builder *b, GArray *out);

/* ---- naming.c, steps.c -------------------------------------------------------------------- */
/* Names in document order: node -> text. Owned by the caller. */
typedef struct {
    GHashTable *steps, *branches;
} gd_names;
gd_names gd_name_steps(gd_builder *b, const gd_node *before, const gd_node *steps,
                       const gd_node *after);
/* GD_SAYS when a step says nothing known. */
gd_step_word gd_step_word_of(const gd_node *node);
/* The callee as written: "svc.op", or the pattern of one_of. NULL: not a call. */
const char *gd_step_callee(const gd_node *node);
/* The first call that a list of steps waits for, outside branches: what a proxy passes its name on
 * to. NULL: none. */
const gd_node *gd_first_call(const gd_node *steps);
/* Whom a call to `callee` is for: behind proxies, what the last of them calls first. */
const char *gd_callee_behind(gd_builder *b, const char *callee);
/* The steps of an operation, between `before` and `after`. */
static inline const gd_node *gd_op_steps(const gd_node *op)
{
    return op->kind == GD_OBJECT ? gd_node_said(op, "steps") : op;
}
/* Elements of an array, or an object's members in byte order; ends with NULL. */
const gd_node **gd_branch_nodes(gd_builder *b, const gd_node *parallel);
/* A call that is waited for and nothing else. */
bool gd_is_bare_call(const gd_node *branch);
/* Steps of all operations, with their call sites. */
void gd_build_steps(gd_builder *b);
/* Says once that a ceiling is passed. */
void gd_too_many(gd_builder *b, const gd_node *node, const char *what, uint32_t most);

/* ---- sites.c, policy.c -------------------------------------------------------------------- */
/* policy.c: what a service's `mesh` says. */
void gd_read_mesh(gd_builder *b, gd_party *party, const gd_node *mesh);
/* connections.c: the pool of a caller for what it calls; NULL: none. */
const gd_connections_spec *gd_pool_for(gd_builder *b, gd_party *caller, const char *callee);
/* Operations that the handshakes of other services' pools are, behind those of `service`. */
void gd_add_handshakes(gd_builder *b, GArray *ops, uint32_t service);
bool gd_is_handshake(const char *op);
/* Their call sites, and the plan's table of pools. */
void gd_build_connections(gd_builder *b);
void gd_count_connections(gd_builder *b);

typedef struct gd_call_at {
    uint32_t client, op;  /* one of them is GD_NONE */
    const char *callee;   /* as written */
    const gd_node *place; /* of the call */
    const gd_node *step;  /* with policy fields of its own, or NULL */
    const char *name;     /* of the call within its caller: "payments.charge#0" or its `as` */
    bool passes;          /* a proxy's first call */
    double times;         /* in one run of the caller, on average */
    const struct gd_call_at *instead_of; /* a fallback: the call that it stands in for */
    const gd_resolved *how;              /* not as its layers say; or NULL */
    const char *calls;                   /* the operation, when it is not `callee`; or NULL */
} gd_call_at;

/* A new call site; GD_NONE after a problem. Sites of its fallbacks follow it. */
uint32_t gd_add_site(gd_builder *b, const gd_call_at *at);
uint32_t gd_find_edge(gd_builder *b, const char *caller, const char *callee);
/* pools.c: the pools of balancers that keep more than a word says, and their probes' call sites. */
uint8_t gd_balancer_of(const gd_resolved *how, const gd_party *callee);
void gd_build_pools(gd_builder *b);
void gd_count_pools(gd_builder *b); /* their counters, after the edges have their order */
/* Edges in byte order of their names. */
void gd_sort_edges(gd_builder *b);
/* Every pair of places between which a call goes has a link. */
void gd_check_reach(gd_builder *b);
/* Operations that `callee` names; n = 0 after a problem. */
gd_callees gd_find_callees(gd_builder *b, const char *callee, const gd_node *place);

typedef struct {
    const char *name;    /* "the step", "services.orders.calls.payments", "policies.rpc" … */
    const gd_node *node; /* an object; a bare string has become {"use": …} */
} gd_layer;
#define GD_MAX_LAYERS 24u
/* The layers of a call, nearest first; returns how many. `client` is the client's node, or NULL. */
uint32_t gd_call_layers(gd_builder *b, gd_party *caller, const gd_node *client, const char *callee,
                        const gd_node *step, gd_layer layers[GD_MAX_LAYERS]);
/* All of them as one object; a member that is null says that nothing is there. */
const gd_node *gd_overlay_layers(gd_builder *b, const gd_layer *layers, uint32_t n);
/* The same for a policy by itself. */
uint32_t gd_policy_layers(gd_builder *b, const char *name, const gd_node *node,
                          gd_layer layers[GD_MAX_LAYERS]);
const gd_node *gd_default_call(gd_builder *b); /* defaults.call, or NULL */
/* starter.c: what "use": "starter" stands for when `callee` (NULL: nobody) is called. */
const gd_node *gd_starter_policy(gd_builder *b, const char *callee);
/* The counters of all chains; edges have their final places. */
void gd_count_policies(gd_builder *b);
const gd_resolved *gd_resolve_call(gd_builder *b, const gd_call_at *at);
/* Of what queue_for_later tries in the background. */
const gd_resolved *gd_resolve_later(gd_builder *b, const gd_resolved *how, const gd_node *place);
/* Of a policy that stands nowhere. */
const gd_resolved *gd_resolve_alone(gd_builder *b, const gd_node *policy, const char *edge,
                                    const gd_node *place);
/* Every named policy and the default are read, whether they are used or not. */
void gd_check_policies(gd_builder *b);
/* An entry of `calls` that no call meets has no effect: refused. */
void gd_check_calls_used(gd_builder *b);

/* ---- clients.c, profile.c, csv.c ---------------------------------------------------------- */
/* Flags and the names of drawn attributes: steps refer to both. */
void gd_build_flags(gd_builder *b);
void gd_build_clients(gd_builder *b);
/* Fills profile_first and profile_n of a client: its own profile times the scenario's load. */
void gd_build_profile(gd_builder *b, gd_plan_client *client, const gd_member *member);
/* The scenario's `load` by client; each entry must name one. */
void gd_collect_load(gd_builder *b);
/* Time of day at t = 0, when the scenario says starts_at; else 0. */
gd_span gd_time_of_day(gd_builder *b);
/* "14:00" as a span since midnight; false: it is none. */
bool gd_parse_clock(const char *text, gd_span *out);

typedef struct {
    gd_time at; /* from t = 0 */
    gd_share value;
} gd_csv_row;
/* Rows of a CSV file, by time; with `pairs` also the value beside it. NULL after a problem. Owned
 * by the caller. `column` is by name; NULL: the first (pairs: the second) one. */
GArray *gd_read_csv(gd_builder *b, const char *file, const char *column, bool pairs,
                    const gd_node *place);
/* The model with the measured values of each {"empirical": {"file", "column", "unit"}} in it. */
const gd_node *gd_expand_files(gd_builder *b, const gd_node *model);

/* ---- retry_after.c ------------------------------------------------------------------------ */
/* What refusals say about coming back: a span, GD_RETRY_STOP, or GD_RETRY_UNSAID for nothing. */
gd_span gd_read_retry_after(gd_builder *b, const gd_node *node);

/* ---- faults.c, targets.c, statics.c
 * ------------------------------------------------------------------ */
void gd_build_faults(gd_builder *b);
void gd_build_fault(gd_builder *b, const gd_node *node, bool background);
void gd_build_background(gd_builder *b); /* background.c */

typedef struct gd_fault_kind gd_fault_kind; /* models/fault/fault.h */
/* One fault in the making. */
typedef struct {
    gd_builder *b;
    const gd_node *node;
    const gd_fault_spec *spec;
    const gd_fault_kind *kind;
    gd_plan_fault fault;
    GArray *parts;   /* gd_plan_fault: what else it is made of */
    GArray *targets; /* uint32_t */
} gd_fault_maker;
/* targets.c: says what the fault is on, and adds it to the plan's targets. */
void gd_find_targets(gd_fault_maker *maker);
/* units.c: which targets a run draws, and which of them fail together. */
void gd_choose_mode(gd_fault_maker *maker);
void gd_find_units(gd_fault_maker *maker, gd_plan_fault *fault);

/* objectives.c: after the clients, whose operations they are about. */
void gd_build_objectives(gd_builder *b);

/* Cycles, expected fan-out and attributes: what can be known before the run. */
void gd_check_statics(gd_builder *b);
/* Series windows by duration and time scale. */
void gd_set_windows(gd_builder *b);
/* * stands for any letters; the text is `length` bytes. */
bool gd_matches(const char *pattern, const char *text, size_t length);
/* How closely a name fits a place: 3 the client itself, 2 its zone, 1 its region, 0 not at all. */
int gd_zone_fit(gd_builder *b, uint32_t zone, const char *name);
