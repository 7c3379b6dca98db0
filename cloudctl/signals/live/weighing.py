"""How much the buses on their way to a light count in its plan."""

from cloudctl.advice.bus_approach import Approach
from cloudctl.advice.bus_priority import BusPriority
from cloudctl.advice.priority_request import Cause
from cloudctl.signals.live.orders import Coming
from cloudctl.signals.priority_worth import LATE, worth_of
from maps.participants import ParticipantKind


def is_weighed(vehicle: Approach) -> bool:
    """Whether strategies weigh a vehicle: a bus in the picture."""
    return vehicle.kind == ParticipantKind.BUS


def coming_buses(priority: BusPriority) -> list[Coming]:
    """Weigh the buses on their way to a light by what is known of them."""
    found = []
    for bus in priority.near:
        if is_weighed(bus):
            need = priority.needs.get(bus.vehicle)
            late = 0.0 if need is None else max(need.lateness or 0.0, LATE if need.cause is not Cause.APPROACH else 0.0)
            found.append(Coming(bus.track, bus.group, worth_of(late), bus.dwell))
    return found
