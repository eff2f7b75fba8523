/* Connections of client pools (guard/connections.c): records and what moves them. */
#pragma once

#include "models/run.h"

typedef enum {
    GD_CONN_FREE,    /* the slot is */
    GD_CONN_SHAKES,  /* the handshake is at the callee */
    GD_CONN_TRIPS,   /* the handshake's other round trips */
    GD_CONN_BACKOFF, /* the last try failed: waits for the next */
    GD_CONN_IDLE,
    GD_CONN_USED
} gd_conn_state;

typedef struct {
    uint64_t word;         /* of its pending event; 0: none */
    uint64_t key;          /* names its draws */
    gd_time since;         /* idle: since when */
    gd_span wait;          /* the last wait of its back-off */
    uint32_t pool;         /* state */
    uint32_t instance;     /* it leads there, once the handshake is over */
    uint32_t newer, older; /* idle: neighbours, slot + 1; newer: also the free list */
    uint32_t tries;
    uint8_t state;
    bool broken; /* the callee has forgotten it; nobody knows yet */
    bool old;    /* its lifetime is over: closed when it comes back */
} gd_conn;

/* Of one pool at one caller instance. */
typedef struct {
    uint64_t opened; /* so far: names the next */
    gd_time changed;
    uint64_t open_ns;        /* not yet counted as ms */
    uint32_t newest, oldest; /* idle, slot + 1 */
    uint32_t idle, size, opening;
    uint32_t first, last, waiting; /* calls, slot + 1 */
    bool running;
} gd_conn_pool;

/* The pool of a site at a caller instance. */
uint32_t gd_connections_pool(const gd_run *run, const gd_plan_site *site, uint32_t from);
/* Opens what is needed and allowed. */
void gd_connections_fill(gd_run *run, uint32_t pool);
/* Takes the newest idle connection, or none: GD_NONE. */
uint32_t gd_connections_take(gd_run *run, uint32_t pool);
/* A connection comes back: `bad` ones are closed, good ones serve the first that waits. */
void gd_connections_release(gd_run *run, uint32_t conn, bool bad);
/* A handshake is over. */
void gd_connections_shaken(gd_run *run, uint32_t conn, uint32_t target, gd_outcome outcome);
/* GD_EV_CONN and GD_EV_KEEP (the keeper of a pool). */
void gd_connections_event(gd_run *run, uint32_t conn, uint64_t word);
void gd_connections_keep(gd_run *run, uint32_t pool);
void gd_connections_begin(gd_run *run); /* of the run: all callers are up */
/* A caller instance starts, crashes; a callee instance crashes. */
void gd_connections_start(gd_run *run, uint32_t instance);
void gd_connections_stop(gd_run *run, uint32_t instance);   /* before its calls are killed */
void gd_connections_forget(gd_run *run, uint32_t instance); /* after that */
void gd_connections_lost(gd_run *run, uint32_t instance);
/* guard/connections.c: one is ready for a call that waits; where a call's connection leads. */
void gd_connections_grant(gd_run *run, uint32_t call, uint32_t conn);
uint32_t gd_connections_target(gd_run *run, uint32_t call);
