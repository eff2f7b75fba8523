/* What `gameday explain WORD` can say: the patterns and ideas of this world, each on one screen.
 * Kinds state their own text in their shape; what is no kind of its own (an idea, a field, a word
 * of a list) stands in this folder.
 */
#pragma once

#include "sim/spec/field.h"

#pragma GCC visibility push(default) /* part of libgameday */

typedef struct {
    const char *name;   /* what is typed, and what `teaches` says: "retry" */
    const char *topic;  /* where it is listed: "calls" */
    const char *fields; /* addresses in a model or a scenario (blanks between them) whose rows are
                           its numbers; NULL: those of `shape` */
    gd_concept text;
    const gd_shape *shape; /* of a kind that states its text itself; NULL */
} gd_concept_entry;

/* Topics in the order in which they are listed; ends with NULLs. */
typedef struct {
    const char *name, *title;
} gd_topic;
extern const gd_topic gd_topics[];

/* All of them, by topic and then by name; entries live in `arena` or for ever. Owned by the caller.
 */
GPtrArray *gd_concepts_new(gd_arena *arena);
/* By name, title or pattern, whatever the case and the kind of separator; NULL: none. */
const gd_concept_entry *gd_concept_find(const GPtrArray *concepts, const char *word);
/* The name nearest to a word that is none; NULL: nothing is near. */
const char *gd_concept_nearest(const GPtrArray *concepts, const char *word);

#pragma GCC visibility pop
