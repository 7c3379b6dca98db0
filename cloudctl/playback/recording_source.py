"""A period out of a recording of `cloudctl record`: what the platform published for its archive, read as that does.

The file is read once to note where each message lies; a piece of time is then read from there. A gzip file is
unpacked beside the temporary files first, for it cannot be read from the middle.
"""

import asyncio
import gzip
import shutil
import tempfile
from bisect import bisect_left
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec
import numpy as np

from cloudctl.advice.advisory import Advisory
from cloudctl.playback.errors import RecordingError
from cloudctl.playback.footage import (
    ADVICE_SECONDS,
    LIGHT_SECONDS,
    SEEN_SECONDS,
    STATE_SECONDS,
    Footage,
    Lights,
    LinkStates,
)
from cloudctl.publish.errors import FrameError
from cloudctl.publish.frames import Frame, decode_frame
from cloudctl.store.copy_reading import Stretches
from cloudctl.store.event_rows import IncidentMessage, decode_advisory, decode_incident
from cloudctl.store.reader import StoredIncident
from cloudctl.store.state_rows import LINK_FRAME_COLUMNS, UNKNOWN
from cloudctl.store.trajectory_rows import points_of
from ingest.streams import BY_NAME

TRAJECTORY, LINKS, LIGHTS = (BY_NAME[name].topic for name in ("trajectory", "link_state", "signal_state"))
INCIDENT, ADVISORY = BY_NAME["incident"].topic, BY_NAME["advisory"].topic
LATE_SECONDS = 15.0
"""A message may be recorded this long after the time of its content."""


class _Line(msgspec.Struct, frozen=True):
    t: float
    topic: str
    payload: msgspec.Raw = msgspec.Raw()
    hex: str | None = None

    def content(self) -> bytes:
        return bytes(self.payload) if self.hex is None else bytes.fromhex(self.hex)


_decode_line = msgspec.json.Decoder(_Line).decode


@dataclass
class _Index:
    """Where messages of one topic lie: time of reception and offset, in the order of the file."""

    times: list[float] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)


class RecordingSource:
    """A context manager that holds the file open; methods raise RecordingError where it cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._topics = {topic: _Index() for topic in (TRAJECTORY, LINKS, LIGHTS)}
        self._incidents: dict[str, IncidentMessage] = {}
        self._advisories: dict[str, Advisory] = {}
        self.start, self.end = float("inf"), float("-inf")
        """First and last time of reception, UTC epoch s."""

    def __enter__(self) -> Self:
        try:
            self._file = _open(self._path)
            self._read_index()
        except (OSError, EOFError) as error:
            self.close()
            raise RecordingError(self._path, 0, str(error)) from error
        except RecordingError:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    async def fetch(self, start: float, end: float) -> Footage:
        """Everything of a stretch of time."""
        return await asyncio.to_thread(self._fetch, start, end)

    def _fetch(self, start: float, end: float) -> Footage:
        frames = self._frames(TRAJECTORY, start - SEEN_SECONDS, end)
        lights = self._frames(LIGHTS, start - LIGHT_SECONDS, end)
        links = [f for f in self._frames(LINKS, start - STATE_SECONDS, end) if f.time > start - STATE_SECONDS]
        incidents = (_stored(each) for each in self._incidents.values())
        return Footage(
            start,
            end,
            _stretches(frames),
            _lights(_changes(lights)),
            _link_states(links),
            tuple(
                sorted(
                    (i for i in incidents if i.started < end and (i.ended is None or i.ended >= start)),
                    key=lambda incident: -incident.started,
                )
            ),
            tuple(
                sorted(
                    (a for a in self._advisories.values() if start - ADVICE_SECONDS < a.created < end),
                    key=lambda advisory: (advisory.created, advisory.id),
                )
            ),
        )

    def _read_index(self) -> None:
        offset = 0
        for number, line in enumerate(self._stream(), 1):
            if b'"topic":"V2X/CLOUD/' in line:
                self._note(number, offset, line)
            offset += len(line)

    def _note(self, number: int, offset: int, line: bytes) -> None:
        try:
            message = _decode_line(line)
            if message.topic == INCIDENT:
                incident = decode_incident(message.content())
                known = self._incidents.get(incident.incident_id)
                if known is None or known.updated <= incident.updated:
                    self._incidents[incident.incident_id] = incident
            elif message.topic == ADVISORY:
                advisory = decode_advisory(message.content())
                self._advisories.setdefault(advisory.id, advisory)
        except (msgspec.MsgspecError, ValueError) as error:
            raise RecordingError(self._path, number, str(error)) from error
        index = self._topics.get(message.topic)
        if index is not None:
            index.times.append(message.t)
            index.offsets.append(offset)
            self.start, self.end = min(self.start, message.t), max(self.end, message.t)

    def _frames(self, topic: str, start: float, end: float) -> list[Frame]:
        """Frames with their time in `start <= t < end`, by time."""
        index, found = self._topics[topic], []
        first, beyond = bisect_left(index.times, start - 1), bisect_left(index.times, end + LATE_SECONDS)
        stream = self._stream()
        for offset in index.offsets[first:beyond]:
            stream.seek(offset)
            try:
                frame = decode_frame(_decode_line(stream.readline()).content())
            except (FrameError, msgspec.MsgspecError, ValueError):
                continue  # the archive does not take it either
            if start <= frame.time < end:
                found.append(frame)
        return sorted(found, key=lambda frame: frame.time)

    def _stream(self) -> BinaryIO:
        if self._file is None:
            raise RecordingError(self._path, 0, "is not open")
        return self._file


def _open(path: Path) -> BinaryIO:
    if path.suffix != ".gz":
        return path.open("rb")
    unpacked = tempfile.TemporaryFile(prefix="v2x-recording-")  # noqa: SIM115  # closed by the source
    with gzip.open(path, "rb") as packed:
        shutil.copyfileobj(packed, unpacked)
    unpacked.seek(0)
    return unpacked


def _stretches(frames: list[Frame]) -> Stretches:
    """Points with the precision that the store keeps, by road user."""
    if not frames:
        none = np.empty(0, np.int64)
        small, large = none.astype(np.int16), none.astype(np.int32)
        return Stretches(np.zeros(1, np.int64), none, none, none, none, large, large, small, small)
    points = points_of(frames)
    order = np.lexsort((points.time, points.kind, points.track, points.session))
    session, track, kind = (column[order].astype(np.int64) for column in (points.session, points.track, points.kind))
    changes = (np.diff(session) != 0) | (np.diff(track) != 0) | (np.diff(kind) != 0)
    first = np.flatnonzero(np.concatenate([np.ones(min(len(order), 1), bool), changes]))
    return Stretches(
        begin=np.append(first, len(order)),
        session=session[first],
        track_id=track[first],
        kind=kind[first],
        time=np.rint(points.time[order] * 1e3).astype(np.int64),
        lon=points.lon[order],
        lat=points.lat[order],
        speed=points.speed[order],
        heading=points.heading[order],
    )


def _changes(frames: list[Frame]) -> list[tuple[float, int, int, int]]:
    last: dict[int, int] = {}
    changes = []
    for frame in frames:
        columns = (frame.column(name).tolist() for name in ("group", "state", "conf"))
        for group, state, confidence in zip(*columns, strict=True):
            if last.get(group) != state:
                last[group] = state
                changes.append((frame.time, group, state, confidence))
    return changes


def _lights(changes: list[tuple[float, int, int, int]]) -> Lights:
    table = np.array(changes, np.float64).reshape(-1, 4)
    t, *numbers = table[np.argsort(table[:, 0], kind="stable")].T
    return Lights(t, *(column.astype(np.int64) for column in numbers))


def _link_states(frames: list[Frame]) -> LinkStates:
    parts = {
        name: np.concatenate([np.empty(0, np.int64), *(frame.column(name).astype(np.int64) for frame in frames)])
        for name in LINK_FRAME_COLUMNS
    }
    t = np.repeat(np.array([frame.time for frame in frames], np.float64), [len(frame) for frame in frames])
    known = {name: np.where(parts[name] == UNKNOWN, -1, parts[name]) for name in ("speed", "queue", "flow")}
    return LinkStates(t, parts["link"], parts["level"], parts["conf"], known["speed"], known["queue"], known["flow"])


def _stored(incident: IncidentMessage) -> StoredIncident:
    return StoredIncident(*(getattr(incident, name) for name in StoredIncident._fields))
