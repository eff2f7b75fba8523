/* Who does what: what the files of models/flow and models/fault offer one another. */
#pragma once

#include "models/flow/records.h"
#include "models/flow/reply.h"
#include "models/run.h"

/* ---- who does what -----------------------------------------------------------------------------
 */
/* frame.c */
void gd_frame_request(gd_run *run, uint32_t slot); /* GD_EV_REQUEST */
void gd_frame_run(gd_run *run, uint32_t slot);     /* goes on at its pc */
void gd_frame_go_on(gd_run *run, uint32_t slot);   /* the same, after what happens before */
void gd_frame_follow(gd_run *run, uint32_t slot);  /* GD_EV_RUN */
void gd_frame_work_done(gd_run *run, uint32_t slot, uint64_t word);
void gd_frame_wait_done(gd_run *run, uint32_t slot);
void gd_frame_finish(gd_run *run, uint32_t slot, gd_outcome outcome);
void gd_frame_reply(gd_run *run, uint32_t slot); /* GD_EV_REPLY */
/* One branch (or the only one) of the step in progress of `parent` is back. */
void gd_frame_branch_done(gd_run *run, uint32_t parent, gd_outcome outcome);
void gd_frame_came_back(gd_run *run, uint32_t slot); /* what came back while it hung */
bool gd_frame_is_left(gd_run *run, uint32_t slot);   /* nobody waits for what it does */
/* Answers without service: refused, limited, injected error. */
void gd_frame_answer(gd_run *run, uint32_t slot, gd_outcome outcome);
/* The accounts of `work` done for a frame by its service. */
void gd_frame_account(gd_run *run, uint32_t slot, gd_span work);

/* steps.c */
gd_span gd_step_work_time(gd_run *run, uint32_t slot, const gd_step *step);

/* station.c */
void gd_station_admit(gd_run *run, uint32_t slot);       /* on arrival: start, queue or shed */
bool gd_station_resume(gd_run *run, uint32_t slot);      /* async: a worker for work, or the lane */
void gd_station_release(gd_run *run, uint32_t instance); /* a worker is free */
void gd_station_resize(gd_run *run, uint32_t instance, uint32_t workers);
void gd_station_begin(gd_run *run, uint32_t slot, const gd_step *step); /* its worker works */
void gd_station_drop(gd_run *run, uint32_t slot); /* out of its queue, without service */
/* Answers an arrival that is not served, at the price that its service has for that. */
void gd_station_refuse(gd_run *run, uint32_t slot, gd_outcome outcome);
void gd_station_refused(gd_run *run, uint32_t slot); /* the price is paid */
/* When the one came who has waited for longest; GD_NEVER: nobody waits. */
gd_time gd_station_oldest(gd_run *run, uint32_t instance);
/* One that waits is sent away. */
void gd_station_expel(gd_run *run, uint32_t slot, gd_outcome outcome);
/* shared.c: processor sharing */
void gd_shared_add(gd_run *run, uint32_t slot, gd_span work);
void gd_shared_done(gd_run *run, uint32_t instance, uint64_t word);
void gd_shared_remove(gd_run *run, uint32_t slot);
void gd_shared_pause(gd_run *run, uint32_t instance); /* a hang begins: before its flag is set */
/* What remains of all jobs takes `is` / `was` as long. */
void gd_shared_rescale(gd_run *run, uint32_t instance, gd_share was, gd_share is);
void gd_shared_resize(gd_run *run, uint32_t instance, uint32_t workers);
void gd_shared_wake(gd_run *run, uint32_t instance); /* it is over: after its flag is gone */

/* models/serve/serve.c: see serve.h for the moments */
gd_outcome gd_serve_arrive(gd_run *run, uint32_t slot);
void gd_serve_enter(gd_run *run, uint32_t slot);
void gd_serve_wait(gd_run *run, uint32_t slot);
gd_outcome gd_serve_dequeue(gd_run *run, uint32_t slot);
void gd_serve_start(gd_run *run, uint32_t slot);
gd_span gd_serve_slow(gd_run *run, uint32_t instance, gd_span work);
void gd_serve_finish(gd_run *run, uint32_t slot, gd_outcome outcome);
void gd_serve_busy(gd_run *run, uint32_t instance);
void gd_serve_push(gd_run *run, uint32_t slot);
uint32_t gd_serve_pop(gd_run *run, uint32_t instance);
void gd_serve_drop(gd_run *run, uint32_t slot);
gd_time gd_serve_oldest(gd_run *run, uint32_t instance);
void gd_serve_reset(gd_run *run, uint32_t instance);                /* begins, or begins anew */
void gd_serve_event(gd_run *run, uint32_t instance, uint64_t word); /* GD_EV_SERVE */
gd_outcome gd_serve_optional(gd_run *run, uint32_t slot, uint64_t salt);
void gd_serve_expire(gd_run *run, uint32_t slot, uint64_t word); /* GD_EV_EXPIRE */

/* models/serve/whose.c: the value of a request in a segment of the plan, or GD_WHOSE_... */
uint32_t gd_whose(gd_run *run, uint32_t slot, uint32_t by);
uint32_t gd_whose_user(gd_run *run, uint32_t client, uint64_t root_key, uint32_t user, uint32_t by);

/* call.c */
/* Calls `site` from a frame (or a client or user) and waits: `iteration` of the repeat, 0 else. */
void gd_call_begin(gd_run *run, uint32_t site, gd_caller_kind by, uint32_t caller, uint64_t key,
                   uint32_t user, bool last);
void gd_call_follow(gd_run *run, uint32_t slot);               /* GD_EV_CALL */
void gd_call_timer(gd_run *run, uint32_t slot, uint64_t word); /* GD_EV_TIMER */
void gd_call_attempt_ended(gd_run *run, uint32_t slot, gd_reply reply);
void gd_call_granted(gd_run *run, uint32_t slot, unsigned level); /* a parked call may go on */
void gd_call_kill(gd_run *run, uint32_t slot);                    /* its caller is gone */
/* The call has this outcome at the policy `level`: what is below it is given up (and told so, with
 * `tell`), and at this instant the outcome goes up from there. */
void gd_call_answer(gd_run *run, uint32_t slot, unsigned level, gd_outcome outcome, bool tell);
/* One more copy of the call, from the policy below `level` on; its end is `level`'s to judge. */
void gd_call_copy(gd_run *run, uint32_t slot, unsigned level);
/* All copies that are still out are given up. */
void gd_call_copies_stop(gd_run *run, uint32_t slot, bool tell);
/* A handshake of the connection: its end goes to gd_connections_shaken. */
void gd_call_for_connection(gd_run *run, uint32_t site, uint32_t conn, uint64_t key, uint32_t from);
/* Tied copies (guard/hedge.c): one starts; one arrives, and true: another has started and said so;
 * one was taken out of its queue. */
void gd_hedge_tied_starts(gd_run *run, uint32_t slot);
bool gd_hedge_tied_arrives(gd_run *run, uint32_t slot);
void gd_hedge_untied(gd_run *run, uint32_t slot);
/* The call that a copy, or a copy's copy, is of. */
uint32_t gd_call_whole(const gd_run *run, uint32_t slot);
bool gd_call_avoids(gd_run *run, uint32_t slot, uint32_t target);     /* some policy of it does */
void gd_call_state_timer(gd_run *run, uint32_t state, uint64_t word); /* GD_EV_STATE */
/* Who waits for an attempt or a call. */
typedef struct {
    uint32_t caller, caller_age; /* clients: their index and the visitor's ordinal */
    uint8_t by;                  /* gd_caller_kind */
    uint64_t root;               /* clients, after the first call: the request's key; else 0 */
} gd_waiter;
/* Sends one attempt. GD_OK when it is on its way, else why not. *frame is its slot. `last`: the
 * caller does nothing after it, so that what takes no time may go on at once. */
gd_outcome gd_attempt_send(gd_run *run, uint32_t site, gd_waiter who, uint64_t key, bool last,
                           uint32_t *frame);
/* An unguarded call's answer, or a guarded one's: applies `then`, tells who waits. */
void gd_call_conclude(gd_run *run, uint32_t site, gd_waiter who, uint64_t key, gd_time begun,
                      uint32_t attempts, gd_outcome outcome);

/* extra.c: what a request carries and an answer says besides its outcome */
void gd_extra_new(gd_run *run, uint32_t slot, const gd_waiter *who);
void gd_extra_arrived(gd_run *run, uint32_t slot);
/* How far the clock of an instance (GD_NONE: of users) is ahead of the true time. */
gd_span gd_instance_skew(const gd_run *run, uint32_t instance);

/* balance/plain.c */
uint32_t gd_balance_pick(gd_run *run, const gd_plan_site *site, uint32_t from, uint64_t key,
                         uint32_t *op);
/* The caller no longer counts that attempt as its own in flight. */
void gd_balance_ended(gd_run *run, const gd_plan_site *site, uint32_t from, uint32_t instance);
/* balance/pool.c: the same for sites that have pools */
typedef struct {
    uint64_t request; /* its root key */
    uint32_t client, user;
} gd_subject; /* whom a request is for: hashes, resolvers and sticky routing go by it */
uint32_t gd_pool_pick(gd_run *run, const gd_plan_site *site, uint32_t from, uint64_t key,
                      const gd_subject *subject, uint32_t *op);
/* models/serve/isolation.c: the instance for whom a request is, at this try. */
uint32_t gd_isolation_pick(gd_run *run, const gd_plan_service *service, const gd_subject *subject,
                           uint32_t attempt);
void gd_pool_ended(gd_run *run, const gd_plan_site *site, uint32_t from, uint32_t instance,
                   uint32_t user, gd_outcome outcome, gd_span took);
void gd_pool_forget(gd_run *run, uint32_t instance); /* a caller restarts */
void gd_balance_start(gd_run *run);
void gd_balance_tick(gd_run *run, uint32_t index); /* GD_EV_BALANCE */
/* balance/check.c */
void gd_check_ping(gd_run *run, uint32_t slot); /* a shallow probe has arrived */
void gd_check_answered(gd_run *run, uint32_t tick, uint32_t probe, gd_outcome outcome);

/* network.c */
void gd_network_request(gd_run *run, uint32_t slot, uint16_t link, bool last);
void gd_network_reply(gd_run *run, uint32_t slot, bool last);
void gd_network_resend(gd_run *run, uint32_t slot);
/* How long a short message takes from one instance to another; GD_NEVER: the link is cut. */
gd_span gd_network_between(const gd_run *run, uint32_t from, uint32_t to, uint64_t key);
/* A request whose host is gone: the transport tries to connect again and again. */
void gd_network_vanish(gd_run *run, uint32_t slot);

/* client.c */
void gd_client_start(gd_run *run, uint32_t client);
void gd_client_arrival(gd_run *run, uint32_t client, uint64_t word);
void gd_client_phase(gd_run *run, uint32_t client);
/* One more request, or visit, beside the client's own. */
void gd_client_extra(gd_run *run, uint32_t client, uint64_t key, uint32_t ordinal);
void gd_client_rescale(gd_run *run, uint32_t client, gd_share load);
void gd_client_done(gd_run *run, uint32_t site, gd_waiter who, gd_time begun, uint32_t attempts,
                    gd_outcome outcome);
void gd_client_think_over(gd_run *run, uint32_t user);

/* fault/lever.c */
/* What meets a request at its instance: GD_OK, an outcome, or GD_OUTCOMES when it vanishes. */
gd_outcome gd_lever_verdict(gd_run *run, uint32_t slot);
void gd_lever_start(gd_run *run);
void gd_lever_event(gd_run *run, uint32_t fault);
/* The process dies, and a new one is started after that span and its start-up. */
void gd_lever_restart(gd_run *run, uint32_t instance, gd_span after);
void gd_lever_started(gd_run *run, uint32_t instance, uint64_t word);
bool gd_bucket_take(gd_run *run, uint32_t bucket, gd_rate rate, uint32_t burst);
/* A fault's value on what it is on has changed: composes those of its targets anew. */
void gd_lever_refresh(gd_run *run, uint32_t fault, const uint32_t *members, uint32_t n);
void gd_lever_heal(gd_run *run, uint32_t instance); /* GD_EV_HEAL */

/* fault/unit.c: which targets, and when again */
void gd_unit_choose(gd_run *run, uint32_t fault);
void gd_unit_begin(gd_run *run, uint32_t fault);
void gd_unit_end(gd_run *run, uint32_t fault);
void gd_unit_event(gd_run *run, uint32_t unit, uint64_t word); /* GD_EV_UNIT */
/* A process is gone: what its memory held is, and what a restart heals. */
void gd_unit_crashed(gd_run *run, uint32_t instance);
/* Another request at a leaking instance; true when it was the last one. */
bool gd_leak_request(gd_run *run, uint32_t fault, uint32_t position);
gd_share gd_leak_factor(const gd_run *run, uint32_t fault, uint32_t position);

/* fault/active.c: what is on whom, and what an instance's clock and a probe say */
/* The position of a target that the fault is on now, among the fault's; GD_NONE: it is not. */
uint32_t gd_fault_holds(const gd_run *run, uint32_t fault, uint32_t target);
bool gd_fault_is_active(const gd_run *run, uint32_t fault);
/* Some operation met a lever (bits of gd_lever): all faults behind it take note. */
void gd_fault_touch(gd_run *run, gd_target_kind on, uint32_t target, unsigned levers);
/* A message that the transport received twice, and hid. */
void gd_fault_hide(gd_run *run, uint32_t link);
/* Of two independent shares, as thresholds, either: 1 - (1 - a) (1 - b). */
uint64_t gd_share_either(uint64_t a, uint64_t b);
void gd_fault_note(gd_run *run, uint32_t fault, bool begins); /* it begins, or is over */
/* The wall clock as the instance reads it. */
gd_time gd_instance_clock(const gd_run *run, uint32_t instance);
/* Whether a shallow probe of it gets no answer: it hangs, stands still, or all its workers are
 * held, by a fault that is not `silent`. */
bool gd_instance_is_silent(const gd_run *run, uint32_t instance);

/* fault/request.c: what a single request meets */
gd_outcome gd_fault_request(gd_run *run, uint32_t slot);
/* Before it is sent; true when it has been taken care of. */
bool gd_fault_local(gd_run *run, uint32_t slot, uint32_t from);
gd_span gd_fault_cost(gd_run *run, uint32_t slot, gd_span work);
gd_outcome gd_fault_spoil(gd_run *run, uint32_t slot, gd_outcome outcome);
void gd_fault_release(gd_run *run, uint32_t slot); /* a request that was held up is gone */

/* fault/herd.c: who comes */
void gd_herd_event(gd_run *run, uint32_t fault);    /* GD_EV_HERD */
void gd_crowd_refresh(gd_run *run, uint32_t fault); /* clients' load and mix, flags */

/* crash.c, cancel.c */
/* Frames that were looked for, in order of arrival, then of names; never of slots. */
typedef struct {
    gd_time arrived;
    uint64_t key;
    uint32_t slot;
    uint16_t site; /* what a proxy's callers are told apart by */
} gd_found;
/* Requests that a hanging edge has swallowed: gd_found, owned by the caller. */
GArray *gd_frames_swallowed(gd_run *run, uint32_t site);
void gd_instance_crash(gd_run *run, uint32_t instance);
void gd_instance_unhang(gd_run *run, uint32_t instance);
/* The process stands still for that long: work in progress ends later, messages wait. */
void gd_instance_pause(gd_run *run, uint32_t instance, gd_span lasts);
void gd_instance_go_on(gd_run *run, uint32_t instance); /* when that is over */
/* For how long it still stands still; 0: it does not. */
gd_span gd_instance_stands(const gd_run *run, uint32_t instance);
void gd_instance_rescale(gd_run *run, uint32_t instance, gd_share before, gd_share after);
void gd_frame_cancel(gd_run *run, uint32_t slot); /* nobody wants its answer any more */
void gd_frame_cancel_children(gd_run *run, uint32_t slot);
void gd_cancel_send(gd_run *run, uint32_t slot);
void gd_cancel_arrives(gd_run *run, uint32_t cancel);
/* The instance `from` takes a frame out of another's queue, if it still waits there by then. */
void gd_cancel_tied(gd_run *run, uint32_t slot, uint32_t from);
void gd_cancel_untie(gd_run *run, uint32_t slot); /* answered `cancelled`, without service */

/* series.c */
void gd_measure_layout(gd_run *run);   /* the series' memory */
void gd_measure_pointers(gd_run *run); /* into it: after it was copied */
void gd_measure_grow(gd_run *run);     /* room for twice the windows */
/* measure.c */
void gd_measure_window_end(gd_run *run);
/* One breaker of an edge opened (+1) or left the open state (-1). */
void gd_measure_breaker(gd_run *run, uint32_t edge, int change);
/* The phase changes: what was counted so far belongs to the one before. */
void gd_measure_phase(gd_run *run, gd_phase phase);
void gd_measure_happening(gd_run *run, gd_happened what, uint32_t about, uint32_t count);
void gd_measure_request(gd_run *run, uint32_t view);
void gd_measure_view(gd_run *run, uint32_t view, gd_span latency, uint32_t attempts,
                     gd_outcome outcome);
