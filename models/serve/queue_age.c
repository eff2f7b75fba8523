/* Refuses while somebody waits for longer than `max`: the age of the queue is what the next one
 * would wait, whatever a request costs.
 * Source: patterns 4.2; the oldest message of a queue as the signal of overload.
 */
#include "models/serve/serve.h"

enum { REFUSED, YOUNG };
static const gd_counter_row counters[] = {
    {"refused", NULL},
    {"young", "nobody waited for longer than the limit"},
    {0},
};

static gd_outcome arrive(const gd_serve_at *at, uint32_t slot)
{
    (void)slot;
    const gd_queue_age_spec *spec = at->spec;
    gd_time oldest = gd_station_oldest(at->run, at->instance);
    bool old = oldest != GD_NEVER && at->run->now - oldest > spec->max;
    gd_serve_count(at, old ? REFUSED : YOUNG);
    return old ? GD_SHED : GD_OK;
}

const gd_serve_kind gd_serve_queue_age = {
    .name = "queue_age",
    .counters = counters,
    .arrive = arrive,
};

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_queue_age_spec, max, GD_FIELD_SPAN, .fallback = "\"100ms\"", .min = 1,
                 .max = GD_DAY, .help = "refuses while somebody has waited for longer",
                 .source = "assumption: a tenth of a second is what users do not notice"),
    {0},
};
const gd_shape gd_queue_age_shape = {
    .name = "queue_age",
    .help = "refuses while the oldest in the queue has waited too long",
    .source = "patterns 4.2",
    .bytes = sizeof(gd_queue_age_spec),
    .fields = fields,
    .bare = "max",
    .concept =
        &(const gd_concept){
            .title = "Shedding by the age of the queue",
            .idea =
                "While somebody has waited for longer than the limit, whoever comes is refused: "
                "the oldest shows what the next one would wait, whatever a request costs.",
            .cures = "A standing queue, also when requests differ in cost and a limit on their "
                     "number says little.",
            .cures_not = "Those who wait already: they are served, however late.",
            .price = "It sees overload only when the oldest is late; then it refuses everybody "
                     "until that one has gone.",
            .dangerous_with = "Last in, first out, and priorities: one forgotten request at the "
                              "bottom closes the door for all.",
            .source = "patterns 4.2; Amazon SQS, the age of the oldest message",
        },
};
