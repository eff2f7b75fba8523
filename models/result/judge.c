/* How far users fell: what they got against what they asked, held against a band around what they
 * got before the first fault.
 *
 * Sources: the user's indicator and its band of mean - 3 sigma, left for 2 windows in a row, as in
 * the incident timelines of site reliability engineering; goodput / offered in windows of 10 s from
 * N. Bronson et al., HotOS 2021 (metastable failures); the area between baseline and curve from
 * M. Bruneau et al., Earthquake Spectra 19 (2003).
 */
#include "models/result/parts.h"
#include "sim/stats/interval.h"

/* Assumptions, told by explain quantities. */
#define JUDGED_WIDTH   (10 * GD_S) /* at most; short runs are judged in 60 windows */
#define JUDGED_SHARE   60
#define BASELINE_LEAST 5   /* windows, or their spread says nothing */
#define MITIGATED      0.1 /* of the fall that may be left: impact reduced by 90 % */
#define HELD_MITIGATED (10 * GD_MINUTE)
#define HELD_RECOVERED (5 * GD_MINUTE)
#define LOST_MINUTES   1.0 /* a user of an open client who lost a request is down for a minute */

uint32_t gd_judged_windows(const gd_judged *judged, gd_span span)
{
    return (uint32_t)((gd_time_add(span, judged->width - 1)) / judged->width);
}

static gd_span judged_width(const gd_result *result)
{
    gd_span wanted = MIN(JUDGED_WIDTH, result->ended_at / JUDGED_SHARE);
    gd_span windows = (wanted + result->window - 1) / result->window;
    return MAX(windows, 1) * result->window;
}

static double mean_of(const double *values, uint32_t n)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += values[i];
    return n == 0 ? 0 : sum / n;
}

/* `stuck`: where users who wait count as asking as often as before; NULL: nowhere. */
static void add_view(const gd_result *result, gd_arena *scratch, gd_judged *judged, uint32_t index,
                     const bool *stuck)
{
    const gd_result_view *view = &result->views[index];
    uint32_t per = (uint32_t)(judged->width / result->window);
    double *asked = gd_arena_array(scratch, double, judged->n);

    for (uint32_t i = 0; i < judged->n * per; i++) {
        asked[i / per] += view->series.requests[i];
        judged->useful[i / per] += view->series.useful[i];
    }
    gd_moments before = gd_moments_of(asked, judged->baseline);
    double fewest = before.mean - 3 * before.deviation;
    for (uint32_t j = 0; j < judged->n; j++) {
        bool missing = stuck && stuck[j] && asked[j] < fewest;
        judged->raw[j] += asked[j];
        judged->asked[j] += missing ? before.mean : asked[j];
    }
}

/* Adds what one client's users asked and got: of one operation, or of all of them. */
static void add_client(const gd_result *result, gd_arena *scratch, gd_judged *judged,
                       uint32_t client, uint32_t view)
{
    const bool *stuck = gd_judged_stuck(result, scratch, judged, client, view);
    for (uint32_t i = 0; i < result->n_views; i++)
        if (view == GD_NONE ? result->views[i].client == client : i == view)
            add_view(result, scratch, judged, i, stuck);
}

/* The mean is of all requests together; the spread, of the windows' ratios. */
void gd_judged_band(gd_judged *judged, gd_arena *scratch)
{
    double asked = 0, useful = 0, *known = gd_arena_array(scratch, double, judged->baseline);
    size_t n = 0;
    for (uint32_t j = 0; j < judged->baseline; j++) {
        asked += judged->asked[j];
        useful += judged->useful[j];
        if (gd_is_known(judged->ratio[j]))
            known[n++] = judged->ratio[j];
    }
    judged->has_baseline = n >= BASELINE_LEAST && useful > 0;
    if (!judged->has_baseline)
        return;
    judged->mean = MIN(1, useful / asked);
    double lowest = judged->mean - 3 * gd_moments_of(known, n).deviation;
    judged->edge = MAX(0, MIN(lowest, judged->mean * GD_BAND_SLACK));
}

gd_judged gd_judged_of(const gd_result *result, gd_arena *scratch, uint32_t client, uint32_t view)
{
    gd_judged judged = {.width = judged_width(result)};
    judged.n = (uint32_t)(MIN(result->ended_at, result->windows * result->window) / judged.width);
    gd_time fault_at = result->recovery.has_fault ? result->recovery.fault_at : GD_NEVER;
    judged.first = (uint32_t)MIN(judged.n, fault_at / judged.width);
    judged.baseline = fault_at == GD_NEVER ? 0 : judged.first;
    judged.raw = gd_arena_array(scratch, double, judged.n);
    judged.asked = gd_arena_array(scratch, double, judged.n);
    judged.useful = gd_arena_array(scratch, double, judged.n);
    judged.ratio = gd_arena_array(scratch, double, judged.n);

    for (uint32_t i = 0; i < result->n_clients; i++)
        if (view != GD_NONE ? i == result->views[view].client : client == GD_NONE || i == client)
            add_client(result, scratch, &judged, i, view);
    for (uint32_t j = 0; j < judged.n; j++)
        judged.ratio[j] = gd_ratio(judged.useful[j], judged.asked[j]);
    gd_judged_band(&judged, scratch);
    return judged;
}

double *gd_judged_backlog(const gd_result *result, gd_arena *scratch, const gd_judged *judged,
                          double *drained)
{
    uint32_t per = (uint32_t)(judged->width / result->window);
    double *backlog = gd_arena_array(scratch, double, judged->n);
    for (uint32_t s = 0; s < result->n_services; s++)
        for (uint32_t i = 0; i < judged->n * per; i++)
            backlog[i / per] += result->services[s].queue_series[i] / per;

    gd_moments before = gd_moments_of(backlog, judged->baseline);
    *drained = before.mean + 3 * before.deviation + 1; /* assumption: one item is no backlog */
    return backlog;
}

static bool is_out(const gd_judged *judged, uint32_t j, double edge)
{
    double missing = judged->asked[j] * judged->mean - judged->useful[j];
    return judged->ratio[j] < edge && (missing > GD_ONE_IS_CHANCE || judged->useful[j] == 0);
}

uint32_t gd_judged_first_out(const gd_judged *judged, uint32_t from, uint32_t to, double edge)
{
    uint32_t before = GD_NONE;
    for (uint32_t j = from; j < MIN(to, judged->n); j++) {
        if (!gd_is_known(judged->ratio[j]))
            continue;
        bool out = is_out(judged, j, edge);
        if (out && before != GD_NONE)
            return before;
        before = out ? j : GD_NONE;
    }
    return GD_NONE;
}

/* What "back" asks for. */
typedef struct {
    uint32_t from, hold, until; /* windows: looked for from here; without relapse for, and before */
    double edge;
    const double *backlog; /* NULL: does not matter */
    double drained;
} back;

/* The first window at or above the edge, with no relapse before `until` nor for `hold` windows, or
 * to the run's end when that is nearer; GD_NONE when there is none of at least two windows. */
static uint32_t first_back(const gd_judged *judged, const back *wanted)
{
    for (uint32_t j = wanted->from; j + 2 <= judged->n; j++) {
        bool in = !gd_is_known(judged->ratio[j]) || !is_out(judged, j, wanted->edge);
        if (!in || (wanted->backlog && wanted->backlog[j] > wanted->drained))
            continue;
        uint32_t to = MAX(j + wanted->hold, wanted->until);
        uint32_t relapse = gd_judged_first_out(judged, j, to, wanted->edge);
        if (relapse == GD_NONE)
            return j;
        j = relapse; /* nothing before the relapse can hold either */
    }
    return GD_NONE;
}

static gd_time start_of(const gd_judged *judged, uint32_t window)
{
    return window == GD_NONE ? GD_NEVER : window * judged->width;
}

static void find_moments(const gd_result *result, const gd_judged *judged, const double *backlog,
                         double drained, gd_incident *incident)
{
    const gd_recovery *recovery = &result->recovery;
    uint32_t impact = gd_judged_first_out(judged, judged->first, judged->n, judged->edge);
    incident->impact_at = start_of(judged, impact);
    incident->has_impact = impact != GD_NONE;
    incident->served_at = incident->mitigate_at = incident->recover_at = GD_NEVER;
    incident->recovered = !incident->has_impact;
    if (!incident->has_impact)
        return;

    back wanted = {
        .from = impact,
        .hold = gd_judged_windows(judged, HELD_RECOVERED),
        .until = recovery->fault_ends ? gd_judged_windows(judged, recovery->fault_end) : 0,
        .edge = judged->edge,
        .backlog = backlog,
        .drained = drained,
    };
    uint32_t recovered = first_back(judged, &wanted);
    wanted.backlog = NULL;
    incident->served_at = start_of(judged, first_back(judged, &wanted));
    incident->recover_at = start_of(judged, recovered);
    incident->recovered = recovered != GD_NONE;
    if (incident->recovered)
        incident->held = MIN(HELD_RECOVERED, (judged->n - recovered) * judged->width);

    double lowest = judged->mean;
    for (uint32_t j = impact; j < judged->n; j++)
        if (judged->ratio[j] < lowest) /* false for the unknown */
            lowest = judged->ratio[j];
    wanted = (back){.from = impact, .hold = gd_judged_windows(judged, HELD_MITIGATED)};
    wanted.edge = MIN(judged->edge, judged->mean - MITIGATED * (judged->mean - lowest));
    incident->mitigate_at = start_of(judged, first_back(judged, &wanted));
}

/* Lost requests are counted over all that followed the fault, gains against losses, so that what
 * one window owes to the next cancels; depth and area, from window to window between impact and
 * recovery: within the band a window's depth is chance. */
static void find_losses(const gd_judged *judged, gd_incident *incident)
{
    double asked = 0, useful = 0, lowest = 1, area = 0;
    for (uint32_t j = judged->first; j < judged->n; j++) {
        asked += judged->asked[j];
        useful += judged->useful[j];
        gd_time at = start_of(judged, j);
        if (!gd_is_known(judged->ratio[j]) || at < incident->impact_at ||
            at >= incident->recover_at)
            continue;
        double level = MIN(1, judged->ratio[j] / judged->mean);
        lowest = MIN(lowest, level);
        area += (1 - level) * 100 * gd_seconds(judged->width);
    }
    double lost = MAX(0, judged->mean * asked - useful);
    incident->depth_ratio = 1 - lowest;
    incident->resilience_loss = area;
    incident->lost_requests = (uint64_t)(lost + 0.5);
    incident->lost_user_minutes = lost * LOST_MINUTES;
}

static gd_incident no_incident(void)
{
    return (gd_incident){
        .recovered = true,
        .baseline_goodput_per_s = GD_UNKNOWN,
        .baseline_ratio = GD_UNKNOWN,
        .band_ratio = GD_UNKNOWN,
        .depth_ratio = GD_UNKNOWN,
        .lost_user_minutes = GD_UNKNOWN,
        .resilience_loss = GD_UNKNOWN,
        .impact_at = GD_NEVER,
        .served_at = GD_NEVER,
        .mitigate_at = GD_NEVER,
        .recover_at = GD_NEVER,
    };
}

/* The first moment of any operation is the impact on users, the last one its end: what a tenth of
 * the traffic suffers does not drown in the rest. */
static void join(gd_incident *users, const gd_incident *view)
{
    if (!view->has_impact)
        return;
    bool first = !users->has_impact;
    users->has_impact = true;
    users->impact_at = MIN(users->impact_at, view->impact_at);
    users->mitigate_at = first ? view->mitigate_at : MAX(users->mitigate_at, view->mitigate_at);
    users->served_at = first ? view->served_at : MAX(users->served_at, view->served_at);
    if (first || view->recover_at > users->recover_at) {
        users->recover_at = view->recover_at;
        users->held = view->held;
    }
    users->recovered = users->recovered && view->recovered;
}

/* Of the views of one client, of one view, or of all (both GD_NONE; the views come before it). */
static gd_incident judge(const gd_result *result, uint32_t client, uint32_t view)
{
    g_autoptr(gd_arena) scratch = gd_arena_new();
    gd_judged judged = gd_judged_of(result, scratch, client, view);
    if (!judged.has_baseline)
        return no_incident();

    gd_incident incident = {.has_baseline = true};
    double drained, *backlog = gd_judged_backlog(result, scratch, &judged, &drained);
    incident.baseline_goodput_per_s =
        mean_of(judged.useful, judged.baseline) / gd_seconds(judged.width);
    incident.baseline_ratio = judged.mean;
    incident.band_ratio = judged.edge;
    find_moments(result, &judged, backlog, drained, &incident);
    for (uint32_t i = 0; i < result->n_views; i++)
        if (view == GD_NONE && (client == GD_NONE || result->views[i].client == client))
            join(&incident, &result->views[i].incident);
    find_losses(&judged, &incident);
    return incident;
}

/* Closed users without journeys are present all the time: the share of answers that they lost, of
 * their time. */
static double closed_minutes(const gd_result *result, uint32_t client, const gd_incident *incident)
{
    const gd_plan_client *c = &result->plan->clients[client];
    g_autoptr(gd_arena) scratch = gd_arena_new();
    gd_judged judged = gd_judged_of(result, scratch, client, GD_NONE);
    double asked = 0;
    for (uint32_t j = judged.first; j < judged.n; j++)
        asked += judged.asked[j];
    if (asked == 0)
        return 0;
    double share = MIN(1, (double)incident->lost_requests / (asked * judged.mean));
    double minutes = gd_seconds((judged.n - judged.first) * judged.width) / 60;
    return share * c->users * minutes;
}

void gd_result_judge(gd_result *result)
{
    gd_degradation *degradation = &result->degradation;
    uint64_t users = 0, hurt = 0;

    degradation->judged_window = judged_width(result);
    degradation->operations = gd_arena_array(result->arena, uint32_t, result->n_views);
    for (uint32_t i = 0; i < result->n_views; i++) {
        gd_result_view *view = &result->views[i];
        view->incident = judge(result, GD_NONE, i);
        if (view->incident.has_impact)
            degradation->operations[degradation->n_operations++] = i;
    }
    degradation->users = judge(result, GD_NONE, GD_NONE);

    double minutes = 0;
    for (uint32_t i = 0; i < result->n_clients; i++) {
        gd_incident *incident = &result->clients[i].incident;
        *incident = judge(result, i, GD_NONE);
        const gd_plan_client *client = &result->plan->clients[i];
        users += result->clients[i].users;
        hurt += result->clients[i].users_hurt;
        if (incident->has_baseline && client->arrivals == GD_ARRIVE_USERS && !client->visits)
            incident->lost_user_minutes = closed_minutes(result, i, incident);
        if (incident->has_baseline)
            minutes += incident->lost_user_minutes;
    }
    degradation->users_ratio = gd_ratio((double)hurt, (double)users);
    if (degradation->users.has_baseline)
        degradation->users.lost_user_minutes = minutes;
}
