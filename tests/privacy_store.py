"""A spool, a gate and a database with vehicles on different lawful bases."""

import json
import time
from pathlib import Path

import numpy as np
import psycopg
from privacy_register import AGREED, BUS, LIVE_ONLY
from store_frames import TRAJECTORY, spool_event

from cloudctl.privacy.gate import StoreGate
from cloudctl.privacy.keys import KeyRing
from cloudctl.privacy.places import sweep
from cloudctl.privacy.pseudonyms import pseudonym
from cloudctl.publish.frames import FrameKind, decode_frame, encode_frame
from cloudctl.store.spool import Spool, SpoolClass
from cloudctl.store.writer import Writer

NOW = time.time()
STANDINGS = {"BUS00001": BUS, "CAR00001": AGREED, "CAR00002": LIVE_ONLY}


class Store:
    """A spool, a gate and a database with a bus, a car that agreed to storage, one that did not, and unknown ones."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.keys = KeyRing(folder / "keys")
        self.spool = Spool(folder / "spool", 1 << 26, min_free_bytes=0)
        self.gate = StoreGate(self.keys, time.time)
        self._writer = Writer(url, self.spool, "map", gate=self.gate)

    def event(self, topic: str, payload: object) -> None:
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        spool_event(self.spool, topic, data, NOW)

    def frame(self, tick: int, owner: list[int], *, session: int = 7) -> None:
        count = len(owner)
        whole = np.arange(count)
        columns = {
            "id": (whole + 1).astype(np.uint32),
            "time": np.full(count, NOW + tick / 10),
            "lon": (1_129_300_000 + whole).astype(np.int32),
            "lat": (282_000_000 + whole).astype(np.int32),
            "speed": np.full(count, 900, np.uint16),
            "heading": np.full(count, 9000, np.uint16),
            "class": np.ones(count, np.uint8),
            "sigma": np.full(count, 50, np.uint16),
            "lane": whole.astype(np.int32),
            "dev": np.full(count, -1, np.int32),
            "owner": np.array(owner, np.int32),
        }
        data = encode_frame(FrameKind.TRAJECTORY, tick, NOW + tick / 10, columns, epoch=session)
        assert "owner" in decode_frame(data).columns
        self.spool.append(SpoolClass.TELEMETRY, NOW + tick / 10, TRAJECTORY, data)
        self.spool.sync()

    def drain(self) -> None:
        self._writer.drain()

    @property
    def counters(self) -> dict[str, int]:
        return self._writer.status.counters

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode()).fetchall()

    def called(self, subject: str) -> str:
        return pseudonym(self.keys, subject, NOW)

    def found(self, *names: str) -> set[str]:
        """Tables that hold one of the names, the private ones left out."""
        with psycopg.connect(self.url) as connection:
            held = sweep(connection, names, register=True)
        return {table for table, rows in held.items() if rows and not table.startswith("v2x_private.")}
