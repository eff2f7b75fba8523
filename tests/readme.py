#!/usr/bin/env python3
"""Holds the README to its word: plays its transcripts with the built program.

readme.py PROGRAM README [--write]

Indented commands of build/gameday must run. A fenced block after a line `<!-- file: NAME -->` is a
file of the reader's. In a ```console block, a line that begins with "$ " is a command, the lines below
it are what it prints; a line "..." stands for any lines. Everything happens in one empty folder, with
the program as `gameday` and the library of scenarios in it. What depends on the machine (speed,
memory) is not compared. --write renews the transcripts; of one with "..." each paragraph, found again
by its first line.
"""
import difflib
import os
import re
import subprocess
import sys
import tempfile

COMMAND = re.compile(r"    (build/gameday .*?)(?: *\| less)?(?: +#.*)?")
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


def paragraph(printed, first, most):
    """The lines from the one given to the next empty one, at most so many; none if it is not there."""
    if first not in printed:
        return []
    found = []
    for line in printed[printed.index(first):]:
        if line == "" or len(found) == most:
            break
        found.append(line)
    return found


def renewed(wanted, printed):
    """What is printed, cut as the transcript was cut."""
    if "..." not in wanted:
        return printed
    out, at = [], 0
    while at < len(wanted):
        end = at
        while end < len(wanted) and wanted[end] not in ("", "..."):
            end += 1
        if end > at:
            cut = end < len(wanted) and wanted[end] == "..."
            first = printed[0] if at == 0 else wanted[at]
            out += paragraph(printed, first, end - at if cut else None)
        if end < len(wanted):
            out.append(wanted[end])
        at = end + 1
    return out


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
        os.mkdir(os.path.join(folder, "build"))
        for link in ("gameday", "build/gameday"):
            os.symlink(program, os.path.join(folder, link))
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
                if write:
                    wanted = renewed(wanted, printed)
                if not matches(wanted, printed):
                    failed += 1
                    print(f"$ {command}")
                    print("\n".join(difflib.unified_diff(wanted, printed, "README", "now", lineterm="", n=0)))
                out += ["$ " + command, *wanted]
            copied = end
        for line in lines:
            if COMMAND.fullmatch(line):
                play(COMMAND.fullmatch(line).group(1), folder)
                played += 1
    if write:
        with open(readme, "w", encoding="utf-8") as text:
            text.write("\n".join(out + lines[copied:]))
    print(f"{played} commands of the README, {failed} print something else")
    sys.exit(failed > 0)


main()
