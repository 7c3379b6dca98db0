"""`/api/v1/signals/...`: one signal in full, recommendations, execution, requests for priority."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Request

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.command_channel import order
from cloudctl.api.district_door import check_signal
from cloudctl.api.errors import ProblemError
from cloudctl.api.incident_door import audited
from cloudctl.api.models import Page, as_time
from cloudctl.api.problems import RESPONSES, problem_responses
from cloudctl.api.roads import find_signal
from cloudctl.api.services import Services, now
from cloudctl.api.signal_masks import without_vehicle
from cloudctl.api.signal_models import (
    ControlItem,
    PriorityAccepted,
    PriorityWishRequest,
    RecommendationItem,
    SignalDetail,
    SignalPriorityItem,
)
from cloudctl.api.signal_view import control_item, detail_of, priority_item, recommendation_item
from cloudctl.signals.live.orders import REQUEST_PRIORITY
from cloudctl.signals.live.state import SignalsState

LONGEST_AHEAD = 600.0
"""s"""
SignalId = Annotated[str, Path(max_length=200)]
_READ = [requires(Permission.READ_SIGNALS)]
_TO_ENGINE = {**RESPONSES, **problem_responses(409, 502, 504)}

router = APIRouter(prefix="/api/v1/signals", tags=["signals"])


@router.get("/recommendations", responses=RESPONSES, dependencies=_READ)
async def list_recommendations(request: Request) -> Page[RecommendationItem]:
    """List what is recommended to each signal that has a program, by id of the signal."""
    known = _known(request)
    items = [] if known is None else [recommendation_item(each) for each in known.recommendations]
    return Page[RecommendationItem](items=items, time=None if known is None else as_time(known.time))


@router.get("/control", responses=RESPONSES, dependencies=_READ)
async def list_control(request: Request) -> Page[ControlItem]:
    """List the controllers that say that they take stages, and what each does; all others are recommended to only."""
    known = _known(request)
    items = [] if known is None else [control_item(each) for each in known.control]
    return Page[ControlItem](items=items, time=None if known is None else as_time(known.time))


@router.get("/{signal_id}", responses=RESPONSES, dependencies=_READ)
async def get_signal(request: Request, signal_id: SignalId) -> SignalDetail:
    """Give one signal: lights with confidence, age and source, when they change, what is wrong with its reports."""
    return detail_of(Services.of(request), find_signal(request, signal_id), now())


@router.get("/{signal_id}/recommendation", responses=RESPONSES, dependencies=_READ)
async def get_recommendation(request: Request, signal_id: SignalId) -> RecommendationItem:
    """Give what is recommended to one signal."""
    find_signal(request, signal_id)
    known = _known(request)
    found = next((each for each in known.recommendations if each.signal == signal_id), None) if known else None
    if found is None:
        raise ProblemError(404, "No recommendation", f"the map has no program for signal {signal_id!r}, or none yet")
    return recommendation_item(found)


@router.get("/{signal_id}/priority-requests", responses=RESPONSES, dependencies=_READ)
async def list_priority_requests(
    request: Request, signal_id: SignalId, actor: CurrentActor
) -> Page[SignalPriorityItem]:
    """List the requests for priority at a signal of the last ten minutes, whoever made them, the earliest first."""
    find_signal(request, signal_id)
    known = _known(request)
    found = [] if known is None else [each for each in known.priority if each.signal == signal_id]
    if not (actor.may(Permission.SEE_BUSES) or actor.may(Permission.CONTROL_SIGNALS)):
        found = [without_vehicle(each) for each in found]
    time = None if known is None else as_time(known.time)
    return Page[SignalPriorityItem](items=[priority_item(each) for each in found], time=time)


@router.post(
    "/{signal_id}/priority-requests",
    status_code=202,
    responses=_TO_ENGINE,
    dependencies=[requires(Permission.CONTROL_SIGNALS)],
)
async def request_priority(
    request: Request, signal_id: SignalId, wanted: PriorityWishRequest, actor: CurrentActor
) -> PriorityAccepted:
    """Ask for a green at an arrival. Whether it is granted is told to the vehicle and in the list of requests."""
    find_signal(request, signal_id)
    check_signal(request, actor, signal_id)
    arrival = wanted.arrival.timestamp()
    if not -1.0 <= arrival - now() <= LONGEST_AHEAD:
        raise ProblemError(422, "Unusable request", f"the arrival lies {arrival - now():.0f} s ahead, 600 at most")
    name = f"api-{uuid.uuid4().hex[:16]}"
    content: dict[str, object] = {
        "id": name,
        "signal": signal_id,
        "phase_id": wanted.phase_id,
        "vehicle": wanted.vehicle,
        "arrival": arrival,
        "lateness": wanted.lateness,
        "urgent": wanted.role == "emergency",
    }
    await audited(request, actor, "priority.request", f"signal:{signal_id}", content)
    await order(Services.of(request).commands, REQUEST_PRIORITY, content, issued_by=actor.id)
    return PriorityAccepted(id=name)


def _known(request: Request) -> SignalsState | None:
    return Services.of(request).state.signals
