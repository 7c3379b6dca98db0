"""Any SUMO network can carry the demo: here the real streets of Yuelu."""

import os
from pathlib import Path

import libsumo
import numpy as np
import pytest

from maps.importers.sumo import import_sumo
from maps.participants import ParticipantKind
from simulators.city import CitySimulation
from simulators.city_link import CityConfig
from simulators.sumo_net import read_net
from simulators.sumo_routes import route_graph
from simulators.sumo_scenario import CAP, build_demand_for

SHARED = Path(os.environ.get("V2X_SHARED", Path(__file__).parents[3] / "shared"))
YUELU = SHARED / "data/changsha_yuelu/yuelu.net.xml.gz"


@pytest.mark.skipif(not YUELU.exists(), reason="the Yuelu network is not on this machine")
def test_real_streets_get_traffic_buses_car_parks_and_a_breakdown(tmp_path: Path) -> None:
    files = build_demand_for(YUELU, tmp_path / "yuelu")
    network = import_sumo(files.net, files.additional).network
    city = CitySimulation(CityConfig(files, network, epoch=0.0))
    try:
        teleports = 0
        while city.elapsed < 50:
            frame = city.step()
            teleports += libsumo.simulation.getStartingTeleportNumber()
        count = np.bincount(frame.kind, minlength=9)
        assert 600 <= count.sum() <= CAP
        assert count[ParticipantKind.BUS] >= 6
        assert teleports <= 5
        assert len(frame.occupancy) == 4
        assert files.incident.lane in city.blockers
        assert len(frame.lights) == 218
    finally:
        city.close()
    assert route_graph(read_net(files.net), "passenger").ids
