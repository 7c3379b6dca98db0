"""Orders to forget a vehicle, as statements of the transaction that is at work."""

from uuid import UUID

import psycopg

from cloudctl.privacy.errors import BasisError, PersonalDataDownError, UnknownSubjectError
from cloudctl.privacy.register import PUBLIC, LawfulBasis, Purpose


async def enter_order(connection: psycopg.AsyncConnection, subject: str, by: str, cause: str, scope: str) -> UUID:
    """End the consents that the order is about, note what is to be erased, and enter it; gives its number."""
    await connection.execute(
        "UPDATE v2x_private.consent SET withdrawn = now()"
        " WHERE subject = %s AND withdrawn IS NULL AND (%s = 'all' OR purpose = %s)",
        (subject, scope, Purpose.STORAGE.value),
    )
    await connection.execute(
        "INSERT INTO v2x_private.erased_row (session, device)"
        " SELECT session, device FROM v2x_private.device_row WHERE subject = %s ON CONFLICT DO NOTHING",
        (subject,),
    )
    cursor = await connection.execute(
        "INSERT INTO v2x_private.withdrawal (reference, subject, requested_by, cause, scope)"
        " VALUES (v2x_private.reference_of(%s), %s, %s, %s, %s) RETURNING id",
        (subject, subject, by, cause, scope),
    )
    row = await cursor.fetchone()
    if row is None:
        raise PersonalDataDownError("the order was not entered")
    return UUID(str(row[0]))


async def find_open(connection: psycopg.AsyncConnection, subject: str) -> UUID | None:
    """Give the number of the order that is not carried out yet, None where there is none."""
    cursor = await connection.execute(
        "SELECT id FROM v2x_private.withdrawal WHERE subject = %s AND finished IS NULL", (subject,)
    )
    row = await cursor.fetchone()
    return UUID(str(row[0])) if row else None


async def refuse_while_erasing(connection: psycopg.AsyncConnection, subject: str) -> None:
    """Raise BasisError where the vehicle is about to be forgotten."""
    known = await find_open(connection, subject)
    if known is not None:
        raise BasisError(f"{subject} is about to be forgotten (withdrawal {known}); enter it when that is finished")


async def refuse_public(connection: psycopg.AsyncConnection, subject: str) -> None:
    """Raise BasisError where the vehicle's basis knows no withdrawal, UnknownSubjectError where it has none."""
    cursor = await connection.execute("SELECT kind FROM v2x_private.basis WHERE subject = %s", (subject,))
    row = await cursor.fetchone()
    if row is None:
        raise UnknownSubjectError(subject)
    if LawfulBasis(row[0]) in PUBLIC:
        raise BasisError(f"{subject} is handled by {row[0]}; only a consent can be withdrawn")
