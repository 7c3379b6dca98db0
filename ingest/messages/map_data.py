"""MAP, the lanes of an intersection: T/CSAE 53-2020 MSG_MAP (profile V4), 1 Hz.

| level | fields |
|---|---|
| MapData | msgCnt, timeStamp (min of the year), nodes 1..63; timestamp is our extension |
| Node | name, id, refPos, inLinks 1..32; Day II: inLinks-ex, prohibitedzone (`map_extension`) |
| Link | name, upstreamNodeId, speedLimits 1..9, linkWidth (cm), points 2..31, movements 1..32, lanes 1..32 |
| Movement | remoteIntersection, phaseId |
| Lane | laneID, laneWidth (cm), laneAttributes, maneuvers (12 bits), connectsTo 1..16, speedLimits, points 2..31 |
| Connection | remoteIntersection, connectingLane {lane, maneuver}, phaseId |

The profiles V3, VN4 and Day-II differ in these bounds; V4 holds here.
"""

from typing import Annotated

from msgspec import Meta, field

from ingest.messages.common import (
    Bits12,
    DescriptiveName,
    LaneID,
    LaneWidth,
    MinuteOfTheYear,
    MsgCount,
    NodeReferenceID,
    PhaseID,
    SpeedLimits,
    Timestamp,
    Wire,
)
from ingest.messages.map_attributes import LaneAttributes, LaneTypeAttributes
from ingest.messages.map_extension import LinkEx, ProhibitedZone
from ingest.messages.positions import Points, Position3D

__all__ = ["Connection", "Lane", "LaneAttributes", "LaneTypeAttributes", "Link", "MapData", "Movement", "Node"]


class ConnectingLane(Wire, frozen=True):
    """DF_ConnectingLane."""

    lane: LaneID
    maneuver: Bits12 | None = None


class Connection(Wire, frozen=True):
    """DF_Connection: from a lane over the stop line."""

    remote_intersection: NodeReferenceID
    connecting_lane: ConnectingLane | None = None
    phase_id: PhaseID | None = None


class Movement(Wire, frozen=True):
    """DF_Movement: from a link over the stop line."""

    remote_intersection: NodeReferenceID
    phase_id: PhaseID | None = None


class Lane(Wire, frozen=True):
    """DF_Lane."""

    lane_id: LaneID = field(name="laneID")
    lane_width: LaneWidth | None = None
    lane_attributes: LaneAttributes | None = None
    maneuvers: Bits12 | None = None
    connects_to: Annotated[list[Connection], Meta(min_length=1, max_length=16)] | None = None
    speed_limits: SpeedLimits | None = None
    points: Points | None = None


class Link(Wire, frozen=True):
    """DF_Link."""

    upstream_node_id: NodeReferenceID
    lanes: Annotated[list[Lane], Meta(min_length=1, max_length=32)]
    name: DescriptiveName | None = None
    speed_limits: SpeedLimits | None = None
    link_width: LaneWidth | None = None
    points: Points | None = None
    movements: Annotated[list[Movement], Meta(min_length=1, max_length=32)] | None = None


class Node(Wire, frozen=True):
    """DF_Node."""

    id: NodeReferenceID
    ref_pos: Position3D
    name: DescriptiveName | None = None
    in_links: Annotated[list[Link], Meta(min_length=1, max_length=32)] | None = None
    in_links_ex: Annotated[list[LinkEx], Meta(min_length=1, max_length=32)] | None = field(
        default=None, name="inLinks-ex"
    )
    prohibited_zone: ProhibitedZone | None = field(default=None, name="prohibitedzone")


class MapData(Wire, frozen=True):
    """MSG_MAP."""

    msg_cnt: MsgCount
    nodes: Annotated[list[Node], Meta(min_length=1, max_length=63)]
    time_stamp: MinuteOfTheYear | None = None
    timestamp: Timestamp | None = None
