#!/usr/bin/env bash
# Brings what gameday needs to be built, and with "test" what its tests need besides. Looks first, so
# that a machine that has everything is left alone. Debian and Ubuntu: apt. Elsewhere: says the names.
#
#     scripts/setup.sh [test]
set -euo pipefail

# What to find | how | Debian and Ubuntu | Homebrew | Fedora | Arch. A how is a command, or pc:MODULE
# for pkg-config, or fn:FUNCTION for one of the functions below.
build_needs='
a C compiler|fn:has_cc|gcc libc6-dev|gcc|gcc|gcc
pkg-config|pkg-config|pkg-config|pkgconf|pkgconf-pkg-config|pkgconf
ninja|ninja|ninja-build|ninja|ninja-build|ninja
meson 1.0|fn:has_meson|meson|meson|meson|meson
GLib|pc:glib-2.0|libglib2.0-dev|glib|glib2-devel|glib2
cJSON|pc:libcjson|libcjson-dev|cjson|cjson-devel|cjson
GSL|pc:gsl|libgsl-dev|gsl|gsl-devel|gsl'
test_needs='
cmocka|pc:cmocka|libcmocka-dev|cmocka|libcmocka-devel|cmocka
clang with sanitizers|fn:has_clang|clang|llvm|clang compiler-rt|clang compiler-rt
Python 3|python3|python3|python|python3|python'
# Of exactly this version, or every line would be judged by other rules; few systems but Debian have it.
form_needs='
clang-format 14|fn:has_clang_format|clang-format-14|||
clang-tidy 14|fn:has_clang_tidy|clang-tidy-14|||'

has_cc() {
    command -v cc >/dev/null && printf '#include <stdint.h>\nint main(void){return 0;}\n' |
        cc -x c -o /dev/null - 2>/dev/null
}
has_meson() {
    command -v meson >/dev/null || return 1
    [[ $(meson --version) != 0.* ]]
}
has_clang() {
    command -v clang >/dev/null && printf 'int main(void){return 0;}\n' |
        clang -fsanitize=address,undefined -x c -o /dev/null - 2>/dev/null
}
is_version_14() { command -v "$1" >/dev/null && "$1" --version | grep -q 'version 14\.'; }
has_clang_format() { is_version_14 clang-format-14 || is_version_14 clang-format; }
has_clang_tidy() { is_version_14 clang-tidy-14 || is_version_14 clang-tidy; }

present() { # HOW
    case $1 in
    pc:*) command -v pkg-config >/dev/null && pkg-config --exists "${1#pc:}" ;;
    fn:*) "${1#fn:}" ;;
    *) command -v "$1" >/dev/null ;;
    esac
}

# Fills missing, and packages of the given column (3 Debian, 4 Homebrew, 5 Fedora, 6 Arch).
look() { # COLUMN
    missing=() packages=()
    local line name how
    while IFS= read -r line; do
        [[ -n $line ]] || continue
        IFS='|' read -r name how _ <<<"$line"
        present "$how" && continue
        missing+=("$name")
        # shellcheck disable=SC2207 # a cell holds several packages, split at blanks
        packages+=($(cut -d'|' -f"$1" <<<"$line"))
    done <<<"$needs"
}

needs=$build_needs
if [[ ${1:-} == test ]]; then
    needs+=$test_needs
    ! command -v apt-get >/dev/null || needs+=$form_needs
fi

look 3
if ((${#missing[@]} == 0)); then
    echo "set-up: everything is here, nothing to install"
    exit 0
fi
printf -v list '%s, ' "${missing[@]}"
echo "set-up: missing: ${list%, }"

if command -v apt-get >/dev/null; then
    as_root=()
    if ((EUID != 0)); then
        if ! command -v sudo >/dev/null; then
            echo "set-up: not root and no sudo here; as root, run: apt-get install ${packages[*]}" >&2
            exit 1
        fi
        as_root=(sudo)
    fi
    echo "set-up: installing with apt: ${packages[*]}"
    # update takes the lists' lock and does not wait for it, so it is tried again.
    for try in 1 2 3; do
        "${as_root[@]}" apt-get update -qq && break
        ((try < 3)) || echo "set-up: apt-get update failed three times; going on with the old lists" >&2
        sleep $((try * 3))
    done
    known=()
    for package in "${packages[@]}"; do
        if apt-cache show "$package" >/dev/null 2>&1; then
            known+=("$package")
        else
            echo "set-up: apt knows no $package, going on without it"
        fi
    done
    install() {
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends -o DPkg::Lock::Timeout=600 "$@"
    }
    install "${known[@]}"
    # Since LLVM 14 Debian has the sanitizers' runtime in a package of its own, named after the version.
    if [[ ${1:-} == test ]] && ! has_clang && command -v clang >/dev/null; then
        version=$(clang -dumpversion)
        install "libclang-rt-${version%%.*}-dev"
    fi
    # A distribution without version 14 of the tools that judge form can still build and test.
    needs=${needs%"$form_needs"}
    look 3
    if ((${#missing[@]} > 0)); then
        printf -v list '%s, ' "${missing[@]}"
        echo "set-up: still missing after the installation: ${list%, }" >&2
        [[ $list != *meson* ]] || echo "set-up: a newer meson: python3 -m pip install --user meson" >&2
        exit 1
    fi
    echo "set-up: done"
else
    look 4
    echo "set-up: there is no apt here. With another package manager, install:"
    echo "  Homebrew:  brew install ${packages[*]}"
    look 5
    echo "  Fedora:    dnf install ${packages[*]}"
    look 6
    echo "  Arch:      pacman -S ${packages[*]}"
    exit 1
fi
