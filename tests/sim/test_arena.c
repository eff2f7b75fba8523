#include "sim/arena.h"
#include "tests/check.h"

static void test_blocks_are_zeroed_aligned_and_apart(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    unsigned char *blocks[2000];
    size_t sizes[2000];
    for (unsigned i = 0; i < G_N_ELEMENTS(blocks); i++) {
        sizes[i] = i % 97 == 0 ? 20000 + i : i % 61; /* 0 bytes and large ones among them */
        blocks[i] = gd_arena_alloc(arena, sizes[i]);
        check_that((uintptr_t)blocks[i] % 16 == 0, "block %u", i);
        for (size_t k = 0; k < sizes[i]; k++)
            check_that(blocks[i][k] == 0, "block %u byte %zu", i, k);
        memset(blocks[i], (int)(i % 255) + 1, sizes[i]);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(blocks); i++)
        for (size_t k = 0; k < sizes[i]; k++)
            check_that(blocks[i][k] == i % 255 + 1, "block %u was overwritten", i);
}

static void test_empty_blocks_differ(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    check_that(gd_arena_alloc(arena, 0) != gd_arena_alloc(arena, 0), "two objects");
}

static void test_bytes_are_counted(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    check_that(gd_arena_get_bytes(arena) == 0, "a new one is empty");
    gd_arena_alloc(arena, 1);
    gd_arena_alloc(arena, 17);
    check_that(gd_arena_get_bytes(arena) == 48, "%zu", gd_arena_get_bytes(arena));
    (void)gd_arena_array(arena, double, 1000000);
    check_that(gd_arena_get_bytes(arena) == 8000048, "%zu", gd_arena_get_bytes(arena));
}

/* A large block first must not spoil the chunk for the small ones that follow. */
static void test_large_block_first(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    char *large = gd_arena_alloc(arena, 10000000);
    char *small = gd_arena_alloc(arena, 8);
    large[9999999] = 1;
    memcpy(small, "1234567", 8);
    check_text(small, "1234567", "after a large block");
}

static void test_texts(void **unused)
{
    (void)unused;
    g_autoptr(gd_arena) arena = gd_arena_new();
    check_text(gd_arena_strndup(arena, "checkout", 5), "check", "cut");
    check_text(gd_arena_strndup(arena, NULL, 0), "", "nothing");
    check_text(gd_arena_printf(arena, "%s.%d", "web", 42), "web.42", "formatted");
    g_autofree char *longer = g_strnfill(100000, 'x');
    check_text(gd_arena_printf(arena, "%s", longer), longer, "longer than a chunk");
}

int main(void)
{
    gd_arena_free(NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_are_zeroed_aligned_and_apart),
        cmocka_unit_test(test_empty_blocks_differ),
        cmocka_unit_test(test_bytes_are_counted),
        cmocka_unit_test(test_large_block_first),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
