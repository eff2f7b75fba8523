/* Workers and queues of an instance: who starts, who waits, who is turned away. */
#include "models/flow/engine.h"

/* A service says "queue full" on the timeline once, then again only after this long without a
 * refusal: assumption, so that a shedding service is one line a minute at most. */
#define FULL_AGAIN GD_MINUTE

static const gd_plan_service *service_of(const gd_run *run, const gd_instance *instance)
{
    return &run->plan->services[instance->service];
}

/* ---- queues ------------------------------------------------------------------------------------
 */
static void list_append(gd_frame *frames, uint32_t *head, uint32_t *tail, uint32_t slot)
{
    frames[slot].next = GD_NONE;
    if (*head == GD_NONE)
        *head = slot;
    else
        frames[*tail].next = slot;
    *tail = slot;
}

static void list_prepend(gd_frame *frames, uint32_t *head, uint32_t *tail, uint32_t slot)
{
    frames[slot].next = *head;
    if (*head == GD_NONE)
        *tail = slot;
    *head = slot;
}

/* Behind those that go on, before those that have not begun. */
static void list_insert(gd_frame *frames, uint32_t *head, uint32_t *tail, uint32_t slot)
{
    uint32_t before = GD_NONE;
    for (uint32_t at = *head; at != GD_NONE && frames[at].flags & GD_F_CONTINUES;
         at = frames[at].next)
        before = at;
    if (before == GD_NONE) {
        list_prepend(frames, head, tail, slot);
        return;
    }
    frames[slot].next = frames[before].next;
    frames[before].next = slot;
    if (*tail == before)
        *tail = slot;
}

static uint32_t list_take(gd_frame *frames, uint32_t *head)
{
    uint32_t slot = *head;
    if (slot != GD_NONE)
        *head = frames[slot].next;
    return slot;
}

static void list_remove(gd_frame *frames, uint32_t *head, uint32_t *tail, uint32_t slot)
{
    uint32_t before = GD_NONE;
    for (uint32_t at = *head; at != GD_NONE; before = at, at = frames[at].next) {
        if (at != slot)
            continue;
        if (before == GD_NONE)
            *head = frames[at].next;
        else
            frames[before].next = frames[at].next;
        if (*tail == at)
            *tail = before;
        return;
    }
}

/* The class of a frame: its operation's priority. The operation is at the ENTER step before its pc
 * on arrival, so the priority is found by walking back to it. */
static unsigned class_of(const gd_run *run, const gd_frame *frame)
{
    const gd_instance *instance = &GD_INSTANCES(run)[frame->instance];
    if (__builtin_expect(service_of(run, instance)->by_criticality, 0))
        return GD_SIDES(run)[frame - GD_FRAMES(run)].criticality;
    const gd_step *step = &run->plan->steps[frame->pc];
    while (step->kind != GD_STEP_ENTER)
        step--;
    unsigned priority = run->plan->ops[step->a].priority;
    return priority < GD_CLASSES ? priority : GD_CLASSES - 1;
}

static gd_classes *classes_of(gd_run *run, const gd_instance *instance)
{
    return &GD_SEG(run, GD_SEG_CLASSES, gd_classes)[instance->aside];
}

static GD_HOT void enqueue(gd_run *run, uint32_t slot, gd_instance *instance)
{
    gd_frame *frames = GD_FRAMES(run);
    frames[slot].flags |= GD_F_QUEUED;
    switch ((gd_discipline)service_of(run, instance)->discipline) {
    case GD_LIFO:
        list_prepend(frames, &instance->head, &instance->tail, slot);
        break;
    case GD_PRIORITY: {
        gd_classes *classes = classes_of(run, instance);
        unsigned c = class_of(run, &frames[slot]);
        if (!(frames[slot].flags & GD_F_CONTINUES))
            list_append(frames, &classes->head[c], &classes->tail[c], slot);
        else if (run->words && GD_SIDES(run)[slot].remaining > 0)
            list_prepend(frames, &classes->head[c], &classes->tail[c], slot); /* pre-empted */
        else
            list_insert(frames, &classes->head[c], &classes->tail[c], slot);
        break;
    }
    case GD_FIFO:
    case GD_PS:
        list_append(frames, &instance->head, &instance->tail, slot);
        break;
    case GD_ROWS:
        gd_serve_push(run, slot);
        break;
    }
    if (__builtin_expect(instance->flags & GD_I_SERVE, 0))
        gd_serve_busy(run, frames[slot].instance);
    instance->queued++;
    gd_gauge *gauge = &GD_GAUGES(run)[instance->service];
    gd_gauge_touch(gauge, run->now);
    gauge->queue++;
    gd_service_window *window = gd_service_window_of(run, instance->service);
    if (instance->queued > window->queue_max)
        window->queue_max = instance->queued;
}

/* The class to serve next. With ageing one that waits rises a class after each span of it; of
 * equals the one that came first is served. */
static unsigned next_class(gd_run *run, const gd_plan_service *service, const gd_classes *classes)
{
    const gd_frame *frames = GD_FRAMES(run);
    int64_t best = INT64_MAX;
    gd_time came = GD_NEVER;
    unsigned chosen = 0;
    for (unsigned c = 0; c < GD_CLASSES; c++) {
        if (classes->head[c] == GD_NONE)
            continue;
        if (service->ageing == 0)
            return c;
        gd_time arrived = frames[classes->head[c]].arrived;
        int64_t rank = (int64_t)c - (run->now - arrived) / service->ageing;
        rank = rank < 0 ? 0 : rank;
        if (rank < best || (rank == best && arrived < came)) {
            best = rank;
            came = arrived;
            chosen = c;
        }
    }
    return chosen;
}

/* The next to be served; somebody waits. */
static GD_HOT uint32_t dequeue(gd_run *run, gd_instance *instance)
{
    gd_frame *frames = GD_FRAMES(run);
    const gd_plan_service *service = service_of(run, instance);
    if (service->discipline == GD_PRIORITY) {
        gd_classes *classes = classes_of(run, instance);
        return list_take(frames, &classes->head[next_class(run, service, classes)]);
    }
    if (__builtin_expect(service->discipline == GD_ROWS, 0))
        return gd_serve_pop(run, (uint32_t)(instance - GD_INSTANCES(run)));
    return list_take(frames, &instance->head);
}

gd_time gd_station_oldest(gd_run *run, uint32_t at)
{
    const gd_instance *instance = &GD_INSTANCES(run)[at];
    const gd_frame *frames = GD_FRAMES(run);
    if (instance->queued == 0)
        return GD_NEVER;
    switch ((gd_discipline)service_of(run, instance)->discipline) {
    case GD_LIFO:
        return frames[instance->tail].arrived;
    case GD_PRIORITY: {
        const gd_classes *classes = classes_of(run, instance);
        gd_time least = GD_NEVER;
        for (unsigned c = 0; c < GD_CLASSES; c++)
            if (classes->head[c] != GD_NONE && frames[classes->head[c]].arrived < least)
                least = frames[classes->head[c]].arrived;
        return least;
    }
    case GD_ROWS:
        return gd_serve_oldest(run, at);
    case GD_FIFO:
    case GD_PS:
        break;
    }
    return instance->head == GD_NONE ? GD_NEVER : frames[instance->head].arrived;
}

void gd_station_drop(gd_run *run, uint32_t slot)
{
    gd_frame *frames = GD_FRAMES(run);
    gd_instance *instance = &GD_INSTANCES(run)[frames[slot].instance];
    if (instance->flags & GD_I_SERVE)
        gd_serve_busy(run, frames[slot].instance);
    gd_gauge *gauge = &GD_GAUGES(run)[instance->service];
    const gd_plan_service *service = service_of(run, instance);
    if (frames[slot].flags & GD_F_CONTINUES &&
        (service->discipline != GD_PRIORITY || frames[slot].pc == service->refusal)) {
        list_remove(frames, &instance->lane_head, &instance->lane_tail, slot);
    } else if (service_of(run, instance)->discipline == GD_PRIORITY) {
        gd_classes *classes = classes_of(run, instance);
        for (unsigned c = 0; c < GD_CLASSES; c++)
            list_remove(frames, &classes->head[c], &classes->tail[c], slot);
        instance->queued--;
    } else {
        if (service->discipline == GD_ROWS)
            gd_serve_drop(run, slot);
        else
            list_remove(frames, &instance->head, &instance->tail, slot);
        instance->queued--;
    }
    frames[slot].flags = (uint16_t)(frames[slot].flags & ~(GD_F_QUEUED | GD_F_CONTINUES));
    gd_gauge_touch(gauge, run->now);
    gauge->queue--;
}

/* ---- workers -----------------------------------------------------------------------------------
 */
GD_HOT void gd_station_begin(gd_run *run, uint32_t slot, const gd_step *step)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    const gd_instance *instance = &GD_INSTANCES(run)[frame->instance];
    frame->mark = run->now;
    if (__builtin_expect(instance->flags & GD_I_HANG, 0)) {
        frame->flags |= GD_F_HUNG;
        return;
    }
    gd_span work;
    if (run->words && GD_SIDES(run)[slot].remaining > 0) {
        work = GD_SIDES(run)[slot].remaining;
        GD_SIDES(run)[slot].remaining = 0;
    } else {
        work = gd_step_work_time(run, slot, step);
    }
    if (service_of(run, instance)->discipline == GD_PS) {
        gd_shared_add(run, slot, work);
        return;
    }
    frame->flags |= GD_F_EVENT;
    uint64_t word;
    uint8_t ring = run->layout->dist_ring[step->a];
    if (ring != GD_NO_RING && work == run->agenda.rings[ring].delay)
        word = gd_agenda_push_ring(&run->agenda, ring, run->now, GD_EV_WORK, slot);
    else
        word = gd_agenda_push(&run->agenda, gd_time_add(run->now, work), GD_RANK_REPLY, GD_EV_WORK,
                              slot);
    if (run->words) {
        GD_SIDES(run)[slot].word = word;
        GD_SIDES(run)[slot].ends = gd_time_add(run->now, work);
    }
}

/* The number of busy workers is about to change: who follows it hears of it. */
static inline void before_busy(gd_run *run, const gd_instance *instance, uint32_t at)
{
    if (__builtin_expect(instance->flags & GD_I_SERVE, 0))
        gd_serve_busy(run, at);
}

static inline bool has_free(const gd_instance *instance)
{
    return instance->busy < instance->workers;
}

/* A worker takes a frame: `waited` since it arrived. */
static GD_HOT void start(gd_run *run, uint32_t slot, gd_instance *instance)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    const gd_plan_service *service = service_of(run, instance);
    before_busy(run, instance, frame->instance);
    instance->busy++;
    gd_gauge *gauge = &GD_GAUGES(run)[instance->service];
    gd_gauge_touch(gauge, run->now);
    gauge->busy++;
    bool first = !(frame->flags & GD_F_CONTINUES);
    frame->flags = (uint16_t)((frame->flags | GD_F_WORKER) & ~(GD_F_QUEUED | GD_F_CONTINUES));
    if (first) {
        gd_service_hist(run, &GD_SERVICES(run)[instance->service].wait, run->now - frame->arrived);
        if (__builtin_expect(instance->flags & GD_I_SERVE, 0))
            gd_serve_start(run, slot);
        if (__builtin_expect(instance->flags & GD_I_TIED, 0))
            gd_hedge_tied_starts(run, slot);
    }
    if (!service->async && first)
        GD_STARTS(run)[slot] = run->now;
    const gd_step *step = &run->plan->steps[frame->pc];
    if (step->kind == GD_STEP_WORK)
        gd_station_begin(run, slot, step);
    else
        gd_frame_go_on(run, slot);
}

void gd_station_refuse(gd_run *run, uint32_t slot, gd_outcome outcome)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    gd_instance *instance = &GD_INSTANCES(run)[frame->instance];
    const gd_plan_service *service = service_of(run, instance);
    if (service->refusal == GD_NONE) {
        gd_frame_answer(run, slot, outcome);
        return;
    }
    gd_gauge *gauge = &GD_GAUGES(run)[instance->service];
    gd_gauge_touch(gauge, run->now);
    gauge->system++;
    frame->outcome = (uint8_t)outcome;
    frame->pc = (uint16_t)service->refusal;
    if (service->discipline == GD_PS) {
        gd_frame_run(run, slot);
        return;
    }
    frame->flags |= GD_F_CONTINUES; /* before arrivals: nobody is served while one is turned away */
    if (has_free(instance)) {
        start(run, slot, instance);
        return;
    }
    frame->flags |= GD_F_QUEUED;
    list_append(GD_FRAMES(run), &instance->lane_head, &instance->lane_tail, slot);
    gauge->queue++;
}

void gd_station_refused(gd_run *run, uint32_t slot)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    uint32_t at = frame->instance;
    gd_gauge *gauge = &GD_GAUGES(run)[GD_INSTANCES(run)[at].service];
    gd_outcome outcome = (gd_outcome)frame->outcome;
    bool worker = frame->flags & GD_F_WORKER;
    gd_gauge_touch(gauge, run->now);
    gauge->system--;
    frame->flags = (uint16_t)(frame->flags & ~GD_F_WORKER);
    gd_frame_answer(run, slot, outcome);
    if (worker)
        gd_station_release(run, at);
}

/* One that is out of its queue already. */
static void send_away(gd_run *run, uint32_t slot, gd_instance *instance, gd_outcome outcome)
{
    gd_gauge *gauge = &GD_GAUGES(run)[instance->service];
    gd_gauge_touch(gauge, run->now);
    gauge->system--;
    GD_FRAMES(run)
    [slot].flags = (uint16_t)(GD_FRAMES(run)[slot].flags & ~(GD_F_QUEUED | GD_F_CONTINUES));
    gd_serve_finish(run, slot, outcome);
    gd_station_refuse(run, slot, outcome);
}

void gd_station_expel(gd_run *run, uint32_t slot, gd_outcome outcome)
{
    gd_station_drop(run, slot);
    send_away(run, slot, &GD_INSTANCES(run)[GD_FRAMES(run)[slot].instance], outcome);
}

static void shed(gd_run *run, uint32_t slot, gd_instance *instance)
{
    gd_gauge *gauge = &GD_GAUGES(run)[instance->service];
    if (gauge->full_at == 0 || run->now + 1 - gauge->full_at >= FULL_AGAIN)
        gd_measure_happening(run, GD_HAPPENED_QUEUE_FULL, instance->service, 0);
    gauge->full_at = run->now + 1;
    gd_station_refuse(run, slot, GD_SHED);
}

/* A better class interrupts the worst that works, the latest begun among equals; its work resumes
 * where it stopped. True when the newcomer took a worker. */
static bool preempt(gd_run *run, uint32_t slot, gd_instance *instance)
{
    gd_frame *frames = GD_FRAMES(run);
    unsigned mine = class_of(run, &frames[slot]), worst_class = mine;
    uint32_t at = frames[slot].instance, worst = GD_NONE;
    uint32_t refusal = service_of(run, instance)->refusal;
    for (uint32_t i = 0; i < run->frames.used; i++) {
        gd_frame *frame = &frames[i];
        const gd_frame_side *side = &GD_SIDES(run)[i];
        if (frame->instance != at || !(frame->flags & GD_F_WORKER) || side->word == 0 ||
            side->ends == run->now) /* does not work, or has just done it */
            continue;
        if (frame->pc == refusal) /* is turned away, and that does not take long */
            continue;
        unsigned c = class_of(run, frame);
        if (c <= mine || c < worst_class)
            continue;
        if (c > worst_class || worst == GD_NONE || frame->mark > frames[worst].mark ||
            (frame->mark == frames[worst].mark && frame->key > frames[worst].key)) {
            worst = i;
            worst_class = c;
        }
    }
    if (worst == GD_NONE)
        return false;
    gd_frame_side *side = &GD_SIDES(run)[worst];
    gd_span done = run->now - frames[worst].mark;
    side->remaining = side->ends - run->now;
    side->word = 0;
    gd_frame_account(run, worst, done);
    frames[worst].flags =
        (uint16_t)((frames[worst].flags | GD_F_CONTINUES) & ~(GD_F_WORKER | GD_F_EVENT));
    before_busy(run, instance, at);
    instance->busy--;
    gd_gauge *gauge = &GD_GAUGES(run)[instance->service];
    gd_gauge_touch(gauge, run->now);
    gauge->busy--;
    enqueue(run, worst, instance);
    start(run, slot, instance);
    return true;
}

GD_HOT void gd_station_admit(gd_run *run, uint32_t slot)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    gd_instance *instance = &GD_INSTANCES(run)[frame->instance];
    const gd_plan_service *service = service_of(run, instance);
    gd_gauge *gauge = &GD_GAUGES(run)[instance->service];
    bool serves = instance->flags & GD_I_SERVE;
    if (__builtin_expect(serves, 0)) {
        gd_outcome verdict = gd_serve_arrive(run, slot);
        if (verdict != GD_OK) {
            gd_station_refuse(run, slot, verdict);
            return;
        }
    }
    if (service->discipline == GD_PS) {
        const gd_shared *shared = &GD_SEG(run, GD_SEG_SHARED, gd_shared)[instance->aside];
        if (instance->queue_limit != UINT32_MAX &&
            shared->n >= (uint64_t)instance->workers + instance->queue_limit) {
            shed(run, slot, instance);
            return;
        }
        gd_gauge_touch(gauge, run->now);
        gauge->system++;
        if (__builtin_expect(serves, 0))
            gd_serve_enter(run, slot);
        gd_frame_run(run, slot);
        return;
    }
    bool at_once = service->async && run->plan->steps[frame->pc].kind != GD_STEP_WORK;
    if (at_once || has_free(instance)) {
        gd_gauge_touch(gauge, run->now);
        gauge->system++;
        if (__builtin_expect(serves, 0))
            gd_serve_enter(run, slot);
        if (at_once && instance->flags & GD_I_TIED)
            gd_hedge_tied_starts(run, slot);
        if (at_once)
            gd_frame_run(run, slot);
        else
            start(run, slot, instance);
        return;
    }
    if (service->preempt && preempt(run, slot, instance)) {
        gauge->system++;
        if (serves)
            gd_serve_enter(run, slot);
        return;
    }
    if (instance->queued >= instance->queue_limit) {
        shed(run, slot, instance);
        return;
    }
    enqueue(run, slot, instance);
    gauge->system++;
    if (__builtin_expect(serves, 0)) {
        gd_serve_enter(run, slot);
        gd_serve_wait(run, slot);
    }
}

bool gd_station_resume(gd_run *run, uint32_t slot)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    gd_instance *instance = &GD_INSTANCES(run)[frame->instance];
    gd_gauge *gauge = &GD_GAUGES(run)[instance->service];
    gd_gauge_touch(gauge, run->now);
    if (has_free(instance)) {
        before_busy(run, instance, frame->instance);
        instance->busy++;
        gauge->busy++;
        frame->flags |= GD_F_WORKER;
        return true;
    }
    frame->flags |= GD_F_QUEUED | GD_F_CONTINUES;
    if (service_of(run, instance)->discipline == GD_PRIORITY) {
        enqueue(run, slot, instance);
        return false;
    }
    list_append(GD_FRAMES(run), &instance->lane_head, &instance->lane_tail, slot);
    gauge->queue++;
    return false;
}

/* Who is served next, taken out of its queue but not of the count of those who wait; GD_NONE: no
 * one. Who is dropped on the way may cost work, and then is next. */
static GD_HOT uint32_t next_of(gd_run *run, gd_instance *instance)
{
    while (instance->lane_head == GD_NONE && instance->queued > 0) {
        uint32_t next = dequeue(run, instance);
        instance->queued--;
        if (__builtin_expect(!(instance->flags & GD_I_SERVE), 1))
            return next;
        gd_outcome verdict = GD_OK;
        if (!(GD_FRAMES(run)[next].flags & GD_F_CONTINUES))
            verdict = gd_serve_dequeue(run, next);
        if (verdict == GD_OK)
            return next;
        GD_GAUGES(run)[instance->service].queue--;
        send_away(run, next, instance, verdict);
    }
    return list_take(GD_FRAMES(run), &instance->lane_head);
}

GD_HOT void gd_station_release(gd_run *run, uint32_t at)
{
    gd_instance *instance = &GD_INSTANCES(run)[at];
    gd_gauge *gauge = &GD_GAUGES(run)[instance->service];
    gd_gauge_touch(gauge, run->now);
    before_busy(run, instance, at);
    instance->busy--;
    gauge->busy--;
    if (!has_free(
            instance)) /* fewer workers than before: a limit was lowered; or it stands still */
        return;
    uint32_t next = next_of(run, instance);
    if (next == GD_NONE)
        return;
    gauge->queue--;
    start(run, next, instance);
}

void gd_station_resize(gd_run *run, uint32_t at, uint32_t workers)
{
    gd_instance *instance = &GD_INSTANCES(run)[at];
    if (service_of(run, instance)->discipline == GD_PS) {
        gd_shared_resize(run, at, workers);
        return;
    }
    instance->workers = workers;
    while (instance->busy < workers && (instance->lane_head != GD_NONE || instance->queued > 0)) {
        /* As if one had just become free. */
        gd_gauge *gauge = &GD_GAUGES(run)[instance->service];
        gd_gauge_touch(gauge, run->now);
        instance->busy++;
        gauge->busy++;
        gd_station_release(run, at);
    }
}
