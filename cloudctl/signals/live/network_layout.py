"""Layouts of controlled areas from the road network: programs by group, lanes, links, ways without lights.

A light of a program is a signal group, so that the state of a program is read off SPAT. Signals whose map has no
program, or one with fewer than two green stages, have no layout.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from cloudctl.signals.errors import ProgramError
from cloudctl.signals.layout import Layout, Roads
from cloudctl.signals.layout_build import Link, Way, build_layout
from cloudctl.signals.live.junction_lanes import crossing_lengths, crossing_names, crossing_rows
from cloudctl.signals.program import Phase, Program
from maps.network import Points, RoadNetwork

LETTERS = {0: "O", 1: "O", 2: "s", 3: "r", 4: "y", 5: "g", 6: "G", 7: "y", 8: "o"}
"""Letter of each LightState: flashing green (4) ends a green, as yellow does."""


def programs_of(network: RoadNetwork) -> dict[int, Program]:
    """Programs of all signals that can be controlled, by signal row; offset 0: it is not known when a cycle begins."""
    found: dict[int, Program] = {}
    for row in range(len(network.signals.id)):
        program = _program(network, row)
        if program is not None and len(program.greens) > 1:
            found[row] = program
    return found


def layout_of(network: RoadNetwork, programs: dict[int, Program], signals: Sequence[int]) -> Layout:
    """Layout of these signals (rows); those without a program or without an approach lane are left out.

    Its roads are the lanes of the network and, behind them, the ways across junctions.
    """
    lanes, names = network.lanes, crossing_names(network)
    length, speed = lanes.length.astype(np.float64), lanes.speed.astype(np.float64)
    before = network.connections.from_lane[crossing_rows(network)]
    roads = Roads(
        (*lanes.id.tolist(), *names.values()),
        np.maximum(np.concatenate([length, crossing_lengths(network)]), 1.0),
        np.maximum(np.concatenate([speed, speed[before]]), 1.0),
    )
    chosen = [row for row in signals if row in programs]
    links = {str(network.signals.id[row]): list(_links(network, programs[row], row, names)) for row in chosen}
    return build_layout(roads, [programs[row] for row in chosen], links, _open_ways(network, names))


def _program(network: RoadNetwork, row: int) -> Program | None:
    signals, table = network.signals, network.program
    steps = range(int(signals.program_start[row]), int(signals.program_start[row] + signals.program_count[row]))
    first, count = int(signals.group_start[row]), int(signals.group_count[row])
    if not steps or not count:
        return None
    crossings = np.flatnonzero(network.groups.pedestrian[first : first + count])
    try:
        return Program(
            str(signals.id[row]),
            tuple(_phase(network, step, count) for step in steps if table.duration[step] > 0),
            crossings=frozenset(crossings.tolist()),
        )
    except ProgramError:
        return None


def _phase(network: RoadNetwork, step: int, count: int) -> Phase:
    table = network.program
    start = int(table.state_start[step])
    state = "".join(LETTERS.get(code, "O") for code in network.program_states[start : start + count].tolist())
    duration, least, most = (float(column[step]) for column in (table.duration, table.minimum, table.maximum))
    return Phase(state, duration, least if 0 < least < duration else 0.0, most if most > duration else 0.0)


def _links(network: RoadNetwork, program: Program, row: int, names: Mapping[int, str]) -> Iterator[Link]:
    table, lanes = network.connections, network.lanes.id
    ways = np.flatnonzero((table.signal == row) & (table.group >= 0) & (table.from_lane >= 0) & (table.to_lane >= 0))
    first = int(network.signals.group_start[row])
    lights = (table.group[ways] - first).tolist()
    shapes = [network.shape(int(table.shape_start[way]), int(table.shape_count[way])) for way in ways.tolist()]
    sources = table.from_lane[ways].tolist()
    for place, way in enumerate(ways.tolist()):
        rivals = {
            str(lanes[sources[other]])
            for other in range(len(sources))
            if network.lanes.link[sources[other]] != network.lanes.link[sources[place]]
            and _gives_way(program, lights[place], lights[other])
            and _cross(shapes[place], shapes[other])
        }
        out = str(lanes[int(table.to_lane[way])])
        yield Link(str(lanes[sources[place]]), out, names.get(way, ""), lights[place], frozenset(rivals))


def _gives_way(program: Program, light: int, other: int) -> bool:
    """Whether a light yields in some row in which the other is protected."""
    return any(phase.state[light] == "g" and phase.state[other] == "G" for phase in program.phases)


def _cross(first: Points, second: Points) -> bool:
    """Whether two lines of points (n, 2) cross or end in the same place."""
    if len(first) < 2 or len(second) < 2:
        return False
    if float(np.hypot(*(first[-1] - second[-1]))) < 1.0:
        return True
    a, b = first[:-1, None, :], first[1:, None, :]
    c, d = second[None, :-1, :], second[None, 1:, :]
    apart = _side(a, b, c) * _side(a, b, d)
    return bool(((apart < 0) & (_side(c, d, a) * _side(c, d, b) < 0)).any())


def _side(a: Points, b: Points, p: Points) -> Points:
    found: Points = (b[..., 0] - a[..., 0]) * (p[..., 1] - a[..., 1]) - (b[..., 1] - a[..., 1]) * (
        p[..., 0] - a[..., 0]
    )
    return found


def _open_ways(network: RoadNetwork, names: Mapping[int, str]) -> Iterator[Way]:
    """Ways that no light is on, and those that lead on from where a light let vehicles in."""
    table, lanes = network.connections, network.lanes.id
    for way in np.flatnonzero((table.from_lane >= 0) & (table.to_lane >= 0)).tolist():
        via, out = names.get(way, ""), str(lanes[int(table.to_lane[way])])
        if table.group[way] < 0:
            yield Way(str(lanes[int(table.from_lane[way])]), out, via)
        elif via:
            yield Way(via, out, "")
