#!/usr/bin/env bash
# What scripts/new-kind writes compiles, is tested and verified as it stands, and the example of
# CONTRIBUTING.md ends where it says: both in a copy of the tree, which is thrown away.
#
#     tests/new-kind.sh
set -euo pipefail
cd "$(dirname "$0")/.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
tar -c --exclude=./build --exclude=./.git --exclude=./results . | tar -x -C "$copy"
cd "$copy"

scripts/new-kind guard look_on >/dev/null
scripts/new-kind serve look_in >/dev/null
scripts/new-kind balance whoever >/dev/null
scripts/new-kind fault weariness >/dev/null
if scripts/new-kind guard retry >/dev/null 2>&1; then
    echo 'new-kind: writes over a kind that is there' >&2
    exit 1
fi
# The commands and files of the walk in CONTRIBUTING.md, as they stand there.
python3 tests/walk.py CONTRIBUTING.md

meson setup build -Dtests=enabled -Dbuildtype=debug -Db_lto=false >/dev/null
kinds=(look_on look_in whoever weariness pause)
ninja -C build --quiet gameday "${kinds[@]/#/tests/models_test_}"
for kind in "${kinds[@]}"; do
    "build/tests/models_test_$kind" >/dev/null 2>"$copy/said" || { cat "$copy/said" >&2; exit 1; }
    build/gameday verify "${kind//_/-}-at-work" --seeds 10 >"$copy/said" 2>&1 || { cat "$copy/said" >&2; exit 1; }
    build/gameday explain "$kind" >/dev/null
done
build/gameday run pause-at-work --explain | grep -q 'no call of it has failed lately'
if command -v clang-format-14 >/dev/null; then
    clang-format-14 --dry-run --Werror models/*/{look_on,look_in,whoever,weariness,pause}.c tests/models/test_{look_on,look_in,whoever,weariness,pause}.c 2>&1 |
        grep -v 'No such file' | grep -q . && { echo 'new-kind: writes what clang-format would not' >&2; exit 1; }
fi
echo 'new-kind: 5 kinds written, built, tested and verified'
