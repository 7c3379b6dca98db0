"""Vehicles that stand inside a junction keep the next green back, for a while."""

import numpy as np
import pytest

from cloudctl.signals.clearance import SLOW, Clearance
from cloudctl.signals.layout import Layout, Lights, Roads, Scene, Tracks
from cloudctl.signals.layout_build import Link, build_layout
from cloudctl.signals.program import Phase, Program
from cloudctl.signals.rolling_horizon import RollingHorizon
from cloudctl.signals.safety import CLEARANCE_AT_MOST, KEEP_CLEAR, SafetyLayer

PROGRAM = Program("x", (Phase("Ggr", 30), Phase("yyr", 3), Phase("rrG", 30), Phase("rry", 3)))
ROADS = Roads(("north", "east", "out", ":s", ":l", ":e"), np.array([100.0, 100, 90, 12, 14, 12]), np.full(6, 13.9))


@pytest.fixture
def layout() -> Layout:
    """One signal: straight on and a left turn that yields from the north, straight on from the east."""
    links = [Link("north", "out", ":s", 0), Link("north", "out", ":l", 1), Link("east", "out", ":e", 2)]
    return build_layout(ROADS, [PROGRAM], {"x": links}, [])


def _tracks(road: int, speed: float) -> Tracks:
    return Tracks(np.zeros(1, np.int64), np.full(1, road, np.int32), np.ones(1), np.full(1, speed), np.full(1, 5.0))


@pytest.mark.parametrize(
    ("road", "speed", "stage", "blocks"),
    [
        (4, 0.0, 1, True),
        (4, 0.0, 0, False),
        (3, SLOW / 2, 1, True),
        (4, SLOW + 1, 1, False),
        (0, 0.0, 1, False),
        (5, 0.0, 0, True),
    ],
    ids=["against the next", "its own stage", "caught behind", "on its way out", "before the line", "other street"],
)
def test_who_stands_inside_is_in_the_way_of_crossing_greens_alone(
    layout: Layout, road: int, speed: float, stage: int, blocks: bool
) -> None:
    found = Clearance(layout).standing_inside(_tracks(road, speed), np.array([stage], np.int32))
    assert found.tolist() == [blocks]


@pytest.mark.parametrize(("behind", "waits"), [(0, True), (1, False)], ids=["green", "red"])
def test_who_stands_before_another_red_light_is_not_waited_for(behind: int, waits: bool) -> None:
    roads = Roads(
        ("north", "east", "short", "out", ":n", ":e"), np.array([100.0, 100, 0.2, 90, 14, 12]), np.full(6, 13.9)
    )
    phases = (Phase("Gr", 30), Phase("yr", 3), Phase("rG", 30), Phase("ry", 3))
    links = {
        "x": [Link("north", "short", ":n", 0), Link("east", "out", ":e", 1)],
        "y": [Link("short", "out", "", 0), Link("east", "out", "", 1)],
    }
    area = build_layout(roads, [Program("x", phases), Program("y", phases)], links, [])
    found = Clearance(area).standing_inside(_tracks(4, 0.0), np.array([1, behind], np.int32))
    assert found.tolist() == [waits, False]


def _shown(proposals: list[int]) -> list[str]:
    """What is shown each second from the 10th second of the first green on."""
    safety = SafetyLayer([PROGRAM], 0.0)
    shown = []
    for second in range(10):
        safety.advance(float(second), np.zeros(1, np.int32), np.full(1, float(second)))
    for second, proposal in enumerate(proposals, 10):
        safety.advance(float(second), np.full(1, proposal, np.int32), np.full(1, float(second)))
        shown += safety.states()
    return shown


def test_a_change_that_is_kept_clear_stays_red_until_the_way_is_free() -> None:
    assert _shown([1, 1, 1, 1, 1]) == ["yyr"] * 3 + ["rrG"] * 2
    kept = [1, KEEP_CLEAR, KEEP_CLEAR, KEEP_CLEAR, KEEP_CLEAR, 1, 1]
    assert _shown(kept) == ["yyr"] * 3 + ["rrr"] * 2 + ["rrG"] * 2


def test_a_change_is_kept_clear_for_a_limited_time() -> None:
    shown = _shown([1, *[KEEP_CLEAR] * 30])
    assert shown[3 : 3 + int(CLEARANCE_AT_MOST)] == ["rrr"] * int(CLEARANCE_AT_MOST)
    assert shown[3 + int(CLEARANCE_AT_MOST)] == "rrG"


def test_keeping_clear_on_stale_data_holds_nothing_back() -> None:
    safety = SafetyLayer([PROGRAM], 29.0)
    for second in range(30, 34):
        safety.advance(float(second), np.full(1, KEEP_CLEAR, np.int32), np.full(1, second - 5.0))
    assert safety.states() == ["rrG"]


def test_a_green_takes_keeping_clear_as_the_plan() -> None:
    assert _shown([KEEP_CLEAR] * 19) == ["Ggr"] * 19


@pytest.mark.parametrize(("road", "wanted"), [(4, KEEP_CLEAR), (2, 1)])
def test_ours_keeps_a_change_clear_while_somebody_stands_inside(layout: Layout, road: int, wanted: int) -> None:
    strategy = RollingHorizon(layout, SafetyLayer(layout.programs, 0.0))
    strategy.coverage.declare(1.0)
    lights = Lights(np.ones(1, np.int32), np.zeros(1), np.ones(1))
    assert strategy.propose(Scene(1.0, _tracks(road, 0.0), lights)).tolist() == [wanted]
