"""Vehicles that keep their lanes tell what is wrong with the unit that sees them."""

from dataclasses import replace

import numpy as np
import pytest
from fusion_city import LANE_Y, LENGTH, User, street, tracks
from fusion_reports import NOW, Walk, join, new_walk, one_sensor, reports
from numpy.typing import NDArray

from fusion.lane_centres import LaneCentres, LanePieces, LaneSides
from fusion.lane_match import LaneMatcher
from ingest.observation import Source
from maps.participants import ParticipantKind

STREET = street()
SPEED, SIGMA = 10.0, 0.4
ROADS = 24
"""Vehicles under way on each of the two roads of the crossing."""
Values = NDArray[np.float64]


def _sides(user: User, across: float = 0.0) -> LaneSides:
    matcher = LaneMatcher(STREET)
    return LaneCentres(LanePieces.of(STREET)).beside(matcher.match(tracks([user], NOW, vy=[across])), matcher.found)


def test_beside_a_vehicle_that_keeps_its_lane_runs_the_centre_line() -> None:
    sides = _sides(User(100.0, LANE_Y[0] + 0.4, SPEED))
    assert (sides.east[0], sides.north[0]) == pytest.approx((0.0, 1.0))
    assert sides.at[0] == pytest.approx(LANE_Y[0])


@pytest.mark.parametrize(
    ("user", "across"),
    [
        (User(100.0, speed=1.0), 0.0),
        (User(100.0, speed=SPEED), 0.8),
        (User(LENGTH - 3.0, speed=SPEED), 0.0),
        (User(100.0, 40.0, SPEED), 0.0),
        (User(100.0, 0.5 * sum(LANE_Y), SPEED), 0.0),
        (User(100.0, speed=SPEED, kind=ParticipantKind.PEDESTRIAN), 0.0),
    ],
    ids=["slow", "changing lanes", "near the end", "off the road", "between lanes", "on foot"],
)
def test_who_does_not_drive_along_a_lane_tells_nothing(user: User, across: float) -> None:
    assert np.isnan(_sides(user, across).at).all()


def _crossing(time: float) -> tuple[Values, Values, NDArray[np.bool_]]:
    """Vehicles on two roads that cross at the origin, one every 25 m: places, unit vectors along, whether east-west."""
    run = (np.arange(ROADS) * 25.0 + SPEED * time) % 300.0 - 150.0
    nothing, one = np.zeros(ROADS), np.ones(ROADS)
    place = np.concatenate([np.column_stack((run, nothing)), np.column_stack((nothing, run))])
    along = np.concatenate([np.column_stack((one, nothing)), np.column_stack((nothing, one))])
    return place, along, np.arange(2 * ROADS) < ROADS


def _watch(offset: tuple[float, float], yaw: float, *, misfit: float = 0.0) -> Walk:
    """Let one wrong unit watch the crossing for 20 s; `misfit` throws the lanes about so that they do not fit."""
    rng, walk = np.random.default_rng(1), new_walk()
    for cycle in range(200):
        time = cycle * 0.1
        place, along, east_west = _crossing(time)
        told = place + np.array(offset) + yaw * place[:, ::-1] * (-1.0, 1.0) + rng.normal(0.0, SIGMA, place.shape)
        lap = np.floor((np.arange(ROADS) * 25.0 + SPEED * time) / 300.0).astype(int)
        names = np.concatenate([lap * ROADS + np.arange(ROADS)] * 2) * 2 + east_west + 1
        velocity = SPEED * along
        walk.cycle(reports(NOW + time + 0.1, *told.T, *velocity.T, names=names, sigma=SIGMA))
        table = walk.tracker.table(walk.now)
        along_x = np.abs(table.vx) > np.abs(table.vy)
        at = misfit * np.where(table.track_id % 2, 1.0, -1.0)
        sides = LaneSides(np.where(along_x, 0.0, 1.0), np.where(along_x, 1.0, 0.0), at)
        walk.tracker.learn_from_lanes(sides, walk.now)
    return walk


def test_a_unit_that_nobody_overlaps_is_put_right_by_the_lanes_of_a_crossing() -> None:
    east, north, yaw, _ = _watch((0.6, -0.5), 0.008).tracker.device_errors(0)
    assert (east, north) == pytest.approx((0.6, -0.5), abs=0.15)
    assert yaw == pytest.approx(0.008, abs=0.002)


def test_lanes_that_do_not_fit_are_hardly_believed() -> None:
    assert abs(_watch((0.6, 0.0), 0.0, misfit=3.0).tracker.device_errors(0)[0]) < 0.35


def test_a_terminal_that_drifted_across_its_lane_is_brought_back() -> None:
    walk = new_walk(replace(one_sensor(), x=np.array([np.nan]), y=np.array([np.nan])))
    for cycle in range(150):
        said = [
            reports(walk.now + 0.1, cycle * 1.0, 40.0 * car + 1.2, SPEED, device=car, source=Source.SELF, sigma=1.2)
            for car in range(3)
        ]
        walk.cycle(join(*said))
        table = walk.tracker.table(walk.now)
        nothing = np.zeros(len(table))
        centre = 40.0 * np.rint(table.y / 40.0)
        walk.tracker.learn_from_lanes(LaneSides(nothing, nothing + 1.0, centre), walk.now)
    table = walk.tracker.table(walk.now)
    assert np.abs(table.y - 40.0 * np.arange(3)).max() < 0.6
