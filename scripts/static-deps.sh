# shellcheck shell=bash
# For scripts that link without shared libraries. Debian ships no libcjson.a, so it is made from the
# distribution's own source package: apt fetches it and checks its signature. To be sourced.

# Runs apt-get with lists and sources of its own, so that the machine's stay as they are.
private_apt() { # DIR, apt-get's arguments
    local dir=$1
    shift
    apt-get -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$dir/sources" \
        -o Dir::State::lists="$dir/lists" -o Dir::Cache="$dir/cache" -o Debug::NoLocking=1 \
        -o APT::Sandbox::User=root "$@"
}

# Copies the machine's apt sources to DIR/sources; with KIND deb-src, those of source packages.
copy_sources() { # DIR KIND
    local dir=$1 kind=$2 file
    mkdir -p "$dir/sources" "$dir/lists/partial" "$dir/cache/archives/partial"
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [[ -f $file ]] && sed "s/^deb /$kind /" "$file" >"$dir/sources/$(basename "$file")"
    done
    for file in /etc/apt/sources.list.d/*.sources; do
        [[ -f $file ]] && sed "s/^Types:.*/Types: $kind/" "$file" >"$dir/sources/$(basename "$file")"
    done
    [[ ! -f $dir/sources/sources.list ]] || mv "$dir/sources/sources.list" "$dir/sources/main.list"
}

update_lists() { # DIR, apt-get's options
    local try
    for try in 1 2 3; do
        private_apt "$@" update >/dev/null && return 0
        sleep $((try * 3))
    done
    echo 'static: apt-get update failed three times' >&2
    return 1
}

# Leaves cJSON's source in DIR/cjson, with the distribution's patches.
fetch_cjson() { # DIR
    local dir=$1
    [[ ! -f $dir/cjson/cJSON.c ]] || return 0
    command -v dpkg-source >/dev/null || { echo 'static: install dpkg-dev, for dpkg-source' >&2; return 1; }
    echo 'static: fetching the source package of cJSON'
    copy_sources "$dir" deb-src
    update_lists "$dir" || return 1
    (cd "$dir" && private_apt "$PWD" source --download-only cjson >/dev/null) || return 1
    rm -rf "$dir/cjson"
    dpkg-source --no-check -x "$dir"/cjson_*.dsc "$dir/cjson" >/dev/null
}

# Makes DIR/libcjson.a and a libcjson.pc that names it.
build_cjson() { # SOURCE DIR CC AR
    local source=$1 dir=$2 cc=$3 ar=$4 version
    mkdir -p "$dir/include/cjson"
    cp "$source/cJSON.h" "$dir/include/cjson/"
    "$cc" -O2 -fPIC -c "$source/cJSON.c" -o "$dir/cJSON.o"
    rm -f "$dir/libcjson.a"
    "$ar" rcs "$dir/libcjson.a" "$dir/cJSON.o"
    version=$(sed -n 's/^#define CJSON_VERSION_[A-Z]* //p' "$source/cJSON.h" | paste -sd.)
    printf '%s\n' "Name: libcjson" "Description: cJSON, static" "Version: $version" \
        "Libs: -L$dir -lcjson -lm" "Cflags: -I$dir/include" >"$dir/libcjson.pc"
}
