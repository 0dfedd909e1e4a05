#!/bin/sh
# run.sh: builds and tests everything that this machine can, a function a step. Ends with the summary of the release build's tests.
# LONGPLAY_STRICT=1: what would be skipped because something is not installed fails instead, a GPU, a browser and other people's
# ROMs (LONGPLAY_ROMS, games/community) aside.
set -eu
cd "$(dirname "$0")/.."

step() { # FUNCTION: and how long it took
    echo "== $1"
    began=$(date +%s)
    "$1"
    echo "== $1: $(($(date +%s) - began)) s"
}
without() { # WHAT, SKIPPED
    echo "== $2: skipped, no $1 here"
    [ -z "${LONGPLAY_STRICT:-}" ] || exit 1
}
build() { # PRESET [TARGET...]
    cmake --preset "$1" -G Ninja -DLP_WERROR=ON >/dev/null
    preset=$1 && shift
    cmake --build --preset "$preset" -j 2 ${1+--target "$@"}
}
check() { # FOLDER [CTEST'S OPTIONS]: two more at a time than there are cores, since many wait rather than compute
    folder=$1 && shift
    ctest --test-dir "$folder" --output-on-failure -j "$(($(nproc) + 2))" --output-junit junit.xml "$@"
}

# What comes from PyPI, into build-python: Python's own reader of weight files, stable-retro, and the package for Gymnasium. Tests
# that need one of them say "skipped" without.
python_packages() {
    python=$PWD/build-python
    if ! [ -x "$python/bin/pip" ] && ! python3 -m venv "$python"; then
        without python3-venv "everything in Python"
        return
    fi
    export LONGPLAY_PYTHON="$python/bin/python"
    "$python/bin/pip" install -q safetensors numpy || without safetensors "the comparison with it"
    "$python/bin/pip" install -q stable-retro==1.0.1 || without stable-retro "the comparison with it"
    if "$python/bin/pip" install -q -r python/tests/requirements.txt; then
        "$python/bin/pip" install -q --no-build-isolation --no-deps ./python
    else
        without "gymnasium, cffi or pytest" "the Python package"
    fi
}
release() { build release; }
asan() {
    build asan
    ASAN_OPTIONS=detect_leaks=1 check build-asan
    LONGPLAY_STRICT= skips build-asan # told; the release build, where all can run, is strict
}
# The thread sanitizer, over what runs in several threads.
tsan() {
    build tsan longplay test_base test_env_vec test_env_vec_again test_policy_learn test_run_files test_web_server test_cli_web test_viewers_server test_video test_video_live test_cli_relay test_cli_stage
    TSAN_OPTIONS="halt_on_error=1 suppressions=$PWD/tests/tsan.supp" check build-tsan -R '^(base|env_vec|env_vec_again|policy_learn|run_files|web_server|cli_web|viewers_server|video|video_live|cli_relay|cli_stage|threads)$'
}
# Compiled where nvcc is, for one kind of card.
cuda() {
    if ! command -v nvcc >/dev/null; then
        echo "skipped: no nvcc here"
        return
    fi
    cmake --preset cuda -G Ninja -DLP_WERROR=ON -DCMAKE_CUDA_ARCHITECTURES=90 >/dev/null
    cmake --build --preset cuda -j 2 --target longplay test_kernels_cuda test_policy_cuda
}
fuzz() {
    if command -v clang >/dev/null; then tests/fuzz/run.sh "${FUZZ_SECONDS:-15}"; else without clang "fuzz targets"; fi
}
lint() {
    if command -v clang-tidy >/dev/null && command -v cppcheck >/dev/null; then tests/lint.sh build; else without "clang-tidy or cppcheck" lint; fi
}
# The tests that said "skipped", in programs that passed too. Under LONGPLAY_STRICT only those may that want a GPU, a browser or other people's ROMs.
skips() { # FOLDER
    found=$({
        sed -n 's/.*<testcase name="\([^"]*\)".*status="notrun".*/skipped: \1/p' "$1/junit.xml"
        awk '/ Testing: /{program=$NF} /^\[  SKIPPED \] / && !/listed below/{print "skipped: " program ": " $NF}' "$1/Testing/Temporary/LastTest.log"
    } | sort -u)
    if [ -n "${LONGPLAY_STRICT:-}" ]; then found=$(echo "$found" | grep -v '_cuda\|_browser\|_community' || true); fi
    [ -z "$found" ] || echo "$found"
    [ -z "${LONGPLAY_STRICT:-}" ] || [ -z "$found" ] || exit 1
}

step python_packages
step release
step lint
step cuda
step fuzz
step tsan
step asan
check build
[ -z "${LONGPLAY_STRICT:-}" ] || skips build
