/* The rules by which a service refuses at its door, as one object. */
#include "models/serve/specs.h"

#define S gd_shed_spec
static const gd_field fields[] = {
    GD_FIELD_ROW(S, random, GD_FIELD_OBJECT, .shape = &gd_random_shed_shape,
                 .help = "refuses a share of what comes. Absent: none"),
    {0},
};
#undef S

const gd_shape gd_shed_shape = {
    .name = "shed",
    .help = "what is refused at the door; each rule by itself",
    .source = "patterns 4.2",
    .bytes = sizeof(gd_shed_spec),
    .fields = fields,
};
