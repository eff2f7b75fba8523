/* Measured against simulated: what production showed of an operation, next to the run's own numbers
 * before the first fault. The reader has checked the fields; here is only their meaning.
 */
#include "models/result/parts.h"
#include "sim/spec/quantity.h"

#include <string.h>

static const char *const quantities[] = {"rate", "p50", "p90", "p95", "p99", "errors"};
static const char *const units[] = {"per_s", "ms", "ms", "ms", "ms", "ratio"};

/* As a plain number in the unit of gd_observation; GD_UNKNOWN when it is not said. */
static double observed_value(const gd_node *node, const char *quantity)
{
    int64_t value;
    const char *why;
    const gd_node *about = node && node->kind == GD_OBJECT ? gd_node_get(node, "about") : NULL;
    const char *text = about ? about->text : node ? node->text : NULL;
    if (!text)
        return GD_UNKNOWN;
    if (strcmp(quantity, "rate") == 0)
        return gd_parse_rate(text, &value, &why) ? (double)value / (double)GD_RATE_HZ : GD_UNKNOWN;
    if (strcmp(quantity, "errors") == 0)
        return gd_parse_share(text, &value, &why) ? (double)value / (double)GD_SHARE_ONE
                                                  : GD_UNKNOWN;
    return gd_parse_span(text, &value, &why) ? (double)value / (double)GD_MS : GD_UNKNOWN;
}

static double simulated_value(const gd_result_view *view, unsigned quantity)
{
    const gd_latency *latency = &view->latency[GD_BEFORE];
    const double values[] = {
        view->requests_per_s[GD_BEFORE],
        latency->p50_ms,
        latency->p90_ms,
        latency->p95_ms,
        latency->p99_ms,
        1 - view->availability_ratio[GD_BEFORE],
    };
    return values[quantity];
}

static const gd_result_view *find_view(const gd_result *result, const char *name)
{
    for (uint32_t i = 0; i < result->n_views; i++)
        if (strcmp(result->views[i].name, name) == 0)
            return &result->views[i];
    return NULL;
}

static void observe_view(gd_result *result, const gd_result_view *view, const gd_node *node)
{
    const gd_node *source = gd_node_get(node, "source");
    for (unsigned i = 0; i < G_N_ELEMENTS(quantities); i++) {
        double observed = observed_value(gd_node_get(node, quantities[i]), quantities[i]);
        if (!gd_is_known(observed))
            continue;
        gd_observation *into = &result->observations[result->n_observations++];
        into->view = view->name;
        into->quantity = quantities[i];
        into->unit = units[i];
        into->source = source && source->kind == GD_STRING
                           ? gd_arena_printf(result->arena, "%s", source->text)
                           : NULL;
        into->observed = observed;
        into->simulated = simulated_value(view, i);
        into->ratio = gd_ratio(into->simulated, observed);
    }
}

void gd_result_observe(gd_result *result, const gd_node *observed)
{
    if (!observed || observed->kind != GD_OBJECT)
        return;
    result->observations = gd_arena_array(result->arena, gd_observation,
                                          gd_node_count(observed) * G_N_ELEMENTS(quantities));
    for (const gd_node *node = observed->first; node; node = node->next) {
        const gd_result_view *view = find_view(result, node->key);
        if (view && node->kind == GD_OBJECT)
            observe_view(result, view, node);
    }
}
