"""Limits of height and weight come from OpenStreetMap, stay in the saved map and close links to vehicles."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from maps_city import imported

from cloudctl.map_sources import import_any
from cloudctl.osm_limits import LimitError, limit_of
from maps.errors import NoRouteError
from maps.importers.report import Imported
from maps.link_limits import LinkLimits, VehicleBody
from maps.network import Limits, RoadNetwork
from maps.network_file import open_network, save_network
from maps.participants import ParticipantKind
from maps.routing import Router

_WAYS = {
    10: ((1, 2), {"highway": "primary", "maxheight": "3.5"}),
    11: ((2, 3), {"highway": "primary", "maxweight": "10 t", "bridge": "yes"}),
    12: ((2, 4), {"highway": "primary", "hgv": "no"}),
    13: ((2, 5), {"highway": "primary", "maxheight": "tall"}),
}
_NODES = {1: (0, 0), 2: (300, 0), 3: (600, 0), 4: (300, 300), 5: (300, -300)}


@pytest.fixture(scope="module")
def osm(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    rows = ['<?xml version="1.0"?><osm version="0.6">']
    for row, (x, y) in _NODES.items():
        rows.append(f'<node id="{row}" version="1" lat="{28.2 + y / 111_000:.7f}" lon="{112.9 + x / 98_000:.7f}"/>')
    for row, (refs, tags) in _WAYS.items():
        inner = [f'<nd ref="{ref}"/>' for ref in refs] + [f'<tag k="{key}" v="{text}"/>' for key, text in tags.items()]
        rows.append(f'<way id="{row}" version="1">{"".join(inner)}</way>')
    path = tmp_path_factory.mktemp("limits") / "limits.osm"
    path.write_text("".join([*rows, "</osm>"]), "utf-8")
    return import_any(path)


def _limits(network: RoadNetwork) -> dict[str, tuple[float, float]]:
    rows = zip(network.limits.link, network.limits.height, network.limits.weight, strict=True)
    return {str(network.links.id[link]): (float(height), float(weight)) for link, height, weight in rows}


def test_both_directions_of_a_way_bear_its_limits(osm: Imported) -> None:
    found = _limits(osm.network)
    assert sorted(found) == ["-10", "-11", "10", "11"]
    assert found["10"][0] == found["-10"][0] == pytest.approx(3.5)
    assert math.isnan(found["10"][1])
    assert found["-11"][1] == pytest.approx(10)
    assert osm.report.counts["osm_limits"] == 3
    assert osm.report.dropped["unreadable_limit"] == 1


def test_routes_keep_to_the_limits_of_the_map(osm: Imported) -> None:
    rows, router = osm.network.link_rows, Router(osm.network)
    assert len(router.route(rows["10"], rows["11"]).links) == 2
    assert len(router.route(rows["10"], rows["11"], body=VehicleBody(3.4, 9.0)).links) == 2
    for body in (VehicleBody(height=3.0, weight=12.0), VehicleBody(height=4.0, weight=31.0)):
        with pytest.raises(NoRouteError):
            router.route(rows["10"], rows["11"], body=body)


def test_a_way_without_goods_vehicles_is_closed_to_trucks_alone(osm: Imported) -> None:
    rows, router = osm.network.link_rows, Router(osm.network)
    assert len(router.route(rows["10"], rows["12"]).links) == 2
    with pytest.raises(NoRouteError, match="closed to truck"):
        router.route(rows["10"], rows["12"], ParticipantKind.TRUCK)


def test_limits_survive_the_file(tmp_path: Path, osm: Imported) -> None:
    save_network(osm.network, tmp_path / "limits.v2xmap")
    again = open_network(tmp_path / "limits.v2xmap")
    for name in ("link", "height", "weight"):
        np.testing.assert_array_equal(getattr(again.limits, name), getattr(osm.network.limits, name))


def test_a_network_without_limits_closes_nothing() -> None:
    network = replace(imported().network, limits=Limits())
    assert len(LinkLimits.of(network).closed_to(VehicleBody(9.0, 90.0))) == 0


@pytest.mark.parametrize(
    ("tags", "height", "weight"),
    [
        ({"maxheight": "4.2 m"}, 4.2, None),
        ({"maxheight": "13'6\""}, 4.1148, None),
        ({"maxheight": "14 ft"}, 4.2672, None),
        ({"maxheight": "4,5", "maxheight:physical": "4.3"}, 4.3, None),
        ({"maxheight": "default", "maxweight": "7.5"}, None, 7.5),
        ({"maxweight": "3500 kg", "maxweightrating:hgv": "12"}, None, 3.5),
        ({"maxweight": "20000 lbs"}, None, 9.0718),
    ],
)
def test_limits_are_read_in_their_units(tags: dict[str, str], height: float | None, weight: float | None) -> None:
    found = limit_of(tags)
    assert found is not None
    for value, wanted in zip(found[:2], (height, weight), strict=True):
        assert math.isnan(value) if wanted is None else value == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("tags", [{}, {"maxheight": "none"}, {"maxweight": "unsigned"}])
def test_words_for_no_limit_are_none(tags: dict[str, str]) -> None:
    assert limit_of(tags) is None


@pytest.mark.parametrize("text", ["tall", "0", "-3", "3.5 km"])
def test_an_unreadable_limit_is_named(text: str) -> None:
    with pytest.raises(LimitError, match="maxheight") as caught:
        limit_of({"maxheight": text})
    assert (caught.value.key, caught.value.text) == ("maxheight", text)
