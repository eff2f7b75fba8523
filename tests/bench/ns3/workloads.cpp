// Driver for ns-3's scheduler: workloads W1, W2 and W3 of ../README.md, hand-coded. Every event is
// one Simulator::Schedule. ns-3 really cancels the client's timer, so it runs 19 of a request's 20
// events (31 of 32 in W3).
//
//     ns3 hold EVENTS PENDING [SCHEDULER] | ns3 w1 N SERVERS | ns3 w2 N FAULT [SCHEDULER] | ns3 w3
//     N 0 [SCHEDULER]
#include "ns3/core-module.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <deque>
#include <random>
#include <sys/resource.h>
#include <vector>

using namespace ns3;

namespace
{

const double MS = 1e6, HOP = 0.5 * MS;
const uint32_t NONE = ~0u;

std::mt19937_64 words(1);
std::exponential_distribution<double> exponential(1.0);
std::uniform_real_distribution<double> share(0, 1);

int64_t now()
{
    return Simulator::Now().GetNanoSeconds();
}

template <class Function> EventId after(double ns, Function function, uint32_t id)
{
    return Simulator::Schedule(NanoSeconds(int64_t(ns)), function, id);
}

double cpu_s()
{
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

double run()
{
    double began = cpu_s();
    Simulator::Run();
    return cpu_s() - began;
}

long peak_rss_kib()
{
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

void use_scheduler(const char *type)
{
    ObjectFactory factory;
    factory.SetTypeId(type);
    Simulator::SetScheduler(factory);
}

// The bare scheduler: the earliest event is put back, an exponential time later.
long holds_left;

void hold(uint32_t id)
{
    if (--holds_left > 0)
        after(exponential(words) * 1e9, &hold, id);
}

// W1, in units of a second.
long wanted, arrived, done;
int idle_servers;
double arrival_rate, stay_sum;
std::deque<int64_t> line;

void depart(int64_t began)
{
    stay_sum += double(now() - began) * 1e-9;
    done++;
    if (line.empty()) {
        idle_servers++;
        return;
    }
    int64_t next = line.front();
    line.pop_front();
    Simulator::Schedule(NanoSeconds(int64_t(exponential(words) * 1e9)), &depart, next);
}

void arrive()
{
    if (++arrived < wanted)
        Simulator::Schedule(NanoSeconds(int64_t(exponential(words) / arrival_rate * 1e9)), &arrive);
    if (idle_servers == 0) {
        line.push_back(now());
        return;
    }
    idle_servers--;
    Simulator::Schedule(NanoSeconds(int64_t(exponential(words) * 1e9)), &depart, now());
}

// W2 and W3.
struct Call {
    uint32_t parent, instance, client;
    int64_t began;
    uint32_t attempt;
    uint8_t pending, failed, layer;
};

enum State : uint8_t { DEAD, WAITING, BACKING_OFF };

struct Client {
    int64_t began;
    uint32_t attempt;
    uint8_t retries;
    State state;
    EventId timer;
};

struct Instance {
    int idle;
    size_t limit;
    double mean_ns;
    std::deque<uint32_t> queue;
    int service;
};

std::vector<Call> calls;
std::vector<Client> clients;
std::vector<Instance> instances;
std::vector<uint32_t> free_calls, free_clients;
std::vector<float> latencies_ms;
bool layered;
double timeout_ns = 250 * MS, per_ns = 1e-6, slow_from = 1e300, slow_to = 1e300;
long attempts, gave_up, timeouts, rejects;
uint32_t last_attempt;

void on_request(uint32_t), on_service_end(uint32_t), on_response(uint32_t), on_timeout(uint32_t),
    client_attempt(uint32_t);

template <class Record> uint32_t take(std::vector<Record> &pool, std::vector<uint32_t> &unused)
{
    if (unused.empty()) {
        pool.emplace_back();
        return uint32_t(pool.size() - 1);
    }
    uint32_t id = unused.back();
    unused.pop_back();
    return id;
}

uint32_t random_instance(uint32_t layer)
{
    return (layer * 100 + uint32_t(share(words) * 100)) * 10 + uint32_t(share(words) * 10);
}

void send_call(uint32_t parent, uint32_t to, uint32_t client, uint32_t attempt, uint8_t layer)
{
    uint32_t id = take(calls, free_calls);
    calls[id] = Call{parent, to, client, now(), attempt, 0, 0, layer};
    after(HOP, &on_request, id);
}

void client_attempt(uint32_t id)
{
    attempts++;
    clients[id].attempt = ++last_attempt;
    clients[id].state = WAITING;
    clients[id].timer = after(timeout_ns, &on_timeout, id);
    send_call(NONE, layered ? random_instance(0) : 0, id, last_attempt, 0);
}

void client_failed(uint32_t id)
{
    Client &client = clients[id];
    client.attempt = 0;
    if (client.retries >= 3) {
        gave_up++;
        client.state = DEAD;
        free_clients.push_back(id);
        return;
    }
    client.retries++;
    client.state = BACKING_OFF;
    double longest = std::min(1000 * MS, 50 * MS * (1 << (client.retries - 1)));
    after(share(words) * longest, &client_attempt, id);
}

void on_arrival(uint32_t)
{
    if (++arrived < wanted)
        after(exponential(words) / per_ns, &on_arrival, 0);
    uint32_t id = take(clients, free_clients);
    clients[id].began = now();
    clients[id].retries = 0;
    client_attempt(id);
}

void start_service(uint32_t id)
{
    Instance &at = instances[calls[id].instance];
    bool slow = at.service == 4 && double(now()) >= slow_from && double(now()) < slow_to;
    at.idle--;
    after(exponential(words) * at.mean_ns * (slow ? 3 : 1), &on_service_end, id);
}

void on_request(uint32_t id)
{
    Instance &at = instances[calls[id].instance];
    if (at.idle) {
        start_service(id);
    } else if (at.queue.size() >= at.limit) {
        rejects++;
        calls[id].failed = 1;
        after(HOP, &on_response, id);
    } else {
        at.queue.push_back(id);
    }
}

void on_service_end(uint32_t id)
{
    Instance &at = instances[calls[id].instance];
    at.idle++;
    if (!at.queue.empty()) {
        uint32_t next = at.queue.front();
        at.queue.pop_front();
        start_service(next);
    }
    Call call = calls[id];
    if (layered && call.layer < 9) {
        uint8_t below = uint8_t(call.layer + 1);
        calls[id].pending = 1;
        send_call(id, random_instance(below), call.client, 0, below);
    } else if (layered || at.service == 4) {
        after(HOP, &on_response, id);
    } else if (at.service == 1) {
        calls[id].pending = 2;
        send_call(id, 2, call.client, 0, 0);
        send_call(id, 3, call.client, 0, 0);
    } else {
        calls[id].pending = 1;
        send_call(id, at.service == 0 ? 1 : 4, call.client, 0, 0);
    }
}

void on_response(uint32_t id)
{
    Call call = calls[id];
    free_calls.push_back(id);
    if (call.parent != NONE) {
        Call &parent = calls[call.parent];
        parent.failed |= call.failed;
        if (--parent.pending == 0)
            after(HOP, &on_response, call.parent);
        return;
    }
    Client &client = clients[call.client];
    if (client.state != WAITING || client.attempt != call.attempt)
        return;
    Simulator::Cancel(client.timer);
    if (call.failed) {
        client_failed(call.client);
        return;
    }
    latencies_ms.push_back(float(double(now() - client.began) / MS));
    client.state = DEAD;
    client.attempt = 0;
    free_clients.push_back(call.client);
}

void on_timeout(uint32_t id)
{
    timeouts++;
    client_failed(id);
}

void set_up_network(bool w3, bool fault)
{
    layered = w3;
    if (w3) {
        timeout_ns = 1000 * MS;
        per_ns = 240e-6;
        instances.assign(10000, Instance{4, 100, 10 * MS, {}, -1});
        return;
    }
    const int servers[] = {4, 8, 16, 16, 8};
    const double mean_ms[] = {2, 5, 10, 10, 2.5};
    for (int i = 0; i < 5; i++)
        instances.push_back(Instance{servers[i], 100, mean_ms[i] * MS, {}, i});
    if (fault) {
        slow_from = 0.3 * double(wanted) / per_ns;
        slow_to = 0.5 * double(wanted) / per_ns;
    }
}

void report_network(const char *name, double cpu)
{
    double sum = 0;
    std::sort(latencies_ms.begin(), latencies_ms.end());
    for (float latency : latencies_ms)
        sum += latency;
    size_t ok = latencies_ms.size();
    printf(
        "ns3 workload=%s N=%ld cpu_s=%.3f per_s=%.0f ok=%zu failed=%ld attempts=%ld timeouts=%ld "
        "rejects=%ld mean_ms=%.3f p99_ms=%.2f rss_kib=%ld\n",
        name, wanted, cpu, double(wanted) / cpu, ok, gave_up, attempts, timeouts, rejects,
        sum / double(ok), latencies_ms[size_t(double(ok) * 0.99)], peak_rss_kib());
}

} // namespace

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    const char *name = argv[1];
    wanted = atol(argv[2]);
    if (argc > 4)
        use_scheduler(argv[4]);

    if (!strcmp(name, "hold")) {
        holds_left = wanted;
        for (uint32_t i = 0; i < uint32_t(atol(argv[3])); i++)
            after(exponential(words) * 1e9, &hold, i);
        double cpu = run();
        printf("ns3 workload=hold pending=%s events_per_s=%.0f rss_kib=%ld\n", argv[3],
               double(wanted) / cpu, peak_rss_kib());
    } else if (!strcmp(name, "w1")) {
        idle_servers = atoi(argv[3]);
        arrival_rate = 0.8 * idle_servers;
        Simulator::Schedule(Seconds(0), &arrive);
        double cpu = run();
        printf("ns3 workload=w1 servers=%s N=%ld cpu_s=%.3f per_s=%.0f mean_ms=%.4f rss_kib=%ld\n",
               argv[3], wanted, cpu, double(wanted) / cpu, stay_sum / double(done), peak_rss_kib());
    } else {
        set_up_network(!strcmp(name, "w3"), atoi(argv[3]) != 0);
        after(0, &on_arrival, 0);
        report_network(name, run());
    }
    return 0;
}
