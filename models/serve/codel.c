/* CoDel for requests: tolerates a queue that comes and goes, and drops from one that stays.
 *
 * The packet algorithm with requests for packets: when the wait of the requests that are taken from
 * the queue has been above `target` for a whole `interval`, one is dropped, and then one more after
 * interval / sqrt(1), / sqrt(2), / sqrt(3) …, until a wait is below the target again. "Queue small"
 * is: nobody else waits. sqrt is of integers: interval / sqrt(n) = sqrt(interval^2 / n), rounded
 * down to the ns.
 *
 * Sources: RFC 8289, section 5 (names as there); target and interval for services: patterns 4.6.
 */
#include "models/serve/serve.h"
#include "sim/fixed.h"

enum { DROPPED, BELOW_TARGET, NOT_LONG, NOT_NEXT };
static const gd_counter_row counters[] = {
    {"dropped", NULL},
    {"below_target", "it had waited less than the target, or nobody waited behind it"},
    {"not_yet", "waits are above the target, but not for a whole interval"},
    {"not_next", "it drops, but the next drop is not due"},
    {0},
};

typedef struct {
    gd_time first_above; /* 0: waits are below the target */
    gd_time drop_next;
    uint32_t count, last_count;
    bool dropping;
    bool dropped; /* the one before this was dropped in the dropping state */
} codel;

static uint32_t bytes(const void *spec)
{
    (void)spec;
    return sizeof(codel);
}

static gd_span law(const gd_codel_spec *spec, uint32_t count)
{
    return (gd_span)gd_root((gd_u128)spec->interval * (gd_u128)spec->interval / count);
}

/* RFC 8289 dodequeue: has the wait been above the target for an interval? */
static bool is_standing(const gd_serve_at *at, codel *c, gd_span wait)
{
    const gd_codel_spec *spec = at->spec;
    gd_time now = at->run->now;
    if (wait < spec->target || gd_serve_instance(at)->queued == 0) {
        c->first_above = 0;
        gd_serve_count(at, BELOW_TARGET);
        return false;
    }
    if (c->first_above == 0) {
        c->first_above = gd_time_add(now, spec->interval);
        gd_serve_count(at, NOT_LONG);
        return false;
    }
    if (now < c->first_above) {
        gd_serve_count(at, NOT_LONG);
        return false;
    }
    return true;
}

static gd_outcome drop(const gd_serve_at *at)
{
    gd_serve_count(at, DROPPED);
    return GD_SHED;
}

static gd_outcome dequeue(const gd_serve_at *at, uint32_t slot)
{
    const gd_codel_spec *spec = at->spec;
    codel *c = at->mine;
    gd_time now = at->run->now;
    bool ok = is_standing(at, c, now - GD_FRAMES(at->run)[slot].arrived);
    bool another = c->dropped;
    c->dropped = false;
    if (c->dropping) {
        if (!ok) {
            c->dropping = false;
            return GD_OK;
        }
        if (another)
            c->drop_next = gd_time_add(c->drop_next, law(spec, c->count));
        if (now < c->drop_next) {
            gd_serve_count(at, NOT_NEXT);
            return GD_OK;
        }
        c->count++;
        c->dropped = true;
        return drop(at);
    }
    if (!ok)
        return GD_OK;
    c->dropping = true;
    uint32_t delta = c->count - c->last_count;
    c->count = now - c->drop_next < 16 * spec->interval && delta > 1 ? delta : 1;
    c->drop_next = gd_time_add(now, law(spec, c->count));
    c->last_count = c->count;
    return drop(at);
}

/* One that never waited says what a short wait says. */
static void start(const gd_serve_at *at, uint32_t slot)
{
    codel *c = at->mine;
    if (GD_FRAMES(at->run)[slot].arrived != at->run->now)
        return;
    c->first_above = 0;
    c->dropping = c->dropped = false;
}

const gd_serve_kind gd_serve_codel = {
    .name = "codel",
    .counters = counters,
    .bytes = bytes,
    .dequeue = dequeue,
    .start = start,
};

static const gd_field fields[] = {
    GD_FIELD_ROW(gd_codel_spec, target, GD_FIELD_SPAN, .fallback = "\"5ms\"", .min = GD_US,
                 .max = GD_HOUR,
                 .help = "a wait that is acceptable; for services usually 5 to 20 ms",
                 .source = "RFC 8289; patterns 4.6"),
    GD_FIELD_ROW(gd_codel_spec, interval, GD_FIELD_SPAN, .fallback = "\"100ms\"", .min = GD_US,
                 .max = GD_HOUR, .help = "waits must be above it for so long",
                 .source = "RFC 8289"),
    {0},
};

static void check(void *spec, const gd_node *node, gd_problems *problems)
{
    const gd_codel_spec *s = spec;
    if (s->target >= s->interval)
        gd_problem(problems, node,
                   "target is %g ms and interval %g ms: a queue is standing when waits are above "
                   "the target for a whole interval; write an interval of some 20 targets",
                   (double)s->target / 1e6, (double)s->interval / 1e6);
}

const gd_shape gd_codel_shape = {
    .name = "codel",
    .help = "drops from a queue whose waits stay above a target",
    .source = "RFC 8289 Controlled Delay",
    .bytes = sizeof(gd_codel_spec),
    .fields = fields,
    .check = check,
    .concept =
        &(const gd_concept){
            .title = "CoDel",
            .idea = "A queue that empties now and then is good; one that stands is delay for "
                    "nothing: drop from it, more and more often.",
            .cures = "Standing queues: every request late by the same wait.",
            .cures_not = "Capacity shortage that lasts: the drop rate rises slowly, with sqrt(n).",
            .price = "Requests that waited long are dropped; their wait was for nothing.",
            .dangerous_with = "Open clients that do not slow down: packets have TCP, requests have "
                              "not. The form for queues of requests is codel_enqueue.",
            .numbers = "5 ms over 100 ms. The n-th drop comes interval / sqrt(n) after the last.",
            .source = "RFC 8289; Nichols and Jacobson, Controlling Queue Delay (2012)",
            .pattern = "codel",
        },
};
