/* Faults of the answer (patterns 9.2 to 9.4): something else comes back than was asked for. */
#include "models/fault/fault.h"
#include "sim/spec/quantity.h"

#include <string.h>

#define ASKED "a service, external, zone, region or edge"
#define HOSTS "a service, external, zone or region"
/* Linux: tcp_keepalive_time 7200 s, then 9 probes 75 s apart. */
#define KEEPALIVE "\"7875s\""
/* Linux's resolver: 5 s, two attempts. */
#define RESOLVER "\"10s\""

/* What no callee says: the outcomes of callers and of bookkeeping. */
static bool is_answer(gd_outcome outcome)
{
    return outcome != GD_OK && outcome != GD_UNFINISHED && outcome != GD_TIMEOUT &&
           outcome != GD_CANCELLED && outcome != GD_BREAKER_OPEN && outcome != GD_BULKHEAD_FULL &&
           outcome != GD_THROTTLED_LOCAL;
}

#define OUTCOME(fall)                                                                              \
    GD_FIELD_ROW(gd_fault_spec, outcome, GD_FIELD_WORD, .words = gd_outcome_words,                 \
                 .fallback = (fall), .help = "what they end with",                                 \
                 .source = "patterns 9.4: status 500")

/* An answer without service; with bursts it is drawn one by one. */
static void fill_errors(gd_fault_maker *m)
{
    if (!is_answer((gd_outcome)m->spec->outcome))
        gd_fault_problem(m, "outcome",
                         "no callee answers \"%s\"; write \"server_error\", \"unavailable\", "
                         "\"shed\" …",
                         gd_outcome_words[m->spec->outcome]);
    m->fault.hit = GD_HIT_ANSWER;
    if (m->spec->correlation || m->spec->operations)
        m->fault.lever = GD_LEVER_REQUEST;
}

/* ---- errors, error_response, io_error ----------------------------------------------------- */
static const gd_field errors_fields[] = {
    GD_FAULT_HOSTS(true, ASKED),
    GD_FAULT_RAMP,
    GD_FAULT_OPERATIONS,
    GD_FAULT_SHARE("1", "of the attempts"),
    GD_FAULT_CORRELATION,
    OUTCOME("\"server_error\""),
    {0},
};
static const gd_concept errors_says = {
    .title = "Errors",
    .pattern = "errors",
    .idea = "A share of the attempts is answered with a failure, at once and without work.",
    .dangerous_with = "Least-request balancing: who fails fast looks idle, and gets more.",
    .source = "patterns 9.4; Envoy abort, FIS aws:fis:inject-api-internal-error",
};
const gd_fault_kind gd_errors_fault = {
    .shape = {.name = "errors-fault",
              .help = "answers with a failure",
              .bytes = sizeof(gd_fault_spec),
              .fields = errors_fields,
              .concept = &errors_says},
    .takes = GD_TAKES_ASKED,
    .lever = GD_LEVER_ERRORS,
    .fill = fill_errors,
};

static const gd_field response_fields[] = {
    GD_FAULT_HOSTS(true, ASKED),
    GD_FAULT_RAMP,
    GD_FAULT_OPERATIONS,
    GD_FIELD_ROW(gd_fault_spec, status, GD_FIELD_COUNT, .fallback = "500", .min = 400, .max = 599,
                 .help = "an HTTP status; its outcome is what patterns 2.3 says",
                 .source = "patterns 9.4: status 500/503"),
    GD_FAULT_SHARE("1", "of the attempts"),
    GD_FAULT_CORRELATION,
    {0},
};
/* Patterns 2.3, from a status back to an outcome. */
static gd_outcome outcome_of(uint32_t status)
{
    switch (status) {
    case 401:
    case 403:
        return GD_AUTH_FAILURE;
    case 409:
    case 412:
        return GD_CONFLICT;
    case 429:
        return GD_RATE_LIMITED;
    case 502:
    case 503:
    case 504:
        return GD_UNAVAILABLE;
    default:
        return status < 500 ? GD_CLIENT_ERROR : GD_SERVER_ERROR;
    }
}
static void fill_response(gd_fault_maker *m)
{
    m->fault.outcome = (uint8_t)outcome_of(m->spec->status);
    m->fault.hit = GD_HIT_ANSWER;
    if (m->spec->correlation || m->spec->operations)
        m->fault.lever = GD_LEVER_REQUEST;
}
static const gd_concept response_says = {
    .title = "Error response",
    .pattern = "error_response",
    .idea = "The same, said as an HTTP status.",
    .numbers = "500 or 503",
    .source = "patterns 9.4, 2.3; Envoy abort.http_status, Chaos Mesh HTTPChaos replace.code",
};
const gd_fault_kind gd_error_response_fault = {
    .shape = {.name = "error_response-fault",
              .help = "answers with an HTTP status",
              .bytes = sizeof(gd_fault_spec),
              .fields = response_fields,
              .concept = &response_says},
    .takes = GD_TAKES_ASKED,
    .lever = GD_LEVER_ERRORS,
    .fill = fill_response,
};

static const gd_field io_fields[] = {
    GD_FAULT_HOSTS(true, HOSTS),
    GD_FAULT_OPERATIONS,
    GD_FAULT_SHARE("1", "of the requests whose reads or writes fail"),
    GD_FAULT_CORRELATION,
    {0},
};
static void fill_io(gd_fault_maker *m)
{
    m->fault.hit = GD_HIT_SPOIL;
    m->fault.outcome = GD_SERVER_ERROR;
    if (m->spec->correlation) {
        gd_fault_problem(m, "correlation", "errors of a disk are drawn one by one; leave it out");
    }
}
static const gd_concept io_says = {
    .title = "Disk errors",
    .pattern = "io_error",
    .idea = "Reads or writes fail: the work was done, and ends in a server error.",
    .source = "patterns 9.2; Chaos Mesh IOChaos fault",
};
const gd_fault_kind gd_io_error_fault = {
    .shape = {.name = "io_error-fault",
              .help = "reads or writes fail",
              .bytes = sizeof(gd_fault_spec),
              .fields = io_fields,
              .concept = &io_says},
    .takes = GD_TAKES_SERVICE | GD_TAKES_PLACE,
    .lever = GD_LEVER_REQUEST,
    .fill = fill_io,
};

/* ---- disk_full ---------------------------------------------------------------------------- */
static const char *const full_words[] = {"errors", "crash", NULL};
static const gd_field disk_fields[] = {
    GD_FAULT_HOSTS(true, HOSTS),
    GD_FAULT_OPERATIONS,
    GD_FIELD_ROW(gd_fault_spec, fill, GD_FIELD_SHARE, .fallback = "\"80%\"", .max = GD_SHARE_ONE,
                 .help = "how full it is when the fault begins",
                 .source = "patterns 9.2: LitmusChaos disk-fill 80 %"),
    GD_FIELD_ROW(gd_fault_spec, fill_per_hour, GD_FIELD_SHARE, .min = 1, .max = GD_SHARE_ONE,
                 .required = true, .help = "of the disk that fills up in an hour"),
    GD_ROW(gd_fault_spec, "effect", how, GD_FIELD_WORD, .words = full_words,
           .fallback = "\"errors\"",
           .help = "once full: `operations` (those that write) fail, or the process crashes"),
    {0},
};
static void fill_disk(gd_fault_maker *m)
{
    const gd_fault_spec *spec = m->spec;
    gd_i128 wait = (gd_i128)(GD_SHARE_ONE - spec->fill) * GD_HOUR / MAX(1, spec->fill_per_hour);
    m->fault.start = gd_time_add(m->fault.start, wait > GD_YEAR ? GD_YEAR : (gd_span)wait);
    if (m->fault.start >= m->b->plan->horizon || m->fault.start >= m->fault.end) {
        char text[32];
        gd_print_span((gd_span)MIN(wait, (gd_i128)GD_YEAR), text);
        gd_fault_problem(m, "fill_per_hour",
                         "the disk is full only %s after the fault begins, when it or the run is "
                         "over; write more, or a higher fill",
                         text);
    }
    m->fault.hit = GD_HIT_SPOIL;
    m->fault.share = GD_SHARE_ONE;
    m->fault.outcome = GD_SERVER_ERROR;
    if (spec->how == 1)
        m->fault.lever = GD_LEVER_DOWN;
    if (spec->how == 1 && spec->operations)
        gd_fault_problem(m, "operations", "a crash is everybody's; leave it out");
}
static const gd_concept disk_says = {
    .title = "Disk full",
    .pattern = "disk_full",
    .idea = "A disk fills up for hours and nobody sees it; at 100 % writes fail, reads go on.",
    .cures = "Alerts on the time until it is full, not on how full it is.",
    .numbers = "80 % at the start",
    .source = "patterns 9.2",
};
const gd_fault_kind gd_disk_full_fault = {
    .shape = {.name = "disk_full-fault",
              .help = "a disk fills up, then writes fail",
              .bytes = sizeof(gd_fault_spec),
              .fields = disk_fields,
              .concept = &disk_says},
    .takes = GD_TAKES_SERVICE | GD_TAKES_PLACE,
    .lever = GD_LEVER_REQUEST,
    .fill = fill_disk,
};

/* ---- corruption, bad_payload -------------------------------------------------------------- */
static const gd_field spoil_fields[] = {
    GD_FAULT_HOSTS(true, ASKED),
    GD_FAULT_OPERATIONS,
    GD_FAULT_SHARE("1", "of the answers"),
    {0},
};
static void fill_corruption(gd_fault_maker *m)
{
    m->fault.hit = GD_HIT_SPOIL;
    m->fault.outcome = GD_WRONG_RESULT;
}
static const gd_concept corruption_says = {
    .title = "Silent corruption",
    .pattern = "corruption",
    .idea = "The answer is wrong, and looks right: availability stays, correctness does not.",
    .cures = "Checksums from end to end: they turn it into an error.",
    .source = "patterns 9.2; Chaos Mesh IOChaos mistake",
};
const gd_fault_kind gd_corruption_fault = {
    .shape = {.name = "corruption-fault",
              .help = "wrong answers that look right",
              .bytes = sizeof(gd_fault_spec),
              .fields = spoil_fields,
              .concept = &corruption_says},
    .takes = GD_TAKES_ASKED,
    .lever = GD_LEVER_REQUEST,
    .silent = true,
    .fill = fill_corruption,
};
static void fill_payload(gd_fault_maker *m)
{
    m->fault.hit = GD_HIT_SPOIL;
    m->fault.outcome = GD_CLIENT_ERROR;
}
static const gd_concept payload_says = {
    .title = "Bad payload",
    .pattern = "bad_payload",
    .idea = "The server did the work and says 200; the client cannot read it, and fails. \"then\": "
            "\"crash\" on the edge says that the client does not survive it.",
    .cures_not = "Retries: the next answer is as bad.",
    .source = "patterns 9.4; Chaos Mesh HTTPChaos patch",
};
const gd_fault_kind gd_bad_payload_fault = {
    .shape = {.name = "bad_payload-fault",
              .help = "answers that the caller cannot read",
              .bytes = sizeof(gd_fault_spec),
              .fields = spoil_fields,
              .concept = &payload_says},
    .takes = GD_TAKES_ASKED,
    .lever = GD_LEVER_REQUEST,
    .silent = true,
    .fill = fill_payload,
};

/* ---- dependency_down, third_party_shared -------------------------------------------------- */
static const char *const down_words[] = {"blackhole", "refused", "errors", NULL};
#define HOW_DOWN                                                                                   \
    GD_FIELD_ROW(gd_fault_spec, how, GD_FIELD_WORD, .words = down_words,                           \
                 .fallback = "\"blackhole\"",                                                      \
                 .help = "packets vanish, connections are refused, or it answers 503",             \
                 .source = "patterns 9.4: blackhole")
static void fill_down(gd_fault_maker *m)
{
    static const gd_lever levers[] = {GD_LEVER_DARK, GD_LEVER_DOWN, GD_LEVER_ERRORS};
    m->fault.lever = (uint8_t)levers[m->spec->how];
    m->fault.share = GD_SHARE_ONE;
    m->fault.outcome = GD_UNAVAILABLE;
}
static const gd_field down_fields[] = {GD_FAULT_HOSTS(true, HOSTS), HOW_DOWN, {0}};
static const gd_concept down_says = {
    .title = "Dependency down",
    .pattern = "dependency_down",
    .idea = "All of it is gone. How it is gone matters more: silence holds callers until their "
            "timeouts, a refusal lets them go at once.",
    .source = "patterns 9.4",
};
const gd_fault_kind gd_dependency_down_fault = {
    .shape = {.name = "dependency_down-fault",
              .help = "a dependency is gone",
              .bytes = sizeof(gd_fault_spec),
              .fields = down_fields,
              .concept = &down_says},
    .takes = GD_TAKES_HOST,
    .lever = GD_LEVER_DARK,
    .fill = fill_down,
};
static const gd_field shared_fields[] = {
    GD_FAULT_WHEN,
    GD_FIELD_ROW(gd_fault_spec, targets, GD_FIELD_NODES, .required = true, .shape = &gd_names_shape,
                 .help = "services and externals that all stand on it"),
    GD_FAULT_SILENT,
    HOW_DOWN,
    {0},
};
static const gd_concept shared_says = {
    .title = "Shared third party",
    .pattern = "third_party_shared",
    .idea = "Several services stand on one thing that nobody drew: a name service, an identity "
            "provider, a certificate. They fail together, and redundancy between them is none.",
    .source = "patterns 9.5",
};
const gd_fault_kind gd_third_party_shared_fault = {
    .shape = {.name = "third_party_shared-fault",
              .help = "what several depend on fails for all",
              .bytes = sizeof(gd_fault_spec),
              .fields = shared_fields,
              .concept = &shared_says},
    .takes = GD_TAKES_PARTY,
    .lever = GD_LEVER_DARK,
    .fill = fill_down,
};

/* ---- certificates, credentials, clocks ---------------------------------------------------- */
static void fill_answer(gd_fault_maker *m, gd_outcome outcome)
{
    m->fault.hit = GD_HIT_ANSWER;
    m->fault.outcome = (uint8_t)outcome;
    m->fault.share = m->spec->share ? m->spec->share : GD_SHARE_ONE;
}
static const gd_field cert_fields[] = {GD_FAULT_HOSTS(true, ASKED), {0}};
static void fill_cert(gd_fault_maker *m)
{
    fill_answer(m, GD_TLS_FAILURE);
}
static const gd_concept cert_says = {
    .title = "Certificate expiry",
    .pattern = "cert_expiry",
    .idea = "From one second to the next every new connection fails its handshake; established "
            "ones go on. Without a pool of connections every attempt is a new one.",
    .cures = "Renewal with weeks to spare, alerts on the date, staggered dates.",
    .cures_not = "Retries, more replicas, fail-over: all have the same certificate.",
    .dangerous_with = "Restarts: they close the connections that still worked.",
    .numbers = "0.2 a year (assumption)",
    .source = "patterns 9.4; Gremlin Certificate Expiry",
};
const gd_fault_kind gd_cert_expiry_fault = {
    .shape = {.name = "cert_expiry-fault",
              .help = "new connections fail their handshake",
              .bytes = sizeof(gd_fault_spec),
              .fields = cert_fields,
              .concept = &cert_says},
    .takes = GD_TAKES_ASKED,
    .lever = GD_LEVER_REQUEST,
    .fill = fill_cert,
};
static const gd_field credential_fields[] = {
    GD_FAULT_HOSTS(true, ASKED),
    GD_FAULT_OPERATIONS,
    GD_FAULT_SHARE("1", "of the requests that carry the old credential; each try of one does"),
    {0},
};
static void fill_credential(gd_fault_maker *m)
{
    fill_answer(m, GD_AUTH_FAILURE);
    m->fault.by_request = m->spec->share < GD_SHARE_ONE;
}
static const gd_concept credential_says = {
    .title = "Credential expiry, key rotation",
    .pattern = "credential_expiry",
    .idea = "A secret is no longer accepted by some or by all: requests are refused as strangers.",
    .cures_not = "Retries with the same secret.",
    .source = "patterns 9.4: credential_expiry, key_rotation",
};
const gd_fault_kind gd_credential_expiry_fault = {
    .shape = {.name = "credential_expiry-fault",
              .help = "credentials are no longer accepted",
              .bytes = sizeof(gd_fault_spec),
              .fields = credential_fields,
              .concept = &credential_says},
    .takes = GD_TAKES_ASKED,
    .lever = GD_LEVER_REQUEST,
    .fill = fill_credential,
};

#define LEEWAY                                                                                     \
    GD_FIELD_ROW(gd_fault_spec, leeway, GD_FIELD_SPAN, .fallback = "\"60s\"", .max = GD_YEAR,      \
                 .help =                                                                           \
                     "requests carry tokens, and an instance that is off by more refuses them "    \
                     "(auth_failure)",                                                             \
                 .source = "patterns 7.5: 60 s to 5 min")
static void fill_clock(gd_fault_maker *m)
{
    m->fault.hit = GD_HIT_CLOCK;
    m->fault.share = GD_SHARE_ONE;
    m->fault.outcome = GD_AUTH_FAILURE;
    m->fault.added = m->spec->leeway;
    m->fault.skew = m->spec->direction == 0 ? m->spec->offset : -m->spec->offset;
    m->fault.drift = (m->spec->direction == 0 ? 1 : -1) * m->spec->ppm * 1000;
}
static const char *const way_words[] = {"ahead", "behind", NULL};
#define WAY                                                                                        \
    GD_ROW(gd_fault_spec, "way", direction, GD_FIELD_WORD, .words = way_words,                     \
           .fallback = "\"ahead\"", .help = "of the true time")
static const gd_field jump_fields[] = {
    GD_FAULT_HOSTS(true, "a service, zone or region"),
    GD_FIELD_ROW(gd_fault_spec, offset, GD_FIELD_SPAN, .required = true, .min = 1, .max = GD_YEAR,
                 .help = "how far the clock steps"),
    WAY,
    LEEWAY,
    {0},
};
static const gd_concept jump_says = {
    .title = "Clock jump",
    .pattern = "clock_jump",
    .idea = "An instance's wall clock steps: it judges tokens and absolute deadlines by a time "
            "that nobody shares.",
    .cures = "Durations instead of instants, leeway, stepping only at start.",
    .numbers = "leeway 60 s to 5 min",
    .source = "patterns 9.2, 7.5; Chaos Mesh TimeChaos, Gremlin Time Travel",
};
const gd_fault_kind gd_clock_jump_fault = {
    .shape = {.name = "clock_jump-fault",
              .help = "a clock steps away from the others",
              .bytes = sizeof(gd_fault_spec),
              .fields = jump_fields,
              .concept = &jump_says},
    .takes = GD_TAKES_SERVICE | GD_TAKES_PLACE,
    .lever = GD_LEVER_REQUEST,
    .fill = fill_clock,
};
static const gd_field drift_fields[] = {
    GD_FAULT_HOSTS(true, "a service, zone or region"),
    GD_FIELD_ROW(gd_fault_spec, ppm, GD_FIELD_WHOLE, .fallback = "200", .min = 1, .max = 1000000,
                 .help = "microseconds a second",
                 .source = "patterns 7.5: 10 to 100, 200 by design"),
    WAY,
    LEEWAY,
    {0},
};
static const gd_concept drift_says = {
    .title = "Clock drift",
    .pattern = "clock_drift",
    .idea = "An instance's clock runs fast or slow, and nothing corrects it: what is wrong grows "
            "until something that compares times breaks.",
    .numbers = "quartz 50 ppm, 200 ppm by design: 17 s a day",
    .source = "patterns 9.2, 7.5; Spanner (OSDI 2012)",
};
const gd_fault_kind gd_clock_drift_fault = {
    .shape = {.name = "clock_drift-fault",
              .help = "a clock runs fast or slow",
              .bytes = sizeof(gd_fault_spec),
              .fields = drift_fields,
              .concept = &drift_says},
    .takes = GD_TAKES_SERVICE | GD_TAKES_PLACE,
    .lever = GD_LEVER_REQUEST,
    .silent = true,
    .fill = fill_clock,
};

/* ---- reset, half_open --------------------------------------------------------------------- */
static const gd_field reset_fields[] = {
    GD_FAULT_HOSTS(true, ASKED),
    GD_FIELD_ROW(gd_fault_spec, after, GD_FIELD_SPAN, .fallback = "\"0s\"", .max = GD_YEAR,
                 .help = "from the request's coming to the reset",
                 .source = "Toxiproxy reset_peer: timeout 0"),
    GD_FAULT_SHARE("1", "of the attempts"),
    GD_FAULT_CORRELATION,
    {0},
};
static void fill_reset(gd_fault_maker *m)
{
    fill_answer(m, GD_RESET);
    if (m->spec->after)
        m->fault.after = gd_fault_constant(m, m->spec->after);
}
static const gd_concept reset_says = {
    .title = "Connection reset",
    .pattern = "reset",
    .idea = "Established connections are broken in the middle of a call; the caller cannot know "
            "whether the work was done.",
    .dangerous_with = "Retries of what is not idempotent.",
    .source = "patterns 9.3; Toxiproxy reset_peer, Chaos Mesh HTTPChaos abort",
};
const gd_fault_kind gd_reset_fault = {
    .shape = {.name = "reset-fault",
              .help = "connections are broken in mid-call",
              .bytes = sizeof(gd_fault_spec),
              .fields = reset_fields,
              .concept = &reset_says},
    .takes = GD_TAKES_ASKED,
    .lever = GD_LEVER_REQUEST,
    .fill = fill_reset,
};
static const gd_field half_fields[] = {
    GD_FAULT_HOSTS(true, ASKED),
    GD_ROW(gd_fault_spec, "gives_up_after", idle, GD_FIELD_SPAN, .fallback = KEEPALIVE, .min = 1,
           .max = GD_YEAR,
           .help = "when the caller's transport finds out, by keep-alive or user timeout (reset)",
           .source = "patterns 9.3: Linux keep-alive 7200 s + 9 x 75 s; gRPC keep-alive 20 s"),
    GD_FAULT_SHARE("1", "of the attempts that go over such a connection"),
    GD_FAULT_CORRELATION,
    GD_FAULT_ACTIVE,
    {0},
};
static void fill_half(gd_fault_maker *m)
{
    fill_answer(m, GD_RESET);
    m->fault.after = gd_fault_constant(m, m->spec->idle);
}
static const gd_concept half_says = {
    .title = "Half-open connection",
    .pattern = "half_open",
    .idea = "The peer has gone without a word: what is sent is never answered, until keep-alive "
            "or a timeout says so.",
    .cures = "Timeouts, TCP_USER_TIMEOUT, application keep-alive.",
    .numbers = "Linux finds out after 7875 s; gRPC keep-alive after 20 s",
    .source = "patterns 9.3; Toxiproxy timeout, Gremlin Blackhole",
};
const gd_fault_kind gd_half_open_fault = {
    .shape = {.name = "half_open-fault",
              .help = "the peer has gone without a word",
              .bytes = sizeof(gd_fault_spec),
              .fields = half_fields,
              .concept = &half_says},
    .takes = GD_TAKES_ASKED,
    .lever = GD_LEVER_REQUEST,
    .fill = fill_half,
};

/* ---- names -------------------------------------------------------------------------------- */
#define NAMES_TTL                                                                                  \
    GD_FIELD_ROW(gd_fault_spec, ttl, GD_FIELD_SPAN, .fallback = "\"0s\"", .max = GD_YEAR,          \
                 .help = "how long callers keep an address: each meets the fault only when its "   \
                         "own runs out, at a time within it that the run draws")
static void fill_name(gd_fault_maker *m)
{
    m->fault.local = true;
    m->fault.staggered = m->spec->ttl;
    m->fault.after = gd_fault_constant(m, m->spec->delay ? 0 : m->spec->after);
    if (m->spec->delay)
        m->fault.after = gd_dist_index_of(m->b, m->spec->delay, m->node);
}
static const gd_field dns_error_fields[] = {
    GD_FAULT_WHEN,
    GD_FAULT_WHERE(true, "an edge"),
    GD_FAULT_SHARE("1", "of the attempts that look the name up"),
    GD_FAULT_CORRELATION,
    NAMES_TTL,
    GD_FIELD_ROW(gd_fault_spec, after, GD_FIELD_SPAN, .fallback = "\"0s\"", .max = GD_YEAR,
                 .help = "until the resolver says so: 0 for NXDOMAIN or SERVFAIL, 10 s when nobody "
                         "answers"),
    {0},
};
static void fill_dns_error(gd_fault_maker *m)
{
    fill_answer(m, GD_DNS_FAILURE);
    fill_name(m);
}
static const gd_concept dns_error_says = {
    .title = "Name resolution fails",
    .pattern = "dns_error",
    .idea = "A name can no longer be resolved: the call fails at the caller, and nothing is sent. "
            "Who still has the address goes on until it runs out.",
    .cures = "Keeping the last known address; pools of connections.",
    .dangerous_with = "Short TTLs; restarts, which begin without addresses.",
    .source = "patterns 9.3; Chaos Mesh DNSChaos error, LitmusChaos pod-dns-error",
};
const gd_fault_kind gd_dns_error_fault = {
    .shape = {.name = "dns_error-fault",
              .help = "names are not resolved",
              .bytes = sizeof(gd_fault_spec),
              .fields = dns_error_fields,
              .concept = &dns_error_says},
    .takes = GD_TAKES_EDGE,
    .lever = GD_LEVER_REQUEST,
    .fill = fill_dns_error,
};
static const gd_field dns_slow_fields[] = {
    GD_FAULT_WHEN,
    GD_FAULT_WHERE(true, "an edge"),
    GD_FAULT_SHARE("1", "of the attempts that look the name up"),
    GD_FAULT_CORRELATION,
    NAMES_TTL,
    GD_FAULT_ACTIVE,
    GD_FIELD_ROW(gd_fault_spec, delay, GD_FIELD_DIST, .fallback = RESOLVER,
                 .help = "before the attempt is sent", .source = "patterns 9.3: 5 s x 2"),
    {0},
};
static void fill_dns_slow(gd_fault_maker *m)
{
    m->fault.hit = GD_HIT_DELAY;
    fill_name(m);
}
static const gd_concept dns_slow_says = {
    .title = "Slow name resolution",
    .pattern = "dns_slow",
    .idea = "The first resolver is silent, so each lookup waits for its timeout before the second "
            "one answers: everything works, ten seconds later.",
    .cures = "Local caches of names, short resolver timeouts, pools of connections.",
    .numbers = "5 s, twice",
    .source = "patterns 9.3; resolv.conf(5)",
};
const gd_fault_kind gd_dns_slow_fault = {
    .shape = {.name = "dns_slow-fault",
              .help = "names are resolved slowly",
              .bytes = sizeof(gd_fault_spec),
              .fields = dns_slow_fields,
              .concept = &dns_slow_says},
    .takes = GD_TAKES_EDGE,
    .lever = GD_LEVER_REQUEST,
    .fill = fill_dns_slow,
};
