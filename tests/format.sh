#!/bin/sh
# format.sh [-i]: lists the files that clang-format would change, and exits with 1 if there are any; -i changes them. Debian 12's
# clang-format 14 decides; what games/*/*.py write is left as it is.
set -eu
cd "$(dirname "$0")/.."
if ! command -v clang-format >/dev/null; then
    echo "skipped: no clang-format here"
    exit 77
fi
files=$(git ls-files -co --exclude-standard '*.c' '*.h' '*.cu' '*.cuh' '*.cpp' | grep -v -e '/art\.h$' -e '/world\.h$')
if [ "${1:-}" = -i ]; then
    clang-format -i $files
else
    ! clang-format --dry-run $files 2>&1 | sed -n 's/^\(.*\):[0-9]*:[0-9]*: warning: code should be clang-formatted.*/\1/p' | uniq -c | grep .
fi
