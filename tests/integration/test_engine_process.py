"""The engine as a process with a real broker: frames and advice come out, it survives the broker and ends cleanly."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import MosquittoBroker
from deploy_files import named_metrics, samples
from engine_messages import NETWORK, bsm, spat
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from cloudctl.publish.frames import Frame, decode_frame
from maps.network_file import save_network

PATIENCE = 150.0


class Outside:
    """A car and a unit that publish, and ears for all that the platform says."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._client = Client(CallbackAPIVersion.VERSION2, "outside", clean_session=True)
        self._client.on_connect = lambda client, *_: client.subscribe(
            [("V2X/CLOUD/#", 0), ("V2X/OBU/+/ADVICE/DOWN", 0)]
        )
        self._client.on_message = self._hear
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._started = time.time()

    def _hear(self, _: Client, __: object, message: MQTTMessage) -> None:
        self.heard.append((message.topic, bytes(message.payload)))

    def payloads(self, topic: str) -> list[bytes]:
        return [payload for name, payload in self.heard if name == topic]

    def play_until(self, arrived: Callable[[], bool]) -> None:
        """Publish at 10 Hz, the car driving to and fro before the light, until it is as expected."""
        until = time.monotonic() + PATIENCE
        while not arrived():
            assert time.monotonic() < until, f"not arrived; heard {sorted({name for name, _ in self.heard})}"
            now = time.time()
            offset = 20.0 + 12.0 * ((now - self._started) % 20.0)
            self._client.publish("V2X/OBU/CAR00001/BSM/UP", json.dumps(bsm(offset, now)))
            self._client.publish("V2X/RSU/RSU00001/SPAT/UP", json.dumps(spat(now + 25.0, now)))
            time.sleep(0.1)

    def say_nonsense(self) -> None:
        """Publish what is no JSON."""
        self._client.publish("V2X/OBU/CAR00001/BSM/UP", b"{")

    def movers(self) -> list[Frame]:
        return [decode_frame(payload) for payload in self.payloads("V2X/CLOUD/LIVE/MOVERS")]

    def counter(self, name: str) -> float:
        """Newest value of a counter of the engine."""
        reports = self.payloads("V2X/CLOUD/HEALTH/engine")
        return float(json.loads(reports[-1])["counters"].get(name, 0.0)) if reports else 0.0

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def engine(tmp_path: Path, mosquitto_broker: MosquittoBroker) -> Iterator[subprocess.Popen[bytes]]:
    save_network(NETWORK, tmp_path / "city.v2xmap")
    config = tmp_path / "engine.toml"
    config.write_text(
        f'data_dir = "var"\n[map]\nfile = "city.v2xmap"\ntiles = "none"\n[broker]\nurl = "{mosquitto_broker.url}"\n'
        '[devices]\nadmission = "automatic"\n'
    )
    command = [sys.executable, "-m", "cloudctl.engine", "--config", str(config)]
    with (tmp_path / "engine.log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log)
        yield process
        process.kill()
        process.wait()


def test_frames_and_advice_come_out_the_broker_may_fail_and_the_end_is_clean(
    engine: subprocess.Popen[bytes], mosquitto_broker: MosquittoBroker, tmp_path: Path
) -> None:
    outside = Outside(mosquitto_broker.port)
    try:
        outside.play_until(lambda: any(len(frame) == 1 for frame in outside.movers()))
        outside.play_until(lambda: bool(outside.payloads("V2X/OBU/CAR00001/ADVICE/DOWN")))
        advice = json.loads(outside.payloads("V2X/OBU/CAR00001/ADVICE/DOWN")[0])
        assert advice["kind"] == "glosa"
        mosquitto_broker.stop()
        time.sleep(2.5)
        assert engine.poll() is None
        outside.heard.clear()
        mosquitto_broker.start()
        outside.play_until(lambda: any(len(frame) == 1 for frame in outside.movers()))
        outside.play_until(lambda: outside.counter("gap_seconds") > 2.0)
        assert outside.counter("advisories.glosa") >= 1
        assert outside.counter("reconnects.telemetry") == 1
        outside.say_nonsense()
        outside.play_until(lambda: outside.counter("messages_refused.not_json") > 0)
        exposed = json.loads(outside.payloads("V2X/CLOUD/HEALTH/engine")[-1])["metrics"]
        assert named_metrics("v2x_engine_") - samples(exposed) == set(), (
            "a dashboard or an alert names what is not there"
        )
        engine.send_signal(signal.SIGTERM)
        assert engine.wait(10) == 0
        last = json.loads(outside.payloads("V2X/CLOUD/HEALTH/engine")[-1])
        assert last["ready"] is False
    finally:
        outside.close()
    log = (tmp_path / "engine.log").read_text()
    assert "broker_gap" in log
    assert "Traceback" not in log


def test_a_missing_map_is_one_line_and_a_failure(tmp_path: Path) -> None:
    config = tmp_path / "engine.toml"
    config.write_text('[map]\nfile = "no.v2xmap"\ntiles = "none"\n[broker]\nurl = "mqtt://127.0.0.1:1"\n')
    command = [sys.executable, "-m", "cloudctl.engine", "--config", str(config)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert "no.v2xmap" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
