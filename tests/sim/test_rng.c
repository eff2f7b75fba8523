#include "sim/rng.h"
#include "tests/check.h"

#include <glib.h>
#include <inttypes.h>
#include <math.h>

/* Random123, tests/kat_vectors, "philox4x32 10": counter, key, output. */
static const struct {
    uint32_t counter[4], key[2], wanted[4];
} philox_cases[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static void test_philox_known_answers(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(philox_cases); i++) {
        uint32_t out[4];
        gd_philox(philox_cases[i].counter, philox_cases[i].key, out);
        for (unsigned word = 0; word < 4; word++)
            check_that(out[word] == philox_cases[i].wanted[word], "case %zu word %u: %08x", i, word,
                       out[word]);
    }
}

/* SplitMix64 seeded with 1234567: the published first outputs of splitmix64.c (Vigna), as listed
 * at Rosetta Code, "Pseudo-random numbers/Splitmix64". */
static void test_splitmix_known_answers(void **unused)
{
    (void)unused;
    static const uint64_t wanted[] = {
        UINT64_C(6457827717110365317),  UINT64_C(3203168211198807973),
        UINT64_C(9817491932198370423),  UINT64_C(4593380528125082431),
        UINT64_C(16408922859458223821),
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(wanted); i++)
        check_that(gd_mix_n(1234567, i) == wanted[i], "output %u: %" PRIu64, i,
                   gd_mix_n(1234567, i));
    check_that(gd_next(0) == UINT64_C(0xE220A8397B1DCDAF), "the first output of seed 0");
    check_that(gd_mix(5, 7) == gd_fin(12), "a salt is added to the key");
}

/* FNV-1a 64: the test vectors of draft-eastlake-fnv, before the finaliser. */
static void test_hash_known_answers(void **unused)
{
    (void)unused;
    check_that(gd_hash("", 0) == gd_fin(UINT64_C(0xcbf29ce484222325)), "empty");
    check_that(gd_hash_text("a") == gd_fin(UINT64_C(0xaf63dc4c8601ec8c)), "a");
    check_that(gd_hash_text("foobar") == gd_fin(UINT64_C(0x85944171f73967e8)), "foobar");
    check_that(gd_hash("foobar", 3) == gd_hash_text("foo"), "length counts");
    check_that(gd_hash("a\0b", 3) != gd_hash("a", 1), "zero bytes count");
    uint64_t byte_255 = (UINT64_C(0xcbf29ce484222325) ^ 255) * UINT64_C(0x100000001b3);
    check_that(gd_hash("\xff", 1) == gd_fin(byte_255), "bytes are unsigned");
}

static void test_run_key(void **unused)
{
    (void)unused;
    check_that(gd_run_key(0) == UINT64_C(0xe169c58d6627e8d5), "Philox of zeros, low word first");
    check_that(gd_run_key(1) != gd_run_key(UINT64_C(1) << 32), "both halves of the seed count");
}

static void test_below(void **unused)
{
    (void)unused;
    check_that(gd_below(UINT64_MAX, 10) == 9 && gd_below(0, 10) == 0, "[0, n)");
    check_that(gd_below(UINT64_MAX, 1) == 0, "one value");
    check_that(gd_below(UINT64_MAX, UINT64_MAX) == UINT64_MAX - 1, "the largest n");
}

static void test_share_threshold(void **unused)
{
    (void)unused;
    check_that(gd_share_threshold(GD_SHARE_ONE / 4) == UINT64_C(1) << 62, "a quarter");
    check_that(gd_share_threshold(-1) == 0 && gd_share_threshold(0) == 0, "never");
    check_that(gd_share_threshold(2 * GD_SHARE_ONE) == UINT64_MAX, "always, but for 2^-64");
}

/* The keyed layout as the simulator uses it: run key, then a name, then an ordinal. */
typedef uint64_t layout(unsigned a, unsigned b);

static uint64_t by_ordinal(unsigned a, unsigned b)
{
    return gd_mix_n(gd_mix(gd_run_key(a), gd_hash_text("orders")), b);
}

static uint64_t by_name(unsigned a, unsigned b)
{
    char name[32];
    snprintf(name, sizeof name, "service-%u", b);
    return gd_mix(gd_mix_n(gd_run_key(7), a), gd_hash_text(name));
}

static uint64_t by_seed(unsigned a, unsigned b)
{
    return gd_mix_n(gd_mix(gd_run_key(b), gd_hash_text("db")), a);
}

static uint64_t by_chain(unsigned a, unsigned b)
{
    uint64_t u = gd_mix_n(gd_run_key(a), b);
    return gd_next(u) ^ u;
}

typedef struct {
    unsigned flips[64], low[256], high[256];
} counts;

enum { A = 16, B = 4096, N = A * B };

static void count(counts *c, layout *draw)
{
    memset(c, 0, sizeof *c);
    for (unsigned a = 0; a < A; a++) {
        for (unsigned b = 0; b < B; b++) {
            uint64_t u = draw(a, b), change = u ^ draw(a, b + 1);
            for (unsigned bit = 0; bit < 64; bit++)
                c->flips[bit] += (unsigned)(change >> bit & 1);
            c->low[u & 255]++;
            c->high[u >> 56]++;
        }
    }
}

/* Chi-squared of 256 cells, in standard deviations. */
static double chi_squared(const unsigned cells[256])
{
    double sum = 0, mean = N / 256.0;
    for (unsigned i = 0; i < 256; i++)
        sum += (cells[i] - mean) * (cells[i] - mean) / mean;
    return (sum - 255) / sqrt(510);
}

/* Neighbours agree in half of their bits, in each bit alone; each byte is uniform. Bounds are five
 * to six standard deviations: of all these checks together, one in 10^4 sets of seeds would fail.
 */
static void test_layout_is_uniform(void **unused)
{
    (void)unused;
    static layout *const layouts[] = {by_ordinal, by_name, by_seed, by_chain};
    for (size_t l = 0; l < G_N_ELEMENTS(layouts); l++) {
        counts c;
        count(&c, layouts[l]);
        for (unsigned bit = 0; bit < 64; bit++) {
            double z = (c.flips[bit] - N / 2.0) / (sqrt(N) / 2);
            check_that(fabs(z) < 5.5, "layout %zu bit %u: %g sd", l, bit, z);
        }
        double low = chi_squared(c.low), high = chi_squared(c.high);
        check_that(fabs(low) < 6, "layout %zu low byte: %g sd", l, low);
        check_that(fabs(high) < 6, "layout %zu high byte: %g sd", l, high);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_philox_known_answers),
        cmocka_unit_test(test_splitmix_known_answers),
        cmocka_unit_test(test_hash_known_answers),
        cmocka_unit_test(test_run_key),
        cmocka_unit_test(test_below),
        cmocka_unit_test(test_share_threshold),
        cmocka_unit_test(test_layout_is_uniform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
