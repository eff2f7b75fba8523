/* A time-out of the queue: who has waited for that long is sent away, at that moment.
 *
 * Source: patterns 4.6; the impatient customers of Erlang's A formula (Palm 1957).
 */
#include "models/serve/serve.h"

#define SALT_PATIENCE UINT64_C(0x50617469656e6365) /* "Patience" */

enum { TIMED_OUT, IN_TIME };
static const gd_counter_row counters[] = {
    {"timed_out", NULL},
    {"in_time", "its turn came before its time was up"},
    {0},
};

static void wait(const gd_serve_at *at, uint32_t slot)
{
    const gd_queue_timeout_spec *spec = at->spec;
    gd_run *run = at->run;
    const gd_dist *dist = &run->plan->dists[spec->dist];
    gd_span lasts = gd_dist_sample(dist, gd_serve_draw(at, slot, SALT_PATIENCE));
    GD_SIDES(run)
    [slot].word = gd_agenda_push(&run->agenda, gd_time_add(run->now, lasts), GD_RANK_TIMER,
                                 GD_EV_EXPIRE, slot);
}

static gd_outcome dequeue(const gd_serve_at *at, uint32_t slot)
{
    GD_SIDES(at->run)[slot].word = 0;
    gd_serve_count(at, IN_TIME);
    return GD_OK;
}

static void expired(const gd_serve_at *at)
{
    gd_serve_count(at, TIMED_OUT);
}

const gd_serve_kind gd_serve_queue_timeout = {
    .name = "queue_timeout",
    .counters = counters,
    .wait = wait,
    .dequeue = dequeue,
    .expired = expired,
};
