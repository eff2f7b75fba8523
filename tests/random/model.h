/* Small models at random, as the documents that a user would write: every step, policy, balancer,
 * client, profile, link and fault, in times that often coincide. A seed is a model. */
#pragma once

#include "models/plan.h"

#include <glib.h>

typedef struct {
    char *model, *scenario, *arrivals; /* JSON, JSON, and the CSV of recorded arrivals */
    uint64_t seed;                     /* of the run */
} gd_random;

/* What a property needs of a model. */
#define GD_RANDOM_DRAINS 1u  /* all clients stop, all faults end, and there is time enough */
#define GD_RANDOM_EXACT  2u  /* only times that double to the ns: constants, whole factors */
#define GD_RANDOM_TWICE  4u  /* the same model with every time doubled and every rate halved */
#define GD_RANDOM_LONELY 8u  /* the same model with one more service that nobody calls, "aa" */
#define GD_RANDOM_MORE   16u /* also with policies that the naive simulator does not know */

gd_random *gd_random_model(uint64_t seed, unsigned traits);
gd_random *gd_random_copy(const gd_random *documents);
void gd_random_free(gd_random *documents);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gd_random, gd_random_free)
/* The plan, in `arena`; NULL and the problems (owned by the caller) when it is refused. */
gd_plan *gd_random_compile(const gd_random *documents, gd_arena *arena, char **problems);

/* Takes things away from the documents as long as `fails` still says so; returns what is left. */
typedef bool (*gd_random_fails)(const gd_random *documents);
gd_random *gd_random_shrink(const gd_random *documents, gd_random_fails fails);

/* ---- for the generator's files -----------------------------------------------------------------
 */
typedef struct {
    uint64_t state;
    unsigned traits, stretch; /* stretch: all times are that many times as long */
    GString *out;
    unsigned services, zones, clients, flags, calls_left, duration;
    unsigned ops[8]; /* of each service */
    bool proxy[8];   /* all its operations are transparent */
    bool external, far, near, attribute, copies;
    const char *open;   /* a client whose rate can grow */
    bool called[8][10]; /* who calls whom; the external is 9 */
} gd_maker;

uint32_t gd_maker_roll(gd_maker *m, uint32_t n); /* uniform in [0, n) */
bool gd_maker_chance(gd_maker *m, uint32_t percent);
/* Writes a template: ' for ", "#2..9" a number from 2 to 9, "#2..9ms" such a time, "~a|b|c~" one of
 * these words. Dice are thrown from left to right, whatever the compiler. */
void gd_maker_say(gd_maker *m, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* A distribution of times around `ms`, of which many are alike. */
void gd_maker_time(gd_maker *m, unsigned ms);
/* A callee that service `from` may call, later ones only; writes it as a JSON string. */
void gd_maker_callee(gd_maker *m, unsigned from);
/* The members of a policy, without braces. */
void gd_maker_policy(gd_maker *m, unsigned from, bool client);
void gd_maker_places(gd_maker *m);
void gd_maker_parties(gd_maker *m);
void gd_maker_clients(gd_maker *m);
void gd_maker_scenario(gd_maker *m);
