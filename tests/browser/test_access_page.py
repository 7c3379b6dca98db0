"""Sign-in in a real Chromium: real gateway, real database, real broker; accounts, roles, tickets, other sites."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from gateway_process import Publisher, module_broker, running_gateway, wait_for
from store_servers import Server, fresh_database

from cloudctl.store.migrate import migrate

WEB = Path(__file__).parents[2] / "cloudctl" / "web"
SCRIPT = Path(__file__).with_name("sign_in.mjs")
CHINESE = re.compile(r"[一-鿿]+")

pytestmark = pytest.mark.browser
Findings = dict[str, object]


@pytest.fixture(scope="module")
def findings(plain_postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """What one walk through sign-in brought to light."""
    if shutil.which("node") is None or not (WEB / "node_modules" / "playwright-core").is_dir():
        pytest.skip("run `deploy/setup/web-libraries.sh --dev` first")
    if shutil.which(os.environ.get("CHROMIUM", "/usr/bin/chromium")) is None:
        pytest.skip("Chromium is not installed")
    folder = tmp_path_factory.mktemp("gateway")
    shots = Path(os.environ.get("V2X_SHOTS", folder))
    with (
        fresh_database(plain_postgres.url) as url,
        module_broker(tmp_path_factory.mktemp("broker")) as broker,
    ):
        migrate(url)
        with running_gateway(folder, broker.url, database=url, mode="accounts") as gateway:
            wait_for(lambda: gateway.checks()["broker"])
            first_link = folder / "var" / "first-administrator-link"
            wait_for(first_link.is_file)
            with Publisher(broker.port, (112.936, 28.204)):
                command = ["node", str(SCRIPT), f"{gateway.url}/", first_link.read_text("utf-8"), str(shots)]
                done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stderr
    found: Findings = json.loads(done.stdout)
    return found


def test_who_is_not_signed_in_comes_to_the_sign_in_page(findings: Findings) -> None:
    assert findings["sentAway"] == "/sign-in"


def test_the_secret_of_a_link_leaves_the_address_bar(findings: Findings) -> None:
    assert str(findings["secretLeft"]).endswith("/sign-in")


def test_the_first_administrator_comes_in_by_keyboard_alone(findings: Findings) -> None:
    assert "12" in str(findings["refusedPassword"])
    assert findings["inside"] == "/"


def test_the_browser_keeps_a_host_cookie_that_scripts_cannot_read(findings: Findings) -> None:
    assert findings["cookies"] == [
        {
            "name": "__Host-v2x", "secure": True, "httpOnly": True, "sameSite": "Strict", "domain": "127.0.0.1",
            "path": "/",
        }
    ]  # fmt: skip
    assert findings["scriptSees"] == ""


def test_what_one_may_not_do_is_not_shown(findings: Findings) -> None:
    assert "tab-devices" not in str(findings["chiefTabs"])
    assert "tab-devices" not in str(findings["viewerTabs"])
    assert "tab-parking" in str(findings["viewerTabs"])
    assert findings["viewerSeesUsers"] is False
    assert findings["hiddenLater"] is False


def test_what_is_not_shown_is_not_given_either(findings: Findings) -> None:
    assert findings["chiefTracks"] == 403
    assert findings["viewerDevices"] == 403


def test_a_live_feed_needs_a_ticket_that_was_not_used(findings: Findings) -> None:
    assert [findings[step] for step in ("noTicket", "withTicket", "usedTicket")] == ["refused", "open", "refused"]


def test_a_link_and_a_token_are_shown_once(findings: Findings) -> None:
    assert findings["token"] == "v2x_"
    assert "used already" in str(findings["spent"])


def test_a_wrong_password_is_told_without_saying_what_was_wrong(findings: Findings) -> None:
    assert findings["wrong"] == "Name or password is wrong"


def test_another_site_neither_posts_nor_listens(findings: Findings) -> None:
    assert findings["crossSite"] in ({"type": "opaque", "opened": False}, {"type": "none", "opened": False})


def test_signing_out_everywhere_closes_open_maps(findings: Findings) -> None:
    assert findings["feedClosed"] is True
    assert findings["afterSignOut"] == 401


def test_axe_finds_nothing_serious_in_any_view_theme_and_language(findings: Findings) -> None:
    axe = findings["axe"]
    assert isinstance(axe, dict)
    assert len(axe) == 12
    assert {view: faults for view, faults in axe.items() if faults} == {}


def test_every_view_speaks_both_languages(findings: Findings) -> None:
    texts = findings["texts"]
    assert isinstance(texts, dict)
    assert {name for name, text in texts.items() if name.endswith("en") and CHINESE.search(text)} == set()
    assert all(CHINESE.search(text) for name, text in texts.items() if name.endswith("zh"))


def test_the_pages_ask_no_other_host_and_break_no_policy(findings: Findings) -> None:
    assert findings["foreign"] == []
    assert findings["violations"] == []
    assert findings["console"] == []
