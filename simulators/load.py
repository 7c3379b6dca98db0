"""A load generator: many roadside units, each with a connection of its own, that report vehicles ten times a second.

Vehicles drive the lanes of a map; each is reported by the unit nearest to it, with the full RSM of the standard. The
units look and send at phases of their own, spread over the tick. Prints one JSON line when it starts to send and one
at the end:

    {"event": "started", "time": 1732262400.1}
    {"event": "ended", "messages": 100000, "objects": 1000000, "seconds": 20.0, "late_ms_p99": 1.2, "cpu_s": 5.1, ...}

    python -m simulators.load --broker URL --map FILE [--units 500] [--objects 20] [--hz 10] [--seconds 20]
"""

import argparse
import socket
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from ingest.mqtt_packets import DISCONNECT, connect_packet
from maps.errors import MapsError
from maps.network_file import open_network
from simulators.errors import SimulatorsError
from simulators.fleet_client import Broker
from simulators.load_traffic import SPEED, LoadTraffic, Site, Tick
from simulators.rsu_messages import PARTICIPANTS, registration

SLOT = 0.002
"""Units whose turn falls into the same slot send together, s."""
REACH = 110.0
"""How far a unit says it sees, m: half way to the next one, for each vehicle is reported by one unit alone."""
_PARTICIPANT = (
    b'{"ptcType":"motor","ptcId":%%d,"source":"integrated","secMark":%d,'
    b'"pos":{"offsetLL":{"position-LatLon":{"lon":%%d,"lat":%%d}}},"posConfidence":{"pos":"a50cm"},'
    b'"speed":%d,"heading":%%d,"size":{"width":180,"length":450,"height":30},"vehicleClass":{"classification":10}}'
)
_RSM = b'{"msgCnt":%d,"id":"%b","timestamp":%d,"refPos":{"lat":%d,"long":%d,"elevation":0},"participants":[%b]}'
_SPEED_RAW = round(SPEED / 0.02)


class NoConnectionError(SimulatorsError):
    """The broker does not take a unit's connection."""

    def __init__(self, broker: Broker, reason: str) -> None:
        super().__init__(f"broker {broker.host}:{broker.port}: {reason}")
        self.broker = broker


def publish_packet(topic: bytes, payload: bytes, packet_id: int | None = None) -> bytes:
    """PUBLISH (MQTT 3.1.1, 3.3) at QoS 0, or at QoS 1 with a packet id."""
    name = len(topic).to_bytes(2, "big") + topic
    head = name if packet_id is None else name + packet_id.to_bytes(2, "big")
    length, size = len(head) + len(payload), bytearray()
    while True:
        length, byte = length >> 7, length & 0x7F
        size.append(byte | (0x80 if length else 0))
        if not length:
            return bytes((0x30 if packet_id is None else 0x32,)) + bytes(size) + head + payload


class LoadUnit:
    """One roadside unit and its connection."""

    def __init__(self, broker: Broker, number: int, site: Site) -> None:
        self.esn = f"RSU{number:05d}"
        self._site = site
        self._topic = f"V2X/RSU/{self.esn}/RSM/UP".encode()
        self._count = 0
        self.messages = 0
        self.bytes = 0
        try:
            self._socket = socket.create_connection((broker.host, broker.port), 10.0)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._socket.sendall(connect_packet(f"load-{self.esn}", 0, broker.username, broker.password))
            if self._read(4)[3]:
                raise NoConnectionError(broker, "refused the connection")
            self._socket.sendall(publish_packet(b"V2X/RSU/INFO/UP", self._registration(number), packet_id=1))
            self._read(4)
        except OSError as error:
            raise NoConnectionError(broker, str(error)) from error

    def _registration(self, number: int) -> bytes:
        place = (self._site.lon, self._site.lat)
        now_ms = round(time.time() * 1e3)
        return registration(self.esn, number, self.esn, place, (0, number), reach=REACH, published_ms=now_ms)

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self._socket.recv(size - len(data))
            if not part:
                raise ConnectionResetError("the broker closed the connection")
            data += part
        return data

    def send(self, rows: Sequence[Sequence[int]], sampled: float) -> None:
        """Send what was seen at `sampled` (UTC epoch, s): name, longitude, latitude, heading of each vehicle."""
        parts = max(1, -(-len(rows) // PARTICIPANTS))
        size = -(-len(rows) // parts)
        template = _PARTICIPANT % (round(sampled * 1e3) % 60_000, _SPEED_RAW)
        packets = []
        for part in range(parts):
            chosen = rows[part * size : (part + 1) * size]
            participants = b",".join([template] * len(chosen)) % tuple(value for row in chosen for value in row)
            published = round(time.time() * 1e3)
            lat, lon = round(self._site.lat * 1e7), round(self._site.lon * 1e7)
            body = _RSM % (self._count, self.esn.encode(), published, lat, lon, participants)
            packets.append(publish_packet(self._topic, body))
            self._count = (self._count + 1) % 128
        data = b"".join(packets)
        self._socket.sendall(data)
        self.messages += parts
        self.bytes += len(data)

    def close(self) -> None:
        """Leave in order."""
        self._socket.sendall(DISCONNECT)
        self._socket.close()


@dataclass(frozen=True)
class Sent:
    """What a run sent."""

    messages: int
    objects: int
    bytes: int
    seconds: float
    late_ms_p99: float
    """How late slots began."""
    cpu_s: float


def run(units: Sequence[LoadUnit], ticks: Iterable[Tick], period: float, begin: float, slots: int) -> Sent:
    """Send ticks, unit k in slot k modulo `slots`, from `begin` (UTC epoch, s) on."""
    late, objects, cpu, number = [], 0, time.process_time(), 0
    members = [range(slot, len(units), slots) for slot in range(slots)]
    for number, tick in enumerate(ticks, 1):
        rows, bounds = tick.values.tolist(), tick.start.tolist()
        objects += len(rows)
        for slot in range(slots):
            due = begin + (number - 1) * period + slot * period / slots
            pause = due - time.time()
            if pause > 0:
                time.sleep(pause)
            late.append(max(-pause, 0.0))
            for unit in members[slot]:
                units[unit].send(rows[bounds[unit] : bounds[unit + 1]], due)
    return Sent(
        messages=sum(unit.messages for unit in units),
        objects=objects,
        bytes=sum(unit.bytes for unit in units),
        seconds=round(max(time.time() - begin, number * period), 3),
        late_ms_p99=round(float(np.percentile(late, 99)) * 1e3, 2) if late else 0.0,
        cpu_s=round(time.process_time() - cpu, 3),
    )


def generate(options: argparse.Namespace) -> None:
    """Make the traffic, connect the units, send."""
    network, period = open_network(options.map), 1.0 / options.hz
    count = max(1, round(options.seconds * options.hz))
    traffic = LoadTraffic(network, options.units, options.units * options.objects, options.seconds, options.seed)
    slots = max(1, round(period / SLOT))
    phase = np.arange(options.units) % slots * period / slots
    ticks = list(traffic.ticks(count, period, phase))
    broker = Broker.from_url(options.broker)
    units = [LoadUnit(broker, number, site) for number, site in enumerate(traffic.sites)]
    begin = time.time() + 0.2
    _say(event="started", time=begin)
    sent = run(units, ticks, period, begin, slots)
    for unit in units:
        unit.close()
    _say(event="ended", **vars(sent))


def _say(**values: object) -> None:
    sys.stdout.write(orjson.dumps(values).decode() + "\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    """Run the generator; a fault is one line and exit code 1."""
    parser = argparse.ArgumentParser(prog="simulators.load", description="Load a platform with roadside units.")
    parser.add_argument("--broker", required=True, help="mqtt://user:password@host:port")
    parser.add_argument("--map", type=Path, required=True, help="road network (.v2xmap)")
    parser.add_argument("--units", type=int, default=500, help="roadside units (default %(default)s)")
    parser.add_argument("--objects", type=int, default=20, help="vehicles per unit (default %(default)s)")
    parser.add_argument("--hz", type=float, default=10.0, help="reports a second (default %(default)s)")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of the run (default %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of all random numbers (default %(default)s)")
    options = parser.parse_args(arguments)
    if min(options.units, options.objects) < 1 or not (options.hz > 0 and options.seconds > 0):
        parser.error("--units, --objects, --hz and --seconds must be above 0")
    try:
        generate(options)
    except (OSError, ValueError, SimulatorsError, MapsError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
