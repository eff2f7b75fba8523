/* Maglev: a table of prime size M that the instances fill in turn, each along its own permutation,
 * so that their shares differ by at most one slot while few keys move when one leaves.
 * Instance i: offset = h1 mod M, skip = h2 mod (M - 1) + 1; perm[j] = (offset + j skip) mod M.
 *
 * Source: Eisenbud et al., Maglev (NSDI 2016), section 3.4; Envoy MaglevLbConfig.
 */
#include "models/balance/pool.h"

#define EMPTY UINT16_MAX

static uint32_t table_bytes(const gd_plan_pool *pool, uint32_t n)
{
    return pool->spec->table_size * (uint32_t)sizeof(uint16_t) + n * (uint32_t)sizeof(uint32_t);
}

static void rebuild(const gd_picking *p)
{
    const gd_plan *plan = p->run->plan;
    uint32_t size = p->pool->spec->table_size, filled = 0, n = p->group->n;
    uint32_t first = plan->services[p->pool->service].instances_first;
    uint32_t *next = p->table; /* per place in the group: its next slot */
    uint16_t *table = (uint16_t *)(next + plan->services[p->pool->service].instances_n);
    g_assert(size > 1);
    for (uint32_t i = 0; i < size; i++)
        table[i] = EMPTY;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t salt = gd_mix(p->run->key, plan->instances[first + p->order[i]].salt);
        next[i] = (uint32_t)(gd_mix_n(salt, 0) % size);
    }
    while (filled < size)
        for (uint32_t i = 0; i < n && filled < size; i++) {
            uint64_t salt = gd_mix(p->run->key, plan->instances[first + p->order[i]].salt);
            uint32_t skip = (uint32_t)(gd_mix_n(salt, 1) % (size - 1)) + 1;
            while (table[next[i]] != EMPTY)
                next[i] = (next[i] + skip) % size;
            table[next[i]] = (uint16_t)p->order[i];
            next[i] = (next[i] + skip) % size;
            filled++;
        }
    p->state->table_n = size;
}

static uint32_t pick(const gd_picking *p)
{
    const uint32_t *next = p->table;
    uint32_t n = p->run->plan->services[p->pool->service].instances_n;
    return ((const uint16_t *)(next + n))[p->subject % p->state->table_n];
}

const gd_balancer_kind gd_maglev_kind = {
    .pick = pick, .table_bytes = table_bytes, .rebuild = rebuild};

static bool is_prime(uint32_t n)
{
    for (uint32_t d = 2; (uint64_t)d * d <= n; d++)
        if (n % d == 0)
            return false;
    return n > 1;
}

static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_balancer_spec *maglev = spec;
    gd_hash_check(spec, node, problems);
    if (!is_prime(maglev->table_size))
        gd_problem(problems, node,
                   "table_size %u is no prime, so that an instance's steps would not reach every "
                   "slot; write 65537",
                   maglev->table_size);
}

static const gd_field fields[] = {
    GD_HASH_ROWS,
    GD_FIELD_ROW(gd_balancer_spec, table_size, GD_FIELD_COUNT, .fallback = "65537", .min = 3,
                 .max = 5000011, .help = "slots of the table; a prime",
                 .source = "Envoy table_size: 65537, at most 5000011"),
    GD_BALANCER_ROWS,
    {0}};
const gd_shape gd_maglev_shape = {
    .name = "maglev",
    .help = "each user or key has its instance: a table that all fill evenly",
    .source = "Eisenbud et al., Maglev (NSDI 2016); Envoy MAGLEV",
    .bytes = sizeof(gd_balancer_spec),
    .fields = fields,
    .check = check,
    .concept =
        &(const gd_concept){
            .title = "Maglev hashing",
            .idea =
                "Instances take the slots of a table in turn, each in its own order of preference.",
            .cures = "The uneven shares of a ring; a pick is one look into a table.",
            .cures_not = "Hot keys.",
            .price = "A few more keys than 1/n move when an instance leaves; a table of 65,537.",
            .dangerous_with = "Frequent changes: each builds the table anew in each caller.",
            .numbers = "Shares differ by one slot of 65,537 at most.",
            .source = "Eisenbud et al. (NSDI 2016).",
            .pattern = "sticky-routing",
        },
};
