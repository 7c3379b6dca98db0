"""OpenStreetMap and OpenDRIVE files become networks through netconvert; bad ones are refused, their part is named."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from cloudctl import map_sources
from cloudctl.map_sources import import_any
from cloudctl.osm_names import prepare_osm
from cloudctl.sumo_tools import SumoToolError, find_program, run_program
from maps.errors import MapSourceError, NoProjectionError, UnknownSourceError
from maps.importers.report import Imported
from maps.network import RoadClass, RoadNetwork, Turn
from maps.routing import Router

WEST, SOUTH = 112.93, 28.20
_WAYS = {
    10: ((2, 1), {"highway": "primary", "oneway": "yes", "lanes": "3", "maxspeed": "60", "name": "麓山路",
                  "name:en": "Lushan Road", "turn:lanes": "left|through|through;right"}),
    11: ((1, 2), {"highway": "primary", "oneway": "yes", "lanes": "2", "name": "麓山路", "name:en": "Lushan Road"}),
    12: ((1, 3), {"highway": "secondary", "lanes": "2", "name": "桃子湖路"}),
    13: ((4, 1), {"highway": "residential", "name:zh": "后街", "name:en": "Back Street"}),
    14: ((1, 5), {"highway": "primary", "lanes": "4", "maxspeed": "60"}),
    15: ((3, 6), {"highway": "footway"}),
}  # fmt: skip
_NODES = {
    1: (0, 0, {"highway": "traffic_signals"}),
    2: (-300, 0, {}),
    3: (0, 300, {}),
    4: (0, -300, {}),
    5: (300, 0, {}),
    6: (50, 350, {}),
    7: (
        -150,
        -6,
        {"highway": "bus_stop", "public_transport": "platform", "bus": "yes", "name": "岳麓", "name:en": "Yuelu"},
    ),
}
_RELATIONS = """
<relation id="30"><member type="way" ref="10" role="from"/><member type="node" ref="1" role="via"/>
<member type="way" ref="13" role="to"/><tag k="type" v="restriction"/>
<tag k="restriction" v="no_right_turn"/></relation>
<relation id="31"><member type="node" ref="7" role="platform"/><member type="way" ref="10" role=""/>
<member type="way" ref="14" role=""/><tag k="type" v="route"/><tag k="route" v="bus"/>
<tag k="ref" v="立珊专线"/></relation>
"""
ROAD = """<?xml version="1.0"?><OpenDRIVE>
<header revMajor="1" revMinor="4" name="" north="0" south="0" east="0" west="0">
{place}</header><road name="River Road" length="200.0" id="1" junction="-1"><link/>
<planView><geometry s="0.0" x="0.0" y="0.0" hdg="0.0" length="200.0"><line/></geometry></planView>
<lanes><laneSection s="0.0"><left><lane id="1" type="driving" level="false">
<width sOffset="0" a="3.5" b="0" c="0" d="0"/></lane></left>
<center><lane id="0" type="none" level="false"/></center>
<right><lane id="-1" type="driving" level="false"><width sOffset="0" a="3.25" b="0" c="0" d="0"/></lane>
<lane id="-2" type="driving" level="false"><width sOffset="0" a="3.5" b="0" c="0" d="0"/></lane></right>
</laneSection></lanes></road></OpenDRIVE>
"""
PLACE = (
    "<geoReference><![CDATA[+proj=tmerc +lat_0=28.2 +lon_0=112.93 +k=1 +x_0=0 +y_0=0 +ellps=WGS84 +units=m]]>"
    "</geoReference>"
)


def _tags(tags: dict[str, str]) -> str:
    return "".join(f'<tag k="{key}" v="{text}"/>' for key, text in tags.items())


def _osm() -> str:
    rows = ['<?xml version="1.0"?><osm version="0.6">']
    for row, (x, y, tags) in _NODES.items():
        place = f'lat="{SOUTH + y / 111_000:.7f}" lon="{WEST + x / 98_000:.7f}"'
        rows.append(f'<node id="{row}" version="1" {place}>{_tags(tags)}</node>')
    for row, (refs, tags) in _WAYS.items():
        points = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        rows.append(f'<way id="{row}" version="1">{points}{_tags(tags)}</way>')
    return "".join([*rows, _RELATIONS, "</osm>"])


@pytest.fixture(scope="module")
def osm(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    path = tmp_path_factory.mktemp("osm") / "yuelu.osm"
    path.write_text(_osm(), "utf-8")
    return import_any(path)


def _link(network: RoadNetwork, name: str) -> int:
    return network.link_rows[name]


def test_lanes_speeds_and_classes_are_those_of_the_ways(osm: Imported) -> None:
    network = osm.network
    row = _link(network, "10")
    assert network.links.lane_count[row] == 3
    assert network.links.speed[row] == pytest.approx(60 / 3.6, abs=0.01)
    assert network.links.road_class[row] == RoadClass.ARTERIAL
    assert network.links.road_class[_link(network, "-13")] == RoadClass.LOCAL
    assert network.links.length[row] == pytest.approx(290, abs=20)
    lon, lat = network.plane.inverse(*network.points[network.links.shape_start[row]])
    assert (float(lon), float(lat)) == pytest.approx((WEST - 300 / 98_000, SOUTH), abs=2e-4)


def test_names_stand_in_both_languages(osm: Imported) -> None:
    links = osm.network.links
    names = {
        name: (str(links.name_zh[row]), str(links.name_en[row]))
        for name, row in osm.network.link_rows.items()
        if name in {"10", "12", "13"}
    }
    assert names == {"10": ("麓山路", "Lushan Road"), "12": ("桃子湖路", "桃子湖路"), "13": ("后街", "Back Street")}


def test_turn_lanes_say_where_each_lane_leads(osm: Imported) -> None:
    network = osm.network
    first = int(network.links.lane_start[_link(network, "10")])
    turns = [
        {Turn(int(turn)) for turn in network.connections.turn[network.connections.from_lane == first + lane]}
        for lane in range(3)
    ]
    assert turns[2] == {Turn.LEFT}
    assert turns[0] == turns[1] == {Turn.STRAIGHT}


def test_restrictions_hold_for_routes(osm: Imported) -> None:
    rows = osm.network.link_rows
    around = Router(osm.network).route(rows["10"], rows["-13"]).links.tolist()
    assert len(around) > 2
    assert around[1] != rows["-13"]
    assert len(Router(osm.network).route(rows["10"], rows["12"]).links) == 2


def test_signals_are_there_and_their_programs_are_called_guesses(osm: Imported) -> None:
    assert osm.report.counts["signals"] == 1
    assert osm.report.guessed["signal_program"] == 1
    assert len(osm.network.program.signal) > 1


def test_bus_stops_have_names_and_lines(osm: Imported) -> None:
    stops = osm.network.stops
    assert stops.name_zh.tolist() == ["岳麓"]
    assert stops.name_en.tolist() == ["Yuelu"]
    assert stops.lines.tolist() == ["立珊专线"]
    assert str(osm.network.links.id[osm.network.lanes.link[stops.lane[0]]]) == "10"


def test_report_counts_what_was_guessed(osm: Imported) -> None:
    assert osm.report.counts["osm_ways"] == len(_WAYS)
    assert osm.report.counts["osm_restrictions"] == 1
    assert osm.report.guessed["way_lanes"] == 2
    assert osm.report.guessed["way_maxspeed"] == 4


def test_provenance_names_the_source_and_its_licence(osm: Imported) -> None:
    assert osm.network.name == "yuelu"
    assert osm.network.source.startswith("OpenStreetMap (ODbL, © OpenStreetMap contributors) yuelu.osm sha256:")
    assert "netconvert 1." in osm.network.source


def test_opendrive_becomes_links_and_lanes(tmp_path: Path) -> None:
    path = tmp_path / "river.xodr"
    path.write_text(ROAD.format(place=PLACE), "utf-8")
    network, _ = import_any(path)
    assert sorted(network.links.lane_count.tolist()) == [1, 2]
    assert sorted(network.lanes.width.tolist()) == [3.25, 3.5, 3.5]
    assert network.links.length.tolist() == pytest.approx([200, 200], abs=0.5)
    lon, lat = network.plane.inverse(network.points[:, 0], network.points[:, 1])
    assert lon.min() == pytest.approx(WEST, abs=3e-5)
    assert abs(lat - SOUTH).max() < 1e-4
    assert network.source.startswith("OpenDRIVE river.xodr sha256:")


def test_opendrive_without_a_place_on_the_earth_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "flat.xodr"
    path.write_text(ROAD.format(place=""), "utf-8")
    with pytest.raises(NoProjectionError, match="projection") as caught:
        import_any(path)
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("name", "text", "element", "reason"),
    [
        ("cut.osm", _osm()[:1500], "at <", "broken XML"),
        ("other.osm", "<net/>", "<net>", "not an OpenStreetMap file"),
        ("none.osm", '<osm><node id="1" lat="1" lon="2"/></osm>', "<osm>", "has no way with a highway tag"),
        ("swapped.osm", '<osm><node id="5" lat="112.9" lon="28.2"/></osm>', "node '5'", "swapped?"),
        ("word.osm", '<osm><node id="5" lat="north" lon="28.2"/></osm>', "node '5'", "lat 'north' is not a number"),
        ("less.osm", '<osm><node id="5" lon="28.2"/></osm>', "node '5'", "lat None is not a number"),
        ("lost.osm", '<osm><way id="1"><nd ref="7"/><tag k="highway" v="primary"/></way></osm>', "", "netconvert: "),
        ("other.xodr", "<osm/>", "", "not an OpenDRIVE file"),
        ("cut.xodr", ROAD.split("<link/>", maxsplit=1)[0], "at <road id='1'>", "broken XML"),
    ],
)
def test_a_bad_source_is_refused_by_the_name_of_its_part(
    tmp_path: Path, name: str, text: str, element: str, reason: str
) -> None:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    with pytest.raises(MapSourceError) as caught:
        import_any(path)
    assert element in caught.value.element
    assert reason in caught.value.reason
    assert caught.value.path == path


def test_missing_and_unknown_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownSourceError, match="no such file"):
        import_any(tmp_path / "gone.osm")
    drawing = tmp_path / "city.dwg"
    drawing.write_bytes(b"")
    with pytest.raises(UnknownSourceError, match=r"\.osm\.pbf or \.xodr"):
        import_any(drawing)


def test_pbf_without_its_package_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "city.osm.pbf"
    path.write_bytes(b"")
    monkeypatch.setattr(map_sources, "find_spec", lambda _name: None)
    with pytest.raises(UnknownSourceError, match="pip install osmium"):
        import_any(path)


@pytest.mark.skipif(find_spec("osmium") is None, reason="osmium is not installed")
def test_pbf_gives_the_same_network_as_osm(tmp_path: Path, osm: Imported) -> None:
    osmium = import_module("osmium")
    plain, packed = tmp_path / "plain.osm", tmp_path / "yuelu.osm.pbf"
    plain.write_text(_osm(), "utf-8")
    with osmium.SimpleWriter(str(packed)) as writer:
        for entity in osmium.FileProcessor(str(plain)):
            writer.add(entity)
    network, report = import_any(packed)
    assert network.links.id.tolist() == osm.network.links.id.tolist()
    assert report.as_dict() == osm.report.as_dict()
    packed.write_bytes(packed.read_bytes()[:60])
    with pytest.raises(MapSourceError, match=r"broken \.pbf"):
        import_any(packed)


def test_names_survive_letters_that_xml_reserves(tmp_path: Path) -> None:
    source, out = tmp_path / "a.osm", tmp_path / "b.osm"
    name = "A &amp; &quot;B&quot; &lt;路&gt;"
    source.write_text(f'<osm><way id="1">{_tags({"highway": "primary", "name": name})}</way></osm>', "utf-8")
    assert prepare_osm(source, out).ways == 1
    again = tmp_path / "c.osm"
    prepare_osm(out, again)
    assert again.read_text("utf-8") == out.read_text("utf-8")


def test_a_program_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SumoToolError, match="netbroom: not installed"):
        find_program("netbroom")
    monkeypatch.setenv("PATH", str(tmp_path))
    program = tmp_path / "netbroom"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    with pytest.raises(SumoToolError, match="netbroom: code 3"):
        run_program("netbroom", folder=tmp_path)
    with pytest.raises(SumoToolError, match="No such file"):
        run_program("netbroom", folder=tmp_path / "gone")


def test_a_missing_netconvert_is_no_fault_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "yuelu.osm"
    path.write_text(_osm(), "utf-8")

    def lost(program: str, *_arguments: str, folder: Path) -> str:
        raise SumoToolError(program, f"not installed; looked for by {folder.name}")

    monkeypatch.setattr(map_sources, "run_program", lost)
    with pytest.raises(SumoToolError, match="not installed"):
        import_any(path)
