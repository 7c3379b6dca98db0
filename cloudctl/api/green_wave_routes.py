"""`/api/v1/green-wave-plans`: offsets for a corridor of signals from the flows that were measured on it.

A plan is worked out and given, not carried out: fixed plans are changed where controllers are configured.
"""

import asyncio
from datetime import timedelta

from fastapi import APIRouter, Request

from cloudctl.access.actor import Actor
from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.district_door import districts_of, frame_for
from cloudctl.api.district_past import check_links
from cloudctl.api.errors import ProblemError
from cloudctl.api.fault_problems import FaultTable, faults_as_problems
from cloudctl.api.green_wave_flows import (
    HOUR,
    ApproachFlow,
    Measured,
    approach_flow,
    live_flows,
    offsets_today,
    stored_flows,
)
from cloudctl.api.green_wave_models import GreenWavePlanItem, GreenWaveRequest
from cloudctl.api.green_wave_view import plan_item
from cloudctl.api.history_door import ask, span
from cloudctl.api.live_state import Part
from cloudctl.api.problems import RESPONSES, problem_responses
from cloudctl.api.roads import find_signal
from cloudctl.api.services import Services
from cloudctl.signals.corridor import Corridor, coordinate, lay_out
from cloudctl.signals.corridor_ways import Passage
from cloudctl.signals.errors import CorridorError
from cloudctl.store.reader import StoreReader

_FAULTS: FaultTable = {CorridorError: (422, "Unusable corridor")}
_NEEDS = [requires(Permission.CONTROL_SIGNALS), requires(Permission.SEE_HISTORY)]

router = APIRouter(prefix="/api/v1/green-wave-plans", tags=["signals"])


@router.post("", responses={**RESPONSES, **problem_responses(403, 409, 503, 504)}, dependencies=_NEEDS)
async def make_green_wave_plan(request: Request, actor: CurrentActor, wanted: GreenWaveRequest) -> GreenWavePlanItem:
    """Work out the offsets at which both directions of a corridor together have the least delay and stops."""
    services, network = Services.of(request), Services.of(request).tables.network
    rows = [find_signal(request, name) for name in wanted.signals]
    with faults_as_problems(_FAULTS):
        corridor = await asyncio.to_thread(lay_out, network, rows, wanted.cycle, wanted.speed or float("inf"))
        flows, time = await _flows(request, actor, wanted, corridor)
        today = offsets_today(network, corridor, services.state.find_frame(Part.SIGNALS))
        used = _common_offsets(corridor, today)
        plan = await asyncio.to_thread(coordinate, network, corridor, lambda way: flows.get(way, 0.0) / HOUR, used)
        return plan_item(network, corridor, plan, flows, (time, wanted.start is not None), (today, used is not None))


def _common_offsets(corridor: Corridor, today: list[float | None]) -> list[float] | None:
    """Today's offsets, where they are known and all signals have the cycle of the plan already."""
    known = [offset for offset in today if offset is not None]
    same = all(abs(program.cycle - corridor.cycle) < 0.5 for program in corridor.programs)
    return known if same and len(known) == len(today) else None


async def _flows(
    request: Request, actor: Actor, wanted: GreenWaveRequest, corridor: Corridor
) -> tuple[Measured, float]:
    """Flows in vehicles an hour and the time (UTC epoch s) that they are of."""
    passages = _needed(corridor)
    network = Services.of(request).tables.network
    approaches = sorted({each.approach for each in passages})
    names = [str(network.links.id[row]) for row in approaches]
    check_links(approaches, names, districts_of(request, actor))
    if wanted.start is not None and wanted.end is not None:
        t0, t1 = span(wanted.start, wanted.end, timedelta(days=31))

        async def read(reader: StoreReader) -> dict[int, ApproachFlow]:
            return {row: await approach_flow(reader, row, t0, t1) for row in approaches}

        flows, time = stored_flows(passages, await ask(request, read)), t1
    elif wanted.start is not None or wanted.end is not None:
        raise ProblemError(422, "Unusable time", "give both start and end, or neither of them")
    else:
        links, moves = (frame_for(request, actor, part) for part in (Part.LINKS, Part.MOVEMENTS))
        newest = links or moves
        flows, time = live_flows(passages, moves, links), 0.0 if newest is None else newest.frame.time
    unknown = sorted({str(network.links.id[each.approach]) for each in passages if each not in flows})
    if unknown:
        raise ProblemError(409, "Flows not known", f"no flow is known for {', '.join(unknown)}")
    return flows, time


def _needed(corridor: Corridor) -> list[Passage]:
    """Passages whose flow counts: all but the first of each direction, where no wave arrives."""
    back = () if corridor.back is None else corridor.back.passages[1:]
    return [*corridor.out.passages[1:], *back]
