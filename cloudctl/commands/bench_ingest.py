"""`cloudctl bench ingest`: JSON messages checked a second, and messages from Mosquitto into columns on one core."""

import asyncio
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cloudctl.commands.bench_output import show, write
from cloudctl.errors import CloudctlError

if TYPE_CHECKING:
    from ingest.pipeline import Pipeline
    from ingest.telemetry_receiver import TelemetryReceiver

RATES = (5_000, 10_000, 15_000, 20_000, 25_000, 30_000)
"""Messages a second that are tried, until one is not kept up with."""
SECONDS = 3.0
VEHICLES = 2_000
GOALS = {"rsm20_us": 12.0, "messages_per_cpu_s": 15_000}
ROUNDS, ROUND_CALLS = 40, 500
"""Of decoding alone; the best round counts, since the others measure what else the machine does."""
CYCLE = 0.1
_NOON = 1_763_812_800.0
_PATIENCE = 10.0
_BURST = 0.005


class NoMosquittoForIngestError(CloudctlError):
    """Mosquitto is not installed; another broker would be measured."""

    def __init__(self) -> None:
        super().__init__("ingest is measured with Mosquitto, which is not installed")


def bench_ingest(out: Path | None = None, seconds: float = SECONDS) -> dict[str, object]:
    """Measure decoding alone, then the way from the broker to the ObservationBatch."""
    decoding = _decoding()
    columns = ("message", "us", "per_s")
    show("JSON decode and check, one core", columns, [[row[name] for name in columns] for row in decoding])
    with _broker() as url:
        steps = list(_steps(url, seconds))
    names = ("sent_per_s", "sent", "received", "rows", "seconds", "cpu_s", "us_per_message", "messages_per_cpu_s")
    title = "Mosquitto to ObservationBatch, BSM; cpu_s is processor time of the receiving process alone"
    show(title, names, [[step[name] for name in names] for step in steps])
    figures: dict[str, object] = {"decode": decoding, "broker_to_batch": steps, "goals": GOALS}
    write(figures, out)
    return figures


def _decoding() -> list[dict[str, object]]:
    from ingest.benchmark_messages import bsm, rsm, spat
    from ingest.messages.bsm import BasicSafetyMessage
    from ingest.messages.decoding import decoder
    from ingest.messages.rsm import RoadsideSafetyMessage
    from ingest.messages.spat import Spat

    read = decoder(RoadsideSafetyMessage).decode
    import orjson

    first, rest = _json(rsm(_NOON)), _json(rsm(_NOON, 4, 17))
    one, lights = _json(bsm(_NOON, path_points=0)), _json(spat(_NOON))
    calls: dict[str, Callable[[], object]] = {
        "RSM of 20 objects (16 + 4)": lambda: (read(first), read(rest)),
        "the same by orjson, unchecked": lambda: (orjson.loads(first), orjson.loads(rest)),
        "RSM of 16 objects": lambda: read(first),
        "BSM": lambda: decoder(BasicSafetyMessage).decode(one),
        "SPAT, 8 phases x 3 states": lambda: decoder(Spat).decode(lights),
    }
    return [{"message": name, **_timed(call)} for name, call in calls.items()]


def _timed(call: Callable[[], object]) -> dict[str, float]:
    best = min(_round(call) for _ in range(ROUNDS))
    return {"us": round(best * 1e6, 2), "per_s": round(1 / best)}


def _round(call: Callable[[], object]) -> float:
    start = time.process_time()
    for _ in range(ROUND_CALLS):
        call()
    return (time.process_time() - start) / ROUND_CALLS


def _json(message: object) -> bytes:
    import orjson

    return orjson.dumps(message)


@contextmanager
def _broker() -> Iterator[str]:
    from cloudctl.embedded_broker import find_mosquitto, free_port, prepare_broker

    if find_mosquitto() is None:
        raise NoMosquittoForIngestError
    with tempfile.TemporaryDirectory() as folder:
        broker = prepare_broker(Path(folder) / "broker", free_port(1893))
        with subprocess.Popen(broker.process.argv, stderr=subprocess.DEVNULL) as process:
            try:
                yield broker.url
            finally:
                process.terminate()


def _steps(url: str, seconds: float) -> Iterator[dict[str, object]]:
    asyncio.run(_watch(url, 500, 0.5))  # what is done once only, such as compiling, is not to be measured
    for rate in RATES:
        step = asyncio.run(_watch(url, rate, seconds))
        yield step
        if step["received"] != step["sent"]:
            return


async def _watch(url: str, rate: int, seconds: float) -> dict[str, object]:
    """Take what a process of its own sends at a rate; time counts from the first message to the last."""
    from ingest.telemetry_receiver import TelemetryReceiver

    pipeline, sent = _pipeline(), round(rate * seconds)
    argv = [sys.executable, "-m", "cloudctl.commands.bench_ingest", url, str(rate), str(seconds)]
    client = f"bench-{rate}"
    async with TelemetryReceiver(url, client_id=client, capacity=100_000, clock=lambda: _NOON) as receiver:
        await _until(lambda: receiver.connected)
        sender = await asyncio.create_subprocess_exec(*argv)
        await receiver.wait()
        begun, before, rows = time.perf_counter(), time.process_time(), 0
        spent = seconds_taken = 0.0
        while sender.returncode is None or len(receiver):
            taken = _cycle(receiver, pipeline)
            if taken:
                rows += taken
                spent, seconds_taken = time.process_time() - before, time.perf_counter() - begun
            await asyncio.sleep(CYCLE)
        received = receiver.received
    return {
        "sent_per_s": rate,
        "sent": sent,
        "received": received,
        "rows": rows,
        "seconds": round(seconds_taken, 2),
        "cpu_s": round(spent, 3),
        "us_per_message": round(spent / received * 1e6, 2),
        "messages_per_cpu_s": round(received / spent),
    }


def _cycle(receiver: "TelemetryReceiver", pipeline: "Pipeline") -> int:
    for message in receiver.take():
        pipeline.accept(message.topic, message.payload, message.received)
    return len(pipeline.take_observations(_NOON))


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE):
        while not condition():  # noqa: ASYNC110  # the receiver does not signal it
            await asyncio.sleep(0.01)


def _pipeline() -> "Pipeline":
    from ingest.device_registry import DeviceRegistry
    from ingest.pipeline import Pipeline
    from ingest.plausibility import BoxE7
    from maps.geodesy import LocalPlane

    return Pipeline(LocalPlane(112.93, 28.2), BoxE7.of_degrees(112.7, 28.0, 113.2, 28.5), DeviceRegistry())


def send(url: str, rate: int, seconds: float) -> None:
    """Publish BSMs of many vehicles at a rate, packets made beforehand."""
    from ingest.broker_url import parse_broker_url
    from ingest.mqtt_packets import DISCONNECT, connect_packet

    address = parse_broker_url(url)
    count, total = 0, round(rate * seconds)
    packets = [_publish(number % VEHICLES, number // VEHICLES) for number in range(total)]
    with socket.create_connection((address.host, address.port)) as connection:
        connection.sendall(connect_packet(f"sender-{rate}", 60, address.user, address.password))
        connection.recv(4)
        start = time.perf_counter()
        while count < total:
            due = min(round((time.perf_counter() - start) * rate) + 1, total)
            connection.sendall(b"".join(packets[count:due]))
            count = due
            time.sleep(_BURST)
        connection.sendall(DISCONNECT)


def _publish(vehicle: int, step: int) -> bytes:
    from ingest.benchmark_messages import bsm

    topic = f"V2X/OBU/C{vehicle:07d}/BSM/UP".encode()
    body = len(topic).to_bytes(2, "big") + topic + _json(bsm(_NOON + step * 0.1, vehicle, path_points=0))
    length = bytes([len(body) & 0x7F | 0x80, len(body) >> 7])
    return b"\x30" + length + body


if __name__ == "__main__":
    send(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
