#include "models/compile/shape.h"

#define ARRIVALS_MAX (1000000 * GD_RATE_HZ) /* a million a second */

/* ---- arrivals ----------------------------------------------------------------------------- */
#define RATE_ROW(S, h)                                                                             \
    GD_FIELD_ROW(S, rate, GD_FIELD_RATE, .required = true, .min = 1, .max = ARRIVALS_MAX,          \
                 .help = (h))

static const gd_field rate_fields[] = {
    RATE_ROW(gd_steady_rate_spec, "how many arrive, on average"),
    {0},
};
const gd_shape gd_poisson_shape = {
    .name = "poisson",
    .help = "independent arrivals: exponential gaps",
    .bytes = sizeof(gd_steady_rate_spec),
    .fields = rate_fields,
    .bare = "rate",
};
const gd_shape gd_periodic_shape = {
    .name = "periodic",
    .help = "one arrival at each tick",
    .bytes = sizeof(gd_steady_rate_spec),
    .fields = rate_fields,
    .bare = "rate",
};
static const gd_field bursts_fields[] = {
    GD_FIELD_ROW(gd_bursts_spec, on, GD_FIELD_DIST, .required = true,
                 .help = "how long a burst is"),
    GD_FIELD_ROW(gd_bursts_spec, off, GD_FIELD_DIST, .required = true,
                 .help = "how long it is quiet between two"),
    RATE_ROW(gd_bursts_spec, "Poisson arrivals while on"),
    GD_FIELD_ROW(gd_bursts_spec, rate_off, GD_FIELD_RATE, .max = ARRIVALS_MAX,
                 .help = "while off. Absent: none"),
    {0},
};
const gd_shape gd_bursts_shape = {
    .name = "bursts",
    .help = "on and off in turn (a two-state modulated Poisson process)",
    .bytes = sizeof(gd_bursts_spec),
    .fields = bursts_fields,
};
static const gd_field csv_fields[] = {
    GD_FIELD_ROW(gd_csv_spec, file, GD_FIELD_TEXT, .required = true,
                 .help = "a CSV file beside the document; times from t = 0, in seconds or with a "
                         "unit, ascending"),
    GD_FIELD_ROW(gd_csv_spec, column, GD_FIELD_TEXT,
                 .help = "the column's name in the first line. Absent: the first column"),
    {0},
};
const gd_shape gd_trace_shape = {
    .name = "csv",
    .help = "recorded arrivals",
    .bytes = sizeof(gd_csv_spec),
    .fields = csv_fields,
    .bare = "file",
};
static const gd_shape *const arrival_variants[] = {&gd_poisson_shape, &gd_periodic_shape,
                                                   &gd_bursts_shape, &gd_trace_shape, NULL};

static const gd_field users_fields[] = {
    GD_FIELD_ROW(gd_users_spec, n, GD_FIELD_COUNT, .required = true, .min = 1, .max = 10000000,
                 .help = "how many there are"),
    GD_FIELD_ROW(gd_users_spec, think, GD_FIELD_DIST,
                 .help = "between an answer and the next request. Absent: none"),
    GD_FIELD_ROW(gd_users_spec, over, GD_FIELD_SPAN, .fallback = "\"0s\"", .max = GD_YEAR,
                 .help = "they start spread evenly over this span"),
    {0},
};
static const gd_shape users_shape = {
    .name = "users",
    .help = "a closed population: each thinks, asks, waits",
    .bytes = sizeof(gd_users_spec),
    .fields = users_fields,
    .bare = "n",
};

static const gd_field journey_fields[] = {
    GD_FIELD_ROW(gd_journey_spec, weight, GD_FIELD_FACTOR, .fallback = "1",
                 .help = "its share of visits, relative to the other journeys"),
    GD_FIELD_ROW(gd_journey_spec, pages, GD_FIELD_NODES, .required = true, .shape = &gd_names_shape,
                 .help = "operations, in order"),
    GD_FIELD_ROW(gd_journey_spec, think, GD_FIELD_DIST,
                 .help = "between a page and the next. Absent: none"),
    GD_FIELD_ROW(gd_journey_spec, gives_up_after, GD_FIELD_COUNT,
                 .help = "failed pages in a row after which the visitor leaves. Absent: never"),
    {0},
};
static const gd_shape journey_shape = {
    .name = "journey",
    .help = "a visitor's way through pages",
    .bytes = sizeof(gd_journey_spec),
    .fields = journey_fields,
};

static const gd_field reload_fields[] = {
    GD_FIELD_ROW(gd_reload_spec, max_attempts, GD_FIELD_COUNT, .required = true, .min = 1,
                 .max = 255, .help = "with the first"),
    GD_FIELD_ROW(gd_reload_spec, after, GD_FIELD_SPAN, .fallback = "\"0s\"", .max = GD_YEAR,
                 .help = "how long the user waits before pressing reload"),
    {0},
};
static const gd_shape reload_shape = {
    .name = "reload",
    .help = "an impatient user: a retry with a constant wait",
    .bytes = sizeof(gd_reload_spec),
    .fields = reload_fields,
};

/* ---- profiles ----------------------------------------------------------------------------- */
#define S gd_profile_spec
#define FACTOR_ROW(m, f, h)                                                                        \
    GD_FIELD_ROW(S, m, GD_FIELD_FACTOR, .fallback = (f), .max = 1000000 * GD_SHARE_ONE, .help = (h))
#define AT_ROW GD_FIELD_ROW(S, at, GD_FIELD_SPAN, .required = true, .help = "when it begins")
#define FOR_ROW(req, h)                                                                            \
    GD_ROW(S, "for", lasts, GD_FIELD_SPAN, .required = (req), .max = GD_HORIZON, .help = (h))

static const gd_field steady_fields[] = {FACTOR_ROW(factor, "1", "times the rate"), {0}};
const gd_shape gd_steady_shape = {
    .name = "steady",
    .help = "always the same",
    .bytes = sizeof(S),
    .fields = steady_fields,
    .bare = "factor",
};
static const gd_field ramp_fields[] = {
    FACTOR_ROW(from, "1", "times the rate before and at its start"),
    GD_FIELD_ROW(S, to, GD_FIELD_FACTOR, .required = true, .max = 1000000 * GD_SHARE_ONE,
                 .help = "times the rate at its end and after"),
    AT_ROW,
    FOR_ROW(true, "how long it takes"),
    {0},
};
const gd_shape gd_ramp_shape = {
    .name = "ramp", .help = "up or down in a line", .bytes = sizeof(S), .fields = ramp_fields};
static const gd_field step_fields[] = {
    AT_ROW,
    GD_FIELD_ROW(S, factor, GD_FIELD_FACTOR, .required = true, .max = 1000000 * GD_SHARE_ONE,
                 .help = "times the rate from then on"),
    {0},
};
const gd_shape gd_step_profile_shape = {
    .name = "step", .help = "from one rate to another", .bytes = sizeof(S), .fields = step_fields};
static const gd_field spike_fields[] = {
    AT_ROW,
    FOR_ROW(true, "how long it stays at its height"),
    GD_FIELD_ROW(S, factor, GD_FIELD_FACTOR, .required = true, .max = 1000000 * GD_SHARE_ONE,
                 .help = "times the rate at its height"),
    GD_FIELD_ROW(S, rise, GD_FIELD_SPAN, .fallback = "\"0s\"", .max = GD_HORIZON,
                 .help = "from its beginning to its height"),
    GD_FIELD_ROW(S, fall, GD_FIELD_SPAN, .fallback = "\"0s\"", .max = GD_HORIZON,
                 .help = "from its height back"),
    {0},
};
const gd_shape gd_spike_shape = {
    .name = "spike", .help = "up and back again", .bytes = sizeof(S), .fields = spike_fields};
static const gd_field daily_fields[] = {
    GD_FIELD_ROW(S, low, GD_FIELD_FACTOR, .required = true, .max = 1000000 * GD_SHARE_ONE,
                 .help = "times the rate at the quietest moment"),
    GD_FIELD_ROW(S, high, GD_FIELD_FACTOR, .required = true, .max = 1000000 * GD_SHARE_ONE,
                 .help = "times the rate at the busiest"),
    GD_FIELD_ROW(S, peak_at, GD_FIELD_TEXT, .fallback = "\"14:00\"",
                 .source = "assumption: early afternoon",
                 .help = "time of day of the busiest moment; t = 0 is midnight unless the scenario "
                         "says starts_at"),
    GD_FIELD_ROW(S, period, GD_FIELD_SPAN, .fallback = "\"24h\"", .min = GD_S, .max = GD_YEAR,
                 .help = "from peak to peak"),
    {0},
};
const gd_shape gd_daily_shape = {
    .name = "daily",
    .help = "a cosine from day to day, in lines of a 24th of the period",
    .bytes = sizeof(S),
    .fields = daily_fields,
};
static const gd_field profile_csv_fields[] = {
    GD_FIELD_ROW(S, file, GD_FIELD_TEXT, .required = true,
                 .help = "a CSV file beside the document: time from t = 0 (seconds, or with a "
                         "unit), factor; lines between"),
    GD_FIELD_ROW(S, column, GD_FIELD_TEXT,
                 .help = "the factor's column in the first line. Absent: the second"),
    {0},
};
const gd_shape gd_profile_csv_shape = {
    .name = "csv",
    .help = "a recorded profile",
    .bytes = sizeof(S),
    .fields = profile_csv_fields,
    .bare = "file",
};
#undef S
const gd_shape *const gd_profile_variants[] = {&gd_steady_shape,
                                               &gd_ramp_shape,
                                               &gd_step_profile_shape,
                                               &gd_spike_shape,
                                               &gd_daily_shape,
                                               &gd_profile_csv_shape,
                                               NULL};

/* ---- clients ------------------------------------------------------------------------------ */
static const gd_shape mix_shape = {
    .name = "mix",
    .schema = "{\"anyOf\": [{\"type\": \"string\"}, {\"type\": \"object\"}]}",
};
#define S gd_client_spec
static const gd_field client_fields[] = {
    GD_FIELD_ROW(S, at, GD_FIELD_ADDRESS, .required = true,
                 .help = "the service its users ask; \"layer0-*\" is a random one of a group"),
    GD_FIELD_ROW(S, arrivals, GD_FIELD_VARIANT, .variants = arrival_variants,
                 .help = "an open stream: one request each"),
    GD_FIELD_ROW(S, visits, GD_FIELD_VARIANT, .variants = arrival_variants,
                 .help = "an open stream of visitors, each with a journey"),
    GD_FIELD_ROW(S, users, GD_FIELD_OBJECT, .shape = &users_shape, .help = "a closed population"),
    GD_FIELD_ROW(S, mix, GD_FIELD_NODE, .shape = &mix_shape,
                 .help = "operations by weight, or one. Absent: the service's only operation"),
    GD_FIELD_ROW(S, journeys, GD_FIELD_MAP, .shape = &journey_shape,
                 .help = "ways through pages, by weight"),
    GD_FIELD_ROW(S, profile, GD_FIELD_VARIANT, .variants = gd_profile_variants,
                 .help = "how the rate changes. Absent: steady"),
    GD_FIELD_ROW(S, draw, GD_FIELD_NODE,
                 .help = "attributes of each request: counts, by name, for \"repeat\": \"$name\""),
    GD_FIELD_ROW(S, segments, GD_FIELD_NODE, .shape = &gd_client_segments_shape,
                 .help = "values that all its users have: {\"tenant\": \"big\"}. Absent: drawn"),
    GD_FIELD_ROW(S, criticality, GD_FIELD_NODE, .shape = &gd_criticality_shape,
                 .help = "how much its requests matter, all or by operation; it travels with them "
                         "to every service. Absent: critical",
                 .source = "patterns 4.4"),
    GD_FIELD_ROW(S, stop_after, GD_FIELD_COUNT, .min = 1,
                 .help = "arrivals (users: requests) after which it stops; when all clients have, "
                         "the run drains and ends. Absent: never"),
    GD_FIELD_ROW(S, zone, GD_FIELD_NAME, .help = "the zone its users are near"),
    GD_FIELD_ROW(S, region, GD_FIELD_NAME, .help = "the region its users are near"),
    GD_FIELD_ROW(S, reload, GD_FIELD_OBJECT, .shape = &reload_shape,
                 .help = "impatient users: a retry by hand. Absent: none"),
    GD_CALL_ROWS(S, policy.),
    {0},
};
#undef S

static void check_client(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_client_spec *client = spec;
    int ways =
        (client->arrivals.shape != NULL) + (client->visits.shape != NULL) + (client->users != NULL);
    if (ways != 1 && !gd_node_said(node, "arrivals") && !gd_node_said(node, "visits"))
        gd_problem(problems, node, "does not say how users come; write arrivals, visits or users");
    else if (ways > 1)
        gd_problem(problems, node, "has more than one of arrivals, visits and users; keep one");
    if (client->journeys.n && client->mix)
        gd_problem(problems, client->mix, "has journeys too; keep mix or journeys");
    if (client->visits.shape && client->journeys.n == 0)
        gd_problem(problems, node,
                   "visits need journeys; write \"journeys\": {\"browse\": "
                   "{\"pages\": [...]}}, or arrivals instead of visits");
    if (client->arrivals.shape && client->journeys.n)
        gd_problem(problems, gd_node_said(node, "journeys"),
                   "arrivals are one request each; write visits instead of arrivals");
    if (client->reload && client->policy.retry)
        gd_problem(problems, gd_node_said(node, "reload"),
                   "a reload is a retry, and there is a retry too; keep one");
    if (client->zone && client->region)
        gd_problem(problems, gd_node_said(node, "region"), "has a zone too; keep one of them");
}

const gd_shape gd_client_shape = {
    .name = "client",
    .help = "users of a service, and how they come",
    .bytes = sizeof(gd_client_spec),
    .fields = client_fields,
    .check = check_client,
};
