#!/bin/sh
# packages.sh PACKAGE...: installs those of the Debian packages that are missing, and says which. A/B: either will do, A where neither is there.
set -eu
missing=""
for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' $(echo "$package" | tr / " ") 2>/dev/null | grep -qx installed || missing="$missing ${package%%/*}"
done
[ -n "$missing" ] || exit 0
echo "Longplay needs these Debian packages, installing:$missing"
as_root=""
[ "$(id -u)" = 0 ] || as_root=sudo
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q
$as_root apt-get install -q -y --no-install-recommends $missing
