"""Advised drivers in real SUMO who must still change lanes: advice must not hold two abreast on the wrong lanes."""

from pathlib import Path

import pytest

from cloudctl.sumo_tools import run_program

pytest.importorskip("libsumo")
import libsumo  # needs SUMO

from cloudctl.signals.evaluation.glosa_run import _follow
from cloudctl.signals.evaluation.sumo_scenario import close, start

NODES = """<nodes><node id="w" x="-500" y="0"/><node id="c" x="0" y="0" type="traffic_light"/>
<node id="n" x="0" y="300"/><node id="s" x="0" y="-300"/></nodes>"""
EDGES = """<edges><edge id="in" from="w" to="c" numLanes="2" speed="13.9"/>
<edge id="left" from="c" to="n" numLanes="1"/><edge id="right" from="c" to="s" numLanes="1"/>
<edge id="up" from="s" to="c" numLanes="1"/></edges>"""
WAYS = """<connections><connection from="in" to="right" fromLane="0" toLane="0"/>
<connection from="in" to="left" fromLane="1" toLane="0"/><connection from="up" to="left" fromLane="0" toLane="0"/>
</connections>"""


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two lanes to a light, the left one for the left turn, the right one for the right turn; two set off abreast."""
    folder = tmp_path_factory.mktemp("abreast")
    for name, text in (("x.nod.xml", NODES), ("x.edg.xml", EDGES), ("x.con.xml", WAYS)):
        (folder / name).write_text(text, encoding="utf-8")
    files = ["-n", "x.nod.xml", "-e", "x.edg.xml", "-x", "x.con.xml"]
    run_program("netconvert", *files, "--tls.cycle.time", "80", "-o", "x.net.xml", folder=folder)
    rows = [
        f'<trip id="{goal}" depart="0" departLane="{lane}" departSpeed="6" departPos="200" from="in" to="{goal}"/>'
        for lane, goal in ((0, "left"), (1, "right"))
    ]
    (folder / "x.trips.xml").write_text("<routes>" + "".join(rows) + "</routes>", encoding="utf-8")
    files_of = '<net-file value="x.net.xml"/><route-files value="x.trips.xml"/>'
    config = folder / "x.sumocfg"
    config.write_text(f"<configuration><input>{files_of}</input></configuration>", encoding="utf-8")
    return config


def test_two_abreast_who_need_each_others_lane_get_past_one_another(road: Path) -> None:
    start(road, 1, road.with_name("trips.xml"), 250.0)
    try:
        arrived: set[str] = set()
        while libsumo.simulation.getTime() < 200:
            libsumo.simulationStep()
            arrived |= set(libsumo.simulation.getArrivedIDList())
            for name in libsumo.vehicle.getIDList():
                if libsumo.vehicle.getRoadID(name) == "in":
                    _follow(name, 6.0, libsumo.vehicle.getSpeed(name))
                else:
                    libsumo.vehicle.setSpeed(name, -1)
    finally:
        close()
    assert arrived == {"left", "right"}
