#include "models/compile.h"
#include "models/compile/shape.h"

static const gd_field clock_fields[] = {
    GD_FIELD_ROW(gd_clock_spec, utc_offset, GD_FIELD_TEXT, .fallback = "\"+00:00\"",
                 .help = "the wall clock of starts_at, \"+01:00\"; it only shifts shown times"),
    {0},
};
static const gd_shape clock_shape = {
    .name = "clock",
    .help = "the wall clock that times are shown in",
    .bytes = sizeof(gd_clock_spec),
    .fields = clock_fields,
};

static const char *const key_words[] = {"user", "request", NULL};
static const gd_field flag_fields[] = {
    GD_FIELD_ROW(gd_flag_spec, share, GD_FIELD_SHARE, .fallback = "1", .min = 0,
                 .max = GD_SHARE_ONE, .help = "for how many it is on"),
    GD_FIELD_ROW(gd_flag_spec, key, GD_FIELD_WORD, .words = key_words, .fallback = "\"user\"",
                 .help = "drawn once for each user, or for each request"),
    {0},
};
static const gd_shape flag_shape = {
    .name = "flag",
    .help = "a feature that is on for a share of users or requests",
    .bytes = sizeof(gd_flag_spec),
    .fields = flag_fields,
    .bare = "share",
};

#define S              gd_observed_spec
#define SPAN_ROW(m, h) GD_FIELD_ROW(S, m, GD_FIELD_SPAN, .min = 1, .help = (h))
static const gd_field observed_fields[] = {
    GD_FIELD_ROW(S, rate, GD_FIELD_RATE, .min = 1, .help = "requests"),
    SPAN_ROW(p50, "the median of good answers"),
    SPAN_ROW(p90, "its 90 % quantile"),
    SPAN_ROW(p95, "its 95 % quantile"),
    SPAN_ROW(p99, "its 99 % quantile"),
    GD_FIELD_ROW(S, errors, GD_FIELD_SHARE, .min = 0, .max = GD_SHARE_ONE,
                 .help = "the share of requests that failed"),
    GD_FIELD_ROW(S, source, GD_FIELD_TEXT, .help = "where and when it was measured"),
    {0},
};
#undef S
const gd_shape gd_observed_shape = {
    .name = "observed",
    .help = "what production showed of a user-visible operation, without a fault",
    .bytes = sizeof(gd_observed_spec),
    .fields = observed_fields,
};

static const gd_shape *const service_refers[] = {&gd_service_shape, NULL};
static const gd_shape *const policy_refers[] = {&gd_call_shape, NULL};
static const gd_shape *const observed_refers[] = {&gd_observed_shape, NULL};
static const gd_shape services_shape = {
    .name = "services",
    .schema = GD_MEMBERS_SCHEMA(GD_SCHEMA_REF("service")),
    .refers = service_refers,
};
static const gd_shape policies_shape = {
    .name = "policies",
    .schema = GD_MEMBERS_SCHEMA(GD_SCHEMA_REF("policy")),
    .refers = policy_refers,
};
static const gd_shape some_service_shape = {
    .name = "some-service",
    .schema = GD_SCHEMA_REF("service"),
    .refers = service_refers,
};
static const gd_shape some_policy_shape = {
    .name = "some-policy",
    .schema = "{\"anyOf\": [{\"type\": \"string\"}, " GD_SCHEMA_REF("policy") "]}",
    .refers = policy_refers,
};
static const gd_shape observations_shape = {
    .name = "observations",
    .schema = GD_MEMBERS_SCHEMA(GD_SCHEMA_REF("observed")),
    .refers = observed_refers,
};
static const gd_shape files_shape = {
    .name = "files",
    .schema = "{\"anyOf\": [{\"type\": \"string\"}, {\"type\": \"array\", \"items\": {\"type\": "
              "\"string\"}}]}",
};

static const gd_field defaults_fields[] = {
    GD_FIELD_ROW(gd_defaults_spec, call, GD_FIELD_NODE, .shape = &some_policy_shape,
                 .help = "how services call each other, where nothing nearer says so"),
    GD_FIELD_ROW(gd_defaults_spec, service, GD_FIELD_NODE, .shape = &some_service_shape,
                 .help = "fields of every service that does not say them itself"),
    GD_FIELD_ROW(gd_defaults_spec, mesh, GD_FIELD_NODE, .shape = &gd_mesh_shape,
                 .help = "the mesh of every service that does not say its own"),
    {0},
};
static const gd_shape defaults_shape = {
    .name = "defaults",
    .help = "what holds where nothing nearer is said",
    .bytes = sizeof(gd_defaults_spec),
    .fields = defaults_fields,
};

#define S gd_model_spec
static const gd_field model_fields[] = {
    GD_FIELD_ROW(S, gameday, GD_FIELD_COUNT, .required = true, .min = 1, .max = 1,
                 .help = "the grammar's version"),
    GD_FIELD_ROW(S, name, GD_FIELD_NAME, .help = "the model's name"),
    GD_FIELD_ROW(S, clock, GD_FIELD_OBJECT, .shape = &clock_shape, .help = "the wall clock"),
    GD_FIELD_ROW(S, network, GD_FIELD_OBJECT, .shape = &gd_network_shape,
                 .help = "regions, zones and links. Absent: one place, no latency"),
    GD_FIELD_ROW(S, policies, GD_FIELD_NODE, .shape = &policies_shape,
                 .help = "chains of policies by name, for `use`"),
    GD_FIELD_ROW(S, defaults, GD_FIELD_OBJECT, .shape = &defaults_shape,
                 .help = "what holds where nothing nearer is said"),
    GD_FIELD_ROW(S, services, GD_FIELD_NODE, .required = true, .shape = &services_shape,
                 .help = "the services, by name"),
    GD_FIELD_ROW(S, external, GD_FIELD_MAP, .shape = &gd_external_shape, .help = "third parties"),
    GD_FIELD_ROW(S, clients, GD_FIELD_MAP, .shape = &gd_client_shape, .required = true,
                 .help = "the users, by name"),
    GD_FIELD_ROW(S, flags, GD_FIELD_MAP, .shape = &flag_shape, .help = "feature flags"),
    GD_FIELD_ROW(S, objectives, GD_FIELD_MAP, .shape = &gd_objective_shape,
                 .help = "what users were promised: service level objectives, by name"),
    GD_FIELD_ROW(S, segments, GD_FIELD_MAP, .shape = &gd_segment_shape,
                 .help = "what users are told apart by: tenants, plans"),
    GD_FIELD_ROW(S, observed, GD_FIELD_NODE, .shape = &observations_shape,
                 .help = "what production showed, by user-visible operation (\"web.checkout\")"),
    GD_FIELD_ROW(S, extends, GD_FIELD_NODE, .shape = &files_shape,
                 .help = "files that this one builds on; a later one wins, this one most"),
    {0},
};
#undef S
const gd_shape gd_model_shape = {
    .name = "model",
    .help = "an architecture",
    .bytes = sizeof(gd_model_spec),
    .fields = model_fields,
};
