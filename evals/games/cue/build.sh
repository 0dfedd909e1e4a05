#!/bin/sh
# build.sh OUT.gb: builds the ROM with SDCC (Debian 12's 4.2.0 gives the committed file byte for byte).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cp "$here"/cue.c "$here"/art.h "$here"/crt0.s .
sdasgb -o crt0.rel crt0.s
sdcc -msm83 --std-c11 --opt-code-speed -c cue.c
sdcc -msm83 --no-std-crt0 --code-loc 0x200 --data-loc 0xc100 -o cue.ihx crt0.rel cue.rel
makebin -Z -yn CUE cue.ihx cue.gb
cp cue.gb "$out"
