"""Who was carried astray by a terminal's velocities is put back to where the terminal says he is."""

import numpy as np
from fusion_reports import NOW, new_walk, reports

from fusion.sensors import SensorTable
from ingest.observation import Source

COUNT, SPEED, STATED, ASIDE = 40, 10.0, 1.2, 0.6
"""Vehicles, m/s, m, and by how much all velocities point too far left, m/s."""
LANES = np.arange(COUNT) * 40.0


def test_a_track_that_wrong_velocities_carried_astray_goes_back_to_its_terminals_place() -> None:
    rng, walk, aside = np.random.default_rng(4), new_walk(SensorTable.unknown(COUNT + 1)), []
    while walk.now < NOW + 18.0:
        x, y = rng.normal(0.0, 0.4, (2, COUNT))
        where = (SPEED * (walk.now + 0.1 - NOW) + x, LANES + y, SPEED, ASIDE)
        devices = np.arange(COUNT) + 1
        walk.cycle(reports(walk.now + 0.1, *where, device=devices, names=0, source=Source.SELF, sigma=STATED))
        y = walk.tracker.table(walk.now).y
        aside.append(float((y - 40.0 * np.rint(y / 40.0)).mean()))
    peak = int(np.argmax(aside))
    assert 2.0 < aside[peak] < 5.0, "a slow error that may be one is believed, a larger one is not"
    assert min(aside[peak:]) < 1.2
    assert walk.tracker.ids_given == COUNT
