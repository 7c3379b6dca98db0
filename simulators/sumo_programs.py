"""Fixed-time programs for crossings: through and protected-left stages with pedestrian clearance, yellow and all-red.

Stages follow GA/T 527.2 practice: per axis first through and right (right turns yield to pedestrians), then left.
Pedestrians get green with the through stage that does not cross them and are cleared before its end.
"""

import math
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from simulators.sumo_net import NetConnection, NetJunction, SumoNet

YELLOW, ALL_RED = 3.0, 2.0
MIN_THROUGH, MIN_LEFT, MIN_WALK = 10.0, 8.0, 7.0
WALK_SPEED = 1.2
"""m/s, by which the pedestrian clearance is set."""
PROGRESSION_SPEED = 11.0
"""Speed of the green wave, m/s."""


_RIGHT, _LEFT = "rR", "lLt"


@dataclass(frozen=True)
class Step:
    """One step of a program."""

    duration: float
    state: str
    minimum: float
    maximum: float


@dataclass(frozen=True)
class _Stage:
    links: frozenset[int]
    walks: frozenset[int]
    weight: float
    minimum: float


@dataclass(frozen=True)
class _Crossing:
    """All that stands at one light: vehicle links, pedestrian links with their length, right of way."""

    links: dict[int, NetConnection]
    walks: dict[int, float]
    junction: NetJunction
    net: SumoNet

    def conflict(self, link: int, walk: int, *, yielding: str) -> bool:
        """Whether a vehicle link may not run with a pedestrian link: all but these turns that yield to it."""
        if not self.junction.foes[link] >> walk & 1:
            return False
        return self.links[link].direction not in yielding or not self.junction.response[link] >> walk & 1

    def free_walks(self, links: frozenset[int], yielding: str = _RIGHT) -> frozenset[int]:
        """Pedestrian links that may run with these vehicle links."""
        return frozenset(w for w in self.walks if not any(self.conflict(i, w, yielding=yielding) for i in links))

    def letter(self, link: int, green: frozenset[int]) -> str:
        """`G`, or `g` where the link yields to another green one."""
        return "g" if any(self.junction.response[link] >> other & 1 for other in green if other != link) else "G"


def program(net: SumoNet, signal: str) -> tuple[tuple[Step, ...], float]:
    """Steps and offset (s) of the program for a light that controls one junction."""
    at = _crossing(net, signal)
    stages = _stages(at)
    cycle = 90.0 if len(stages) <= 3 else 110.0
    greens = _greens(stages, max(cycle, sum(s.minimum + YELLOW + ALL_RED for s in stages)))
    steps = [step for stage, green in zip(stages, greens, strict=True) for step in _steps(at, stage, green)]
    total = sum(step.duration for step in steps)
    offset = (at.junction.x + 0.3 * at.junction.y) / PROGRESSION_SPEED % total
    return tuple(steps), round(offset)


def write_programs(root: ET.Element, net: SumoNet) -> None:
    """Put our programs in the place of the ones that netconvert guessed."""
    for logic in root.iterfind("tlLogic"):
        steps, offset = program(net, logic.attrib["id"])
        for old in list(logic):
            logic.remove(old)
        logic.set("offset", f"{offset:.0f}")
        for step in steps:
            ET.SubElement(
                logic, "phase", duration=f"{step.duration:.0f}", state=step.state,
                minDur=f"{step.minimum:.0f}", maxDur=f"{step.maximum:.0f}",
            )  # fmt: skip


def _crossing(net: SumoNet, signal: str) -> _Crossing:
    own = [c for c in net.connections if c.signal == signal]
    walks = {
        c.link_index: sum(net.edges[e].lanes[-1].index for e in net.crossings[c.end]) * 3.2 + 1.0
        for c in own
        if c.end in net.crossings
    }
    links = {c.link_index: c for c in own if c.link_index not in walks}
    return _Crossing(links, walks, net.junctions[signal], net)


def _stages(at: _Crossing) -> list[_Stage]:
    through, left = [], []
    order = []
    for axis in _axes(at):
        own = {i: link for i, link in at.links.items() if link.start in axis}
        turning = frozenset(i for i, link in own.items() if link.direction in _LEFT) if len(axis) > 1 else frozenset()
        through.append(frozenset(own) - turning)
        left.append(turning)
        order += [through[-1], turning]
    walks = _walks(at, through, left)
    return [_stage(at, links, walks[links], MIN_THROUGH if links in through else MIN_LEFT) for links in order if links]


def _walks(
    at: _Crossing, through: list[frozenset[int]], left: list[frozenset[int]]
) -> dict[frozenset[int], frozenset[int]]:
    """Pedestrian links of each stage: with the through stages where possible, else where turning traffic yields."""
    given = {links: at.free_walks(links) for links in through} | {links: frozenset[int]() for links in left}
    for stages, yielding in ((through, _RIGHT + _LEFT), (left, _RIGHT), (through, _RIGHT + _LEFT + "s")):
        for links in stages:
            unserved = frozenset(at.walks).difference(*given.values())
            given[links] |= unserved & at.free_walks(links, yielding)
    return given


def _stage(at: _Crossing, links: frozenset[int], walks: frozenset[int], minimum: float) -> _Stage:
    if walks:
        minimum = max(minimum, MIN_WALK + _clearance(at, walks))
    return _Stage(links, walks, max(_weight(at, link) for link in links), minimum)


def _weight(at: _Crossing, link: int) -> float:
    edge = at.net.edges[at.links[link].start]
    return edge.priority * (0.35 if at.links[link].direction in _LEFT else 1.0)


def _axes(at: _Crossing) -> list[set[str]]:
    """Approaches that face each other, the busier axis first."""
    edges = sorted({link.start for link in at.links.values()}, key=lambda e: at.net.edges[e].heading_out)
    if len(edges) == 4:
        pairs = [{edges[0], edges[2]}, {edges[1], edges[3]}]
    elif len(edges) == 3:
        heading = {e: at.net.edges[e].heading_out for e in edges}
        stem = max(edges, key=lambda e: _straightness(*(heading[other] for other in edges if other != e)))
        pairs = [set(edges) - {stem}, {stem}]
    else:
        pairs = [{edge} for edge in edges]
    return sorted(pairs, key=lambda axis: -max(at.net.edges[e].priority for e in axis))


def _straightness(a: float, b: float) -> float:
    return -math.cos(a - b)


def _clearance(at: _Crossing, walks: frozenset[int]) -> float:
    longest = max((at.walks[walk] for walk in walks), default=0.0)
    return max(0.0, math.ceil(longest / WALK_SPEED - YELLOW - ALL_RED))


def _greens(stages: list[_Stage], cycle: float) -> list[float]:
    """Share the cycle's green by weight, no stage below its minimum."""
    spare = cycle - sum(stage.minimum + YELLOW + ALL_RED for stage in stages)
    total = sum(stage.weight for stage in stages)
    greens = [stage.minimum + math.floor(spare * stage.weight / total) for stage in stages]
    greens[0] += cycle - sum(green + YELLOW + ALL_RED for green in greens)
    return greens


def _steps(at: _Crossing, stage: _Stage, green: float) -> list[Step]:
    clearance = _clearance(at, stage.walks) if stage.walks else 0.0
    most = green - clearance + 20.0
    steps = [Step(green - clearance, _state(at, stage.links, stage.walks), stage.minimum - clearance, most)]
    if clearance:
        steps.append(Step(clearance, _state(at, stage.links, frozenset()), clearance, clearance + 20.0))
    yellow = "".join("y" if i in stage.links else "r" for i in range(_size(at)))
    red = "r" * len(yellow)
    return [*steps, Step(YELLOW, yellow, YELLOW, YELLOW), Step(ALL_RED, red, ALL_RED, ALL_RED)]


def _state(at: _Crossing, links: frozenset[int], walks: frozenset[int]) -> str:
    letters = {**{i: at.letter(i, links | walks) for i in links}, **dict.fromkeys(walks, "G")}
    return "".join(letters.get(i, "r") for i in range(_size(at)))


def _size(at: _Crossing) -> int:
    return len(at.links) + len(at.walks)
