#!/bin/sh
# v2x engine|archiver|gateway: run one process of the platform. Secrets come as files named like the setting that they
# override, such as /run/secrets/V2X_DATABASE__URL; they never stand on a command line.
set -eu

folder="${V2X_SECRETS_FOLDER:-/run/secrets}"
for file in "$folder"/V2X_*; do
    [ -r "$file" ] || continue
    name="$(basename "$file")"
    export "$name=$(cat "$file")"
done
unset V2X_SECRETS_FOLDER

case "${1:-}" in
engine | archiver | gateway) ;;
*)
    echo "v2x: engine, archiver or gateway?" >&2
    exit 2
    ;;
esac
exec python -m "cloudctl.$1" --config "${2:-/etc/v2x/cloudctl.toml}"
