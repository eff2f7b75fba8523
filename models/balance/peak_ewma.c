/* Peak EWMA: of two instances drawn at random the one with the lower rtt x (in flight + 1), where
 * rtt jumps up at once to a larger sample and decays with tau (Finagle PeakEwma.scala). An instance
 * with work out and no history costs a huge penalty. */
#include "models/balance/pool.h"
#include "sim/fixed.h"

#define PENALTY ((gd_i128)INT64_MAX >> 16)  /* Finagle: Double.MaxValue >> 16 */
#define LOG2_E  INT64_C(207914364061788384) /* of e, to the base 2, in Q57 */

/* e x exp(-dt / tau), rounded down: an error below one nanosecond and 2^-30 of it. */
static gd_span decayed(gd_span e, gd_span dt, gd_span tau)
{
    gd_i128 y = 30 * (gd_i128)GD_Q57 - (gd_i128)LOG2_E * dt / tau;
    if (y <= 0)
        return 0;
    return (gd_span)((gd_i128)e * gd_exp2_q57((int64_t)y) >> 30);
}

static gd_i128 cost(const gd_picking *p, uint32_t host)
{
    gd_host *h = &p->hosts[host];
    h->rtt = decayed(h->rtt, p->run->now - h->rtt_at, p->pool->spec->decay);
    h->rtt_at = p->run->now;
    if (h->rtt == 0 && h->in_flight > 0)
        return PENALTY + h->in_flight;
    return (gd_i128)h->rtt * (h->in_flight + INT64_C(1));
}

static uint32_t pick(const gd_picking *p)
{
    if (p->group->n == 1)
        return p->order[0];
    uint32_t a = (uint32_t)gd_below(p->u, p->group->n);
    uint32_t b = (uint32_t)gd_below(gd_next(p->u), p->group->n - 1);
    b += b >= a;
    return cost(p, p->order[b]) < cost(p, p->order[a]) ? p->order[b] : p->order[a];
}

static void ended(const gd_picking *p, uint32_t host, gd_outcome outcome, gd_span took)
{
    if (outcome == GD_CANCELLED)
        return; /* says nothing about the callee */
    gd_host *h = &p->hosts[host];
    gd_span left = decayed(h->rtt, p->run->now - h->rtt_at, p->pool->spec->decay);
    if (took >= h->rtt) {
        h->rtt = took; /* the peak counts at once */
    } else {
        gd_span part = decayed(took, p->run->now - h->rtt_at, p->pool->spec->decay);
        h->rtt = left + (took - part); /* e w + x (1 - w) */
    }
    h->rtt_at = p->run->now;
}

const gd_balancer_kind gd_peak_ewma_kind = {.pick = pick, .ended = ended};

static const gd_field fields[] = {GD_FIELD_ROW(gd_balancer_spec, decay, GD_FIELD_SPAN,
                                               .fallback = "\"10s\"", .min = GD_MS, .max = GD_HOUR,
                                               .help = "how fast old answers are forgotten",
                                               .source = "Finagle PeakEwma: decayTime 10 s"),
                                  GD_BALANCER_ROWS,
                                  {0}};
const gd_shape gd_peak_ewma_shape = {
    .name = "peak_ewma",
    .help = "of two drawn at random the one that answers sooner, by its recent answers",
    .source = "Finagle PeakEwma.scala; Envoy peak_ewma",
    .bytes = sizeof(gd_balancer_spec),
    .fields = fields,
    .check = gd_balancer_check,
    .concept =
        &(const gd_concept){
            .title = "Peak EWMA",
            .idea = "Judge instances by how long their answers took lately, the worst first.",
            .cures = "Instances that limp: one slow answer and they are spared.",
            .cures_not = "Fast failures: they look like the fastest instance of all.",
            .price = "A clock and a mean for each instance.",
            .dangerous_with = "Fast errors without outlier ejection.",
            .numbers = "Forgets with tau = 10 s.",
            .source = "Finagle PeakEwma.scala.",
            .pattern = "load-balancing",
        },
};
