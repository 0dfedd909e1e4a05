#!/bin/sh
# run.sh: builds and tests everything that this machine can: the release build, the sanitizers' build, and, where nvcc
# is, the CUDA build (compiled, and its tests run: they say "skipped" without a GPU). Ends with CTest's summary.
set -eu
cd "$(dirname "$0")/.."

build() { # PRESET FOLDER
    echo "== $1"
    cmake --preset "$1" -G Ninja -DLP_WERROR=ON >/dev/null
    cmake --build "$2"
}
check() { # FOLDER
    ctest --test-dir "$1" --output-on-failure -j "$(nproc)"
}

# Python's own reader of weight files, for the test that asks it; without it that test says "skipped".
python=$PWD/build-python
if [ ! -x "$python/done" ] && python3 -m venv "$python" && "$python/bin/pip" install -q safetensors numpy; then
    touch "$python/done" && chmod +x "$python/done"
fi
# stable-retro itself, for the test that compares with it; that one too says "skipped" without.
if [ -x "$python/done" ] && ! "$python/bin/python" -c 'import stable_retro' 2>/dev/null; then
    "$python/bin/pip" install -q stable-retro==1.0.1 || echo "== no stable-retro here: the comparison with it will be skipped"
fi
# The Python package; without what it needs from PyPI its tests say "skipped", but where that is there it must build.
if [ -x "$python/done" ]; then
    if "$python/bin/pip" install -q -r python/tests/requirements.txt; then
        echo "== the Python package"
        "$python/bin/pip" install -q --no-build-isolation --no-deps ./python
    else
        echo "== no gymnasium, cffi or pytest here: the Python package's tests will be skipped"
    fi
fi
if [ -x "$python/done" ]; then export LONGPLAY_PYTHON="$python/bin/python"; fi

build release build
build asan build-asan
if command -v nvcc >/dev/null; then
    build cuda build-cuda
else
    echo "== cuda: skipped, no nvcc here"
fi
if command -v clang >/dev/null; then
    echo "== fuzz targets, ${FUZZ_SECONDS:-30} s each"
    tests/fuzz/run.sh "${FUZZ_SECONDS:-30}"
else
    echo "== fuzz targets: skipped, no clang here"
fi
skips() { # FOLDER: tests that said "skipped" inside programs that passed
    awk '/ Testing: /{program=$NF} /^\[  SKIPPED \] test_/{print "skipped: " program ": " $NF}' "$1/Testing/Temporary/LastTest.log" | sort -u
}
ASAN_OPTIONS=detect_leaks=1 check build-asan
skips build-asan
check build
