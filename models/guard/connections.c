/* Connection pool: a call needs a connection to its callee; a caller instance has so many and no
 * more, shared by all its call sites to that service. Who finds none idle waits for one, first come
 * first served, up to `acquire_timeout`. A connection leads to one instance, and is lost with it.
 *
 * One that was idle for more than 500 ms is tested before it is used: one round trip. An attempt
 * that timed out, was cut off or given up has spoilt its connection: it is closed, and another one
 * must be opened, which is how timeouts become handshakes. flow/connections.c has the machine.
 *
 * Sources: HikariCP (README: the parameters and their defaults; "About Pool Sizing"); MongoDB's
 * driver specification for maxConnecting. Left out: many calls on one connection (HTTP/2).
 */
#include "models/flow/connections.h"

#include "models/guard/backoff.h"
#include "models/guard/policy.h"

enum { WAITS, WAIT_US, TIMEOUTS, REFUSED, TESTS, RESETS };
static const gd_counter_row counters[] = {
    {"waits", NULL},
    {"wait_us", NULL},
    {"acquire_timeouts", NULL},
    {"refused", NULL},
    {"tests", NULL},
    {"resets", NULL},
    {0},
};

const gd_counter_row gd_connections_rows[] = {
    {"handshakes", NULL},
    {"opened", NULL},
    {"failed", NULL},
    {"given_up", "nobody needed the connection any more when it could have been tried again"},
    {"closed_broken", NULL},
    {"closed_old", NULL},
    {"closed_idle", NULL},
    {"open_ms", NULL},
    {0},
};

/* HikariCP: com.zaxxer.hikari.aliveBypassWindowMs. */
#define BYPASS (500 * GD_MS)

typedef enum { NOTHING, IN_LINE, TESTING, HOLDING } connections_role;

typedef struct {
    uint64_t words[2]; /* 0: the longest wait; 1: a test, or the reset of a dead connection */
    gd_time since;
    uint32_t conn;          /* slot + 1 */
    uint32_t before, after; /* in line: calls, slot + 1 */
    uint8_t role;
    bool resets; /* the test's round trip ends in a reset */
} connections_call;

static gd_conn *conn_of(const gd_policy_at *at, const connections_call *mine)
{
    return &GD_SEG(at->run, GD_SEG_CONNS, gd_conn)[mine->conn - 1];
}

static gd_conn_pool *pool_of(const gd_policy_at *at, uint32_t pool)
{
    return &GD_SEG(at->run, GD_SEG_CONN_POOLS, gd_conn_pool)[pool];
}

/* The policy of another call that waits for the same pool, from whatever site. */
static gd_policy_at waiter_at(gd_run *run, uint32_t call)
{
    const gd_call *waiter = &GD_CALLS(run)[call];
    const gd_plan_site *site = &run->plan->sites[waiter->site];
    const gd_plan_policy *policy = &run->plan->policies[site->chain_first + waiter->level];
    return (gd_policy_at){
        .run = run,
        .site = site,
        .spec = policy->spec,
        .mine = (char *)gd_call_bytes(run, call) + policy->at_call,
        .call = call,
        .from = waiter->from,
        .level = waiter->level,
        .counters = policy->counters,
        .ring = GD_NO_RING,
    };
}

static connections_call *in_line(const gd_policy_at *at, uint32_t slot_1)
{
    return waiter_at(at->run, slot_1 - 1).mine;
}

static void leave_line(const gd_policy_at *at)
{
    connections_call *mine = at->mine;
    gd_conn_pool *pool = pool_of(at, gd_connections_pool(at->run, at->site, at->from));
    if (mine->before)
        in_line(at, mine->before)->after = mine->after;
    else
        pool->first = mine->after;
    if (mine->after)
        in_line(at, mine->after)->before = mine->before;
    else
        pool->last = mine->before;
    pool->waiting--;
    mine->role = NOTHING;
    mine->words[0] = 0;
    gd_policy_count(at, WAIT_US, (uint64_t)((at->run->now - mine->since) / GD_US));
}

static void join_line(const gd_policy_at *at, gd_conn_pool *pool)
{
    connections_call *mine = at->mine;
    mine->role = IN_LINE;
    mine->since = at->run->now;
    mine->before = pool->last;
    mine->after = 0;
    if (pool->last)
        in_line(at, pool->last)->after = at->call + 1;
    else
        pool->first = at->call + 1;
    pool->last = at->call + 1;
    pool->waiting++;
    gd_policy_count(at, WAITS, 1);
    gd_policy_timer(at, 0, ((const gd_connections_spec *)at->spec)->acquire_timeout);
}

static gd_span round_trip(const gd_policy_at *at, const gd_conn *conn)
{
    gd_run *run = at->run;
    uint64_t key = gd_mix(gd_policy_call(at)->key, GD_SALT_LIFETIME);
    return gd_time_add(gd_network_between(run, at->from, conn->instance, key),
                       gd_network_between(run, conn->instance, at->from, gd_next(key)));
}

/* A connection, or its test, or a place in line. */
static gd_verdict acquire(const gd_policy_at *at, gd_reply *reply)
{
    const gd_connections_spec *spec = at->spec;
    connections_call *mine = at->mine;
    uint32_t index = gd_connections_pool(at->run, at->site, at->from);
    uint32_t slot = gd_connections_take(at->run, index);
    if (slot != GD_NONE) {
        mine->conn = slot + 1;
        const gd_conn *conn = conn_of(at, mine);
        bool tests = spec->validation && at->run->now - conn->since > BYPASS;
        mine->role = tests || conn->broken ? TESTING : HOLDING;
        if (mine->role == HOLDING)
            return GD_PASS;
        gd_span trip = round_trip(at, conn);
        mine->resets = !tests;
        gd_policy_count(at, TESTS, tests);
        gd_policy_timer(at, 1,
                        spec->validation && trip > spec->validation ? spec->validation : trip);
        return GD_PARK;
    }
    gd_conn_pool *pool = pool_of(at, index);
    if (spec->acquire_timeout == 0 || (spec->max_waiting && pool->waiting >= spec->max_waiting)) {
        gd_policy_count(at, REFUSED, 1);
        reply->outcome = GD_BULKHEAD_FULL;
        return GD_END;
    }
    join_line(at, pool);
    gd_connections_fill(at->run, index); /* last: a handshake is a call, and records may move */
    return GD_PARK;
}

static gd_verdict admit(const gd_policy_at *at, gd_reply *reply)
{
    *(connections_call *)at->mine = (connections_call){.role = NOTHING};
    return acquire(at, reply);
}

void gd_connections_grant(gd_run *run, uint32_t call, uint32_t conn)
{
    gd_policy_at at = waiter_at(run, call);
    connections_call *mine = at.mine;
    leave_line(&at);
    mine->conn = conn + 1;
    mine->role = HOLDING;
    gd_call_granted(run, call, at.level);
}

static void give_back(const gd_policy_at *at, bool bad)
{
    connections_call *mine = at->mine;
    if (mine->role == IN_LINE) {
        leave_line(at);
        return;
    }
    if (mine->role == NOTHING)
        return;
    uint32_t conn = mine->conn - 1;
    mine->role = NOTHING;
    mine->words[1] = 0;
    gd_connections_release(at->run, conn, bad);
}

static gd_verdict ended(const gd_policy_at *at, gd_reply *reply, gd_time *when)
{
    (void)when;
    give_back(at, reply->target != GD_NONE && !reply->reached);
    return GD_PASS;
}

static void cancelled(const gd_policy_at *at)
{
    give_back(at, gd_policy_call(at)->state == GD_CALL_SENT);
}

static gd_verdict timer(const gd_policy_at *at, unsigned n, gd_reply *reply)
{
    connections_call *mine = at->mine;
    if (n == 0) {
        leave_line(at);
        gd_policy_count(at, TIMEOUTS, 1);
        reply->outcome = GD_BULKHEAD_FULL;
        return GD_END;
    }
    bool resets = mine->resets;
    if (!conn_of(at, mine)->broken) {
        mine->role = HOLDING;
        return GD_AGAIN;
    }
    if (resets) {
        gd_policy_count(at, RESETS, 1);
        reply->outcome = GD_RESET;
        give_back(at, true);
        return GD_END;
    }
    /* The test has found it out: another one, before somebody else takes that. */
    uint32_t dead = mine->conn - 1;
    mine->role = NOTHING;
    gd_verdict verdict = acquire(at, reply);
    gd_connections_release(at->run, dead, true);
    return verdict == GD_PARK ? GD_PASS : verdict == GD_PASS ? GD_AGAIN : verdict;
}

uint32_t gd_connections_target(gd_run *run, uint32_t call)
{
    const gd_plan_site *site = &run->plan->sites[GD_CALLS(run)[call].site];
    for (uint32_t level = 0; level < site->chain_n; level++) {
        const gd_plan_policy *policy = &run->plan->policies[site->chain_first + level];
        if (policy->kind != GD_POLICY_CONNECTIONS)
            continue;
        const connections_call *mine =
            (const void *)((const char *)gd_call_bytes(run, call) + policy->at_call);
        return GD_SEG(run, GD_SEG_CONNS, gd_conn)[mine->conn - 1].instance;
    }
    return GD_NONE;
}

static gd_span timer_span(const void *spec)
{
    return ((const gd_connections_spec *)spec)->acquire_timeout;
}

const gd_policy gd_connections_policy = {
    .counters = counters,
    .admit = admit,
    .ended = ended,
    .cancelled = cancelled,
    .timer = timer,
    .timers = 2,
    .call_bytes = sizeof(connections_call),
    .timer_span = timer_span,
};

/* ---- as a model writes it ----------------------------------------------------------------------
 */
static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    gd_connections_spec *pool = spec;
    pool->backoff_kind = GD_BACKOFF_EXPONENTIAL;
    pool->backoff = (gd_backoff_spec){
        .base = 250 * GD_MS, .max = 10 * GD_S, .multiplier = GD_SHARE_ONE * 3 / 2};
    if (pool->reconnect.shape) {
        for (unsigned i = 0; i < GD_BACKOFFS; i++)
            if (gd_backoff_shapes[i] == pool->reconnect.shape)
                pool->backoff_kind = (uint8_t)i;
        pool->backoff = *(const gd_backoff_spec *)pool->reconnect.spec;
    }
    if (pool->min_idle == UINT32_MAX)
        pool->min_idle = pool->max;
    if (pool->min_idle > pool->max)
        gd_problem(problems, node,
                   "min_idle is %u, but the pool holds at most %u; lower min_idle or raise max",
                   pool->min_idle, pool->max);
    if (pool->max_lifetime && pool->idle_timeout > pool->max_lifetime &&
        gd_node_get(node, "idle_timeout"))
        gd_problem(problems, node,
                   "idle_timeout is longer than max_lifetime: no connection could be idle that "
                   "long; lower idle_timeout");
}

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_connections_spec, max, GD_FIELD_COUNT, .fallback = "10", .min = 1,
                 .max = 100000, .help = "connections of one caller instance",
                 .source = "HikariCP maximumPoolSize"),
    GD_FIELD_ROW(gd_connections_spec, min_idle, GD_FIELD_COUNT, .fallback = "4294967295", .min = 0,
                 .max = UINT32_MAX,
                 .help = "opens more while fewer are idle. Absent: max, a pool of fixed size",
                 .source = "HikariCP minimumIdle"),
    GD_FIELD_ROW(gd_connections_spec, acquire_timeout, GD_FIELD_SPAN, .fallback = "\"30s\"",
                 .min = 0, .max = GD_DAY,
                 .help = "the longest wait for a connection, then `bulkhead_full`; \"0s\": none",
                 .source = "HikariCP connectionTimeout: far above most deadlines"),
    GD_FIELD_ROW(gd_connections_spec, max_waiting, GD_FIELD_COUNT, .fallback = "0", .min = 0,
                 .max = 1000000,
                 .help = "calls that may wait at once, more are refused; 0: no limit",
                 .source = "MongoDB drivers waitQueueSize; HikariCP has none"),
    GD_FIELD_ROW(gd_connections_spec, max_connecting, GD_FIELD_COUNT, .fallback = "1", .min = 0,
                 .max = 100000, .help = "handshakes at once of one caller instance; 0: no limit",
                 .source = "HikariCP: one thread adds; MongoDB drivers maxConnecting: 2"),
    GD_FIELD_ROW(gd_connections_spec, round_trips, GD_FIELD_COUNT, .fallback = "3", .min = 1,
                 .max = 20, .help = "round trips of a handshake: TCP 1, TLS 1 or 2, login 1",
                 .source = "RFC 8446: TLS 1.3 takes one; patterns 6.7"),
    GD_FIELD_ROW(gd_connections_spec, connect_work, GD_FIELD_NODE,
                 .help = "work of a handshake at the callee, by one of its workers: keys, login, a "
                         "new process. Absent: lognormal, median 4ms, p99 10ms",
                 .source = "patterns 6.7: PostgreSQL 2 to 10 ms"),
    GD_FIELD_ROW(gd_connections_spec, connect_timeout, GD_FIELD_SPAN, .fallback = "\"5s\"",
                 .min = 1, .max = GD_DAY, .help = "bounds a handshake",
                 .source = "Envoy cluster connect_timeout"),
    GD_FIELD_ROW(gd_connections_spec, reconnect, GD_FIELD_VARIANT, .variants = gd_backoff_shapes,
                 .help = "the wait after a failed handshake. Absent: exponential from 250ms by 1.5 "
                         "to 10s",
                 .source = "HikariCP PoolEntryCreator"),
    GD_FIELD_ROW(gd_connections_spec, idle_timeout, GD_FIELD_SPAN, .fallback = "\"10m\"", .min = 0,
                 .max = GD_DAY,
                 .help = "closes what is idle that long, beyond min_idle; looked at every 30 s",
                 .source = "HikariCP idleTimeout"),
    GD_FIELD_ROW(gd_connections_spec, max_lifetime, GD_FIELD_SPAN, .fallback = "\"30m\"", .min = 0,
                 .max = GD_DAY, .help = "a connection is closed at this age; \"0s\": never",
                 .source = "HikariCP maxLifetime"),
    GD_FIELD_ROW(gd_connections_spec, lifetime_jitter, GD_FIELD_SHARE, .fallback = "\"2.5%\"",
                 .min = 0, .max = GD_SHARE_ONE - 1,
                 .help =
                     "the share of max_lifetime that is drawn away, so that not all end at once",
                 .source = "HikariCP: up to maxLifetime / 40"),
    GD_FIELD_ROW(gd_connections_spec, validation, GD_FIELD_SPAN, .fallback = "\"5s\"", .min = 0,
                 .max = GD_DAY,
                 .help = "tests a connection that was idle for 500 ms, with one round trip of at "
                         "most this; \"0s\": never, and a dead one costs a `reset`",
                 .source = "HikariCP validationTimeout, aliveBypassWindowMs"),
    {0},
};

const gd_shape gd_connections_shape = {
    .name = "connections",
    .help = "the connections of one caller instance to a service, shared by its calls",
    .source = "HikariCP README and About Pool Sizing",
    .bytes = sizeof(gd_connections_spec),
    .fields = fields,
    .bare = "max",
    .check = check,
    .concept =
        &(const gd_concept){
            .title = "Connection pool",
            .idea = "Keep some connections open and lend them to calls; who finds none, waits.",
            .cures = "The price of a handshake for every call; more connections than a database "
                     "can bear.",
            .cures_not = "A slow callee: connections are held for as long as it takes, and soon "
                         "all callers wait for one.",
            .price = "A hidden queue in the caller, with a long default timeout.",
            .dangerous_with = "timeouts (each spoils a connection), restarts of the callee (all "
                              "pools reconnect at once), autoscaled callers",
            .numbers = "size: rate x time held, plus some; HikariCP: 10, waits of up to 30 s",
            .source = "HikariCP; patterns 6.7",
        },
};
