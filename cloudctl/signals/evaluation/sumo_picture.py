"""The traffic picture of a running SUMO scenario, for advisors that must not know that the city is simulated."""

import gzip
import tempfile
from pathlib import Path

import libsumo
import numpy as np

from cloudctl.advice.scene import Scene
from cloudctl.advice.topology import Topology
from cloudctl.signals.evaluation.inside_lanes import InsideLanes
from cloudctl.signals.evaluation.sumo_lights import SumoLights
from fusion.picture import LinkStates, TrafficPicture
from fusion.tracks import MAX_SOURCES, TrackTable
from maps.errors import NoProjectionError
from maps.importers.sumo import import_sumo
from maps.network import RoadNetwork
from maps.participants import ParticipantKind

EPOCH = 1_700_000_000.0
"""UTC epoch, s, that stands for time 0 of the scenario."""
LANE, PLACE, SPEED, ODOMETER = 0x51, 0x56, 0x40, 0x84
"""TraCI variables of a vehicle: lane, m on the lane, m/s, m driven."""
_KINDS = {"bus": ParticipantKind.BUS, "coach": ParticipantKind.BUS, "truck": ParticipantKind.TRUCK}
_SOMEWHERE = 'netOffset="-500000.00,-3120000.00"', 'projParameter="+proj=utm +zone=49 +datum=WGS84 +units=m +no_defs"'


def read_network(net: Path) -> RoadNetwork:
    """The map of a scenario; a network that lies nowhere on the Earth is put somewhere.

    Raises:
        MapSourceError: the file is unreadable or makes no sense.
    """
    try:
        return import_sumo(net).network
    except NoProjectionError:
        with gzip.open(net, "rt", encoding="utf-8") if net.suffix == ".gz" else net.open(encoding="utf-8") as file:
            text = file.read()
        begin = text.index("<location")
        end = text.index(">", begin) + 1
        place = f"<location {_SOMEWHERE[0]} convBoundary='0,0,0,0' origBoundary='0,0,0,0' {_SOMEWHERE[1]}/>"
        with tempfile.TemporaryDirectory(prefix="v2x-map-") as folder:
            copy = Path(folder) / "placed.net.xml"
            copy.write_text(text[:begin] + place + text[end:], encoding="utf-8")
            return import_sumo(copy).network


class SumoPicture:
    """Scenes of each second: every vehicle is a track, a share of them has a terminal and tells its route.

    Places are told for vehicles inside junctions alone: who is on a lane is known by that.
    """

    def __init__(self, net: Path, share: float, seed: int) -> None:
        self._topology = Topology(read_network(net)).prepare()
        self._lights = SumoLights(self._topology.network)
        self._lane = self._topology.network.lane_rows
        self._inside = InsideLanes(self._topology.network)
        self._links = _free(self._topology.network)
        self._share = share
        self._random = np.random.default_rng((seed, 10))
        self._track: dict[str, int] = {}
        self.names: list[str] = []
        """Vehicle of each device row."""
        self.equipped: list[bool] = []
        self._kind = np.zeros(1024, np.uint8)
        self._length = np.zeros(1024, np.float32)
        self._routes: dict[int, tuple[int, ...]] = {}

    @property
    def network(self) -> RoadNetwork:
        """The map of the scenario."""
        return self._topology.network

    def read(self, now: float) -> Scene:
        """Scene after the step just made, at `now` of the scenario, s."""
        picture = TrafficPicture(0, now + EPOCH, self._tracks(now), self._links, self._lights.read(now, EPOCH), ())
        return Scene(now + EPOCH, picture, self._topology, self.names, routes=self._routes)

    def admit(self) -> None:
        """Take in who departed in the step just made; SUMO tells it once, so this is for every step."""
        rows = self._topology.network.link_rows
        for name in libsumo.simulation.getDepartedIDList():
            row = len(self.names)
            self._track[name] = row
            self.names.append(name)
            self.equipped.append(bool(self._random.random() < self._share))
            if row == len(self._kind):
                self._kind, self._length = np.resize(self._kind, 2 * row), np.resize(self._length, 2 * row)
            self._kind[row] = _KINDS.get(libsumo.vehicle.getVehicleClass(name), ParticipantKind.CAR)
            self._length[row] = libsumo.vehicle.getLength(name)
            self._routes[row] = tuple(rows[edge] for edge in libsumo.vehicle.getRoute(name) if edge in rows)
            libsumo.vehicle.subscribe(name, (LANE, PLACE, SPEED, ODOMETER))

    def _tracks(self, now: float) -> TrackTable:
        every = libsumo.vehicle.getAllSubscriptionResults().items()
        seen = [
            (self._track[name], self._lane.get(values[LANE], -1), values[PLACE], values[SPEED], 0.0, 0.0, 0.0)
            for name, values in every
            if values[LANE] in self._lane
        ]
        for name, values in every:
            if values[LANE] in self._inside:
                number = self._track[name]
                place = self._inside.place(values[LANE], values[PLACE] - float(self._length[number]) / 2)
                seen.append((number, -1, np.nan, values[SPEED], *place))
        table = np.array(seen, np.float64).reshape(-1, 7)
        row, count = table[:, 0].astype(np.int64), len(seen)
        device = np.where(np.array(self.equipped, bool)[row], row, -1).astype(np.int32)
        sources = np.full((count, MAX_SOURCES), -1, np.int32)
        sources[:, 0] = device
        moment, nought, length = np.full(count, now + EPOCH), np.zeros(count, np.float32), self._length[row]
        return TrackTable(
            track_id=(row + 1).astype(np.uint32),
            kind=self._kind[row],
            x=table[:, 4],
            y=table[:, 5],
            vx=table[:, 3].astype(np.float32),
            vy=nought,
            heading=table[:, 6].astype(np.float32),
            covariance=np.tile(np.eye(4, dtype=np.float32), (count, 1, 1)),
            length=length,
            width=np.full(count, 2.0, np.float32),
            existence=np.ones(count, np.float32),
            updated=moment,
            born=moment,
            sources=sources,
            self_device=device,
            lane=table[:, 1].astype(np.int32),
            lane_probability=np.ones(count, np.float32),
            lane_offset=(table[:, 2] - length / 2).astype(np.float32),
            roadside=moment,
        )


def _free(network: RoadNetwork) -> LinkStates:
    count = len(network.links.id)
    nought, none = np.zeros(count, np.float32), np.zeros(count, np.uint16)
    free = (network.links.length / network.links.speed).astype(np.float32)
    speed = network.links.speed.astype(np.float32)
    return LinkStates(speed, free, nought, nought, none, nought, none, np.ones(count, np.uint8), nought + 1)
