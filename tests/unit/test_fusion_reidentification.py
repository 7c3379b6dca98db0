"""Vehicles that come back into view after a stretch that nobody sees have the id they had."""

from dataclasses import replace

import numpy as np
import pytest
from fusion_city import LANE_Y, LENGTH, OUTBOUND, User, street, tracks, with_turn_at_the_end
from fusion_reports import join, reports
from numpy.typing import ArrayLike, NDArray

from fusion.cycle import FusionCycle
from fusion.lane_match import LaneMatcher
from fusion.reidentification import Reidentification, ReidentificationParameters
from fusion.sensors import SensorTable
from fusion.tracks import TrackTable
from ingest.observation import ObservationBatch
from maps.network import RoadNetwork
from maps.participants import ParticipantKind

STREET = street()
START, SPEED, AWAY = 1000.0, 15.0, 20.0
LEFT_AT = -400.0
"""Where vehicles leave the view; they come back after `AWAY` s."""
NOBODY = np.zeros(0, np.int64)


class Watch:
    """Shows users to a re-identification, cycle by cycle."""

    def __init__(self, network: RoadNetwork = STREET) -> None:
        self._matcher = LaneMatcher(network)
        self.reidentification = Reidentification(network)
        self.coverage = np.zeros(len(network.links.id), np.float32)

    def show(self, time: float, *users: User, held: NDArray[np.int64] = NOBODY, **columns: ArrayLike) -> dict[int, int]:
        """Return who was known again: former ids by new ones."""
        now = START + time
        table: TrackTable = self._matcher.match(tracks(list(users), now, **columns))
        found, former = self.reidentification.find(table, held, self.coverage, now)
        return dict(zip(found.tolist(), former.tolist(), strict=True))


def _car(
    x: float,
    track: int,
    *,
    y: float = LANE_Y[0],
    speed: float = SPEED,
    kind: ParticipantKind = ParticipantKind.CAR,
    unseen: float = 0.0,
) -> User:
    return User(x, y, speed, kind, track, unseen)


def _came_back(
    left: tuple[User, ...] = (_car(LEFT_AT, 1),),
    came: tuple[User, ...] = (_car(LEFT_AT + AWAY * SPEED, 9),),
    away: float = AWAY,
    devices: tuple[int, ...] = (-1,),
) -> dict[int, int]:
    watch = Watch()
    watch.show(0.0, *left)
    watch.show(0.1)
    return watch.show(away, *came, self_device=np.resize(devices, len(came)))


def test_who_comes_back_when_and_where_its_speed_says_has_its_former_id() -> None:
    assert _came_back() == {9: 1}


@pytest.mark.parametrize(
    "came",
    [
        _car(LEFT_AT + AWAY * SPEED + 80.0, 9),
        _car(LEFT_AT + AWAY * SPEED - 80.0, 9),
        _car(-LEFT_AT - AWAY * SPEED, 9, y=-LANE_Y[0], speed=-SPEED),
        _car(LEFT_AT + AWAY * SPEED, 9, speed=1.0),
        _car(LEFT_AT + AWAY * SPEED, 9, kind=ParticipantKind.BUS),
        _car(LEFT_AT + AWAY * SPEED, 9, kind=ParticipantKind.PEDESTRIAN),
        _car(LEFT_AT + AWAY * SPEED, 9, y=40.0),
        _car(LEFT_AT + AWAY * SPEED, 9, unseen=0.5),
    ],
    ids=["too early", "too late", "other way", "slow", "longer", "on foot", "off the road", "not reported"],
)
def test_who_cannot_be_the_one_that_left_is_new(came: User) -> None:
    assert _came_back(came=(came,)) == {}


def test_of_two_that_left_the_one_whose_way_fits_is_known_again() -> None:
    left = _car(LEFT_AT, 1), _car(LEFT_AT - 60.0, 2)
    came = _car(LEFT_AT + AWAY * SPEED, 8), _car(LEFT_AT + AWAY * SPEED - 60.0, 9)
    assert _came_back(left, came[:1]) == {8: 1}
    assert _came_back(left, came) == {8: 1, 9: 2}


def test_of_two_abreast_the_one_of_the_same_length_is_known_again() -> None:
    watch = Watch()
    watch.show(0.0, _car(LEFT_AT, 1), _car(LEFT_AT, 2, y=LANE_Y[1]), length=(4.0, 5.5))
    watch.show(0.1)
    assert watch.show(AWAY, _car(LEFT_AT + AWAY * SPEED, 9), length=(5.5,)) == {9: 2}


def test_of_two_abreast_the_one_of_the_same_kind_is_known_again() -> None:
    left = _car(LEFT_AT, 1), _car(LEFT_AT, 2, y=LANE_Y[1], kind=ParticipantKind.VAN)
    assert _came_back(left, (_car(LEFT_AT + AWAY * SPEED, 9, y=LANE_Y[1], kind=ParticipantKind.VAN),)) == {9: 2}


def test_most_stay_on_their_lane() -> None:
    left = _car(LEFT_AT, 1), _car(LEFT_AT - 14.0, 2, y=LANE_Y[1])
    known = [_came_back(left, (_car(LEFT_AT + AWAY * SPEED, 9, y=y),)) for y in LANE_Y]
    assert known == [{9: 1}, {}]


def test_where_two_fit_alike_nobody_is_known_again() -> None:
    left = _car(LEFT_AT, 1), _car(LEFT_AT - 6.0, 2)
    assert _came_back(left, (_car(LEFT_AT + AWAY * SPEED - 3.0, 9),)) == {}


def test_nobody_is_taken_for_two() -> None:
    came = _car(LEFT_AT + AWAY * SPEED, 8), _car(LEFT_AT + AWAY * SPEED, 9, y=LANE_Y[1])
    assert len(_came_back(came=came)) == 1


def test_who_was_known_again_is_not_known_a_second_time() -> None:
    watch = Watch()
    watch.show(0.0, _car(LEFT_AT, 1))
    watch.show(0.1)
    came = _car(LEFT_AT + AWAY * SPEED, 9)
    assert watch.show(AWAY, came) == {9: 1}
    assert watch.show(AWAY + 0.1, replace(came, track=1), _car(came.x, 10)) == {}


def test_who_leaves_again_is_known_by_the_former_id() -> None:
    watch = Watch()
    watch.show(0.0, _car(LEFT_AT, 1))
    watch.show(0.1)
    watch.show(10.0, _car(LEFT_AT + 10.0 * SPEED, 9))
    watch.show(11.5, _car(LEFT_AT + 11.5 * SPEED, 1))
    watch.show(11.6)
    assert watch.show(25.0, _car(LEFT_AT + 25.0 * SPEED, 12)) == {12: 1}


def test_a_track_that_the_tracker_still_holds_is_nobody_elses() -> None:
    watch = Watch()
    watch.show(0.0, _car(LEFT_AT, 1))
    watch.show(0.1)
    assert watch.show(5.0, _car(LEFT_AT + 5.0 * SPEED, 9), held=np.array([1, 9])) == {}


def test_who_is_shown_again_under_its_own_id_has_not_left() -> None:
    watch = Watch()
    watch.show(0.0, _car(LEFT_AT, 1))
    watch.show(0.1)
    watch.show(2.0, _car(LEFT_AT + 2.0 * SPEED, 1))
    assert watch.show(AWAY, _car(LEFT_AT + AWAY * SPEED, 1), _car(LEFT_AT + AWAY * SPEED, 9)) == {}


def test_who_was_hidden_for_a_moment_is_nobody_else() -> None:
    watch, other = Watch(), _car(LEFT_AT + AWAY * SPEED, 5)
    watch.show(0.0, _car(LEFT_AT, 1), other)
    watch.show(AWAY - 1.1, other)
    watch.show(AWAY - 1.0)
    assert watch.show(AWAY, other) == {}


def test_who_was_seen_for_a_moment_only_is_not_known_again() -> None:
    watch = Watch()
    watch.show(0.0, _car(LEFT_AT, 1), born=[START - 0.5])
    watch.show(0.1)
    assert watch.show(AWAY, _car(LEFT_AT + AWAY * SPEED, 9)) == {}


def test_a_terminal_on_board_tells_who_it_is() -> None:
    assert _came_back(devices=(3,)) == {}
    watch = Watch()
    watch.show(0.0, _car(LEFT_AT, 1), self_device=[3])
    watch.show(0.1)
    assert watch.show(AWAY, _car(LEFT_AT + AWAY * SPEED, 9)) == {}


def test_the_place_counts_where_it_was_reported_last_not_where_it_was_shown_last() -> None:
    watch = Watch()
    watch.show(0.0, _car(LEFT_AT, 1))
    watch.show(1.9, _car(LEFT_AT, 1, unseen=1.9))
    watch.show(2.0)
    assert watch.show(AWAY, _car(LEFT_AT + AWAY * SPEED, 9)) == {9: 1}


def test_who_was_away_for_too_long_is_forgotten() -> None:
    longest = ReidentificationParameters().longest_gap
    slow = _car(LEFT_AT, 1, speed=5.0)
    for away, known in ((longest - 1.0, {9: 1}), (longest + 1.0, {})):
        assert _came_back((slow,), (_car(LEFT_AT + away * 5.0, 9, speed=5.0),), away) == known


def test_nobody_passes_unseen_over_a_link_that_is_seen_as_a_whole() -> None:
    network = with_turn_at_the_end()
    for coverage, known in ((0.5, {9: 1}), (1.0, {})):
        watch = Watch(network)
        watch.coverage[OUTBOUND] = coverage
        watch.show(0.0, _car(-30.0, 1))
        watch.show(0.1)
        away = (30.0 + LENGTH + 60.0) / SPEED
        came = _car(LENGTH - 60.0, 9, y=-LANE_Y[0], speed=-SPEED)
        assert watch.show(away, came) == known


def test_how_far_drivers_depart_from_their_mean_speed_is_learnt() -> None:
    watch, rng = Watch(), np.random.default_rng(1)
    for number in range(1, 100):
        time = number * 70.0
        watch.show(time, _car(LEFT_AT, number))
        watch.show(time + 0.1)
        watch.show(time + AWAY, _car(LEFT_AT + AWAY * SPEED + rng.normal(0.0, 3.0), 1000 + number))
    doubt = ReidentificationParameters()
    expected = 3.0 / np.hypot(doubt.place_doubt, doubt.spread * AWAY * SPEED)
    assert watch.reidentification.way_share == pytest.approx(expected, rel=0.4)


def _drive(cycle: FusionCycle, sensors: SensorTable) -> list[list[int]]:
    """Return the ids shown, cycle by cycle, while two units with a stretch between them see a vehicle pass."""
    shown = []
    for step in range(500):
        now, x = START + 0.1 * step, -450.0 + SPEED * 0.1 * step
        seen = np.flatnonzero(np.abs(x - sensors.x) < sensors.radius)
        batch = [reports(now, x, LANE_Y[0], SPEED, device=device, names=7 + device) for device in seen.tolist()]
        picture = cycle.step(join(*batch) if batch else ObservationBatch.empty(), (), now + 0.05, sensors)
        shown.append(picture.tracks.track_id.tolist())
    return shown


def test_a_vehicle_has_one_id_from_one_unit_to_the_next_and_nobody_else_has_it() -> None:
    sensors = SensorTable(np.array([-400.0, 200.0]), np.zeros(2), np.full(2, 80.0))
    shown = _drive(FusionCycle(STREET), sensors)
    first, last = min(n for n, ids in enumerate(shown) if ids), max(n for n, ids in enumerate(shown) if ids)
    assert shown[first] == shown[last] == [1]
    assert [] in shown[first:last]
    assert {track for ids in shown for track in ids} == {1}
