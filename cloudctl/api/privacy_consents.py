"""`/api/v1/privacy/subjects`, `fleets`, `consents`: lawful bases and consents of vehicles, and what is held of one."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.errors import ProblemError
from cloudctl.api.privacy_door import PRIVACY_RESPONSES, enter, office
from cloudctl.api.privacy_models import Basis, BasisBody, Consent, ConsentBody, EndedConsent, Fleet, FleetBody, Subject
from cloudctl.api.privacy_office import SubjectName
from cloudctl.privacy.records import LONGEST_CONSENT_DAYS
from cloudctl.privacy.records import Standing as StandingRow
from cloudctl.privacy.register import PUBLIC, Purpose
from cloudctl.privacy.subject_export import as_json, as_zip, gather

router = APIRouter(
    prefix="/api/v1/privacy",
    tags=["personal data"],
    dependencies=[requires(Permission.MANAGE_PERSONAL_DATA)],
    responses=PRIVACY_RESPONSES,
)


@router.get("/subjects/{subject}")
async def get_subject(request: Request, actor: CurrentActor, subject: SubjectName) -> Subject:
    """Give what a vehicle is known for, and until when."""
    await enter(request, actor.id, "read consents", {"subject": subject})
    return _subject(await office(request).desk.find(subject))


@router.put("/subjects/{subject}/basis")
async def put_basis(request: Request, actor: CurrentActor, subject: SubjectName, body: BasisBody) -> Subject:
    """Enter or change the lawful basis of a vehicle."""
    await enter(request, actor.id, "set basis", {"subject": subject, "kind": body.kind.value, "note": body.note})
    desk = office(request).desk
    await desk.set_basis(subject, body.kind, note=body.note, by=actor.id)
    office(request).announcer.hurry()
    return _subject(await desk.find(subject))


@router.post("/fleets", status_code=201)
async def post_fleet(request: Request, actor: CurrentActor, body: FleetBody) -> Fleet:
    """Enter a fleet, such as the buses of a company, on one contract or duty."""
    if body.kind not in PUBLIC:
        raise ProblemError(
            422, "Unusable basis", "a fleet stands on a contract or a duty; consents are given one by one"
        )
    detail: dict[str, object] = {"kind": body.kind.value, "note": body.note, "vehicles": len(body.subjects)}
    await enter(request, actor.id, "enter fleet", detail)
    await office(request).desk.enter_many(body.subjects, body.kind, note=body.note, by=actor.id)
    office(request).announcer.hurry()
    return Fleet(entered=len(body.subjects))


@router.post("/subjects/{subject}/consents", status_code=201)
async def post_consents(
    request: Request, actor: CurrentActor, subject: SubjectName, body: ConsentBody
) -> list[Consent]:
    """Enter a consent to one or more purposes."""
    now = datetime.now(UTC)
    if not now < body.until <= now + timedelta(days=LONGEST_CONSENT_DAYS):
        raise ProblemError(422, "Unusable end", f"a consent ends within {LONGEST_CONSENT_DAYS} days from now")
    purposes = list(dict.fromkeys(body.purposes))
    detail: dict[str, object] = {
        "subject": subject,
        "purposes": [each.value for each in purposes],
        "until": body.until.isoformat(),
    }
    await enter(request, actor.id, "consent", detail)
    entered = await office(request).desk.grant(subject, purposes, body.until, evidence=body.evidence, by=actor.id)
    office(request).announcer.hurry()
    return [Consent.model_validate(row._asdict()) for row in entered]


@router.delete("/consents/{consent}")
async def delete_consent(
    request: Request, actor: CurrentActor, consent: Annotated[int, Path(ge=1, le=2**63 - 1)]
) -> EndedConsent:
    """End one consent at once; what was stored because of it is erased."""
    await enter(request, actor.id, "end consent", {"consent": consent})
    place = office(request)
    ended = await place.desk.end_consent(consent)
    withdrawal = None
    if ended.purpose == Purpose.STORAGE:
        rows = place.names.rows_of(ended.subject)
        order = await place.desk.withdraw(ended.subject, by=actor.id, live_rows=rows, scope="storage")
        withdrawal = order.id
    place.announcer.hurry()
    return EndedConsent(consent=Consent.model_validate(ended._asdict()), withdrawal=withdrawal)


@router.get(
    "/subjects/{subject}/data",
    response_class=Response,
    responses={200: {"content": {"application/json": {}, "application/zip": {}}}},
)
async def get_data(
    request: Request,
    actor: CurrentActor,
    subject: SubjectName,
    form: Annotated[Literal["json", "zip"], Query(alias="format")] = "json",
) -> Response:
    """Give everything that is held of a vehicle, for the person whose data it is."""
    await enter(request, actor.id, "export subject", {"subject": subject, "format": form})
    desk = office(request).desk
    await desk.find(subject)
    async with desk.connection() as connection:
        data = await gather(connection, subject)
    body = await asyncio.to_thread(as_zip if form == "zip" else as_json, data)
    headers = {"Content-Disposition": f'attachment; filename="subject.{form}"', "Cache-Control": "no-store"}
    return Response(body, media_type=f"application/{form}", headers=headers)


def _subject(standing: StandingRow) -> Subject:
    basis = standing.basis
    return Subject(
        subject=basis.subject,
        basis=Basis(kind=basis.kind, note=basis.note, since=basis.since, entered_by=basis.entered_by),
        consents=[Consent.model_validate(row._asdict()) for row in standing.consents],
        live_identified=standing.grant.live,
        stored=standing.grant.storage,
    )
