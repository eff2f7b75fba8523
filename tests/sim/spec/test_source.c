#include "sim/spec/node.h"
#include "tests/check.h"

/* Parses; the problems' text goes to *said. Both live in `arena`. */
static gd_node *parse(gd_arena *arena, const char *text, size_t length, const char **said)
{
    g_autoptr(gd_problems) problems = gd_problems_new();
    gd_node *root = gd_source_parse(arena, "f.json", text, length, problems);
    g_autofree char *printed = gd_problems_print(problems);
    *said = gd_arena_strndup(arena, printed, strlen(printed));
    check_that((root == NULL) == (gd_problems_count(problems) > 0), "%s", printed);
    return root;
}

#define B(text) text, sizeof(text) - 1
static const struct {
    const char *text;
    size_t length;
    const char *printed; /* compact */
} accepted[] = {
    {B("{}"), "{}"},
    {B(" { } "), "{}"},
    {B("[]"), "[]"},
    {B("\"\""), "\"\""},
    {B("0"), "0"},
    {B("true"), "true"},
    {B("null"), "null"},
    {B("{\"a\":1,\"b\":[true,false,null]}"), "{\"a\":1,\"b\":[true,false,null]}"},
    {B("[1,2,]"), "[1,2]"},
    {B("{\"a\":1,}"), "{\"a\":1}"},
    {B("{\"a\":1 , /* x */ }"), "{\"a\":1}"},
    {B("// first\n[1] // last"), "[1]"},
    {B("[1/**/,/***/2/* , */]"), "[1,2]"},
    {B("[\"// no comment\", \"/* nor this */\"]"), "[\"// no comment\",\"/* nor this */\"]"},
    {B("// \xC3\xA9\r\n[1]\r\n"), "[1]"},
    {B("[-0]"), "[-0]"},
    {B("[1E22,1e-2,1E+2,0e+1,0e1,20e1]"), "[1E22,1e-2,1E+2,0e+1,0e1,20e1]"},
    {B("[123e65,123.456e78,123.456789]"), "[123e65,123.456e78,123.456789]"},
    {B("[1e308,1e-400,0e999999]"), "[1e308,1e-400,0e999999]"},
    {B("[0.00000001e315]"), "[0.00000001e315]"},
    {B("[-0.0000000000000000000000000000000000000000000000000000000000000000000000000000001]"),
     "[-0.0000000000000000000000000000000000000000000000000000000000000000000000000000001]"},
    {B("[9007199254740992,-9007199254740992]"), "[9007199254740992,-9007199254740992]"},
    {B("[\"\\u0061\\u30af\\u00e9\"]"), "[\"aクé\"]"},
    {B("[\"\\uD801\\udc37\"]"), "[\"\xF0\x90\x90\xB7\"]"},
    {B("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"), "[\"\\\"\\\\/\\u0008\\u000c\\n\\u000d\\t\"]"},
    {B("[\"\x7F\"]"), "[\"\x7F\"]"},
    {B("[\"\xE2\x80\xA8\"]"), "[\"\xE2\x80\xA8\"]"},
    {B("[\"\xEF\xBF\xBF\"]"), "[\"\xEF\xBF\xBF\"]"},
    {B("{\"\":0}"), "{\"\":0}"},
    {B("{\"a\":{\"a\":1}}"), "{\"a\":{\"a\":1}}"},
    {B("{\"A\":1,\"a\":2}"), "{\"A\":1,\"a\":2}"},
    {B("[\t\n\r 1]"), "[1]"},
};

static const struct {
    const char *text;
    size_t length;
    const char *said; /* a part of the message, place included */
} refused[] = {
    {B(""), "f.json:1:1: the file is empty"},
    {B("  \n "), "the file is empty"},
    {B("// only"), "the file is empty"},
    {B("\xEF\xBB\xBF{}"), "byte order mark"},
    {B("\xFF\xFE{\0}\0"), "UTF-16"},
    {B("{\0}"), "f.json:1:2: the byte 0x00"},
    {B("[\"\xFF\"]"), "f.json:1:3: the byte 0xff"},
    {B("[\"\xC3\"]"), "the byte 0xc3"},
    {B("[\"\xED\xA0\x80\"]"), "the byte 0xed"},
    {B("[\"\xC0\x80\"]"), "the byte 0xc0"},
    {B("[\"\xF4\x90\x80\x80\"]"), "the byte 0xf4"},
    {B("[01]"), "f.json:1:2: \"01\": a number has no leading zero"},
    {B("[-01]"), "leading zero"},
    {B("[00]"), "leading zero"},
    {B("[1.]"), "a digit follows the point"},
    {B("[1.e1]"), "a digit follows the point"},
    {B("[.5]"), "begins with a digit"},
    {B("[-.5]"), "begins with a digit"},
    {B("[+1]"), "no plus sign"},
    {B("[++1]"), "no plus sign"},
    {B("[-]"), "not a number"},
    {B("[--1]"), "not a number"},
    {B("[1-2]"), "not a number"},
    {B("[1+2]"), "not a number"},
    {B("[1e]"), "no digits"},
    {B("[1e+]"), "no digits"},
    {B("[1eE2]"), "no digits"},
    {B("[1.5e]"), "no digits"},
    {B("[0x10]"), "hexadecimal"},
    {B("[1_000]"), "not a number"},
    {B("[5ms]"), "a quantity with a unit is a string"},
    {B("[1 000]"), "expected \",\" or \"]\""},
    {B("[NaN]"), "JSON has no NaN; leave the member out"},
    {B("[nan]"), "JSON has no nan"},
    {B("[Infinity]"), "JSON has no Infinity"},
    {B("[-Infinity]"), "no NaN and no Infinity"},
    {B("[-NaN]"), "no NaN"},
    {B("[1e999]"), "larger than any"},
    {B("[-1e309]"), "larger than any"},
    {B("[1e99999999999999999999]"), "larger than any"},
    {B("[9007199254740993]"), "beyond 2^53"},
    {B("[-9007199254740993]"), "beyond 2^53"},
    {B("[12345678901234567890]"), "beyond 2^53"},
    {B("[True]"), "write true"},
    {B("[nul]"), "write null"},
    {B("[tru]"), "write true"},
    {B("[undefined]"), "needs quotes"},
    {B("{a:1}"), "f.json:1:2: expected a member name"},
    {B("{'a':1}"), "expected a member name"},
    {B("['a']"), "double quotes"},
    {B("{\"a\" 1}"), "expected \":\""},
    {B("{\"a\":}"), "expected a value, found \"}\""},
    {B("{\"a\"}"), "expected \":\""},
    {B("{:1}"), "expected a member name"},
    {B("{1:1}"), "expected a member name"},
    {B("{,}"), "expected a member name"},
    {B("{\"a\":1,,\"b\":2}"), "expected a member name"},
    {B("{\"a\":1 \"b\":2}"), "f.json:1:8: expected \",\" or \"}\" after the value, found a string"},
    {B("[,]"), "expected a value"},
    {B("[,1]"), "expected a value"},
    {B("[1,,2]"), "expected a value"},
    {B("[1,,]"), "expected a value"},
    {B("[1:2]"), "expected \",\""},
    {B("[1}"), "expected \",\" or \"]\""},
    {B("{\"a\":1]"), "expected \",\" or \"}\""},
    {B("["), "the end of the file"},
    {B("{"), "the end of the file"},
    {B("[1"), "the end of the file"},
    {B("[1,"), "the end of the file"},
    {B("{\"a"), "not closed on its line"},
    {B("{\"a\":"), "the end of the file"},
    {B("[\"a"), "not closed on its line"},
    {B("[\"a\nb\"]"), "f.json:1:2: this string is not closed"},
    {B("[\"a\tb\"]"), "f.json:1:4: a control character (0x09) in a string; write \\u0009"},
    {B("[\"\x1F\"]"), "(0x1f)"},
    {B("[\"\\x\"]"), "no such escape"},
    {B("[\"\\\"]"), "not closed"},
    {B("[\"\\u12\"]"), "no such escape"},
    {B("[\"\\u12G4\"]"), "no such escape"},
    {B("[\"\\U0041\"]"), "no such escape"},
    {B("[\"\\'\"]"), "no such escape"},
    {B("[\"\\u0000\"]"), "\\u0000 would end the text"},
    {B("{\"a\\u0000b\":1}"), "\\u0000 would end the text"},
    {B("[\"\\uD800\"]"), "half of a surrogate pair"},
    {B("[\"\\uDC00\"]"), "half of a surrogate pair"},
    {B("[\"\\uD800\\u0041\"]"), "half of a surrogate pair"},
    {B("[\"\\uD800\\uD800\"]"), "half of a surrogate pair"},
    {B("[\"\\uD800x\"]"), "half of a surrogate pair"},
    {B("{} {}"), "the document ends before"},
    {B("{}]"), "the document ends before"},
    {B("1 2"), "the document ends before"},
    {B("{}x"), "the document ends before \"x\""},
    {B("]"), "expected a value"},
    {B("*"), "expected a value"},
    {B("[\xC2\xA0"
       "1]"),
     "expected a value"},
    {B("{} #"), "the document ends before"},
    {B("/* open"), "not closed; write */"},
    {B("/*/"), "not closed; write */"},
    {B("[1] /"), "comments are // and /* */"},
    {B("[1] / 2"), "comments are // and /* */"},
    {B("{\"rate\":1,\"rate\":100}"),
     "f.json:1:11: rate: the member \"rate\" is given twice, first at line 1, column 2"},
    {B("{\"rate\":1,\n \"r\\u0061te\":2}"), "f.json:2:2: rate: the member \"rate\" is given twice"},
    {B("{\"a\":{\"b\":0,\"b\":0}}"), "a.b: the member \"b\" is given twice"},
    {B("{\"a\":1,\"a\":1}"), "given twice"},
};

static void test_cases(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < G_N_ELEMENTS(accepted); i++) {
        g_autoptr(gd_arena) arena = gd_arena_new();
        const char *said;
        gd_node *root = parse(arena, accepted[i].text, accepted[i].length, &said);
        check_that(root, "%s: %s", accepted[i].text, said);
        g_autofree char *printed = gd_node_print(root, false);
        check_text(printed, accepted[i].printed, "%s", accepted[i].text);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(gd_arena) arena = gd_arena_new();
        const char *said;
        check_that(!parse(arena, refused[i].text, refused[i].length, &said), "%s", refused[i].text);
        check_that(strstr(said, refused[i].said), "%s\n  wanted %s\n  got %s", refused[i].text,
                   refused[i].said, said);
    }
}

/* --- limits ------------------------------------------------------------------------------------
 */

static bool accepts(const char *text, size_t length, const char **said)
{
    g_autoptr(gd_arena) arena = gd_arena_new();
    static char kept[4096];
    bool read = parse(arena, text, length, said) != NULL;
    g_strlcpy(kept, *said, sizeof kept);
    *said = kept;
    return read;
}

static void test_depth(void **unused)
{
    (void)unused;
    for (unsigned depth = 63; depth <= 65; depth++) {
        g_autoptr(GString) arrays = g_string_new(NULL), objects = g_string_new(NULL);
        for (unsigned i = 0; i < depth; i++) {
            g_string_append_c(arrays, '[');
            g_string_append(objects, i ? "{\"a\":" : "{\"a\":");
        }
        g_string_append_c(objects, '1');
        for (unsigned i = 0; i < depth; i++) {
            g_string_append_c(arrays, ']');
            g_string_append_c(objects, '}');
        }
        const char *said;
        check_that(accepts(arrays->str, arrays->len, &said) == (depth <= 64), "%u", depth);
        check_that(accepts(objects->str, objects->len, &said) == (depth <= 64), "%u", depth);
        check_that(depth <= 64 || strstr(said, "nested deeper than 64"), "%s", said);
    }
    /* A million brackets end at once, whatever the stack. */
    g_autofree char *brackets = g_strnfill(1000000, '[');
    const char *said;
    check_that(!accepts(brackets, 1000000, &said) && strstr(said, "f.json:1:65: nested"), "%s",
               said);
}

static void test_sizes(void **unused)
{
    (void)unused;
    const char *said;
    for (size_t length = 65535; length <= 65537; length++) {
        g_autofree char *inside = g_strnfill(length, 'x');
        g_autofree char *text = g_strdup_printf("[\"%s\"]", inside);
        check_that(accepts(text, strlen(text), &said) == (length <= 65536), "%zu", length);
    }
    size_t most = (size_t)16 * 1024 * 1024;
    g_autofree char *blanks = g_strnfill(most + 1, ' ');
    blanks[0] = '1';
    check_that(accepts(blanks, most, &said), "%s", said);
    check_that(!accepts(blanks, most + 1, &said) && strstr(said, "16 MiB"), "%s", said);

    g_autoptr(GString) many = g_string_new("[");
    for (unsigned i = 0; i < 500000; i++)
        g_string_append(many, "0,");
    g_string_append(many, "]");
    check_that(!accepts(many->str, many->len, &said) && strstr(said, "500000 values"), "%s", said);
}

/* --- places ------------------------------------------------------------------------------------
 */

static void check_place(gd_node *root, const char *address, size_t key_line, size_t key_column,
                        size_t line, size_t column)
{
    size_t l, c;
    gd_node *node = gd_node_at(root, address);
    check_that(node, "%s", address);
    gd_node_place(node, true, &l, &c);
    check_that(l == key_line && c == key_column, "key of %s: %zu:%zu", address, l, c);
    gd_node_place(node, false, &l, &c);
    check_that(l == line && c == column, "%s: %zu:%zu", address, l, c);
}

static void test_places(void **unused)
{
    (void)unused;
    static const char text[] = "// h\xC3\xA9\n"
                               "{ \"a\": 1, /* \xC3\xA9\xC3\xA9 */ \"b\" : [ 2,\r\n"
                               "\t\"\xC3\xA9\", {\"c\":\n"
                               "null,}, ],\n"
                               "  \"d\\u0065\": true }\n";
    g_autoptr(gd_arena) arena = gd_arena_new();
    const char *said;
    gd_node *root = parse(arena, text, strlen(text), &said);
    check_that(root, "%s", said);
    check_place(root, "", 2, 1, 2, 1);
    check_place(root, "a", 2, 3, 2, 8);
    check_place(root, "b", 2, 20, 2, 26);
    check_place(root, "b[0]", 2, 28, 2, 28);
    check_place(root, "b[1]", 3, 2, 3, 2);
    check_place(root, "b[2]", 3, 7, 3, 7);
    check_place(root, "b[2].c", 3, 8, 4, 1);
    check_place(root, "de", 5, 3, 5, 14);
    assert_int_equal(root->source->length, strlen(text));
    assert_memory_equal(root->source->text, text, strlen(text) + 1);
}

/* Property: where a node says it stands, its text stands. */
static void check_places_hold(const gd_node *node)
{
    const char *at = node->source->text + node->at;
    static const char first[] = {'n', 't', '0', '"', '[', '{'};
    if (node->kind == GD_NUMBER)
        check_that(strncmp(at, node->text, strlen(node->text)) == 0, "%s", at);
    else if (node->kind == GD_BOOL)
        check_that(*at == (node->truth ? 't' : 'f'), "%s", at);
    else
        check_that(*at == first[node->kind], "%s", at);
    check_that(!node->key || node->source->text[node->key_at] == '"', "%s", node->key);
    for (const gd_node *child = node->first; child; child = child->next)
        check_places_hold(child);
}

static const char sample[] =
    "{\n  \"gameday\": 1, \"name\": \"shop\", // what\n"
    "  \"services\": {\"web\": {\"instances\": 6, \"queue\": {\"limit\": 128}, \"w\\u00e9\": "
    "-1.5e3,\n"
    "     \"calls\": {\"pay.charge\": {\"timeout\": \"300ms\", \"retry\": null}},},\n"
    "     \"x\": [true, false, {\"a\": []}, \"\\ud83d\\ude00 \xF0\x9F\x98\x80\"] } /* end */\n}\n";

/* Each prefix and each byte set to each of some values: a place or a success, never a crash. */
static void test_broken_input(void **unused)
{
    (void)unused;
    size_t length = strlen(sample), read = 0;
    for (size_t cut = 0; cut < length; cut++) {
        g_autoptr(gd_arena) arena = gd_arena_new();
        g_autofree char *copy = g_memdup2(sample, cut + 1); /* so that reading past it is seen */
        const char *said;
        gd_node *root = parse(arena, copy, cut, &said);
        check_that(!root == (cut < length - 1), "cut at %zu: %s", cut, said);
    }
    for (size_t at = 0; at < length; at++) {
        for (unsigned change = 1; change < 256; change++) {
            g_autoptr(gd_arena) arena = gd_arena_new();
            g_autofree char *copy = g_memdup2(sample, length);
            copy[at] = (char)(copy[at] ^ change);
            const char *said;
            gd_node *root = parse(arena, copy, length, &said);
            if (!root) {
                check_that(strncmp(said, "f.json:", 7) == 0, "%zu ^ %u: %s", at, change, said);
                continue;
            }
            read++;
            check_places_hold(root);
            /* What was read prints as JSON that reads the same. */
            g_autofree char *once = gd_node_print(root, change & 1);
            gd_node *again = parse(arena, once, strlen(once), &said);
            check_that(again, "%zu ^ %u: %s", at, change, said);
            g_autofree char *twice = gd_node_print(again, change & 1);
            check_text(twice, once, "%zu ^ %u", at, change);
        }
    }
    check_that(read > 1000, "%zu changed documents were still JSON", read);
}

/* --- messages ----------------------------------------------------------------------------------
 */

static void test_all_errors_at_once(void **unused)
{
    (void)unused;
    static const char text[] = "{\"a\": 01, \"b\": [NaN, \"x\ty\"],\n \"a\": 1e999}";
    g_autoptr(gd_arena) arena = gd_arena_new();
    const char *said;
    check_that(!parse(arena, text, strlen(text), &said), "it has five mistakes");
    const char *wanted[] = {
        "f.json:1:7: ", "f.json:1:17: ", "f.json:1:24: ", "f.json:2:2: ", "f.json:2:7: "};
    const char *at = said;
    for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
        at = strstr(at, wanted[i]);
        check_that(at, "%s in order of place in\n%s", wanted[i], said);
    }
}

static unsigned count_lines(const char *text)
{
    unsigned lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void test_twenty_lines(void **unused)
{
    (void)unused;
    for (unsigned mistakes = 19; mistakes < 5000; mistakes = mistakes < 22 ? mistakes + 1 : 4999) {
        g_autoptr(GString) text = g_string_new("[");
        for (unsigned i = 0; i < mistakes; i++)
            g_string_append(text, "01,\n");
        g_string_append(text, "1]");
        g_autoptr(gd_arena) arena = gd_arena_new();
        const char *said;
        check_that(!parse(arena, text->str, text->len, &said), "%u mistakes", mistakes);
        unsigned lines = count_lines(said);
        check_that(lines == MIN(mistakes, 20), "%u mistakes, %u lines", mistakes, lines);
        g_autofree char *more = g_strdup_printf("… and %u more\n", mistakes - 19);
        check_that((mistakes > 20) == (strstr(said, more) != NULL), "%s", said);
        if (mistakes == 4999)
            break;
    }
}

static void test_no_raw_bytes_in_messages(void **unused)
{
    (void)unused;
    static const char text[] = "{\"a\\u001b]0;x\\u0007\": 1, \"a\\u001b]0;x\\u0007\": 2, "
                               "\"\\u202e%n%s\": 1, \"\\u202e%n%s\": 2}";
    g_autoptr(gd_arena) arena = gd_arena_new();
    const char *said;
    check_that(!parse(arena, text, strlen(text), &said), "two keys twice");
    check_that(strstr(said, "a\\u001b]0;x\\u0007") && strstr(said, "\\u202e%n%s"), "%s", said);
    for (const char *c = said; *c; c++)
        check_that((unsigned char)*c >= 0x20 || *c == '\n', "0x%02x", (unsigned char)*c);
    check_that(!strstr(said, "\xE2\x80\xAE"), "%s", said);
}

/* One wrong default, met by many: shown once, but each reader hears that it had a problem. */
static void test_repeated_problem(void **unused)
{
    (void)unused;
    g_autoptr(gd_problems) problems = gd_problems_new();
    for (unsigned i = 0; i < 3; i++)
        gd_problem_text(problems, "f.json", 3, 4, "the same");
    gd_problem_text(problems, "f.json", 3, 5, "the same");
    assert_int_equal(gd_problems_count(problems), 2);
    assert_int_equal(gd_problems_reported(problems), 4);
    g_autofree char *said = gd_problems_print(problems);
    check_text(said, "f.json:3:4: the same\nf.json:3:5: the same\n", "once each");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_broken_input),
        cmocka_unit_test(test_all_errors_at_once),
        cmocka_unit_test(test_twenty_lines),
        cmocka_unit_test(test_no_raw_bytes_in_messages),
        cmocka_unit_test(test_repeated_problem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
