"""Orders and warnings to roadside units that the standard lacks: CONFIG, MNG, CWM, CGW, RDW, OSW, SSW of OpenV2X.

| message | what it says |
|---|---|
| CONFIG | which messages the unit uploads: sample mode and rate, most messages a second, filters |
| MNG | heartbeat and running-info intervals (s), log level, restart, another address of the platform |
| CWM | two road users are about to collide |
| CGW | a lane is congested |
| RDW, OSW, SSW | vehicles that drive the wrong way, too fast, too slowly |

Positions are {lat, lon, ele} in 1e-7 deg and 0.1 m, speeds 0.02 m/s, headings 0.0125 deg, as in the standard.
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, field

from ingest.messages.common import DeviceId, DSecond, Elevation, Latitude, Longitude, Wire
from ingest.messages.rsi import SequenceNumber

Limit = Annotated[int, Meta(ge=0, le=10_000)]
"""Messages a second; 0: no limit."""
Filters = Annotated[list[dict[str, object]], Meta(max_length=64)]
Interval = Annotated[int, Meta(ge=1, le=86_400)]
"""s"""
Level = Annotated[int, Meta(ge=1, le=3)]


class SampleMode(StrEnum):
    """Which vehicles' messages are uploaded."""

    ALL = "ByAll"
    BY_ID = "ByID"


class BsmConfig(Wire, frozen=True):
    """Upload of BSM."""

    sample_mode: SampleMode = SampleMode.ALL
    sample_rate: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    """0.01 %."""
    up_limit: Limit | None = None
    up_filters: Filters | None = None


class UploadConfig(Wire, frozen=True):
    """Upload of one type of message."""

    up_limit: Limit | None = None
    up_filters: Filters | None = None


class MapConfig(Wire, frozen=True):
    """Upload and version of MAP."""

    map_slice: str | None = None
    e_tag: str | None = field(default=None, name="eTag")
    up_limit: Limit | None = None
    up_filters: Filters | None = None


class RsuConfig(Wire, frozen=True):
    """CONFIG."""

    bsm_config: BsmConfig | None = None
    rsi_config: UploadConfig | None = None
    rsm_config: UploadConfig | None = None
    spat_config: UploadConfig | None = None
    map_config: MapConfig | None = None
    seq_num: SequenceNumber | None = None
    ack: bool | None = None


class AddressChange(Wire, frozen=True):
    """Another address of the platform, from `time` (UTC epoch s) on; at once where it is left out."""

    css_url: Annotated[str, Meta(min_length=1, max_length=255)]
    time: int | None = None


class LogLevel(StrEnum):
    """What a unit writes to its log."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"
    NONE = "NOLog"


class Reboot(StrEnum):
    """Whether a unit restarts."""

    NO = "not_reboot"
    YES = "reboot"


class Management(Wire, frozen=True):
    """MNG."""

    heartbeat_rate: Interval | None = None
    running_info_rate: Interval | None = None
    log_level: LogLevel | None = None
    reboot: Reboot = Reboot.NO
    address_chg: AddressChange | None = None
    extend_config: Annotated[str, Meta(max_length=4096)] | None = None
    seq_num: SequenceNumber | None = None
    ack: bool | None = None


class Place(Wire, frozen=True):
    """A position as OpenV2X writes it."""

    lat: Latitude
    lon: Longitude
    ele: Elevation | None = None


class BodySize(Wire, frozen=True):
    """Length and width, cm."""

    length: Annotated[int, Meta(ge=0, le=4095)]
    width: Annotated[int, Meta(ge=0, le=1023)]


class Kinematics(Wire, frozen=True):
    """Speed (0.02 m/s), acceleration (0.01 m/s2), turn (0.01 deg/s)."""

    speed: Annotated[int, Meta(ge=0, le=8191)]
    accelerate: int = 0
    angular_speed: int = 0


class Colliding(Wire, frozen=True):
    """One of two road users that are about to collide."""

    ego_id: DeviceId
    ego_pos: Place
    heading: Annotated[int, Meta(ge=0, le=28800)]
    size: BodySize
    kinematics_info: Kinematics


class Collision(Wire, frozen=True):
    """Two road users."""

    event_type: Annotated[int, Meta(ge=0, le=255)]
    collision_type: Annotated[int, Meta(ge=0, le=255)]
    sec_mark: DSecond
    ego_info: Colliding
    other_info: Colliding


class CollisionWarning(Wire, frozen=True):
    """CWM."""

    target_rsu: DeviceId = field(name="targetRSU")
    sensor_pos: Place
    content: Annotated[list[Collision], Meta(min_length=1, max_length=64)]


class CongestedLane(Wire, frozen=True):
    """One lane: level 1 to 3, mean speed km/h."""

    lane_id: int
    level: Level
    avg_speed: Annotated[float, Meta(ge=0)]
    start_point: Place
    end_point: Place


class Congestion(Wire, frozen=True):
    """One congested lane at one time."""

    sec_mark: DSecond
    congestion_lanes_info: CongestedLane


class CongestionWarning(Wire, frozen=True):
    """CGW."""

    target_rsu: DeviceId = field(name="targetRSU")
    sensor_pos: Place
    content: Annotated[list[Congestion], Meta(min_length=1, max_length=64)]


class WarnedVehicle(Wire, frozen=True):
    """A vehicle that drives wrongly."""

    ego_id: DeviceId
    ego_pos: Place
    speed: Annotated[int, Meta(ge=0, le=8191)]
    heading: Annotated[int, Meta(ge=0, le=28800)]
    width: int = 0
    length: int = 0
    height: int = 0


class DrivingFault(Wire, frozen=True):
    """One such vehicle at one time."""

    sec_mark: DSecond
    ego_info: WarnedVehicle


class DrivingWarning(Wire, frozen=True):
    """RDW (wrong way), OSW (too fast), SSW (too slow)."""

    target_rsu: DeviceId = field(name="targetRSU")
    sensor_pos: Place
    content: Annotated[list[DrivingFault], Meta(min_length=1, max_length=64)]


ORDER_TYPES: dict[str, type[Wire]] = {
    "config": RsuConfig,
    "mng": Management,
    "cwm": CollisionWarning,
    "cgw": CongestionWarning,
    "rdw": DrivingWarning,
    "osw": DrivingWarning,
    "ssw": DrivingWarning,
}
"""Struct by message name."""
