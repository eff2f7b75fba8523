/* A breaker without a network around it, driven by hand: a run's clock, the policy's moments. */
#pragma once

#include "models/guard/policy.h"
#include "tests/models/bench_plan.h"

enum { CALLS = 8, CALL_BYTES = 64, STATE_BYTES = 1 << 14 };

typedef struct {
    bench b;
    gd_policy_at at;
    uint64_t state[STATE_BYTES / 8];
    uint64_t calls[CALLS][CALL_BYTES / 8];
} rig;

static inline void rig_init(rig *r, const gd_breaker_spec *spec)
{
    memset(r, 0, sizeof *r);
    r->b =
        bench_of("'services': {'s': {'workers': 1, 'operations': {'op': [{'work': '1ms'}]}}}, "
                 "'clients': {'web': {'at': 's', 'breaker': {}, 'arrivals': {'periodic': '1/s'}}}",
                 "");
    gd_run *run = r->b.run;
    run->measuring = true;
    uint32_t slot = gd_call_new(run);
    GD_CALLS(run)[slot].site = (uint16_t)bench_site(r->b.plan, "web>s.op");
    assert_true(gd_policy_state_bytes(GD_POLICY_BREAKER, spec) <= sizeof r->state);
    assert_true(gd_policy_call_bytes(GD_POLICY_BREAKER, spec) <= sizeof r->calls[0]);
    r->at = (gd_policy_at){
        .run = run,
        .site = &r->b.plan->sites[GD_CALLS(run)[slot].site],
        .spec = spec,
        .state = r->state,
        .call = slot,
        .from = GD_NONE,
        .ring = GD_NO_RING,
    };
}

static inline bool rig_admit(rig *r, size_t call)
{
    gd_reply reply = gd_reply_local(GD_OK);
    memset(r->calls[call], 0, sizeof r->calls[call]);
    r->at.mine = r->calls[call];
    gd_verdict verdict = gd_breaker_policy.admit(&r->at, &reply);
    check_that(verdict == GD_PASS || (verdict == GD_END && reply.outcome == GD_BREAKER_OPEN),
               "a breaker lets pass or refuses");
    return verdict == GD_PASS;
}

static inline void rig_end(rig *r, size_t call, gd_outcome outcome)
{
    gd_time when = 0;
    gd_reply reply = {.outcome = outcome, .retry_after = GD_RETRY_UNSAID, .reached = true};
    r->at.mine = r->calls[call];
    check_that(gd_breaker_policy.ended(&r->at, &reply, &when) == GD_PASS &&
                   reply.outcome == outcome,
               "it watches, it does not change what it sees");
}

static inline void rig_cancel(rig *r, size_t call)
{
    r->at.mine = r->calls[call];
    gd_breaker_policy.cancelled(&r->at);
}
