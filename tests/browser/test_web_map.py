"""The live map in a real Chromium: real gateway, real broker, synthetic pictures through the real codec."""

import json
import os
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from gateway_process import Publisher, module_broker, running_gateway, wait_for

WEB = Path(__file__).parents[2] / "cloudctl" / "web"
SCRIPT = Path(__file__).with_name("live_map.mjs")
CENTRE = (112.936, 28.204)
CHINESE = re.compile(r"[一-鿿]+")
STAYS_CHINESE = {"中文"}
"""The button that switches the language back names the language itself."""

pytestmark = pytest.mark.browser
Findings = dict[str, object]


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
        with Publisher(broker.port, CENTRE):
            command = ["node", str(SCRIPT), gateway.url, str(CENTRE[0]), str(CENTRE[1]), str(shots)]
            done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    found: Findings = json.loads(done.stdout)
    return found


def test_movers_are_on_screen_and_move(findings: Findings) -> None:
    assert findings["firstPicture"] == 40
    assert findings["moved"] is True


def test_a_click_on_a_mover_opens_its_card(findings: Findings) -> None:
    card = str(findings["card"])
    assert "公交车" in card
    assert "0 km/h" in card
    assert "车载终端" in card


def test_the_card_learns_lane_and_source_from_the_api(findings: Findings) -> None:
    card = str(findings["cardWithLane"])
    assert "RSU00001" in card
    assert "± 0.4 米" in card
    assert findings["cardClosed"] is True


def test_a_signal_counts_down_in_whole_seconds(findings: Findings) -> None:
    shown = findings["countdown"]
    assert isinstance(shown, list)
    seconds = [int(re.split(r"\D", str(text))[0]) for text in shown]
    steps = [before - after for before, after in pairwise(seconds)]
    assert len(set(seconds)) >= 3
    assert sum(step in {0, 1} for step in steps) >= len(steps) - 1


def test_panels_mirror_what_the_platform_says(findings: Findings) -> None:
    tabs = findings["tabs"]
    assert isinstance(tabs, dict)
    assert "车道阻断" in tabs["incidents"]
    assert "绿波车速" in tabs["advisories"]
    assert "veh-" in tabs["advisories"]
    assert "15" in tabs["parking"]
    assert "RSU00001" in tabs["devices"]
    assert "严重拥堵" in tabs["overview"]


def test_panels_are_reached_by_keyboard(findings: Findings) -> None:
    assert findings["keyboardTab"] == "tab-incidents"


def test_an_incident_in_the_list_takes_the_map_there(findings: Findings) -> None:
    assert "28.204/112.934" in str(findings["flown"])


def test_the_language_switch_changes_every_text(findings: Findings) -> None:
    assert "智能网联云控平台" in str(findings["zh"])
    assert set(CHINESE.findall(str(findings["en"]))) <= STAYS_CHINESE
    assert findings["pageLanguage"] == "en"


def test_theme_and_language_follow_the_browser_until_chosen(findings: Findings) -> None:
    assert findings["theme"] == "dark"
    assert findings["startsDark"] == "dark"
    assert findings["startsEnglish"] == "en"


def test_a_browser_that_wants_no_motion_still_sees_the_picture(findings: Findings) -> None:
    assert findings["reduced"] == 40


def test_the_page_asks_no_other_host(findings: Findings) -> None:
    assert findings["foreign"] == []


def test_the_page_breaks_no_content_policy_and_logs_no_error(findings: Findings) -> None:
    assert findings["violations"] == []
    assert findings["console"] == []


def test_axe_finds_nothing_serious_in_either_theme(findings: Findings) -> None:
    assert findings["axe"] == {"light": [], "dark": []}


def test_the_detectors_find_a_seeded_fault(findings: Findings) -> None:
    assert "button-name" in str(findings["seededAxe"])
    assert "style-src" in str(findings["seededViolations"])
