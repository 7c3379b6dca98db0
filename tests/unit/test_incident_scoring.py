"""Rules of judging incidents by what really happened."""

from dataclasses import fields, replace
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from fusion_city import LANE_Y, street

from simulators.scoring_close_calls import close_call
from simulators.scoring_incidents import Told, Truth, find_staged, is_real, judge, main, read_told

NETWORK = street()
START = 1_700_000_000.0
STEPS = START + np.arange(0.0, 120.0, 0.5)
PLACE = 300.0
EAST = np.pi / 2
Motion = tuple[list[float], list[float], list[float]]


def truth(staged: tuple[str, str, float, float] | None = None, **road_users: Motion) -> Truth:
    """Road users by name, each with its x, y and speed at every step; a single value stays.

    `staged` is a road user, the kind of incident that it is, and from when until when, s.
    """
    parts = []
    for name, motion in road_users.items():
        x, y, speed = (np.resize(np.array(each, float), len(STEPS)) for each in motion)
        label = np.full(len(STEPS), "", "U40")
        if staged is not None and staged[0] == name:
            label[(START + staged[2] <= STEPS) & (START + staged[3] >= STEPS)] = staged[1]
        east, length = np.full(len(STEPS), EAST), np.full(len(STEPS), 4.5)
        parts.append((STEPS, np.full(len(STEPS), name), x, y, speed, east, length, label))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    return Truth(*(column[order] for column in columns))


def lane_point(offset: float) -> tuple[float, float]:
    """A point of lane in_0, which leads east to the origin."""
    lane = int(np.flatnonzero(NETWORK.lanes.id == "in_0")[0])
    return -float(NETWORK.lanes.length[lane]) + offset, LANE_Y[0]


def broken_down() -> Truth:
    """A car that comes to a stand after 20 s, and one that waits 40 m behind it a while."""
    x, y = lane_point(PLACE - 2.5)
    speed = np.where(STEPS - START < 20.0, 10.0, 0.0)
    place = x - np.maximum(20.0 - (STEPS - START), 0.0) * 10.0
    waits = np.where((STEPS - START > 30.0) & (STEPS - START < 50.0), 0.0, 8.0)
    return truth(
        ("wreck", "blocked_lane", 20.0, 40.0),
        wreck=(place.tolist(), [y], speed.tolist()),
        other=([x - 40.0], [y], waits.tolist()),
    )


def told(kind: str, after: float, offset: float, **figures: float) -> Told:
    return Told(kind, START + after, *lane_point(offset), figures)


def outcome(*tellings: Told, real: Truth | None = None) -> dict[str, object]:
    judged = judge(tellings, real or broken_down(), 50)["staged"]
    assert isinstance(judged, list)
    [one] = judged
    assert isinstance(one, dict)
    return one


def test_what_was_staged_is_found_where_and_when_it_stands() -> None:
    tellings = told("blocked_lane", 31.0, 298.0), told("stopped_vehicle", 27.5, 297.0)
    assert outcome(*tellings) == {"kind": "blocked_lane", "lasted_s": 20.0, "found_after_s": 7.5}
    judged = judge(tellings, broken_down(), 50)
    assert judged["told"] == {"blocked_lane": 1, "stopped_vehicle": 1}
    assert judged["false"] == {}


@pytest.mark.parametrize(
    "miss",
    [
        told("near_miss", 25.0, 297.0),
        told("stopped_vehicle", 25.0, 260.0),
        told("stopped_vehicle", 5.0, 297.0),
        told("stopped_vehicle", 52.0, 297.0),
    ],
    ids=["another kind", "another place", "before it", "long after it"],
)
def test_what_is_told_of_something_else_does_not_find_it(miss: Told) -> None:
    assert outcome(miss)["found_after_s"] is None


@pytest.mark.parametrize(("behind", "found"), [(20.0, 5.0), (45.0, None)])
def test_who_drives_may_be_found_where_it_was_a_moment_ago(behind: float, found: float | None) -> None:
    x, y = lane_point(100.0)
    way = x + 10.0 * (STEPS - START)
    racing = truth(("car", "fast_vehicle", 10.0, 20.0), car=(way.tolist(), [y], [10.0]))
    after = outcome(told("fast_vehicle", 15.0, 250.0 - behind), real=racing)["found_after_s"]
    assert after == found


def test_nothing_was_staged_where_the_truth_says_nothing_of_it() -> None:
    x, y = lane_point(297.0)
    assert find_staged(truth(car=([x], [y], [0.0]))) == []


def test_false_alarms_are_counted_by_kind_and_told_by_the_hour_and_fifty_intersections() -> None:
    real = broken_down()
    away = [told("wrong_way", 110.0, 100.0), told("red_light_passage", 50.0, 90.0), told("wrong_way", 60.0, 110.0)]
    found = judge(away, real, 100)
    assert found["false"] == {"wrong_way": 2, "red_light_passage": 1}
    assert found["false_per_hour_and_50_intersections"] == pytest.approx(3 / (119.5 / 3600 * 2), abs=0.01)


def test_what_a_wreck_causes_is_no_false_alarm_while_it_stands_and_shortly_after() -> None:
    [staged] = find_staged(broken_down())
    assert staged.caused(told("near_miss", 30.0, 250.0))
    assert staged.caused(told("near_miss", 95.0, 250.0))
    assert not staged.caused(told("near_miss", 105.0, 250.0))
    assert not staged.caused(told("near_miss", 30.0, 200.0))
    assert not staged.caused(told("near_miss", 10.0, 250.0))


def test_truth_is_read_with_what_was_staged(tmp_path: Path) -> None:
    lon, lat = NETWORK.plane.inverse(*lane_point(100.0))
    columns = {"t": [2.0, 1.0], "id": ["b", "a"], "speed": [1.0, 0.0], "heading": [90.0, 0.0], "length": [4.0, 5.0]}
    places = {"lon": [float(lon)] * 2, "lat": [float(lat)] * 2}
    pyarrow.parquet.write_table(pa.table(columns | places | {"staged": ["debris", None]}), tmp_path / "truth.parquet")
    read = Truth.read(tmp_path / "truth.parquet", NETWORK)
    assert read.id.tolist() == ["a", "b"]
    assert read.heading[1] == pytest.approx(EAST)
    assert [(each.kind, each.begin) for each in find_staged(read)] == [("debris", 2.0)]


def standing(count: int, speed: float) -> Truth:
    x, y = lane_point(200.0)
    cars: dict[str, Motion] = {f"car{place}": ([x - 7.0 * place], [y], [speed]) for place in range(count)}
    return truth(None, **cars)


def beside(one: Truth, other: Truth, heading: float = EAST, length: float = 4.5) -> Truth:
    """Both, the others with this heading, rad, and length, m."""
    turned = replace(
        other,
        id=np.char.add("other_", other.id),
        heading=np.full_like(other.heading, heading),
        length=np.full_like(other.length, length),
    )
    order = np.argsort(np.concatenate([one.time, turned.time]), kind="stable")
    pairs = ((getattr(one, column.name), getattr(turned, column.name)) for column in fields(Truth))
    return Truth(*(np.concatenate(pair)[order] for pair in pairs))


@pytest.mark.parametrize(
    ("kind", "real", "figures", "there"),
    [
        ("congestion", beside(standing(6, 1.0), standing(12, 15.0), -EAST), {}, True),
        ("congestion", beside(standing(3, 1.0), standing(3, 1.0), 0.0), {}, False),
        ("congestion", beside(standing(2, 1.0), standing(9, 1.0), EAST, 0.3), {}, False),
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


def motion(x: float, y: float, speed: float, heading: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Three seconds of a car that passes (x, y) in the middle of them."""
    time = np.arange(0.0, 3.1, 0.5)
    way = speed * (time - 1.5)
    columns = (time, x + way * np.sin(heading), y + way * np.cos(heading))
    rest = (np.full(len(time), value) for value in (speed, heading, 4.5))
    return np.column_stack((*columns, *rest))


@pytest.mark.parametrize(
    ("other", "close"),
    [
        (motion(0.0, 8.0, 8.0, 0.0), True),
        (motion(0.0, 24.0, 8.0, 0.0), False),
        (motion(20.0, 0.0, 0.0, EAST), True),
        (motion(20.0, 3.2, 0.0, EAST), False),
        (motion(6.0, 0.0, 10.0, EAST), False),
    ],
    ids=["crosses just after", "crosses later", "stands ahead", "stands beside", "drives ahead as fast"],
)
def test_two_came_close_who_shared_a_place_or_were_about_to_collide(
    other: np.ndarray[tuple[int, int], np.dtype[np.float64]], close: bool
) -> None:
    one = motion(0.0, 0.0, 10.0, EAST)
    names = np.repeat(["one", "other"], [len(one), len(other)])
    assert close_call(names, np.concatenate((one, other))) is close


def test_incidents_are_read_with_their_places(tmp_path: Path) -> None:
    x, y = lane_point(200.0)
    lon, lat = NETWORK.plane.inverse(x, y)
    line = {"kind": "debris", "told": START, "lon": float(lon), "lat": float(lat), "evidence": "It lies."}
    (tmp_path / "told.json").write_bytes(msgspec.json.encode([line]))
    (read,) = read_told(tmp_path / "told.json", NETWORK)
    assert (read.kind, read.told) == ("debris", START)
    assert (read.x, read.y) == pytest.approx((x, y), abs=0.01)


def test_a_missing_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [f"--{name}={tmp_path / 'none'}" for name in ("truth", "incidents", "map")]
    assert main(files) == 1
    assert capsys.readouterr().err.count("\n") == 1
