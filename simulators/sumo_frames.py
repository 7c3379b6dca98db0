"""Read the running simulation into `WorldFrame` columns, by subscriptions."""

import zlib
from dataclasses import dataclass, field

import libsumo
import numpy as np

from maps.participants import ParticipantKind
from simulators.sumo_plane import SumoPlane
from simulators.world import WorldFrame

EQUIPPED_PERCENT = 20
"""Part of the motor vehicles with an OBU; every bus has one."""

_KINDS = {
    "passenger": ParticipantKind.CAR, "taxi": ParticipantKind.CAR, "private": ParticipantKind.CAR,
    "delivery": ParticipantKind.VAN, "truck": ParticipantKind.TRUCK, "trailer": ParticipantKind.TRUCK,
    "bus": ParticipantKind.BUS, "coach": ParticipantKind.BUS, "emergency": ParticipantKind.SPECIAL,
    "authority": ParticipantKind.SPECIAL, "motorcycle": ParticipantKind.MOTORCYCLE,
    "moped": ParticipantKind.MOTORCYCLE, "bicycle": ParticipantKind.CYCLIST, "pedestrian": ParticipantKind.PEDESTRIAN,
}  # fmt: skip
_SPEED, _POSITION, _ANGLE, _ACCELERATION, _LANE, _STOP = 0x40, 0x42, 0x43, 0x72, 0x51, 0xB5
_VEHICLE_VALUES = (_SPEED, _POSITION, _ANGLE, _ACCELERATION, _LANE, _STOP)
_PERSON_VALUES = (_SPEED, _POSITION, _ANGLE, _LANE)
_LIGHT_STATE, _NEXT_SWITCH = 0x20, 0x2D
_PARKED = 2  # bit of the stop state
_NOWHERE = -1e9  # of a vehicle that is being moved out of a jam
_REFRESH = 8  # frames between two looks at where parkers head


@dataclass(frozen=True)
class Body:
    """What does not change while a road user is there."""

    kind: int
    length: float
    width: float
    height: float
    equipped: bool
    line: str


def carries_obu(vehicle: str, kind: int) -> bool:
    """Whether a vehicle has an OBU: every bus, and one motor vehicle in five by a hash of its id."""
    if kind in {ParticipantKind.CYCLIST, ParticipantKind.PEDESTRIAN, ParticipantKind.UNKNOWN}:
        return False
    return kind == ParticipantKind.BUS or zlib.crc32(vehicle.encode()) % 100 < EQUIPPED_PERCENT


@dataclass
class FrameReader:
    """Keeps the subscriptions of one running simulation and turns their results into frames."""

    plane: SumoPlane
    step: float
    bodies: dict[str, Body] = field(default_factory=dict)
    goals: dict[str, str] = field(default_factory=dict)
    """Vehicle to the car park where it means to park."""
    _parks: tuple[str, ...] = ()
    _count: int = 0

    def start(self) -> None:
        """Subscribe to all that is there already."""
        self._parks = tuple(libsumo.parkingarea.getIDList())
        for signal in libsumo.trafficlight.getIDList():
            libsumo.trafficlight.subscribe(signal, (_LIGHT_STATE, _NEXT_SWITCH))
        self._admit(libsumo.vehicle.getIDList())
        self._admit_persons([p for p in libsumo.person.getIDList() if libsumo.person.getRoadID(p)])

    def admit_new(self) -> None:
        """Subscribe to those who entered in the last step; forget those who left."""
        self._admit(libsumo.simulation.getDepartedIDList())
        self._admit_persons(libsumo.simulation.getDepartedPersonIDList())
        for gone in (*libsumo.simulation.getArrivedIDList(), *libsumo.simulation.getArrivedPersonIDList()):
            self.bodies.pop(gone, None)
            self.goals.pop(gone, None)

    def _admit(self, vehicles: tuple[str, ...]) -> None:
        vehicle = libsumo.vehicle
        for name in vehicles:
            vehicle.subscribe(name, _VEHICLE_VALUES)
            kind = int(_KINDS.get(vehicle.getVehicleClass(name), ParticipantKind.UNKNOWN))
            self.bodies[name] = Body(
                kind, vehicle.getLength(name), vehicle.getWidth(name), vehicle.getHeight(name),
                carries_obu(name, kind), vehicle.getLine(name),
            )  # fmt: skip
            if kind == ParticipantKind.CAR and (goal := self.parking_goal(name)):
                self.goals[name] = goal

    def _admit_persons(self, persons: list[str] | tuple[str, ...]) -> None:
        for name in persons:
            libsumo.person.subscribe(name, _PERSON_VALUES)
            self.bodies[name] = Body(int(ParticipantKind.PEDESTRIAN), 0.4, 0.5, 1.7, equipped=False, line="")

    def parking_goal(self, vehicle: str) -> str:
        """Car park at which a vehicle is to stop next, or empty."""
        stops = libsumo.vehicle.getStops(vehicle, 1)
        return str(stops[0].stoppingPlaceID) if stops and stops[0].stoppingPlaceID in self._parks else ""

    def frame(self, time: float, lag: float) -> WorldFrame:
        """Columns of this step; `time` is the UTC epoch of the step, s."""
        self._count += 1
        if self._count % _REFRESH == 0:
            self.goals = {name: goal for name in self.goals if (goal := self.parking_goal(name))}
        vehicles = {
            name: row
            for name, row in libsumo.vehicle.getAllSubscriptionResults().items()
            if not row[_STOP] & _PARKED and row[_POSITION][0] > _NOWHERE
        }
        persons = libsumo.person.getAllSubscriptionResults()
        rows = [*vehicles.values(), *persons.values()]
        names = [*vehicles, *persons]
        bodies = [self.bodies[name] for name in names]
        front = np.array([row[_POSITION][:2] for row in rows], float).reshape(-1, 2)
        angle = np.array([row[_ANGLE] for row in rows], float)
        length = np.array([body.length for body in bodies], np.float32)
        x, y = self.plane.points(front[:, 0], front[:, 1])
        heading = self.plane.headings(front[:, 0], front[:, 1], angle)
        back = np.where(np.arange(len(rows)) < len(vehicles), length / 2, 0.0)
        lights = libsumo.trafficlight.getAllSubscriptionResults()
        now = libsumo.simulation.getTime()
        return WorldFrame(
            time=time,
            id=np.array(names, str),
            kind=np.array([body.kind for body in bodies], np.uint8),
            x=x - np.sin(heading) * back,
            y=y - np.cos(heading) * back,
            speed=np.array([row[_SPEED] for row in rows], np.float32),
            acceleration=np.array([row.get(_ACCELERATION, 0.0) for row in rows], np.float32),
            heading=heading.astype(np.float32),
            length=length,
            width=np.array([body.width for body in bodies], np.float32),
            height=np.array([body.height for body in bodies], np.float32),
            lane=np.array([lane if (lane := row[_LANE])[:1] != ":" else "" for row in rows], str),
            equipped=np.array([body.equipped for body in bodies], bool),
            lights={signal: row[_LIGHT_STATE] for signal, row in lights.items()},
            light_ends={signal: time + row[_NEXT_SWITCH] - now for signal, row in lights.items()},
            line=np.array([body.line for body in bodies], str),
            goal=np.array([self.goals.get(name, "") for name in names], str),
            occupancy={park: libsumo.parkingarea.getVehicleCount(park) for park in self._parks},
            sim_time=now,
            lag=lag,
            step=self.step,
        )
