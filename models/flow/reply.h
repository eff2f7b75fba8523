/* What an attempt's answer says besides its outcome, and what its request carried: only plans where
 * somebody listens keep it, in a record beside each frame.
 */
#pragma once

#include "models/outcome.h"
#include "models/run.h"

/* A reply's retry_after that is no span: nothing said; "do not retry" (gRPC: a negative
 * grpc-retry-pushback-ms). */
#define GD_RETRY_UNSAID ((gd_span)-1)
#define GD_RETRY_STOP   ((gd_span)-2)

/* How an attempt ended, as it climbs a chain of policies; each may replace the outcome. */
typedef struct {
    gd_outcome outcome;
    gd_span latency;     /* since the attempt was sent; 0: none was */
    gd_span retry_after; /* or GD_RETRY_UNSAID, GD_RETRY_STOP */
    uint32_t target;     /* the instance that was asked; GD_NONE: none was */
    bool reached;        /* the callee itself has answered, not a timer, a link or a policy */
} gd_reply;

/* A call that ends where it is: nobody was asked. */
static inline gd_reply gd_reply_local(gd_outcome outcome)
{
    return (gd_reply){.outcome = outcome, .retry_after = GD_RETRY_UNSAID, .target = GD_NONE};
}

/* Beside each frame, in plans that need it. */
typedef struct {
    gd_span retry_after; /* of its answer */
    gd_time deadline;    /* of its request: GD_NEVER: none */
    bool relative;       /* not there yet: `deadline` is what was left when it was sent */
} gd_extra;

/* Says in a frame's answer when to come back: a span or GD_RETRY_STOP. Plans in which no caller
 * listens forget it. */
void gd_frame_retry_after(gd_run *run, uint32_t slot, gd_span after);
/* When nobody waits for a frame's answer any more, as its request said and its instance's clock
 * has it; GD_NEVER when it said nothing. */
gd_time gd_frame_deadline(const gd_run *run, uint32_t slot);
