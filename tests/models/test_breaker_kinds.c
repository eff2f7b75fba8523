/* The breakers of Hystrix, Polly and Finagle, and the states that are set by hand: scripts. */
#include "models/guard/breaker.h"
#include "tests/models/bench_plan.h"

#include <glib.h>

static const gd_hystrix_spec hystrix = {.window = 10 * GD_S,
                                        .snapshot = GD_S / 2,
                                        .request_volume = 4,
                                        .error_rate = GD_SHARE_ONE / 2,
                                        .sleep = 5 * GD_S};
static const gd_polly_spec polly = {.failure_ratio = GD_SHARE_ONE / 2,
                                    .sampling = 10 * GD_S,
                                    .min_throughput = 4,
                                    .open_for = 5 * GD_S,
                                    .open_growth = 2 * GD_SHARE_ONE,
                                    .open_max = 15 * GD_S};
static const gd_consecutive_spec three = {
    .failures = 3, .open_for = 5 * GD_S, .open_growth = 2 * GD_SHARE_ONE, .open_max = 15 * GD_S};
static const gd_consecutive_spec accrual = {.failures = 100,
                                            .success_rate = GD_SHARE_ONE / 10 * 8,
                                            .window = 30 * GD_S,
                                            .min_calls = 5,
                                            .open_for = 5 * GD_S,
                                            .open_growth = GD_SHARE_ONE,
                                            .open_max = 5 * GD_S};
#define SLIDING                                                                                    \
    .failure_rate = GD_SHARE_ONE / 2, .slow_rate = GD_SHARE_ONE, .slow_call = GD_MINUTE,           \
    .window_calls = 2, .min_calls = 2, .trial_calls = 1, .open_for = 5 * GD_S
static const gd_breaker_spec disabled = {SLIDING, .mode = GD_MODE_DISABLED};
static const gd_breaker_spec forced = {SLIDING, .mode = GD_MODE_FORCED_OPEN};
static const gd_breaker_spec metrics = {SLIDING, .mode = GD_MODE_METRICS_ONLY};
static const gd_breaker_spec growing = {SLIDING, .open_growth = 2 * GD_SHARE_ONE,
                                        .open_max = 15 * GD_S};
static const gd_breaker_spec by_itself = {SLIDING, .auto_half_open = true};
static const gd_breaker_spec back_to_closed = {SLIDING, .half_open_for = 5 * GD_S,
                                               .after_half_open = 1};
static const gd_breaker_spec own_view = {
    SLIDING,
    .counts = {[GD_SERVER_ERROR] = GD_COUNTS_IGNORED, [GD_RATE_LIMITED] = GD_COUNTS_FAILURE}};

/* Plays a script; writes the state after each step, in lower case if it refused.
 *   o x i  a call succeeds, fails, is answered rate_limited (not the callee's fault)
 *   ( ) ]  a call begins; it succeeds; it fails      . - =  0.5 s, 5 s, 10 s pass
 *   ~      5 s pass, less a nanosecond               +      a nanosecond passes */
static const struct {
    const char *name;
    const gd_policy *policy;
    gd_policy_kind kind;
    const void *spec;
    const char *script, *wanted;
} cases[] = {
#define HYSTRIX &gd_hystrix_policy, GD_POLICY_HYSTRIX, &hystrix
#define POLLY   &gd_polly_policy, GD_POLICY_POLLY, &polly
#define ROW(s)  &gd_consecutive_policy, GD_POLICY_CONSECUTIVE, &s
#define OWN(s)  &gd_breaker_policy, GD_POLICY_BREAKER, &s
    {"hystrix: a verdict is over whole slices", HYSTRIX, "xxxx.o", "CCCCCo"},
    {"hystrix: too few requests prove nothing", HYSTRIX, "xxx.o", "CCCCC"},
    {"hystrix: below the rate it stays closed", HYSTRIX, "xoox.ooo", "CCCCCooo"},
    {"hystrix: one of three is below a half", HYSTRIX, "xooo.o", "CCCCCC"},
    {"hystrix: the window forgets", HYSTRIX, "xx==xx.o", "CCCCCCCC"},
    {"hystrix: it sleeps, then one trial decides", HYSTRIX, "xxxx.o-o", "CCCCCoOC"},
    {"hystrix: a bad trial puts it to sleep again", HYSTRIX, "xxxx.o-x~o+o", "CCCCCoOOOoOC"},
    {"hystrix: no second trial beside the first", HYSTRIX, "xxxx.o-(o)", "CCCCCoOHhC"},
    {"hystrix: closed again, it begins from nothing", HYSTRIX, "xxxx.o-oxx.o", "CCCCCoOCCCCC"},
    {"polly: looked at after each failure", POLLY, "oxxx", "CCCO"},
    {"polly: below the ratio", POLLY, "ooxoox", "CCCCCC"},
    {"polly: the throughput counts", POLLY, "xxx=x", "CCCCC"},
    {"polly: one trial", POLLY, "xxxx~o+o", "CCCOOoOC"},
    {"polly: a bad one, and the break grows", POLLY, "xxxx-x-o-o", "CCCOOOOoOC"},
    {"polly: but not for ever", POLLY, "xxxx-x=x=-o", "CCCOOOOOOOC"},
    {"polly: a trial that stays away lets another in", POLLY, "xxxx-(o-o", "CCCOOHhHC"},
    {"row: three", ROW(three), "xxox xx", "CCCCCO"},
    {"row: what is ignored breaks no row", ROW(three), "xxix", "CCCO"},
    {"row: twice as long each time", ROW(three), "xxx-x-o-o", "CCOOOOoOC"},
    {"row: a good trial begins anew", ROW(three), "xxx-oxx-xxx-o", "CCOOCCCCOooOC"},
    {"rate: 3 of 4 is too few calls, 4 of 5 is not below", ROW(accrual), "ooxoo", "CCCCC"},
    {"rate: 3 of 5 is", ROW(accrual), "oooxx", "CCCCO"},
    {"rate: the window slides", ROW(accrual), "ooox===-ox", "CCCCCCCCCC"},
    {"by hand: disabled", OWN(disabled), "xxxx", "CCCC"},
    {"by hand: forced open", OWN(forced), "o-o", "cCc"},
    {"by hand: metrics only", OWN(metrics), "xxxx", "CCCC"},
    {"an open wait that grows", OWN(growing), "xx-x-o-o", "COOOOoOC"},
    {"and is capped", OWN(growing), "xx-x=x=-o", "COOOOOOOC"},
    {"half-open ends in closed", OWN(back_to_closed), "xx-(-oo", "COOHHCC"},
    {"what counts is the model's to say", OWN(own_view), "xxii", "CCCO"},
};

enum { CALL_BYTES = 64, STATE_BYTES = 4096 };

typedef struct {
    bench b;
    gd_policy_at at;
    const gd_policy *policy;
    uint64_t state[STATE_BYTES / 8], calls[2][CALL_BYTES / 8];
} rig;

static void rig_init(rig *r, const gd_policy *policy, gd_policy_kind kind, const void *spec)
{
    memset(r, 0, sizeof *r);
    r->b = bench_of(
        "'services': {'s': {'workers': 1, 'operations': {'op': [{'work': '1ms'}]}}}, 'clients': "
        "{'web': {'at': 's', 'breaker': {}, 'arrivals': {'periodic': '1/s'}}}",
        "");
    gd_run *run = r->b.run;
    uint32_t slot = gd_call_new(run);
    GD_CALLS(run)[slot].site = (uint16_t)bench_site(r->b.plan, "web>s.op");
    assert_true(gd_policy_state_bytes(kind, spec) <= sizeof r->state);
    assert_true(gd_policy_call_bytes(kind, spec) <= sizeof r->calls[0]);
    r->policy = policy;
    r->at = (gd_policy_at){.run = run,
                           .site = &r->b.plan->sites[GD_CALLS(run)[slot].site],
                           .spec = spec,
                           .state = r->state,
                           .call = slot,
                           .from = GD_NONE,
                           .ring = GD_NO_RING};
}

static bool admit(rig *r, size_t call)
{
    gd_reply reply = gd_reply_local(GD_OK);
    memset(r->calls[call], 0, sizeof r->calls[call]);
    r->at.mine = r->calls[call];
    return r->policy->admit(&r->at, &reply) == GD_PASS;
}

static void end(rig *r, size_t call, gd_outcome outcome)
{
    gd_time when = 0;
    gd_reply reply = {.outcome = outcome, .retry_after = GD_RETRY_UNSAID, .reached = true};
    r->at.mine = r->calls[call];
    assert_true(r->policy->ended(&r->at, &reply, &when) == GD_PASS);
}

/* False: it refused. */
static bool step(rig *r, char what)
{
    static const char passing[] = ".-=~+";
    static const gd_span spans[] = {GD_S / 2, 5 * GD_S, 10 * GD_S, 5 * GD_S - 1, 1};
    const char *passes = strchr(passing, what);
    if (passes)
        r->at.run->now += spans[passes - passing];
    if (what == '(')
        return admit(r, 1);
    if (what == ')' || what == ']')
        end(r, 1, what == ')' ? GD_OK : GD_SERVER_ERROR);
    if (!strchr("oxi", what))
        return true;
    if (!admit(r, 0))
        return false;
    end(r, 0, what == 'o' ? GD_OK : what == 'x' ? GD_SERVER_ERROR : GD_RATE_LIMITED);
    return true;
}

static void test_scripts(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        static rig r;
        rig_init(&r, cases[i].policy, cases[i].kind, cases[i].spec);
        char states[32] = "";
        size_t n = 0;
        for (const char *s = cases[i].script; *s; s++)
            if (*s != ' ') {
                bool passed = step(&r, *s);
                states[n++] = (passed ? "COH" : "coh")[gd_breaker_get_state(r.state)];
            }
        bench_clear(&r.b);
        check_text(states, cases[i].wanted, "%s: %s", cases[i].name, cases[i].script);
    }
}

/* Finagle's equal jitter: from h to 2 h, each instance and opening its own draw, never beyond the
 * cap. */
static void test_jitter(void **unused)
{
    (void)unused;
    static const gd_consecutive_spec jittered = {.failures = 1,
                                                 .open_for = 4 * GD_S,
                                                 .open_growth = 2 * GD_SHARE_ONE,
                                                 .open_max = 20 * GD_S,
                                                 .jitter = true};
    static rig r;
    rig_init(&r, &gd_consecutive_policy, GD_POLICY_CONSECUTIVE, &jittered);
    static const gd_span low[] = {4, 8, 16, 20}, high[] = {8, 16, 20, 20};
    gd_span before = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(low); i++) {
        assert_true(admit(&r, 0));
        end(&r, 0, GD_TIMEOUT);
        gd_span wait = ((const gd_breaker_head *)r.state)->until - r.at.run->now;
        check_that(low[i] * GD_S <= wait && wait <= high[i] * GD_S, "opening %u: %ld", i,
                   (long)wait);
        check_that(wait != before, "opening %u is drawn anew", i);
        before = i < 2 ? wait : 0;
        r.at.run->now += wait;
    }
    bench_clear(&r.b);
}

/* "auto_half_open": the state changes by itself, without a call. */
static void test_by_itself(void **unused)
{
    (void)unused;
    static rig r;
    rig_init(&r, &gd_breaker_policy, GD_POLICY_BREAKER, &by_itself);
    step(&r, 'x');
    step(&r, 'x');
    assert_int_equal(gd_breaker_get_state(r.state), 1);
    check_that(r.state[0] != 0, "its timer is set");
    r.at.run->now += 5 * GD_S;
    gd_breaker_policy.state_timer(&r.at, 0);
    assert_int_equal(gd_breaker_get_state(r.state), 2);
    bench_clear(&r.b);
}

/* In a whole run: each kind stands in the place of the breaker and stops the calls. */
static void test_in_a_run(void **unused)
{
    (void)unused;
    static const struct {
        const char *breaker;
        uint64_t sent;
    } kinds[] = {
        {"'polly': {'min_throughput': 10, 'open_for': '1h'}", 10},
        {"'consecutive': {'failures': 7, 'open_for': '1h', 'open_max': '1h'}", 7},
        /* 10 calls a second from 0.1 s on: 4 in the first slice, then 5 each; 24 at 2.5 s. */
        {"'hystrix': {'sleep': '1h'}", 24},
        {"'mode': 'forced_open'", 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *model = g_strdup_printf(
            "'services': {'s': {'workers': 1, 'operations': {'op': [{'fail': '100%%'}]}}}, "
            "'clients': {'web': {'at': 's', 'breaker': {%s}, 'arrivals': {'periodic': '10/s'}, "
            "'stop_after': 60}}",
            kinds[i].breaker);
        g_auto(bench) b = bench_of(model, "");
        bench_play(&b, "");
        const gd_edge_record *edge = bench_edge(&b, "web>s.op");
        check_that(edge->breaker_refused == 60 - kinds[i].sent, "%s: %lu refused", kinds[i].breaker,
                   (unsigned long)edge->breaker_refused);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_jitter),
        cmocka_unit_test(test_by_itself),
        cmocka_unit_test(test_in_a_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
