/* An operation at an instance, from its arrival to its answer. */
#include "tests/naive/world.h"

nv_task *nv_task_new(nv_world *w)
{
    nv_task *task = nv_make(w, nv_task);
    task->children = g_ptr_array_new();
    g_ptr_array_add(w->tasks, task);
    w->live++;
    return task;
}

void nv_task_gone(nv_world *w, nv_task *task)
{
    g_assert(!task->gone);
    nv_task_desert(task);
    task->gone = true;
    g_ptr_array_remove(w->tasks, task);
    g_ptr_array_unref(task->children);
    task->children = NULL;
    w->live--;
}

void nv_task_child(nv_world *w, nv_task *parent, nv_task *task, nv_call *call)
{
    nv_child *child = nv_make(w, nv_child);
    *child = (nv_child){task, call};
    g_ptr_array_add(parent->children, child);
}

void nv_task_forget(nv_task *parent, const nv_task *task, const nv_call *call)
{
    for (guint i = 0; i < parent->children->len; i++) {
        const nv_child *child = parent->children->pdata[i];
        if (child->task == task && child->call == call) {
            g_ptr_array_remove_index(parent->children, i);
            return;
        }
    }
}

void nv_task_desert(nv_task *task)
{
    for (guint i = 0; i < task->children->len; i++) {
        nv_child *child = task->children->pdata[i];
        if (child->task)
            child->task->deserted = true;
        else
            child->call->deserted = true;
    }
    g_ptr_array_set_size(task->children, 0);
}

static nv_service *record_of(nv_world *w, const nv_task *task)
{
    return &w->result->services[w->plan->instances[task->instance].service];
}

static nv_service_window *window_of(nv_world *w, const nv_task *task)
{
    return &w->service_now[w->plan->instances[task->instance].service];
}

/* ---- arrival -----------------------------------------------------------------------------------
 */
void nv_task_request(nv_world *w, void *subject, unsigned level)
{
    (void)level;
    nv_task *task = subject;
    task->event = NULL;
    if (task->overtaken) {
        nv_task_gone(w, task);
        return;
    }
    task->arrived_at = w->now;
    gd_outcome verdict = nv_verdict_on(w, task);
    if (verdict == GD_OUTCOMES) {
        task->swallowed = true;
        return;
    }
    task->arrived = true;
    nv_fold(w, nv_service_of(w, task->instance)->salt, NV_REQUEST, task->key);
    if (nv_measuring(w)) {
        record_of(w, task)->arrivals++;
        window_of(w, task)->arrivals++;
    }
    if (verdict == GD_OK)
        nv_station_admit(w, task);
    else
        nv_task_answer(w, task, verdict);
}

void nv_task_answer(nv_world *w, nv_task *task, gd_outcome outcome)
{
    if (nv_measuring(w)) {
        record_of(w, task)->rejected++;
        record_of(w, task)->outcomes[outcome]++;
        window_of(w, task)->rejected++;
    }
    task->outcome = outcome;
    nv_reply_sent(w, task);
}

/* ---- work --------------------------------------------------------------------------------------
 */
/* Nobody waits for what it does: someone on the way up to the user has given up. */
static bool is_wasted(const nv_task *task)
{
    while (task) {
        if (task->deserted)
            return true;
        const nv_call *call = task->who.call;
        if (call && call->deserted)
            return true;
        task = call ? call->who.task : task->who.task;
    }
    return false;
}

void nv_task_account(nv_world *w, nv_task *task, gd_span work)
{
    if (!nv_measuring(w))
        return;
    record_of(w, task)->work += (gd_u128)work;
    if (is_wasted(task))
        record_of(w, task)->wasted += (gd_u128)work;
}

void nv_task_worked(nv_world *w, void *subject, unsigned level)
{
    (void)level;
    nv_task *task = subject;
    task->event = NULL;
    task->working = false;
    if (w->instances[task->instance].hung) {
        task->hung = true;
        return;
    }
    const gd_plan_service *service = nv_service_of(w, task->instance);
    nv_fold(w, service->salt, NV_WORKED, task->key);
    gd_span work = w->now - task->mark;
    nv_task_account(w, task, work);
    task->pc++;
    if (service->async) {
        if (nv_measuring(w))
            nv_tally_add(&record_of(w, task)->service, work);
        if (w->plan->steps[task->pc].kind != GD_STEP_WORK) {
            task->worker = false;
            nv_station_release(w, task->instance);
        }
    }
    nv_task_run(w, task, 0);
}

void nv_task_waited(nv_world *w, void *subject, unsigned level)
{
    (void)level;
    nv_task *task = subject;
    task->event = NULL;
    if (w->instances[task->instance].hung) {
        task->hung = true;
        return;
    }
    nv_fold(w, nv_service_of(w, task->instance)->salt, NV_WAITED, task->key);
    task->pc++;
    nv_task_run(w, task, 0);
}

/* ---- the end -----------------------------------------------------------------------------------
 */
static void strand_finish(nv_world *w, nv_task *task)
{
    if (task->worker) {
        task->worker = false;
        nv_station_release(w, task->instance);
    }
    nv_at_once(w, nv_strand_done, task);
}

void nv_task_finish(nv_world *w, nv_task *task, gd_outcome outcome)
{
    task->outcome = outcome == GD_OK && task->degraded ? GD_DEGRADED : outcome;
    if (task->strand) {
        strand_finish(w, task);
        return;
    }
    nv_service *record = record_of(w, task);
    nv_gauge_move(w, w->plan->instances[task->instance].service, 0, 0, -1);
    if (nv_measuring(w)) {
        record->completed++;
        record->outcomes[task->outcome]++;
        window_of(w, task)->completed++;
        nv_tally_add(&record->sojourn, w->now - task->arrived_at);
        if (!nv_service_of(w, task->instance)->async && task->worker)
            nv_tally_add(&record->service, w->now - task->started_at);
    }
    bool worker = task->worker;
    task->worker = false;
    task->replying = true;
    if (worker)
        nv_station_release(w, task->instance);
    nv_reply_sent(w, task);
}

void nv_strand_done(nv_world *w, void *subject, unsigned level)
{
    (void)level;
    nv_task *task = subject;
    if (task->gone)
        return;
    nv_task *parent = task->deserted ? NULL : task->who.task;
    nv_task_gone(w, task);
    if (parent) {
        nv_task_forget(parent, task, NULL);
        nv_task_branch_done(w, parent, task->outcome);
    }
}

void nv_task_reply(nv_world *w, void *subject, unsigned level)
{
    (void)level;
    nv_task *task = subject;
    const gd_plan_site *site = &w->plan->sites[task->site];
    nv_edge *edge = &w->result->edges[site->edge];
    nv_fold(w, site->hash, NV_ANSWER, task->key + task->outcome);
    task->event = NULL;
    bool deserted = task->deserted;
    nv_task_gone(w, task);
    if (task->who.call) {
        if (!deserted) {
            nv_balance_ended(w, task);
            nv_call_attempt_ended(w, task->who.call, task->outcome);
        } else {
            edge->late += nv_measuring(w);
        }
        return;
    }
    edge->tries[task->outcome] += nv_measuring(w);
    if (!deserted) {
        nv_balance_ended(w, task);
        if (task->who.task)
            nv_task_forget(task->who.task, task, NULL);
    }
    gd_time begun = task->who.task && !deserted ? task->who.task->mark : task->begun;
    nv_call_concluded(w, task->site, task->who, deserted, task->request, task->key, begun, 1,
                      task->outcome);
}
