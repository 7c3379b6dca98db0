"""Sensors of car parks: occupancy on every change and every 10 s, as events."""

from dataclasses import dataclass

import orjson

from simulators.fleet_client import DeviceClient
from simulators.fleet_context import FleetContext
from simulators.fleet_downlink import refusal_reason
from simulators.fleet_units import milliseconds
from simulators.world import WorldFrame

EVERY = 10.0
"""s"""


@dataclass
class Lot:
    """One car park."""

    id: str
    capacity: int
    clock: float
    client: DeviceClient
    sequence: int = 0
    told: int = -1
    """Occupancy last told, -1 before the first time."""
    told_at: float = float("-inf")


class ParkingSensors:
    """Sensors of all car parks of the network."""

    def __init__(self, context: FleetContext) -> None:
        self._context = context
        parks = context.network.car_parks
        self._lots = [
            Lot(str(name), int(capacity), context.clock_offset(), self._client(str(name)))
            for name, capacity in zip(parks.id, parks.capacity, strict=True)
        ]

    def _client(self, lot: str) -> DeviceClient:
        return self._context.client(lot, [f"V2X/PARKING/{lot}/+/UP/ACK"], self._receive)

    @property
    def online(self) -> int:
        """Car parks with a live connection."""
        return sum(lot.client.connected for lot in self._lots)

    def start(self) -> None:
        """Connect all."""
        for lot in self._lots:
            lot.client.start(float(self._context.rng.uniform(0.0, 1.0)))

    def stop(self) -> None:
        """Disconnect all."""
        for lot in self._lots:
            self._context.spawn(lot.client.stop())

    def enter(self, frame: WorldFrame) -> None:
        """Look at the car parks at a step of the city and tell what is due."""
        for lot in self._lots:
            occupied = frame.occupancy.get(lot.id, 0)
            if occupied != lot.told or frame.time - lot.told_at >= EVERY:
                lot.told, lot.told_at = occupied, frame.time
                lot.sequence += 1
                lot.client.send_event("parking_status", f"V2X/PARKING/{lot.id}/STATUS/UP", self._status(lot))

    def _status(self, lot: Lot) -> bytes:
        return orjson.dumps(
            {
                "lot": lot.id,
                "timestamp": milliseconds(self._context.now() + lot.clock),
                "seq": lot.sequence,
                "capacity": lot.capacity,
                "occupied": min(max(lot.told, 0), lot.capacity),
            }
        )

    def _receive(self, _topic: str, payload: bytes) -> None:
        self._context.ledger.refused(refusal_reason(payload))
