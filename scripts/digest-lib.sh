# shellcheck shell=bash
# What scripts/digests and scripts/digests-qemu share: run every scenario of the library with one
# build, and compare. A result names no machine, so results are compared byte by byte, digest and all.
# To be sourced in the source root.

digests_out=build/digests/out

digest_scenarios() { grep -lE '"duration"' scenarios/*.json; }

# Builds a program in build/digests/NAME with the given options of meson.
digest_build() { # NAME OPTIONS…
    local dir=build/digests/$1
    shift
    [[ -f $dir/build.ninja ]] ||
        meson setup "$dir" -Dtests=disabled -Db_lto=false "$@" >"$dir.log" 2>&1 ||
        { cat "$dir.log"; return 1; }
    ninja -C "$dir" --quiet gameday >"$dir.log" 2>&1 || { cat "$dir.log"; return 1; }
}

# Runs all scenarios; the command is everything that comes before "run".
digest_run() { # LABEL COMMAND…
    local label=$1
    shift
    rm -rf "${digests_out:?}/$label"
    mkdir -p "$digests_out/$label"
    export digests_out
    # shellcheck disable=SC2016 # expanded by the inner shell
    digest_scenarios | xargs -P "$(getconf _NPROCESSORS_ONLN)" -I{} bash -c '
        scenario=$1 out=$digests_out/$2/$(basename "$1")
        shift 2
        status=0
        "$@" run "$scenario" --seed 1 --json >"$out" 2>"$out.log" || status=$?
        # 1 is an expectation that failed: a result like any other.
        ((status <= 1)) || { echo "exit status $status from: $* run $scenario"; head -n 5 "$out.log"; exit 1; }
    ' - {} "$label" "$@"
}

# Prints a line a label: as the first one, or which scenarios differ.
digest_compare() { # LABEL…
    local first=$1 label scenario name status=0 differing count=0
    for scenario in $(digest_scenarios); do
        name=$(basename "$scenario")
        count=$((count + 1))
        printf '%-40s %s\n' "$name" "$(digest_of "$digests_out/$first/$name")"
    done
    ((count > 0)) || { echo 'digests: there is no scenario to compare'; return 1; }
    for label in "$@"; do
        differing=
        for scenario in $(digest_scenarios); do
            name=$(basename "$scenario")
            if [[ $(digest_of "$digests_out/$label/$name") == none ]] ||
                [[ $(digest_of "$digests_out/$label/$name") != $(digest_of "$digests_out/$first/$name") ]]; then
                differing+=" $name(digest)"
            elif ! cmp -s "$digests_out/$first/$name" "$digests_out/$label/$name"; then
                differing+=" $name(numbers)"
            fi
        done
        if [[ -z $differing ]]; then
            printf '%-16s %d scenarios, all as %s\n' "$label" "$count" "$first"
        else
            printf '%-16s DIFFERS:%s\n' "$label" "$differing"
            status=1
        fi
    done
    return "$status"
}

digest_of() { # FILE
    grep -m1 -oE '"digest":[[:space:]]*"[0-9a-fx]+"' "$1" 2>/dev/null | grep -oE '[0-9a-fx]{8,}' || echo none
}
