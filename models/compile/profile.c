/* How a client's rate changes: pieces of straight lines, several multiplied into one. */
#include "models/compile/build.h"

#include <string.h>

/* A curve longer than this is refused; two years of hours fit. */
#define MOST_POINTS 20000
/* Pieces times curves that are multiplied for one client. */
#define MOST_WORK UINT64_C(2000000)
/* The product of two slopes is no line: such a piece is cut into this many. */
#define CUTS 16

/* cos(k x 15 degrees) in millionths: a day in 24 lines (largest error 0.9 % of its height). */
static const int64_t cosines[24] = {
    1000000, 965926,  866025,  707107,  500000,   258819,  0,       -258819,
    -500000, -707107, -866025, -965926, -1000000, -965926, -866025, -707107,
    -500000, -258819, 0,       258819,  500000,   707107,  866025,  965926,
};

static void add_point(GArray *curve, gd_time at, gd_share factor, bool jump)
{
    gd_profile_point point = {at, factor, jump};
    g_array_append_val(curve, point);
}

/* ---- the clock ---------------------------------------------------------------------------- */
bool gd_parse_clock(const char *text, gd_span *out)
{
    for (int i = 0; i < 5; i++)
        if (!text[i] || (i == 2 ? text[i] != ':' : !g_ascii_isdigit(text[i])))
            return false;
    int hour = (text[0] - '0') * 10 + text[1] - '0', minute = (text[3] - '0') * 10 + text[4] - '0';
    if (hour > 23 || minute > 59)
        return false;
    *out = hour * GD_HOUR + minute * GD_MINUTE;
    return text[5] == '\0' || strcmp(text + 5, ":00") == 0;
}

gd_span gd_time_of_day(gd_builder *b)
{
    const char *text = b->scenario->starts_at, *clock;
    gd_span at = 0;
    if (!text)
        return 0;
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", NULL};
    char day[4] = "";
    g_strlcpy(day, text, sizeof day);
    bool is_day = strlen(text) > 4 && text[3] == ' ' && g_strv_contains(days, day);
    bool is_date = strlen(text) > 11 && text[4] == '-' && text[7] == '-' &&
                   (text[10] == ' ' || text[10] == 'T');
    for (int i = 0; is_date && i < 10; i++)
        is_date = i == 4 || i == 7 || g_ascii_isdigit(text[i]);
    clock = is_day ? text + 4 : is_date ? text + 11 : text;
    if (!gd_parse_clock(clock, &at))
        gd_problem(b->problems, gd_node_said(b->scenario_node, "starts_at"),
                   "\"%.40s\" is no time; write \"Tue 02:10\" or \"2026-11-21 02:10\"", text);
    return at;
}

/* ---- curves, in time from t = 0 ----------------------------------------------------------- */
static void add_daily(gd_builder *b, GArray *curve, const gd_profile_spec *spec,
                      const gd_node *place)
{
    gd_span peak = 0, step = spec->period / 24;
    if (!gd_parse_clock(spec->peak_at, &peak))
        gd_problem(b->problems, place, "peak_at \"%.40s\" is no time of day; write \"14:00\"",
                   spec->peak_at);
    if (spec->low > spec->high)
        gd_problem(b->problems, place, "low is above high; exchange them");
    if (step <= 0) /* it was no period, and its reader has said so */
        return;
    gd_time first = (peak - gd_time_of_day(b)) % spec->period;
    gd_time from = -b->plan->warmup, until = b->plan->horizon - b->plan->warmup;
    if ((until - from) / step > MOST_POINTS) {
        gd_problem(b->problems, place,
                   "makes more than %d pieces in this run; write a longer period", MOST_POINTS);
        return;
    }
    gd_span back = first - from;
    int64_t k = -(back / step) - 1;
    int64_t middle = (spec->low + spec->high) / 2, height = (spec->high - spec->low) / 2;
    for (;; k++) {
        gd_time at = first + k * step;
        int64_t cosine = cosines[((k % 24) + 24) % 24];
        add_point(curve, at, middle + (int64_t)((gd_i128)height * cosine / 1000000), false);
        if (at > until)
            return;
    }
}

static void add_spike(GArray *curve, const gd_profile_spec *s)
{
    gd_time top = gd_time_add(s->at, s->rise), down = gd_time_add(top, s->lasts);
    add_point(curve, s->at, s->rise ? GD_SHARE_ONE : s->factor, s->rise == 0);
    if (s->rise)
        add_point(curve, top, s->factor, true);
    add_point(curve, down, s->fall ? s->factor : GD_SHARE_ONE, s->fall == 0);
    if (s->fall)
        add_point(curve, gd_time_add(down, s->fall), GD_SHARE_ONE, true);
}

static void add_csv(gd_builder *b, GArray *curve, const gd_profile_spec *spec, const gd_node *place)
{
    g_autoptr(GArray) rows = gd_read_csv(b, spec->file, spec->column, true, place);
    for (guint i = 0; rows && i < rows->len; i++) {
        const gd_csv_row *row = &g_array_index(rows, gd_csv_row, i);
        add_point(curve, row->at, row->value, i + 1 == rows->len);
    }
}

/* The curve of one profile. Before its first point stands `before`. */
static GArray *make_curve(gd_builder *b, const gd_shape *shape, const gd_profile_spec *spec,
                          const gd_node *place)
{
    GArray *curve = g_array_new(FALSE, FALSE, sizeof(gd_profile_point));
    gd_share before = shape == &gd_ramp_shape ? spec->from : GD_SHARE_ONE;
    if (shape == &gd_steady_shape)
        before = spec->factor;
    if (shape != &gd_daily_shape && shape != &gd_profile_csv_shape)
        add_point(curve, -GD_HORIZON, before, true);
    if (shape == &gd_ramp_shape) {
        add_point(curve, spec->at, spec->from, false);
        add_point(curve, gd_time_add(spec->at, spec->lasts), spec->to, true);
    } else if (shape == &gd_step_profile_shape) {
        add_point(curve, spec->at, spec->factor, true);
    } else if (shape == &gd_spike_shape) {
        add_spike(curve, spec);
    } else if (shape == &gd_daily_shape) {
        add_daily(b, curve, spec, place);
    } else if (shape == &gd_profile_csv_shape) {
        add_csv(b, curve, spec, place);
    }
    return curve;
}

/* ---- products ----------------------------------------------------------------------------- */
/* The piece of `curve` that holds at `t`: its last point not after t, or its first. */
static guint piece_at(const GArray *curve, gd_time t)
{
    guint low = 0, high = curve->len;
    while (high - low > 1) {
        guint middle = (low + high) / 2;
        if (g_array_index(curve, gd_profile_point, middle).at <= t)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* The value at `t` by the piece `i`. */
static gd_share value_at(const GArray *curve, guint i, gd_time t, bool *slopes)
{
    const gd_profile_point *p = &g_array_index(curve, gd_profile_point, i);
    *slopes =
        !p->jump && i + 1 < curve->len && t >= p->at && p[1].at > p->at && p[1].factor != p->factor;
    if (!*slopes)
        return p->factor;
    return p->factor +
           (gd_share)((gd_i128)(p[1].factor - p->factor) * (t - p->at) / (p[1].at - p->at));
}

static gint compare_times(gconstpointer left, gconstpointer right)
{
    gd_time a = *(const gd_time *)left, b = *(const gd_time *)right;
    return a < b ? -1 : a > b;
}

/* One piece of the product, from `t` to `next`, all curves by the piece that holds at `t`. */
static void add_product(GArray *out, GPtrArray *curves, gd_time t, gd_time next)
{
    gd_i128 start = GD_SHARE_ONE, end = GD_SHARE_ONE;
    int sloping = 0;
    for (guint c = 0; c < curves->len; c++) {
        const GArray *curve = curves->pdata[c];
        guint i = piece_at(curve, t);
        bool slopes;
        start = start * value_at(curve, i, t, &slopes) / GD_SHARE_ONE;
        end = end * value_at(curve, i, next, &slopes) / GD_SHARE_ONE;
        sloping += slopes;
    }
    if (sloping > 1 && (next - t) > CUTS) {
        gd_span cut = (next - t) / CUTS;
        for (int k = 0; k < CUTS; k++) {
            gd_i128 value = GD_SHARE_ONE;
            gd_time at = t + k * cut;
            bool slopes;
            for (guint c = 0; c < curves->len; c++)
                value = value *
                        value_at(curves->pdata[c], piece_at(curves->pdata[c], t), at, &slopes) /
                        GD_SHARE_ONE;
            add_point(out, at, (gd_share)value, false);
        }
    } else {
        add_point(out, t, (gd_share)start, sloping == 0);
    }
    if (sloping)
        add_point(out, next, (gd_share)end, false);
}

static void multiply(gd_builder *b, gd_plan_client *client, GPtrArray *curves)
{
    gd_time from = -b->plan->warmup, until = b->plan->horizon - b->plan->warmup;
    g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(gd_time));
    g_autoptr(GArray) out = g_array_new(FALSE, FALSE, sizeof(gd_profile_point));
    g_array_append_val(times, from);
    g_array_append_val(times, until);
    for (guint c = 0; c < curves->len; c++) {
        const GArray *curve = curves->pdata[c];
        for (guint i = 0; i < curve->len; i++) {
            gd_time at = g_array_index(curve, gd_profile_point, i).at;
            if (at > from && at < until)
                g_array_append_val(times, at);
        }
    }
    g_array_sort(times, compare_times);
    for (guint i = 0; i + 1 < times->len; i++) {
        gd_time t = g_array_index(times, gd_time, i), next = g_array_index(times, gd_time, i + 1);
        if (next > t)
            add_product(out, curves, t, next);
    }
    client->profile_first = b->profile->len;
    g_assert(out->data); /* a run has a beginning and an end */
    for (guint i = 0; i < out->len; i++) {
        gd_profile_point *p = &g_array_index(out, gd_profile_point, i);
        gd_profile_point *after = i + 1 < out->len ? p + 1 : NULL;
        /* The end of a slope and the next piece's start are one point when they agree. */
        if (after && after->at == p->at && after->factor == p->factor)
            continue;
        gd_profile_point point = {p->at + b->plan->warmup, p->factor, p->jump};
        g_array_append_val(b->profile, point);
    }
    client->profile_n = b->profile->len - client->profile_first;
}

/* ---- who has one -------------------------------------------------------------------------- */
static void add_load(gd_builder *b, GPtrArray *curves, const gd_member *member)
{
    const gd_load_spec *load = member->spec;
    for (size_t k = 0; k < G_N_ELEMENTS(load->change); k++)
        if (load->change[k])
            g_ptr_array_add(curves,
                            make_curve(b, gd_profile_variants[k], load->change[k], member->node));
}

static void free_curve(void *curve)
{
    g_array_unref(curve);
}

void gd_build_profile(gd_builder *b, gd_plan_client *client, const gd_member *member)
{
    const gd_client_spec *spec = member->spec;
    g_autoptr(GPtrArray) curves = g_ptr_array_new_with_free_func(free_curve);
    if (spec->profile.shape)
        g_ptr_array_add(curves,
                        make_curve(b, spec->profile.shape, spec->profile.spec, spec->profile.node));
    const GPtrArray *load = g_hash_table_lookup(b->load_of, client->name);
    for (guint i = 0; load && i < load->len; i++)
        add_load(b, curves, load->pdata[i]);
    bool has_rate = client->arrivals != GD_ARRIVE_USERS && client->arrivals != GD_ARRIVE_TRACE;
    if (curves->len && !has_rate) {
        gd_problem(b->problems, member->node,
                   "%s has no rate that could change; write arrivals or visits by poisson, "
                   "periodic or bursts",
                   client->name);
        return;
    }
    for (guint c = 0; c < curves->len; c++)
        if (((const GArray *)curves->pdata[c])->len == 0)
            return; /* reported */
    uint64_t points = 0;
    for (guint c = 0; c < curves->len; c++)
        points += ((const GArray *)curves->pdata[c])->len;
    if (points * curves->len > MOST_WORK)
        gd_problem(b->problems, member->node,
                   "the rate of %s is a product of %u curves with %" G_GUINT64_FORMAT
                   " pieces; write fewer",
                   client->name, curves->len, points);
    else if (curves->len)
        multiply(b, client, curves);
}

void gd_collect_load(gd_builder *b)
{
    static const char prefix[] = "clients.";
    for (uint32_t c = 0; c < b->model->clients.n; c++)
        g_hash_table_insert(b->load_of, (void *)b->model->clients.at[c].name, g_ptr_array_new());
    for (uint32_t i = 0; i < b->scenario->load.n; i++) {
        const gd_member *member = &b->scenario->load.at[i];
        const char *target = ((const gd_load_spec *)member->spec)->target;
        GPtrArray *load = target && g_str_has_prefix(target, prefix)
                              ? g_hash_table_lookup(b->load_of, target + strlen(prefix))
                              : NULL;
        if (load)
            g_ptr_array_add(load, (void *)member);
        else if (target)
            gd_problem(b->problems, gd_node_said(member->node, "target"),
                       "is no client; write \"clients.%s\"",
                       b->model->clients.n ? b->model->clients.at[0].name : "web");
    }
}
