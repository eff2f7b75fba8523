/* The table of the kinds of faults, and the shapes that several of them share. */
#include "models/fault/fault.h"

const char *const gd_fault_words[GD_FAULTS + 1] = {
#define GD_FAULT(symbol, word) #word,
#include "models/fault/fault.def"
#undef GD_FAULT
    NULL};
const gd_fault_kind *const gd_fault_kinds[GD_FAULTS] = {
#define GD_FAULT(symbol, word) &gd_##word##_fault,
#include "models/fault/fault.def"
#undef GD_FAULT
};
const gd_shape *const gd_fault_shapes[GD_FAULTS + 1] = {
#define GD_FAULT(symbol, word) &gd_##word##_fault.shape,
#include "models/fault/fault.def"
#undef GD_FAULT
    NULL};

const char *const gd_repair_words[] = {"self", "restart", NULL};
const char *const gd_yes_words[] = {"yes", "no", NULL};

const gd_shape gd_fault_instances_shape = {
    .name = "instances",
    .schema = "{\"anyOf\": [{\"const\": \"all\"}, {\"type\": \"integer\", \"minimum\": 1}, "
              "{\"type\": \"string\", \"pattern\": \"%$\"}]}",
};
const gd_shape gd_fault_mode_shape = {
    .name = "mode",
    .schema = "{\"anyOf\": [{\"enum\": [\"one\", \"all\"]}, {\"type\": \"object\", \"properties\": "
              "{\"fixed\": {\"type\": \"integer\", \"minimum\": 1}, \"fixed-percent\": {\"type\": "
              "[\"string\", \"number\"]}, \"random-max-percent\": {\"type\": [\"string\", "
              "\"number\"]}}, \"additionalProperties\": false, \"minProperties\": 1, "
              "\"maxProperties\": 1}]}",
};

/* ---- schedules ---------------------------------------------------------------------------- */
static const char *const by_words[] = {"instance", "service", "rack", "zone", "all", NULL};
#define S gd_schedule_spec
static const gd_field schedule_fields[] = {
    GD_FIELD_ROW(S, mtbf, GD_FIELD_DIST, .required = true,
                 .help = "from one failure's end to the next failure; a bare time is an "
                         "exponential's mean, \"weibull\" says more",
                 .source = "patterns 9.1"),
    GD_FIELD_ROW(S, mttr, GD_FIELD_DIST, .required = true,
                 .help = "how long a failure lasts; a bare time is a lognormal's mean, with cv 1 "
                         "(assumption)",
                 .source = "patterns 9.1"),
    GD_FIELD_ROW(
        S, by, GD_FIELD_WORD, .words = by_words, .fallback = "\"instance\"",
        .help =
            "what fails together: each target alone, those of a service, a rack or a zone, all"),
    GD_FIELD_ROW(S, racks, GD_FIELD_COUNT, .min = 1, .max = 10000,
                 .help = "racks of each zone, with \"by\": \"rack\": a service's instances in a "
                         "zone go round them"),
    GD_FIELD_ROW(S, common_cause, GD_FIELD_SHARE, .fallback = "0", .max = GD_SHARE_ONE,
                 .help = "beta: of the failures of each, those that hit all at once",
                 .source = "patterns 4.7: 0.05 to 0.1 is typical"),
    {0},
};
#undef S
static void check_schedule(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_schedule_spec *schedule = spec;
    if (schedule->racks && schedule->by != GD_BY_RACK)
        gd_problem(problems, gd_node_said(node, "racks"), "needs \"by\": \"rack\"");
    if (!schedule->racks && schedule->by == GD_BY_RACK)
        gd_problem(problems, node, "does not say how many racks a zone has; write \"racks\": 4");
    if (schedule->common_cause && schedule->by == GD_BY_ALL)
        gd_problem(problems, gd_node_said(node, "common_cause"),
                   "all fail together already; leave it out, or write another `by`");
}
static const gd_concept schedule_says = {
    .title = "Failures that come and go",
    .pattern = "schedule",
    .idea = "A renewal process: up for a time between failures, down for a time to repair. In the "
            "long run a part is up for mtbf / (mtbf + mttr) of the time.",
    .cures_not = "Redundancy when a share beta of the failures has a common cause: n-fold is down "
                 "for about beta q + ((1 - beta) q)^n of the time.",
    .numbers = "beta 0.05 to 0.1; Weibull shape below 1 after deploys, about 1 in steady state",
    .source = "patterns 9.1, 9.6, 4.7",
};
const gd_shape gd_schedule_shape = {
    .name = "schedule",
    .help = "failures that come and go",
    .bytes = sizeof(gd_schedule_spec),
    .fields = schedule_fields,
    .check = check_schedule,
    .concept = &schedule_says,
};
