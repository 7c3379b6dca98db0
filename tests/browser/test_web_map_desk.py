"""Filters, depths, saved views, wall mode and keys of the map in a real Chromium before a real gateway."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import gateway_samples as sample
import msgspec
import pytest
from gateway_process import Publisher, module_broker, running_gateway, wait_for

from cloudctl.advice.advisory import AdvisoryKind

WEB = Path(__file__).parents[2] / "cloudctl" / "web"
SCRIPT = Path(__file__).with_name("map_desk.mjs")
CENTRE = (112.936, 28.204)
MANY, FEW = 40, 15
TURN_S = 5
Findings = dict[str, object]

pytestmark = pytest.mark.browser


def _count(now: float) -> int:
    return MANY if int(now) % (2 * TURN_S) < TURN_S else FEW


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """What one visit of the page in a browser brought to light."""
    if shutil.which("node") is None or not (WEB / "node_modules" / "playwright-core").is_dir():
        pytest.skip("run `deploy/setup/web-libraries.sh --dev` first")
    if shutil.which(os.environ.get("CHROMIUM", "/usr/bin/chromium")) is None:
        pytest.skip("Chromium is not installed")
    folder = tmp_path_factory.mktemp("gateway")
    shots = Path(os.environ.get("V2X_SHOTS", folder))
    with (
        module_broker(tmp_path_factory.mktemp("broker")) as broker,
        running_gateway(folder, broker.url) as gateway,
    ):
        wait_for(lambda: gateway.checks()["broker"])
        with Publisher(broker.port, CENTRE, count_at=_count) as publisher:
            now = time.time()
            request = msgspec.structs.replace(
                sample.advisory("p1", now), kind=AdvisoryKind.BUS_PRIORITY, valid_until=now + 300, lon=112.9345
            )
            publisher.publish(sample.TRANSIT, sample.transit(now, CENTRE))
            publisher.publish(sample.ADVISORY, msgspec.json.encode(request))
            command = ["node", str(SCRIPT), gateway.url, str(CENTRE[0]), str(CENTRE[1]), str(shots)]
            done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr
    found: Findings = json.loads(done.stdout)
    return found


def test_who_vanished_from_the_picture_vanishes_from_the_screen(findings: Findings) -> None:
    assert findings["counts"] == [MANY, FEW]


def test_the_density_layer_is_drawn_and_named_in_the_address(findings: Findings) -> None:
    assert "density" in str(findings["densityHash"])
    assert "layers=" not in str(findings["plainHash"])
    assert isinstance(findings["densityPixels"], int)
    assert findings["densityPixels"] > 2000


def test_squares_of_mean_speed_tell_the_slow_from_the_fast_and_leave_out_walkers(findings: Findings) -> None:
    assert "speed" in str(findings["speedHash"])
    assert "Mean speed" in str(findings["speedLegend"])
    assert "Mean speed" not in str(findings["levelsOnly"])
    squares = findings["squares"]
    assert isinstance(squares, dict)
    assert len(squares) >= 2
    assert min(squares.values()) > 50
    assert findings["squaresOfWalkers"] == {}


def test_road_users_of_other_speeds_are_neither_drawn_nor_chosen(findings: Findings) -> None:
    slow, fast = findings["slow"], findings["fast"]
    assert isinstance(slow, list)
    assert isinstance(fast, list)
    assert 0 < slow[0] < fast[0] / 3
    assert "Bus" in slow[1]
    assert "Bus" not in fast[1]
    assert "speed=10-20" in str(findings["speedSwapped"])
    assert "speed=" not in str(findings["speedGone"])


def test_road_users_outside_a_drawn_region_are_neither_drawn_nor_chosen(findings: Findings) -> None:
    west, screen = findings["west"], findings["screen"]
    assert isinstance(west, list)
    assert isinstance(screen, list)
    assert "Done (3)" in str(findings["doneButton"])
    assert "area=112.93" in str(findings["areaHash"])
    assert "(4 corners)" in str(findings["areaText"])
    assert west[0] > 0
    assert ("Bus" in west[1], "Bus" in screen[1]) == (False, True)
    assert "area=" not in str(findings["areaGone"])


def test_a_chosen_district_has_its_outline_on_the_map_in_both_themes_until_it_is_given_up(findings: Findings) -> None:
    district = findings["district"]
    assert isinstance(district, dict)
    assert "district=岳麓" in district["hash"]
    assert district["hash"].partition("area=")[2].partition("&")[0].count(";") == 9  # two rings and the way between
    assert district["text"] == "Only within the district 岳麓"
    assert district["ink"] > 300
    assert district["again"] > 300
    assert district["light"] > 300
    assert district["between"] < 60, "the two parts stand by themselves"
    assert district["painted"] > 0
    assert "Bus" not in district["bus"]
    assert "district=" not in district["gone"]["hash"]
    assert "area=" not in district["gone"]["hash"]
    assert district["gone"]["ink"] < 0.5 * district["ink"]


def test_a_region_is_drawn_by_keyboard_alone(findings: Findings) -> None:
    assert str(findings["areaByKeys"]).partition("area=")[2].count(";") == 2
    assert "area=" not in str(findings["resetHash"])


def test_filters_stand_in_the_address_and_come_back_from_it(findings: Findings) -> None:
    assert "kinds=0,2,3,4,5,6,7,8" in str(findings["filteredHash"])
    assert "incidents" not in str(findings["filteredHash"])
    assert findings["incidentHidden"] is True
    assert (findings["twinCar"], findings["twinBus"]) == (False, True)


def test_the_box_of_filters_is_worked_by_keyboard_and_gives_the_focus_back(findings: Findings) -> None:
    assert (findings["boxOpen"], findings["focusInBox"], findings["boxClosed"]) == (True, True, True)
    assert findings["focusBack"] == "filters-open"


def test_a_saved_view_brings_back_place_and_filters(findings: Findings) -> None:
    assert "Centre without cars" in str(findings["saved"])
    assert "map=17.2/28.204/112.936" in str(findings["viewBack"])
    assert "kinds=0,2,3,4,5,6,7,8" in str(findings["viewBack"])


def test_each_depth_has_a_key(findings: Findings) -> None:
    assert findings["depths"] == ["city", "corridor", "intersection", "device"]


def test_what_is_in_the_middle_is_chosen_by_keyboard(findings: Findings) -> None:
    assert "Bus" in str(findings["chosen"])


def test_help_lists_the_commands_of_the_map(findings: Findings) -> None:
    for command in ("Depth: Corridor", "Wall mode", "Next saved view", "Layers and filters", "Density"):
        assert command in str(findings["help"])


def test_the_wall_has_no_controls_large_type_and_the_age_of_the_data(findings: Findings) -> None:
    wall = findings["wall"]
    assert isinstance(wall, dict)
    assert (wall["on"], wall["controls"], wall["age"]) == (True, [], True)
    assert wall["type"] >= 32


def test_language_and_theme_are_switched_by_keyboard(findings: Findings) -> None:
    assert (findings["language"], findings["theme"]) == ("zh-CN", "light")


def test_axe_finds_nothing_serious_in_box_and_wall(findings: Findings) -> None:
    assert findings["axe"] == {"area": [], "district": [], "filters": [], "wall": [], "light": []}


def test_the_page_asks_no_other_host_and_raises_nothing(findings: Findings) -> None:
    assert (findings["foreign"], findings["errors"]) == ([], [])
