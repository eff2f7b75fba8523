/* Ring hash (ketama): each instance has many points on a ring of hashes, in proportion to its
 * weight; a key goes to the next point clockwise. The ring holds at least `min_ring` points and at
 * most `max_ring` (Envoy RingHashLbConfig): when instances go, those that are left get more points
 * to keep it so, and some of their keys move with them. With `hash_balance` an instance with more
 * than that factor of the average in flight is skipped (Mirrokni, Thorup, Zadimoghaddam: consistent
 * hashing with bounded loads, 2016); the next one clockwise takes the call.
 */
#include "models/balance/pool.h"

typedef struct {
    uint64_t at;
    uint32_t host, ordinal; /* two points at one place: by host, then by number */
} point;

static uint64_t weight_of(const gd_plan_pool *pool, uint32_t host)
{
    return pool->weights ? pool->weights[host] : 1;
}

/* Points for each unit of weight, as a fraction: ceil(min_ring x least / total) / least, so that
 * the lightest instance has whole ones; less when that passes max_ring. */
static void scale_of(const gd_balancer_spec *spec, uint64_t least, uint64_t total, uint64_t *up,
                     uint64_t *down)
{
    *up = (uint64_t)(((gd_u128)spec->min_ring * least + total - 1) / total);
    *down = least;
    if ((gd_u128)*up * total > (gd_u128)spec->max_ring * least) {
        *up = spec->max_ring;
        *down = total;
    }
}

static uint32_t table_bytes(const gd_plan_pool *pool, uint32_t n)
{
    /* Fewer instances than all never need more points than one more each. */
    uint64_t most = pool->spec->max_ring, unweighted = (uint64_t)pool->spec->min_ring + n;
    if (!pool->weights && unweighted < most)
        most = unweighted;
    return (uint32_t)((most + n) * sizeof(point));
}

static bool is_before(const point *a, const point *b)
{
    if (a->at != b->at)
        return a->at < b->at;
    return a->host != b->host ? a->host < b->host : a->ordinal < b->ordinal;
}

static void sink(point *heap, uint32_t n, uint32_t i)
{
    point moving = heap[i];
    for (uint32_t child; (child = 2 * i + 1) < n; i = child) {
        child += child + 1 < n && is_before(&heap[child], &heap[child + 1]);
        if (!is_before(&moving, &heap[child]))
            break;
        heap[i] = heap[child];
    }
    heap[i] = moving;
}

/* Heap sort: in place, and the same everywhere. */
static void sort(point *points, uint32_t n)
{
    for (uint32_t i = n / 2; i-- > 0;)
        sink(points, n, i);
    for (uint32_t end = n; end > 1;) {
        end--;
        point last = points[end];
        points[end] = points[0];
        points[0] = last;
        sink(points, end, 0);
    }
}

static void rebuild(const gd_picking *p)
{
    const gd_plan *plan = p->run->plan;
    uint64_t least = UINT64_MAX, total = 0, up, down;
    for (uint32_t i = 0; i < p->group->n; i++) {
        uint64_t weight = weight_of(p->pool, p->order[i]);
        least = weight > 0 && weight < least ? weight : least;
        total += weight;
    }
    p->state->table_n = 0;
    if (total == 0)
        return;
    scale_of(p->pool->spec, least, total, &up, &down);
    point *points = p->table;
    uint64_t sum = 0;
    uint32_t n = 0;
    for (uint32_t i = 0; i < p->group->n; i++) {
        uint32_t host = p->order[i];
        uint64_t salt =
            plan->instances[plan->services[p->pool->service].instances_first + host].salt;
        sum += weight_of(p->pool, host);
        uint32_t end = (uint32_t)((gd_u128)sum * up / down);
        for (uint32_t k = 0; n < end; k++, n++)
            points[n] = (point){gd_mix_n(gd_mix(p->run->key, salt), k), host, k};
    }
    sort(points, n);
    p->state->table_n = n;
}

static bool is_overloaded(const gd_picking *p, uint32_t host, uint64_t in_flight)
{
    gd_u128 most = (gd_u128)p->pool->spec->hash_balance * (in_flight + 1);
    gd_u128 here = (gd_u128)GD_SHARE_ONE * p->group->n * p->hosts[host].in_flight;
    return here >= most; /* one more would pass factor x average */
}

static uint32_t pick(const gd_picking *p)
{
    const point *points = p->table;
    uint32_t n = p->state->table_n, low = 0, high = n;
    if (n == 0)
        return p->order[0];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (points[middle].at < p->subject)
            low = middle + 1;
        else
            high = middle;
    }
    low = low == n ? 0 : low;
    if (p->pool->spec->hash_balance == 0)
        return points[low].host;
    uint64_t in_flight = 0;
    for (uint32_t i = 0; i < p->group->n; i++)
        in_flight += p->hosts[p->order[i]].in_flight;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t host = points[(low + i) % n].host;
        if (!is_overloaded(p, host, in_flight))
            return host;
    }
    return points[low].host;
}

const gd_balancer_kind gd_ring_hash_kind = {
    .pick = pick, .table_bytes = table_bytes, .rebuild = rebuild};

static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_balancer_spec *ring = spec;
    gd_hash_check(spec, node, problems);
    if (ring->min_ring > ring->max_ring)
        gd_problem(problems, node, "min_ring is %u, above max_ring, %u; write less, or more there",
                   ring->min_ring, ring->max_ring);
    if (ring->hash_balance != 0 && ring->hash_balance < GD_SHARE_ONE)
        gd_problem(problems, node,
                   "hash_balance is below 1: all instances together could not hold what is in "
                   "flight; write 1.25, as of 1.2 to 2");
}

static const gd_field fields[] = {
    GD_HASH_ROWS,
    GD_FIELD_ROW(gd_balancer_spec, min_ring, GD_FIELD_COUNT, .fallback = "1024", .min = 1,
                 .max = 8388608, .help = "points on the ring, at least",
                 .source = "Envoy minimum_ring_size: 1024"),
    GD_FIELD_ROW(gd_balancer_spec, max_ring, GD_FIELD_COUNT, .fallback = "8388608", .min = 1,
                 .max = 8388608, .help = "points on the ring, at most",
                 .source = "Envoy maximum_ring_size: 8M"),
    GD_FIELD_ROW(gd_balancer_spec, hash_balance, GD_FIELD_FACTOR, .max = 100 * GD_SHARE_ONE,
                 .help = "an instance above this factor of the average in flight is skipped. "
                         "Absent: never",
                 .source = "Envoy hash_balance_factor: off; usual 120 to 200 %"),
    GD_BALANCER_ROWS,
    GD_WEIGHT_ROW,
    {0}};
const gd_shape gd_ring_hash_shape = {
    .name = "ring_hash",
    .help = "each user or key has its instance: the next point on a ring of hashes",
    .source = "Envoy RING_HASH (ketama); patterns 5.1",
    .bytes = sizeof(gd_balancer_spec),
    .fields = fields,
    .check = check,
    .concept =
        &(const gd_concept){
            .title = "Ring hash (consistent hashing)",
            .idea =
                "Instances and keys lie on one ring; a key goes to the next instance clockwise.",
            .cures = "Caches and sessions that would be lost whenever an instance comes or goes.",
            .cures_not = "Hot keys; with few points the shares are uneven.",
            .price = "A table in each caller, built anew at each change.",
            .dangerous_with = "Losing an instance: its whole share falls on its neighbours.",
            .numbers = "Of n instances one leaves: about 1/n of the keys move. With v points each "
                       "the shares differ by about 1 / sqrt(v).",
            .source = "Karger et al. (1997); Envoy RING_HASH; Mirrokni et al. (2016).",
            .pattern = "sticky-routing",
        },
};
