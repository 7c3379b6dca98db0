"""Green-wave speed (GLOSA, 绿波车速) for vehicles with a terminal that approach a signal.

Content of an advisory: `speed_mps` advised, `speed_min_mps` and `speed_max_mps` the band, `distance_m` to the stop
line, `signal` id, `phase_id`, `green_start` and `green_end` (UTC epoch, s) of the window it aims at.
No advice rather than wrong advice: none on stale or unsure light states, none where the lane's turns have lights that
differ and the vehicle's route is not known, none where no comfortable speed from 0.3 of the limit up to it fits.
Who cannot make the green that is on is led to the one after it, where the signal has repeated itself lately.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.advice.green_wave import HEADWAY, START_UP, SpeedBand, count_ahead, speed_band
from cloudctl.advice.red_times import RedTimes
from cloudctl.advice.scene import Numbering, Scene
from cloudctl.advice.topology import GREENS
from fusion.picture import SignalStates
from maps.participants import MOTOR_KINDS

NEAREST, FARTHEST = 25.0, 600.0
"""Distances to the stop line between which advice is of use, m."""
SLOWEST = 1.5
"""Who moves slower stands in a queue, m/s."""
STALE = 2.0
CONFIDENCE = 0.6
LANE_PROBABILITY = 0.5
MARGIN_BEFORE, MARGIN_AFTER = 0.5, 1.0
"""Kept from the beginning and from the end of the green, s."""
SAME_LIGHT = 0.5
"""Two groups show the same when their changes differ by no more, s."""
CHANGE = 1.5
"""A new speed is worth telling from this difference on, m/s."""
REPEAT = 5.0
VALIDITY = 6.0


@dataclass(frozen=True)
class _Windows:
    """When each group lets traffic pass, (groups,), UTC epoch s; NaN where not known well enough."""

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    green: NDArray[np.bool_]
    red: NDArray[np.float64]
    """s from the end of a green to the next one; NaN where not known"""
    shortest: NDArray[np.float64]
    """s that a green lasts at least"""


@dataclass(frozen=True)
class _Approaches:
    """Vehicles before a light, (n,): track row, group they obey, m to the stop line."""

    row: NDArray[np.int64]
    group: NDArray[np.int64]
    distance: NDArray[np.float64]


@dataclass(frozen=True)
class _Case:
    """One vehicle and the speeds that suit it."""

    row: int
    group: int
    distance: float
    lowest: float
    highest: float
    start: float
    end: float
    """Green that it aims at, UTC epoch, s."""


@dataclass(frozen=True)
class _Given:
    time: float
    speed: float
    group: int
    advisory_id: str


class Glosa:
    """Advises speeds; remembers what it told each vehicle so that the advice does not flicker."""

    def __init__(self) -> None:
        self._given: dict[int, _Given] = {}
        self._ids = Numbering("glosa")
        self._reds = RedTimes()

    def advise(self, scene: Scene) -> list[Advisory]:
        """Advise every vehicle that has a use for it and has not just been told the same."""
        self._reds.observe(scene.picture.signals, scene.now)
        windows = green_windows(scene.picture.signals, scene.topology.group_green, self._reds.known(), scene.now)
        approaches = _approaching(scene, windows)
        if len(approaches.row) == 0:
            return []
        self._forget(scene.now)
        return [
            self._tell(scene, case)
            for case in _cases(scene, approaches, windows)
            if self._is_news(int(scene.picture.tracks.self_device[case.row]), case, scene.now)
        ]

    def _is_news(self, device: int, case: _Case, now: float) -> bool:
        given = self._given.get(device)
        if given is None or given.group != case.group:
            return True
        return abs(given.speed - case.highest) > CHANGE or now - given.time >= REPEAT

    def _forget(self, now: float) -> None:
        self._given = {device: given for device, given in self._given.items() if now - given.time <= 2 * REPEAT}

    def _tell(self, scene: Scene, case: _Case) -> Advisory:
        device = int(scene.picture.tracks.self_device[case.row])
        before = self._given.get(device)
        advisory_id = self._ids.next(scene.now)
        self._given[device] = _Given(scene.now, case.highest, case.group, advisory_id)
        network, signal = scene.topology.network, int(scene.topology.network.groups.signal[case.group])
        start, end = max(case.start, scene.now), case.end
        lon, lat = network.plane.inverse(network.signals.x[signal], network.signals.y[signal])
        green = case.start <= scene.now
        state = "is green" if green else f"turns green in {start - scene.now:.0f} s"
        return Advisory(
            id=advisory_id,
            kind=AdvisoryKind.GLOSA,
            target=f"obu:{scene.device_names[device]}",
            created=scene.now,
            valid_until=min(scene.now + VALIDITY, end),
            reason=f"Signal {network.signals.id[signal]} {state} and stays so until {end - scene.now:.0f} s from now; "
            f"{case.highest * 3.6:.0f} km/h over {case.distance:.0f} m arrives in green.",
            reason_code="glosa.hold_green" if green else "glosa.reach_green",
            lon=float(lon),
            lat=float(lat),
            content={
                "speed_mps": round(case.highest, 2),
                "speed_min_mps": round(case.lowest, 2),
                "speed_max_mps": round(case.highest, 2),
                "distance_m": round(case.distance, 1),
                "signal": str(network.signals.id[signal]),
                "phase_id": int(network.groups.phase_id[case.group]),
                "green_start": round(start, 3),
                "green_end": round(end, 3),
            },
            replaces=before.advisory_id if before is not None else None,
        )


def green_windows(
    signals: SignalStates, shortest_green: NDArray[np.float64], red: NDArray[np.float64], now: float
) -> _Windows:
    """Say for every group when its present or next green is, on the safe side, and how long the red after it lasts.

    A green under way ends at its earliest end; a coming one lasts at least as long as its program promises.
    """
    green = np.isin(signals.state, GREENS)
    with np.errstate(invalid="ignore"):
        sure = (signals.confidence >= CONFIDENCE) & (now - signals.received <= STALE)
    earliest_end = np.fmin(signals.min_end, signals.likely_end)
    start = np.where(green, now, signals.next_green)
    end = np.where(green, earliest_end, signals.next_green + shortest_green)
    known = sure & np.isfinite(start) & np.isfinite(end)
    return _Windows(np.where(known, start, np.nan), np.where(known, end, np.nan), green, red, shortest_green)


def _distance(scene: Scene) -> NDArray[np.float64]:
    """Distance of each track's front to the stop line of the next light, m; inf where none comes."""
    tracks, lanes = scene.picture.tracks, scene.topology.network.lanes
    length = np.where(np.isfinite(tracks.length), tracks.length, 4.5)
    rest = lanes.length[tracks.lane] - tracks.lane_offset - length / 2
    return rest + scene.topology.approaches.beyond[tracks.lane]


def _approaching(scene: Scene, windows: _Windows) -> _Approaches:
    """List the tracks that can be advised."""
    tracks = scene.picture.tracks
    motor = (MOTOR_KINDS >> tracks.kind) & 1 == 1
    fit = (tracks.self_device >= 0) & (tracks.lane >= 0) & motor & (tracks.lane_probability >= LANE_PROBABILITY)
    distance = _distance(scene)
    fit &= (distance >= NEAREST) & (distance <= FARTHEST) & (tracks.speed >= SLOWEST)
    rows = np.flatnonzero(fit)
    groups = _groups_obeyed(scene, rows, windows)
    known = (groups >= 0) & np.isfinite(windows.start[groups])
    return _Approaches(rows[known], groups[known], distance[rows[known]])


def _groups_obeyed(scene: Scene, rows: NDArray[np.int64], windows: _Windows) -> NDArray[np.int64]:
    """Group of each track: of its known turn, else the lane's where all its lights show the same, else -1."""
    table = scene.topology.approaches.groups[scene.picture.tracks.lane[rows]]
    first = table[:, 0]
    used = table >= 0
    with np.errstate(invalid="ignore"):
        same = (
            (windows.green[table] == windows.green[first][:, None])
            & (np.abs(windows.start[table] - windows.start[first][:, None]) <= SAME_LIGHT)
            & (np.abs(windows.end[table] - windows.end[first][:, None]) <= SAME_LIGHT)
        )
    groups = np.where(np.all(same | ~used, axis=1), first, -1).astype(np.int64)
    for i, row in enumerate(rows.tolist()) if scene.routes else ():
        turn = _known_turn(scene, row)
        groups[i] = groups[i] if turn is None else turn
    return groups


def _known_turn(scene: Scene, row: int) -> int | None:
    """Group of the turn that the vehicle's known route takes at the next light; None where not known."""
    tracks = scene.picture.tracks
    route = scene.routes.get(int(tracks.self_device[row]), ())
    return scene.topology.approaches.group_on_route(int(scene.topology.network.lanes.link[tracks.lane[row]]), route)


def _band(scene: Scene, approaches: _Approaches, windows: _Windows) -> tuple[SpeedBand, NDArray[np.bool_]]:
    """Speeds that bring each vehicle to the stop line in green, behind those before it; whether in the green after."""
    tracks, rows, groups = scene.picture.tracks, approaches.row, approaches.group
    queued = tracks.speed < SLOWEST
    ahead = count_ahead(tracks.lane, tracks.lane_offset, queued)
    green = windows.green[groups]
    everyone = ahead.all[rows] + _further_on(scene, rows, queued, np.zeros(len(rows), np.bool_))
    standing = ahead.queued[rows] + _further_on(scene, rows, queued, np.ones(len(rows), np.bool_))
    waiting = np.where(green, standing, everyone).astype(np.float64)
    begin, end = windows.start[groups] - scene.now, windows.end[groups] - scene.now
    limit = np.asarray(scene.topology.network.lanes.speed[tracks.lane[rows]], np.float64)
    speed = np.minimum(np.asarray(tracks.speed[rows], np.float64), 1.2 * limit)
    ready = begin + _discharge(waiting, standing.astype(np.float64)) + MARGIN_BEFORE
    earliest = np.where(green & (waiting == 0), 0.0, ready)
    this = speed_band(approaches.distance, speed, limit, np.maximum(earliest, 0.0), end - MARGIN_AFTER)
    left = np.maximum(everyone - np.floor(np.maximum(end, 0.0) / HEADWAY), 0.0)
    begin = np.where(green, end + windows.red[groups], np.nan)
    earliest = begin + _discharge(left, left) + MARGIN_BEFORE
    after = speed_band(approaches.distance, speed, limit, earliest, begin + windows.shortest[groups] - MARGIN_AFTER)
    later = np.isnan(this.highest) & np.isfinite(after.highest)
    lowest, highest = np.where(later, after.lowest, this.lowest), np.where(later, after.highest, this.highest)
    return SpeedBand(lowest, highest), later


def _discharge(waiting: NDArray[np.float64], standing: NDArray[np.float64]) -> NDArray[np.float64]:
    """Time from green until those who wait have left; only those who stand need time to start, s."""
    lost: NDArray[np.float64] = np.where(standing > 0, START_UP, 0.0) + HEADWAY * waiting
    return lost


def _further_on(
    scene: Scene, rows: NDArray[np.int64], queued: NDArray[np.bool_], green: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Count vehicles on the lanes between each vehicle's own and the stop line; in green only those that stand."""
    tracks, size = scene.picture.tracks, len(scene.topology.network.lanes.id)
    on = tracks.lane >= 0
    everyone = np.bincount(tracks.lane[on], minlength=size)
    standing = np.bincount(tracks.lane[on & queued], minlength=size)
    lanes = tracks.lane[rows]
    approaches = scene.topology.approaches
    return np.where(green, approaches.chain_sum(lanes, standing), approaches.chain_sum(lanes, everyone))


def _cases(scene: Scene, approaches: _Approaches, windows: _Windows) -> list[_Case]:
    band, later = _band(scene, approaches, windows)
    start, end = windows.start[approaches.group], windows.end[approaches.group]
    after = end + windows.red[approaches.group]
    start, end = np.where(later, after, start), np.where(later, after + windows.shortest[approaches.group], end)
    fit = np.isfinite(band.highest)
    columns = (approaches.row, approaches.group, approaches.distance, band.lowest, band.highest, start, end)
    return [_Case(*values) for values in zip(*(column[fit].tolist() for column in columns), strict=True)]
