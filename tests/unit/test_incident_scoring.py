"""Rules of judging incidents by what really happened."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from fusion_city import LANE_Y, street

from simulators.city_files import Incident
from simulators.scoring_incidents import Staged, Told, Truth, find_staged, is_real, judge, main, read_told

NETWORK = street()
START = 1_700_000_000.0
STEPS = START + np.arange(0.0, 120.0, 0.5)
PLACE = Incident("in_0", 300.0, 3.0, 100.0)


def truth(**road_users: tuple[list[float], list[float], list[float]]) -> Truth:
    """Road users by name, each with its x, y and speed at every step; a single value stays."""
    parts = []
    for name, motion in road_users.items():
        x, y, speed = (np.resize(np.array(each, float), len(STEPS)) for each in motion)
        parts.append((STEPS, np.full(len(STEPS), name), x, y, speed))
    time, names, x, y, speed = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(time, kind="stable")
    return Truth(time[order], names[order], x[order], y[order], speed[order])


def lane_point(offset: float) -> tuple[float, float]:
    """A point of lane in_0, which leads east to the origin."""
    lane = int(np.flatnonzero(NETWORK.lanes.id == "in_0")[0])
    return -float(NETWORK.lanes.length[lane]) + offset, LANE_Y[0]


def broken_down(since: float = 20.0) -> Truth:
    """A car that comes to a stand at the staged place, and one that waits 40 m behind it a while."""
    x, y = lane_point(PLACE.position - 2.5)
    speed = np.where(since > STEPS - START, 10.0, 0.0)
    place = x - np.maximum(since - (STEPS - START), 0.0) * 10.0
    waits = np.where((STEPS - START > 30.0) & (STEPS - START < 50.0), 0.0, 8.0)
    return truth(wreck=(place.tolist(), [y], speed.tolist()), other=([x - 40.0], [y], waits.tolist()))


def told(kind: str, after: float, offset: float, **figures: float) -> Told:
    return Told(kind, START + after, *lane_point(offset), figures)


def test_what_was_staged_is_found_where_and_when_it_stands() -> None:
    real = broken_down()
    staged = find_staged(real, NETWORK, PLACE)
    assert staged is not None
    assert staged.begin == START + 20.0
    found = judge([told("blocked_lane", 31.0, 298.0), told("stopped_vehicle", 27.5, 297.0)], real, staged, 50)
    assert (found["staged"], found["found"], found["found_after_s"]) == (1, 1, 7.5)
    assert found["told"] == {"blocked_lane": 1, "stopped_vehicle": 1}
    assert found["false"] == {}


@pytest.mark.parametrize(
    "miss",
    [told("near_miss", 25.0, 297.0), told("stopped_vehicle", 25.0, 260.0), told("stopped_vehicle", 5.0, 297.0)],
    ids=["another kind", "another place", "before it"],
)
def test_what_is_told_of_something_else_does_not_find_it(miss: Told) -> None:
    real = broken_down()
    found = judge([miss], real, find_staged(real, NETWORK, PLACE), 50)
    assert (found["found"], found["found_after_s"]) == (0, None)


def test_nothing_was_staged_where_nobody_stood_for_long() -> None:
    x, y = lane_point(297.0)
    waits = np.where((STEPS - START > 30.0) & (STEPS - START < 50.0), 0.0, 8.0)
    assert find_staged(truth(car=([x], [y], waits.tolist())), NETWORK, PLACE) is None


def test_false_alarms_are_counted_by_kind_and_told_by_the_hour_and_fifty_intersections() -> None:
    real = broken_down()
    away = [told("near_miss", 100.0, 100.0), told("red_light_passage", 50.0, 90.0), told("near_miss", 60.0, 110.0)]
    found = judge(away, real, find_staged(real, NETWORK, PLACE), 100)
    assert found["false"] == {"near_miss": 2, "red_light_passage": 1}
    assert found["false_per_hour_and_50_intersections"] == pytest.approx(3 / (119.5 / 3600 * 2), abs=0.01)


def test_what_a_wreck_causes_is_no_false_alarm_while_it_stands_and_shortly_after() -> None:
    staged = Staged(*lane_point(297.0), START + 20.0, START + 40.0)
    assert staged.caused(told("near_miss", 30.0, 250.0))
    assert staged.caused(told("near_miss", 95.0, 250.0))
    assert not staged.caused(told("near_miss", 105.0, 250.0))
    assert not staged.caused(told("near_miss", 30.0, 200.0))
    assert not staged.caused(told("near_miss", 10.0, 250.0))


def standing(count: int, speed: float) -> Truth:
    x, y = lane_point(200.0)
    return truth(**{f"car{place}": ([x - 7.0 * place], [y], [speed]) for place in range(count)})


@pytest.mark.parametrize(
    ("kind", "real", "figures", "there"),
    [
        ("stopped_vehicle", standing(1, 0.0), {}, True),
        ("stopped_vehicle", standing(1, 3.0), {}, False),
        ("congestion", standing(6, 1.0), {}, True),
        ("congestion", standing(4, 1.0), {}, False),
        ("congestion", standing(6, 6.0), {}, False),
        ("fast_vehicle", standing(1, 20.0), {"limit_mps": 16.0}, True),
        ("fast_vehicle", standing(1, 15.0), {"limit_mps": 16.0}, False),
        ("slow_vehicle", standing(1, 4.0), {"limit_mps": 16.0}, True),
        ("slow_vehicle", standing(1, 12.0), {"limit_mps": 16.0}, False),
        ("sudden_braking", standing(1, 12.0), {}, False),
        ("wrong_way", standing(1, 12.0), {}, False),
    ],
)
def test_the_truth_says_whether_what_nobody_staged_was_there(
    kind: str, real: Truth, figures: dict[str, float], there: bool
) -> None:
    assert is_real(real, told(kind, 60.0, 200.0, **figures)) is there


def test_hard_braking_is_seen_in_the_truth() -> None:
    x, y = lane_point(200.0)
    speed = np.where(STEPS - START < 59.0, 14.0, 2.0)
    assert is_real(truth(car=([x], [y], speed.tolist())), told("sudden_braking", 60.0, 200.0))


def test_incidents_are_read_with_their_places(tmp_path: Path) -> None:
    x, y = lane_point(200.0)
    lon, lat = NETWORK.plane.inverse(x, y)
    line = {"kind": "debris", "told": START, "lon": float(lon), "lat": float(lat), "evidence": "It lies."}
    (tmp_path / "told.json").write_bytes(msgspec.json.encode([line]))
    (read,) = read_told(tmp_path / "told.json", NETWORK)
    assert (read.kind, read.told) == ("debris", START)
    assert (read.x, read.y) == pytest.approx((x, y), abs=0.01)


def test_a_missing_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [f"--{name}={tmp_path / 'none'}" for name in ("truth", "incidents", "map", "city")]
    assert main(files) == 1
    assert capsys.readouterr().err.count("\n") == 1
