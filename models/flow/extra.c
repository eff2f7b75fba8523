/* What a request carries and an answer says besides its outcome: the deadline that is passed on,
 * and when to come back. Kept beside each frame, in plans that need it.
 *
 * A deadline travels as what is left (gRPC's grpc-timeout: the time on the way there is not counted
 * and clocks do not matter) or as a date (then it is wrong by the difference of the two clocks).
 */
#include "models/flow/engine.h"

gd_span gd_instance_skew(const gd_run *run, uint32_t instance)
{
    return instance == GD_NONE ? 0 : gd_instance_clock(run, instance) - run->now;
}

void gd_extra_new(gd_run *run, uint32_t slot, const gd_waiter *who)
{
    gd_extra *extra = &GD_EXTRAS(run)[slot];
    *extra = (gd_extra){.retry_after = GD_RETRY_UNSAID, .deadline = GD_NEVER};
    if (who->by != GD_BY_CALL)
        return;
    const gd_call *call = &GD_CALLS(run)[who->caller];
    const gd_frame *frame = &GD_FRAMES(run)[slot];
    if (call->deadline == GD_NEVER)
        return;
    switch ((gd_carries)run->plan->sites[call->site].carries) {
    case GD_CARRIES_NONE:
        break;
    case GD_CARRIES_RELATIVE:
        extra->deadline = call->deadline - run->now;
        extra->relative = true;
        break;
    case GD_CARRIES_ABSOLUTE: /* written by the caller's clock, read by the callee's */
        extra->deadline = call->deadline + gd_instance_skew(run, call->from) -
                          gd_instance_skew(run, frame->instance);
        break;
    }
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
    if (!run->extras)
        return GD_NEVER;
    while (GD_FRAMES(run)[slot].flags & GD_F_STRAND) /* a branch is part of its parent */
        slot = GD_FRAMES(run)[slot].caller;
    return GD_EXTRAS(run)[slot].deadline;
}
