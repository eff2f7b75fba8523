/* Whose a request is: its caller, or the value of its user in a segment of the model. A function of
 * names, never of the order of events. */
#include "models/serve/serve.h"

static uint32_t caller_of(const gd_run *run, const gd_frame *frame)
{
    const gd_plan_site *site = &run->plan->sites[frame->site];
    return site->client != GD_NONE ? run->plan->n_services + site->client : site->caller_service;
}

/* The first value whose threshold is above u. */
static uint32_t value_at(const gd_plan_segment *segment, uint64_t u)
{
    uint32_t low = 0, high = segment->n - 1;
    if (!segment->below)
        return (uint32_t)gd_below(u, segment->n);
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (u < segment->below[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

uint32_t gd_whose_user(gd_run *run, uint32_t client, uint64_t root_key, uint32_t user, uint32_t by)
{
    const gd_plan *plan = run->plan;
    const gd_plan_segment *segment = &plan->segments[by];
    if (client >= plan->n_clients) /* nobody's: a message, a job */
        return 0;
    uint32_t fixed = plan->segment_values[client * plan->n_segments + by];
    if (fixed != GD_NONE)
        return fixed;
    uint64_t key = root_key;
    if (segment->by_user)
        key = gd_mix_n(GD_SEG(run, GD_SEG_CLIENTS, gd_client_run)[client].key, user);
    return value_at(segment, gd_mix(key, segment->salt));
}

uint32_t gd_whose(gd_run *run, uint32_t slot, uint32_t by)
{
    if (by == GD_WHOSE_ALL)
        return 0;
    if (by == GD_WHOSE_CALLER)
        return caller_of(run, &GD_FRAMES(run)[slot]);
    const gd_frame_side *side = &GD_SIDES(run)[slot];
    return gd_whose_user(run, side->client, side->root_key, side->user, by);
}
