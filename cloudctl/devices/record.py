"""One device as the register knows it; the form in which it is published on `V2X/CLOUD/REGISTER/{id}`."""

import re
from enum import StrEnum

import msgspec

from ingest.uper.schema import Profile

DEVICE_ID = re.compile(r"[^/+#\x00-\x1f\x7f]{1,64}")
"""An id is one level of a topic."""

LEARNT = "auto"
"""Dialect of a device of which nobody has said how it is to be spoken to."""


class DeviceType(StrEnum):
    """Kind of a device; the last three stand on a light pole only."""

    RSU = "rsu"
    OBU = "obu"
    RADAR = "radar"
    CAMERA = "camera"
    LIGHT_POLE = "light_pole"
    PARKING_SENSOR = "parking_sensor"
    SIGNAL_CONTROLLER = "signal_controller"
    LAMP = "lamp"
    SCREEN = "screen"
    ENVIRONMENT_SENSOR = "environment_sensor"


class DeviceStatus(StrEnum):
    """Whether a device may take part."""

    PENDING = "pending"
    """Heard of, not yet approved: what it sends is read and counted, and stays out of the picture."""
    APPROVED = "approved"
    BLOCKED = "blocked"
    RETIRED = "retired"


class CoordinateSystem(StrEnum):
    """In which a device gives positions. GCJ-02 is shifted by some 660 m in Changsha."""

    WGS84 = "WGS-84"
    CGCS2000 = "CGCS2000"
    GCJ02 = "GCJ-02"


class DeviceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One record. Times are UTC epoch s, the place is WGS-84 deg, elevation m, rates Hz by name of the stream."""

    id: str
    kind: DeviceType
    status: DeviceStatus
    name: str | None = None
    parent: str | None = None
    """The light pole on which it stands."""
    groups: list[str] = []
    lon: float | None = None
    lat: float | None = None
    elevation: float | None = None
    coordinate_system: CoordinateSystem = CoordinateSystem.WGS84
    profile: Profile = Profile.V4
    dialect: str = LEARNT
    """In which it is spoken to; `auto`: in the one in which it speaks."""
    organisation: str | None = None
    district: str | None = None
    lawful_basis: str | None = None
    nominal_rates: dict[str, float] = {}
    map_etag: str | None = None
    signal_control: str | None = None
    """What the unit last said of its signal controller: `stages` where it takes stages. Never edited."""
    created: float = 0.0
    updated: float = 0.0
    approved_by: str | None = None
    approved_at: float | None = None
    revision: int = 1
    """Rises with every change."""


def type_of_kind(kind: str) -> DeviceType | None:
    """Give the type of a device that the engine calls by this kind (`DeviceKind`, small letters)."""
    if kind == "lot":
        return DeviceType.PARKING_SENSOR
    try:
        return DeviceType(kind)
    except ValueError:
        return None
