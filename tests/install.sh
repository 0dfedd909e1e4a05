#!/bin/bash
# install.sh BUILD: installs into an empty folder, moves it, and uses it from there: the program finds its games beside itself wherever it is, and
# knows nothing of the folder that it was built from. Then the man pages and the completion.
set -euo pipefail
build=$(realpath "$1") source=$(realpath "$(dirname "$0")/..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "install: $*" >&2; exit 1; }

cmake --build "$build" --target man >/dev/null # longplay itself is built already
DESTDIR=$work/root cmake --install "$build" --prefix /opt/lp >/dev/null
mv "$work/root/opt/lp" "$work/moved"
longplay=$work/moved/bin/longplay
cd "$work"
unset LONGPLAY_DATA
[ "$("$longplay" eval cue --episodes 2 --json | grep -o '"wins":[0-9]*')" = '"wins":2' ] || fail "cue is not won"
"$longplay" eval memory --episodes 1 --policy random --json | grep -q '"game":"rule"' || fail "the suite is not found"
"$longplay" play busy --decisions 3 --headless --policy random --json | grep -q '"decisions":3' || fail "the ROMs for benches are not found"
! grep -qaF "$source" "$longplay" || fail "the program knows the folder that it was built from"

pages=$work/moved/share/man/man1
if command -v help2man >/dev/null; then
    for command in "" $("$longplay" --help | sed -n 's/^  \([a-z]\{3,\}\)  .*/-\1/p') -game-new; do
        page=$pages/longplay$command.1.gz
        zcat "$page" 2>/dev/null | grep -q '^\.SH SYNOPSIS' || fail "no page longplay$command(1), or no synopsis in it"
        zcat "$page" | grep -q '^\.SS Example' || zcat "$page" | grep -q 'Example:' || fail "longplay$command(1) shows no example"
    done
    zcat "$pages/longplay-eval.1.gz" | grep -q '\\-\\-episodes' || fail "longplay-eval(1) does not list --episodes"
else
    [ -z "${LONGPLAY_STRICT:-}" ] || fail "no help2man here"
    echo "skipped: the man pages, for want of help2man"
fi

complete() { # WORD...: what bash offers for the last word, one a line
    PATH=$work/moved/bin:$PATH bash --norc -c '
        . /usr/share/bash-completion/bash_completion
        . "$1"/share/bash-completion/completions/longplay
        shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*"
        COMP_POINT=${#COMP_LINE}
        _longplay
        printf "%s\n" "${COMPREPLY[@]}"' bash "$work/moved" "$@"
}
if [ -e /usr/share/bash-completion/bash_completion ]; then
    complete longplay re | grep -qx replay || fail "no completion of a command"
    complete longplay eval --ep | grep -qx -- --episodes || fail "no completion of an option"
    complete longplay eval key | grep -qx keydoor || fail "no completion of a game"
    complete longplay eval cue --policy ora | grep -qx oracle || fail "no completion of an option's value"
    complete longplay game wa | grep -qx watch || fail "no completion of a game command"
    complete longplay movie imp | grep -qx import || fail "no completion of a first argument"
else
    [ -z "${LONGPLAY_STRICT:-}" ] || fail "no bash-completion here"
    echo "skipped: bash's completion"
fi
if command -v zsh >/dev/null; then zsh -n "$work/moved/share/zsh/vendor-completions/_longplay" || fail "zsh does not read its completion"; fi
echo "installed, moved, used"
