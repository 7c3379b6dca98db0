"""What one SPAT, alone or beside its MAP, may look like.

Stateless. The rules are those of the US DOT's conflict monitor (usdot-jpo-ode/jpo-conflictmonitor), with the lights of
T/CSAE 53-2020 in the order of Chinese signals: green, flashing green, yellow, red.
"""

from collections.abc import Iterator
from itertools import combinations
from math import atan2, cos, degrees, radians

from ingest.messages.enumerations import LightState
from ingest.messages.map_data import Link, MapData, Node
from ingest.messages.spat import IntersectionState, Phase, PhaseState, TimeCountingDown, UTCTiming

_DARK, _FLASHING_YELLOW = LightState.DARK.code, LightState.FLASHING_YELLOW.code
_RED, _YELLOW = LightState.RED.code, LightState.YELLOW.code
_FLASHING_RED, _FLASHING_GREEN = LightState.FLASHING_RED.code, LightState.FLASHING_GREEN.code
_GREENS = frozenset({LightState.PERMISSIVE_GREEN.code, LightState.PROTECTED_GREEN.code})
_OUT_OF_ORDER = frozenset({LightState.UNAVAILABLE.code, _DARK, _FLASHING_YELLOW, _FLASHING_RED})
"""A signal may enter and leave these from and to any light."""

LEGAL_NEXT: dict[int, frozenset[int]] = {
    _RED: _GREENS,
    _YELLOW: frozenset({_RED}),
    _FLASHING_GREEN: frozenset({_YELLOW, _RED}),
    LightState.PERMISSIVE_GREEN.code: _GREENS | {_FLASHING_GREEN, _YELLOW},
    LightState.PROTECTED_GREEN.code: _GREENS | {_FLASHING_GREEN, _YELLOW},
}
"""Lights that may follow a light. Flashing green before red is how lights for people on foot end."""

LONGEST_MARK = 36_000
"""Marks from here on say: more than an hour, or unknown."""
_LEAST_ANGLE = 3.0
_HOUR = 36_000


def is_legal_change(before: int, after: int, *, walking: bool = False) -> bool:
    """Tell whether a light (DE_LightState) may be followed by another; where people walk, red may follow green."""
    if before == after or before in _OUT_OF_ORDER or after in _OUT_OF_ORDER:
        return True
    if walking and before in _GREENS and after == _RED:
        return True
    return after in LEGAL_NEXT.get(before, frozenset())


def current_state(phase: Phase) -> PhaseState:
    """Get the light that a phase shows now: the first that has begun, else the first of the list."""
    for state in phase.phase_states:
        counting = None if state.timing is None else state.timing.counting
        if counting is None or counting.start_time == 0:
            return state
    return phase.phase_states[0]


def end_order_fault(state: PhaseState) -> str | None:
    """Say which end times of a light are not in the order min <= likely <= max, None where they are."""
    timing = state.timing
    if timing is None:
        return None
    parts = _counting(timing.counting) if timing.counting is not None else _clock(timing.utc_timing)
    known = [(name, mark) for name, mark in parts if mark is not None and mark < LONGEST_MARK]
    for (name, mark), (other, later) in combinations(known, 2):
        if mark > later:
            return f"{name} {mark * 0.1:g} s is after {other} {later * 0.1:g} s"
    return None


def _counting(timing: TimeCountingDown) -> list[tuple[str, int | None]]:
    return [
        ("startTime", timing.start_time),
        ("minEndTime", timing.min_end_time),
        ("likelyEndTime", timing.likely_end_time),
        ("maxEndTime", timing.max_end_time),
    ]


def _clock(timing: UTCTiming | None) -> list[tuple[str, int | None]]:
    """Marks of the hour as tenths of a second after the start: a mark before it is in the next hour."""
    if timing is None or timing.start_utc_time >= LONGEST_MARK:
        return []
    start = timing.start_utc_time
    marks = [
        ("minEndUTCTime", timing.min_end_utc_time),
        ("likelyEndUTCTime", timing.likely_end_utc_time),
        ("maxEndUTCTime", timing.max_end_utc_time),
    ]
    return [(name, None if mark is None or mark >= LONGEST_MARK else (mark - start) % _HOUR) for name, mark in marks]


def missing_data(state: IntersectionState, *, timed: bool) -> str | None:
    """Say what an intersection lacks of the least a SPAT must tell, None where nothing.

    `timed`: the message itself says its time.
    """
    if state.time_stamp is None and not timed:
        return "neither the message nor the intersection says its time"
    untimed = [str(phase.id) for phase in state.phases if current_state(phase).timing is None]
    return f"phases {', '.join(untimed)} do not say when their light ends" if untimed else None


def phases_of_node(node: Node) -> frozenset[int]:
    """List the phases that the MAP of an intersection names; 0 and 255 (unknown, always green) are no phases."""
    return frozenset(phase for _, _, phase in _movements(node)) - {0, 255}


def walking_phases(node: Node) -> frozenset[int]:
    """List the phases that only crossings of the MAP name."""
    walkers: set[int] = set()
    others: set[int] = set()
    for link in node.in_links or ():
        others.update(movement.phase_id for movement in link.movements or () if movement.phase_id is not None)
        for lane in link.lanes:
            attributes = lane.lane_attributes
            crossing = attributes is not None and attributes.lane_type.crosswalk is not None
            named = (connection.phase_id for connection in lane.connects_to or ())
            (walkers if crossing else others).update(phase for phase in named if phase is not None)
    return frozenset(walkers - others)


def alignment_fault(named: frozenset[int], state: IntersectionState) -> str | None:
    """Say how the phases of a SPAT differ from those its MAP names, None where they agree."""
    shown = {phase.id for phase in state.phases} - {0, 255}
    extra, absent = sorted(shown - named), sorted(named - shown)
    parts = [f"phases {extra} are not in MAP"] * bool(extra) + [f"phases {absent} of MAP are not in SPAT"] * bool(
        absent
    )
    return "; ".join(parts) or None


def conflicting_phases(node: Node) -> frozenset[tuple[int, int]]:
    """List pairs of phases whose movements cross, (lower, higher), from the geometry of the MAP.

    A movement is a chord between the place where it enters the intersection and the one where it leaves; two cross
    when their ends alternate around it. Traffic keeps to the right: it enters on the left of a road's axis as seen
    from the middle of the intersection, and leaves on the right. Movements that merge are not counted.
    """
    bearings = {link.upstream_node_id.key: bearing for link, bearing in _bearings(node)}
    chords = [
        (entry - _LEAST_ANGLE, bearings[remote] + _LEAST_ANGLE, phase, entry)
        for entry, remote, phase in _movements(node)
        if remote in bearings and phase not in {0, 255}
    ]
    return frozenset(
        (min(a[2], b[2]), max(a[2], b[2]))
        for a, b in combinations(chords, 2)
        if a[2] != b[2] and a[3] != b[3] and _cross(a[:2], b[:2])
    )


def conflicting_greens(conflicts: frozenset[tuple[int, int]], state: IntersectionState) -> list[tuple[int, int]]:
    """List the pairs of conflicting phases that both show protected green."""
    green = {phase.id for phase in state.phases if current_state(phase).light_code == LightState.PROTECTED_GREEN.code}
    return sorted(pair for pair in conflicts if green.issuperset(pair))


def nodes_by_key(message: MapData) -> Iterator[tuple[tuple[int, int], Node]]:
    """Yield (region, id) and node of every intersection of a MAP."""
    for node in message.nodes:
        yield node.id.key, node


def _cross(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Tell whether two chords of a circle, by the bearings of their ends, cross."""
    start, end = one
    span = (end - start) % 360.0
    inside = [0.0 < (point - start) % 360.0 < span for point in other]
    return inside[0] != inside[1]


def _movements(node: Node) -> Iterator[tuple[float, tuple[int, int], int]]:
    """Yield bearing of the approach, far node and phase of every movement over the stop line."""
    for link, bearing in _bearings(node):
        for movement in link.movements or ():
            if movement.phase_id is not None:
                yield bearing, movement.remote_intersection.key, movement.phase_id
        for lane in link.lanes:
            for connection in lane.connects_to or ():
                if connection.phase_id is not None:
                    yield bearing, connection.remote_intersection.key, connection.phase_id


def _bearings(node: Node) -> Iterator[tuple[Link, float]]:
    """Yield the approaches with the bearing (deg) from which they come; those without points count as north."""
    shrink = cos(radians(node.ref_pos.lat * 1e-7))
    for link in node.in_links or ():
        points = link.points or next((lane.points for lane in link.lanes if lane.points), None) or ()
        places = [point.pos_offset.offset_ll.resolve_e7(node.ref_pos) for point in points]
        deltas = [
            ((place[0] - node.ref_pos.long) * shrink, place[1] - node.ref_pos.lat)
            for place in places
            if place is not None
        ]
        east, north = max(deltas, key=lambda delta: delta[0] ** 2 + delta[1] ** 2, default=(0.0, 1))
        yield link, degrees(atan2(east, north)) % 360.0
