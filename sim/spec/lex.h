/* The lexical pass: is this text strict JSON, and where does each value stand? Private to sim/spec.
 *
 * cJSON takes much that is not JSON (01, 1., raw controls, bad UTF-8, a BOM, \u0000) and keeps no
 * places, so this pass judges the text first and records the places in document order.
 */
#pragma once

#include "sim/spec/node.h"

typedef struct {
    uint32_t at, key_at; /* bytes from the start; key_at is 0 where there is no key */
} gd_lex_place;

typedef struct {
    char *clean;    /* what cJSON shall read: comments and trailing commas are blanks. g_free it */
    GArray *places; /* of gd_lex_place, values in document order. NULL: cannot be read at all */
    bool bad;       /* there was a problem */
} gd_lex;

/* Problems say what is wrong. `places` is NULL when the structure is broken; when only single
 * values are wrong, the text can still be parsed, to find more mistakes. */
void gd_lex_text(gd_lex *lex, const char *path, const char *text, size_t length,
                 gd_problems *problems);
void gd_lex_clear(gd_lex *lex);

/* NULL when the token is a number of RFC 8259 that all JSON tools can hold; else what is wrong and
 * what to write. */
const char *gd_lex_judge_number(const char *token, size_t length);
