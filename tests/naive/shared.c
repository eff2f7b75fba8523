/* Processor sharing: n jobs at work on k workers each advance at min(1, k / n).
 *
 * What a job still needs is kept in 2^-12 ns; at each change of n every job loses the same share of
 * the time that has passed, rounded down, and a completion is due at the next whole ns. The job
 * whose completion comes up is done, whatever rounding left of it, and the others gain that too.
 */
#include "tests/naive/world.h"

#define BITS 12

static void advance(nv_world *w, uint32_t at)
{
    nv_instance *instance = &w->instances[at];
    guint n = instance->sharing->length;
    gd_u128 each = (gd_u128)(w->now - instance->shared_at) << BITS;
    instance->shared_at = w->now;
    if (instance->hung || n == 0)
        return;
    uint32_t workers = nv_service_of(w, at)->workers;
    if (n > workers)
        each = each * workers / n;
    for (GList *i = instance->sharing->head; i; i = i->next) {
        nv_task *task = i->data;
        task->left -= (gd_i128)each;
    }
}

static nv_task *first_done(const nv_instance *instance)
{
    nv_task *best = NULL;
    for (GList *i = instance->sharing->head; i; i = i->next) {
        nv_task *task = i->data;
        if (!best || task->left < best->left) /* of equals the one that came first */
            best = task;
    }
    return best;
}

static void done(nv_world *w, void *subject, unsigned at);

static void schedule(nv_world *w, uint32_t at)
{
    nv_instance *instance = &w->instances[at];
    nv_drop(w, instance->shared_event);
    instance->shared_event = NULL;
    nv_task *next = first_done(instance);
    if (!next || instance->hung)
        return;
    guint n = instance->sharing->length;
    uint32_t workers = nv_service_of(w, at)->workers;
    gd_u128 need = next->left > 0 ? (gd_u128)next->left : 0;
    if (n > workers)
        need = (need * n + workers - 1) / workers;
    gd_span wait = (gd_span)((need + ((1u << BITS) - 1)) >> BITS);
    instance->shared_event = nv_at(w, gd_time_add(w->now, wait), NV_RANK_REPLY, done, instance, at);
}

static void count(nv_world *w, uint32_t at)
{
    nv_instance *instance = &w->instances[at];
    guint n = instance->sharing->length;
    uint32_t busy = MIN(n, nv_service_of(w, at)->workers), queued = n - busy;
    nv_gauge_move(w, w->plan->instances[at].service, (int)(busy - instance->busy),
                  (int)(queued - instance->queued), 0);
    instance->busy = busy;
    instance->queued = queued;
    nv_queue_seen(w, at);
}

void nv_shared_add(nv_world *w, nv_task *task, gd_span work)
{
    uint32_t at = task->instance;
    nv_service *record = &w->result->services[w->plan->instances[at].service];
    if (task->arrived_at == w->now && nv_measuring(w))
        nv_tally_add(&record->wait, 0);
    advance(w, at);
    task->left = (gd_i128)work << BITS;
    task->worker = true;
    g_queue_push_tail(w->instances[at].sharing, task);
    count(w, at);
    schedule(w, at);
}

void nv_shared_remove(nv_world *w, nv_task *task)
{
    advance(w, task->instance);
    g_queue_remove(w->instances[task->instance].sharing, task);
    task->worker = false;
    count(w, task->instance);
    schedule(w, task->instance);
}

static void done(nv_world *w, void *subject, unsigned at)
{
    nv_instance *instance = subject;
    instance->shared_event = NULL;
    advance(w, at);
    nv_task *task = first_done(instance);
    gd_i128 rest = MAX(task->left, 0);
    g_queue_remove(instance->sharing, task);
    for (GList *i = instance->sharing->head; i; i = i->next) {
        nv_task *other = i->data;
        other->left -= rest;
    }
    count(w, at);
    schedule(w, at);

    task->worker = false;
    nv_service *record = &w->result->services[w->plan->instances[at].service];
    nv_fold(w, nv_service_of(w, at)->salt, NV_WORKED, task->key);
    nv_task_account(w, task, task->work);
    if (nv_measuring(w))
        nv_tally_add(&record->service, task->work);
    task->pc++;
    nv_task_run(w, task, 0);
}

void nv_shared_pause(nv_world *w, uint32_t at)
{
    advance(w, at);
    nv_drop(w, w->instances[at].shared_event);
    w->instances[at].shared_event = NULL;
}

void nv_shared_wake(nv_world *w, uint32_t at)
{
    w->instances[at].shared_at = w->now;
    schedule(w, at);
}

void nv_shared_rescale(nv_world *w, uint32_t at, gd_share was, gd_share is)
{
    advance(w, at);
    for (GList *i = w->instances[at].sharing->head; i; i = i->next) {
        nv_task *task = i->data;
        task->left = MIN(task->left * is / was, (gd_i128)GD_NEVER);
    }
    schedule(w, at);
}
