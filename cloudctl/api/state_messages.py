"""JSON messages that the other processes publish under `V2X/CLOUD`, as the gateway reads them.

Fields that the gateway does not know are left out, so that an older gateway can run beside a newer engine.
"""

from typing import TypeVar

import msgspec

from cloudctl.api.errors import StateMessageError

T = TypeVar("T")


class IncidentState(msgspec.Struct, frozen=True, kw_only=True):
    """One incident with its place in degrees; `event` is open, update or close."""

    incident_id: str
    kind: str
    started: float
    updated: float
    lon: float
    lat: float
    ended: float | None = None
    link: int = -1
    link_id: str = ""
    lane: int = -1
    tracks: tuple[int, ...] = ()
    confidence: float = 0.0
    evidence: str = ""
    figures: dict[str, float] = {}
    """What led to it, by name with the unit."""
    event: str = ""


class LotState(msgspec.Struct, frozen=True, kw_only=True):
    """Occupancy of one car park."""

    id: str
    name_zh: str = ""
    name_en: str = ""
    lon: float = 0.0
    lat: float = 0.0
    capacity: int | None = None
    occupied: int | None = None
    updated: float | None = None
    kind: str = ""
    trend: float = 0.0
    under_way: int = 0


class ParkingState(msgspec.Struct, frozen=True):
    """All car parks."""

    lots: tuple[LotState, ...] = ()


class DeviceState(msgspec.Struct, frozen=True, kw_only=True):
    """One roadside unit or vehicle terminal."""

    id: str
    kind: str = ""
    lon: float | None = None
    lat: float | None = None
    online: bool = False
    last_seen: float | None = None
    row: int | None = None
    """Device row in the trajectory frames."""
    rates: dict[str, float] = {}
    """Message name to messages a second."""
    refused: dict[str, int] = {}
    """Reason to messages refused since the start."""
    clock_offset_ms: float | None = None
    latency_ms_p50: float | None = None
    slow: tuple[str, ...] = ()
    """Streams that come at less than half their nominal rate."""
    missing: int = 0
    shed: int = 0
    clock_wrong: bool = False
    live: bool = True
    heartbeat: bool | None = None
    nominal: dict[str, float] = {}
    """Hz by stream."""


class DevicesState(msgspec.Struct, frozen=True):
    """All devices."""

    devices: tuple[DeviceState, ...] = ()
    epoch: int = 0
    """Life of the engine that the rows belong to."""


class Percentiles(msgspec.Struct, frozen=True):
    """Latency of one stage, ms."""

    p50: float | None = None
    p99: float | None = None


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What a process says of itself once a second."""

    process: str
    time: float
    pid: int = 0
    started: float = 0.0
    ready: bool = False
    counters: dict[str, float] = {}
    latency_ms: dict[str, Percentiles | None] = {}
    metrics: str = ""
    """Prometheus exposition text."""


def read_state(topic: str, payload: bytes, kind: type[T]) -> T:
    """Decode one message; raise StateMessageError naming the field at fault."""
    try:
        return msgspec.json.decode(payload, type=kind)
    except msgspec.MsgspecError as fault:
        raise StateMessageError(topic, str(fault)) from fault
