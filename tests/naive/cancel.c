/* Nobody wants an answer any more, and says so: a message that travels like any other. Whether the
 * service stops is its own affair. */
#include "tests/naive/world.h"

static void cancel_task(nv_world *w, nv_task *task);

/* An attempt that no call follows: its caller is gone, and no answer will come. */
static void unanswered(nv_world *w, const nv_task *task)
{
    if (task->strand || task->who.call || !task->who.task || !nv_measuring(w))
        return;
    nv_edge *edge = &w->result->edges[w->plan->sites[task->site].edge];
    edge->tries[GD_CANCELLED]++;
    edge->outcomes[GD_CANCELLED]++;
}

static void arrives(nv_world *w, void *subject, unsigned level)
{
    (void)level;
    nv_task *task = subject;
    w->live--;
    if (task->gone || task->replying || task->overtaken)
        return;
    const gd_plan_service *service = nv_service_of(w, task->instance);
    nv_fold(w, service->salt, NV_CANCEL, task->key);
    if (!task->arrived) {
        task->overtaken = true;
        unanswered(w, task);
    } else if (service->cancel == GD_CANCEL_IMMEDIATE || task->queued) {
        cancel_task(w, task);
    }
}

void nv_cancel_send(nv_world *w, nv_task *task)
{
    const gd_plan_link *link = &w->plan->links[task->there];
    if (task->gone || task->replying || nv_service_of(w, task->instance)->cancel == GD_CANCEL_NONE)
        return;
    gd_span delay = link->constant;
    if (!link->is_constant && link->latency != GD_NONE)
        delay = gd_dist_sample(&w->plan->dists[link->latency],
                               gd_mix(gd_mix_n(task->key, 1), NV_SALT_REQUEST));
    nv_effect there = nv_effect_on(w, GD_ON_LINKS, task->there);
    nv_effect edge = nv_effect_on(w, GD_ON_SITES, task->site);
    if (there.cut)
        return; /* it is lost, and nobody sends it again */
    delay = gd_time_add(gd_share_of(delay, there.factor), there.added);
    delay = gd_time_add(gd_share_of(delay, edge.factor), edge.added);
    w->live++;
    if (delay == 0)
        nv_at_once(w, arrives, task);
    else
        nv_at(w, gd_time_add(w->now, delay), NV_RANK_ARRIVAL, arrives, task, 0);
}

static gint by_key(gconstpointer a, gconstpointer b)
{
    const nv_child *x = *(nv_child *const *)a, *y = *(nv_child *const *)b;
    uint64_t one = x->task ? x->task->key : x->call->key;
    uint64_t two = y->task ? y->task->key : y->call->key;
    if (one != two)
        return one < two ? -1 : 1;
    uint32_t here = x->task ? x->task->site : x->call->site;
    uint32_t there = y->task ? y->task->site : y->call->site;
    return here < there ? -1 : here > there;
}

void nv_cancel_children(nv_world *w, nv_task *task)
{
    GPtrArray *children = g_ptr_array_copy(task->children, NULL, NULL);
    g_ptr_array_sort(children, by_key);
    for (guint i = 0; i < children->len; i++) {
        const nv_child *child = children->pdata[i];
        if (child->call) {
            nv_call_kill(w, child->call);
            child->call->deserted = true;
            nv_task_forget(task, NULL, child->call);
        } else if (child->task->strand) {
            nv_task_forget(task, child->task, NULL);
            cancel_task(w, child->task);
        } else {
            nv_cancel_send(w, child->task);
        }
    }
    g_ptr_array_unref(children);
}

static void cancel_task(nv_world *w, nv_task *task)
{
    uint32_t at = task->instance, service = w->plan->instances[at].service;
    bool worker = task->worker;
    nv_cancel_children(w, task);
    if (!task->strand) {
        nv_gauge_move(w, service, 0, 0, -1);
        w->result->services[service].outcomes[GD_CANCELLED] += nv_measuring(w);
    }
    if (task->queued)
        nv_station_leave_queue(w, task);
    if (worker && nv_service_of(w, at)->discipline == GD_PS) {
        nv_shared_remove(w, task);
        worker = false;
    }
    task->worker = false;
    if (task->event)
        nv_hollow(w, task->event);
    unanswered(w, task);
    nv_task_gone(w, task);
    if (worker)
        nv_station_release(w, at);
}
