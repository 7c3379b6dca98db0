"""Merge surveyed MAP messages into a network: stop lines, lane widths, phase ids and the numbers of intersections.

A MAP link belongs to the network link that runs into an intersection in the same direction at the same place; lanes
pair from right to left. Everything else of the network stays: shapes away from the stop line, programs, names.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from maps.importers.report import Imported, ImportReport, count_tables
from maps.importers.v2x_map import layout_nodes
from maps.importers.v2x_map_drafts import LaneDraft, Layout, LinkDraft, direction
from maps.importers.v2x_map_records import MapConnection, MapLane, MapNode, Reference, read_nodes
from maps.network import Points, RoadNetwork, Turn
from maps.participants import VEHICLE_KINDS
from maps.signal_groups import regroup, renumber
from maps.stop_line_move import move_lane_ends

REACH = 25.0
"""Ends of a link in both sources are at most this far apart, m."""
HEADING = 0.5
"""Headings at the stop line differ by at most this, rad."""
LATERAL_WEIGHT = 3.0
"""A metre beside a link tells as much as so many metres along it: stop lines are moved more often than roads."""
_NEAR_SIGNAL = 60.0


@dataclass
class _Match:
    """What belongs together."""

    lanes: dict[int, LaneDraft] = field(default_factory=dict)
    """MAP lane by row of the network's lane."""
    nodes: dict[int, Reference] = field(default_factory=dict)
    """Number of the MAP node that the lane runs into."""
    signals: dict[int, Reference] = field(default_factory=dict)
    """Number of the MAP node by row of the network's signal."""


def merge_v2x_map(network: RoadNetwork, messages: Iterable[Mapping[str, object]], source: Path) -> Imported:
    """Network with what decoded MAP messages know better; the report counts what was paired and what was left out.

    Raises:
        MapSourceError: a message makes no sense; it names the part at fault.
    """
    report = ImportReport()
    nodes = [node for node in read_nodes(messages, source) if node.links]
    layout = layout_nodes(nodes, source, ImportReport(), network.plane)
    match = _match(network, nodes, layout, report)
    merged = move_lane_ends(network, {lane: draft.shape[-1] for lane, draft in match.lanes.items()}, report.dropped)
    merged = _with_widths(merged, match.lanes)
    merged = regroup(merged, _phases(network, match, layout, report), report.dropped)
    merged = renumber(merged, match.signals, report.dropped)
    merged = replace(merged, source=f"{network.source}; V2X MAP {source.name}, {len(match.signals)} intersections")
    report.counts = {
        **count_tables(merged),
        "matched_signals": len(match.signals),
        "matched_lanes": len(match.lanes),
    }
    return Imported(merged, report)


def _match(network: RoadNetwork, nodes: list[MapNode], layout: Layout, report: ImportReport) -> _Match:
    match = _Match()
    ends = _LinkEnds.of(network)
    for node in nodes:
        owners: Counter[int] = Counter()
        for link in layout.links:
            if link.end != node.reference or link.lanes[0].record is None:
                continue
            row = ends.find(link)
            if row is None:
                report.dropped["link_without_twin"] += 1
                continue
            owners[int(network.nodes.signal[network.links.to_node[row]])] += 1
            paired = _pair_lanes(network, row, link, report)
            match.lanes.update(paired)
            match.nodes.update(dict.fromkeys(paired, node.reference))
        signal = _signal(network, owners, layout.metres([node.position])[0])
        if signal is None:
            report.dropped["node_without_signal"] += 1
        else:
            match.signals[signal] = node.reference
    return match


@dataclass(frozen=True)
class _LinkEnds:
    """End and direction of the carriageway of every link."""

    points: Points
    angles: Points

    @classmethod
    def of(cls, network: RoadNetwork) -> "_LinkEnds":
        links = network.links
        last = links.shape_start + links.shape_count - 1
        vector = network.points[last] - network.points[last - 1]
        return cls(network.points[last], np.arctan2(vector[:, 1], vector[:, 0]))

    def find(self, link: LinkDraft) -> int | None:
        """Row of the link that ends where `link` ends, None where none does."""
        end = (link.lanes[0].shape[-1] + link.lanes[-1].shape[-1]) / 2
        angle = direction(*link.lanes[0].shape[-2:])
        gap = self.points - end
        turn = np.abs((self.angles - angle + np.pi) % (2 * np.pi) - np.pi)
        beside = np.abs(gap[:, 1] * np.cos(angle) - gap[:, 0] * np.sin(angle))
        along = np.abs(gap[:, 0] * np.cos(angle) + gap[:, 1] * np.sin(angle))
        cost = LATERAL_WEIGHT * beside + along + 10 * turn
        cost[(turn > HEADING) | (np.hypot(gap[:, 0], gap[:, 1]) > REACH)] = np.inf
        row = int(np.argmin(cost))
        return row if np.isfinite(cost[row]) else None


def _pair_lanes(network: RoadNetwork, row: int, link: LinkDraft, report: ImportReport) -> dict[int, LaneDraft]:
    """Pair lanes from right to left where both have as many, else each with the nearest that is still free."""
    lanes, links = network.lanes, network.links
    every = np.arange(links.lane_start[row], links.lane_start[row] + links.lane_count[row])
    own = every[lanes.allowed[every] & np.uint32(VEHICLE_KINDS) != 0]
    if len(own) == len(link.lanes):
        return dict(zip(own.tolist(), link.lanes, strict=True))
    report.dropped["lane_without_twin"] += abs(len(own) - len(link.lanes))
    ends = network.points[lanes.shape_start[own] + lanes.shape_count[own] - 1]
    theirs = np.array([draft.shape[-1] for draft in link.lanes])
    gaps = np.hypot(*(ends[:, None] - theirs[None]).transpose(2, 0, 1))
    found = {}
    for _ in range(min(gaps.shape)):
        mine, other = np.unravel_index(int(np.argmin(gaps)), gaps.shape)
        found[int(own[mine])] = link.lanes[int(other)]
        gaps[mine, :], gaps[:, other] = np.inf, np.inf
    return found


def _signal(network: RoadNetwork, owners: Counter[int], position: Points) -> int | None:
    """Signal that most of the links run into, else the nearest one."""
    known = [(count, row) for row, count in owners.items() if row >= 0]
    if known:
        return max(known)[1]
    signals = network.signals
    if not len(signals.x):
        return None
    distance = np.hypot(signals.x - position[0], signals.y - position[1])
    row = int(np.argmin(distance))
    return row if distance[row] <= _NEAR_SIGNAL else None


def _with_widths(network: RoadNetwork, lanes: dict[int, LaneDraft]) -> RoadNetwork:
    width = network.lanes.width.copy()
    for lane, draft in lanes.items():
        if draft.record is not None and draft.record.width:
            width[lane] = draft.width
    return replace(network, lanes=replace(network.lanes, width=width))


def _phases(network: RoadNetwork, match: _Match, layout: Layout, report: ImportReport) -> dict[int, int]:
    """PhaseID of every connection of the network that a MAP speaks of."""
    phases: dict[int, int] = {}
    connections = network.connections
    for row in np.flatnonzero(connections.signal >= 0).tolist():
        lane = int(connections.from_lane[row])
        draft = match.lanes.get(lane)
        if draft is None or draft.record is None or int(connections.signal[row]) not in match.signals:
            continue
        entry = _twin(network, row, draft.record, (match.nodes[lane], layout))
        if entry is None or entry.phase is None:
            report.dropped["connection_without_phase"] += 1
        else:
            phases[row] = entry.phase
    return phases


def _twin(network: RoadNetwork, row: int, record: MapLane, onward: tuple[Reference, Layout]) -> MapConnection | None:
    """Entry of a MAP lane that turns as a connection of the network does; of several the one that leads nearest."""
    node, layout = onward
    wanted = Turn(int(network.connections.turn[row]))
    turning = [entry for entry in record.connections if entry.turn is wanted]
    if turning:
        begin = network.points[network.lanes.shape_start[network.connections.to_lane[row]]]
        return min(turning, key=lambda entry: _gap(layout.onward(node, entry.remote, entry.lane), entry.lane, begin))
    silent = [entry for entry in record.connections if entry.turn is None]
    return silent[0] if silent and len({entry.phase for entry in silent}) == 1 else None


def _gap(link: LinkDraft | None, number: int | None, begin: Points) -> float:
    """Distance from where a lane of the MAP begins, m; inf where there is no such lane."""
    place = link.lane(number) if link else None
    if link is None or place is None:
        return np.inf
    return float(np.hypot(*(link.lanes[place].shape[0] - begin)))
