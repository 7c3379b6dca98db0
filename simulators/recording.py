"""Record what passes through a broker: one JSON object a line, gzip where the name ends in .gz.

    {"t": 1732262400.123, "topic": "V2X/RSU/RSU00001/RSM/UP", "payload": {...}}
    {"t": 1732262400.125, "topic": "V2X/CLOUD/TRAJECTORY", "hex": "56325846..."}

`t` is the UTC epoch of reception (s). A payload that is no JSON stands as hex.

    python -m simulators.recording --broker URL --out FILE [--topics FILTER ...] [--seconds N]
"""

import argparse
import gzip
import io
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import msgspec
import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from simulators.errors import RecordingError, SimulatorsError
from simulators.fleet_client import Broker

EVERYTHING = ("#",)
"""Topic filters of a recording that names none: V2X/... and the binary gateway's V2X.RSU.{MSG}.UP."""

_DRAIN = 5.0
"""For the broker to hand over what it still holds at the end, s."""


@dataclass(frozen=True)
class Recorded:
    """One message of a recording."""

    time: float
    topic: str
    payload: bytes


class _Line(msgspec.Struct, frozen=True):
    t: float
    topic: str
    payload: msgspec.Raw = msgspec.Raw()
    hex: str | None = None


def line_of(message: Recorded) -> bytes:
    """One line of a recording, with its line feed."""
    head = b'{"t":%.6f,"topic":%b,' % (message.time, orjson.dumps(message.topic))
    try:
        orjson.loads(message.payload)
    except orjson.JSONDecodeError:
        return b'%b"hex":"%b"}\n' % (head, message.payload.hex().encode())
    return b'%b"payload":%b}\n' % (head, message.payload.replace(b"\r", b" ").replace(b"\n", b" "))


def read_recording(path: Path) -> Iterator[Recorded]:
    """Messages of a recording in its order.

    Raises:
        RecordingError: the file or one of its lines cannot be read; it names the line.
    """
    number = 0
    try:
        with _open(path, "rb") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield _message(path, number, line)
    except (OSError, EOFError) as error:
        raise RecordingError(path, number, str(error)) from error


def _message(path: Path, number: int, line: bytes) -> Recorded:
    try:
        read = msgspec.json.decode(line, type=_Line)
        payload = bytes(read.payload) if read.hex is None else bytes.fromhex(read.hex)
    except (msgspec.MsgspecError, ValueError) as error:
        raise RecordingError(path, number, f"not a recorded message: {error}") from error
    return Recorded(read.t, read.topic, payload)


def _open(path: Path, mode: str) -> BinaryIO:
    if path.suffix == ".gz":
        return cast("BinaryIO", gzip.open(path, mode, compresslevel=1))
    return cast("BinaryIO", path.open(mode))


class Recorder:
    """Writes messages to a file as they come, from one thread."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._file = io.BufferedWriter(cast("io.RawIOBase", _open(path, "wb")), 1 << 20)
        self._clock = clock
        self.count = 0

    def take(self, topic: str, payload: bytes) -> None:
        """Write one message."""
        self._file.write(line_of(Recorded(self._clock(), topic, payload)))
        self.count += 1

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


class _Session:
    """A connection that feeds a recorder; it comes back by itself, and ends the recording where that is no use."""

    def __init__(self, broker: Broker, topics: Sequence[str], stop: threading.Event) -> None:
        self._topics, self._stop = list(topics), stop
        self._drained = threading.Event()
        self.failure: OSError | None = None
        self.recorder: Recorder | None = None
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
        if broker.username is not None:
            self._client.username_pw_set(broker.username, broker.password)
        self._client.on_connect = self._connected
        self._client.on_subscribe = self._subscribed
        self._client.on_unsubscribe = lambda *_: self._drained.set()
        self._client.on_message = self._take
        self._client.subscribe([(topic, 1) for topic in topics])  # not connected yet: only checks the filters
        self._client.connect(broker.host, broker.port)

    def run(self, recorder: Recorder, seconds: float | None) -> None:
        """Record until told to stop, then take what the broker had received by then."""
        self.recorder = recorder
        self._client.loop_start()
        self._stop.wait(seconds)
        if self._client.is_connected() and self.failure is None:
            self._client.unsubscribe(self._topics)
            self._drained.wait(_DRAIN)
        self._client.disconnect()
        self._client.loop_stop()

    def _fail(self, error: OSError) -> None:
        self.failure = error
        self._stop.set()

    def _connected(
        self,
        client: paho.Client,
        _data: object,
        _flags: paho.ConnectFlags,
        reason: ReasonCode,
        _more: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._fail(ConnectionRefusedError(f"the broker refused the connection: {reason}"))
        else:
            client.subscribe([(topic, 1) for topic in self._topics])

    def _subscribed(
        self, _client: paho.Client, _data: object, _mid: int, reasons: list[ReasonCode], _more: Properties | None
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._fail(PermissionError(f"the broker refused the subscription to {' '.join(self._topics)}"))
        else:
            sys.stderr.write(f"recording {' '.join(self._topics)}\n")
            sys.stderr.flush()

    def _take(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        try:
            if self.recorder is not None:
                self.recorder.take(message.topic, bytes(message.payload))
        except OSError as error:
            self._fail(error)


def record(broker: Broker, path: Path, topics: Sequence[str], stop: threading.Event, seconds: float | None) -> int:
    """Record until `stop` or for so many seconds; returns the number of messages.

    Raises:
        ValueError: a topic filter is malformed.
        OSError: the broker cannot be reached at the start (later the connection comes back by itself) or refuses us,
            or the file cannot be written.
    """
    session = _Session(broker, topics, stop)
    recorder = Recorder(path)
    try:
        session.run(recorder, seconds)
    finally:
        recorder.close()
    if session.failure is not None:
        raise session.failure
    return recorder.count


def main(arguments: list[str] | None = None) -> int:
    """Record until SIGINT or SIGTERM and print how many messages there were."""
    parser = argparse.ArgumentParser(prog="simulators.recording", description="Record what passes through a broker.")
    parser.add_argument("--broker", required=True, help="mqtt://user:password@host:port")
    parser.add_argument("--out", type=Path, required=True, help="recording; gzip where the name ends in .gz")
    parser.add_argument("--topics", nargs="+", default=list(EVERYTHING), help="topic filters (default %(default)s)")
    parser.add_argument("--seconds", type=float, help="end after so many seconds")
    options = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        count = record(Broker.from_url(options.broker), options.out, options.topics, stop, options.seconds)
    except (OSError, ValueError, SimulatorsError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write(f'{{"messages": {count}}}\n')
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
