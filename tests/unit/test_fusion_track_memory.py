"""Rules of what is remembered per track."""

import numpy as np
import pytest

from fusion.track_memory import TrackMemory


def ids(*values: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint32]]:
    return np.array(values, np.uint32)


def test_columns_follow_their_tracks_and_newcomers_have_the_default() -> None:
    memory = TrackMemory(mark=7.0)
    memory.follow(ids(2, 5, 9))["mark"][:] = [20.0, 50.0, 90.0]
    assert memory.follow(ids(1, 5, 9, 12))["mark"].tolist() == [7.0, 50.0, 90.0, 7.0]


def test_who_is_away_is_forgotten_without_patience() -> None:
    memory = TrackMemory(mark=0.0)
    memory.follow(ids(2, 5))["mark"][:] = [20.0, 50.0]
    memory.follow(ids(2))
    assert memory.follow(ids(2, 5))["mark"].tolist() == [20.0, 0.0]


@pytest.mark.parametrize(("looks", "found"), [(1, 50.0), (3, 50.0), (4, 0.0)])
def test_who_is_away_for_a_while_is_remembered(looks: int, found: float) -> None:
    memory = TrackMemory(3, mark=0.0)
    memory.follow(ids(2, 5, 7))["mark"][:] = [20.0, 50.0, 70.0]
    for _ in range(looks):
        memory.follow(ids(2, 7))
    assert memory.follow(ids(2, 5, 7))["mark"].tolist() == [20.0, found, 70.0]


def test_several_come_and_go_without_being_mixed_up() -> None:
    memory, rng = TrackMemory(100, mark=-1.0), np.random.default_rng(1)
    known = set[int]()
    for _ in range(60):
        there = np.flatnonzero(rng.random(30) < 0.5).astype(np.uint32)
        mark = memory.follow(there)["mark"]
        assert mark.tolist() == [float(track) if track in known else -1.0 for track in there.tolist()]
        mark[:] = there
        known.update(there.tolist())
