#include "models/compile/shape.h"

#define AS_ROW                                                                                     \
    GD_ROW(gd_step_spec, "as", as, GD_FIELD_NAME,                                                  \
           .help = "the step's name within its operation, for its random draws. Absent: its "      \
                   "callee or kind, with its ordinal among equals")
#define BODY_ROW(word, h)                                                                          \
    GD_ROW(gd_step_spec, word, body, GD_FIELD_NODE, .required = true, .help = (h))
#define STEPS_ROW(json, m, h)                                                                      \
    GD_ROW(gd_step_spec, json, m, GD_FIELD_NODES, .shape = &gd_steps_shape, .help = (h))

static const char *const on_failure_words[] = {"wait", "at_once", NULL};
static const char *const rest_words[] = {"abandon", "cancel", NULL};

static const gd_shape dist_schema = {.name = "time", .schema = GD_SCHEMA_REF("distribution")};

static const gd_field work_fields[] = {
    GD_ROW(gd_step_spec, "work", body, GD_FIELD_NODE, .required = true, .shape = &dist_schema,
           .help = "holds a worker for a drawn time"),
    AS_ROW,
    {0},
};
static const gd_field wait_fields[] = {
    GD_ROW(gd_step_spec, "wait", body, GD_FIELD_NODE, .required = true, .shape = &dist_schema,
           .help = "lets a drawn time pass without using the processor"),
    AS_ROW,
    {0},
};
static const gd_shape *const callee_refers[] = {&gd_callee_shape, NULL};
static const gd_shape callee_schema = {
    .name = "called",
    .schema = "{\"anyOf\": [{\"type\": \"string\"}, " GD_SCHEMA_REF("callee") "]}",
    .refers = callee_refers,
};
static const gd_shape *const option_refers[] = {&gd_option_shape, NULL};
static const gd_shape options_schema = {
    .name = "options",
    .schema = GD_MEMBERS_SCHEMA(GD_SCHEMA_REF("option")),
    .refers = option_refers,
};
static const gd_field call_fields[] = {
    GD_ROW(gd_step_spec, "call", body, GD_FIELD_NODE, .required = true, .shape = &callee_schema,
           .help = "\"service.operation\", or {\"one_of\": \"layer1-*.op\"}: a random member"),
    GD_ROW(gd_step_spec, "wait", wait, GD_FIELD_BOOL, .fallback = "true",
           .help = "false: sends the call and goes on at once"),
    AS_ROW,
    GD_CALL_ROWS(gd_step_spec, policy.),
    {0},
};
static const gd_field parallel_fields[] = {
    BODY_ROW("parallel", "branches that run at once: an array, or named members"),
    GD_ROW(gd_step_spec, "until", until, GD_FIELD_NODE,
           .help = "how many branches must succeed before it goes on: all, first, or a number. "
                   "Absent: all"),
    GD_ROW(gd_step_spec, "on_failure", on_failure, GD_FIELD_WORD, .fallback = "\"wait\"",
           .words = on_failure_words,
           .help = "when `until` can no longer be met: wait for the rest, or fail at once"),
    GD_ROW(gd_step_spec, "rest", rest, GD_FIELD_WORD, .fallback = "\"abandon\"",
           .words = rest_words,
           .help = "branches still running when it goes on: left to run, or cancelled"),
    AS_ROW,
    {0},
};
static const gd_field choose_fields[] = {
    GD_ROW(gd_step_spec, "choose", body, GD_FIELD_NODE, .required = true, .shape = &options_schema,
           .help = "named options, each {\"weight\": 9, \"steps\": [...]}; one is drawn"),
    AS_ROW,
    {0},
};
static const gd_field repeat_fields[] = {
    BODY_ROW("repeat", "how often: a number, a distribution of counts, or \"$attribute\""),
    STEPS_ROW("steps", steps, "what is done each time"),
    GD_ROW(gd_step_spec, "at_once", at_once, GD_FIELD_COUNT, .fallback = "1", .min = 1, .max = 4095,
           .help = "how many rounds run at the same time"),
    AS_ROW,
    {0},
};
static const gd_field if_fields[] = {
    BODY_ROW("if", "the name of a flag"),
    STEPS_ROW("then", then, "what is done when the flag is on"),
    STEPS_ROW("else", otherwise, "what is done when it is off"),
    AS_ROW,
    {0},
};
static const gd_field fail_fields[] = {
    GD_ROW(gd_step_spec, "fail", share, GD_FIELD_SHARE, .required = true, .min = 0,
           .max = GD_SHARE_ONE, .help = "the share of requests that end here"),
    GD_ROW(gd_step_spec, "outcome", outcome, GD_FIELD_WORD, .fallback = "\"server_error\"",
           .words = gd_outcome_words, .help = "what they end with"),
    AS_ROW,
    {0},
};

static const gd_field optional_fields[] = {
    GD_ROW(gd_step_spec, "optional", body, GD_FIELD_NODES, .required = true,
           .shape = &gd_steps_shape,
           .help = "steps that the service's brownout may leave out; the answer is degraded then"),
    AS_ROW,
    {0},
};

#define STEP_SHAPE(id, word, h)                                                                    \
    static const gd_shape id##_shape = {                                                           \
        .name = word "-step", .help = (h), .bytes = sizeof(gd_step_spec), .fields = id##_fields}
STEP_SHAPE(work, "work", "hold a worker for a drawn time");
STEP_SHAPE(wait, "wait", "let time pass");
STEP_SHAPE(call, "call", "call another operation, through the policies of its edge");
STEP_SHAPE(parallel, "parallel", "several branches at once");
STEP_SHAPE(choose, "choose", "one branch, drawn by weight");
STEP_SHAPE(repeat, "repeat", "some steps several times");
STEP_SHAPE(if, "if", "steps behind a flag");
STEP_SHAPE(fail, "fail", "end with a failure, with a probability");
STEP_SHAPE(optional, "optional", "steps that are left out under load");

const gd_shape *const gd_step_shapes[GD_SAYS + 1] = {
    &work_shape,   &wait_shape, &call_shape, &parallel_shape, &choose_shape,
    &repeat_shape, &if_shape,   &fail_shape, &optional_shape, NULL};

static const gd_field option_fields[] = {
    GD_FIELD_ROW(gd_option_spec, weight, GD_FIELD_FACTOR, .fallback = "1",
                 .help = "its share, relative to the other options"),
    GD_FIELD_ROW(gd_option_spec, steps, GD_FIELD_NODES, .shape = &gd_steps_shape,
                 .help = "what is done. Absent: nothing"),
    {0},
};
const gd_shape gd_option_shape = {
    .name = "option",
    .help = "one way to go on",
    .bytes = sizeof(gd_option_spec),
    .fields = option_fields,
};

static const gd_field callee_fields[] = {
    GD_FIELD_ROW(gd_callee_spec, one_of, GD_FIELD_TEXT, .required = true,
                 .help = "operations by pattern, * stands for any letters: one is drawn"),
    {0},
};
const gd_shape gd_callee_shape = {
    .name = "callee",
    .help = "a random member of a group",
    .bytes = sizeof(gd_callee_spec),
    .fields = callee_fields,
};

static const gd_shape *const step_refers[] = {
    &work_shape,   &wait_shape, &call_shape, &parallel_shape, &choose_shape,
    &repeat_shape, &if_shape,   &fail_shape, &optional_shape, NULL};
const gd_shape gd_steps_shape = {
    .name = "steps",
    .help = "a list of steps; a bare string is a call",
    .schema =
        "{\"type\": \"array\", \"items\": {\"anyOf\": [{\"type\": \"string\"}, " GD_SCHEMA_REF(
            "wor"
            "k-"
            "ste"
            "p") ", " GD_SCHEMA_REF("wait-step") ", " GD_SCHEMA_REF("call-step") ", " GD_SCHEMA_REF("parallel-step") ", " GD_SCHEMA_REF("choose-step") ", " GD_SCHEMA_REF("repeat-step") ","
                                                                                                                                                                                         " " GD_SCHEMA_REF("if-step") ", " GD_SCHEMA_REF(
                                                                                                                                                                                             "fail-step") "]}}",
    .refers = step_refers,
};
