/* What the field tables say to others: a JSON Schema for editors, and an explanation for people. */
#pragma once

#include "sim/spec/field.h"

/* JSON Schema 2020-12 of a document of shape `root`. A shape with fields becomes a definition under
 * its name (what reads as that shape: the object, true for all defaults, the bare value); one with
 * only .schema is spelled where it stands. That text may refer to "#/$defs/NAME" of any shape met
 * (see .refers), of `more` (ends with NULL, may be NULL), or to "distribution",
 * "count-distribution", "duration", "rate", "share", "factor", "size", "bandwidth", "number",
 * "whole-number", "name", "address". What it names without a definition may be anything. Owned by
 * the caller. */
char *gd_schema_print(const gd_shape *root, const gd_shape *const *more, const char *title);

/* What `path` names, as text of at most 80 columns: "services.*.queue.limit", "" for the root. A
 * name stands for any member of a map, and so does *. NULL, and *why is a text (both owned by the
 * caller), when nothing has that name. "distributions" and "presets" are explained in every
 * document. */
char *gd_explain_print(const gd_shape *root, const gd_shape *const *more, const char *path,
                       char **why);

/* The field that `path` ends at (NULL: a shape itself), and the shape of its members or NULL;
 * false: nothing has that name. */
bool gd_explain_find(const gd_shape *root, const gd_shape *const *more, const char *path,
                     const gd_field **field, const gd_shape **shape);

/* The shape that "#/$defs/NAME" in a schema-only shape leads to, of those reachable from `root` or
 * in `more`; *is_map when each of its members is one. NULL: none with fields. */
const gd_shape *gd_shape_follow(const gd_shape *root, const gd_shape *const *more,
                                const gd_shape *shape, bool *is_map);
/* All shapes with fields below `root` and in `more`, each once, and the schema-only ones that
 * another refers to. Owned by the caller. */
GPtrArray *gd_shape_collect(const gd_shape *root, const gd_shape *const *more);
/* "#/$defs/" and this: how a numeric type or distribution is called there; NULL for others. */
const char *gd_type_definition(gd_field_type type);
