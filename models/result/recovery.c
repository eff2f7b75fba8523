/* How the users came back, and whether the system kept itself down after its trigger was gone.
 *
 * Sources: N. Bronson et al., "Metastable Failures in Distributed Systems", HotOS 2021, and
 * L. Huang et al., OSDI 2022, for what metastable means; times of an incident by user experience,
 * not by the list of faults.
 */
#include "models/result/parts.h"
#include "sim/stats/interval.h"

/* Assumptions, told by explain quantities. */
#define DOWN        0.9 /* below this share of its baseline ratio, an operation is down */
#define GRACE_LEAST (60 * GD_S)
#define HOLD_WANTED (5 * GD_MINUTE)
#define HOLD_LEAST  (60 * GD_S)  /* a run that leaves less cannot tell */
#define AMPLIFIED   1.1          /* of the attempts per request before the fault */
#define WASTED      0.05         /* of all work */
#define TRIES_LEAST 100          /* attempts before the fault, to compare with */
#define DROP_LEAST  (120 * GD_S) /* how long the load is cut in the test of what stays down */
#define DROP_SPARE  1.25         /* and this many times what its queues take to empty */
#define FALLEN      0.9          /* of what was queued at first: less is no chance */

const char *const gd_aftermath_words[GD_AFTERMATHS] = {
    [GD_AFTERMATH_UNKNOWN] = "unknown",     [GD_AFTERMATH_RECOVERED] = "recovered",
    [GD_AFTERMATH_SLOW] = "slow recovery",  [GD_AFTERMATH_METASTABLE] = "metastable",
    [GD_AFTERMATH_PERMANENT] = "permanent",
};

/* Windows [from, to) in which the system was free to recover and did not have to hurry. */
typedef struct {
    uint32_t off; /* the first window without fault and extra load */
    uint32_t from, to;
    bool observable;
} hold;

static gd_span grace_of(const gd_plan *plan)
{
    gd_span grace = GRACE_LEAST;
    for (uint32_t i = 0; i < plan->n_views; i++)
        if (plan->views[i].useful_within < GD_HORIZON)
            grace = MAX(grace, 3 * plan->views[i].useful_within);
    return grace;
}

static double sum_of(const uint32_t *series, uint32_t from, uint32_t to)
{
    double sum = 0;
    for (uint32_t i = from; i < to; i++)
        sum += series[i];
    return sum;
}

/* What is queued at a service at the beginning of judged window `off`, and how much it completes a
 * second while it is backlogged: then it shows what it can do. False: nothing is queued. */
static bool backlog_at(const gd_result *result, const gd_result_service *service,
                       const gd_judged *all, uint32_t off, double *queued, double *complete)
{
    uint32_t per = (uint32_t)(all->width / result->window);
    uint32_t first = off * per, last = first;
    while (last < all->n * per && service->queue_series[last] >= 1)
        last++;
    if (last == first)
        return false;
    double seconds = gd_seconds(result->window) * (last - first);
    *queued = service->queue_series[first];
    *complete = sum_of(service->series.completed, first, last) / seconds;
    return true;
}

/* How long that takes to drain: what is queued, by what the service completes less what arrived
 * before the fault. 0 when that predicts no end: no time would be enough. */
static gd_span drain_time(const gd_result *result, const gd_result_service *service,
                          const gd_judged *all, uint32_t off)
{
    double queued, complete;
    if (!backlog_at(result, service, all, off, &queued, &complete))
        return 0;
    double arrive = sum_of(service->series.arrivals, 0,
                           all->baseline * (uint32_t)(all->width / result->window)) /
                    gd_seconds(all->baseline * all->width);
    if (complete <= arrive)
        return 0;
    double drain = queued / (complete - arrive);
    return drain < gd_seconds(result->ended_at) ? (gd_span)(drain * (double)GD_S)
                                                : result->ended_at;
}

/* How long the load must be cut, so that the longest queue could empty if nothing more came. */
static gd_span drop_time(const gd_result *result, const gd_judged *all, uint32_t off)
{
    double longest = gd_seconds(DROP_LEAST), queued, complete;
    for (uint32_t i = 0; i < result->n_services && off < all->n; i++)
        if (backlog_at(result, &result->services[i], all, off, &queued, &complete) && complete > 0)
            longest = MAX(longest, DROP_SPARE * queued / complete);
    return (gd_span)(MIN(longest, gd_seconds(GD_HOUR)) * (double)GD_S);
}

static gd_span longest_drain(const gd_result *result, const gd_judged *all, uint32_t off)
{
    gd_span longest = 0;
    for (uint32_t i = 0; i < result->n_services && off < all->n; i++)
        longest = MAX(longest, drain_time(result, &result->services[i], all, off));
    return longest;
}

/* The first judged window in which the faults are over and users ask no more than before. */
static uint32_t free_from(const gd_result *result, const gd_judged *all)
{
    gd_moments asked = gd_moments_of(all->raw, all->baseline);
    uint32_t off = gd_judged_windows(all, result->recovery.fault_end);
    while (off < all->n && all->raw[off] > asked.mean + 3 * asked.deviation)
        off++;
    return off;
}

/* From then on, plus the grace. */
static hold hold_of(const gd_result *result, gd_arena *scratch)
{
    const gd_recovery *recovery = &result->recovery;
    gd_judged all = gd_judged_of(result, scratch, GD_NONE, GD_NONE);
    if (!all.has_baseline || !recovery->fault_ends)
        return (hold){0};

    hold held = {.off = free_from(result, &all)};
    gd_span grace = MAX(grace_of(result->plan), longest_drain(result, &all, held.off));
    held.from = held.off + gd_judged_windows(&all, grace);
    held.to = MIN(all.n, held.from + gd_judged_windows(&all, HOLD_WANTED));
    held.observable = held.from + gd_judged_windows(&all, HOLD_LEAST) <= held.to;
    return held;
}

/* What is queued goes down from third to third of windows [from, to), beyond chance. */
static bool drains(const gd_result *result, gd_arena *scratch, uint32_t from, uint32_t to)
{
    gd_judged all = gd_judged_of(result, scratch, GD_NONE, GD_NONE);
    double drained, *backlog = gd_judged_backlog(result, scratch, &all, &drained);
    double thirds[3] = {0};
    uint32_t n = to > from ? (to - from) / 3 : 0;
    if (n == 0)
        return false;
    for (uint32_t j = 0; j < 3 * n; j++)
        thirds[j / n] += backlog[to - 3 * n + j] / n;
    return thirds[0] > drained && thirds[1] < thirds[0] && thirds[2] < thirds[1] &&
           thirds[2] < FALLEN * thirds[0];
}

/* Down in each window of the hold in which somebody asked, and in one at least. */
static bool stays_down(const gd_judged *judged, hold held)
{
    bool down = false;
    for (uint32_t j = held.from; j < held.to; j++) {
        if (!gd_is_known(judged->ratio[j]))
            continue;
        if (judged->ratio[j] >= DOWN * judged->mean)
            return false;
        down = true;
    }
    return down;
}

/* Attempts of an edge per user request in judged windows [from, to). */
static double attempts_per_request(const gd_result *result, const gd_result_edge *edge,
                                   const gd_judged *all, uint32_t from, uint32_t to,
                                   double *attempts)
{
    uint32_t per = (uint32_t)(all->width / result->window);
    double asked = 0;
    *attempts = 0;
    for (uint32_t j = from; j < to; j++)
        asked += all->raw[j];
    for (uint32_t i = from * per; i < to * per; i++)
        *attempts += edge->series.attempts[i];
    return asked == 0 ? 0 : *attempts / asked;
}

/* What keeps it down: more work than users ask for, or work for callers that have left. */
static const char *sustained_by(const gd_result *result, gd_arena *scratch, hold held)
{
    gd_judged all = gd_judged_of(result, scratch, GD_NONE, GD_NONE);
    for (uint32_t i = 0; i < result->n_edges; i++) {
        double tries, seen;
        const gd_result_edge *edge = &result->edges[i];
        double before = attempts_per_request(result, edge, &all, 0, all.baseline, &tries);
        double after = attempts_per_request(result, edge, &all, held.from, held.to, &seen);
        if (tries >= TRIES_LEAST && after > before * AMPLIFIED)
            return "amplification";
    }
    double drained, *backlog = gd_judged_backlog(result, scratch, &all, &drained), sum = 0;
    for (uint32_t j = held.from; j < held.to; j++)
        sum += backlog[j];
    if (sum > drained * (held.to - held.from))
        return "backlog";
    for (uint32_t i = 0; i < result->n_services; i++)
        if (result->services[i].wasted_work_ratio > WASTED) /* false for the unknown */
            return "wasted work";
    return NULL;
}

/* Whether a run whose load was cut came back: no operation is down, two judged windows in a row,
 * from a grace after the load's return on. */
static bool came_back(const gd_result *cut, gd_time restored)
{
    g_autoptr(gd_arena) scratch = gd_arena_new();
    gd_judged all = gd_judged_of(cut, scratch, GD_NONE, GD_NONE);
    uint32_t from = gd_judged_windows(&all, restored + grace_of(cut->plan));
    bool back = all.has_baseline && from + gd_judged_windows(&all, HOLD_LEAST) <= all.n &&
                gd_judged_first_out(&all, from, all.n, DOWN * all.mean) == GD_NONE;
    for (uint32_t i = 0; i < cut->n_views && back; i++) {
        gd_judged view = gd_judged_of(cut, scratch, GD_NONE, i);
        back = !view.has_baseline ||
               gd_judged_first_out(&view, from, view.n, DOWN * view.mean) == GD_NONE;
    }
    return back;
}

/* The load-drop test: the same seed again, with the load cut when the grace is over. */
static void drop_load(gd_result *result, const gd_result_options *options, const gd_judged *all,
                      uint32_t from)
{
    static const gd_share rests[] = {GD_SHARE_ONE / 2, GD_SHARE_ONE / 4, GD_SHARE_ONE / 10, 0};
    gd_recovery *recovery = &result->recovery;
    gd_time at = from * all->width;
    recovery->drop_lasts = drop_time(result, all, from);
    for (size_t i = 0; i < G_N_ELEMENTS(rests); i++) {
        gd_load_cut cut = {.lasts = recovery->drop_lasts, .to = rests[i]};
        cut.at = result->plan->warmup + at;
        cut.until = cut.at + cut.lasts + grace_of(result->plan) + HOLD_WANTED;
        gd_plan *plan = gd_plan_cut_load(result->arena, result->plan, &cut);
        g_autoptr(gd_result) again = plan ? options->replay(options->replay_user, plan) : NULL;
        if (!again || again->partial)
            return;
        recovery->dropped = true;
        if (came_back(again, at + cut.lasts)) {
            recovery->required_drop_ratio = (double)rests[i] / (double)GD_SHARE_ONE;
            return;
        }
    }
    recovery->permanent = true;
}

static void find_metastable(gd_result *result, const gd_result_options *options)
{
    gd_recovery *recovery = &result->recovery;
    recovery->metastable_observable = recovery->recovered;
    if (recovery->recovered)
        return;

    g_autoptr(gd_arena) scratch = gd_arena_new();
    hold held = hold_of(result, scratch);
    uint32_t end = gd_judged_of(result, scratch, GD_NONE, GD_NONE).n;
    recovery->recovering = recovery->judged && recovery->fault_ends &&
                           drains(result, scratch, held.off, end) &&
                           (!held.observable || drains(result, scratch, held.from, held.to));
    recovery->metastable_observable = held.observable && !recovery->recovering;
    if (!recovery->metastable_observable)
        return;

    gd_judged all = gd_judged_of(result, scratch, GD_NONE, GD_NONE);
    bool down = stays_down(&all, held);
    for (uint32_t i = 0; i < result->n_views && !down; i++) {
        gd_judged view = gd_judged_of(result, scratch, GD_NONE, i);
        down = view.has_baseline && stays_down(&view, held);
    }
    recovery->sustained_by = down ? sustained_by(result, scratch, held) : NULL;
    if (down && options->replay)
        drop_load(result, options, &all, held.from);
    bool confirmed = gd_is_known(recovery->required_drop_ratio);
    recovery->metastable = confirmed || (recovery->sustained_by != NULL && !recovery->permanent);
}

/* Slow is what began to hold later than the grace after the faults and the extra load. */
static gd_aftermath aftermath_of(const gd_result *result)
{
    const gd_recovery *recovery = &result->recovery;
    if (!recovery->has_fault || !recovery->judged)
        return GD_AFTERMATH_UNKNOWN;
    if (recovery->permanent)
        return GD_AFTERMATH_PERMANENT;
    if (recovery->metastable)
        return GD_AFTERMATH_METASTABLE;
    if (!recovery->recovered)
        return GD_AFTERMATH_UNKNOWN;
    g_autoptr(gd_arena) scratch = gd_arena_new();
    gd_judged all = gd_judged_of(result, scratch, GD_NONE, GD_NONE);
    gd_time off = free_from(result, &all) * all.width;
    bool slow = recovery->fault_ends && recovery->recover_at != GD_NEVER &&
                recovery->recover_at > off + grace_of(result->plan);
    return slow ? GD_AFTERMATH_SLOW : GD_AFTERMATH_RECOVERED;
}

static double between(gd_time from, gd_time to)
{
    return from == GD_NEVER || to == GD_NEVER ? GD_UNKNOWN : gd_seconds(to - from);
}

/* Nothing left its band: nobody waited, so what lasts from the impact on lasts 0. Users who are
 * back before the fault ends waited 0 after it. */
static void find_durations(gd_recovery *recovery)
{
    bool impact = recovery->impact_at != GD_NEVER;
    recovery->fault_to_impact_s = between(recovery->fault_at, recovery->impact_at);
    recovery->impact_to_mitigate_s =
        impact ? between(recovery->impact_at, recovery->mitigate_at) : 0;
    recovery->impact_to_recover_s = impact ? between(recovery->impact_at, recovery->recover_at) : 0;
    recovery->fault_end_to_recover_s = GD_UNKNOWN;
    if (recovery->recovered && (!impact || recovery->recover_at <= recovery->fault_end))
        recovery->fault_end_to_recover_s = 0;
    else if (recovery->recovered)
        recovery->fault_end_to_recover_s = between(recovery->fault_end, recovery->recover_at);
}

void gd_result_recover(gd_result *result, const gd_result_options *options)
{
    const gd_incident *users = &result->degradation.users;
    gd_recovery *recovery = &result->recovery;
    recovery->judged = !recovery->has_fault || users->has_baseline;
    recovery->impact_at = users->impact_at;
    recovery->mitigate_at = users->mitigate_at;
    recovery->served_at = users->served_at;
    recovery->recover_at = users->recover_at;
    recovery->held = users->held;
    recovery->recovered = recovery->judged && users->recovered;
    recovery->required_drop_ratio = GD_UNKNOWN;
    recovery->fault_to_impact_s = recovery->impact_to_mitigate_s = GD_UNKNOWN;
    recovery->impact_to_recover_s = recovery->fault_end_to_recover_s = GD_UNKNOWN;

    if (recovery->has_fault && recovery->judged)
        find_durations(recovery);
    find_metastable(result, options);
    recovery->aftermath = aftermath_of(result);
}
