/* Segments of users, and what a client says of its requests' weight. */
#include "models/compile/shape.h"

static const char *const key_words[] = {"user", "request", NULL};
static const gd_shape values_shape = {
    .name = "values",
    .schema = "{\"type\": \"object\", \"additionalProperties\": {\"anyOf\": [{\"type\": "
              "\"number\"}, {\"type\": \"string\"}]}}",
};
static const gd_field segment_fields[] = {
    GD_FIELD_ROW(gd_segment_spec, values, GD_FIELD_NODE, .shape = &values_shape,
                 .help = "its values by weight: {\"big\": 50, \"small\": 1}"),
    GD_FIELD_ROW(gd_segment_spec, count, GD_FIELD_COUNT, .max = 65536,
                 .help = "or so many values without names, all alike"),
    GD_FIELD_ROW(gd_segment_spec, key, GD_FIELD_WORD, .words = key_words, .fallback = "\"user\"",
                 .help = "drawn once for each user, or for each request"),
    {0},
};
const gd_shape gd_segment_shape = {
    .name = "segment",
    .help = "what users are told apart by: tenant, plan; drawn for each by weight",
    .bytes = sizeof(gd_segment_spec),
    .fields = segment_fields,
    .bare = "count",
};

const gd_shape gd_client_segments_shape = {
    .name = "client-segments",
    .schema = "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"string\"}}",
};
#define CLASSES "{\"enum\": [\"critical_plus\", \"critical\", \"sheddable_plus\", \"sheddable\"]}"
const gd_shape gd_criticality_shape = {
    .name = "criticality",
    .schema =
        "{\"anyOf\": [" CLASSES ", {\"type\": \"object\", \"additionalProperties\": " CLASSES "}]}",
};
