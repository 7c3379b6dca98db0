"""The bus network in the engine: reads the timetable when it appears or changes, and makes a turn a second."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import msgspec
import numpy as np
import structlog

from cloudctl.engine.broadcast import Every
from cloudctl.publish.outgoing import Outgoing
from cloudctl.transit.arrivals import RoadNow
from cloudctl.transit.describe import describe
from cloudctl.transit.desk import TransitDesk
from cloudctl.transit.errors import TransitError
from cloudctl.transit.gtfs_import import import_gtfs
from cloudctl.transit.patterns import PatternMaker
from cloudctl.transit.reports import BusFix
from cloudctl.transit.stop_visits import StopVisit
from fusion.picture import TrafficPicture
from fusion.signal_cycles import SignalCycles
from ingest.messages.bus_status import BusStatus
from maps.network import RoadNetwork
from maps.participants import ParticipantKind
from maps.routing import Router

TURN, LOOK = 1.0, 2.0
"""Between two turns, and between two looks at the timetable's file, s."""
STATUS_KEPT = 120.0
"""What a bus says counts so long, s."""
_LOG = structlog.get_logger("engine")


class TransitPart:
    """Keeps one desk as long as its timetable does not change."""

    def __init__(self, network: RoadNetwork, timetable: Path | None) -> None:
        """`timetable` is a GTFS file or folder, None where the city has none."""
        self._network, self._source = network, timetable
        self._turn, self._look = Every(TURN), Every(LOOK)
        self._stamp = 0
        self._statuses: dict[str, tuple[float, BusStatus]] = {}
        self._since: dict[tuple[str, str, str], float] = {}
        self._cycles = SignalCycles(network)
        self._lanes = np.maximum(network.links.lane_count, 1)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="timetable")
        self._reading: Future[TransitDesk | None] | None = None
        self.desk: TransitDesk | None = None

    def note(self, vehicle: str, status: BusStatus, received: float) -> None:
        """Take what a bus says of itself."""
        self._statuses[vehicle] = received, status

    def messages(self, picture: TrafficPicture, names: Sequence[str]) -> list[Outgoing]:
        """Make a turn where one is due and tell what came of it; `names` are device ids by row."""
        if self._source is not None and self._look.due(picture.time):
            self._reload(self._source)
        self._cycles.follow(picture.signals.state, picture.time)
        if self.desk is None or not self._turn.due(picture.time):
            return []
        now = picture.time
        self._statuses = {name: kept for name, kept in self._statuses.items() if now - kept[0] <= STATUS_KEPT}
        statuses = {name: status for name, (_, status) in self._statuses.items()}
        self.desk.turn(self._fixes(picture, names), statuses, self._road(picture), now)
        keys = {finding.key for finding in self.desk.findings}
        self._since = {key: self._since.get(key, now) for key in keys}
        level = picture.links.level
        state = describe(
            self.desk, self._network.plane, lambda link: int(level[link]) if link >= 0 else 0, self._since, now
        )
        found = [Outgoing.on("transit_now", msgspec.json.encode(state))]
        return found + [Outgoing.on("stop_visit", _visit(visit)) for visit in self.desk.visits]

    def _reload(self, source: Path) -> None:
        """Read the timetable beside the beats when its file is new; a desk is changed between two turns."""
        if self._reading is not None:
            if not self._reading.done():
                return
            self.desk, self._reading = self._reading.result() or self.desk, None
        try:
            stamp = source.stat().st_mtime_ns
        except OSError:
            return
        if stamp != self._stamp:
            self._stamp = stamp
            self._reading = self._reader.submit(_open_desk, source, self._network)

    def _road(self, picture: TrafficPicture) -> RoadNow:
        return RoadNow(self._cycles.table(), picture.links.queue_vehicles / self._lanes)

    def _fixes(self, picture: TrafficPicture, names: Sequence[str]) -> list[BusFix]:
        tracks = picture.tracks
        rows = np.flatnonzero((tracks.kind == ParticipantKind.BUS) & (tracks.self_device >= 0))
        lanes = tracks.lane[rows]
        links = np.where(lanes >= 0, self._network.lanes.link[lanes], -1)
        columns = (rows, links, tracks.x[rows], tracks.y[rows], tracks.heading[rows], tracks.speed[rows])
        return [
            BusFix(
                names[int(tracks.self_device[row])], x, y, heading, speed, link, int(tracks.track_id[row]), picture.time
            )
            for row, link, x, y, heading, speed in zip(*(column.tolist() for column in columns), strict=True)
        ]


def _visit(visit: StopVisit) -> bytes:
    return msgspec.json.encode(visit)


def _open_desk(source: Path, network: RoadNetwork) -> TransitDesk | None:
    """Read a timetable and lay its lines onto the roads; None where it cannot be used."""
    try:
        imported = import_gtfs(source)
    except TransitError as fault:
        _LOG.warning("timetable_refused", reason=str(fault))
        return None
    patterns, of_trip, bad = PatternMaker(network, Router(network)).all_of(imported.timetable)
    for problem in bad:
        _LOG.warning("line_left_out", reason=str(problem))
    _LOG.info("timetable_read", trips=len(of_trip), patterns=len(patterns), findings=len(imported.findings))
    return TransitDesk(network, imported.timetable, patterns, of_trip)
