/* Budget "sre_budget": Google's rule. A call is tried `per_request` times at most, and a client
 * retries only while its retries are below `share` of its requests, both over a sliding window.
 * So the callee sees 1 + share times what is offered ("growth of 1.1x"), and about three times in
 * the worst case without the second rule.
 *
 * Source: Google SRE book, ch. 21, "Deciding to Retry". Its window is not stated: 60 s, assumption.
 */
#include "models/guard/budget.h"
#include "models/guard/slices.h"

#define SLICES 60u /* assumption: a second each in the default window */

enum { REQUESTS, RETRIES, SUMS };

typedef struct {
    uint32_t per_request;
    gd_share share;
    gd_span window;
} sre_spec;

typedef struct {
    int64_t sums[SUMS];
    gd_slices slices;
} sre_state;

static int64_t *cells(const gd_budget_at *at)
{
    sre_state *state = at->state;
    gd_span slice = ((const sre_spec *)at->spec)->window / SLICES;
    return gd_slices_at(&state->slices, SLICES, SUMS, slice, at->now, state->sums);
}

static void began(const gd_budget_at *at)
{
    cells(at)[REQUESTS]++;
    ((sre_state *)at->state)->sums[REQUESTS]++;
}

static bool acquire(const gd_budget_at *at, const gd_reply *reply, uint32_t tries)
{
    (void)reply;
    const sre_spec *spec = at->spec;
    sre_state *state = at->state;
    int64_t *cell = cells(at);
    if (tries >= spec->per_request)
        return false;
    if ((gd_i128)state->sums[RETRIES] * GD_SHARE_ONE >=
        (gd_i128)state->sums[REQUESTS] * spec->share)
        return false;
    cell[RETRIES]++;
    state->sums[RETRIES]++;
    return true;
}

static const gd_field fields[] = {
    GD_FIELD_ROW(sre_spec, per_request, GD_FIELD_COUNT, .fallback = "3", .min = 1, .max = 255,
                 .help = "tries of one call in all", .source = "Google SRE book, ch. 21: three"),
    GD_FIELD_ROW(sre_spec, share, GD_FIELD_SHARE, .fallback = "\"10%\"", .min = 0,
                 .max = GD_SHARE_ONE,
                 .help = "retries for each request; above 100% it would limit nothing",
                 .source = "Google SRE book, ch. 21: 10 %"),
    GD_FIELD_ROW(sre_spec, window, GD_FIELD_SPAN, .fallback = "\"60s\"", .min = SLICES * GD_MS,
                 .max = GD_DAY, .help = "over which both are counted",
                 .source = "assumption: the book states none"),
    {0},
};

const gd_shape gd_sre_budget_budget_shape = {
    .name = "sre_budget",
    .help = "few tries a call, and few retries a request",
    .source = "Google SRE book, ch. 21 Handling Overload",
    .bytes = sizeof(sre_spec),
    .fields = fields,
    .bare = "share",
};

const gd_budget gd_sre_budget_budget = {
    .shape = &gd_sre_budget_budget_shape,
    .state_bytes = sizeof(sre_state) + SLICES * SUMS * sizeof(int64_t),
    .began = began,
    .acquire = acquire,
};
