"""A file that cannot become a road network is refused by an error that names the file and the element."""

import gzip
from pathlib import Path

import pytest
from maps_city import city

from maps.errors import MapSourceError, NoProjectionError, UnknownSourceError
from maps.importers.any_source import import_source


def _altered(folder: Path, old: str, new: str) -> Path:
    text = city().net.read_text("utf-8")
    assert old in text
    path = folder / "bad.net.xml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    return path


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownSourceError, match=r"nowhere\.net\.xml: no such file"):
        import_source(tmp_path / "nowhere.net.xml")


def test_unknown_kind_of_file_says_what_is_expected(tmp_path: Path) -> None:
    path = tmp_path / "city.dwg"
    path.write_bytes(b"drawing")
    with pytest.raises(UnknownSourceError, match=r"unknown kind of map.*\.net\.xml"):
        import_source(path)


def test_truncated_xml_names_the_last_element(tmp_path: Path) -> None:
    text = city().net.read_text("utf-8")
    path = tmp_path / "cut.net.xml"
    path.write_text(text[: text.index("</edge>") + 3], "utf-8")
    with pytest.raises(MapSourceError, match=r"cut\.net\.xml: at <lane id=':n0_0_0_1'>: broken XML") as caught:
        import_source(path)
    assert caught.value.path == path


def test_truncated_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.net.xml.gz"
    content = gzip.compress(city().net.read_bytes())
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(MapSourceError, match="broken gzip"):
        import_source(path)


def test_text_that_is_no_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plain.net.xml.gz"
    path.write_text("<net/>", "utf-8")
    with pytest.raises(MapSourceError, match="start of file: broken gzip"):
        import_source(path)


def test_other_xml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "routes.net.xml"
    path.write_text("<routes/>", "utf-8")
    with pytest.raises(MapSourceError, match="<routes>: not a SUMO network"):
        import_source(path)


def test_document_types_are_refused_before_any_entity_expands(tmp_path: Path) -> None:
    path = tmp_path / "bomb.net.xml"
    path.write_text('<!DOCTYPE net [<!ENTITY a "aaaa">]><net a="&a;"/>', "utf-8")
    with pytest.raises(MapSourceError, match="<!DOCTYPE net>: document types are refused"):
        import_source(path)


def test_network_without_edges_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.net.xml"
    path.write_text('<net><location netOffset="0,0" projParameter="+proj=utm +zone=49"/></net>', "utf-8")
    with pytest.raises(MapSourceError, match="<net>: has no edge"):
        import_source(path)


@pytest.mark.parametrize("parameter", ["!", "-", "+proj=nowhere"])
def test_network_without_a_usable_projection_is_refused(tmp_path: Path, parameter: str) -> None:
    text = city().net.read_text("utf-8")
    start = text.index('projParameter="') + len('projParameter="')
    path = tmp_path / "flat.net.xml"
    path.write_text(text[:start] + parameter + text[text.index('"', start) :], "utf-8")
    with pytest.raises(NoProjectionError, match="projParameter=") as caught:
        import_source(path)
    assert parameter in caught.value.element


def _moved(folder: Path, attribute: str, value: str) -> Path:
    """Network whose location has another attribute."""
    text = city().net.read_text("utf-8")
    start = text.index(f'{attribute}="') + len(attribute) + 2
    path = folder / "moved.net.xml"
    path.write_text(text[:start] + value + text[text.index('"', start) :], "utf-8")
    return path


def test_swapped_coordinates_are_refused(tmp_path: Path) -> None:
    text = city().net.read_text("utf-8")
    start = text.index('netOffset="') + len('netOffset="')
    x, y = text[start : text.index('"', start)].split(",")
    with pytest.raises(MapSourceError, match="are x and y swapped") as caught:
        import_source(_moved(tmp_path, "netOffset", f"{y},{x}"))
    assert caught.value.element == "<location>"
    with pytest.raises(MapSourceError, match="lies nowhere on the Earth"):
        import_source(_moved(tmp_path, "netOffset", "1e12,1e12"))


@pytest.mark.parametrize("boundary", ["", "0,0,0,0", "1,2,3", "a,b,c,d", "100000,200000,300000,400000"])
def test_bounds_that_are_no_degrees_are_not_looked_at(tmp_path: Path, boundary: str) -> None:
    network, _ = import_source(_moved(tmp_path, "origBoundary", boundary))
    assert len(network.links.id) == 24


def _lane(text: str) -> str:
    """Attributes of one lane as netconvert wrote them."""
    start = text.index('<lane id="e_n0_0_n0_1_1"')
    return text[start : text.index("/>", start)]


@pytest.mark.parametrize(
    ("attribute", "value", "reason"),
    [
        ("shape", "1,2", "shape has 1 point, a line needs two"),
        ("shape", "", "shape has 0 point, a line needs two"),
        ("shape", "1,2 3", "is not a list of x,y"),
        ("speed", "fast", "speed 'fast' is not a number"),
        ("speed", "nan", "speed 'nan' is not finite"),
        ("length", None, "attribute 'length' is missing"),
    ],
)
def test_bad_lane_is_named(tmp_path: Path, attribute: str, value: str | None, reason: str) -> None:
    lane = _lane(city().net.read_text("utf-8"))
    start = lane.index(f' {attribute}="')
    end = lane.index('"', start + len(attribute) + 3) + 1
    path = _altered(
        tmp_path, lane, lane[:start] + (f' {attribute}="{value}"' if value is not None else "") + lane[end:]
    )
    with pytest.raises(MapSourceError) as caught:
        import_source(path)
    assert caught.value.element == "lane 'e_n0_0_n0_1_1'"
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("old", "new", "element", "reason"),
    [
        ('<edge id="e_n0_0_n0_1" from="n0_0"', '<edge id="e_n0_0_n0_1" from="n9_9"', "edge 'e_n0_0_n0_1'", "n9_9"),
        ('<edge id="e_n0_0_n1_0"', '<edge id="e_n0_0_n0_1"', "edge 'e_n0_0_n0_1'", "occurs twice"),
        ('<connection from="e_n0_0_n0_1"', '<connection from="e_lost"', "<connection>", "from lane e_lost_"),
        ('linkIndex="3"', 'linkIndex="300"', "tlLogic 'n1_0'", "no light for link index 300"),
        ('state="gGGg', 'state="xGGg', "tlLogic 'n1_0'", "no light for link index 0"),
        ('<phase duration="37"', '<phase duration="long"', "<phase>", "duration 'long' is not a number"),
    ],
)
def test_element_that_makes_no_sense_is_named(tmp_path: Path, old: str, new: str, element: str, reason: str) -> None:
    with pytest.raises(MapSourceError) as caught:
        import_source(_altered(tmp_path, old, new))
    assert caught.value.element == element
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('<busStop id="s" lane="lost_0"/>', "busStop 's': lane 'lost_0' does not exist"),
        ('<busStop lane="e_n0_0_n0_1_1"/>', "<busStop>: attribute 'id' is missing"),
        ('<parkingArea id="p" lane="e_n0_0_n0_1_1" roadsideCapacity="many"/>', "parkingArea 'p': roadsideCapacity"),
    ],
)
def test_bad_place_of_an_additional_file_is_named(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "bad.add.xml"
    path.write_text(f"<additional>{text}</additional>", "utf-8")
    with pytest.raises(MapSourceError) as caught:
        import_source(city().net, path)
    assert reason in str(caught.value)
    assert caught.value.path == path


def test_missing_additional_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MapSourceError, match=r"none\.add\.xml: No such file"):
        import_source(city().net, tmp_path / "none.add.xml")
