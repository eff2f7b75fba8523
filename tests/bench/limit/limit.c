/* What the parts of a discrete-event simulator cost on this machine, in ns of CPU time per
 * operation.
 *
 * Hold model: pop the earliest entry of 16 bytes and push it back, Exp(1) s later, the delay taken
 * from a table so that only the queue is timed; "+draw" draws it in the loop. Variates: ours
 * against GSL's. Prints NAME,PENDING,MEDIAN,MIN,MAX a line.
 *
 *     limit [REPETITIONS]
 */
#include "parts.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TABLE (1 << 20)
#define MOST  64

typedef struct {
    int64_t at;
    uint64_t id;
} entry;

static int64_t delays[TABLE];
static volatile double sink;
static int repetitions = 5;

static double cpu_s(void)
{
    return seconds_on(CLOCK_PROCESS_CPUTIME_ID);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const char *name, int pending, double *ns)
{
    qsort(ns, (size_t)repetitions, sizeof *ns, compare);
    printf("%s,%d,%.2f,%.2f,%.2f\n", name, pending, ns[repetitions / 2], ns[0],
           ns[repetitions - 1]);
    fflush(stdout);
}

static inline bool earlier(entry a, entry b)
{
    return (a.at < b.at) | ((a.at == b.at) & (a.id < b.id));
}

/* A heap of ARITY children. With four of them and `tournament`, the least is chosen without
 * branches. */
typedef struct {
    entry *entries;
    int size, arity;
    bool tournament;
} heap;

static inline __attribute__((always_inline)) int least_child(const heap *h, int first)
{
    const entry *e = h->entries;
    if (h->tournament && h->arity == 4 && first + 3 < h->size) {
        int a = first + earlier(e[first + 1], e[first]);
        int b = first + 2 + earlier(e[first + 3], e[first + 2]);
        return earlier(e[b], e[a]) ? b : a;
    }
    if (h->tournament && h->arity == 2)
        return first + (first + 1 < h->size && earlier(e[first + 1], e[first]));
    int least = first, end = first + h->arity < h->size ? first + h->arity : h->size;
    for (int k = first + 1; k < end; k++)
        if (earlier(e[k], e[least]))
            least = k;
    return least;
}

static inline __attribute__((always_inline)) void sift_down(heap *h, entry e)
{
    int i = 0;
    for (int first; (first = h->arity * i + 1) < h->size;) {
        int child = least_child(h, first);
        if (!earlier(h->entries[child], e))
            break;
        h->entries[i] = h->entries[child];
        i = child;
    }
    h->entries[i] = e;
}

static inline __attribute__((always_inline)) void push(heap *h, entry e)
{
    int i = h->size++;
    while (i > 0) {
        int parent = (i - 1) / h->arity;
        if (!earlier(e, h->entries[parent]))
            break;
        h->entries[i] = h->entries[parent];
        i = parent;
    }
    h->entries[i] = e;
}

typedef enum { POP_PUSH, REPLACE_TOP, POP_PUSH_DRAW } hold_kind;

/* Inlined with constants, so that each arity gets code of its own, as a real queue would. */
static inline __attribute__((always_inline)) double time_holds(int pending, long holds, int arity,
                                                               bool tournament, hold_kind kind)
{
    heap h = {.arity = arity, .tournament = tournament};
    h.entries = malloc(sizeof *h.entries * (size_t)(pending + 8));
    for (int i = 0; i < pending; i++)
        push(&h, (entry){delays[i], (uint64_t)i});
    double began = 0;
    for (long k = -2L * pending; k < holds; k++) {
        if (k == 0) /* what came before was the way into the steady state */
            began = cpu_s();
        entry e = h.entries[0];
        e.at += kind == POP_PUSH_DRAW ? (int64_t)(exponential() * 1e9) : delays[k & (TABLE - 1)];
        if (kind != REPLACE_TOP) {
            entry last = h.entries[--h.size];
            if (h.size)
                sift_down(&h, last);
            push(&h, e);
        } else {
            sift_down(&h, e);
        }
    }
    double ns = (cpu_s() - began) / (double)holds * 1e9;
    sink = (double)h.entries[0].at;
    free(h.entries);
    return ns;
}

/* Calendar queue after R. Brown (1988), its width set from the known mean and never changed. */
typedef struct {
    int *first, *next;
    int64_t *at;
    uint64_t buckets;
    int64_t width, current, top;
} calendar;

static inline void calendar_push(calendar *c, int id, int64_t at)
{
    c->at[id] = at;
    int *link = &c->first[(uint64_t)(at / c->width) & (c->buckets - 1)];
    while (*link >= 0 && (c->at[*link] < at || (c->at[*link] == at && *link < id)))
        link = &c->next[*link];
    c->next[id] = *link;
    *link = id;
}

static inline int calendar_pop(calendar *c)
{
    for (uint64_t k = 0; k <= c->buckets; k++) {
        int id = c->first[c->current];
        if (id >= 0 && c->at[id] < c->top) {
            c->first[c->current] = c->next[id];
            return id;
        }
        c->current = (int64_t)((uint64_t)(c->current + 1) & (c->buckets - 1));
        c->top += c->width;
    }
    int best = -1; /* nothing within a year of the calendar: search directly */
    for (uint64_t b = 0; b < c->buckets; b++) {
        int id = c->first[b];
        if (id >= 0 && (best < 0 || c->at[id] < c->at[best]))
            best = id;
    }
    c->current = (int64_t)((uint64_t)(c->at[best] / c->width) & (c->buckets - 1));
    c->top = (c->at[best] / c->width + 1) * c->width;
    c->first[c->current] = c->next[best];
    return best;
}

static double time_calendar(int pending, long holds)
{
    calendar c = {.buckets = 1, .width = 2000000000 / pending};
    while (c.buckets < (uint64_t)pending)
        c.buckets <<= 1;
    c.top = c.width;
    c.first = malloc(c.buckets * sizeof *c.first);
    c.next = malloc((size_t)pending * sizeof *c.next);
    c.at = malloc((size_t)pending * sizeof *c.at);
    memset(c.first, -1, c.buckets * sizeof *c.first);
    for (int i = 0; i < pending; i++)
        calendar_push(&c, i, delays[i]);
    double began = 0;
    for (long k = -2L * pending; k < holds; k++) {
        if (k == 0)
            began = cpu_s();
        int id = calendar_pop(&c);
        calendar_push(&c, id, c.at[id] + delays[k & (TABLE - 1)]);
    }
    double ns = (cpu_s() - began) / (double)holds * 1e9;
    free(c.first);
    free(c.next);
    free(c.at);
    return ns;
}

#define REPEAT(name, pending, expression)                                                          \
    do {                                                                                           \
        double ns[MOST];                                                                           \
        for (int r = 0; r < repetitions; r++)                                                      \
            ns[r] = (expression);                                                                  \
        report(name, pending, ns);                                                                 \
    } while (0)

static void queues(int n, long holds)
{
    REPEAT("heap2_pop_push", n, time_holds(n, holds, 2, false, POP_PUSH));
    REPEAT("heap2_replace_top", n, time_holds(n, holds, 2, false, REPLACE_TOP));
    REPEAT("heap4_pop_push", n, time_holds(n, holds, 4, false, POP_PUSH));
    REPEAT("heap4_replace_top", n, time_holds(n, holds, 4, false, REPLACE_TOP));
    REPEAT("heap2_branch_free_replace_top", n, time_holds(n, holds, 2, true, REPLACE_TOP));
    REPEAT("heap4_branch_free_pop_push", n, time_holds(n, holds, 4, true, POP_PUSH));
    REPEAT("heap4_branch_free_pop_push+draw", n, time_holds(n, holds, 4, true, POP_PUSH_DRAW));
    REPEAT("calendar_tuned", n, time_calendar(n, holds));
}

static double from_word(gsl_rng *unused)
{
    (void)unused;
    return (double)random_word();
}
static double from_log(gsl_rng *unused)
{
    (void)unused;
    return -log(random_share());
}
static double from_ziggurat(gsl_rng *unused)
{
    (void)unused;
    return exponential();
}
static double from_gsl_exponential(gsl_rng *g)
{
    return gsl_ran_exponential(g, 1);
}
static double from_gsl_lognormal(gsl_rng *g)
{
    return gsl_ran_lognormal(g, 0, 0.5);
}
static double from_gsl_gaussian_ziggurat(gsl_rng *g)
{
    return exp(0.5 * gsl_ran_gaussian_ziggurat(g, 1));
}

static inline __attribute__((always_inline)) double time_draws(double (*draw)(gsl_rng *),
                                                               const gsl_rng_type *type)
{
    const long draws = 10000000;
    gsl_rng *g = gsl_rng_alloc(type);
    double sum = 0, began = cpu_s();
    for (long k = 0; k < draws; k++)
        sum += draw(g);
    double ns = (cpu_s() - began) / (double)draws * 1e9;
    sink = sum;
    gsl_rng_free(g);
    return ns;
}

static double time_records(void)
{
    static histogram counts;
    const long records = 20000000;
    double began = cpu_s();
    for (long k = 0; k < records; k++)
        counts[bucket_of(delays[k & (TABLE - 1)])]++;
    double ns = (cpu_s() - began) / (double)records * 1e9;
    sink = counts[BUCKETS / 2];
    return ns;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        repetitions = atoi(argv[1]);
    if (repetitions < 1 || repetitions > MOST)
        return 2;
    random_seed(42);
    ziggurat_init();
    for (int i = 0; i < TABLE; i++)
        delays[i] = (int64_t)(-log(random_share()) * 1e9);

    queues(10, 5000000);
    queues(1000, 5000000);
    queues(100000, 3000000);
    queues(1000000, 2000000);
    REPEAT("xoshiro256pp", 0, time_draws(from_word, gsl_rng_taus2));
    REPEAT("exponential_log", 0, time_draws(from_log, gsl_rng_taus2));
    REPEAT("exponential_ziggurat", 0, time_draws(from_ziggurat, gsl_rng_taus2));
    REPEAT("gsl_exponential_taus2", 0, time_draws(from_gsl_exponential, gsl_rng_taus2));
    REPEAT("gsl_exponential_mt19937", 0, time_draws(from_gsl_exponential, gsl_rng_mt19937));
    REPEAT("gsl_lognormal_taus2", 0, time_draws(from_gsl_lognormal, gsl_rng_taus2));
    REPEAT("gsl_gaussian_ziggurat_exp", 0, time_draws(from_gsl_gaussian_ziggurat, gsl_rng_taus2));
    REPEAT("histogram_record", 0, time_records());
    return 0;
}
