#include "models/concept/table.h"
#include "models/compile.h"
#include "models/compile/shape.h"
#include "sim/spec/schema.h"

#include <string.h>

const gd_topic gd_topics[] = {
    {"calls", "Calling another service"},
    {"servers", "Serving"},
    {"balancing", "Balancing and placing"},
    {"network", "The network"},
    {"users", "Users and load"},
    {"faults", "What breaks"},
    {"failure", "How failure grows and stays"},
    {"measuring", "Measuring"},
    {0},
};

static const gd_concept_entry *const tables[] = {
    gd_concepts_of_calls,  gd_concepts_of_servers, gd_concepts_of_balancing, gd_concepts_of_users,
    gd_concepts_of_faults, gd_concepts_of_failure, gd_concepts_of_measuring, gd_concepts_of_network,
};

static const char *pattern_of(const gd_shape *shape)
{
    return shape->concept->pattern ? shape->concept->pattern : shape->name;
}

static const char *own_name(const gd_shape *shape)
{
    return shape->name;
}

static bool is_known(const GPtrArray *concepts, const char *name)
{
    for (guint i = 0; i < concepts->len; i++)
        if (strcmp(((const gd_concept_entry *)concepts->pdata[i])->name, name) == 0)
            return true;
    return false;
}

static bool is_shown(const GPtrArray *concepts, const gd_shape *shape)
{
    for (guint i = 0; i < concepts->len; i++)
        if (((const gd_concept_entry *)concepts->pdata[i])->shape == shape)
            return true;
    return false;
}

/* Kinds state their text in their shape; the topic is that of the first place that leads there. The
 * first of a pattern stands for it, under the pattern's name; the others follow under their own. */
static void add_kinds(gd_arena *arena, GPtrArray *found, const gd_shape *root, const char *topic,
                      const char *(*name_of)(const gd_shape *))
{
    g_autoptr(GPtrArray) shapes = gd_shape_collect(root, NULL);
    for (guint i = 0; i < shapes->len; i++) {
        const gd_shape *shape = g_ptr_array_index(shapes, i);
        if (!shape->concept || is_known(found, name_of(shape)) || is_shown(found, shape))
            continue;
        gd_concept_entry *entry = gd_arena_make(arena, gd_concept_entry);
        entry->name = name_of(shape);
        entry->topic = topic;
        entry->text = *shape->concept;
        entry->shape = shape;
        g_ptr_array_add(found, entry);
    }
}

static unsigned rank_of(const char *topic)
{
    unsigned rank = 0;
    while (gd_topics[rank].name && strcmp(gd_topics[rank].name, topic) != 0)
        rank++;
    return rank;
}

static gint compare(gconstpointer a, gconstpointer b)
{
    const gd_concept_entry *x = *(gd_concept_entry *const *)a, *y = *(gd_concept_entry *const *)b;
    unsigned left = rank_of(x->topic), right = rank_of(y->topic);
    return left != right ? (left < right ? -1 : 1) : strcmp(x->name, y->name);
}

/* A fault's numbers are the rows of its own kind, "slow-fault". */
static gd_concept_entry *with_shape(gd_arena *arena, const gd_concept_entry *entry)
{
    gd_concept_entry *copy = gd_arena_make(arena, gd_concept_entry);
    *copy = *entry;
    g_autofree char *name = g_strconcat(entry->name, "-fault", NULL);
    for (const gd_shape *const *fault = gd_fault_shapes; *fault && !entry->fields; fault++)
        if (strcmp((*fault)->name, name) == 0)
            copy->shape = *fault;
    return copy;
}

static void add_all_kinds(gd_arena *arena, GPtrArray *found,
                          const char *(*name_of)(const gd_shape *))
{
    add_kinds(arena, found, &gd_call_shape, "calls", name_of);
    for (const gd_shape *const *fault = gd_fault_shapes; *fault; fault++)
        add_kinds(arena, found, *fault, "faults", name_of);
    add_kinds(arena, found, &gd_network_shape, "network", name_of);
    add_kinds(arena, found, &gd_client_shape, "users", name_of);
    add_kinds(arena, found, &gd_service_shape, "servers", name_of);
    add_kinds(arena, found, &gd_model_shape, "servers", name_of);
    add_kinds(arena, found, &gd_scenario_shape, "faults", name_of);
}

GPtrArray *gd_concepts_new(gd_arena *arena)
{
    GPtrArray *found = g_ptr_array_new();
    add_all_kinds(arena, found, pattern_of);
    for (size_t t = 0; t < G_N_ELEMENTS(tables); t++)
        for (const gd_concept_entry *entry = tables[t]; entry->name; entry++)
            if (!is_known(found, entry->name))
                g_ptr_array_add(found, with_shape(arena, entry));
    add_all_kinds(arena, found, own_name);
    g_ptr_array_sort(found, compare);
    return found;
}

/* Case and separators do not matter: "Circuit breaker" is circuit-breaker. */
static bool is_same(const char *a, const char *b)
{
    for (; a && *a && *b; a++, b++) {
        char x = strchr("-_ ", *a) ? '-' : g_ascii_tolower(*a);
        char y = strchr("-_ ", *b) ? '-' : g_ascii_tolower(*b);
        if (x != y)
            return false;
    }
    return a && !*a && !*b;
}

/* Words of results, and of the tables of kinds, that a model writes in another way. */
static const char *as_written(const char *word)
{
    static const char *const words[][2] = {
        {"adaptive", "aws-adaptive"},
        {"envoy_limits", "envoy"},
        {"hop", "mesh"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (is_same(words[i][0], word))
            return words[i][1];
    return word;
}

const gd_concept_entry *gd_concept_find(const GPtrArray *concepts, const char *said)
{
    const char *word = as_written(said);
    for (unsigned by = 0; by < 3; by++)
        for (guint i = 0; i < concepts->len; i++) {
            const gd_concept_entry *entry = concepts->pdata[i];
            const char *const names[] = {entry->name, entry->text.title,
                                         entry->shape ? entry->shape->name : NULL};
            if (is_same(names[by], word))
                return entry;
        }
    return NULL;
}

const char *gd_concept_nearest(const GPtrArray *concepts, const char *word)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    for (guint i = 0; i < concepts->len; i++)
        g_ptr_array_add(words, (char *)((const gd_concept_entry *)concepts->pdata[i])->name);
    g_ptr_array_add(words, NULL);
    return gd_nearest(word, (const char *const *)words->pdata);
}
