/* Weights: what the model says, what slow start leaves of it, and the rule that spreads by them.
 *
 * Slow start: weight x max(min_weight, (t / window)^(1 / aggression)), t since the host joined
 * (Envoy SlowStartConfig). Smooth weighted round robin (nginx, commit 52327e0, Igor Sysoev): every
 * host gains its weight, the richest is chosen and pays the sum; so weights 5, 1, 1 give
 * a a b a c a a and never five in a row.
 */
#include "models/balance/pool.h"
#include "sim/fixed.h"

#define ONE (UINT64_C(1) << 16)

/* (t / window)^(1 / aggression) in 2^-30; exact for aggression 1, else within 2^-29. */
static uint64_t grown(const gd_slow_start_spec *slow, gd_span t)
{
    if (t <= 0)
        return 0;
    if (slow->aggression == GD_SHARE_ONE)
        return (uint64_t)(((gd_u128)t << 30) / (gd_u128)slow->window);
    gd_i128 log = (gd_i128)gd_log2_q57((uint64_t)t) - gd_log2_q57((uint64_t)slow->window);
    log = log * GD_SHARE_ONE / slow->aggression + 30 * (gd_i128)GD_Q57;
    return log <= 0 ? 0 : (uint64_t)gd_exp2_q57((int64_t)log);
}

uint64_t gd_pool_weight(const gd_picking *p, uint32_t host)
{
    uint64_t weight = (p->pool->weights ? p->pool->weights[host] : 1) * ONE;
    const gd_slow_start_spec *slow = p->pool->spec->slow_start;
    gd_time joined = p->hosts[host].joined;
    if (!slow || joined == 0 || p->run->now >= gd_time_add(joined, slow->window))
        return weight;
    uint64_t part = grown(slow, p->run->now - joined);
    uint64_t least = (uint64_t)(((gd_u128)slow->min_weight << 30) / (gd_u128)GD_SHARE_ONE);
    part = part > least ? part : least;
    uint64_t left = (uint64_t)(((gd_u128)weight * part) >> 30);
    return left > 0 || weight == 0 ? left : 1;
}

bool gd_pool_is_weighted(const gd_picking *p)
{
    return p->pool->weights || p->run->now < p->state->slow_until;
}

uint32_t gd_pool_smooth(const gd_picking *p, uint64_t (*of)(const gd_picking *p, uint32_t host))
{
    int64_t total = 0, most = INT64_MIN;
    uint32_t best = p->order[0];
    for (uint32_t i = 0; i < p->group->n; i++) {
        uint32_t host = p->order[i];
        int64_t weight = (int64_t)(of ? of(p, host) : gd_pool_weight(p, host));
        p->hosts[host].current += weight;
        total += weight;
        if (p->hosts[host].current > most) {
            most = p->hosts[host].current;
            best = host;
        }
    }
    p->hosts[best].current -= total;
    return best;
}

/* ---- as a model writes it ----------------------------------------------------------------------
 */
static const gd_field slow_fields[] = {
    GD_FIELD_ROW(gd_slow_start_spec, window, GD_FIELD_SPAN, .required = true, .min = GD_MS,
                 .max = GD_DAY, .help = "how long an instance that joined gets less",
                 .source = "Envoy slow_start_window"),
    GD_FIELD_ROW(gd_slow_start_spec, aggression, GD_FIELD_FACTOR, .fallback = "1",
                 .min = GD_SHARE_ONE / 100, .max = 100 * GD_SHARE_ONE,
                 .help = "1: its share grows in a line; above: faster at first",
                 .source = "Envoy aggression: 1.0"),
    GD_FIELD_ROW(gd_slow_start_spec, min_weight, GD_FIELD_SHARE, .fallback = "\"10%\"", .min = 1,
                 .max = GD_SHARE_ONE, .help = "what it gets at least",
                 .source = "Envoy min_weight_percent: 10"),
    {0},
};
const gd_shape gd_slow_start_shape = {
    .name = "slow_start",
    .help = "an instance that joins gets its share little by little",
    .source = "Envoy SlowStartConfig",
    .bytes = sizeof(gd_slow_start_spec),
    .fields = slow_fields,
    .bare = "window",
    .concept =
        &(const gd_concept){
            .title = "Slow start",
            .idea =
                "What has just come up gets a small share of the calls, growing to its full one.",
            .cures = "Cold instances (caches, compilers, pools) that drown in their first second.",
            .cures_not = "A fleet that is cold as a whole: everybody's share is the same then.",
            .price = "The others carry more meanwhile; scale-out takes effect later.",
            .dangerous_with = "Scale-out under overload, where every instance is needed at once.",
            .numbers = "weight x max(10 %, (t / window)^(1 / aggression)); off by default.",
            .source = "Envoy SlowStartConfig.",
            .pattern = "slow-start",
        },
};
const gd_shape gd_host_weights_shape = {
    .name = "weights",
    .schema = "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"integer\", "
              "\"minimum\": 0, \"maximum\": 1000000}}",
};
