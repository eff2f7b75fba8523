"""Driver for SimPy 3 and 4: workloads W1 to W4 of ../README.md.

workloads.py w1 N SERVERS | w2 N FAULT | w3 N | sweep RUNS N PROCESSES      SEED=n seeds it
"""

import multiprocessing
import os
import random
import resource
import sys
import time

import simpy

HOP = 0.5  # ms, as all times here
draw = random.Random(int(os.environ.get("SEED", "1")))


def run_w1(jobs, servers):
    """Mean time in system of N jobs in an M/M/c queue."""
    env = simpy.Environment()
    server = simpy.Resource(env, capacity=servers)
    stays = []

    def job():
        began = env.now
        with server.request() as turn:
            yield turn
            yield env.timeout(draw.expovariate(1.0))
        stays.append(env.now - began)

    def source():
        for _ in range(jobs):
            yield env.timeout(draw.expovariate(0.8 * servers))
            env.process(job())

    env.process(source())
    env.run()
    return sum(stays) / len(stays)


class Instance:
    def __init__(self, env, servers, mean, name):
        self.server = simpy.Resource(env, capacity=servers)
        self.limit, self.mean, self.name = 100, mean, name


class Network:
    def __init__(self, requests, fault, layered=False):
        self.env = env = simpy.Environment()
        self.requests, self.layered = requests, layered
        self.latencies = []
        self.gave_up = self.attempts = self.timeouts = self.rejects = 0
        if layered:
            self.timeout, self.rate = 1000.0, 240.0
            self.layers = [[[Instance(env, 4, 10.0, "") for _ in range(10)] for _ in range(100)]
                           for _ in range(10)]
        else:
            self.timeout, self.rate = 250.0, 1.0
            self.gateway = Instance(env, 4, 2.0, "gw")
            a, b = Instance(env, 8, 5.0, "a"), Instance(env, 16, 10.0, "b")
            c, db = Instance(env, 16, 10.0, "c"), Instance(env, 8, 2.5, "db")
            self.below = {"gw": (a,), "a": (b, c), "b": (db,), "c": (db,), "db": ()}
        span = requests / self.rate
        self.slow = (0.3 * span, 0.5 * span) if fault else (float("inf"), float("inf"))

    def random_instance(self, layer):
        return draw.choice(draw.choice(self.layers[layer]))

    def call(self, instance, layer):
        """One remote call as a process; its value is True when it succeeded."""
        env, server, ok = self.env, instance.server, True
        yield env.timeout(HOP)
        if len(server.queue) >= instance.limit and server.count >= server.capacity:
            self.rejects += 1
            ok = False
        else:
            with server.request() as turn:
                yield turn
                slow = instance.name == "db" and self.slow[0] <= env.now < self.slow[1]
                yield env.timeout(draw.expovariate(1.0 / (instance.mean * (3 if slow else 1))))
            if self.layered:
                if layer < 9:
                    ok = yield env.process(self.call(self.random_instance(layer + 1), layer + 1))
            else:
                calls = [env.process(self.call(below, 0)) for below in self.below[instance.name]]
                if calls:
                    yield env.all_of(calls)
                    ok = all(process.value for process in calls)
        yield env.timeout(HOP)
        return ok

    def client(self):
        env = self.env
        began = env.now
        for attempt in range(4):
            self.attempts += 1
            to = self.random_instance(0) if self.layered else self.gateway
            reply = env.process(self.call(to, 0))
            yield env.any_of((reply, env.timeout(self.timeout)))
            if not reply.triggered:
                self.timeouts += 1
            elif reply.value:
                self.latencies.append(env.now - began)
                return
            if attempt < 3:
                yield env.timeout(draw.random() * min(1000.0, 50.0 * 2 ** attempt))
        self.gave_up += 1

    def source(self):
        for _ in range(self.requests):
            yield self.env.timeout(draw.expovariate(self.rate))
            self.env.process(self.client())

    def run(self):
        self.env.process(self.source())
        self.env.run()
        return self


def one_of_sweep(task):
    global draw
    seed, requests = task
    draw = random.Random(seed)
    return len(Network(requests, False).run().latencies)


def sweep(runs, requests, processes):
    began = time.perf_counter()
    with multiprocessing.Pool(processes) as pool:
        pool.map(one_of_sweep, [(run + 1, requests) for run in range(runs)],
                 chunksize=max(1, runs // (processes * 10)))
    wall = time.perf_counter() - began
    print(f"sweep runs={runs} N={requests} processes={processes} wall_s={wall:.3f} "
          f"runs_per_s={runs / wall:.1f}")


def main():
    name, n = sys.argv[1], int(sys.argv[2])
    second = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    if name == "sweep":
        sweep(n, second, int(sys.argv[4]))
        return
    began = time.process_time()
    if name == "w1":
        figures = f"mean_ms={run_w1(n, second):.4f}"
    else:
        network = Network(n, name == "w2" and second == 1, name == "w3").run()
        latencies = sorted(network.latencies)
        ok = len(latencies)
        figures = (f"ok={ok} failed={network.gave_up} attempts={network.attempts} "
                   f"timeouts={network.timeouts} rejects={network.rejects} "
                   f"mean_ms={sum(latencies) / ok:.3f} p50_ms={latencies[ok // 2]:.2f} "
                   f"p99_ms={latencies[int(ok * 0.99)]:.2f}")
    cpu = time.process_time() - began
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"simpy workload={name} N={n} cpu_s={cpu:.3f} per_s={n / cpu:.0f} {figures} rss_kib={rss}")


main()
