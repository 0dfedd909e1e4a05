#!/bin/bash
# gpu.sh [FOLDER [SECTION...]]: everything that needs an NVIDIA card, in one call, on a machine with a driver, CUDA's libraries and no
# packages. FOLDER has the programs: a bundle (bin/ with the programs, lib/ with their libraries) or a build; without it, build-cuda. Each
# SECTION is a function below; without any, all of them run. docs/gpu.md says what each one checks.
# Ends with a count. Exit: 0 all passed on a card, 1 something failed, 77 nothing failed but something was skipped.
set -u
cd "$(dirname "$0")/.." || exit 1
sections=(twins sanitizers kernels speed training torch)
folder=${1:-build-cuda}
[ $# -eq 0 ] || shift
for section in "$@"; do
    case " ${sections[*]} " in
    *" $section "*) ;;
    *) echo "gpu.sh: no section '$section': must be one of ${sections[*]}" >&2; exit 2 ;;
    esac
done
[ $# -gt 0 ] || set -- "${sections[@]}"
card=no passed=0 failed=0 skipped=0
export LONGPLAY_DATA=${LONGPLAY_DATA:-$PWD/games}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

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

# What a bundle's programs need to find its libraries; nothing for a build.
libraries=()
[ ! -d "$folder/lib" ] || libraries=(env "LD_LIBRARY_PATH=$folder/lib:/usr/local/cuda/lib64${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}")

# Runs a program, under a tool where words come before --.
start() { # PROGRAM [TOOL OPTION...] -- [ARG...]
    local file tool=()
    file=$(find_program "$1")
    shift
    while [ "$1" != -- ]; do tool+=("$1"); shift; done
    shift
    "${libraries[@]}" "${tool[@]}" "$file" "$@"
}

# longplay with arguments that need a card; NAME is what is counted.
on_card() { # NAME ARG...
    local name=$1
    shift
    if [ -z "$(find_program longplay)" ]; then fail "$name: no longplay in $folder"
    elif [ $card = no ]; then skip "$name: no GPU here"
    elif start longplay -- "$@"; then pass "$name"
    else fail "$name (exit $?)"
    fi
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

# Every test program of CUDA code that there is a source for, but that of the command line, which needs a program.
cuda_tests() {
    local source
    for source in tests/test_*_cuda.c; do [ "$source" = tests/test_cli_cuda.c ] || basename "$source" .c; done
}

twins() {
    echo "== the CUDA twins against the CPU"
    local program
    for program in $(cuda_tests); do run_tests "$program" "$program"; done
    LONGPLAY_TEST_BINARY=$(find_program longplay) run_tests "the command line" test_cli_cuda
}

# Calls that fail are the tests' own business: a full card is asked for, and libraries ask drivers for what those may lack.
sanitizers() {
    echo "== compute-sanitizer"
    local tool program
    for tool in memcheck racecheck; do
        for program in $(cuda_tests); do
            if [ $card = no ]; then skip "$tool, $program: no GPU here"
            elif ! command -v compute-sanitizer >/dev/null; then skip "$tool, $program: no compute-sanitizer here"
            else run_tests "$tool, $program" "$program" compute-sanitizer --tool "$tool" --report-api-errors no --error-exitcode 9
            fi
        done
    done
}

kernels() {
    echo "== bench kernels"
    if [ -z "$(find_program longplay)" ]; then fail "bench kernels: no longplay in $folder"
    elif start longplay -- bench kernels; then pass "bench kernels"
    else fail "bench kernels"
    fi
}

speed() {
    echo "== acting, learning and training on the card"
    local size core
    for core in gru mingru lstm lru delta; do
        on_card "bench policy, base, $core" bench policy --device cuda --size base --core $core --batch 1,64,4096 --context 128
        on_card "bench learn, base, $core" bench learn --device cuda --size base --core $core
    done
    for size in nano base; do
        on_card "bench policy, $size" bench policy --device cuda --size $size --batch 1,64,4096 --context 128
        on_card "bench learn, $size" bench learn --device cuda --size $size
        on_card "bench train, $size" bench train cue --device cuda --size $size
        on_card "bench train, $size, encoding again" bench train cue --device cuda --size $size --horizon 1000 --reencode 32
        on_card "bench train, $size, overlapped" bench train cue --device cuda --size $size --overlap
    done
    on_card "bench policy, base, bfloat16" bench policy --device cuda --size base --precision bfloat16 --batch 64,4096 --context 128
    on_card "bench learn, base, bfloat16" bench learn --device cuda --size base --precision bfloat16
    on_card "bench train, base, bfloat16" bench train cue --device cuda --size base --precision bfloat16
    on_card "bench train, base, bfloat16, overlapped" bench train cue --device cuda --size base --precision bfloat16 --overlap
}

# cue by its own recipe, from random weights; it is learned when it wins 9 of 10 corridors that it never saw. A guess wins 5.
training() {
    echo "== training cue from scratch"
    local wins
    on_card "train cue" train cue --device cuda --minutes 6 --out "$scratch/cue.safetensors"
    [ -e "$scratch/cue.safetensors" ] || { skip "eval cue: no trained policy"; return; }
    wins=$(start longplay -- eval cue --policy "$scratch/cue.safetensors" --set horizon=64 --episodes 200 --seed 77 --json | sed -n 's/.*"wins":\([0-9]*\).*/\1/p')
    if [ "${wins:-0}" -ge 180 ]; then pass "eval cue: $wins of 200 won"
    else fail "eval cue: ${wins:-none} of 200 won"
    fi
}

torch() {
    echo "== beside PyTorch"
    if [ $card = no ]; then skip "PyTorch: no GPU here"
    elif ! python3 -c 'import torch; raise SystemExit(not torch.cuda.is_available())' 2>"$scratch/why"; then
        skip "PyTorch: python3 has none that sees the GPU ($(tail -n 1 "$scratch/why"))"
    elif [ -z "$(find_program longplay)" ]; then fail "PyTorch: no longplay in $folder"
    elif python3 tests/torch_side_by_side.py --device cuda --longplay "$(printf '%q ' "${libraries[@]}" "$(find_program longplay)")"; then pass "PyTorch: outputs and gradients equal"
    else fail "PyTorch (exit $?)"
    fi
}

echo "programs of $folder, commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown)"
if command -v nvidia-smi >/dev/null && nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader; then card=yes
else echo "no GPU here"
fi
for section in "$@"; do $section; done
echo "gpu.sh: $passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ] || exit 1
[ $skipped -eq 0 ] || exit 77
