/* The pools of a run: frames, calls, users, policy state. Slots are reused last in, first out; a
 * pool never shrinks, so a stale index is always readable. */
#include "models/flow/engine.h"

/* A pool that would need more subjects than an agenda entry can name ends the run like a memory
 * budget: what is in flight cannot be simulated. One event adds GD_MAX_BRANCHES records at most,
 * and none more passes unseen. */
static void check_pool(gd_run *run, uint32_t used)
{
    if (used >= GD_SUBJECTS - 2 * GD_MAX_BRANCHES)
        run->memory.over = true;
    if (run->memory.over)
        run->check_at = run->events + 1;
}

void gd_follow_grow(gd_run *run)
{
    gd_segment_reserve(&run->segs[GD_SEG_FOLLOW], &run->memory,
                       (size_t)(run->follow_tail + 1) * sizeof(uint32_t));
}

void gd_frames_grow(gd_run *run)
{
    size_t n = (size_t)run->frames.used + 1;
    g_assert(n <= GD_SUBJECTS);
    gd_segment_reserve(&run->segs[GD_SEG_FRAMES], &run->memory, n * sizeof(gd_frame));
    if (run->layout->sides)
        gd_segment_reserve(&run->segs[GD_SEG_SIDES], &run->memory,
                           run->segs[GD_SEG_FRAMES].capacity / sizeof(gd_frame) *
                               sizeof(gd_frame_side));
    if (run->layout->starts)
        gd_segment_reserve(&run->segs[GD_SEG_STARTS], &run->memory,
                           run->segs[GD_SEG_FRAMES].capacity / sizeof(gd_frame) * sizeof(gd_time));
    if (run->layout->extras)
        gd_segment_reserve(&run->segs[GD_SEG_EXTRAS], &run->memory,
                           run->segs[GD_SEG_FRAMES].capacity / sizeof(gd_frame) * sizeof(gd_extra));
    check_pool(run, run->frames.used + run->frames.used / 2); /* as far as it may go unasked */
}

uint32_t gd_call_new(gd_run *run)
{
    uint32_t slot = run->calls.free;
    if (slot != GD_NONE) {
        run->calls.free = GD_CALLS(run)[slot].next;
    } else {
        slot = run->calls.used++;
        g_assert(slot < GD_SUBJECTS);
        gd_segment_reserve(&run->segs[GD_SEG_CALLS], &run->memory,
                           ((size_t)slot + 1) * sizeof(gd_call));
        gd_segment_reserve(&run->segs[GD_SEG_CALL_BYTES], &run->memory,
                           ((size_t)slot + 1) * run->call_stride);
        check_pool(run, slot);
    }
    run->calls.live++;
    return slot;
}

void gd_call_free(gd_run *run, uint32_t slot)
{
    gd_call *call = &GD_CALLS(run)[slot];
    call->age++;
    call->state = GD_CALL_FREE;
    call->next = run->calls.free;
    run->calls.free = slot;
    run->calls.live--;
}

uint32_t gd_user_new(gd_run *run)
{
    uint32_t slot = run->users.free;
    if (slot != GD_NONE) {
        run->users.free = GD_USERS(run)[slot].next;
    } else {
        slot = run->users.used++;
        g_assert(slot < GD_SUBJECTS);
        gd_segment_reserve(&run->segs[GD_SEG_USERS], &run->memory,
                           ((size_t)slot + 1) * sizeof(gd_user));
        check_pool(run, slot);
    }
    run->users.live++;
    return slot;
}

void gd_user_free(gd_run *run, uint32_t slot)
{
    gd_user *user = &GD_USERS(run)[slot];
    user->live = false;
    user->next = run->users.free;
    run->users.free = slot;
    run->users.live--;
}

void *gd_site_state(gd_run *run, const gd_plan_site *site, uint32_t from)
{
    uint32_t ordinal = 0;
    if (site->client == GD_NONE)
        ordinal = from - run->plan->services[site->caller_service].instances_first;
    uint32_t *index = &GD_SEG(run, GD_SEG_STATE_INDEX, uint32_t)[site->state_first + ordinal];
    if (*index == 0) {
        size_t bytes = ((size_t)site->state_bytes + site->balancer_bytes + 15) & ~(size_t)15;
        size_t at = gd_segment_extend(&run->segs[GD_SEG_STATES], &run->memory, bytes);
        *index = (uint32_t)(at / 16) + 1;
    }
    return (char *)run->segs[GD_SEG_STATES].base + (size_t)(*index - 1) * 16;
}

uint32_t gd_run_count_in_flight(const gd_run *run)
{
    return run->frames.live + run->calls.live + run->users.live + run->cancels.live;
}
