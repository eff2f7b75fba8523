/* Who is asked, and how messages travel. */
#include "tests/naive/world.h"

#define TCP_TRIES   15           /* Linux: net.ipv4.tcp_retries2: tries after the first */
#define TCP_LONGEST (120 * GD_S) /* Linux: TCP_RTO_MAX */

/* ---- balancers ---------------------------------------------------------------------------------
 */
static bool counts(const gd_plan_site *site)
{
    return site->balancer == GD_LEAST_REQUESTS || site->balancer == GD_TWO_CHOICES;
}

static uint32_t pick_next(nv_world *w, uint32_t index, uint32_t from, uint32_t n)
{
    const gd_plan_site *site = &w->plan->sites[index];
    nv_memory *memory = nv_memory_of(w, index, from);
    if (!memory->placed) { /* each balancer begins at a random place */
        uint64_t who = from == GD_NONE ? site->salt : w->plan->instances[from].salt;
        uint64_t u = gd_mix(gd_mix(w->key, site->salt), who + NV_SALT_BALANCE);
        memory->next = (uint32_t)gd_below(u, n);
        memory->placed = true;
    }
    uint32_t pick = memory->next % n;
    memory->next = pick + 1;
    return pick;
}

static uint32_t pick_least(const uint32_t *in_flight, uint32_t n, uint64_t u)
{
    uint32_t least = in_flight[0], ties = 0;
    for (uint32_t i = 1; i < n; i++)
        least = MIN(least, in_flight[i]);
    for (uint32_t i = 0; i < n; i++)
        ties += in_flight[i] == least;
    uint32_t chosen = (uint32_t)gd_below(u, ties);
    for (uint32_t i = 0;; i++)
        if (in_flight[i] == least && chosen-- == 0)
            return i;
}

static uint32_t pick_of_two(const uint32_t *in_flight, uint32_t n, uint64_t u)
{
    if (n == 1)
        return 0;
    uint32_t a = (uint32_t)gd_below(u, n), b = (uint32_t)gd_below(gd_next(u), n - 1);
    if (b >= a)
        b++;
    return in_flight[b] < in_flight[a] ? b : a;
}

static uint32_t pick(nv_world *w, uint32_t index, uint32_t from, uint64_t key, uint32_t *op)
{
    const gd_plan_site *site = &w->plan->sites[index];
    uint32_t which =
        site->callees_n == 1 ? 0 : (uint32_t)gd_below(gd_mix(key, NV_SALT_CALLEE), site->callees_n);
    *op = w->plan->callees[site->callees_first + which];
    const gd_plan_service *service = &w->plan->services[w->plan->ops[*op].service];
    uint32_t n = service->instances_n, chosen = 0;
    uint64_t u = gd_mix(key, NV_SALT_BALANCE);
    uint32_t *in_flight = nv_memory_of(w, index, from)->in_flight + service->instances_first;
    if (site->balancer == GD_ROUND_ROBIN)
        chosen = n == 1 ? 0 : pick_next(w, index, from, n);
    else if (site->balancer == GD_RANDOM)
        chosen = (uint32_t)gd_below(u, n);
    else if (site->balancer == GD_LEAST_REQUESTS)
        chosen = pick_least(in_flight, n, u);
    else
        chosen = pick_of_two(in_flight, n, u);
    in_flight[chosen]++;
    return service->instances_first + chosen;
}

void nv_balance_ended(nv_world *w, const nv_task *task)
{
    if (counts(&w->plan->sites[task->site]))
        nv_memory_of(w, task->site, task->from)->in_flight[task->instance]--;
}

/* ---- messages ----------------------------------------------------------------------------------
 */
static gd_span rto_of(const gd_plan_link *link, unsigned times)
{
    gd_i128 wait = (gd_i128)link->rto << MIN(times, 60u);
    return wait > TCP_LONGEST ? TCP_LONGEST : (gd_span)wait;
}

static gd_span lost_time(const gd_plan_link *link, uint64_t key)
{
    gd_span delay = 0;
    uint64_t u = gd_mix(key, NV_SALT_LOSS);
    for (unsigned j = 0; j < TCP_TRIES && u < link->loss; j++) {
        delay += rto_of(link, j);
        u = gd_next(u);
    }
    return delay;
}

static gd_span wire_time(nv_world *w, uint16_t index, int64_t bytes)
{
    const gd_plan_link *link = &w->plan->links[index];
    nv_wire *wire = &w->wires[index];
    if (link->bytes_per_s == 0 || bytes == 0)
        return 0;
    gd_span takes = (gd_span)((gd_i128)bytes * GD_S / link->bytes_per_s);
    wire->free_at = gd_time_add(MAX(wire->free_at, w->now), takes);
    return wire->free_at - w->now;
}

static gd_span delay_of(nv_world *w, const nv_task *task, uint16_t index, bool reply)
{
    const gd_plan_link *link = &w->plan->links[index];
    const gd_plan_op *op = &w->plan->ops[task->op];
    nv_effect there = nv_effect_on(w, GD_ON_LINKS, index);
    nv_effect edge = nv_effect_on(w, GD_ON_SITES, task->site);
    gd_span delay = link->constant;
    if (!link->is_constant && link->latency != GD_NONE)
        delay = gd_dist_sample(&w->plan->dists[link->latency],
                               gd_mix(task->key, reply ? NV_SALT_REPLY : NV_SALT_REQUEST));
    delay = gd_time_add(gd_share_of(delay, there.factor), there.added);
    delay = gd_time_add(gd_share_of(delay, edge.factor), edge.added);
    delay = gd_time_add(delay, lost_time(link, gd_mix_n(task->key, reply)));
    delay = gd_time_add(delay, wire_time(w, index, reply ? op->reply_bytes : op->send_bytes));
    if (link->ordered) {
        gd_time *last = &w->wires[index].last_at[reply];
        *last = MAX(*last, gd_time_add(w->now, delay));
        delay = *last - w->now;
    }
    return delay;
}

static void transmit(nv_world *w, nv_task *task, bool reply);

static void resend(nv_world *w, void *subject, unsigned level)
{
    (void)level;
    nv_task *task = subject;
    task->event = NULL;
    if (task->overtaken && !task->replying)
        nv_task_gone(w, task);
    else
        transmit(w, task, task->replying);
}

static void transmit(nv_world *w, nv_task *task, bool reply)
{
    uint16_t index = reply ? task->back : task->there;
    nv_act *arrives = reply ? nv_task_reply : nv_task_request;
    if (nv_effect_on(w, GD_ON_LINKS, index).cut) {
        if (task->transmissions++ == TCP_TRIES + 1) { /* the transport gives up */
            task->outcome = GD_RESET;
            task->replying = true;
            nv_at_once(w, nv_task_reply, task);
            return;
        }
        gd_span wait = rto_of(&w->plan->links[index], task->transmissions - 1);
        task->event = nv_at(w, gd_time_add(w->now, wait), NV_RANK_TIMER, resend, task, 0);
        return;
    }
    gd_span delay = delay_of(w, task, index, reply);
    if (delay == 0)
        nv_at_once(w, arrives, task);
    else
        nv_at(w, gd_time_add(w->now, delay), reply ? NV_RANK_REPLY : NV_RANK_ARRIVAL, arrives, task,
              0);
}

void nv_reply_sent(nv_world *w, nv_task *task)
{
    task->replying = true;
    task->transmissions = 0;
    bool nobody = !task->who.task && !task->who.call && !task->who.user && !task->who.client;
    if (nobody) /* no answer travels: nobody wants one */
        nv_at_once(w, nv_task_reply, task);
    else
        transmit(w, task, true);
}

/* ---- attempts ----------------------------------------------------------------------------------
 */
nv_task *nv_send(nv_world *w, uint32_t index, nv_who who, const nv_request *request, uint32_t from,
                 uint64_t key)
{
    const gd_plan *plan = w->plan;
    const gd_plan_site *site = &plan->sites[index];
    nv_task *task = nv_task_new(w);
    task->instance = pick(w, index, from, key, &task->op);
    w->result->edges[site->edge].attempts += nv_measuring(w);
    w->edge_now[site->edge].attempts += nv_measuring(w);
    task->site = index;
    task->who = who;
    task->request = request;
    task->from = from;
    task->begun = w->now;
    task->key = key;
    if (plan->ops[task->op].transparent)
        task->key = key ^ UINT64_C(0x50726F7879202031); /* a proxy has draws of its own … */
    task->pc = plan->ops[task->op].first + 1;
    size_t here = from == GD_NONE ? plan->clients[site->client].zone : plan->instances[from].zone;
    size_t there = plan->instances[task->instance].zone;
    task->there = plan->link_of[here * plan->n_zones + there];
    task->back = plan->link_of[there * plan->n_zones + here];
    transmit(w, task, false);
    return task;
}
