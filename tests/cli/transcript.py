#!/usr/bin/env python3
"""Plays transcripts of the command line, and compares what is printed and how it ends.

A transcript is a text file of blocks:

    # a remark
    $ gameday version          the command, for sh; lines that begin with "> " continue it
    gameday 0.1.0              its stdout; a line "..." stands for any lines, {*} for any text
    ! gameday: a complaint     its stderr
    [0]                        its exit status, which ends the block

Each file is played in an empty folder of its own; $SOURCE is the source tree.
"""
import os
import re
import subprocess
import sys
import tempfile

TIMEOUT_S = 120
# What a slow machine (or a sanitizer) says of the time it takes is no part of a transcript.
PROGRESS = re.compile(r"gameday \w+: (this takes about|\d+% done).*\n")


def blocks(path):
    """Yields (line number, command, expected stdout lines, expected stderr lines, status)."""
    command, out, err, at = None, [], [], 0
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        line = line.rstrip("\n")
        status = re.fullmatch(r"\[(\d+)\]", line)
        if command is None:
            if line.startswith("$ "):
                command, out, err, at = line[2:], [], [], number
            elif line and not line.startswith("#"):
                sys.exit(f"{path}:{number}: neither a command nor a remark: {line}")
        elif line.startswith("> "):
            command += "\n" + line[2:]
        elif status:
            yield at, command, out, err, int(status.group(1))
            command = None
        elif line.startswith("! "):
            err.append(line[2:])
        else:
            out.append(line)
    if command is not None:
        sys.exit(f"{path}:{at}: a block ends with its exit status, as [0]")


def matches(wanted, got):
    pattern = ""
    for line in wanted:
        if line == "...":
            pattern += r"(?:.*\n)*"
        else:
            pattern += ".*".join(re.escape(part) for part in line.split("{*}")) + r"\n"
    return re.fullmatch(pattern, got) is not None


def play(path, source, environment):
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        for at, command, out, err, status in blocks(path):
            done = subprocess.run(["sh", "-c", command], cwd=folder, env=environment,
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S)
            got_out = done.stdout.decode("utf-8", "backslashreplace")
            got_err = PROGRESS.sub("", done.stderr.decode("utf-8", "backslashreplace"))
            for what, ok, wanted, got in (
                    ("stdout", matches(out, got_out), "\n".join(out), got_out),
                    ("stderr", matches(err, got_err), "\n".join(err), got_err),
                    ("exit status", status == done.returncode, status, done.returncode)):
                if not ok:
                    failures += 1
                    print(f"{path}:{at}: $ {command}\n--- wanted {what}\n{wanted}\n--- got\n{got}")
    return failures


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    source = os.path.dirname(os.path.dirname(here))
    program = os.environ.get("GAMEDAY_PROGRAM")
    if not program:
        sys.exit("GAMEDAY_PROGRAM names no program")
    environment = {
        "PATH": os.path.dirname(os.path.abspath(program)) + ":" + os.environ.get("PATH", ""),
        "SOURCE": source, "LC_ALL": "C.UTF-8", "TERM": "dumb", "HOME": "/nonexistent",
    }
    for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "G_SLICE", "LD_LIBRARY_PATH"):
        if name in os.environ:
            environment[name] = os.environ[name]
    paths = sys.argv[1:] or sorted(
        os.path.join(here, name) for name in os.listdir(here) if name.endswith(".txt"))
    failures = sum(play(path, source, environment) for path in paths)
    print(f"{len(paths)} transcripts, {failures} differences")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
