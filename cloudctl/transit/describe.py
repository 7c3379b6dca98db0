"""The bus network as it is published: from the desk's objects to `TransitState`."""

import math
from collections.abc import Callable, Mapping

from cloudctl.transit.desk import BusNow, TransitDesk
from cloudctl.transit.findings import LineFinding
from cloudctl.transit.state import AccuracyState, BusState, LineFindingState, StopPrediction, TransitState
from ingest.messages.bus_status import BusStatus
from maps.geodesy import LocalPlane

Level = Callable[[int], int]
"""Level of service by link row."""


def describe(
    desk: TransitDesk, plane: LocalPlane, level: Level, since: Mapping[tuple[str, str, str], float], now: float
) -> TransitState:
    """Describe the present.

    Args:
        desk: After its turn.
        plane: Of the road network.
        level: Level of service of a link.
        since: When each finding was first seen, UTC epoch s, by its key.
        now: UTC epoch, s.
    """
    accuracy = desk.log.accuracy()
    return TransitState(
        time=now,
        timetable=desk.timetable.version,
        buses=tuple(_bus(bus, plane, level) for _, bus in sorted(desk.buses.items())),
        findings=tuple(_finding(finding, since.get(finding.key, now)) for finding in desk.findings),
        accuracy=AccuracyState(
            judged=accuracy.judged,
            median_error_s=_known(accuracy.median_error_s),
            within_band=_known(accuracy.within_band),
            band_width_s=_known(accuracy.band_width_s),
            timetable_median_error_s=_known(accuracy.timetable_median_error_s),
        ),
    )


def _known(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 3)


def _bus(bus: BusNow, plane: LocalPlane, level: Level) -> BusState:
    run, pattern, headway, trip = bus.run, bus.pattern, bus.headway, bus.run.trip
    lon, lat = plane.inverse(run.fix.x, run.fix.y)
    status = run.status or BusStatus(timestamp=0, seq=0)
    return BusState(
        vehicle=run.vehicle,
        line=pattern.line,
        direction=pattern.direction,
        pattern=pattern.id,
        trip=None if trip is None else trip.key,
        trip_id=None if trip is None else trip.trip.published_id,
        service_day=None if trip is None else f"{trip.day:%Y%m%d}",
        start_time=None if trip is None else trip.trip.start_time or None,
        exact=trip is None or trip.trip.exact,
        lon=round(float(lon), 7),
        lat=round(float(lat), 7),
        bearing=round(math.degrees(run.fix.heading) % 360.0, 1),
        speed=round(run.fix.speed, 2),
        updated=run.fix.updated,
        along=round(run.along, 1),
        next_stop=bus.next_stop,
        at_stop=bus.stands_since is not None,
        lateness=None if bus.late is None else round(bus.late, 1),
        headway_ahead=None if headway is None else headway.ahead,
        headway_behind=None if headway is None else headway.behind,
        headway_planned=None if headway is None else headway.planned,
        vehicle_ahead=None if headway is None else headway.vehicle_ahead,
        vehicle_behind=None if headway is None else headway.vehicle_behind,
        passengers=status.passengers,
        capacity=status.capacity,
        level_of_service=level(run.fix.link),
        astray=run.astray,
        arrivals=_arrivals(bus),
    )


def _arrivals(bus: BusNow) -> tuple[StopPrediction, ...]:
    trip = bus.run.trip
    return tuple(
        StopPrediction(
            stop=arrival.stop,
            number=arrival.number,
            sequence=arrival.number if trip is None else trip.trip.calls[arrival.number].sequence,
            expected=round(arrival.expected, 1),
            earliest=round(arrival.earliest, 1),
            latest=round(arrival.latest, 1),
            scheduled=None if trip is None else trip.midnight + trip.trip.calls[arrival.number].arrival,
        )
        for arrival in bus.arrivals
    )


def _finding(finding: LineFinding, since: float) -> LineFindingState:
    return LineFindingState(
        kind=finding.kind,
        line=finding.line,
        vehicle=finding.vehicle,
        trip=finding.trip,
        figure=round(finding.figure, 1),
        reason=finding.reason,
        since=since,
    )
