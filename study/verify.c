#include "study/verify.h"

#include "sim/spec/quantity.h"
#include "study/run.h"

#include <string.h>

/* Between two looks at how far the threads are. */
#define LOOK_US 20000u

/* The two arms, and what each seed said of each claim in them. */
typedef struct {
    gd_arm *claim, *control;
    uint32_t seeds, room;     /* room: members of `expect`, not all of which are claims */
    GPtrArray *names, *texts; /* of the claims, as the first seed's result has them */
    guint8 *verdicts[2];      /* [arm][seed x room + claim]: gd_claim_verdict */
    guint8 *partial;          /* [seed]: a budget ended one of its runs */
    gint next, done;          /* atomic */
    gint64 *simulated;        /* [thread], atomic: what it has simulated so far, ns */
    gint threads, stop;       /* atomic */
} trial;

/* One thread's view of the trial. */
typedef struct {
    trial *all;
    gint64 *simulated, before; /* before: of the runs that it has finished */
} worker;

static bool goes_on(void *user, const gd_run *run)
{
    worker *mine = user;
    __atomic_store_n(mine->simulated, mine->before + gd_run_get_now(run), __ATOMIC_RELAXED);
    return !g_atomic_int_get(&mine->all->stop);
}

static gd_result *play(worker *mine, const gd_arm *arm, gd_run *run, const gd_result *control)
{
    gd_watch watch = {.goes_on = goes_on, .user = mine};
    gd_result *result = gd_arm_play(arm, run, control, &watch);
    mine->before += arm->plan->horizon;
    return result;
}

/* Of what both arms simulate, seeds in progress included. */
static double share_done(const trial *all)
{
    double done = 0;
    for (gint i = 0, n = g_atomic_int_get(&all->threads); i < n; i++)
        done += (double)__atomic_load_n(&all->simulated[i], __ATOMIC_RELAXED);
    double a_seed = (double)all->claim->plan->horizon +
                    (double)all->control->plan->horizon * (all->control->needs_control ? 2 : 1);
    return MIN(1, done / (a_seed * all->seeds));
}

static void keep(trial *all, unsigned arm, uint32_t seed, const gd_result *result)
{
    g_assert(result->n_claims <= all->room);
    for (uint32_t i = 0; i < result->n_claims; i++) {
        all->verdicts[arm][(size_t)seed * all->room + i] = (guint8)result->claims[i].verdict;
        if (seed == 0 && arm == 0) {
            g_ptr_array_add(all->names, g_strdup(result->claims[i].name));
            g_ptr_array_add(all->texts, g_strdup(result->claims[i].text));
        }
    }
    if (result->end >= GD_END_EVENTS)
        all->partial[seed] = 1;
}

/* Seeds are 1, 2, …; index 0 is seed 1. */
static void play_seed(worker *mine, gd_run *runs[2], uint32_t index)
{
    trial *all = mine->all;
    gd_run_reset(runs[1], index + 1);
    g_autoptr(gd_result) control = play(mine, all->control, runs[1], NULL);
    if (all->control->needs_control) {
        /* The control's own control is itself: a comparison then finds no difference. */
        gd_run_reset(runs[1], index + 1);
        g_autoptr(gd_result) same = play(mine, all->control, runs[1], control);
        keep(all, 1, index, same);
    } else {
        keep(all, 1, index, control);
    }
    gd_run_reset(runs[0], index + 1);
    g_autoptr(gd_result) claim = play(mine, all->claim, runs[0], control);
    keep(all, 0, index, claim);
}

static gpointer work(gpointer user)
{
    trial *all = user;
    worker mine = {.all = all};
    mine.simulated = &all->simulated[g_atomic_int_add(&all->threads, 1)];
    gd_run *runs[2] = {gd_run_new(all->claim->plan, 1), gd_run_new(all->control->plan, 1)};
    for (;;) {
        gint index = g_atomic_int_add(&all->next, 1);
        if (index >= (gint)all->seeds || g_atomic_int_get(&all->stop))
            break;
        play_seed(&mine, runs, (uint32_t)index);
        g_atomic_int_inc(&all->done);
    }
    gd_run_free(runs[0]);
    gd_run_free(runs[1]);
    return NULL;
}

/* Runs all seeds. False when the caller stopped it. */
static bool play_all(trial *all, const gd_verify_options *options)
{
    uint32_t threads = CLAMP(options->threads, 1, all->seeds);
    g_autofree GThread **at_work = g_new(GThread *, threads);
    g_autofree gint64 *simulated = g_new0(gint64, threads);
    all->simulated = simulated;
    for (uint32_t i = 0; i < threads; i++)
        at_work[i] = g_thread_new("verify", work, all);
    for (;;) {
        uint32_t done = (uint32_t)g_atomic_int_get(&all->done);
        if (done >= all->seeds || all->stop)
            break;
        g_usleep(LOOK_US);
        if (options->goes_on && !options->goes_on(options->user, done, all->seeds, share_done(all)))
            g_atomic_int_set(&all->stop, 1);
    }
    for (uint32_t i = 0; i < threads; i++)
        g_thread_join(at_work[i]);
    all->simulated = NULL;
    return !all->stop;
}

static bool is_listed(const gd_node *list, const char *name)
{
    for (const gd_node *entry = list ? list->first : NULL; entry; entry = entry->next) {
        if (entry->text && strcmp(entry->text, name) == 0)
            return true;
    }
    return false;
}

static uint32_t count_verdicts(const trial *all, unsigned arm, uint32_t claim,
                               gd_claim_verdict verdict)
{
    uint32_t count = 0;
    for (uint32_t seed = 0; seed < all->seeds; seed++)
        count += all->verdicts[arm][(size_t)seed * all->room + claim] == (guint8)verdict;
    return count;
}

static gd_verified_claim judge(const trial *all, uint32_t i, const gd_node *expect_not)
{
    gd_verified_claim judged = {
        .name = g_strdup(g_ptr_array_index(all->names, i)),
        .text = g_strdup(g_ptr_array_index(all->texts, i)),
        .expect_not = is_listed(expect_not, g_ptr_array_index(all->names, i)),
        .held = count_verdicts(all, 0, i, GD_CLAIM_TRUE),
        .unknown = count_verdicts(all, 0, i, GD_CLAIM_UNKNOWN),
        .held_in_control = count_verdicts(all, 1, i, GD_CLAIM_TRUE),
    };
    double seeds = all->seeds;
    judged.share = gd_interval_wilson(judged.held, all->seeds, GD_CONFIDENCE_95);
    judged.control_share = gd_interval_wilson(judged.held_in_control, all->seeds, GD_CONFIDENCE_95);
    judged.separates = judged.held_in_control < GD_VERIFY_CONTROL * seeds &&
                       judged.control_share.high < judged.share.low;
    judged.passed =
        judged.held >= GD_VERIFY_HOLDS * seeds && (judged.separates || !judged.expect_not);
    return judged;
}

static void add_outcomes(const uint64_t *outcomes, uint64_t *good, uint64_t *ended)
{
    for (unsigned o = 0; o < GD_OUTCOMES; o++) {
        *ended += o == GD_UNFINISHED ? 0 : outcomes[o];
        *good += gd_outcome_rows[o].good ? outcomes[o] : 0;
    }
}

/* Good answers of all that ended, over all operations. */
static void find_good(const gd_result *result, double good_ratio[GD_SINCE + 1])
{
    uint64_t good_since = 0, ended_since = 0;
    for (unsigned phase = 0; phase < GD_PHASES_AND_ALL; phase++) {
        uint64_t good = 0, ended = 0;
        for (uint32_t i = 0; i < result->n_views; i++)
            add_outcomes(result->views[i].outcomes[phase], &good, &ended);
        good_ratio[phase] = ended ? (double)good / (double)ended : GD_UNKNOWN;
        good_since += phase == GD_DURING || phase == GD_AFTER ? good : 0;
        ended_since += phase == GD_DURING || phase == GD_AFTER ? ended : 0;
    }
    good_ratio[GD_SINCE] = ended_since ? (double)good_since / (double)ended_since : GD_UNKNOWN;
}

/* ---- tries ------------------------------------------------------------------------------------
 */

static void clear_try(gpointer at)
{
    gd_verified_try *tried = at;
    g_free(tried->name);
    g_free(tried->say);
    g_free(tried->problems);
    g_ptr_array_unref(tried->flips);
}

static void clear_claim(gpointer at)
{
    gd_verified_claim *claim = at;
    g_free(claim->name);
    g_free(claim->text);
}

static gd_result *play_first_seed(const gd_arm *arm, const gd_result *control)
{
    g_autoptr(gd_run) run = gd_run_new(arm->plan, 1);
    return gd_arm_play(arm, run, control, NULL);
}

static void find_flips(GPtrArray *flips, const gd_result *before, const gd_result *after)
{
    g_assert(before->n_claims == after->n_claims); /* a try changes the design, not the claims */
    for (uint32_t i = 0; i < before->n_claims; i++) {
        if (before->claims[i].verdict != after->claims[i].verdict)
            g_ptr_array_add(flips, g_strdup(after->claims[i].name));
    }
}

/* Problems as text, or NULL. Owned by the caller. */
static char *take_problems(const gd_problems *problems)
{
    return gd_problems_count(problems) ? gd_problems_print(problems) : NULL;
}

static gd_verified_try play_try(const char *path, const gd_document_try *try_it,
                                const gd_result *before, const gd_result *control)
{
    static const gd_compile_options full_size = {.scale = GD_SHARE_ONE};
    gd_verified_try tried = {
        .name = g_strdup(try_it->name),
        .say = g_strdup(try_it->say),
        .flips = g_ptr_array_new_with_free_func(g_free),
    };
    g_autoptr(gd_problems) problems = gd_problems_new();
    g_autoptr(gd_documents) documents = gd_documents_load(path, NULL, try_it->name, problems);
    g_autoptr(gd_arm) arm = documents ? gd_arm_new(documents, &full_size, problems) : NULL;
    tried.problems = take_problems(problems);
    if (arm) {
        g_autoptr(gd_result) after = play_first_seed(arm, control);
        find_good(before, tried.good_without);
        find_good(after, tried.good_with);
        find_flips(tried.flips, before, after);
    }
    return tried;
}

static void play_tries(gd_verified *verified, const gd_documents *documents, const trial *all)
{
    if (!documents->n_tries)
        return;
    g_autoptr(gd_result) control = play_first_seed(all->control, NULL);
    g_autoptr(gd_result) before = play_first_seed(all->claim, control);
    for (uint32_t i = 0; i < documents->n_tries; i++) {
        gd_verified_try tried = play_try(verified->path, &documents->tries[i], before, control);
        g_array_append_val(verified->tries, tried);
    }
}

static double seconds_of(const gd_node *node)
{
    int64_t span;
    const char *why;
    return node && node->text && gd_parse_span(node->text, &span, &why)
               ? (double)span / (double)GD_S
               : 0;
}

double gd_verify_weight(const char *path)
{
    if (strcmp(path, "-") == 0) /* standard input is read once */
        return 1;
    g_autoptr(gd_problems) problems = gd_problems_new();
    g_autoptr(gd_documents) documents = gd_documents_load(path, NULL, NULL, problems);
    if (!documents || documents->is_model_alone)
        return 0;
    return seconds_of(gd_node_get(documents->scenario, "duration")) +
           seconds_of(gd_node_get(documents->scenario, "warmup"));
}

/* ---- the whole ----------------------------------------------------------------------------------
 */

static void judge_claims(gd_verified *verified, const gd_documents *documents, const trial *all)
{
    for (uint32_t i = 0; i < all->names->len; i++) {
        gd_verified_claim claim = judge(all, i, documents->expect_not);
        verified->separates = verified->separates || claim.separates;
        g_array_append_val(verified->claims, claim);
    }
}

/* Why it fails, or NULL: the first reason is enough for one line. */
static char *find_fault(const gd_verified *verified)
{
    if (!verified->claims->len)
        return g_strdup("it claims nothing; write `expect`");
    if (verified->partial)
        return g_strdup_printf("%u seeds reached a budget", verified->partial);
    for (guint i = 0; i < verified->claims->len; i++) {
        const gd_verified_claim *claim = &g_array_index(verified->claims, gd_verified_claim, i);
        if (!claim->passed)
            return g_strdup_printf("%s does not hold as it should", claim->name);
    }
    for (guint i = 0; i < verified->tries->len; i++) {
        const gd_verified_try *tried = &g_array_index(verified->tries, gd_verified_try, i);
        if (tried->problems)
            return g_strdup_printf("try %s is no valid patch", tried->name);
    }
    if (!verified->separates)
        return g_strdup("it teaches nothing: each claim holds in the control too");
    return NULL;
}

static bool play_trial(gd_verified *verified, const gd_documents *documents, trial *all,
                       const gd_verify_options *options)
{
    all->room = documents->expect ? (uint32_t)gd_node_count(documents->expect) : 0;
    all->seeds = options->seeds;
    size_t cells = (size_t)all->seeds * all->room;
    g_autofree guint8 *claim = g_new0(guint8, cells + 1), *control = g_new0(guint8, cells + 1);
    g_autofree guint8 *partial = g_new0(guint8, all->seeds);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    all->verdicts[0] = claim;
    all->verdicts[1] = control;
    all->partial = partial;
    all->names = names;
    all->texts = texts;
    if (!play_all(all, options))
        return false;
    verified->seeds = all->seeds;
    for (uint32_t seed = 0; seed < all->seeds; seed++)
        verified->partial += partial[seed];
    judge_claims(verified, documents, all);
    play_tries(verified, documents, all);
    return true;
}

gd_verified *gd_verify(const char *path, const gd_verify_options *options)
{
    static const gd_compile_options claim = {.scale = GD_SHARE_ONE};
    static const gd_compile_options control = {.scale = GD_SHARE_ONE, .control = true};
    g_autoptr(gd_verified) verified = g_new0(gd_verified, 1);
    verified->path = g_strdup(path);
    verified->claims = g_array_new(FALSE, FALSE, sizeof(gd_verified_claim));
    verified->tries = g_array_new(FALSE, FALSE, sizeof(gd_verified_try));
    g_array_set_clear_func(verified->claims, clear_claim);
    g_array_set_clear_func(verified->tries, clear_try);

    g_autoptr(gd_problems) problems = gd_problems_new();
    g_autoptr(gd_documents) documents = gd_documents_load(path, NULL, NULL, problems);
    g_autoptr(gd_arm) first = documents ? gd_arm_new(documents, &claim, problems) : NULL;
    g_autoptr(gd_arm) second = first ? gd_arm_new(documents, &control, problems) : NULL;
    verified->problems = take_problems(problems);
    verified->unreadable = gd_problems_has_unreadable(problems);
    verified->name = g_strdup(documents ? documents->name : path);
    if (!second) {
        verified->why = g_strdup("its documents are wrong");
        return g_steal_pointer(&verified);
    }
    if (documents->is_model_alone) {
        verified->skipped = verified->passed = true;
        verified->why = g_strdup("it is a model, no scenario");
        return g_steal_pointer(&verified);
    }
    trial all = {.claim = first, .control = second};
    if (!play_trial(verified, documents, &all, options))
        return NULL;
    verified->why = find_fault(verified);
    verified->passed = !verified->why;
    return g_steal_pointer(&verified);
}

void gd_verified_free(gd_verified *verified)
{
    if (!verified)
        return;
    g_array_unref(verified->claims);
    g_array_unref(verified->tries);
    g_free(verified->path);
    g_free(verified->name);
    g_free(verified->problems);
    g_free(verified->why);
    g_free(verified);
}
