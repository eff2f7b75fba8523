/* Fallbacks: what a caller does instead when its call has failed (`then`).
 *
 *   default_value    a fixed answer: degraded; for a share of requests it is wrong, which is
 * counted here and which nobody else notices stale_cache      the last good answer, if it is no
 * older than max_stale: degraded; else it fails omit             the page without that part:
 * degraded secondary        another operation:
 * {"call": …}, which must have room for everybody queue_for_later  accepted now, done later:
 * degraded, and tried again in the background fail_silent      an empty answer that counts as ok:
 * it hides the outage fail_open        permitted without asking: ok; for a share of users it is
 * wrong fail_closed      denied without asking: auth_failure
 *
 * What stale_cache remembers is of one caller instance and lost with it, so a cold one has no
 * fallback. With a space of keys it is a table of `capacity` places, one for each hash: what falls
 * on a taken place replaces it.
 *
 * Sources: Hystrix wiki, "Fallback types"; Polly, "Fallback"; AWS Builders' Library, "Avoiding
 * fallback in distributed systems"; patterns 3.12.
 */
#include "models/guard/fallback.h"

#include "models/guard/policy.h"

static const gd_counter_row default_rows[] = {{"used", NULL}, {"wrong", NULL}, {0}};
static const gd_counter_row stale_rows[] = {
    {"used", NULL},
    {"cold", "its cache held no answer that was fresh enough"},
    {0},
};
static const gd_counter_row plain_rows[] = {{"used", NULL}, {0}};
enum { USED, WRONG, COLD = 1 };

const gd_counter_row *gd_fallback_counters(gd_fallback_kind kind)
{
    switch (kind) {
    case GD_FALLBACK_DEFAULT_VALUE:
    case GD_FALLBACK_FAIL_OPEN:
        return default_rows;
    case GD_FALLBACK_STALE_CACHE:
        return stale_rows;
    case GD_FALLBACK_OMIT:
    case GD_FALLBACK_QUEUE_FOR_LATER:
    case GD_FALLBACK_FAIL_SILENT:
    case GD_FALLBACK_FAIL_CLOSED:
    case GD_FALLBACKS:
        break;
    }
    return plain_rows;
}

/* ---- the last good answers ------------------------------------------------------------------- */
typedef struct {
    uint64_t key;
    gd_time at; /* and 1 ns; 0: none */
} kept;

uint32_t gd_fallback_state_bytes(const gd_fallback_spec *spec)
{
    if (spec->kind != GD_FALLBACK_STALE_CACHE)
        return 0;
    return (uint32_t)sizeof(kept) * (spec->keys ? spec->capacity : 1);
}

static kept *place_of(gd_run *run, const gd_plan_site *site, uint32_t from, uint64_t root,
                      uint64_t *key)
{
    const gd_fallback_spec *spec = site->fallback;
    kept *table = (kept *)((char *)gd_site_state(run, site, from) + site->at_fallback);
    *key = 0;
    if (spec->keys_dist == GD_NONE)
        return table;
    uint32_t callee = run->plan->callees[site->callees_first];
    uint64_t u = gd_mix(gd_mix(root, run->plan->ops[callee].salt), GD_SALT_COALESCE);
    *key = (uint64_t)gd_dist_sample(&run->plan->dists[spec->keys_dist], u);
    return &table[gd_mix_n(0, *key) % spec->capacity];
}

void gd_fallback_learn(gd_run *run, const gd_plan_site *site, uint32_t from, uint64_t root)
{
    uint64_t key;
    kept *place = place_of(run, site, from, root, &key);
    *place = (kept){key, run->now + 1};
}

static bool knows(gd_run *run, const gd_plan_site *site, uint32_t from, uint64_t root)
{
    const gd_fallback_spec *spec = site->fallback;
    uint64_t key;
    const kept *place = place_of(run, site, from, root, &key);
    return place->at != 0 && place->key == key && run->now - (place->at - 1) <= spec->max_stale;
}

/* ---- answers --------------------------------------------------------------------------------- */
gd_outcome gd_fallback_answer(gd_run *run, const gd_plan_site *site, uint32_t from, uint64_t root,
                              gd_outcome outcome)
{
    const gd_fallback_spec *spec = site->fallback;
    bool wrong = gd_mix(root, GD_SALT_FALLBACK) < spec->wrong_below;
    switch ((gd_fallback_kind)spec->kind) {
    case GD_FALLBACK_DEFAULT_VALUE:
    case GD_FALLBACK_FAIL_OPEN:
        gd_count(run, site->fallback_counters + WRONG, wrong);
        outcome = wrong                                 ? GD_WRONG_RESULT
                  : spec->kind == GD_FALLBACK_FAIL_OPEN ? GD_OK
                                                        : GD_DEGRADED;
        break;
    case GD_FALLBACK_STALE_CACHE:
        if (!knows(run, site, from, root)) {
            gd_count(run, site->fallback_counters + COLD, 1);
            return outcome;
        }
        outcome = GD_DEGRADED;
        break;
    case GD_FALLBACK_OMIT:
    case GD_FALLBACK_QUEUE_FOR_LATER:
        outcome = GD_DEGRADED;
        break;
    case GD_FALLBACK_FAIL_SILENT:
        outcome = GD_OK;
        break;
    case GD_FALLBACK_FAIL_CLOSED:
        outcome = GD_AUTH_FAILURE;
        break;
    case GD_FALLBACKS:
        break;
    }
    gd_count(run, site->fallback_counters + USED, 1);
    return outcome;
}

/* ---- as a model writes it ----------------------------------------------------------------------
 */
#define S gd_fallback_spec
static void check_wrong(void *spec, const gd_node *node, gd_problems *problems)
{
    gd_fallback_spec *fallback = spec;
    fallback->wrong_below = gd_share_threshold(fallback->wrong);
    (void)node, (void)problems;
}

static const gd_field default_fields[] = {
    GD_FIELD_ROW(S, wrong, GD_FIELD_SHARE, .fallback = "0", .min = 0, .max = GD_SHARE_ONE,
                 .help = "share of requests for which it is the wrong answer (`wrong_result`)",
                 .source = "patterns 3.12: wrong for some users, unnoticed"),
    {0},
};
static const gd_field stale_fields[] = {
    GD_FIELD_ROW(S, max_stale, GD_FIELD_SPAN, .fallback = "\"5m\"", .min = 1, .max = GD_YEAR,
                 .help = "how old the last good answer may be", .source = "assumption"),
    GD_FIELD_ROW(S, keys, GD_FIELD_DIST_COUNT,
                 .help = "what a request asks for is one of these keys. Absent: one answer serves "
                         "all",
                 .source = "patterns 6.1 key_popularity"),
    GD_FIELD_ROW(S, capacity, GD_FIELD_COUNT, .fallback = "1000", .min = 1, .max = 3000,
                 .help = "with keys: answers that it can keep", .source = "assumption"),
    {0},
};
static const gd_field later_fields[] = {
    GD_FIELD_ROW(S, every, GD_FIELD_SPAN, .fallback = "\"10s\"", .min = GD_MS, .max = GD_DAY,
                 .help = "waits so long before each try in the background", .source = "assumption"),
    GD_FIELD_ROW(S, keep, GD_FIELD_SPAN, .fallback = "\"1h\"", .min = GD_MS, .max = GD_YEAR,
                 .help = "gives up after that; at most 254 tries", .source = "assumption"),
    {0},
};
#undef S

#define BYTES .bytes = sizeof(gd_fallback_spec)
static const gd_shape default_shape = {.name = "default_value",
                                       .help = "a fixed answer instead",
                                       BYTES,
                                       .fields = default_fields,
                                       .bare = "wrong",
                                       .check = check_wrong};
static const gd_shape open_shape = {.name = "fail_open",
                                    .help = "permitted without asking",
                                    BYTES,
                                    .fields = default_fields,
                                    .bare = "wrong",
                                    .check = check_wrong};
static const gd_shape stale_shape = {.name = "stale_cache",
                                     .help = "the last good answer, if it is fresh enough",
                                     BYTES,
                                     .fields = stale_fields,
                                     .bare = "max_stale"};
static const gd_shape later_shape = {.name = "queue_for_later",
                                     .help = "accepted now, tried again in the background",
                                     BYTES,
                                     .fields = later_fields,
                                     .bare = "every"};
static const gd_field no_fields[] = {{0}};
static const gd_shape omit_shape = {
    .name = "omit", .help = "the page without that part", BYTES, .fields = no_fields};
static const gd_shape silent_shape = {
    .name = "fail_silent", .help = "an empty answer that counts as ok", BYTES, .fields = no_fields};
static const gd_shape closed_shape = {
    .name = "fail_closed", .help = "denied without asking", BYTES, .fields = no_fields};

const gd_shape *const gd_fallback_shapes[GD_FALLBACKS + 1] = {
    [GD_FALLBACK_DEFAULT_VALUE] = &default_shape,
    [GD_FALLBACK_STALE_CACHE] = &stale_shape,
    [GD_FALLBACK_OMIT] = &omit_shape,
    [GD_FALLBACK_QUEUE_FOR_LATER] = &later_shape,
    [GD_FALLBACK_FAIL_SILENT] = &silent_shape,
    [GD_FALLBACK_FAIL_OPEN] = &open_shape,
    [GD_FALLBACK_FAIL_CLOSED] = &closed_shape,
};
