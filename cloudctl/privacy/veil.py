"""What the engine says of vehicles that it may not name: nothing that leads back to them.

The engine itself needs the id to speak to a vehicle; it leaves the engine on that vehicle's own topic and nowhere else.
"""

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from cloudctl.advice.advisory import Advisory
from cloudctl.privacy.register import EVERYTHING, Grant, Register, RegisterMessage, token_of
from cloudctl.privacy.scrub import ANONYMOUS, names_in, rename, rename_text
from ingest.device_health import DeviceReport
from ingest.device_kinds import DeviceKind
from ingest.device_registry import DeviceRegistry
from ingest.streams import BY_NAME
from ingest.verdicts import DeadLetter

TOPIC = BY_NAME["privacy_register"].topic
_OF_VEHICLES = frozenset({"BSM", "VIR", "PSM", "VPM", "CLPMM", "RSC"})
"""Messages of vehicles, which roadside units also hand on."""


class Veil:
    """Knows by row what each device may be known for; without a register every vehicle is hidden."""

    def __init__(self, registry: DeviceRegistry, key: bytes) -> None:
        self._registry = registry
        self._key = key
        self._register = Register()
        self._tokens: list[str] = []
        self._grants: list[Grant] = []
        self._traceable = np.zeros(1, bool)
        """Rows that the columns of trajectories may carry openly, and False behind the last for `-1`."""
        self._stored = np.zeros(1, bool)
        self._next_end = math.inf

    def take(self, payload: bytes) -> bool:
        """Take over the register as published; False for one that is older than what we have, or unreadable."""
        try:
            message = msgspec.json.decode(payload, type=RegisterMessage)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return False
        self._register = Register(message.version, message.entries)
        self._next_end = -math.inf
        return True

    def follow(self, now: float) -> list[int]:
        """Bring the rows up to date; gives those of vehicles that may no longer be known for what they were."""
        if now < self._next_end and len(self._grants) == len(self._registry):
            return []
        before = self._grants
        for device in self._registry.list_all()[len(self._tokens) :]:
            self._tokens.append(token_of(self._key, device.id) if device.kind is DeviceKind.OBU else "")
        self._grants = [self._register.grant(token, now) if token else EVERYTHING for token in self._tokens]
        self._next_end = self._register.next_end(now)
        self._traceable = np.array([*(grant.public for grant in self._grants), False])
        self._stored = np.array([*(grant.storage and not grant.public for grant in self._grants), False])
        pairs = enumerate(zip(before, self._grants, strict=False))
        return [row for row, (old, new) in pairs if (old.live and not new.live) or (old.storage and not new.storage)]

    @property
    def hidden(self) -> int:
        """Vehicles that may not be named."""
        return sum(not grant.named for grant in self._grants)

    def names(self, row: int) -> bool:
        """Tell whether the platform may name a device; one never followed may not be."""
        return row < len(self._grants) and self._grants[row].named

    def is_public(self, vehicle: str) -> bool:
        """Tell whether everybody may know a vehicle by its id: on a contract or duty; one never heard of is not."""
        return self._names_vehicle(vehicle) and self.is_open(vehicle)

    def is_open(self, name: str) -> bool:
        """Tell whether what a device sends is nobody's personal data: no vehicle, or one on a contract or duty."""
        device = self._registry.find(DeviceKind.OBU, name)
        return device is None or (device.row < len(self._grants) and self._grants[device.row].public)

    def sources(self, sources: NDArray[np.int32]) -> NDArray[np.int32]:
        """Give the newest source of each track that may be told, -1 where there is none; `sources` is (n, k)."""
        known = np.where(sources < len(self._traceable) - 1, sources, -1)
        open_to_all = self._traceable[known]
        first = open_to_all.argmax(axis=1)
        newest = np.take_along_axis(sources, first[:, None], axis=1)[:, 0]
        return np.where(open_to_all.any(axis=1), newest, np.int32(-1)).astype(np.int32)

    def owners(self, devices: NDArray[np.int32]) -> NDArray[np.int32]:
        """Give the row of the terminal of each track whose vehicle agreed to be stored, else -1."""
        known = np.where(devices < len(self._stored) - 1, devices, -1)
        return np.where(self._stored[known], devices, np.int32(-1)).astype(np.int32)

    def advisory(self, advisory: Advisory) -> Advisory:
        """Give an advisory as the rest of the platform may see it."""
        kind, _, name = advisory.target.partition(":")
        named = {name} if kind == "obu" else set()
        vehicle = advisory.content.get("vehicle")
        if isinstance(vehicle, str):
            named.add(vehicle)
        hidden = {each: ANONYMOUS for each in named if not self._names_vehicle(each)}
        if not hidden:
            return advisory
        content = rename(advisory.content, hidden)
        return msgspec.structs.replace(
            advisory,
            target=f"{kind}:{hidden.get(name, name)}",
            reason=rename_text(advisory.reason, hidden),
            content=content if isinstance(content, dict) else {},
        )

    def reports(self, reports: Sequence[DeviceReport]) -> list[DeviceReport]:
        """Leave out the devices that may not be named."""
        return [report for report in reports if self.names(report.device.row)]

    def letter(self, letter: DeadLetter) -> DeadLetter:
        """Give a refused message as it may be kept: one of a hidden vehicle keeps its reason and nothing else."""
        levels = letter.topic.replace(".", "/").split("/")
        own = levels[2] if levels[:2] == ["V2X", "OBU"] and len(levels) > 2 else ""
        if not own and not _OF_VEHICLES.intersection(levels):
            return letter
        named = {own} if own else set(names_in(letter.payload))
        hidden = {name: ANONYMOUS for name in named if not self._names_vehicle(name)}
        if named and not hidden:
            return letter
        topic = rename_text(letter.topic, hidden) if own else letter.topic
        return DeadLetter(letter.received, topic, b"", letter.reason, rename_text(letter.detail, hidden))

    def _names_vehicle(self, name: str) -> bool:
        device = self._registry.find(DeviceKind.OBU, name)
        return device is not None and self.names(device.row)
