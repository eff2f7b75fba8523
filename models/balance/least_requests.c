/* Least requests: of `choices` instances drawn at random (or of all) the one with the fewest calls
 * of this caller in flight. It knows nothing of other callers' calls.
 *
 * With unequal weights, or in a slow start, Envoy's rule: smooth weighted round robin with
 * weight / (in flight + 1)^active_request_bias.
 */
#include "models/balance/pool.h"
#include "sim/fixed.h"

/* weight x 2^8 / (in flight + 1)^bias. */
static uint64_t biased(const gd_picking *p, uint32_t host)
{
    uint64_t weight = gd_pool_weight(p, host) << 8, load = p->hosts[host].in_flight + UINT64_C(1);
    gd_share bias = p->pool->spec->active_request_bias;
    if (bias == GD_SHARE_ONE)
        return weight / load;
    if (weight == 0)
        return 0;
    gd_i128 less = (gd_i128)gd_log2_q57(load) * bias / GD_SHARE_ONE;
    gd_i128 log = (gd_i128)gd_log2_q57(weight) - less;
    return log <= 0 ? 0 : (uint64_t)gd_exp2_q57((int64_t)log);
}

static uint32_t least_of_all(const gd_picking *p)
{
    uint32_t least = UINT32_MAX, ties = 0;
    for (uint32_t i = 0; i < p->group->n; i++) {
        uint32_t load = p->hosts[p->order[i]].in_flight;
        ties = load < least ? 1 : ties + (load == least);
        least = load < least ? load : least;
    }
    uint32_t chosen = (uint32_t)gd_below(p->u, ties);
    for (uint32_t i = 0; i < p->group->n; i++)
        if (p->hosts[p->order[i]].in_flight == least && chosen-- == 0)
            return p->order[i];
    return p->order[0];
}

/* Of d different ones, drawn by Floyd's algorithm; the first drawn wins a tie. */
static uint32_t least_of_some(const gd_picking *p, uint32_t d)
{
    uint32_t drawn[16], n = p->group->n, best = GD_NONE;
    uint64_t u = p->u;
    for (uint32_t k = 0; k < d; k++, u = gd_next(u)) {
        uint32_t top = n - d + k, at = (uint32_t)gd_below(u, top + 1);
        for (uint32_t j = 0; j < k; j++)
            if (drawn[j] == at) {
                at = top;
                break;
            }
        drawn[k] = at;
        uint32_t host = p->order[at];
        if (best == GD_NONE || p->hosts[host].in_flight < p->hosts[best].in_flight)
            best = host;
    }
    return best;
}

static uint32_t pick(const gd_picking *p)
{
    uint32_t d = p->pool->spec->choices;
    if (p->pool->balancer == GD_TWO_CHOICES)
        d = 2;
    if (gd_pool_is_weighted(p))
        return gd_pool_smooth(p, biased);
    return d == 0 || d >= p->group->n ? least_of_all(p) : least_of_some(p, d);
}

const gd_balancer_kind gd_least_requests_kind = {.pick = pick};
const gd_balancer_kind gd_two_choices_kind = {.pick = pick};

#define BIAS_ROW                                                                                   \
    GD_FIELD_ROW(gd_balancer_spec, active_request_bias, GD_FIELD_FACTOR, .fallback = "1",          \
                 .max = 10 * GD_SHARE_ONE,                                                         \
                 .help = "with weights: weight / (in flight + 1)^bias; 0: weights alone",          \
                 .source = "Envoy active_request_bias: 1.0")
static const gd_field fields[] = {
    GD_FIELD_ROW(gd_balancer_spec, choices, GD_FIELD_COUNT, .min = 1, .max = 16,
                 .help = "of so many drawn at random the least busy. Absent: of all",
                 .source = "Envoy choice_count; FULL_SCAN when absent"),
    BIAS_ROW,
    GD_BALANCER_ROWS,
    GD_WEIGHT_ROW,
    GD_SLOW_START_ROW,
    {0}};
static const gd_field two_fields[] = {
    BIAS_ROW, GD_BALANCER_ROWS, GD_WEIGHT_ROW, GD_SLOW_START_ROW, {0}};

const gd_shape gd_least_requests_shape = {
    .name = "least_requests",
    .help = "the instance with the fewest of the caller's calls in flight",
    .source = "Envoy LEAST_REQUEST; patterns 5.1",
    .bytes = sizeof(gd_balancer_spec),
    .fields = fields,
    .check = gd_balancer_check,
    .bare = "choices",
    .concept =
        &(const gd_concept){
            .title = "Least requests",
            .idea = "Ask whoever has the fewest of my calls in flight.",
            .cures = "Slow instances and costly calls: they fill up and are spared.",
            .cures_not = "What other callers send; each sees only its own calls.",
            .price = "A count for each instance; with all scanned, time at each call.",
            .dangerous_with = "An instance that fails fast: it never looks busy and attracts all "
                              "calls. Count failures: outlier ejection.",
            .numbers = "Tails of the queue: s_k = rho^((d^k - 1) / (d - 1)) for d choices.",
            .source = "Envoy LEAST_REQUEST; Mitzenmacher (2001).",
            .pattern = "load-balancing",
        },
};
const gd_shape gd_two_choices_shape = {
    .name = "two_choices",
    .help = "of two instances drawn at random the one with fewer of the caller's calls in flight",
    .source = "Mitzenmacher, The Power of Two Choices (2001)",
    .bytes = sizeof(gd_balancer_spec),
    .fields = two_fields,
    .check = gd_balancer_check,
    .concept =
        &(const gd_concept){
            .title = "Power of two choices",
            .idea = "Draw two instances, ask the less busy one.",
            .cures = "Chance: the longest queue shrinks from ln n / ln ln n to ln ln n.",
            .cures_not = "An instance that fails fast attracts calls here too, up to 2/n of them.",
            .price = "Two looks at a counter.",
            .dangerous_with = "Many callers with less than one call in flight: it is random then.",
            .numbers = "Mean number at a server at rho = 0.9: 2.35 instead of 9.",
            .source = "Mitzenmacher (2001); Envoy; Finagle.",
            .pattern = "load-balancing",
        },
};
