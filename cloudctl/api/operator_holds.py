"""`/api/v1/signal-holds`: a signal under manual hold, proposed first and confirmed by the same person after that.

While a hold stands the platform requests nothing of the signal: no bus priority, no recommendation, no corridor. It
ends by itself, or when somebody releases it. The signal itself goes on as its controller says.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.district_door import check_signal, districts_of
from cloudctl.api.errors import ProblemError
from cloudctl.api.incident_door import CHANGE, READ, DeskOf, audited, person, show_now
from cloudctl.api.models import Page, as_time
from cloudctl.api.operator_answers import WorkId, answer, ended_item, shown_of_kind
from cloudctl.api.operator_models import HoldRequest, WorkItem
from cloudctl.api.services import Services, now
from cloudctl.incidents.errors import WorkConflictError
from cloudctl.incidents.work import WorkKind
from cloudctl.incidents.work_store import NewWork, Work

CONFIRM_WITHIN_S = 60.0

router = APIRouter(
    prefix="/api/v1/signal-holds", tags=["signal holds"], dependencies=[requires(Permission.CONTROL_SIGNALS)]
)


class Proposal(BaseModel):
    """A hold that waits for the second confirmation."""

    hold: WorkItem
    confirm_until: datetime | None


@router.get("", responses=READ)
async def list_holds(request: Request, desk: DeskOf, actor: CurrentActor) -> Page[WorkItem]:
    """List holds that stand or ended within the last half hour."""
    return Page[WorkItem](items=shown_of_kind(desk, WorkKind.HOLD, districts_of(request, actor)), time=as_time(now()))


@router.post("", status_code=201, responses=CHANGE)
async def propose(request: Request, desk: DeskOf, actor: CurrentActor, wanted: HoldRequest) -> Proposal:
    """Propose a hold; nothing happens until it is confirmed."""
    known = set(Services.of(request).tables.network.signals.id.tolist())
    chosen = chosen_signals(desk.work.work, wanted)
    if unknown := [signal for signal in chosen if signal not in known]:
        raise ProblemError(422, "Unusable request", f"no signal {unknown[0]!r}")
    held = [each for each in desk.work.work if each.kind == WorkKind.HOLD and each.status == "active"]
    taken = {signal for each in held for signal in held_signals(each.content)}
    for signal in chosen:
        check_signal(request, actor, signal)
        if signal in taken and len(chosen) == 1:
            raise WorkConflictError(signal, "is under manual hold already")
    name = uuid.uuid4().hex[:16]
    content = {**wanted.model_dump(), "signal": chosen[0], "signals": chosen}
    await audited(request, actor, "hold.propose", f"hold:{name}", content)
    asked = NewWork(name, WorkKind.HOLD, content, now() + CONFIRM_WITHIN_S, "proposed")
    made = await desk.work.store.add(asked, person(actor))
    return Proposal(hold=WorkItem.of(made), confirm_until=as_time(made.created + CONFIRM_WITHIN_S))


@router.post("/{hold}/confirm", responses=CHANGE)
async def confirm(request: Request, desk: DeskOf, hold: WorkId, actor: CurrentActor) -> WorkItem:
    """Confirm a hold that one has proposed within the last minute: it stands from now on."""
    known = await desk.work.store.get(WorkKind.HOLD, hold)
    for signal in held_signals(known.content):
        check_signal(request, actor, signal)
    minutes = known.content.get("minutes")
    until = now() + 60 * (minutes if isinstance(minutes, int | float) else 0)
    await audited(request, actor, "hold.confirm", f"hold:{hold}", {"until": until})
    standing = await desk.work.store.confirm(known, person(actor), until, CONFIRM_WITHIN_S)
    reply = await desk.work.tell(standing, actor.id)
    await show_now(request, desk)
    return answer(standing, reply)


@router.delete("/{hold}", responses=CHANGE)
async def release(request: Request, desk: DeskOf, hold: WorkId, actor: CurrentActor) -> WorkItem:
    """Release a signal, or take a proposal back."""
    known = await desk.work.store.get(WorkKind.HOLD, hold)
    for signal in held_signals(known.content):
        check_signal(request, actor, signal)
    await audited(request, actor, "hold.release", f"hold:{hold}")
    await desk.work.end(known, actor.id)
    await show_now(request, desk)
    return await ended_item(desk, WorkKind.HOLD, hold)


def held_signals(content: Mapping[str, object]) -> list[str]:
    """Give every signal of a hold by its content."""
    several = content.get("signals")
    found = [content.get("signal"), *(several if isinstance(several, list) else [])]
    return list(dict.fromkeys(each for each in found if isinstance(each, str)))


def chosen_signals(listed: Sequence[Work], wanted: HoldRequest) -> list[str]:
    """Give the signals that a request means, by what stands.

    Raises:
        ProblemError: 422 where it names none, or a corridor that is not open.
    """
    if (wanted.signal is not None) + bool(wanted.signals) + (wanted.corridor is not None) != 1:
        raise ProblemError(422, "Unusable request", "name either a signal, signals or a corridor")
    if wanted.corridor is None:
        return list(dict.fromkeys([wanted.signal] if wanted.signal is not None else wanted.signals))
    open_ones = [each for each in listed if each.kind == WorkKind.CORRIDOR and each.status == "active"]
    work = next((each for each in open_ones if each.id == wanted.corridor), None)
    stops = None if work is None else work.result.get("stops")
    found = [stop["signal"] for stop in stops if isinstance(stop, dict)] if isinstance(stops, list) else []
    if not found:
        raise ProblemError(422, "Unusable request", f"no corridor {wanted.corridor!r} with signals is open")
    return list(dict.fromkeys(str(signal) for signal in found))
