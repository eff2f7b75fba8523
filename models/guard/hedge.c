/* Hedging: when an answer is slow, the same question goes out once more, and the first good answer
 * wins. It cures the tail of single replicas, at the price of duplicate work.
 *
 *   send #1; each `delay` without an answer, while copies are left and the budget allows: send the
 *   next. A good answer wins: the rest is given up. A failure that is not fatal: the next copy at
 *   once, and the delay starts anew. A fatal one: the rest is given up, the call fails. When all
 *   copies have failed, the last failure is the call's.
 *
 * The delay is a span, or a percentile of this site's recent healthy latencies at this caller
 * instance (first copies only; one that was overtaken counts with the time it had taken by then,
 * which is beyond the delay anyway, so that the share beyond it is right). Extra load is
 * P(latency > delay). `after_timeout` is Envoy's hedge_on_per_try_timeout: the per-try timeout
 * sends a copy and ends nothing; a failure is discarded while another copy is out.
 *
 * Sources: gRFC A6 (hedgingPolicy: maxAttempts, hedgingDelay, nonFatalStatusCodes, pushback); Envoy
 * HedgePolicy; Finagle BackupRequestFilter (percentile delay, maxExtraLoad) and its
 * WindowedPercentileHistogram (30 s); Dean, Barroso, "The Tail at Scale", CACM 2013 (tied
 * requests).
 */
#include "models/guard/hedge.h"

#include "models/guard/budget.h"
#include "models/guard/policy.h"
#include "models/guard/recent.h"

#include <string.h>

static const gd_counter_row counters[] = {
    {"sent", NULL},
    {"wins", NULL},
    {"duplicates", NULL},
    {"untied", NULL},
    {"no_budget", "its budget had no copy left"},
    {"pushed_back", "the callee said not to send another copy"},
    {"no_percentile", "too few healthy answers for a percentile: the fixed delay stands in"},
    {0},
};

/* ---- recent latencies ------------------------------------------------------------------------ */
static gd_recent_of window_of(const gd_hedge_spec *spec)
{
    return (gd_recent_of){
        .window = spec->window, .share = spec->percentile, .min_calls = spec->min_calls};
}

static void learn(const gd_policy_at *at, gd_span latency)
{
    const gd_hedge_spec *spec = at->spec;
    gd_recent_of of = window_of(spec);
    if (spec->percentile)
        gd_recent_add(at->state, &of, at->run->now, latency);
}

static gd_span delay_now(const gd_policy_at *at)
{
    const gd_hedge_spec *spec = at->spec;
    gd_recent_of of = window_of(spec);
    if (!spec->percentile)
        return spec->delay;
    gd_span delay = gd_recent_get(at->state, &of, at->run->now);
    gd_policy_count(at, GD_HEDGE_TOO_FEW, delay == 0);
    return delay ? delay : spec->delay;
}

/* ---- budget -------------------------------------------------------------------------------- */
static uint32_t counts_bytes(const gd_hedge_spec *spec)
{
    return spec->percentile ? gd_recent_bytes() : 0;
}

static gd_budget_at budget_at(const gd_policy_at *at)
{
    const gd_hedge_spec *spec = at->spec;
    return (gd_budget_at){
        .now = at->run->now,
        .spec = spec->budget.spec,
        .mine = (char *)at->mine + sizeof(gd_hedge_call),
        .state = at->state ? (char *)at->state + counts_bytes(spec) : NULL,
    };
}

/* Takes one more copy from the budget, if there is one. */
static bool afford(const gd_policy_at *at, const gd_reply *reply)
{
    const gd_hedge_spec *spec = at->spec;
    gd_hedge_call *mine = at->mine;
    if (mine->sent >= spec->max_attempts || mine->stopped)
        return false;
    gd_budget_at budget = budget_at(at);
    if (!gd_budget_acquire(spec->budget_kind, &budget, reply, mine->sent)) {
        gd_policy_count(at, GD_HEDGE_NO_BUDGET, 1);
        return false;
    }
    gd_budget_sent(spec->budget_kind, &budget);
    mine->sent++;
    mine->live++;
    gd_policy_count(at, GD_HEDGE_SENT, 1);
    return true;
}

/* ---- moments ------------------------------------------------------------------------------- */
/* The next copy may go after another delay, while there is one left. */
static void arm(const gd_policy_at *at)
{
    const gd_hedge_spec *spec = at->spec;
    gd_hedge_call *mine = at->mine;
    mine->word = 0;
    if (mine->sent < spec->max_attempts)
        gd_policy_timer(at, 0, delay_now(at));
}

static gd_verdict admit(const gd_policy_at *at, gd_reply *reply)
{
    const gd_hedge_spec *spec = at->spec;
    gd_hedge_call *mine = at->mine;
    (void)reply;
    *mine = (gd_hedge_call){.first = at->run->now, .sent = 1, .live = 1, .own = true};
    gd_budget_at budget = budget_at(at);
    if (spec->budget_kind != GD_BUDGETS)
        memset(budget.mine, 0, gd_budget_call_bytes(spec->budget_kind));
    gd_budget_began(spec->budget_kind, &budget);
    gd_budget_sent(spec->budget_kind, &budget);
    arm(at);
    return GD_PASS;
}

static gd_verdict timer(const gd_policy_at *at, unsigned n, gd_reply *reply)
{
    gd_hedge_call *mine = at->mine;
    (void)n;
    mine->late = true;
    if (!afford(at, reply))
        return GD_PASS;
    arm(at);
    return GD_ALSO;
}

/* Nobody waits for what is still out. */
static void give_up(const gd_policy_at *at)
{
    const gd_hedge_spec *spec = at->spec;
    gd_hedge_call *mine = at->mine;
    mine->word = 0;
    if (mine->own && !mine->again && mine->sent > 1) /* overtaken: it would have taken longer */
        learn(at, at->run->now - mine->first);
    gd_policy_count(at, GD_HEDGE_LOSERS, mine->live);
    gd_budget_at budget = budget_at(at);
    gd_reply given_up = gd_reply_local(GD_CANCELLED);
    for (; mine->live > 0; mine->live--)
        gd_budget_ended(spec->budget_kind, &budget, &given_up, false);
    mine->own = false;
    gd_call_copies_stop(at->run, at->call, spec->cancel_losers);
}

/* A copy that the caller's own policies did not let out, or that its twin took out of a queue: the
 * others go on. */
static bool is_no_answer(gd_outcome outcome)
{
    return outcome == GD_CANCELLED || outcome == GD_BULKHEAD_FULL || outcome == GD_BREAKER_OPEN ||
           outcome == GD_THROTTLED_LOCAL;
}

/* gRPC pushback: none any more, or the next one then. True when it says when. */
static bool is_pushed_back(const gd_policy_at *at, const gd_reply *reply)
{
    const gd_hedge_spec *spec = at->spec;
    gd_hedge_call *mine = at->mine;
    if (reply->retry_after == GD_RETRY_STOP) {
        mine->stopped = true;
        mine->word = 0;
        gd_policy_count(at, GD_HEDGE_STOPPED, 1);
    }
    if (reply->retry_after < 0 || mine->sent >= spec->max_attempts || mine->live == 0)
        return false;
    gd_policy_timer(at, 0, reply->retry_after);
    return true;
}

static gd_verdict settle(const gd_policy_at *at, bool good)
{
    const gd_hedge_spec *spec = at->spec;
    give_up(at);
    gd_budget_at budget = budget_at(at);
    gd_budget_over(spec->budget_kind, &budget, good);
    return GD_PASS;
}

static gd_verdict ended(const gd_policy_at *at, gd_reply *reply, gd_time *when)
{
    const gd_hedge_spec *spec = at->spec;
    gd_hedge_call *mine = at->mine;
    bool good = gd_outcome_rows[reply->outcome].good;
    bool fatal = !good && !(at->site->hedge_mask >> reply->outcome & 1u);
    (void)when;
    mine->live--;
    gd_budget_at budget = budget_at(at);
    gd_budget_ended(spec->budget_kind, &budget, reply, !good && !fatal);
    if (!at->copy) {
        mine->own = false;
        if (!mine->again && (good || reply->outcome == GD_TIMEOUT))
            learn(at, at->run->now - mine->first);
    } else {
        gd_policy_count(at, GD_HEDGE_WINS, good);
    }
    if (good)
        return settle(at, true);
    if (is_no_answer(reply->outcome) && mine->live > 0)
        return GD_PARK;
    bool waits = spec->after_timeout && mine->late && mine->live > 0;
    if (!fatal && is_pushed_back(at, reply))
        return GD_PARK;
    if (!fatal && !waits && afford(at, reply)) {
        arm(at);
        if (!at->copy)
            mine->own = mine->again = true;
        return at->copy ? GD_ALSO : GD_AGAIN;
    }
    if ((!fatal || waits) && mine->live > 0)
        return GD_PARK;
    return settle(at, false);
}

static void cancelled(const gd_policy_at *at)
{
    settle(at, false);
}

/* Whether the whole of a call, or a copy of it, is out at that instance. */
static bool is_asked(const gd_run *run, uint32_t call, uint32_t target)
{
    const gd_call *calls = GD_CALLS(run);
    if (calls[call].state == GD_CALL_SENT && calls[call].target == target)
        return true;
    for (uint32_t i = calls[call].copies; i != 0; i = (uint32_t)calls[i - 1].begun)
        if (is_asked(run, i - 1, target)) /* as deep as a chain has hedges: two */
            return true;
    return false;
}

static bool avoids(const gd_policy_at *at, uint32_t target)
{
    uint32_t whole = gd_call_whole(at->run, at->call);
    return GD_CALLS(at->run)[whole].copies != 0 && is_asked(at->run, whole, target);
}

/* How often the balancer is asked for an instance where no copy is out: assumption, so that a
 * random pick of two finds the other one in 255 of 256 cases. */
#define RESELECTS 8u

static uint32_t reselects(const void *spec)
{
    return ((const gd_hedge_spec *)spec)->pick_other_host ? RESELECTS : 0;
}

static uint32_t call_bytes(const void *spec)
{
    return gd_budget_call_bytes(((const gd_hedge_spec *)spec)->budget_kind);
}

static uint32_t state_bytes(const void *spec)
{
    const gd_hedge_spec *hedge = spec;
    return counts_bytes(hedge) + gd_budget_state_bytes(hedge->budget_kind);
}

static bool listens(const void *spec)
{
    (void)spec;
    return true;
}

static gd_span timer_span(const void *spec)
{
    const gd_hedge_spec *hedge = spec;
    return hedge->percentile ? 0 : hedge->delay;
}

const gd_policy gd_hedge_policy = {
    .counters = counters,
    .admit = admit,
    .ended = ended,
    .cancelled = cancelled,
    .timer = timer,
    .avoids = avoids,
    .timers = 1,
    .call_bytes = sizeof(gd_hedge_call),
    .more_call_bytes = call_bytes,
    .more_state_bytes = state_bytes,
    .timer_span = timer_span,
    .reselects = reselects,
    .hears_retry_after = listens,
};

/* ---- as a model writes it ----------------------------------------------------------------------
 */
static void read_non_fatal(gd_hedge_spec *hedge, gd_problems *problems)
{
    const gd_node *list = hedge->non_fatal;
    if (list->kind != GD_ARRAY) {
        gd_problem(problems, list, "expected outcomes; write [\"unavailable\", \"shed\"]");
        return;
    }
    for (const gd_node *name = list->first; name; name = name->next) {
        int outcome = 0;
        while (outcome < GD_UNFINISHED &&
               (name->kind != GD_STRING || strcmp(gd_outcome_rows[outcome].name, name->text) != 0))
            outcome++;
        if (outcome == GD_UNFINISHED || gd_outcome_rows[outcome].good)
            gd_problem(problems, name, "is no failure; write \"unavailable\", \"timeout\" …");
        else
            hedge->mask |= UINT32_C(1) << outcome;
    }
}

static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    gd_hedge_spec *hedge = spec;
    hedge->mask = 0;
    hedge->budget_kind = (uint8_t)gd_budget_of(&hedge->budget);
    if (hedge->non_fatal)
        read_non_fatal(hedge, problems);
    if (hedge->after_timeout && hedge->percentile)
        gd_problem(problems, node,
                   "after_timeout sends a copy at the call's timeout, and percentile says another "
                   "moment; keep one of them");
    if (hedge->tied && hedge->max_attempts > 2)
        gd_problem(problems, node,
                   "tied copies know of one another in pairs, and max_attempts is %u; write 2",
                   hedge->max_attempts);
}

static const gd_shape non_fatal_shape = {
    .name = "non_fatal",
    .schema = "{\"type\": \"array\", \"items\": {\"type\": \"string\"}}",
};

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_hedge_spec, max_attempts, GD_FIELD_COUNT, .fallback = "2", .min = 2, .max = 5,
                 .help = "copies in all, the first included",
                 .source = "gRFC A6: at least 2, more than 5 act as 5; Polly: one more"),
    GD_FIELD_ROW(gd_hedge_spec, delay, GD_FIELD_SPAN, .fallback = "\"2s\"", .min = 0, .max = GD_DAY,
                 .help = "how long without an answer before the next copy; \"0s\": all at once. "
                         "With percentile: until enough answers are known",
                 .source = "Polly HedgingStrategyOptions.Delay; good: p95 of healthy latency"),
    GD_FIELD_ROW(gd_hedge_spec, percentile, GD_FIELD_SHARE, .min = 500000000,
                 .max = GD_SHARE_ONE - 1,
                 .help = "waits this percentile of the recent healthy latencies instead: \"95%\" "
                         "sends about 5 % more",
                 .source = "Finagle BackupRequestFilter; Dean, Barroso, CACM 2013"),
    GD_FIELD_ROW(gd_hedge_spec, window, GD_FIELD_SPAN, .fallback = "\"30s\"", .min = GD_MS,
                 .max = GD_DAY, .help = "percentile: how far back it remembers",
                 .source = "Finagle WindowedPercentileHistogram: 3 x 10 s"),
    GD_FIELD_ROW(gd_hedge_spec, min_calls, GD_FIELD_COUNT, .fallback = "50", .min = 1,
                 .max = 1000000,
                 .help = "percentile: answers that it needs before it replaces `delay`",
                 .source = "assumption: two or three answers beyond a p95"),
    GD_FIELD_ROW(gd_hedge_spec, non_fatal, GD_FIELD_NODES, .shape = &non_fatal_shape,
                 .help = "failures that send the next copy at once instead of failing the call. "
                         "Absent: those that `on` would retry",
                 .source = "gRFC A6 nonFatalStatusCodes"),
    GD_FIELD_ROW(gd_hedge_spec, budget, GD_FIELD_VARIANT, .variants = gd_budget_shapes,
                 .help = "limits the share of copies that are not the first. Absent: no limit",
                 .source = "patterns 3.4 and 3.6; Finagle maxExtraLoad"),
    GD_FIELD_ROW(gd_hedge_spec, after_timeout, GD_FIELD_BOOL, .fallback = "false",
                 .help = "the call's `timeout` sends the next copy and ends nothing; bound it by "
                         "a deadline",
                 .source = "Envoy HedgePolicy hedge_on_per_try_timeout"),
    GD_FIELD_ROW(gd_hedge_spec, cancel_losers, GD_FIELD_BOOL, .fallback = "true",
                 .help = "tells the callees of the other copies when one has answered; their "
                         "`cancellation` says whether that saves work",
                 .source = "gRFC A6"),
    GD_FIELD_ROW(gd_hedge_spec, pick_other_host, GD_FIELD_BOOL, .fallback = "true",
                 .help = "a copy goes to an instance where none of the others is out",
                 .source = "patterns 3.6"),
    GD_FIELD_ROW(gd_hedge_spec, tied, GD_FIELD_BOOL, .fallback = "false",
                 .help = "each copy knows the other's instance: the one that starts first takes "
                         "the other out of its queue",
                 .source = "Dean, Barroso, CACM 2013: tied requests"),
    {0},
};

const gd_shape gd_hedge_shape = {
    .name = "hedge",
    .help = "sends a second copy when the answer is slow; the first good answer wins",
    .source = "gRFC A6; Envoy HedgePolicy; Polly; Dean, Barroso, The Tail at Scale",
    .bytes = sizeof(gd_hedge_spec),
    .fields = fields,
    .bare = "delay",
    .check = check,
    .concept =
        &(const gd_concept){
            .title = "Hedged requests",
            .idea = "When an answer is slow, ask another instance the same; take the first answer.",
            .cures = "The slow tail of single replicas: a pause, a hiccup, an unlucky queue.",
            .cures_not = "A slow-down that all replicas share: then each copy is more load.",
            .price = "Duplicate work: about P(latency > delay) more requests.",
            .dangerous_with = "high utilisation u, unstable when u (1 + hedged share) reaches 1; "
                              "expensive or non-idempotent calls",
            .numbers = "a copy after 10 ms cut the p99.9 of a fan-out from 1,800 ms to 74 ms for "
                       "2 % more requests",
            .source = "Dean, Barroso, The Tail at Scale (CACM 2013); gRFC A6",
            .pattern = "hedge",
        },
};
