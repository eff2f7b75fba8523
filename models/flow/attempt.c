/* One attempt: who answers it, over which link, and what name it has. */
#include "models/flow/engine.h"

typedef struct {
    uint32_t root, age;
    uint16_t flags;
    uint64_t key;
    uint32_t client, user;
    uint8_t criticality;
} root_of;

static root_of root_of_frame(const gd_run *run, uint32_t slot)
{
    const gd_frame *frame = &GD_FRAMES(run)[slot];
    root_of r = {.root = frame->root,
                 .age = frame->root_age,
                 .flags = frame->flags & (GD_F_ROOT_CALL | GD_F_LEFT)};
    if (frame->flags & GD_F_ROOT) {
        r.root = slot;
        r.age = frame->age;
    }
    if (run->roots) {
        const gd_frame_side *side = &GD_SIDES(run)[slot];
        r.key = side->root_key;
        r.client = side->client;
        r.user = side->user;
        r.criticality = side->criticality;
    }
    return r;
}

/* The request that an attempt belongs to: for waste, and for draws that are per request. */
static GD_HOT root_of find_root(gd_run *run, const gd_plan_site *site, const gd_waiter *who,
                                uint64_t key)
{
    root_of r = {.root = GD_NONE, .key = key};
    switch ((gd_caller_kind)who->by) {
    case GD_BY_CLIENT:
    case GD_BY_USER: /* it is the root itself: the intended start stands in root's place */
        r.root = (uint32_t)run->now;
        r.age = (uint32_t)((uint64_t)run->now >> 32);
        r.flags = GD_F_ROOT;
        r.client = site->client;
        r.user = who->caller_age;
        r.criticality = site->criticality;
        return r;
    case GD_BY_FRAME:
        return root_of_frame(run, who->caller);
    case GD_BY_NOBODY:
        r = root_of_frame(run, who->caller);
        r.root = GD_NONE;
        r.flags = 0;
        return r;
    case GD_BY_PROBE: /* is sent by its prober */
    case GD_BY_CALL:
    case GD_BY_COPY:
    case GD_BY_CONN:
        break;
    }
    const gd_call *call = &GD_CALLS(run)[gd_call_whole(run, who->caller)];
    if (call->by == GD_BY_CLIENT || call->by == GD_BY_USER) {
        r.root = (uint32_t)(call - GD_CALLS(run));
        r.age = call->age;
        r.flags = GD_F_ROOT_CALL;
        r.key = call->key;
        r.client = site->client;
        r.user = call->parent_age;
    } else if (call->by == GD_BY_FRAME && GD_FRAMES(run)[call->parent].age == call->parent_age) {
        r = root_of_frame(run, call->parent);
    }
    if (run->roots) { /* the caller may be gone: the call goes on, and so does its request */
        const gd_call_root *root = gd_call_root_of(run, who->caller);
        r.key = root->key;
        r.client = root->client;
        r.user = root->user;
        r.criticality = root->criticality;
    }
    return r;
}

static uint32_t from_of(const gd_run *run, const gd_waiter *who)
{
    if (who->by == GD_BY_CALL)
        return GD_CALLS(run)[who->caller].from;
    if (who->by == GD_BY_FRAME || who->by == GD_BY_NOBODY)
        return GD_FRAMES(run)[who->caller].instance;
    return GD_NONE;
}

/* The same of a balancer that keeps a pool. */
static uint32_t pick_of_pool(gd_run *run, const gd_plan_site *site, const gd_waiter *who,
                             uint32_t from, uint64_t key, uint32_t *op)
{
    root_of root = find_root(run, site, who, key);
    gd_subject subject = {.request = root.key, .client = root.client, .user = root.user};
    uint32_t target = gd_pool_pick(run, site, from, key, &subject, op);
    for (unsigned n = 0; n < site->reselects && target != GD_NONE; n++) {
        if (who->by != GD_BY_CALL || !gd_call_avoids(run, who->caller, target))
            break;
        gd_pool_ended(run, site, from, target, subject.user, GD_CANCELLED, 0);
        target =
            gd_pool_pick(run, site, from, gd_mix_n(gd_mix(key, GD_SALT_RESELECT), n), &subject, op);
    }
    return target;
}

/* The callee says which instances serve whom. */
static uint32_t pick_of_isolated(gd_run *run, const gd_plan_site *site, const gd_waiter *who,
                                 uint64_t key, uint32_t *op)
{
    root_of root = find_root(run, site, who, key);
    gd_subject subject = {.request = root.key, .client = root.client, .user = root.user};
    uint32_t tries = who->by == GD_BY_CALL ? GD_CALLS(run)[who->caller].attempts - 1u : 0;
    *op = run->plan->callees[site->callees_first];
    const gd_plan_service *service = &run->plan->services[run->plan->ops[*op].service];
    return gd_isolation_pick(run, service, &subject, tries);
}

/* Asks the balancer, and again for somebody else while a policy of the call has tried whom it names
 * (Envoy: the predicate previous_hosts). */
static uint32_t pick(gd_run *run, const gd_plan_site *site, const gd_waiter *who, uint32_t from,
                     uint64_t key, uint32_t *op)
{
    if (__builtin_expect(site->isolated, 0))
        return pick_of_isolated(run, site, who, key, op);
    if (__builtin_expect(site->pools_first != 0, 0))
        return pick_of_pool(run, site, who, from, key, op);
    uint32_t target = gd_balance_pick(run, site, from, key, op);
    if (site->reselects == 0 || who->by != GD_BY_CALL)
        return target;
    for (unsigned n = 0; n < site->reselects && target != GD_NONE; n++) {
        if (!gd_call_avoids(run, who->caller, target))
            break;
        gd_balance_ended(run, site, from, target);
        target = gd_balance_pick(run, site, from, gd_mix_n(gd_mix(key, GD_SALT_RESELECT), n), op);
    }
    return target;
}

GD_HOT gd_outcome gd_attempt_send(gd_run *run, uint32_t index, gd_waiter who, uint64_t key,
                                  bool last, uint32_t *frame_out)
{
    const gd_plan *plan = run->plan;
    const gd_plan_site *site = &plan->sites[index];
    uint32_t from = from_of(run, &who), op_index;
    uint32_t target = site->only;
    if (__builtin_expect(site->connections != GD_NONE, 0)) {
        target = gd_connections_target(run, who.caller);
        op_index = plan->callees[site->callees_first];
    } else if (target != GD_NONE) {
        op_index = plan->callees[site->callees_first];
    } else {
        target = pick(run, site, &who, from, key, &op_index);
    }
    if (target == GD_NONE && who.by == GD_BY_CALL)
        return GD_NO_ENDPOINT;
    const gd_plan_op *op = &plan->ops[op_index];
    root_of root = find_root(run, site, &who, key);
    gd_edge_window_of(run, site->edge)->attempts++;

    uint32_t slot = gd_frame_new(run);
    gd_frame *frame = &GD_FRAMES(run)[slot];
    frame->key = op->transparent ? gd_proxy_key(key) : key;
    frame->caller = who.caller;
    frame->caller_age = who.caller_age;
    frame->by = who.by;
    frame->root = root.root;
    frame->root_age = root.age;
    frame->next = GD_NONE;
    frame->instance = target == GD_NONE ? 0 : target;
    frame->pc = (uint16_t)(op->first + 1);
    frame->site = (uint16_t)index;
    frame->pending = 0;
    frame->flags = (uint16_t)(GD_F_LIVE | root.flags);
    frame->outcome = GD_OK;
    frame->arrived = run->now;
    *frame_out = slot;
    if (run->sides)
        GD_SIDES(run)
    [slot] = (gd_frame_side){.root_key = root.key,
                             .client = root.client,
                             .user = root.user,
                             .criticality = root.criticality};
    if (run->sides && who.by == GD_BY_FRAME) {
        GD_SIDES(run)[who.caller].child = slot;
        GD_SIDES(run)[who.caller].child_is_call = false;
    }
    if (run->extras)
        gd_extra_new(run, slot, &who);
    if (target == GD_NONE)
        return GD_NO_ENDPOINT;

    uint16_t link = site->fixed_link;
    frame->back = site->fixed_back;
    if (link == UINT16_MAX) {
        size_t here =
            from == GD_NONE ? plan->clients[site->client].zone : GD_INSTANCES(run)[from].zone;
        size_t there = GD_INSTANCES(run)[target].zone;
        link = plan->link_of[here * plan->n_zones + there];
        frame->back = plan->link_of[there * plan->n_zones + here];
    }
    if (__builtin_expect(run->any_local, 0) && gd_fault_local(run, slot, from))
        return GD_OK;
    gd_network_request(run, slot, link, last);
    return GD_OK;
}
