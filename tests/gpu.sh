#!/bin/bash
# gpu.sh [FOLDER]: everything that needs an NVIDIA card, in one call, on a machine with a driver, CUDA's libraries and no packages. FOLDER
# has the programs: a bundle (bin/ with the programs, lib/ with their libraries) or a build; without it, build-cuda. Each section is a
# function; ends with a count. Exit: 0 all passed on a card, 1 something failed, 77 nothing failed but something was skipped.
set -u
cd "$(dirname "$0")/.." || exit 1
folder=${1:-build-cuda}
card=no passed=0 failed=0 skipped=0

pass() { passed=$((passed + 1)); echo "passed: $*"; }
fail() { failed=$((failed + 1)); echo "FAILED: $*"; }
skip() { skipped=$((skipped + 1)); echo "skipped: $*"; }

# The file of a program; nothing where there is none.
find_program() { # PROGRAM
    local file
    for file in "$folder/bin/$1" "$folder/$1" "$folder/tests/$1"; do
        if [ -x "$file" ]; then echo "$file"; return; fi
    done
}

# Runs a program, under a tool where words come before --. A bundle's libraries come with it.
start() { # PROGRAM [TOOL OPTION...] -- [ARG...]
    local file tool=()
    file=$(find_program "$1")
    shift
    while [ "$1" != -- ]; do tool+=("$1"); shift; done
    shift
    if [ -d "$folder/lib" ]; then
        tool=(env "LD_LIBRARY_PATH=$folder/lib:/usr/local/cuda/lib64${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" "${tool[@]}")
    fi
    "${tool[@]}" "$file" "$@"
}

# A test program. Every test in it that skipped counts as skipped; a program that only skipped has not passed.
run_tests() { # NAME PROGRAM [TOOL OPTION...]
    local name=$1 program=$2 out status line
    shift 2
    if [ -z "$(find_program "$program")" ]; then fail "$name: no $program in $folder"; return; fi
    out=$(start "$program" "$@" -- 2>&1)
    status=$?
    echo "$out"
    if [ $status -ne 0 ]; then fail "$name (exit $status)"; return; fi
    while read -r line; do skip "$name: $line"; done < <(grep -E '^\[  SKIPPED \] test_' <<<"$out" | sort -u)
    if grep -qE '^\[       OK \]' <<<"$out"; then pass "$name"
    elif ! grep -qE '^\[  SKIPPED \] test_' <<<"$out"; then fail "$name: no test ran"
    fi
}

twins() {
    echo "== the CUDA twins against the CPU"
    run_tests twins test_kernels_cuda
}

sanitizers() {
    echo "== compute-sanitizer"
    local tool
    for tool in memcheck racecheck; do
        if [ $card = no ]; then skip "$tool: no GPU here"
        elif ! command -v compute-sanitizer >/dev/null; then skip "$tool: no compute-sanitizer here"
        else run_tests "$tool" test_kernels_cuda compute-sanitizer --tool "$tool" --error-exitcode 9
        fi
    done
}

bench() {
    echo "== bench kernels"
    if [ -z "$(find_program longplay)" ]; then fail "bench kernels: no longplay in $folder"
    elif start longplay -- bench kernels; then pass "bench kernels"
    else fail "bench kernels"
    fi
}

echo "programs of $folder, commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown)"
if command -v nvidia-smi >/dev/null && nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader; then card=yes
else echo "no GPU here"
fi
twins
sanitizers
bench
echo "gpu.sh: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] || exit 1
[ $skipped -eq 0 ] || exit 77
