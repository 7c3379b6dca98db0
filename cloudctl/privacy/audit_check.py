"""Check the whole audit log against itself and against its anchors."""

from collections.abc import Iterator

import psycopg

from cloudctl.errors import DatabaseError
from cloudctl.privacy.anchors import AnchorFile
from cloudctl.privacy.chain import Entry, Verdict, check_chain

_ENTRIES = "SELECT seq, t, actor, action, object, detail, previous, digest FROM v2x_audit.entry ORDER BY seq"
_AT_ONCE = 5000


def verify_audit(url: str, anchors: AnchorFile) -> Verdict:
    """Walk the log from its first entry; the verdict names the first bad one.

    Raises:
        DatabaseError: no database answers, or it has no audit log.
    """
    read = anchors.read()
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            verdict = check_chain(_entries(connection), read.digests)
    except psycopg.Error as error:
        raise DatabaseError(" ".join(str(error).split())) from error
    if verdict.finding is None and read.finding is not None:
        return Verdict(verdict.entries, verdict.head, read.finding)
    return verdict


def _entries(connection: psycopg.Connection) -> Iterator[Entry]:
    with connection.cursor(name="audit") as cursor:
        cursor.itersize = _AT_ONCE
        cursor.execute(_ENTRIES)
        for seq, t, actor, action, thing, detail, previous, digest in cursor:
            yield Entry(seq, t, actor, action, thing, detail, bytes(previous), bytes(digest))
