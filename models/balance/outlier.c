/* Outlier ejection: who fails more than the others is left out for a while, judged by real calls.
 *
 * Consecutive failures count at once, shares at each sweep: success rate below the mean by more
 * than `success_rate_stdev` population deviations, failure share above `failure_percentage`. An
 * ejection lasts base_ejection x the number of ejections in a row, at most max_ejection, and ends
 * at a sweep; each sweep in which a host is not ejected takes one off that number. At most
 * max_ejected of the instances are out at once.
 *
 * Sources: Envoy outlier_detection_impl.cc (checkHostForUneject, ejectHost: it asks whether one
 * more would pass the percentage), OutlierDetection proto; gRFC A50.
 */
#include "models/balance/pool.h"
#include "models/counter.h"

#define MILLION 1000000

enum {
    EJECTED,
    EJECTED_5XX,
    EJECTED_GATEWAY,
    EJECTED_LOCAL,
    EJECTED_SUCCESS_RATE,
    EJECTED_FAILURE_SHARE,
    RETURNED,
    EJECTED_WHILE_GOOD,
    OVER_MAXIMUM,
    NOT_ENFORCED,
    FEW_HOSTS,
    FEW_REQUESTS
};
const gd_counter_row gd_outlier_counters[] = {
    {"ejections", NULL},
    {"by_consecutive_5xx", NULL},
    {"by_consecutive_gateway", NULL},
    {"by_consecutive_local", NULL},
    {"by_success_rate", NULL},
    {"by_failure_percentage", NULL},
    {"returned", NULL},
    {"while_good", NULL},
    {"over_maximum", "an outlier stayed: one more would pass max_ejected"},
    {"not_enforced", "an outlier stayed: the draw against its `enforcing` share said so"},
    {"few_hosts", "no verdict by shares: fewer instances with enough requests than it takes"},
    {"few_requests", "an instance was not judged by shares: below its minimum of requests"},
    {0},
};

/* What Envoy calls them: 5xx, 502 to 504, and what this side of the wire saw. */
static bool is_local(gd_outcome outcome)
{
    return outcome == GD_TIMEOUT || outcome == GD_REFUSED || outcome == GD_CONN_TIMEOUT ||
           outcome == GD_RESET || outcome == GD_TLS_FAILURE;
}

static bool is_5xx(gd_outcome outcome)
{
    return outcome == GD_SERVER_ERROR || outcome == GD_UNAVAILABLE || is_local(outcome);
}

static void count(gd_run *run, const gd_plan_pool *pool, unsigned row)
{
    gd_count(run, pool->outlier_counters + row, 1);
}

static bool has_room(const gd_run *run, const gd_plan_pool *pool, const gd_pool_state *state)
{
    const gd_outlier_spec *spec = pool->outlier;
    if (spec->always_eject_one && state->ejected == 0)
        return true;
    uint32_t n = run->plan->services[pool->service].instances_n;
    return (gd_i128)(state->ejected + 1) * GD_SHARE_ONE <= (gd_i128)spec->max_ejected * n;
}

static void eject(gd_run *run, const gd_plan_pool *pool, gd_pool_state *state, uint32_t host,
                  unsigned why, gd_share enforcing)
{
    const gd_outlier_spec *spec = pool->outlier;
    gd_host *h = &gd_pool_hosts(pool, state)[host];
    uint64_t key = gd_mix_n(gd_mix(state->salt, GD_SALT_EJECT), host);
    key = gd_mix_n(key, h->ejected_times++);
    if (!has_room(run, pool, state)) {
        count(run, pool, OVER_MAXIMUM);
        return;
    }
    if (enforcing < GD_SHARE_ONE && gd_mix_n(key, 0) >= gd_share_threshold(enforcing)) {
        count(run, pool, NOT_ENFORCED);
        return;
    }
    h->ejections++;
    gd_i128 length = (gd_i128)spec->base_ejection * h->ejections;
    h->ejected_for = length > spec->max_ejection ? spec->max_ejection : (gd_span)length;
    h->ejected_for += (gd_span)gd_below(gd_mix_n(key, 1), (uint64_t)spec->ejection_jitter + 1);
    h->ejected_at = run->now;
    /* The multiplier grows no further than the longest ejection needs. */
    if (length >= (gd_i128)spec->max_ejection + spec->base_ejection)
        h->ejections--;
    gd_pool_flag(run, pool, state, host, GD_H_EJECTED, true);
    state->ejected++;
    uint32_t at = run->plan->services[pool->service].instances_first + host;
    count(run, pool, EJECTED);
    count(run, pool, why);
    if (!(GD_INSTANCES(run)[at].flags & ~(GD_I_SERVE | GD_I_LIMITED | GD_I_TIED)))
        count(run, pool, EJECTED_WHILE_GOOD);
    gd_fold(run, run->plan->instances[at].salt, GD_EV_BALANCE, state->salt + why);
}

static void restore(gd_run *run, const gd_plan_pool *pool, gd_pool_state *state, uint32_t host)
{
    gd_host *h = &gd_pool_hosts(pool, state)[host];
    uint32_t at = run->plan->services[pool->service].instances_first + host;
    gd_pool_flag(run, pool, state, host, GD_H_EJECTED, false);
    state->ejected--;
    h->run_5xx = h->run_gateway = h->run_local = 0;
    h->requests = h->failures = 0;
    count(run, pool, RETURNED);
    gd_fold(run, run->plan->instances[at].salt, GD_EV_BALANCE, state->salt + RETURNED);
}

/* ---- in line -----------------------------------------------------------------------------------
 */
/* One more failure in a row, or an end to them. */
static bool in_a_row(uint16_t *n, bool failed, uint32_t limit)
{
    if (!failed) {
        *n = 0;
        return false;
    }
    if (*n < UINT16_MAX)
        ++*n;
    if (*n < limit)
        return false;
    *n = 0;
    return true;
}

void gd_outlier_ended(gd_run *run, const gd_plan_pool *pool, gd_pool_state *state, uint32_t host,
                      gd_outcome outcome)
{
    const gd_outlier_spec *spec = pool->outlier;
    gd_host *h = &gd_pool_hosts(pool, state)[host];
    if (outcome == GD_CANCELLED)
        return; /* says nothing about the callee */
    bool local = is_local(outcome), failed = is_5xx(outcome);
    h->requests++;
    h->failures += failed;
    bool external = failed && !(spec->split_local && local);
    bool gateway = external && outcome != GD_SERVER_ERROR;
    bool counts = !(spec->split_local && local); /* else it is no answer at all to these two */
    bool five = counts && in_a_row(&h->run_5xx, external, spec->consecutive_5xx);
    bool gate = counts && in_a_row(&h->run_gateway, gateway, spec->consecutive_gateway);
    bool mine = spec->split_local && in_a_row(&h->run_local, local, spec->consecutive_local);
    if (h->flags & GD_H_EJECTED)
        return;
    if (gate && spec->enforcing_gateway > 0)
        eject(run, pool, state, host, EJECTED_GATEWAY, spec->enforcing_gateway);
    if (five && !(h->flags & GD_H_EJECTED) && spec->enforcing_5xx > 0)
        eject(run, pool, state, host, EJECTED_5XX, spec->enforcing_5xx);
    if (mine && !(h->flags & GD_H_EJECTED) && spec->enforcing_local > 0)
        eject(run, pool, state, host, EJECTED_LOCAL, spec->enforcing_local);
}

/* ---- by the clock ------------------------------------------------------------------------------
 */
static bool is_judged(const gd_host *h, uint32_t requests)
{
    return h->flags & GD_H_IN_VIEW && !(h->flags & GD_H_EJECTED) && h->requests >= requests;
}

static gd_share success_of(const gd_host *h)
{
    g_assert(h->requests > 0); /* is_judged */
    return (gd_share)((gd_i128)(h->requests - h->failures) * MILLION / h->requests);
}

/* mean - s > k deviations, with n s's of sum S: d = S - n s; d > 0 and d^2 n > k^2 sum of d^2. */
static void judge_success(gd_run *run, const gd_plan_pool *pool, gd_pool_state *state, uint32_t n)
{
    const gd_outlier_spec *spec = pool->outlier;
    gd_host *hosts = gd_pool_hosts(pool, state);
    gd_i128 sum = 0, squares = 0;
    uint32_t judged = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (!is_judged(&hosts[i], spec->success_rate_requests)) {
            if (hosts[i].requests > 0 && !(hosts[i].flags & GD_H_EJECTED))
                count(run, pool, FEW_REQUESTS);
            continue;
        }
        judged++;
        sum += success_of(&hosts[i]);
    }
    if (judged < spec->success_rate_hosts) {
        count(run, pool, FEW_HOSTS);
        return;
    }
    g_assert(judged > 0);
    for (uint32_t i = 0; i < n; i++)
        if (is_judged(&hosts[i], spec->success_rate_requests)) {
            gd_i128 d = sum - (gd_i128)judged * success_of(&hosts[i]);
            squares += d * d / judged; /* the variance times judged^2, rounded down */
        }
    /* k in thousandths, as Envoy has it; the squares of d fit 2^67 for a million instances. */
    int64_t k = spec->success_rate_stdev / 1000000;
    gd_i128 bar = squares * k * k / 1000000;
    for (uint32_t i = 0; i < n; i++) {
        if (!is_judged(&hosts[i], spec->success_rate_requests))
            continue;
        gd_i128 d = sum - (gd_i128)judged * success_of(&hosts[i]);
        if (d > 0 && d * d > bar)
            eject(run, pool, state, i, EJECTED_SUCCESS_RATE, spec->enforcing_success_rate);
    }
}

static void judge_failures(gd_run *run, const gd_plan_pool *pool, gd_pool_state *state, uint32_t n)
{
    const gd_outlier_spec *spec = pool->outlier;
    gd_host *hosts = gd_pool_hosts(pool, state);
    uint32_t judged = 0;
    for (uint32_t i = 0; i < n; i++)
        judged += is_judged(&hosts[i], spec->failure_percentage_requests);
    if (judged < spec->failure_percentage_hosts) {
        count(run, pool, FEW_HOSTS);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        if (is_judged(&hosts[i], spec->failure_percentage_requests) &&
            (gd_i128)hosts[i].failures * GD_SHARE_ONE >=
                (gd_i128)hosts[i].requests * spec->failure_percentage)
            eject(run, pool, state, i, EJECTED_FAILURE_SHARE, spec->enforcing_failure_percentage);
}

void gd_outlier_sweep(gd_run *run, uint32_t index)
{
    const gd_tick *tick = &GD_TICKS(run)[index];
    const gd_plan_pool *pool = &run->plan->pools[tick->pool];
    const gd_outlier_spec *spec = pool->outlier;
    gd_pool_state *state = gd_pool_state_of(run, pool, tick->ordinal);
    gd_host *hosts = gd_pool_hosts(pool, state);
    uint32_t n = run->plan->services[pool->service].instances_n;
    for (uint32_t i = 0; i < n; i++) {
        if (!(hosts[i].flags & GD_H_EJECTED))
            hosts[i].ejections -= hosts[i].ejections > 0;
        else if (run->now - hosts[i].ejected_at >= hosts[i].ejected_for)
            restore(run, pool, state, i);
    }
    if (spec->enforcing_success_rate > 0)
        judge_success(run, pool, state, n);
    if (spec->enforcing_failure_percentage > 0)
        judge_failures(run, pool, state, n);
    for (uint32_t i = 0; i < n; i++)
        hosts[i].requests = hosts[i].failures = 0;
    gd_agenda_push(&run->agenda, gd_time_add(run->now, spec->interval), GD_RANK_CONTROL,
                   GD_EV_BALANCE, GD_TICK_EVENT(index));
}

/* Each process has begun at some time of its own: sweeps do not march in step. */
void gd_outlier_start(gd_run *run, const gd_plan_pool *pool, uint32_t index)
{
    gd_tick *tick = &GD_TICKS(run)[index];
    const gd_pool_state *state = gd_pool_state_of(run, pool, tick->ordinal);
    uint64_t u = gd_mix(state->salt, GD_SALT_PHASE_0);
    gd_agenda_push(&run->agenda, (gd_time)gd_below(u, (uint64_t)pool->outlier->interval) + 1,
                   GD_RANK_CONTROL, GD_EV_BALANCE, GD_TICK_EVENT(index));
}

void gd_outlier_checked(gd_run *run, const gd_plan_pool *pool, gd_pool_state *state, uint32_t host)
{
    if (pool->outlier && pool->outlier->healthy_check_unejects &&
        gd_pool_hosts(pool, state)[host].flags & GD_H_EJECTED)
        restore(run, pool, state, host);
}

/* ---- as a model writes it ----------------------------------------------------------------------
 */
static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_outlier_spec *outlier = spec;
    if (outlier->max_ejection < outlier->base_ejection) {
        g_autofree char *base = gd_quantity_print(GD_FIELD_SPAN, outlier->base_ejection);
        g_autofree char *most = gd_quantity_print(GD_FIELD_SPAN, outlier->max_ejection);
        gd_problem(problems, node,
                   "max_ejection is %s, below base_ejection, %s: no ejection could last that long; "
                   "raise it",
                   most, base);
    }
}

#define S gd_outlier_spec
#define ENFORCING(m, d)                                                                            \
    GD_FIELD_ROW(S, m, GD_FIELD_SHARE, .fallback = d, .max = GD_SHARE_ONE,                         \
                 .help = "share of these verdicts that are carried out; 0: off",                   \
                 .source = "Envoy OutlierDetection")
#define IN_A_ROW(m, h)                                                                             \
    GD_FIELD_ROW(S, m, GD_FIELD_COUNT, .fallback = "5", .min = 1, .max = 65535, .help = h,         \
                 .source = "Envoy OutlierDetection: 5")
#define AT_LEAST(m, d, h)                                                                          \
    GD_FIELD_ROW(S, m, GD_FIELD_COUNT, .fallback = d, .min = 1, .max = 1000000, .help = h,         \
                 .source = "Envoy OutlierDetection: " d)
static const gd_field fields[] = {
    IN_A_ROW(consecutive_5xx, "failures in a row that eject: errors, timeouts, resets"),
    ENFORCING(enforcing_5xx, "\"100%\""),
    IN_A_ROW(consecutive_gateway, "the same without server_error: 502 to 504"),
    ENFORCING(enforcing_gateway, "\"0%\""),
    GD_FIELD_ROW(S, split_local, GD_FIELD_BOOL, .fallback = "false",
                 .help = "timeouts, resets and refusals are counted apart",
                 .source = "Envoy split_external_local_origin_errors"),
    IN_A_ROW(consecutive_local, "with split_local: of those, in a row"),
    ENFORCING(enforcing_local, "\"100%\""),
    GD_FIELD_ROW(S, interval, GD_FIELD_SPAN, .fallback = "\"10s\"", .min = GD_MS, .max = GD_HOUR,
                 .help = "between sweeps, which judge shares and end ejections",
                 .source = "Envoy interval: 10 s"),
    GD_FIELD_ROW(S, base_ejection, GD_FIELD_SPAN, .fallback = "\"30s\"", .min = GD_MS,
                 .max = GD_DAY, .help = "the first ejection lasts this long, the n-th n times",
                 .source = "Envoy base_ejection_time: 30 s"),
    GD_FIELD_ROW(S, max_ejection, GD_FIELD_SPAN, .fallback = "\"300s\"", .min = GD_MS,
                 .max = GD_DAY, .help = "none lasts longer", .source = "Envoy: 300 s"),
    GD_FIELD_ROW(S, ejection_jitter, GD_FIELD_SPAN, .fallback = "\"0s\"", .max = GD_HOUR,
                 .help = "added to each, uniform from 0", .source = "Envoy: 0 s"),
    GD_FIELD_ROW(S, max_ejected, GD_FIELD_SHARE, .fallback = "\"10%\"", .max = GD_SHARE_ONE,
                 .help = "share of the instances that may be out at once",
                 .source = "Envoy max_ejection_percent: 10"),
    GD_FIELD_ROW(S, always_eject_one, GD_FIELD_BOOL, .fallback = "false",
                 .help = "one may be, whatever max_ejected says; gRPC: true",
                 .source = "Envoy always_eject_one_host; gRFC A50"),
    AT_LEAST(success_rate_hosts, "5", "instances with enough requests that a comparison takes"),
    AT_LEAST(success_rate_requests, "100", "requests of an instance in an interval that it takes"),
    GD_FIELD_ROW(S, success_rate_stdev, GD_FIELD_FACTOR, .fallback = "1.9", .min = 1000000,
                 .max = 100 * GD_SHARE_ONE, .help = "deviations below the mean that eject",
                 .source = "Envoy success_rate_stdev_factor: 1900"),
    ENFORCING(enforcing_success_rate, "\"100%\""),
    GD_FIELD_ROW(S, failure_percentage, GD_FIELD_SHARE, .fallback = "\"85%\"", .min = 1,
                 .max = GD_SHARE_ONE, .help = "share of failures that ejects",
                 .source = "Envoy failure_percentage_threshold: 85"),
    AT_LEAST(failure_percentage_hosts, "5", "as success_rate_hosts"),
    AT_LEAST(failure_percentage_requests, "50", "as success_rate_requests"),
    ENFORCING(enforcing_failure_percentage, "\"0%\""),
    GD_FIELD_ROW(S, healthy_check_unejects, GD_FIELD_BOOL, .fallback = "true",
                 .help = "a health check that succeeds ends an ejection", .source = "Envoy: true"),
    {0},
};
const gd_shape gd_outlier_shape = {
    .name = "outlier_ejection",
    .help = "who fails more than the others is left out for a while",
    .source = "Envoy OutlierDetection; gRFC A50",
    .bytes = sizeof(S),
    .fields = fields,
    .check = check,
    .concept =
        &(const gd_concept){
            .title = "Outlier ejection (passive health checks)",
            .idea = "Each caller watches how its own calls end and leaves out who fails.",
            .cures = "One bad instance of many, the black hole of least requests among them.",
            .cures_not = "A fault that all instances share: then max_ejected stops it, or should.",
            .price = "A few failed calls for each caller and each ejection.",
            .dangerous_with =
                "Few instances (10 % of 4 is none), and overload: the others get more.",
            .numbers = "5 failures in a row; 30 s x n; at most 10 % out; mean - 1.9 deviations.",
            .source = "Envoy outlier detection; gRFC A50.",
            .pattern = "outlier-ejection",
        },
};
