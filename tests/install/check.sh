#!/bin/sh
# Installs the build folder $1 into its prefix and uses what is there as a stranger would: every
# installed header compiles alone, and a program of another project, built with pkg-config's flags
# against the shared library, gets the program's digest. The library shows no name but ours.
set -eu
build=$1
scenario=${2:-scenarios/boutique-slow-catalogue.json}

rm -rf "$build/../stage"
meson install -C "$build" --no-rebuild --quiet
prefix=$(cd "$build/../stage" && pwd)
pc=$(find "$prefix" -name gameday.pc)
export PKG_CONFIG_PATH="${pc%/*}"
library=$(pkg-config --variable=libdir gameday)
flags=$(pkg-config --cflags gameday)

headers=0
for header in $(find "$prefix/include/gameday" -name '*.h' | sort); do
    # shellcheck disable=SC2086 # several flags
    echo "#include \"$header\"" | cc -std=c17 -Wall -Werror -fsyntax-only $flags -x c -
    headers=$((headers + 1))
done
echo "$headers headers, each complete by itself"

# shellcheck disable=SC2046,SC2086 # several flags
cc -std=c17 -Wall -Werror $flags tests/install/consumer.c -o "$prefix/consumer" $(pkg-config --libs gameday)
digest() { sed -n 's/.*"digest": *"\([0-9a-f]*\)".*/\1/p' | head -n 1; }
ours=$("$prefix/bin/gameday" run "$scenario" --seed 7 --json | digest || true)
theirs=$(LD_LIBRARY_PATH="$library" DYLD_LIBRARY_PATH="$library" "$prefix/consumer" "$scenario" 7 | digest)
echo "digest of the installed program $ours, of a stranger's $theirs"
[ -n "$ours" ] && [ "$ours" = "$theirs" ]

shared=$(find "$library" -name 'libgameday.so.*' -o -name 'libgameday.*.dylib' | head -n 1)
strange=$(nm -D --defined-only "$shared" 2>/dev/null | awk '{ print $NF }' | sed 's/@.*//' |
    grep -vE '^_?gd_' || true)
[ -z "$strange" ] || { echo "names that are not ours: $strange"; exit 1; }
echo "the shared library shows $(nm -D --defined-only "$shared" | wc -l) names, all of them gd_"

# The library of scenarios is found from any folder, and a name of it is enough.
listed=$(cd / && "$prefix/bin/gameday" list | head -n 1)
case $listed in
*" scenarios in $prefix/share/gameday/scenarios") echo "$listed" ;;
*) echo "the installed program does not list its own library: $listed" && exit 1 ;;
esac
(cd / && "$prefix/bin/gameday" run zone-loss --events 1000 >/dev/null) || [ $? -eq 5 ]
