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
    free_ahead: float = 18.0
    """Free distance that makes the road ahead free, m: two vehicles of a queue that no sensor sees fit into less."""
    exit_ahead: float = 50.0
    """This close to the end of its lane a vehicle may be held up by who stands beyond the junction, m."""
    standing_lost_for: int = 8
    """Looks, two a second, for which a standing or parked vehicle may be hidden and is remembered."""
    free_for: float = 5.0
    """The road ahead must have been free this long, s."""
    stop_line: float = 25.0
    """Closer to the end of its lane a vehicle may be waiting for a light or to give way, m."""
    green_for: float = 45.0
    """A vehicle at the stop line with a free road is suspicious after this long of green, s."""
    start_for: float = 20.0
    """A vehicle at the start of its lane is suspicious after this long, s."""
    give_way_for: float = 240.0
    """The same where no light stands, s."""
    merge_behind: float = 8.0
    merge_ahead: float = 45.0
    """Who stands beside others that stand this far behind to this far ahead waits to change lanes, m."""
    lane_start: float = 8.0
    """Closer to the start of its lane a vehicle may still be clearing the junction, m."""
    bus_stop_reach: float = 45.0
    """A bus this close to a bus stop may be serving it, m."""
    bus_stop_after: float = 180.0
    """Longest usual time at a bus stop, s."""
    parking_reach: float = 30.0
    """A vehicle this close to a car park's entrance may be waiting for it, m."""
    blocked_after: float = 10.0
    """A stopped vehicle blocks its lane when others queue behind it or pass it and it stands this long, s."""
    passing_speed: float = 3.0
    """Vehicles that pass a stopped vehicle faster prove that the road moves, m/s."""
    parked_after: float = 7.5
    """A vehicle that stands at the kerb this long, with a free road ahead, is parked, s:"""
    parked_aside: float = 0.6
    """this far to the right of its lane's middle, m,"""
    parked_reach: float = 3.0
    """or this far beyond the road's right edge at most, m."""
    gone_after: float = 4.0
    """An incident whose evidence is gone this long is over, s."""
    shown_for: float = 10.0
    """What is over in a moment is shown this long, s."""
    congestion_after: float = 90.0
    """A link is congested when its level has been high this long, about a cycle of a light, s,"""
    congestion_settled: float = 30.0
    """or this long where a light is seen, s: the level is of two minutes already, once the link has been watched for
    a cycle;"""
    congestion_green: float = 15.0
    """and in either case its vehicles have been slow for this long meanwhile while no light held them, s:"""
    congestion_slow: float = 0.3
    """below this share of the speed limit;"""
    congestion_stands: float = 0.15
    """it is told when they are below this share, as when the queue stands again, not while green dissolves it,"""
    congestion_queue: float = 20.0
    """and the queue is this long, m, not that of the few that wait for an arrow of their own;"""
    congestion_density: float = 40.0
    """or, where all creep, so many vehicles are on a kilometre of each lane, as where free flow has broken down;"""
    congestion_least: int = 5
    """and in either case so many of its vehicles are below that share."""
    congestion_over: float = 60.0
    """and free again when it has been low this long, s."""
    congestion_gone_after: float = 1.5
    """Congestion is looked at once a second: not found for longer it is over, s."""
    congestion_level: int = 4
    congestion_confidence: float = 0.35
    congestion_vehicles: int = 3
    tail_length: float = 40.0
    """A congestion has a tail worth a warning when its queue is this long, m."""
    tail_gone_after: float = 120.0
    """A tail that a green light has dissolved for a while is the same tail, s."""
    spill_back_gone_after: float = 30.0
    """The same for traffic that fills a link, s."""
    spill_back_for: float = 6.0
    """A link whose traffic stands back to its start this long spills back, s."""
    wrong_way_speed: float = 3.0
    wrong_way_for: float = 1.5
    """A vehicle that drives against its lane this long, s,"""
    wrong_way_distance: float = 15.0
    """and this far, m, is an incident."""
    wrong_way_angle: float = 2.6
    """Angle between motion and lane from which on a vehicle drives against it, rad."""
    wrong_way_lateral: float = 1.3
    """It is no farther from that lane's centre line, m,"""
    wrong_way_sigma: float = 0.6
    """Positions worse than this cannot tell a lane from the oncoming one, m: a terminal alone cannot."""
    right_way_lateral: float = 2.6
    """and farther than this from every way that leads where it drives, m,"""
    terminal_lateral: float = 7.0
    """or than this where its own terminal alone places it, m,"""
    right_way_angle: float = 0.8
    """give or take this angle, rad."""
    pedestrian_for: float = 3.0
    """A pedestrian or an animal on the carriageway away from crossings is an incident after this long, s."""
    pedestrian_inside: float = 0.5
    """The pedestrian is at least this far inside the lane's edge, m."""
    crossing_reach: float = 6.0
    """This close to a crossing a pedestrian is crossing, m."""
    junction_reach: float = 20.0
    """This close to the end of a lane a junction rules, m."""
    debris_for: float = 4.0
    """An unknown object that lies on a lane this long is debris, s."""
    debris_length: float = 3.0
    """Longer objects are taken for vehicles, m."""
    slow_share: float = 0.3
    """A vehicle below this share of the limit is slow,"""
    slow_most: float = 5.5
    """and below this speed, m/s,"""
    slow_for: float = 7.0
    """when it drives so this long, s,"""
    slow_distance: float = 15.0
    """and this far, m,"""
    slow_free: float = 60.0
    """with this much free road ahead, m,"""
    slow_settled: float = 1.2
    """and neither speeds up nor brakes by more, m/s2, which is twice what sensors err by."""
    fast_share: float = 1.2
    """A vehicle above this share of the limit is fast,"""
    fast_more: float = 3.0
    """and this much above it, m/s,"""
    fast_for: float = 3.0
    """this long, s."""
    braking_drop: float = 7.0
    """A vehicle that loses this much speed, m/s,"""
    braking_within: float = 1.0
    """within this time, s, brakes suddenly, if two looks in a row say so"""
    braking_at_once: float = 8.5
    """or one says that it lost this much, m/s."""
    red_for: float = 1.0
    """A stop line is passed at red when the light has been red this long, s,"""
    red_speed: float = 2.0
    """at this speed at least, m/s,"""
    red_after: float = 1.5
    """while it stays red for this long after, so that who starts with the change to green is left out, s,"""
    red_beyond: float = 9.0
    """and the vehicle drives on for this far, m."""
    collision_time: float = 1.2
    """Times to collision below this are near misses, s,"""
    collision_braking: float = 6.0
    """where braking by more than this would be needed, m/s2."""
    collision_age: float = 3.0
    """Younger tracks may be another's second self, s."""
    collision_cycles: float = 0.25
    """They must last this long, s."""
    encroachment_time: float = 0.7
    """Post-encroachment times below this are near misses, s,"""
    encroachment_speed: float = 3.0
    """of vehicles that are faster, m/s,"""
    encroachment_walk: float = 0.5
    """and pedestrians that are, m/s."""
