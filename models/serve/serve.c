/* What a service does to keep itself standing, moment by moment: walks its rows of serve.def. */
#include "models/serve/serve.h"

#include <string.h>

const gd_serve_kind *const gd_serve_kinds[GD_SERVES] = {
#define GD_SERVE(symbol, name) &gd_serve_##name,
#include "models/serve/serve.def"
#undef GD_SERVE
};

typedef struct {
    const gd_plan_serve *row, *end;
    const gd_serve_kind *kind;
    gd_serve_at at;
} walk;

static walk walk_of(gd_run *run, uint32_t instance)
{
    const gd_plan_service *service = &run->plan->services[GD_INSTANCES(run)[instance].service];
    const gd_plan_serve *first = &run->plan->serves[service->serves_first];
    return (walk){
        .row = first,
        .end = first + service->serves_n,
        .at = {.run = run, .instance = instance},
    };
}

static bool next(walk *w)
{
    if (w->row == w->end)
        return false;
    gd_run *run = w->at.run;
    w->kind = gd_serve_kinds[w->row->kind];
    w->at.spec = w->row->spec;
    w->at.counters = w->row->counters;
    w->at.mine = (char *)run->segs[GD_SEG_SERVE].base +
                 (size_t)GD_INSTANCES(run)[w->at.instance].serve * 8 + w->row->at;
    w->row++;
    return true;
}

gd_outcome gd_serve_arrive(gd_run *run, uint32_t slot)
{
    walk w = walk_of(run, GD_FRAMES(run)[slot].instance);
    gd_outcome verdict = GD_OK;
    while (verdict == GD_OK && next(&w))
        if (w.kind->arrive)
            verdict = w.kind->arrive(&w.at, slot);
    return verdict;
}

void gd_serve_enter(gd_run *run, uint32_t slot)
{
    walk w = walk_of(run, GD_FRAMES(run)[slot].instance);
    GD_SIDES(run)[slot].entered = true;
    while (next(&w))
        if (w.kind->enter)
            w.kind->enter(&w.at, slot);
}

void gd_serve_wait(gd_run *run, uint32_t slot)
{
    walk w = walk_of(run, GD_FRAMES(run)[slot].instance);
    while (next(&w))
        if (w.kind->wait)
            w.kind->wait(&w.at, slot);
}

gd_outcome gd_serve_dequeue(gd_run *run, uint32_t slot)
{
    walk w = walk_of(run, GD_FRAMES(run)[slot].instance);
    gd_outcome verdict = GD_OK;
    while (verdict == GD_OK && next(&w))
        if (w.kind->dequeue)
            verdict = w.kind->dequeue(&w.at, slot);
    return verdict;
}

void gd_serve_start(gd_run *run, uint32_t slot)
{
    walk w = walk_of(run, GD_FRAMES(run)[slot].instance);
    while (next(&w))
        if (w.kind->start)
            w.kind->start(&w.at, slot);
}

gd_span gd_serve_slow(gd_run *run, uint32_t instance, gd_span work)
{
    walk w = walk_of(run, instance);
    while (next(&w))
        if (w.kind->slow)
            work = w.kind->slow(&w.at, work);
    return work;
}

void gd_serve_finish(gd_run *run, uint32_t slot, gd_outcome outcome)
{
    walk w = walk_of(run, GD_FRAMES(run)[slot].instance);
    if (!GD_SIDES(run)[slot].entered)
        return;
    GD_SIDES(run)[slot].entered = false;
    while (next(&w))
        if (w.kind->finish)
            w.kind->finish(&w.at, slot, outcome);
}

void gd_serve_busy(gd_run *run, uint32_t instance)
{
    walk w = walk_of(run, instance);
    while (next(&w))
        if (w.kind->busy)
            w.kind->busy(&w.at);
}

gd_outcome gd_serve_optional(gd_run *run, uint32_t slot, uint64_t salt)
{
    walk w = walk_of(run, GD_FRAMES(run)[slot].instance);
    while (next(&w))
        if (w.kind->optional)
            return w.kind->optional(&w.at, slot, salt);
    return GD_OK;
}

/* The row that orders the queue, where the service has a discipline of its own. */
static walk order_of(gd_run *run, uint32_t instance)
{
    walk w = walk_of(run, instance);
    while (next(&w))
        if (w.kind->push)
            return w;
    g_assert_not_reached();
}

void gd_serve_push(gd_run *run, uint32_t slot)
{
    walk w = order_of(run, GD_FRAMES(run)[slot].instance);
    w.kind->push(&w.at, slot);
}

uint32_t gd_serve_pop(gd_run *run, uint32_t instance)
{
    walk w = order_of(run, instance);
    return w.kind->pop(&w.at);
}

void gd_serve_drop(gd_run *run, uint32_t slot)
{
    walk w = order_of(run, GD_FRAMES(run)[slot].instance);
    w.kind->drop(&w.at, slot);
}

gd_time gd_serve_oldest(gd_run *run, uint32_t instance)
{
    walk w = order_of(run, instance);
    return w.kind->oldest(&w.at);
}

void gd_serve_reset(gd_run *run, uint32_t instance)
{
    walk w = walk_of(run, instance);
    const gd_plan_service *service = &run->plan->services[GD_INSTANCES(run)[instance].service];
    if (service->serve_bytes)
        memset((char *)run->segs[GD_SEG_SERVE].base + (size_t)GD_INSTANCES(run)[instance].serve * 8,
               0, service->serve_bytes);
    while (next(&w))
        if (w.kind->reset)
            w.kind->reset(&w.at);
}

void gd_serve_event(gd_run *run, uint32_t instance, uint64_t word)
{
    walk w = walk_of(run, instance);
    while (next(&w)) {
        if (!w.kind->timer || *(const uint64_t *)w.at.mine != word)
            continue;
        *(uint64_t *)w.at.mine = 0;
        gd_fold(run, run->plan->instances[instance].salt, GD_EV_SERVE, w.row[-1].kind);
        w.kind->timer(&w.at);
        return;
    }
}

void gd_serve_expire(gd_run *run, uint32_t slot, uint64_t word)
{
    const gd_frame *frame = &GD_FRAMES(run)[slot];
    if (!(frame->flags & GD_F_QUEUED) || GD_SIDES(run)[slot].word != word)
        return; /* it has been served, or the slot serves another */
    gd_span stands = gd_instance_stands(run, frame->instance);
    if (stands > 0) { /* it is seen when the process goes on */
        GD_SIDES(run)
        [slot].word = gd_agenda_push(&run->agenda, gd_time_add(run->now, stands), GD_RANK_TIMER,
                                     GD_EV_EXPIRE, slot);
        return;
    }
    GD_SIDES(run)[slot].word = 0;
    gd_fold(run, run->plan->services[GD_INSTANCES(run)[frame->instance].service].salt, GD_EV_EXPIRE,
            frame->key);
    walk w = walk_of(run, frame->instance);
    while (next(&w))
        if (w.kind->expired)
            w.kind->expired(&w.at);
    gd_station_expel(run, slot, GD_SHED);
}
