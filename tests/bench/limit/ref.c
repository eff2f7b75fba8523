/* The hand-written limit: workloads W1 to W4 of tests/bench/README.md on one core, and nothing
 * else. What gameday does from a JSON model is compared with this. No generality: the graph, the
 * policies and the statistics are compiled in, states are fixed-size records in pools.
 *
 *     ref w1 N SERVERS | ref w2 N FAULT | ref w3 N | ref sweep RUNS N PROCESSES      SEED=n seeds
 * it
 */
#include "events.h"
#include "parts.h"
#include "w1.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MS   1000000LL
#define NONE (~0u)

enum { ARRIVAL, REQUEST, SERVICE_END, RESPONSE, TIMEOUT, RETRY };

typedef struct {
    uint32_t parent, instance, next, root;
    int64_t began;
    uint32_t token;
    uint8_t pending, failed, layer;
} call; /* 32 bytes */

typedef enum { DEAD, WAITING, BACKING_OFF } client_state;

typedef struct {
    int64_t began;
    uint32_t token; /* sequence number of the live attempt's timer */
    uint8_t retries, state;
} client;

typedef struct {
    uint32_t head, tail, queued, idle, limit;
    double mean_ns;
    uint32_t service;
} instance;

static call *calls;
static client *clients;
static instance *instances;
static histogram *by_service;
static uint32_t *free_clients;
static uint32_t free_call = NONE, call_count, call_room, client_count, client_room,
                free_client_count;
static uint64_t succeeded, gave_up, attempts, timeouts, rejects;
static double latency_sum, slow_from, slow_to;
static int64_t now, timeout_ns = 250 * MS;
static bool layered, faulty;

static inline uint32_t random_below(uint32_t n)
{
    return (uint32_t)(((random_word() >> 32) * n) >> 32);
}

static inline uint32_t random_instance(uint32_t layer)
{
    return (layer * 100 + random_below(100)) * 10 + random_below(10);
}

static inline uint32_t call_new(void)
{
    if (free_call != NONE) {
        uint32_t id = free_call;
        free_call = calls[id].next;
        return id;
    }
    if (call_count == call_room) {
        call_room = call_room ? call_room * 2 : 4096;
        calls = realloc(calls, sizeof *calls * call_room);
    }
    return call_count++;
}

static inline void call_free(uint32_t id)
{
    calls[id].next = free_call;
    free_call = id;
}

static inline void start_service(uint32_t id)
{
    instance *at = &instances[calls[id].instance];
    double mean = at->mean_ns;
    if (faulty && at->service == 4 && (double)now >= slow_from && (double)now < slow_to)
        mean *= 3;
    at->idle--;
    heap_push(now + (int64_t)(exponential() * mean), SERVICE_END, id);
}

static inline void reply(uint32_t id)
{
    push_hop(now + MS / 2, RESPONSE, id);
}

static inline void send_call(uint32_t parent, uint32_t to, uint32_t root, uint32_t token,
                             uint8_t layer)
{
    uint32_t id = call_new();
    calls[id] = (call){.parent = parent,
                       .instance = to,
                       .next = NONE,
                       .root = root,
                       .began = now,
                       .token = token,
                       .layer = layer};
    push_hop(now + MS / 2, REQUEST, id);
}

static inline void client_attempt(uint32_t id)
{
    attempts++;
    clients[id].token = sequence & 0xfffffff;
    push_timer(now + timeout_ns, TIMEOUT, id);
    send_call(NONE, layered ? random_instance(0) : 0, id, clients[id].token, 0);
}

static inline uint32_t client_new(void)
{
    if (free_client_count)
        return free_clients[--free_client_count];
    if (client_count == client_room) {
        client_room = client_room ? client_room * 2 : 4096;
        clients = realloc(clients, sizeof *clients * client_room);
        free_clients = realloc(free_clients, sizeof *free_clients * client_room);
    }
    return client_count++;
}

static inline void client_end(uint32_t id)
{
    clients[id].state = DEAD;
    clients[id].token = NONE;
    free_clients[free_client_count++] = id;
}

static void client_failed(uint32_t id)
{
    if (clients[id].retries >= 3) {
        gave_up++;
        client_end(id);
        return;
    }
    clients[id].token = NONE;
    clients[id].retries++;
    double longest = 50.0 * MS * (1 << (clients[id].retries - 1));
    if (longest > 1000.0 * MS)
        longest = 1000.0 * MS;
    heap_push(now + (int64_t)(random_share() * longest), RETRY, id);
    clients[id].state = BACKING_OFF;
}

static inline void on_request(uint32_t id)
{
    instance *at = &instances[calls[id].instance];
    calls[id].began = now;
    if (at->idle) {
        start_service(id);
    } else if (at->queued >= at->limit) {
        rejects++;
        calls[id].failed = 1;
        reply(id);
    } else {
        calls[id].next = NONE;
        if (at->queued++)
            calls[at->tail].next = id;
        else
            at->head = id;
        at->tail = id;
    }
}

static inline void on_service_end(uint32_t id)
{
    instance *at = &instances[calls[id].instance];
    at->idle++;
    if (at->queued) {
        uint32_t next = at->head;
        at->head = calls[next].next;
        at->queued--;
        start_service(next);
    }

    call *c = &calls[id];
    uint32_t root = c->root;
    if (layered && c->layer < 9) {
        uint8_t below = c->layer + 1;
        c->pending = 1;
        send_call(id, random_instance(below), root, 0, below);
    } else if (layered || at->service == 4) {
        by_service[at->service][bucket_of(now - c->began)]++;
        reply(id);
    } else if (at->service == 1) {
        c->pending = 2;
        send_call(id, 2, root, 0, 0);
        send_call(id, 3, root, 0, 0);
    } else {
        c->pending = 1;
        send_call(id, at->service == 0 ? 1 : 4, root, 0, 0);
    }
}

static inline void on_response(uint32_t id)
{
    call c = calls[id];
    call_free(id);
    if (c.parent != NONE) {
        call *parent = &calls[c.parent];
        parent->failed |= c.failed;
        if (--parent->pending == 0) {
            by_service[instances[parent->instance].service][bucket_of(now - parent->began)]++;
            reply(c.parent);
        }
        return;
    }
    client *asker = &clients[c.root];
    if (asker->state != WAITING || asker->token != c.token)
        return; /* it answers an attempt that timed out */
    if (c.failed) {
        client_failed(c.root);
        return;
    }
    int64_t latency = now - asker->began;
    succeeded++;
    latency_sum += (double)latency;
    latencies[bucket_of(latency)]++;
    client_end(c.root);
}

static void run_network(long requests, double per_ns)
{
    long arrived = 0;
    event e;
    heap_push((int64_t)(exponential() / per_ns), ARRIVAL, 0);
    while (next_event(&e)) {
        uint32_t id = id_of(e);
        now = e.at;
        events++;
        switch (kind_of(e)) {
        case ARRIVAL:
            if (++arrived < requests)
                heap_push(now + (int64_t)(exponential() / per_ns), ARRIVAL, 0);
            id = client_new();
            clients[id] = (client){.began = now, .token = clients[id].token, .state = WAITING};
            client_attempt(id);
            break;
        case REQUEST:
            on_request(id);
            break;
        case SERVICE_END:
            on_service_end(id);
            break;
        case RESPONSE:
            on_response(id);
            break;
        case TIMEOUT:
            if (clients[id].state == WAITING && clients[id].token == sequence_of(e)) {
                timeouts++;
                client_failed(id);
            }
            break;
        case RETRY:
            clients[id].state = WAITING;
            client_attempt(id);
            break;
        }
    }
}

static void set_up(bool w3)
{
    layered = w3;
    instances = calloc(w3 ? 10000 : 5, sizeof *instances);
    by_service = calloc(w3 ? 1000 : 5, sizeof *by_service);
    if (w3)
        timeout_ns = 1000 * MS;
}

static void set_instance(uint32_t i, uint32_t service, uint32_t servers, double mean_ms)
{
    instances[i] =
        (instance){.idle = servers, .limit = 100, .mean_ns = mean_ms * 1e6, .service = service};
}

static void reset(void)
{
    forget_events();
    events = 0;
    free_call = NONE;
    call_count = client_count = free_client_count = 0;
    succeeded = gave_up = attempts = timeouts = rejects = 0;
    latency_sum = 0;
    memset(latencies, 0, sizeof latencies);
    memset(by_service, 0, sizeof *by_service * (layered ? 1000 : 5));
    if (layered) {
        for (uint32_t i = 0; i < 10000; i++)
            set_instance(i, i / 10, 4, 10);
        return;
    }
    set_instance(0, 0, 4, 2);
    set_instance(1, 1, 8, 5);
    set_instance(2, 2, 16, 10);
    set_instance(3, 3, 16, 10);
    set_instance(4, 4, 8, 2.5);
}

static void report_network(const char *name, long requests, double cpu_s)
{
    double n = (double)requests, ok = (double)succeeded;
    printf("%s N=%ld cpu_s=%.3f per_s=%.0f events=%llu ok=%llu failed=%llu "
           "attempts=%llu timeouts=%llu rejects=%llu mean_ms=%.3f p50_ms=%.2f p99_ms=%.2f "
           "heap_peak=%d rss_kib=%ld\n",
           name, requests, cpu_s, n / cpu_s, (unsigned long long)events,
           (unsigned long long)succeeded, (unsigned long long)gave_up, (unsigned long long)attempts,
           (unsigned long long)timeouts, (unsigned long long)rejects, latency_sum / ok / 1e6,
           quantile(latencies, 0.5) / 1e6, quantile(latencies, 0.99) / 1e6, heap_peak,
           peak_rss_kib());
}

static void sweep(long runs, long requests, int processes)
{
    for (int p = 0; p < processes; p++) {
        if (fork())
            continue;
        set_up(false);
        for (long run = p; run < runs; run += processes) {
            reset();
            random_seed((uint64_t)run + 1);
            run_network(requests, 1e-6);
        }
        _exit(0);
    }
    while (wait(NULL) > 0)
        continue;
}

int main(int argc, char **argv)
{
    const char *seed = getenv("SEED");
    ziggurat_init();
    random_seed(seed ? strtoull(seed, NULL, 10) : 1);
    if (argc < 3)
        return 2;
    const char *name = argv[1];
    long n = atol(argv[2]), second = argc > 3 ? atol(argv[3]) : 0;
    double cpu_s = seconds_on(CLOCK_PROCESS_CPUTIME_ID), wall_s = seconds_on(CLOCK_MONOTONIC);

    if (!strcmp(name, "w1")) {
        if (second < 1 || second > 64)
            return 2;
        double mean = run_w1(n, (int)second);
        cpu_s = seconds_on(CLOCK_PROCESS_CPUTIME_ID) - cpu_s;
        /* One unit of the workload is 1 ms; here it is 1 s, which changes no event. */
        printf("w1 servers=%ld N=%ld cpu_s=%.3f per_s=%.0f events=%llu mean_ms=%.4f p99_ms=%.3f "
               "rss_kib=%ld\n",
               second, n, cpu_s, (double)n / cpu_s, (unsigned long long)events, mean / 1e9,
               quantile(latencies, 0.99) / 1e9, peak_rss_kib());
    } else if (!strcmp(name, "w2") || !strcmp(name, "w3")) {
        double per_ns = name[1] == '3' ? 240e-6 : 1e-6;
        set_up(name[1] == '3');
        reset();
        faulty = second != 0;
        slow_from = 0.3 * (double)n / per_ns;
        slow_to = 0.5 * (double)n / per_ns;
        run_network(n, per_ns);
        report_network(name, n, seconds_on(CLOCK_PROCESS_CPUTIME_ID) - cpu_s);
    } else if (!strcmp(name, "sweep") && argc > 4) {
        sweep(n, second, atoi(argv[4]));
        wall_s = seconds_on(CLOCK_MONOTONIC) - wall_s;
        printf("sweep runs=%ld N=%ld processes=%s wall_s=%.3f runs_per_s=%.1f\n", n, second,
               argv[4], wall_s, (double)n / wall_s);
    } else {
        return 2;
    }
    return 0;
}
