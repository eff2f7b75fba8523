/* Faults of the crowd (patterns 9.5): who asks, how much, for what; and a flag that is flipped. */
#include "models/fault/fault.h"
#include "sim/spec/quantity.h"

#include <string.h>

#define CLIENTS GD_FAULT_WHEN, GD_FAULT_WHERE(true, "a client")

static void fill_factor(gd_fault_maker *m)
{
    m->fault.factor = m->spec->factor;
    m->fault.fall = m->spec->fall;
    m->fault.hold = m->spec->hold;
    m->fault.decay = m->spec->decay;
    if (m->spec->lasts && m->spec->ramp + m->spec->fall > m->spec->lasts)
        gd_fault_problem(m, "fall", "it rises and falls for longer than it lasts; write less");
}

/* ---- overload, load_step, load_spike, load_ramp, flash_crowd ------------------------------ */
static const gd_field overload_fields[] = {
    CLIENTS, GD_FAULT_RAMP, GD_FAULT_FACTOR(true, NULL, "times the arrival rate"), {0}};
static const gd_concept overload_says = {
    .title = "Overload",
    .pattern = "overload",
    .idea = "More users than usual.",
    .numbers = "load spikes of twice and more: 4 to 12 a year (assumption)",
    .source = "patterns 9.5",
};
const gd_fault_kind gd_overload_fault = {
    .shape = {.name = "overload-fault",
              .help = "more users than usual",
              .bytes = sizeof(gd_fault_spec),
              .fields = overload_fields,
              .concept = &overload_says},
    .takes = GD_TAKES_CLIENT,
    .lever = GD_LEVER_LOAD,
    .fill = fill_factor,
};
static const gd_field step_fields[] = {
    CLIENTS, GD_FAULT_FACTOR(false, "2", "times the arrival rate (assumption)"), {0}};
static const gd_concept step_says = {
    .title = "Load step",
    .pattern = "load_step",
    .idea = "From one moment to the next there are more users, and they stay.",
    .source = "patterns 9.5",
};
const gd_fault_kind gd_load_step_fault = {
    .shape = {.name = "load_step-fault",
              .help = "the rate steps up",
              .bytes = sizeof(gd_fault_spec),
              .fields = step_fields,
              .concept = &step_says},
    .takes = GD_TAKES_CLIENT,
    .lever = GD_LEVER_LOAD,
    .fill = fill_factor,
};
#define RISE(fallback_)                                                                            \
    GD_ROW(gd_fault_spec, "rise", ramp, GD_FIELD_SPAN, .fallback = (fallback_), .max = GD_HORIZON, \
           .help = "it grows in a line over this span (assumption)")
static const gd_field spike_fields[] = {
    CLIENTS,
    GD_FAULT_FACTOR(false, "2", "times the arrival rate (assumption)"),
    RISE("\"0s\""),
    GD_FIELD_ROW(gd_fault_spec, fall, GD_FIELD_SPAN, .fallback = "\"0s\"", .max = GD_HORIZON,
                 .help = "it shrinks in a line over the last of its time"),
    {0},
};
static void fill_spike(gd_fault_maker *m)
{
    fill_factor(m);
    if (!m->spec->lasts)
        gd_fault_problem(m, "for", "a spike ends; write \"for\": \"30s\"");
}
static const gd_concept spike_says = {
    .title = "Load spike",
    .pattern = "load_spike",
    .idea = "More users for a moment. What matters is what the system does afterwards.",
    .dangerous_with = "Retries without a budget: the spike ends, the load does not.",
    .source = "patterns 9.5, 12.2",
};
const gd_fault_kind gd_load_spike_fault = {
    .shape = {.name = "load_spike-fault",
              .help = "the rate rises, and falls again",
              .bytes = sizeof(gd_fault_spec),
              .fields = spike_fields,
              .concept = &spike_says},
    .takes = GD_TAKES_CLIENT,
    .lever = GD_LEVER_LOAD,
    .fill = fill_spike,
};
static const gd_field ramp_fields[] = {
    CLIENTS,
    GD_FAULT_FACTOR(false, "2", "times the arrival rate at its top (assumption)"),
    RISE("\"10m\""),
    {0}};
static const gd_concept ramp_says = {
    .title = "Load ramp",
    .pattern = "load_ramp",
    .idea = "The rate grows in a line: where it breaks is the capacity.",
    .source = "patterns 9.5",
};
const gd_fault_kind gd_load_ramp_fault = {
    .shape = {.name = "load_ramp-fault",
              .help = "the rate grows in a line",
              .bytes = sizeof(gd_fault_spec),
              .fields = ramp_fields,
              .concept = &ramp_says},
    .takes = GD_TAKES_CLIENT,
    .lever = GD_LEVER_LOAD,
    .fill = fill_factor,
};
static const gd_field flash_fields[] = {
    CLIENTS,
    GD_FAULT_FACTOR(false, "10", "times the arrival rate at its top (assumption)"),
    RISE("\"1m\""),
    GD_FIELD_ROW(gd_fault_spec, hold, GD_FIELD_SPAN, .fallback = "\"5m\"", .max = GD_HORIZON,
                 .help = "how long it stays (assumption)"),
    GD_FIELD_ROW(gd_fault_spec, decay, GD_FIELD_SPAN, .fallback = "\"10m\"", .min = GD_MS,
                 .max = GD_YEAR,
                 .help = "then it falls to 1/e of what is left in each such span (assumption)"),
    {0},
};
static const gd_concept flash_says = {
    .title = "Flash crowd",
    .pattern = "flash_crowd",
    .idea = "Somebody famous says your name: up within a minute, gone over an hour.",
    .source = "patterns 9.5: rise, hold, decay",
};
const gd_fault_kind gd_flash_crowd_fault = {
    .shape = {.name = "flash_crowd-fault",
              .help = "a crowd comes, and slowly goes",
              .bytes = sizeof(gd_fault_spec),
              .fields = flash_fields,
              .concept = &flash_says},
    .takes = GD_TAKES_CLIENT,
    .lever = GD_LEVER_LOAD,
    .fill = fill_factor,
};

/* ---- thundering_herd ---------------------------------------------------------------------- */
static const gd_field herd_fields[] = {
    GD_FIELD_ROW(gd_fault_spec, fault, GD_FIELD_WORD, .required = true, .words = gd_fault_words,
                 .help = "its kind"),
    GD_FIELD_ROW(gd_fault_spec, at, GD_FIELD_SPAN, .fallback = "\"0s\"",
                 .help = "the moment for which all wait; or `recovery_of`"),
    GD_FIELD_ROW(gd_fault_spec, recovery_of, GD_FIELD_NAME,
                 .help = "another fault, at whose end they come, after `at` more"),
    GD_FIELD_ROW(gd_fault_spec, target, GD_FIELD_ADDRESS, .required = true,
                 .help = "the client whose users they are"),
    GD_ROW(gd_fault_spec, "clients", n, GD_FIELD_COUNT, .required = true, .min = 1, .max = 10000000,
           .help = "how many come at once"),
    GD_FIELD_ROW(gd_fault_spec, jitter, GD_FIELD_SPAN, .fallback = "\"0s\"", .max = GD_HORIZON,
                 .help = "they are spread over so long"),
    {0},
};
static void fill_herd(gd_fault_maker *m)
{
    const gd_fault_spec *spec = m->spec;
    gd_plan_fault *fault = &m->fault;
    if (spec->recovery_of) {
        const gd_node *other = gd_node_said(m->b->scenario->faults, spec->recovery_of);
        gd_span at = 0, lasts = 0;
        const gd_node *begins = other ? gd_node_said(other, "at") : NULL;
        const gd_node *length = other ? gd_node_said(other, "for") : NULL;
        if (!other || other == m->node)
            gd_fault_problem(m, "recovery_of", "there is no such other fault; write its name");
        else if (!begins || !length)
            gd_fault_problem(m, "recovery_of", "%s does not say when it ends; give it a `for`",
                             spec->recovery_of);
        else if (gd_read_span(&m->b->reader, begins, &at) &&
                 gd_read_span(&m->b->reader, length, &lasts))
            fault->start = gd_time_add(gd_time_add(fault->start, at), lasts);
        if (fault->start >= m->b->plan->horizon)
            gd_fault_problem(m, "recovery_of", "is over only after the run; write a longer one");
    } else if (!gd_node_said(m->node, "at")) {
        gd_fault_problem(m, "at", "they need a moment; write \"at\" or \"recovery_of\"");
    }
    fault->herd = spec->n;
    fault->added = spec->jitter;
    fault->end = gd_time_add(fault->start, spec->jitter + 1);
}
static const gd_concept herd_says = {
    .title = "Thundering herd",
    .pattern = "thundering_herd",
    .idea = "Many wait for one moment (a minute of the clock, a reconnect, the end of an outage) "
            "and come at once.",
    .cures = "Jitter, as wide as the capacity needs: clients / capacity.",
    .dangerous_with = "Recovery: a service that is just up meets all who waited.",
    .source = "patterns 9.5, 12.25",
};
const gd_fault_kind gd_thundering_herd_fault = {
    .shape = {.name = "thundering_herd-fault",
              .help = "many come at one moment",
              .bytes = sizeof(gd_fault_spec),
              .fields = herd_fields,
              .concept = &herd_says},
    .takes = GD_TAKES_CLIENT,
    .lever = GD_LEVER_HERD,
    .fill = fill_herd,
};

/* ---- load_mix_shift, flag_flip ------------------------------------------------------------ */
static const gd_shape factors_shape = {
    .name = "factors",
    .schema = "{\"type\": \"object\", \"additionalProperties\": {\"type\": [\"number\", "
              "\"string\"]}}",
};
static const gd_field mix_fields[] = {
    CLIENTS,
    GD_FIELD_ROW(gd_fault_spec, mix, GD_FIELD_NODES, .required = true, .shape = &factors_shape,
                 .help = "pages or journeys by name, each with a factor on its weight: "
                         "{\"checkout\": 3}"),
    {0},
};
static const gd_concept mix_says = {
    .title = "Mix shift",
    .pattern = "load_mix_shift",
    .idea = "As many requests as ever, but of the expensive kind: the rate on the dashboard is "
            "flat while the load doubles.",
    .source = "patterns 9.5",
};
const gd_fault_kind gd_load_mix_shift_fault = {
    .shape = {.name = "load_mix_shift-fault",
              .help = "users want other things",
              .bytes = sizeof(gd_fault_spec),
              .fields = mix_fields,
              .concept = &mix_says},
    .takes = GD_TAKES_CLIENT,
    .lever = GD_LEVER_MIX,
};
static const gd_field flag_fields[] = {
    GD_FAULT_WHEN,
    GD_FIELD_ROW(gd_fault_spec, target, GD_FIELD_ADDRESS, .required = true, .help = "flags.x"),
    GD_FIELD_ROW(gd_fault_spec, share, GD_FIELD_SHARE, .required = true, .max = GD_SHARE_ONE,
                 .help = "for whom it is on meanwhile; of several flips the last by name counts"),
    {0},
};
static const gd_concept flag_says = {
    .title = "Flag flip",
    .pattern = "flag_flip",
    .idea = "A flag changes the path of the code for everybody at once.",
    .dangerous_with = "Paths that nobody has load-tested.",
    .source = "patterns 9.5, 8.6",
};
const gd_fault_kind gd_flag_flip_fault = {
    .shape = {.name = "flag_flip-fault",
              .help = "a flag is turned on or off",
              .bytes = sizeof(gd_fault_spec),
              .fields = flag_fields,
              .concept = &flag_says},
    .takes = GD_TAKES_FLAG,
    .lever = GD_LEVER_FLAG,
};
