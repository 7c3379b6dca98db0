"""Predictions follow lanes where there are lanes, go straight on elsewhere, and keep honest covariances."""

from collections.abc import Mapping
from dataclasses import fields, replace

import numpy as np
import pytest
from fusion_city import LANE_Y, LENGTH, User, ints, street, tracks
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from fusion.columns import make_parameters
from fusion.motion import move
from fusion.parameters import TrackerParameters
from fusion.prediction import CHANGE_RATE, HORIZON, LANE_SIGMA, SETTLING, Prediction, Predictor
from fusion.tracks import TrackTable
from maps.network import Connections, RoadNetwork, Turn
from maps.participants import ParticipantKind

NOW = 1_700_000_000.0
NETWORK = street()
PREDICTOR = Predictor(NETWORK)
SPEEDS = st.floats(1.0, 30.0)
TIMES = st.lists(st.floats(0.0, 5.0), min_size=1, max_size=6).map(sorted)
OFFSETS = st.floats(0.0, LENGTH)
KINDS = st.sampled_from([ParticipantKind.CAR, ParticipantKind.BUS, ParticipantKind.CYCLIST])


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """Compile before hypothesis looks at the clock."""
    move(np.zeros(4), np.eye(4), 0, 0.0, make_parameters(TrackerParameters())[0])
    PREDICTOR.predict(on_lane(1.0, 1.0))


def on_lane(
    offset: float, speed: float, lateral: float = 0.0, columns: Mapping[str, ArrayLike] | None = None
) -> TrackTable:
    """One road user on the first inbound lane; `columns` overrides what is known of it."""
    user = User(offset - LENGTH, LANE_Y[0] + lateral, speed)
    known: dict[str, ArrayLike] = {"lane": [0], "lane_offset": [offset], "lane_probability": [0.9]}
    return tracks([user], NOW, **{**known, **(columns or {})})


def covariances(predicted: Prediction) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return predicted.covariance.astype(np.float64).reshape(-1, 2, 2)


def random_covariance(seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    root = np.random.default_rng(seed).normal(0, 1, (4, 4))
    return (root @ root.T)[None]


@given(SPEEDS, st.floats(-np.pi, np.pi), TIMES, st.sampled_from(list(ParticipantKind)), st.integers(0, 99))
def test_off_lanes_the_prediction_is_the_motion_of_the_tracker(
    speed: float, heading: float, times: list[float], kind: ParticipantKind, seed: int
) -> None:
    velocity = speed * np.sin(heading), speed * np.cos(heading)
    table = tracks([User(900.0, 900.0, kind=kind)], NOW, vx=[velocity[0]], vy=[velocity[1]])
    table = replace(table, covariance=random_covariance(seed).astype(np.float32))
    predicted = PREDICTOR.predict(table, times)
    for column, time in enumerate(times):
        state = np.array([900.0, 900.0, table.vx[0], table.vy[0]])
        covariance = table.covariance[0].astype(np.float64)
        tuning = make_parameters(TrackerParameters(still_noise=1.0))
        move(state, covariance, int(kind), time, tuning[0])
        assert predicted.x[0, column] == pytest.approx(state[0], abs=1e-6)
        assert predicted.y[0, column] == pytest.approx(state[1], abs=1e-6)
        assert predicted.covariance[0, column] == pytest.approx(covariance[:2, :2], rel=1e-4, abs=1e-4)
    assert (predicted.lane == -1).all()


@given(OFFSETS, SPEEDS, st.floats(-1.5, 1.5), st.integers(0, 99))
def test_after_no_time_nothing_has_changed(offset: float, speed: float, lateral: float, seed: int) -> None:
    table = on_lane(offset, speed, lateral)
    table = replace(table, covariance=random_covariance(seed).astype(np.float32))
    predicted = PREDICTOR.predict(table, [0.0])
    assert (predicted.x[0, 0], predicted.y[0, 0]) == pytest.approx((table.x[0], table.y[0]), abs=1e-3)
    assert predicted.covariance[0, 0] == pytest.approx(table.covariance[0, :2, :2], rel=1e-3, abs=1e-3)


@given(OFFSETS, SPEEDS, st.floats(-1.5, 1.5), TIMES, KINDS)
def test_on_a_lane_it_keeps_its_speed_and_comes_to_the_centre_line(
    offset: float, speed: float, lateral: float, times: list[float], kind: ParticipantKind
) -> None:
    predicted = PREDICTOR.predict(on_lane(offset, speed, lateral, {"kind": [kind]}), times)
    ahead = np.array(times) * np.float32(speed)
    assert predicted.x[0] == pytest.approx(offset - LENGTH + ahead, abs=1e-3)
    assert predicted.y[0] == pytest.approx(LANE_Y[0] + lateral * np.exp(-np.array(times) / SETTLING), abs=1e-3)
    clear = np.abs(offset + ahead - LENGTH) > 0.01
    assert (predicted.lane[0] == np.where(offset + ahead > LENGTH, 2, 0))[clear].all()
    assert predicted.heading[0] == pytest.approx(np.full(len(times), np.pi / 2), abs=1e-5)


@given(OFFSETS, SPEEDS, TIMES, st.integers(0, 99), st.booleans())
def test_covariances_are_symmetric_and_positive(
    offset: float, speed: float, times: list[float], seed: int, off: bool
) -> None:
    table = on_lane(offset, speed, 0.0, {"lane": [-1]} if off else None)
    table = replace(table, covariance=random_covariance(seed).astype(np.float32))
    found = covariances(PREDICTOR.predict(table, times))
    assert (found == found.transpose(0, 2, 1)).all()
    assert np.linalg.eigvalsh(found).min() > -1e-4 * found.max()


@given(SPEEDS)
def test_uncertainty_grows_along_the_lane_and_stays_within_it(speed: float) -> None:
    found = covariances(PREDICTOR.predict(on_lane(50.0, speed)))
    assert (np.diff(found[:, 0, 0]) > 0).all()
    times = np.arange(1, len(found) + 1) * (HORIZON / len(found))
    assert (found[:, 1, 1] <= np.maximum(0.04, (LANE_SIGMA + CHANGE_RATE * times) ** 2) + 1e-6).all()


@given(OFFSETS, SPEEDS, st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
@settings(max_examples=25)
def test_a_shifted_city_has_shifted_predictions(offset: float, speed: float, east: float, north: float) -> None:
    shifted = Predictor(replace(NETWORK, points=NETWORK.points + np.array((east, north))))
    table = on_lane(offset, speed, 0.5)
    moved = replace(table, x=table.x + east, y=table.y + north)
    here, there = PREDICTOR.predict(table), shifted.predict(moved)
    assert there.x - east == pytest.approx(here.x, abs=1e-6)
    assert there.y - north == pytest.approx(here.y, abs=1e-6)
    assert there.covariance == pytest.approx(here.covariance, abs=1e-5)


@given(st.permutations(list(range(6))))
def test_each_road_user_is_predicted_by_itself(order: list[int]) -> None:
    users = [User(-300.0 + 20 * k, LANE_Y[0], 3.0 * k) for k in range(6)]
    offsets = [200.0 + 20 * k for k in range(6)]
    table = tracks(users, NOW, lane=[0, -1] * 3, lane_offset=offsets, lane_probability=[0.9] * 6)
    mixed = TrackTable(*(getattr(table, field.name)[order] for field in fields(TrackTable)))
    here, there = PREDICTOR.predict(table), PREDICTOR.predict(mixed)
    assert (there.track_id == table.track_id[order]).all()
    assert (there.x == here.x[order]).all()
    assert (there.covariance == here.covariance[order]).all()


@pytest.mark.parametrize(
    "columns",
    [
        {"vx": [0.0], "vy": [10.0]},
        {"vx": [-10.0], "vy": [0.0]},
        {"kind": [ParticipantKind.PEDESTRIAN]},
        {"lane_probability": [0.1]},
        {"lane_offset": [np.nan]},
    ],
    ids=["crosses", "against", "pedestrian", "doubtful lane", "no offset"],
)
def test_who_does_not_drive_along_a_lane_does_not_follow_it(columns: dict[str, ArrayLike]) -> None:
    table = on_lane(100.0, 10.0, 1.0, columns)
    predicted = PREDICTOR.predict(table, [3.0])
    assert predicted.x[0, 0] == pytest.approx(table.x[0] + 3.0 * table.vx[0])
    assert predicted.y[0, 0] == pytest.approx(table.y[0] + 3.0 * table.vy[0])
    assert predicted.lane[0, 0] == -1


def test_where_the_road_ends_the_last_direction_is_kept() -> None:
    user = User(LENGTH - 10.0, LANE_Y[0], 20.0)
    table = tracks([user], NOW, lane=[2], lane_offset=[LENGTH - 10.0], lane_probability=[0.9])
    assert PREDICTOR.predict(table, [5.0]).x[0, 0] == pytest.approx(LENGTH + 90.0)


def branching() -> RoadNetwork:
    """The street where one may also turn back at the light."""
    connections = Connections(
        from_lane=ints(0, 0),
        to_lane=ints(6, 2),
        turn=np.array([Turn.U_TURN, Turn.STRAIGHT], np.uint8),
        signal=ints(0, 0),
        group=ints(0, 0),
        shape_start=ints(0, 0),
        shape_count=ints(0, 0),
    )
    return replace(NETWORK, connections=connections)


def test_where_there_is_a_choice_it_goes_straight_on_and_is_less_sure_of_the_side() -> None:
    table = on_lane(LENGTH - 10.0, 10.0)
    alone, choice = PREDICTOR.predict(table, [1.0, 3.0]), Predictor(branching()).predict(table, [1.0, 3.0])
    assert choice.x == pytest.approx(alone.x)
    assert choice.covariance[0, 0] == pytest.approx(alone.covariance[0, 0], abs=1e-4)
    assert choice.covariance[0, 1, 1, 1] > alone.covariance[0, 1, 1, 1] + 10.0


def test_a_bend_is_followed() -> None:
    start = int(NETWORK.lanes.shape_start[2])
    points = NETWORK.points.copy()
    points[start + 1] = (0.0, LENGTH + LANE_Y[0])
    points[start] = (0.0, LANE_Y[0])
    network = replace(NETWORK, points=points)
    predicted = Predictor(network).predict(on_lane(LENGTH - 10.0, 10.0), [3.0])
    assert (predicted.x[0, 0], predicted.y[0, 0]) == pytest.approx((0.0, 20.0 + LANE_Y[0]), abs=1e-3)
    assert predicted.heading[0, 0] == pytest.approx(0.0, abs=1e-5)
    assert predicted.covariance[0, 0, 1, 1] > predicted.covariance[0, 0, 0, 0]


def test_the_default_is_five_seconds_in_steps_of_a_half() -> None:
    predicted = Predictor().predict(tracks([User(0.0)], NOW))
    assert predicted.times == pytest.approx(np.arange(1, 11) / 2)
    assert len(predicted) == 1
    assert predicted.covariance.shape == (1, 10, 2, 2)


def test_no_tracks_no_predictions() -> None:
    assert Predictor(NETWORK).predict(tracks([], NOW)).x.shape == (0, 10)
