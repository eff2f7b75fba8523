/* What a request carries and an answer says besides its outcome: the deadline that is passed on,
 * and when to come back. Kept beside each frame, in plans that need it.
 *
 * A deadline travels as what is left (gRPC's grpc-timeout: the time on the way there is not counted
 * and clocks do not matter) or as a date (then it is wrong by the difference of the two clocks).
 */
#include "models/flow/engine.h"

void gd_extra_new(gd_run *run, uint32_t slot, const gd_waiter *who)
{
    gd_extra *extra = &GD_EXTRAS(run)[slot];
    *extra = (gd_extra){.retry_after = GD_RETRY_UNSAID, .deadline = GD_NEVER};
    (void)who;
}

void gd_extra_arrived(gd_run *run, uint32_t slot)
{
    gd_extra *extra = &GD_EXTRAS(run)[slot];
    if (!extra->relative)
        return;
    extra->relative = false;
    extra->deadline = gd_time_add(run->now, extra->deadline);
}

void gd_frame_retry_after(gd_run *run, uint32_t slot, gd_span after)
{
    if (run->extras)
        GD_EXTRAS(run)[slot].retry_after = after;
}

gd_time gd_frame_deadline(const gd_run *run, uint32_t slot)
{
    return run->extras ? GD_EXTRAS(run)[slot].deadline : GD_NEVER;
}
