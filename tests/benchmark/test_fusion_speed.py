"""Prints what a tracker cycle costs; asserts only that the work was done."""

import sys
import time

import numpy as np
import pytest

from fusion.benchmark_scene import Scene
from fusion.tracker import Tracker

CYCLES = 25


@pytest.mark.parametrize("objects", [1_000, 10_000])
def test_a_cycle_of_two_reports_per_object_makes_one_track_each(
    objects: int, capsys: pytest.CaptureFixture[str]
) -> None:
    scene, tracker = Scene.of(objects), Tracker()
    update, table = [], []
    shown = 0
    for now, batch in scene.cycles(CYCLES):
        start = time.perf_counter()
        tracker.update(batch, now, scene.sensors)
        middle = time.perf_counter()
        shown = len(tracker.table(now))
        update.append(middle - start)
        table.append(time.perf_counter() - middle)
    steady = [1000 * float(np.median(times[5:])) for times in (update, table)]
    with capsys.disabled():
        sys.stdout.write(f"\n{objects} objects, 2 reports each: update {steady[0]:.2f} ms, table {steady[1]:.2f} ms\n")
    assert abs(shown - objects) <= 0.02 * objects
