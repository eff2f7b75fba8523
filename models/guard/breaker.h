/* What all breakers share: three states, a ticket for each call, and what is measured of them.
 * Each kind has a window of its own and its own verdict: breaker.c (resilience4j), hystrix.c,
 * polly.c, consecutive.c.
 */
#pragma once

#include "models/guard/policy.h"

enum { GD_CLOSED, GD_OPEN, GD_HALF_OPEN };

/* First of each breaker's state. */
typedef struct {
    uint64_t word; /* of its timer, where it has one */
    gd_time until; /* OPEN: no call before; HALF_OPEN: the longest it lasts */
    uint32_t state;
    uint32_t generation; /* the ticket of this state, from 1; 0: not used yet */
    uint32_t permits;    /* HALF_OPEN: trials that may still be sent */
    uint32_t openings;   /* in a row: since it was last closed */
} gd_breaker_head;

/* For each call. */
typedef struct {
    uint32_t ticket; /* 0: none */
    uint32_t spare;
    gd_time admitted;
} gd_breaker_call;

/* Enters a state: a new generation, so that an answer to a call that was admitted before says
 * nothing about it (sony/gobreaker's generations). `until` and `permits` are the caller's to set.
 */
void gd_breaker_enter(const gd_policy_at *at, unsigned state);
/* The answer of a breaker that lets nothing through. */
gd_verdict gd_breaker_refuse(const gd_policy_at *at, gd_reply *reply);
/* base x growth^(openings - 1), at most `most` (0: no limit). */
gd_span gd_breaker_wait(const gd_breaker_head *head, gd_span base, gd_share growth, gd_span most);
/* Whether a call's ticket is of the present state; takes it. */
bool gd_breaker_is_current(const gd_policy_at *at);
/* A kind whose half-open state lets one trial through at a time, for its `admit`. GD_PASS: send it.
 * `open_for` is for how long it waits for a trial that does not come back before the next. */
gd_verdict gd_breaker_admit_one(const gd_policy_at *at, gd_reply *reply, gd_span open_for);
/* The moments that all kinds have alike. */
void gd_breaker_cancelled(const gd_policy_at *at);
void gd_breaker_forget(const gd_policy_at *at);
