/* An instance's process is gone, hangs, or goes on; and what becomes of what it had. */
#include "tests/naive/world.h"

static gint by_arrival(gconstpointer a, gconstpointer b)
{
    const nv_task *x = *(nv_task *const *)a, *y = *(nv_task *const *)b;
    if (x->arrived_at != y->arrived_at)
        return x->arrived_at < y->arrived_at ? -1 : 1;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->site < y->site ? -1 : x->site > y->site;
}

static gint by_begin(gconstpointer a, gconstpointer b)
{
    const nv_call *x = *(nv_call *const *)a, *y = *(nv_call *const *)b;
    if (x->begun != y->begun)
        return x->begun < y->begun ? -1 : 1;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->site < y->site ? -1 : x->site > y->site;
}

GPtrArray *nv_tasks_where(nv_world *w, bool (*wanted)(const nv_task *, uint32_t), uint32_t about)
{
    GPtrArray *found = g_ptr_array_new();
    for (guint i = 0; i < w->tasks->len; i++)
        if (wanted(w->tasks->pdata[i], about))
            g_ptr_array_add(found, w->tasks->pdata[i]);
    g_ptr_array_sort(found, by_arrival);
    return found;
}

static bool is_there(const nv_task *task, uint32_t at)
{
    return task->instance == at && task->arrived && !task->replying;
}

/* Its callers hear `reset`, or nothing. */
static void lose(nv_world *w, nv_task *task, gd_crash_mode mode)
{
    nv_task_desert(task);
    task->hung = task->worker = task->queued = task->continues = task->working = false;
    if (task->event)
        nv_hollow(w, task->event);
    task->event = NULL;
    if (task->strand || mode == GD_CRASH_SILENT) {
        nv_task_gone(w, task);
        return;
    }
    task->outcome = GD_RESET;
    nv_reply_sent(w, task);
}

/* Policies and balancers of a new process know nothing. */
static void forget(nv_world *w, uint32_t at)
{
    for (uint32_t i = 0; i < w->plan->n_sites; i++) {
        const gd_plan_site *site = &w->plan->sites[i];
        if (site->client != GD_NONE || site->caller_service != w->plan->instances[at].service)
            continue;
        if (nv_memory_of(w, i, at)->breaker.state == 1)
            nv_breaker_moved(w, site->edge, -1);
        nv_memory_forget(w, i, at);
    }
}

static void empty(nv_world *w, uint32_t at, const GPtrArray *tasks)
{
    nv_instance *instance = &w->instances[at];
    int queued = 0, system = 0;
    bool shared = nv_service_of(w, at)->discipline == GD_PS;
    for (guint i = 0; i < tasks->len; i++) {
        const nv_task *task = tasks->pdata[i];
        queued += task->queued;
        system += !task->strand;
    }
    if (shared)
        queued = (int)instance->queued;
    nv_gauge_move(w, w->plan->instances[at].service, -(int)instance->busy, -queued, -system);
    instance->busy = instance->queued = 0;
    g_queue_clear(instance->queue);
    g_queue_clear(instance->lane);
    g_queue_clear(instance->sharing);
    nv_drop(w, instance->shared_event);
    instance->shared_event = NULL;
    instance->shared_at = w->now;
}

void nv_crash(nv_world *w, uint32_t at)
{
    const gd_plan_service *service = nv_service_of(w, at);
    uint32_t index = w->plan->instances[at].service;
    nv_fold(w, w->plan->instances[at].salt, NV_LEVER, 1);
    nv_happened(w, GD_HAPPENED_CRASHED, index, w->plan->instances[at].ordinal);
    GPtrArray *tasks = nv_tasks_where(w, is_there, at), *calls = g_ptr_array_new();
    for (guint i = 0; i < w->calls->len; i++) {
        nv_call *call = w->calls->pdata[i];
        if (call->from == at)
            g_ptr_array_add(calls, call);
    }
    g_ptr_array_sort(calls, by_begin);
    empty(w, at, tasks);
    for (guint i = 0; i < calls->len; i++) {
        nv_call *call = calls->pdata[i];
        if (call->who.task && !call->deserted)
            nv_task_forget(call->who.task, NULL, call);
        nv_call_kill(w, call);
    }
    for (guint i = 0; i < tasks->len; i++) {
        nv_task *task = tasks->pdata[i];
        nv_service *record = &w->result->services[index];
        bool queued = task->queued;
        if (nv_measuring(w) && !task->strand) {
            record->crashed++;
            record->outcomes[GD_RESET]++;
        }
        lose(w, task, queued ? service->crash_queued : service->crash_running);
    }
    forget(w, at);
    g_ptr_array_unref(tasks);
    g_ptr_array_unref(calls);
}

static bool is_hung(const nv_task *task, uint32_t at)
{
    return is_there(task, at) && task->hung;
}

void nv_unhang(nv_world *w, uint32_t at)
{
    GPtrArray *tasks = nv_tasks_where(w, is_hung, at);
    for (guint i = 0; i < tasks->len; i++) {
        nv_task *task = tasks->pdata[i];
        task->hung = false;
        nv_at_once(w, nv_task_run, task); /* the step it hung in begins again, or is concluded */
    }
    g_ptr_array_unref(tasks);
    if (nv_service_of(w, at)->discipline == GD_PS)
        nv_shared_wake(w, at);
}

static bool is_at_work(const nv_task *task, uint32_t at)
{
    return is_there(task, at) && task->working && task->event;
}

void nv_rescale(nv_world *w, uint32_t at, gd_share before, gd_share after)
{
    if (nv_service_of(w, at)->discipline == GD_PS) {
        if (before > 0)
            nv_shared_rescale(w, at, before, after);
        return;
    }
    GPtrArray *tasks = nv_tasks_where(w, is_at_work, at);
    for (guint i = 0; i < tasks->len; i++) {
        nv_task *task = tasks->pdata[i];
        gd_i128 remains = task->event->at - w->now;
        remains = before > 0 ? remains * after / before : remains;
        nv_drop(w, task->event);
        task->event = nv_at(w, gd_time_add(w->now, (gd_span)MIN(remains, GD_NEVER)), NV_RANK_REPLY,
                            nv_task_worked, task, 0);
    }
    g_ptr_array_unref(tasks);
}
