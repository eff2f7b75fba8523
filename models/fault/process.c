/* Faults of a process and its host (patterns 9.2, 9.5): it stops, it is stopped, it comes back. */
#include "models/fault/fault.h"

#define HOSTS "a service, external, zone or region"

/* ---- crash -------------------------------------------------------------------------------- */
static const gd_field crash_fields[] = {GD_FAULT_HOSTS(true, HOSTS), {0}};
static const gd_concept crash_says = {
    .title = "Crash",
    .pattern = "crash",
    .idea = "A process stops: what it worked on is lost, callers are reset or hear nothing, new "
            "connections are refused while the host lives. It comes back after its start_up.",
    .cures_not = "Restarting hides the bug that killed it.",
    .dangerous_with = "Cold caches, slow start-up, and survivors without headroom.",
    .numbers = "2 to 12 a year for an instance (assumption); restart 2 s, 20 s at p99",
    .source = "patterns 9.2; Chaos Mesh pod-kill, FIS aws:ecs:task-kill-process",
};
const gd_fault_kind gd_crash_fault = {
    .shape = {.name = "crash-fault",
              .help = "processes stop; callers are refused or reset",
              .bytes = sizeof(gd_fault_spec),
              .fields = crash_fields,
              .concept = &crash_says},
    .takes = GD_TAKES_HOST,
    .lever = GD_LEVER_DOWN,
};

/* ---- host_down ---------------------------------------------------------------------------- */
static const gd_field host_fields[] = {GD_FAULT_HOSTS(true, HOSTS), {0}};
static const gd_concept host_says = {
    .title = "Host down",
    .pattern = "host_down",
    .idea = "The machine is gone, so nobody says so: packets vanish. What was in flight is never "
            "answered, new connections try again after 1, 3, 7 … s and give up after 127 s "
            "(conn_timeout).",
    .cures_not = "A retry without a timeout waits for the transport: minutes.",
    .dangerous_with = "Missing timeouts: callers' workers wait for a dead host.",
    .numbers = "1 to 4 % of machines a year; SYN retries 6: 127 s",
    .source = "patterns 9.2, 9.3; Linux ip-sysctl tcp_syn_retries",
};
const gd_fault_kind gd_host_down_fault = {
    .shape = {.name = "host_down-fault",
              .help = "hosts vanish: no answer, not even a refusal",
              .bytes = sizeof(gd_fault_spec),
              .fields = host_fields,
              .concept = &host_says},
    .takes = GD_TAKES_HOST,
    .lever = GD_LEVER_DARK,
};

/* ---- spot_interruption, node_drain, capacity_removal -------------------------------------- */
#define LINGER                                                                                     \
    GD_FIELD_ROW(gd_fault_spec, linger, GD_FIELD_SPAN, .fallback = "\"5s\"", .max = GD_DAY,        \
                 .help = "from leaving the registry until it refuses what is new; 0: at once",     \
                 .source = "patterns 4.8: endpoint propagation 5000 ms")
#define GRACE                                                                                      \
    GD_FIELD_ROW(gd_fault_spec, grace, GD_FIELD_SPAN, .fallback = "\"30s\"", .max = GD_DAY,        \
                 .help = "from leaving the registry until it is killed",                           \
                 .source = "patterns 9.2; Kubernetes terminationGracePeriodSeconds: 30")

static void report_linger(const gd_node *node, gd_problems *problems, gd_span lingers,
                          gd_span grace)
{
    g_autofree char *linger = gd_quantity_print(GD_FIELD_SPAN, lingers);
    g_autofree char *killed = gd_quantity_print(GD_FIELD_SPAN, grace);
    if (lingers > grace)
        gd_problem(problems, node,
                   "lingers for %s and is killed after %s: it would never close; write a grace of "
                   "at least %s",
                   linger, killed, linger);
}
static void check_drain(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_fault_spec *fault = spec;
    report_linger(node, problems, fault->linger, fault->grace);
}

static const gd_field spot_fields[] = {
    GD_FAULT_HOSTS(true, HOSTS),
    GD_FIELD_ROW(gd_fault_spec, notice, GD_FIELD_SPAN, .fallback = "\"120s\"", .max = GD_DAY,
                 .help = "from the notice (at) to the end of the host",
                 .source = "patterns 9.2: two minutes, as for EC2 spot instances"),
    LINGER,
    GD_FIELD_ROW(gd_fault_spec, drains, GD_FIELD_WORD, .words = gd_yes_words, .fallback = "\"yes\"",
                 .help = "whether it leaves its registry at the notice, and then closes"),
    {0},
};
/* First a drain, then a dead host. */
static void fill_spot(gd_fault_maker *m)
{
    gd_plan_fault dark = m->fault;
    dark.start = gd_time_add(dark.start, m->spec->notice);
    dark.lever = GD_LEVER_DARK;
    if (dark.end != GD_NEVER && dark.start >= dark.end)
        gd_fault_problem(m, "for", "is over before the notice is; write more");
    m->fault.grace = m->spec->notice;
    if (m->spec->drains == 0 && m->spec->notice > 0) {
        report_linger(m->node, m->b->problems, m->spec->linger, m->spec->notice);
        gd_fault_add_part(m, &dark);
        return;
    }
    m->fault.start = dark.start;
    m->fault.lever = GD_LEVER_DARK;
}
static const gd_concept spot_says = {
    .title = "Spot interruption",
    .pattern = "spot_interruption",
    .idea = "The provider takes the machine back, with notice: it drains, then it is gone.",
    .cures = "Who drains within the notice loses no request.",
    .dangerous_with = "Requests longer than the notice; many of one type taken back at once.",
    .numbers = "notice 120 s",
    .source = "patterns 9.2; FIS aws:ec2:send-spot-instance-interruptions",
};
const gd_fault_kind gd_spot_interruption_fault = {
    .shape = {.name = "spot_interruption-fault",
              .help = "a host is taken away, with notice",
              .bytes = sizeof(gd_fault_spec),
              .fields = spot_fields,
              .concept = &spot_says},
    .takes = GD_TAKES_HOST,
    .lever = GD_LEVER_DRAIN,
    .fill = fill_spot,
};

static const gd_field drain_fields[] = {GD_FAULT_HOSTS(true, HOSTS), LINGER, GRACE, {0}};
static const gd_concept drain_says = {
    .title = "Node drain",
    .pattern = "node_drain",
    .idea = "A planned stop: the instance takes no new work, and what is left after the grace "
            "period is killed.",
    .dangerous_with = "Requests longer than the grace period; too many at once.",
    .numbers = "grace 30 s",
    .source = "patterns 9.2; LitmusChaos node-drain",
};
const gd_fault_kind gd_node_drain_fault = {
    .shape = {.name = "node_drain-fault",
              .help = "instances are drained, then stopped",
              .bytes = sizeof(gd_fault_spec),
              .fields = drain_fields,
              .check = check_drain,
              .concept = &drain_says},
    .takes = GD_TAKES_HOST,
    .lever = GD_LEVER_DRAIN,
};
static const gd_concept leave_says = {
    .title = "Drain",
    .pattern = "drain",
    .idea = "An instance leaves its registry, goes on for a while, closes, finishes what it has, "
            "and stops.",
    .dangerous_with = "A registry whose news travel longer than it lingers.",
    .numbers = "linger 5 s, grace 30 s",
    .source = "patterns 4.8; Kubernetes preStop and terminationGracePeriodSeconds",
};
const gd_fault_kind gd_drain_fault = {
    .shape = {.name = "drain-fault",
              .help =
                  "leaves the registry, goes on for a while, closes, finishes what it has, stops",
              .bytes = sizeof(gd_fault_spec),
              .fields = drain_fields,
              .check = check_drain,
              .concept = &leave_says},
    .takes = GD_TAKES_SERVICE | GD_TAKES_PLACE,
    .lever = GD_LEVER_DRAIN,
};

static const gd_field removal_fields[] = {GD_FAULT_HOSTS(true, HOSTS), LINGER, GRACE, {0}};
static const gd_concept removal_says = {
    .title = "Capacity removal",
    .pattern = "capacity_removal",
    .idea = "Too much is scaled down, politely: the instances finish what they have and get no "
            "more. Nothing fails but the headroom.",
    .dangerous_with = "A daily peak; retries of what the rest then sheds.",
    .source = "patterns 9.5",
};
const gd_fault_kind gd_capacity_removal_fault = {
    .shape = {.name = "capacity_removal-fault",
              .help = "instances are scaled away",
              .bytes = sizeof(gd_fault_spec),
              .fields = removal_fields,
              .check = check_drain,
              .concept = &removal_says},
    .takes = GD_TAKES_HOST,
    .lever = GD_LEVER_DRAIN,
};

/* ---- crash_loop --------------------------------------------------------------------------- */
static const gd_field loop_fields[] = {
    GD_FAULT_HOSTS(true, HOSTS),
    GD_FIELD_ROW(gd_fault_spec, uptime, GD_FIELD_SPAN, .fallback = "\"5s\"", .min = 1,
                 .max = GD_HORIZON, .help = "how long it runs before it crashes again",
                 .source = "patterns 9.2"),
    GD_FIELD_ROW(gd_fault_spec, backoff, GD_FIELD_SPAN, .fallback = "\"10s\"", .min = 1,
                 .max = GD_HORIZON, .help = "the first wait before a restart; it doubles",
                 .source = "Kubernetes CrashLoopBackOff: 10 s"),
    GD_FIELD_ROW(gd_fault_spec, longest, GD_FIELD_SPAN, .fallback = "\"300s\"", .min = 1,
                 .max = GD_HORIZON, .help = "the longest wait", .source = "patterns 9.2: 300 s"),
    {0},
};
static void fill_loop(gd_fault_maker *m)
{
    if (m->spec->longest < m->spec->backoff)
        gd_fault_problem(m, "longest", "is less than the first wait, `backoff`; write more");
    if (m->spec->schedule)
        gd_fault_problem(m, "schedule", "a crash loop has its own times; write uptime and backoff");
    m->fault.up = gd_fault_constant(m, m->spec->uptime);
    m->fault.down = gd_fault_constant(m, m->spec->backoff);
    m->fault.longest_down = m->spec->longest;
    m->fault.up_first = true;
    m->fault.in_phase = true;
}
static const gd_concept loop_says = {
    .title = "Crash loop",
    .pattern = "crash_loop",
    .idea = "A process starts, runs a little, crashes; the supervisor waits longer each time.",
    .dangerous_with = "Health checks that pass at start: each return takes traffic down with it.",
    .numbers = "up 5 s; waits 10, 20, 40 … 300 s",
    .source = "patterns 9.2, 8.5; Kubernetes CrashLoopBackOff",
};
const gd_fault_kind gd_crash_loop_fault = {
    .shape = {.name = "crash_loop-fault",
              .help = "crashes again soon after each start",
              .bytes = sizeof(gd_fault_spec),
              .fields = loop_fields,
              .concept = &loop_says},
    .takes = GD_TAKES_HOST,
    .lever = GD_LEVER_DOWN,
    .fill = fill_loop,
};

/* ---- zone_down, region_down --------------------------------------------------------------- */
static const char *const hard_words[] = {"hard", "soft", NULL};
static const gd_field place_fields[] = {
    GD_FAULT_HOSTS(true, "a zone or region"),
    GD_FIELD_ROW(gd_fault_spec, how, GD_FIELD_WORD, .words = hard_words, .fallback = "\"hard\"",
                 .help =
                     "hard: no power, all hosts are gone; soft: the network to it loses packets",
                 .source = "patterns 9.5"),
    GD_FAULT_SHARE("\"30%\"", "soft: of the messages to and from it that are lost (assumption)"),
    {0},
};
static void fill_place(gd_fault_maker *m)
{
    if (m->spec->how == 0) {
        m->fault.lever = GD_LEVER_DARK;
        if (gd_node_said(m->node, "share"))
            gd_fault_problem(m, "share", "says how soft it is; write \"how\": \"soft\" with it");
        return;
    }
    m->fault.lever = GD_LEVER_MESSAGE;
    m->fault.lost = true;
    if (gd_node_said(m->node, "instances"))
        gd_fault_problem(m, "instances", "a soft failure is of the network; leave it out");
}
static const gd_concept zone_says = {
    .title = "Zone down",
    .pattern = "zone_down",
    .idea = "All that stands in one zone is lost at once, or can hardly be reached. Balancers must "
            "notice, and the rest must carry the load.",
    .cures_not = "Redundancy without headroom only moves the failure.",
    .numbers = "0.1 to 0.5 a year for a zone (assumption); static stability needs z / (z - 1)",
    .source = "patterns 9.5, 4.7",
};
const gd_fault_kind gd_zone_down_fault = {
    .shape = {.name = "zone_down-fault",
              .help = "a zone is lost, or hardly reached",
              .bytes = sizeof(gd_fault_spec),
              .fields = place_fields,
              .concept = &zone_says},
    .takes = GD_TAKES_PLACE,
    .lever = GD_LEVER_DARK,
    .fill = fill_place,
};
static const gd_concept region_says = {
    .title = "Region down",
    .pattern = "region_down",
    .idea = "A whole region is lost at once, or can hardly be reached.",
    .numbers = "0.02 to 0.1 a year for a region (assumption)",
    .source = "patterns 9.5",
};
const gd_fault_kind gd_region_down_fault = {
    .shape = {.name = "region_down-fault",
              .help = "a region is lost, or hardly reached",
              .bytes = sizeof(gd_fault_spec),
              .fields = place_fields,
              .concept = &region_says},
    .takes = GD_TAKES_PLACE,
    .lever = GD_LEVER_DARK,
    .fill = fill_place,
};

/* ---- memory_leak -------------------------------------------------------------------------- */
static const gd_field leak_fields[] = {
    GD_FAULT_HOSTS(true, HOSTS),
    GD_ROW(gd_fault_spec, "bytes_per_second", bytes_per_s, GD_FIELD_BYTES, .fallback = "0",
           .help = "what each instance loses a second"),
    GD_ROW(gd_fault_spec, "bytes_per_request", bytes_each, GD_FIELD_BYTES, .fallback = "0",
           .help = "what it loses with each request"),
    GD_ROW(gd_fault_spec, "limit", room, GD_FIELD_BYTES, .fallback = "\"500MB\"", .min = 1,
           .help = "what can be lost before the process is killed",
           .source = "patterns 9.2: LitmusChaos pod-memory-hog, 500 MB"),
    GD_ROW(gd_fault_spec, "slow_at_limit", factor, GD_FIELD_FACTOR, .fallback = "2",
           .min = GD_SHARE_ONE, .max = 1000 * GD_SHARE_ONE,
           .help = "times the work when memory is full: collecting takes its share (assumption)"),
    {0},
};
static void fill_leak(gd_fault_maker *m)
{
    const gd_fault_spec *spec = m->spec;
    if (spec->bytes_per_s == 0 && spec->bytes_each == 0)
        gd_fault_problem(m, "bytes_per_second",
                         "leaks nothing; write \"bytes_per_second\": \"1MB\" or "
                         "\"bytes_per_request\": \"10KiB\"");
    if (spec->bytes_each > spec->room)
        gd_fault_problem(m, "bytes_per_request", "is more than the limit; write less");
    m->fault.leak_per_s = spec->bytes_per_s;
    m->fault.leak_each = spec->bytes_each;
    m->fault.leak_room = spec->room;
    m->fault.factor = spec->factor;
    if (spec->schedule)
        gd_fault_problem(m, "schedule", "a leak has its own times; leave it out");
}
static const gd_concept leak_says = {
    .title = "Memory leak",
    .pattern = "memory_leak",
    .idea = "Memory fills up, work slows down, the process is killed and begins anew. Instances "
            "that started together die together.",
    .dangerous_with = "Deploys that restart all at once: they synchronise the deaths.",
    .numbers = "limit 500 MB",
    .source = "patterns 9.2, 4.9; Chaos Mesh StressChaos memory",
};
const gd_fault_kind gd_memory_leak_fault = {
    .shape = {.name = "memory_leak-fault",
              .help = "memory fills up until the process is killed",
              .bytes = sizeof(gd_fault_spec),
              .fields = leak_fields,
              .concept = &leak_says},
    .takes = GD_TAKES_SERVICE | GD_TAKES_PLACE,
    .lever = GD_LEVER_LEAK,
    .fill = fill_leak,
};

/* ---- leap_bug ----------------------------------------------------------------------------- */
static const char *const leap_words[] = {"crash", "hang", "errors", NULL};
static const gd_field leap_fields[] = {
    GD_FAULT_HOSTS(false, HOSTS ". Absent: every service"),
    GD_ROW(gd_fault_spec, "effect", how, GD_FIELD_WORD, .words = leap_words,
           .fallback = "\"crash\"", .help = "what the date does to them"),
    {0},
};
static void fill_leap(gd_fault_maker *m)
{
    static const gd_lever levers[] = {GD_LEVER_DOWN, GD_LEVER_HANG, GD_LEVER_ERRORS};
    m->fault.lever = (uint8_t)levers[m->spec->how];
    m->fault.share = GD_SHARE_ONE;
    m->fault.outcome = GD_SERVER_ERROR;
    if (m->spec->schedule)
        gd_fault_problem(m, "schedule", "a date comes once; leave it out");
}
static const gd_concept leap_says = {
    .title = "Leap second or date bug",
    .pattern = "leap_bug",
    .idea = "The same instant everywhere: no redundancy helps against the calendar.",
    .cures_not = "More replicas: they all know what time it is.",
    .source = "patterns 9.5",
};
const gd_fault_kind gd_leap_bug_fault = {
    .shape = {.name = "leap_bug-fault",
              .help = "one date stops everything at one instant",
              .bytes = sizeof(gd_fault_spec),
              .fields = leap_fields,
              .concept = &leap_says},
    .takes = GD_TAKES_HOST,
    .lever = GD_LEVER_DOWN,
    .otherwise = "services.*",
    .fill = fill_leap,
};
