#!/bin/sh
# lint.sh BUILD [FILE...]: clang-tidy, by .clang-tidy, and cppcheck over our own sources; both must find nothing. BUILD is a configured
# build folder: it says how each file is compiled. LONGPLAY_THOROUGH=1 has clang's analyzer follow three times as many states of a function
# (its own limit), in two and a half times the time.
set -eu
cd "$(dirname "$0")/.."
build=$1
shift
# built only with nvcc, so the build does not know them
without='^(policy/cuda.*|bench/bench_cuda)\.c$'
[ $# -gt 0 ] || set -- $(git ls-files base emulator saves kernels memory env view players video policy harness train evals experiment bench web irc cli | grep '\.c$' | grep -vE "$without")
states=75000
[ -z "${LONGPLAY_THOROUGH:-}" ] || states=225000
# what it finds goes to stdout; stderr counts what it left out, and is of interest when it fails
said=$(mktemp)
trap 'rm -f "$said"' EXIT
printf '%s\n' "$@" | xargs -P 2 -n 4 clang-tidy --quiet -p "$build" --extra-arg=-Wno-unknown-warning-option \
    --extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang --extra-arg=max-nodes=$states 2>"$said" || { cat "$said" >&2; exit 1; }
# Off: missingInclude (the system's headers), and what -Wmaybe-uninitialized, the sanitizers and clang's analyzer judge better: cppcheck
# believes in calls that succeed and leave their result unset; and logf(0) of a softmax's sum, which holds exp(0).
cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --inline-suppr -j 2 --std=c11 --max-configs=1 -I. -D_GNU_SOURCE \
    -D__linux__ --suppress=missingInclude --suppress=uninitvar --suppress=uninitStructMember --suppress=legacyUninitvar \
    --suppress=invalidFunctionArg "$@"
