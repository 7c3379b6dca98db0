"""Many road users for the gateway to show, as the engine would publish them."""

import threading
import time

import gateway_samples as sample
import numpy as np
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from cloudctl.publish.frames import Column, FrameKind, encode_frame

CENTRE = (112.936, 28.204)
SIZE = 0.05
PERIOD_S = 0.2


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
