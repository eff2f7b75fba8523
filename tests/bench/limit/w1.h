/* Workload W1 of the hand-written limit: one queue, c servers, nothing else. */
#pragma once

#include "events.h"
#include "parts.h"

static histogram latencies;
static uint64_t events;

typedef struct {
    int64_t *arrived;
    uint32_t head, tail, room; /* room is a power of two */
} waiting_line;

static void line_push(waiting_line *line, int64_t now)
{
    if (line->tail - line->head == line->room) {
        uint32_t room = 2 * line->room;
        int64_t *arrived = malloc(sizeof *arrived * room);
        for (uint32_t i = line->head; i != line->tail; i++)
            arrived[i & (room - 1)] = line->arrived[i & (line->room - 1)];
        free(line->arrived);
        line->arrived = arrived;
        line->room = room;
    }
    line->arrived[line->tail++ & (line->room - 1)] = now;
}

/* Runs N jobs; returns their mean time in system in ns. Times are drawn in units of a second. */
static double run_w1(long jobs, int servers)
{
    const double unit = 1e9, rate = 0.8 * servers;
    int64_t arrived_at[64];
    int idle[64], idle_count = servers;
    waiting_line line = {.room = 1 << 16};
    line.arrived = malloc(sizeof *line.arrived * line.room);
    for (int i = 0; i < servers; i++)
        idle[i] = i;

    long arrived = 0, done = 0;
    double sum = 0;
    heap_push((int64_t)(exponential() / rate * unit), 0, 0);
    while (done < jobs) {
        event e = heap_pop();
        events++;
        if (kind_of(e) == 0) {
            if (++arrived < jobs)
                heap_push(e.at + (int64_t)(exponential() / rate * unit), 0, 0);
            if (idle_count) {
                int server = idle[--idle_count];
                arrived_at[server] = e.at;
                heap_push(e.at + (int64_t)(exponential() * unit), 1, (uint32_t)server);
            } else {
                line_push(&line, e.at);
            }
            continue;
        }
        uint32_t server = id_of(e);
        int64_t stay = e.at - arrived_at[server];
        sum += (double)stay;
        latencies[bucket_of(stay)]++;
        done++;
        if (line.head != line.tail) {
            arrived_at[server] = line.arrived[line.head++ & (line.room - 1)];
            heap_push(e.at + (int64_t)(exponential() * unit), 1, server);
        } else {
            idle[idle_count++] = (int)server;
        }
    }
    free(line.arrived);
    return sum / (double)done;
}
