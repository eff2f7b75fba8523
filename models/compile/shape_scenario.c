#include "models/compile.h"
#include "models/compile/shape.h"

/* ---- faults ------------------------------------------------------------------------------- */
const char *const gd_fault_words[] = {"crash",     "slow",       "hang",  "errors", "overload",
                                      "partition", "rate_limit", "drain", NULL};
static const char *const applies_words[] = {"new", "running", NULL};
static const char *const direction_words[] = {"both", "to", "from", NULL};

static const gd_shape instances_shape = {
    .name = "instances",
    .schema = "{\"anyOf\": [{\"const\": \"all\"}, {\"type\": \"integer\", \"minimum\": 1}, "
              "{\"type\": \"string\", \"pattern\": \"%$\"}]}",
};

#define S gd_fault_spec
/* The envelope that all faults share (patterns 9.1). */
#define ENVELOPE                                                                                   \
    GD_FIELD_ROW(S, fault, GD_FIELD_WORD, .required = true, .words = gd_fault_words,               \
                 .help = "its kind"),                                                              \
        GD_FIELD_ROW(S, at, GD_FIELD_SPAN, .required = true,                                       \
                     .help = "when it begins, from the end of the warm-up"),                       \
        GD_ROW(S, "for", lasts, GD_FIELD_SPAN, .min = 1,                                           \
               .help = "how long it lasts. Absent: to the end of the run")
#define TARGET(req, h) GD_FIELD_ROW(S, target, GD_FIELD_ADDRESS, .required = (req), .help = (h))
#define RAMP                                                                                       \
    GD_FIELD_ROW(S, ramp, GD_FIELD_SPAN, .fallback = "\"0s\"", .max = GD_HORIZON,                  \
                 .help = "its intensity grows in a line over this span")
#define INSTANCES                                                                                  \
    GD_FIELD_ROW(S, instances, GD_FIELD_NODE, .fallback = "\"all\"", .shape = &instances_shape,    \
                 .help = "how many instances of each service: all, a number, or a share; the "     \
                         "first ones")

static const gd_field crash_fields[] = {
    ENVELOPE, TARGET(true, "a service, external, zone or region"), INSTANCES, {0}};
static const gd_field slow_fields[] = {
    ENVELOPE,
    TARGET(true, "a service, external, zone, region, edge or link"),
    RAMP,
    INSTANCES,
    GD_FIELD_ROW(S, factor, GD_FIELD_FACTOR, .fallback = "1", .max = 1000000 * GD_SHARE_ONE,
                 .help = "times the work, or the latency of a link"),
    GD_FIELD_ROW(S, added, GD_FIELD_SPAN, .fallback = "\"0s\"", .max = GD_YEAR,
                 .help = "added to each piece of work, or to each message"),
    GD_FIELD_ROW(S, applies_to, GD_FIELD_WORD, .words = applies_words, .fallback = "\"new\"",
                 .help = "work that starts later, or also what remains of running work"),
    {0},
};
static const gd_field hang_fields[] = {
    ENVELOPE, TARGET(true, "a service, external, zone, region or edge"), INSTANCES, {0}};
static const gd_field errors_fields[] = {
    ENVELOPE,
    TARGET(true, "a service, external, zone, region or edge"),
    RAMP,
    INSTANCES,
    GD_FIELD_ROW(S, share, GD_FIELD_SHARE, .fallback = "1", .min = 1, .max = GD_SHARE_ONE,
                 .help = "of the attempts", .source = "patterns 9.1: probability 1"),
    GD_FIELD_ROW(S, outcome, GD_FIELD_WORD, .words = gd_outcome_words,
                 .fallback = "\"server_error\"", .help = "what they end with",
                 .source = "patterns 9.4: status 500"),
    {0},
};
static const gd_field overload_fields[] = {
    ENVELOPE,
    TARGET(true, "a client"),
    RAMP,
    GD_FIELD_ROW(S, factor, GD_FIELD_FACTOR, .required = true, .max = 1000000 * GD_SHARE_ONE,
                 .help = "times the arrival rate"),
    {0},
};
static const gd_field partition_fields[] = {
    ENVELOPE,
    TARGET(false, "a zone or region, cut off from all others; or a link"),
    GD_FIELD_ROW(S, between, GD_FIELD_NODES, .shape = &gd_names_shape,
                 .help = "two zones, regions or clients that no longer reach each other"),
    GD_FIELD_ROW(S, partial, GD_FIELD_NODES,
                 .help = "several such pairs: [[\"a\", \"b\"], [\"a\", \"c\"]]"),
    GD_FIELD_ROW(S, direction, GD_FIELD_WORD, .words = direction_words, .fallback = "\"both\"",
                 .help = "what is lost: both ways, only messages to the target (the second of a "
                         "pair), or only from it",
                 .source = "patterns 9.1"),
    {0},
};
static const gd_field limit_fields[] = {
    ENVELOPE,
    TARGET(true, "a service, external or edge"),
    GD_FIELD_ROW(S, limit, GD_FIELD_RATE, .required = true, .min = 1,
                 .help = "attempts it lets through; over it, `rate_limited`"),
    GD_FIELD_ROW(S, burst, GD_FIELD_COUNT, .min = 1, .max = 1000000000,
                 .help = "tokens that may be saved up. Absent: one second of the limit",
                 .source = "assumption, as the quota of an external"),
    GD_FIELD_ROW(S, retry_after, GD_FIELD_NODE, .shape = &gd_retry_after_shape,
                 .help = "when its refusals say to come back: a span, or \"stop\". Absent: unsaid",
                 .source = "RFC 9110 Retry-After; gRFC A6 pushback"),
    {0},
};
static const gd_field drain_fields[] = {
    ENVELOPE,
    TARGET(true, "a service, zone or region"),
    INSTANCES,
    GD_FIELD_ROW(S, linger, GD_FIELD_SPAN, .fallback = "\"5s\"", .max = GD_DAY,
                 .help = "from leaving the registry until it refuses what is new; 0: at once",
                 .source = "patterns 4.8: endpoint propagation 5000 ms"),
    GD_FIELD_ROW(S, grace, GD_FIELD_SPAN, .fallback = "\"30s\"", .max = GD_DAY,
                 .help = "from leaving the registry until it is killed",
                 .source = "Kubernetes terminationGracePeriodSeconds: 30"),
    {0},
};
static void check_drain(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_fault_spec *fault = spec;
    if (fault->linger <= fault->grace)
        return;
    g_autofree char *linger = gd_quantity_print(GD_FIELD_SPAN, fault->linger);
    g_autofree char *grace = gd_quantity_print(GD_FIELD_SPAN, fault->grace);
    gd_problem(problems, node,
               "lingers for %s and is killed after %s: it would never close; write a grace of at "
               "least %s",
               linger, grace, linger);
}
static void check_slow(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_fault_spec *fault = spec;
    if (fault->factor == GD_SHARE_ONE && fault->added == 0)
        gd_problem(problems, node, "slows nothing down; write \"factor\": 8 or \"added\": \"1s\"");
}
static void check_partition(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_fault_spec *fault = spec;
    if ((fault->target != NULL) + (fault->between != NULL) + (fault->partial != NULL) != 1)
        gd_problem(problems, node,
                   "a partition needs one of target, between and partial; write "
                   "\"between\": [\"a\", \"b\"]");
}

#define FAULT_SHAPE(id, word, c, h)                                                                \
    static const gd_shape id##_shape = {.name = word "-fault",                                     \
                                        .help = (h),                                               \
                                        .bytes = sizeof(S),                                        \
                                        .fields = id##_fields,                                     \
                                        .check = (c)}
FAULT_SHAPE(crash, "crash", NULL, "processes stop; callers are refused or reset");
FAULT_SHAPE(slow, "slow", check_slow, "still answers, far slower");
FAULT_SHAPE(hang, "hang", NULL, "accepts, never answers");
FAULT_SHAPE(errors, "errors", NULL, "answers with a failure");
FAULT_SHAPE(overload, "overload", NULL, "more users than usual");
FAULT_SHAPE(partition, "partition", check_partition, "no message passes");
FAULT_SHAPE(limit, "rate_limit", NULL, "a quota is lowered");
FAULT_SHAPE(drain, "drain", check_drain,
            "leaves the registry, goes on for a while, closes, finishes what it has, stops");
#undef S
const gd_shape *const gd_fault_shapes[GD_FAULTS + 1] = {
    &crash_shape,     &slow_shape,  &hang_shape,  &errors_shape, &overload_shape,
    &partition_shape, &limit_shape, &drain_shape, NULL};

/* ---- load, try, control ------------------------------------------------------------------- */
#define CHANGE_ROW(word, i, s)                                                                     \
    GD_ROW(gd_load_spec, word, change[i], GD_FIELD_OBJECT, .shape = &(s), .help = "see profile")
static const gd_field load_fields[] = {
    GD_FIELD_ROW(gd_load_spec, target, GD_FIELD_ADDRESS, .required = true,
                 .help = "the client, \"clients.web\""),
    CHANGE_ROW("steady", 0, gd_steady_shape),
    CHANGE_ROW("ramp", 1, gd_ramp_shape),
    CHANGE_ROW("step", 2, gd_step_profile_shape),
    CHANGE_ROW("spike", 3, gd_spike_shape),
    CHANGE_ROW("daily", 4, gd_daily_shape),
    CHANGE_ROW("csv", 5, gd_profile_csv_shape),
    {0},
};
static void check_load(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_load_spec *load = spec;
    int changes = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(load->change); i++)
        changes += load->change[i] != NULL;
    if (changes != 1)
        gd_problem(problems, node,
                   "needs one of steady, ramp, step, spike, daily and csv; write \"step\": "
                   "{\"at\": \"5m\", \"factor\": 2}");
}
static const gd_shape load_shape = {
    .name = "load",
    .help = "a change of a client's rate; several multiply",
    .bytes = sizeof(gd_load_spec),
    .fields = load_fields,
    .check = check_load,
};

static const gd_field try_fields[] = {
    GD_FIELD_ROW(gd_try_spec, say, GD_FIELD_TEXT, .help = "what it changes, in words"),
    GD_FIELD_ROW(gd_try_spec, patch, GD_FIELD_NODE, .required = true,
                 .help = "a merge patch of the model"),
    {0},
};
static const gd_shape try_shape = {
    .name = "try",
    .help = "another design to try",
    .bytes = sizeof(gd_try_spec),
    .fields = try_fields,
};
static const gd_field control_fields[] = {
    GD_FIELD_ROW(gd_control_spec, patch, GD_FIELD_NODE,
                 .help = "a merge patch of the model that takes the pattern away. Absent: the run "
                         "without its faults and load changes"),
    GD_FIELD_ROW(gd_control_spec, expect_not, GD_FIELD_NODES, .shape = &gd_names_shape,
                 .help = "expectations that must fail in the control"),
    {0},
};
static const gd_shape control_shape = {
    .name = "control",
    .help = "what the scenario is compared with",
    .bytes = sizeof(gd_control_spec),
    .fields = control_fields,
};

/* ---- the scenario ------------------------------------------------------------------------- */
static const gd_shape faults_shape = {
    .name = "faults",
    .schema = GD_MEMBERS_SCHEMA(
        GD_SCHEMA_REF("crash-fault") ", " GD_SCHEMA_REF("slow-fault") ", " GD_SCHEMA_REF(
            "hang-"
            "fault") ", " GD_SCHEMA_REF("errors-fault") ", " GD_SCHEMA_REF("overload-fault") ","
                                                                                             " " GD_SCHEMA_REF(
                                                                                                 "p"
                                                                                                 "a"
                                                                                                 "r"
                                                                                                 "t"
                                                                                                 "i"
                                                                                                 "t"
                                                                                                 "i"
                                                                                                 "o"
                                                                                                 "n"
                                                                                                 "-"
                                                                                                 "f"
                                                                                                 "a"
                                                                                                 "u"
                                                                                                 "l"
                                                                                                 "t") ","
                                                                                                      " " GD_SCHEMA_REF(
                                                                                                          "rate_limit-fault")),
    .refers = gd_fault_shapes,
};
static const gd_shape model_or_path = {
    .name = "model",
    .schema = "{\"anyOf\": [{\"type\": \"string\"}, {\"type\": \"object\"}]}",
};
static const gd_shape texts_shape = {
    .name = "texts",
    .schema = "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"string\"}}",
};
#define S gd_scenario_spec
static const gd_field scenario_fields[] = {
    GD_FIELD_ROW(S, gameday, GD_FIELD_COUNT, .required = true, .min = 1, .max = 1,
                 .help = "the grammar's version"),
    GD_FIELD_ROW(S, name, GD_FIELD_NAME, .help = "the scenario's name"),
    GD_FIELD_ROW(S, model, GD_FIELD_NODE, .shape = &model_or_path,
                 .help = "the model: a path beside this file, or the model itself"),
    GD_FIELD_ROW(S, patch, GD_FIELD_NODE, .help = "a merge patch of the model"),
    GD_FIELD_ROW(S, duration, GD_FIELD_SPAN, .fallback = "\"60s\"", .min = 1, .max = GD_HORIZON,
                 .source = "assumption: a minute shows a small model at work",
                 .help = "simulated time after the warm-up"),
    GD_FIELD_ROW(S, warmup, GD_FIELD_SPAN, .fallback = "\"0s\"", .max = GD_HORIZON,
                 .help = "simulated time before t = 0, not measured"),
    GD_FIELD_ROW(S, starts_at, GD_FIELD_TEXT,
                 .help = "wall clock at t = 0: \"Tue 02:10\" or \"2026-11-21 02:10\""),
    GD_FIELD_ROW(S, faults, GD_FIELD_NODE, .shape = &faults_shape, .help = "what breaks, by name"),
    GD_FIELD_ROW(S, load, GD_FIELD_MAP, .shape = &load_shape,
                 .help = "changes of clients' rates, by name"),
    GD_ROW(S, "try", tries, GD_FIELD_MAP, .shape = &try_shape,
           .help = "other designs, by name: gameday run --try NAME"),
    GD_FIELD_ROW(S, control, GD_FIELD_OBJECT, .shape = &control_shape,
                 .help = "what it is compared with"),
    GD_FIELD_ROW(S, expect, GD_FIELD_NODE, .shape = &texts_shape,
                 .help = "claims by name, as expressions"),
    GD_FIELD_ROW(S, lesson, GD_FIELD_TEXT, .help = "what it teaches"),
    GD_FIELD_ROW(S, topic, GD_FIELD_NAME,
                 .help = "where the library lists it: \"calls\", \"servers\" …"),
    GD_FIELD_ROW(S, teaches, GD_FIELD_NODES, .shape = &gd_names_shape,
                 .help = "patterns and pitfalls that it shows: [\"retry\", \"breaker\"]"),
    GD_FIELD_ROW(S, question, GD_FIELD_TEXT, .help = "what to guess before the run"),
    GD_FIELD_ROW(S, choices, GD_FIELD_NODES, .help = "answers to choose from"),
    GD_FIELD_ROW(S, extends, GD_FIELD_NODE,
                 .help = "files that this one builds on; a later one wins, this one most"),
    {0},
};
#undef S
static void check_scenario(void *spec, const gd_node *node, gd_problems *problems)
{
    (void)node;
    const gd_node *teaches = ((const gd_scenario_spec *)spec)->teaches;
    if (teaches && teaches->kind != GD_ARRAY) {
        gd_problem(problems, teaches, "expected names of patterns; write [\"retry\"]");
        return;
    }
    for (const gd_node *word = teaches ? teaches->first : NULL; word; word = word->next)
        if (word->kind != GD_STRING || !gd_is_name(word->text))
            gd_problem(problems, word,
                       "is no name of a pattern; write \"retry\" (gameday explain lists them)");
}

const gd_shape gd_scenario_shape = {
    .name = "scenario",
    .help = "what happens to a model, and what is expected",
    .bytes = sizeof(gd_scenario_spec),
    .fields = scenario_fields,
    .check = check_scenario,
};
