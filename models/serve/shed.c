/* The rules by which a service refuses at its door, as one object. */
#include "models/serve/specs.h"

#define S gd_shed_spec
static const gd_field fields[] = {
    GD_FIELD_ROW(S, random, GD_FIELD_OBJECT, .shape = &gd_random_shed_shape,
                 .help = "refuses a share of what comes. Absent: none"),
    GD_FIELD_ROW(S, cpu, GD_FIELD_OBJECT, .shape = &gd_cpu_shed_shape,
                 .help = "refuses by how busy the workers are, by class. Absent: none"),
    GD_FIELD_ROW(S, queue_age, GD_FIELD_OBJECT, .shape = &gd_queue_age_shape,
                 .help = "refuses while somebody has waited too long. Absent: none"),
    GD_FIELD_ROW(S, queue_wait, GD_FIELD_OBJECT, .shape = &gd_queue_wait_shape,
                 .help = "refuses who would wait too long. Absent: none"),
    GD_FIELD_ROW(S, success_rate, GD_FIELD_OBJECT, .shape = &gd_success_rate_shape,
                 .help = "refuses the more, the fewer succeed. Absent: none"),
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
