"""Rules of incidents on a hand-made street: each kind is found, and what is usual raises no alarm."""

from collections.abc import Callable

import numpy as np
import pytest
from fusion_city import GREEN, LANE_Y, PARK_OFFSET, RED, STOP_END, User, spat, street, tracks
from fusion_reports import NOW, one_sensor

from fusion.incident_detection import IncidentDetection
from fusion.incidents import Incident, IncidentKind
from fusion.lane_match import LaneMatcher
from fusion.queues import lane_order
from fusion.scene import Scene
from fusion.signal_state import SignalTable
from fusion.traffic_parameters import TrafficParameters
from fusion.traffic_state import TrafficState
from maps.participants import ParticipantKind

STREET = street()
SENSORS = one_sensor(radius=2000.0)
STEP = 0.2
Users = Callable[[float], list[User]]
Light = Callable[[float], str]


def incidents_of(
    users: Users,
    seconds: float,
    light: Light = lambda _: GREEN,
    *,
    length: float | None = None,
    watched: bool = True,
    seen_from_outside: bool = True,
) -> list[tuple[float, Incident]]:
    """Play a scene; return what was reported and when, s from the start. `length` is that of all road users, m."""
    matcher, signals, traffic = LaneMatcher(STREET), SignalTable(STREET), TrafficState(STREET)
    detection = IncidentDetection(STREET, matcher.index)
    seen = []
    before = np.zeros(0, np.uint32)
    for cycle in range(round(seconds / STEP)):
        time = STEP * cycle
        now = NOW + time
        there = users(time)
        sizes = {} if length is None else {"length": np.full(len(there), length)}
        if not seen_from_outside:
            sizes["roadside"] = np.full(len(there), np.nan)
        table = matcher.match(tracks(there, now, **sizes))
        order = lane_order(table, STREET, TrafficParameters().queue)
        links = traffic.update(table, order, STEP, SENSORS).links
        signals.apply(spat((1, [(light(time), 0, 100)]), (2, [(light(time), 0, 100)])), now, now)
        state, shown_for = signals.states(now).state, signals.shown_for(now)
        lit = detection.green_for(state, shown_for), detection.red_for(state, shown_for)
        seen_ahead = np.full(len(table), watched)
        scene = Scene(now, STEP, table, matcher.lateral, order, links, *lit, seen_ahead, before)
        before = table.track_id
        seen += [(time, incident) for incident in detection.find(scene)]
    return seen


def stream(time: float, y: float = LANE_Y[1], first: int = 100) -> list[User]:
    """Vehicles that pass at 12 m/s, 40 m apart, on the eastbound lane at `y`."""
    cars = [(first + car, -500.0 + 12.0 * time - 40.0 * car) for car in range(60)]
    return [User(x, y, 12.0, track=track) for track, x in cars if -495.0 < x < 495.0]


def kinds(seen: list[tuple[float, Incident]]) -> set[IncidentKind]:
    return {incident.kind for _, incident in seen}


def test_a_vehicle_that_blocks_a_lane_is_found_within_ten_seconds() -> None:
    seen = incidents_of(lambda time: [User(-250.0, track=1), *stream(time)], 30.0)
    time, first = seen[0]
    assert time <= 10.0
    assert first.kind is IncidentKind.STOPPED_VEHICLE
    assert first.tracks == (1,)
    assert STREET.links.id[first.link] == "in"
    assert "has stood for" in first.evidence
    assert seen[-1][1].kind is IncidentKind.BLOCKED_LANE
    assert seen[-1][1].confidence > first.confidence
    assert {incident.incident_id for _, incident in seen} == {first.incident_id}


def test_vehicles_held_up_behind_a_stopped_one_raise_no_alarm_of_their_own() -> None:
    seen = incidents_of(lambda _: [User(-250.0 - 7.0 * place, track=place + 1) for place in range(6)], 30.0)
    assert {incident.tracks for _, incident in seen} == {(1,)}
    assert "5 held up" in seen[-1][1].evidence


def test_a_standing_vehicle_that_a_lorry_hides_for_a_moment_is_found_as_soon() -> None:
    seen = incidents_of(lambda time: [] if 3.0 < time < 5.0 else [User(-250.0, track=1)], 12.0)
    assert seen[0][0] <= 8.5
    assert seen[0][1].started == pytest.approx(NOW, abs=0.3)


def test_a_vehicle_with_a_gap_that_no_queue_has_is_found_though_others_creep_on_ahead() -> None:
    def users(time: float) -> list[User]:
        return [User(-250.0, track=1), User(-224.0 + 0.4 * time, speed=0.4, track=2)]

    assert min(time for time, incident in incidents_of(users, 12.0) if incident.tracks == (1,)) <= 10.0


def test_an_incident_ends_when_its_vehicle_drives_off() -> None:
    def users(time: float) -> list[User]:
        return [User(-250.0 + 8.0 * max(time - 20.0, 0.0), speed=8.0 if time > 20.0 else 0.0, track=1)]

    seen = incidents_of(users, 35.0)
    ended = [incident for _, incident in seen if incident.ended is not None]
    assert ended
    assert ended[0].ended == pytest.approx(NOW + 24.5, abs=1.0)
    assert seen[-1][0] < 31.0


def test_a_queue_at_a_red_light_raises_no_alarm() -> None:
    queue = [User(-3.0 - 7.0 * place, track=place + 1) for place in range(20)]
    assert incidents_of(lambda _: queue, 90.0, lambda _: RED) == []


def test_a_queue_that_starts_at_green_raises_no_alarm() -> None:
    def users(time: float) -> list[User]:
        cars = []
        for place in range(25):
            driven = max(time - 60.0 - 1.3 * place, 0.0)
            cars.append(User(-3.0 - 7.0 * place + 9.0 * driven, speed=9.0 if driven else 0.0, track=place + 1))
        return [car for car in cars if car.x < 480.0]

    assert incidents_of(users, 100.0, lambda time: GREEN if time > 58.0 else RED) == []


def test_a_vehicle_that_does_not_start_at_a_long_green_is_found() -> None:
    seen = incidents_of(lambda _: [User(-3.0, track=1)], 80.0, lambda time: GREEN if time > 20.0 else RED)
    assert kinds(seen) == {IncidentKind.STOPPED_VEHICLE}
    assert 62.0 <= seen[0][0] <= 72.0


def test_a_vehicle_that_cannot_leave_because_the_exit_is_full_raises_no_alarm() -> None:
    jam = [User(480.0 - 7.0 * place, track=place + 10) for place in range(69)]
    seen = incidents_of(lambda _: [User(-3.0, track=1), *jam], 50.0)
    assert (1,) not in {incident.tracks for _, incident in seen}


@pytest.mark.parametrize("x", [STOP_END - 8.0, PARK_OFFSET + 10.0])
def test_standing_at_a_bus_stop_or_a_car_park_raises_no_alarm(x: float) -> None:
    bus = User(x, kind=ParticipantKind.BUS, track=1)
    assert incidents_of(lambda time: [bus, *stream(time)], 60.0) == []


def test_creeping_traffic_raises_no_stopped_vehicle() -> None:
    def users(time: float) -> list[User]:
        return [User(-300.0 + 1.0 * time - 9.0 * place, speed=1.0, track=place + 1) for place in range(15)]

    assert IncidentKind.STOPPED_VEHICLE not in kinds(incidents_of(users, 50.0))


def test_a_jam_is_congestion_until_it_has_dissolved() -> None:
    def users(time: float) -> list[User]:
        speed = 1.8 if 60.0 < time < 230.0 else 13.0
        shift = 13.0 * (min(time, 60.0) + max(time - 230.0, 0.0)) + 1.8 * min(max(time - 60.0, 0.0), 170.0)
        cars = [(place + 1, -500.0 + (shift + 10.0 * place) % 4000.0) for place in range(400)]
        return [User(x, speed=speed, track=track) for track, x in cars if -495.0 < x < -5.0]

    seen = incidents_of(users, 400.0)
    congestion = [(time, incident) for time, incident in seen if incident.kind is IncidentKind.CONGESTION]
    assert 150.0 <= congestion[0][0] <= 190.0
    assert "km/h" in congestion[0][1].evidence
    assert len({incident.incident_id for _, incident in congestion}) == 1
    assert congestion[-1][1].ended is not None


@pytest.mark.parametrize(("waiting", "told"), [(2, False), (6, True)])
def test_few_who_wait_on_a_link_of_bad_level_are_no_congestion(waiting: int, told: bool) -> None:
    def users(_: float) -> list[User]:
        return [User(-3.0 - 7.0 * (place // 2), LANE_Y[place % 2], track=place + 1) for place in range(2 * waiting)]

    assert (IncidentKind.CONGESTION in kinds(incidents_of(users, 130.0))) is told


def test_a_vehicle_that_drives_against_its_lane_is_found() -> None:
    def users(time: float) -> list[User]:
        return [User(-100.0 - 10.0 * time, LANE_Y[0], -10.0, track=1), *stream(time)]

    seen = incidents_of(users, 10.0)
    assert kinds(seen) == {IncidentKind.WRONG_WAY}
    assert seen[0][0] <= 3.0
    assert seen[0][1].tracks == (1,)


def test_a_terminal_that_errs_by_a_lane_is_no_wrong_way() -> None:
    def users(time: float) -> list[User]:
        return [User(300.0 - 10.0 * time, LANE_Y[0], -10.0, track=1)]

    assert kinds(incidents_of(users, 10.0)) == {IncidentKind.WRONG_WAY}
    assert incidents_of(users, 10.0, seen_from_outside=False) == []


def test_traffic_in_both_directions_is_no_wrong_way() -> None:
    def users(time: float) -> list[User]:
        oncoming = [User(400.0 - 12.0 * time - 40.0 * car, 1.7, -12.0, track=300 + car) for car in range(8)]
        return [*stream(time), *(car for car in oncoming if car.x > -490.0)]

    assert incidents_of(users, 40.0) == []


def walker(x: float, y: float) -> User:
    return User(x, y, kind=ParticipantKind.PEDESTRIAN, track=1)


def test_a_pedestrian_on_the_carriageway_is_found() -> None:
    seen = incidents_of(lambda time: [walker(-200.0 + 1.2 * time, LANE_Y[0])], 8.0)
    assert kinds(seen) == {IncidentKind.PEDESTRIAN_ON_CARRIAGEWAY}
    assert seen[0][0] == pytest.approx(3.0, abs=0.5)


@pytest.mark.parametrize(("x", "y"), [(-6.0, LANE_Y[0]), (-200.0, -8.5), (-200.0, 40.0)])
def test_a_pedestrian_on_a_crossing_or_beside_the_road_raises_no_alarm(x: float, y: float) -> None:
    assert incidents_of(lambda _: [walker(x, y)], 20.0) == []


def test_a_pedestrian_who_steps_back_at_once_raises_no_alarm() -> None:
    seen = incidents_of(lambda time: [walker(-200.0, LANE_Y[0] if time % 6.0 < 2.0 else -9.0)], 20.0)
    assert seen == []


def test_evidence_names_no_more_than_what_was_seen() -> None:
    seen = incidents_of(lambda _: [User(-250.0, track=1)], 20.0)
    assert kinds(seen) == {IncidentKind.STOPPED_VEHICLE}
    assert "0 held up behind it, 0 passed it" in seen[-1][1].evidence
    assert np.isfinite(seen[-1][1].confidence)
