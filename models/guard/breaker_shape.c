/* A breaker as a model writes it. The machines are in breaker.c, hystrix.c, polly.c and
 * consecutive.c. */
#include "models/guard/breaker.h"

#include <string.h>

extern const gd_shape gd_hystrix_shape, gd_polly_shape, gd_consecutive_shape;

static const char *const counts_words[] = {"", "failure", "success", "ignore", NULL};

static void read_counts(gd_breaker_spec *breaker, gd_problems *problems)
{
    const gd_node *said = breaker->said_counts;
    if (said && said->kind != GD_OBJECT && said->kind != GD_NULL) {
        gd_problem(problems, said, "expected outcomes; write {\"rate_limited\": \"failure\"}");
        return;
    }
    for (const gd_node *m = said ? said->first : NULL; m; m = m->next) {
        unsigned outcome = 0, as = GD_COUNTS_FAILURE;
        if (gd_is_remark(m->key) || m->kind == GD_NULL)
            continue;
        while (outcome < GD_UNFINISHED && strcmp(gd_outcome_rows[outcome].name, m->key) != 0)
            outcome++;
        while (counts_words[as] && (m->kind != GD_STRING || strcmp(counts_words[as], m->text) != 0))
            as++;
        if (outcome == GD_UNFINISHED)
            gd_report_unknown(problems, m, gd_outcome_words);
        else if (!counts_words[as])
            gd_problem(problems, m, "expected \"failure\", \"success\" or \"ignore\"");
        else
            breaker->counts[outcome] = (uint8_t)as;
    }
}

/* Another kind has fields of its own. */
static void check_kinds(const gd_breaker_spec *breaker, const gd_node *node, gd_problems *problems)
{
    static const char *const kinds[] = {"hystrix", "polly", "consecutive", NULL};
    const char *said = NULL;
    unsigned n = !!breaker->hystrix + !!breaker->polly + !!breaker->consecutive;
    if (n == 0 || !node || node->kind != GD_OBJECT)
        return;
    for (const gd_node *m = node->first; m; m = m->next) {
        bool kind = false;
        if (gd_is_remark(m->key) || m->kind == GD_NULL)
            continue;
        for (unsigned i = 0; kinds[i]; i++)
            kind |= strcmp(kinds[i], m->key) == 0;
        if (kind && said)
            gd_problem(problems, m, "is a second kind of breaker; write \"%s\": null to leave it",
                       said);
        else if (kind)
            said = m->key;
        else
            gd_problem(problems, m,
                       "belongs to a breaker of another kind than the one named here; write "
                       "\"%s\": null, or take the kind away",
                       m->key);
    }
}

static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    gd_breaker_spec *breaker = spec;
    read_counts(breaker, problems);
    check_kinds(breaker, node, problems);
    if (breaker->open_max && breaker->open_max < breaker->open_for)
        gd_problem(problems, node,
                   "open_max is below open_for: no opening could be that short; raise open_max");
    if (!breaker->window_type && breaker->min_calls > breaker->window_calls)
        gd_problem(problems, node,
                   "min_calls is %u, but the window remembers only %u calls; lower min_calls or "
                   "raise window_calls",
                   breaker->min_calls, breaker->window_calls);
}

static const char *const after_words[] = {"open", "closed", NULL};
static const char *const modes[] = {"normal", "disabled", "forced_open", "metrics_only", NULL};
static const gd_shape counts_shape = {
    .name = "counts",
    .help = "per outcome, what it counts as",
    .schema = "{\"type\": \"object\", \"additionalProperties\": {\"enum\": [\"failure\", "
              "\"success\", \"ignore\", null]}}",
};
static const char *const windows[] = {"count", "time", NULL};

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_breaker_spec, failure_rate, GD_FIELD_SHARE, .fallback = "\"50%\"",
                 .min = 1000000, .max = GD_SHARE_ONE,
                 .help = "opens at or above this share of failures",
                 .source = "resilience4j failureRateThreshold"),
    GD_FIELD_ROW(gd_breaker_spec, slow_rate, GD_FIELD_SHARE, .fallback = "\"100%\"", .min = 1000000,
                 .max = GD_SHARE_ONE, .help = "opens at or above this share of slow calls",
                 .source = "resilience4j slowCallRateThreshold"),
    GD_FIELD_ROW(gd_breaker_spec, slow_call, GD_FIELD_SPAN, .fallback = "\"60s\"", .min = 1,
                 .max = GD_DAY, .help = "a call that takes longer is slow",
                 .source = "resilience4j slowCallDurationThreshold"),
    GD_FIELD_ROW(gd_breaker_spec, window_type, GD_FIELD_WORD, .fallback = "\"count\"",
                 .words = windows, .help = "the window is the last calls, or the last seconds",
                 .source = "resilience4j slidingWindowType"),
    GD_FIELD_ROW(gd_breaker_spec, window_calls, GD_FIELD_COUNT, .fallback = "100", .min = 1,
                 .max = 100000, .help = "count window: how many calls it remembers",
                 .source = "resilience4j slidingWindowSize"),
    GD_FIELD_ROW(gd_breaker_spec, window_seconds, GD_FIELD_COUNT, .fallback = "100", .min = 1,
                 .max = 3600, .help = "time window: how many seconds it remembers",
                 .source = "resilience4j slidingWindowSize"),
    GD_FIELD_ROW(gd_breaker_spec, min_calls, GD_FIELD_COUNT, .fallback = "100", .min = 1,
                 .max = 100000, .help = "no verdict before so many calls",
                 .source = "resilience4j minimumNumberOfCalls"),
    GD_FIELD_ROW(gd_breaker_spec, trial_calls, GD_FIELD_COUNT, .fallback = "10", .min = 1,
                 .max = 100000, .help = "half-open: calls let through, and results waited for",
                 .source = "resilience4j permittedNumberOfCallsInHalfOpenState"),
    GD_FIELD_ROW(gd_breaker_spec, open_for, GD_FIELD_SPAN, .fallback = "\"60s\"", .min = GD_MS,
                 .max = GD_DAY, .help = "refuses everything this long, then tries",
                 .source = "resilience4j waitDurationInOpenState"),
    GD_FIELD_ROW(gd_breaker_spec, half_open_for, GD_FIELD_SPAN, .fallback = "\"0s\"", .min = 0,
                 .max = GD_DAY,
                 .help = "half-open without a verdict this long opens again; 0: no limit",
                 .source = "resilience4j maxWaitDurationInHalfOpenState"),
    GD_FIELD_ROW(gd_breaker_spec, after_half_open, GD_FIELD_WORD, .fallback = "\"open\"",
                 .words = after_words, .help = "what it is after half_open_for",
                 .source = "resilience4j transitionToStateAfterWaitDuration"),
    GD_FIELD_ROW(gd_breaker_spec, auto_half_open, GD_FIELD_BOOL, .fallback = "false",
                 .help = "half-open by itself after open_for; else at the next call",
                 .source = "resilience4j enableAutomaticTransition"),
    GD_FIELD_ROW(gd_breaker_spec, open_growth, GD_FIELD_FACTOR, .fallback = "1",
                 .min = GD_SHARE_ONE, .max = 100 * GD_SHARE_ONE,
                 .help = "each opening in a row lasts this many times the last one",
                 .source = "resilience4j waitIntervalFunctionInOpenState"),
    GD_FIELD_ROW(gd_breaker_spec, open_max, GD_FIELD_SPAN, .fallback = "\"0s\"", .min = 0,
                 .max = GD_DAY, .help = "and at most so long; 0: no limit", .source = "assumption"),
    GD_FIELD_ROW(gd_breaker_spec, mode, GD_FIELD_WORD, .fallback = "\"normal\"", .words = modes,
                 .help = "set by hand: lets all through, nothing through, or only measures",
                 .source = "resilience4j states DISABLED, FORCED_OPEN, METRICS_ONLY"),
    {.name = "counts",
     .type = GD_FIELD_NODE,
     .offset = offsetof(gd_breaker_spec, said_counts),
     .shape = &counts_shape,
     .help = "per outcome, what it counts as: failure, success or ignore. Unsaid: failures that "
             "less traffic could cure",
     .source = "resilience4j recordExceptions, ignoreExceptions"},
    GD_FIELD_ROW(gd_breaker_spec, hystrix, GD_FIELD_OBJECT, .shape = &gd_hystrix_shape,
                 .help = "another kind instead: Hystrix's", .source = "patterns 3.8"),
    GD_FIELD_ROW(gd_breaker_spec, polly, GD_FIELD_OBJECT, .shape = &gd_polly_shape,
                 .help = "another kind instead: Polly's", .source = "patterns 3.8"),
    GD_FIELD_ROW(gd_breaker_spec, consecutive, GD_FIELD_OBJECT, .shape = &gd_consecutive_shape,
                 .help = "another kind instead: failures in a row", .source = "patterns 3.8"),
    {0},
};

const gd_shape gd_breaker_shape = {
    .name = "breaker",
    .help = "stops calling what keeps failing, then tries it gently",
    .source = "resilience4j CircuitBreaker; M. Nygard, Release It!",
    .bytes = sizeof(gd_breaker_spec),
    .fields = fields,
    .check = check,
};
