/* Messages over links: latency, bandwidth, loss behind TCP, partitions.
 *
 * A lost message is sent again by the transport: it arrives later, by rto x (2^j - 1) for j losses
 * in a row (RFC 6298's doubling; Linux: the first timeout is 200 ms at least). Over a cut link it
 * is sent again at those times until the link is whole or the transport gives up after 15 tries
 * (Linux tcp_retries2), when the caller sees `reset`. So a partition is not an error: it is
 * silence.
 */
#include "models/flow/engine.h"

#define TCP_TRIES      15u          /* Linux: net.ipv4.tcp_retries2 */
#define TCP_LONGEST    (120 * GD_S) /* Linux: TCP_RTO_MAX */
#define NESTED_AT_MOST 8u           /* assumption: deep enough for most call trees */

static gd_link_run *link_run(gd_run *run, uint16_t link)
{
    return &GD_SEG(run, GD_SEG_LINKS, gd_link_run)[link];
}

static gd_span doubled(gd_span rto, unsigned times)
{
    gd_span wait = rto << (times < 20 ? times : 20); /* rto is at most TCP_LONGEST: fits */
    return wait > TCP_LONGEST ? TCP_LONGEST : wait;
}

/* How long the transport needs because of losses: j losses in a row with probability p^j (1 - p).
 */
static gd_span loss_delay(const gd_plan_link *link, uint64_t key)
{
    gd_span delay = 0;
    uint64_t u = gd_mix(key, GD_SALT_LOSS);
    for (unsigned j = 0; j < TCP_TRIES && u < link->loss; j++) {
        delay = gd_time_add(delay, doubled(link->rto, j));
        u = gd_next(u);
    }
    return delay;
}

/* Time on the wire for a message of `bytes`: waits until the wire is free, then takes bytes / rate.
 */
static gd_span wire_delay(gd_run *run, const gd_plan_link *link, gd_link_run *state, int64_t bytes)
{
    if (link->bytes_per_s == 0 || bytes == 0)
        return 0;
    gd_span takes = (gd_span)((gd_i128)bytes * GD_S / link->bytes_per_s);
    gd_time start = state->free_at > run->now ? state->free_at : run->now;
    state->free_at = gd_time_add(start, takes);
    return state->free_at - run->now;
}

/* Everything that is not a plain push. `reply` 0: the way there. False: nothing passes. */
static bool slow_delay(gd_run *run, uint32_t slot, uint16_t index, bool reply, gd_span *out)
{
    const gd_frame *frame = &GD_FRAMES(run)[slot];
    const gd_plan_link *link = &run->plan->links[index];
    gd_link_run *state = link_run(run, index);
    const gd_lever_state *lever = &GD_SEG(run, GD_SEG_LEVERS_L, gd_lever_state)[index];
    if (lever->cut)
        return false;

    gd_span delay = link->constant;
    if (!link->is_constant && link->latency != GD_NONE)
        delay = gd_dist_sample(&run->plan->dists[link->latency],
                               gd_mix(frame->key, reply ? GD_SALT_REPLY : GD_SALT_REQUEST));
    delay = gd_time_add(gd_share_of(delay, lever->factor), lever->added);
    if (run->any_site_lever) {
        const gd_lever_state *site = &GD_SEG(run, GD_SEG_LEVERS_S, gd_lever_state)[frame->site];
        delay = gd_time_add(gd_share_of(delay, site->factor), site->added);
    }
    if (link->loss)
        delay = gd_time_add(delay, loss_delay(link, gd_mix_n(frame->key, reply ? 1 : 0)));
    const gd_step *enter = &run->plan->steps[frame->pc];
    while (enter->kind != GD_STEP_ENTER)
        enter--;
    const gd_plan_op *op = &run->plan->ops[enter->a];
    delay =
        gd_time_add(delay, wire_delay(run, link, state, reply ? op->reply_bytes : op->send_bytes));
    if (link->ordered) {
        gd_time at = gd_time_add(run->now, delay);
        if (at < state->last_at[reply])
            at = state->last_at[reply];
        state->last_at[reply] = at;
        delay = at - run->now;
    }
    *out = delay;
    return true;
}

/* A message without latency arrives in the same event. It is delivered at once where that is what
 * the follow-up list would do next, and not too deep; else it waits its turn there. */
static GD_HOT void at_once(gd_run *run, uint32_t slot, bool reply, bool last)
{
    if (!last || run->follow_head != run->follow_tail || run->nested == NESTED_AT_MOST) {
        gd_follow(run, reply ? GD_EV_REPLY : GD_EV_REQUEST, slot);
        return;
    }
    run->nested++;
    run->events++;
    if (reply)
        gd_frame_reply(run, slot);
    else
        gd_frame_request(run, slot);
    run->nested--;
}

static GD_HOT void transmit(gd_run *run, uint32_t slot, uint16_t index, bool reply, bool last)
{
    gd_event_kind kind = reply ? GD_EV_REPLY : GD_EV_REQUEST;
    const gd_link_run *link = link_run(run, index);
    if (__builtin_expect(link->fast, 1)) {
        uint8_t ring = reply ? link->reply_ring : link->request_ring;
        if (ring == GD_NO_RING)
            at_once(run, slot, reply, last);
        else
            gd_agenda_push_ring(&run->agenda, ring, run->now, kind, slot);
        return;
    }
    gd_span delay;
    if (!slow_delay(run, slot, index, reply, &delay)) {
        gd_frame_side *side = &GD_SIDES(run)[slot];
        gd_frame *frame = &GD_FRAMES(run)[slot];
        if (side->transmissions++ > TCP_TRIES) { /* after 924.6 s, from 200 ms on */
            frame->outcome = GD_RESET;
            frame->flags |= GD_F_REPLYING;
            gd_follow(run, GD_EV_REPLY, slot);
            return;
        }
        frame->flags |= GD_F_EVENT;
        gd_agenda_push(
            &run->agenda,
            gd_time_add(run->now, doubled(run->plan->links[index].rto, side->transmissions - 1u)),
            GD_RANK_TIMER, GD_EV_RESEND, slot);
        return;
    }
    if (delay == 0)
        gd_follow(run, kind, slot);
    else
        gd_agenda_push(&run->agenda, gd_time_add(run->now, delay),
                       reply ? GD_RANK_REPLY : GD_RANK_ARRIVAL, kind, slot);
}

GD_HOT void gd_network_request(gd_run *run, uint32_t slot, uint16_t link, bool last)
{
    transmit(run, slot, link, false, last);
}

GD_HOT void gd_network_reply(gd_run *run, uint32_t slot, bool last)
{
    const gd_frame *frame = &GD_FRAMES(run)[slot];
    if (frame->by == GD_BY_NOBODY) {
        gd_follow(run, GD_EV_REPLY, slot);
        return;
    }
    if (run->layout->sides)
        GD_SIDES(run)[slot].transmissions = 0;
    transmit(run, slot, frame->back, true, last);
}

void gd_network_resend(gd_run *run, uint32_t slot)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    frame->flags = (uint16_t)(frame->flags & ~GD_F_EVENT);
    if (frame->flags & GD_F_DEAD) {
        gd_frame_free(run, slot);
        return;
    }
    bool reply = frame->flags & GD_F_REPLYING;
    uint16_t link = frame->back;
    if (!reply) {
        uint16_t to = GD_INSTANCES(run)[frame->instance].zone;
        link = run->plan->link_of[(size_t)run->plan->links[link].to * run->plan->n_zones + to];
    }
    transmit(run, slot, link, reply, false);
}

gd_span gd_network_between(const gd_run *run, uint32_t from, uint32_t to, uint64_t key)
{
    const gd_plan *plan = run->plan;
    size_t here = GD_INSTANCES(run)[from].zone, there = GD_INSTANCES(run)[to].zone;
    uint16_t index = plan->link_of[here * plan->n_zones + there];
    const gd_plan_link *link = &plan->links[index];
    const gd_lever_state *lever = &GD_SEG(run, GD_SEG_LEVERS_L, gd_lever_state)[index];
    if (lever->cut)
        return GD_NEVER;
    gd_span delay = link->constant;
    if (!link->is_constant && link->latency != GD_NONE)
        delay = gd_dist_sample(&plan->dists[link->latency], gd_mix(key, GD_SALT_BETWEEN));
    return gd_time_add(gd_share_of(delay, lever->factor), lever->added);
}
