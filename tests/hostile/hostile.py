#!/usr/bin/env python3
"""Gives `gameday run` what no author should write, and holds it to the oracle below.

    tests/hostile/hostile.py [--long] [--seed N] [--load F] [THREAT…]

Every case must end in time, within the memory, with an exit status that fits, with messages that name
a place, and without control bytes or a half-written file. --long tries all values in all fields (some
20,000 runs); without it a sample, drawn anew by --seed. GAMEDAY_PROGRAM names the program
(build/gameday unless it is set), HOSTILE_SANITIZED another build that must pass as well. With
HOSTILE_SHOW=1 each case is a line; HOSTILE_KEEP names a folder for the documents that went wrong.
"""
import argparse
import concurrent.futures
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time

import fields
import threats

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SECONDS = 5          # of processor time; issue: "under 5 s and 256 MiB"
MEBIBYTES = 256
SANITIZER_COST = 8   # times the seconds and the memory: AddressSanitizer's own (assumption)
LINES = 21           # 20 of problems and one that says how many more
STACK = 512 << 10    # a small stack: depth must be bounded by the reader, not by luck (assumption)
IN_SAMPLE = {"names": 60, "nesting": 60, "files": 60, "includes": 30, "graphs": 60}
PLACE = re.compile(r":\d+:\d+: ")
TYPED = re.compile("--set|there is no try")  # what was wrong stands on the command line
CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
REPORT = re.compile(r"Sanitizer|runtime error:|assertion|Assertion|core dumped")


class Program:
    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            self.sanitized = b"__asan_init" in file.read()
        self.cost = SANITIZER_COST if self.sanitized else 1

    def schema(self, kind):
        done = subprocess.run([self.path, "schema", kind], stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)


def limit():
    resource.setrlimit(resource.RLIMIT_STACK, (STACK, STACK))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (3 * SECONDS, 3 * SECONDS))


def lay_out(folder, files):
    for path, content in files.items():
        full = os.path.join(folder, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        if callable(content):
            content(full)
        else:
            if isinstance(content, str):
                content = content.encode("utf-8", "surrogatepass")
            with open(full, "wb") as file:
                file.write(content)


def execute(program, arguments, folder, seconds):
    """(exit status or None when it had to be stopped, seconds of processor, MiB)"""
    with open(os.path.join(folder, ".stdout"), "wb") as out, open(os.path.join(folder, ".stderr"), "wb") as err:
        child = subprocess.Popen([program.path] + arguments, cwd=folder, stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=err, preexec_fn=None if program.sanitized else limit)
        lock = threading.Lock()
        ended = []

        def stop():
            with lock:
                if not ended:
                    ended.append(None)
                    child.kill()
        timer = threading.Timer(seconds, stop)
        timer.start()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        timer.cancel()
        with lock:
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            status = None if ended else child.returncode
            ended.append(status)
    return status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def read(path):
    with open(path, "rb") as file:
        return file.read()


def judge_files(folder, status):
    left = sorted(os.listdir(os.path.join(folder, "out")))
    if status not in (0, 1, 5):
        return [f"left files behind: {left}"] if left else []
    if "r.json" not in left or [name for name in left if name not in ("r.json", "s.csv")]:
        return [f"wrote {left}"]
    result = read(os.path.join(folder, "out", "r.json"))
    try:
        partial = json.loads(result)["partial"] if b'"partial"' in result else None
    except ValueError as why:
        return [f"the result is no JSON: {why}"]
    if partial is not None and partial != (status == 5):
        return [f"partial is {partial} at exit status {status}"]
    # RFC 4180 ends lines of CSV in CR LF.
    return [f"control bytes in {name}" for name in left
            if CONTROL.search(read(os.path.join(folder, "out", name)).replace(b"\r\n", b"\n"))]


def judge_words(folder, status):
    wrong = []
    out, err = read(os.path.join(folder, ".stdout")), read(os.path.join(folder, ".stderr"))
    for name, content in (("stdout", out), ("stderr", err)):
        if CONTROL.search(content):
            wrong.append(f"control bytes in {name}: {content[:200]!r}")
    said = err.decode("utf-8", "replace")
    if REPORT.search(said):
        wrong.append(said[-3000:])
    lines = said.splitlines()
    if len(lines) > LINES:
        wrong.append(f"{len(lines)} lines of errors")
    if max((len(line) for line in lines), default=0) > 8000:
        wrong.append(f"a line of {max(map(len, lines))} characters")
    if status in (3, 4):
        placed = [line for line in lines if not line.startswith("…") and not TYPED.match(line)]
        if not lines or not all(PLACE.search(line) for line in placed):
            wrong.append(f"no place in: {said[:300]!r}")
    return wrong


def play(program, case, load):
    """(what is wrong, seconds, MiB)"""
    name, files, options = case
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        os.mkdir(os.path.join(folder, "out"))
        lay_out(folder, files)
        path = options.get("path", next(iter(files), None))
        arguments = ["run", "--out", "out/r.json"] + options.get("args", []) + ["--", path]
        status, seconds, mebibytes = execute(program, arguments, folder, SECONDS * load * program.cost)
        wrong = []
        if status is None:
            wrong.append("had to be stopped")
        elif status not in options.get("exits", threats.FINE):
            wrong.append(f"exit status {status}, not one of {options.get('exits', threats.FINE)}: "
                         f"{read(os.path.join(folder, '.stderr'))[:300]!r}")
        if seconds > SECONDS * program.cost:
            wrong.append(f"{seconds:.1f} s of processor time")
        if mebibytes > MEBIBYTES * program.cost:
            wrong.append(f"{mebibytes:.0f} MiB")
        if status is not None:
            wrong += judge_files(folder, status) + judge_words(folder, status)
        if os.environ.get("HOSTILE_SHOW"):
            said = read(os.path.join(folder, ".stderr")).decode("utf-8", "replace").partition("\n")[0]
            print(f"{status} {seconds:6.2f} s {mebibytes:4.0f} MiB  {name}: {said[:160]}", flush=True)
        if wrong and os.environ.get("HOSTILE_KEEP"):
            keep(os.environ["HOSTILE_KEEP"], name, files)
        return wrong, seconds, mebibytes


def keep(folder, name, files):
    folder = os.path.join(folder, re.sub(r"[^A-Za-z0-9.=-]+", "-", name)[:80])
    os.makedirs(folder, exist_ok=True)
    lay_out(folder, {path: content for path, content in files.items() if not callable(content)})


def library():
    """[(name, scenario, files beside it)] of what is shipped."""
    found = []
    folder = os.path.join(ROOT, "scenarios")
    for name in sorted(os.listdir(folder)):
        if name.endswith(".json"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                document = json.load(file)
            model = document.get("model")
            beside = {model: read(os.path.join(folder, model))} if isinstance(model, str) else {}
            found.append((name, document, beside))
    return found


def cases(program, chosen, long, seed):
    with open(os.path.join(HERE, "base.json"), encoding="utf-8") as file:
        base = json.load(file)
    numeric = fields.numeric_fields(program.schema, base)
    for threat in threats.THREATS:
        name = threat.__name__
        if chosen and name not in chosen:
            continue
        more = {"numbers": [numeric], "misspelt": [library()]}.get(name, [])
        found = threat(base, random.Random(f"{seed} {name}"), long, *more)
        if not long and name in IN_SAMPLE:
            found = list(found)
            found = random.Random(f"{seed} {name}").sample(found, min(len(found), IN_SAMPLE[name]))
        for case in found:
            yield name, case


def try_all(program, chosen, options):
    started, failed, worst = time.monotonic(), 0, {}
    queue = cases(program, chosen, options.long, options.seed)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = {}

        def finish():
            nonlocal failed
            done, _ = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
            for one in done:
                threat, name = running.pop(one)
                wrong, seconds, mebibytes = one.result()
                count, most_s, by_s, most_mib, by_mib = worst.get(threat, (0, -1.0, "", -1.0, ""))
                most_s, by_s = max((most_s, by_s), (seconds, name))
                most_mib, by_mib = max((most_mib, by_mib), (mebibytes, name))
                worst[threat] = (count + 1, most_s, by_s, most_mib, by_mib)
                failed += bool(wrong)
                for line in wrong:
                    print(f"WRONG {threat}: {name}: {line}", flush=True)
        for threat, case in queue:
            running[pool.submit(play, program, case, options.load)] = (threat, case[0])
            if len(running) >= 2 * options.jobs:
                finish()
        while running:
            finish()
    for threat, (count, most_s, by_s, most_mib, by_mib) in worst.items():
        print(f"{threat:10} {count:5} cases, worst {most_s:5.2f} s ({by_s[:40]}), "
              f"{most_mib:4.0f} MiB ({by_mib[:40]})")
    total = sum(row[0] for row in worst.values())
    print(f"{program.path}: {total} cases, {failed} wrong, {time.monotonic() - started:.0f} s")
    return failed == 0 and total > 0


def main():
    known = [threat.__name__ for threat in threats.THREATS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--load", type=float, default=12, help="seconds of wall clock for one of the processor")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("threat", nargs="*", help=", ".join(known))
    options = parser.parse_args()
    if not set(options.threat) <= set(known):
        parser.error(f"known threats: {', '.join(known)}")
    paths = [os.environ.get("GAMEDAY_PROGRAM", os.path.join(ROOT, "build", "gameday")),
             os.environ.get("HOSTILE_SANITIZED")]
    fine = [try_all(Program(os.path.abspath(path)), options.threat, options) for path in paths if path]
    return 0 if all(fine) else 1


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.exit(main())
