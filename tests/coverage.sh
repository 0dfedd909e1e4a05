#!/bin/sh
# coverage.sh: which lines the tests run, by folder; without the tests whose point is a game, time or chance, and without the Python package's:
# it is optimised, and adds up in another order than a program that is not. All numbers are in build-coverage/lines.csv.
set -eu
cd "$(dirname "$0")/.."

cmake --preset coverage -G Ninja >/dev/null
cmake --build --preset coverage -j 2
find build-coverage -name '*.gcda' -delete
GCOV_ERROR_FILE=/dev/null ctest --test-dir build-coverage --output-on-failure -j "$(nproc)" \
    -E '^(game_.*|games_.*|.*_survive|.*_shipped|cli_trained|alloc_failure|install|headless|format|house|python|pages.*|.*_on_cpu.*)$'
gcovr -r . --object-directory build-coverage --exclude-directories '.*_on_cpu.*' --csv -o build-coverage/lines.csv -f '[a-z]+/[a-z0-9_]+\.[ch]$' -e tests/
awk -F, '
    NR > 1 { split($1, path, "/"); total[path[1]] += $2; run[path[1]] += $3; all += $2; ran += $3 }
    END { for (folder in total) printf "%-10s %6d of %6d lines run, %5.1f %%\n", folder, run[folder], total[folder], 100 * run[folder] / total[folder] | "sort"
          close("sort"); printf "%-10s %6d of %6d lines run, %5.1f %%\n", "all", ran, all, 100 * ran / all }' build-coverage/lines.csv
