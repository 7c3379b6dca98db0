"""What buses need, by what dispatch knows of them: lateness, occupancy, time to the bus ahead."""

from collections.abc import Mapping

from cloudctl.advice.priority_request import Need
from cloudctl.transit.desk import BusNow


def needs_of(buses: Mapping[str, BusNow]) -> dict[str, Need]:
    """Give the need of each bus that follows a known line, by vehicle."""
    return {vehicle: _need(bus) for vehicle, bus in buses.items()}


def _need(bus: BusNow) -> Need:
    status, headway = bus.run.status, bus.headway
    occupancy = None
    if status is not None and status.passengers is not None and status.capacity:
        occupancy = status.passengers / status.capacity
    known = headway is not None and headway.ahead is not None and headway.planned
    ratio = headway.ahead / headway.planned if known and headway and headway.ahead and headway.planned else None
    return Need(lateness=bus.late, occupancy=occupancy, headway=ratio)
