"""The demo's register: its buses stand on a contract, a third of its cars agreed to everything, others to nothing."""

from datetime import UTC, datetime, timedelta

import psycopg

from cloudctl.errors import DatabaseError
from cloudctl.privacy.register import LawfulBasis, Purpose

BUSES, CARS = 2_000, 9_999
AGREED_EVERY = 3
DAYS = 90
ENTERED_BY = "demo"
_BASIS = (
    "INSERT INTO v2x_private.basis (subject, kind, note, entered_by)"
    " SELECT %s || lpad(n::text, 5, '0'), %s, 'demo', %s FROM generate_series(1, %s, %s) AS n ON CONFLICT DO NOTHING"
)


def enter_demo_fleet(url: str) -> None:
    """Enter the vehicles of the demo; those that are there stay as they are.

    Raises:
        DatabaseError: the database does not answer or has no register yet.
    """
    until = datetime.now(UTC) + timedelta(days=DAYS)
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            connection.execute(_BASIS, ("BUS", LawfulBasis.CONTRACT.value, ENTERED_BY, BUSES, 1))
            connection.execute(_BASIS, ("CAR", LawfulBasis.CONSENT.value, ENTERED_BY, CARS, AGREED_EVERY))
            connection.execute(
                "INSERT INTO v2x_private.consent (subject, purpose, until, evidence, entered_by)"
                " SELECT b.subject, p.purpose, %s, 'demo', %s FROM v2x_private.basis b"
                " CROSS JOIN unnest(%s::text[]) AS p (purpose) WHERE b.entered_by = %s AND b.kind = %s"
                " AND NOT EXISTS (SELECT FROM v2x_private.consent c"
                " WHERE c.subject = b.subject AND c.purpose = p.purpose AND c.until > now())",
                (
                    until,
                    ENTERED_BY,
                    [Purpose.LIVE_IDENTIFIED.value, Purpose.STORAGE.value],
                    ENTERED_BY,
                    LawfulBasis.CONSENT.value,
                ),
            )
    except psycopg.Error as error:
        raise DatabaseError(" ".join(str(error).split())) from error
