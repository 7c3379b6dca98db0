"""What incident detection may be tuned by. Times are chosen so that false alarms stay rare."""

from dataclasses import dataclass


@dataclass(frozen=True)
class IncidentParameters:
    """Tuning of incident detection; SI units."""

    standing_speed: float = 0.6
    """Slower vehicles stand, m/s."""
    moved: float = 4.0
    """A vehicle that moved this far since it stopped is no longer the same standstill, m."""
    stopped_after: float = 7.0
    """A vehicle that stands this long with a free road ahead is an incident, s."""
    free_ahead: float = 25.0
    """Free distance that makes the road ahead free, m."""
    free_for: float = 5.0
    """The road ahead must have been free this long, s."""
    stop_line: float = 25.0
    """Closer to the end of its lane a vehicle may be waiting for a light or to give way, m."""
    green_for: float = 20.0
    """A vehicle at the stop line with a free road is suspicious after this long of green, s."""
    give_way_for: float = 90.0
    """The same where no light stands, s."""
    lane_start: float = 8.0
    """Closer to the start of its lane a vehicle may still be clearing the junction, m."""
    bus_stop_reach: float = 35.0
    """A vehicle this close to a bus stop on its lane may be serving it, m."""
    bus_stop_after: float = 180.0
    """Longest usual time at a bus stop, s."""
    parking_reach: float = 30.0
    """A vehicle this close to a car park's entrance may be waiting for it, m."""
    blocked_after: float = 10.0
    """A stopped vehicle blocks its lane when others queue behind it or pass it and it stands this long, s."""
    passing_speed: float = 3.0
    """Vehicles that pass a stopped vehicle faster prove that the road moves, m/s."""
    gone_after: float = 4.0
    """An incident whose evidence is gone this long is over, s."""
    congestion_after: float = 90.0
    """A link is congested when its level has been high this long, s,"""
    congestion_green: float = 25.0
    """and its vehicles have been slow under green, where it has a light, for this long meanwhile, s:"""
    congestion_slow: float = 0.3
    """below this share of the speed limit."""
    congestion_over: float = 60.0
    """and free again when it has been low this long, s."""
    congestion_level: int = 4
    congestion_confidence: float = 0.35
    congestion_vehicles: int = 3
    wrong_way_speed: float = 3.0
    wrong_way_for: float = 1.5
    """A vehicle that drives against its lane this long, s,"""
    wrong_way_distance: float = 12.0
    """and this far, m, is an incident."""
    wrong_way_angle: float = 2.6
    """Angle between motion and lane from which on a vehicle drives against it, rad."""
    wrong_way_lateral: float = 1.3
    """It is no farther from that lane's centre line, m."""
    pedestrian_for: float = 3.0
    """A pedestrian on the carriageway away from crossings is an incident after this long, s."""
    pedestrian_inside: float = 0.5
    """The pedestrian is at least this far inside the lane's edge, m."""
    crossing_reach: float = 6.0
    """This close to a crossing a pedestrian is crossing, m."""
    junction_reach: float = 20.0
    """This close to the end of a lane a junction rules, m."""
