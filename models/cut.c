/* A plan with a dip in its load: what a study asks when it wants to know whether a system comes
 * back once users leave it alone for a while. */
#include "models/plan.h"

#include <glib.h>

/* The factor of a profile at `t`; 1 where there is none. */
static gd_share factor_at(const gd_profile_point *points, uint32_t n, gd_time t)
{
    uint32_t after = 0;
    while (after < n && points[after].at <= t)
        after++;
    if (after == 0)
        return GD_SHARE_ONE;
    const gd_profile_point *from = &points[after - 1];
    if (after == n || from->jump || points[after].at == from->at)
        return from->factor;
    gd_i128 rise = (gd_i128)(points[after].factor - from->factor) * (t - from->at);
    return from->factor + (gd_share)(rise / (points[after].at - from->at));
}

/* Whether the profile goes on in a slope from `t`. */
static bool jumps_at(const gd_profile_point *points, uint32_t n, gd_time t)
{
    uint32_t after = 0;
    while (after < n && points[after].at <= t)
        after++;
    return after == 0 || after == n || points[after - 1].jump;
}

static void add(GArray *out, gd_time at, gd_share factor, bool jump)
{
    gd_profile_point point = {.at = at, .factor = factor, .jump = jump};
    g_array_append_val(out, point);
}

/* Before the dip as it was, within it times `to`, then as it was. Two points at one time are a jump
 * behind a slope. */
static void dip(GArray *out, const gd_profile_point *points, uint32_t n, const gd_load_cut *cut)
{
    gd_time end = cut->at + cut->lasts;
    if (n == 0)
        add(out, 0, GD_SHARE_ONE, true);
    for (uint32_t i = 0; i < n && points[i].at < cut->at; i++)
        g_array_append_val(out, points[i]);
    if (!jumps_at(points, n, cut->at))
        add(out, cut->at, factor_at(points, n, cut->at), true);
    add(out, cut->at, gd_share_of(factor_at(points, n, cut->at), cut->to),
        jumps_at(points, n, cut->at));
    for (uint32_t i = 0; i < n; i++)
        if (points[i].at > cut->at && points[i].at < end)
            add(out, points[i].at, gd_share_of(points[i].factor, cut->to), points[i].jump);
    if (!jumps_at(points, n, end - 1))
        add(out, end, gd_share_of(factor_at(points, n, end), cut->to), true);
    add(out, end, factor_at(points, n, end), jumps_at(points, n, end));
    for (uint32_t i = 0; i < n; i++)
        if (points[i].at > end)
            g_array_append_val(out, points[i]);
}

gd_plan *gd_plan_cut_load(gd_arena *arena, const gd_plan *plan, const gd_load_cut *cut)
{
    gd_plan *copy = gd_arena_make(arena, gd_plan);
    g_autoptr(GArray) profile = g_array_new(FALSE, FALSE, sizeof(gd_profile_point));
    bool any = false;
    *copy = *plan;
    copy->clients = gd_arena_array(arena, gd_plan_client, plan->n_clients);
    for (uint32_t i = 0; i < plan->n_clients; i++) {
        gd_plan_client *client = &copy->clients[i];
        *client = plan->clients[i];
        client->profile_first = profile->len;
        const gd_profile_point *points =
            plan->clients[i].profile_n ? plan->profile + plan->clients[i].profile_first : NULL;
        bool has_rate = client->arrivals != GD_ARRIVE_USERS && client->arrivals != GD_ARRIVE_TRACE;
        any = any || has_rate;
        if (has_rate)
            dip(profile, points, client->profile_n, cut);
        else
            g_array_append_vals(profile, points, client->profile_n);
        client->profile_n = profile->len - client->profile_first;
    }
    copy->n_profile = profile->len;
    copy->profile = gd_arena_array(arena, gd_profile_point, (size_t)profile->len + 1);
    for (guint i = 0; i < profile->len; i++)
        copy->profile[i] = g_array_index(profile, gd_profile_point, i);
    copy->horizon = MAX(plan->horizon, cut->until);
    gd_span measured = copy->horizon - plan->warmup;
    copy->windows = (uint32_t)((measured + plan->window - 1) / plan->window);
    return any && copy->horizon <= GD_HORIZON ? copy : NULL;
}
