/* The arrival process of a client: what its users need of it. */
#pragma once

#include "models/flow/engine.h"

static inline gd_client_run *gd_client_state(gd_run *run, uint32_t client)
{
    return &GD_SEG(run, GD_SEG_CLIENTS, gd_client_run)[client];
}
static inline uint64_t gd_user_key(const gd_client_run *state, uint64_t ordinal)
{
    return gd_mix_n(state->key, ordinal);
}

void gd_arrivals_begin(gd_run *run, uint32_t client); /* an open client's */
void gd_arrivals_next(gd_run *run, uint32_t client);  /* after one that has come */
/* The client asks no more. */
void gd_arrivals_stop(gd_run *run, gd_client_run *state);
