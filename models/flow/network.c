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
#define SYN_TRIES      6u           /* Linux: net.ipv4.tcp_syn_retries */
#define SYN_FIRST      GD_S         /* RFC 6298: the first timeout without a sample */
#define TCP_LONGEST    (120 * GD_S) /* Linux: TCP_RTO_MAX */
#define NESTED_AT_MOST 8u           /* assumption: deep enough for most call trees */

static gd_link_run *link_run(gd_run *run, uint16_t link)
{
    return &GD_SEG(run, GD_SEG_LINKS, gd_link_run)[link];
}

static const gd_message_state *message_of(const gd_run *run, uint16_t link)
{
    return &GD_SEG(run, GD_SEG_MESSAGES_L, gd_message_state)[link];
}

static gd_span doubled(gd_span rto, unsigned times)
{
    gd_span wait = rto << (times < 20 ? times : 20); /* rto is at most TCP_LONGEST: fits */
    return wait > TCP_LONGEST ? TCP_LONGEST : wait;
}

/* How long the transport needs because of losses: j losses in a row with probability p^j (1 - p).
 */
static gd_span loss_delay(const gd_plan_link *link, uint64_t loss, uint64_t key)
{
    gd_span delay = 0;
    uint64_t u = gd_mix(key, GD_SALT_LOSS);
    for (unsigned j = 0; j < TCP_TRIES && u < loss; j++) {
        delay = gd_time_add(delay, doubled(link->rto, j));
        u = gd_next(u);
    }
    return delay;
}

/* The same when losses come in bursts: each transmission repeats the last one's fate so often. */
static gd_span burst_delay(const gd_plan_link *link, gd_link_run *state, uint64_t loss,
                           gd_share correlation, uint64_t key)
{
    gd_span delay = 0;
    uint64_t u = gd_mix(key, GD_SALT_LOSS);
    for (unsigned j = 0; j < TCP_TRIES; j++) {
        bool repeats = state->drawn && gd_next(u) < gd_share_threshold(correlation);
        state->lost = repeats ? state->lost : u < loss;
        state->drawn = true;
        if (!state->lost)
            break;
        delay = gd_time_add(delay, doubled(link->rto, j));
        u = gd_next(gd_next(u));
    }
    return delay;
}

/* Uniform in [-jitter, jitter]; a correlated draw repeats the last one. */
static gd_span jitter_of(gd_link_run *state, const gd_message_state *lever, uint64_t key)
{
    uint64_t u = gd_mix(key, GD_SALT_JITTER);
    if (lever->correlation && state->jittered &&
        gd_next(u) < gd_share_threshold(lever->correlation))
        u = state->jittered;
    state->jittered = u;
    gd_span width = lever->jitter > GD_YEAR ? GD_YEAR : lever->jitter;
    return (gd_span)gd_below(u, 2 * (uint64_t)width + 1) - width;
}

/* What faults do to a message of `bytes` beside its latency; false: nothing passes now. */
static bool faulty_delay(gd_run *run, uint16_t index, uint64_t key, int64_t bytes, gd_span *delay)
{
    const gd_plan_link *link = &run->plan->links[index];
    gd_link_run *state = link_run(run, index);
    const gd_message_state *lever = message_of(run, index);
    gd_fault_touch(run, GD_ON_LINKS, index, 1u << GD_LEVER_MESSAGE | 1u << GD_LEVER_SLOW);
    if (lever->largest && bytes > lever->largest)
        return false;
    if (lever->late && gd_mix(key, GD_SALT_LATE) < lever->late)
        *delay = gd_time_add(*delay, lever->late_by);
    if (lever->jitter) {
        gd_span jitter = jitter_of(state, lever, key);
        *delay = jitter < 0 && -jitter > *delay ? 0 : gd_time_add(*delay, jitter);
    }
    uint64_t loss = lever->loss ? gd_share_either(link->loss, lever->loss) : link->loss;
    if (loss && lever->correlation && lever->loss)
        *delay = gd_time_add(*delay, burst_delay(link, state, loss, lever->correlation, key));
    else if (loss)
        *delay = gd_time_add(*delay, loss_delay(link, loss, key));
    return true;
}

/* Time on the wire for a message of `bytes`: waits until the wire is free, then takes bytes / rate.
 */
static gd_span wire_delay(gd_run *run, gd_link_run *state, int64_t bytes_per_s, int64_t bytes)
{
    if (bytes_per_s == 0 || bytes == 0)
        return 0;
    gd_span takes = (gd_span)((gd_i128)bytes * GD_S / bytes_per_s);
    gd_time start = state->free_at > run->now ? state->free_at : run->now;
    state->free_at = gd_time_add(start, takes);
    return state->free_at - run->now;
}

/* The wire's time, of both copies where a fault doubles it; false: the buffer before it is full. */
static bool wait_for_wire(gd_run *run, uint16_t index, uint64_t key, int64_t bytes, gd_span *delay)
{
    const gd_plan_link *link = &run->plan->links[index];
    gd_link_run *state = link_run(run, index);
    const gd_message_state *lever = message_of(run, index);
    int64_t rate = link->bytes_per_s;
    if (lever->bytes_per_s && (rate == 0 || lever->bytes_per_s < rate))
        rate = lever->bytes_per_s;
    if (lever->doubled && gd_mix(key, GD_SALT_DOUBLED) < lever->doubled) {
        gd_fault_hide(run, index);
        bytes *= bytes <= INT64_MAX / 2 ? 2 : 1;
    }
    if (lever->buffer && rate && state->free_at > run->now) {
        gd_i128 waiting = (gd_i128)(state->free_at - run->now) * rate / GD_S;
        if (waiting + bytes > lever->buffer)
            return false;
    }
    *delay = wire_delay(run, state, rate, bytes);
    return true;
}

static bool is_touched(const gd_lever_state *lever, const gd_message_state *message)
{
    return lever->added || lever->factor != GD_SHARE_ONE || message->loss || message->late ||
           message->jitter || message->largest || message->doubled || message->bytes_per_s;
}

/* What an edge's fault adds to a message. */
static gd_span site_delay(gd_run *run, uint32_t slot, gd_link_run *state, bool reply, gd_span delay)
{
    const gd_frame *frame = &GD_FRAMES(run)[slot];
    const gd_lever_state *site = &GD_SEG(run, GD_SEG_LEVERS_S, gd_lever_state)[frame->site];
    const gd_message_state *message =
        &GD_SEG(run, GD_SEG_MESSAGES_S, gd_message_state)[frame->site];
    if (site->factor == GD_SHARE_ONE && !site->added && !message->jitter)
        return delay;
    gd_fault_touch(run, GD_ON_SITES, frame->site, 1u << GD_LEVER_MESSAGE | 1u << GD_LEVER_SLOW);
    if (!message->jitter)
        return delay;
    gd_span jitter = jitter_of(state, message, gd_mix_n(frame->key, reply ? 3 : 2));
    return jitter < 0 && -jitter > delay ? 0 : gd_time_add(delay, jitter);
}

/* Everything that is not a plain push. `reply` 0: the way there. False: nothing passes. */
static bool slow_delay(gd_run *run, uint32_t slot, uint16_t index, bool reply, gd_span *out)
{
    const gd_frame *frame = &GD_FRAMES(run)[slot];
    const gd_plan_link *link = &run->plan->links[index];
    gd_link_run *state = link_run(run, index);
    const gd_lever_state *lever = &GD_SEG(run, GD_SEG_LEVERS_L, gd_lever_state)[index];
    if (lever->cut) {
        gd_fault_touch(run, GD_ON_LINKS, index, 1u << GD_LEVER_CUT);
        return false;
    }

    gd_span delay = link->constant;
    if (!link->is_constant && link->latency != GD_NONE)
        delay = gd_dist_sample(&run->plan->dists[link->latency],
                               gd_mix(frame->key, reply ? GD_SALT_REPLY : GD_SALT_REQUEST));
    delay = gd_time_add(gd_share_of(delay, lever->factor), lever->added);
    if (run->any_site_lever) {
        const gd_lever_state *site = &GD_SEG(run, GD_SEG_LEVERS_S, gd_lever_state)[frame->site];
        delay = gd_time_add(gd_share_of(delay, site->factor), site->added);
        delay = site_delay(run, slot, state, reply, delay);
    }
    const gd_step *enter = &run->plan->steps[frame->pc];
    while (enter->kind != GD_STEP_ENTER)
        enter--;
    const gd_plan_op *op = &run->plan->ops[enter->a];
    int64_t bytes = reply ? op->reply_bytes : op->send_bytes;
    uint64_t key = gd_mix_n(frame->key, reply ? 1 : 0);
    bool faulty = run->any_levers && is_touched(lever, message_of(run, index));
    if (faulty && !faulty_delay(run, index, key, bytes, &delay))
        return false;
    if (!faulty && link->loss)
        delay = gd_time_add(delay, loss_delay(link, link->loss, key));
    gd_span wire = 0;
    if (!wait_for_wire(run, index, key, bytes, &wire))
        return false;
    delay = gd_time_add(delay, wire);
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
    if (!reply && run->any_dark &&
        GD_INSTANCES(run)[GD_FRAMES(run)[slot].instance].flags & GD_I_DARK) {
        gd_fault_touch(run, GD_ON_INSTANCES, GD_FRAMES(run)[slot].instance, 1u << GD_LEVER_DARK);
        gd_network_vanish(run, slot);
        return;
    }
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

/* No answer to a SYN: again after 1, 3, 7 … s, given up after 127 s. */
void gd_network_vanish(gd_run *run, uint32_t slot)
{
    gd_frame_side *side = &GD_SIDES(run)[slot];
    gd_frame *frame = &GD_FRAMES(run)[slot];
    unsigned sent = side->transmissions++;
    frame->flags = (uint16_t)(frame->flags & ~GD_F_ARRIVED);
    if (sent > SYN_TRIES) {
        frame->outcome = GD_CONN_TIMEOUT;
        frame->flags |= GD_F_REPLYING;
        gd_follow(run, GD_EV_REPLY, slot);
        return;
    }
    frame->flags |= GD_F_EVENT;
    gd_agenda_push(&run->agenda, gd_time_add(run->now, doubled(SYN_FIRST, sent)), GD_RANK_TIMER,
                   GD_EV_RESEND, slot);
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
