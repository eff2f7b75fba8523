/* What a kind of fault says of itself: its fields, on what it may be, and how it becomes levers.
 *
 * A kind is compiled to one entry of the plan's faults, or to several parts of it that share its
 * name (a spot interruption is a drain, then a dead host). The engine knows levers, never kinds.
 */
#pragma once

#include "models/compile/build.h"

/* What a target may be, as bits: each kind of fault takes some of them. */
enum {
    GD_TAKES_SERVICE = 1,  /* services.x */
    GD_TAKES_EXTERNAL = 2, /* external.x */
    GD_TAKES_PLACE = 4,    /* zones.x, regions.x */
    GD_TAKES_EDGE = 8,     /* a>b.op */
    GD_TAKES_LINK = 16,    /* links.x */
    GD_TAKES_CLIENT = 32,  /* clients.x */
    GD_TAKES_FLAG = 64,    /* flags.x */
    GD_TAKES_PARTY = GD_TAKES_SERVICE | GD_TAKES_EXTERNAL,
    GD_TAKES_HOST = GD_TAKES_PARTY | GD_TAKES_PLACE,
    GD_TAKES_ASKED = GD_TAKES_HOST | GD_TAKES_EDGE, /* whoever answers */
    GD_TAKES_WIRE = GD_TAKES_PLACE | GD_TAKES_LINK,
};

struct gd_fault_kind {
    gd_shape shape;
    unsigned takes;
    gd_lever lever;
    bool silent;           /* unless the scenario says otherwise */
    const char *otherwise; /* the target when none is said; NULL: one must be */
    /* Fills what the envelope does not: m->fault has it already. May be NULL. */
    void (*fill)(gd_fault_maker *m);
};

#define GD_FAULT(symbol, word) extern const gd_fault_kind gd_##word##_fault;
#include "models/fault/fault.def"
#undef GD_FAULT

extern const gd_fault_kind *const gd_fault_kinds[GD_FAULTS];

/* Another part of the same fault, on the same targets. */
void gd_fault_add_part(gd_fault_maker *m, const gd_plan_fault *part);
/* The distribution that is always `span`. */
uint32_t gd_fault_constant(gd_fault_maker *m, gd_span span);
/* A problem at a member of the fault, or at the fault when it was not said. */
#define gd_fault_problem(m, member, ...)                                                           \
    gd_problem((m)->b->problems,                                                                   \
               gd_node_said((m)->node, member) ? gd_node_said((m)->node, member) : (m)->node,      \
               __VA_ARGS__)

/* ---- rows that kinds share ---------------------------------------------------------------- */
extern const gd_shape gd_fault_instances_shape, gd_fault_mode_shape, gd_schedule_shape;
extern const char *const gd_direction_words[];

/* The envelope that all faults share (patterns 9.1). */
#define GD_FAULT_WHEN                                                                              \
    GD_FIELD_ROW(gd_fault_spec, fault, GD_FIELD_WORD, .required = true, .words = gd_fault_words,   \
                 .help = "its kind"),                                                              \
        GD_FIELD_ROW(gd_fault_spec, at, GD_FIELD_SPAN, .required = true,                           \
                     .help = "when it begins, from the end of the warm-up"),                       \
        GD_ROW(gd_fault_spec, "for", lasts, GD_FIELD_SPAN, .min = 1,                               \
               .help = "how long it lasts. Absent: to the end of the run"),                        \
        GD_FIELD_ROW(gd_fault_spec, schedule, GD_FIELD_OBJECT, .shape = &gd_schedule_shape,        \
                     .help = "comes and goes within that time. Absent: once",                      \
                     .source = "patterns 9.1")
#define GD_FAULT_WHERE(req, h)                                                                     \
    GD_FIELD_ROW(gd_fault_spec, target, GD_FIELD_ADDRESS, .required = (req), .help = (h)),         \
        GD_FIELD_ROW(gd_fault_spec, mode, GD_FIELD_NODE, .shape = &gd_fault_mode_shape,            \
                     .help = "which of them, drawn by each run: one, all, {\"fixed\": 2}, "        \
                             "{\"fixed-percent\": \"30%\"} or {\"random-max-percent\": \"30%\"}. " \
                             "Absent: all",                                                        \
                     .source = "patterns 9.1: the words of Chaos Mesh")
#define GD_FAULT_HOSTS(req, h)                                                                     \
    GD_FAULT_WHEN, GD_FAULT_WHERE(req, h),                                                         \
        GD_FIELD_ROW(gd_fault_spec, instances, GD_FIELD_NODE, .fallback = "\"all\"",               \
                     .shape = &gd_fault_instances_shape,                                           \
                     .help = "how many instances of each service: all, a number, or a share; the " \
                             "first ones"),                                                        \
        GD_FAULT_SILENT, GD_FAULT_REPAIR
#define GD_FAULT_SILENT                                                                            \
    GD_FIELD_ROW(gd_fault_spec, silent, GD_FIELD_BOOL,                                             \
                 .help = "health probes see nothing of it. Absent: as the kind is",                \
                 .source = "patterns 9.1: visible")
#define GD_FAULT_REPAIR                                                                            \
    GD_FIELD_ROW(gd_fault_spec, repair, GD_FIELD_WORD, .words = gd_repair_words,                   \
                 .fallback = "\"self\"",                                                           \
                 .help = "self: ends by time; restart: also for an instance that crashes",         \
                 .source = "patterns 9.1")
#define GD_FAULT_RAMP                                                                              \
    GD_FIELD_ROW(gd_fault_spec, ramp, GD_FIELD_SPAN, .fallback = "\"0s\"", .max = GD_HORIZON,      \
                 .help = "its intensity grows in a line over this span")
#define GD_FAULT_SHARE(fall, h)                                                                    \
    GD_FIELD_ROW(gd_fault_spec, share, GD_FIELD_SHARE, .fallback = (fall), .min = 1,               \
                 .max = GD_SHARE_ONE, .help = (h), .source = "patterns 9.1: probability 1")
#define GD_FAULT_CORRELATION                                                                       \
    GD_FIELD_ROW(gd_fault_spec, correlation, GD_FIELD_SHARE, .fallback = "0",                      \
                 .max = GD_SHARE_ONE - 1,                                                          \
                 .help = "how often the next draw repeats the last one: bursts of mean length "    \
                         "1 / ((1 - correlation) (1 - share)); the share stays",                   \
                 .source = "patterns 9.1; netem's weighting would change the share")
#define GD_FAULT_OPERATIONS                                                                        \
    GD_FIELD_ROW(gd_fault_spec, operations, GD_FIELD_NODES, .shape = &gd_names_shape,              \
                 .help = "only these operations of the target. Absent: all")
#define GD_FAULT_ACTIVE                                                                            \
    GD_FIELD_ROW(gd_fault_spec, max_active, GD_FIELD_COUNT, .max = 1000000000,                     \
                 .help = "at most so many are held up at once. Absent: no limit",                  \
                 .source = "patterns 9.1: Envoy's max_active_faults")
#define GD_FAULT_DIRECTION                                                                         \
    GD_FIELD_ROW(gd_fault_spec, direction, GD_FIELD_WORD, .words = gd_direction_words,             \
                 .fallback = "\"both\"",                                                           \
                 .help = "both ways, only messages to the target (the second of a pair), or only " \
                         "from it",                                                                \
                 .source = "patterns 9.1")
#define GD_FAULT_FACTOR(req, fall, h)                                                              \
    GD_FIELD_ROW(gd_fault_spec, factor, GD_FIELD_FACTOR, .required = (req), .fallback = (fall),    \
                 .max = 1000000 * GD_SHARE_ONE, .help = (h))
#define GD_FAULT_ADDED(h)                                                                          \
    GD_FIELD_ROW(gd_fault_spec, added, GD_FIELD_SPAN, .fallback = "\"0s\"", .max = GD_YEAR,        \
                 .help = (h))
extern const char *const gd_repair_words[], *const gd_yes_words[];
