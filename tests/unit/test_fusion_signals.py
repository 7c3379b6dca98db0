"""Rules of the signal state: SPAT times become epoch seconds, lights grow stale."""

import math

import numpy as np
import pytest
from fusion_city import GREEN, RED, YELLOW, spat, street
from fusion_reports import NOW

from fusion.signal_state import SignalTable, timing_of
from ingest.messages.spat import PhaseState, TimeChangeDetails, TimeCountingDown, UTCTiming

CYCLE = [(RED, 0, 120), (GREEN, 120, 420), (YELLOW, 420, 450)]


def table() -> SignalTable:
    return SignalTable(street())


def test_a_red_light_says_when_it_ends_and_when_green_comes() -> None:
    signals = table()
    signals.apply(spat((1, CYCLE)), NOW, NOW + 0.05)
    states = signals.states(NOW + 0.1)
    assert states.state.tolist() == [3, 0]
    assert states.likely_end[0] == pytest.approx(NOW + 12.0)
    assert states.min_end[0] == pytest.approx(NOW + 11.0)
    assert states.max_end[0] == pytest.approx(NOW + 12.0)
    assert states.next_green[0] == pytest.approx(NOW + 12.0)
    assert states.received[0] == NOW + 0.05
    assert np.isnan(states.received[1])


def test_a_green_light_has_no_next_green() -> None:
    signals = table()
    signals.apply(spat((1, [(GREEN, 0, 300), (YELLOW, 300, 330), (RED, 330, 900)])), NOW, NOW)
    states = signals.states(NOW)
    assert states.state[0] == 6
    assert states.likely_end[0] == pytest.approx(NOW + 30.0)
    assert math.isnan(states.next_green[0])


def test_green_after_yellow_and_red_is_found() -> None:
    signals = table()
    signals.apply(spat((2, [(YELLOW, 0, 20), (RED, 20, 500), (GREEN, 500, 700)])), NOW, NOW)
    assert signals.states(NOW).next_green[1] == pytest.approx(NOW + 50.0)


def test_a_red_light_alone_is_followed_by_green_and_a_yellow_one_alone_by_nothing_known() -> None:
    signals = table()
    signals.apply(spat((1, [(RED, 0, 80)]), (2, [(YELLOW, 0, 80)])), NOW, NOW)
    states = signals.states(NOW)
    assert states.next_green[0] == pytest.approx(NOW + 8.0)
    assert math.isnan(states.next_green[1])


def test_a_light_without_word_for_two_seconds_is_unknown() -> None:
    signals = table()
    signals.apply(spat((1, CYCLE)), NOW, NOW)
    assert signals.states(NOW + 1.9).state[0] == 3
    stale = signals.states(NOW + 2.1)
    assert stale.state[0] == 0
    assert stale.confidence[0] == 0.0
    assert math.isnan(stale.likely_end[0])
    assert math.isnan(stale.next_green[0])


def test_confidence_comes_from_the_message_and_falls_with_age() -> None:
    signals = table()
    signals.apply(spat((1, CYCLE), confidence=100), NOW, NOW)
    signals.apply(spat((2, CYCLE), confidence=None), NOW, NOW)
    young, old = signals.states(NOW), signals.states(NOW + 1.5)
    assert young.confidence.tolist() == pytest.approx([0.5, 0.9])
    assert old.confidence[0] < young.confidence[0]


def test_an_older_message_does_not_undo_a_newer_one() -> None:
    signals = table()
    signals.apply(spat((1, [(GREEN, 0, 100)])), NOW + 1.0, NOW + 1.0)
    signals.apply(spat((1, [(RED, 0, 10)])), NOW, NOW + 1.1)
    assert signals.states(NOW + 1.2).state[0] == 6


def test_phases_that_no_group_answers_to_are_counted() -> None:
    signals = table()
    signals.apply(spat((99, CYCLE)), NOW, NOW)
    assert signals.unknown == 1
    assert signals.states(NOW).state.tolist() == [0, 0]


@pytest.mark.parametrize("mark", [36001, 36000, 35991])
def test_unknown_marks_become_no_time(mark: int) -> None:
    counting = TimeCountingDown(start_time=0, likely_end_time=mark)
    timing = timing_of(PhaseState(3, TimeChangeDetails(counting=counting)), NOW)
    assert math.isnan(timing.likely_end)


@pytest.mark.parametrize(
    ("second", "mark", "expected"),
    [(100.0, 1200, 120.0), (3595.0, 100, 3610.0), (5.0, 0, 3600.0), (3599.0, 35989, 3598.9)],
)
def test_marks_of_the_utc_hour_wrap(second: float, mark: int, expected: float) -> None:
    hour = NOW - NOW % 3600.0
    timing = UTCTiming(start_utc_time=0, likely_end_utc_time=mark)
    state = PhaseState(3, TimeChangeDetails(utc_timing=timing))
    assert timing_of(state, hour + second).likely_end == pytest.approx(hour + expected)


def test_a_light_without_timing_still_shows() -> None:
    timing = timing_of(PhaseState(3), NOW)
    assert math.isnan(timing.likely_end)
    assert timing_of(PhaseState(3, TimeChangeDetails()), NOW).confidence == 0.5


def test_how_long_a_light_has_shown_counts_from_its_change() -> None:
    signals = table()
    for tenth in range(50):
        light = GREEN if tenth >= 20 else RED
        signals.apply(spat((1, [(light, 0, 100)])), NOW + 0.1 * tenth, NOW + 0.1 * tenth)
    shown = signals.shown_for(NOW + 5.0)
    assert shown[0] == pytest.approx(3.0, abs=0.01)
    assert np.isnan(shown[1])
