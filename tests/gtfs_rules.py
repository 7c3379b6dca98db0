"""Rules of the MobilityData GTFS-Realtime validator that apply to our feeds; each gives what breaks it.

Feeds are read as protoc reads them, with the published schema, not by the library that wrote them.
"""

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from google.protobuf import descriptor_pb2, text_format
from google.transit import gtfs_realtime_pb2 as pb

from cloudctl.transit.timetable import Timetable

EARLIEST_EPOCH = 1_104_537_600
"""2005: a POSIX time before it is none (E001)."""
FASTEST = 26.0
"""m/s (W004)"""
REFRESH, OLDEST = 35, 65


@dataclass(frozen=True)
class Iteration:
    """The three feeds of one moment."""

    now: float
    positions: pb.FeedMessage
    updates: pb.FeedMessage
    alerts: pb.FeedMessage

    def all(self) -> tuple[pb.FeedMessage, ...]:
        return self.positions, self.updates, self.alerts


def schema_file(folder: Path) -> Path:
    """Write the published schema as a descriptor set."""
    found = descriptor_pb2.FileDescriptorSet()
    pb.DESCRIPTOR.CopyToProto(found.file.add())
    path = folder / "gtfs-realtime.desc"
    path.write_bytes(found.SerializeToString())
    return path


def by_protoc(body: bytes, schema: Path) -> pb.FeedMessage:
    """Decode with protoc; CalledProcessError where it cannot."""
    command = [sys.executable, "-m", "grpc_tools.protoc", f"--descriptor_set_in={schema}", f"-I{schema.parent}"]
    command += ["--decode=transit_realtime.FeedMessage", pb.DESCRIPTOR.name]
    done = subprocess.run(command, input=body, capture_output=True, check=True)
    assert not done.stderr, done.stderr
    feed = pb.FeedMessage()
    text_format.Parse(done.stdout.decode(), feed)
    return feed


def _trips(iteration: Iteration) -> Iterator[pb.TripDescriptor]:
    yield from (entity.vehicle.trip for entity in iteration.positions.entity)
    yield from (entity.trip_update.trip for entity in iteration.updates.entity)


def _vehicles(iteration: Iteration) -> list[pb.VehiclePosition]:
    return [entity.vehicle for entity in iteration.positions.entity]


def _updates(iteration: Iteration) -> list[pb.TripUpdate]:
    return [entity.trip_update for entity in iteration.updates.entity]


def _stamps(iteration: Iteration) -> Iterator[int]:
    yield from (feed.header.timestamp for feed in iteration.all())
    yield from (vehicle.timestamp for vehicle in _vehicles(iteration))
    for update in _updates(iteration):
        yield update.timestamp
        yield from (stop.arrival.time for stop in update.stop_time_update)
    for entity in iteration.alerts.entity:
        yield from (period.start for period in entity.alert.active_period)


def e001(each: Iteration, _: Timetable) -> Iterable[object]:
    return [stamp for stamp in _stamps(each) if not EARLIEST_EPOCH < stamp < 10 * EARLIEST_EPOCH]


def e003(each: Iteration, timetable: Timetable) -> Iterable[object]:
    known = {trip.published_id for trip in timetable.trips.values()}
    return [trip.trip_id for trip in _trips(each) if trip.trip_id not in known]


def e004(each: Iteration, timetable: Timetable) -> Iterable[object]:
    named = [entity.route_id for alert in each.alerts.entity for entity in alert.alert.informed_entity]
    return [line for line in [*named, *(trip.route_id for trip in _trips(each))] if line not in timetable.lines]


def e012(each: Iteration, _: Timetable) -> Iterable[object]:
    inner = [vehicle.timestamp for vehicle in _vehicles(each)] + [update.timestamp for update in _updates(each)]
    newest = min(feed.header.timestamp for feed in (each.positions, each.updates))
    return [stamp for stamp in inner if stamp > newest]


def e022(each: Iteration, _: Timetable) -> Iterable[object]:
    for update in _updates(each):
        times = [stop.arrival.time for stop in update.stop_time_update]
        yield from (pair for pair in pairwise(times) if pair[0] >= pair[1])


def e025(each: Iteration, _: Timetable) -> Iterable[object]:
    for update in _updates(each):
        for stop in update.stop_time_update:
            if stop.HasField("departure") and stop.departure.time < stop.arrival.time:
                yield stop


def e026(each: Iteration, _: Timetable) -> Iterable[object]:
    places = [vehicle.position for vehicle in _vehicles(each)]
    return [place for place in places if not (-90 <= place.latitude <= 90 and -180 <= place.longitude <= 180)]


def e027(each: Iteration, _: Timetable) -> Iterable[object]:
    return [vehicle for vehicle in _vehicles(each) if not 0 <= vehicle.position.bearing <= 360]


def e028(each: Iteration, timetable: Timetable) -> Iterable[object]:
    """Vehicles outside the area of the stops, with a margin."""
    lons = [stop.lon for stop in timetable.stops.values()]
    lats = [stop.lat for stop in timetable.stops.values()]
    for v in _vehicles(each):
        inside = min(lats) - 0.02 <= v.position.latitude <= max(lats) + 0.02
        if not inside or not min(lons) - 0.02 <= v.position.longitude <= max(lons) + 0.02:
            yield v


def e038(each: Iteration, _: Timetable) -> Iterable[object]:
    return [feed.header for feed in each.all() if feed.header.gtfs_realtime_version not in {"1.0", "2.0"}]


def e039(each: Iteration, _: Timetable) -> Iterable[object]:
    return [entity for feed in each.all() for entity in feed.entity if entity.is_deleted]


def e045(each: Iteration, timetable: Timetable) -> Iterable[object]:
    """stop_sequence and stop_id that are no pair of the trip (with E051)."""
    calls = {trip.published_id: {call.sequence: call.stop for call in trip.calls} for trip in timetable.trips.values()}
    for update in _updates(each):
        for stop in update.stop_time_update:
            if calls[update.trip.trip_id].get(stop.stop_sequence) != stop.stop_id:
                yield stop
    for v in _vehicles(each):
        if v.stop_id and calls[v.trip.trip_id].get(v.current_stop_sequence) != v.stop_id:
            yield v


def e047(each: Iteration, _: Timetable) -> Iterable[object]:
    trips = {v.vehicle.id: v.trip.trip_id for v in _vehicles(each)}
    return [u for u in _updates(each) if trips.get(u.vehicle.id) != u.trip.trip_id]


def e050(each: Iteration, _: Timetable) -> Iterable[object]:
    heads = [feed.header.timestamp for feed in each.all()] + [v.timestamp for v in _vehicles(each)]
    return [stamp for stamp in heads if stamp > each.now + 60]


def e052(each: Iteration, _: Timetable) -> Iterable[object]:
    ids = [vehicle.vehicle.id for vehicle in _vehicles(each)]
    entities = [entity.id for feed in each.all() for entity in [*feed.entity]]
    per_feed = [len({e.id for e in feed.entity}) == len(feed.entity) for feed in each.all()]
    return [] if len(ids) == len(set(ids)) and all(per_feed) else [ids, entities]


def w001(each: Iteration, _: Timetable) -> Iterable[object]:
    stamps = [*(v.timestamp for v in _vehicles(each)), *(u.timestamp for u in _updates(each))]
    return [stamp for stamp in [*stamps, *(feed.header.timestamp for feed in each.all())] if not stamp]


def w002(each: Iteration, _: Timetable) -> Iterable[object]:
    ids = [*(v.vehicle.id for v in _vehicles(each)), *(u.vehicle.id for u in _updates(each))]
    return [name for name in ids if not name]


def w004(each: Iteration, _: Timetable) -> Iterable[object]:
    return [vehicle for vehicle in _vehicles(each) if not 0 <= vehicle.position.speed <= FASTEST]


def w008(each: Iteration, _: Timetable) -> Iterable[object]:
    return [feed.header for feed in each.all() if each.now - feed.header.timestamp > OLDEST]


def w009(each: Iteration, _: Timetable) -> Iterable[object]:
    return [trip for trip in _trips(each) if not trip.HasField("schedule_relationship")]


Rule = Callable[[Iteration, Timetable], Iterable[object]]
OF_ONE: dict[str, Rule] = {
    "E001": e001, "E003": e003, "E004": e004, "E012": e012, "E022": e022, "E025": e025, "E026": e026, "E027": e027,
    "E028": e028, "E038": e038, "E039": e039, "E045": e045, "E047": e047, "E050": e050, "E052": e052, "W001": w001,
    "W002": w002, "W004": w004, "W008": w008, "W009": w009,
}  # fmt: skip


def between(before: Iteration, after: Iteration) -> dict[str, list[object]]:
    """Rules about two feeds, one after the other: E017, E018, W007."""
    broken: dict[str, list[object]] = {"E017": [], "E018": [], "W007": []}
    for old, new in zip(before.all(), after.all(), strict=True):
        if new.header.timestamp < old.header.timestamp:
            broken["E018"].append(new.header)
        if new.header.timestamp == old.header.timestamp and list(new.entity) != list(old.entity):
            broken["E017"].append(new.header)
        if new.header.timestamp - old.header.timestamp > REFRESH:
            broken["W007"].append(new.header)
    return broken


BETWEEN = ("E017", "E018", "W007")


def check(
    feeds: Sequence[Iteration], timetable: Timetable, of_one: Mapping[str, Rule] = OF_ONE
) -> dict[str, list[object]]:
    """Everything that breaks a rule, by rule."""
    found: dict[str, list[object]] = {name: [] for name in [*of_one, *BETWEEN]}
    for each in feeds:
        for name, rule in of_one.items():
            found[name] += rule(each, timetable)
    for before, after in pairwise(feeds):
        for name, broken in between(before, after).items():
            found[name] += broken
    return found
