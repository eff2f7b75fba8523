/* libFuzzer's custom mutator and cross-over for JSON documents: one to four changes of a tree, each
 * of a kind that a careless or a hostile author makes. libFuzzer finds the two functions by name,
 * so this file is linked to the fuzzer of fuzz_model.c only, and not to its replay.
 */
#include "sim/spec/node.h"

#include <string.h>

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_out, unsigned int seed);

/* Values as JSON text: the edges of every unit, and things of the wrong kind. */
static const char *const values[] = {
    "0",
    "1",
    "2",
    "3",
    "7",
    "64",
    "255",
    "256",
    "4095",
    "65535",
    "65536",
    "100000",
    "1000000",
    "1000000000",
    "4294967295",
    "4294967296",
    "9007199254740992",
    "0.5",
    "0.000000001",
    "1.5",
    "-1",
    "1e9",
    "-0",
    "null",
    "true",
    "false",
    "[]",
    "{}",
    "\"\"",
    "\"0ms\"",
    "\"1ns\"",
    "\"1ms\"",
    "\"10ms\"",
    "\"1s\"",
    "\"1m\"",
    "\"1h\"",
    "\"365d\"",
    "\"3650d\"",
    "\"9223372036s\"",
    "\"9223372036854775807ns\"",
    "\"-1ms\"",
    "\"0/s\"",
    "\"0.001/s\"",
    "\"100/s\"",
    "\"1000000/s\"",
    "\"1000000000/s\"",
    "\"0%\"",
    "\"0.0001%\"",
    "\"50%\"",
    "\"99.9%\"",
    "\"100%\"",
    "\"101%\"",
    "\"1B\"",
    "\"64KiB\"",
    "\"1GiB\"",
    "\"1bit/s\"",
    "\"10Gbit/s\"",
    "\"wait\"",
    "\"at_once\"",
    "\"all\"",
    "\"first\"",
    "\"cancel\"",
    "\"abandon\"",
    "\"immediate\"",
    "\"dequeue_only\"",
    "\"silent\"",
    "\"lifo\"",
    "\"priority\"",
    "\"ps\"",
    "\"async\"",
    "\"blocking\"",
    "\"random\"",
    "\"least_requests\"",
    "\"two_choices\"",
    "\"round_robin\"",
    "\"crash\"",
    "\"starter\"",
    "\"preset:same-zone\"",
    "\"crash\"",
    "\"slow\"",
    "\"hang\"",
    "\"errors\"",
    "\"overload\"",
    "\"partition\"",
    "\"rate_limit\"",
    "\"1,2,3\"",
    "\"0.1\\n0.2\\n0.2\"",
    "{\"exponential\": \"1ms\"}",
    "{\"exponential\": {\"mean\": \"1000h\"}}",
    "{\"pareto\": {\"scale\": \"1ns\", \"shape\": 0.01}}",
    "{\"weibull\": {\"scale\": \"1h\", \"shape\": 0.01}}",
    "{\"lognormal\": {\"median\": \"1ns\", \"p99\": \"1000h\"}}",
    "{\"gamma\": {\"mean\": \"1ms\", \"cv\": 100}}",
    "{\"erlang\": {\"mean\": \"1ms\", \"k\": 1000}}",
    "{\"normal\": {\"mean\": \"0ms\", \"sd\": \"1h\"}}",
    "{\"uniform\": {\"low\": \"0ms\", \"high\": \"1000h\"}}",
    "{\"zipf\": {\"n\": 1000000, \"s\": 0}}",
    "{\"geometric\": {\"mean\": 1000000}}",
    "{\"quantiles\": {\"p50\": \"1ns\", \"p99\": \"1000h\"}}",
    "{\"empirical\": [\"0ms\", \"0ms\"]}",
    "{\"constant\": \"0ms\"}",
    "{\"full\": {\"base\": \"0ms\"}}",
    "{\"max_attempts\": 255}",
    "{\"limit\": 0}",
    "{\"limit\": 1}",
    "{\"max\": 1, \"max_wait\": \"1h\"}",
    "{\"window_calls\": 1, \"min_calls\": 1, \"open_for\": \"0ms\"}",
    "{\"slow_call\": \"1ns\"}",
    "{\"answer\": \"degraded\"}",
    "{\"about\": \"1ms\", \"between\": [\"0ms\", \"1h\"]}",
    "{\"work\": \"0ms\"}",
    "{\"wait\": \"0ms\"}",
    "{\"fail\": \"100%\"}",
    "[{\"work\": \"1ms\"}]",
    "{\"repeat\": 1000, \"at_once\": 1000, \"steps\": [{\"work\": \"1ms\"}]}",
};

typedef struct {
    uint64_t state;
    gd_arena *arena;
} chance;

static uint64_t draw(chance *dice, uint64_t below)
{
    uint64_t x = dice->state += UINT64_C(0x9E3779B97F4A7C15); /* SplitMix64 */
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (x ^ (x >> 31)) % below;
}

static size_t weigh(const gd_node *node)
{
    size_t n = 1;
    for (const gd_node *child = node->first; child; child = child->next)
        n += weigh(child);
    return n;
}

/* The n-th node in document order. */
static gd_node *find_nth(gd_node *node, size_t *n)
{
    if ((*n)-- == 0)
        return node;
    for (gd_node *child = node->first; child; child = child->next) {
        gd_node *found = find_nth(child, n);
        if (found)
            return found;
    }
    return NULL;
}

static gd_node *pick(chance *dice, gd_node *root)
{
    size_t n = draw(dice, weigh(root));
    return find_nth(root, &n);
}

/* What `node` is, becomes what `other` is; its key and place stay. */
static void become(gd_node *node, const gd_node *other)
{
    if (!other)
        return;
    node->kind = other->kind;
    node->truth = other->truth;
    node->text = other->text;
    node->first = other->first;
    node->last = other->last;
}

static gd_node *read_text(chance *dice, const char *text, size_t size)
{
    g_autoptr(gd_problems) problems = gd_problems_new();
    return gd_source_parse(dice->arena, "mutate", text, size, problems);
}

static gd_node *copy_of(chance *dice, const gd_node *node)
{
    g_autofree char *text = gd_node_print(node, false);
    return read_text(dice, text, strlen(text));
}

static void take_away(gd_node *parent, const gd_node *child)
{
    gd_node *before = NULL;
    for (gd_node *node = parent->first; node; before = node, node = node->next)
        if (node == child) {
            *(before ? &before->next : &parent->first) = node->next;
            if (parent->last == node)
                parent->last = before;
            return;
        }
}

/* The digits of a number or a quantity change; its unit stays. */
static void change_digits(chance *dice, gd_node *node)
{
    static const char *const digits[] = {"0",   "1",    "2",         "5",         "9.5",
                                         "100", "1000", "123456789", "999999999", "0.001"};
    if (!node->text)
        return;
    size_t length = strspn(node->text, "0123456789.");
    if (length == 0)
        return;
    const char *now = digits[draw(dice, G_N_ELEMENTS(digits))];
    node->text = gd_arena_printf(dice->arena, "%s%s", now, node->text + length);
}

/* Another name for a member: one that a document has elsewhere, or one letter off. */
static void change_key(chance *dice, gd_node *root, gd_node *node)
{
    gd_node *other = pick(dice, root);
    if (!node->key || !other)
        return;
    if (other->key && draw(dice, 4)) {
        node->key = other->key;
        return;
    }
    size_t length = strlen(node->key);
    char *key = gd_arena_strndup(dice->arena, node->key, length);
    if (length)
        key[draw(dice, length)] = (char)('a' + draw(dice, 26));
    node->key = key;
}

/* A copy of a part, under its own name or a new one, in a place of the kind that holds such parts.
 */
static void copy_part(chance *dice, gd_node *root, gd_node *node)
{
    if (!node->parent)
        return;
    gd_node *copy = copy_of(dice, node);
    gd_node *home = draw(dice, 3) ? node->parent : pick(dice, root);
    if (!copy || (home->kind != GD_OBJECT && home->kind != GD_ARRAY))
        return;
    copy->key = NULL;
    if (home->kind == GD_OBJECT) {
        copy->key = node->key ? node->key : "extra";
        if (gd_node_get(home, copy->key))
            copy->key = gd_arena_printf(dice->arena, "%s%u", copy->key, (unsigned)draw(dice, 100));
        if (gd_node_get(home, copy->key))
            return;
    }
    copy->parent = NULL;
    gd_node_append(home, copy);
}

/* One change of `root`; parts come from `donor`, which may be the same tree. */
static void change(chance *dice, gd_node *root, gd_node *donor)
{
    gd_node *node = pick(dice, root), *other = pick(dice, donor);
    const char *value = values[draw(dice, G_N_ELEMENTS(values))];
    switch (draw(dice, 8)) {
    case 0:
    case 1:
        change_digits(dice, node);
        break;
    case 2:
    case 3:
        if (node->parent)
            become(node, read_text(dice, value, strlen(value)));
        break;
    case 4:
        if (node->parent)
            take_away(node->parent, node);
        break;
    case 5:
        change_key(dice, donor, node);
        break;
    case 6:
        copy_part(dice, root, node);
        break;
    default: /* a part of the donor, where a part of that name or kind stands, or anywhere */
        for (unsigned tries = 0; tries < 8 && g_strcmp0(node->key, other->key) != 0; tries++)
            other = pick(dice, donor);
        if (node->parent && other->parent)
            become(node, copy_of(dice, other));
    }
}

static size_t print_to(const gd_node *root, uint8_t *out, size_t max_size)
{
    g_autofree char *text = gd_node_print(root, false);
    size_t length = strlen(text);
    if (length > max_size)
        return 0;
    memcpy(out, text, length);
    return length;
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                 size_t size2, uint8_t *out, size_t max_out, unsigned int seed)
{
    g_autoptr(gd_arena) arena = gd_arena_new();
    chance dice = {seed, arena};
    gd_node *root = read_text(&dice, (const char *)data1, size1);
    gd_node *donor = read_text(&dice, (const char *)data2, size2);
    if (!root || !donor)
        return 0;
    for (uint64_t n = 1 + draw(&dice, 3); n > 0; n--)
        change(&dice, root, donor);
    return print_to(root, out, max_out);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    g_autoptr(gd_arena) arena = gd_arena_new();
    chance dice = {seed, arena};
    gd_node *root = read_text(&dice, (const char *)data, size);
    if (!root) { /* no document yet: the smallest one is a better start than its bytes */
        static const char start[] = "{\"gameday\":1,\"services\":{},\"clients\":{}}";
        root = read_text(&dice, start, sizeof start - 1);
    }
    for (uint64_t n = 1 + draw(&dice, 4); n > 0; n--)
        change(&dice, root, root);
    size_t length = print_to(root, data, max_size);
    return length ? length : size;
}
