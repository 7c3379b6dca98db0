"""`/api/v1/privacy/withdrawals`: one call ends all consents of a vehicle and has it forgotten; a receipt proves it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.errors import ProblemError
from cloudctl.api.privacy_door import PRIVACY_RESPONSES, enter, office
from cloudctl.api.privacy_models import Withdrawal, WithdrawalBody

router = APIRouter(
    prefix="/api/v1/privacy/withdrawals",
    tags=["personal data"],
    dependencies=[requires(Permission.MANAGE_PERSONAL_DATA)],
    responses=PRIVACY_RESPONSES,
)


@router.post("", status_code=202)
async def post_withdrawal(
    request: Request, response: Response, actor: CurrentActor, body: WithdrawalBody
) -> Withdrawal:
    """Withdraw all consents of a vehicle: out of live use within 60 s, erased everywhere within 24 h."""
    await enter(request, actor.id, "withdraw", {"subject": body.subject, "cause": "request"})
    place = office(request)
    order = await place.desk.withdraw(body.subject, by=actor.id, live_rows=place.names.rows_of(body.subject))
    place.announcer.hurry()
    response.headers["Location"] = f"/api/v1/privacy/withdrawals/{order.id}"
    return Withdrawal.model_validate(order._asdict())


@router.get("/{withdrawal}")
async def get_withdrawal(request: Request, withdrawal: Annotated[UUID, Path()]) -> Withdrawal:
    """Give how far a withdrawal is, with its receipt once it is finished."""
    found = await office(request).desk.withdrawal(withdrawal)
    if found is None:
        raise ProblemError(404, "No such withdrawal", f"no withdrawal {withdrawal}")
    return Withdrawal.model_validate(found._asdict())
