"""`/api/v1/exports/{content}`: what is stored, as a file that is sent while it is made. Each export is entered.

Whoever is bound to districts gets what lies in them.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from cloudctl.access.errors import ForbiddenError
from cloudctl.access.permissions import Actor, CurrentActor, Permission, requires
from cloudctl.api.district_door import districts_of
from cloudctl.api.errors import ProblemError
from cloudctl.api.history_door import End, Purpose, Start, ask, span
from cloudctl.api.paging import BoxText, read_box
from cloudctl.api.problems import RESPONSES
from cloudctl.api.services import Services
from cloudctl.exports.errors import UnknownFormatError
from cloudctl.exports.formats import ENDINGS, MEDIA_TYPES, Format
from cloudctl.exports.stored import export_stored
from cloudctl.exports.tables import Content
from cloudctl.store.reader import Box

DAY, MONTH = timedelta(days=1), timedelta(days=31)

router = APIRouter(
    prefix="/api/v1/exports", tags=["history"], dependencies=[requires(Permission.EXPORT)], responses=RESPONSES
)


@router.get("/{content}", response_class=StreamingResponse)
async def export(
    request: Request,
    actor: CurrentActor,
    content: Content,
    start: Start,
    end: End,
    purpose: Purpose,
    name: Annotated[Format, Query(alias="format")] = Format.PARQUET,
    bbox: BoxText = None,
) -> StreamingResponse:
    """Export tracks, states of links, changes of lights or incidents of a time and an area."""
    t0, t1 = span(start, end, DAY if content is Content.TRACKS else MONTH)
    box, sight = read_box(bbox), districts_of(request, actor)
    area = Box(*box) if box else None
    _check_permission(actor, content)
    what = {"route": request.url.path, "start": t0, "end": t1, "bbox": bbox, "format": name}
    await Services.of(request).audit.record_look(actor.id, purpose, what)
    try:
        pieces, first = await ask(
            request, lambda reader: _begin(export_stored(reader, content, name, t0, t1, area, sight))
        )
    except UnknownFormatError as fault:
        raise ProblemError(422, "Unusable format", str(fault)) from fault
    file = f"{content}-{start:%Y%m%dT%H%M%S}.{ENDINGS[name]}"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return StreamingResponse(_after(first, pieces), media_type=MEDIA_TYPES[name], headers=headers)


async def _begin(pieces: AsyncIterator[bytes]) -> tuple[AsyncIterator[bytes], bytes]:
    """Make the first piece, so that a store that is away is a problem and no broken file."""
    return pieces, await anext(pieces, b"")


async def _after(first: bytes, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in pieces:
        yield piece


def _check_permission(actor: Actor, content: Content) -> None:
    needed = {
        Content.TRACKS: Permission.SEE_TRAJECTORIES,
        Content.LIGHTS: Permission.READ_SIGNALS,
    }.get(content, Permission.SEE_HISTORY)
    if not actor.may(needed):
        raise ForbiddenError(actor.id, needed)
