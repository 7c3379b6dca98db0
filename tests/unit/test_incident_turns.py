"""Rules of the turns that incident rules take."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from fusion_city import User, street, tracks
from fusion_reports import NOW

from fusion.incident_book import Finding
from fusion.incident_turns import Turn
from fusion.incidents import IncidentKind
from fusion.lane_match import LaneMatcher
from fusion.picture import LinkStates
from fusion.queues import QueueParameters, lane_order
from fusion.scene import Scene

STREET = street()
REAL = np.zeros(0, np.float32)
LINKS = LinkStates(
    REAL, REAL, REAL, REAL, np.zeros(0, np.uint16), REAL, np.zeros(0, np.uint16), np.zeros(0, np.uint8), REAL
)


@dataclass
class Witness:
    """A rule that keeps what it was shown."""

    scenes: list[Scene] = field(default_factory=list)

    def find(self, scene: Scene) -> list[Finding]:
        self.scenes.append(scene)
        return [Finding("c", IncidentKind.DEBRIS, scene.now, 0.0, 0.0, -1, -1, (), 0.5, "It lies.")]


def scene(cycle: int, span: float = 0.1, users: int = 2) -> Scene:
    matcher = LaneMatcher(STREET)
    now = NOW + span * cycle
    table = matcher.match(tracks([User(-100.0 - 20.0 * place) for place in range(users)], now))
    order = lane_order(table, STREET, QueueParameters())
    return Scene(now, 0.0 if cycle == 0 else span, table, matcher.lateral, order, LINKS, np.zeros(0))


def test_a_rule_without_haste_looks_at_the_first_cycle_and_then_once_a_period() -> None:
    rule = Witness()
    turn = Turn([rule], 0.5)
    found = [len(turn.find(scene(cycle))) for cycle in range(11)]
    assert found == [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]


def test_a_rule_is_told_all_the_time_since_its_last_turn() -> None:
    rule = Witness()
    turn = Turn([rule], 0.5, 0.3)
    for cycle in range(16):
        turn.find(scene(cycle))
    assert [round(one.span, 3) for one in rule.scenes] == [0.0, 0.2, 0.5, 0.5]
    assert sum(one.span for one in rule.scenes) == pytest.approx(rule.scenes[-1].now - NOW)


def test_a_rule_is_told_who_was_there_at_its_last_turn() -> None:
    rule = Witness()
    turn = Turn([rule], 0.2)
    shown = [scene(cycle, users=1 + cycle) for cycle in range(5)]
    for one in shown:
        turn.find(one)
    assert [one.before.tolist() for one in rule.scenes] == [[], [1], [1, 2, 3]]
    assert rule.scenes[1].before is shown[0].tracks.track_id, "the very array, so that memories need no search"


def test_turns_that_begin_at_other_times_do_not_fall_into_one_cycle() -> None:
    rules = [Witness(), Witness(), Witness()]
    turns = [Turn([rule], 0.3, ahead) for rule, ahead in zip(rules, (0.0, 0.1, 0.2), strict=True)]
    for cycle in range(31):
        for turn in turns:
            turn.find(scene(cycle))
    later = [{round((one.now - NOW) * 10) for one in rule.scenes[1:]} for rule in rules]
    assert not later[0] & later[1]
    assert not later[1] & later[2]
    assert not later[0] & later[2]


def test_what_rules_share_is_made_before_they_look() -> None:
    made = list[float]()
    rule = Witness()
    turn = Turn([rule], 0.2, first=lambda one: made.append(one.now))
    for cycle in range(5):
        turn.find(scene(cycle))
    assert made == [one.now for one in rule.scenes]
