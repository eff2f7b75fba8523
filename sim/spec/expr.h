/* Expressions of format.md section 1: what a scenario expects, when an alert fires, while what an
 * assumption holds.
 *
 *     EXPR    = AND { "or" AND }
 *     AND     = CLAUSE { "and" CLAUSE }
 *     CLAUSE  = "not" CLAUSE | "(" EXPR ")" | SUM [ OP SUM ]
 *     SUM     = OPERAND { " - " OPERAND }
 *     OPERAND = VALUE | ["control."] QUANTITY { "over" SPAN | "during" before|fault|after|all }
 *     OP      = < <= > >= == !=
 *
 * A clause without OP is a bare quantity: a metric, or a 0/1 quantity such as "metastable". A minus
 * between blanks subtracts; within a name it is a letter, before a digit a sign. ">" between two
 * letters belongs to a call's address (orders>payments.charge). Blanks, parentheses, digits or a
 * sign beside it make it an operator. Values carry units, and become seconds, events per second,
 * bytes, or plain numbers (a percentage is its ratio).
 */
#pragma once

#include "sim/spec/node.h"

typedef enum { GD_EXPR_AND, GD_EXPR_OR, GD_EXPR_NOT, GD_EXPR_COMPARE, GD_EXPR_BARE } gd_expr_kind;
typedef enum {
    GD_EXPR_LESS,
    GD_EXPR_LESS_EQUAL,
    GD_EXPR_GREATER,
    GD_EXPR_GREATER_EQUAL,
    GD_EXPR_EQUAL,
    GD_EXPR_NOT_EQUAL
} gd_expr_op;
typedef enum {
    GD_DURING_ALL, /* also when nothing is said: the whole run after the warm-up */
    GD_DURING_BEFORE,
    GD_DURING_FAULT,
    GD_DURING_AFTER
} gd_expr_during;
/* What the values of a sum are measured in; NUMBER is a count or a ratio, NONE: no value stands
 * there, so its quantities decide. */
typedef enum {
    GD_UNIT_NONE,
    GD_UNIT_NUMBER,
    GD_UNIT_RATIO, /* written with % */
    GD_UNIT_SECONDS,
    GD_UNIT_PER_SECOND,
    GD_UNIT_BYTES,
    GD_UNIT_BYTES_PER_SECOND
} gd_expr_unit;
typedef enum { GD_EXPR_FALSE, GD_EXPR_TRUE, GD_EXPR_UNKNOWN } gd_expr_truth;

typedef struct {
    const char *name; /* "web.checkout.p99", without "control." */
    gd_span over;     /* 0: not said */
    gd_expr_during during;
    bool control;    /* of the control's run */
    bool minus;      /* subtracted */
    uint32_t column; /* where it stands in the expression, from 1 */
} gd_expr_term;

/* The terms, each added or subtracted, plus `value`. */
typedef struct {
    gd_expr_term *terms;
    uint32_t n;
    double value;
    gd_expr_unit unit; /* of `value` */
} gd_expr_sum;

typedef struct gd_expr gd_expr;
struct gd_expr {
    gd_expr_kind kind;
    const char *text;  /* the clause as written, for verdicts */
    gd_expr *first;    /* AND, OR, NOT: the operands */
    gd_expr *next;     /* the sibling */
    gd_expr_sum left;  /* COMPARE, BARE; a BARE has one term, or several subtracted */
    gd_expr_sum right; /* COMPARE */
    gd_expr_op op;     /* COMPARE */
    uint32_t column;
};

/* NULL and a problem at `node`, which names the column inside `text`. */
const gd_expr *gd_expr_parse(gd_arena *arena, const char *text, const gd_node *node,
                             gd_problems *problems);
/* The same for a node that must be a text. */
const gd_expr *gd_expr_read(gd_arena *arena, const gd_node *node, gd_problems *problems);

/* A quantity's value in the units above (1 and 0 for true and false); *known is true on entry, and
 * set to false when the run does not say. */
typedef double gd_expr_lookup(void *user, const gd_expr_term *term, bool *known);

double gd_expr_sum_value(const gd_expr_sum *sum, gd_expr_lookup *lookup, void *user, bool *known);
/* Three-valued (Kleene): unknown stays unknown unless the other operand decides. A bare quantity is
 * true when it is not 0. */
gd_expr_truth gd_expr_judge(const gd_expr *expr, gd_expr_lookup *lookup, void *user);
/* Calls `visit` for each term, in the order of the text: to check names, and that what is 0 or 1 at
 * an instant says `over`. */
void gd_expr_visit(const gd_expr *expr, void (*visit)(void *user, const gd_expr_term *term),
                   void *user);
const char *gd_expr_op_text(gd_expr_op op);
