"""Rules of the MobilityData GTFS-Realtime validator about trips, their stops and their shapes, beside `gtfs_rules`.

Not among them, for our feeds never carry what they speak of: E016 (added trips), E019 and W005 (headway starts), E030
and E031 (alerts about trips), E034 (agencies), E042 (NO_DATA), E046 (delays without times).
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
from google.transit import gtfs_realtime_pb2 as pb
from gtfs_rules import Iteration, Rule

from cloudctl.transit.timetable import Timetable, Trip

OFF_SHAPE = 200.0
"""m (E029)"""
DEGREE = 111_320.0
"""Metres a degree of latitude."""


def _trips(each: Iteration) -> Iterator[pb.TripDescriptor]:
    yield from (entity.vehicle.trip for entity in each.positions.entity)
    yield from (entity.trip_update.trip for entity in each.updates.entity)


def _updates(each: Iteration) -> list[pb.TripUpdate]:
    return [entity.trip_update for entity in each.updates.entity]


def _known(timetable: Timetable) -> dict[str, Trip]:
    return {trip.published_id: trip for trip in timetable.trips.values()}


def e002(each: Iteration, _: Timetable) -> Iterable[object]:
    for update in _updates(each):
        numbers = [stop.stop_sequence for stop in update.stop_time_update]
        yield from (pair for pair in pairwise(numbers) if pair[0] > pair[1])


def e006(each: Iteration, timetable: Timetable) -> Iterable[object]:
    known = _known(timetable)
    by_headway = [trip for trip in _trips(each) if trip.trip_id in known and not known[trip.trip_id].exact]
    return [trip for trip in by_headway if not trip.start_time or not trip.start_date]


def e009(each: Iteration, timetable: Timetable) -> Iterable[object]:
    known = _known(timetable)
    for update in _updates(each):
        stops = known[update.trip.trip_id].stops if update.trip.trip_id in known else ()
        if len(set(stops)) < len(stops):
            yield from (stop for stop in update.stop_time_update if not stop.HasField("stop_sequence"))


def e011(each: Iteration, timetable: Timetable) -> Iterable[object]:
    """Stop ids that the timetable has not, or has not as stops (with E015)."""
    named = [stop.stop_id for update in _updates(each) for stop in update.stop_time_update]
    named += [entity.vehicle.stop_id for entity in each.positions.entity if entity.vehicle.stop_id]
    return [name for name in named if name not in timetable.stops]


def e013(each: Iteration, timetable: Timetable) -> Iterable[object]:
    known = _known(timetable)
    by_headway = [trip for trip in _trips(each) if trip.trip_id in known and not known[trip.trip_id].exact]
    return [trip for trip in by_headway if trip.schedule_relationship != pb.TripDescriptor.UNSCHEDULED]


def e020(each: Iteration, _: Timetable) -> Iterable[object]:
    return [
        trip for trip in _trips(each) if trip.start_time and not re.fullmatch(r"\d{2}:[0-5]\d:[0-5]\d", trip.start_time)
    ]


def e021(each: Iteration, _: Timetable) -> Iterable[object]:
    return [trip for trip in _trips(each) if not re.fullmatch(r"\d{4}(0[1-9]|1[0-2])([0-2]\d|3[01])", trip.start_date)]


def e023(each: Iteration, timetable: Timetable) -> Iterable[object]:
    """Trips that stand for themselves and are named with a start that is not theirs."""
    known = _known(timetable)
    plain = [trip for trip in _trips(each) if trip.start_time and trip.trip_id in known]
    return [trip for trip in plain if not known[trip.trip_id].template]


def e024(each: Iteration, timetable: Timetable) -> Iterable[object]:
    known = _known(timetable)
    return [
        trip for trip in _trips(each) if trip.trip_id in known and trip.direction_id != known[trip.trip_id].direction
    ]


def e029(each: Iteration, timetable: Timetable) -> Iterable[object]:
    """Vehicles far from the shape of their trip, where the timetable has one."""
    known = _known(timetable)
    for entity in each.positions.entity:
        vehicle = entity.vehicle
        trip = known.get(vehicle.trip.trip_id)
        shape = timetable.shapes.get(trip.shape, ()) if trip else ()
        if len(shape) > 1 and _distance(shape, vehicle.position) > OFF_SHAPE:
            yield vehicle


def _distance(shape: tuple[tuple[float, float], ...], place: pb.Position) -> float:
    """From a place to a polyline in degrees, m."""
    scale = np.array([DEGREE * np.cos(np.radians(place.latitude)), DEGREE])
    points = (np.array(shape) - (place.longitude, place.latitude)) * scale
    step = np.diff(points, axis=0)
    share = -(points[:-1] * step).sum(axis=1) / np.maximum((step**2).sum(axis=1), 1e-9)
    nearest = points[:-1] + np.clip(share, 0.0, 1.0)[:, None] * step
    return float(np.hypot(*nearest.T).min())


def e032(each: Iteration, _: Timetable) -> Iterable[object]:
    return [entity for entity in each.alerts.entity if not entity.alert.informed_entity]


def e033(each: Iteration, _: Timetable) -> Iterable[object]:
    named = [selector for entity in each.alerts.entity for selector in entity.alert.informed_entity]
    return [selector for selector in named if not selector.ListFields()]


def e035(each: Iteration, timetable: Timetable) -> Iterable[object]:
    known = _known(timetable)
    return [trip for trip in _trips(each) if trip.trip_id in known and trip.route_id != known[trip.trip_id].line]


def e036(each: Iteration, _: Timetable) -> Iterable[object]:
    for update in _updates(each):
        numbers = [stop.stop_sequence for stop in update.stop_time_update]
        yield from (pair for pair in pairwise(numbers) if pair[0] == pair[1])


def e037(each: Iteration, _: Timetable) -> Iterable[object]:
    for update in _updates(each):
        stops = [stop.stop_id for stop in update.stop_time_update]
        yield from (pair for pair in pairwise(stops) if pair[0] == pair[1])


def e040(each: Iteration, _: Timetable) -> Iterable[object]:
    stops = [stop for update in _updates(each) for stop in update.stop_time_update]
    return [stop for stop in stops if not stop.stop_id and not stop.HasField("stop_sequence")]


def e041(each: Iteration, _: Timetable) -> Iterable[object]:
    return [update for update in _updates(each) if not update.stop_time_update]


def e043(each: Iteration, _: Timetable) -> Iterable[object]:
    stops = [stop for update in _updates(each) for stop in update.stop_time_update]
    return [stop for stop in stops if not stop.HasField("arrival") and not stop.HasField("departure")]


def e044(each: Iteration, _: Timetable) -> Iterable[object]:
    stops = [stop for update in _updates(each) for stop in update.stop_time_update]
    events = [event for stop in stops for event in (stop.arrival, stop.departure) if event.ListFields()]
    return [event for event in events if not event.HasField("time") and not event.HasField("delay")]


def e048(each: Iteration, _: Timetable) -> Iterable[object]:
    return [feed.header for feed in each.all() if not feed.header.HasField("timestamp")]


def e049(each: Iteration, _: Timetable) -> Iterable[object]:
    return [feed.header for feed in each.all() if not feed.header.HasField("incrementality")]


def e051(each: Iteration, timetable: Timetable) -> Iterable[object]:
    calls = {name: {call.sequence for call in trip.calls} for name, trip in _known(timetable).items()}
    for update in _updates(each):
        known = calls.get(update.trip.trip_id, set())
        yield from (stop for stop in update.stop_time_update if stop.stop_sequence not in known)


def w003(each: Iteration, _: Timetable) -> Iterable[object]:
    """Vehicles of one feed that the other has not."""
    seen = {entity.vehicle.vehicle.id for entity in each.positions.entity}
    return seen ^ {update.vehicle.id for update in _updates(each)}


def w006(each: Iteration, _: Timetable) -> Iterable[object]:
    return [update for update in _updates(each) if not update.trip.trip_id]


OF_TRIPS: dict[str, Rule] = {
    "E002": e002, "E006": e006, "E009": e009, "E011": e011, "E013": e013, "E020": e020, "E021": e021, "E023": e023,
    "E024": e024, "E029": e029, "E032": e032, "E033": e033, "E035": e035, "E036": e036, "E037": e037, "E040": e040,
    "E041": e041, "E043": e043, "E044": e044, "E048": e048, "E049": e049, "E051": e051, "W003": w003, "W006": w006,
}  # fmt: skip
