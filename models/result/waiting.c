/* Users who wait for an answer before they ask again.
 *
 * They ask less when they get less, and a service that answers nobody would look fine. So where
 * they ask less than before the fault, beyond chance, they count as asking as often; unless a
 * profile says how often they come. What they do not get to ask, an operation must answer for only
 * while its own users are stuck in it: the pages that they would have gone on to are well.
 */
#include "models/result/parts.h"
#include "sim/stats/interval.h"

/* Assumption: of a client's users that are stuck, the share that an operation must have to be the
 * reason that they ask less. */
#define STUCK_SHARE 0.05

static bool waits(const gd_plan *plan, uint32_t client)
{
    const gd_plan_client *c = &plan->clients[client];
    return c->profile_n == 0 && (c->visits || c->arrivals == GD_ARRIVE_USERS);
}

/* What users of an operation got, by judged window. */
typedef struct {
    double *in_flight; /* at the window's end */
    double *ended, *useful;
} course;

static course course_of(const gd_result *result, gd_arena *scratch, const gd_judged *judged,
                        const gd_view_series *series)
{
    uint32_t per = (uint32_t)(judged->width / result->window);
    course of = {
        .in_flight = gd_arena_array(scratch, double, judged->n),
        .ended = gd_arena_array(scratch, double, judged->n),
        .useful = gd_arena_array(scratch, double, judged->n),
    };
    double inside = 0;
    for (uint32_t i = 0; i < judged->n * per; i++) {
        double ended = (double)series->good[i] + series->failed[i];
        inside += series->requests[i] - ended;
        of.in_flight[i / per] = inside;
        of.ended[i / per] += ended;
        of.useful[i / per] += series->useful[i];
    }
    return of;
}

/* In flight above what was so before the fault; 0 where that is chance. */
static double *excess_of(gd_arena *scratch, const gd_judged *judged, const course *of)
{
    double *excess = gd_arena_array(scratch, double, judged->n);
    gd_moments before = gd_moments_of(of->in_flight, judged->baseline);
    double most = before.mean + 3 * before.deviation + GD_ONE_IS_CHANCE;
    for (uint32_t j = judged->first; j < judged->n; j++)
        excess[j] = of->in_flight[j] > most ? of->in_flight[j] - before.mean : 0;
    return excess;
}

/* Good and in time, of what ended: the least that is no worse than before the fault. */
static double least_useful(const gd_judged *judged, const course *of)
{
    double ended = 0, useful = 0;
    for (uint32_t j = 0; j < judged->baseline; j++) {
        ended += of->ended[j];
        useful += of->useful[j];
    }
    return ended > 0 ? useful / ended * GD_BAND_SLACK : 0;
}

/* Marks the windows in which users are stuck in an operation: a share of all of the client's users
 * that are stuck is in flight there, or its answers fail or come late. */
static void find_stuck(gd_arena *scratch, const gd_judged *judged, const course *of,
                       const double *all_excess, bool *stuck)
{
    const double *excess = excess_of(scratch, judged, of);
    double least = least_useful(judged, of);
    for (uint32_t j = judged->first; j < judged->n; j++) {
        bool waits_here = excess[j] > 0 && excess[j] >= STUCK_SHARE * all_excess[j];
        bool fails = of->ended[j] * least - of->useful[j] > GD_ONE_IS_CHANCE;
        stuck[j] = stuck[j] || waits_here || fails;
    }
}

bool *gd_judged_stuck(const gd_result *result, gd_arena *scratch, const gd_judged *judged,
                      uint32_t client, uint32_t view)
{
    if (!waits(result->plan, client) || judged->baseline == 0)
        return NULL;
    bool *stuck = gd_arena_array(scratch, bool, judged->n);
    double *all = gd_arena_array(scratch, double, judged->n);
    course *courses = gd_arena_array(scratch, course, result->n_views);
    for (uint32_t i = 0; i < result->n_views; i++) {
        if (result->views[i].client != client)
            continue;
        courses[i] = course_of(result, scratch, judged, &result->views[i].series);
        const double *excess = excess_of(scratch, judged, &courses[i]);
        for (uint32_t j = 0; j < judged->n; j++)
            all[j] += excess[j];
    }
    for (uint32_t i = 0; i < result->n_views; i++)
        if (view == GD_NONE ? result->views[i].client == client : i == view)
            find_stuck(scratch, judged, &courses[i], all, stuck);
    return stuck;
}
