#!/usr/bin/env python3
"""Plays the walk of CONTRIBUTING.md in the present folder, a copy of the tree: runs the blocks of sh
behind <!-- play -->, and writes those behind <!-- file: PATH -->.
"""
import re
import subprocess
import sys

BLOCK = re.compile(r"<!-- (play|file: (\S+)) -->\n```\w*\n(.*?)```\n", re.S)


def main(path):
    with open(path, encoding="utf-8") as file:
        found = BLOCK.findall(file.read())
    if not found:
        sys.exit(f"{path}: nothing to play")
    for what, target, text in found:
        if target:
            with open(target, "w", encoding="utf-8") as out:
                out.write(text)
        else:
            subprocess.run(["bash", "-euo", "pipefail", "-c", text], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main(sys.argv[1])
