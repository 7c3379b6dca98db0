"""What all devices of a fleet share: broker, account, time, orders to the city, faults."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field

import numpy as np

from maps.network import RoadNetwork
from simulators.commands import Command
from simulators.device_report import Ledger
from simulators.faults import Faults
from simulators.fleet_client import Broker, DeviceClient
from simulators.fleet_levels import Level

GROUPS = 5
"""Devices are spread over this many moments of each 100 ms."""


@dataclass
class FleetContext:
    """Shared by reference; `rng` draws for devices in the order in which they appear."""

    broker: Broker
    network: RoadNetwork
    ledger: Ledger
    faults: Faults
    level: Level
    rng: np.random.Generator
    seed: int
    compliance: float
    reach: float
    """Range of roadside sensors, m."""
    order: Callable[[Command], None]
    """Sends a command to the city."""
    now: Callable[[], float]
    """True UTC epoch, s."""
    controllable: int = 0
    """Signals whose controllers take stages from the platform."""
    prefix: str = "sim"
    """Of MQTT client names."""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def clock_offset(self) -> float:
        """Clock error of a new device, s."""
        return float(self.rng.normal(0.0, self.level.clock)) + self.faults.clock_offset()

    def client(
        self, device: str, subscriptions: Sequence[str], on_message: Callable[[str, bytes], None]
    ) -> DeviceClient:
        """Make the connection of one device; it starts to connect with `start`."""
        seed = int(self.rng.integers(2**31))
        return DeviceClient(self.broker, f"{self.prefix}-{device}", self.ledger, subscriptions, on_message, seed=seed)

    def spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Run something beside the fleet and keep hold of it; `finished` waits for it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def finished(self, patience: float = 5.0) -> None:
        """Wait for all that was spawned, for `patience` seconds at most: what still works then is ended."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(self._tasks, timeout=patience)
        for task in late:
            task.cancel()

    def telemetry(self, client: DeviceClient, stream: str, topic: str, payload: bytes) -> None:
        """Send telemetry, through the faults where some are switched on."""
        if not self.faults.plan.any_message_fault:
            client.send(stream, topic, payload)
            return
        for message in self.faults.apply(topic, payload):
            client.send(stream, topic, message)
