/* Walks over shapes: which there are, and where their schema texts lead. */
#include "sim/spec/schema.h"

#include <string.h>

/* Schema-only shapes are spelled where they stand, unless another one names them. */
static void collect(GPtrArray *shapes, const gd_shape *shape, bool named)
{
    if (!shape || g_ptr_array_find(shapes, shape, NULL))
        return;
    if (shape->fields || named)
        g_ptr_array_add(shapes, (void *)shape);
    for (const gd_field *field = shape->fields; field && field->name; field++) {
        collect(shapes, field->shape, false);
        for (const gd_shape *const *v = field->variants; v && *v; v++)
            collect(shapes, *v, false);
    }
    for (const gd_shape *const *other = shape->refers; other && *other; other++)
        collect(shapes, *other, true);
}

GPtrArray *gd_shape_collect(const gd_shape *root, const gd_shape *const *more)
{
    GPtrArray *shapes = g_ptr_array_new();
    collect(shapes, root, false);
    for (; more && *more; more++)
        collect(shapes, *more, true);
    return shapes;
}

#define REFERENCE "#/$defs/"

const gd_shape *gd_shape_follow(const gd_shape *root, const gd_shape *const *more,
                                const gd_shape *shape, bool *is_map)
{
    *is_map = false;
    if (!shape || shape->fields || !shape->schema)
        return shape && shape->fields ? shape : NULL;
    g_autoptr(GPtrArray) shapes = gd_shape_collect(root, more);
    for (const char *at = strstr(shape->schema, REFERENCE); at; at = strstr(at, REFERENCE)) {
        at += strlen(REFERENCE);
        size_t length = strcspn(at, "\"");
        for (guint i = 0; i < shapes->len; i++) {
            const gd_shape *other = g_ptr_array_index(shapes, i);
            if (other->fields && strlen(other->name) == length &&
                strncmp(other->name, at, length) == 0) {
                *is_map = strstr(shape->schema, "\"additionalProperties\": {") != NULL;
                return other;
            }
        }
    }
    return NULL;
}

const char *gd_type_definition(gd_field_type type)
{
    static const char *const names[] = {
        [GD_FIELD_SPAN] = "duration",
        [GD_FIELD_SHARE] = "share",
        [GD_FIELD_FACTOR] = "factor",
        [GD_FIELD_RATE] = "rate",
        [GD_FIELD_BYTES] = "size",
        [GD_FIELD_BITS] = "bandwidth",
        [GD_FIELD_NANO] = "number",
        [GD_FIELD_COUNT] = "whole-number",
        [GD_FIELD_WHOLE] = "whole-number",
        [GD_FIELD_NAME] = "name",
        [GD_FIELD_ADDRESS] = "address",
        [GD_FIELD_DIST] = "distribution",
        [GD_FIELD_DIST_COUNT] = "count-distribution",
    };
    return (size_t)type < G_N_ELEMENTS(names) ? names[type] : NULL;
}
