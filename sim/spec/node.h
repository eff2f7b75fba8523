/* A document as a tree whose every value remembers where it was written.
 *
 * cJSON parses; this tree adds what cJSON does not keep: the file, the place, a number's own text,
 * and what a merge brought from elsewhere. sim/spec/source.c builds it; nothing else includes
 * cJSON.
 */
#pragma once

#include "sim/arena.h"
#include "sim/units.h"

#pragma GCC visibility push(default) /* part of libgameday */

typedef enum { GD_NULL, GD_BOOL, GD_NUMBER, GD_STRING, GD_ARRAY, GD_OBJECT } gd_node_kind;

typedef struct {
    const char *path; /* as shown in messages */
    const char *text; /* as read, comments included: places count in it. Ends with NUL */
    size_t length;
    uint64_t digest; /* gd_hash of the bytes as read */
} gd_source;

typedef struct gd_node gd_node;
struct gd_node {
    gd_node_kind kind;
    bool truth;             /* GD_BOOL */
    const char *key;        /* member name, NULL for array elements and the root */
    const char *text;       /* GD_STRING: the value; GD_NUMBER: the digits as written */
    gd_node *first, *next;  /* children in document order; siblings */
    gd_node *parent, *last; /* `last` child: gd_node_append is O(1) */
    const gd_source *source;
    uint32_t at, key_at; /* byte offsets of value and key in source->text */
};

/* Errors of all documents, gathered; the first 20 are shown. Bytewise sorted by place. */
typedef struct gd_problems gd_problems;
gd_problems *gd_problems_new(void);
void gd_problems_free(gd_problems *problems);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gd_problems, gd_problems_free)
/* "file:line:column: address: message". `node` NULL: no place. The message ends with the remedy. */
void gd_problem(gd_problems *problems, const gd_node *node, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* The same at the node's key instead of its value (unknown fields, names). */
void gd_problem_key(gd_problems *problems, const gd_node *node, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
void gd_problem_text(gd_problems *problems, const char *path, size_t line, size_t column,
                     const char *message);
/* A file that could not be read is no mistake in a document: exit statuses tell them apart. */
void gd_problems_mark_unreadable(gd_problems *problems);
bool gd_problems_has_unreadable(const gd_problems *problems);
guint gd_problems_count(const gd_problems *problems); /* each mistake once */
/* Grows with every report, repeated ones too: whether a piece of reading had a problem. */
guint gd_problems_reported(const gd_problems *problems);
/* One line each, at most 20, then "… and N more". Owned by the caller. */
char *gd_problems_print(const gd_problems *problems);

/* Parses `text` (copied into `arena`); NULL and problems when it is not strict JSON (comments and
 * trailing commas excepted: they are read). Refused are also a repeated key, \u0000, integers
 * beyond 2^53, nesting beyond 64, strings over 64 KiB, texts over 16 MiB and over 500,000 values.
 */
gd_node *gd_source_parse(gd_arena *arena, const char *path, const char *text, size_t length,
                         gd_problems *problems);

gd_node *gd_node_get(const gd_node *object, const char *key); /* a member, or NULL */
/* By dotted address from the root, or NULL. Of several readings ("payments.charge" may be one name)
 * the one with the longest names wins; `calls."payments.charge"` says it exactly. */
gd_node *gd_node_at(gd_node *root, const char *address);
/* Dotted address of a node, from its root: "services.pg.instances". A name with a dot stands in
 * quotes, an array's element is "steps[2]" (in messages only). Owned by the caller. */
char *gd_node_address(const gd_node *node);
void gd_node_place(const gd_node *node, bool of_key, size_t *line, size_t *column);
size_t gd_node_count(const gd_node *parent);

/* RFC 7396 merge of `patch` over `target` into a new tree; neither is changed. Values keep their
 * own source places. `null` in the patch removes. A patch that would go through an array is a
 * problem. */
gd_node *gd_node_merge(gd_arena *arena, const gd_node *target, const gd_node *patch,
                       gd_problems *problems);
/* As gd_node_merge, but keeps nulls (for nearest-wins chains in which null takes a policy away). */
gd_node *gd_node_overlay(gd_arena *arena, const gd_node *far, const gd_node *near);
/* Applies "--set ADDRESS=VALUE" (VALUE is JSON, or a bare string); the source is the command line.
 * VALUE replaces what stands there, whatever it is; null stays as a value ("nothing here"). Missing
 * objects on the way are made; a name with dots is found by longest match, or stands in quotes.
 * NULL and a problem when ADDRESS=VALUE cannot be read. */
gd_node *gd_node_set(gd_arena *arena, const gd_node *root, const char *assignment,
                     gd_problems *problems);
gd_node *gd_node_new(gd_arena *arena, gd_node_kind kind, const char *key, const char *text,
                     const gd_node *place);
void gd_node_append(gd_node *parent, gd_node *child);
/* Compact JSON text. Owned by the caller. */
char *gd_node_print(const gd_node *node, bool pretty);

/* The candidate nearest to `word` by edit distance, NULL when none is near. `words` ends with NULL.
 */
const char *gd_nearest(const char *word, const char *const *words);

#pragma GCC visibility pop
