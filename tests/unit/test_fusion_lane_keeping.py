"""Vehicles that keep their lanes are shown nearer to the middle; who does not is left where the reports say."""

from dataclasses import replace

import numpy as np
import pytest
from fusion_city import LANE_Y, LENGTH, User, street, tracks
from fusion_reports import NOW, one_sensor, reports

from fusion.cycle import FusionCycle
from fusion.lane_centres import LanePieces
from fusion.lane_keeping import LEAST_SPREAD, LaneKeeping
from fusion.lane_match import LaneMatcher
from fusion.tracks import TrackTable
from maps.participants import ParticipantKind

STREET = street()
SPEED, SIGMA = 10.0, 0.4


def _table(users: list[User], sigma: float = SIGMA, across: float = 0.0) -> TrackTable:
    table = tracks(users, NOW, vy=[across] * len(users))
    covariance = np.tile(np.diag([sigma**2, sigma**2, 0.04, 0.04]).astype(np.float32), (len(users), 1, 1))
    return replace(table, covariance=covariance)


def _settle(keeping: LaneKeeping, table: TrackTable, span: float = 0.1) -> TrackTable:
    matcher = LaneMatcher(STREET)
    return keeping.settle(matcher.match(table), matcher.found, span)


def _settled(user: User, sigma: float = SIGMA, across: float = 0.0) -> TrackTable:
    return _settle(LaneKeeping(LanePieces.of(STREET)), _table([user], sigma, across))


def test_who_drives_beside_the_middle_is_drawn_towards_it_by_what_is_unsure_of_the_place() -> None:
    aside = 0.5
    sure, unsure = (_settled(User(100.0, LANE_Y[0] + aside, SPEED), sigma) for sigma in (0.1, 0.8))
    assert 0.4 < sure.y[0] - LANE_Y[0] < aside
    assert 0.0 < unsure.y[0] - LANE_Y[0] < 0.15
    assert unsure.x[0] == pytest.approx(100.0)


def test_the_place_across_is_surer_than_by_reports_alone_and_along_as_before() -> None:
    settled = _settled(User(100.0, LANE_Y[0] + 0.2, SPEED)).covariance[0]
    assert settled[1, 1] < 0.7 * SIGMA**2
    assert settled[0, 0] == pytest.approx(SIGMA**2)
    assert np.linalg.eigvalsh(settled.astype(np.float64)).min() > 0.0


def test_velocity_across_that_nobody_keeping_a_lane_has_is_taken_back() -> None:
    assert 0.0 < _settled(User(100.0, LANE_Y[0], SPEED), across=0.3).vy[0] < 0.2


@pytest.mark.parametrize(
    ("user", "across"),
    [
        (User(100.0, LANE_Y[0] + 1.5, SPEED), 0.0),
        (User(100.0, LANE_Y[0] + 0.8, SPEED), 1.5),
        (User(100.0, LANE_Y[0] + 0.5, 2.0, kind=ParticipantKind.CYCLIST), 0.0),
        (User(LENGTH + 2.0, LANE_Y[0] + 0.5, SPEED), 0.0),
        (User(100.0, LANE_Y[0] - 20.0, SPEED), 0.0),
    ],
    ids=["aside", "changing lanes", "cyclist", "beyond the end", "off the road"],
)
def test_who_does_not_keep_a_lane_stays_where_it_is(user: User, across: float) -> None:
    before, after = _table([user], 0.2, across), _settled(user, 0.2, across)
    assert after.y[0] == pytest.approx(before.y[0], abs=0.05)
    assert after.covariance[0] == pytest.approx(before.covariance[0], abs=0.01)


def test_who_may_or_may_not_keep_the_lane_is_less_sure_than_who_does() -> None:
    keeps, may = (_settled(User(100.0, LANE_Y[0] + aside, SPEED), 0.2).covariance[0] for aside in (0.0, 1.0))
    assert may[1, 1] > 1.5 * keeps[1, 1]


@pytest.mark.parametrize("spread", [0.15, 0.5])
def test_how_far_drivers_keep_from_the_middle_is_learnt(spread: float) -> None:
    keeping, rng = LaneKeeping(LanePieces.of(STREET)), np.random.default_rng(5)
    aside = rng.normal(0.0, spread, 200)
    for _ in range(200):
        shown = LANE_Y[0] + aside + rng.normal(0.0, 0.2, 200)
        _settle(keeping, _table([User(20.0 + n, y, SPEED) for n, y in enumerate(shown)], 0.2))
    assert keeping.spread == pytest.approx(spread, rel=0.15)


def test_drivers_are_never_believed_to_keep_the_very_middle() -> None:
    keeping = LaneKeeping(LanePieces.of(STREET))
    for _ in range(200):
        _settle(keeping, _table([User(20.0 + n, LANE_Y[0], SPEED) for n in range(200)], 0.2))
    assert keeping.spread == pytest.approx(LEAST_SPREAD)


def test_the_tracks_given_are_left_as_they_were() -> None:
    table = _table([User(100.0, LANE_Y[0] + 0.5, SPEED)])
    before = table.y.copy(), table.covariance.copy()
    assert _settle(LaneKeeping(LanePieces.of(STREET)), table).y[0] != before[0][0]
    assert np.array_equal(table.y, before[0])
    assert np.array_equal(table.covariance, before[1])


def test_the_picture_shows_where_lanes_put_vehicles_and_rules_judge_by_reports_alone() -> None:
    cycle, aside = FusionCycle(STREET), 0.4
    for step in range(12):
        now = NOW + 0.1 * step
        batch = reports(now, 100.0 + SPEED * 0.1 * step, LANE_Y[0] + aside, SPEED, sigma=0.5)
        draft = cycle.begin(batch, (), now + 0.05, one_sensor(x=100.0))
        for _, stage in cycle.stages:
            stage(draft)
    picture = cycle.finish(draft)
    assert draft.tracks.y[0] == pytest.approx(LANE_Y[0] + aside, abs=0.05)
    assert picture.tracks.y[0] < LANE_Y[0] + 0.8 * aside
