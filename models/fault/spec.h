/* A fault as a scenario says it: one struct for all kinds, each with its own rows. */
#pragma once

#include "sim/spec/field.h"

typedef enum {
#define GD_FAULT(symbol, word) GD_FAULT_##symbol,
#include "models/fault/fault.def"
#undef GD_FAULT
    GD_FAULTS
} gd_fault_word;

typedef enum { GD_BY_INSTANCE, GD_BY_SERVICE, GD_BY_RACK, GD_BY_ZONE, GD_BY_ALL } gd_fault_by;

/* A renewal process: up, down, up … (patterns 9.1, 4.7). */
typedef struct {
    gd_dist_spec *mtbf, *mttr;
    uint8_t by; /* gd_fault_by */
    uint32_t racks;
    gd_share common_cause;
} gd_schedule_spec;

typedef struct {
    uint8_t fault;
    const char *target;
    gd_span at, lasts, ramp;
    const gd_node *instances, *mode, *operations, *targets, *mix;
    gd_schedule_spec *schedule;
    uint8_t repair; /* 0 self, 1 restart */
    bool silent;
    gd_share factor;
    gd_span added;
    uint8_t applies_to; /* 0 new, 1 running */
    gd_share share;
    uint8_t outcome;
    const gd_node *between, *partial;
    uint8_t direction; /* 0 both, 1 to, 2 from */
    gd_rate limit;
    uint32_t burst;
    gd_share correlation, rho, fill, fill_per_hour, load, steal;
    uint32_t max_active, status, n, cores, connections, table, ports;
    gd_dist_spec *delay, *up, *down;
    gd_span notice, linger, grace, uptime, backoff, longest, after, interval, pause, fall, hold,
        decay;
    gd_span jitter, offset, leeway, ttl, handshake, expires, idle;
    int64_t bytes_per_s, bytes_each, room, buffer, larger_than, rate;
    int64_t ppm;
    uint8_t how, drains;
    const char *recovery_of;
    const gd_node *retry_after;
} gd_fault_spec;

extern const char *const gd_fault_words[GD_FAULTS + 1];
extern const gd_shape *const gd_fault_shapes[GD_FAULTS + 1];
