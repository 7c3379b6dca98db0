"""Advice to bus dispatch and the driver: what, why, what is expected of it, until when, and what became of it."""

from enum import StrEnum

import msgspec

from cloudctl.advice.advisory import Advisory, AdvisoryKind


class AdviceStatus(StrEnum):
    """How far an advice has come."""

    ADVISED = "advised"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DONE = "done"
    EXPIRED = "expired"
    """Its time was over before anybody said that it was done."""


OPEN = frozenset({AdviceStatus.ADVISED, AdviceStatus.ACCEPTED})


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What following the advice is expected to change; s, None where it says nothing."""

    headway_ahead_now: float | None = None
    headway_ahead_then: float | None = None
    headway_behind_now: float | None = None
    headway_behind_then: float | None = None
    delay: float = 0.0
    """By which the bus itself comes later."""


class DispatchAdvice(msgspec.Struct, frozen=True, kw_only=True):
    """One advice about one bus."""

    id: str
    kind: AdvisoryKind
    vehicle: str
    line: str
    direction: int
    pattern: str
    trip: str
    """Key of the dated trip, empty where none is known."""
    created: float
    valid_until: float
    """UTC epoch, s."""
    updated: float
    lon: float
    lat: float
    reason: str
    reason_code: str
    expected: Expected
    stop: str = ""
    """Where it applies; empty on the road."""
    seconds: float = 0.0
    """Time to hold beyond getting on and off, s."""
    until: float = 0.0
    """When to go on, UTC epoch s; 0 where it says nothing."""
    speed: float = 0.0
    """Speed to drive at most, m/s; 0 where it says nothing."""
    other: str = ""
    """The other bus that it speaks of, or the stop from which to go back."""
    status: AdviceStatus = AdviceStatus.ADVISED
    said_by: str = ""
    """Who gave the status: `driver`, or the account of dispatch."""

    @property
    def open(self) -> bool:
        """Whether it can still be followed."""
        return self.status in OPEN


TO_DRIVERS = frozenset({AdvisoryKind.BUS_HOLD, AdvisoryKind.BUS_SPEED, AdvisoryKind.BUS_SKIP})
"""Kinds that the terminal on board gets; the others are for dispatch, who calls the driver."""


def as_advisory(advice: DispatchAdvice) -> Advisory:
    """Say an advice to the terminal on board; content keys: vehicle, line, trip, stop, seconds, until, speed_mps."""
    return Advisory(
        id=advice.id,
        kind=advice.kind,
        target=f"obu:{advice.vehicle}",
        created=advice.created,
        valid_until=advice.valid_until,
        reason=advice.reason,
        reason_code=advice.reason_code,
        lon=advice.lon,
        lat=advice.lat,
        content={
            "vehicle": advice.vehicle,
            "line": advice.line,
            "trip": advice.trip,
            "stop": advice.stop,
            "seconds": advice.seconds,
            "until": advice.until,
            "speed_mps": advice.speed,
        },
    )
