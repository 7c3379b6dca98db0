"""Signals without room for a vehicle between them are controlled as one."""

import numpy as np
import pytest

from cloudctl.signals.joining import SHORT, Joining, join
from cloudctl.signals.layout import Layout, Lights, Priority, Roads, Scene, Tracks
from cloudctl.signals.layout_build import Link, build_layout
from cloudctl.signals.program import Phase, Program
from cloudctl.signals.rolling_horizon import RollingHorizon
from cloudctl.signals.safety import SafetyLayer

PHASES = (Phase("Gr", 27), Phase("yr", 3), Phase("rG", 27), Phase("ry", 3))
OTHER = (Phase("Grr", 26), Phase("yrr", 4), Phase("rGg", 26), Phase("ryy", 4))
NAMES = ("a_in", "b_in", "between", "c_in", "away", "d_in", "far_out")


def _area(between: float = 0.2, offset: float = 0.0, third: tuple[Phase, ...] = PHASES, order: str = "zab") -> Layout:
    """`a` leads over `between` into `b`; `z`, far from both, stands first."""
    roads = Roads(NAMES, np.array([100.0, 100.0, between, 100.0, 60.0, 100.0, 60.0]), np.full(7, 13.9))
    made = {"z": Program("z", PHASES), "a": Program("a", PHASES), "b": Program("b", third, offset)}
    programs = [made[name] for name in order]
    links = {
        "z": [Link("d_in", "away", "", 0), Link("far_out", "away", "", 1)],
        "a": [Link("a_in", "between", "", 0), Link("b_in", "away", "", 1)],
        "b": [Link("between", "away", "", 0), Link("c_in", "away", "", 1, frozenset({"between"}))],
    }
    return build_layout(roads, programs, links, [])


def _lane(area: Layout, link: int) -> str:
    """Name of the lane that a link (flat row) starts from."""
    signal = int(np.searchsorted(area.link_start, link, side="right")) - 1
    return NAMES[area.lane_road[area.lane_start[signal] + area.link_lane[link]]]


def _members(joining: Joining) -> list[list[int]]:
    return sorted(rows.tolist() for rows in joining.members)


def _lights(*stages: int, green_for: float = 20.0) -> Lights:
    return Lights(np.array(stages, np.int32), np.full(len(stages), green_for), np.zeros(len(stages)))


def test_signals_with_a_short_link_between_them_are_one() -> None:
    joining = join(_area())
    assert _members(joining) == [[0], [1, 2]]
    assert joining.stages[1].tolist() == [[0, 0], [1, 1]]


def test_signals_with_room_between_them_stay_single() -> None:
    joining = join(_area(between=SHORT))
    assert _members(joining) == [[0], [1], [2]]
    assert joining.spread([1, 0, 1]).tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("area", "stages"),
    [
        (_area(offset=4.0), [[0, 0], [1, 1]]),
        (_area(offset=30.0), [[0, 0], [1, 1]]),
        (_area(offset=30.0, third=(PHASES[2], PHASES[3], PHASES[0], PHASES[1])), [[0, 1], [1, 0]]),
        (_area(third=(*PHASES, Phase("GG", 30), Phase("yy", 3))), [[0, 0], [0, 2], [1, 1]]),
    ],
    ids=["plans overlap", "plans let vehicles in against red", "other order", "another cycle"],
)
def test_joint_stages_let_vehicles_pass_and_have_every_stage(area: Layout, stages: list[list[int]]) -> None:
    joining = join(area)
    assert sorted(joining.stages[1].tolist()) == stages
    assert sorted(joining.spread([0, row]).tolist()[1:] for row in range(len(stages))) == stages


def test_the_plans_tell_what_is_shown_together_where_nobody_passes_from_one_to_the_other() -> None:
    roads = Roads(("a", "b", "c", "d", "s", "out"), np.array([90.0, 90.0, 90.0, 90.0, 0.2, 60.0]), np.full(6, 13.9))
    links = {
        "x": [Link("a", "out", "", 0), Link("b", "out", "", 1), Link("c", "s", "", 2)],
        "y": [Link("s", "out", "", 0), Link("d", "out", "", 1)],
    }
    phases = (Phase("Grg", 27), Phase("yry", 3), Phase("rGg", 27), Phase("ryy", 3))
    for offset, stages in ((0.0, [[0, 0], [1, 1]]), (30.0, [[0, 1], [1, 0]])):
        programs = [Program("x", phases), Program("y", PHASES, offset)]
        assert sorted(join(build_layout(roads, programs, links, [])).stages[0].tolist()) == stages


def test_who_has_priority_keeps_its_link() -> None:
    area = _area(order="azb")
    asked = Priority(np.zeros(3, np.int32), np.ones(3), np.zeros(3), np.array([4, 2, -1], np.int32))
    joining = join(area)
    found = joining.priority(asked)
    assert found is not None
    assert found.link is not None
    lanes = [_lane(joining.layout, int(link)) for link in found.link[:2]]
    assert lanes == [_lane(area, 4), _lane(area, 2)] == ["between", "d_in"]
    assert found.link[2] == -1
    assert joining.priority(None) is None


def test_a_joined_layout_keeps_what_each_link_is() -> None:
    area = _area(third=OTHER)
    joined = join(area).layout
    state = joined.programs[1].stage_state(1)
    first, last = joined.link_start[1:3].tolist()
    found = {
        (
            NAMES[joined.lane_road[joined.lane_start[1] + joined.link_lane[link]]],
            NAMES[joined.link_out[link]],
            state[joined.link_light[link]],
        )
        for link in range(first, last)
    }
    assert found == {
        ("a_in", "between", "r"),
        ("b_in", "away", "G"),
        ("between", "away", "r"),
        ("c_in", "away", "G"),
    }
    foes = [joined.foe[joined.foe_start[link] : joined.foe_start[link + 1]].tolist() for link in range(first, last)]
    assert foes == [[], [], [], [2]]
    assert [NAMES[joined.lane_road[lane]] for lane in joined.reach_lane] == [*NAMES[:4], "d_in", "far_out"]


def test_the_longest_change_of_its_signals_is_that_of_a_unit() -> None:
    area = _area(third=OTHER)
    changes = join(area).change_times(SafetyLayer(area.programs, 0.0).change_times())
    assert changes[1].tolist() == [[0, 4], [4, 0]]


def test_whatever_comes_joined_signals_show_what_their_plans_show_together() -> None:
    area, rng = _area(), np.random.default_rng(4)
    safety = SafetyLayer(area.programs, 0.0)
    strategy = RollingHorizon(area, safety)
    strategy.coverage.declare(1.0)
    shown, joint = set(), set()
    for second in range(300):
        if second % 20 == 0:
            queues = [(road, 1.0 + 7.0 * place) for road in (0, 1, 3) for place in range(rng.integers(0, 12))]
        road, rest = np.array([each for each, _ in queues], np.int32), np.array([each for _, each in queues])
        tracks = Tracks(np.arange(len(queues)), road, rest, np.zeros(len(queues)), np.full(len(queues), 5.0))
        proposal = strategy.propose(Scene(float(second), tracks, safety.lights(float(second))))
        joint.add(tuple(proposal[1:].tolist()))
        shown.add(int(proposal[1]))
        safety.advance(float(second), proposal, np.full(3, float(second)))
    assert shown == {0, 1}
    assert joint == {(0, 0), (1, 1)}


def test_signals_that_show_no_joint_stage_are_led_to_the_nearest() -> None:
    area = _area()
    strategy = RollingHorizon(area, SafetyLayer(area.programs, 0.0))
    strategy.coverage.declare(1.0)
    empty = Tracks(*(np.zeros(0, kind) for kind in (np.int64, np.int32, float, float, float)))
    assert strategy.propose(Scene(0.0, empty, _lights(0, 1, 0))).tolist() in ([0, 0, 0], [0, 1, 1])


def test_only_lanes_between_joined_signals_are_fed_inside() -> None:
    joining = join(_area())
    fed = joining.layout.lane_road[joining.fed_inside]
    assert [NAMES[road] for road in fed] == ["between"]


def test_an_area_without_signals_has_no_units() -> None:
    area = build_layout(Roads(("a",), np.full(1, 50.0), np.full(1, 13.9)), [], {}, [])
    assert join(area).members == ()
