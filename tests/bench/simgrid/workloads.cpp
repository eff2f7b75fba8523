// Driver for SimGrid's s4u: workloads W1, W2 and W3 of ../README.md. One actor a job or call,
// semaphores as servers.
//
//     simgrid w1 N SERVERS | simgrid w2 N FAULT | simgrid w3 N
#include <simgrid/s4u.hpp>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <random>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace sg = simgrid::s4u;

namespace
{

const double HOP_S = 0.0005;

std::mt19937_64 words(1);
sg::Host *host;

double exponential(double mean)
{
    static std::exponential_distribution<double> unit(1.0);
    return unit(words) * mean;
}

double share()
{
    static std::uniform_real_distribution<double> unit(0, 1);
    return unit(words);
}

double cpu_s()
{
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
}

struct Instance {
    sg::SemaphorePtr servers;
    int capacity;
    double mean_s;
    int service;
    int inside = 0;
};

struct Reply {
    sg::SemaphorePtr arrived;
    bool ok = false;
};

std::vector<Instance> instances;
std::vector<double> latencies_s;
bool layered;
double slow_from = 1e300, slow_to = 1e300, timeout_s = 0.25, stay_sum;
long done, gave_up, attempts, timeouts, rejects;

int random_instance(int layer)
{
    return (layer * 100 + int(share() * 100)) * 10 + int(share() * 10);
}

bool call(int to, int layer);

bool call_downstream(int service, int layer)
{
    if (layered)
        return layer == 9 || call(random_instance(layer + 1), layer + 1);
    if (service == 0)
        return call(1, 0);
    if (service == 2 || service == 3)
        return call(4, 0);
    if (service != 1)
        return true;
    auto other = std::make_shared<bool>(true);
    auto actor = sg::Actor::create("c", host, [other] { *other = call(3, 0); });
    bool ok = call(2, 0);
    actor->join();
    return ok && *other;
}

bool call(int to, int layer)
{
    sg::this_actor::sleep_for(HOP_S);
    Instance &at = instances[size_t(to)];
    bool ok = at.inside < at.capacity;
    if (ok) {
        at.inside++;
        at.servers->acquire();
        double now = sg::Engine::get_clock();
        bool slow = at.service == 4 && now >= slow_from && now < slow_to;
        sg::this_actor::sleep_for(exponential(at.mean_s * (slow ? 3 : 1)));
        at.servers->release();
        at.inside--;
        ok = call_downstream(at.service, layer);
    } else {
        rejects++;
    }
    sg::this_actor::sleep_for(HOP_S);
    return ok;
}

void client()
{
    double began = sg::Engine::get_clock();
    for (int attempt = 0; attempt < 4; attempt++) {
        attempts++;
        auto reply = std::make_shared<Reply>();
        reply->arrived = sg::Semaphore::create(0);
        int to = layered ? random_instance(0) : 0;
        sg::Actor::create("a", host, [reply, to] {
            reply->ok = call(to, 0);
            reply->arrived->release();
        });
        if (reply->arrived->acquire_timeout(timeout_s)) {
            timeouts++;
        } else if (reply->ok) {
            latencies_s.push_back(sg::Engine::get_clock() - began);
            return;
        }
        if (attempt < 3)
            sg::this_actor::sleep_for(share() * std::min(1.0, 0.05 * (1 << attempt)));
    }
    gave_up++;
}

void job(const sg::SemaphorePtr &servers)
{
    double began = sg::Engine::get_clock();
    servers->acquire();
    sg::this_actor::sleep_for(exponential(1));
    servers->release();
    stay_sum += sg::Engine::get_clock() - began;
    done++;
}

void set_up_network(bool w3, bool fault, long n)
{
    layered = w3;
    if (w3) {
        timeout_s = 1;
        for (int i = 0; i < 10000; i++)
            instances.push_back({sg::Semaphore::create(4), 104, 0.010, -1});
        return;
    }
    const unsigned servers[] = {4, 8, 16, 16, 8};
    const double mean_s[] = {.002, .005, .01, .01, .0025};
    for (int i = 0; i < 5; i++)
        instances.push_back(
            {sg::Semaphore::create(servers[i]), int(servers[i]) + 100, mean_s[i], i});
    if (fault) {
        slow_from = 0.3 * double(n) / 1000;
        slow_to = 0.5 * double(n) / 1000;
    }
}

void source(long n, double mean_gap, const std::function<void()> &body)
{
    sg::Actor::create("source", host, [=] {
        for (long i = 0; i < n; i++) {
            sg::this_actor::sleep_for(exponential(mean_gap));
            sg::Actor::create("j", host, body);
        }
    });
}

} // namespace

int main(int argc, char **argv)
{
    sg::Engine engine(&argc, argv);
    if (argc < 3)
        return 2;
    sg::Engine::set_config("contexts/stack-size:32");
    auto *zone = sg::create_full_zone("zone");
    host = zone->create_host("host", 1e9);
    host->seal();
    zone->seal();

    const char *name = argv[1];
    long n = atol(argv[2]), second = argc > 3 ? atol(argv[3]) : 0;
    bool w1 = !strcmp(name, "w1"), w3 = !strcmp(name, "w3");
    if (w1) {
        auto servers = sg::Semaphore::create(unsigned(second));
        source(n, 1 / (0.8 * double(second)), [servers] { job(servers); });
    } else {
        set_up_network(w3, second != 0, n);
        source(n, w3 ? 1 / 240000.0 : 1 / 1000.0, client);
    }
    double cpu = cpu_s();
    engine.run();
    cpu = cpu_s() - cpu;

    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("simgrid workload=%s N=%ld cpu_s=%.3f per_s=%.0f rss_kib=%ld ", name, n, cpu,
           double(n) / cpu, usage.ru_maxrss);
    if (w1) {
        printf("mean_ms=%.4f\n", stay_sum / double(done));
    } else {
        double sum = 0;
        std::sort(latencies_s.begin(), latencies_s.end());
        for (double latency : latencies_s)
            sum += latency;
        size_t ok = latencies_s.size();
        printf("ok=%zu failed=%ld attempts=%ld timeouts=%ld rejects=%ld mean_ms=%.3f p99_ms=%.2f\n",
               ok, gave_up, attempts, timeouts, rejects, 1e3 * sum / double(ok),
               1e3 * latencies_s[size_t(double(ok) * 0.99)]);
    }
    fflush(stdout);
    _exit(0); // taking the engine down would count late calls that nobody awaits
}
