"""A whole platform for tests of devices: broker, engine, gateway and database, and a roadside unit that speaks MQTT."""

import contextlib
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import httpx
from conftest import MosquittoBroker, free_port
from engine_messages import NETWORK
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from maps.base_map import write_base_map
from maps.network_file import save_network

PATIENCE = 120.0
Answer = dict[str, Any]


def rsm(unit: str, count: int, now: float) -> Answer:
    """One car on the road from A to B that the unit sees, at 10 m/s."""
    lon, lat = NETWORK.plane.inverse(200.0 + 10.0 * (now % 20.0), 0.0)
    place = {"lat": round(float(lat) * 1e7), "lon": round(float(lon) * 1e7)}
    here_lon, here_lat = NETWORK.plane.inverse(300.0, 20.0)
    return {
        "msgCnt": count % 128,
        "id": unit,
        "timestamp": round(now * 1000),
        "refPos": {"lat": round(float(here_lat) * 1e7), "long": round(float(here_lon) * 1e7), "elevation": 0},
        "participants": [
            {
                "ptcType": "motor",
                "ptcId": 7,
                "source": "integrated",
                "secMark": round(now * 1000) % 60_000,
                "pos": {"offsetLL": {"position-LatLon": place}},
                "posConfidence": {"pos": "a50cm"},
                "speed": 500,
                "heading": 7200,
                "size": {"width": 180, "length": 480, "height": 30},
            }
        ],
    }


class Unit:
    """A roadside unit: registers, beats, reports a car, and answers orders as long as `answers` says so."""

    def __init__(self, port: int, esn: str, info: Answer | None = None) -> None:
        self.esn, self.info = esn, info or {}
        self.answers = True
        self.orders: list[tuple[str, Answer]] = []
        self._client = Client(CallbackAPIVersion.VERSION2, f"unit-{esn}", clean_session=True)
        self._client.on_connect = lambda client, *_: client.subscribe(f"V2X/RSU/{esn}/+/DOWN", 1)
        self._client.on_message = self._obey
        self._client.connect("127.0.0.1", port)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=esn)

    def __enter__(self) -> Self:
        self._client.loop_start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    def say(self, topic: str, message: Answer, qos: int = 1) -> None:
        """Publish one message."""
        self._client.publish(topic, json.dumps(message), qos)

    def _obey(self, _: Client, __: object, message: MQTTMessage) -> None:
        order = json.loads(message.payload)
        self.orders.append((message.topic, order))
        if self.answers:
            self.say(f"{message.topic}/ACK", {"seqNum": order["seqNum"], "errorCode": 0})

    def _run(self) -> None:
        count = 0
        while not self._ended.is_set():
            now = time.time()
            if count % 10 == 0:
                self.say("V2X/RSU/INFO/UP", {"rsuEsn": self.esn, "rsuName": "测试", "version": "v1", **self.info})
                self.say("V2X/RSU/HB/UP", {"rsuEsn": self.esn, "seqNum": str(count), "timestamp": round(now * 1000)})
            self.say(f"V2X/RSU/{self.esn}/RSM/UP", rsm(self.esn, count, now), 0)
            count += 1
            self._ended.wait(0.1)


class Platform:
    """Engine and gateway as processes, and questions to the gateway."""

    def __init__(self, folder: Path, broker: MosquittoBroker, database: str, admission: str = "approval") -> None:
        self.folder, self.broker = folder, broker
        self._config = folder / "platform.json"
        port = free_port()
        save_network(NETWORK, folder / "city.v2xmap")
        write_base_map(NETWORK, folder / "base.pmtiles")
        self._config.write_text(
            json.dumps(
                {
                    "data_dir": str(folder / "var"),
                    "map": {"file": "city.v2xmap", "tiles": "base.pmtiles"},
                    "broker": {"url": broker.url},
                    "database": {"url": database},
                    "gateway": {"port": port},
                    "access": {"mode": "open"},
                    "devices": {"admission": admission},
                }
            )
        )
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=15, trust_env=False)
        self._processes = ExitStack()
        self.engine: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._processes.enter_context(self._process("gateway"))
        self.start_engine()
        self.wait(lambda: self.http.get("/healthz").status_code == 200)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_engine()
        self.http.close()
        self._processes.close()

    def start_engine(self) -> None:
        """Start the engine, once it was stopped."""
        log = (self.folder / "engine.log").open("ab")
        with log:
            self.engine = subprocess.Popen(self._command("engine"), stderr=log)

    def stop_engine(self) -> None:
        """End the engine."""
        if self.engine is not None:
            self.engine.send_signal(signal.SIGKILL)
            self.engine.wait()
            self.engine = None

    def get(self, path: str, **query: str) -> Answer:
        """Ask; give the JSON of a good answer."""
        answer = self.http.get(f"/api/v1{path}", params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def post(self, path: str, content: object = None, status: int = 200) -> Answer:
        """Post; give the JSON of an answer of this status."""
        answer = self.http.post(f"/api/v1{path}", json=content)
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    def wait(self, happened: Callable[[], object], patience: float = PATIENCE) -> None:
        """Wait until something happened; a gateway that does not answer yet is waited for."""
        until = time.monotonic() + patience
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if happened():
                    return
            assert time.monotonic() < until, f"did not happen within {patience} s"
            time.sleep(0.2)

    def _command(self, name: str) -> list[str]:
        return [sys.executable, "-m", f"cloudctl.{name}", "--config", str(self._config)]

    @contextmanager
    def _process(self, name: str) -> Iterator[None]:
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(self._command(name), stderr=log)
            try:
                yield
            finally:
                process.terminate()
                process.wait(20)
