/* The circuit breaker over random histories: at each step it is where the plain definition says,
 * which keeps every result and counts them anew. */
#include "tests/models/breaker_rig.h"

#include <glib.h>

enum { CLOSED, OPEN, HALF_OPEN, HISTORY = 400 };

typedef struct {
    gd_time at;
    bool failed, slow;
} result;

typedef struct {
    const gd_breaker_spec *spec;
    unsigned state, epoch, given; /* given: trials that went through and were not given back */
    gd_time since;
    result results[HISTORY]; /* all since the last change */
    size_t n;
} plain;

static void plain_enter(plain *p, unsigned state, gd_time now)
{
    p->state = state;
    p->since = now;
    p->epoch++;
    p->given = 0;
    p->n = 0;
}

static bool plain_admit(plain *p, gd_time now)
{
    const gd_breaker_spec *spec = p->spec;
    if (p->state == OPEN && now - p->since >= spec->open_for)
        plain_enter(p, HALF_OPEN, now);
    else if (p->state == HALF_OPEN && spec->half_open_for && now - p->since >= spec->half_open_for)
        plain_enter(p, OPEN, now);
    if (p->state == OPEN || (p->state == HALF_OPEN && p->given == spec->trial_calls))
        return false;
    p->given++;
    return true;
}

static bool in_window(const plain *p, size_t i, gd_time now)
{
    if (p->state == HALF_OPEN)
        return true;
    if (p->spec->window_type)
        return now / GD_S - p->results[i].at / GD_S < p->spec->window_seconds;
    return p->n - i <= p->spec->window_calls;
}

static void plain_judge(plain *p, gd_time now)
{
    const gd_breaker_spec *spec = p->spec;
    uint64_t n = 0, failed = 0, slow = 0, minimum = spec->min_calls;
    for (size_t i = 0; i < p->n; i++) {
        if (!in_window(p, i, now))
            continue;
        n++;
        failed += p->results[i].failed;
        slow += p->results[i].slow;
    }
    if (p->state == HALF_OPEN && spec->trial_calls < minimum)
        minimum = spec->trial_calls;
    if (n < minimum)
        return;
    if (failed * GD_SHARE_ONE >= n * (uint64_t)spec->failure_rate ||
        slow * GD_SHARE_ONE >= n * (uint64_t)spec->slow_rate)
        plain_enter(p, OPEN, now);
    else if (p->state == HALF_OPEN)
        plain_enter(p, CLOSED, now);
}

typedef struct {
    bool out;
    unsigned epoch;
    gd_time admitted;
} plain_call;

static void plain_ended(plain *p, const plain_call *call, gd_outcome outcome, gd_time now)
{
    bool good = gd_outcome_rows[outcome].good;
    if (call->epoch != p->epoch)
        return;
    if (!good && !gd_outcome_rows[outcome].breaker) {
        p->given -= p->state == HALF_OPEN;
        return;
    }
    assert_true(p->n < HISTORY);
    p->results[p->n++] = (result){now, !good, now - call->admitted > p->spec->slow_call};
    plain_judge(p, now);
}

static uint64_t roll(uint64_t *u, uint64_t n)
{
    *u = gd_next(*u);
    return gd_below(*u, n);
}

static gd_breaker_spec draw_spec(uint64_t *u)
{
    static const gd_share rates[] = {GD_SHARE_ONE / 100, GD_SHARE_ONE / 10 * 3, GD_SHARE_ONE / 2,
                                     GD_SHARE_ONE};
    gd_breaker_spec spec = {.slow_call = 100 * GD_MS, .open_for = GD_S};
    spec.failure_rate = rates[roll(u, 4)];
    spec.slow_rate = rates[roll(u, 4)];
    spec.window_type = roll(u, 2) > 0;
    spec.window_calls = 1 + (uint32_t)roll(u, 20);
    spec.window_seconds = 1 + (uint32_t)roll(u, 5);
    spec.trial_calls = 1 + (uint32_t)roll(u, 5);
    spec.half_open_for = roll(u, 2) ? 700 * GD_MS : 0;
    spec.min_calls = 1 + (uint32_t)roll(u, spec.window_calls);
    return spec;
}

static unsigned visits[3], refusals, stale;

static void one_history(unsigned seed)
{
    static rig r;
    static plain p;
    plain_call calls[CALLS] = {0};
    uint64_t u = gd_mix_n(seed, 0);
    gd_breaker_spec spec = draw_spec(&u);
    rig_init(&r, &spec);
    p = (plain){.spec = &spec};
    /* A few quiet histories, a few bad ones. */
    uint64_t badness = gd_below(gd_mix_n(seed, 1), 10);
    for (unsigned i = 0; i < HISTORY; i++) {
        static const gd_span steps[] = {0, 1, 50 * GD_MS, 100 * GD_MS, 1500 * GD_MS};
        static const gd_outcome bad[] = {GD_TIMEOUT, GD_SERVER_ERROR, GD_CLIENT_ERROR, GD_SHED};
        r.b.run->now += steps[roll(&u, 5)];
        gd_time now = r.b.run->now;
        size_t c = roll(&u, CALLS);
        if (!calls[c].out) {
            bool passed = plain_admit(&p, now);
            check_that(rig_admit(&r, c) == passed, "seed %u step %u", seed, i);
            calls[c] = (plain_call){passed, p.epoch, now};
            refusals += !passed;
        } else if (roll(&u, 20) == 0) {
            rig_cancel(&r, c);
            if (calls[c].epoch == p.epoch)
                p.given -= p.state == HALF_OPEN;
            calls[c].out = false;
        } else {
            gd_outcome outcome = roll(&u, 10) < badness ? bad[roll(&u, 4)] : GD_OK;
            stale += calls[c].epoch != p.epoch;
            rig_end(&r, c, outcome);
            plain_ended(&p, &calls[c], outcome, now);
            calls[c].out = false;
        }
        visits[p.state]++;
        check_that(gd_breaker_get_state(r.state) == p.state, "seed %u step %u: %u, not %u", seed, i,
                   gd_breaker_get_state(r.state), p.state);
    }
    bench_clear(&r.b);
}

static void test_it_is_the_plain_definition(void **unused)
{
    (void)unused;
    for (unsigned seed = 1; seed <= 1000; seed++)
        one_history(seed);
    check_that(visits[CLOSED] > 10000 && visits[OPEN] > 10000 && visits[HALF_OPEN] > 10000 &&
                   refusals > 10000 && stale > 1000,
               "%u %u %u, %u, %u", visits[CLOSED], visits[OPEN], visits[HALF_OPEN], refusals,
               stale);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_the_plain_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
