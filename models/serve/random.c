/* Refuses a share of what comes: an operator's switch for the worst hour.
 * Source: patterns 4.2 `random_pct`.
 */
#include "models/serve/serve.h"

#define SALT_RANDOM UINT64_C(0x5368656452616e64) /* "ShedRand" */

enum { REFUSED };
static const gd_counter_row counters[] = {{"refused", NULL}, {0}};

static gd_outcome arrive(const gd_serve_at *at, uint32_t slot)
{
    const gd_random_shed_spec *spec = at->spec;
    if (gd_serve_draw(at, slot, SALT_RANDOM) >= gd_share_threshold(spec->share) &&
        spec->share < GD_SHARE_ONE)
        return GD_OK;
    gd_serve_count(at, REFUSED);
    return GD_SHED;
}

const gd_serve_kind gd_serve_random = {.name = "random", .counters = counters, .arrive = arrive};

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_random_shed_spec, share, GD_FIELD_SHARE, .required = true, .min = 1,
                 .max = GD_SHARE_ONE, .help = "of arrivals that is refused",
                 .source = "patterns 4.2"),
    {0},
};
const gd_shape gd_random_shed_shape = {
    .name = "random",
    .help = "refuses a share of what comes",
    .source = "patterns 4.2 random_pct",
    .bytes = sizeof(gd_random_shed_spec),
    .fields = fields,
    .bare = "share",
};
