/* Refuses who would wait too long: the wait is predicted as queued x mean service / workers, and
 * compared with `max`; with `deadline` also wait and service with what is left of the request's own
 * deadline, where its caller says it. The mean service is an exponential average of the last
 * `window` of them, in ns, rounded down; before the first it is unknown, and nobody is refused.
 * Source: patterns 4.2 `queue_wait`, `deadline`.
 */
#include "models/flow/reply.h"
#include "models/serve/serve.h"

enum { REFUSED, LATE, SHORT, UNKNOWN };
static const gd_counter_row counters[] = {
    {"refused", NULL},
    {"past_deadline", NULL},
    {"short", "the predicted wait was short enough"},
    {"unknown", "nothing was served yet: the wait cannot be predicted"},
    {0},
};

typedef struct {
    gd_span mean;
    uint32_t samples;
} state;

static uint32_t bytes(const void *spec)
{
    (void)spec;
    return sizeof(state);
}

static gd_outcome arrive(const gd_serve_at *at, uint32_t slot)
{
    const gd_queue_wait_spec *spec = at->spec;
    const state *s = at->mine;
    const gd_instance *instance = gd_serve_instance(at);
    if (s->samples == 0) {
        gd_serve_count(at, UNKNOWN);
        return GD_OK;
    }
    gd_i128 ahead = instance->busy < instance->workers ? 0 : (gd_i128)instance->queued + 1;
    gd_span wait = (gd_span)(ahead * s->mean / MAX(instance->workers, 1u));
    if (spec->deadline &&
        gd_time_add(at->run->now, wait + s->mean) > gd_frame_deadline(at->run, slot)) {
        gd_serve_count(at, LATE);
        return GD_DEADLINE_EXCEEDED;
    }
    bool refused = spec->max > 0 && wait > spec->max;
    gd_serve_count(at, refused ? REFUSED : SHORT);
    return refused ? GD_SHED : GD_OK;
}

/* From the start with a worker to the answer; an async service's: from arrival less the wait. */
static void start(const gd_serve_at *at, uint32_t slot)
{
    GD_SIDES(at->run)[slot].leave_by = at->run->now;
}

static void finish(const gd_serve_at *at, uint32_t slot, gd_outcome outcome)
{
    const gd_queue_wait_spec *spec = at->spec;
    state *s = at->mine;
    if (!gd_outcome_rows[outcome].good)
        return;
    gd_span took = at->run->now - GD_SIDES(at->run)[slot].leave_by;
    if (s->samples < spec->window)
        s->samples++;
    s->mean += (took - s->mean) / s->samples;
}

const gd_serve_kind gd_serve_queue_wait = {
    .name = "queue_wait",
    .counters = counters,
    .bytes = bytes,
    .arrive = arrive,
    .start = start,
    .finish = finish,
};

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_queue_wait_spec, max, GD_FIELD_SPAN, .min = 1, .max = GD_DAY,
                 .help = "refuses who would wait longer. Absent: only deadlines count"),
    GD_FIELD_ROW(gd_queue_wait_spec, deadline, GD_FIELD_BOOL, .fallback = "false",
                 .help = "refuses who would be answered after his deadline (deadline_exceeded)"),
    GD_FIELD_ROW(gd_queue_wait_spec, window, GD_FIELD_COUNT, .fallback = "100", .min = 1,
                 .max = 1000000, .unit = "answers", .help = "that the mean time of service is of",
                 .source = "assumption: as many as a client's hundredth tells"),
    {0},
};

static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_queue_wait_spec *s = spec;
    if (s->max == 0 && !s->deadline)
        gd_problem(problems, node,
                   "refuses nothing; write \"max\": \"100ms\" or \"deadline\": true");
}

const gd_shape gd_queue_wait_shape = {
    .name = "queue_wait",
    .help = "refuses who would wait too long, by a prediction",
    .source = "patterns 4.2",
    .bytes = sizeof(gd_queue_wait_spec),
    .fields = fields,
    .check = check,
    .concept =
        &(const gd_concept){
            .title = "Shedding by predicted wait",
            .idea =
                "The wait is predicted, as those ahead times the mean service over the workers, "
                "and who would wait too long, or past his deadline, is told so at once.",
            .cures = "Work that is too late before it begins; callers learn it while another try "
                     "still makes sense.",
            .cures_not = "Costs that differ much: the mean predicts nobody's wait well.",
            .price = "Some are refused who would have made it.",
            .dangerous_with = "A sudden change of pace: the mean is of the past, and after a stall "
                              "it refuses whom it could serve.",
            .numbers =
                "Wait = (queued + 1) x mean service / workers while all are busy, else none.",
            .source = "patterns 4.2; Google SRE book, chapter 22",
        },
};
