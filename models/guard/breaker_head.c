/* What all breakers share. */
#include "models/guard/breaker.h"

void gd_breaker_enter(const gd_policy_at *at, unsigned state)
{
    gd_breaker_head *b = at->state;
    gd_run *run = at->run;
    uint32_t edge = at->site->edge;
    if ((b->state == GD_OPEN) != (state == GD_OPEN))
        gd_measure_breaker(run, edge, state == GD_OPEN ? 1 : -1);
    if (state == GD_CLOSED) {
        gd_measure_happening(run, GD_HAPPENED_BREAKER_CLOSED, edge, 0);
        b->openings = 0;
    } else if (state == GD_OPEN) {
        b->openings += b->openings < UINT32_MAX;
    }
    b->state = state;
    b->generation += b->generation == UINT32_MAX ? 2 : 1;
    b->until = GD_NEVER;
    b->permits = 0;
}

gd_verdict gd_breaker_refuse(const gd_policy_at *at, gd_reply *reply)
{
    GD_EDGES(at->run)[at->site->edge].breaker_refused++;
    reply->outcome = GD_BREAKER_OPEN;
    return GD_END;
}

gd_span gd_breaker_wait(const gd_breaker_head *head, gd_span base, gd_share growth, gd_span most)
{
    gd_span wait = base;
    if (growth <= GD_SHARE_ONE)
        return most > 0 && wait > most ? most : wait;
    for (uint32_t i = 1; i < head->openings && wait != GD_NEVER; i++) {
        gd_span longer = gd_share_of(wait, growth);
        if (longer == wait || (most > 0 && wait >= most))
            break;
        wait = longer;
    }
    return most > 0 && wait > most ? most : wait;
}

bool gd_breaker_is_current(const gd_policy_at *at)
{
    const gd_breaker_head *b = at->state;
    gd_breaker_call *mine = at->mine;
    bool current = mine->ticket != 0 && mine->ticket == b->generation;
    mine->ticket = 0;
    return current;
}

gd_verdict gd_breaker_admit_one(const gd_policy_at *at, gd_reply *reply, gd_span open_for)
{
    gd_breaker_head *b = at->state;
    gd_breaker_call *mine = at->mine;
    gd_time now = at->run->now;
    if (b->generation == 0)
        b->generation = 1;
    if (b->state == GD_OPEN && now >= b->until) {
        gd_breaker_enter(at, GD_HALF_OPEN);
        b->permits = 1;
        b->until = gd_time_add(now, open_for);
    } else if (b->state == GD_HALF_OPEN && now >= b->until && b->permits == 0) {
        b->permits = 1; /* its trial has not come back: another one */
        b->until = gd_time_add(now, open_for);
    }
    if (b->state == GD_OPEN || (b->state == GD_HALF_OPEN && b->permits == 0))
        return gd_breaker_refuse(at, reply);
    b->permits -= b->state == GD_HALF_OPEN;
    mine->ticket = b->generation;
    mine->admitted = now;
    return GD_PASS;
}

void gd_breaker_cancelled(const gd_policy_at *at)
{
    gd_breaker_head *b = at->state;
    if (gd_breaker_is_current(at) && b->state == GD_HALF_OPEN)
        b->permits++;
}

/* The caller restarts: a new breaker is closed. */
void gd_breaker_forget(const gd_policy_at *at)
{
    if (((const gd_breaker_head *)at->state)->state == GD_OPEN)
        gd_measure_breaker(at->run, at->site->edge, -1);
}

unsigned gd_breaker_get_state(const void *state)
{
    return ((const gd_breaker_head *)state)->state;
}
