"""What a radar at a junction reports besides its tracks: OpenV2X V2X/RADAR/{esn}/{CROSS, STATUS, FLOW, EVENT}/UP.

| message | list or fields |
|---|---|
| CROSS | passingImformations (spelt so): a vehicle at the stop line of a lane |
| STATUS | trafficStatusInformations: queue of a lane, m and vehicles |
| FLOW | trafficFlows: mean speed, headway, occupancy and counts of three vehicle classes of a lane |
| EVENT | eventType, lane, latitude, longitude, scope |

The units are not documented; values are kept as sent. `timeStamp` is UTC epoch ms, often as text. TRACK becomes RSM.
"""

from typing import Annotated

from msgspec import Meta, field

from ingest.messages.common import DeviceId, Wire

Milliseconds = Annotated[int, Meta(ge=0, le=1 << 48)]
Name = Annotated[str, Meta(max_length=64)] | int


class RadarMessage(Wire, frozen=True):
    """What all messages of a radar begin with."""

    time_stamp: Milliseconds
    device_id: DeviceId | None = None


class Passing(Wire, frozen=True):
    """A vehicle at the stop line of a lane."""

    aisle_id: Name
    direction: Name | None = None
    distance_to_stop_line: float | None = None
    existence_state: int | None = None
    existence_time: float | None = None
    speed: float | None = None
    vehicle_type: int | None = None


class RadarCross(RadarMessage, frozen=True):
    """CROSS."""

    passings: Annotated[list[Passing], Meta(max_length=256)] = field(default_factory=list, name="passingImformations")


class LaneQueue(Wire, frozen=True):
    """Queue of a lane."""

    aisle_id: Name
    queue_length: Annotated[float, Meta(ge=0)] | None = None
    queue_vehicle_number: Annotated[int, Meta(ge=0)] | None = None


class RadarStatus(RadarMessage, frozen=True):
    """STATUS."""

    queues: Annotated[list[LaneQueue], Meta(max_length=256)] = field(
        default_factory=list, name="trafficStatusInformations"
    )


class LaneFlow(Wire, frozen=True):
    """Flow of a lane."""

    aisle_id: Name
    average_speed: float | None = None
    average_headway_distance: float | None = None
    average_time_share: float | None = None
    total_flow_a: Annotated[int, Meta(ge=0)] | None = None
    total_flow_b: Annotated[int, Meta(ge=0)] | None = None
    total_flow_c: Annotated[int, Meta(ge=0)] | None = None


class RadarFlow(RadarMessage, frozen=True):
    """FLOW."""

    flows: Annotated[list[LaneFlow], Meta(max_length=256)] = field(default_factory=list, name="trafficFlows")


class RadarEvent(RadarMessage, frozen=True, kw_only=True):
    """EVENT."""

    event_type: Annotated[int, Meta(ge=0, le=65535)]
    lane: Name | None = None
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None
    scope: str | float | None = None
