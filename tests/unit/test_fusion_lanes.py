"""Rules of lanes, queues, link states and coverage on a hand-made street."""

import numpy as np
import pytest
from fusion_city import BACK, INBOUND, LANE_Y, LENGTH, LIMIT, OUTBOUND, User, street, tracks
from fusion_reports import NOW, one_sensor

from fusion.coverage import Coverage
from fusion.lane_match import LaneMatcher
from fusion.picture import LevelOfService, LinkStates
from fusion.queues import lane_order
from fusion.sensors import SensorTable
from fusion.traffic_parameters import LevelThresholds, TrafficParameters
from fusion.traffic_state import TrafficState
from maps.network import RoadClass
from maps.participants import ParticipantKind

STREET = street()
EVERYWHERE = one_sensor(radius=2000.0)


def states(scenes: list[list[User]], *, sensors: SensorTable = EVERYWHERE, span: float = 0.1) -> LinkStates:
    """Link states after these scenes, `span` s apart."""
    traffic, matcher = TrafficState(STREET), LaneMatcher(STREET)
    result = None
    for cycle, users in enumerate(scenes):
        table = matcher.match(tracks(users, NOW + span * cycle))
        order = lane_order(table, STREET, TrafficParameters().queue)
        result = traffic.update(table, order, span, sensors).links
    assert result is not None
    return result


def test_each_vehicle_is_on_the_lane_it_drives_on() -> None:
    users = [User(-100.0, LANE_Y[0], 10.0), User(-100.0, LANE_Y[1], 10.0), User(30.0, 5.0, -10.0)]
    table = LaneMatcher(STREET).match(tracks(users, NOW))
    assert STREET.lanes.id[table.lane].tolist() == ["in_0", "in_1", "back_0"]
    assert table.lane_offset.tolist() == pytest.approx([400.0, 400.0, 470.0], abs=0.1)
    assert np.all(table.lane_probability > 0.5)


def test_what_is_far_from_every_lane_is_on_none() -> None:
    table = LaneMatcher(STREET).match(tracks([User(0.0, 80.0)], NOW))
    assert table.lane.tolist() == [-1]
    assert np.isnan(table.lane_offset[0])


def test_a_moment_on_the_next_lane_does_not_change_the_lane() -> None:
    matcher = LaneMatcher(STREET)
    middle = (LANE_Y[0] + LANE_Y[1]) / 2
    lanes = []
    for cycle in range(30):
        y = middle - 0.4 if cycle < 10 or cycle % 3 else middle + 0.3
        lanes.append(int(matcher.match(tracks([User(-200.0 + cycle, y, 10.0)], NOW)).lane[0]))
    assert set(lanes) == {0}


def test_a_lane_change_is_followed() -> None:
    matcher = LaneMatcher(STREET)
    for cycle in range(40):
        y = LANE_Y[0] if cycle < 10 else min(LANE_Y[0] + 0.15 * (cycle - 10), LANE_Y[1])
        table = matcher.match(tracks([User(-200.0 + cycle, y, 10.0)], NOW))
    assert STREET.lanes.id[table.lane[0]] == "in_1"


@pytest.mark.parametrize("span", [0.05, 0.1])
def test_a_lane_change_is_believed_after_the_same_time_at_every_rate_of_cycles(span: float) -> None:
    matcher, middle = LaneMatcher(STREET), (LANE_Y[0] + LANE_Y[1]) / 2
    for cycle in range(40):
        time = cycle * span
        y = middle - 0.4 if time < 1.0 - 1e-9 else middle + 0.4
        table = matcher.match(tracks([User(-200.0, y, 10.0)], NOW + time), span)
        if STREET.lanes.id[table.lane[0]] == "in_1":
            assert time - 1.0 == pytest.approx(0.275, abs=0.03)
            return
    raise AssertionError("the vehicle never changed its lane")


def test_a_vehicle_goes_over_to_the_next_link_at_once() -> None:
    matcher = LaneMatcher(STREET)
    matcher.match(tracks([User(-3.0, speed=10.0)], NOW))
    assert matcher.match(tracks([User(3.0, speed=10.0)], NOW)).lane.tolist() == [2]


def test_a_queue_reaches_from_the_stop_line_to_the_last_vehicle_without_a_large_gap() -> None:
    standing = [User(-3.0), User(-10.0), User(-17.0), User(-24.0), User(-80.0), User(-60.0, LANE_Y[1])]
    result = states([standing])
    assert result.queue_vehicles[INBOUND] == 4
    assert result.queue_length[INBOUND] == pytest.approx(24.0 + 2.25, abs=0.1)
    assert result.queue_vehicles[OUTBOUND] == 0


def test_moving_vehicles_and_pedestrians_queue_nowhere() -> None:
    users = [User(-3.0, speed=5.0), User(-10.0), User(-2.0, LANE_Y[1], kind=ParticipantKind.PEDESTRIAN)]
    result = states([users])
    assert result.queue_vehicles[INBOUND] == 0
    assert result.queue_length[INBOUND] == 0.0


def test_the_speed_of_a_link_is_distance_over_time_of_all_its_vehicles() -> None:
    scenes = [[User(-300.0 + 0.1 * k, speed=5.0), User(-100.0 + 0.3 * k, LANE_Y[1], 15.0)] for k in range(300)]
    result = states(scenes)
    assert result.speed[INBOUND] == pytest.approx(10.0, abs=0.1)
    assert result.vehicles[INBOUND] == 2
    assert result.travel_time[INBOUND] == pytest.approx(LENGTH / 10.0, rel=0.02)
    assert result.density[INBOUND] == pytest.approx(2.0, rel=0.05)


@pytest.mark.parametrize(
    ("speed", "level"),
    [
        (13.0, LevelOfService.FREE),
        (9.0, LevelOfService.STEADY),
        (6.0, LevelOfService.LIGHT),
        (4.5, LevelOfService.MODERATE),
        (2.0, LevelOfService.SEVERE),
    ],
)
def test_each_speed_of_an_arterial_has_its_class(speed: float, level: LevelOfService) -> None:
    scenes = [[User(-400.0 + 0.1 * speed * k, speed=speed)] for k in range(100)]
    assert states(scenes).level[INBOUND] == level


def test_thresholds_follow_the_road_class_and_a_low_limit() -> None:
    classes = np.array([RoadClass.EXPRESSWAY, RoadClass.ARTERIAL, RoadClass.LOCAL, RoadClass.LOCAL], np.uint8)
    limits = np.array([30.0, 30.0, 30.0, 20 / 3.6], np.float32)
    thresholds = LevelThresholds().of_links(classes, limits) * 3.6
    np.testing.assert_allclose(thresholds[0], [65, 50, 35, 20], atol=1e-4)
    np.testing.assert_allclose(thresholds[1], [40, 30, 20, 15], atol=1e-4)
    np.testing.assert_allclose(thresholds[2], [35, 25, 15, 10], atol=1e-4)
    np.testing.assert_allclose(thresholds[3], [14, 10, 7, 5], atol=1e-4)


def test_a_city_that_nobody_sees_is_assumed_free_and_says_so() -> None:
    result = states([[]] * 20, sensors=SensorTable.empty())
    np.testing.assert_allclose(result.speed, LIMIT, rtol=1e-5)
    assert result.estimated.all()
    assert np.isnan(result.flow).all()
    assert result.level.tolist() == [LevelOfService.UNKNOWN] * 4
    assert result.confidence.tolist() == [0.0] * 4
    np.testing.assert_allclose(result.travel_time, LENGTH / LIMIT, rtol=1e-5)


def test_an_empty_link_under_observation_is_free() -> None:
    result = states([[]] * 600, sensors=one_sensor(-250.0, 0.0, 260.0))
    assert result.level[INBOUND] == LevelOfService.FREE
    assert result.confidence[INBOUND] > 0.7
    assert not result.estimated[INBOUND]
    assert result.estimated[OUTBOUND]
    assert 0.0 < result.confidence[OUTBOUND] <= 0.3


def test_flow_counts_vehicles_past_the_middle_once() -> None:
    scenes = []
    for k in range(1200):
        users = [User(-LENGTH + 1.0 * k - 20.0 * car, speed=10.0, track=car + 1) for car in range(60)]
        wobble = 0.8 if k % 2 else -0.8
        scenes.append([User(u.x + wobble, u.y, u.speed, track=u.track) for u in users if -LENGTH < u.x < 0.0])
    assert states(scenes).flow[INBOUND] == pytest.approx(1800.0, rel=0.15)


def test_coverage_is_the_share_of_the_link_within_reach() -> None:
    share = Coverage(STREET).follow(one_sensor(-125.0, 0.0, 125.0))
    assert share[INBOUND] == pytest.approx(0.5, abs=0.03)
    assert share[OUTBOUND] == 0.0


def test_coverage_changes_with_the_sensors() -> None:
    coverage = Coverage(STREET)
    assert coverage.follow(SensorTable.unknown(3)).sum() == 0.0
    assert coverage.follow(one_sensor(250.0, 0.0, 300.0))[BACK] == pytest.approx(1.0)
