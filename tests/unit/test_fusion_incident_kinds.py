"""Rules of the further kinds of incidents on the hand-made street: each is found in time, and what is usual is not."""

import numpy as np
import pytest
from fusion_city import GREEN, LANE_Y, LIMIT, RED, User, tracks
from test_fusion_incidents import STEP, incidents_of, kinds, stream

from fusion.close_pairs import close_calls
from fusion.incidents import Incident, IncidentKind
from maps.participants import ParticipantKind


def lost(time: float, when: tuple[float, float], user: User) -> list[User]:
    """Give this road user and another far away, and the other alone while the first is lost (from, until; s)."""
    other = User(-300.0 + 5.0 * time, LANE_Y[1], 5.0, track=9)
    return [other] if when[0] < time < when[1] else [user, other]


def first_of(seen: list[tuple[float, Incident]], kind: IncidentKind) -> tuple[float, Incident]:
    return next((time, incident) for time, incident in seen if incident.kind is kind)


def test_a_vehicle_far_above_the_limit_is_found_and_its_speed_told() -> None:
    speed = 1.5 * LIMIT
    seen = incidents_of(lambda time: [User(-480.0 + speed * time, speed=speed)], 8.0)
    time, incident = first_of(seen, IncidentKind.FAST_VEHICLE)
    assert time <= 5.0
    assert incident.figures["speed_mps"] == pytest.approx(speed, abs=0.1)
    assert incident.figures["limit_mps"] == pytest.approx(LIMIT, abs=0.1)


def test_a_vehicle_a_little_above_the_limit_raises_no_alarm() -> None:
    assert incidents_of(lambda time: [User(-480.0 + 1.1 * LIMIT * time, speed=1.1 * LIMIT)], 12.0) == []


def test_a_vehicle_that_crawls_along_a_free_road_is_found_within_ten_seconds() -> None:
    seen = incidents_of(lambda time: [User(-400.0 + 3.0 * time, speed=3.0)], 12.0)
    time, incident = first_of(seen, IncidentKind.SLOW_VEHICLE)
    assert time <= 10.0
    assert incident.figures["driven_m"] >= 15.0


def test_a_vehicle_that_is_too_fast_is_found_as_soon_though_it_is_lost_from_sight_for_a_moment() -> None:
    speed = 1.5 * LIMIT
    seen = incidents_of(lambda time: lost(time, (2.0, 2.8), User(-480.0 + speed * time, speed=speed)), 8.0)
    assert first_of(seen, IncidentKind.FAST_VEHICLE)[0] <= 5.0


def test_a_vehicle_that_is_too_fast_before_and_after_a_junction_is_found_though_no_lane_leads_across() -> None:
    speed = 1.5 * LIMIT

    def users(time: float) -> list[User]:
        return [User(-480.0 + speed * time, LANE_Y[0] - (20.0 if 2.0 < time < 4.0 else 0.0), speed)]

    assert first_of(incidents_of(users, 10.0), IncidentKind.FAST_VEHICLE)[0] <= 5.6


def test_who_slows_down_meanwhile_is_not_too_fast_for_long() -> None:
    def users(time: float) -> list[User]:
        slow = 2.0 < time < 4.0
        return [User(-480.0 + 1.5 * LIMIT * time, LANE_Y[0] - 20.0 * slow, (0.8 if slow else 1.5) * LIMIT)]

    assert first_of(incidents_of(users, 10.0), IncidentKind.FAST_VEHICLE)[0] >= 6.6


def test_a_vehicle_that_crawls_is_found_though_others_overtake_it_all_the_time() -> None:
    def users(time: float) -> list[User]:
        passers = [
            User(-380.0 + 3.0 * begin + LIMIT * (time - begin), speed=LIMIT, track=10 + begin)
            for begin in range(0, 12, 3)
            if time >= begin
        ]
        return [User(-400.0 + 3.0 * time, speed=3.0, track=1), *passers]

    time, incident = first_of(incidents_of(users, 12.0), IncidentKind.SLOW_VEHICLE)
    assert time <= 10.0
    assert incident.tracks == (1,)


def test_a_vehicle_held_up_by_a_slow_one_is_no_slow_vehicle() -> None:
    def users(time: float) -> list[User]:
        return [User(-400.0 + 3.0 * time, speed=3.0, track=1), User(-360.0 + 3.0 * time, speed=3.0, track=2)]

    assert (1,) not in {incident.tracks for _, incident in incidents_of(users, 12.0)}


def test_a_column_that_crawls_is_no_slow_vehicle() -> None:
    def users(time: float) -> list[User]:
        return [User(-200.0 + 3.0 * time - 12.0 * place, speed=3.0, track=place + 1) for place in range(10)]

    assert IncidentKind.SLOW_VEHICLE not in kinds(
        [entry for entry in incidents_of(users, 12.0) if entry[1].tracks != (1,)]
    )


def braking(rate: float, hidden: tuple[float, float] = (0.0, 0.0)) -> list[tuple[float, Incident]]:
    """From 3 s on; nobody reports the vehicle while it is `hidden` (from, until; s)."""

    def users(time: float) -> list[User]:
        held = max(time - 3.0, 0.0)
        speed = max(14.0 - rate * held, 0.5)
        way = 14.0 * min(time, 3.0) + (14.0 * held - rate * held * held / 2 if speed > 0.5 else 196 / (2 * rate))
        return [User(-400.0 + way, speed=speed, unseen=time - hidden[0] if hidden[0] < time < hidden[1] else 0.0)]

    return incidents_of(users, 6.0)


def test_braking_harder_than_drivers_do_is_found() -> None:
    time, incident = first_of(braking(9.0), IncidentKind.SUDDEN_BRAKING)
    assert time <= 6.0
    assert incident.figures["deceleration_mps2"] >= 7.0


def test_a_speed_that_was_guessed_while_nobody_reported_is_no_braking() -> None:
    assert IncidentKind.SUDDEN_BRAKING not in kinds(braking(9.0, hidden=(2.5, 4.2)))


def test_braking_is_found_though_a_sensor_misses_the_vehicle_for_a_moment() -> None:
    assert IncidentKind.SUDDEN_BRAKING in kinds(braking(9.0, hidden=(3.2, 3.7)))


def test_braking_for_a_light_is_not_sudden() -> None:
    assert IncidentKind.SUDDEN_BRAKING not in kinds(braking(4.5))


def test_a_step_aside_is_no_braking() -> None:
    """A place that jumps from lane to lane makes a track fast for a moment."""

    def users(time: float) -> list[User]:
        aside = 3.0 <= time < 3.6
        return [User(-400.0 + 3.0 * time, speed=12.0 if aside else 3.0)]

    assert IncidentKind.SUDDEN_BRAKING not in kinds(incidents_of(users, 6.0))


def test_a_small_unknown_object_on_a_lane_is_debris() -> None:
    seen = incidents_of(lambda _: [User(-200.0, kind=ParticipantKind.UNKNOWN)], 9.0)
    assert IncidentKind.DEBRIS not in kinds(seen), "an object as long as a car is no debris"
    seen = incidents_of(lambda _: [User(-200.0, kind=ParticipantKind.UNKNOWN)], 9.0, length=0.8)
    time, incident = first_of(seen, IncidentKind.DEBRIS)
    assert time <= 6.0
    assert incident.figures["length_m"] == pytest.approx(0.8)


def test_a_small_unknown_road_user_that_moves_on_the_carriageway_may_be_an_animal() -> None:
    seen = incidents_of(
        lambda time: [User(-200.0 + 2.0 * time, kind=ParticipantKind.UNKNOWN, speed=2.0)], 8.0, length=1.2
    )
    assert first_of(seen, IncidentKind.ANIMAL_ON_CARRIAGEWAY)[0] <= 5.0


def test_a_walker_whom_a_sensor_takes_for_a_rider_is_found_by_the_size() -> None:
    def users(time: float) -> list[User]:
        return [User(-200.0 + 1.2 * time, speed=1.2, kind=ParticipantKind.CYCLIST)]

    assert first_of(incidents_of(users, 6.0, length=0.4), IncidentKind.PEDESTRIAN_ON_CARRIAGEWAY)[0] <= 5.0
    assert incidents_of(users, 6.0, length=1.7) == []


def test_a_vehicle_at_the_kerb_is_parked_there() -> None:
    seen = incidents_of(lambda _: [User(-250.0, LANE_Y[0] - 2.2)], 45.0)
    time, incident = first_of(seen, IncidentKind.ILLEGAL_PARKING)
    assert 7.0 <= time <= 10.0
    assert incident.figures["stood_s"] >= 7.0


def test_a_parked_vehicle_is_found_as_soon_though_it_is_hidden_for_a_while() -> None:
    seen = incidents_of(lambda time: lost(time, (2.0, 5.0), User(-250.0, LANE_Y[0] - 2.2)), 14.0)
    assert first_of(seen, IncidentKind.ILLEGAL_PARKING)[0] <= 9.5


def reported_alone(until: float) -> float:
    """When a parked vehicle is found that its terminal alone reports from 1 s on, s."""

    def users(time: float) -> list[User]:
        return [User(-250.0, LANE_Y[0] - 2.2, alone=max(time - 1.0, 0.0) if time < until else 0.0)]

    return first_of(incidents_of(users, 20.0), IncidentKind.ILLEGAL_PARKING)[0]


def test_a_parked_vehicle_is_found_as_soon_though_its_terminal_alone_reports_it_for_a_while() -> None:
    assert reported_alone(5.0) <= 9.5


def test_whom_its_terminal_alone_reported_for_long_has_stood_since_it_is_seen_again() -> None:
    assert reported_alone(9.0) >= 15.0


def test_who_is_hidden_for_long_may_have_been_away() -> None:
    seen = incidents_of(lambda time: lost(time, (3.0, 8.5), User(-250.0, LANE_Y[0] - 2.2)), 20.0)
    assert first_of(seen, IncidentKind.ILLEGAL_PARKING)[0] >= 15.0


def test_who_moved_on_while_it_was_hidden_stands_anew() -> None:
    def users(time: float) -> list[User]:
        return lost(time, (3.0, 5.0), User(-250.0 if time < 4.0 else -240.0, LANE_Y[0] - 2.2))

    assert first_of(incidents_of(users, 20.0), IncidentKind.ILLEGAL_PARKING)[0] >= 12.0


def test_a_parked_vehicle_that_is_seen_twice_does_not_stand_behind_itself() -> None:
    def users(time: float) -> list[User]:
        ahead = 0.3 if time % 6.0 < 3.0 else -0.3
        return [User(-250.0 + ahead, LANE_Y[0] - 1.2), User(-250.0 - ahead, LANE_Y[0] - 0.9)]

    assert first_of(incidents_of(users, 14.0), IncidentKind.ILLEGAL_PARKING)[0] <= 9.5


def test_who_drives_against_its_lane_is_found_as_soon_though_it_is_lost_from_sight_for_a_moment() -> None:
    seen = incidents_of(lambda time: lost(time, (1.0, 1.8), User(-100.0 - 10.0 * time, speed=-10.0)), 6.0)
    assert first_of(seen, IncidentKind.WRONG_WAY)[0] <= 3.0


def runner(speed: float, light: str) -> list[tuple[float, Incident]]:
    return incidents_of(lambda time: [User(-60.0 + speed * time, speed=speed)], 9.0, lambda _: light)


def test_who_drives_on_at_red_is_found() -> None:
    time, incident = first_of(runner(10.0, RED), IncidentKind.RED_LIGHT_PASSAGE)
    assert time <= 8.5
    assert incident.figures["red_s"] >= 1.0
    assert incident.started == pytest.approx(incident.updated, abs=3.0)


def test_who_drives_on_at_red_is_found_though_it_is_lost_from_sight_at_the_line() -> None:
    seen = incidents_of(lambda time: lost(time, (6.1, 6.9), User(-60.0 + 10.0 * time, speed=10.0)), 9.0, lambda _: RED)
    assert first_of(seen, IncidentKind.RED_LIGHT_PASSAGE)[1].tracks == (1,)


def unseen_at_the_line(aside: float) -> list[tuple[float, Incident]]:
    """One who drives on at red, and whom its terminal alone places before the line, so far aside."""

    def users(time: float) -> list[User]:
        alone = time - 3.0 if 3.0 < time < 5.9 else 0.0
        return [User(-60.0 + 10.0 * time, LANE_Y[0] + (aside if alone > 1.2 else 0.0), 10.0, alone=alone)]

    return incidents_of(users, 9.0, lambda _: RED)


def test_who_drives_on_at_red_is_found_though_its_terminal_alone_reports_it_at_the_line() -> None:
    assert first_of(unseen_at_the_line(0.0), IncidentKind.RED_LIGHT_PASSAGE)[0] <= 8.5


def test_who_may_have_come_to_the_light_by_another_lane_did_not_pass_at_red_for_sure() -> None:
    assert IncidentKind.RED_LIGHT_PASSAGE not in kinds(unseen_at_the_line(LANE_Y[1] - LANE_Y[0]))


def test_who_turns_out_to_have_passed_the_line_beside_where_it_was_shown_did_not_pass_at_red_for_sure() -> None:
    def users(time: float) -> list[User]:
        aside = LANE_Y[1] - LANE_Y[0] if time >= 6.6 else 0.0
        return [User(-60.0 + 10.0 * time, LANE_Y[0] + aside, 10.0, alone=max(time - 5.5, 0.0) if time < 6.6 else 0.0)]

    assert IncidentKind.RED_LIGHT_PASSAGE not in kinds(incidents_of(users, 9.0, lambda _: RED))


def test_who_drives_on_at_green_is_not() -> None:
    assert IncidentKind.RED_LIGHT_PASSAGE not in kinds(runner(10.0, GREEN))


def test_who_stops_a_little_beyond_the_line_did_not_pass_at_red() -> None:
    seen = incidents_of(
        lambda time: [User(min(-60.0 + 6.0 * time, -0.5), speed=6.0 if time < 9.9 else 0.0)], 20.0, lambda _: RED
    )
    assert IncidentKind.RED_LIGHT_PASSAGE not in kinds(seen)


def test_who_is_moved_over_the_line_and_stands_there_did_not_pass_at_red() -> None:
    """As where a vehicle at the line changes to the next lane in one step, and goes when that has green."""

    def users(time: float) -> list[User]:
        if time < 4.0:
            return [User(-5.5, speed=0.0)]
        moved = min((time - 4.0) * 5.0, 5.0)
        gone = max(time - 6.5, 0.0)
        return [User(-5.5 + moved + 4.0 * gone, speed=5.0 if moved < 5.0 else 4.0 * (gone > 0.0))]

    assert IncidentKind.RED_LIGHT_PASSAGE not in kinds(incidents_of(users, 12.0, lambda _: RED))


def test_who_starts_with_the_change_to_green_did_not_pass_at_red() -> None:
    def users(time: float) -> list[User]:
        driven = max(time - 5.0, 0.0)
        return [User(-4.0 + driven * driven, speed=2.0 * driven)]

    seen = incidents_of(users, 12.0, lambda time: GREEN if time > 7.0 else RED)
    assert IncidentKind.RED_LIGHT_PASSAGE not in kinds(seen)


def test_running_into_a_standing_vehicle_is_a_near_miss_until_the_last_moment() -> None:
    def users(time: float) -> list[User]:
        return [User(-250.0 + min(15.0 * time, 90.0), speed=15.0 if time < 6.0 else 0.0), User(-153.0)]

    seen = incidents_of(users, 8.0)
    time, incident = first_of(seen, IncidentKind.NEAR_MISS)
    assert 5.0 <= time <= 6.2
    assert incident.figures["time_to_collision_s"] <= 1.2
    assert incident.tracks == (1, 2)


def test_running_into_a_vehicle_that_stands_a_little_aside_is_a_near_miss() -> None:
    def users(time: float) -> list[User]:
        return [User(-250.0 + min(15.0 * time, 90.0), speed=15.0 if time < 6.0 else 0.0), User(-153.0, LANE_Y[0] - 1.1)]

    assert first_of(incidents_of(users, 8.0), IncidentKind.NEAR_MISS)[0] <= 6.2


def test_running_into_a_standing_vehicle_that_is_hidden_for_a_moment_is_a_near_miss() -> None:
    def users(time: float) -> list[User]:
        hidden = max(time - 5.0, 0.0)
        return [User(-250.0 + 15.0 * min(time, 6.0), speed=15.0 if time < 6.0 else 0.0), User(-153.0, unseen=hidden)]

    assert IncidentKind.NEAR_MISS in kinds(incidents_of(users, 6.6))


def test_passing_a_standing_vehicle_off_the_middle_of_the_lane_is_no_near_miss() -> None:
    def users(time: float) -> list[User]:
        return [User(-250.0 + 12.0 * time, LANE_Y[0] - 1.05, 12.0), User(-150.0)]

    assert IncidentKind.NEAR_MISS not in kinds(incidents_of(users, 9.0))


@pytest.mark.parametrize(("sigma", "close"), [(0.1, True), (0.4, False)])
def test_who_may_be_on_the_next_lane_by_the_doubt_of_its_place_runs_into_nobody(sigma: float, close: bool) -> None:
    users = [User(-110.0, LANE_Y[0] - 0.6, 12.0), User(-96.0)]
    table = tracks(users, 0.0, lane=[0, 0], covariance=np.tile(np.eye(4) * sigma**2, (2, 1, 1)))
    calls = close_calls(table, np.array([-0.6, 0.0], np.float32), np.arange(2), 1.2, 6.0)
    assert (len(calls.first) > 0) is close


def test_coming_to_a_stop_behind_a_queue_is_no_near_miss() -> None:
    def users(time: float) -> list[User]:
        held = min(max(time - 2.0, 0.0), 14.0 / 3.0)
        way = 14.0 * min(time, 2.0) + 14.0 * held - 1.5 * held * held
        return [User(-250.0 + way, speed=14.0 - 3.0 * held), User(-250.0 + 28.0 + 14.0 * 14 / 6 + 7.0)]

    assert IncidentKind.NEAR_MISS not in kinds(incidents_of(users, 8.0))


def test_vehicles_that_overtake_on_the_next_lane_are_no_near_miss() -> None:
    seen = incidents_of(lambda time: [User(-250.0), *stream(time)], 6.0)
    assert IncidentKind.NEAR_MISS not in kinds(seen)


def test_standing_traffic_back_to_the_junction_is_spill_back() -> None:
    jam = [User(495.0 - 7.0 * place, track=place + 1) for place in range(70)]
    seen = incidents_of(lambda _: jam, 20.0)
    time, incident = first_of(seen, IncidentKind.SPILL_BACK)
    assert time <= 13.0
    assert incident.figures["vehicles"] == 70


def test_a_queue_that_ends_on_its_link_is_no_spill_back() -> None:
    jam = [User(495.0 - 7.0 * place, track=place + 1) for place in range(40)]
    assert IncidentKind.SPILL_BACK not in kinds(incidents_of(lambda _: jam, 20.0))


def test_a_vehicle_of_which_nobody_sees_what_stands_before_it_raises_no_alarm() -> None:
    seen = incidents_of(lambda _: [User(-250.0)], 30.0, watched=False)
    assert IncidentKind.STOPPED_VEHICLE not in kinds(seen)


def test_a_vehicle_beside_a_queue_waits_to_join_it() -> None:
    queue = [User(-3.0 - 7.0 * place, LANE_Y[1], track=place + 10) for place in range(40)]
    seen = incidents_of(lambda _: [User(-250.0, LANE_Y[0], track=1), *queue], 20.0, lambda _: RED)
    assert (1,) not in {incident.tracks for _, incident in seen}


def test_a_moment_is_told_once_and_then_over() -> None:
    seen = braking(9.0)
    found = {incident.incident_id for _, incident in seen if incident.kind is IncidentKind.SUDDEN_BRAKING}
    assert len(found) == 1
    assert STEP > 0
    assert all(np.isfinite(incident.confidence) for _, incident in seen)


def test_who_its_own_terminal_alone_places_was_not_near_another_for_sure() -> None:
    def users(time: float) -> list[User]:
        return [User(-250.0 + min(15.0 * time, 90.0), speed=15.0 if time < 6.0 else 0.0), User(-153.0)]

    assert IncidentKind.NEAR_MISS not in kinds(incidents_of(users, 8.0, seen_from_outside=False))


def test_whose_lane_its_own_terminal_alone_tells_did_not_pass_at_red_for_sure() -> None:
    def users(time: float) -> list[User]:
        return [User(-60.0 + 10.0 * time, speed=10.0)]

    seen = incidents_of(users, 9.0, lambda _: RED, seen_from_outside=False)
    assert IncidentKind.RED_LIGHT_PASSAGE not in kinds(seen)


def test_whose_place_its_own_terminal_alone_tells_is_not_parked_at_the_kerb_for_sure() -> None:
    seen = incidents_of(lambda _: [User(-250.0, LANE_Y[0] - 2.2)], 45.0, seen_from_outside=False)
    assert IncidentKind.ILLEGAL_PARKING not in kinds(seen)
