"""`/api/v1/privacy/unmask`: see the name of a private vehicle, for a reason, for a while, entered in the audit log."""

import numpy as np
from fastapi import APIRouter, Request

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.errors import ProblemError
from cloudctl.api.live_state import Part
from cloudctl.api.models import as_time
from cloudctl.api.privacy_door import PRIVACY_RESPONSES, enter, office
from cloudctl.api.privacy_models import UnmaskBody, UnmaskedName, UnmaskedNames
from cloudctl.api.privacy_office import PrivacyOffice
from cloudctl.api.services import Services
from cloudctl.privacy.names import Unmasked

OWNER = "owner"

router = APIRouter(
    prefix="/api/v1/privacy/unmask",
    tags=["personal data"],
    dependencies=[requires(Permission.UNMASK)],
    responses=PRIVACY_RESPONSES,
)


@router.post("")
async def post_unmask(request: Request, actor: CurrentActor, body: UnmaskBody) -> UnmaskedName:
    """Give the name of a vehicle that agreed to be known live."""
    place = office(request)
    if (body.masked is None) == (body.track_id is None):
        raise ProblemError(422, "Unusable request", "name one of masked and track_id")
    masked = body.masked or _mask_of(request, place, body.track_id or 0)
    subject = None if masked is None else place.names.find_subject(masked)
    asked: dict[str, object] = {"reason": body.reason, "masked": masked, "track": body.track_id, "given": bool(subject)}
    await enter(request, actor.id, "unmask", asked | ({"subject": subject} if subject else {}))
    if masked is None or subject is None:
        raise ProblemError(404, "No name to give", "unknown, or the vehicle has not agreed to be known live")
    return _shown(place.names.unmask(actor.id, masked, subject, body.reason))


@router.get("")
async def list_unmasked(request: Request, actor: CurrentActor) -> UnmaskedNames:
    """List the names that the caller may see now."""
    return UnmaskedNames(items=[_shown(each) for each in office(request).names.list_unmasked(actor.id)])


def _mask_of(request: Request, place: PrivacyOffice, track: int) -> str | None:
    """Find the mask of the vehicle of a track of the newest picture."""
    live = Services.of(request).state.find_frame(Part.DETAILS)
    if live is None or OWNER not in live.frame.columns or live.frame.epoch != place.names.epoch:
        return None
    rows = np.flatnonzero(live.frame.column("id") == track)
    subject = place.names.rows.get(int(live.frame.column(OWNER)[rows[0]])) if len(rows) else None
    return None if subject is None else place.names.shown(subject)


def _shown(unmasked: Unmasked) -> UnmaskedName:
    return UnmaskedName.model_validate(
        {
            "masked": unmasked.masked,
            "subject": unmasked.subject,
            "reason": unmasked.reason,
            "until": as_time(unmasked.until),
        }
    )
