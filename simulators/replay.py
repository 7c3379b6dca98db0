"""Play a recording back to a broker, at its own pace or faster.

Times inside the messages (`timestamp`, `secMark`, `moy`, `timeStamp`) are moved to now, so that a live platform takes
them; `--as-recorded` sends every byte as it was. Messages of the platform itself (V2X/CLOUD/...) are left out unless
asked for. Binary payloads are never changed.

    python -m simulators.replay FILE --broker URL [--speed X] [--as-recorded] [--with-cloud]
"""

import argparse
import signal
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import orjson
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from ingest.streams import STREAMS
from simulators.errors import SimulatorsError
from simulators.fleet_client import Broker
from simulators.fleet_units import minute_of_year
from simulators.recording import Recorded, read_recording

CLOUD = "V2X/CLOUD/"
_PATIENCE = 10.0
"""For the last events to be acknowledged, s."""


def quality_of(topic: str) -> int:
    """QoS with which devices publish on a topic, 0 where it is not in the table of streams."""
    for stream in STREAMS:
        if paho.topic_matches_sub(stream.subscription, topic):
            return stream.qos
    return 0


def moved(payload: bytes, shift: float) -> bytes:
    """The same JSON message, `shift` seconds later; what is no JSON object stays as it is."""
    try:
        message = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return payload
    if not isinstance(message, dict):
        return payload
    _move(message, shift)
    for name in ("participants", "intersections"):
        parts = message.get(name)
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, dict):
                _move(part, shift, message.get("timestamp"))
    return orjson.dumps(message)


def _move(part: dict[str, object], shift: float, published: object = None) -> None:
    """Move the time fields of one level; `moy` needs the publication time to be right over New Year."""
    stamp = part.get("timestamp", published)
    if isinstance(part.get("timestamp"), int | float) and isinstance(stamp, int | float):
        stamp = part["timestamp"] = round(stamp + shift * 1e3)
    mark = part.get("secMark")
    if isinstance(mark, int) and mark < 60_000:
        part["secMark"] = round(mark + shift * 1e3) % 60_000
    mark, minute = part.get("timeStamp"), part.get("moy")
    if isinstance(minute, int) and isinstance(mark, int) and mark < 60_000:
        total = minute * 60_000 + round(mark + shift * 1e3)
        part["moy"], part["timeStamp"] = total // 60_000, total % 60_000
    elif isinstance(mark, int) and isinstance(stamp, int | float):
        part["timeStamp"] = minute_of_year(stamp / 1e3)


def replay(messages: Iterable[Recorded], client: paho.Client, stop: threading.Event, speed: float, keep: bool) -> int:
    """Publish messages in their order and pace until `stop`; returns how many."""
    count, first, begun = 0, None, time.time()
    last: paho.MQTTMessageInfo | None = None
    for message in messages:
        first = message.time if first is None else first
        due = begun + (message.time - first) / speed
        if stop.wait(max(due - time.time(), 0.0)):
            break
        payload = message.payload if keep else moved(message.payload, due - message.time)
        info = client.publish(message.topic, payload, quality_of(message.topic))
        last = info if quality_of(message.topic) else last
        count += 1
    if last is not None:
        last.wait_for_publish(_PATIENCE)
    return count


def main(arguments: list[str] | None = None) -> int:
    """Replay a file and print how many messages it had."""
    parser = argparse.ArgumentParser(prog="simulators.replay", description="Play a recording back to a broker.")
    parser.add_argument("file", type=Path, help="recording")
    parser.add_argument("--broker", required=True, help="mqtt://user:password@host:port")
    parser.add_argument("--speed", type=float, default=1.0, help="times the pace of the recording (default 1)")
    parser.add_argument("--as-recorded", action="store_true", help="leave the times inside the messages alone")
    parser.add_argument("--with-cloud", action="store_true", help="also what the platform itself had published")
    options = parser.parse_args(arguments)
    if not options.speed > 0:
        parser.error("--speed must be above 0")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        count = _play(options, stop)
    except (OSError, ValueError, SimulatorsError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write(f'{{"messages": {count}}}\n')
    return 0


def _play(options: argparse.Namespace, stop: threading.Event) -> int:
    broker = Broker.from_url(options.broker)
    recorded = read_recording(options.file)
    messages = recorded if options.with_cloud else (each for each in recorded if not each.topic.startswith(CLOUD))
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
    if broker.username is not None:
        client.username_pw_set(broker.username, broker.password)
    client.connect(broker.host, broker.port)
    client.loop_start()
    try:
        return replay(messages, client, stop, options.speed, options.as_recorded)
    finally:
        client.disconnect()
        client.loop_stop()


if __name__ == "__main__":
    raise SystemExit(main())
