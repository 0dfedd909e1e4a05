#!/bin/sh
# run.sh SECONDS [TARGET...]: runs the fuzz targets that long each, two at a time, from a corpus made of valid files that grows
# in build-fuzz/corpus. Ends with failure if one fell; what felled it lies in build-fuzz/found, and is
# told, small inputs in base64.
set -eu
cd "$(dirname "$0")/../.."
seconds=$1
shift
[ $# -gt 0 ] || set -- rom state game env_save movie bk2 demos weights config look memory learner seat run_head train suite episodes results chat viewers irc
cmake --preset fuzz -G Ninja >/dev/null
cmake --build --preset fuzz -- -j2 >build-fuzz/build.log || { cat build-fuzz/build.log; exit 1; }
mkdir -p build-fuzz/corpus build-fuzz/found
build-fuzz/tests/fuzz/make_seeds build-fuzz/corpus
export UBSAN_OPTIONS=print_stacktrace=1 LSAN_OPTIONS=suppressions=$PWD/tests/lsan.supp:print_suppressions=0
printf '%s\n' "$@" | xargs -P 2 -I TARGET sh -c '
    length=65536
    [ TARGET = weights ] && length=2000000
    if build-fuzz/tests/fuzz/fuzz_TARGET -max_total_time='"$seconds"' -max_len=$length -timeout=20 -rss_limit_mb=2048 -close_fd_mask=1 \
        -print_final_stats=1 -artifact_prefix=build-fuzz/found/TARGET- build-fuzz/corpus/TARGET >build-fuzz/found/TARGET.log 2>&1
    then echo "fuzz TARGET: nothing found in $(sed -n "s/^stat::number_of_executed_units: *//p" build-fuzz/found/TARGET.log) inputs"
    else echo "fuzz TARGET: FAILED, see build-fuzz/found/TARGET.log"; grep -v "^#[0-9]" build-fuzz/found/TARGET.log | tail -n 40 | cut -c -4000; exit 1
    fi'
