#!/bin/sh
# try_deb.sh DEB: installs the package in a Debian that has nothing but itself, plays there, and takes the package away again. Needs root and
# debootstrap; the packages it depends on come from where this machine's own come from. FOLDER=DIR: keep the Debian there for the next time.
set -eu
deb=$(realpath "$1")
root=${FOLDER:-$(mktemp -d)}
trap 'umount "$root/proc" && { [ -n "${FOLDER:-}" ] || rm -rf "$root"; }' EXIT
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Component: main' | head -1)
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
[ -x "$root/usr/bin/apt-get" ] || debootstrap --variant=minbase "$release" "$root" "$mirror" >"$root.log"
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/" # a proxy, where there is one
cp "$deb" "$root/longplay.deb"
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive "$@"; }
inside apt-get update -q
inside apt-get install -q -y --no-install-recommends /longplay.deb
say() { echo "== $*"; }
say longplay info
inside longplay info
say a trained policy, ten unseen episodes
inside longplay eval cue --episodes 10 --json | tee "$root/eval.json"
grep -q '"wins":10' "$root/eval.json"
say a recorded run, its picture, and its resumption
inside longplay play cue --run /root/run --decisions 100 --headless --shot /root/shot.png
inside longplay play cue --run /root/run --resume --decisions 200 --headless
inside longplay replay /root/run --verify
[ "$(head -c 4 "$root/root/shot.png" | tail -c 3)" = PNG ]
say man pages and completion
inside sh -c 'ls /usr/share/man/man1/longplay-play.1* /usr/share/bash-completion/completions/longplay /usr/share/zsh/vendor-completions/_longplay'
say taking it away
inside dpkg --purge longplay
! inside sh -c 'find / -xdev -path /root -prune -o -path /proc -prune -o -name "*longplay*" -print' | grep -v -e '^/longplay.deb$' -e /var/log/ -e '^/eval.json$'
say done
