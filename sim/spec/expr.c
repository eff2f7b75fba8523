#include "sim/spec/expr.h"
#include "sim/spec/quantity.h"
#include "sim/spec/text.h"

#include <string.h>

/* "not" and "(" nest at most so deep; and/or are lists and may be as long as a string may be. */
#define MAX_DEPTH 64

typedef struct {
    gd_arena *arena;
    const char *text;
    size_t at; /* the token's first byte */
    size_t length;
    unsigned depth;
    const gd_node *node;
    gd_problems *problems;
    bool failed;
} parser;

static gd_expr *parse_or(parser *p);

__attribute__((format(printf, 3, 4))) static void complain(parser *p, size_t at, const char *format,
                                                           ...)
{
    if (p->failed) /* the first one explains the rest */
        return;
    p->failed = true;
    size_t line, column;
    gd_text_place(p->text, strlen(p->text), at, &line, &column);
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    g_autofree char *shown = gd_text_quote(p->text);
    gd_problem(p->problems, p->node, "in %s at its character %zu: %s", shown, column, message);
}

/* --- tokens ------------------------------------------------------------------------------------
 */

static bool is_word_char(char c)
{
    return c && !strchr(" \t\r\n()<>=!\"", c);
}

/* Length of the word at `at`: names with quoted parts and with > between two letters. */
static size_t measure_word(const char *text, size_t at)
{
    size_t end = at;
    for (;;) {
        char c = text[end];
        if (c == '"') {
            const char *close = strchr(text + end + 1, '"');
            if (!close)
                return end - at;
            end = (size_t)(close - text) + 1;
        } else if (c == '>' && end > at && is_word_char(text[end - 1]) &&
                   g_ascii_islower(text[end + 1])) {
            end++;
        } else if (is_word_char(c)) {
            end++;
        } else {
            return end - at;
        }
    }
}

static size_t measure(const char *text, size_t at)
{
    char c = text[at];
    if (c == '\0')
        return 0;
    if (c == '(' || c == ')')
        return 1;
    if (strchr("<>=!", c))
        return text[at + 1] == '=' ? 2 : 1;
    size_t word = measure_word(text, at);
    return word ? word : 1;
}

static void advance(parser *p)
{
    p->at += p->length;
    while (p->text[p->at] && strchr(" \t\r\n", p->text[p->at]))
        p->at++;
    p->length = measure(p->text, p->at);
}

static bool at_token(const parser *p, const char *token)
{
    return p->length == strlen(token) && strncmp(p->text + p->at, token, p->length) == 0;
}

static bool take(parser *p, const char *token)
{
    if (!at_token(p, token))
        return false;
    advance(p);
    return true;
}

/* The token for a message. Owned by the caller. */
static char *found(const parser *p)
{
    if (!p->length)
        return g_strdup("the end");
    g_autofree char *token = g_strndup(p->text + p->at, p->length);
    return gd_text_quote(token);
}

static bool is_keyword(const parser *p)
{
    static const char *const words[] = {"and", "or", "not", "over", "during", NULL};
    for (const char *const *word = words; *word; word++)
        if (at_token(p, *word))
            return true;
    return false;
}

/* --- operands ----------------------------------------------------------------------------------
 */

/* Each kind of value, its integer unit and what one of the base unit is in it. */
static const struct {
    bool (*parse)(const char *text, int64_t *out, const char **why);
    double scale;
    gd_expr_unit unit;
} value_kinds[] = {
    {gd_parse_nano, 1e9, GD_UNIT_NUMBER},
    {gd_parse_count, 1, GD_UNIT_NUMBER}, /* beyond 9e9 billionths do not fit */
    {gd_parse_share, 1e9, GD_UNIT_RATIO},
    {gd_parse_span, 1e9, GD_UNIT_SECONDS},
    {gd_parse_rate, 1e12, GD_UNIT_PER_SECOND},
    {gd_parse_bytes, 1, GD_UNIT_BYTES},
    {gd_parse_bits, 1, GD_UNIT_BYTES_PER_SECOND},
};

/* Adds the value to the sum. One correctly rounded division: 800ms is the double nearest to 0.8. */
static void parse_value(parser *p, gd_expr_sum *sum, bool minus)
{
    g_autofree char *token = g_strndup(p->text + p->at, p->length);
    for (size_t i = 0; i < G_N_ELEMENTS(value_kinds); i++) {
        int64_t value;
        const char *why;
        if (!value_kinds[i].parse(token, &value, &why))
            continue;
        gd_expr_unit unit = value_kinds[i].unit;
        if (sum->unit != GD_UNIT_NONE && sum->unit != unit) {
            complain(p, p->at, "the values have different units; write them in one");
            return;
        }
        double number = (double)value / value_kinds[i].scale;
        sum->value += minus ? -number : number;
        sum->unit = unit;
        advance(p);
        return;
    }
    g_autofree char *shown = gd_text_quote(token);
    complain(p, p->at, "%s is no value; write 0.99, 99%%, 800ms, 5m or 500/s", shown);
}

static void parse_over(parser *p, gd_expr_term *term)
{
    g_autofree char *token = g_strndup(p->text + p->at, p->length), *shown = found(p);
    const char *why;
    if (term->over)
        complain(p, p->at, "\"over\" stands twice; remove one");
    else if (!p->length || !gd_parse_span(token, &term->over, &why) || term->over <= 0)
        complain(p, p->at, "expected a duration after \"over\", such as 1m, found %s", shown);
    else
        advance(p);
}

static void parse_during(parser *p, gd_expr_term *term)
{
    static const char *const words[] = {"all", "before", "fault", "after", NULL};
    for (unsigned i = 0; words[i]; i++)
        if (take(p, words[i])) {
            term->during = (gd_expr_during)i;
            return;
        }
    g_autofree char *shown = found(p);
    complain(p, p->at, "expected before, fault, after or all after \"during\", found %s", shown);
}

static bool check_name(parser *p, const char *name)
{
    for (const char *c = name; *c; c++) {
        const char *close = *c == '"' ? strchr(c + 1, '"') : NULL;
        if (close)
            c = close;
        else if (!g_ascii_isalnum(*c) && !strchr("_-.>*$[]", *c)) {
            g_autofree char *shown = gd_text_quote(name);
            complain(p, p->at,
                     "%s is no quantity; its names have a-z, 0-9, - and _, joined by "
                     "dots (gameday explain quantities)",
                     shown);
            return false;
        }
    }
    return true;
}

static gd_expr_term *add_term(parser *p, gd_expr_sum *sum)
{
    gd_expr_term *terms = gd_arena_array(p->arena, gd_expr_term, sum->n + 1);
    if (sum->n)
        memcpy(terms, sum->terms, sum->n * sizeof *terms);
    sum->terms = terms;
    return &terms[sum->n++];
}

static void parse_quantity(parser *p, gd_expr_sum *sum, bool minus)
{
    static const char control[] = "control.";
    char *name = gd_arena_strndup(p->arena, p->text + p->at, p->length);
    if (!check_name(p, name))
        return;
    gd_expr_term *term = add_term(p, sum);
    term->control = strncmp(name, control, strlen(control)) == 0;
    term->name = term->control ? name + strlen(control) : name;
    term->minus = minus;
    term->column = (uint32_t)p->at + 1;
    advance(p);
    while (!p->failed) {
        if (take(p, "over"))
            parse_over(p, term);
        else if (take(p, "during"))
            parse_during(p, term);
        else
            return;
    }
}

static void parse_operand(parser *p, gd_expr_sum *sum, bool minus)
{
    char c = p->text[p->at], after = c ? p->text[p->at + 1] : '\0';
    if (g_ascii_isdigit(c) || ((c == '-' || c == '+' || c == '.') && g_ascii_isdigit(after))) {
        parse_value(p, sum, minus);
    } else if (g_ascii_islower(c) && !is_keyword(p)) {
        parse_quantity(p, sum, minus);
    } else {
        g_autofree char *shown = found(p);
        complain(p, p->at, "expected a quantity such as web.checkout.p99, found %s", shown);
    }
}

/* Four terms compare two differences; nobody can read more. Keeps add_term linear. */
#define MAX_TERMS 16

static gd_expr_sum parse_sum(parser *p)
{
    gd_expr_sum sum = {0};
    bool minus = false;
    for (unsigned n = 0; !p->failed; n++) {
        if (n == MAX_TERMS) {
            complain(p, p->at, "more than %d terms; split the expression", MAX_TERMS);
            break;
        }
        parse_operand(p, &sum, minus);
        if (p->failed || !take(p, "-"))
            break;
        minus = true;
    }
    return sum;
}

/* --- clauses -----------------------------------------------------------------------------------
 */

static const char *const op_texts[] = {"<", "<=", ">", ">=", "==", "!="};

const char *gd_expr_op_text(gd_expr_op op)
{
    return op_texts[op];
}

static bool take_op(parser *p, gd_expr_op *op)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(op_texts); i++)
        if (take(p, op_texts[i])) {
            *op = (gd_expr_op)i;
            return true;
        }
    if (at_token(p, "="))
        complain(p, p->at, "\"=\" compares nothing; write ==");
    else if (at_token(p, "!"))
        complain(p, p->at, "write not before a quantity, or != between two values");
    return false;
}

static gd_expr *new_expr(parser *p, gd_expr_kind kind)
{
    gd_expr *e = gd_arena_make(p->arena, gd_expr);
    e->kind = kind;
    e->column = (uint32_t)p->at + 1;
    return e;
}

/* The text from `from` to the token now at hand, blanks at its end left out. */
static const char *copy_text(parser *p, size_t from)
{
    size_t end = p->at;
    while (end > from && strchr(" \t\r\n", p->text[end - 1]))
        end--;
    return gd_arena_strndup(p->arena, p->text + from, end - from);
}

static gd_expr *parse_comparison(parser *p)
{
    size_t from = p->at;
    gd_expr *e = new_expr(p, GD_EXPR_BARE);
    e->left = parse_sum(p);
    if (!p->failed && take_op(p, &e->op)) {
        e->kind = GD_EXPR_COMPARE;
        e->right = parse_sum(p);
    }
    if (p->failed)
        return NULL;
    if (e->left.n + e->right.n == 0)
        complain(p, from, "this compares no quantity; write one, such as web.checkout.p99");
    else if (e->left.unit > GD_UNIT_RATIO && e->right.unit > GD_UNIT_RATIO &&
             e->left.unit != e->right.unit)
        complain(p, from, "the two sides have different units; write them in one");
    e->text = copy_text(p, from);
    return e;
}

static gd_expr *parse_clause(parser *p)
{
    size_t from = p->at;
    gd_expr *e = NULL;
    if (++p->depth > MAX_DEPTH) {
        complain(p, p->at, "nested deeper than %d; write it flatter", MAX_DEPTH);
    } else if (take(p, "not")) {
        e = new_expr(p, GD_EXPR_NOT);
        e->column = (uint32_t)from + 1;
        e->first = parse_clause(p);
        e->text = copy_text(p, from);
    } else if (take(p, "(")) {
        e = parse_or(p);
        if (!p->failed && !take(p, ")"))
            complain(p, from, "this parenthesis is not closed; write )");
    } else {
        e = parse_comparison(p);
    }
    p->depth--;
    return p->failed ? NULL : e;
}

/* One operand, or a list of them joined by `word`. */
static gd_expr *parse_list(parser *p, const char *word, gd_expr_kind kind,
                           gd_expr *(*operand)(parser *))
{
    size_t from = p->at;
    gd_expr *first = operand(p), *last = first;
    if (p->failed || !at_token(p, word))
        return first;
    gd_expr *list = new_expr(p, kind);
    list->column = (uint32_t)from + 1;
    list->first = first;
    while (!p->failed && take(p, word)) {
        last->next = operand(p);
        last = last->next;
    }
    list->text = copy_text(p, from);
    return list;
}

static gd_expr *parse_and(parser *p)
{
    return parse_list(p, "and", GD_EXPR_AND, parse_clause);
}

static gd_expr *parse_or(parser *p)
{
    return parse_list(p, "or", GD_EXPR_OR, parse_and);
}

const gd_expr *gd_expr_parse(gd_arena *arena, const char *text, const gd_node *node,
                             gd_problems *problems)
{
    parser p = {.arena = arena, .text = text, .node = node, .problems = problems};
    advance(&p);
    gd_expr *e = parse_or(&p);
    if (!p.failed && p.length) {
        g_autofree char *shown = found(&p);
        complain(&p, p.at,
                 text[p.at] == '-' ? "found %s; write a minus between two blanks"
                                   : "expected and, or, a comparison or the end, found %s",
                 shown);
    }
    return p.failed ? NULL : e;
}

const gd_expr *gd_expr_read(gd_arena *arena, const gd_node *node, gd_problems *problems)
{
    if (node->kind == GD_STRING)
        return gd_expr_parse(arena, node->text, node, problems);
    gd_problem(problems, node,
               "expected an expression in double quotes, such as \"web.checkout.p99 < 800ms\"");
    return NULL;
}
