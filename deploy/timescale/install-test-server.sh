#!/bin/sh
# Install a TimescaleDB server for tests, without Docker: a small Debian 13 with postgresql-17-timescaledb in a folder of
# the user's cache, entered by chroot. About 40 s the first time, nothing afterwards. Needs root and debootstrap.
# Prints the folder. Exit 3: this machine cannot have it; the reason is on standard error.
set -eu

root="${V2X_TIMESCALE_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/v2x-cloudctl/timescale-trixie}"
postgres=usr/lib/postgresql/17/bin/postgres

if [ -x "$root/$postgres" ]; then
    echo "$root"
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "install-test-server: chroot needs root; tests against TimescaleDB are left out" >&2
    exit 3
fi
if ! command -v debootstrap >/dev/null; then
    apt-get install --yes --no-install-recommends debootstrap >/dev/null 2>&1 || {
        echo "install-test-server: debootstrap is missing and apt-get cannot install it" >&2
        exit 3
    }
fi
mkdir -p "$(dirname "$root")"
fresh="$(mktemp -d "$root.XXXXXX")"
trap 'rm -rf "$fresh"' EXIT
echo "install-test-server: fetching Debian 13 with TimescaleDB, about 40 s" >&2
debootstrap --variant=minbase --include=postgresql-17-timescaledb trixie "$fresh" >"$root.log" 2>&1 || {
    echo "install-test-server: debootstrap failed, see $root.log" >&2
    exit 3
}
rm -rf "$fresh/var/cache/apt" "$fresh/usr/share/doc" "$fresh/var/lib/postgresql/17"
chmod 755 "$fresh"
mv -T "$fresh" "$root" 2>/dev/null || [ -x "$root/$postgres" ]
trap - EXIT
echo "$root"
