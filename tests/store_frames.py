"""Frames and messages for tests of the store."""

import json

import numpy as np
from numpy.typing import NDArray

from cloudctl.publish.frames import FrameKind, encode_frame
from cloudctl.store.spool import Spool, SpoolClass
from ingest.streams import BY_NAME

NOON = 1_790_000_000.0
"""A round number of ten seconds, 2026-09-21."""
TRAJECTORY = BY_NAME["trajectory"].topic
LINKS = BY_NAME["link_state"].topic
SIGNALS = BY_NAME["signal_state"].topic


def trajectory_frame(tick: int, time: float, tracks: int = 20, *, session: int = 7, seed: int = 0) -> bytes:
    """One frame with a point of every track; the values follow from tick and seed."""
    rng = np.random.default_rng((seed, tick))
    return encode_frame(
        FrameKind.TRAJECTORY,
        tick,
        time,
        {
            "id": np.arange(1, tracks + 1, dtype=np.uint32),
            "time": np.full(tracks, time),
            "lon": (1_129_300_000 + rng.integers(-200_000, 200_000, tracks)).astype(np.int32),
            "lat": (282_000_000 + rng.integers(-200_000, 200_000, tracks)).astype(np.int32),
            "speed": rng.integers(0, 3000, tracks).astype(np.uint16),
            "heading": rng.integers(0, 36000, tracks).astype(np.uint16),
            "class": (np.arange(tracks) % 9).astype(np.uint8),
            "sigma": rng.integers(10, 300, tracks).astype(np.uint16),
            "lane": (np.arange(tracks) + (np.arange(tracks) % 3 == 0) * (tick // 20)).astype(np.int32),
            "dev": np.where(np.arange(tracks) % 2, 3, tick % 4).astype(np.int32),
        },
        epoch=session,
    )


def links_frame(tick: int, time: float) -> bytes:
    """State of three links; the flow of the last is not known."""
    return encode_frame(
        FrameKind.LINK_ARCHIVE,
        tick,
        time,
        {
            "link": np.array([4, 5, 6], np.uint32),
            "level": np.array([1, 3, 5], np.uint8),
            "conf": np.array([100, 80, 20], np.uint8),
            "speed": np.array([1400, 700, 120], np.uint16),
            "queue": np.array([0, 30, 220], np.uint16),
            "flow": np.array([900, 600, 65535], np.uint16),
        },
        epoch=7,
    )


def signals_frame(tick: int, time: float, states: list[int]) -> bytes:
    """State of as many signal groups."""
    count = len(states)
    columns: dict[str, NDArray[np.number]] = {
        "group": np.arange(count, dtype=np.uint32),
        "state": np.array(states, np.uint8),
        "conf": np.full(count, 90, np.uint8),
    }
    return encode_frame(FrameKind.SIGNALS, tick, time, columns, epoch=7)


def request(device: str, number: int, time: float) -> tuple[str, bytes]:
    """A vehicle's request: topic and payload."""
    payload = {"id": device, "msgCnt": number % 128, "number": number, "timestamp": round(time * 1e3)}
    return f"V2X/OBU/{device}/VIR/UP", json.dumps(payload).encode()


def spool_frames(spool: Spool, count: int, *, tracks: int = 20, first: int = 0, session: int = 7) -> None:
    """Spool consecutive trajectory frames at 5 Hz, two ticks apart."""
    for index in range(first, first + count):
        time = NOON + index * 0.2
        frame = trajectory_frame(index * 2, time, tracks, session=session)
        spool.append(SpoolClass.TELEMETRY, time + 0.05, TRAJECTORY, frame)
    spool.sync()


def spool_event(spool: Spool, topic: str, payload: bytes, received: float = NOON) -> None:
    """Spool one event."""
    spool.append(SpoolClass.EVENT, received, topic, payload)
    spool.sync()
