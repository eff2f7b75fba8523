/* What the tests of models/serve share: one service "s" of one worker, and users with a name each,
 * so that the story says whose answer it is. Times in ms. */
#pragma once

#include "tests/models/bench_plan.h"

#include <glib.h>
#include <string.h>

#define ASKS(name, at)       "'" name "': {'at': 's', 'arrivals': {'csv': '" at "'}}"
#define MORE(name, more, at) "'" name "': {'at': 's', " more ", 'arrivals': {'csv': '" at "'}}"
#define SERVICE(more, work)                                                                        \
    "'services': {'s': {'workers': 1, " more ", 'operations': {'op': [{'work': '" work             \
    "'}]}}}, 'clients': {"

typedef struct {
    const char *name, *model;
    const char *story;    /* of answers; NULL: not looked at */
    const char *counters; /* "codel.dropped 2 codel.not_yet 3": each of them; NULL: none */
    const char *scenario; /* members of it, or NULL */
} serve_case;

static inline void play_serve_case(const serve_case *c)
{
    g_auto(bench) b = bench_of(c->model, c->scenario ? c->scenario : "");
    const char *story = bench_play(&b, "answer");
    if (c->story)
        check_text(story, c->story, "%s", c->name);
    g_auto(GStrv) words = g_strsplit(c->counters ? c->counters : "", " ", -1);
    for (size_t i = 0; words[i] && words[i + 1]; i += 2) {
        char *dot = strrchr(words[i], '.');
        g_autofree char *group = g_strndup(words[i], (gsize)(dot - words[i]));
        uint32_t s = 0;
        while (strcmp(b.plan->services[s].name, "s") != 0)
            s++;
        uint64_t count = gd_record_counter(b.record, GD_COUNTED_BY_SERVICE, s, group, dot + 1);
        check_that(count == g_ascii_strtoull(words[i + 1], NULL, 10), "%s: %s is %lu, wanted %s",
                   c->name, words[i], (unsigned long)count, words[i + 1]);
    }
    check_that(gd_run_count_in_flight(b.run) == 0, "%s: all is over", c->name);
}
