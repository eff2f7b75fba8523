/* Active health checks: a probe each interval; so many failures in a row make an instance
 * unhealthy, so many successes healthy again.
 *
 * A probe that names an operation is a request like any other: it waits in the queue, takes a
 * worker, and calls what the operation calls (a deep check). Without one the process answers by
 * itself, ahead of every queue (a shallow check): it says that the process is there and no more.
 * A caller's checks (`health_check` on a call) speak for that caller alone, from where it is; a
 * service's own are made on the spot, as a node's agent does, and its registry believes them.
 *
 * After a hard failure the verdict comes (u - 1) interval + timeout to u interval + timeout later.
 * Sources: Envoy HealthCheck; Kubernetes probes (the defaults).
 */
#include "models/balance/pool.h"
#include "models/counter.h"

enum { PROBES, FAILED, BECAME_UNHEALTHY, BECAME_HEALTHY, WRONGLY, CALLER_DOWN };
const gd_counter_row gd_check_counters[] = {
    {"probes", NULL},
    {"failed", NULL},
    {"became_unhealthy", NULL},
    {"became_healthy", NULL},
    {"while_good", NULL},
    {"prober_down", "a probe was not sent: its sender was down itself"},
    {0},
};

typedef struct {
    const gd_health_check_spec *spec;
    const gd_plan_pool *pool; /* NULL: the registry's */
    uint32_t site, counters, from;
    uint64_t salt;
} checking;

static checking checking_of(gd_run *run, const gd_tick *tick)
{
    const gd_plan *plan = run->plan;
    uint32_t service = plan->instances[tick->instance].service;
    if (tick->pool == GD_NONE) {
        const gd_plan_registry *registry = &plan->registries[service];
        return (checking){.spec = registry->check,
                          .site = registry->check_site,
                          .counters = registry->check_counters,
                          .from = tick->instance,
                          .salt = gd_mix(run->key, plan->instances[tick->instance].salt)};
    }
    const gd_plan_pool *pool = &plan->pools[tick->pool];
    const gd_pool_state *state = gd_pool_state_of(run, pool, tick->ordinal);
    return (checking){.spec = pool->check,
                      .pool = pool,
                      .site = pool->check_site,
                      .counters = pool->check_counters,
                      .from = state->caller,
                      .salt = gd_mix(state->salt, plan->instances[tick->instance].salt)};
}

void gd_check_start(gd_run *run, uint32_t index)
{
    gd_tick *tick = &GD_TICKS(run)[index];
    checking c = checking_of(run, tick);
    uint64_t u = gd_mix(c.salt, GD_SALT_PHASE_0);
    gd_agenda_push(&run->agenda, (gd_time)gd_below(u, (uint64_t)c.spec->interval), GD_RANK_CONTROL,
                   GD_EV_BALANCE, GD_TICK_EVENT(index));
}

/* ---- the probe ---------------------------------------------------------------------------------
 */
static void send(gd_run *run, uint32_t index, const checking *c, uint64_t key)
{
    const gd_plan *plan = run->plan;
    gd_tick *tick = &GD_TICKS(run)[index];
    const gd_plan_site *site = &plan->sites[c->site];
    const gd_plan_op *op = &plan->ops[plan->callees[site->callees_first]];
    uint32_t slot = gd_frame_new(run);
    gd_frame *frame = &GD_FRAMES(run)[slot];
    uint32_t age = frame->age;
    *frame = (gd_frame){.key = key,
                        .caller = index,
                        .caller_age = tick->probes,
                        .root = GD_NONE,
                        .next = GD_NONE,
                        .age = age,
                        .instance = tick->instance,
                        .pc = (uint16_t)(op->first + 1),
                        .site = (uint16_t)c->site,
                        .arrived = run->now,
                        .by = GD_BY_PROBE,
                        .outcome = GD_OK};
    frame->flags = (uint16_t)(GD_F_LIVE | (c->spec->operation ? 0 : GD_F_PING));
    if (run->sides)
        GD_SIDES(run)[slot] = (gd_frame_side){.root_key = key};
    if (run->extras)
        gd_extra_new(run, slot, NULL);
    size_t here =
        c->from == GD_NONE ? plan->clients[site->client].zone : GD_INSTANCES(run)[c->from].zone;
    size_t there = GD_INSTANCES(run)[tick->instance].zone;
    frame->back = plan->link_of[there * plan->n_zones + here];
    gd_edge_window_of(run, site->edge)->attempts++;
    GD_EDGES(run)[site->edge].calls++;
    gd_network_request(run, slot, plan->link_of[here * plan->n_zones + there], false);
}

static gd_span next_interval(const checking *c, const gd_tick *tick, uint64_t key)
{
    gd_span interval = c->spec->interval;
    if (tick->unhealthy && c->spec->unhealthy_interval)
        interval = c->spec->unhealthy_interval;
    return interval + (gd_span)gd_below(gd_mix_n(key, 0), (uint64_t)c->spec->jitter + 1);
}

void gd_check_probe(gd_run *run, uint32_t index)
{
    gd_tick *tick = &GD_TICKS(run)[index];
    checking c = checking_of(run, tick);
    tick->probes++;
    uint64_t key = gd_mix_n(gd_mix(c.salt, GD_SALT_PROBE), tick->probes);
    bool prober_down =
        c.pool && c.from != GD_NONE && GD_INSTANCES(run)[c.from].flags & (GD_I_DOWN | GD_I_HANG);
    if (prober_down)
        gd_count(run, c.counters + CALLER_DOWN, 1);
    gd_span interval = next_interval(&c, tick, key);
    if (!prober_down) {
        gd_count(run, c.counters + PROBES, 1);
        tick->waits = true;
        gd_agenda_push(&run->agenda, gd_time_add(run->now, c.spec->timeout), GD_RANK_CONTROL,
                       GD_EV_BALANCE, GD_TICK_TIMEOUT(index));
    }
    gd_agenda_push(&run->agenda, gd_time_add(run->now, interval), GD_RANK_CONTROL, GD_EV_BALANCE,
                   GD_TICK_EVENT(index));
    if (!prober_down)
        send(run, index, &c, key);
}

/* A shallow probe has arrived: the process answers, or is not there, or hangs. */
void gd_check_ping(gd_run *run, uint32_t slot)
{
    gd_frame *frame = &GD_FRAMES(run)[slot];
    unsigned flags = GD_INSTANCES(run)[frame->instance].flags;
    if (!(flags & GD_I_DOWN) && gd_instance_is_silent(run, frame->instance)) {
        gd_frame_free(run, slot); /* silence */
        return;
    }
    frame->outcome = flags & (GD_I_DOWN | GD_I_CLOSED) ? GD_REFUSED : GD_OK;
    frame->flags |= GD_F_REPLYING | GD_F_ARRIVED;
    gd_network_reply(run, slot, false);
}

/* ---- the verdict -------------------------------------------------------------------------------
 */
static void turn(gd_run *run, uint32_t index, const checking *c, bool unhealthy)
{
    gd_tick *tick = &GD_TICKS(run)[index];
    const gd_plan *plan = run->plan;
    const gd_plan_instance *instance = &plan->instances[tick->instance];
    tick->unhealthy = unhealthy;
    gd_count(run, c->counters + (unhealthy ? BECAME_UNHEALTHY : BECAME_HEALTHY), 1);
    unsigned bad = GD_I_DOWN | GD_I_HANG | GD_I_ERRORS | GD_I_CLOSED;
    if (unhealthy && !(GD_INSTANCES(run)[tick->instance].flags & bad))
        gd_count(run, c->counters + WRONGLY, 1);
    gd_fold(run, instance->salt, GD_EV_BALANCE, gd_mix_n(c->salt, unhealthy));
    if (!c->pool) {
        gd_registry_set(run, tick->instance, GD_E_UNWELL, unhealthy);
        return;
    }
    gd_pool_state *state = gd_pool_state_of(run, c->pool, tick->ordinal);
    gd_pool_flag(run, c->pool, state,
                 tick->instance - plan->services[instance->service].instances_first, GD_H_FAILED,
                 unhealthy);
}

static void judge(gd_run *run, uint32_t index, bool ok)
{
    gd_tick *tick = &GD_TICKS(run)[index];
    checking c = checking_of(run, tick);
    tick->waits = false;
    if (!ok)
        gd_count(run, c.counters + FAILED, 1);
    if (ok && c.pool) {
        uint32_t first = run->plan->services[c.pool->service].instances_first;
        gd_outlier_checked(run, c.pool, gd_pool_state_of(run, c.pool, tick->ordinal),
                           tick->instance - first);
    }
    if (ok != tick->unhealthy) { /* as expected */
        tick->run = 0;
        return;
    }
    uint32_t threshold = ok ? c.spec->healthy_threshold : c.spec->unhealthy_threshold;
    if (++tick->run < threshold)
        return;
    tick->run = 0;
    turn(run, index, &c, !ok);
}

void gd_check_timeout(gd_run *run, uint32_t index)
{
    gd_tick *tick = &GD_TICKS(run)[index];
    if (!tick->waits)
        return;
    const gd_plan_site *site = &run->plan->sites[checking_of(run, tick).site];
    GD_EDGES(run)[site->edge].tries[GD_TIMEOUT]++;
    GD_EDGES(run)[site->edge].outcomes[GD_TIMEOUT]++;
    gd_edge_window_of(run, site->edge)->failed++;
    judge(run, index, false);
}

void gd_check_answered(gd_run *run, uint32_t index, uint32_t probe, gd_outcome outcome)
{
    gd_tick *tick = &GD_TICKS(run)[index];
    gd_edge_record *edge = &GD_EDGES(run)[run->plan->sites[checking_of(run, tick).site].edge];
    if (!tick->waits || tick->probes != probe) {
        edge->late++;
        return;
    }
    bool good = gd_outcome_rows[outcome].good;
    edge->tries[outcome]++;
    edge->outcomes[outcome]++;
    judge(run, index, good);
}

/* ---- as a model writes it ----------------------------------------------------------------------
 */
static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_health_check_spec *health = spec;
    gd_span least = health->interval;
    if (health->unhealthy_interval && health->unhealthy_interval < least)
        least = health->unhealthy_interval;
    if (health->timeout <= least)
        return;
    g_autofree char *timeout = gd_quantity_print(GD_FIELD_SPAN, health->timeout);
    g_autofree char *interval = gd_quantity_print(GD_FIELD_SPAN, least);
    g_autofree char *over = gd_quantity_print(GD_FIELD_SPAN, health->timeout - least);
    gd_problem(problems, node,
               "timeout is %s, %s above the interval of %s: the next probe would be sent before "
               "this one is given up; write a timeout of at most %s",
               timeout, over, interval, interval);
}

#define S gd_health_check_spec
static const gd_field fields[] = {
    GD_FIELD_ROW(S, interval, GD_FIELD_SPAN, .fallback = "\"10s\"", .min = GD_MS, .max = GD_DAY,
                 .help = "from one probe to the next", .source = "Kubernetes periodSeconds: 10"),
    GD_FIELD_ROW(S, timeout, GD_FIELD_SPAN, .fallback = "\"1s\"", .min = 1, .max = GD_DAY,
                 .help = "a probe without an answer by then has failed",
                 .source = "Kubernetes timeoutSeconds: 1"),
    GD_FIELD_ROW(S, jitter, GD_FIELD_SPAN, .fallback = "\"0s\"", .max = GD_DAY,
                 .help = "added to each interval, uniform from 0",
                 .source = "Envoy interval_jitter"),
    GD_FIELD_ROW(S, unhealthy_interval, GD_FIELD_SPAN, .min = GD_MS, .max = GD_DAY,
                 .help = "the interval while unhealthy. Absent: the same",
                 .source = "Envoy unhealthy_interval"),
    GD_FIELD_ROW(S, unhealthy_threshold, GD_FIELD_COUNT, .fallback = "3", .min = 1, .max = 1000,
                 .help = "failures in a row that make it unhealthy",
                 .source = "Kubernetes failureThreshold: 3"),
    GD_FIELD_ROW(S, healthy_threshold, GD_FIELD_COUNT, .fallback = "1", .min = 1, .max = 1000,
                 .help = "successes in a row that make it healthy again",
                 .source = "Kubernetes successThreshold: 1"),
    GD_FIELD_ROW(S, operation, GD_FIELD_NAME,
                 .help = "the operation that a probe asks for, with its queue, worker and calls. "
                         "Absent: the process answers by itself",
                 .source = "patterns 5.4: probe depth"),
    {0},
};
const gd_shape gd_health_check_shape = {
    .name = "health_check",
    .help = "asks each instance at intervals whether it is well",
    .source = "Envoy HealthCheck; Kubernetes probes",
    .bytes = sizeof(S),
    .fields = fields,
    .check = check,
    .concept =
        &(const gd_concept){
            .title = "Active health checks",
            .idea = "A probe at intervals; several failures in a row take an instance out.",
            .cures = "Dead instances that would get calls for ever.",
            .cures_not = "Gray failure: the probe is answered and the requests are not.",
            .price = "callers x instances / interval probes a second; time until the verdict.",
            .dangerous_with =
                "Overload (probes time out behind the queue and take capacity away) and "
                "deep checks of a dependency that all share.",
            .numbers =
                "Verdict after (u - 1/2) interval + timeout on average: 26 s with 10 s, 1 s, 3.",
            .source = "Envoy; Kubernetes; AWS load balancers.",
            .pattern = "health-check",
        },
};
