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
    .concept =
        &(const gd_concept){
            .title = "Random shedding",
            .pattern = "random-shedding",
            .idea = "A fixed share of what comes is refused, whoever it is: an operator's switch "
                    "for the worst hour.",
            .cures = "Overload whose size is known, when nothing finer is there.",
            .cures_not = "Overload of another size: it refuses the same share when there is room "
                         "for all, and when there is room for none.",
            .price = "Refused users who could have been served.",
            .dangerous_with = "Retries: each refused user comes again, and is mostly let in. A "
                              "request with many calls, each of which must pass.",
            .numbers = "With room for a share r of the load, 1 - r must go. Of n calls, each "
                       "refused with p, all pass with (1 - p)^n.",
            .source = "patterns 4.2 random_pct; AWS Builders' Library, Using load shedding to "
                      "avoid overload",
        },
};
