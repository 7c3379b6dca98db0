"""Some signals of the city under one strategy: what is observed goes in, what the safety layer lets pass comes out.

The safety layer is brought into step with the lights that are really shown before each decision, so that its least and
longest greens and its changes are those of the road. While a change that the platform commanded is under way the layer
goes on by itself, because a commanded change need not be one of the program.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cloudctl.signals.coverage import Coverage
from cloudctl.signals.layout import Ints, Layout, Priority, Reals, Scene, Tracks
from cloudctl.signals.live.approach_coverage import ApproachCoverage
from cloudctl.signals.live.network_layout import layout_of
from cloudctl.signals.live.observed import NOWHERE, Shown
from cloudctl.signals.live.orders import Coming, Orders
from cloudctl.signals.live.pedestrians import stage_for
from cloudctl.signals.live.saving import LOOK_AHEAD, Savings
from cloudctl.signals.live.track_source import TrackSource
from cloudctl.signals.program import Program
from cloudctl.signals.safety import FOLLOW_PLAN, STALE, SafetyLayer
from cloudctl.signals.strategy import Strategy
from fusion.picture import TrafficPicture
from fusion.sensors import SensorTable
from maps.network import RoadNetwork

COVERED, LEAST_COVERED = 0.8, 0.55
"""Share of the approaches under sensors from which on a signal is controlled, and below which it no longer is."""
ENOUGH_SEEN = 0.65
"""Share of vehicles seen, almost certainly, that does instead of sensors."""
OVERDUE = 3.0
"""s after which a commanded change that the lights do not show is given up"""
_GREEN = -1


@dataclass(frozen=True)
class Decision:
    """What came out for one signal."""

    row: int
    """Of the signal in the network."""
    shown: int
    """Stage that is green or coming; -1 where that is not known."""
    wanted: int
    """What strategy, pedestrians or priority asked for; `FOLLOW_PLAN` for nothing."""
    passed: int
    """Stage that the safety layer goes to."""
    coverage: float
    covered: bool
    fresh: bool
    forced: str = ""
    """pedestrians or priority, where they and not the strategy chose."""


class Area:
    """A group of signals that is decided on together."""

    def __init__(
        self, network: RoadNetwork, programs: dict[int, Program], rows: Collection[int], strategy: type[Strategy]
    ) -> None:
        self.layout = layout_of(network, programs, sorted(rows))
        by_name = {str(network.signals.id[row]): row for row in rows}
        self.rows = [by_name[program.signal] for program in self.layout.programs]
        self.safety = SafetyLayer(self.layout.programs, 0.0)
        self._strategy = strategy(self.layout, self.safety)
        self._seen, self.savings = Coverage(self.layout), Savings(self.layout)
        self._sensors = ApproachCoverage(network, self.layout)
        self._source = TrackSource(network, _roads_of_interest(network, self.layout))
        self._groups = [int(network.signals.group_start[row]) for row in self.rows]
        self._change = self.safety.change_times()
        self._links, self._lane_of_link = _links(self.layout, self._groups)
        self._covered = np.zeros(len(self.rows), bool)
        self.tracks = Tracks(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0), np.empty(0), np.empty(0))

    def decide(
        self,
        picture: TrafficPicture,
        shown: Mapping[int, Shown],
        sensors: SensorTable,
        waited: Reals,
        orders: Orders,
    ) -> list[Decision]:
        """Decide on all signals.

        Args:
            picture: The newest picture.
            shown: What each signal shows, by row.
            sensors: What roadside sensors see.
            waited: For how long pedestrians have waited, s, by signal group.
            orders: Stages that vehicles need at once, who follows the platform, whose delay counts more.
        """
        now = picture.time
        self.tracks = self._source.read(picture)
        self.savings.look(self.tracks)
        coverage = self._cover(now, sensors)
        known = np.array(
            [self._join(place, shown[row], now, row in orders.executed) for place, row in enumerate(self.rows)]
        )
        lights = self.safety.lights(now)
        seen = Scene(now, self.tracks, lights, self._priority(orders.coming))
        wanted = self._strategy.propose(seen).astype(np.int32).copy()
        wanted[~self._covered] = FOLLOW_PLAN
        why = [""] * len(self.rows)
        for place, row in enumerate(self.rows):
            if wanted[place] != FOLLOW_PLAN:
                wanted[place], why[place] = self._force(place, row, int(wanted[place]), waited, orders.forced)
        heard = np.array([shown[row].heard for row in self.rows])
        fresh = known & (np.abs(now - heard) <= STALE)
        before = lights.stage.copy()
        changing = self.safety.step != _GREEN
        asked = np.where((wanted >= 0) | changing, wanted, self.safety.stage).astype(np.int32)
        self.safety.advance(now, asked, np.where(fresh, heard, np.nan))
        return [
            Decision(
                row, int(before[place]) if known[place] else -1, int(wanted[place]), int(self.safety.target[place]),
                float(coverage[place]), bool(self._covered[place]), bool(fresh[place]), why[place],
            )
            for place, row in enumerate(self.rows)
        ]  # fmt: skip

    def warm_up(self) -> None:
        """Use everything that is compiled once; the area is worth nothing afterwards."""
        strategys = getattr(self._strategy, "coverage", None)
        if isinstance(strategys, Coverage):
            strategys.declare(1.0)
        roads = self.layout.lane_road[: min(len(self.layout.lane_road), 4)]
        count = len(roads)
        numbers = np.arange(count, dtype=np.int64)
        tracks = Tracks(numbers, roads, np.full(count, 30.0), np.full(count, 8.0), np.full(count, 5.0))
        self.savings.look(tracks)
        for now in (0.0, 40.0, 80.0, 120.0):
            wanted = self._strategy.propose(Scene(now, tracks, self.safety.lights(now))).astype(np.int32)
            self.safety.advance(now, wanted, np.full(len(self.rows), now))
        stages = np.zeros(LOOK_AHEAD, np.int32)
        self.savings.of(0, stages, stages)

    def _priority(self, coming: Collection[Coming]) -> Priority | None:
        """Columns of the vehicles with priority that are on their way to these signals; None where none is."""
        found: list[tuple[int, float, float, int]] = []
        for each in coming:
            links = self._links.get(each.group, [])
            row = self._source.row_of(each.track) if links else -1
            if row >= 0:
                own = [link for link in links if self._lane_of_link[link] == self.tracks.road[row]]
                found.append((row, each.worth, each.hold, (own or links)[0]))
        if not found:
            return None
        rows, worth, hold, links_taken = zip(*found, strict=True)
        return Priority(np.array(rows, np.int32), np.array(worth), np.array(hold), np.array(links_taken, np.int32))

    def _force(self, place: int, row: int, wanted: int, waited: Reals, forced: Mapping[int, int]) -> tuple[int, str]:
        """Let priority, then pedestrians who have waited too long, go before the strategy's choice."""
        if row in forced:
            return forced[row], "priority"
        program = self.layout.programs[place]
        first = self._groups[place]
        lights = waited[first : first + len(program.phases[0].state)]
        walking = stage_for(program, lights, int(self.safety.stage[place]))
        return (wanted, "") if walking is None else (walking, "pedestrians")

    def _cover(self, now: float, sensors: SensorTable) -> Reals:
        """What is seen of each signal; also tells the strategy when sensors cover its signals."""
        by_sensor = self._sensors.follow(sensors)
        self._seen.observe(now, self.tracks)
        least, share = self._seen.at_least, self._seen.share
        self._covered = np.where(self._covered, by_sensor >= LEAST_COVERED, by_sensor >= COVERED)
        by_tracks = least >= ENOUGH_SEEN
        strategys = getattr(self._strategy, "coverage", None)
        if isinstance(strategys, Coverage):
            strategys.declare(float(by_sensor[self._covered].mean()) if self._covered.any() else None)
        self._covered |= by_tracks
        return np.maximum(by_sensor, share if by_tracks else least)

    def _join(self, place: int, shown: Shown, now: float, executed: bool) -> bool:
        """Bring the safety layer into step with what is shown; False where that is not known."""
        safety, program = self.safety, self.layout.programs[place]
        stage, target = int(safety.stage[place]), int(safety.target[place])
        if executed and safety.step[place] != _GREEN:
            late = now - safety.since[place] > self._change[place][stage, target] + OVERDUE
            arrived = shown.row != NOWHERE and shown.row == program.greens[target]
            if not arrived and not late:
                return True
        if shown.row == NOWHERE:
            return False
        following = program.stage_of_row[shown.row]
        if shown.row in program.greens:
            self._set(place, following, following, _GREEN, shown.since)
            return True
        leaving = (following - 1) % len(program.greens)
        offset = (shown.row - program.greens[leaving] - 1) % len(program.phases)
        steps = len(program.change(leaving, following))
        self._set(place, leaving, following, min(offset, steps - 1) if steps else _GREEN, shown.since)
        return True

    def _set(self, place: int, stage: int, target: int, step: int, since: float) -> None:
        safety = self.safety
        safety.stage[place], safety.target[place] = stage, target
        safety.step[place], safety.since[place] = step, since


def _links(layout: Layout, groups: Sequence[int]) -> tuple[dict[int, list[int]], Ints]:
    """Links (flat rows) of each signal group (row), and the lane (row of the network) of each link."""
    found: dict[int, list[int]] = {}
    signal = np.repeat(np.arange(layout.signals), np.diff(layout.link_start))
    for link, (place, light) in enumerate(zip(signal.tolist(), layout.link_light.tolist(), strict=True)):
        found.setdefault(groups[place] + light, []).append(link)
    return found, layout.lane_road[layout.lane_start[signal] + layout.link_lane]


def _roads_of_interest(network: RoadNetwork, layout: Layout) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Approach lanes, roads that lead to them, ways across their junctions, lanes that any way from them leads to."""
    wanted = np.diff(layout.reach_start) > 0
    wanted[layout.lane_road] = True
    wanted[layout.link_via[layout.link_via >= 0]] = True
    table = network.connections
    behind = np.isin(table.from_lane, layout.lane_road)
    wanted[table.to_lane[behind]] = True
    return wanted
