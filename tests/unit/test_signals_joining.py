"""Signals without room for a vehicle between them are controlled as one."""

import numpy as np
import pytest

from cloudctl.signals.joining import Joining, join
from cloudctl.signals.layout import SHORT, Layout, Lights, Priority, Roads, Scene, Tracks
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
    assert [[row for row, stage in enumerate(joining.stages[1]) if stage.sum() == 2 * each] for each in (0, 1)] == [
        [0],
        [3],
    ]


def test_signals_with_room_between_them_stay_single() -> None:
    joining = join(_area(between=SHORT))
    assert _members(joining) == [[0], [1], [2]]
    assert joining.spread([1, 0, 1]).tolist() == [1, 0, 1]


def _chain(offset: float = 0.0, light: str = "G", signals: int = 5) -> Layout:
    """Signals in a row, a link of 0.2 m from each to the next; `light` is what lets vehicles onto those links."""
    between = [f"to{number}" for number in range(signals)]
    names = [*between, *[f"side{number}" for number in range(signals)], "out"]
    length = np.array([100.0, *[0.2] * (signals - 1), *[100.0] * signals, 60.0])
    programs, links = [], {}
    for number in range(signals):
        name, ahead = f"s{number}", between[number + 1] if number + 1 < signals else "out"
        phases = (Phase(f"{light}r", 27), Phase("yr", 3), Phase("rG", 27), Phase("ry", 3))
        programs.append(Program(name, phases, offset * (number % 2)))
        links[name] = [Link(between[number], ahead, "", 0), Link(f"side{number}", "out", "", 1)]
    return build_layout(Roads(tuple(names), length, np.full(len(names), 13.9)), programs, links, [])


def test_of_few_joint_stages_all_are_kept() -> None:
    assert sorted(join(_area()).stages[1].tolist()) == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert len(join(_chain(signals=4)).stages[0]) == 16


def test_of_many_joint_stages_there_is_one_with_each_two_of_signals_side_by_side() -> None:
    stages = join(_chain()).stages[0]
    assert len(stages) < 16
    for first in range(4):
        assert {tuple(pair) for pair in stages[:, first : first + 2].tolist()} == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert [0, 0, 0, 0, 0] in stages.tolist()


@pytest.mark.parametrize(("offset", "shown"), [(0.0, [[0] * 5, [1] * 5]), (30.0, [[0, 1, 0, 1, 0], [1, 0, 1, 0, 1]])])
def test_between_equals_the_plans_tell_what_is_shown_together(offset: float, shown: list[list[int]]) -> None:
    stages = join(_chain(offset, light="g")).stages[0].tolist()
    assert [each in stages for each in shown] == [True, True]
    assert [[1 - stage if row % 2 else stage for row, stage in enumerate(each)] in stages for each in shown] != [
        True,
        True,
    ]


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
    state = joined.programs[1].stage_state(3)
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
    assert changes[1][np.ix_([0, 3], [0, 3])].tolist() == [[0, 4], [4, 0]]
    assert changes[1][0].tolist() == [0, 4, 3, 4]


def _decides(area: Layout, lights: Lights, *tracks: tuple[int, float]) -> list[int]:
    """What is proposed for standing vehicles of (road, m to its end)."""
    strategy = RollingHorizon(area, SafetyLayer(area.programs, 0.0))
    strategy.coverage.declare(1.0)
    road, rest = np.array([each for each, _ in tracks], np.int32), np.array([rest for _, rest in tracks], float)
    count = len(tracks)
    seen = Tracks(np.arange(count), road, rest, np.zeros(count), np.full(count, 5.0))
    proposal: list[int] = strategy.propose(Scene(0.0, seen, lights)).tolist()
    return proposal


def test_a_queue_gets_green_at_both_stop_lines_on_its_way_through() -> None:
    assert _decides(_area(), _lights(0, 1, 1), *[(0, 1.0 + 7.5 * place) for place in range(6)])[1:] == [0, 0]
    assert _decides(_area(), _lights(0, 0, 1), *[(0, 1.0 + 7.5 * place) for place in range(6)])[1:] == [0, 0]


def test_who_stands_between_two_stop_lines_goes_before_those_outside() -> None:
    outside = [(3, 1.0), (3, 8.5)]
    assert _decides(_area(), _lights(0, 1, 1), *outside)[2] == 1
    assert _decides(_area(), _lights(0, 1, 1), (2, 0.1), *outside)[2] == 0


def test_signals_that_show_no_joint_stage_are_led_to_the_nearest() -> None:
    area = _chain()
    stages = join(area).stages[0].tolist()
    lacking = next(list(each) for each in np.ndindex(2, 2, 2, 2, 2) if list(each) not in stages)
    found = _decides(area, _lights(*lacking))
    assert found in stages
    assert sum(a != b for a, b in zip(found, lacking, strict=True)) == 1


def test_only_lanes_between_joined_signals_are_fed_inside() -> None:
    joining = join(_area())
    fed = joining.layout.lane_road[joining.fed_inside]
    assert [NAMES[road] for road in fed] == ["between"]


def test_an_area_without_signals_has_no_units() -> None:
    area = build_layout(Roads(("a",), np.full(1, 50.0), np.full(1, 13.9)), [], {}, [])
    assert join(area).members == ()
