/* A quantity's value: by phase from where its row says that it stands, over windows from the
 * series. */
#include "models/result/parts.h"
#include "models/result/quantity.h"

static const void *base_of(const gd_result *result, const gd_quantity *quantity)
{
    switch (quantity->row->scope) {
    case GD_OF_VIEW:
        return quantity->of_client ? &result->clients[quantity->index]
                                   : &result->views[quantity->index];
    case GD_OF_SERVICE:
        return &result->services[quantity->index];
    case GD_OF_EDGE:
        return &result->edges[quantity->index];
    case GD_OF_OBJECTIVE:
        return &result->objectives[quantity->index];
    case GD_OF_DEGRADATION:
        return &result->degradation;
    case GD_OF_RECOVERY:
        return &result->recovery;
    case GD_OF_FAULT:
        return &result->faults[quantity->index];
    case GD_OF_LINK: /* these have counters only */
    case GD_OF_RUN:
        return result;
    case GD_SCOPES:
        break;
    }
    g_assert_not_reached();
}

static const void *at(const void *base, uint32_t offset)
{
    return (const char *)base + offset;
}

static double latency_part(const gd_latency *latency, uint32_t part)
{
    const double parts[] = {latency->mean_ms, latency->p50_ms,  latency->p90_ms, latency->p95_ms,
                            latency->p99_ms,  latency->p999_ms, latency->max_ms};
    return parts[part];
}

static double share_of(const uint64_t *outcomes, uint32_t outcome)
{
    uint64_t ended = 0;
    for (unsigned i = 0; i < GD_OUTCOMES; i++)
        ended += i == GD_UNFINISHED ? 0 : outcomes[i];
    return gd_ratio((double)outcomes[outcome], (double)ended);
}

static bool has_baseline(const gd_result *result, const gd_quantity *quantity, const void *base)
{
    if (quantity->row->scope == GD_OF_VIEW)
        return ((const gd_result_view *)base)->incident.has_baseline;
    return result->degradation.users.has_baseline;
}

static double moment(const gd_result *result, const gd_quantity *quantity, gd_time at_time)
{
    if (quantity->row->scope == GD_OF_FAULT && at_time == GD_NEVER)
        return GD_NEVER_CAME;
    if (at_time != GD_NEVER)
        return gd_seconds(at_time);
    if (quantity->row->scope == GD_OF_OBJECTIVE)
        return GD_NEVER_CAME;
    return result->recovery.has_fault && result->recovery.judged ? GD_NEVER_CAME : GD_UNKNOWN;
}

static double duration(const gd_result *result, double seconds)
{
    if (gd_is_known(seconds) || !result->recovery.has_fault || !result->recovery.judged)
        return seconds;
    return GD_NEVER_CAME;
}

/* `recovered` and `metastable`, only where the run could tell; `met`, where somebody asked. */
static double truth(const gd_result *result, const gd_quantity *quantity, const bool *value)
{
    const gd_recovery *recovery = &result->recovery;
    if (quantity->row->scope == GD_OF_OBJECTIVE)
        return gd_is_known(result->objectives[quantity->index].sli_ratio) ? *value : GD_UNKNOWN;
    bool down = value == &recovery->metastable || value == &recovery->permanent;
    bool told = down ? recovery->metastable_observable : recovery->judged;
    return told ? *value : GD_UNKNOWN;
}

static double value_of(const gd_result *result, const gd_quantity *quantity, unsigned phase)
{
    const gd_quantity_row *row = quantity->row;
    const void *base = base_of(result, quantity), *place = at(base, row->offset);
    switch (row->at) {
    case GD_AT_COUNT:
        return (double)*(const uint64_t *)place;
    case GD_AT_SMALL:
        return *(const uint32_t *)place;
    case GD_AT_NUMBER:
        return *(const double *)place;
    case GD_AT_LATENCY:
        return latency_part(place, quantity->part);
    case GD_AT_OUTCOMES:
        return (double)((const uint64_t *)place)[quantity->part];
    case GD_AT_SHARES:
        return share_of(place, quantity->part);
    case GD_AT_COUNTS:
        return (double)((const uint64_t *)place)[phase];
    case GD_AT_NUMBERS:
        return ((const double *)place)[phase];
    case GD_AT_LATENCIES:
        return latency_part((const gd_latency *)place + phase, quantity->part);
    case GD_AT_OUTCOMES_BY:
        return (double)((const uint64_t *)place)[phase * GD_OUTCOMES + quantity->part];
    case GD_AT_SHARES_BY:
        return share_of((const uint64_t *)place + (size_t)phase * GD_OUTCOMES, quantity->part);
    case GD_AT_FAILED_BY:
        return 1 - ((const double *)place)[phase];
    case GD_AT_LOST:
        return has_baseline(result, quantity, base) ? (double)*(const uint64_t *)place : GD_UNKNOWN;
    case GD_AT_DURATION:
        return duration(result, *(const double *)place);
    case GD_AT_TIME:
        return moment(result, quantity, *(const gd_time *)place);
    case GD_AT_TRUTH:
        return truth(result, quantity, place);
    case GD_AT_COUNTER:
        return (double)result->counters[quantity->part * GD_PHASES_AND_ALL + phase];
    }
    g_assert_not_reached();
}

static bool is_by_phase(gd_at where)
{
    return where == GD_AT_COUNTS || where == GD_AT_NUMBERS || where == GD_AT_LATENCIES ||
           where == GD_AT_OUTCOMES_BY || where == GD_AT_SHARES_BY || where == GD_AT_FAILED_BY ||
           where == GD_AT_COUNTER;
}

void gd_phase_windows(const gd_result *result, unsigned phase, uint32_t *first, uint32_t *n)
{
    gd_span width = result->window;
    *first = *n = 0;
    if (width <= 0)
        return;
    gd_time start = (result->phase_start[phase] + width - 1) / width;
    gd_time end = MIN(result->phase_end[phase] / width, result->windows);
    if (start < end) {
        *first = (uint32_t)start;
        *n = (uint32_t)(end - start);
    }
}

double gd_quantity_get(const gd_result *result, const gd_quantity *quantity, unsigned phase)
{
    if (quantity->of_control && !result->control)
        return GD_UNKNOWN;
    const gd_result *of = quantity->of_control ? result->control : result;
    if (phase == GD_ALL || is_by_phase(quantity->row->at))
        return value_of(of, quantity, phase);
    uint32_t first, n;
    gd_phase_windows(of, phase, &first, &n);
    return gd_quantity_over(result, quantity, first, n);
}

static double sum_of(const uint32_t *series, uint32_t first, uint32_t n)
{
    double sum = 0;
    for (uint32_t i = first; i < first + n; i++)
        sum += series[i];
    return sum;
}

static double most_of(const uint32_t *series, uint32_t first, uint32_t n)
{
    uint32_t most = 0;
    for (uint32_t i = first; i < first + n; i++)
        most = MAX(most, series[i]);
    return most;
}

static double worst_of(const int64_t *series, uint32_t first, uint32_t n)
{
    int64_t worst = -1;
    for (uint32_t i = first; i < first + n; i++)
        worst = MAX(worst, series[i]);
    return worst < 0 ? GD_UNKNOWN : (double)worst / (double)GD_MS;
}

static double mean_of(const double *series, uint32_t first, uint32_t n)
{
    double sum = 0;
    for (uint32_t i = first; series && i < first + n; i++)
        sum += series[i];
    return series ? sum / n : GD_UNKNOWN;
}

double gd_quantity_over(const gd_result *result, const gd_quantity *quantity, uint32_t first,
                        uint32_t n)
{
    if (quantity->of_control && !result->control)
        return GD_UNKNOWN;
    const gd_result *of = quantity->of_control ? result->control : result;
    if (n == 0 || first + n > of->windows)
        return GD_UNKNOWN;

    const gd_quantity_row *row = quantity->row;
    const void *base = base_of(of, quantity);
    const void *a = *(void *const *)at(base, row->a), *b = *(void *const *)at(base, row->b);
    switch (row->over) {
    case GD_OVER_SUM:
        return sum_of(a, first, n);
    case GD_OVER_RATE:
        return sum_of(a, first, n) / gd_seconds(n * of->window);
    case GD_OVER_RATIO:
        return gd_ratio(sum_of(a, first, n), sum_of(b, first, n));
    case GD_OVER_PART: {
        double part = sum_of(a, first, n);
        return gd_ratio(part, part + sum_of(b, first, n));
    }
    case GD_OVER_BURN: {
        double part = sum_of(a, first, n);
        double allowed = ((const gd_result_objective *)base)->allowed_ratio;
        return gd_ratio(part, part + sum_of(b, first, n)) / allowed;
    }
    case GD_OVER_MOST:
        return most_of(a, first, n);
    case GD_OVER_WORST:
        return worst_of(a, first, n);
    case GD_OVER_BUSY:
        return mean_of(a, first, n);
    case GD_OVER_NONE:
        break;
    }
    g_assert_not_reached();
}
