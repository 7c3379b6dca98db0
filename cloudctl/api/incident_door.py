"""What the routes of desk work share: the desk, its faults as problems, audit entries, what browsers are shown."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated

from fastapi import Depends, Request

from cloudctl.access.actor import Actor
from cloudctl.api.errors import ProblemError
from cloudctl.api.fault_problems import FaultTable, faults_as_problems
from cloudctl.api.hub import Hub
from cloudctl.api.live_state import Part
from cloudctl.api.problems import RESPONSES, problem_responses
from cloudctl.api.services import Services
from cloudctl.incidents.desk import Desk
from cloudctl.incidents.errors import (
    UnknownWorkError,
    UnusableWorkError,
    WorkConflictError,
    WorkDownError,
)
from cloudctl.incidents.handling import Person
from cloudctl.incidents.work import WorkKind

READ = {**RESPONSES, **problem_responses(503)}
CHANGE = {**READ, **problem_responses(409)}
PARTS = {WorkKind.EVENT: Part.EVENTS, WorkKind.HOLD: Part.HOLDS, WorkKind.CORRIDOR: Part.CORRIDORS}
_STATUS: FaultTable = {
    UnknownWorkError: (404, "Unknown"),
    WorkConflictError: (409, "Not possible now"),
    UnusableWorkError: (422, "Unusable content"),
    WorkDownError: (503, "Desk not reachable"),
}


async def _desk(request: Request) -> AsyncIterator[Desk]:
    desk = Services.of(request).desk
    if desk is None:
        raise ProblemError(503, "Desk not reachable", "this gateway has no database for desk work")
    with faults_as_problems(_STATUS):
        yield desk


DeskOf = Annotated[Desk, Depends(_desk)]
"""Parameter of a route: the desk; its faults become problems."""


def person(actor: Actor) -> Person:
    """Give who acts, as desk work writes it down."""
    return Person(actor.id, actor.name)


async def audited(
    request: Request, actor: Actor, action: str, thing: str, detail: Mapping[str, object] | None = None
) -> None:
    """Enter a change into the audit log before it is made; without the entry it is not made."""
    await Services.of(request).audit.record(actor.id, action, thing, detail)


async def show_now(request: Request, desk: Desk) -> None:
    """Show every browser of this gateway what has just changed; others follow within a second."""
    await look_at_desk(desk, Services.of(request).hub)


async def run_desk(desk: Desk, hub: Hub) -> None:
    """Keep the desk going until cancelled."""
    state = hub.state
    await desk.run(lambda: list(state.incidents.values()), lambda: state.work, lambda *views: _show(hub, *views))


async def look_at_desk(desk: Desk, hub: Hub) -> None:
    """Read what is stored, bring the engine into step, and show both to every browser."""
    state = hub.state
    await desk.look(lambda: list(state.incidents.values()), lambda: state.work, lambda *views: _show(hub, *views))


def _show(hub: Hub, incidents: dict[str, object], work: dict[str, list[object]]) -> None:
    hub.show(Part.DESK, incidents)
    for kind, part in PARTS.items():
        hub.show(part, {"items": work[kind.value]})
