/* Workers and queues of an instance, from the documents' words: a worker takes the oldest, the
 * newest or the best; what goes on in an async service waits in a lane that is served before
 * arrivals; a better class interrupts work of a worse one. */
#include "tests/naive/world.h"

#define CLASSES 8u

static uint32_t service_index(const nv_world *w, const nv_task *task)
{
    return w->plan->instances[task->instance].service;
}

static unsigned class_of(const nv_world *w, const nv_task *task)
{
    return MIN(w->plan->ops[task->op].priority, CLASSES - 1);
}

static const gd_step *step_of(const nv_world *w, const nv_task *task)
{
    return &w->plan->steps[task->pc];
}

/* Where a task stands in the queue of an instance with classes: before the first that is of a worse
 * class; within its own, interrupted work first of all, then work that goes on, then arrivals. */
static bool stands_before(const nv_world *w, const nv_task *task, const nv_task *other)
{
    unsigned mine = class_of(w, task), its = class_of(w, other);
    if (mine != its)
        return mine < its;
    if (task->interrupted)
        return true;
    return task->continues && !other->continues;
}

static void enqueue(nv_world *w, nv_task *task)
{
    nv_instance *instance = &w->instances[task->instance];
    const gd_plan_service *service = nv_service_of(w, task->instance);
    task->queued = true;
    if (service->discipline == GD_LIFO) {
        g_queue_push_head(instance->queue, task);
    } else if (service->discipline == GD_PRIORITY) {
        GList *at = instance->queue->head;
        while (at && !stands_before(w, task, at->data))
            at = at->next;
        if (at)
            g_queue_insert_before(instance->queue, at, task);
        else
            g_queue_push_tail(instance->queue, task);
    } else {
        g_queue_push_tail(instance->queue, task);
    }
    instance->queued++;
    nv_gauge_move(w, service_index(w, task), 0, 1, 0);
    nv_queue_seen(w, task->instance);
}

void nv_station_leave_queue(nv_world *w, nv_task *task)
{
    nv_instance *instance = &w->instances[task->instance];
    if (g_queue_remove(instance->queue, task))
        instance->queued--;
    else
        g_queue_remove(instance->lane, task);
    task->queued = task->continues = false;
    nv_gauge_move(w, service_index(w, task), 0, -1, 0);
}

void nv_station_begin(nv_world *w, nv_task *task)
{
    task->mark = w->now;
    if (w->instances[task->instance].hung) {
        task->hung = true;
        return;
    }
    gd_span work = task->remaining;
    if (!task->interrupted)
        work = nv_task_work_time(w, task, step_of(w, task));
    task->interrupted = false;
    task->remaining = 0;
    task->work = work;
    if (nv_service_of(w, task->instance)->discipline == GD_PS) {
        nv_shared_add(w, task, work);
        return;
    }
    task->working = true;
    task->event = nv_at(w, gd_time_add(w->now, work), NV_RANK_REPLY, nv_task_worked, task, 0);
}

/* A worker takes it. */
static void start(nv_world *w, nv_task *task)
{
    nv_service *record = &w->result->services[service_index(w, task)];
    bool first = !task->continues;
    w->instances[task->instance].busy++;
    nv_gauge_move(w, service_index(w, task), 1, 0, 0);
    task->worker = true;
    task->queued = task->continues = false;
    if (first && nv_measuring(w))
        nv_tally_add(&record->wait, w->now - task->arrived_at);
    if (first)
        task->started_at = w->now;
    if (step_of(w, task)->kind == GD_STEP_WORK)
        nv_station_begin(w, task);
    else
        nv_at_once(w, nv_task_run, task);
}

static void shed(nv_world *w, nv_task *task)
{
    nv_happened(w, GD_HAPPENED_QUEUE_FULL, service_index(w, task), 0);
    nv_task_answer(w, task, GD_SHED);
}

/* Who is interrupted: of those at work, not just done, the worst class, then the latest begun. */
static nv_task *worst_at_work(nv_world *w, const nv_task *than)
{
    nv_task *worst = NULL;
    for (guint i = 0; i < w->tasks->len; i++) {
        nv_task *task = w->tasks->pdata[i];
        if (task->instance != than->instance || !task->worker || !task->working || !task->event ||
            task->event->at == w->now || class_of(w, task) <= class_of(w, than))
            continue;
        if (!worst || class_of(w, task) > class_of(w, worst) ||
            (class_of(w, task) == class_of(w, worst) &&
             (task->mark > worst->mark || (task->mark == worst->mark && task->key > worst->key))))
            worst = task;
    }
    return worst;
}

static void interrupt(nv_world *w, nv_task *task)
{
    task->remaining = task->event->at - w->now;
    task->interrupted = task->continues = true;
    nv_drop(w, task->event);
    task->event = NULL;
    task->working = task->worker = false;
    nv_task_account(w, task, w->now - task->mark);
    w->instances[task->instance].busy--;
    nv_gauge_move(w, service_index(w, task), -1, 0, 0);
    enqueue(w, task);
}

static void admit_shared(nv_world *w, nv_task *task)
{
    const gd_plan_service *service = nv_service_of(w, task->instance);
    guint n = w->instances[task->instance].sharing->length;
    if (service->queue_limit != UINT32_MAX &&
        n >= (uint64_t)service->workers + service->queue_limit) {
        shed(w, task);
        return;
    }
    nv_gauge_move(w, service_index(w, task), 0, 0, 1);
    nv_task_run(w, task, 0);
}

void nv_station_admit(nv_world *w, nv_task *task)
{
    const gd_plan_service *service = nv_service_of(w, task->instance);
    nv_instance *instance = &w->instances[task->instance];
    uint32_t index = service_index(w, task);
    if (service->discipline == GD_PS) {
        admit_shared(w, task);
        return;
    }
    if (service->async && step_of(w, task)->kind != GD_STEP_WORK) {
        nv_gauge_move(w, index, 0, 0, 1);
        nv_task_run(w, task, 0);
        return;
    }
    nv_task *worst;
    if (instance->busy < service->workers) {
        nv_gauge_move(w, index, 0, 0, 1);
        start(w, task);
    } else if (service->preempt && (worst = worst_at_work(w, task))) {
        interrupt(w, worst);
        nv_gauge_move(w, index, 0, 0, 1);
        start(w, task);
    } else if (instance->queued >= service->queue_limit) {
        shed(w, task);
    } else {
        nv_gauge_move(w, index, 0, 0, 1);
        enqueue(w, task);
    }
}

bool nv_station_resume(nv_world *w, nv_task *task)
{
    nv_instance *instance = &w->instances[task->instance];
    const gd_plan_service *service = nv_service_of(w, task->instance);
    if (instance->busy < service->workers) {
        instance->busy++;
        nv_gauge_move(w, service_index(w, task), 1, 0, 0);
        task->worker = true;
        return true;
    }
    task->continues = true;
    if (service->discipline == GD_PRIORITY) {
        enqueue(w, task);
        return false;
    }
    task->queued = true;
    g_queue_push_tail(instance->lane, task);
    nv_gauge_move(w, service_index(w, task), 0, 1, 0);
    return false;
}

void nv_station_release(nv_world *w, uint32_t at)
{
    nv_instance *instance = &w->instances[at];
    uint32_t service = w->plan->instances[at].service;
    instance->busy--;
    nv_gauge_move(w, service, -1, 0, 0);
    nv_task *next = g_queue_pop_head(instance->lane);
    if (!next && (next = g_queue_pop_head(instance->queue)))
        instance->queued--;
    if (!next)
        return;
    nv_gauge_move(w, service, 0, -1, 0);
    start(w, next);
}
