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
            done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, timeout=200, check=False)
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
    assert findings["axe"] == {"filters": [], "wall": [], "light": []}


def test_the_page_asks_no_other_host_and_raises_nothing(findings: Findings) -> None:
    assert (findings["foreign"], findings["errors"]) == ([], [])
