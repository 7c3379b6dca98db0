#!/bin/sh
# What the tests need of the machine: Mosquitto's tools, Chromium, fonts, protoc and a TimescaleDB server.
set -eu
PATH="$PATH:/usr/sbin:/usr/local/sbin"
missing=
command -v chromium >/dev/null || missing="$missing chromium"
command -v debootstrap >/dev/null || missing="$missing debootstrap"
[ -d /usr/share/fonts/opentype/noto ] || missing="$missing fonts-noto-cjk"
if [ -n "$missing" ]; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "test: please install$missing; tests that need them will fail" >&2
        exit 0
    fi
    echo "test: installing$missing"
    apt-get update -qq
    # shellcheck disable=SC2086  # a list of package names
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
parser=$(dirname "$0")/../../tests/contract/asyncapi
if [ ! "$parser/node_modules" -nt "$parser/package-lock.json" ]; then
    (cd "$parser" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && touch node_modules)
fi
# Code 3: this machine cannot have one; it has said why, and the tests that need it are left out.
"$(dirname "$0")/../timescale/install-test-server.sh" >/dev/null || [ $? = 3 ]
