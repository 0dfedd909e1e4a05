#!/bin/sh
# man.sh PROGRAM FOLDER: a man page of the program and of each of its commands, made from --help by help2man.
set -eu
program=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
mkdir -p "$2"
cd "$2"
rm -f ./*.1.gz
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$("$program" --version)
# the day of the last change rather than today's, so that the same sources give the same pages
SOURCE_DATE_EPOCH=$(git -C "$here" log -1 --format=%ct 2>/dev/null || date +%s)
export SOURCE_DATE_EPOCH
page() { # NAME SUMMARY [COMMAND...]: help2man asks a program of that name, whose help begins as help2man expects it
    name=$1 summary=$2
    shift 2
    cat >"$work/$name" <<END
#!/bin/sh
[ "\$1" = --version ] && exec echo "$name (longplay) ${version#longplay }"
'$program' $* --help | sed 's/^usage:/Usage:/; s/^example: /\nExample:\n  /; s/^longplay COMMAND --help tells more\.\$/A page of each: longplay-COMMAND(1)./'
END
    chmod +x "$work/$name"
    help2man --no-info --name="$summary" --include="$here/man.h2m" "$work/$name" | gzip -9n >"$name.1.gz"
}
commands() { # [COMMAND]: name and summary of each that its help lists
    "$program" "$@" --help | sed -n 's/^  \([a-z]\{3,\}\)  *\(.*\)/\1 \2/p'
}
page longplay "$("$program" --help | sed -n '1s/.*: \(.*\)\./\1/p')"
commands | while read -r command summary; do
    page "longplay-$command" "$summary" "$command"
done
commands game | sed 's/ .*  / /' | while read -r command summary; do
    page "longplay-game-$command" "$summary" game "$command"
done
