"""Rules by which the SUMO importer fills what a source leaves open, and counts what it leaves out."""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from maps_city import SIGNALS, city, imported, netconvert

from maps.errors import MapSourceError, NoRouteError
from maps.importers.report import Imported
from maps.importers.road_class import class_from_type, guess_class
from maps.importers.sumo import import_sumo
from maps.importers.sumo_access import allowed_mask
from maps.network import RoadClass
from maps.participants import ANY_KIND, MOTOR_KINDS, ParticipantKind
from maps.routing import Router

UNKNOWN = ParticipantKind.UNKNOWN.bit


def _import(folder: Path, text: str) -> Imported:
    path = folder / "changed.net.xml"
    path.write_text(text, "utf-8")
    return import_sumo(path)


def _text() -> str:
    return city().net.read_text("utf-8")


def _program(name: str) -> str:
    found = re.search(rf'<tlLogic id="{name}".*?</tlLogic>', _text(), re.DOTALL)
    assert found is not None
    return found.group()


@pytest.mark.parametrize(
    ("speed", "lanes", "allowed", "wanted"),
    [
        (22.2, 3, MOTOR_KINDS, RoadClass.EXPRESSWAY),
        (22.2, 1, MOTOR_KINDS, RoadClass.ARTERIAL),
        (16.7, 2, MOTOR_KINDS, RoadClass.ARTERIAL),
        (11.1, 3, MOTOR_KINDS, RoadClass.ARTERIAL),
        (13.9, 2, MOTOR_KINDS, RoadClass.COLLECTOR),
        (11.1, 2, MOTOR_KINDS, RoadClass.LOCAL),
        (22.2, 3, ParticipantKind.CYCLIST.bit, RoadClass.PATH),
    ],
)
def test_road_class_is_guessed_from_speed_lanes_and_users(
    speed: float, lanes: int, allowed: int, wanted: RoadClass
) -> None:
    assert guess_class(speed=speed, lanes=lanes, allowed=allowed) is wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("highway.motorway_link", RoadClass.EXPRESSWAY),
        ("highway.Primary", RoadClass.ARTERIAL),
        ("arterial", RoadClass.ARTERIAL),
        ("highway.footway|highway.steps", RoadClass.PATH),
        ("highway.tertiary", RoadClass.LOCAL),
        ("", RoadClass.UNKNOWN),
        ("railway.rail", RoadClass.UNKNOWN),
    ],
)
def test_road_class_that_the_type_names_is_taken(text: str, wanted: RoadClass) -> None:
    assert class_from_type(text) is wanted


@pytest.mark.parametrize(
    ("allow", "disallow", "wanted"),
    [
        ("", "", ANY_KIND),
        ("all", "", ANY_KIND),
        ("", "all", 0),
        ("bus coach", "", UNKNOWN | ParticipantKind.BUS.bit),
        ("pedestrian", "", UNKNOWN | ParticipantKind.PEDESTRIAN.bit),
        ("", "pedestrian tram", ANY_KIND & ~ParticipantKind.PEDESTRIAN.bit),
        ("", "truck trailer", ANY_KIND & ~ParticipantKind.TRUCK.bit),
        ("rail_urban", "", 0),
    ],
)
def test_permissions_become_a_mask(allow: str, disallow: str, wanted: int) -> None:
    assert allowed_mask(allow, disallow) == wanted


def test_light_without_a_program_is_dropped_and_counted(tmp_path: Path) -> None:
    network, report = _import(tmp_path, _text().replace(_program("n1_2"), ""))
    assert network.signals.id.tolist() == ["n1_0", "n1_1"]
    assert report.dropped["light_without_program"] > 0
    node = network.nodes.id.tolist().index("n1_2")
    assert network.nodes.signal[node] == -1
    into = network.links.to_node[network.lanes.link[network.connections.from_lane]] == node
    assert (network.connections.signal[into] == -1).all()
    assert (network.connections.group[into] == -1).all()


def test_program_that_controls_nothing_is_dropped_and_counted(tmp_path: Path) -> None:
    idle = '<tlLogic id="idle" type="static" programID="0" offset="0"><phase duration="9" state="G"/></tlLogic>'
    network, report = _import(tmp_path, _text().replace("<tlLogic", idle + "<tlLogic", 1))
    assert network.signals.id.tolist() == list(SIGNALS)
    assert report.dropped["signal_without_connection"] == 1


def test_last_program_of_a_signal_counts(tmp_path: Path) -> None:
    first = _program("n1_0")
    second = first.replace('programID="0"', 'programID="1"').replace('duration="37"', 'duration="50"')
    network, report = _import(tmp_path, _text().replace(first, first + second))
    assert report.dropped["spare_program"] == 1
    assert 50 in network.program.duration[network.program.signal == 0].tolist()


def test_more_groups_than_phase_ids_are_refused(tmp_path: Path) -> None:
    text, program = _text(), _program("n1_0")
    rows = [
        f'<connection from=":n1_0_w0" to=":n1_0_c0" fromLane="0" toLane="0" tl="n1_0" linkIndex="{index}"/>'
        for index in range(256)
    ]
    phases = "".join(
        f'<phase duration="5" state="{"".join("G" if index >> bit & 1 else "r" for index in range(256))}"/>'
        for bit in range(8)
    )
    changed = text.replace(program, f'<tlLogic id="n1_0" type="static" programID="0" offset="0">{phases}</tlLogic>')
    with pytest.raises(MapSourceError, match=r"tlLogic 'n1_0': has \d+ groups, only 254 PhaseIDs exist"):
        _import(tmp_path, changed.replace("</net>", "".join(rows) + "</net>"))


def test_name_of_a_junction_names_its_signal(tmp_path: Path) -> None:
    changed = _text().replace('<junction id="n1_1"', '<junction id="n1_1" name="五一广场|Wuyi Square"')
    signals = _import(tmp_path, changed).network.signals
    assert (signals.name_zh[1], signals.name_en[1]) == ("五一广场", "Wuyi Square")


def test_signal_of_nameless_streets_bears_its_id(tmp_path: Path) -> None:
    signals = _import(tmp_path, re.sub(r'(<edge id="e_[^>]*) name="[^"]*"', r"\1", _text())).network.signals
    assert signals.name_zh.tolist() == list(SIGNALS)


def test_bare_numbers_are_no_street_names(tmp_path: Path) -> None:
    links = _import(tmp_path, _text().replace('name="Road 1"', 'name="-5512"')).network.links
    row = links.id.tolist().index("e_n1_0_n1_1")
    assert (links.name_zh[row], links.name_en[row]) == ("", "")


def test_edge_without_lanes_is_refused(tmp_path: Path) -> None:
    changed = _text().replace(
        '<edge id="e_n0_0_n0_1"', '<edge id="bare" from="n0_0" to="n0_1"/><edge id="e_n0_0_n0_1"', 1
    )
    with pytest.raises(MapSourceError, match="edge 'bare': has no lane"):
        _import(tmp_path, changed)


def test_network_without_internal_lanes_has_straight_connections(tmp_path: Path) -> None:
    command = [netconvert(), "-s", str(city().net), "-o", "bare.net.xml", "--no-internal-links", "--no-warnings"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    network = import_sumo(tmp_path / "bare.net.xml").network
    assert len(network.connections.from_lane)
    assert (network.connections.shape_count == 2).all()


def test_link_closed_to_a_kind_is_named_so() -> None:
    network = imported().network
    shut = network.link_rows["e_n1_1_n1_2"]
    lanes = replace(
        network.lanes, allowed=np.where(network.lanes.link == shut, 0, network.lanes.allowed).astype(np.uint32)
    )
    with pytest.raises(NoRouteError, match="'e_n1_1_n1_2': the last link is closed to car"):
        Router(replace(network, lanes=lanes)).route(0, shut)


def test_one_alternative_is_the_best_route() -> None:
    router = Router(imported().network)
    (only,) = router.alternatives(0, 5, count=1)
    assert only.links.tolist() == router.route(0, 5).links.tolist()


@pytest.mark.parametrize("avoid", [[-1], [24]])
def test_rows_to_avoid_outside_the_network_are_refused(avoid: list[int]) -> None:
    with pytest.raises(IndexError, match=r"to avoid .* are not within 0\.\.23"):
        Router(imported().network).route(0, 5, avoid=avoid)
