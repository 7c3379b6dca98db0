"""What dispatch can do beyond holding: let a bus skip a stop, turn it short, swap buses, wait for a connection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cloudctl.advice.advisory import AdvisoryKind
from cloudctl.transit.desk import BusNow
from cloudctl.transit.findings import FindingKind, LineFinding

FULL = 0.9
"""Share of the capacity at which a bus is full."""
SKIP_WITHIN = 150.0
"""A bus skips a stop only where the next comes there this soon, s."""
SHORT_TURN_LATE = 1.5
"""Lateness in planned headways from which turning short helps the other direction."""
LEAST_LATE = 300.0
"""s"""
CONNECTION_WAIT = 120.0
"""A bus waits for a connection no longer, s."""
TRANSFER = 60.0
"""Time to change, s."""


@dataclass(frozen=True)
class Measure:
    """One thing to do about one bus."""

    kind: AdvisoryKind
    vehicle: str
    stop: str
    other: str
    reason: str
    code: str
    seconds: float = 0.0


@dataclass(frozen=True)
class Connection:
    """Passengers of a trunk line (metro, rapid bus) want to change to a line at a stop."""

    stop: str
    line: str
    arrival: float
    """Of the trunk line, UTC epoch s."""
    trunk: str


def skip_stop(bus: BusNow, capacity_share: float | None) -> Measure | None:
    """Let a full bus that another one follows closely pass its next stop."""
    headway, pattern, number = bus.headway, bus.pattern, bus.next_stop
    if capacity_share is None or capacity_share < FULL or headway is None or headway.behind is None:
        return None
    if bus.stands_since is not None or not 0 < number < len(pattern.stops) - 1 or headway.behind > SKIP_WITHIN:
        return None
    reason = f"{capacity_share:.0%} full, and {headway.vehicle_behind} comes {headway.behind:.0f} s later"
    return Measure(
        AdvisoryKind.BUS_SKIP, bus.run.vehicle, pattern.stops[number], headway.vehicle_behind or "", reason,
        "dispatch.full_and_followed",
    )  # fmt: skip


def short_turn(bus: BusNow) -> Measure | None:
    """Turn a very late bus back before the end of its way where the next one is close behind."""
    headway, pattern, number = bus.headway, bus.pattern, bus.next_stop
    if bus.late is None or headway is None or headway.planned is None or headway.behind is None:
        return None
    if bus.late < max(SHORT_TURN_LATE * headway.planned, LEAST_LATE) or headway.behind > 0.5 * headway.planned:
        return None
    if not len(pattern.stops) // 2 <= number < len(pattern.stops) - 1:
        return None
    reason = (
        f"{bus.late:.0f} s late, and {headway.vehicle_behind} comes {headway.behind:.0f} s later: "
        "turning back here fills the gap of the other direction"
    )
    return Measure(
        AdvisoryKind.BUS_SHORT_TURN, bus.run.vehicle, pattern.stops[number], headway.vehicle_behind or "", reason,
        "dispatch.late_and_followed",
    )  # fmt: skip


def swaps(findings: Sequence[LineFinding], buses: Mapping[str, BusNow]) -> list[Measure]:
    """Let the bus behind take over from one that broke down."""
    found = []
    for finding in findings:
        bus = buses.get(finding.vehicle)
        if finding.kind is not FindingKind.BREAKDOWN or bus is None or bus.headway is None:
            continue
        behind = bus.headway.vehicle_behind
        if behind is not None:
            reason = f"it {finding.reason}; {behind} can take its passengers over"
            code = "dispatch.breakdown"
            found.append(Measure(AdvisoryKind.BUS_SWAP, finding.vehicle, "", behind, reason, code))
    return found


def wait_for_connection(bus: BusNow, connections: Sequence[Connection], now: float) -> Measure | None:
    """Hold a bus that stands at a stop until those who change from a trunk line are on board."""
    if bus.stands_since is None or bus.next_stop >= len(bus.pattern.stops):
        return None
    stop = bus.pattern.stops[bus.next_stop]
    for each in connections:
        wait = each.arrival + TRANSFER - now
        if each.stop == stop and each.line in ("", bus.pattern.line) and 0.0 < wait <= CONNECTION_WAIT:
            reason = f"{each.trunk} arrives {each.arrival - now:.0f} s from now, and people change here"
            code = "dispatch.connection"
            return Measure(AdvisoryKind.BUS_CONNECTION, bus.run.vehicle, stop, each.trunk, reason, code, wait)
    return None
