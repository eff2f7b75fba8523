#!/usr/bin/env python3
"""Holds the README to its word: plays its transcripts with the built program.

readme.py PROGRAM README [--write]

A fenced block after a line `<!-- file: NAME -->` is a file of the reader's. In a ```console block, a line
that begins with "$ " is a command, the lines below it are what it prints; a line "..." stands for any
lines. Everything happens in one empty folder, with the program as `gameday` and the library of
scenarios in it. What depends on the machine (speed, memory) is not compared. --write puts what is
printed now into blocks that have no "...".
"""
import os
import re
import subprocess
import sys
import tempfile

FILE = re.compile(r"<!-- file: (\S+) -->")
MACHINE = re.compile(r"events in .*")


def play(command, folder):
    done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True,
                          check=False, timeout=120,
                          env={**os.environ, "PATH": folder + ":" + os.environ["PATH"],
                               "LC_ALL": "C.UTF-8", "NO_COLOR": "1"})
    if done.returncode not in (0, 1, 3):
        sys.exit(f"{command}: exit status {done.returncode}\n{done.stderr}")
    # What is said beside a result is progress, which depends on the machine.
    return (done.stdout or done.stderr).splitlines()


def plain(line):
    return MACHINE.sub("events in", line.rstrip())


def matches(wanted, printed):
    pattern = "".join(r"(?:.*\n)*" if line == "..." else re.escape(plain(line)) + r"\n" for line in wanted)
    return re.fullmatch(pattern, "".join(plain(line) + "\n" for line in printed)) is not None


def first_difference(wanted, printed):
    """How many lines of a transcript fit from its beginning on: then the next of both."""
    fit = max(n for n in range(len(wanted) + 1) if matches([*wanted[:n], "..."], printed))
    return wanted[fit] if fit < len(wanted) else "(no more)"


def blocks(lines):
    """Yields (kind, name, first line, end) of each fenced block; lines are those between the fences."""
    start, kind, name = None, "", None
    for number, line in enumerate(lines):
        if start is None and line.startswith("```"):
            before = FILE.fullmatch(lines[number - 1]) if number else None
            start, kind, name = number + 1, line[3:], before.group(1) if before else None
        elif start is not None and line.startswith("```"):
            yield kind, name, start, number
            start = None


def commands(lines):
    """Splits a transcript into (command, what it prints)."""
    parts = []
    for line in lines:
        if line.startswith("$ "):
            parts.append((line[2:], []))
        else:
            parts[-1][1].append(line)
    return parts


def main():
    program, readme = (os.path.abspath(path) for path in sys.argv[1:3])
    write = "--write" in sys.argv
    with open(readme, encoding="utf-8") as text:
        lines = text.read().split("\n")
    out, copied, failed, played = [], 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(program, os.path.join(folder, "gameday"))
        os.symlink(os.path.join(os.path.dirname(readme), "scenarios"), os.path.join(folder, "scenarios"))
        for kind, name, start, end in blocks(lines):
            if name:
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write("\n".join(lines[start:end]) + "\n")
            if kind != "console":
                continue
            out += lines[copied:start]
            for command, wanted in commands(lines[start:end]):
                printed = play(command, folder)
                played += 1
                if write and "..." not in wanted:
                    wanted = printed
                elif not matches(wanted, printed):
                    failed += 1
                    print(f"$ {command}\nnot found: {first_difference(wanted, printed)}\nin:")
                    print("\n".join(printed))
                out += ["$ " + command, *wanted]
            copied = end
    if write:
        with open(readme, "w", encoding="utf-8") as text:
            text.write("\n".join(out + lines[copied:]))
    print(f"{played} commands of the README, {failed} print something else")
    sys.exit(failed > 0)


main()
