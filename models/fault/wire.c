/* Faults of links (patterns 9.3). Behind TCP a lost packet is a late one. */
#include "models/fault/fault.h"

#include <string.h>

const char *const gd_direction_words[] = {"both", "to", "from", NULL};

#define WIRE      "a link; or a zone or region, for all links to others"
#define LINK_ROWS GD_FAULT_WHEN, GD_FAULT_WHERE(true, WIRE), GD_FAULT_DIRECTION

/* ---- partition, link_flap ----------------------------------------------------------------- */
static const gd_field partition_fields[] = {
    GD_FAULT_WHEN,
    GD_FAULT_WHERE(false, "a zone or region, cut off from all others; or a link"),
    GD_FIELD_ROW(gd_fault_spec, between, GD_FIELD_NODES, .shape = &gd_names_shape,
                 .help = "two zones, regions or clients that no longer reach each other"),
    GD_FIELD_ROW(gd_fault_spec, partial, GD_FIELD_NODES,
                 .help = "several such pairs: [[\"a\", \"b\"], [\"a\", \"c\"]]"),
    GD_FAULT_DIRECTION,
    {0},
};
static void check_partition(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_fault_spec *fault = spec;
    if ((fault->target != NULL) + (fault->between != NULL) + (fault->partial != NULL) != 1)
        gd_problem(problems, node,
                   "a partition needs one of target, between and partial; write "
                   "\"between\": [\"a\", \"b\"]");
}
static const gd_concept partition_says = {
    .title = "Partition",
    .pattern = "partition",
    .idea = "No packet passes between two groups, both ways or one; or only some pairs are cut. "
            "The transport sends again and again, so a partition is no error but silence.",
    .cures = "Timeouts; idempotency, because after one that is one-way nobody knows what was done.",
    .dangerous_with = "One-way: the server works, the client times out and sends again.",
    .numbers = "a socket gives up after 924.6 s (tcp_retries2 15)",
    .source = "patterns 9.3; Chaos Mesh partition, Gremlin Blackhole",
};
const gd_fault_kind gd_partition_fault = {
    .shape = {.name = "partition-fault",
              .help = "no message passes",
              .bytes = sizeof(gd_fault_spec),
              .fields = partition_fields,
              .check = check_partition,
              .concept = &partition_says},
    .takes = GD_TAKES_WIRE,
    .lever = GD_LEVER_CUT,
};

static const gd_field flap_fields[] = {
    LINK_ROWS,
    GD_FIELD_ROW(gd_fault_spec, up, GD_FIELD_DIST, .fallback = "\"10s\"",
                 .help = "how long it works in between (assumption)"),
    GD_FIELD_ROW(gd_fault_spec, down, GD_FIELD_DIST, .fallback = "\"2s\"",
                 .help = "how long it is cut (assumption)"),
    {0},
};
static void fill_flap(gd_fault_maker *m)
{
    m->fault.up = gd_dist_index_of(m->b, m->spec->up, m->node);
    m->fault.down = gd_dist_index_of(m->b, m->spec->down, m->node);
    m->fault.in_phase = true; /* begins with a cut */
    if (m->spec->schedule)
        gd_fault_problem(m, "schedule", "a flapping link has its own times; write up and down");
}
static const gd_concept flap_says = {
    .title = "Flapping link",
    .pattern = "link_flap",
    .idea = "A link comes and goes: each time all that waited is sent at once, and whoever "
            "decides by the last minute decides wrongly again.",
    .dangerous_with = "Fail-over without hysteresis; breakers that close at once.",
    .source = "patterns 9.3",
};
const gd_fault_kind gd_link_flap_fault = {
    .shape = {.name = "link_flap-fault",
              .help = "a link comes and goes",
              .bytes = sizeof(gd_fault_spec),
              .fields = flap_fields,
              .concept = &flap_says},
    .takes = GD_TAKES_WIRE,
    .lever = GD_LEVER_CUT,
    .fill = fill_flap,
};

/* ---- latency, loss, corrupt, duplicate, reorder ------------------------------------------- */
static const gd_field latency_fields[] = {
    GD_FAULT_WHEN,
    GD_FAULT_WHERE(true, "an edge; a link; or a zone or region, for all links to others"),
    GD_FAULT_DIRECTION,
    GD_FAULT_RAMP,
    GD_FIELD_ROW(gd_fault_spec, added, GD_FIELD_SPAN, .fallback = "\"2s\"", .max = GD_YEAR,
                 .help = "to each message", .source = "patterns 9.3: LitmusChaos 2000 ms"),
    GD_FIELD_ROW(gd_fault_spec, jitter, GD_FIELD_SPAN, .fallback = "\"0s\"", .max = GD_YEAR,
                 .help = "so much more or less, uniformly", .source = "netem: delay TIME JITTER"),
    GD_FAULT_CORRELATION,
    {0},
};
static void fill_latency(gd_fault_maker *m)
{
    const gd_fault_spec *spec = m->spec;
    m->fault.jitter = spec->jitter;
    m->fault.share = 0;
    if (spec->jitter > spec->added)
        gd_fault_problem(m, "jitter",
                         "is more than what is added, so a message would come before "
                         "it was sent; write at most `added`");
    if (spec->correlation && !spec->jitter)
        gd_fault_problem(m, "correlation", "without jitter nothing is drawn; write \"jitter\" too");
    if (spec->target && strchr(spec->target, '>') && spec->direction != 0)
        gd_fault_problem(m, "direction", "an edge has both ways; name a link for one of them");
}
static const gd_concept latency_says = {
    .title = "Latency",
    .pattern = "latency",
    .idea = "Each message takes longer. A chatty caller pays for each of its calls.",
    .source = "patterns 9.3; Toxiproxy latency, Chaos Mesh delay, netem",
};
const gd_fault_kind gd_latency_fault = {
    .shape = {.name = "latency-fault",
              .help = "messages take longer",
              .bytes = sizeof(gd_fault_spec),
              .fields = latency_fields,
              .concept = &latency_says},
    .takes = GD_TAKES_WIRE | GD_TAKES_EDGE,
    .lever = GD_LEVER_MESSAGE,
    .fill = fill_latency,
};

static const gd_field loss_fields[] = {
    LINK_ROWS,
    GD_FAULT_RAMP,
    GD_FIELD_ROW(gd_fault_spec, share, GD_FIELD_SHARE, .required = true, .min = 1,
                 .max = GD_SHARE_ONE * 99 / 100,
                 .help = "of the messages; write partition for all"),
    GD_FAULT_CORRELATION,
    {0},
};
static void fill_loss(gd_fault_maker *m)
{
    m->fault.lost = true;
}
static const gd_concept loss_says = {
    .title = "Packet loss",
    .pattern = "loss",
    .idea = "Behind TCP nothing is lost, it is late: by a retransmission timeout for one loss, "
            "three for two in a row, seven for three.",
    .cures = "Hedging; timeouts above one retransmission.",
    .numbers = "extra = rto (2^j - 1) with probability p^j (1 - p); rto 200 ms on Linux",
    .source = "patterns 9.3; RFC 6298",
};
const gd_fault_kind gd_loss_fault = {
    .shape = {.name = "loss-fault",
              .help = "messages are lost, so they come later",
              .bytes = sizeof(gd_fault_spec),
              .fields = loss_fields,
              .concept = &loss_says},
    .takes = GD_TAKES_WIRE,
    .lever = GD_LEVER_MESSAGE,
    .fill = fill_loss,
};
static const gd_concept corrupt_says = {
    .title = "Corrupt packets",
    .pattern = "corrupt",
    .idea = "A checksum turns a flipped bit into a loss: it is sent again, later.",
    .source = "patterns 9.3; Chaos Mesh corrupt, LitmusChaos pod-network-corruption",
};
const gd_fault_kind gd_corrupt_fault = {
    .shape = {.name = "corrupt-fault",
              .help = "checksums fail, so messages come later",
              .bytes = sizeof(gd_fault_spec),
              .fields = loss_fields,
              .concept = &corrupt_says},
    .takes = GD_TAKES_WIRE,
    .lever = GD_LEVER_MESSAGE,
    .fill = fill_loss,
};

static const gd_field duplicate_fields[] = {
    LINK_ROWS,
    GD_FAULT_SHARE("\"1%\"", "of the messages that the wire carries twice (assumption)"),
    {0},
};
static void fill_duplicate(gd_fault_maker *m)
{
    m->fault.doubled = true;
}
static const gd_concept duplicate_says = {
    .title = "Duplicate packets",
    .pattern = "duplicate",
    .idea = "TCP drops the second copy: it costs bandwidth where there is a limit, and nothing "
            "else. `faults.NAME.effect.hidden` counts them.",
    .source = "patterns 9.3; LitmusChaos pod-network-duplication",
};
const gd_fault_kind gd_duplicate_fault = {
    .shape = {.name = "duplicate-fault",
              .help = "messages are carried twice; TCP hides it",
              .bytes = sizeof(gd_fault_spec),
              .fields = duplicate_fields,
              .concept = &duplicate_says},
    .takes = GD_TAKES_WIRE,
    .lever = GD_LEVER_MESSAGE,
    .fill = fill_duplicate,
};
static const gd_field reorder_fields[] = {
    LINK_ROWS,
    GD_FAULT_SHARE("\"25%\"", "of the messages whose packets come in another order"),
    GD_FIELD_ROW(gd_fault_spec, added, GD_FIELD_SPAN, .fallback = "\"10ms\"", .min = 1,
                 .max = GD_YEAR,
                 .help = "until the late packet is there: TCP keeps the others back so long",
                 .source = "netem: delay 10ms reorder 25%"),
    {0},
};
static void fill_reorder(gd_fault_maker *m)
{
    m->fault.late = true;
}
static const gd_concept reorder_says = {
    .title = "Reordered packets",
    .pattern = "reorder",
    .idea = "TCP puts them in order again and keeps the early ones back: a small delay.",
    .source = "patterns 9.3; netem reorder",
};
const gd_fault_kind gd_reorder_fault = {
    .shape = {.name = "reorder-fault",
              .help = "packets overtake one another; TCP waits",
              .bytes = sizeof(gd_fault_spec),
              .fields = reorder_fields,
              .concept = &reorder_says},
    .takes = GD_TAKES_WIRE,
    .lever = GD_LEVER_MESSAGE,
    .fill = fill_reorder,
};

/* ---- bandwidth, mtu_blackhole ------------------------------------------------------------- */
/* Without sizes a message takes no time on any wire. */
static int64_t largest_message(const gd_plan *plan)
{
    int64_t most = 0;
    for (uint32_t i = 0; i < plan->n_ops; i++)
        most = MAX(most, MAX(plan->ops[i].send_bytes, plan->ops[i].reply_bytes));
    return most;
}
static const gd_field bandwidth_fields[] = {
    LINK_ROWS,
    GD_FIELD_ROW(gd_fault_spec, rate, GD_FIELD_BITS, .required = true, .min = 1,
                 .help = "what is left of it: \"10Mbit/s\""),
    GD_FIELD_ROW(gd_fault_spec, buffer, GD_FIELD_BYTES, .min = 1,
                 .help = "what waits before the wire; more is lost, and sent again. Absent: no "
                         "limit, so delays grow without end (bufferbloat)"),
    {0},
};
static void fill_bandwidth(gd_fault_maker *m)
{
    m->fault.bytes_per_s = m->spec->rate;
    m->fault.buffer = m->spec->buffer;
    m->fault.share = 0;
    int64_t most = largest_message(m->b->plan);
    if (most == 0)
        gd_fault_problem(m, "rate",
                         "no operation says how large its messages are, so they take no time; "
                         "write \"send\" and \"reply\" sizes on operations");
    if (m->spec->buffer && most > m->spec->buffer)
        gd_fault_problem(m, "buffer",
                         "is less than the largest message, %" G_GINT64_FORMAT
                         " bytes, which would never pass; write more",
                         most);
}
static const gd_concept bandwidth_says = {
    .title = "Bandwidth",
    .pattern = "bandwidth",
    .idea = "The wire is narrow: messages queue before it, up to the buffer. A deep buffer turns "
            "loss into seconds of delay.",
    .dangerous_with = "Retries: they wait in the same buffer.",
    .numbers = "added delay at most buffer / rate",
    .source = "patterns 9.3, 12.41; Toxiproxy bandwidth, LitmusChaos pod-network-rate-limit",
};
const gd_fault_kind gd_bandwidth_fault = {
    .shape = {.name = "bandwidth-fault",
              .help = "a link is narrower",
              .bytes = sizeof(gd_fault_spec),
              .fields = bandwidth_fields,
              .concept = &bandwidth_says},
    .takes = GD_TAKES_WIRE,
    .lever = GD_LEVER_MESSAGE,
    .fill = fill_bandwidth,
};
static const gd_field mtu_fields[] = {
    LINK_ROWS,
    GD_FIELD_ROW(gd_fault_spec, larger_than, GD_FIELD_BYTES, .fallback = "1400", .min = 1,
                 .help = "what is longer vanishes (1,400: below a tunnel's MTU, assumption)"),
    {0},
};
static void fill_mtu(gd_fault_maker *m)
{
    m->fault.largest = m->spec->larger_than;
    m->fault.share = 0;
    int64_t most = largest_message(m->b->plan);
    if (most <= m->spec->larger_than)
        gd_fault_problem(m, "larger_than",
                         "the largest message has %" G_GINT64_FORMAT " bytes, so none vanishes; "
                         "write less, or larger \"send\" and \"reply\" sizes on operations",
                         most);
}
static const gd_concept mtu_says = {
    .title = "MTU black hole",
    .pattern = "mtu_blackhole",
    .idea = "Large packets vanish, small ones pass: connections open, probes are green, and the "
            "first real answer never comes.",
    .source = "patterns 9.3",
};
const gd_fault_kind gd_mtu_blackhole_fault = {
    .shape = {.name = "mtu_blackhole-fault",
              .help = "large messages vanish, small ones pass",
              .bytes = sizeof(gd_fault_spec),
              .fields = mtu_fields,
              .concept = &mtu_says},
    .takes = GD_TAKES_WIRE,
    .lever = GD_LEVER_MESSAGE,
    .silent = true,
    .fill = fill_mtu,
};
