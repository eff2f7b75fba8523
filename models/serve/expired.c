/* Looks at the deadline when a request's turn comes: if it has passed, nobody waits for the answer,
 * and it is dropped instead of served. Needs callers that say their deadline.
 * Source: patterns 3.2, 4.2; Google SRE book, chapter 22.
 */
#include "models/flow/reply.h"
#include "models/serve/serve.h"

enum { DROPPED, IN_TIME, UNSAID };
static const gd_counter_row counters[] = {
    {"dropped", NULL},
    {"in_time", "its deadline had not passed"},
    {"unsaid", "its request carried no deadline"},
    {0},
};

static gd_outcome dequeue(const gd_serve_at *at, uint32_t slot)
{
    gd_time deadline = gd_frame_deadline(at->run, slot);
    bool late = deadline < at->run->now;
    gd_serve_count(at, late ? DROPPED : deadline == GD_NEVER ? UNSAID : IN_TIME);
    return late ? GD_DEADLINE_EXCEEDED : GD_OK;
}

const gd_serve_kind gd_serve_expired = {
    .name = "expired",
    .counters = counters,
    .dequeue = dequeue,
};
