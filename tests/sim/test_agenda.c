/* The agenda against a plain list: whatever is pushed, in heap or rings, comes out in order of
 * (time, rank, sequence), through holes, copies and resets. */
#include "sim/agenda.h"
#include "sim/rng.h"
#include "tests/check.h"

#include <glib.h>

enum { MOST = 4096, STEPS = 400, MANY_STEPS = 1500 };

typedef struct {
    gd_time at;
    unsigned rank, kind;
    uint64_t word;
} pending;

/* The plain definition: an unsorted list, the least is looked for. Pushed in order of sequence, so
 * the first of equals is the oldest. */
typedef struct {
    pending list[MOST];
    size_t n;
} plain;

static size_t least_of(const plain *p)
{
    size_t best = 0;
    for (size_t i = 1; i < p->n; i++) {
        const pending *a = &p->list[i], *b = &p->list[best];
        if (a->at < b->at || (a->at == b->at && a->rank < b->rank))
            best = i;
    }
    return best;
}

static void remember(plain *p, gd_time at, unsigned rank, unsigned kind, uint64_t word)
{
    assert_true(p->n < MOST);
    p->list[p->n++] = (pending){.at = at, .rank = rank, .kind = kind, .word = word};
}

static void forget(plain *p, size_t i)
{
    memmove(&p->list[i], &p->list[i + 1], (p->n - i - 1) * sizeof p->list[0]);
    p->n--;
}

/* One random life of an agenda. */
typedef struct {
    gd_memory memory;
    gd_agenda agenda;
    plain plain;
    gd_time now;
    uint64_t u;
    unsigned seed, rings, pushes; /* pushes: of eight steps so many push */
    gd_span delays[GD_AGENDA_RINGS + 8];
    uint8_t ring[GD_AGENDA_RINGS + 8];
} life;

/* How often each state met each operation: the property proves nothing about what it never saw. */
static unsigned hole_pushes, hole_copies, hole_resets, hole_ring_pops, hole_peeks, lone_holes;
static unsigned tree_pops, most_rings, refused_rings, grown_rings;

static uint64_t draw(life *l, uint64_t n)
{
    l->u = gd_next(l->u);
    return gd_below(l->u, n);
}

static void push(life *l)
{
    gd_time at = l->now + (gd_time)draw(l, 50);
    unsigned rank = (unsigned)draw(l, 5), kind = (unsigned)draw(l, 15);
    uint32_t subject = (uint32_t)draw(l, GD_SUBJECTS);
    hole_pushes += l->agenda.hole;
    uint64_t word = gd_agenda_push(&l->agenda, at, rank, kind, subject);
    remember(&l->plain, at, rank, kind, word);
    check_that((word & (GD_SUBJECTS - 1)) == subject, "seed %u", l->seed);
}

static void push_ring(life *l)
{
    if (l->rings == 0)
        return;
    size_t i = draw(l, l->rings);
    unsigned kind = (unsigned)draw(l, 15), rank = (unsigned)i % 5;
    uint32_t subject = (uint32_t)draw(l, GD_SUBJECTS);
    uint64_t word;
    if (l->ring[i] == GD_NO_RING) { /* too many delays: they share the heap */
        word = gd_agenda_push(&l->agenda, l->now + l->delays[i], rank, kind, subject);
    } else {
        const gd_ring *ring = &l->agenda.rings[l->ring[i]];
        uint32_t mask = ring->mask;
        word = gd_agenda_push_ring(&l->agenda, l->ring[i], l->now, kind, subject);
        grown_rings += mask != 0 && ring->mask != mask;
    }
    remember(&l->plain, l->now + l->delays[i], rank, kind, word);
}

static void pop(life *l)
{
    bool hole = l->agenda.hole;
    hole_peeks += hole;
    lone_holes += hole && l->agenda.n == 1;
    uint8_t where, again;
    gd_entry e = gd_agenda_peek(&l->agenda, &where);
    check_that(gd_agenda_peek(&l->agenda, &again) == e && again == where, "seed %u", l->seed);
    if (l->plain.n == 0) {
        check_that(e == GD_ENTRY_LAST, "seed %u: empty", l->seed);
        return;
    }
    size_t i = least_of(&l->plain);
    const pending *wanted = &l->plain.list[i];
    check_that(gd_entry_time(e) == wanted->at && gd_entry_word(e) == wanted->word,
               "seed %u: %" G_GINT64_FORMAT " instead of %" G_GINT64_FORMAT, l->seed,
               gd_entry_time(e), wanted->at);
    check_that(gd_entry_kind(e) == wanted->kind, "seed %u", l->seed);
    gd_agenda_pop(&l->agenda, where);
    hole_ring_pops += hole && where != GD_NO_RING;
    tree_pops += l->agenda.tree_n > 0 && where != GD_NO_RING;
    l->now = wanted->at;
    forget(&l->plain, i);
}

/* The copy goes on, what it was copied from is spoilt. */
static void copy(life *l)
{
    gd_memory memory = {.budget = UINT64_MAX};
    gd_agenda agenda;
    hole_copies += l->agenda.hole;
    gd_agenda_copy(&agenda, &memory, &l->agenda);
    if (l->agenda.heap.base)
        memset(l->agenda.heap.base, 0xee, l->agenda.heap.capacity);
    gd_agenda_clear(&l->agenda);
    check_that(l->memory.bytes == 0, "seed %u: %lu bytes left", l->seed,
               (unsigned long)l->memory.bytes);
    l->memory = memory;
    l->agenda = agenda;
    l->agenda.memory = &l->memory;
}

static void reset(life *l)
{
    hole_resets += l->agenda.hole;
    gd_agenda_reset(&l->agenda);
    l->plain.n = 0;
    l->now = 0;
}

static void make_rings(life *l)
{
    /* None, few (scanned), many (a tournament), more than there are. */
    static const unsigned counts[] = {0, 1, 5, 6, 7, 17, 64, 70};
    l->rings = counts[l->seed % G_N_ELEMENTS(counts)];
    for (unsigned i = 0; i < l->rings; i++) {
        l->delays[i] = (gd_span)(i * 7 % 90);
        l->ring[i] = gd_agenda_ring(&l->agenda, l->delays[i], i % 5);
        refused_rings += l->ring[i] == GD_NO_RING;
    }
    if (l->agenda.rings_n > most_rings)
        most_rings = l->agenda.rings_n;
}

static void live(unsigned seed)
{
    static life l;
    l = (life){.seed = seed, .u = seed, .memory = {.budget = UINT64_MAX}};
    gd_agenda_init(&l.agenda, &l.memory);
    make_rings(&l);
    l.pushes = l.rings == 1 ? 6 : 2 + seed % 5; /* one ring grows and wraps */
    unsigned steps = l.rings == 1 ? MANY_STEPS : STEPS;
    for (unsigned step = 0; step < steps; step++) {
        uint64_t what = draw(&l, 64);
        if (what == 0)
            copy(&l);
        else if (what == 1 && seed % 3 == 0)
            reset(&l);
        else if (what % 8 < l.pushes)
            draw(&l, 2) ? push(&l) : push_ring(&l);
        else
            pop(&l);
    }
    while (l.plain.n)
        pop(&l);
    pop(&l);
    gd_agenda_clear(&l.agenda);
    check_that(l.memory.bytes == 0, "seed %u", seed);
}

static void test_order_is_that_of_a_plain_list(void **unused)
{
    (void)unused;
    for (unsigned seed = 1; seed <= 1000; seed++)
        live(seed);
    const unsigned seen[] = {hole_pushes, hole_copies, hole_resets,   hole_ring_pops, hole_peeks,
                             lone_holes,  tree_pops,   refused_rings, grown_rings};
    for (size_t i = 0; i < G_N_ELEMENTS(seen); i++)
        check_that(seen[i] > 100, "state %zu was met only %u times", i, seen[i]);
    check_that(most_rings == GD_AGENDA_RINGS, "%u rings", most_rings);
}

static void test_equals_leave_in_order_of_rank_then_birth(void **unused)
{
    (void)unused;
    gd_memory memory = {.budget = UINT64_MAX};
    gd_agenda agenda;
    gd_agenda_init(&agenda, &memory);
    uint8_t ring = gd_agenda_ring(&agenda, 10, 2);
    gd_agenda_push(&agenda, 10, 3, 0, 5);
    gd_agenda_push(&agenda, 10, 2, 0, 1);
    gd_agenda_push_ring(&agenda, ring, 0, 0, 2);
    gd_agenda_push(&agenda, 10, 2, 0, 3);
    gd_agenda_push_ring(&agenda, ring, 0, 0, 4);
    gd_agenda_push(&agenda, 10, 1, 0, 0);
    for (uint32_t wanted = 0; wanted < 6; wanted++) {
        uint8_t where;
        gd_entry e = gd_agenda_peek(&agenda, &where);
        check_that(gd_entry_subject(e) == wanted, "%u instead of %u", gd_entry_subject(e), wanted);
        gd_agenda_pop(&agenda, where);
    }
    gd_agenda_clear(&agenda);
}

static void test_a_ring_is_found_again(void **unused)
{
    (void)unused;
    gd_memory memory = {.budget = UINT64_MAX};
    gd_agenda agenda;
    gd_agenda_init(&agenda, &memory);
    uint8_t a = gd_agenda_ring(&agenda, 5, 1), b = gd_agenda_ring(&agenda, 5, 2);
    check_that(a != b, "another rank is another ring");
    check_that(gd_agenda_ring(&agenda, 5, 1) == a, "the same delay and rank share one");
    gd_agenda_push_ring(&agenda, a, 0, 3, 7);
    gd_agenda_reset(&agenda);
    uint8_t where;
    check_that(gd_agenda_peek(&agenda, &where) == GD_ENTRY_LAST, "a reset empties it");
    check_that(gd_agenda_ring(&agenda, 5, 2) == b, "and keeps its rings");
    gd_agenda_clear(&agenda);
}

static void test_far_times_are_clamped(void **unused)
{
    (void)unused;
    gd_memory memory = {.budget = UINT64_MAX};
    gd_agenda agenda;
    gd_agenda_init(&agenda, &memory);
    gd_agenda_push(&agenda, GD_NEVER, 4, 14, GD_SUBJECTS - 1);
    gd_agenda_push(&agenda, GD_HORIZON, 0, 1, 2);
    uint8_t where;
    gd_entry e = gd_agenda_peek(&agenda, &where);
    check_that(gd_entry_time(e) == GD_HORIZON, "the longest run fits the key");
    gd_agenda_pop(&agenda, where);
    e = gd_agenda_peek(&agenda, &where);
    check_that(gd_entry_time(e) == GD_AGENDA_LATEST, "%" G_GINT64_FORMAT, gd_entry_time(e));
    check_that(gd_entry_time(e) > GD_HORIZON, "after every horizon");
    check_that(gd_entry_kind(e) == 14 && gd_entry_subject(e) == GD_SUBJECTS - 1, "nothing is cut");
    gd_agenda_clear(&agenda);
}

static void test_words_are_unique_and_never_0(void **unused)
{
    (void)unused;
    gd_memory memory = {.budget = UINT64_MAX};
    gd_agenda agenda;
    gd_agenda_init(&agenda, &memory);
    uint8_t ring = gd_agenda_ring(&agenda, 3, 1);
    uint64_t last = 0;
    for (unsigned i = 0; i < 1000; i++) {
        uint64_t word = i % 2 ? gd_agenda_push(&agenda, 0, 0, 0, 0)
                              : gd_agenda_push_ring(&agenda, ring, 0, 0, 0);
        check_that(word > last, "push %u", i);
        last = word;
    }
    gd_agenda_clear(&agenda);
}

static void test_memory_is_accounted(void **unused)
{
    (void)unused;
    gd_memory memory = {.budget = 4096};
    gd_agenda agenda;
    gd_agenda_init(&agenda, &memory);
    uint8_t ring = gd_agenda_ring(&agenda, 3, 1);
    for (unsigned i = 0; i < 1000; i++) {
        gd_agenda_push(&agenda, i, 0, 0, 0);
        gd_agenda_push_ring(&agenda, ring, i, 0, 0);
    }
    check_that(memory.bytes >= 2000 * sizeof(gd_entry), "%lu bytes", (unsigned long)memory.bytes);
    check_that(memory.over, "the budget is passed, and says so");
    gd_agenda_clear(&agenda);
    check_that(memory.bytes == 0, "%lu bytes left", (unsigned long)memory.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_is_that_of_a_plain_list),
        cmocka_unit_test(test_equals_leave_in_order_of_rank_then_birth),
        cmocka_unit_test(test_a_ring_is_found_again),
        cmocka_unit_test(test_far_times_are_clamped),
        cmocka_unit_test(test_words_are_unique_and_never_0),
        cmocka_unit_test(test_memory_is_accounted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
