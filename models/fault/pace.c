/* Faults of pace (patterns 9.2, 9.4): it still answers, but slower, or not for a while. */
#include "models/fault/fault.h"

#define ASKED "a service, external, zone, region or edge"
#define HOSTS "a service, external, zone or region"

/* ---- slow, slow_node ---------------------------------------------------------------------- */
static const char *const applies_words[] = {"new", "running", NULL};
static const gd_field slow_fields[] = {
    GD_FAULT_HOSTS(true, "a service, external, zone, region, edge or link"),
    GD_FAULT_RAMP,
    GD_FAULT_FACTOR(false, "1", "times the work, or the latency of a link"),
    GD_FAULT_ADDED("added to each piece of work, or to each message"),
    GD_FIELD_ROW(
        gd_fault_spec, applies_to, GD_FIELD_WORD, .words = applies_words, .fallback = "\"new\"",
        .help = "work that starts later, or also what remains of `work` in progress (a wait that "
                "has begun keeps its end; for services only)"),
    {0},
};
static void check_slow(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_fault_spec *fault = spec;
    if (fault->factor == GD_SHARE_ONE && fault->added == 0)
        gd_problem(problems, node, "slows nothing down; write \"factor\": 8 or \"added\": \"1s\"");
}
static void fill_slow(gd_fault_maker *m)
{
    m->fault.factor = m->spec->factor;
}
static const gd_concept slow_says = {
    .title = "Fail-slow",
    .pattern = "slow",
    .idea = "Something still answers, far slower than it should. Nobody is told, and everybody "
            "who waits for it holds something meanwhile.",
    .cures_not = "Redundancy: a slow replica is still a replica.",
    .dangerous_with = "Blocking threads, long timeouts, retries.",
    .numbers = "dependencies degrade 6 to 24 times a year (assumption)",
    .source = "patterns 9.2; Gremlin Latency, Envoy's delay",
};
const gd_fault_kind gd_slow_fault = {
    .shape = {.name = "slow-fault",
              .help = "still answers, far slower",
              .bytes = sizeof(gd_fault_spec),
              .fields = slow_fields,
              .check = check_slow,
              .concept = &slow_says},
    .takes = GD_TAKES_ASKED | GD_TAKES_LINK,
    .lever = GD_LEVER_SLOW,
    .fill = fill_slow,
};

static const gd_field node_fields[] = {
    GD_FAULT_HOSTS(true, HOSTS),
    GD_FAULT_RAMP,
    GD_FAULT_FACTOR(false, "10", "times the work of that instance"),
    {0},
};
/* One instance, which each run draws, unless the scenario says how many. */
static void one_of_them(gd_fault_maker *m)
{
    if (gd_node_said(m->node, "mode") || gd_node_said(m->node, "instances"))
        return;
    m->fault.mode = GD_MODE_FIXED;
    m->fault.some = 1;
}
static void fill_node(gd_fault_maker *m)
{
    m->fault.factor = m->spec->factor;
    one_of_them(m);
}
static const gd_concept node_says = {
    .title = "Slow node",
    .pattern = "slow_node",
    .idea = "One instance of many is slow. The mean hardly moves, the tail is its.",
    .cures = "Balancers that look at latency or at requests in flight, ejection, hedging.",
    .dangerous_with = "Round robin: it gets its full share, and its queue grows.",
    .numbers = "10 times slower",
    .source = "patterns 9.2",
};
const gd_fault_kind gd_slow_node_fault = {
    .shape = {.name = "slow_node-fault",
              .help = "one instance is slow",
              .bytes = sizeof(gd_fault_spec),
              .fields = node_fields,
              .concept = &node_says},
    .takes = GD_TAKES_HOST,
    .lever = GD_LEVER_SLOW,
    .fill = fill_node,
};

/* ---- hang, gc_pause ----------------------------------------------------------------------- */
static const gd_field hang_fields[] = {GD_FAULT_HOSTS(true, ASKED), {0}};
static const gd_concept hang_says = {
    .title = "Hang",
    .pattern = "hang",
    .idea = "It accepts and never answers; its workers are held. Only a probe that asks for real "
            "work sees it.",
    .cures = "Timeouts, breakers, liveness probes with a restart.",
    .dangerous_with = "Callers without timeouts.",
    .source = "patterns 9.2; Toxiproxy timeout, Chaos Mesh pod-failure",
};
const gd_fault_kind gd_hang_fault = {
    .shape = {.name = "hang-fault",
              .help = "accepts, never answers",
              .bytes = sizeof(gd_fault_spec),
              .fields = hang_fields,
              .concept = &hang_says},
    .takes = GD_TAKES_ASKED,
    .lever = GD_LEVER_HANG,
};

static const gd_field pause_fields[] = {
    GD_FAULT_HOSTS(true, HOSTS),
    GD_FIELD_ROW(gd_fault_spec, pause, GD_FIELD_SPAN, .fallback = "\"5s\"", .min = 1,
                 .max = GD_HORIZON, .help = "how long each pause takes",
                 .source = "patterns 9.2: 5000 ms"),
    GD_FIELD_ROW(gd_fault_spec, interval, GD_FIELD_SPAN, .fallback = "\"60s\"", .min = 1,
                 .max = GD_HORIZON, .help = "from one pause's start to the next (assumption)"),
    {0},
};
static void fill_pause(gd_fault_maker *m)
{
    const gd_fault_spec *spec = m->spec;
    if (spec->pause >= spec->interval)
        gd_fault_problem(m, "pause", "is as long as the interval, so it never runs; write less");
    if (spec->schedule)
        gd_fault_problem(m, "schedule", "pauses have their own times; write pause and interval");
    m->fault.up = gd_fault_constant(m, spec->interval - spec->pause);
    m->fault.down = gd_fault_constant(m, spec->pause);
    m->fault.up_first = true;
}
static const gd_concept pause_says = {
    .title = "Stop-the-world pause",
    .pattern = "gc_pause",
    .idea = "A process stands still again and again, heartbeats and timers too; then it goes on "
            "where it stopped. Its callers' requests queue meanwhile.",
    .dangerous_with = "Leases and failure detectors shorter than the pause.",
    .numbers = "pause 5 s",
    .source = "patterns 9.2; Chaos Mesh JVMChaos gc, SIGSTOP",
};
const gd_fault_kind gd_gc_pause_fault = {
    .shape = {.name = "gc_pause-fault",
              .help = "stands still again and again",
              .bytes = sizeof(gd_fault_spec),
              .fields = pause_fields,
              .concept = &pause_says},
    .takes = GD_TAKES_SERVICE | GD_TAKES_PLACE,
    .lever = GD_LEVER_HANG,
    .fill = fill_pause,
};

/* ---- gray_failure ------------------------------------------------------------------------- */
static const gd_field gray_fields[] = {
    GD_FAULT_HOSTS(true, HOSTS),
    GD_FAULT_RAMP,
    GD_FIELD_ROW(gd_fault_spec, share, GD_FIELD_SHARE, .max = GD_SHARE_ONE,
                 .help = "of the requests that fail; the error ratio"),
    GD_FIELD_ROW(gd_fault_spec, outcome, GD_FIELD_WORD, .words = gd_outcome_words,
                 .fallback = "\"server_error\"", .help = "what they fail with"),
    GD_FAULT_FACTOR(false, "1", "times the work of the others"),
    {0},
};
static void check_gray(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_fault_spec *fault = spec;
    if (fault->factor == GD_SHARE_ONE && fault->share == 0)
        gd_problem(problems, node,
                   "fails nobody; write \"share\": \"30%%\" or \"factor\": 10, or both");
}
static void fill_gray(gd_fault_maker *m)
{
    m->fault.factor = m->spec->factor;
    if (m->spec->share == 0)
        return;
    gd_plan_fault errors = m->fault;
    errors.lever = GD_LEVER_ERRORS;
    errors.factor = GD_SHARE_ONE;
    if (m->spec->factor == GD_SHARE_ONE)
        m->fault.lever = GD_LEVER_ERRORS;
    else
        gd_fault_add_part(m, &errors);
}
static const gd_concept gray_says = {
    .title = "Gray failure",
    .pattern = "gray_failure",
    .idea = "Users' requests fail or crawl while health probes pass: what the checker asks is not "
            "what the users ask.",
    .cures = "Looking at real traffic: outlier ejection, breakers, latency-aware balancing.",
    .cures_not = "Active health checks: they are green.",
    .dangerous_with = "Fast errors and least-request balancing: the broken one attracts traffic.",
    .source = "patterns 9.2; Huang et al., Gray Failure (HotOS 2017)",
};
const gd_fault_kind gd_gray_failure_fault = {
    .shape = {.name = "gray_failure-fault",
              .help = "users' requests fail, probes pass",
              .bytes = sizeof(gd_fault_spec),
              .fields = gray_fields,
              .check = check_gray,
              .concept = &gray_says},
    .takes = GD_TAKES_HOST,
    .lever = GD_LEVER_SLOW,
    .silent = true,
    .fill = fill_gray,
};

/* ---- cpu_hog, noisy_neighbour, io_slow ---------------------------------------------------- */
static const gd_field hog_fields[] = {
    GD_FAULT_HOSTS(true, HOSTS),
    GD_FIELD_ROW(gd_fault_spec, cores, GD_FIELD_COUNT, .fallback = "1", .min = 1, .max = 1000000,
                 .help = "cores of each instance that something else computes on; a worker is a "
                         "core",
                 .source = "patterns 9.2: cores 1"),
    GD_FIELD_ROW(gd_fault_spec, load, GD_FIELD_SHARE, .fallback = "1", .min = 1,
                 .max = GD_SHARE_ONE, .help = "how busy it keeps them; rounded up to whole workers",
                 .source = "patterns 9.2: load_pct 100"),
    {0},
};
static void fill_hog(gd_fault_maker *m)
{
    gd_i128 taken = (gd_i128)m->spec->cores * m->spec->load + GD_SHARE_ONE - 1;
    m->fault.taken = (uint32_t)(taken / GD_SHARE_ONE);
    m->fault.share = 0;
}
static const gd_concept hog_says = {
    .title = "CPU hog",
    .pattern = "cpu_hog",
    .idea = "Another process on the host computes: fewer servers are left, so queues grow.",
    .numbers = "1 core at 100 %",
    .source = "patterns 9.2; Chaos Mesh StressChaos cpu, LitmusChaos pod-cpu-hog",
};
const gd_fault_kind gd_cpu_hog_fault = {
    .shape = {.name = "cpu_hog-fault",
              .help = "another process takes workers",
              .bytes = sizeof(gd_fault_spec),
              .fields = hog_fields,
              .concept = &hog_says},
    .takes = GD_TAKES_SERVICE | GD_TAKES_PLACE,
    .lever = GD_LEVER_TAKEN,
    .fill = fill_hog,
};

static const gd_field noisy_fields[] = {
    GD_FAULT_HOSTS(true, HOSTS),
    GD_FAULT_RAMP,
    GD_FIELD_ROW(gd_fault_spec, steal, GD_FIELD_SHARE, .fallback = "\"30%\"", .min = 1,
                 .max = GD_SHARE_ONE * 99 / 100,
                 .help = "of the processor that neighbours take; work takes 1 / (1 - steal) as "
                         "long (30 %: assumption)",
                 .source = "patterns 9.2: service x factor"),
    {0},
};
static void fill_noisy(gd_fault_maker *m)
{
    gd_i128 one = (gd_i128)GD_SHARE_ONE * GD_SHARE_ONE;
    m->fault.factor = (gd_share)(one / (GD_SHARE_ONE - m->spec->steal));
    one_of_them(m);
}
static const gd_concept noisy_says = {
    .title = "Noisy neighbour",
    .pattern = "noisy_neighbour",
    .idea = "Somebody else's load on the same host steals processor time: one instance is slower "
            "for reasons that none of its own numbers explain.",
    .cures = "Placement, and balancers that look at latency or at requests in flight.",
    .source = "patterns 9.2; FIS aws:eks:pod-cpu-stress",
};
const gd_fault_kind gd_noisy_neighbour_fault = {
    .shape = {.name = "noisy_neighbour-fault",
              .help = "neighbours steal processor time",
              .bytes = sizeof(gd_fault_spec),
              .fields = noisy_fields,
              .concept = &noisy_says},
    .takes = GD_TAKES_HOST,
    .lever = GD_LEVER_SLOW,
    .fill = fill_noisy,
};

/* What a share of the requests pays: times their work, and more. */
static void hit_cost(gd_fault_maker *m)
{
    m->fault.hit = GD_HIT_COST;
    m->fault.factor = m->spec->factor;
}
static const gd_field io_fields[] = {
    GD_FAULT_HOSTS(true, HOSTS),
    GD_FAULT_OPERATIONS,
    GD_FAULT_SHARE("1", "of the requests that meet a slow disk"),
    GD_FAULT_FACTOR(false, "1", "times their work"),
    GD_FAULT_ADDED("added to each piece of their work"),
    {0},
};
static const gd_concept io_says = {
    .title = "Slow disk",
    .pattern = "io_slow",
    .idea = "Reads and writes take longer: a share of the work waits for the device.",
    .source = "patterns 9.2; Chaos Mesh IOChaos latency, FIS aws:ebs:pause-volume-io",
};
const gd_fault_kind gd_io_slow_fault = {
    .shape = {.name = "io_slow-fault",
              .help = "work on a disk takes longer",
              .bytes = sizeof(gd_fault_spec),
              .fields = io_fields,
              .check = check_slow,
              .concept = &io_says},
    .takes = GD_TAKES_SERVICE | GD_TAKES_PLACE,
    .lever = GD_LEVER_REQUEST,
    .fill = hit_cost,
};

/* ---- dependency_slow, delay_response, expensive_request ----------------------------------- */
static const gd_field dependency_fields[] = {
    GD_FAULT_HOSTS(true, ASKED),
    GD_FAULT_OPERATIONS,
    GD_ROW(gd_fault_spec, "p_slow", share, GD_FIELD_SHARE, .fallback = "1", .min = 1,
           .max = GD_SHARE_ONE, .help = "of the requests that are slow; the others are as ever"),
    GD_FAULT_FACTOR(false, "1", "times the work of those"),
    GD_ROW(gd_fault_spec, "slow", added, GD_FIELD_SPAN, .fallback = "\"0s\"", .max = GD_YEAR,
           .help = "added to each piece of their work"),
    {0},
};
static const gd_concept dependency_says = {
    .title = "Slow dependency",
    .pattern = "dependency_slow",
    .idea = "Some of the answers come late, the others as ever: two humps. The mean says little, "
            "and a timeout between the humps says which is which.",
    .cures = "A timeout between the humps, hedging.",
    .source = "patterns 9.4: quantile-selective",
};
const gd_fault_kind gd_dependency_slow_fault = {
    .shape = {.name = "dependency_slow-fault",
              .help = "some of its answers come late",
              .bytes = sizeof(gd_fault_spec),
              .fields = dependency_fields,
              .check = check_slow,
              .concept = &dependency_says},
    .takes = GD_TAKES_ASKED,
    .lever = GD_LEVER_REQUEST,
    .fill = hit_cost,
};

static const gd_field delay_fields[] = {
    GD_FAULT_HOSTS(true, ASKED),
    GD_FAULT_OPERATIONS,
    GD_FIELD_ROW(gd_fault_spec, delay, GD_FIELD_DIST, .fallback = "\"30s\"",
                 .help = "before it is served, without holding a worker",
                 .source = "patterns 9.4: Polly's chaos latency, 30 s"),
    GD_FAULT_SHARE("1", "of the requests"),
    GD_FAULT_CORRELATION,
    GD_FAULT_ACTIVE,
    {0},
};
static void fill_delay(gd_fault_maker *m)
{
    m->fault.hit = GD_HIT_DELAY;
    m->fault.after = gd_dist_index_of(m->b, m->spec->delay, m->node);
}
static const gd_concept delay_says = {
    .title = "Delayed response",
    .pattern = "delay_response",
    .idea = "A proxy holds a share of the requests back before they are served: latency without "
            "load, the gentlest experiment of all.",
    .numbers = "30 s (Polly), 6 s (LitmusChaos)",
    .source = "patterns 9.4; Envoy fault filter delay, max_active_faults",
};
const gd_fault_kind gd_delay_response_fault = {
    .shape = {.name = "delay_response-fault",
              .help = "requests are held back before service",
              .bytes = sizeof(gd_fault_spec),
              .fields = delay_fields,
              .concept = &delay_says},
    .takes = GD_TAKES_ASKED,
    .lever = GD_LEVER_REQUEST,
    .fill = fill_delay,
};

static const char *const death_words[] = {"slow", "crash", NULL};
static const gd_field death_fields[] = {
    GD_FAULT_HOSTS(true, HOSTS),
    GD_FAULT_OPERATIONS,
    GD_FIELD_ROW(gd_fault_spec, share, GD_FIELD_SHARE, .fallback = "\"0.1%\"", .min = 1,
                 .max = GD_SHARE_ONE,
                 .help = "of the users' requests; each try of such a request is one (assumption)"),
    GD_ROW(gd_fault_spec, "effect", how, GD_FIELD_WORD, .words = death_words,
           .fallback = "\"slow\"", .help = "costs `factor` times as much, or crashes its instance"),
    GD_FAULT_FACTOR(false, "1000", "times its work"),
    {0},
};
static void fill_death(gd_fault_maker *m)
{
    hit_cost(m);
    m->fault.by_request = true;
    if (m->spec->how == 1)
        m->fault.hit = GD_HIT_CRASH;
    if (m->spec->how == 1 && gd_node_said(m->node, "factor"))
        gd_fault_problem(m, "factor", "a crash costs no work; leave it out");
}
static const gd_concept death_says = {
    .title = "Query of death",
    .pattern = "expensive_request",
    .idea = "A request that costs a thousand times as much, or kills who serves it. Its retry "
            "takes the next replica.",
    .cures = "Fewer tries, isolation by shuffle sharding, a limit on cost per request.",
    .cures_not = "More replicas.",
    .dangerous_with = "Retries: one request walks through the fleet.",
    .numbers = "cost x 1000",
    .source = "patterns 9.4",
};
const gd_fault_kind gd_expensive_request_fault = {
    .shape = {.name = "expensive_request-fault",
              .help = "some requests cost far more, or kill",
              .bytes = sizeof(gd_fault_spec),
              .fields = death_fields,
              .concept = &death_says},
    .takes = GD_TAKES_SERVICE | GD_TAKES_PLACE,
    .lever = GD_LEVER_REQUEST,
    .fill = fill_death,
};
