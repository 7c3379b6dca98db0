"""Signals and their groups from the traffic lights of a SUMO network."""

from dataclasses import dataclass, field

import numpy as np

from maps.importers.names import crossing_name, split_name
from maps.importers.report import ImportReport
from maps.importers.sumo_program import Partition, Step, partition, steps
from maps.importers.sumo_roads import Roads
from maps.importers.sumo_values import SumoValues
from maps.importers.sumo_xml import Attributes, SumoNet, SumoProgram
from maps.network import Bytes, Groups, Program, RoadClass, Signals

FIRST_NODE_ID = 256
"""NodeIDs 0..255 are for testing (T/CSAE 53-2020, DE_NodeID)."""
MAX_PHASES = 254
"""PhaseID 0 is unknown, 255 a permanent green (T/CSAE 53-2020, DE_PhaseID)."""


@dataclass
class SumoSignal:
    """One `tlLogic` with what connections say of it."""

    program: SumoProgram
    links: dict[int, bool] = field(default_factory=dict)
    """Whether pedestrians look at the link index."""
    nodes: dict[int, None] = field(default_factory=dict)
    """Rows of the nodes it controls, in the order found."""


@dataclass(frozen=True)
class SignalTables:
    """Finished tables but for positions, and the keys by which connections find their group."""

    signals: Signals
    groups: Groups
    program: Program
    states: Bytes
    rows: dict[str, int]
    """Row of each signal by the id of its `tlLogic`."""
    group_rows: dict[tuple[str, int], int]
    """Row of each group by `tlLogic` id and link index."""
    node_signal: dict[int, int]
    """Signal row by node row."""


def read_signals(values: SumoValues, net: SumoNet, roads: Roads, region: int, report: ImportReport) -> SignalTables:
    """Make one signal of each `tlLogic` that controls a connection; equal columns of states form a group."""
    found = _find(values, net, roads, report)
    if len(found) > 65536 - FIRST_NODE_ID:
        raise values.error("net", {}, f"{len(found)} signals are more than there are NodeIDs")
    parts = [_partition(values, signal) for signal in found.values()]
    cycles = [
        steps(values, signal.program, part.leaders, report) for signal, part in zip(found.values(), parts, strict=True)
    ]
    group_start = np.cumsum([0, *(len(part.leaders) for part in parts)])
    group_rows = {
        (name, index): int(start) + number
        for name, part, start in zip(found, parts, group_start[:-1], strict=True)
        for index, number in part.member.items()
    }
    program, states = _program(cycles)
    return SignalTables(
        _signals(found, parts, cycles, _names(net, roads, found), region),
        _groups(parts),
        program,
        states,
        {name: row for row, name in enumerate(found)},
        group_rows,
        {node: row for row, signal in enumerate(found.values()) for node in signal.nodes},
    )


def _find(values: SumoValues, net: SumoNet, roads: Roads, report: ImportReport) -> dict[str, SumoSignal]:
    found = {name: SumoSignal(program) for name, program in sorted(net.programs.items())}
    ends = dict(zip(roads.link_rows, roads.to_node, strict=True))
    for connection in net.connections:
        name = connection.get("tl")
        if name is None:
            continue
        if name not in found:
            report.dropped["light_without_program"] += 1
            continue
        origin = connection.get("from", "")
        pedestrian = origin.startswith(":")
        node = roads.node_rows.get(origin[1:].rpartition("_")[0]) if pedestrian else ends.get(origin)
        found[name].links[values.integer("connection", connection, "linkIndex")] = pedestrian
        if node is not None:
            found[name].nodes[node] = None
    used = {name: signal for name, signal in found.items() if signal.nodes}
    report.dropped["signal_without_connection"] += len(found) - len(used)
    report.dropped["spare_program"] += net.spare_programs
    return used


def _partition(values: SumoValues, signal: SumoSignal) -> Partition:
    part = partition(values, signal.program, signal.links)
    if len(part.leaders) > MAX_PHASES:
        owner = {"id": signal.program.id}
        raise values.error("tlLogic", owner, f"has {len(part.leaders)} groups, only {MAX_PHASES} PhaseIDs exist")
    return part


def _groups(parts: list[Partition]) -> Groups:
    return Groups(
        signal=np.array([row for row, part in enumerate(parts) for _ in part.leaders], np.int32),
        phase_id=np.array([number + 1 for part in parts for number in range(len(part.leaders))], np.int32),
        pedestrian=np.array([flag for part in parts for flag in part.pedestrian], bool),
    )


def _program(cycles: list[list[Step]]) -> tuple[Program, Bytes]:
    rows = [(row, step) for row, cycle in enumerate(cycles) for step in cycle]
    widths = [len(step.lights) for _, step in rows]
    table = Program(
        signal=np.array([row for row, _ in rows], np.int32),
        duration=np.array([step.duration for _, step in rows], np.float32),
        minimum=np.array([step.minimum for _, step in rows], np.float32),
        maximum=np.array([step.maximum for _, step in rows], np.float32),
        state_start=np.array(np.cumsum([0, *widths])[:-1], np.int32),
    )
    return table, np.array([light for _, step in rows for light in step.lights], np.uint8)


def _signals(
    found: dict[str, SumoSignal],
    parts: list[Partition],
    cycles: list[list[Step]],
    names: list[tuple[str, str]],
    region: int,
) -> Signals:
    groups, phases = [len(part.leaders) for part in parts], [len(cycle) for cycle in cycles]
    return Signals(
        id=np.array(list(found), str),
        region=np.full(len(found), region, np.int32),
        node_id=np.arange(FIRST_NODE_ID, FIRST_NODE_ID + len(found), dtype=np.int32),
        x=np.zeros(len(found)),
        y=np.zeros(len(found)),
        name_zh=np.array([zh for zh, _ in names], str),
        name_en=np.array([en for _, en in names], str),
        group_start=np.array(np.cumsum([0, *groups])[:-1], np.int32),
        group_count=np.array(groups, np.int32),
        program_start=np.array(np.cumsum([0, *phases])[:-1], np.int32),
        program_count=np.array(phases, np.int32),
    )


def _streets(roads: Roads) -> dict[int, list[tuple[str, str]]]:
    """Names of the links into each node, the most important first."""
    ranked: dict[int, list[tuple[int, int]]] = {}
    for link, node in enumerate(roads.to_node):
        rank = roads.road_class[link] or RoadClass.PATH
        ranked.setdefault(node, []).append((rank, link))
    return {node: [roads.names[link] for _, link in sorted(links)] for node, links in ranked.items()}


def _names(net: SumoNet, roads: Roads, found: dict[str, SumoSignal]) -> list[tuple[str, str]]:
    streets = _streets(roads)
    return [_name(net.junctions, signal, streets) for signal in found.values()]


def _name(
    junctions: list[Attributes], signal: SumoSignal, streets: dict[int, list[tuple[str, str]]]
) -> tuple[str, str]:
    own = next((name for node in signal.nodes if (name := junctions[node].get("name"))), "")
    derived = crossing_name([street for node in signal.nodes for street in streets.get(node, [])])
    return split_name(own) if own else derived if any(derived) else (signal.program.id, signal.program.id)
