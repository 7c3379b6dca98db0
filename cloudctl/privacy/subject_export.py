"""Everything the platform holds of one vehicle, for the person whose data it is (PIPL art. 45). JSON or ZIP."""

import csv
import io
import zipfile
from collections.abc import Sequence
from typing import LiteralString

import msgspec
import psycopg

from cloudctl.privacy.audit import find_audit_name

MOST_ROWS = 200_000
"""Rows of each part; where more are held, the export says so and the person asks for a shorter time."""
_PARTS: dict[str, LiteralString] = {
    "basis": "SELECT kind, note, since, entered_by FROM v2x_private.basis WHERE subject = %(subject)s LIMIT %(most)s",
    "consents": (
        "SELECT purpose, granted, until, withdrawn, evidence FROM v2x_private.consent WHERE subject = %(subject)s"
        " ORDER BY id LIMIT %(most)s"
    ),
    "track_points": (
        "SELECT p.t, p.session, p.track_id, p.lon, p.lat, p.speed, p.heading FROM v2x.trajectory_point p"
        " WHERE (p.session, p.track_id) IN (SELECT t.session, t.track_id FROM v2x_private.track_row t"
        " JOIN v2x_private.device_row d USING (session, device) WHERE d.subject = %(subject)s)"
        " ORDER BY p.t LIMIT %(most)s"
    ),
    "requests": (
        "SELECT e.t, e.stream, e.payload FROM v2x.device_event e"
        " JOIN (SELECT %(subject)s AS name UNION"
        " SELECT pseudonym FROM v2x_private.pseudonym WHERE subject = %(subject)s) c"
        " ON e.device = c.name"
        " ORDER BY e.t LIMIT %(most)s"
    ),
    "answers": (
        "SELECT a.t, a.reference, a.status, a.error_code, a.detail FROM v2x.acknowledgement a"
        " JOIN (SELECT %(subject)s AS name UNION"
        " SELECT pseudonym FROM v2x_private.pseudonym WHERE subject = %(subject)s) c"
        " ON a.device = c.name ORDER BY a.t LIMIT %(most)s"
    ),
    "advice": (
        "SELECT a.created, a.kind, a.reason, a.content FROM v2x.advisory a"
        " JOIN (SELECT %(subject)s AS name UNION"
        " SELECT pseudonym FROM v2x_private.pseudonym WHERE subject = %(subject)s) c"
        " ON a.target = 'obu:' || c.name ORDER BY a.created LIMIT %(most)s"
    ),
    "looks": (
        "SELECT t, actor, action, detail FROM v2x_audit.entry WHERE position(%(reference)s IN detail) > 0"
        " ORDER BY seq LIMIT %(most)s"
    ),
}


class SubjectData(msgspec.Struct, frozen=True):
    """All parts by name; each part's rows by column."""

    subject: str
    parts: dict[str, list[dict[str, object]]]
    cut: list[str]
    """Parts of which only the first MOST_ROWS rows are here."""


async def gather(connection: psycopg.AsyncConnection, subject: str) -> SubjectData:
    """Read everything that is held of a vehicle."""
    values = {"subject": subject, "reference": await find_audit_name(connection, subject), "most": MOST_ROWS}
    parts: dict[str, list[dict[str, object]]] = {}
    for name, query in _PARTS.items():
        cursor = await connection.execute(query, values)
        columns = [column.name for column in cursor.description or ()]
        parts[name] = [dict(zip(columns, row, strict=True)) for row in await cursor.fetchall()]
    return SubjectData(subject, parts, [name for name, rows in parts.items() if len(rows) >= MOST_ROWS])


def as_json(data: SubjectData) -> bytes:
    """Encode an export as one JSON object."""
    return msgspec.json.encode(data)


def as_zip(data: SubjectData) -> bytes:
    """Encode an export as a ZIP with one CSV a part and the JSON beside them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", as_json(data))
        for name, rows in data.parts.items():
            archive.writestr(f"{name}.csv", _csv(rows))
    return buffer.getvalue()


def _csv(rows: Sequence[dict[str, object]]) -> str:
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    return msgspec.json.encode(value).decode() if isinstance(value, (dict, list)) else value
