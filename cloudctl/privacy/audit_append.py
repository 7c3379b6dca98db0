"""One audit entry within a transaction that somebody else owns: deed and entry are stored together or not at all."""

from collections.abc import Mapping
from datetime import UTC, datetime

import psycopg

from cloudctl.privacy.audit import APPEND, HEAD, LOCK_KEY, entry_row
from cloudctl.privacy.chain import Head, link, make_draft


def append_entry(
    connection: psycopg.Connection, actor: str, action: str, thing: str, detail: Mapping[str, object]
) -> Head:
    """Append an entry whose detail names nobody; gives the new head. The connection must be in a transaction."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_KEY,))
    row = connection.execute(HEAD).fetchone()
    head = Head(int(row[0]), bytes(row[1])) if row else Head()
    entry = link([make_draft(actor, action, thing, detail)], head, datetime.now(UTC))[0]
    connection.execute(APPEND, entry_row(entry))
    return Head(entry.seq, entry.digest)
