"""What the gateway asks the engine for in an operator's name, and what the engine says of it once a second.

Commands: `publish_event`, `end_event`, `hold_signal`, `release_signal`, `open_corridor`, `close_corridor`. Each may be
given again with the same id: the engine then has what it had. Times are UTC epoch s.
"""

from enum import StrEnum

import msgspec

PUBLISH_EVENT, END_EVENT = "publish_event", "end_event"
HOLD_SIGNAL, RELEASE_SIGNAL = "hold_signal", "release_signal"
OPEN_CORRIDOR, CLOSE_CORRIDOR = "open_corridor", "close_corridor"


class WorkKind(StrEnum):
    """What an operator asked for."""

    EVENT = "event"
    HOLD = "hold"
    CORRIDOR = "corridor"


ORDERS: dict[WorkKind, tuple[str, str]] = {
    WorkKind.EVENT: (PUBLISH_EVENT, END_EVENT),
    WorkKind.HOLD: (HOLD_SIGNAL, RELEASE_SIGNAL),
    WorkKind.CORRIDOR: (OPEN_CORRIDOR, CLOSE_CORRIDOR),
}
"""Commands that begin and end each kind."""


class EventOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An event to be told to the devices of an area."""

    id: str
    revision: int
    """A higher one replaces what devices were told."""
    event_type: int
    """GB/T 29100 code, see `cloudctl.incidents.event_types`."""
    lon: float
    lat: float
    radius_m: float
    links: tuple[str, ...] = ()
    """Ids of links that it concerns, beside the circle."""
    text: str
    started: float
    until: float


class HoldOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Signals of which the platform requests nothing until then."""

    id: str
    revision: int
    signal: str
    until: float
    signals: tuple[str, ...] = ()
    """All of them, where it is more than the one."""

    @property
    def all_signals(self) -> tuple[str, ...]:
        """Every signal that is held, once each."""
        return tuple(dict.fromkeys((self.signal, *self.signals)))


class CorridorOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A way that is kept green ahead of an emergency vehicle."""

    id: str
    revision: int
    vehicle: str
    """Id of its terminal; without one it is reckoned to drive as planned."""
    links: tuple[str, ...]
    opened: float
    until: float


class WorkEnd(msgspec.Struct, frozen=True):
    """The end of any of them."""

    id: str


class EventState(msgspec.Struct, frozen=True, kw_only=True):
    """Who was told of an event. Vehicles are counted, never named."""

    id: str
    revision: int
    units: dict[str, str] = {}
    """Roadside unit to what became of the message: sent, accepted, rejected, ..., no_form."""
    vehicles: dict[str, int] = {}
    """What became of it to how many vehicles."""


class HoldState(msgspec.Struct, frozen=True, kw_only=True):
    """A hold that stands."""

    id: str
    revision: int
    held_back: int = 0
    """Requests that the platform would have made."""


class CorridorStop(msgspec.Struct, frozen=True, kw_only=True):
    """One signal on the way."""

    signal: str
    lon: float
    lat: float
    arrival: float
    """Expected at the stop line."""
    status: str
    """ahead, asked, granted, refused, held or passed."""


class CorridorState(msgspec.Struct, frozen=True, kw_only=True):
    """How far a corridor is."""

    id: str
    revision: int
    seen: bool = False
    """The vehicle is in the picture; else it is reckoned to drive as planned."""
    along_m: float = 0.0
    length_m: float = 0.0
    stops: tuple[CorridorStop, ...] = ()


class WorkState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the engine does for operators."""

    time: float
    epoch: int
    events: tuple[EventState, ...] = ()
    holds: tuple[HoldState, ...] = ()
    corridors: tuple[CorridorState, ...] = ()

    def revisions(self, kind: WorkKind) -> dict[str, int]:
        """Give the revision that the engine has of each work of a kind, by id."""
        listed: dict[WorkKind, tuple[EventState | HoldState | CorridorState, ...]] = {
            WorkKind.EVENT: self.events,
            WorkKind.HOLD: self.holds,
            WorkKind.CORRIDOR: self.corridors,
        }
        return {each.id: each.revision for each in listed[kind]}
