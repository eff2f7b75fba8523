/* Every field of a plan as text, so that two plans can be compared and their difference read. */
#pragma once

#include "models/compile.h"

#define ADD(...) g_string_append_printf(out, __VA_ARGS__)
#define EACH(n)  for (uint32_t i = 0; i < plan->n; i++)
#define L        "%" G_GINT64_FORMAT
#define U        "%" G_GUINT64_FORMAT

static void plan_text_of_places(GString *out, const gd_plan *plan)
{
    ADD("%s " L " " L " " L " %u\n", plan->name, plan->warmup, plan->horizon, plan->window,
        plan->windows);
    EACH(n_regions) ADD("region %s\n", plan->regions[i]);
    EACH(n_zones)
    ADD("zone %s %u %d\n", plan->zones[i].name, plan->zones[i].region, plan->zones[i].client);
    EACH(n_links)
    {
        const gd_plan_link *l = &plan->links[i];
        ADD("link %s %u " L " %d %d " U " " L " " L " %u %u\n", l->name, l->latency, l->constant,
            l->is_constant, l->ordered, l->loss, l->rto, l->bytes_per_s, l->from, l->to);
    }
    for (uint32_t i = 0; i < plan->n_zones * plan->n_zones; i++)
        ADD("%u ", plan->link_of[i]);
}

static void plan_text_of_services(GString *out, const gd_plan *plan)
{
    EACH(n_services)
    {
        const gd_plan_service *s = &plan->services[i];
        ADD("\nservice %s %s " U " %d %d %u %u %u %u %d %u %u " L " %u %u %u %u %u " L " " U,
            s->name, s->owner ? s->owner : "-", s->salt, s->external, s->async, s->discipline,
            s->cancel, s->crash_running, s->crash_queued, s->preempt, s->workers, s->queue_limit,
            s->start_up, s->start_up_dist, s->instances_first, s->instances_n, s->ops_first,
            s->ops_n, s->quota, s->unavailable);
    }
    EACH(n_instances)
    {
        const gd_plan_instance *p = &plan->instances[i];
        ADD("\ninstance %u %u %u " U, p->service, p->ordinal, p->zone, p->salt);
    }
    EACH(n_ops)
    {
        const gd_plan_op *o = &plan->ops[i];
        ADD("\nop %s " U " %u %u %u %u %u %d %d " L " " L, o->name, o->salt, o->service, o->first,
            o->sites_first, o->sites_n, o->priority, o->transparent, o->starts_with_work,
            o->send_bytes, o->reply_bytes);
    }
    EACH(n_steps)
    {
        const gd_step *s = &plan->steps[i];
        ADD("\nstep %u %u %u %u %u %u " U, s->kind, s->flags, s->n, s->a, s->b, s->c, s->salt);
    }
    EACH(n_branches)
    ADD("\nbranch %d %u " U, plan->branches[i].bare, plan->branches[i].at, plan->branches[i].salt);
    EACH(n_choices) ADD("\nchoice " U " %u", plan->choices[i].below, plan->choices[i].step);
    EACH(n_shares) ADD("\nshare " U, plan->shares[i]);
    EACH(n_dists)
    {
        const gd_dist *d = &plan->dists[i];
        ADD("\ndist %u %u %u %d %u " U " " U " " U, d->kind, d->shift, d->shift2, d->per_request,
            d->n, d->a, d->b, d->c);
    }
}

static void plan_text_of_calls(GString *out, const gd_plan *plan)
{
    EACH(n_sites)
    {
        const gd_plan_site *s = &plan->sites[i];
        ADD("\nsite %s " U " " U " %u %u %u %u %u %u %u %u %u %u %u %d %d %u %u %u %u %u %u %u %u",
            s->name, s->salt, s->hash, s->client, s->caller_op, s->caller_service, s->edge,
            s->callees_first, s->callees_n, s->balancer, s->then, s->answer, s->then_site,
            s->retry_mask, s->guarded, s->cancel_on_timeout, s->chain_first, s->chain_n,
            s->call_bytes, s->state_bytes, s->balancer_bytes, s->state_first, s->fixed_link,
            s->fixed_back);
    }
    EACH(n_edges)
    ADD("\nedge %s " U " %d", plan->edges[i].name, plan->edges[i].salt, plan->edges[i].has_breaker);
    EACH(n_callees) ADD("\ncallee %u", plan->callees[i]);
    EACH(n_policies)
    ADD("\npolicy %u %u %u", plan->policies[i].kind, plan->policies[i].at_call,
        plan->policies[i].at_state);
    ADD("\n%u %u", plan->max_call_bytes, plan->n_states);
}

static void plan_text_of_clients(GString *out, const gd_plan *plan)
{
    EACH(n_clients)
    {
        const gd_plan_client *c = &plan->clients[i];
        ADD("\nclient %s " U " %u %u %d " L " %u %u " L " %u %u " L " %u " U " %u %u %u %u %u",
            c->name, c->salt, c->zone, c->arrivals, c->visits, c->rate, c->on, c->off, c->rate_off,
            c->trace_n, c->users, c->users_over, c->think, c->stop_after, c->profile_first,
            c->profile_n, c->journeys_first, c->journeys_n, c->attributes_first);
    }
    EACH(n_profile)
    ADD("\nprofile " L " " L " %d", plan->profile[i].at, plan->profile[i].factor,
        plan->profile[i].jump);
    EACH(n_journeys)
    {
        const gd_journey *j = &plan->journeys[i];
        ADD("\njourney " U " %u %u %u " U, j->below, j->pages_first, j->pages_n, j->gives_up_after,
            j->salt);
    }
    EACH(n_pages)
    ADD("\npage %u %u %u", plan->pages[i].site, plan->pages[i].op_record, plan->pages[i].think);
    for (uint32_t i = 0; i < plan->n_clients * plan->n_attribute_names; i++)
        ADD("\nattribute %u", plan->attributes[i]);
    EACH(n_attribute_names) ADD("\nattribute " U, plan->attribute_salts[i]);
    EACH(n_views)
    ADD("\nview %s " U " %u " L, plan->views[i].name, plan->views[i].salt, plan->views[i].client,
        plan->views[i].useful_within);
    EACH(n_flags)
    ADD("\nflag %s " U " " U " %d", plan->flags[i].name, plan->flags[i].salt, plan->flags[i].on,
        plan->flags[i].by_user);
}

static void plan_text_of_faults(GString *out, const gd_plan *plan)
{
    EACH(n_faults)
    {
        const gd_plan_fault *f = &plan->faults[i];
        ADD("\nfault %s %s %s %u %u %u %u " L " " L " " L " " L " " L " " L " %u %d " L " %u " U,
            f->name, f->fault, f->target, f->lever, f->on, f->targets_first, f->targets_n, f->start,
            f->end, f->ramp, f->factor, f->added, f->share, f->outcome, f->running_too, f->limit,
            f->burst, f->salt);
    }
    EACH(n_targets) ADD("\ntarget %u", plan->targets[i]);
}

/* Owned by the caller. */
static char *plan_text(const gd_plan *plan)
{
    GString *out = g_string_new(NULL);
    plan_text_of_places(out, plan);
    plan_text_of_services(out, plan);
    plan_text_of_calls(out, plan);
    plan_text_of_clients(out, plan);
    plan_text_of_faults(out, plan);
    return g_string_free(out, FALSE);
}

#undef ADD
#undef EACH
#undef L
#undef U
