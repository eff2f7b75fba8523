/* Fair queueing: a queue for each tenant (or whatever requests are told apart by), served in turn;
 * a tenant of weight w has w turns a round. Who asks for much waits behind himself.
 *
 * Weighted round robin over those who wait: shares are of requests, not of work. With `limit` a
 * tenant's own queue holds so many, so that one cannot fill what all share.
 * Sources: patterns 4.1 `fair`; J. Nagle, RFC 970 (1985); AWS Builders' Library, "Fairness in
 * multi-tenant systems".
 */
#include "models/serve/serve.h"

enum { REFUSED, ALONE };
static const gd_counter_row counters[] = {
    {"refused", NULL},
    {"alone", "nobody else had somebody waiting: first come, first served"},
    {0},
};

typedef struct {
    uint32_t head, tail;    /* of its queue, slots + 1 */
    uint32_t next;          /* of those who wait, + 1 */
    uint32_t waits, credit; /* requests; turns left in this round */
} tenant;
typedef struct {
    uint32_t first, last; /* of the tenants who wait, + 1 */
    uint32_t spare[2];
    tenant tenants[];
} fair;

static uint32_t bytes(const void *spec)
{
    const gd_fair_spec *s = spec;
    return (uint32_t)(sizeof(fair) + s->n * sizeof(tenant));
}

static uint32_t whose(const gd_serve_at *at, uint32_t slot)
{
    const gd_fair_spec *spec = at->spec;
    return gd_whose(at->run, slot, spec->by) % spec->n;
}

static gd_outcome arrive(const gd_serve_at *at, uint32_t slot)
{
    const gd_fair_spec *spec = at->spec;
    const fair *f = at->mine;
    if (spec->limit == 0 || f->tenants[whose(at, slot)].waits < spec->limit)
        return GD_OK;
    gd_serve_count(at, REFUSED);
    return GD_SHED;
}

static void to_the_end(fair *f, uint32_t t)
{
    f->tenants[t].next = 0;
    if (f->first == 0)
        f->first = t + 1;
    else
        f->tenants[f->last - 1].next = t + 1;
    f->last = t + 1;
}

static void push(const gd_serve_at *at, uint32_t slot)
{
    const gd_fair_spec *spec = at->spec;
    fair *f = at->mine;
    uint32_t t = whose(at, slot);
    tenant *mine = &f->tenants[t];
    GD_FRAMES(at->run)[slot].next = GD_NONE;
    if (mine->head == 0) {
        mine->head = slot + 1;
        mine->credit = spec->weights ? spec->weights[t] : 1;
        to_the_end(f, t);
    } else {
        GD_FRAMES(at->run)[mine->tail - 1].next = slot;
    }
    mine->tail = slot + 1;
    mine->waits++;
}

static uint32_t pop(const gd_serve_at *at)
{
    const gd_fair_spec *spec = at->spec;
    fair *f = at->mine;
    uint32_t t = f->first - 1;
    tenant *mine = &f->tenants[t];
    uint32_t slot = mine->head - 1;
    if (f->first == f->last)
        gd_serve_count(at, ALONE);
    mine->head = GD_FRAMES(at->run)[slot].next + 1; /* GD_NONE + 1 is 0 */
    mine->waits--;
    mine->credit--;
    if (mine->head != 0 && mine->credit > 0)
        return slot;
    f->first = mine->next;
    if (f->first == 0)
        f->last = 0;
    if (mine->head != 0) {
        mine->credit = spec->weights ? spec->weights[t] : 1;
        to_the_end(f, t);
    }
    return slot;
}

static void leave_round(fair *f, uint32_t t)
{
    uint32_t before = 0;
    for (uint32_t i = f->first; i != t + 1; i = f->tenants[i - 1].next)
        before = i;
    uint32_t after = f->tenants[t].next;
    if (before == 0)
        f->first = after;
    else
        f->tenants[before - 1].next = after;
    if (f->last == t + 1)
        f->last = before;
}

static void drop(const gd_serve_at *at, uint32_t slot)
{
    fair *f = at->mine;
    gd_frame *frames = GD_FRAMES(at->run);
    uint32_t t = whose(at, slot), before = GD_NONE;
    tenant *mine = &f->tenants[t];
    for (uint32_t i = mine->head - 1; i != slot; i = frames[i].next)
        before = i;
    if (before == GD_NONE)
        mine->head = frames[slot].next + 1;
    else
        frames[before].next = frames[slot].next;
    if (mine->tail == slot + 1)
        mine->tail = before + 1;
    mine->waits--;
    if (mine->head == 0)
        leave_round(f, t);
}

static gd_time oldest(const gd_serve_at *at)
{
    const fair *f = at->mine;
    gd_time least = GD_NEVER;
    for (uint32_t i = f->first; i != 0; i = f->tenants[i - 1].next)
        least = MIN(least, GD_FRAMES(at->run)[f->tenants[i - 1].head - 1].arrived);
    return least;
}

const gd_serve_kind gd_serve_fair = {
    .name = "fair",
    .counters = counters,
    .bytes = bytes,
    .arrive = arrive,
    .push = push,
    .pop = pop,
    .drop = drop,
    .oldest = oldest,
};

static const gd_shape weights_shape = {
    .name = "weights",
    .schema = "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"integer\", "
              "\"minimum\": 1}}",
};
static const gd_field fields[] = {
    {.name = "by",
     .type = GD_FIELD_NAME,
     .offset = offsetof(gd_fair_spec, by_name),
     .fallback = "\"tenant\"",
     .help = "what requests are told apart by: a segment of the model, or \"caller\""},
    {.name = "weights",
     .type = GD_FIELD_NODE,
     .offset = offsetof(gd_fair_spec, weights_node),
     .shape = &weights_shape,
     .help = "turns in a round, by value of the segment. Absent: one each"},
    GD_FIELD_ROW(gd_fair_spec, limit, GD_FIELD_COUNT, .fallback = "0", .max = 1000000000,
                 .unit = "requests",
                 .help = "that one of them may have waiting; one more is shed. 0: no limit of its "
                         "own"),
    {0},
};
const gd_shape gd_fair_shape = {
    .name = "fair",
    .help = "a queue for each tenant, served in turn",
    .source = "patterns 4.1",
    .bytes = sizeof(gd_fair_spec),
    .fields = fields,
    .concept =
        &(const gd_concept){
            .title = "Fair queueing",
            .idea = "Each tenant has a queue, and all are served in turn.",
            .cures = "The noisy neighbour: who asks for much waits behind himself.",
            .cures_not = "Work that differs: turns are of requests, not of time.",
            .price = "A queue for each tenant, and somebody must know whose a request is.",
            .dangerous_with = "One shared limit on all queues: the noisy one still fills it.",
            .numbers = "Under overload each tenant gets its max-min fair share of requests.",
            .source = "Nagle, RFC 970; AWS Builders' Library, Fairness in multi-tenant systems",
            .pattern = "fair-queueing",
        },
};
