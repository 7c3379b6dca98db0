"""The bus network in the engine: reads the timetable when it appears or changes, and makes a turn a second."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import structlog

from cloudctl.advice.bus_priority import BusPriority
from cloudctl.dispatch.kept import StoredDwells
from cloudctl.engine.broadcast import Every
from cloudctl.engine.dispatch import DispatchPart
from cloudctl.publish.outgoing import Outgoing
from cloudctl.transit.arrivals import RoadNow
from cloudctl.transit.describe import describe
from cloudctl.transit.desk import TransitDesk
from cloudctl.transit.errors import TransitError
from cloudctl.transit.gtfs_import import import_gtfs
from cloudctl.transit.lines import LinesState, describe_lines
from cloudctl.transit.patterns import PatternMaker
from cloudctl.transit.reports import BusFix
from cloudctl.transit.run_times import Duration
from cloudctl.transit.standing_queues import StandingQueues
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
LEAST_SPREAD = 2.0
"""A dwell is never known better than this, s."""
_LOG = structlog.get_logger("engine")


Named = Callable[[int], bool]
"""Whether the platform may name the device of a row."""


def everybody(row: int) -> bool:
    """Name every device."""
    return row >= 0


class TransitPart:
    """Keeps one desk as long as its timetable does not change."""

    def __init__(self, network: RoadNetwork, timetable: Path | None, dispatch: DispatchPart | None = None) -> None:
        """`timetable` is a GTFS file or folder, None where the city has none."""
        self._network, self._source = network, timetable
        self.dispatch = dispatch or DispatchPart(network, BusPriority())
        self._lines = LinesState(version="", zone="", trips=0)
        self._turn, self._look = Every(TURN), Every(LOOK)
        self._stamp = 0
        self._statuses: dict[str, tuple[float, BusStatus]] = {}
        self._since: dict[tuple[str, str, str], float] = {}
        self._cycles = SignalCycles(network)
        self._standing = StandingQueues(len(network.lanes.length))
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="timetable")
        self._reading: Future[Opened] | None = None
        self._news: list[Outgoing] = []
        self._dwells: dict[tuple[str, str], Duration] = {}
        self.desk: TransitDesk | None = None

    def note(self, vehicle: str, status: BusStatus, received: float) -> None:
        """Take what a bus says of itself."""
        self._statuses[vehicle] = received, status

    def take_dwells(self, payload: bytes) -> None:
        """Take over the dwells of stored visits; what cannot be read changes nothing."""
        try:
            stored = msgspec.json.decode(payload, type=StoredDwells)
        except msgspec.MsgspecError as fault:
            _LOG.warning("dwells_unreadable", reason=str(fault))
            return
        self._dwells = {
            (each.stop, each.line): Duration(each.mean, max(each.spread, LEAST_SPREAD) ** 2) for each in stored.items
        }
        if self.desk is not None:
            self.desk.predictor.usual_dwells = self._dwells

    def messages(self, picture: TrafficPicture, names: Sequence[str], named: Named = everybody) -> list[Outgoing]:
        """Make a turn where one is due and tell what came of it; `names` are device ids by row."""
        if self._source is not None and self._look.due(picture.time):
            self._reload(self._source)
        self._cycles.follow(picture.signals.state, picture.time)
        news, self._news = self._news, []
        if self.desk is None or not self._turn.due(picture.time):
            return news
        now = picture.time
        self._statuses = {name: kept for name, kept in self._statuses.items() if now - kept[0] <= STATUS_KEPT}
        statuses = {name: status for name, (_, status) in self._statuses.items()}
        self.desk.turn(self._fixes(picture, names, named), statuses, self._road(picture), now)
        keys = {finding.key for finding in self.desk.findings}
        self._since = {key: self._since.get(key, now) for key in keys}
        level = picture.links.level
        state = describe(
            self.desk, self._network.plane, lambda link: int(level[link]) if link >= 0 else 0, self._since, now
        )
        news.append(Outgoing.on("transit_now", msgspec.json.encode(state)))
        news += [Outgoing.on("stop_visit", self._visit(visit)) for visit in self.desk.visits]
        return news + self.dispatch.turn(self.desk, now)

    def _reload(self, source: Path) -> None:
        """Read the timetable beside the beats when its file is new; a desk is changed between two turns."""
        if self._reading is not None:
            if not self._reading.done():
                return
            opened, self._reading = self._reading.result(), None
            self.desk = opened.desk or self.desk
            if self.desk is not None:
                self.desk.predictor.usual_dwells = self._dwells
            self._lines = opened.lines or msgspec.structs.replace(self._lines, refused=opened.refused)
            self._news.append(Outgoing.on("transit_lines", msgspec.json.encode(self._lines)))
        try:
            stamp = source.stat().st_mtime_ns
        except OSError:
            return
        if stamp != self._stamp:
            self._stamp = stamp
            self._reading = self._reader.submit(_open_desk, source, self._network)

    def _visit(self, visit: StopVisit) -> bytes:
        """Write a visit with the line, the direction and the planned headway of its bus."""
        desk = self.desk
        pattern = None if desk is None else desk.patterns.get(visit.pattern)
        headway = None if desk is None or (bus := desk.buses.get(visit.vehicle)) is None else bus.headway
        known = msgspec.to_builtins(visit)
        line, direction = ("", 0) if pattern is None else (pattern.line, pattern.direction)
        planned = None if headway is None else headway.planned
        return msgspec.json.encode({**known, "line": line, "direction": direction, "planned": planned})

    def _road(self, picture: TrafficPicture) -> RoadNow:
        queue = picture.lanes.queue_vehicles.astype(np.float64)
        return RoadNow(self._cycles.table(), queue, self._standing.follow(queue, picture.time))

    def _fixes(self, picture: TrafficPicture, names: Sequence[str], named: Named) -> list[BusFix]:
        tracks = picture.tracks
        rows = np.flatnonzero((tracks.kind == ParticipantKind.BUS) & (tracks.self_device >= 0))
        rows = rows[[named(row) for row in tracks.self_device[rows].tolist()]] if len(rows) else rows
        lanes = tracks.lane[rows]
        links = np.where(lanes >= 0, self._network.lanes.link[lanes], -1)
        columns = (rows, links, tracks.x[rows], tracks.y[rows], tracks.heading[rows], tracks.speed[rows])
        return [
            BusFix(
                names[int(tracks.self_device[row])], x, y, heading, speed, link, int(tracks.track_id[row]), picture.time
            )
            for row, link, x, y, heading, speed in zip(*(column.tolist() for column in columns), strict=True)
        ]


@dataclass(frozen=True)
class Opened:
    """What came of reading a timetable; both None, with the reason, where it cannot be used."""

    desk: TransitDesk | None = None
    lines: LinesState | None = None
    refused: str = ""


def _open_desk(source: Path, network: RoadNetwork) -> Opened:
    """Read a timetable and lay its lines onto the roads."""
    try:
        imported = import_gtfs(source)
    except TransitError as fault:
        _LOG.warning("timetable_refused", reason=str(fault))
        return Opened(refused=str(fault))
    patterns, of_trip, bad = PatternMaker(network, Router(network)).all_of(imported.timetable)
    for problem in bad:
        _LOG.warning("line_left_out", reason=str(problem))
    _LOG.info("timetable_read", trips=len(of_trip), patterns=len(patterns), findings=len(imported.findings))
    lines = describe_lines(imported.timetable, patterns, of_trip, network.plane, (imported.findings, bad))
    return Opened(TransitDesk(network, imported.timetable, patterns, of_trip), lines)
