/* The trace: one line an event, off by default. It reads what the digest folds, and changes
 * nothing.
 */
#include "models/flow/engine.h"

static const char *const kinds[] = {
    [GD_EV_ARRIVAL] = "asks",    [GD_EV_REQUEST] = "request", [GD_EV_WORK] = "worked",
    [GD_EV_WAIT] = "waited",     [GD_EV_REPLY] = "answer",    [GD_EV_TIMER] = "timer",
    [GD_EV_USER] = "user",       [GD_EV_SHARED] = "shared",   [GD_EV_LEVER] = "lever",
    [GD_EV_STARTED] = "started", [GD_EV_RESEND] = "resend",   [GD_EV_RUN] = "run",
    [GD_EV_CANCEL] = "cancel",   [GD_EV_PHASE] = "phase",     [GD_EV_CALL] = "call",
    [GD_EV_SERVE] = "serve",     [GD_EV_EXPIRE] = "expire",   [GD_EV_BALANCE] = "balancer",
    [GD_EV_STATE] = "state",     [GD_EV_UNIT] = "unit",       [GD_EV_HERD] = "herd",
    [GD_EV_HEAL] = "heal",
};

/* The name behind a salt: a linear search, since a trace is read and not timed. */
static const char *name_of(const gd_plan *plan, uint64_t agent)
{
    for (uint32_t i = 0; i < plan->n_services; i++)
        if (plan->services[i].salt == agent)
            return plan->services[i].name;
    for (uint32_t i = 0; i < plan->n_sites; i++)
        if (plan->sites[i].hash == agent)
            return plan->sites[i].name;
    for (uint32_t i = 0; i < plan->n_faults; i++)
        if (plan->faults[i].salt == agent)
            return plan->faults[i].name;
    for (uint32_t i = 0; i < plan->n_instances; i++)
        if (plan->instances[i].salt == agent)
            return plan->services[plan->instances[i].service].name;
    return "?";
}

void gd_trace_event(gd_run *run, uint64_t agent, gd_event_kind kind, uint64_t subject)
{
    gd_time t = run->now - run->plan->warmup;
    char line[256];
    g_snprintf(line, sizeof line,
               "%s%" G_GINT64_FORMAT ".%09" G_GINT64_FORMAT " %-8s %s %016" G_GINT64_MODIFIER "x",
               t < 0 ? "-" : "", ABS(t) / GD_S, ABS(t) % GD_S, kinds[kind],
               name_of(run->plan, agent), subject);
    run->trace(run->trace_user, line);
}

void gd_run_set_trace(gd_run *run, gd_trace_line write, void *user)
{
    run->trace = write;
    run->trace_user = user;
}
