"""Advisories as the messages that devices read: RSI and RSC to roadside units, ADVICE to vehicles.

RSI: MSG_RSI of T/CSAE 53-2020 with one event (rtes). RSC: MSG_RSC of T/CSAE 157-2020 with our `priority`
extension. ADVICE: the Advisory itself as JSON. `ingest.down_messages` writes RSI and RSC in the dialect of the device.
"""

import msgspec

from cloudctl.advice.advisory import Advisory
from ingest.messages.common import NodeReferenceID
from ingest.messages.enumerations import EventSource
from ingest.messages.positions import Position3D, ReferencePath, absolute_position
from ingest.messages.rsc import (
    SIGNAL_PRIORITY,
    PriorityStrategy,
    RoadsideCoordination,
    SignalPriority,
    VehicleCoordination,
)
from ingest.messages.rsi import Description, RoadSideInformation, RTEData, TimeDetails
from ingest.timebase import minute_of_year

CLOUD_ID = "CLOUD"
JAM_PRIORITY = "A0"
"""Five of seven in the upper three bits of the octet (DE_RSIPriority)."""
PATH_RADIUS = 200
"""Reach of an event to both sides of its path, 0.1 m."""
MAX_TEXT = 512


class EventContent(msgspec.Struct, frozen=True):
    """What an RSI needs of an advisory's content, see `cloudctl.advice.congestion` and `incidents.operator_events`."""

    event_type: int
    points: list[tuple[float, float]]
    radius_m: float
    started: float
    expires: float
    confidence: float
    event_source: EventSource = EventSource.DETECTION
    severity: str = JAM_PRIORITY


class PriorityContent(msgspec.Struct, frozen=True):
    """What an RSC needs of a bus priority advisory's content, see `cloudctl.advice.bus_priority`."""

    request_id: str
    vehicle: str
    region: int
    node_id: int
    phase_id: int
    arrival: float
    strategy: str
    max_seconds: float


def rsi_message(advisory: Advisory, rte_id: int, msg_cnt: int) -> RoadSideInformation:
    """Turn a congestion or event advisory into an RSI with one event; an ended one ends in the present minute."""
    content = msgspec.convert(advisory.content, EventContent)
    path = [absolute_position(round(lon * 1e7), round(lat * 1e7)) for lon, lat in content.points[:32]]
    event = RTEData(
        rte_id=rte_id,
        event_type=content.event_type,
        event_source=content.event_source,
        event_pos=absolute_position(round(advisory.lon * 1e7), round(advisory.lat * 1e7)),
        event_radius=min(round(10 * content.radius_m), 65535),
        description=Description(text_string=advisory.reason[:MAX_TEXT]),
        time_details=TimeDetails(
            start_time=minute_of_year(content.started)[0], end_time=minute_of_year(content.expires)[0]
        ),
        priority=content.severity,
        reference_paths=[ReferencePath(active_path=path, path_radius=PATH_RADIUS)] if len(path) > 1 else None,
        event_confidence=round(200 * content.confidence),
    )
    return RoadSideInformation(
        msg_cnt=msg_cnt,
        id=CLOUD_ID,
        ref_pos=_position(advisory),
        moy=minute_of_year(advisory.created)[0],
        rtes=[event],
    )


def rsc_message(advisory: Advisory, msg_cnt: int) -> RoadsideCoordination:
    """Turn a bus priority advisory into an RSC."""
    content = msgspec.convert(advisory.content, PriorityContent)
    return RoadsideCoordination(
        msg_cnt=msg_cnt,
        id=CLOUD_ID,
        sec_mark=minute_of_year(advisory.created)[1],
        ref_pos=_position(advisory),
        coordinates=[VehicleCoordination(veh_id=content.vehicle, info=SIGNAL_PRIORITY)],
        priority=SignalPriority(
            request_id=content.request_id,
            signal=NodeReferenceID(id=content.node_id, region=content.region),
            phase_id=content.phase_id,
            arrival=content.arrival,
            strategy=PriorityStrategy(content.strategy),
            max_seconds=content.max_seconds,
        ),
    )


def _position(advisory: Advisory) -> Position3D:
    return Position3D(lat=round(advisory.lat * 1e7), long=round(advisory.lon * 1e7))
