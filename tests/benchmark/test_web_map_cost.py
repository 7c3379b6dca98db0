"""What a picture of many road users costs the page; prints CPU time, asserts what goes to the GPU."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import gateway_samples as sample
import numpy as np
import paho.mqtt.client as mqtt
import pytest
from gateway_process import module_broker, running_gateway, wait_for
from paho.mqtt.enums import CallbackAPIVersion

from cloudctl.publish.frames import Column, FrameKind, encode_frame

WEB = Path(__file__).parents[2] / "cloudctl" / "web"
SCRIPT = Path(__file__).with_name("map_cost.mjs")
CENTRE = (112.936, 28.204)
SIZE = 0.05
PERIOD_S = 0.2
SECONDS = 8
BYTES_A_SLOT = 10
SPARE = 1.25
HEADERS = 2048

pytestmark = pytest.mark.browser


class Crowd:
    """Road users that drive straight on and come back on the other side, published five times a second."""

    def __init__(self, port: int, count: int) -> None:
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        rng = np.random.default_rng(7)
        self._start = rng.random((count, 2)) * SIZE
        self._angle = rng.random(count) * 2 * np.pi
        self._kind = rng.integers(1, 9, count).astype(np.uint8)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._client.loop_stop()
        self._client.disconnect()

    def _run(self) -> None:
        tick, next_at = 0, time.monotonic()
        while not self._ended.wait(max(0.0, next_at - time.monotonic())):
            next_at += PERIOD_S
            tick += 1
            self._client.publish(sample.MOVERS, self._frame(tick, time.time()))

    def _frame(self, tick: int, now: float) -> bytes:
        ahead = tick * PERIOD_S * 12.0 / 111_000
        place = (self._start + ahead * np.column_stack((np.sin(self._angle), np.cos(self._angle)))) % SIZE
        count = len(place)
        columns: dict[str, Column] = {
            "id": np.arange(1, count + 1, dtype=np.uint32),
            "lon": np.rint((CENTRE[0] - SIZE / 2 + place[:, 0]) * 1e7).astype(np.int32),
            "lat": np.rint((CENTRE[1] - SIZE / 2 + place[:, 1]) * 1e7).astype(np.int32),
            "speed": np.full(count, 1200, np.uint16),
            "heading": (np.degrees(self._angle) * 100).astype(np.uint16),
            "age": np.full(count, 100, np.uint16),
            "class": self._kind,
            "flags": np.zeros(count, np.uint8),
            "length": np.full(count, 46, np.uint8),
            "width": np.full(count, 18, np.uint8),
        }
        return encode_frame(FrameKind.MOVERS, tick, now, columns)


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
            f"{found['received'] / pictures / 1000:.0f} kB a picture, first picture {found['firstPicture']:.0f} ms, "
            f"status {found['status']}\n"
        )
    slots = count * SPARE
    assert found["pictures"] >= 2
    # every picture's moves once; with a key or with newcomers its fixed columns, and the beginning of the glide
    rest = (found["keys"] + found["entries"] + 2) * (slots * (15 + 6) + HEADERS)
    assert found["bytes"] <= (pictures + 2) * (slots * BYTES_A_SLOT + HEADERS) + rest
