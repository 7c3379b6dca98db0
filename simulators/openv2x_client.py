"""A roadside unit of OpenV2X: registers, beats, reports, and acknowledges what comes down. It knows OpenV2X alone.

    python -m simulators.openv2x_client --broker mqtt://127.0.0.1:1883 --esn R1 --lon 112.94 --lat 28.22 --seconds 30

prints at the end, as JSON, what it sent, what came down, and what was refused on either side.
"""

import argparse
import asyncio
import contextlib
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiomqtt

from simulators import openv2x_messages as shapes

_TICK = 0.1
_EVERY = {"RSM": 1, "SPAT": 1, "BSM": 1, "MAP": 10, "HB": 50, "VIR": 50, "RSI": 100, "RunningInfo": 600}
"""Ticks between two messages."""
_QOS = 1


@dataclass
class Ledger:
    """What was sent and what came."""

    sent: Counter[str] = field(default_factory=Counter)
    down: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    refused: list[Any] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    """What came down and is not as OpenV2X writes it; it was answered so."""

    def as_json(self) -> str:
        """Write it as one line of JSON; `dataclasses.asdict` would spoil the counters."""
        return json.dumps(vars(self))


class OpenV2XUnit:
    """One unit; `node` is the number of its intersection."""

    def __init__(self, esn: str, place: shapes.Place, node: int = 9001) -> None:
        self.ledger = Ledger()
        self._esn, self._place, self._node = esn, place, node

    async def run(self, client: aiomqtt.Client, seconds: float, clock: Callable[[], float] = time.time) -> None:
        """Speak for so long over an open connection."""
        await client.subscribe(f"V2X/RSU/{self._esn}/+/DOWN", qos=_QOS)
        await client.subscribe(f"V2X/RSU/{self._esn}/+/UP/ACK", qos=_QOS)
        ears = asyncio.create_task(self._hear(client))
        try:
            await self._send(client, "V2X/RSU/INFO/UP", shapes.info(self._esn, self._place))
            await self._send(client, "V2X/RSU/BaseINFO/UP", shapes.base_info(self._esn))
            begun = time.monotonic()
            for tick in range(round(seconds / _TICK)):
                await asyncio.sleep(max(begun + tick * _TICK - time.monotonic(), 0.0))
                for name, every in _EVERY.items():
                    if tick % every == 0:
                        await self._report(client, name, tick // every, clock())
        finally:
            ears.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ears

    async def _report(self, client: aiomqtt.Client, name: str, number: int, now: float) -> None:
        esn, place = self._esn, self._place
        made: dict[str, Callable[[], shapes.Json]] = {
            "RSM": lambda: shapes.rsm(esn, place, now),
            "SPAT": lambda: shapes.spat(self._node, now),
            "BSM": lambda: shapes.bsm(place, number, now),
            "MAP": lambda: shapes.map_data(self._node, place, number),
            "HB": lambda: shapes.heartbeat(esn, number, now),
            "VIR": lambda: shapes.vir(esn, place, number, now),
            "RSI": lambda: shapes.rsi(place, now),
            "RunningInfo": lambda: shapes.running_info(esn),
        }
        unit = "" if name in {"HB", "RunningInfo"} else f"{esn}/"
        await self._send(client, f"V2X/RSU/{unit}{name}/UP", made[name]())

    async def _send(self, client: aiomqtt.Client, topic: str, message: shapes.Json) -> None:
        name = topic.split("/")[-2]
        self.ledger.sent[name] += 1
        await client.publish(topic, json.dumps(message), qos=0 if name in {"RSM", "SPAT", "BSM", "MAP"} else _QOS)

    async def _hear(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            topic, payload = str(message.topic), message.payload
            body = json.loads(payload if isinstance(payload, (bytes, str)) else b"{}")
            if topic.endswith("/UP/ACK"):
                self.ledger.refused.append({"topic": topic, **body})
                continue
            name = topic.split("/")[3]
            self.ledger.down[name] += 1
            fault = shapes.fault_of(name, body)
            if fault:
                self.ledger.strange.append(fault)
            if body.get("ack") and "seqNum" in body:
                await client.publish(f"{topic}/ACK", json.dumps(shapes.answer(body["seqNum"], fault)), qos=_QOS)
                self.ledger.answered[name] += 1


async def speak(url: str, unit: OpenV2XUnit, seconds: float) -> None:
    """Connect to a broker and let a unit speak."""
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 1883
    async with aiomqtt.Client(host, port, username=parts.username, password=parts.password) as client:
        await unit.run(client, seconds)


def main() -> int:
    """Run one unit from the command line."""
    parser = argparse.ArgumentParser(prog="simulators.openv2x_client", description="a roadside unit of OpenV2X")
    parser.add_argument("--broker", default="mqtt://127.0.0.1:1883")
    parser.add_argument("--esn", default="OPENV2X1")
    parser.add_argument("--lon", type=float, required=True, help="deg")
    parser.add_argument("--lat", type=float, required=True, help="deg")
    parser.add_argument("--seconds", type=float, default=30.0)
    given = parser.parse_args()
    unit = OpenV2XUnit(given.esn, shapes.Place(given.lon, given.lat))
    try:
        asyncio.run(speak(given.broker, unit, given.seconds))
    except (OSError, aiomqtt.MqttError) as fault:
        print(f"simulators.openv2x_client: {fault}", file=sys.stderr)  # noqa: T201  # the one line for the user
        return 2
    print(unit.ledger.as_json())  # noqa: T201  # the result
    return 0


if __name__ == "__main__":
    sys.exit(main())
