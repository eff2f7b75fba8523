#!/usr/bin/env python3
"""Holds each scenario of the library, at seed 1, against the digest and the summary beside this file.

    tests/golden/golden.py [--rewrite] [NAME…]

A digest that differs means another trajectory; a summary that differs at the same digest, another
way to measure it. When a change means to move results, --rewrite writes what is so now: read the
diff, and say in the commit what moved and why. GAMEDAY_PROGRAM names the program
(build/gameday unless it is set).
"""
import difflib
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SEED = "1"
# 1 is an expectation that failed: a result like any other, and the summary says which.
FINE = (0, 1)


def scenarios():
    """The library's scenarios: the documents that have a duration; the models beside them have none."""
    folder = os.path.join(ROOT, "scenarios")
    found = {}
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if not name.endswith(".json"):
            continue
        with open(path, encoding="utf-8") as file:
            if "duration" in json.load(file):
                found[name[:-len(".json")]] = path
    return found


def number(value):
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def table(titles, rows):
    rows = [titles] + [[row[0]] + [number(cell) for cell in row[1:]] for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(titles))]
    return ["  ".join([row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in
                                                   zip(row[1:], widths[1:])]).rstrip()
            for row in rows]


def operation(name, of):
    phases = of.get("phases", {})
    good = [phases.get(phase, {}).get("availability_ratio") for phase in ("before", "fault", "after")]
    wait = of.get("latency_ms", {})
    return [name, of["requests"], of.get("degraded_ratio"), *good, wait.get("p50"), wait.get("p99")]


def service(name, of):
    return [name, of["arrivals"], of["rejected"], of.get("utilization_ratio"), of["queue_mean"],
            of.get("wait_ms", {}).get("p99"), of.get("wasted_work_ratio")]


def summary(result):
    calls = sorted((-of["failed_ratio"], name) for name, of in result["calls"].items()
                   if of.get("failed_ratio"))
    lines = [f"{result['name']}  seed {result['seed']}",
             f"digest {result['digest']}  {result['events']} events  {result['simulated_s']} s", ""]
    lines += table(["operation", "requests", "degraded", "before", "during", "after", "p50 ms", "p99 ms"],
                   [operation(*item) for item in result["operations"].items()])
    lines += [""] + table(["service", "arrivals", "rejected", "busy", "queue", "wait p99 ms", "wasted"],
                          [service(*item) for item in result["services"].items()])
    if calls:
        lines += [""] + table(["call", "calls", "attempts", "failed"],
                              [[name, result["calls"][name]["calls"], result["calls"][name]["attempts"],
                                -failed] for failed, name in calls])
    for section in ("degradation", "recovery"):
        flat = {key: value for key, value in result[section].items() if not isinstance(value, dict)}
        lines += ["", section + ":"] + [f"  {key} {number(value)}" for key, value in flat.items()]
    lines += ["", "expected:"] + [f"  {of['verdict']} {name}"
                                  for name, of in result["expectations"].items()]
    return "\n".join(lines) + "\n"


def play(program, path):
    done = subprocess.run([program, "run", path, "--seed", SEED, "--json"], capture_output=True,
                          stdin=subprocess.DEVNULL, cwd=ROOT, check=False)
    if done.returncode not in FINE:
        sys.exit(f"{path}: exit status {done.returncode}\n{done.stderr.decode('utf-8', 'replace')}")
    return summary(json.loads(done.stdout))


def compare(path, wanted, got):
    """True when nothing differs."""
    if wanted == got:
        return True
    sys.stdout.writelines(difflib.unified_diff(wanted.splitlines(True), got.splitlines(True),
                                               os.path.relpath(path, ROOT), "now"))
    return False


def main():
    arguments = sys.argv[1:]
    rewrite = "--rewrite" in arguments
    names = [name for name in arguments if name != "--rewrite"]
    known = scenarios()
    unknown = [name for name in names if name not in known]
    if unknown or not known:
        sys.exit(f"no such scenario: {' '.join(unknown) or '(the library is empty)'}")
    program = os.path.abspath(os.environ.get("GAMEDAY_PROGRAM", os.path.join(ROOT, "build", "gameday")))

    differing = 0
    for name in names or known:
        path = os.path.join(HERE, name + ".txt")
        got = play(program, known[name])
        if rewrite:
            with open(path, "w", encoding="utf-8") as file:
                file.write(got)
            continue
        wanted = ""
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                wanted = file.read()
        differing += not compare(path, wanted, got)
    orphans = [name for name in sorted(os.listdir(HERE))
               if name.endswith(".txt") and name[:-len(".txt")] not in known]
    for name in orphans:
        print(f"tests/golden/{name}: there is no such scenario any more; delete the file")
    print(f"{len(names or known)} scenarios, {differing} differ" if not rewrite else
          f"{len(names or known)} summaries written")
    return 1 if differing or orphans else 0


if __name__ == "__main__":
    sys.exit(main())
