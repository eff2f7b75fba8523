/* From counters to numbers: user-visible operations and the clients they belong to. */
#include "models/result/parts.h"

#include <string.h>

double gd_ratio(double a, double b)
{
    return b == 0 ? GD_UNKNOWN : a / b;
}

double gd_seconds(gd_span span)
{
    return (double)span / (double)GD_S;
}

/* "%.4f" as people write it: no zeros at the end, and never an exponent. */
static const char *plain(gd_arena *arena, double value, int decimals)
{
    char format[] = "%.0f", text[512]; /* no double takes more */
    format[2] = (char)('0' + decimals);
    g_ascii_formatd(text, sizeof text, format, value);
    size_t length = strlen(text);
    while (decimals > 0 && text[length - 1] == '0')
        length--;
    length -= decimals > 0 && text[length - 1] == '.';
    text[length] = '\0';
    return gd_arena_printf(arena, "%s", strcmp(text, "-0") == 0 ? "0" : text);
}

const char *gd_number_text(gd_arena *arena, double value, int digits)
{
    char format[8] = {'%', '.', (char)('0' + digits / 10), (char)('0' + digits % 10), 'g', 0};
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(text, sizeof text, format, value);
    if (!strchr(text, 'e'))
        return gd_arena_printf(arena, "%s", text);
    return plain(arena, value, value > -1 && value < 1 ? 6 : 0);
}

static double milliseconds(int64_t ns)
{
    return (double)ns / (double)GD_MS;
}

gd_latency gd_latency_of(const gd_hist *hist, const gd_hist_pool *pool)
{
    if (hist->count == 0)
        return (gd_latency){0,          GD_UNKNOWN, GD_UNKNOWN, GD_UNKNOWN,
                            GD_UNKNOWN, GD_UNKNOWN, GD_UNKNOWN, GD_UNKNOWN};
    return (gd_latency){
        .count = hist->count,
        .mean_ms = gd_hist_mean(hist) / (double)GD_MS,
        .p50_ms = milliseconds(gd_hist_quantile(hist, pool, GD_SHARE_ONE / 2)),
        .p90_ms = milliseconds(gd_hist_quantile(hist, pool, GD_SHARE_ONE / 10 * 9)),
        .p95_ms = milliseconds(gd_hist_quantile(hist, pool, GD_SHARE_ONE / 100 * 95)),
        .p99_ms = milliseconds(gd_hist_quantile(hist, pool, GD_SHARE_ONE / 100 * 99)),
        .p999_ms = milliseconds(gd_hist_quantile(hist, pool, GD_SHARE_ONE / 1000 * 999)),
        .max_ms = milliseconds(gd_hist_max(hist)),
    };
}

/* Sums of records, with histograms of their own: of one operation, or of all that a client has. */
typedef struct {
    gd_hist_pool pool;
    gd_hist good[GD_PHASES_AND_ALL], all[GD_PHASES_AND_ALL];
} merged;

static void add_phase(gd_result_view *view, const gd_view_record *from, gd_phase phase,
                      unsigned into)
{
    view->requests[into] += from->requests[phase];
    view->useful[into] += from->useful[phase];
    for (unsigned outcome = 0; outcome < GD_OUTCOMES; outcome++)
        view->outcomes[into][outcome] += from->outcomes[phase][outcome];
}

static void add_record(gd_result_view *view, merged *sum, const gd_view_record *from,
                       const gd_hist_pool *hists)
{
    for (gd_phase phase = GD_BEFORE; phase < GD_PHASES; phase++) {
        add_phase(view, from, phase, phase);
        add_phase(view, from, phase, GD_ALL);
        gd_hist_merge(&sum->good[phase], &sum->pool, &from->good[phase], hists);
        gd_hist_merge(&sum->good[GD_ALL], &sum->pool, &from->good[phase], hists);
        gd_hist_merge(&sum->all[phase], &sum->pool, &from->all[phase], hists);
        gd_hist_merge(&sum->all[GD_ALL], &sum->pool, &from->all[phase], hists);
    }
    view->attempts += from->attempts;
    view->users += from->users;
    view->users_hurt += from->users_hurt;
}

static void finish_view(gd_result_view *view, const merged *sum, const gd_result *result)
{
    for (unsigned phase = 0; phase < GD_PHASES_AND_ALL; phase++) {
        const uint64_t *outcomes = view->outcomes[phase];
        uint64_t good = 0, ended = 0;
        for (unsigned outcome = 0; outcome < GD_OUTCOMES; outcome++) {
            ended += outcome == GD_UNFINISHED ? 0 : outcomes[outcome];
            good += gd_outcome_rows[outcome].good ? outcomes[outcome] : 0;
        }
        double seconds = gd_seconds(result->phase_end[phase] - result->phase_start[phase]);
        view->availability_ratio[phase] = gd_ratio((double)good, (double)ended);
        view->degraded_ratio[phase] = gd_ratio((double)outcomes[GD_DEGRADED], (double)ended);
        view->goodput_per_s[phase] = gd_ratio((double)view->useful[phase], seconds);
        view->requests_per_s[phase] = gd_ratio((double)view->requests[phase], seconds);
        view->latency[phase] = gd_latency_of(&sum->good[phase], &sum->pool);
        view->latency_all[phase] = gd_latency_of(&sum->all[phase], &sum->pool);
    }
    /* Attempts are counted when their request ends. */
    uint64_t ended = view->requests[GD_ALL] - view->outcomes[GD_ALL][GD_UNFINISHED];
    view->attempts_per_request = gd_ratio((double)view->attempts, (double)ended);
}

uint32_t *gd_series_copy(const gd_result *result, const uint32_t *from)
{
    uint32_t *copy = gd_arena_array(result->arena, uint32_t, result->windows);
    for (uint32_t i = 0; from && i < result->windows; i++)
        copy[i] = from[i];
    return copy;
}

static int64_t *copy_times(const gd_result *result, const int64_t *from)
{
    int64_t *copy = gd_arena_array(result->arena, int64_t, result->windows);
    for (uint32_t i = 0; i < result->windows; i++)
        copy[i] = from ? from[i] : -1;
    return copy;
}

static void copy_series(gd_view_series *into, const gd_view_series *from, const gd_result *result)
{
    into->requests = gd_series_copy(result, from->requests);
    into->good = gd_series_copy(result, from->good);
    into->degraded = gd_series_copy(result, from->degraded);
    into->failed = gd_series_copy(result, from->failed);
    into->useful = gd_series_copy(result, from->useful);
    into->attempts = gd_series_copy(result, from->attempts);
    into->p50 = copy_times(result, from->p50);
    into->p99 = copy_times(result, from->p99);
    into->max = copy_times(result, from->max);
}

static void add_series(gd_view_series *into, const gd_view_series *from, const gd_result *result)
{
    for (uint32_t i = 0; i < result->windows; i++) {
        into->requests[i] += from->requests[i];
        into->good[i] += from->good[i];
        into->degraded[i] += from->degraded[i];
        into->failed[i] += from->failed[i];
        into->useful[i] += from->useful[i];
        into->attempts[i] += from->attempts[i];
        into->max[i] = MAX(into->max[i], from->max[i]);
    }
}

static void measure_view(gd_result *result, const gd_record *record, uint32_t index)
{
    const gd_plan_view *plan = &record->plan->views[index];
    gd_result_view *view = &result->views[index];
    merged sum = {0};

    view->name = plan->name;
    view->client = plan->client;
    add_record(view, &sum, &record->views[index], record->hists);
    finish_view(view, &sum, result);
    if (record->view_series)
        copy_series(&view->series, &record->view_series[index], result);
    else
        copy_series(&view->series, &(gd_view_series){0}, result);
    gd_hist_pool_clear(&sum.pool);
}

/* A client's quantiles come from its operations' histograms together, never from their quantiles;
 * so its series has none. */
static void measure_client(gd_result *result, const gd_record *record, uint32_t index)
{
    gd_result_view *client = &result->clients[index];
    merged sum = {0};

    client->name = record->plan->clients[index].name;
    client->client = index;
    copy_series(&client->series, &(gd_view_series){0}, result);
    client->series.p50 = client->series.p99 = NULL;
    for (uint32_t i = 0; i < result->n_views; i++)
        if (result->views[i].client == index) {
            add_record(client, &sum, &record->views[i], record->hists);
            add_series(&client->series, &result->views[i].series, result);
        }
    if (record->clients) {
        client->users = record->clients[index].users;
        client->users_hurt = record->clients[index].users_hurt;
    }
    finish_view(client, &sum, result);
    gd_hist_pool_clear(&sum.pool);
}

void gd_result_measure_views(gd_result *result, const gd_record *record)
{
    result->n_views = record->plan->n_views;
    result->views = gd_arena_array(result->arena, gd_result_view, result->n_views);
    for (uint32_t i = 0; i < result->n_views; i++)
        measure_view(result, record, i);

    result->n_clients = record->plan->n_clients;
    result->clients = gd_arena_array(result->arena, gd_result_view, result->n_clients);
    for (uint32_t i = 0; i < result->n_clients; i++)
        measure_client(result, record, i);
}
