"""The way between two places along the links."""

import numpy as np
import pytest
from fusion_city import LENGTH, street, with_turn_at_the_end

from fusion.way_lengths import WayLengths

IN, OUT, BACK = 0, 2, 4
"""Right lanes of the links that lead to the light, away from it, and back to it from the other side."""


def _way(ways: WayLengths, start: tuple[int, float], end: tuple[int, float]) -> float:
    lanes = [np.array([lane], np.int32) for lane, _ in (start, end)]
    offsets = [np.array([offset]) for _, offset in (start, end)]
    return float(ways.between(lanes[0], offsets[0], lanes[1], offsets[1])[0, 0])


@pytest.mark.parametrize(
    ("start", "end", "way"),
    [
        ((IN, 100.0), (IN, 250.0), 150.0),
        ((IN, 100.0), (IN + 1, 250.0), 150.0),
        ((IN, 450.0), (OUT, 30.0), 80.0),
        ((IN, 250.0), (IN, 100.0), np.inf),
        ((OUT, 30.0), (IN, 450.0), np.inf),
        ((IN, 450.0), (BACK, 30.0), np.inf),
        ((IN, 0.0), (OUT, 450.0), np.inf),
    ],
    ids=["ahead", "other lane", "over the junction", "behind", "against the traffic", "other side", "too far"],
)
def test_the_way_leads_forwards_along_the_links(start: tuple[int, float], end: tuple[int, float], way: float) -> None:
    assert _way(WayLengths(street(), 900.0), start, end) == pytest.approx(way)


def test_each_of_those_who_left_is_compared_with_each_who_came() -> None:
    left, came = np.array([IN, IN, BACK], np.int32), np.array([OUT, IN], np.int32)
    ways = WayLengths(street(), 900.0).between(left, np.array([400.0, 480.0, 10.0]), came, np.array([20.0, 450.0]))
    assert ways == pytest.approx(np.array([[120.0, 40.0, np.inf], [50.0, np.inf, np.inf]]))
    assert LENGTH == 500.0


def test_a_closed_link_may_be_left_and_entered_but_not_passed() -> None:
    ways, through = WayLengths(with_turn_at_the_end(), 900.0), ((IN, 400.0), (BACK, 50.0))
    assert _way(ways, *through) == pytest.approx(650.0)
    ways.close(np.array([False, True, False, False]))
    assert _way(ways, *through) == np.inf
    assert _way(ways, (OUT, 450.0), (BACK, 50.0)) == pytest.approx(100.0)
    assert _way(ways, (IN, 450.0), (OUT, 50.0)) == pytest.approx(100.0)
    ways.close(np.zeros(4, np.bool_))
    assert _way(ways, *through) == pytest.approx(650.0)
