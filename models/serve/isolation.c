/* Isolation: who may ask which instances. Cells: the instances are split into k parts, and a
 * customer is always served by the same one. Shuffle sharding: each customer has m of the n
 * instances, drawn by a hash, so that few share all of theirs with another.
 *
 * The map is a function of the service's name and the customer's, the same in each run: stable. A
 * customer's tries go round his own instances, from one that the request draws.
 * Sources: AWS Builders' Library, "Workload isolation using shuffle-sharding"; patterns 4.7.
 */
#include "models/serve/serve.h"

#define SALT_CELL  UINT64_C(0x43656c6c20202031) /* "Cell   1" */
#define SALT_SHARD UINT64_C(0x5368617264202031) /* "Shard  1" */

static uint64_t map_of(const gd_plan_service *service, uint64_t customer, uint64_t salt)
{
    return gd_mix(gd_mix_n(service->salt, customer), salt);
}

/* The i-th instance of a customer's m of n: a shuffle of which only the first i + 1 are drawn. */
static uint32_t shard_member(uint64_t key, uint32_t n, uint32_t i)
{
    uint32_t taken[GD_SHARD_MOST];
    uint32_t pick = 0;
    for (uint32_t k = 0; k <= i; k++) {
        pick = (uint32_t)gd_below(gd_mix_n(key, k), n - k);
        uint32_t at = 0;
        for (; at < k && taken[at] <= pick; at++) /* ascending: skip those that are taken */
            pick++;
        for (uint32_t j = k; j > at; j--)
            taken[j] = taken[j - 1];
        taken[at] = pick;
    }
    return pick;
}

uint32_t gd_isolation_member(const gd_plan_service *service, uint64_t customer, uint32_t i)
{
    const gd_isolation_spec *spec = service->isolation;
    uint32_t n = service->instances_n;
    if (spec->shard)
        return shard_member(map_of(service, customer, SALT_SHARD), n, i % spec->shard);
    uint32_t cell = (uint32_t)gd_below(map_of(service, customer, SALT_CELL), spec->cells);
    uint32_t members = (n - cell + spec->cells - 1) / spec->cells;
    return cell + i % members * spec->cells;
}

uint32_t gd_isolation_pick(gd_run *run, const gd_plan_service *service, const gd_subject *subject,
                           uint32_t attempt)
{
    const gd_isolation_spec *spec = service->isolation;
    uint64_t customer;
    if (spec->by == GD_WHOSE_ALL) /* each user is a customer */
        customer = subject->client >= run->plan->n_clients
                       ? 0
                       : gd_mix_n(run->plan->clients[subject->client].salt, subject->user);
    else
        customer = gd_whose_user(run, subject->client, subject->request, subject->user, spec->by);
    uint32_t first = (uint32_t)gd_below(gd_mix(subject->request, SALT_SHARD), 1u << 16);
    return service->instances_first + gd_isolation_member(service, customer, first + attempt);
}

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_isolation_spec, cells, GD_FIELD_COUNT, .fallback = "0", .max = 1000000,
                 .help = "parts that the instances are split into, in turn; a customer has one",
                 .source = "patterns 4.7"),
    GD_FIELD_ROW(gd_isolation_spec, shard, GD_FIELD_COUNT, .fallback = "0", .max = GD_SHARD_MOST,
                 .help = "or instances that each customer has, drawn by a hash (shuffle sharding)",
                 .source = "patterns 4.7"),
    {.name = "by",
     .type = GD_FIELD_NAME,
     .offset = offsetof(gd_isolation_spec, by_name),
     .fallback = "\"user\"",
     .help = "who is a customer: each user, or a value of a segment of the model (\"tenant\")"},
    {0},
};

static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_isolation_spec *s = spec;
    if ((s->cells > 0) == (s->shard > 0))
        gd_problem(problems, node,
                   "write a number of cells, or the size of a shard: one of the two");
}

const gd_shape gd_isolation_shape = {
    .name = "isolation",
    .help = "which instances a customer is served by: a cell, or a shuffled shard",
    .source = "AWS Builders' Library, Workload isolation using shuffle-sharding",
    .bytes = sizeof(gd_isolation_spec),
    .fields = fields,
    .check = check,
    .concept =
        &(const gd_concept){
            .title = "Cells and shuffle sharding",
            .idea = "A customer is served by some of the instances only: what he breaks is his.",
            .cures = "Blast radius: a poison request or a noisy customer hurts his own shard.",
            .cures_not = "What all share: configuration, a database, the router.",
            .price = "Uneven fill; headroom in each cell.",
            .dangerous_with = "Retries that leave the shard.",
            .numbers = "k cells: 1/k is hurt. m of n: all m are shared with 1 in C(n, m) others: 8 "
                       "and 2 make 28.",
            .source = "AWS Builders' Library; patterns 4.7",
            .pattern = "shuffle-sharding",
        },
};
