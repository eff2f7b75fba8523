/* Hop: what a call's way takes before it goes on, and its answer before it is given on: the proxies
 * of a mesh. A second chain of policies may follow it, of which the application knows nothing, so
 * that their tries multiply.
 *
 * Source: istio.io, "Performance and Scalability": the time in the two proxies of a call. Left out:
 * the processor that the proxies use.
 */
#include "models/guard/policy.h"

typedef struct {
    uint64_t word;
    uint8_t outcome; /* of an answer on its way back */
    bool back;
} hop_call;

static gd_span takes(const gd_policy_at *at, bool back)
{
    const gd_hop_spec *spec = at->spec;
    if (spec->dist == GD_NONE)
        return 0;
    const gd_call *call = gd_policy_call(at);
    uint64_t key =
        gd_mix_n(call->key, GD_CALLS(at->run)[gd_call_whole(at->run, at->call)].attempts);
    return gd_dist_sample(&at->run->plan->dists[spec->dist],
                          gd_mix(key, back ? GD_SALT_HOP_BACK : GD_SALT_HOP));
}

static gd_verdict admit(const gd_policy_at *at, gd_reply *reply)
{
    (void)reply;
    hop_call *mine = at->mine;
    *mine = (hop_call){.back = false};
    gd_span wait = takes(at, false);
    if (wait == 0)
        return GD_PASS;
    gd_policy_timer(at, 0, wait);
    return GD_PARK;
}

static gd_verdict ended(const gd_policy_at *at, gd_reply *reply, gd_time *when)
{
    (void)when;
    const gd_hop_spec *spec = at->spec;
    hop_call *mine = at->mine;
    gd_span wait = spec->one_way ? 0 : takes(at, true);
    if (wait == 0)
        return GD_PASS;
    mine->back = true;
    mine->outcome = (uint8_t)reply->outcome;
    gd_policy_timer(at, 0, wait);
    return GD_PARK;
}

static gd_verdict timer(const gd_policy_at *at, unsigned n, gd_reply *reply)
{
    (void)n;
    const hop_call *mine = at->mine;
    if (!mine->back)
        return GD_AGAIN;
    reply->outcome = (gd_outcome)mine->outcome;
    return GD_END;
}

static void cancelled(const gd_policy_at *at)
{
    ((hop_call *)at->mine)->word = 0;
}

const gd_policy gd_hop_policy = {
    .admit = admit,
    .ended = ended,
    .cancelled = cancelled,
    .timer = timer,
    .timers = 1,
    .call_bytes = sizeof(hop_call),
};
