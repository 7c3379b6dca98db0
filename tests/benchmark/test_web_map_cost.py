"""What a picture of many road users costs the page; prints CPU time, asserts what goes to the GPU."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from crowd import CENTRE, Crowd
from gateway_process import module_broker, running_gateway, wait_for

WEB = Path(__file__).parents[2] / "cloudctl" / "web"
SCRIPT = Path(__file__).with_name("map_cost.mjs")
SECONDS = 8
BYTES_A_SLOT = 10
SPARE = 1.25
HEADERS = 2048

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("count", [10_000, 50_000])
def test_a_picture_goes_to_the_gpu_as_it_came(count: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which("node") is None or not (WEB / "node_modules" / "playwright-core").is_dir():
        pytest.skip("run `deploy/setup/web-libraries.sh --dev` first")
    if shutil.which(os.environ.get("CHROMIUM", "/usr/bin/chromium")) is None:
        pytest.skip("Chromium is not installed")
    for name in ("gateway", "broker"):
        (tmp_path / name).mkdir()
    with (
        module_broker(tmp_path / "broker") as broker,
        running_gateway(tmp_path / "gateway", broker.url) as gateway,
    ):
        wait_for(lambda: gateway.checks()["broker"])
        with Crowd(broker.port, count):
            view = f"map=13/{CENTRE[1]}/{CENTRE[0]}"
            command = ["node", str(SCRIPT), gateway.url, str(SECONDS), view]
            done = subprocess.run(command, cwd=WEB, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, float] = json.loads(done.stdout)
    pictures = max(found["pictures"], 1)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{count} road users: main thread {found['taskMs'] / pictures:.2f} ms CPU a picture "
            f"(script {found['scriptMs'] / pictures:.2f}, style and layout {found['layoutMs'] / pictures:.2f}), "
            f"{pictures / SECONDS:.1f} pictures/s, {found['draws'] / pictures:.1f} draws and "
            f"{found['received'] / pictures / 1000:.0f} kB a picture, first picture {found['firstPicture']:.0f} ms "
            f"({found['firstOfAll']:.0f} ms in a browser that was just started), "
            f"status {found['status']}\n"
        )
    slots = count * SPARE
    assert found["pictures"] >= 2
    # every picture's moves once; with a key or with newcomers its fixed columns, and the beginning of the glide
    rest = (found["keys"] + found["entries"] + 2) * (slots * (15 + 6) + HEADERS)
    assert found["bytes"] <= (pictures + 2) * (slots * BYTES_A_SLOT + HEADERS) + rest
