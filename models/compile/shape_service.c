#include "models/compile/shape.h"
#include "models/plan.h"

static const char *const class_words[] = {"operation", "criticality", NULL};
static const char *const thread_words[] = {"blocking", "async", NULL};
static const char *const discipline_words[] = {"fifo",          "lifo", "priority", "ps",
                                               "adaptive_lifo", "fair", "edf",      NULL};
static const char *const cancel_words[] = {"none", "dequeue_only", "immediate", NULL};
static const char *const crash_words[] = {"reset", "silent", NULL};

static const gd_field queue_fields[] = {
    GD_FIELD_ROW(gd_queue_spec, limit, GD_FIELD_COUNT, .fallback = "1000000000",
                 .max = GD_NO_QUEUE_LIMIT, .unit = "requests",
                 .help = "how many may wait; one more is shed. Absent: no limit"),
    GD_FIELD_ROW(gd_queue_spec, timeout, GD_FIELD_DIST,
                 .help = "who has waited for so long is sent away (shed). Absent: nobody is",
                 .source = "patterns 4.6"),
    GD_FIELD_ROW(gd_queue_spec, drop_expired, GD_FIELD_BOOL, .fallback = "false",
                 .help = "whose deadline has passed when his turn comes is dropped "
                         "(deadline_exceeded); needs callers that say their deadline",
                 .source = "patterns 4.2"),
    GD_FIELD_ROW(gd_queue_spec, codel, GD_FIELD_OBJECT, .shape = &gd_codel_shape,
                 .help = "drops from a queue that stands, as RFC 8289 does. Absent: none",
                 .source = "patterns 4.6"),
    GD_FIELD_ROW(gd_queue_spec, codel_enqueue, GD_FIELD_OBJECT, .shape = &gd_codel_enqueue_shape,
                 .help = "says at arrival how long a request may wait. Absent: for ever",
                 .source = "patterns 4.6: server variant"),
    {0},
};
static const gd_shape queue_shape = {
    .name = "queue",
    .help = "the waiting line of each instance. Absent: without a limit, under the memory budget",
    .bytes = sizeof(gd_queue_spec),
    .fields = queue_fields,
    .bare = "limit",
};

static const gd_field crash_fields[] = {
    GD_FIELD_ROW(gd_crash_spec, running, GD_FIELD_WORD, .words = crash_words,
                 .fallback = "\"reset\"", .source = "patterns 9.2: crash",
                 .help = "what callers hear of work in progress: a reset, or silence"),
    GD_FIELD_ROW(gd_crash_spec, queued, GD_FIELD_WORD, .words = crash_words,
                 .fallback = "\"reset\"", .source = "patterns 9.2: crash",
                 .help = "the same of what waits in the queue"),
    {0},
};
static const gd_shape crash_shape = {
    .name = "crash",
    .help = "what becomes of requests when an instance crashes",
    .bytes = sizeof(gd_crash_spec),
    .fields = crash_fields,
};

const gd_shape gd_names_shape = {
    .name = "names",
    .schema = "{\"type\": \"array\", \"items\": {\"type\": \"string\"}}",
};
const gd_shape gd_workers_shape = {
    .name = "workers",
    .schema = "{\"anyOf\": [{\"type\": \"integer\", \"minimum\": 1}, {\"const\": \"unlimited\"}]}",
};
static const gd_shape *const calls_refers[] = {&gd_call_shape, NULL};
static const gd_shape calls_shape = {
    .name = "calls",
    .schema = GD_MEMBERS_SCHEMA("{\"type\": \"string\"}, " GD_SCHEMA_REF("policy")),
    .refers = calls_refers,
};
static const gd_shape *const operations_refers[] = {&gd_op_shape, &gd_steps_shape, NULL};
static const gd_shape operations_shape = {
    .name = "operations",
    .schema = GD_MEMBERS_SCHEMA(GD_SCHEMA_REF("operation") ", " GD_SCHEMA_REF("steps")),
    .refers = operations_refers,
};

#define S gd_service_spec
static const gd_field service_fields[] = {
    GD_FIELD_ROW(S, owner, GD_FIELD_TEXT, .help = "the team whose service it is"),
    GD_FIELD_ROW(S, copies, GD_FIELD_COUNT, .min = 1, .max = 100000,
                 .help = "makes that many services, NAME-1 to NAME-N, all alike"),
    GD_FIELD_ROW(S, instances, GD_FIELD_COUNT, .fallback = "1", .min = 1, .max = 1000000,
                 .help = "processes that run it"),
    GD_FIELD_ROW(S, zones, GD_FIELD_NODES, .shape = &gd_names_shape,
                 .help = "zones or regions over which its instances are placed in turn. Absent: "
                         "the zones of the network's only region"),
    GD_FIELD_ROW(S, workers, GD_FIELD_NODE, .shape = &gd_workers_shape,
                 .help =
                     "requests that one instance works on at once, or \"unlimited\"; needed here "
                     "or in defaults.service",
                 .source = "patterns 4.1"),
    GD_FIELD_ROW(S, threads, GD_FIELD_WORD, .words = thread_words, .fallback = "\"blocking\"",
                 .help = "blocking: a worker is held for the whole request, calls included; "
                         "async: only for `work`",
                 .source = "patterns 4.1"),
    GD_FIELD_ROW(S, discipline, GD_FIELD_WORD, .words = discipline_words, .fallback = "\"fifo\"",
                 .help = "who is next: the oldest, the newest, the best priority; ps: all share "
                         "the workers; adaptive_lifo: the newest while the queue stands; fair: "
                         "tenants in turn; edf: the earliest deadline",
                 .source = "patterns 4.1"),
    GD_FIELD_ROW(S, classes, GD_FIELD_WORD, .words = class_words, .fallback = "\"operation\"",
                 .help = "with priority: classes are the operations' `priority`, or the requests' "
                         "criticality",
                 .source = "patterns 4.4"),
    GD_FIELD_ROW(S, ageing, GD_FIELD_SPAN, .min = 1, .max = GD_DAY,
                 .help = "with priority: who waits rises a class after each such time. Absent: "
                         "never",
                 .source = "patterns 4.1: optional ageing"),
    GD_FIELD_ROW(S, adaptive_lifo, GD_FIELD_OBJECT, .shape = &gd_adaptive_lifo_shape,
                 .help = "with adaptive_lifo: when the queue stands"),
    GD_FIELD_ROW(S, fair, GD_FIELD_OBJECT, .shape = &gd_fair_shape,
                 .help = "with fair: whose turn it is, and how often"),
    GD_FIELD_ROW(S, preempt, GD_FIELD_BOOL, .fallback = "false",
                 .help = "with priority: a better class interrupts, and the work resumes later"),
    GD_FIELD_ROW(S, queue, GD_FIELD_OBJECT, .shape = &queue_shape,
                 .help = "the waiting line. Absent: without a limit"),
    GD_FIELD_ROW(S, cancellation, GD_FIELD_WORD, .words = cancel_words, .fallback = "\"none\"",
                 .help = "whether it stops work that nobody waits for: never, before it begins, "
                         "or at once",
                 .source = "patterns 0.5: cancel_mode"),
    GD_FIELD_ROW(S, balancer, GD_FIELD_VARIANT, .variants = gd_balancer_shapes,
                 .fallback = "\"round_robin\"",
                 .help = "how callers pick an instance, unless their edge says otherwise",
                 .source = "patterns 5.1"),
    GD_FIELD_ROW(S, health_check, GD_FIELD_OBJECT, .shape = &gd_health_check_shape,
                 .help = "probes on the spot, which the registry and so all callers believe. "
                         "Absent: none",
                 .source = "patterns 5.4"),
    GD_FIELD_ROW(S, outlier_ejection, GD_FIELD_OBJECT, .shape = &gd_outlier_shape,
                 .help = "its callers leave out who fails, each by itself. Absent: none",
                 .source = "patterns 5.5"),
    GD_FIELD_ROW(S, discovery, GD_FIELD_VARIANT, .variants = gd_discovery_shapes,
                 .help = "how callers learn which instances there are. Absent: at once",
                 .source = "patterns 5.6"),
    GD_FIELD_ROW(S, mesh, GD_FIELD_NODE, .shape = &gd_mesh_shape,
                 .help = "proxies that its calls go through: what a hop takes, and a chain of "
                         "policies below the application's. null: none",
                 .source = "design 4; Istio"),
    GD_FIELD_ROW(S, pools, GD_FIELD_MAP, .shape = &gd_connections_shape,
                 .help = "connections that each of its instances keeps, by the service that is "
                         "called. Absent: a call needs none",
                 .source = "patterns 6.7"),
    GD_FIELD_ROW(S, crash, GD_FIELD_OBJECT, .shape = &crash_shape, .fallback = "{}",
                 .help = "what becomes of requests when an instance crashes"),
    GD_FIELD_ROW(S, concurrency_limit, GD_FIELD_VARIANT, .variants = gd_limit_shapes,
                 .help = "how many requests may be inside one instance, queued or in work; one "
                         "more is shed. Absent: no limit but the queue's",
                 .source = "patterns 4.5"),
    GD_FIELD_ROW(S, shed, GD_FIELD_OBJECT, .shape = &gd_shed_shape,
                 .help = "what is refused at the door. Absent: nothing but what the queue cannot "
                         "hold",
                 .source = "patterns 4.2"),
    GD_FIELD_ROW(S, limits, GD_FIELD_MAP, .shape = &gd_rate_limit_shape,
                 .help = "rate limits by name, for each caller or tenant. Absent: none",
                 .source = "patterns 4.3"),
    GD_FIELD_ROW(S, reject_cost, GD_FIELD_DIST,
                 .help = "what a refusal costs: a worker's time, before those who wait. Absent: "
                         "nothing",
                 .source = "patterns 0.7: a tenth of the mean service (assumption)"),
    GD_FIELD_ROW(S, memory, GD_FIELD_OBJECT, .shape = &gd_memory_shape,
                 .help = "what an instance holds and leaks, when it is killed, when it collects. "
                         "Absent: memory is no matter",
                 .source = "patterns 4.9"),
    GD_FIELD_ROW(S, gc, GD_FIELD_OBJECT, .shape = &gd_gc_shape,
                 .help = "pauses of an instance, every so often. Absent: none",
                 .source = "patterns 4.9"),
    GD_FIELD_ROW(S, brownout, GD_FIELD_OBJECT, .shape = &gd_brownout_shape,
                 .help = "leaves optional steps out under load. Absent: they are always done",
                 .source = "patterns 4.4"),
    GD_FIELD_ROW(S, isolation, GD_FIELD_OBJECT, .shape = &gd_isolation_shape,
                 .help = "which instances a customer is served by. Absent: all",
                 .source = "patterns 4.7"),
    GD_FIELD_ROW(S, contention, GD_FIELD_OBJECT, .shape = &gd_contention_shape,
                 .help = "work takes longer the more of it goes on at once. Absent: it does not",
                 .source = "patterns 4.1"),
    GD_FIELD_ROW(S, warm_up, GD_FIELD_OBJECT, .shape = &gd_warm_up_shape,
                 .help = "work takes longer after an instance's start. Absent: it does not",
                 .source = "patterns 4.8"),
    GD_FIELD_ROW(S, start_up, GD_FIELD_DIST,
                 .help = "time from the end of a crash until it serves again. Absent: none"),
    GD_FIELD_ROW(S, before, GD_FIELD_NODES, .shape = &gd_steps_shape,
                 .help = "steps that run before each of its operations"),
    GD_FIELD_ROW(S, after, GD_FIELD_NODES, .shape = &gd_steps_shape,
                 .help = "steps that run after each of its operations"),
    GD_FIELD_ROW(S, calls, GD_FIELD_NODE, .shape = &calls_shape,
                 .help = "how it calls others: by callee, or callee.operation"),
    GD_FIELD_ROW(S, operations, GD_FIELD_NODE, .shape = &operations_shape,
                 .help = "what it does: named lists of steps; needed"),
    {0},
};
#undef S

static void check_service(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_service_spec *service = spec;
    if (service->preempt && service->discipline != GD_PRIORITY)
        gd_problem(problems, gd_node_said(node, "preempt"),
                   "only priority pre-empts; write \"discipline\": \"priority\" too");
    static const struct {
        const char *member;
        uint8_t discipline;
    } needs[] = {
        {"classes", GD_PRIORITY}, {"ageing", GD_PRIORITY}, {"adaptive_lifo", 4}, {"fair", 5}};
    for (size_t i = 0; i < G_N_ELEMENTS(needs); i++)
        if (node->kind == GD_OBJECT && gd_node_said(node, needs[i].member) &&
            service->discipline != needs[i].discipline)
            gd_problem(problems, gd_node_said(node, needs[i].member),
                       "has no effect without the discipline; write \"discipline\": \"%s\" too",
                       discipline_words[needs[i].discipline]);
}

const gd_shape gd_service_shape = {
    .name = "service",
    .help = "processes that do operations for others",
    .bytes = sizeof(gd_service_spec),
    .fields = service_fields,
    .check = check_service,
};

static const gd_field op_fields[] = {
    GD_FIELD_ROW(gd_op_spec, steps, GD_FIELD_NODES, .required = true, .shape = &gd_steps_shape,
                 .help = "what it does, in order"),
    GD_FIELD_ROW(gd_op_spec, priority, GD_FIELD_COUNT, .fallback = "0", .max = 7,
                 .help = "its class under the priority discipline; 0 is served first"),
    GD_FIELD_ROW(gd_op_spec, transparent, GD_FIELD_BOOL, .fallback = "false",
                 .help = "a proxy: its first call has the name that the proxy was called by, so "
                         "that putting it between changes no draw behind it"),
    GD_FIELD_ROW(gd_op_spec, send, GD_FIELD_BYTES, .fallback = "0", .unit = "bytes",
                 .help = "size of a request, for links with a bandwidth"),
    GD_FIELD_ROW(gd_op_spec, reply, GD_FIELD_BYTES, .fallback = "0", .unit = "bytes",
                 .help = "size of its answer"),
    {0},
};
const gd_shape gd_op_shape = {
    .name = "operation",
    .help = "a small program of steps; a bare list is its steps",
    .bytes = sizeof(gd_op_spec),
    .fields = op_fields,
};

const gd_shape gd_external_ops_shape = {
    .name = "operations",
    .schema = GD_MEMBERS_SCHEMA(GD_SCHEMA_REF("distribution")),
};
static const gd_field external_fields[] = {
    GD_FIELD_ROW(gd_external_spec, region, GD_FIELD_NAME,
                 .help = "where it is. Absent: the network's only region"),
    GD_FIELD_ROW(gd_external_spec, quota, GD_FIELD_RATE, .min = 1,
                 .help = "calls it takes from all of us; over it, `rate_limited`. Absent: none",
                 .source = "patterns 4.3: token bucket, one second's worth of burst (assumption)"),
    GD_FIELD_ROW(gd_external_spec, retry_after, GD_FIELD_NODE, .shape = &gd_retry_after_shape,
                 .help = "when its refusals say to come back: a span, or \"stop\". Absent: unsaid",
                 .source = "RFC 9110 Retry-After; gRFC A6 pushback"),
    GD_FIELD_ROW(gd_external_spec, availability, GD_FIELD_SHARE, .fallback = "1", .min = 0,
                 .max = GD_SHARE_ONE,
                 .help = "the share of calls it serves; the rest get "
                         "`unavailable`, each by itself"),
    GD_FIELD_ROW(gd_external_spec, operations, GD_FIELD_NODE, .required = true,
                 .shape = &gd_external_ops_shape, .help = "the time each operation takes"),
    {0},
};
const gd_shape gd_external_shape = {
    .name = "external",
    .help = "a third party: latency, quota, availability; no queue, no levers of ours",
    .bytes = sizeof(gd_external_spec),
    .fields = external_fields,
};
