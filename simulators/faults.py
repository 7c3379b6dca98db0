"""Faults that can be switched on to see how the platform bears them: each share is the chance per message."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulators.device_report import Ledger


@dataclass(frozen=True)
class FaultPlan:
    """What goes wrong, how often; nothing by default."""

    malformed: float = 0.0
    """Share of telemetry cut short, so that it is no JSON."""
    duplicated: float = 0.0
    """Share of telemetry sent twice."""
    swapped: float = 0.0
    """Share of telemetry held back until after the device's next message."""
    clock_off_devices: float = 0.0
    """Share of devices whose clock is far off."""
    clock_off: float = 30.0
    """By how much, s."""
    silent_devices: float = 0.0
    """Share of devices that connect and say nothing."""

    @property
    def any_message_fault(self) -> bool:
        """Whether single messages are touched at all."""
        return self.malformed > 0.0 or self.duplicated > 0.0 or self.swapped > 0.0


class Faults:
    """Applies a plan, with its own random numbers so that faults do not change the world."""

    def __init__(self, plan: FaultPlan, seed: int, ledger: Ledger) -> None:
        self.plan, self._ledger = plan, ledger
        self._random = np.random.default_rng(seed)
        self._held: dict[str, bytes] = {}

    def clock_offset(self) -> float:
        """Extra clock offset of a new device, s."""
        return self.plan.clock_off if self._random.random() < self.plan.clock_off_devices else 0.0

    def silent(self) -> bool:
        """Tell whether a new device keeps silent."""
        return bool(self._random.random() < self.plan.silent_devices)

    def apply(self, topic: str, payload: bytes) -> Iterator[bytes]:
        """What really goes out on the topic instead of one message."""
        held = self._held.pop(topic, None)
        draw = self._random.random(3)
        if draw[0] < self.plan.malformed:
            self._ledger.fault("malformed")
            payload = payload[: len(payload) // 2]
        if held is None and draw[1] < self.plan.swapped:
            self._ledger.fault("swapped")
            self._held[topic] = payload
            return
        yield payload
        if draw[2] < self.plan.duplicated:
            self._ledger.fault("duplicated")
            yield payload
        if held is not None:
            yield held
