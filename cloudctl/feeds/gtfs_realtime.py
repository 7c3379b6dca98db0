"""GTFS-Realtime 2.0 feeds of the bus network: vehicle positions, trip updates, alerts; full sets, protobuf bytes.

| ours | GTFS-Realtime |
|---|---|
| level of service 1 and 2, 3, 4, 5 | congestion_level RUNNING_SMOOTHLY, STOP_AND_GO, CONGESTION, SEVERE_CONGESTION |
| passengers over capacity | occupancy_status and occupancy_percentage |
| 90 % band of an arrival | uncertainty: half of its width, s |

Only buses with a known trip are told of, for consumers join by trip; each trip once, by the bus that fits it best.
"""

from collections.abc import Iterable, Mapping

from google.transit import gtfs_realtime_pb2 as pb

from cloudctl.transit.state import BusState, LineFindingState, TransitState

NEWEST = 90.0
"""A bus not heard of for longer is left out, s (rule W008 of the MobilityData validator, with a margin)."""
_CONGESTION = (0, 1, 1, 2, 3, 4)
_OCCUPANCY = ((0.05, 0), (0.4, 1), (0.75, 2), (0.95, 3), (1.1, 5))
"""Highest share of the capacity for EMPTY, MANY_SEATS, FEW_SEATS, STANDING_ROOM_ONLY, FULL (5)."""


def vehicle_positions(state: TransitState, now: float) -> bytes:
    """Where every bus with a trip is."""
    feed = _feed(state.time, now)
    for bus in _told(state, now):
        entity = feed.entity.add(id=bus.vehicle)
        vehicle = entity.vehicle
        _name_trip(vehicle.trip, bus)
        vehicle.vehicle.id = bus.vehicle
        vehicle.position.latitude, vehicle.position.longitude = bus.lat, bus.lon
        vehicle.position.bearing, vehicle.position.speed = bus.bearing, bus.speed
        vehicle.timestamp = int(min(bus.updated, now))
        vehicle.congestion_level = _CONGESTION[bus.level_of_service]
        following = bus.arrivals[0]
        vehicle.current_stop_sequence, vehicle.stop_id = following.sequence, following.stop
        vehicle.current_status = pb.VehiclePosition.STOPPED_AT if bus.at_stop else pb.VehiclePosition.IN_TRANSIT_TO
        _load(vehicle, bus)
    return bytes(feed.SerializeToString())


def trip_updates(state: TransitState, now: float) -> bytes:
    """When every bus with a trip comes to the stops ahead of it."""
    feed = _feed(state.time, now)
    for bus in _told(state, now):
        update = feed.entity.add(id=f"{bus.trip}").trip_update
        _name_trip(update.trip, bus)
        update.vehicle.id = bus.vehicle
        update.timestamp = int(min(bus.updated, now))
        if bus.lateness is not None:
            update.delay = round(bus.lateness)
        latest = 0
        for arrival in bus.arrivals:
            latest = max(latest + 1, round(arrival.expected))
            stop = update.stop_time_update.add(stop_sequence=arrival.sequence, stop_id=arrival.stop)
            stop.arrival.time = latest
            stop.arrival.uncertainty = max(round((arrival.latest - arrival.earliest) / 2), 1)
            if arrival.scheduled is not None:
                stop.arrival.delay = latest - round(arrival.scheduled)
    return bytes(feed.SerializeToString())


def alerts(state: TransitState, names: Mapping[str, str], now: float) -> bytes:
    """What is wrong on the lines; `names` gives a line's name by its id."""
    feed = _feed(state.time, now)
    for number, finding in enumerate(state.findings):
        alert = feed.entity.add(id=f"{finding.kind}-{finding.vehicle or finding.trip}-{number}").alert
        alert.active_period.add(start=int(finding.since))
        alert.informed_entity.add(route_id=finding.line)
        alert.cause, alert.effect = _MEANING.get(finding.kind, (pb.Alert.UNKNOWN_CAUSE, pb.Alert.OTHER_EFFECT))
        for language, text in _headline(finding, names.get(finding.line, finding.line)):
            alert.header_text.translation.add(text=text, language=language)
        alert.description_text.translation.add(text=finding.reason, language="en")
    return bytes(feed.SerializeToString())


_MEANING = {
    "bunching": (pb.Alert.OTHER_CAUSE, pb.Alert.MODIFIED_SERVICE),
    "gap": (pb.Alert.OTHER_CAUSE, pb.Alert.SIGNIFICANT_DELAYS),
    "off_route": (pb.Alert.OTHER_CAUSE, pb.Alert.DETOUR),
    "late_departure": (pb.Alert.OTHER_CAUSE, pb.Alert.SIGNIFICANT_DELAYS),
    "breakdown": (pb.Alert.TECHNICAL_PROBLEM, pb.Alert.REDUCED_SERVICE),
}
_TITLES = {
    "bunching": ("串车", "buses run close together"),
    "gap": ("间隔过大", "a long wait between buses"),
    "off_route": ("车辆偏离线路", "a bus has left its route"),
    "late_departure": ("发车晚点", "a departure is late"),
    "breakdown": ("车辆故障", "a bus has broken down"),
}


def _headline(finding: LineFindingState, line: str) -> Iterable[tuple[str, str]]:
    zh, en = _TITLES.get(finding.kind, (finding.kind, finding.kind))
    return ("zh", f"{line}：{zh}"), ("en", f"Line {line}: {en}")


def _feed(made: float, now: float) -> pb.FeedMessage:
    feed = pb.FeedMessage()
    feed.header.gtfs_realtime_version = "2.0"
    feed.header.incrementality = pb.FeedHeader.FULL_DATASET
    feed.header.timestamp = int(min(made, now))
    return feed


def _told(state: TransitState, now: float) -> list[BusState]:
    """Buses to tell of: heard of lately, on their way, with stops ahead, each trip once."""
    best: dict[str, BusState] = {}
    for bus in state.buses:
        if bus.trip is None or bus.astray or not bus.arrivals or now - bus.updated > NEWEST:
            continue
        rival = best.get(bus.trip)
        if rival is None or abs(bus.lateness or 0.0) < abs(rival.lateness or 0.0):
            best[bus.trip] = bus
    return list(best.values())


def _name_trip(trip: pb.TripDescriptor, bus: BusState) -> None:
    trip.trip_id, trip.route_id, trip.direction_id = bus.trip_id or "", bus.line, bus.direction
    trip.start_date = bus.service_day or ""
    if bus.start_time is not None:
        trip.start_time = bus.start_time
    trip.schedule_relationship = pb.TripDescriptor.SCHEDULED if bus.exact else pb.TripDescriptor.UNSCHEDULED


def _load(vehicle: pb.VehiclePosition, bus: BusState) -> None:
    if bus.passengers is None or not bus.capacity:
        return
    share = bus.passengers / bus.capacity
    vehicle.occupancy_percentage = round(100 * share)
    status = next((status for most, status in _OCCUPANCY if share <= most), 6)
    vehicle.occupancy_status = pb.VehiclePosition.OccupancyStatus.ValueType(status)
