#include "sim/spec/preset.h"

#include <string.h>

#define US(n)        ((n)*GD_US)
#define MS(n)        ((n)*GD_MS)
#define ASSUMED      "gameday patterns 11.3, modelling choice"
#define ASSUMED_WORK "gameday patterns 11.4, modelling choice"
#define LINK(preset, median, tail, when, where, text)                                              \
    {                                                                                              \
        .name = (preset), .p50 = (median), .p99 = (tail), .round_trip = true, .year = (when),      \
        .source = (where), .help = (text)                                                          \
    }
#define WORK(preset, median, tail, text)                                                           \
    {                                                                                              \
        .name = (preset), .p50 = (median), .p99 = (tail), .year = 2020, .source = ASSUMED_WORK,    \
        .help = (text)                                                                             \
    }

/* clang-format off */
const gd_preset gd_presets[] = {
    LINK("loopback", US(20), US(100), 2020, ASSUMED, "round trip inside one machine"),
    LINK("same-rack", US(100), US(400), 2020, ASSUMED, "round trip inside one rack"),
    LINK("same-zone", US(250), MS(1), 2020, ASSUMED "; upper bound 0.5 ms typical (J. Dean's list)",
         "round trip inside one zone"),
    LINK("cross-zone", MS(1), MS(3), 2020, ASSUMED "; zones of one region, single-digit ms or less",
         "round trip between zones of one region"),
    LINK("cross-region-near", MS(15), MS(25), 2020, ASSUMED "; light alone needs 10 ms",
         "round trip between regions up to 1000 km apart"),
    LINK("us-coast-to-coast", MS(65), MS(90), 2020, ASSUMED "; etcd's guide calls 130 ms reasonable",
         "round trip across the continental US"),
    LINK("us-eu", MS(85), MS(120), 2020, ASSUMED "; 150 ms to California in the classic list",
         "round trip between the US east coast and Europe"),
    LINK("us-japan", MS(110), MS(180), 2020, ASSUMED "; etcd's guide: 350 to 400 ms",
         "round trip between the US and Japan"),
    LINK("eu-asia", MS(200), MS(280), 2020, ASSUMED, "round trip between Europe and Asia"),
    LINK("broadband-last-mile", MS(15), MS(80), 2020, ASSUMED, "round trip of a home connection"),
    LINK("mobile-3g", MS(200), MS(1500), 2020, ASSUMED, "round trip over 3G"),
    LINK("mobile-4g", MS(50), MS(400), 2020, ASSUMED, "round trip over 4G"),
    LINK("mobile-5g", MS(25), MS(200), 2020, ASSUMED, "round trip over 5G"),
    LINK("geo-satellite", MS(600), MS(900), 2020, ASSUMED, "round trip over a geostationary satellite"),
    LINK("leo-satellite", MS(40), MS(150), 2020, ASSUMED, "round trip over low-orbit satellites"),
    {.name = "dns-uncached", .p50 = MS(20), .p99 = MS(200), .year = 2020, .source = ASSUMED,
     .help = "a name looked up without a cache"},

    WORK("mem-cache-get", US(100), US(500), "remote in-memory cache, without the round trip"),
    WORK("kv-read", MS(2), MS(10), "managed key-value store"),
    WORK("kv-write", MS(4), MS(20), "managed key-value store"),
    WORK("sql-point-read", MS(1), MS(10), "one row by its key"),
    WORK("sql-commit", MS(3), MS(20), "commit with fsync"),
    WORK("sql-report", MS(200), MS(5000), "heavy query"),
    WORK("fsync-ssd", US(500), MS(5), "fsync on a local SSD"),
    WORK("fsync-cloud-disk", MS(2), MS(15), "fsync on a network disk"),
    WORK("fsync-hdd", MS(10), MS(50), "fsync on a turning disk"),
    WORK("object-store-get-first-byte", MS(30), MS(200), "first byte from an object store"),
    WORK("queue-send", MS(8), MS(50), "hand a message to a managed queue"),
    WORK("queue-receive-to-deliver", MS(15), MS(100), "from a managed queue to its consumer"),
    WORK("log-broker-append", MS(4), MS(30), "acks=all inside one region"),
    WORK("stateless-api", MS(10), MS(80), "of which 1 to 5 ms are its own processor time"),
    WORK("html-render", MS(40), MS(300), "a page rendered on a server"),
    WORK("auth-token-check-local", US(50), US(200), "a signature checked in the process"),
    WORK("auth-token-check-remote", MS(5), MS(40), "a token checked by another service"),
    WORK("search-query", MS(50), MS(400), "a query of a search index"),
    {.name = "payment-provider", .p50 = MS(400), .p99 = MS(3000), .year = 2020,
     .source = ASSUMED_WORK, .help = "a third party; 0.5 % of answers take 5 to 30 s",
     .slow_share = GD_SHARE_ONE / 200, .slow_low = 5 * GD_S, .slow_high = 30 * GD_S},
    WORK("email-or-sms-provider", MS(200), MS(2000), "a third party"),
    WORK("llm-inference", MS(2000), MS(20000), "one answer of a large language model"),
    WORK("function-cold-start", MS(300), MS(1500), "first call of an idle function"),
    {.name = NULL},
};

const gd_share_preset gd_share_presets[] = {
    {"loss-data-centre", 10000, 2020, ASSUMED, "packets lost inside a data centre"},
    {"loss-wan", 1000000, 2020, ASSUMED, "packets lost between regions"},
    {"loss-mobile", 10000000, 2020, ASSUMED, "packets lost over a mobile network"},
    {NULL, 0, 0, NULL, NULL},
};
/* clang-format on */

#define PREFIX "preset:"

const gd_preset *gd_preset_find(const char *name)
{
    for (const gd_preset *preset = gd_presets; preset->name; preset++)
        if (strcmp(preset->name, name) == 0)
            return preset;
    return NULL;
}

const gd_preset *gd_preset_of(const gd_node *node)
{
    if (!node || node->kind != GD_STRING || strncmp(node->text, PREFIX, strlen(PREFIX)) != 0)
        return NULL;
    return gd_preset_find(node->text + strlen(PREFIX));
}

gd_dist_spec *gd_preset_spec(const gd_preset *preset, gd_arena *arena)
{
    gd_dist_spec *spec = gd_arena_make(arena, gd_dist_spec);
    gd_dist_spec usual = {.kind = GD_DIST_LOGNORMAL, .median = preset->p50, .p99 = preset->p99};
    if (!preset->slow_share) {
        *spec = usual;
        return spec;
    }
    spec->kind = GD_DIST_MIXTURE;
    spec->parts = 2;
    spec->weights = gd_arena_array(arena, gd_share, 2);
    spec->weights[0] = GD_SHARE_ONE - preset->slow_share;
    spec->weights[1] = preset->slow_share;
    spec->components = gd_arena_array(arena, gd_dist_spec, 2);
    spec->components[0] = usual;
    spec->components[1] =
        (gd_dist_spec){.kind = GD_DIST_UNIFORM, .low = preset->slow_low, .high = preset->slow_high};
    return spec;
}

const char *gd_preset_nearest(const char *name)
{
    const char *words[G_N_ELEMENTS(gd_presets)];
    size_t n = 0;
    for (; gd_presets[n].name; n++)
        words[n] = gd_presets[n].name;
    words[n] = NULL;
    return gd_nearest(name, words);
}

const gd_share_preset *gd_share_preset_of(const char *text)
{
    if (strncmp(text, PREFIX, strlen(PREFIX)) != 0)
        return NULL;
    for (const gd_share_preset *preset = gd_share_presets; preset->name; preset++)
        if (strcmp(preset->name, text + strlen(PREFIX)) == 0)
            return preset;
    return NULL;
}
