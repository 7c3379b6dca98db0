"""`/api/v1/audit` and `/api/v1/privacy/retention`: who did what; how long each class of data is kept."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Request

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.privacy_door import PRIVACY_RESPONSES, enter, office
from cloudctl.api.privacy_models import AuditEntry, AuditPage, Retention, RetentionBody, Retentions

router = APIRouter(prefix="/api/v1", tags=["personal data"], responses=PRIVACY_RESPONSES)


@router.get("/audit", dependencies=[requires(Permission.READ_AUDIT)])
async def list_audit(
    request: Request,
    actor: CurrentActor,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1, description="`next` of the page before.")] = None,
    by: Annotated[str | None, Query(max_length=200, description="Only what this actor did.")] = None,
) -> AuditPage:
    """List audit entries, the newest first. Reading them is entered too."""
    await enter(request, actor.id, "read audit", {"before": before, "by": by})
    named = by.replace("\0", "") if by else by
    rows = await office(request).desk.list_audit(before, limit, named)
    items = [AuditEntry.model_validate(row._asdict() | {"detail": msgspec.json.decode(row.detail)}) for row in rows]
    return AuditPage(items=items, next=rows[-1].seq if len(rows) == limit and rows[-1].seq > 1 else None)


@router.get("/privacy/retention", dependencies=[requires(Permission.MANAGE_PERSONAL_DATA)])
async def list_retention(request: Request) -> Retentions:
    """List how long each class of data is kept."""
    rows = await office(request).desk.list_retention()
    return Retentions(items=[Retention.model_validate(row._asdict()) for row in rows])


@router.put("/privacy/retention/{name}", dependencies=[requires(Permission.MANAGE_PERSONAL_DATA)])
async def put_retention(
    request: Request,
    actor: CurrentActor,
    name: Annotated[str, Path(pattern="^[a-z_]{1,40}$")],
    body: RetentionBody,
) -> Retentions:
    """Keep a class of data so many days; what is older goes with the next hourly housekeeping."""
    await enter(request, actor.id, "set retention", {"class": name, "days": body.days})
    await office(request).desk.set_retention(name, body.days)
    return await list_retention(request)
