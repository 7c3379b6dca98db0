"""Staged incidents in the running city: they end with the run."""

import subprocess
import sys
from pathlib import Path

import pytest

from simulators.city_files import CityFiles

TWO_RUNS = """
import sys
from pathlib import Path
import libsumo
import numpy as np
from maps.importers.sumo import import_sumo
from simulators.city import CitySimulation
from simulators.city_build import build_city
from simulators.city_link import CityConfig

files = build_city(Path(sys.argv[1]), 1)
config = CityConfig(files, import_sumo(files.net, files.additional).network, incident=False, real_time=False, epoch=1e9)
city = CitySimulation(config)


def wait_for(kind):
    city.stage(kind)
    frames = [city.step()]
    while kind not in frames[-1].staged:
        assert city.elapsed < 90.0, kind
        frames.append(city.step())
    return frames, frames[-1].id[frames[-1].staged == kind][0]


frames, name = wait_for("illegal_parking")
rows = [(frame, np.flatnonzero(frame.id == name)) for frame in frames[-16:]]
x, y, heading = (np.array([getattr(frame, c)[row[0]] for frame, row in rows]) for c in ("x", "y", "heading"))
sine, cosine = np.sin(heading[-1]), np.cos(heading[-1])
onward, aside = np.diff(x) * sine + np.diff(y) * cosine, np.diff(x) * cosine - np.diff(y) * sine
print("parks", bool(aside.sum() > 1.0), bool(np.all(np.abs(aside) <= 0.2 * onward + 0.05)))
place = libsumo.vehicle.getRoadID(name), libsumo.vehicle.getLaneIndex(name)
libsumo.vehicle.moveToXY(name, *place, *libsumo.vehicle.getPosition(name), keepRoute=2)
city.close()
again = CitySimulation(config)
again.step()
again.close()
print("both ended")
"""


@pytest.mark.timeout(120)
def test_who_parks_draws_in_while_it_rolls_and_a_run_that_ends_while_somebody_is_moved_leaves_the_next_nothing(
    built_city: CityFiles,
) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", TWO_RUNS, str(built_city.net.parent)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=110)
    assert done.stdout.splitlines()[-2:] == ["parks True True", "both ended"], done.stdout + done.stderr[-500:]
    assert done.returncode == 0
