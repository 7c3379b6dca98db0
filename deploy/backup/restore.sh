#!/bin/sh
# restore.sh BACKUP DATA_DIR: bring one backup back, into an empty database (V2X_DATABASE__URL) and an empty DATA_DIR.
# The platform must not run; once it starts, the archiver stores what waits in the spool.
set -eu
umask 077

backup="$1" data="$2"
: "${V2X_DATABASE__URL:?the empty database}"
(cd "$backup" && sha256sum --check --quiet checksums)
for part in keys spool; do
    if [ -e "$data/$part" ]; then
        echo "restore: $data/$part exists; name an empty folder" >&2
        exit 1
    fi
done
ask() { psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --dbname "$V2X_DATABASE__URL" --command "$1"; }
if [ "$(ask "SELECT count(*) FROM pg_namespace WHERE nspname = 'v2x'")" != 0 ]; then
    echo "restore: the database has a schema v2x already; name an empty one" >&2
    exit 1
fi
# the roles of the platform belong to the server, not to the database
for role in v2x_reader v2x_auditor v2x_private v2x_device_writer v2x_desk_writer; do
    ask "DO \$\$ BEGIN CREATE ROLE $role NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END \$\$"
done
if pg_restore --list <"$backup/database.dump" | grep -q 'EXTENSION - timescaledb'; then
    ask "CREATE EXTENSION IF NOT EXISTS timescaledb"
    ask "SELECT timescaledb_pre_restore()" >/dev/null
    pg_restore --no-owner --exit-on-error --dbname "$V2X_DATABASE__URL" <"$backup/database.dump"
    ask "SELECT timescaledb_post_restore()" >/dev/null
else
    pg_restore --no-owner --exit-on-error --single-transaction --dbname "$V2X_DATABASE__URL" <"$backup/database.dump"
fi
mkdir -p "$data"
tar --extract --file "$backup/platform.tar" --directory "$data"
