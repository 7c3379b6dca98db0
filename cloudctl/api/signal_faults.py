"""What is wrong with what signals report, the newest of each intersection: V2X/CLOUD/SIGNAL/EVENT."""

from collections import OrderedDict, deque

import msgspec

TOPIC = "V2X/CLOUD/SIGNAL/EVENT"
KEPT_EACH, KEPT_INTERSECTIONS = 20, 5000


class SignalFault(msgspec.Struct, frozen=True):
    """One thing wrong with what a signal reports, see `ingest.signal_checks.SignalFault`; `timestamp` UTC epoch ms."""

    timestamp: int
    device: str
    fault: str
    detail: str
    region: int | None = None
    node_id: int | None = None
    phase: int | None = None


class FaultLog:
    """The newest faults by intersection."""

    def __init__(self) -> None:
        self._faults: OrderedDict[tuple[int, int], deque[SignalFault]] = OrderedDict()

    def note(self, fault: SignalFault) -> None:
        """Take one; those that name no intersection are left out."""
        if fault.node_id is None:
            return
        key = fault.region or 0, fault.node_id
        self._faults.setdefault(key, deque(maxlen=KEPT_EACH)).append(fault)
        self._faults.move_to_end(key)
        if len(self._faults) > KEPT_INTERSECTIONS:
            self._faults.popitem(last=False)

    def since(self, region: int, node_id: int, start: float) -> list[SignalFault]:
        """Faults of an intersection since UTC epoch s, the newest first."""
        known = self._faults.get((region, node_id), ())
        return [fault for fault in reversed(known) if fault.timestamp >= 1e3 * start]
