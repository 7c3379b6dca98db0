"""Full UTC is the candidate nearest to the receive time; clock offsets show in the least delay."""

from datetime import UTC, datetime

import numpy as np
import pytest
from ingest_samples import NOON

from ingest.timebase import WINDOW, DeviceClocks, full_time, full_time_of_year, full_times, minute_of_year


@pytest.mark.parametrize(
    ("sec_mark", "reference", "expected"),
    [
        (500, NOON + 0.6, NOON + 0.5),
        (59_950, NOON + 0.02, NOON - 0.05),
        (20, NOON + 59.99, NOON + 60.02),
        (29_999, NOON, NOON + 29.999),
        (31_000, NOON, NOON - 29.0),
    ],
)
def test_the_nearest_minute_wins(sec_mark: int, reference: float, expected: float) -> None:
    assert full_time(sec_mark, reference) == pytest.approx(expected, abs=1e-6)
    assert full_times(np.array([sec_mark], np.uint16), np.array([reference]))[0] == pytest.approx(expected, abs=1e-6)


def test_an_unavailable_mark_gives_no_time() -> None:
    assert full_time(65535, NOON) is None
    assert full_times(np.array([60000], np.uint16), np.array([NOON]))[0] == NOON


def test_the_minute_of_the_year_wraps_at_new_year() -> None:
    new_year = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    last_minute = 365 * 1440 - 1
    assert full_time_of_year(last_minute, 59_900, new_year + 0.1) == pytest.approx(new_year - 0.1, abs=1e-3)
    assert full_time_of_year(0, 100, new_year - 0.1) == pytest.approx(new_year + 0.1, abs=1e-3)
    assert full_time_of_year(527_040, 100, NOON) == pytest.approx(NOON + 0.1, abs=1e-3)
    assert full_time_of_year(0, 65_535, new_year) == new_year


def test_minute_of_the_year_is_the_inverse() -> None:
    moy, ms = minute_of_year(NOON + 83.25)
    assert full_time_of_year(moy, ms, NOON) == pytest.approx(NOON + 83.25, abs=1e-3)


def clocks_of(*least: float) -> DeviceClocks:
    clocks = DeviceClocks()
    clocks.grow(len(least))
    for row, delay in enumerate(least):
        clocks.least[row] = delay
    return clocks


def test_the_odd_clock_out_is_corrected_and_the_good_ones_are_left_alone() -> None:
    offsets = clocks_of(*[0.010, 0.011, 0.012, 0.013] * 3, 30.012).offsets(NOON)
    assert offsets[:-1] == pytest.approx(np.zeros(12))
    assert offsets[-1] == pytest.approx(30.0, abs=0.01)


def test_when_all_are_late_alike_nobody_is_corrected() -> None:
    assert clocks_of(*[3.0, 3.001, 3.002] * 4).offsets(NOON) == pytest.approx(np.zeros(12))


def test_one_device_alone_is_corrected_only_where_it_is_clearly_wrong() -> None:
    assert clocks_of(0.12).offsets(NOON)[0] == 0.0
    assert clocks_of(-2.0).offsets(NOON)[0] == pytest.approx(-2.0)
    assert clocks_of(2.0).offsets(NOON)[0] == pytest.approx(1.8)


def test_a_device_never_heard_has_no_offset() -> None:
    assert clocks_of(np.inf).offsets(NOON).tolist() == [0.0]
    assert DeviceClocks().offset_of(3) == 0.0


def test_an_offset_is_forgotten_after_two_windows() -> None:
    clocks = clocks_of(-2.0)
    clocks.offsets(NOON)
    assert clocks.offset_of(0) == pytest.approx(-2.0)
    clocks.least[0] = 0.01
    clocks.offsets(NOON + WINDOW)
    assert clocks.offset_of(0) == pytest.approx(-2.0)
    clocks.least[0] = 0.01
    clocks.offsets(NOON + 2 * WINDOW)
    clocks.offsets(NOON + 2 * WINDOW + 1)
    assert clocks.offset_of(0) == 0.0
