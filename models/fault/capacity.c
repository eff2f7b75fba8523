/* Faults of capacity (patterns 9.2, 9.3, 9.4): fewer workers, handles, ports, tokens. */
#include "models/fault/fault.h"

#include <string.h>

#define ASKED "a service, external or edge"
#define HOSTS "a service, zone or region"
/* Until a SYN is given up: 1 + 2 + 4 + … + 64 s (Linux: tcp_syn_retries 6). */
#define SYN_GIVES_UP (127 * GD_S)

/* ---- workers ------------------------------------------------------------------------------ */
#define WORKERS(fall, h)                                                                           \
    GD_FIELD_ROW(gd_fault_spec, share, GD_FIELD_SHARE, .fallback = (fall), .min = 1,               \
                 .max = GD_SHARE_ONE, .help = (h))
static const gd_field deadlock_fields[] = {
    GD_FAULT_HOSTS(true, HOSTS),
    GD_FAULT_RAMP,
    WORKERS("1", "of each instance's workers that wait for one another, rounded up"),
    {0},
};
static const gd_concept deadlock_says = {
    .title = "Deadlock",
    .pattern = "deadlock",
    .idea = "Workers wait for one another and never get free: requests pile up while the "
            "processor idles. Only a restart helps.",
    .cures = "A liveness probe that needs a worker; repair: restart.",
    .source = "patterns 9.2",
};
const gd_fault_kind gd_deadlock_fault = {
    .shape = {.name = "deadlock-fault",
              .help = "workers are stuck for good",
              .bytes = sizeof(gd_fault_spec),
              .fields = deadlock_fields,
              .concept = &deadlock_says},
    .takes = GD_TAKES_SERVICE | GD_TAKES_PLACE,
    .lever = GD_LEVER_TAKEN,
};

static const gd_field thread_fields[] = {
    GD_FAULT_HOSTS(true, HOSTS),
    GD_FAULT_RAMP,
    WORKERS("1", "of each instance's workers that something else holds, rounded up"),
    {0},
};
static const gd_concept thread_says = {
    .title = "Thread exhaustion",
    .pattern = "thread_exhaustion",
    .idea = "No thread is left for new work while the process is up: it accepts, and they wait. "
            "Probes on a thread of their own pass.",
    .source = "patterns 9.2; Gremlin Process Exhaustion",
};
const gd_fault_kind gd_thread_exhaustion_fault = {
    .shape = {.name = "thread_exhaustion-fault",
              .help = "workers are held by something else",
              .bytes = sizeof(gd_fault_spec),
              .fields = thread_fields,
              .concept = &thread_says},
    .takes = GD_TAKES_SERVICE | GD_TAKES_PLACE,
    .lever = GD_LEVER_TAKEN,
    .silent = true,
    .fill = NULL,
};

/* Instances of the services that a target means, for what is spread over them. */
static uint32_t instances_of(gd_fault_maker *m, const gd_plan_service **service)
{
    const char *name = m->spec->target ? strchr(m->spec->target, '.') : NULL;
    uint32_t n = 0;
    for (uint32_t i = 0; name && i < m->b->plan->n_services; i++) {
        const gd_plan_service *s = &m->b->plan->services[i];
        if (strcmp(name + 1, s->name) == 0) {
            n += s->instances_n;
            *service = s;
        }
    }
    return n;
}

static const gd_field loris_fields[] = {
    GD_FAULT_HOSTS(true, "a service with blocking threads"),
    GD_FIELD_ROW(gd_fault_spec, connections, GD_FIELD_COUNT, .required = true, .min = 1,
                 .max = 1000000000,
                 .help = "that an attacker keeps open, spread over the instances; each holds a "
                         "worker, and comes back when it is cut off"),
    {0},
};
static void fill_loris(gd_fault_maker *m)
{
    const gd_plan_service *service = NULL;
    uint32_t n = instances_of(m, &service);
    if (n == 0)
        return; /* an unknown name is the target's problem */
    if (service->async)
        gd_fault_problem(m, "target",
                         "%s is async: a connection that sends nothing holds no worker of it; "
                         "write \"threads\": \"blocking\" or another target",
                         service->name);
    m->fault.taken = (m->spec->connections + n - 1) / n;
    m->fault.share = 0;
}
static const gd_concept loris_says = {
    .title = "Slow loris",
    .pattern = "slow_loris",
    .idea = "Connections that send next to nothing hold a worker each. The attack costs the "
            "attacker nothing.",
    .cures = "Async threads, short header timeouts, limits on connections of one peer.",
    .source = "patterns 9.3",
};
const gd_fault_kind gd_slow_loris_fault = {
    .shape = {.name = "slow_loris-fault",
              .help = "idle connections hold workers",
              .bytes = sizeof(gd_fault_spec),
              .fields = loris_fields,
              .concept = &loris_says},
    .takes = GD_TAKES_SERVICE,
    .lever = GD_LEVER_TAKEN,
    .fill = fill_loris,
};

static const gd_field storm_fields[] = {
    GD_FAULT_HOSTS(true, "a service"),
    GD_ROW(gd_fault_spec, "clients", n, GD_FIELD_COUNT, .required = true, .min = 1,
           .max = 1000000000, .help = "that connect again at once"),
    GD_FIELD_ROW(gd_fault_spec, handshake, GD_FIELD_SPAN, .fallback = "\"2ms\"", .min = 1,
                 .max = GD_MINUTE, .help = "processor time of each on the server",
                 .source = "patterns 9.3: 1 to 3 ms"),
    {0},
};
static void fill_storm(gd_fault_maker *m)
{
    const gd_plan_service *service = NULL;
    uint32_t n = instances_of(m, &service);
    if (n == 0)
        return;
    if (m->spec->lasts)
        gd_fault_problem(m, "for", "a storm lasts until all have connected; leave it out");
    gd_i128 all = (gd_i128)m->spec->n * m->spec->handshake / n / service->workers;
    m->fault.end = gd_time_add(m->fault.start, all > GD_YEAR ? GD_YEAR : MAX(1, (gd_span)all));
    m->fault.share = GD_SHARE_ONE;
}
static const gd_concept storm_says = {
    .title = "Connection storm",
    .pattern = "connection_storm",
    .idea = "Everybody connects again at once, and each handshake costs the server processor "
            "time: all its workers are busy with greetings for clients x handshake / workers.",
    .cures = "Jittered reconnects, session resumption, proxies that keep connections.",
    .dangerous_with = "Fail-over: the new primary is greeted by all at once.",
    .numbers = "1 to 3 ms a handshake",
    .source = "patterns 9.3",
};
const gd_fault_kind gd_connection_storm_fault = {
    .shape = {.name = "connection_storm-fault",
              .help = "everybody connects again at once",
              .bytes = sizeof(gd_fault_spec),
              .fields = storm_fields,
              .concept = &storm_says},
    .takes = GD_TAKES_SERVICE,
    .lever = GD_LEVER_TAKEN,
    .fill = fill_storm,
};

/* ---- handles, ports, flows ---------------------------------------------------------------- */
static const char *const fd_words[] = {"refused", "hang", NULL};
static const gd_field fd_fields[] = {
    GD_FAULT_HOSTS(true, HOSTS),
    GD_ROW(gd_fault_spec, "limit", n, GD_FIELD_COUNT, .required = true, .max = 1000000000,
           .help = "requests that an instance may have at once, in work or queued"),
    GD_ROW(gd_fault_spec, "effect", how, GD_FIELD_WORD, .words = fd_words,
           .fallback = "\"refused\"", .help = "what one more meets"),
    {0},
};
static void fill_fd(gd_fault_maker *m)
{
    m->fault.hit = GD_HIT_ROOM;
    m->fault.share = GD_SHARE_ONE;
    m->fault.room = m->spec->n;
    m->fault.outcome = m->spec->how == 0 ? GD_REFUSED : GD_CONN_TIMEOUT;
    if (m->spec->how == 1) /* nobody accepts: the client's SYNs are not answered */
        m->fault.after = gd_fault_constant(m, SYN_GIVES_UP);
}
static const gd_concept fd_says = {
    .title = "File descriptors exhausted",
    .pattern = "fd_exhaustion",
    .idea = "No handle is left for another connection, while the process is up and its probe's "
            "connection stays open.",
    .source = "patterns 9.2",
};
const gd_fault_kind gd_fd_exhaustion_fault = {
    .shape = {.name = "fd_exhaustion-fault",
              .help = "no handle is left for one more",
              .bytes = sizeof(gd_fault_spec),
              .fields = fd_fields,
              .concept = &fd_says},
    .takes = GD_TAKES_SERVICE | GD_TAKES_PLACE,
    .lever = GD_LEVER_REQUEST,
    .silent = true,
    .fill = fill_fd,
};

/* `many` flows that are each forgotten after a while: a bucket of that size and rate. */
static void fill_flows(gd_fault_maker *m, uint32_t many, gd_span expires, gd_outcome outcome)
{
    gd_plan_fault *fault = &m->fault;
    fault->hit = GD_HIT_BUCKET;
    fault->share = GD_SHARE_ONE;
    fault->burst = many;
    gd_i128 rate = (gd_i128)many * GD_RATE_HZ * GD_S / expires;
    fault->limit = rate < 1 ? 1 : rate > INT64_MAX ? INT64_MAX : (gd_rate)rate;
    fault->outcome = (uint8_t)outcome;
}
static const gd_field port_fields[] = {
    GD_FAULT_WHEN,
    GD_FAULT_WHERE(true, "an edge"),
    GD_FIELD_ROW(gd_fault_spec, ports, GD_FIELD_COUNT, .fallback = "28232", .min = 1,
                 .max = 1000000000,
                 .help = "local ports for that destination, all callers together",
                 .source = "Linux ip_local_port_range 32768 to 60999"),
    GD_ROW(gd_fault_spec, "time_wait", expires, GD_FIELD_SPAN, .fallback = "\"60s\"", .min = 1,
           .max = GD_DAY, .help = "until a port can be used again",
           .source = "Linux TIME_WAIT 60 s"),
    {0},
};
static void fill_port(gd_fault_maker *m)
{
    fill_flows(m, m->spec->ports, m->spec->expires, GD_REFUSED);
    m->fault.local = true;
}
static const gd_concept port_says = {
    .title = "Ports exhausted",
    .pattern = "port_exhaustion",
    .idea = "Each attempt opens a connection, each connection takes a local port for a minute "
            "after its end: beyond ports / time_wait a second, connects fail at the caller.",
    .cures = "Connection pools, keep-alive.",
    .numbers = "28232 ports / 60 s = 470 connections a second to one destination",
    .source = "patterns 9.2; Linux ip-sysctl",
};
const gd_fault_kind gd_port_exhaustion_fault = {
    .shape = {.name = "port_exhaustion-fault",
              .help = "no local port is left to connect from",
              .bytes = sizeof(gd_fault_spec),
              .fields = port_fields,
              .concept = &port_says},
    .takes = GD_TAKES_EDGE,
    .lever = GD_LEVER_REQUEST,
    .fill = fill_port,
};

static const gd_field conntrack_fields[] = {
    GD_FAULT_HOSTS(true, "a service, external, zone, region or edge"),
    GD_FIELD_ROW(gd_fault_spec, table, GD_FIELD_COUNT, .required = true, .min = 1,
                 .max = 1000000000, .help = "flows that the table holds"),
    GD_FIELD_ROW(gd_fault_spec, expires, GD_FIELD_SPAN, .fallback = "\"120s\"", .min = 1,
                 .max = GD_YEAR, .help = "until a closed flow is forgotten",
                 .source = "Linux nf_conntrack_tcp_timeout_time_wait 120 s"),
    {0},
};
static void fill_conntrack(gd_fault_maker *m)
{
    fill_flows(m, m->spec->table, m->spec->expires, GD_CONN_TIMEOUT);
    m->fault.after = gd_fault_constant(m, SYN_GIVES_UP);
}
static const gd_concept conntrack_says = {
    .title = "Connection table full",
    .pattern = "conntrack_full",
    .idea = "A firewall or translator forgets a flow only after a while; when its table is full, "
            "the first packet of each new flow is dropped in silence.",
    .cures = "Connection pools: old flows go on.",
    .numbers = "table / expires new flows a second; conn_timeout after 127 s",
    .source = "patterns 9.3: nat_or_conntrack_full",
};
const gd_fault_kind gd_conntrack_full_fault = {
    .shape = {.name = "conntrack_full-fault",
              .help = "new flows are dropped, old ones work",
              .bytes = sizeof(gd_fault_spec),
              .fields = conntrack_fields,
              .concept = &conntrack_says},
    .takes = GD_TAKES_ASKED,
    .lever = GD_LEVER_REQUEST,
    .silent = true,
    .fill = fill_conntrack,
};

/* ---- quotas ------------------------------------------------------------------------------- */
#define LIMIT(need)                                                                                \
    GD_FIELD_ROW(gd_fault_spec, limit, GD_FIELD_RATE, .required = (need), .min = 1,                \
                 .help = "attempts it lets through; over it, `rate_limited`"),                     \
        GD_FIELD_ROW(gd_fault_spec, burst, GD_FIELD_COUNT, .min = 1, .max = 1000000000,            \
                     .help = "tokens that may be saved up. Absent: one second of the limit",       \
                     .source = "assumption, as the quota of an external"),                         \
        GD_FIELD_ROW(gd_fault_spec, retry_after, GD_FIELD_NODE, .shape = &gd_retry_after_shape,    \
                     .help = "when its refusals say to come back: a span, or \"stop\". Absent: "   \
                             "unsaid",                                                             \
                     .source = "RFC 9110 Retry-After; gRFC A6 pushback")
static const gd_field limit_fields[] = {
    GD_FAULT_WHEN, GD_FAULT_WHERE(true, ASKED), LIMIT(true), {0}};
static const gd_concept limit_says = {
    .title = "Rate limit lowered",
    .pattern = "rate_limit",
    .idea = "A quota is lower than it was: what is over it is refused at once.",
    .source = "patterns 9.4; FIS aws:fis:inject-api-throttle-error",
};
const gd_fault_kind gd_rate_limit_fault = {
    .shape = {.name = "rate_limit-fault",
              .help = "a quota is lowered",
              .bytes = sizeof(gd_fault_spec),
              .fields = limit_fields,
              .concept = &limit_says},
    .takes = GD_TAKES_PARTY | GD_TAKES_EDGE,
    .lever = GD_LEVER_LIMIT,
};
static const gd_concept quota_says = {
    .title = "Quota",
    .pattern = "quota",
    .idea = "A platform's limit that nobody remembered is reached: what is over it is refused.",
    .source = "patterns 9.5: capacity_removal by quota",
};
const gd_fault_kind gd_quota_fault = {
    .shape = {.name = "quota-fault",
              .help = "a limit that nobody remembered",
              .bytes = sizeof(gd_fault_spec),
              .fields = limit_fields,
              .concept = &quota_says},
    .takes = GD_TAKES_PARTY | GD_TAKES_EDGE,
    .lever = GD_LEVER_LIMIT,
};

static const gd_field throttle_fields[] = {
    GD_FAULT_HOSTS(true, ASKED),
    GD_FAULT_OPERATIONS,
    LIMIT(false),
    GD_FIELD_ROW(gd_fault_spec, share, GD_FIELD_SHARE, .min = 1, .max = GD_SHARE_ONE,
                 .help = "instead of a limit: of the attempts that are refused"),
    GD_FAULT_CORRELATION,
    {0},
};
static void fill_throttle(gd_fault_maker *m)
{
    bool limit = m->spec->limit != 0, share = gd_node_said(m->node, "share") != NULL;
    if (limit == share)
        gd_fault_problem(m, "share", "needs one of limit and share; write \"limit\": \"100/s\"");
    m->fault.hit = limit ? GD_HIT_BUCKET : GD_HIT_ANSWER;
    m->fault.share = limit ? GD_SHARE_ONE : m->spec->share;
    m->fault.outcome = GD_RATE_LIMITED;
    if (limit && m->spec->correlation)
        gd_fault_problem(m, "correlation", "a limit draws nothing; leave it out, or write share");
}
static const gd_concept throttle_says = {
    .title = "Throttling",
    .pattern = "throttle",
    .idea = "A dependency answers 429: above a limit, or to a share of what it is asked.",
    .cures = "Client-side rate limiters, retry budgets.",
    .dangerous_with = "Clients that try again at once: the quota buys nothing but refusals.",
    .source = "patterns 9.4; FIS aws:fis:inject-api-throttle-error",
};
const gd_fault_kind gd_throttle_fault = {
    .shape = {.name = "throttle-fault",
              .help = "answers 429 to what is too much",
              .bytes = sizeof(gd_fault_spec),
              .fields = throttle_fields,
              .concept = &throttle_says},
    .takes = GD_TAKES_PARTY | GD_TAKES_EDGE,
    .lever = GD_LEVER_REQUEST,
    .fill = fill_throttle,
};
