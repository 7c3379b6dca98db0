"""Rules of movements, passages, lanes, intersections, unseen links and turns on the hand-made street."""

from dataclasses import replace

import numpy as np
import pytest
from fusion_city import BACK, HOME, INBOUND, LANE_Y, LENGTH, LIMIT, OUTBOUND, User, street, tracks
from fusion_reports import NOW, one_sensor

from fusion.lane_match import LaneMatcher
from fusion.movements import Movements
from fusion.picture import LevelOfService, MovementStates, SignalStates, TurnChoice
from fusion.queues import lane_order
from fusion.sections import begins_section
from fusion.traffic_parameters import LevelThresholds, TrafficParameters
from fusion.traffic_state import TrafficState, TrafficStates
from fusion.turn_choice import TurnChooser
from fusion.unseen_links import UnseenLinks
from maps.network import Turn
from maps.travel_profile import TravelProfile

STREET = street()
EVERYWHERE = one_sensor(radius=2000.0)
STRAIGHT_EAST, STRAIGHT_WEST = 0, 1
"""Movements of the street by row."""
RED, GREEN = 3, 6


def played(scenes: list[list[User]], span: float = 0.5) -> TrafficStates:
    traffic, matcher = TrafficState(STREET), LaneMatcher(STREET)
    result = None
    for cycle, users in enumerate(scenes):
        now = NOW + span * cycle
        table = matcher.match(tracks(users, now))
        order = lane_order(table, STREET, TrafficParameters().queue)
        for _ in range(2):  # the states of junctions follow those of links by a cycle
            result = traffic.update(table, order, span / 2, EVERYWHERE, now)
    assert result is not None
    return result


def platoon(stop: float, seconds: float = 240.0) -> TrafficStates:
    """A car every 10 s drives east at 12 m/s and stands `stop` s before the light."""

    def place(age: float) -> tuple[float, float]:
        until = (LENGTH - 5.0) / 12.0
        if age < until:
            return -LENGTH + 12.0 * age, 12.0
        return (-5.0, 0.0) if age < until + stop else (-5.0 + 12.0 * (age - until - stop), 12.0)

    scenes = []
    for step in range(round(seconds / 0.5)):
        time = 0.5 * step
        cars = [(car, *place(time - 10.0 * car)) for car in range(40) if time >= 10.0 * car]
        scenes.append([User(x, speed=v, track=car + 1) for car, x, v in cars if x < 495.0])
    return played(scenes)


def test_the_street_has_one_movement_each_way() -> None:
    table = Movements.of(STREET)
    assert list(zip(table.from_link.tolist(), table.to_link.tolist(), strict=True)) == [
        (INBOUND, OUTBOUND),
        (BACK, HOME),
    ]
    assert table.prior.tolist() == [1.0, 1.0]
    assert table.signal.tolist() == [0, 0]
    assert table.of_connection.tolist() == [0, 0, 1, 1]


def test_a_movement_is_found_by_its_links_and_no_other_pair_is_one() -> None:
    table = Movements.of(STREET)
    found = table.find(np.array([INBOUND, BACK, OUTBOUND, -1]), np.array([OUTBOUND, HOME, INBOUND, HOME]))
    assert found.tolist() == [STRAIGHT_EAST, STRAIGHT_WEST, -1, -1]


def test_a_way_over_a_stub_counts_as_the_movement_into_it() -> None:
    links = replace(STREET.links, length=np.array([LENGTH, 5.0, LENGTH, LENGTH], np.float32))
    more = replace(
        STREET.connections,
        from_lane=np.append(STREET.connections.from_lane, np.int32(2)),
        to_lane=np.append(STREET.connections.to_lane, np.int32(6)),
        turn=np.append(STREET.connections.turn, np.uint8(Turn.LEFT)),
        signal=np.append(STREET.connections.signal, np.int32(-1)),
        group=np.append(STREET.connections.group, np.int32(-1)),
        shape_start=np.append(STREET.connections.shape_start, np.int32(0)),
        shape_count=np.append(STREET.connections.shape_count, np.int32(0)),
    )
    table = Movements.of(replace(STREET, links=links, connections=more))
    assert table.find(np.array([INBOUND]), np.array([HOME])).tolist() == [0]


def test_flow_delay_and_stops_of_a_movement_are_those_of_its_vehicles() -> None:
    states = platoon(stop=20.0)
    moves = states.movements
    assert moves.flow[STRAIGHT_EAST] == pytest.approx(360.0, rel=0.35)
    assert moves.delay[STRAIGHT_EAST] == pytest.approx(20.0 + 500 / 12 - 500 / LIMIT, abs=5.0)
    assert moves.stops[STRAIGHT_EAST] == pytest.approx(1.0, abs=0.1)
    assert moves.share[STRAIGHT_EAST] == pytest.approx(1.0)
    assert not moves.estimated[STRAIGHT_EAST]
    assert moves.estimated[STRAIGHT_WEST]
    assert moves.confidence[STRAIGHT_WEST] < moves.confidence[STRAIGHT_EAST]


def test_an_intersection_sums_its_movements_and_has_a_level_by_delay() -> None:
    states = platoon(stop=20.0)
    crossing, moves = states.intersections, states.movements
    assert crossing.flow[0] == pytest.approx(float(np.nansum(moves.flow)), rel=1e-5)
    assert crossing.delay[0] == pytest.approx(float(moves.delay[STRAIGHT_EAST]), rel=1e-5)
    assert crossing.level[0] == LevelOfService.STEADY
    assert platoon(stop=0.0).intersections.level[0] == LevelOfService.FREE


def test_delays_have_their_classes() -> None:
    levels = LevelThresholds().of_delays(np.array([0.0, 20.0, 21.0, 40.0, 60.0, 100.0, np.nan]))
    assert levels.tolist() == [1, 1, 2, 3, 4, 5, 0]


def test_lanes_have_states_of_their_own() -> None:
    users = [User(-3.0 - 7.0 * place, LANE_Y[1], track=place + 1) for place in range(5)]
    states = played([[*users, User(-200.0 + step, LANE_Y[0], 2.0, track=90)] for step in range(40)])
    lanes = states.lanes
    assert lanes.vehicles[:2].tolist() == [1, 5]
    assert lanes.queue_vehicles[:2].tolist() == [0, 5]
    assert lanes.queue_length[1] == pytest.approx(3.0 + 28.0 + 2.25, abs=0.5)
    assert lanes.speed[0] == pytest.approx(2.0, abs=0.1)
    assert lanes.speed[1] == pytest.approx(0.0, abs=0.1)
    assert lanes.occupancy[1] == pytest.approx(5 * 4.5 / LENGTH, rel=0.1)
    assert states.links.queue_back[INBOUND] == pytest.approx(LENGTH - lanes.queue_length[1], abs=0.1)


def test_standing_traffic_back_to_the_start_of_a_link_spills_back() -> None:
    jam = [User(495.0 - 7.0 * place, track=place + 1) for place in range(70)]
    states = played([jam] * 20)
    assert states.links.spill_back.tolist() == [False, True, False, False]
    assert states.movements.spill_back.tolist() == [True, False]
    assert states.intersections.spill_back.tolist() == [True]


def test_links_within_a_section_do_not_spill_back_onto_themselves() -> None:
    free = replace(STREET.connections, signal=np.full(4, -1, np.int32))
    assert begins_section(STREET).tolist() == [True] * 4
    assert begins_section(replace(STREET, connections=free)).tolist() == [True, False, True, False]


def unseen(profile: TravelProfile | None = None) -> UnseenLinks:
    return UnseenLinks(STREET, Movements.of(STREET), profile)


def test_an_unseen_link_carries_what_flows_into_it() -> None:
    flow, pace = np.array([600.0, np.nan, np.nan, np.nan]), np.array([0.5, 1.0, 1.0, 1.0])
    trust = np.array([0.9, 0.0, 0.0, 0.0])
    found = unseen().update(flow, pace, trust, np.ones(2), np.nan)
    assert found.flow[OUTBOUND] == pytest.approx(600.0)
    assert found.pace[OUTBOUND] == pytest.approx(0.5)
    assert found.trust.tolist() == pytest.approx([0.9, 0.3, 0.0, 0.0])
    assert np.isnan(found.flow[BACK])


def test_trust_in_an_estimate_fades_when_nothing_is_measured_any_more() -> None:
    links = unseen()
    links.update(np.array([600.0, 0, 0, 0]), np.ones(4), np.array([0.9, 0, 0, 0]), np.ones(2), np.nan)
    for _ in range(20):
        found = links.update(np.full(4, np.nan), np.ones(4), np.zeros(4), np.ones(2), np.nan)
    assert found.trust.tolist() == [0.0] * 4


def test_a_profile_tells_the_usual_speed_of_the_time_of_day() -> None:
    free = np.asarray(STREET.links.length / STREET.links.speed, np.float64)
    times = np.stack([free, 2 * free])
    found = unseen(TravelProfile(times, 3600.0)).update(np.full(4, np.nan), np.ones(4), np.zeros(4), np.ones(2), 3600.0)
    assert found.pace.tolist() == pytest.approx([0.5] * 4)
    assert (found.trust > 0).all()


def turns(users: list[User], light: int = GREEN, **columns: object) -> TurnChoice:
    matcher = LaneMatcher(STREET)
    table = matcher.match(tracks(users, NOW))
    table = replace(table, **columns)  # type: ignore[arg-type]  # columns of the table by name
    state = np.full(2, light, np.uint8)
    none = np.full(2, np.nan)
    signals = SignalStates(state, none, none, none, none, none.astype(np.float32), none)
    chooser = TurnChooser(STREET, Movements.of(STREET))
    order = lane_order(table, STREET, TrafficParameters().queue)
    routes = {7: (INBOUND, OUTBOUND)}
    return chooser.choose(table, matcher.lateral, order, MovementStates(), signals, routes)


def test_a_vehicle_is_told_its_movement_and_how_far_its_stop_line_is() -> None:
    found = turns([User(-100.0, speed=10.0), User(100.0, speed=10.0), User(0.0, 80.0)])
    assert found.movement[:, 0].tolist() == [STRAIGHT_EAST, -1, -1]
    assert found.probability[0, 0] == pytest.approx(1.0)
    assert found.stop_line[0] == pytest.approx(100.0 - 2.25, abs=0.1)
    assert np.isnan(found.stop_line[2])


def test_the_way_is_free_up_to_a_red_light_or_a_standing_vehicle() -> None:
    users = [User(-100.0, speed=10.0), User(-40.0, LANE_Y[1], 0.0), User(-90.0, LANE_Y[1], 10.0)]
    red, green = turns(users, RED), turns(users, GREEN)
    assert red.free_way[0] == pytest.approx(97.75, abs=0.1)
    assert np.isinf(green.free_way[0])
    assert green.free_way[2] == pytest.approx(50.0 - 4.5 - 2.0, abs=0.1)


def test_a_known_route_decides_the_movement() -> None:
    found = turns([User(-100.0, speed=10.0)], self_device=np.array([7], np.int32))
    assert found.movement[0].tolist() == [STRAIGHT_EAST, -1, -1, -1]
    assert found.probability[0, 0] == 1.0
