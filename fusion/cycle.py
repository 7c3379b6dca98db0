"""One fusion cycle: observations and signal messages in, one immutable traffic picture out.

The stages run in the order of `FusionCycle.stages`; a caller that wants to time them runs them itself between `begin`
and `finish`, any other calls `step`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fusion.errors import ClockError
from fusion.incident_detection import IncidentDetection
from fusion.incident_parameters import IncidentParameters
from fusion.incidents import Incident
from fusion.lane_centres import LaneCentres, LanePieces
from fusion.lane_keeping import LaneKeeping
from fusion.lane_match import LaneMatcher, LaneMatchParameters
from fusion.parameters import TrackerParameters
from fusion.picture import (
    IntersectionStates,
    LaneStates,
    LinkStates,
    MovementStates,
    SignalStates,
    TrafficPicture,
    TurnChoice,
)
from fusion.queues import LaneOrder, lane_order
from fusion.reidentification import Reidentification, ReidentificationParameters, with_former_ids
from fusion.scene import Scene
from fusion.sensors import SensorTable
from fusion.signal_state import SignalTable, SpatReport
from fusion.track_view import LINE
from fusion.tracker import Tracker
from fusion.tracks import TrackTable
from fusion.traffic_parameters import TrafficParameters
from fusion.traffic_state import TrafficState, TrafficStates
from fusion.turn_choice import TurnChooser
from ingest.observation import ObservationBatch
from maps.network import RoadNetwork


@dataclass(frozen=True)
class FusionParameters:
    """Tuning of all of fusion."""

    tracker: TrackerParameters = field(default_factory=TrackerParameters)
    lanes: LaneMatchParameters = field(default_factory=LaneMatchParameters)
    reidentification: ReidentificationParameters = field(default_factory=ReidentificationParameters)
    traffic: TrafficParameters = field(default_factory=TrafficParameters)
    incidents: IncidentParameters = field(default_factory=IncidentParameters)


@dataclass
class Draft:
    """A picture in the making; each stage fills its part."""

    batch: ObservationBatch
    spats: Sequence[SpatReport]
    now: float
    span: float
    sensors: SensorTable
    tracks: TrackTable
    """By reports alone: rules and states judge by these."""
    settled: TrackTable
    """The same with what their lanes tell of their places."""
    order: LaneOrder | None
    lateral: NDArray[np.float32]
    weigh_turns: Callable[[], TurnChoice]
    traffic: TrafficStates
    signals: SignalStates
    incidents: tuple[Incident, ...]


@dataclass(frozen=True)
class Roads:
    """The parts of the cycle that need a road network."""

    network: RoadNetwork
    lanes: LaneMatcher
    centres: LaneCentres
    keeping: LaneKeeping
    reidentification: Reidentification
    signals: SignalTable
    traffic: TrafficState
    turns: TurnChooser
    incidents: IncidentDetection

    @classmethod
    def of(cls, network: RoadNetwork, parameters: FusionParameters) -> "Roads":
        """Make the parts for one network."""
        lanes, pieces = LaneMatcher(network, parameters.lanes), LanePieces.of(network)
        traffic = TrafficState(network, parameters.traffic)
        return cls(
            network,
            lanes,
            LaneCentres(pieces),
            LaneKeeping(pieces),
            Reidentification(network, parameters.reidentification),
            SignalTable(network),
            traffic,
            TurnChooser(network, traffic.movements),
            IncidentDetection(network, lanes.index, parameters.incidents),
        )


class FusionCycle:
    """The fusion of one city. Without a network it tracks and leaves links, signals and incidents empty."""

    def __init__(self, network: RoadNetwork | None = None, parameters: FusionParameters | None = None) -> None:
        self.parameters = parameters or FusionParameters()
        self.tracker = Tracker(self.parameters.tracker)
        self._roads = None if network is None else Roads.of(network, self.parameters)
        self._tick = 0
        self._last = math.nan
        self._before = np.zeros(0, np.uint32)
        self.routes: Mapping[int, tuple[int, ...]] = {}
        """Links that vehicles with a terminal are known to follow, by device row."""
        self.stages: tuple[tuple[str, Callable[[Draft], None]], ...] = (
            ("track", self.track),
            ("lanes", self.match_lanes),
            ("signals", self.read_signals),
            ("traffic", self.judge_traffic),
            ("incidents", self.find_incidents),
        )
        """Name and work of each stage, in order."""

    def step(
        self, batch: ObservationBatch, spats: Sequence[SpatReport], now: float, sensors: SensorTable
    ) -> TrafficPicture:
        """Run one cycle at `now` (UTC epoch, s).

        Raises:
            ClockError: `now` is before the last cycle.
        """
        draft = self.begin(batch, spats, now, sensors)
        for _, stage in self.stages:
            stage(draft)
        return self.finish(draft)

    def begin(self, batch: ObservationBatch, spats: Sequence[SpatReport], now: float, sensors: SensorTable) -> Draft:
        """Start a cycle; the same arguments and errors as `step`."""
        if now < self._last:
            raise ClockError(now, self._last)
        span = 0.0 if math.isnan(self._last) else now - self._last
        self._last = now
        no_lateral = np.zeros(0, np.float32)
        return Draft(
            batch,
            spats,
            now,
            span,
            sensors,
            no_tracks(),
            no_tracks(),
            None,
            no_lateral,
            TurnChoice,
            no_traffic(),
            no_signals(),
            (),
        )

    def track(self, draft: Draft) -> None:
        """Stage: reports become tracks."""
        self.tracker.update(draft.batch, draft.now, draft.sensors)
        draft.tracks = draft.settled = self.tracker.table(draft.now)

    def match_lanes(self, draft: Draft) -> None:
        """Stage: tracks find their lanes."""
        if self._roads is not None:
            draft.tracks = self._roads.lanes.match(draft.tracks, draft.span)
            found, draft.lateral = self._roads.lanes.found, self._roads.lanes.lateral
            self.tracker.learn_from_lanes(self._roads.centres.beside(draft.tracks, found), draft.now)
            draft.settled = self._roads.keeping.settle(draft.tracks, found, draft.span)
            self._know_again(draft, self._roads)
            draft.order = lane_order(draft.tracks, self._roads.network, self.parameters.traffic.queue)

    def _know_again(self, draft: Draft, roads: Roads) -> None:
        """Give vehicles that come back into view their former ids."""
        coverage = roads.traffic.coverage
        found, former = roads.reidentification.find(draft.tracks, self.tracker.held, coverage, draft.now)
        if len(found):
            self.tracker.give_back(found.astype(np.int64), former.astype(np.int64))
            draft.tracks, order = with_former_ids(draft.tracks, found, former)
            draft.settled, _ = with_former_ids(draft.settled, found, former)
            draft.lateral = draft.lateral[order]

    def read_signals(self, draft: Draft) -> None:
        """Stage: SPAT messages become signal states."""
        if self._roads is not None:
            for report in draft.spats:
                self._roads.signals.apply(*report)
            draft.signals = self._roads.signals.states(draft.now)

    def judge_traffic(self, draft: Draft) -> None:
        """Stage: tracks on lanes become link states."""
        if self._roads is not None and draft.order is not None:
            traffic = self._roads.traffic
            draft.traffic = traffic.update(draft.tracks, draft.order, draft.span, draft.sensors, draft.now)
            scene = (draft.tracks, draft.lateral, draft.order, draft.traffic.movements, draft.signals)
            draft.weigh_turns = partial(self._roads.turns.choose, *scene, self.routes)

    def find_incidents(self, draft: Draft) -> None:
        """Stage: the scene is searched for incidents."""
        if self._roads is None or draft.order is None:
            return
        shown_for = self._roads.signals.shown_for(draft.now)
        green_for = self._roads.incidents.green_for(draft.signals.state, shown_for)
        red_for = self._roads.incidents.red_for(draft.signals.state, shown_for)
        scene = Scene(
            draft.now,
            draft.span,
            draft.tracks,
            draft.lateral,
            draft.order,
            draft.traffic.links,
            green_for,
            red_for,
            self._roads.traffic.sees_ahead(draft.tracks),
            self._before,
        )
        self._before = draft.tracks.track_id
        draft.incidents = self._roads.incidents.find(scene)

    def finish(self, draft: Draft) -> TrafficPicture:
        """End a cycle: return its picture, whose arrays can no longer be written."""
        self._tick += 1
        traffic = draft.traffic
        picture = TrafficPicture(
            self._tick,
            draft.now,
            draft.settled,
            traffic.links,
            draft.signals,
            draft.incidents,
            draft.lateral,
            traffic.lanes,
            traffic.movements,
            traffic.intersections,
            draft.weigh_turns,
        )
        for table in (picture.tracks, picture.signals, *vars(traffic).values()):
            for column in vars(table).values():
                column.flags.writeable = False
        return picture


def no_tracks() -> TrackTable:
    """Make a table of no tracks."""
    lines = np.zeros(0, LINE)
    return TrackTable(**{name: lines[name] for name in LINE.names or ()})


def no_traffic() -> TrafficStates:
    """Make the traffic states of no network."""
    real, count = np.zeros(0, np.float32), np.zeros(0, np.uint16)
    links = LinkStates(real, real, real, real, count, real, count, np.zeros(0, np.uint8), real)
    return TrafficStates(links, LaneStates(), MovementStates(), IntersectionStates())


def no_signals() -> SignalStates:
    """Make signal states of no network."""
    time = np.zeros(0)
    return SignalStates(np.zeros(0, np.uint8), time, time, time, time, np.zeros(0, np.float32), time)
