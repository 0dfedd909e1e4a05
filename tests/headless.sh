#!/bin/bash
# headless.sh: builds without window, web page, videos, chat models and chat (LP_WINDOW, LP_WEB, LP_VIDEO, LP_CHAT, LP_IRC=OFF), where no header
# of SDL, libmicrohttpd, FFmpeg or libcurl may be wanted, and plays, trains and judges with that.
set -euo pipefail
source=$(realpath "$(dirname "$0")/..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "headless: $*" >&2; exit 1; }

cmake -S "$source" -B "$work/build" -G Ninja -DLP_WINDOW=OFF -DLP_WEB=OFF -DLP_VIDEO=OFF -DLP_CHAT=OFF -DLP_IRC=OFF -DLP_WERROR=ON -DCMAKE_C_FLAGS_RELEASE=-O1 >"$work/log" || { cat "$work/log"; fail "does not configure"; }
cmake --build "$work/build" -j2 --target longplay >"$work/log" || { cat "$work/log"; fail "does not build"; }
longplay=$work/build/longplay
! readelf -d "$longplay" | grep NEEDED | grep -i "sdl\|microhttpd\|libav\|curl" || fail "SDL, libmicrohttpd, FFmpeg or libcurl is linked"
cd "$work"
"$longplay" play cue --episodes 2 --json | grep -q '"wins":2' || fail "cue is not won"
"$longplay" train cue --curriculum.start=4 --train.decisions=2048 --train.envs=4 --train.steps=32 --out tiny.safetensors >/dev/null 2>&1 || fail "does not train"
"$longplay" eval catch --policy random --episodes 4 --json >/dev/null || fail "does not evaluate"
code=0
"$longplay" play cue --decisions 1 --shot shot.png 2>err || code=$?
[ $code = 2 ] && grep -q LP_WINDOW err && [ ! -e shot.png ] || fail "a picture of a window that is not there: exit $code: $(cat err)"
code=0
"$longplay" play cue --decisions 1 --web 127.0.0.1:0 2>err || code=$?
[ $code = 2 ] && grep -q LP_WEB err || fail "a page that is not there: exit $code: $(cat err)"
printf '[chat]\nurl = http://127.0.0.1:1/v1\nmodel = x\n' >chat.ini
code=0
"$longplay" play cue --decisions 1 --policy chat:chat.ini 2>err || code=$?
[ $code = 2 ] && grep -q LP_CHAT err || fail "a chat model that cannot be asked: exit $code: $(cat err)"
code=0
"$longplay" play cue --decisions 1 --chat irc://h/c 2>err || code=$?
[ $code = 2 ] && grep -q LP_IRC err || fail "a chat that is not there: exit $code: $(cat err)"
echo "no window, no page, no videos, no chat models, no chat, and all else works"
