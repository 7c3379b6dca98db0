#!/bin/sh
# See that the system libraries are there which the SUMO packages need and do not bring: system-libraries.sh VENV
set -eu
packages="libatomic1 libgl1 libx11-6 libxext6 libxrender1"
missing() {
    for file in "$1"/lib/python3*/site-packages/sumo/bin/sumo "$1"/lib/python3*/site-packages/libsumo/_libsumo.so; do
        ldd "$file" | grep 'not found' || true
    done
}
[ -n "$(missing "$1")" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "setup: installing the system libraries of the traffic simulation"
    apt-get update -qq
    # shellcheck disable=SC2086  # a list of package names
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
else
    echo "setup: the traffic simulation lacks system libraries; ask an administrator to run: apt-get install $packages" >&2
    exit 1
fi
