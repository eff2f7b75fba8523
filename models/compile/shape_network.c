#include "models/compile/shape.h"
#include "sim/spec/preset.h"

/* Network presets are round trips (patterns 11.3); a latency here is one way. */
static void halve(gd_dist_spec *dist, const gd_node *node)
{
    const gd_node *about = gd_node_said(node, "about");
    const gd_preset *preset = gd_preset_of(about ? about : node);
    if (!dist || !preset || !preset->round_trip)
        return;
    dist->median /= 2;
    dist->p99 /= 2;
}

static const gd_field region_fields[] = {
    GD_FIELD_ROW(gd_region_spec, zones, GD_FIELD_NODES, .shape = &gd_names_shape,
                 .help = "its zones. Absent: one, with the region's name"),
    GD_FIELD_ROW(gd_region_spec, latency, GD_FIELD_DIST,
                 .help = "one way, between its zones. Absent: as in one zone"),
    {0},
};
static void check_region(void *spec, const gd_node *node, gd_problems *problems)
{
    (void)problems;
    halve(((gd_region_spec *)spec)->latency, gd_node_said(node, "latency"));
}
static const gd_shape region_shape = {
    .name = "region",
    .help = "zones that are near each other",
    .bytes = sizeof(gd_region_spec),
    .fields = region_fields,
    .check = check_region,
};

static const gd_field link_fields[] = {
    GD_FIELD_ROW(gd_link_spec, between, GD_FIELD_NODES, .shape = &gd_names_shape,
                 .help = "two zones, regions or clients: both directions"),
    GD_FIELD_ROW(gd_link_spec, from, GD_FIELD_NAME, .help = "one direction: its start"),
    GD_FIELD_ROW(gd_link_spec, to, GD_FIELD_NAME, .help = "one direction: its end"),
    GD_FIELD_ROW(gd_link_spec, latency, GD_FIELD_DIST,
                 .help = "one way (a network preset is a round trip: half of it). Absent: none"),
    GD_FIELD_ROW(gd_link_spec, loss, GD_FIELD_SHARE, .fallback = "0", .min = 0,
                 .max = GD_SHARE_ONE - 1,
                 .help = "messages lost, and sent again after the retransmission timeout",
                 .source = "patterns 9.3"),
    GD_FIELD_ROW(gd_link_spec, rto, GD_FIELD_SPAN, .fallback = "\"200ms\"", .min = GD_US,
                 .max = 120 * GD_S,
                 .help = "first retransmission timeout; it doubles with each loss",
                 .source = "RFC 6298 with Linux's minimum"),
    GD_FIELD_ROW(gd_link_spec, bandwidth, GD_FIELD_BITS, .min = 1,
                 .help = "what it carries in each direction; messages queue. Absent: any amount"),
    GD_FIELD_ROW(gd_link_spec, ordered, GD_FIELD_BOOL, .fallback = "false",
                 .help = "messages never overtake one another"),
    {0},
};
static void check_link(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_link_spec *link = spec;
    halve(link->latency, gd_node_said(node, "latency"));
    bool pair = link->between && link->between->kind == GD_ARRAY &&
                gd_node_count(link->between) == 2 && link->between->first->kind == GD_STRING &&
                link->between->last->kind == GD_STRING;
    if (link->between && !pair)
        gd_problem(problems, link->between,
                   "a link is between two places; write \"between\": [\"a\", \"b\"]");
    else if (link->between && (link->from || link->to))
        gd_problem(problems, node, "has both between and from/to; keep one of them");
    else if (!link->between && (!link->from || !link->to))
        gd_problem(problems, node,
                   "does not say what it joins; write \"between\": [\"a\", \"b\"], or from and to");
}
static const gd_shape link_shape = {
    .name = "link",
    .help = "how messages go from one place to another",
    .bytes = sizeof(gd_link_spec),
    .fields = link_fields,
    .check = check_link,
};

static const gd_field network_fields[] = {
    GD_FIELD_ROW(gd_network_spec, regions, GD_FIELD_MAP, .shape = &region_shape,
                 .help = "regions and their zones. Absent: one place"),
    GD_FIELD_ROW(gd_network_spec, same_zone, GD_FIELD_DIST,
                 .help = "latency within a zone, one way. Absent: none"),
    GD_FIELD_ROW(gd_network_spec, clients, GD_FIELD_DIST,
                 .help =
                     "latency between users and the service they are at, one way. Absent: none"),
    GD_FIELD_ROW(gd_network_spec, links, GD_FIELD_MAP, .shape = &link_shape,
                 .help = "links by a free name; the nearest wins: zone or client before region"),
    {0},
};
static void check_network(void *spec, const gd_node *node, gd_problems *problems)
{
    (void)problems;
    const gd_network_spec *network = spec;
    halve(network->same_zone, gd_node_said(node, "same_zone"));
    halve(network->clients, gd_node_said(node, "clients"));
}
const gd_shape gd_network_shape = {
    .name = "network",
    .help = "places, and how long messages take between them",
    .bytes = sizeof(gd_network_spec),
    .fields = network_fields,
    .check = check_network,
};
