#include "sim/segment.h"
#include "tests/check.h"

#include <glib.h>

static void test_growth_keeps_and_zeroes(void **unused)
{
    (void)unused;
    gd_memory memory = {.budget = UINT64_MAX};
    gd_segment s = {0};
    unsigned grown = 0;
    for (size_t bytes = 1; bytes < 300000; bytes += 61) {
        size_t before = s.capacity;
        gd_segment_reserve(&s, &memory, bytes);
        check_that(s.capacity >= bytes, "%zu", bytes);
        const unsigned char *at = s.base;
        for (size_t i = before; i < s.capacity; i++)
            check_that(at[i] == 0, "byte %zu of %zu", i, bytes);
        grown += s.capacity != before;
        memset((char *)s.base + before, 0xab, s.capacity - before);
        for (size_t i = 0; i < before; i += 97)
            check_that(at[i] == 0xab, "byte %zu is lost at %zu", i, bytes);
        check_that(memory.bytes == s.capacity, "%zu", bytes);
    }
    check_that(grown < 20, "grows by a share, not %u times", grown);
    gd_segment_clear(&s, &memory);
    check_that(memory.bytes == 0 && s.base == NULL && s.capacity == 0, "cleared");
}

static void test_extend_gives_offsets(void **unused)
{
    (void)unused;
    gd_memory memory = {.budget = UINT64_MAX};
    gd_segment s = {0};
    check_that(gd_segment_extend(&s, &memory, 24) == 0, "first");
    check_that(gd_segment_extend(&s, &memory, 5000) == 24, "second");
    check_that(gd_segment_extend(&s, &memory, 8) == 5024 && s.used == 5032, "third");
    for (size_t i = 0; i < s.used; i++)
        check_that(((char *)s.base)[i] == 0, "byte %zu", i);
    gd_segment_clear(&s, &memory);
}

static void test_copy_takes_what_is_used(void **unused)
{
    (void)unused;
    gd_memory memory = {.budget = UINT64_MAX}, other = {.budget = UINT64_MAX};
    gd_segment s = {0}, copy = {0}, empty = {0};
    gd_segment_copy(&copy, &other, &empty);
    check_that(copy.base == NULL && other.bytes == 0, "nothing of nothing");
    gd_segment_extend(&s, &memory, 100000);
    memset(s.base, 7, s.used);
    s.used = 3000;
    gd_segment_copy(&copy, &other, &s);
    check_that(copy.used == 3000 && copy.base != s.base, "its own bytes");
    check_that(memcmp(copy.base, s.base, 3000) == 0, "the same");
    for (size_t i = copy.used; i < copy.capacity; i++)
        check_that(((char *)copy.base)[i] == 0, "byte %zu", i);
    check_that(other.bytes < memory.bytes, "the unused part stays behind");
    gd_segment_clear(&s, &memory);
    gd_segment_clear(&copy, &other);
    check_that(memory.bytes == 0 && other.bytes == 0, "each pays for its own");
}

static void test_the_budget_is_watched(void **unused)
{
    (void)unused;
    gd_memory memory = {.budget = 8192};
    gd_segment a = {0}, b = {0};
    gd_segment_reserve(&a, &memory, 4096);
    check_that(!memory.over, "%lu of 8192", (unsigned long)memory.bytes);
    gd_segment_reserve(&b, &memory, 5000);
    check_that(memory.over, "%lu of 8192", (unsigned long)memory.bytes);
    uint64_t peak = memory.peak;
    check_that(peak == memory.bytes, "the peak is now");
    gd_segment_clear(&b, &memory);
    check_that(memory.peak == peak && memory.bytes < peak, "and stays");
    gd_segment_clear(&a, &memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_growth_keeps_and_zeroes),
        cmocka_unit_test(test_extend_gives_offsets),
        cmocka_unit_test(test_copy_takes_what_is_used),
        cmocka_unit_test(test_the_budget_is_watched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
