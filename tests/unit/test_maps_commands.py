"""`cloudctl map` prints JSON, and one clear line where it cannot."""

import json
from pathlib import Path
from typing import Any

import pytest
from maps_city import SOUTH, STEP, WEST, city, imported
from typer.testing import CliRunner

from cloudctl.commands.map import app
from maps.errors import MapsError
from maps.geojson import links_geojson
from maps.network_file import open_network, save_network


def _run(*arguments: str) -> Any:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.output)


def test_import_prints_counts_and_writes_map_and_tiles(tmp_path: Path) -> None:
    out, tiles = tmp_path / "city.v2xmap", tmp_path / "city.pmtiles"
    printed = _run(
        "import", str(city().net), "--out", str(out), "--additional", str(city().additional), "--tiles", str(tiles)
    )
    assert printed["counts"] == imported().report.counts
    assert printed["guessed"]["road_class"] == 8
    assert printed["dropped"] == {"walking_area": 24}
    assert printed["tiles"]["bytes"] == tiles.stat().st_size
    assert printed["seconds"] > 0
    assert printed["memory_mib"] > 0
    assert len(open_network(out).stops.id) == 2


def test_background_without_tiles_is_refused(tmp_path: Path) -> None:
    arguments = ["import", str(city().net), "--out", str(tmp_path / "x"), "--background", str(tmp_path / "y")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert not (tmp_path / "x").exists()


def test_route_prints_links_length_time_and_points(tmp_path: Path) -> None:
    out = tmp_path / "city.v2xmap"
    save_network(imported().network, out)
    start, end = f"{WEST + STEP / 2},{SOUTH - 1e-5}", f"{WEST + 2 * STEP + 1e-5},{SOUTH + STEP * 1.5}"
    printed = _run("route", str(out), "--from", start, "--to", end)
    assert printed["links"][0] == "e_n0_0_n1_0"
    assert printed["links"][-1] == "e_n2_1_n2_2"
    assert 1000 < printed["length_m"] < 2500
    assert printed["travel_time_s"] > printed["length_m"] / 16
    assert all(WEST - 0.001 < lon < WEST + 2 * STEP + 0.001 for lon, _ in printed["points"])


@pytest.mark.parametrize("position", ["112.9", "a,b", "112.9,28.2,3", "200,28", "nan,28"])
def test_position_that_is_none_is_refused(position: str) -> None:
    with pytest.raises(MapsError, match="is not LON,LAT"):
        CliRunner().invoke(app, ["route", "x", "--from", position, "--to", "1,1"], catch_exceptions=False)


def test_errors_of_the_map_reach_the_command_line_untouched(tmp_path: Path) -> None:
    with pytest.raises(MapsError, match="no such file"):
        CliRunner().invoke(
            app, ["import", str(tmp_path / "n.net.xml"), "--out", str(tmp_path / "o")], catch_exceptions=False
        )


def test_geojson_has_one_line_a_link() -> None:
    network = imported().network
    collection: Any = links_geojson(network)
    assert [feature["id"] for feature in collection["features"]] == list(range(len(network.links.id)))
    first = collection["features"][0]
    assert first["properties"]["id"] == network.links.id[0]
    assert len(first["geometry"]["coordinates"]) == network.links.shape_count[0]
    lon, lat = first["geometry"]["coordinates"][0]
    assert abs(lon - WEST) < 0.02
    assert abs(lat - SOUTH) < 0.02
