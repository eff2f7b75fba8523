/* Field tables: one row reads a member, checks it, gives its default, explains it and writes its
 * line of the JSON Schema, so that the five cannot drift apart.
 */
#pragma once

#include "sim/dist.h"
#include "sim/spec/node.h"

typedef enum {
    GD_FIELD_BOOL,       /* bool */
    GD_FIELD_COUNT,      /* uint32_t */
    GD_FIELD_SPAN,       /* gd_span */
    GD_FIELD_SHARE,      /* gd_share: "70%" or 0.7 */
    GD_FIELD_FACTOR,     /* gd_share, but any factor >= 0: 8, "150%" (1 is GD_SHARE_ONE) */
    GD_FIELD_RATE,       /* gd_rate */
    GD_FIELD_BYTES,      /* int64_t */
    GD_FIELD_BITS,       /* int64_t bytes per second */
    GD_FIELD_NANO,       /* gd_nano */
    GD_FIELD_WORD,       /* uint8_t: index into .words */
    GD_FIELD_NAME,       /* const char *: a name of the grammar */
    GD_FIELD_ADDRESS,    /* const char *: what it addresses is resolved by the owner */
    GD_FIELD_TEXT,       /* const char * */
    GD_FIELD_DIST,       /* gd_dist_spec *: a distribution of times */
    GD_FIELD_DIST_COUNT, /* gd_dist_spec *: a distribution of counts */
    GD_FIELD_OBJECT,     /* struct *, by .shape; NULL when absent; `true`/{} gives all defaults */
    GD_FIELD_MAP,        /* gd_map: named members, each by .shape, sorted bytewise by name */
    GD_FIELD_VARIANT,    /* gd_variant: an object with one member, or a bare word; by .variants */
    GD_FIELD_NODE,       /* const gd_node *: read by the owner's own code */
    GD_FIELD_NODES,      /* const gd_node *: an array or object, likewise */
    GD_FIELD_WHOLE,      /* int64_t: a whole number >= 0 without a unit */
} gd_field_type;

typedef struct gd_field gd_field;
typedef struct gd_shape gd_shape;
typedef struct gd_reader gd_reader;

struct gd_field {
    const char *name;
    gd_field_type type;
    uint32_t offset;
    bool required;
    const char *fallback;     /* JSON text read when the member is absent; NULL: stays 0/NULL */
    int64_t min, max;         /* inclusive, in the type's unit; both 0: the type's own range */
    const char *const *words; /* GD_FIELD_WORD; ends with NULL */
    const gd_shape *shape;    /* OBJECT, MAP */
    const gd_shape *const *variants; /* VARIANT; ends with NULL */
    const char *unit, *help, *source;
    bool any_key;    /* MAP: names with dots pass too ("payments.charge", addresses) */
    bool bare_shape; /* OBJECT: a bare string names a policy etc.; owner reads it (see .shape->bare)
                      */
};

/* What `gameday explain` says of a kind, on one screen; short plain sentences. Members may be NULL.
 */
typedef struct {
    const char *title; /* "Circuit breaker" */
    const char *idea, *cures, *cures_not, *price, *dangerous_with, *numbers, *source;
    const char *pattern; /* the word that a scenario's `teaches` uses: "breaker" */
} gd_concept;

struct gd_shape {
    const char *name; /* "breaker"; also the variant's word */
    const char *help, *source;
    uint32_t bytes;
    const gd_field *fields; /* ends with {0}; NULL: no members */
    const char *bare;       /* name of the field that a bare value stands for, or NULL */
    /* What no row can say alone. `spec` is filled; reports problems at `node`. May be NULL. */
    void (*check)(void *spec, const gd_node *node, gd_problems *problems);
    /* Says how a GD_FIELD_NODE member of this shape is spelled in JSON Schema; NULL: anything. */
    const char *schema;
    /* Shapes that `schema` names as "#/$defs/NAME", so that they are defined there too and
     * `explain` can follow; ends with NULL. */
    const gd_shape *const *refers;
    const gd_concept *concept; /* NULL: it is a detail of another one */
};

typedef struct {
    const char *name;
    const gd_node *node; /* for messages */
    void *spec;          /* a struct of the map's shape */
} gd_member;
typedef struct {
    uint32_t n;
    gd_member *at;
} gd_map;
typedef struct {
    const gd_shape *shape; /* NULL: absent */
    void *spec;
    const gd_node *node;
} gd_variant;

/* Reads `node` into a new struct of `shape`. All mistakes go to `problems` (unknown members with
 * the nearest name; `note`, `$schema`, `x-…` pass). Returns the struct even then. */
struct gd_reader {
    gd_arena *arena;
    gd_problems *problems;
    bool record_uncertain;
    GPtrArray *uncertain;    /* gd_uncertain*, when record_uncertain */
    const gd_shape *presets; /* reserved */
};
typedef struct {
    const gd_node *node; /* the {"about": …} object */
    const char *address;
    const gd_node *low, *high;
    const char *source;
} gd_uncertain;

void *gd_read(gd_reader *reader, const gd_shape *shape, const gd_node *node);
void gd_read_into(gd_reader *reader, const gd_shape *shape, const gd_node *node, void *spec);
/* All defaults, as for {}: problems about what is required are at `place`. */
void gd_read_defaults(gd_reader *reader, const gd_shape *shape, const gd_node *place, void *spec);
/* NULL and a problem when it cannot be read. Whether the numbers make a distribution that can be
 * sampled is gd_dist_build's to say. */
gd_dist_spec *gd_read_dist(gd_reader *reader, const gd_node *node, bool is_time);
bool gd_read_span(gd_reader *reader, const gd_node *node, gd_span *out);
bool gd_read_count(gd_reader *reader, const gd_node *node, int64_t min, int64_t max, int64_t *out);
/* A name: [a-z][a-z0-9_-]{0,62}. An address joins names; hostile ones stay short in every message
 * and table (the limit is an assumption). */
#define GD_LONGEST_NAME    63
#define GD_LONGEST_ADDRESS 256
bool gd_is_name(const char *text);
bool gd_is_address(const char *text);
/* One quantity of a numeric type (COUNT to NANO, WHOLE, not WORD), uncertain numbers included;
 * min and max as in gd_field. *out changes on success only. */
bool gd_read_quantity(gd_reader *reader, const gd_node *node, gd_field_type type, int64_t min,
                      int64_t max, int64_t *out);
/* The `about` of an uncertain number, and its range or NULLs; records it when the reader does. NULL
 * when `node` is none, or a wrong one (then with a problem). */
const gd_node *gd_uncertain_open(gd_reader *reader, const gd_node *node, const gd_node **low,
                                 const gd_node **high);
/* A GD_FIELD_MAP's members, read into *map as the field says. */
void gd_read_map(gd_reader *reader, const gd_field *field, const gd_node *node, gd_map *map);
/* A member that any object may carry: `note`, `$schema`, `x-...`. */
bool gd_is_remark(const char *key);
/* "no such member; did you mean x?" at `member`'s key. `words` ends with NULL. */
void gd_report_unknown(gd_problems *problems, const gd_node *member, const char *const *words);
/* How a message calls a value that it found: `5`, `"abc"`, `an object`. Owned by the caller. */
char *gd_node_describe(const gd_node *node);
/* A value of a numeric type as people write it: "250ms", "70%", "12". Owned by the caller. */
char *gd_quantity_print(gd_field_type type, int64_t value);
/* The type's own range, where a field states none. */
void gd_quantity_range(gd_field_type type, int64_t *min, int64_t *max);
/* The shapes of the distributions that can be written as {"word": {...}}; ends with NULL. */
const gd_shape *const *gd_dist_shapes(bool is_time);

#define GD_FIELD_ROW(S, m, T, ...)                                                                 \
    {                                                                                              \
        .name = #m, .type = T, .offset = offsetof(S, m), __VA_ARGS__                               \
    }
