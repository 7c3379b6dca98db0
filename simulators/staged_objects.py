"""Staged road users that belong on no carriageway: debris, walkers, animals, and who drives against the traffic.

Each is a vehicle of the simulation that is put from place to place, so that the other drivers see it.
"""

import math
from dataclasses import dataclass

import libsumo

from maps.participants import ParticipantKind
from simulators.staged_places import Place, point_on
from simulators.sumo_frames import Body

_CLASS = "custom1"
"""The roads admit it, and sensors make nothing of it."""
_FREE = 2
"""Of `moveToXY`: anywhere, whatever the route says."""


@dataclass(frozen=True)
class Role:
    """What a staged road user is and does."""

    kind: str
    """Kind of the incident."""
    body: Body
    pace: float
    """Speed along the lane, m/s; negative against it."""
    run: float
    """Way that it needs, m."""
    seconds: float
    """For how long it is there."""
    left: bool = False
    """Whether it is on the leftmost lane."""


def _body(kind: ParticipantKind, length: float, width: float, height: float) -> Body:
    return Body(int(kind), length, width, height, equipped=False, line="")


ROLES = {
    role.kind: role
    for role in (
        Role("wrong_way", _body(ParticipantKind.CAR, 4.7, 1.8, 1.5), -8.0, 64.0, 8.0, left=True),
        Role("pedestrian_on_carriageway", _body(ParticipantKind.PEDESTRIAN, 0.4, 0.5, 1.7), 1.2, 24.0, 20.0),
        Role("animal_on_carriageway", _body(ParticipantKind.UNKNOWN, 1.2, 0.5, 0.8), 1.5, 30.0, 20.0),
        Role("debris", _body(ParticipantKind.UNKNOWN, 1.0, 0.8, 0.5), 0.0, 10.0, 30.0),
    )
}


class StagedObject:
    """One such road user, from its appearance until it is gone."""

    def __init__(self, role: Role, place: Place, name: str) -> None:
        self.kind, self.actor, self.body = role.kind, name, role.body
        self.begun = self.happened = False
        self._role, self._place = role, place
        self._position = place.position - (role.run if role.pace > 0.0 else 0.0)
        self._over = libsumo.simulation.getTime() + role.seconds
        self._appear()

    @property
    def point(self) -> tuple[float, float]:
        """Where it is, in the network's own metres."""
        return point_on(self._place.edge, self._place.lane, self._position)

    def follow(self) -> bool:
        """Move on after a step; False when it is gone."""
        self.begun = self.actor in libsumo.vehicle.getIDList()
        self.happened |= self.begun
        if libsumo.simulation.getTime() >= self._over:
            if self.begun:
                libsumo.vehicle.unsubscribe(self.actor)
                libsumo.vehicle.remove(self.actor)
            return False
        self._position += self._role.pace * libsumo.simulation.getDeltaT()
        self._put()
        return True

    def _appear(self) -> None:
        name = f"staged_{self.kind}"
        if name not in libsumo.vehicletype.getIDList():
            libsumo.vehicletype.copy("car", name)
            libsumo.vehicletype.setVehicleClass(name, _CLASS)
            libsumo.vehicletype.setLength(name, self.body.length)
            libsumo.vehicletype.setWidth(name, self.body.width)
        libsumo.route.add(self.actor, [self._place.edge])
        libsumo.vehicle.add(self.actor, self.actor, name, departLane=str(self._place.lane), departSpeed="0")
        self._put()

    def _put(self) -> None:
        edge, lane = self._place.edge, self._place.lane
        ahead = point_on(edge, lane, self._position + 1.0)
        behind = point_on(edge, lane, self._position - 1.0)
        angle = math.degrees(math.atan2(ahead[0] - behind[0], ahead[1] - behind[1]))
        turned = angle + 180.0 if self._role.pace < 0.0 else angle
        x, y = self.point
        libsumo.vehicle.moveToXY(self.actor, edge, lane, x, y, angle=turned % 360.0, keepRoute=_FREE)
