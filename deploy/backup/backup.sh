#!/bin/sh
# backup.sh FOLDER DATA_DIR: one backup of the database (V2X_DATABASE__URL) and of keys and spool (under DATA_DIR), into a
# new folder named by the time. The platform may go on meanwhile. The spool is copied before the database: what is in
# both is found by its key when it is stored again, and stored once.
set -eu
umask 077

folder="$1" data="$2"
: "${V2X_DATABASE__URL:?the database to back up}"
target="$folder/$(date -u +%Y%m%dT%H%M%SZ)"
work="$target.unfinished"
mkdir -p "$work"

kept=""
for part in keys spool timetable.zip; do
    if [ -e "$data/$part" ]; then kept="$kept $part"; fi
done
# a segment that grows, or goes because it is stored, while it is read is no fault: exit 1 of tar says just that
tar --create --file "$work/platform.tar" --directory "$data" --ignore-failed-read $kept || [ $? -eq 1 ]
pg_dump --format=custom --dbname "$V2X_DATABASE__URL" >"$work/database.dump"
(cd "$work" && sha256sum platform.tar database.dump >checksums)
mv "$work" "$target"
echo "$target"
