"""A journey from door to door, and what somebody asks for."""

from dataclasses import dataclass, field

WALK, BUS, SHUTTLE, CAR = "walk", "bus", "shuttle", "car"
MODES = (WALK, BUS, SHUTTLE, CAR)
Place = tuple[float, float]
"""Longitude and latitude, deg."""


@dataclass(frozen=True)
class Wish:
    """What is asked for."""

    start: Place
    goal: Place
    depart: float
    """UTC epoch, s; with `arrive_by` nobody sets out before."""
    modes: frozenset[str] = frozenset(MODES)
    walk_most: float = 1200.0
    """Longest single walk, m."""
    transfers: int = 3
    count: int = 5
    arrive_by: float | None = None
    """One wants to be there by then and to set out as late as possible; UTC epoch, s."""


@dataclass(frozen=True)
class Leg:
    """One part of a journey; times UTC epoch s."""

    mode: str
    start: Place
    end: Place
    departure: float
    arrival: float
    metres: float = 0.0
    line: str = ""
    trip: str = ""
    from_stop: str = ""
    to_stop: str = ""
    live: bool = False
    """Times are predicted, not planned."""
    lot: str = ""
    chance: float | None = None
    """Of a free place in the lot."""


@dataclass(frozen=True)
class Journey:
    """Legs that follow one another."""

    legs: tuple[Leg, ...] = field(default=())

    @property
    def departure(self) -> float:
        """When one leaves."""
        return self.legs[0].departure

    @property
    def arrival(self) -> float:
        """When one is there."""
        return self.legs[-1].arrival

    @property
    def transfers(self) -> int:
        """Changes from bus to bus."""
        return max(sum(leg.mode in (BUS, SHUTTLE) for leg in self.legs) - 1, 0)

    @property
    def walked(self) -> float:
        """Metres on foot."""
        return sum(leg.metres for leg in self.legs if leg.mode == WALK)

    @property
    def by_car(self) -> bool:
        """Whether it begins in a car."""
        return any(leg.mode == CAR for leg in self.legs)


def pareto(found: list[Journey], *, latest: bool = False) -> list[Journey]:
    """Journeys of which none is better by time, transfers and walk at once, the best time first.

    The better time is the earlier arrival; where the latest departure is wanted, the later departure.
    """
    kept: list[Journey] = []
    for journey in sorted(found, key=lambda one: (_time(one, latest=latest), one.transfers, one.walked)):
        beaten = any(
            other.by_car == journey.by_car
            and _time(other, latest=latest) <= _time(journey, latest=latest)
            and other.transfers <= journey.transfers
            and other.walked <= journey.walked + 1.0
            for other in kept
        )
        if not beaten:
            kept.append(journey)
    return kept


def _time(journey: Journey, *, latest: bool) -> float:
    return -journey.departure if latest else journey.arrival
