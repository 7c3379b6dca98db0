"""Desk work, devices and the time line in Chromium: real gateway, broker and database, an engine that answers."""

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import gateway_samples as sample
import history_city
import paho.mqtt.client as mqtt
import pytest
from cryptography.hazmat.primitives import serialization
from gateway_process import CERTIFICATES, Publisher, module_broker, running_gateway, wait_for
from issued_certificates import issued
from paho.mqtt.enums import CallbackAPIVersion
from store_frames import NOON
from store_servers import schema_database

from cloudctl.store.embedded import EmbeddedPostgres

WEB = Path(__file__).parents[2] / "cloudctl" / "web"
SCRIPT = Path(__file__).with_name("work_panels.mjs")
VIEWS = Path(__file__).with_name("views.mjs")
WALKS = {f"{theme}-{language}" for theme in ("light", "dark") for language in ("zh", "en")}
CHINESE = re.compile(r"[一-鿿]")
NAMES = re.compile("中文|演示 demo|“?拖车已出发”?|抛洒物，请减速|急救|事故处理")
"""Texts that stay what they are: the button that switches back, who acted, and what was written."""
SENTENCE = re.compile(r"[A-Za-z]{3,} [a-z]{3,} [a-z]{2,}")
"""Three English words in a row."""
LEAST_BYTES = 20_000
"""A photograph of a page that shows something."""
CENTRE = (112.936, 28.204)
MOMENT = datetime.fromtimestamp(NOON + 6, UTC).isoformat().replace("+00:00", "Z")

# several walks in one gateway, on a machine with much else to do
pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
Findings = dict[str, object]


@contextmanager
def answering_engine(port: int) -> Iterator[None]:
    """Carries out every command, and says that one roadside unit has acknowledged each event."""
    work: dict[str, dict[str, dict[str, object]]] = {"events": {}, "holds": {}, "corridors": {}}
    kinds = {"publish_event": "events", "hold_signal": "holds", "open_corridor": "corridors"}
    ends = {"end_event": "events", "release_signal": "holds", "close_corridor": "corridors"}

    def obey(client: mqtt.Client, _: object, message: mqtt.MQTTMessage) -> None:
        command = json.loads(message.payload)
        kind, content = command.get("kind"), command.get("content", {})
        if kind in kinds:
            made: dict[str, object] = {"id": content["id"], "revision": content["revision"]}
            if kind == "publish_event":
                made |= {"units": {"RSU00001": "accepted"}, "vehicles": {"sent": 3}}
            work[kinds[kind]][content["id"]] = made
        elif kind in ends:
            work[ends[kind]].pop(content["id"], None)
        else:
            return
        state = {"time": time.time(), "epoch": 1} | {part: list(each.values()) for part, each in work.items()}
        client.publish("V2X/CLOUD/STATE/WORK", json.dumps(state), 1)
        client.publish("V2X/CLOUD/COMMAND/REPLY", json.dumps({"id": command["id"], "status": "done"}), 1)

    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = obey
    client.connect("127.0.0.1", port)
    client.subscribe("V2X/CLOUD/COMMAND/+", 1)
    client.loop_start()
    try:
        yield
    finally:
        client.loop_stop()
        client.disconnect()


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory, plain_postgres: EmbeddedPostgres) -> Findings:
    """What one visit in two browsers brought to light."""
    if shutil.which("node") is None or not (WEB / "node_modules" / "playwright-core").is_dir():
        pytest.skip("run `deploy/setup/web-libraries.sh --dev` first")
    if shutil.which(os.environ.get("CHROMIUM", "/usr/bin/chromium")) is None:
        pytest.skip("Chromium is not installed")
    folder = tmp_path_factory.mktemp("gateway")
    shots = Path(os.environ.get("V2X_SHOTS", folder))
    with schema_database(plain_postgres.url) as database, module_broker(tmp_path_factory.mktemp("broker")) as broker:
        history_city.fill(database, tmp_path_factory.mktemp("store"))
        end = datetime.now(UTC) + timedelta(days=12, hours=1)
        (folder / CERTIFICATES).mkdir()
        pem = issued("RSU00001", end - timedelta(days=365), end).public_bytes(serialization.Encoding.PEM)
        (folder / CERTIFICATES / "RSU00001.crt").write_bytes(pem)
        with running_gateway(folder, broker.url, database) as gateway:
            wait_for(lambda: gateway.checks()["broker"])
            with Publisher(broker.port, CENTRE) as publisher, answering_engine(broker.port):
                place = [gateway.url, str(CENTRE[0]), str(CENTRE[1]), str(shots), MOMENT]
                command = ["node", str(SCRIPT), *place]
                done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, timeout=240, check=False)
                publisher.publish(sample.TRANSIT, sample.transit(time.time(), CENTRE))
                walk = ["node", str(VIEWS), *place]
                seen = subprocess.run(walk, cwd=WEB, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr
    assert seen.returncode == 0, seen.stderr
    found: Findings = {**json.loads(done.stdout), "views": json.loads(seen.stdout)}
    return found


@pytest.fixture(scope="module")
def views(findings: Findings) -> dict[str, dict[str, object]]:
    """What walks through all views brought to light."""
    found = findings["views"]
    assert isinstance(found, dict)
    return found


def test_every_view_is_photographed_in_both_themes_and_languages(views: dict[str, dict[str, int]]) -> None:
    by_view: dict[str, set[str]] = {}
    for name in views["shots"]:
        view, walk = name.split()
        by_view.setdefault(view, set()).add(walk)
    assert len(by_view) >= 22
    assert {view: walks for view, walks in by_view.items() if walks != WALKS} == {}
    assert {name: size for name, size in views["shots"].items() if size < LEAST_BYTES} == {}


def test_axe_finds_nothing_serious_in_any_of_them(views: dict[str, dict[str, list[str]]]) -> None:
    assert len(views["axe"]) * 2 == len(views["shots"])
    assert {name: faults for name, faults in views["axe"].items() if faults} == {}


def test_what_is_chosen_is_told_in_the_language_of_the_page(views: dict[str, dict[str, str]]) -> None:
    assert ["公交车" in views["chosen"][name] for name in ("light-zh", "dark-zh")] == [True, True]
    assert ["Bus" in views["chosen"][name] for name in ("light-en", "dark-en")] == [True, True]


def test_every_view_speaks_the_language_it_was_switched_to(views: dict[str, dict[str, str]]) -> None:
    spoken = views["words"]
    assert {name for name in spoken if name.endswith("-en") and CHINESE.search(NAMES.sub("", spoken[name]))} == set()
    assert {name for name in spoken if name.endswith("-zh") and SENTENCE.search(spoken[name])} == set()


def test_no_view_breaks_the_content_policy_asks_another_host_or_logs_an_error(views: dict[str, object]) -> None:
    assert [views["violations"], views["foreign"], views["console"]] == [[], [], []]


def test_an_incident_is_taken_in_hand_by_keyboard_alone(findings: Findings) -> None:
    acts = str(findings["acts"])
    assert "确认" in acts
    assert "拖车已出发" in acts


def test_the_other_browser_sees_at_once_who_has_seen_to_it(findings: Findings) -> None:
    assert "seen by 演示 demo" in str(findings["seenByOther"])


def test_a_click_on_the_map_places_an_event_and_its_delivery_is_shown(findings: Findings) -> None:
    assert abs(float(str(findings["picked"])) - CENTRE[0]) < 0.01
    event = str(findings["event"])
    assert "401 抛洒物" in event
    assert "RSU00001: 已确认" in event
    assert "车辆 3：已下发" in event


def test_a_hold_asks_twice_with_the_focus_on_the_question(findings: Findings) -> None:
    assert findings["focusOnConfirm"] == "confirm"
    assert findings["holdsBefore"] == 0
    assert "事故处理" in str(findings["hold"])


def test_a_corridor_opens_from_two_places(findings: Findings) -> None:
    assert "急救" in str(findings["corridor"])


def test_an_advisory_says_what_why_to_whom_and_its_answer(findings: Findings) -> None:
    card = str(findings["advisory"])
    for label in ("对象", "依据", "应答", "效果"):
        assert label in card


def test_a_device_shows_its_rates_beside_the_nominal_ones(findings: Findings) -> None:
    device = str(findings["device"])
    assert "额定" in device
    assert "没有拒收" in device


def test_a_device_warns_of_a_certificate_that_ends_soon(findings: Findings) -> None:
    device = str(findings["device"])
    assert "即将到期，请更新" in device
    assert "O=City CA" in device
    assert "12 天" in device


def test_without_buses_the_panel_says_so(findings: Findings) -> None:
    assert "没有在线公交" in str(findings["buses"])


def test_every_command_is_listed(findings: Findings) -> None:
    keys = str(findings["keys"])
    for command in ("确认所选事件", "下一起事件", "暂停或继续", "返回实时", "打开发布"):
        assert command in keys


def test_a_picture_that_is_not_live_says_so(findings: Findings) -> None:
    assert "画面已暂停" in str(findings["paused"])
    assert findings["liveAgain"] is True


def test_a_link_reproduces_a_stored_moment_and_plays_on(findings: Findings) -> None:
    moment = datetime.fromtimestamp(NOON + 6, UTC)
    assert f"{moment:%Y-%m-%d %H:%M}" in str(findings["stored"])
    assert findings["stored"] != findings["storedLater"]
    assert "t=" not in str(findings["hash"])


def test_the_map_and_what_is_stored_are_exported(findings: Findings) -> None:
    assert str(findings["picture"]).endswith(".png")
    assert str(findings["table"]).endswith(".csv")


def test_axe_finds_nothing_serious_in_any_view(findings: Findings) -> None:
    views = findings["axe"]
    assert isinstance(views, dict)
    assert {name: faults for name, faults in views.items() if faults} == {}


def test_desk_work_breaks_no_content_policy_asks_no_other_host_and_logs_no_error(findings: Findings) -> None:
    assert findings["violations"] == []
    assert findings["foreign"] == []
    assert findings["console"] == []
