"""What the second phase adds to MAP (T/CSAE 157-2020): lanes in sections along a reference line, and forbidden areas.

| level | fields |
|---|---|
| LinkEx | name, upstreamNodeId, speedLimits, linkWidth (cm), refLine 2..31, movements-ex 1..32, sections 1..16 |
| Section | secId 1..63, lanes 1..32 |
| LaneEx | laneRefID -31..31 (0: the reference line), laneWidth, laneAttributes, maneuvers, connectsTo-ex 1..32, |
| | speedLimits, st-points 2..63, laneLineType |
| ConnectionEx | remoteIntersection, swl (waiting lane), connectingLane 1..16, phaseId, turn-direction |
| ProhibitedZone | the central circle, areas where bicycles, and where all, may not stop |

Points along a lane are {s-axis, t-axis}: distance along the reference line and to its left.
"""

from typing import Annotated

from msgspec import Meta, field

from ingest.messages.common import (
    Bits12,
    Code3,
    Code7,
    DescriptiveName,
    LaneWidth,
    NodeReferenceID,
    PhaseID,
    SpeedLimits,
    Wire,
)
from ingest.messages.enumerations import LaneMarking, Maneuver
from ingest.messages.map_attributes import LaneAttributes
from ingest.messages.positions import Points, PositionOffsetLLV

SectionId = Annotated[int, Meta(ge=1, le=63)]
LaneRefID = Annotated[int, Meta(ge=-31, le=31)]
Area = Annotated[list[PositionOffsetLLV], Meta(min_length=4, max_length=32)]


class STPoint(Wire, frozen=True):
    """DF_ST-Point."""

    s_axis: Annotated[int, Meta(ge=-1024, le=65535)] = field(name="s-axis")
    t_axis: Annotated[int, Meta(ge=-32768, le=32767)] = field(name="t-axis")


class LaneLineType(Wire, frozen=True):
    """DF_LaneLineType: the lines that bound a lane."""

    left_lane_line: LaneMarking | Code7
    right_lane_line: LaneMarking | Code7


class ConnectingLaneEx(Wire, frozen=True):
    """DF_ConnectingLaneEx: the lane on the other side, and the way to it."""

    target_section: SectionId = field(name="target-section")
    target_lane: LaneRefID = field(name="target-lane")
    connecting_lane_width: LaneWidth | None = None
    connecting_lane_points: Points | None = None
    isolated_connecting_lane: bool | None = None


class SignalWaitingLane(Wire, frozen=True):
    """DF_SignalWaitingLane: where vehicles wait inside the intersection, and in which phases they may enter it."""

    lane_width: LaneWidth
    points: Points
    allowed_phase_ids: Annotated[list[PhaseID], Meta(min_length=1, max_length=7)] | None = None


class ConnectionEx(Wire, frozen=True):
    """DF_ConnectionEx."""

    remote_intersection: NodeReferenceID
    swl: SignalWaitingLane | None = None
    connecting_lane: Annotated[list[ConnectingLaneEx], Meta(min_length=1, max_length=16)] | None = None
    phase_id: PhaseID | None = None
    turn_direction: Maneuver | Code3 | None = field(default=None, name="turn-direction")


class MovementEx(Wire, frozen=True):
    """DF_MovementEx: a movement and the way it turns."""

    remote_intersection: NodeReferenceID
    phase_id: PhaseID | None = None
    turn_direction: Maneuver | Code3 | None = field(default=None, name="turn-direction")


class LaneEx(Wire, frozen=True):
    """DF_LaneEx."""

    lane_ref_id: LaneRefID = field(name="laneRefID")
    lane_width: LaneWidth | None = None
    lane_attributes: LaneAttributes | None = None
    maneuvers: Bits12 | None = None
    connects_to_ex: Annotated[list[ConnectionEx], Meta(min_length=1, max_length=32)] | None = field(
        default=None, name="connectsTo-ex"
    )
    speed_limits: SpeedLimits | None = None
    st_points: Annotated[list[STPoint], Meta(min_length=2, max_length=63)] | None = field(
        default=None, name="st-points"
    )
    lane_line_type: LaneLineType | None = None


class Section(Wire, frozen=True):
    """DF_Section: a stretch of a link on which the lanes stay the same."""

    sec_id: SectionId
    lanes: Annotated[list[LaneEx], Meta(min_length=1, max_length=32)]


class LinkEx(Wire, frozen=True):
    """DF_LinkEx."""

    upstream_node_id: NodeReferenceID
    sections: Annotated[list[Section], Meta(min_length=1, max_length=16)]
    name: DescriptiveName | None = None
    speed_limits: SpeedLimits | None = None
    link_width: LaneWidth | None = None
    ref_line: Points | None = None
    movements_ex: Annotated[list[MovementEx], Meta(min_length=1, max_length=32)] | None = field(
        default=None, name="movements-ex"
    )


class ProhibitedZone(Wire, frozen=True):
    """DF_ProhibitedZone."""

    central_circle_prohibited_zone: Area | None = None
    non_motor_vehicle_prohibited_zones: Annotated[list[Area], Meta(min_length=1, max_length=16)] | None = field(
        default=None, name="non-motorVehicleProhibitedZones"
    )
    grid_line_marking_prohibited_zones: Annotated[list[Area], Meta(min_length=2, max_length=16)] | None = None
