"""What the planner of customised buses is given and gives back; times UTC epoch s, places by number."""

from enum import StrEnum

import msgspec


class Reason(StrEnum):
    """Why a request is not met."""

    OUTSIDE_AREA = "outside_area"
    WINDOW_TOO_SHORT = "window_too_short"
    NO_CAPACITY = "no_capacity"
    NO_ACCESSIBLE_VEHICLE = "no_accessible_vehicle"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Riders to carry from one place to another."""

    id: str
    seats: int
    accessible: bool = False
    pickup: int
    dropoff: int
    """Rows in the matrix of travel times."""
    earliest: float
    """They are at the stop from then on."""
    latest: float
    """They want to be at the other stop by then."""
    longest: float
    """Longest time on board, s."""
    promised_pickup: float | None = None
    promised_dropoff: float | None = None
    """Latest times that were promised; None for a new request."""
    aboard: str = ""
    """Vehicle that has them on board, empty while they wait."""
    boarded: float = 0.0


class Bus(msgspec.Struct, frozen=True, kw_only=True):
    """A vehicle with its shift."""

    id: str
    seats: int
    accessible: bool = False
    place: int
    """Row where it is now."""
    available: float
    """From then on."""
    until: float
    heads_for: tuple[str, bool] | None = None
    """Visit to which it is driving: id of the job, and whether its riders get in there."""


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A bus lets riders of one request in or out."""

    job: str
    is_pickup: bool
    place: int
    time: float


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Visits of every bus in order, and the jobs that nobody takes."""

    visits: dict[str, tuple[Visit, ...]] = {}
    left_out: tuple[str, ...] = ()
