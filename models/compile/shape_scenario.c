#include "models/compile.h"
#include "models/compile/shape.h"

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
#define GD_FAULT(symbol, word) GD_SCHEMA_REF(#word "-fault") ", "
static const gd_shape faults_shape = {
    .name = "faults",
    .schema = GD_MEMBERS_SCHEMA_BEGINS
#include "models/fault/fault.def"
        GD_MEMBERS_SCHEMA_ENDS,
    .refers = gd_fault_shapes,
};
#undef GD_FAULT
static const gd_shape background_shape = {
    .name = "background",
    .schema = "{\"anyOf\": [{\"const\": \"ordinary\"}, {\"type\": \"object\", \"properties\": "
              "{\"ordinary\": {\"type\": \"object\"}}}]}",
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
    GD_FIELD_ROW(S, background, GD_FIELD_NODE, .shape = &background_shape,
                 .help =
                     "\"ordinary\": parts fail now and then, at the rates of patterns 9.6; "
                     "{\"ordinary\": {\"times\": 1000}} so many times as often. Absent: nothing "
                     "fails by itself",
                 .source = "patterns 9.6: assumptions, to be overridden by `faults`"),
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
