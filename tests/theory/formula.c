/* Formulas over quantities: numbers, names, + - x / with blanks around them, and parentheses.
 *
 * Beside the program's own quantities there are some that only theory asks for:
 *   services.S.wait.none               share of waits that are exactly 0 (also service, sojourn)
 *   services.S.wait.variance, .second  in ms^2; .second is the mean square
 *   CLIENT.PAGE.variance               of good answers, in ms^2
 *   CLIENT.PAGE.last_failed            end of the last window of the series with a failure, in s
 *   services.S.time_at.K, .time_from.K share of time with K, or at least K, in the service
 *   services.S.entries.K               how often K was reached from below, a second
 *   services.S.passage.K               mean time from empty until K are in it, in s
 *   services.S.at.SPAN, .empty_at.SPAN how many are in it at that moment; 1 when nobody is
 *   services.S.empty_after.SPAN        s from that moment until it is empty
 *   seconds                            that were simulated
 */
#include "tests/theory/formula.h"

#include "sim/spec/quantity.h"

#include <stdarg.h>
#include <string.h>

typedef struct {
    gd_arena *arena;
    const gd_plan *plan;
    theory_question *question;
    GPtrArray *words;
    guint next;
    char **why;
} reader;

/* ---- reading ----------------------------------------------------------------------------------
 */
static const char *peek(const reader *r)
{
    return r->next < r->words->len ? g_ptr_array_index(r->words, r->next) : "";
}

static bool take(reader *r, const char *word)
{
    bool same = strcmp(peek(r), word) == 0;
    r->next += same;
    return same;
}

__attribute__((format(printf, 2, 3))) static void *fail(reader *r, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (!*r->why)
        *r->why = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return NULL;
}

static theory_formula *make(reader *r, theory_kind what)
{
    theory_formula *formula = gd_arena_make(r->arena, theory_formula);
    formula->kind = what;
    return formula;
}

static bool read_span(reader *r, const char *text, gd_time *span)
{
    const char *what;
    if (gd_parse_span(text, span, &what))
        return true;
    fail(r, "\"%s\" is no span", text);
    return false;
}

/* The slot of `value` in a list of the question; it is added when new. */
static uint32_t slot_of_time(gd_time *list, uint32_t *n, gd_time value)
{
    for (uint32_t i = 0; i < *n; i++)
        if (list[i] == value)
            return i;
    g_assert(*n < THEORY_TIMES);
    list[*n] = value;
    return (*n)++;
}

static theory_formula *watched(reader *r, uint32_t service, theory_kind what, const char *rest)
{
    theory_question *question = r->question;
    theory_formula *formula = make(r, what);
    if (question->service != GD_NONE && question->service != service)
        return fail(r, "one service a case can be watched, and this is another: %s", rest);
    question->service = service;
    gd_time span = 0;
    if (what == THEORY_SEEN || what == THEORY_SEEN_EMPTY || what == THEORY_EMPTIED) {
        if (!read_span(r, rest, &span))
            return NULL;
        formula->part = what != THEORY_EMPTIED
                            ? slot_of_time(question->at, &question->n_at, span)
                            : slot_of_time(question->empty_after, &question->n_empty_after, span);
        return formula;
    }
    uint64_t level;
    if (!g_ascii_string_to_unsigned(rest, 10, 0, THEORY_LEVELS - 1, &level, NULL))
        return fail(r, "\"%s\" is no number of requests", rest);
    formula->part = (uint32_t)level;
    if (what != THEORY_PASSAGE)
        return formula;
    uint32_t slot = 0;
    while (slot < question->n_passages && question->passages[slot] != level)
        slot++;
    g_assert(slot < THEORY_TIMES);
    question->passages[slot] = (uint32_t)level;
    question->n_passages = MAX(question->n_passages, slot + 1);
    formula->part = slot;
    return formula;
}

static const struct {
    const char *word;
    theory_kind kind;
    uint32_t part;
} own_words[] = {
    {"wait.none", THEORY_NONE, 0},
    {"wait.variance", THEORY_VARIANCE, 0},
    {"wait.second", THEORY_SECOND, 0},
    {"service.none", THEORY_NONE, 1},
    {"service.variance", THEORY_VARIANCE, 1},
    {"service.second", THEORY_SECOND, 1},
    {"sojourn.none", THEORY_NONE, 2},
    {"sojourn.variance", THEORY_VARIANCE, 2},
    {"sojourn.second", THEORY_SECOND, 2},
    {"time_at.", THEORY_TIME_AT, 0},
    {"time_from.", THEORY_TIME_FROM, 0},
    {"entries.", THEORY_ENTRIES, 0},
    {"passage.", THEORY_PASSAGE, 0},
    {"at.", THEORY_SEEN, 0},
    {"empty_at.", THEORY_SEEN_EMPTY, 0},
    {"empty_after.", THEORY_EMPTIED, 0},
};

/* A name of this file, or NULL without an error. */
static theory_formula *own_of_service(reader *r, const char *name)
{
    for (uint32_t i = 0; i < r->plan->n_services; i++) {
        g_autofree char *prefix = g_strconcat("services.", r->plan->services[i].name, ".", NULL);
        if (!g_str_has_prefix(name, prefix))
            continue;
        const char *rest = name + strlen(prefix);
        for (size_t k = 0; k < G_N_ELEMENTS(own_words); k++) {
            size_t length = strlen(own_words[k].word);
            if (own_words[k].kind < THEORY_TIME_AT ? strcmp(rest, own_words[k].word) != 0
                                                   : strncmp(rest, own_words[k].word, length) != 0)
                continue;
            theory_formula *formula = own_words[k].kind < THEORY_TIME_AT
                                          ? make(r, own_words[k].kind)
                                          : watched(r, i, own_words[k].kind, rest + length);
            if (formula && own_words[k].kind < THEORY_TIME_AT)
                formula->part = own_words[k].part;
            if (formula)
                formula->index = i;
            return formula;
        }
    }
    return NULL;
}

static theory_formula *own_of_view(reader *r, const char *name)
{
    for (uint32_t i = 0; i < r->plan->n_views; i++) {
        g_autofree char *variance = g_strconcat(r->plan->views[i].name, ".variance", NULL);
        g_autofree char *failed = g_strconcat(r->plan->views[i].name, ".last_failed", NULL);
        bool is_variance = strcmp(name, variance) == 0;
        if (!is_variance && strcmp(name, failed) != 0)
            continue;
        theory_formula *formula = make(r, is_variance ? THEORY_VARIANCE : THEORY_LAST_FAILED);
        formula->index = i;
        formula->part = 3; /* of the view, not of a service */
        return formula;
    }
    return NULL;
}

static theory_formula *read_quantity(reader *r, const char *name)
{
    static const char *const phases[] = {"before", "fault", "after", "all"};
    theory_formula *formula = make(r, THEORY_QUANTITY);
    g_autofree char *why = NULL;
    if (!gd_quantity_find(r->plan, name, &formula->quantity, &why))
        return fail(r, "%s", why);
    formula->phase = GD_ALL;
    if (take(r, "during")) {
        for (unsigned phase = 0; phase <= GD_ALL; phase++)
            if (take(r, phases[phase])) {
                formula->phase = phase;
                return formula;
            }
        return fail(r, "\"%s\" is no phase", peek(r));
    }
    if (take(r, "from")) {
        formula->kind = THEORY_WINDOWS;
        if (!read_span(r, peek(r), &formula->from))
            return NULL;
        r->next++;
        if (!take(r, "to") || !read_span(r, peek(r), &formula->to))
            return fail(r, "expected \"to\" and a span, not \"%s\"", peek(r));
        r->next++;
    }
    return formula;
}

static theory_formula *read_sum(reader *r);

static theory_formula *read_leaf(reader *r)
{
    const char *word = peek(r);
    if (!*word)
        return fail(r, "something is missing at the end");
    r->next++;
    if (strcmp(word, "(") == 0) {
        theory_formula *inner = read_sum(r);
        return inner && take(r, ")") ? inner : fail(r, "a ) is missing before \"%s\"", peek(r));
    }
    char *end;
    double number = g_ascii_strtod(word, &end);
    if (end != word && *end == '\0') {
        theory_formula *formula = make(r, THEORY_NUMBER);
        formula->number = number;
        return formula;
    }
    if (strcmp(word, "seconds") == 0)
        return make(r, THEORY_SECONDS);
    theory_formula *own = own_of_service(r, word);
    if (!own && !*r->why)
        own = own_of_view(r, word);
    return own || *r->why ? own : read_quantity(r, word);
}

static theory_formula *read_product(reader *r)
{
    theory_formula *left = read_leaf(r);
    while (left && (strcmp(peek(r), "*") == 0 || strcmp(peek(r), "/") == 0)) {
        theory_formula *both = make(r, take(r, "*") ? THEORY_PRODUCT : THEORY_RATIO);
        if (both->kind == THEORY_RATIO)
            r->next++;
        both->left = left;
        both->right = read_leaf(r);
        left = both->right ? both : NULL;
    }
    return left;
}

static theory_formula *read_sum(reader *r)
{
    theory_formula *left = read_product(r);
    while (left && (strcmp(peek(r), "+") == 0 || strcmp(peek(r), "-") == 0)) {
        theory_formula *both = make(r, take(r, "+") ? THEORY_SUM : THEORY_DIFFERENCE);
        if (both->kind == THEORY_DIFFERENCE)
            r->next++;
        both->left = left;
        both->right = read_product(r);
        left = both->right ? both : NULL;
    }
    return left;
}

const theory_formula *theory_formula_parse(gd_arena *arena, const gd_plan *plan, const char *text,
                                           theory_question *question, char **why)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, " ()");
        if (*at != ' ') {
            length = MAX(length, 1);
            g_ptr_array_add(words, g_strndup(at, length));
        }
        at += MAX(length, 1);
    }
    *why = NULL;
    reader r = {arena, plan, question, words, 0, why};
    const theory_formula *formula = read_sum(&r);
    if (formula && r.next < words->len)
        formula = fail(&r, "\"%s\" is too much", peek(&r));
    return *why ? NULL : formula;
}

bool theory_formula_is_quantile(const theory_formula *formula)
{
    if (formula->left)
        return theory_formula_is_quantile(formula->left) ||
               theory_formula_is_quantile(formula->right);
    gd_at at = formula->kind == THEORY_QUANTITY ? formula->quantity.row->at : GD_AT_COUNT;
    bool latency = at == GD_AT_LATENCY || at == GD_AT_LATENCIES;
    return latency && formula->quantity.part != 0 && formula->quantity.part != 6; /* mean, max */
}
