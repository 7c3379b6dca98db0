"""Give signals and their groups the numbers by which MAP and SPAT know them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from maps.network import Ints, RoadNetwork

MAX_PHASE = 254
"""PhaseID 255 is a permanent green (T/CSAE 53-2020, DE_PhaseID)."""


@dataclass(frozen=True)
class _Group:
    """Group of one signal under construction."""

    phase: int
    old: int
    """Row of the old group whose lights it shows."""


def regroup(network: RoadNetwork, phases: Mapping[int, int], dropped: Counter[str]) -> RoadNetwork:
    """Network whose connections (rows) belong to groups of the given PhaseIDs.

    Groups are split and joined as the phases ask; a group shows the lights of the old group that most of its
    connections had. A group that no phase speaks of keeps its PhaseID where that is still free.
    """
    connections = network.connections
    asked = np.full(len(connections.group), -1, np.int32)
    asked[list(phases)] = list(phases.values())
    group, crossing = connections.group.copy(), network.crossings.group.copy()
    made: list[list[_Group]] = []
    first = 0
    for signal in range(len(network.signals.id)):
        own = np.flatnonzero((connections.signal == signal) & (connections.group >= 0))
        _follow(asked, connections.group, own)
        kept = _kept(network, signal, own[asked[own] < 0])
        groups = _phase_groups(asked[own], connections.group[own])
        groups += _keep(network, kept, {entry.phase for entry in groups}, dropped)
        rows = {entry.phase: first + row for row, entry in enumerate(groups)}
        stay = {entry.old: rows[entry.phase] for entry in groups if entry.old in kept and entry.phase not in asked[own]}
        for row in own.tolist():
            group[row] = rows[int(asked[row])] if asked[row] >= 0 else stay[int(connections.group[row])]
        for row in np.flatnonzero(np.isin(network.crossings.group, list(kept))).tolist():
            crossing[row] = stay[int(network.crossings.group[row])]
        made.append(groups)
        first += len(groups)
    moved = replace(
        network,
        connections=replace(connections, group=group),
        crossings=replace(network.crossings, group=crossing),
    )
    return _with_groups(moved, made)


def renumber(network: RoadNetwork, numbers: Mapping[int, tuple[int, int]], dropped: Counter[str]) -> RoadNetwork:
    """Network whose signals (rows) have the given region and node id; others that had these get free ones."""
    region, node_id = network.signals.region.copy(), network.signals.node_id.copy()
    for row, (own_region, own_id) in numbers.items():
        region[row], node_id[row] = own_region, own_id
    taken = set(numbers.values())
    for row in range(len(region)):
        if row in numbers:
            continue
        number = int(node_id[row])
        while (int(region[row]), number) in taken:
            number = (number + 1) % 65536
        dropped["node_id_taken_by_map"] += number != node_id[row]
        node_id[row] = number
        taken.add((int(region[row]), number))
    return replace(network, signals=replace(network.signals, region=region, node_id=node_id))


def _follow(asked: Ints, group: Ints, own: NDArray[np.int64]) -> None:
    """Let silent connections of one signal go where most of their group goes."""
    for row in own[asked[own] < 0].tolist():
        told = [int(asked[other]) for other in own.tolist() if group[other] == group[row] and asked[other] >= 0]
        if told:
            asked[row] = Counter(told).most_common(1)[0][0]


def _kept(network: RoadNetwork, signal: int, silent: NDArray[np.int64]) -> set[int]:
    """Old groups of a signal that connections without a phase or crossings still look at."""
    first, count = int(network.signals.group_start[signal]), int(network.signals.group_count[signal])
    lit = network.crossings.group[(network.crossings.group >= first) & (network.crossings.group < first + count)]
    pedestrian = first + np.flatnonzero(network.groups.pedestrian[first : first + count])
    return set(network.connections.group[silent].tolist()) | set(lit.tolist()) | set(pedestrian.tolist())


def _phase_groups(asked: Ints, groups: Ints) -> list[_Group]:
    phases = sorted(set(asked[asked >= 0].tolist()))
    return [_Group(phase, Counter(groups[asked == phase].tolist()).most_common(1)[0][0]) for phase in phases]


def _keep(network: RoadNetwork, kept: set[int], taken: set[int], dropped: Counter[str]) -> list[_Group]:
    made = []
    for old in sorted(kept):
        phase = int(network.groups.phase_id[old])
        if phase in taken:
            dropped["phase_taken_by_map"] += 1
            phase = next((free for free in range(1, MAX_PHASE + 1) if free not in taken), MAX_PHASE)
        taken.add(phase)
        made.append(_Group(phase, old))
    return made


def _with_groups(network: RoadNetwork, made: list[list[_Group]]) -> RoadNetwork:
    signals, program = network.signals, network.program
    counts = np.array([len(groups) for groups in made], np.int32)
    every = [entry for groups in made for entry in groups]
    old = np.array([entry.old for entry in every], np.int32)
    starts, lights = program.state_start.copy(), []
    used = 0
    for step, signal in enumerate(program.signal.tolist()):
        places = [entry.old - int(signals.group_start[signal]) for entry in made[signal]]
        begin = int(program.state_start[step])
        lights.append(network.program_states[begin : begin + int(signals.group_count[signal])][places])
        starts[step] = used
        used += len(places)
    groups = replace(
        network.groups,
        signal=np.repeat(np.arange(len(made), dtype=np.int32), counts),
        phase_id=np.array([entry.phase for entry in every], np.int32),
        pedestrian=network.groups.pedestrian[old],
    )
    start = (np.cumsum(counts) - counts).astype(np.int32)
    return replace(
        network,
        signals=replace(signals, group_start=start, group_count=counts),
        groups=groups,
        program=replace(program, state_start=starts),
        program_states=np.concatenate([*lights, np.empty(0, np.uint8)]).astype(np.uint8),
    )
