#!/bin/sh
# Doors open one way (README, "Architecture"), and the simulator proper touches nothing but memory.
# The first half reads the source; the second reads the symbols of libgameday-core, the archive
# given as $1. Run in the source root. NM names the nm to use.
set -u
found=$(mktemp)
trap 'rm -f "$found"' EXIT

report() { # TITLE, offending lines on stdin; runs in a pipeline, so it leaves its mark in a file
    lines=$(cat)
    [ -z "$lines" ] || printf 'layers: %s\n%s\n\n' "$1" "$lines" | tee -a "$found"
}

# Code of the C files below the folders, as file:line:text, whole-line comments left out.
code() {
    find "$@" -name '*.[ch]' -o -name '*.def' | sort | xargs grep -nE '.' /dev/null |
        grep -vE '^[^:]+:[0-9]+:[[:space:]]*(/\*|\*|//)'
}

# The same without what stands between quotes.
calls() { code "$@" | sed 's/"[^"]*"/""/g'; }

includes='#include "'
code sim | grep -E "${includes}(models|study|report|cli|tests)/" | report 'sim knows only itself'
code models | grep -E "${includes}(study|report|cli|tests)/" | report 'models know only sim'
code study | grep -E "${includes}(report|cli|tests)/" | report 'study knows only models and sim'
code report | grep -E "${includes}(cli|tests)/" | report 'report does not know the program'
code sim models study report cli | grep -E '#include "' |
    grep -vE '#include "(sim|models|study|report|cli)/' | report 'an include starts at the root'

# JSON's text is the reader's business, statistics that of sim/stats, the terminal that of cli.
code models study cli | grep -E '#include [<"](cjson/)?cJSON' | report 'cJSON is for sim/spec and report'
code sim | grep -v '^sim/spec/' | grep -E '#include [<"](cjson/)?cJSON' | report 'cJSON is for sim/spec'
code sim models | grep -vE '^sim/stats/' | grep -E '#include <gsl/' | report 'GSL is for sim/stats'
calls sim models study report | grep -E '\b(printf|puts|putchar)[[:space:]]*\(' |
    report 'nobody prints but cli'

# What makes a run irreproducible, or depend on the machine's libm.
calls sim models | grep -E '\b(malloc|calloc|realloc|clock_gettime|gettimeofday|time|rand|random|getenv|fopen)[[:space:]]*\(' |
    report 'sim and models have no clock, no environment, no file and no malloc'
calls sim models | grep -vE '^sim/stats/' |
    grep -E '\b(log|log2|log10|log1p|exp|exp2|expm1|pow|cbrt|sin|cos|tgamma|lgamma|erf|erfc)f?[[:space:]]*\(' |
    report 'no libm outside sim/stats: its last bit depends on the processor'
calls sim models | grep -vE '^(sim/stats|models/result)/' | grep -E '\bsqrtf?[[:space:]]*\(' |
    report 'no square root before a run has ended'
code sim models | grep -E '#include <(gio/|pthread|threads|stdio|unistd|fcntl|time|sys/|locale|math)' |
    grep -vE '^(sim/stats|models/result)/[^:]*:[0-9]+:#include <math\.h>' |
    report 'sim and models include no header for files, threads, clocks or libm'

archive=${1:-}
if [ -n "$archive" ]; then
    # An undefined name that another member defines is ours.
    symbols=$("${NM:-nm}" -A "$archive" 2>/dev/null)
    ours=$(printf '%s\n' "$symbols" | awk '$2 != "U" && NF >= 3 { print $NF }' | sort -u)
    members=$(printf '%s\n' "$symbols" | grep -c .)
    [ "$members" -gt 0 ] || printf 'no symbols in %s\n' "$archive" | report 'nm found nothing to judge'
    foreign=$(printf '%s\n' "$symbols" | awk '$(NF - 1) == "U" { print $1, $NF }' | sed 's/@.*//' |
        awk -v ours="$ours" 'BEGIN { n = split(ours, a, "\n"); while (n) own[a[n--]] = 1 }
                             !($2 in own)')
    printf '%s\n' "$foreign" |
        grep -E ' (_?_?(f|fd)?(open|creat|read|write|close|lseek|stat|unlink|rename|mmap|fopen|fread|fwrite|fclose)(64|at)?|remove|opendir|fputs|fputc|(v|f|vf)?printf(_chk)?|__(v|f|vf)?printf_chk|puts|putchar|stdin|stdout|stderr)$' |
        report 'libgameday-core touches a file'
    printf '%s\n' "$foreign" |
        grep -E ' (pthread_|thrd_|mtx_|cnd_|sem_|fork$|vfork$|clone$|exec|system$|popen$|kill$|signal$|sigaction$)' |
        report 'libgameday-core knows of threads, processes or signals'
    printf '%s\n' "$foreign" |
        grep -E ' (time|clock|clock_gettime|gettimeofday|nanosleep|usleep|sleep|localtime|gmtime|getenv|secure_getenv|setlocale|rand|random|srand|arc4random|getrandom|getrusage|getpid|gethostname)(_r)?$' |
        report 'libgameday-core reads a clock, the environment or the machine'
    printf '%s\n' "$foreign" |
        grep -E ' (g_(file|io|thread|mutex|rec_mutex|rw_lock|cond|once|private|async|main|source|timeout|idle|spawn|get_(monotonic|real|current|environ|home|user|host|tmp|num)|getenv|setenv|date_time|timer|random|rand|mkdir|open|unlink|remove|rename|fopen|dir|stat|access|print|object|signal|type|value|param|application|resource|mapped_file|usleep|on_error|module)(_|$))' |
        grep -vE ' g_(print|value)[a-z]*_not_used$' |
        report 'libgameday-core uses a part of GLib that needs an operating system'
    printf '%s\n' "$foreign" | grep -vE '[/:]sim_stats_[^ ]* ' |
        grep -E ' (log|log2|log10|log1p|exp|exp2|expm1|pow|cbrt|sin|cos|tgamma|lgamma|erf|erfc|ldexp|frexp|fmod)[fl]?$' |
        report 'libgameday-core needs libm between a seed and an event'
    printf '%s\n' "$foreign" | grep -vE '[/:]sim_stats_[^ ]* ' | grep -E ' gsl_' |
        report 'libgameday-core needs GSL outside sim/stats'
fi

[ ! -s "$found" ] || exit 1
echo 'layers: all doors open one way'
