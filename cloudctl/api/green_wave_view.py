"""Green-wave plans as answers of the API."""

from collections.abc import Sequence
from datetime import UTC, datetime

from cloudctl.api.green_wave_flows import HOUR, Measured
from cloudctl.api.green_wave_models import (
    DirectionItem,
    GreenWavePlanItem,
    LegItem,
    PassageItem,
    PlannedSignalItem,
    StageItem,
)
from cloudctl.signals.corridor import Corridor, Green, band_of, saturation
from cloudctl.signals.corridor_ways import Direction, Passage
from cloudctl.signals.green_wave_plan import Burden, GreenWavePlan
from cloudctl.signals.program import GREEN
from maps.network import RoadNetwork


def plan_item(
    network: RoadNetwork,
    corridor: Corridor,
    plan: GreenWavePlan,
    flows: Measured,
    said: tuple[float, bool],
    today: tuple[Sequence[float | None], bool],
) -> GreenWavePlanItem:
    """Give a plan.

    Args:
        network: On which the corridor lies.
        corridor: What is coordinated.
        plan: Of its offsets.
        flows: What it was planned for.
        said: Time (UTC epoch s) of the flows, and whether they are stored ones.
        today: Offsets that the lights show, s, and whether the plan is compared with them.
    """
    back = corridor.back
    passed = _passages(network, corridor, corridor.out, flows)
    returned = [None] * len(passed) if back is None else _passages(network, corridor, back, flows)[::-1]
    cycles = HOUR / corridor.cycle
    return GreenWavePlanItem(
        time=datetime.fromtimestamp(said[0], UTC),
        flows="stored" if said[1] else "live",
        cycle=corridor.cycle,
        before="lights" if today[1] else "uncoordinated",
        cost_before=round(plan.cost_before * cycles, 1),
        cost=round(plan.cost * cycles, 1),
        signals=[
            _signal(network, corridor, at, (plan.offsets[at], today[0][at]), (passed[at], returned[at]))
            for at in range(len(corridor.signals))
        ],
        out=_direction(network, corridor, corridor.out, plan, (plan.out_before, plan.out)),
        back=None if back is None else _direction(network, corridor, back, plan, (plan.back_before, plan.back)),
    )


def _signal(
    network: RoadNetwork,
    corridor: Corridor,
    at: int,
    offsets: tuple[float, float | None],
    passages: tuple[PassageItem, PassageItem | None],
) -> PlannedSignalItem:
    row, signals = corridor.signals[at], network.signals
    return PlannedSignalItem(
        signal=str(signals.id[row]),
        name_zh=str(signals.name_zh[row]),
        name_en=str(signals.name_en[row]),
        offset=round(offsets[0], 1),
        offset_today=None if offsets[1] is None else round(offsets[1], 1),
        stages=_stages(network, corridor, at),
        out=passages[0],
        back=passages[1],
    )


def _stages(network: RoadNetwork, corridor: Corridor, at: int) -> list[StageItem]:
    program, durations = corridor.programs[at], corridor.durations[at]
    first = int(network.signals.group_start[corridor.signals[at]])
    return [
        StageItem(
            phases=[
                int(network.groups.phase_id[first + place])
                for place, letter in enumerate(program.phases[row].state)
                if letter in GREEN
            ],
            begin=round(sum(durations[:row]), 1),
            duration=round(durations[row], 1),
        )
        for row in program.greens
    ]


def _passages(network: RoadNetwork, corridor: Corridor, direction: Direction, flows: Measured) -> list[PassageItem]:
    greens = corridor.greens(network, direction)
    return [
        _passage(network, passage, green, flows.get(passage) if place else None, corridor.cycle)
        for place, (passage, green) in enumerate(zip(direction.passages, greens, strict=True))
    ]


def _passage(network: RoadNetwork, passage: Passage, green: Green, flow: float | None, cycle: int) -> PassageItem:
    return PassageItem(
        phase_id=int(network.groups.phase_id[passage.group]),
        link=str(network.links.id[passage.approach]),
        lanes=passage.lanes,
        green_begin=round(green[0], 1),
        green=round(green[1], 1),
        flow=None if flow is None else round(flow, 1),
        saturation=None if flow is None else round(saturation(passage, green, flow / HOUR, cycle), 3),
    )


def _direction(
    network: RoadNetwork,
    corridor: Corridor,
    direction: Direction,
    plan: GreenWavePlan,
    burdens: tuple[Burden, Burden],
) -> DirectionItem:
    before, after = burdens
    return DirectionItem(
        legs=[
            LegItem(
                links=[str(network.links.id[row]) for row in leg.links],
                length=round(leg.length, 1),
                speed=round(leg.length / leg.seconds, 2),
                seconds=round(leg.seconds, 1),
            )
            for leg in direction.legs
        ],
        band=band_of(network, corridor, direction, plan.offsets),
        delay_before=_each(before.delay, before),
        delay=_each(after.delay, after),
        stops_before=_each(before.stops, before),
        stops=_each(after.stops, after),
    )


def _each(total: float, burden: Burden) -> float | None:
    return round(total / burden.vehicles, 3) if burden.vehicles > 0 else None
