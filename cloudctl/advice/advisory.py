"""An advisory: what the platform recommends, to whom, why and until when. Advice, never control."""

from enum import StrEnum

import msgspec


class AdvisoryKind(StrEnum):
    """What is advised (建议类型)."""

    GLOSA = "glosa"
    """Green-wave speed (绿波车速) to a vehicle."""
    CONGESTION = "congestion"
    """Congestion event (拥堵提醒) to the roadside units upstream."""
    DIVERSION = "diversion"
    """Route around an incident or a congested link (绕行) to a vehicle."""
    BUS_PRIORITY = "bus_priority"
    """Request for signal priority (公交优先) to a signal."""
    PARKING = "parking"
    """Car park to go to (停车诱导) to a vehicle."""
    EVENT = "event"
    """Traffic event that an operator published (交通事件) to roadside units and vehicles."""
    BUS_HOLD = "bus_hold"
    """Wait at a stop (驻站) to a bus."""
    BUS_SPEED = "bus_speed"
    """Drive more slowly to the next stop (控速) to a bus."""
    BUS_SKIP = "bus_skip"
    """Pass the next stop (越站) to a bus."""
    BUS_SHORT_TURN = "bus_short_turn"
    """Turn back before the end of the way (区间掉头), for dispatch."""
    BUS_SWAP = "bus_swap"
    """Another bus takes over (换车), for dispatch."""
    BUS_CONNECTION = "bus_connection"
    """Wait for a connection (接驳等候), for dispatch."""


class Advisory(msgspec.Struct, frozen=True, kw_only=True):
    """One advisory as it travels, is stored and is shown."""

    id: str
    """Unique; an update of the same advice carries a new id and the old one in `replaces`."""
    kind: AdvisoryKind
    target: str
    """`obu:{vid}`, `rsu:{esn}` or `signal:{id}`."""
    created: float
    """UTC epoch, s."""
    valid_until: float
    """UTC epoch, s."""
    reason: str
    """One English sentence with the figures behind it."""
    reason_code: str
    """Stable code of the reason, which the user interface translates."""
    lon: float
    lat: float
    """Where it applies, deg, WGS-84."""
    content: dict[str, object]
    """What is advised; keys by kind, in the docstring of the file that makes it."""
    replaces: str | None = None
