/* Work that takes longer the more of it goes on at once: the universal scalability law. With n in
 * work, an instance does X(n) = n / (1 + alpha (n - 1) + beta n (n - 1)) times what it does alone,
 * so each piece of work takes n / X(n) times as long: alpha is the share that must queue for
 * something shared (locks), beta what n parties cost each other in keeping up (coherency). With
 * beta > 0 throughput falls beyond n = sqrt((1 - alpha) / beta).
 *
 * What begins takes the factor of the moment; a shared processor ("ps") is slowed as a whole, at
 * each change of n. Source: N. Gunther, Guerrilla Capacity Planning (2007).
 */
#include "models/serve/serve.h"

/* A million times: assumption; products with it fit 128 bits. */
#define SLOWEST (1000000 * GD_SHARE_ONE)

static const gd_counter_row counters[] = {
    {"alone", "nobody else was in work: it takes no longer"},
    {0},
};

gd_share gd_contention_factor(const gd_contention_spec *spec, uint64_t n)
{
    if (n <= 1)
        return GD_SHARE_ONE;
    gd_i128 factor = GD_SHARE_ONE + (gd_i128)spec->alpha * (int64_t)(n - 1) +
                     (gd_i128)spec->beta * (int64_t)n * (int64_t)(n - 1);
    return factor < SLOWEST ? (gd_share)factor : SLOWEST;
}

static gd_span slow(const gd_serve_at *at, gd_span work)
{
    const gd_instance *instance = gd_serve_instance(at);
    if (at->run->plan->services[instance->service].discipline == GD_PS)
        return work; /* shared.c slows it while it runs */
    if (instance->busy <= 1)
        gd_serve_count(at, 0);
    return gd_share_of(work, gd_contention_factor(at->spec, instance->busy));
}

const gd_serve_kind gd_serve_contention = {
    .name = "contention",
    .counters = counters,
    .slow = slow,
};

#define S gd_contention_spec
static const gd_field fields[] = {
    GD_FIELD_ROW(S, alpha, GD_FIELD_SHARE, .fallback = "0.03", .min = 0, .max = GD_SHARE_ONE,
                 .help = "contention: what each other one in work adds, as a share of the time "
                         "that work takes alone",
                 .source = "patterns 4.1: 0.01 to 0.1 (assumption)"),
    GD_FIELD_ROW(S, beta, GD_FIELD_SHARE, .fallback = "0.0001", .min = 0, .max = GD_SHARE_ONE,
                 .help = "coherency: what each pair adds; above 0 throughput falls in the end",
                 .source = "patterns 4.1: 1e-5 to 1e-3 (assumption)"),
    {0},
};
#undef S

const gd_shape gd_contention_shape = {
    .name = "contention",
    .help = "work takes longer the more of it goes on at once",
    .source = "Gunther, universal scalability law",
    .bytes = sizeof(gd_contention_spec),
    .fields = fields,
    .concept =
        &(const gd_concept){
            .title = "Contention and coherency",
            .idea = "More at once is not more a second: locks queue, and everybody must be told.",
            .cures = "Nothing: it is what servers do under load, and why too many threads hurt.",
            .price = "Beyond its best concurrency a server does less, and congestion collapses it.",
            .dangerous_with = "Large thread pools and long timeouts: they keep concurrency high.",
            .numbers = "Best concurrency sqrt((1 - alpha) / beta): 3 % and 0.0001 give 98.",
            .source = "Gunther, Guerrilla Capacity Planning; patterns 4.1",
            .pattern = "contention",
        },
};
