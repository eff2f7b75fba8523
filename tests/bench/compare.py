"""Runs gameday, the hand-written limit and other simulators alternately; prints ratios of speed.

All times are CPU seconds (user and system) of a whole process, start-up and compilation of the model
included; the sweep's are seconds of the wall, on all processors. A ratio is taken within a round, so
that what disturbs one disturbs the other, and the median over rounds is shown with its extremes.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile

# Floors and goals: speed relative to the limit that is named (performance targets of the project).
WORKLOADS = {
    "w1c1": {"limit": ["ref", "w1", "{n}", "1"], "peer": ["w1", "{n}", "1"], "floor": 0.30, "goal": 0.50},
    "w1c8": {"limit": ["ref", "w1", "{n}", "8"], "peer": ["w1", "{n}", "8"], "floor": 0.30, "goal": 0.60},
    "w2a": {"limit": ["ref_fifo", "w2", "{n}", "0"], "peer": ["w2", "{n}", "0"], "floor": 0.45, "goal": 0.70},
    "w2b": {"limit": ["ref_fifo", "w2", "{n}", "1"], "peer": ["w2", "{n}", "1"], "floor": 0.45, "goal": 0.70},
    "w2j": {"limit": ["ref_fifo", "w2", "{n}", "0"], "peer": None, "floor": 0.35, "goal": 0.50},
    "w2p": {"limit": ["ref_fifo", "w2", "{n}", "0"], "peer": None, "floor": 0.15, "goal": 0.30},
    "w3": {"limit": ["ref_fifo", "w3", "{n}"], "peer": ["w3", "{n}", "0"], "floor": 0.35, "goal": 0.60},
}
SWEEP_RUNS = 1000
SWEEP_REQUESTS = 2000

# Other simulators: how many requests they get, so that a round stays short, and how they are started.
PEERS = {
    "ns3": {"share": 0.3, "command": ["{drivers}/ns3"], "tail": ["ns3::PriorityQueueScheduler"]},
    "simgrid": {"share": 0.02, "command": ["{drivers}/simgrid"], "tail": []},
    "simpy": {"share": 0.02, "command": ["/usr/bin/python3", "tests/bench/simpy/workloads.py"], "tail": []},
}


def run(options, command):
    """CPU seconds, wall seconds, peak RSS in KiB and output of one process."""
    with tempfile.NamedTemporaryFile("r") as cost:
        measure = [os.path.join(options.drivers, "measure"), cost.name, *command]
        child = subprocess.run(measure, capture_output=True, text=True, check=True)
        status, cpu, wall, rss = cost.read().split()
    if status not in ("0", "1"):  # 1: an expectation of the scenario failed
        sys.exit(f"bench: {' '.join(command)} ended with {status}:\n{child.stderr}")
    return float(cpu), float(wall), int(rss), child.stdout


def pairs(text):
    """The NAME=VALUE pairs that our own drivers print."""
    return {name: value for name, value in re.findall(r"(\w+)=(\S+)", text)}


def requests_of(result):
    return sum(operation["requests"] for operation in result["operations"].values())


def gameday_check(result):
    """Figures to hold against the limit's: the one user-visible operation of a workload."""
    operation = next(iter(result["operations"].values()))
    latency = operation["latency_ms"]
    return {"mean": latency["mean"], "p50": latency["p50"], "p99": latency["p99"],
            "attempts": operation.get("attempts_per_request"),
            "ok": operation["availability_ratio"]}


def limit_check(values):
    n = float(values["N"])
    return {"mean": float(values["mean_ms"]), "p50": float(values.get("p50_ms", "nan")),
            "p99": float(values["p99_ms"]),
            "attempts": float(values["attempts"]) / n if "attempts" in values else None,
            "ok": float(values["ok"]) / n if "ok" in values else None}


def spread(values, form="{:.2f}"):
    return (f"{form.format(statistics.median(values))}"
            f" [{form.format(min(values))}-{form.format(max(values))}]")


class Workload:
    """One row of the table: rates in requests per CPU second, a list per program."""

    def __init__(self, name, options):
        self.name, self.options, self.spec = name, options, WORKLOADS[name]
        self.rates, self.rss = {}, {}
        self.gameday = self.limit = None

    def round(self, seed):
        scenario = f"tests/bench/{self.name}.json"
        cpu, _, rss, text = run(self.options, [self.options.program, "run", scenario, "--seed", str(seed), "--json"])
        self.gameday = json.loads(text)
        requests = requests_of(self.gameday)
        self.keep("gameday", requests / cpu, rss)

        command = [part.format(n=requests) for part in self.spec["limit"]]
        command[0] = os.path.join(self.options.drivers, command[0])
        cpu, _, rss, text = run(self.options, command)
        self.limit = pairs(text)
        self.keep("limit", requests / cpu, rss)

        for name in self.options.running_peers:
            self.peer_round(name, requests)

    def peer_round(self, name, requests):
        peer = PEERS[name]
        if not self.spec["peer"]:
            return
        n = max(1000, int(requests * peer["share"]))
        command = [part.format(drivers=self.options.drivers) for part in peer["command"]]
        command += [part.format(n=n) for part in self.spec["peer"]]
        if self.spec["peer"][0] != "w1":
            command += peer["tail"]
        cpu, _, rss, _ = run(self.options, command)
        self.keep(name, n / cpu, rss)

    def keep(self, name, rate, rss):
        self.rates.setdefault(name, []).append(rate)
        self.rss[name] = max(rss, self.rss.get(name, 0))

    def ratios(self, name):
        return [ours / theirs for ours, theirs in zip(self.rates["gameday"], self.rates[name])]


def print_speed(rows, peers):
    print(f"{'':5} {'gameday':>11} {'limit':>11} {'gameday / limit':>20} {'floor':>6} {'goal':>5}"
          + "".join(f" {'/ ' + peer:>10}" for peer in peers) + f" {'peak RSS':>10}")
    for row in rows:
        line = (f"{row.name:5} {statistics.median(row.rates['gameday']):9,.0f}/s"
                f" {statistics.median(row.rates['limit']):9,.0f}/s {spread(row.ratios('limit')):>20}"
                f" {row.spec['floor']:6.2f} {row.spec['goal']:5.2f}")
        for peer in peers:
            line += f" {statistics.median(row.ratios(peer)):10.1f}" if peer in row.rates else f" {'-':>10}"
        print(f"{line} {row.rss['gameday'] / 1024:7.1f} MB")


def print_checks(rows):
    print("\nThe same system? (the limit's draws differ, its distributions do not)")
    print(f"{'':5} {'':8} {'mean ms':>9} {'p50':>8} {'p99':>8} {'attempts':>9} {'ok':>7}")
    for row in rows:
        for name, check in (("gameday", gameday_check(row.gameday)), ("limit", limit_check(row.limit))):
            cells = [f"{check['mean']:9.3f}", f"{check['p50']:8.2f}", f"{check['p99']:8.2f}"]
            cells.append(f"{check['attempts']:9.3f}" if check["attempts"] is not None else f"{'-':>9}")
            cells.append(f"{check['ok']:7.4f}" if check["ok"] is not None else f"{'-':>7}")
            print(f"{row.name:5} {name:8} " + " ".join(cells))


def sweep(options):
    """W4: many short runs on one and on two threads; the limit has processes instead.

    `gameday verify` runs the scenario and its control at each seed: two runs of the same system.
    """
    walls = {("gameday", 1): [], ("gameday", 2): [], ("limit", 1): [], ("limit", 2): []}
    outputs = {}
    for _ in range(options.rounds):
        for threads in (1, 2):
            command = [options.program, "verify", "tests/bench/w4.json", "--seeds",
                       str(SWEEP_RUNS // 2), "--jobs", str(threads), "--json"]
            _, wall, _, outputs[threads] = run(options, command)
            walls["gameday", threads].append(wall)
            command = [os.path.join(options.drivers, "ref_fifo"), "sweep", str(SWEEP_RUNS),
                       str(SWEEP_REQUESTS), str(threads)]
            walls["limit", threads].append(run(options, command)[1])
    print(f"\nw4: {SWEEP_RUNS} runs of {SWEEP_REQUESTS} requests, wall-clock")
    for name in ("gameday", "limit"):
        one, two = walls[name, 1], walls[name, 2]
        efficiency = [a / (2 * b) for a, b in zip(one, two)]
        print(f"  {name:8} {SWEEP_RUNS / statistics.median(one):7.0f} runs/s on one, "
              f"{SWEEP_RUNS / statistics.median(two):7.0f} on two; efficiency {spread(efficiency)}")
    print(f"  the same bytes for one and two threads: {'yes' if outputs[1] == outputs[2] else 'NO'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--program", required=True)
    parser.add_argument("--drivers", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join([*WORKLOADS, "w4"]))
    parser.add_argument("--peers", action="store_true", help="SimGrid and SimPy too; ns-3 always")
    parser.add_argument("--json", help="where to write the rates")
    options = parser.parse_args()
    names = options.only.split(",")
    options.running_peers = []
    if os.path.exists(os.path.join(options.drivers, "ns3")):
        options.running_peers.append("ns3")
    if options.peers:
        if os.path.exists(os.path.join(options.drivers, "simgrid")):
            options.running_peers.append("simgrid")
        if subprocess.run(["/usr/bin/python3", "-c", "import simpy"], stderr=subprocess.DEVNULL).returncode == 0:
            options.running_peers.append("simpy")

    rows = [Workload(name, options) for name in names if name in WORKLOADS]
    for number in range(options.rounds):
        for row in rows:
            if sys.stderr.isatty():
                print(f"\rround {number + 1} of {options.rounds}: {row.name}  ", end="", file=sys.stderr)
            row.round(number + 1)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    if rows:
        print(f"Requests per CPU second, medians of {options.rounds} alternating rounds\n")
        print_speed(rows, options.running_peers)
        print_checks(rows)
    if "w4" in names:
        sweep(options)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump({row.name: row.rates for row in rows}, out, indent=1)


main()
