"""Orders to forget a vehicle, as statements of the transaction that is at work."""

from uuid import UUID

from cloudctl.database import Transaction
from cloudctl.privacy.errors import BasisError, UnknownSubjectError
from cloudctl.privacy.register import PUBLIC, LawfulBasis, Purpose


async def enter_order(transaction: Transaction, subject: str, by: str, cause: str, scope: str) -> UUID:
    """End the consents that the order is about, note what is to be erased, and enter it; gives its number."""
    await transaction.run(
        "UPDATE v2x_private.consent SET withdrawn = now()"
        " WHERE subject = %s AND withdrawn IS NULL AND (%s = 'all' OR purpose = %s)",
        (subject, scope, Purpose.STORAGE.value),
    )
    await transaction.run(
        "INSERT INTO v2x_private.erased_row (session, device)"
        " SELECT session, device FROM v2x_private.device_row WHERE subject = %s ON CONFLICT DO NOTHING",
        (subject,),
    )
    [number] = await transaction.fetch(
        UUID,
        "INSERT INTO v2x_private.withdrawal (reference, subject, requested_by, cause, scope)"
        " VALUES (v2x_private.reference_of(%s), %s, %s, %s, %s) RETURNING id::text",
        (subject, subject, by, cause, scope),
    )
    return number


async def find_open(transaction: Transaction, subject: str) -> UUID | None:
    """Give the number of the order that is not carried out yet, None where there is none."""
    found = await transaction.fetch(
        UUID, "SELECT id::text FROM v2x_private.withdrawal WHERE subject = %s AND finished IS NULL", (subject,)
    )
    return found[0] if found else None


async def refuse_while_erasing(transaction: Transaction, subject: str) -> None:
    """Raise BasisError where the vehicle is about to be forgotten."""
    known = await find_open(transaction, subject)
    if known is not None:
        raise BasisError(f"{subject} is about to be forgotten (withdrawal {known}); enter it when that is finished")


async def refuse_public(transaction: Transaction, subject: str) -> None:
    """Raise BasisError where the vehicle's basis knows no withdrawal, UnknownSubjectError where it has none."""
    bases = await transaction.fetch(LawfulBasis, "SELECT kind FROM v2x_private.basis WHERE subject = %s", (subject,))
    if not bases:
        raise UnknownSubjectError(subject)
    if bases[0] in PUBLIC:
        raise BasisError(f"{subject} is handled by {bases[0]}; only a consent can be withdrawn")
