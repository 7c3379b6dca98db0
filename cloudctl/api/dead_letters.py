"""`/api/v1/dead-letters`: messages that were refused, with their bytes and every way to read them.

Whoever is bound to districts gets those of devices that stand there; what names no such device, or a vehicle, is for
those who see the whole city.
"""

import asyncio
import re
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.device_access import READ, Desk
from cloudctl.api.device_frames import reading_of
from cloudctl.api.device_models import LetterCount, LetterDetail, LetterItem
from cloudctl.api.device_routes import LongCursor
from cloudctl.api.district_door import districts_of
from cloudctl.api.district_sight import DistrictSight
from cloudctl.api.errors import ProblemError
from cloudctl.api.models import Page, as_time
from cloudctl.api.paging import Limit
from cloudctl.api.services import Services, now
from cloudctl.devices.decoding import read_all_ways
from cloudctl.devices.letters import Letter, LetterFilter
from cloudctl.store.errors import CursorError
from cloudctl.store.page_cursor import decode_cursor, encode_cursor
from ingest.pipeline import LONGEST_DEAD_LETTER
from ingest.plausibility import BoxE7
from ingest.uper.schema import Profile

DAY = 86_400.0
_ID = re.compile(r"(\d{1,17})-([0-9a-f]{16})")
_MOST_US = 253_402_300_799_000_000
"""The last moment of the year 9999, UTC epoch microseconds."""
_DEPENDS = [requires(Permission.SEE_DEAD_LETTERS)]
_Text = Annotated[str | None, Query(max_length=256, pattern=r"^[^\x00]*$")]
_Time = Annotated[datetime | None, Query(description="RFC 3339; default: the last day.")]
router = APIRouter(prefix="/api/v1/dead-letters", tags=["devices"])


@router.get("", responses=READ, dependencies=_DEPENDS)
async def list_letters(  # one parameter a filter
    request: Request,
    desk: Desk,
    actor: CurrentActor,
    start: _Time = None,
    end: _Time = None,
    topic: _Text = None,
    device: _Text = None,
    reason: _Text = None,
    limit: Limit = 100,
    cursor: LongCursor = None,
) -> Page[LetterItem]:
    """List refused messages, the newest first."""
    before = None if cursor is None else _read_cursor(cursor)
    wanted = _filter(start, end, topic, device, reason, districts_of(request, actor))
    found = await desk.letters.list_letters(wanted, before, limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    more = None if last is None else encode_cursor([last.time_us, last.key])
    return Page[LetterItem](items=[_item(letter) for letter in found[:limit]], next=more, time=as_time(now()))


@router.get("/counts", responses=READ, dependencies=_DEPENDS)
async def count_letters(  # one parameter a filter
    request: Request,
    desk: Desk,
    actor: CurrentActor,
    start: _Time = None,
    end: _Time = None,
    topic: _Text = None,
    device: _Text = None,
    reason: _Text = None,
    limit: Limit = 1000,
) -> Page[LetterCount]:
    """Count refused messages by device and reason, the most first."""
    wanted = _filter(start, end, topic, device, reason, districts_of(request, actor))
    found = await desk.letters.count(wanted, limit)
    items = [LetterCount(device=each.device, reason=each.reason, count=each.letters) for each in found]
    return Page[LetterCount](items=items, next=None, time=as_time(now()))


@router.get("/{letter}", responses=READ, dependencies=_DEPENDS)
async def get_letter(
    request: Request, desk: Desk, actor: CurrentActor, letter: Annotated[str, Path(max_length=64)]
) -> LetterDetail:
    """Give one refused message: its bytes beside every way to read them."""
    match = _ID.fullmatch(letter)
    found = None
    if match is not None and int(match[1]) <= _MOST_US:
        found = await desk.letters.find(int(match[1]), match[2])
    sight = districts_of(request, actor)
    if found is None or (sight is not None and not sight.stands(found.letter.device or "")):
        raise ProblemError(404, "Unknown letter", f"no refused message {letter!r}")
    device = found.letter.device
    record = (await desk.records()).get(device) if device else None
    declared = Profile.V4 if record is None else record.profile
    box = BoxE7.of_network(Services.of(request).tables.network)
    readings = await asyncio.to_thread(read_all_ways, found.letter.topic, found.payload, declared, box)
    return LetterDetail(
        **_item(found.letter).model_dump(),
        payload_hex=found.payload.hex(),
        cut=found.letter.size >= LONGEST_DEAD_LETTER,
        declared_profile=declared,
        readings=[reading_of(each) for each in readings],
    )


def _filter(
    start: datetime | None,
    end: datetime | None,
    topic: str | None,
    device: str | None,
    reason: str | None,
    sight: DistrictSight | None,
) -> LetterFilter:
    last = now() + 1.0 if end is None else end.timestamp()
    first = last - DAY if start is None else start.timestamp()
    return LetterFilter(first, last, topic, device, reason, None if sight is None else sight.own_devices())


def _read_cursor(cursor: str) -> tuple[int, str]:
    try:
        time_us, key = decode_cursor(cursor, (int, str))
    except CursorError as fault:
        raise ProblemError(422, "Unusable cursor", "pass `next` of the page before, unchanged") from fault
    if not 0 <= int(time_us) <= _MOST_US or "\x00" in str(key):
        raise ProblemError(422, "Unusable cursor", "pass `next` of the page before, unchanged")
    return int(time_us), str(key)


def _item(letter: Letter) -> LetterItem:
    return LetterItem(
        id=f"{letter.time_us}-{letter.key}",
        received=as_time(letter.time_us / 1e6),
        topic=letter.topic,
        device=letter.device,
        reason=letter.reason,
        detail=letter.detail,
        size=letter.size,
    )
