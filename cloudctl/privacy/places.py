"""Where in the database something of a vehicle may stand, how it goes, and how one makes sure that nothing is left."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import psycopg
from psycopg import sql

from cloudctl.privacy.receipt import Place

_EDGE = "A-Za-z0-9_-"
_TEXT_TYPES = ("text", "varchar", "bpchar", "jsonb", "json", "_text", "name")
_LEFT_OUT = frozenset({("v2x_private", "withdrawal")})
"""The order itself; its subject goes with the last step."""
REGISTER_TABLES = ("consent", "basis", "reference")
"""Of v2x_private: who is in the register and for what."""
_ROWS = (
    *("v2x.device_event", "v2x.acknowledgement", "v2x.advisory", "v2x.dead_letter", "v2x.observation"),
    *("v2x.observation_switch", "v2x.device_health", "v2x.device_row", "v2x.device", "v2x.device_delivery"),
    *("v2x.device_group_member", "v2x.device_status", "v2x.device_register"),
)
"""Tables whose rows are of one device each: a row that names the vehicle goes."""


@dataclass(frozen=True)
class Column:
    """One column that may hold a name."""

    schema: str
    table: str
    name: str
    type: str


def name_columns(connection: psycopg.Connection) -> dict[tuple[str, str], list[Column]]:
    """List the columns of texts and bytes of every table of ours; chunks and partitions stand under their parent."""
    rows = connection.execute(
        "SELECT n.nspname, c.relname, a.attname, t.typname FROM pg_attribute a"
        " JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " JOIN pg_type t ON t.oid = a.atttypid"
        " WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        " AND n.nspname NOT LIKE 'pg\\_%%' AND n.nspname NOT LIKE '\\_timescaledb%%'"
        " AND n.nspname NOT LIKE 'timescaledb%%' AND n.nspname <> 'information_schema'"
        " AND t.typname = ANY (%s) ORDER BY 1, 2, a.attnum",
        ([*_TEXT_TYPES, "bytea"],),
    ).fetchall()
    found: dict[tuple[str, str], list[Column]] = {}
    for schema, table, name, kind in rows:
        if (schema, table) not in _LEFT_OUT:
            found.setdefault((schema, table), []).append(Column(schema, table, name, kind))
    return found


def names_condition(columns: Iterable[Column], names: Iterable[str]) -> sql.Composable:
    """Make the condition that a row holds one of the names as a whole word."""
    wanted = sorted(names)
    either = "|".join(re.sub(r"([^A-Za-z0-9_-])", r"\\\1", name) for name in wanted)
    pattern = sql.Literal(f"(^|[^{_EDGE}])({either})([^{_EDGE}]|$)")
    parts: list[sql.Composable] = []
    for column in columns:
        if column.type == "bytea":
            parts += [
                sql.SQL("position({}::bytea IN {}) > 0").format(sql.Literal(name.encode()), sql.Identifier(column.name))
                for name in wanted
            ]
        else:
            parts.append(sql.SQL("{}::text ~ {}").format(sql.Identifier(column.name), pattern))
    return sql.SQL(" OR ").join(parts)


def erase_rows(connection: psycopg.Connection, names: Iterable[str]) -> list[Place]:
    """Delete every row that names the vehicle, table by table, each in a transaction of its own."""
    known, wanted = name_columns(connection), sorted(names)
    places = []
    for qualified in _ROWS:
        schema, _, table = qualified.partition(".")
        columns = known.get((schema, table))
        if not columns:
            continue
        target = sql.Identifier(schema, table)
        where = names_condition(columns, wanted)
        with connection.transaction():
            if table == "advisory":
                places.append(_erase_effects(connection, where))
            deleted = connection.execute(sql.SQL("DELETE FROM {} WHERE {}").format(target, where)).rowcount
            places.append(Place(qualified, deleted, _count(connection, target, where)))
    return places


def erase_tracks(connection: psycopg.Connection, subject: str) -> list[Place]:
    """Delete every stored track that leads back to the vehicle, from every table that tells of tracks."""
    tracks: list[tuple[int, int]] = connection.execute(
        "SELECT DISTINCT t.session, t.track_id FROM v2x_private.track_row t"
        " JOIN v2x_private.device_row d USING (session, device) WHERE d.subject = %s",
        (subject,),
    ).fetchall()
    tables = _track_tables(connection)
    before = {table: _count_tracks(connection, table, tracks) for table in tables}
    for session, track in tracks:
        with connection.transaction():
            connection.execute("SELECT v2x.forget_track(%s, %s)", (session, track))
            connection.execute(
                "UPDATE v2x.incident SET tracks = array_remove(tracks, %s) WHERE %s = ANY (tracks)", (track, track)
            )
            for schema, table in tables:
                connection.execute(
                    sql.SQL("DELETE FROM {} WHERE session = %s AND track_id = %s").format(
                        sql.Identifier(schema, table)
                    ),
                    (session, track),
                )
    return [
        Place(f"{schema}.{table}", before[schema, table], _count_tracks(connection, (schema, table), tracks))
        for schema, table in tables
    ]


def erase_links(connection: psycopg.Connection, subject: str, *, register: bool) -> list[Place]:
    """Delete what leads from stored rows to the vehicle, and with `register` its consents and its place in there."""
    places = []
    with connection.transaction():
        deleted = connection.execute(
            "DELETE FROM v2x_private.track_row t USING v2x_private.device_row d"
            " WHERE t.session = d.session AND t.device = d.device AND d.subject = %s",
            (subject,),
        ).rowcount
        places.append(Place("v2x_private.track_row", deleted, 0))
        for table in ("device_row", "pseudonym", *(REGISTER_TABLES if register else ())):
            target = sql.Identifier("v2x_private", table)
            deleted = connection.execute(
                sql.SQL("DELETE FROM {} WHERE subject = %s").format(target), (subject,)
            ).rowcount
            places.append(Place(f"v2x_private.{table}", deleted, 0))
    return places


def sweep(connection: psycopg.Connection, names: Iterable[str], *, register: bool) -> dict[str, int]:
    """Search every table of ours for the names; gives the rows that hold one, by table, zeros included.

    Without `register` the vehicle stays in the register, which is then left out.
    """
    wanted = sorted(names)
    kept = set() if register else {("v2x_private", table) for table in REGISTER_TABLES}
    return {
        f"{schema}.{table}": _count(connection, sql.Identifier(schema, table), names_condition(columns, wanted))
        for (schema, table), columns in name_columns(connection).items()
        if (schema, table) not in kept
    }


def _erase_effects(connection: psycopg.Connection, where: sql.Composable) -> Place:
    """Delete what came of the advice that is about to go; it bears the number of the advice alone."""
    deleted = connection.execute(
        sql.SQL("DELETE FROM v2x.advisory_effect WHERE id IN (SELECT id FROM v2x.advisory WHERE {})").format(where)
    ).rowcount
    return Place("v2x.advisory_effect", deleted, 0)


def _track_tables(connection: psycopg.Connection) -> list[tuple[str, str]]:
    """Tables of v2x whose rows are of one track each."""
    rows: list[tuple[str, str]] = connection.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'v2x' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        " AND (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped"
        " AND a.attname IN ('session', 'track_id')) = 2 ORDER BY 2"
    ).fetchall()
    return rows


def _count_tracks(connection: psycopg.Connection, table: tuple[str, str], tracks: list[tuple[int, int]]) -> int:
    if not tracks:
        return 0
    row = connection.execute(
        sql.SQL(
            "SELECT count(*) FROM {} t JOIN unnest(%s::bigint[], %s::bigint[]) AS k (session, track_id)"
            " USING (session, track_id)"
        ).format(sql.Identifier(*table)),
        ([*(list(column) for column in zip(*tracks, strict=True))]),
    ).fetchone()
    return int(row[0]) if row else 0


def _count(connection: psycopg.Connection, target: sql.Composable, where: sql.Composable) -> int:
    row = connection.execute(sql.SQL("SELECT count(*) FROM {} WHERE {}").format(target, where)).fetchone()
    return int(row[0]) if row else 0
