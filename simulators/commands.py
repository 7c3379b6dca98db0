"""Orders to the simulated city: what a driver, a signal controller or the scenario does next."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SetSpeed:
    """Drive at most this fast until told otherwise; never above the limit."""

    vehicle: str
    mps: float | None
    """Target speed, m/s; None ends the advice."""


@dataclass(frozen=True)
class SetRoute:
    """Follow these links to the end of the trip or back onto the old route."""

    vehicle: str
    links: tuple[str, ...]
    """Ids of the links, the vehicle's current link first."""


@dataclass(frozen=True)
class ParkAt:
    """Drive to this car park instead of the present goal."""

    vehicle: str
    car_park: str


@dataclass(frozen=True)
class HoldAtStop:
    """Stay at the stop where the bus stands, or at the next one, until a moment."""

    vehicle: str
    until: float
    """UTC epoch, s."""


@dataclass(frozen=True)
class EnterVan:
    """Put a bus on demand beside the road at a stop; one that is there stays as it is."""

    vehicle: str
    stop: str


@dataclass(frozen=True)
class DriveToStop:
    """Let a bus on demand drive to a stop and wait there beside the road."""

    vehicle: str
    stop: str


@dataclass(frozen=True)
class RequestPriority:
    """Give a signal group green when a vehicle arrives, by a longer or an earlier green."""

    request_id: str
    signal: str
    phase_id: int
    arrival: float
    """UTC epoch at which the vehicle will reach the stop line, s."""
    max_seconds: float
    """Largest change of any green, s."""


@dataclass(frozen=True)
class ControlStage:
    """Go to the stage in which just these signal groups are green; without another the plan comes back."""

    command_id: str
    signal: str
    phase_ids: tuple[int, ...]
    valid_for: float
    """s"""


@dataclass(frozen=True)
class BlockLane:
    """Let a passing vehicle break down on a lane."""

    lane: str
    position: float
    """Distance from the start of the lane, m."""
    duration: float
    """s"""


@dataclass(frozen=True)
class ClearLane:
    """End the breakdown on a lane."""

    lane: str


@dataclass(frozen=True)
class Stop:
    """End the simulation."""


Command = (
    SetSpeed | HoldAtStop | SetRoute | ParkAt | EnterVan | DriveToStop | RequestPriority | ControlStage | BlockLane
    | ClearLane | Stop
)  # fmt: skip


@dataclass(frozen=True)
class CommandResult:
    """What became of a command."""

    command: Command
    accepted: bool
    reason: str = ""
    """Why it was refused, one sentence; empty when accepted, but for what a controller reports of a stage."""
    strategy: str = ""
    """`extension`, `early_green` or `none` (green anyway) for a granted priority request."""
