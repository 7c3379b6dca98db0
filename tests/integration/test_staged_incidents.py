"""Staged incidents in the running city: they end with the run."""

import subprocess
import sys
from pathlib import Path

import pytest

from simulators.city_files import CityFiles

TWO_RUNS = """
import sys
from pathlib import Path
from maps.importers.sumo import import_sumo
from simulators.city import CitySimulation
from simulators.city_build import build_city
from simulators.city_link import CityConfig

files = build_city(Path(sys.argv[1]), 1)
config = CityConfig(files, import_sumo(files.net, files.additional).network, incident=False, real_time=False, epoch=1e9)
city = CitySimulation(config)
city.stage("illegal_parking")
while "illegal_parking" not in city.step().staged:
    assert city.elapsed < 60.0, "nobody parked"
city.close()
again = CitySimulation(config)
again.step()
again.close()
print("both ended")
"""


@pytest.mark.timeout(120)
def test_a_run_that_ends_while_somebody_is_being_moved_leaves_nothing_to_the_next_in_the_process(
    built_city: CityFiles,
) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", TWO_RUNS, str(built_city.net.parent)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=110)
    assert done.stdout.splitlines()[-1:] == ["both ended"], done.stderr[-500:]
    assert done.returncode == 0
