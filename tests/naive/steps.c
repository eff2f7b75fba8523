/* An operation is a program: what each step means. */
#include "tests/naive/world.h"

static uint64_t draw_of(const nv_task *task, const gd_dist *dist, uint64_t salt)
{
    return gd_mix(dist->per_request ? task->request->key : task->key, salt);
}

gd_span nv_task_work_time(nv_world *w, const nv_task *task, const gd_step *step)
{
    const gd_dist *dist = &w->plan->dists[step->a];
    gd_span work = gd_dist_sample(dist, draw_of(task, dist, step->salt));
    nv_effect here = nv_effect_on(w, GD_ON_INSTANCES, task->instance);
    nv_effect edge = nv_effect_on(w, GD_ON_SITES, task->site);
    work = gd_time_add(gd_share_of(work, here.factor), here.added);
    return gd_share_of(work, edge.factor);
}

/* ---- calls and strands -------------------------------------------------------------------------
 */
static void call(nv_world *w, nv_task *task, uint32_t site, uint64_t key, bool waits)
{
    const gd_step *step = &w->plan->steps[task->pc];
    nv_who who = {.task = waits ? task : NULL};
    /* Rounds that run at the same time have each their own clock. */
    bool own_clock = step->kind == GD_STEP_REPEAT && step->n > 1;
    nv_call_begin(w, site, who, task->request, task->instance,
                  w->plan->sites[site].passes /* … and passes on the name that it was called by */
                      ? key ^ UINT64_C(0x50726F7879202031)
                      : gd_mix(key, w->plan->sites[site].salt),
                  own_clock);
}

static void strand(nv_world *w, nv_task *parent, uint32_t first, uint64_t key)
{
    nv_task *task = nv_task_new(w);
    task->key = key;
    task->op = parent->op;
    task->site = parent->site;
    task->instance = parent->instance;
    task->who.task = parent;
    task->request = parent->request;
    task->arrived = task->strand = true;
    task->arrived_at = parent->arrived_at;
    task->pc = first;
    nv_task_child(w, parent, task, NULL);
    nv_at_once(w, nv_task_run, task);
}

/* ---- repeat ------------------------------------------------------------------------------------
 */
static void round_begin(nv_world *w, nv_task *task, const gd_step *step)
{
    uint64_t key = gd_mix_n(gd_mix(task->key, step->salt), task->rounds++);
    task->pending++;
    task->mark = w->now;
    if (step->flags & GD_STEP_BARE)
        call(w, task, w->plan->steps[step->a].a, key, true);
    else
        strand(w, task, step->a, key);
}

static uint32_t rounds_of(nv_world *w, const nv_task *task, const gd_step *step)
{
    const gd_plan *plan = w->plan;
    uint32_t index = step->b;
    uint64_t u = 0;
    if (index == GD_NONE) { /* an attribute that the request's client draws */
        index = plan->attributes[plan->clients[task->request->client].attributes_first + step->c];
        u = gd_mix(task->request->key, plan->attribute_salts[step->c]);
    } else {
        u = draw_of(task, &plan->dists[index], step->salt);
    }
    return index == GD_NONE ? 0 : (uint32_t)gd_dist_sample(&plan->dists[index], u);
}

static bool repeat_begin(nv_world *w, nv_task *task, const gd_step *step)
{
    task->rounds_all = rounds_of(w, task, step);
    task->rounds = task->pending = 0;
    task->mark = w->now;
    for (uint32_t i = 0; i < MIN(task->rounds_all, step->n); i++)
        round_begin(w, task, step);
    return task->rounds_all > 0;
}

/* ---- the others --------------------------------------------------------------------------------
 */
static void parallel_begin(nv_world *w, nv_task *task, const gd_step *step)
{
    task->mark = w->now;
    task->pending = step->n;
    task->succeeded = 0;
    task->first_failure = GD_OK;
    for (uint32_t i = 0; i < step->n; i++) {
        const gd_branch *branch = &w->plan->branches[step->a + i];
        if (branch->bare)
            call(w, task, branch->at, task->key, true);
        else
            strand(w, task, branch->at, gd_mix(task->key, branch->salt));
    }
}

static bool flag_is_on(const nv_world *w, const nv_task *task, const gd_plan_flag *flag)
{
    const nv_request *request = task->request;
    uint64_t key = request->key;
    if (flag->by_user)
        key = gd_mix_n(w->clients[request->client].key, request->user);
    uint64_t u = gd_mix(key, flag->salt);
    return flag->on == UINT64_MAX || u < flag->on;
}

static uint32_t choose(const nv_world *w, const nv_task *task, const gd_step *step)
{
    uint64_t u = gd_mix(task->key, step->salt);
    const gd_choice *choices = &w->plan->choices[step->a];
    for (uint32_t i = 0; i + 1 < step->n; i++)
        if (u < choices[i].below)
            return choices[i].step;
    return choices[step->n - 1].step;
}

static bool fails(const nv_world *w, const nv_task *task, const gd_step *step)
{
    uint64_t share = w->plan->shares[step->a];
    return share == UINT64_MAX || gd_mix(task->key, step->salt) < share;
}

static void work(nv_world *w, nv_task *task)
{
    const gd_plan_service *service = nv_service_of(w, task->instance);
    bool needs_worker = service->async && service->discipline != GD_PS && !task->worker;
    if (!needs_worker || nv_station_resume(w, task))
        nv_station_begin(w, task);
}

/* One step; false when the task waits for something or is over. */
static bool one_step(nv_world *w, nv_task *task, const gd_step *step)
{
    switch ((gd_step_kind)step->kind) {
    case GD_STEP_WORK:
        work(w, task);
        return false;
    case GD_STEP_WAIT:
        task->mark = w->now;
        task->event = nv_at(w, gd_time_add(w->now, nv_task_work_time(w, task, step)), NV_RANK_REPLY,
                            nv_task_waited, task, 0);
        return false;
    case GD_STEP_CALL:
        task->mark = w->now;
        task->pending = 1;
        call(w, task, step->a, task->key, true);
        return false;
    case GD_STEP_PARALLEL:
        parallel_begin(w, task, step);
        return false;
    case GD_STEP_END:
    case GD_STEP_END_STRAND:
        nv_task_finish(w, task, GD_OK);
        return false;
    case GD_STEP_FAIL:
        if (!fails(w, task, step))
            break;
        nv_task_finish(w, task, (gd_outcome)step->n);
        return false;
    case GD_STEP_REPEAT:
        if (repeat_begin(w, task, step))
            return false;
        break;
    case GD_STEP_CHOOSE:
        task->pc = choose(w, task, step);
        return true;
    case GD_STEP_JUMP:
        task->pc = step->a;
        return true;
    case GD_STEP_IF:
        task->pc = flag_is_on(w, task, &w->plan->flags[step->a]) ? task->pc + 1 : step->b;
        return true;
    case GD_STEP_SEND:
        call(w, task, step->a, task->key, false);
        break;
    case GD_STEP_OPTIONAL:
    case GD_STEP_REFUSE: /* its models name no price of a refusal */
    case GD_STEP_ENTER:
        break;
    }
    task->pc++;
    return true;
}

static void conclude(nv_world *w, nv_task *task, gd_outcome outcome);

void nv_task_run(nv_world *w, void *subject, unsigned level)
{
    (void)level;
    nv_task *task = subject;
    if (task->gone || task->replying)
        return;
    if (w->instances[task->instance].hung) {
        task->hung = true;
        return;
    }
    if (task->heard) {
        task->heard = false;
        conclude(w, task, task->bad);
        return;
    }
    while (one_step(w, task, &w->plan->steps[task->pc]))
        ;
}

/* ---- what is back ------------------------------------------------------------------------------
 */
/* It goes on without those who are still out. */
static void leave_rest(nv_world *w, nv_task *task, const gd_step *step)
{
    if (step->flags & GD_STEP_CANCEL && step->kind == GD_STEP_PARALLEL)
        nv_cancel_children(w, task);
    nv_task_desert(task);
    task->pending = 0;
}

static void fail_step(nv_world *w, nv_task *task, const gd_step *step, gd_outcome outcome)
{
    leave_rest(w, task, step);
    gd_outcome up = (gd_outcome)gd_outcome_rows[outcome].upstream;
    nv_task_finish(w, task, task->strand ? outcome : up);
}

static void parallel_back(nv_world *w, nv_task *task, const gd_step *step)
{
    bool lost = task->succeeded + task->pending < step->b;
    if (task->succeeded >= step->b) {
        leave_rest(w, task, step);
        task->pc++;
        nv_task_run(w, task, 0);
    } else if (lost && (task->pending == 0 || step->flags & GD_STEP_AT_ONCE)) {
        fail_step(w, task, step, task->first_failure);
    }
}

static void conclude(nv_world *w, nv_task *task, gd_outcome outcome)
{
    const gd_step *step = &w->plan->steps[task->pc];
    if (step->kind == GD_STEP_PARALLEL) {
        parallel_back(w, task, step);
        return;
    }
    if (!gd_outcome_rows[outcome].good) {
        fail_step(w, task, step, outcome);
        return;
    }
    while (step->kind == GD_STEP_REPEAT && task->rounds < task->rounds_all &&
           task->pending < step->n)
        round_begin(w, task, step);
    if (task->pending == 0) {
        task->pc++;
        nv_task_run(w, task, 0);
    }
}

void nv_task_branch_done(nv_world *w, nv_task *task, gd_outcome outcome)
{
    const gd_step *step = &w->plan->steps[task->pc];
    bool good = gd_outcome_rows[outcome].good;
    task->pending--;
    task->degraded |= outcome == GD_DEGRADED;
    if (step->kind == GD_STEP_PARALLEL) {
        task->succeeded += good;
        if (!good && task->first_failure == GD_OK)
            task->first_failure = outcome;
    }
    bool hung = w->instances[task->instance].hung;
    if (!hung && !task->heard) {
        conclude(w, task, outcome);
        return;
    }
    /* A process that hangs hears of it afterwards: of all that came, the first that failed. */
    if (!task->heard)
        task->bad = GD_OK;
    task->heard = true;
    task->hung |= hung;
    if (!good && task->bad == GD_OK)
        task->bad = outcome;
}
