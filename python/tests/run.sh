#!/bin/sh
# run.sh LONGPLAY LIBRARY ITEMS: the package's tests, with the Python that LONGPLAY_PYTHON names (tests/run.sh installs the package there) and
# the program LONGPLAY to compare with; LIBRARY makes allocations fail, ITEMS is tests/memory_items.c. 77: skipped, there is no such Python.
# LONGPLAY_THOROUGH=1: a million items in each memory, and the package under the address sanitizer.
set -eu
cd "$(dirname "$0")"
if [ -z "${LONGPLAY_PYTHON:-}" ]; then
    echo "skipped: LONGPLAY_PYTHON names no Python with the package (pip install ./python) and pytest"
    exit 77
fi
if ! "$LONGPLAY_PYTHON" -c 'import cffi, gymnasium, pytest' 2>/dev/null; then
    echo "skipped: $LONGPLAY_PYTHON has not what python/tests/requirements.txt lists"
    exit 77
fi
PYTHONDONTWRITEBYTECODE=1 LONGPLAY_BINARY=$1 LONGPLAY_ALLOC_LIBRARY=$2 LONGPLAY_MEMORY_ITEMS=$3 exec "$LONGPLAY_PYTHON" -m pytest -q -p no:cacheprovider .
