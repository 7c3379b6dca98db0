"""What a green-wave plan is made of: flows along a corridor, live or stored, and offsets read off the lights."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cloudctl.api.live_state import LiveFrame
from cloudctl.publish.frames import Frame
from cloudctl.row_source import RowSource
from cloudctl.signals.common_cycle import green_of
from cloudctl.signals.corridor import Corridor, light
from cloudctl.signals.corridor_ways import Passage
from cloudctl.store import traffic_queries
from cloudctl.store.traffic_queries import Step
from maps.network import RoadNetwork

HOUR = 3600.0
UNKNOWN = 65535
GREEN_STATES = (5, 6)
RED = 3
LEAST_COUNTED = 10
"""Turning vehicles below this tell no share."""
Measured = Mapping[Passage, float]
"""Vehicles an hour over each passage of which something is known."""


class ApproachFlow(NamedTuple):
    """Vehicles an hour on a link, None where unknown, and of those counted at its end the share of each turn."""

    flow: float | None
    shares: Mapping[int, float]
    """By the row of the link that they went to; empty where too few were counted."""


def live_flows(passages: Iterable[Passage], moves: LiveFrame | None, links: LiveFrame | None) -> Measured:
    """Flows in the newest picture: those of the movement, else all that come along the link."""
    by_link = _known(links, ("link",))
    by_move = _known(moves, ("from", "to"))
    found = {}
    for passage in passages:
        flow = by_move.get((passage.approach, passage.onward), by_link.get((passage.approach,)))
        if flow is not None:
            found[passage] = flow
    return found


async def approach_flow(source: RowSource, link: int, t0: float, t1: float) -> ApproachFlow:
    """Ask the store what came along a link (row) between two times (UTC epoch s), and where it went."""
    sums = await traffic_queries.link_sums(source, link, t0, t1, Step.QUARTER)
    flows = [row.flow for row in sums if row.flow is not None]
    counted: dict[int, int] = {}
    for row in await traffic_queries.movement_counts(source, link, t0, t1):
        counted[row.to_link] = counted.get(row.to_link, 0) + row.vehicles
    total = sum(counted.values())
    flow = sum(flows) / len(flows) if flows else None
    return ApproachFlow(flow, {to: each / total for to, each in counted.items()} if total >= LEAST_COUNTED else {})


def stored_flows(passages: Iterable[Passage], approaches: Mapping[int, ApproachFlow]) -> Measured:
    """Flows over passages from what is stored of their approaches: by the share of the turn, else all of the link."""
    found = {}
    for passage in passages:
        known = approaches[passage.approach]
        if known.flow is not None:
            found[passage] = known.flow * (known.shares.get(passage.onward, 0.0) if known.shares else 1.0)
    return found


def offsets_today(network: RoadNetwork, corridor: Corridor, lights: LiveFrame | None) -> list[float | None]:
    """When the cycle of each signal begins, s modulo its own, as its light for the way out shows; None: unknown."""
    begins = {} if lights is None else _green_begins(lights.frame)
    found: list[float | None] = []
    for program, passage in zip(corridor.programs, corridor.out.passages, strict=True):
        own = green_of(program, [phase.duration for phase in program.phases], light(network, passage))
        begin = begins.get((passage.group, False))
        if begin is None and (end := begins.get((passage.group, True))) is not None:
            begin = end - own[1]
        found.append(None if begin is None else (begin - own[0]) % program.cycle)
    return found


def _green_begins(frame: Frame) -> dict[tuple[int, bool], float]:
    """Time (UTC epoch s) at which each red group turns green (False), and at which each green one ends (True)."""
    found = {}
    names = ("group", "state", "likely", "nextgrn")
    for group, state, likely, ahead in zip(*(frame.column(name).tolist() for name in names), strict=True):
        if state in GREEN_STATES and likely != UNKNOWN:
            found[group, True] = frame.time + likely / 10.0
        elif state == RED and ahead != UNKNOWN:
            found[group, False] = frame.time + ahead / 10.0
    return found


def _known(live: LiveFrame | None, keys: tuple[str, ...]) -> dict[tuple[int, ...], float]:
    if live is None:
        return {}
    columns = [live.frame.column(name).tolist() for name in (*keys, "flow")]
    return {tuple(row[:-1]): float(row[-1]) for row in zip(*columns, strict=True) if row[-1] != UNKNOWN}
