"""Conditions of the map without a browser: regions, speeds, squares of mean speed, and the address that names them."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

NODE = shutil.which("node")
WEB = Path(__file__).parents[2] / "cloudctl" / "web"
RUN = """
import { readFileSync } from "node:fs";
globalThis.location = { hash: "", pathname: "/", search: "" };
const replaceState = (_state, _title, url) => { location.hash = url.startsWith("#") ? url : ""; };
globalThis.history = { state: null, replaceState };
const { Filters } = await import("./js/filters_state.js");
const { MoverFilter } = await import("./js/mover_filter.js");
const { squaresOf } = await import("./js/speed_pass.js");
const { asked, given } = JSON.parse(readFileSync(0, "utf-8"));
const answers = {
  holds: ({ area, places }) => {
    const filter = new MoverFilter();
    filter.area = area;
    return places.map(([lon, lat]) => filter.holds(lon, lat));
  },
  shows: ({ hash, movers }) => {
    location.hash = hash;
    const filter = new MoverFilter();
    filter.follow(new Filters());
    const column = (name) => movers.map((mover) => mover[name]);
    const movedIn = { class: column("class"), lon: column("lon"), lat: column("lat") };
    const still = movers.map(() => 0);
    const moves = { speed: column("speed"), flags: column("flags"), dlon: still, dlat: still };
    return movers.map((_, slot) => filter.shows({ movedIn, moves }, slot));
  },
  address: ({ hash, speeds, area }) => {
    location.hash = hash;
    const filters = new Filters();
    if (speeds) filters.setSpeeds(speeds);
    if (area) filters.setArea(area);
    return { hash: decodeURIComponent(location.hash), speeds: filters.speeds, area: filters.area };
  },
  squares: ({ views }) => views.map(([lng, lat, zoom]) => squaresOf({ lng, lat }, zoom, 1)),
};
process.stdout.write(JSON.stringify(answers[asked](given)));
"""

pytestmark = [pytest.mark.browser, pytest.mark.skipif(NODE is None, reason="Node is not installed")]


def _ask(asked: str, **given: object) -> Any:  # what the page's own code answers
    command = [NODE or "", "--input-type=module", "--eval", RUN]
    question = json.dumps({"asked": asked, "given": given})
    done = subprocess.run(command, cwd=WEB, input=question, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("seed", range(3))
def test_a_region_holds_what_shapely_says_it_holds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    turns = np.sort(rng.uniform(0, 2 * np.pi, 9))
    reach = rng.uniform(0.002, 0.01, 9)
    area = np.column_stack([112.93 + reach * np.cos(turns), 28.2 + reach * np.sin(turns)])
    places = rng.uniform((112.92, 28.19), (112.94, 28.21), (400, 2))
    expected = shapely.contains_xy(shapely.Polygon(area), *places.T).tolist()
    assert _ask("holds", area=area.tolist(), places=places.tolist()) == expected
    assert 20 < sum(expected) < 380


def test_without_a_region_every_place_is_in_it() -> None:
    assert _ask("holds", area=[], places=[[0, 0], [112, 28]]) == [True, True]


def test_a_road_user_passes_all_conditions_or_is_not_shown() -> None:
    mover = {"class": 1, "lon": 1_129_300_000, "lat": 282_000_000, "speed": 1000, "flags": 1}
    others = [{"class": 8}, {"speed": 200}, {"speed": 1700}, {"lon": 1_139_300_000}, {"flags": 0}]
    area = "112.92,28.19;112.94,28.19;112.94,28.21;112.92,28.21"
    hash_of = f"#kinds=1,2&only=terminals&speed=20-50&area={area}"
    assert (
        _ask("shows", hash=hash_of, movers=[mover, *({**mover, **other} for other in others)]) == [True] + [False] * 5
    )
    assert _ask("shows", hash="", movers=[{**mover, **other} for other in others]) == [True] * 5


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ({"speeds": [20, 50]}, "#speed=20-50"),
        ({"speeds": [50, 20]}, "#speed=20-50"),
        ({"speeds": [None, 10]}, "#speed=-10"),
        ({"speeds": [30, None]}, "#speed=30-"),
        ({"speeds": [None, None]}, ""),
        ({"area": [[112.1234567, 28.2], [113, 28.2], [113, 29]]}, "#area=112.12346,28.2;113,28.2;113,29"),
        ({"area": [[112, 28], [113, 28]]}, ""),
    ],
)
def test_conditions_stand_in_the_address_and_come_back_from_it(given: dict[str, object], address: str) -> None:
    said = _ask("address", hash="", **given)
    assert said["hash"] == address
    assert _ask("address", hash=address) == said


@pytest.mark.parametrize(
    "address", ["#speed=fast", "#speed=1-2-3", "#area=1,2;3,4", "#area=1,2;3,x;5,6", "#area=1,2;3;5,6"]
)
def test_an_address_that_makes_no_sense_sets_no_condition(address: str) -> None:
    found = _ask("address", hash=address)
    assert (found["speeds"], found["area"]) == ([None, None], [])


def test_squares_stay_on_the_ground_and_are_halved_with_each_zoom() -> None:
    world = 512 * 2**15
    east = 360 / world  # degrees of a pixel
    here, aside, nearer, closer = _ask(
        "squares", views=[[112.93, 28.2, 15], [112.93 + 7 * east, 28.2, 15], [112.93, 28.2, 15.999], [112.93, 28.2, 16]]
    )
    assert here["square"] == closer["square"] == 20
    assert 39 < nearer["square"] < 40
    assert (aside["first"][0] - here["first"][0]) % 20 == pytest.approx(7, abs=1e-3)
    assert closer["first"][0] == pytest.approx(2 * here["first"][0] % 20, abs=1e-3)
