"""`/api/v1/history/signals/{id}/...`: an intersection at a moment, its lights over time, who drove over red.

Lights are the city's; traffic on the approaches and who drove over red are those of the caller's districts.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Path, Query, Request
from pydantic import AwareDatetime

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.district_door import districts_of
from cloudctl.api.errors import ProblemError
from cloudctl.api.history_door import (
    DEFAULT_LIMIT,
    DEFAULT_PURPOSE,
    End,
    Limit,
    Purpose,
    Start,
    StoreCursor,
    ask,
    enter_look,
    span,
)
from cloudctl.api.history_models import ApproachItem, GroupItem, IntersectionAt, RedPassageItem, TransitionItem
from cloudctl.api.history_places import link_name, movements_of, signal_row
from cloudctl.api.models import Page, as_time
from cloudctl.api.problems import RESPONSES
from cloudctl.api.roads import LIGHT_STATES
from cloudctl.api.services import Services
from cloudctl.store import signal_queries
from cloudctl.store.signal_queries import GroupAt, LinkAt, RedPassage
from fusion.picture import LevelOfService
from maps.network import RoadNetwork, Turn

SignalId = Annotated[str, Path(max_length=200)]
_SEES = [requires(Permission.SEE_HISTORY), requires(Permission.READ_SIGNALS)]

router = APIRouter(prefix="/api/v1/history/signals", tags=["history"], dependencies=_SEES, responses=RESPONSES)


@router.get("/{signal_id}")
async def get_intersection(
    request: Request,
    actor: CurrentActor,
    signal_id: SignalId,
    time: Annotated[AwareDatetime, Query(description="The moment, RFC 3339.")],
) -> IntersectionAt:
    """Give the lights of an intersection and the traffic on its approaches at a moment."""
    network = Services.of(request).tables.network
    row, at = signal_row(network, signal_id), time.timestamp()
    first, count = int(network.signals.group_start[row]), int(network.signals.group_count[row])
    approaches = sorted({way.from_link for way in movements_of(network, row, right_turns=True)})
    if (sight := districts_of(request, actor)) is not None:
        approaches = np.array(approaches, np.int64)[sight.links(np.array(approaches, np.int64))].tolist()
    groups = await ask(request, lambda reader: signal_queries.groups_at(reader, first, count, at))
    links = await ask(request, lambda reader: signal_queries.links_at(reader, approaches, at))
    return IntersectionAt(
        id=signal_id,
        time=time.astimezone(UTC),
        groups=[_group(network, group) for group in groups],
        approaches=[_approach(network, link) for link in links],
    )


@router.get("/{signal_id}/transitions")
async def list_transitions(
    request: Request,
    signal_id: SignalId,
    start: Start,
    end: End,
    limit: Limit = DEFAULT_LIMIT,
    cursor: StoreCursor = None,
) -> Page[TransitionItem]:
    """List how the lights of an intersection changed, by time."""
    t0, t1 = span(start, end, timedelta(days=31))
    network = Services.of(request).tables.network
    row = signal_row(network, signal_id)
    first, count = int(network.signals.group_start[row]), int(network.signals.group_count[row])
    found, more = await ask(
        request, lambda reader: signal_queries.transitions(reader, first, count, t0, t1, limit=limit, cursor=cursor)
    )
    items = [
        TransitionItem(
            time=datetime.fromtimestamp(each.t, UTC),
            phase_id=int(network.groups.phase_id[each.group]),
            state=light_name(each.state),
            previous=None if each.previous < 0 else light_name(each.previous),
            confidence=each.confidence / 100,
        )
        for each in found
    ]
    return Page(items=items, next=more)


@router.get("/{signal_id}/red-passages", dependencies=[requires(Permission.SEE_TRAJECTORIES)])
async def list_red_passages(
    request: Request,
    actor: CurrentActor,
    signal_id: SignalId,
    start: Start,
    end: End,
    right_turns: Annotated[bool, Query(description="Right turns too; on a full red light they are allowed.")] = False,
    limit: Limit = DEFAULT_LIMIT,
    purpose: Purpose = DEFAULT_PURPOSE,
) -> Page[RedPassageItem]:
    """List vehicles that left an approach while its light had been red for at least a second.

    Right turns on a full red light are allowed by article 38 of the Regulation on the Implementation of the Road
    Traffic Safety Law and are left out unless asked for.
    """
    t0, t1 = span(start, end, timedelta(days=7))
    network = Services.of(request).tables.network
    row = signal_row(network, signal_id)
    ways = movements_of(network, row, right_turns=right_turns)
    if (sight := districts_of(request, actor)) is not None:
        own = sight.exits(np.array([way.from_link for way in ways], np.int64)).tolist()
        if ways and not any(own):
            raise ProblemError(403, "Not your district", f"signal {signal_id!r} stands in another one")
        ways = [way for way, is_own in zip(ways, own, strict=True) if is_own]
    await enter_look(request, purpose, {"signal": signal_id, "start": t0, "end": t1})
    found = await ask(request, lambda reader: signal_queries.red_passages(reader, ways, t0, t1, limit=limit))
    turns = {(way.from_link, way.to_link): Turn(way.turn).name.lower() for way in ways}
    return Page(items=[_passage(network, each, turns) for each in found])


def light_name(state: int | None) -> str:
    """Name of a light state; unknown states are unavailable."""
    return LIGHT_STATES[state] if state is not None and 0 <= state < len(LIGHT_STATES) else LIGHT_STATES[0]


def _group(network: RoadNetwork, group: GroupAt) -> GroupItem:
    return GroupItem(
        phase_id=int(network.groups.phase_id[group.group]),
        pedestrian=bool(network.groups.pedestrian[group.group]),
        state=light_name(group.state),
        confidence=None if group.confidence is None else group.confidence / 100,
        since=as_time(group.since),
        next_state=None if group.next_state is None else light_name(group.next_state),
        until=as_time(group.until),
    )


def _approach(network: RoadNetwork, link: LinkAt) -> ApproachItem:
    level = 0 if link.level is None else link.level
    return ApproachItem(
        link=link_name(network, link.link),
        vehicles=link.vehicles,
        level=LevelOfService(level).name.lower() if 0 <= level < len(LevelOfService) else "unknown",
        speed=link.speed,
        queue=link.queue,
    )


def _passage(network: RoadNetwork, passage: RedPassage, turns: dict[tuple[int, int], str]) -> RedPassageItem:
    return RedPassageItem(
        time=datetime.fromtimestamp(passage.t, UTC),
        session=passage.session,
        id=passage.track_id,
        phase_id=int(network.groups.phase_id[passage.group]),
        from_link=link_name(network, passage.from_link),
        to_link=link_name(network, passage.to_link),
        turn=turns[passage.from_link, passage.to_link],
        red_for=round(passage.red_for, 2),
        speed=passage.speed,
        confidence=passage.confidence / 100,
    )
