/* The connections of a client's pool: opened, kept, lost and opened again.
 *
 *   needed ──▶ SHAKES ──answered──▶ TRIPS ──▶ IDLE ⇄ USED ──▶ closed (lifetime, idle, broken)
 *                ▲  └──failed──▶ BACKOFF ─┐
 *                └────────────────────────┘
 *
 * A handshake is a call of its own: it crosses the network, queues at the callee and takes a worker
 * there for `connect_work`, so that a storm of them is load like any other. One more is opened
 * while the pool is not full and calls wait or fewer than min_idle are idle (HikariCP's
 * shouldCreateAnotherConnection). When a callee crashes and resets its connections, idle ones are
 * closed at once (the peer's kernel says so; assumption: without delay); a silent crash is noticed
 * when one is used.
 *
 * Sources: HikariCP's HikariPool (keeper every 30 s, back-off of failed opening, variance of the
 * lifetime, bypass of the aliveness test) and its README.
 */
#include "models/flow/engine.h"
#include "models/guard/backoff.h"
#include "models/guard/specs.h"

#define KEEP_EVERY (30 * GD_S) /* HikariCP: HOUSEKEEPING_PERIOD_MS */

static gd_conn_pool *pool_of(const gd_run *run, uint32_t pool)
{
    return &GD_SEG(run, GD_SEG_CONN_POOLS, gd_conn_pool)[pool];
}

static gd_conn *conn_of(const gd_run *run, uint32_t slot)
{
    return &GD_SEG(run, GD_SEG_CONNS, gd_conn)[slot];
}

static const gd_plan_connections *plan_of(const gd_run *run, uint32_t pool)
{
    const gd_plan *plan = run->plan;
    uint32_t i = plan->n_connections;
    while (plan->connections[--i].first > pool)
        ;
    return &plan->connections[i];
}

static const gd_connections_spec *spec_of(const gd_run *run, uint32_t pool)
{
    return plan_of(run, pool)->spec;
}

static uint32_t from_of(const gd_run *run, uint32_t pool)
{
    const gd_plan_connections *plan = plan_of(run, pool);
    return run->plan->services[plan->caller].instances_first + pool - plan->first;
}

uint32_t gd_connections_pool(const gd_run *run, const gd_plan_site *site, uint32_t from)
{
    const gd_plan_connections *plan = &run->plan->connections[site->connections];
    return plan->first + from - run->plan->services[plan->caller].instances_first;
}

static void count(gd_run *run, uint32_t pool, unsigned what)
{
    gd_count(run, plan_of(run, pool)->counters + what, 1);
}

/* The pool's size is about to change: what it was until now is counted in whole ms. */
static void touch(gd_run *run, uint32_t pool)
{
    gd_conn_pool *p = pool_of(run, pool);
    p->open_ns += (uint64_t)(run->now - p->changed) * p->size;
    p->changed = run->now;
    gd_count(run, plan_of(run, pool)->counters + GD_CONN_OPEN_MS, p->open_ns / GD_MS);
    p->open_ns %= GD_MS;
}

/* ---- slots and lists ------------------------------------------------------------------------ */
static uint32_t conn_new(gd_run *run)
{
    uint32_t slot = run->conns.free;
    if (slot != GD_NONE) {
        run->conns.free = conn_of(run, slot)->newer;
    } else {
        slot = run->conns.used++;
        gd_segment_reserve(&run->segs[GD_SEG_CONNS], &run->memory,
                           run->conns.used * sizeof(gd_conn));
    }
    run->conns.live++;
    return slot;
}

static void conn_free(gd_run *run, uint32_t slot)
{
    *conn_of(run, slot) = (gd_conn){.newer = run->conns.free};
    run->conns.free = slot;
    run->conns.live--;
}

static void push_idle(gd_run *run, uint32_t slot)
{
    gd_conn *conn = conn_of(run, slot);
    gd_conn_pool *pool = pool_of(run, conn->pool);
    conn->state = GD_CONN_IDLE;
    conn->since = run->now;
    conn->newer = 0;
    conn->older = pool->newest;
    if (pool->newest)
        conn_of(run, pool->newest - 1)->newer = slot + 1;
    else
        pool->oldest = slot + 1;
    pool->newest = slot + 1;
    pool->idle++;
}

static void drop_idle(gd_run *run, uint32_t slot)
{
    gd_conn *conn = conn_of(run, slot);
    gd_conn_pool *pool = pool_of(run, conn->pool);
    if (conn->newer)
        conn_of(run, conn->newer - 1)->older = conn->older;
    else
        pool->newest = conn->older;
    if (conn->older)
        conn_of(run, conn->older - 1)->newer = conn->newer;
    else
        pool->oldest = conn->newer;
    pool->idle--;
}

static void close_one(gd_run *run, uint32_t slot, unsigned why)
{
    gd_conn *conn = conn_of(run, slot);
    touch(run, conn->pool);
    if (conn->state == GD_CONN_IDLE)
        drop_idle(run, slot);
    else if (conn->state != GD_CONN_USED)
        pool_of(run, conn->pool)->opening--;
    pool_of(run, conn->pool)->size--;
    count(run, conn->pool, why);
    conn_free(run, slot);
}

/* ---- opening -------------------------------------------------------------------------------- */
static bool is_needed(const gd_conn_pool *pool, const gd_connections_spec *spec, uint32_t opening)
{
    return pool->waiting > opening || pool->idle + opening < spec->min_idle;
}

static void shake(gd_run *run, uint32_t slot)
{
    gd_conn *conn = conn_of(run, slot);
    uint32_t pool = conn->pool;
    conn->state = GD_CONN_SHAKES;
    uint64_t key = gd_mix_n(conn->key, conn->tries++);
    count(run, pool, GD_CONN_HANDSHAKES);
    gd_call_for_connection(run, plan_of(run, pool)->site, slot, key, from_of(run, pool));
}

void gd_connections_fill(gd_run *run, uint32_t index)
{
    const gd_connections_spec *spec = spec_of(run, index);
    for (;;) {
        gd_conn_pool *pool = pool_of(run, index);
        if (!pool->running || pool->size >= spec->max ||
            (spec->max_connecting && pool->opening >= spec->max_connecting) ||
            !is_needed(pool, spec, pool->opening))
            return;
        touch(run, index);
        pool->size++;
        pool->opening++;
        uint32_t from = from_of(run, index);
        uint64_t whose = gd_mix(run->plan->sites[plan_of(run, index)->site].salt,
                                run->plan->instances[from].salt);
        uint64_t key = gd_mix_n(gd_mix(run->key, whose), pool->opened++);
        uint32_t slot = conn_new(run);
        *conn_of(run, slot) = (gd_conn){.key = key, .pool = index, .instance = GD_NONE};
        shake(run, slot);
    }
}

static void wake(gd_run *run, uint32_t slot, gd_span after)
{
    conn_of(run, slot)->word =
        gd_agenda_push(&run->agenda, gd_time_add(run->now, after), GD_RANK_TIMER, GD_EV_CONN, slot);
}

/* To the first that waits, or to the others that are idle. */
static void put_back(gd_run *run, uint32_t slot)
{
    gd_conn *conn = conn_of(run, slot);
    gd_conn_pool *pool = pool_of(run, conn->pool);
    conn->state = GD_CONN_USED;
    if (pool->waiting)
        gd_connections_grant(run, pool->first - 1, slot);
    else
        push_idle(run, slot);
}

static void opened(gd_run *run, uint32_t slot)
{
    gd_conn *conn = conn_of(run, slot);
    const gd_connections_spec *spec = spec_of(run, conn->pool);
    pool_of(run, conn->pool)->opening--;
    conn->tries = 0;
    count(run, conn->pool, GD_CONN_OPENED);
    conn->word = 0;
    if (spec->max_lifetime) {
        gd_span most = gd_share_of(spec->max_lifetime, spec->lifetime_jitter);
        uint64_t u = gd_mix(conn->key, GD_SALT_LIFETIME);
        gd_span less = most > 0 ? (gd_span)gd_below(u, (uint64_t)most) : 0;
        wake(run, slot, spec->max_lifetime - less);
    }
    put_back(run, slot);
}

static void failed(gd_run *run, uint32_t slot)
{
    gd_conn *conn = conn_of(run, slot);
    const gd_connections_spec *spec = spec_of(run, conn->pool);
    count(run, conn->pool, GD_CONN_FAILED);
    conn->state = GD_CONN_BACKOFF;
    uint64_t u = gd_mix_n(gd_mix(conn->key, GD_SALT_BACKOFF), conn->tries);
    gd_span wait = gd_backoff((gd_backoff_kind)spec->backoff_kind, &spec->backoff, conn->tries,
                              &conn->wait, u);
    wake(run, slot, wait);
}

static bool is_down(const gd_run *run, uint32_t instance)
{
    return GD_INSTANCES(run)[instance].flags & GD_I_DOWN;
}

void gd_connections_shaken(gd_run *run, uint32_t slot, uint32_t target, gd_outcome outcome)
{
    gd_conn *conn = conn_of(run, slot);
    const gd_connections_spec *spec = spec_of(run, conn->pool);
    if (!gd_outcome_rows[outcome].good) {
        failed(run, slot);
        return;
    }
    conn->instance = target;
    uint32_t from = from_of(run, conn->pool);
    gd_span trips = 0;
    for (uint32_t i = 1; i < spec->round_trips; i++) {
        uint64_t key = gd_mix_n(conn->key, i);
        trips = gd_time_add(trips, gd_network_between(run, from, target, key));
        trips = gd_time_add(trips, gd_network_between(run, target, from, gd_next(key)));
    }
    conn->state = GD_CONN_TRIPS;
    uint32_t pool = conn->pool;
    if (trips == 0) {
        opened(run, slot);
        gd_connections_fill(run, pool);
    } else {
        wake(run, slot, trips > spec->connect_timeout ? spec->connect_timeout : trips);
    }
}

/* ---- events --------------------------------------------------------------------------------- */
void gd_connections_event(gd_run *run, uint32_t slot, uint64_t word)
{
    gd_conn *conn = conn_of(run, slot);
    if (conn->state == GD_CONN_FREE || conn->word != word)
        return;
    uint32_t pool = conn->pool;
    conn->word = 0;
    gd_fold(run, run->plan->sites[plan_of(run, pool)->site].hash, GD_EV_CONN, conn->key);
    switch ((gd_conn_state)conn->state) {
    case GD_CONN_TRIPS:
        if (is_down(run, conn->instance))
            failed(run, slot);
        else
            opened(run, slot);
        break;
    case GD_CONN_BACKOFF:
        if (is_needed(pool_of(run, pool), spec_of(run, pool), pool_of(run, pool)->opening - 1))
            shake(run, slot);
        else
            close_one(run, slot, GD_CONN_GIVEN_UP);
        break;
    case GD_CONN_IDLE:
        close_one(run, slot, GD_CONN_OLD);
        break;
    case GD_CONN_USED:
        conn->old = true;
        break;
    case GD_CONN_FREE:
    case GD_CONN_SHAKES:
        break;
    }
    gd_connections_fill(run, pool);
}

/* Closes what has been idle for too long, as long as enough is idle. */
void gd_connections_keep(gd_run *run, uint32_t index)
{
    const gd_connections_spec *spec = spec_of(run, index);
    gd_conn_pool *pool = pool_of(run, index);
    while (spec->idle_timeout && pool->idle > spec->min_idle &&
           run->now - conn_of(run, pool->oldest - 1)->since >= spec->idle_timeout)
        close_one(run, pool->oldest - 1, GD_CONN_IDLED);
    gd_connections_fill(run, index);
    if (spec->min_idle < spec->max)
        gd_agenda_push(&run->agenda, gd_time_add(run->now, KEEP_EVERY), GD_RANK_CONTROL, GD_EV_KEEP,
                       index);
}

/* ---- use ------------------------------------------------------------------------------------ */
uint32_t gd_connections_take(gd_run *run, uint32_t index)
{
    gd_conn_pool *pool = pool_of(run, index);
    if (pool->newest == 0 || pool->waiting)
        return GD_NONE;
    uint32_t slot = pool->newest - 1;
    drop_idle(run, slot);
    conn_of(run, slot)->state = GD_CONN_USED;
    return slot;
}

void gd_connections_release(gd_run *run, uint32_t slot, bool bad)
{
    const gd_conn *conn = conn_of(run, slot);
    uint32_t pool = conn->pool;
    if (bad)
        close_one(run, slot, GD_CONN_BROKEN);
    else if (conn->old)
        close_one(run, slot, GD_CONN_OLD);
    else
        put_back(run, slot);
    gd_connections_fill(run, pool);
}

/* ---- starts and crashes ---------------------------------------------------------------------- */
void gd_connections_start(gd_run *run, uint32_t instance)
{
    const gd_plan *plan = run->plan;
    for (uint32_t i = 0; i < plan->n_connections; i++) {
        const gd_plan_connections *one = &plan->connections[i];
        if (one->caller != GD_INSTANCES(run)[instance].service)
            continue;
        uint32_t pool = one->first + instance - plan->services[one->caller].instances_first;
        pool_of(run, pool)->running = true;
        pool_of(run, pool)->changed = run->now;
        gd_connections_fill(run, pool);
    }
}

void gd_connections_begin(gd_run *run)
{
    const gd_plan *plan = run->plan;
    for (uint32_t i = 0; i < plan->n_connections; i++) {
        const gd_plan_connections *one = &plan->connections[i];
        for (uint32_t k = 0; k < plan->services[one->caller].instances_n; k++) {
            pool_of(run, one->first + k)->running = true;
            gd_agenda_push(&run->agenda, 0, GD_RANK_LEVER, GD_EV_KEEP, one->first + k);
        }
    }
}

void gd_connections_stop(gd_run *run, uint32_t instance)
{
    const gd_plan *plan = run->plan;
    for (uint32_t i = 0; i < plan->n_connections; i++) {
        const gd_plan_connections *one = &plan->connections[i];
        uint32_t ordinal = instance - plan->services[one->caller].instances_first;
        if (one->caller == GD_INSTANCES(run)[instance].service)
            pool_of(run, one->first + ordinal)->running = false;
    }
}

/* Its calls and handshakes are gone already. */
void gd_connections_forget(gd_run *run, uint32_t instance)
{
    const gd_plan *plan = run->plan;
    for (uint32_t i = 0; i < plan->n_connections; i++) {
        const gd_plan_connections *one = &plan->connections[i];
        if (one->caller != GD_INSTANCES(run)[instance].service)
            continue;
        uint32_t pool = one->first + instance - plan->services[one->caller].instances_first;
        touch(run, pool);
        for (uint32_t slot = 0; slot < run->conns.used; slot++)
            if (conn_of(run, slot)->state != GD_CONN_FREE && conn_of(run, slot)->pool == pool)
                conn_free(run, slot);
        *pool_of(run, pool) = (gd_conn_pool){.opened = pool_of(run, pool)->opened};
    }
}

void gd_connections_lost(gd_run *run, uint32_t instance)
{
    const gd_plan *plan = run->plan;
    uint32_t service = GD_INSTANCES(run)[instance].service;
    for (uint32_t i = 0; i < plan->n_connections; i++) {
        const gd_plan_connections *one = &plan->connections[i];
        uint32_t n = plan->services[one->caller].instances_n;
        for (uint32_t pool = one->first; one->callee == service && pool < one->first + n; pool++) {
            for (uint32_t at = pool_of(run, pool)->newest, next; at != 0; at = next) {
                gd_conn *conn = conn_of(run, at - 1);
                next = conn->older;
                if (conn->instance != instance)
                    continue;
                conn->broken = true;
                if (plan->services[service].crash_running == GD_CRASH_RESET)
                    close_one(run, at - 1, GD_CONN_BROKEN);
            }
            gd_connections_fill(run, pool);
        }
    }
}
