"""State that all steps of the pipeline share: devices, clocks, health, counters and what has been collected."""

from collections import Counter, deque
from typing import Generic, NamedTuple, TypeVar

from ingest.crs_shift import shift_message
from ingest.device_health import DeviceHealth, StreamHealth
from ingest.device_registry import DeviceRegistry
from ingest.duplicates import Copies, RecentKeys
from ingest.errors import RefusalReason
from ingest.messages.common import Wire
from ingest.messages.map_data import MapData
from ingest.messages.spat import Spat
from ingest.observation_buffer import ObservationBuffer
from ingest.plausibility import COVERAGE_RADIUS, BoxE7
from ingest.timebase import CLOCK_WRONG, DeviceClocks
from ingest.verdicts import Accepted, DeadLetter
from maps.coordinates import Crs

MessageT_co = TypeVar("MessageT_co", bound=Wire, covariant=True)
MessageT = TypeVar("MessageT", bound=Wire)
ItemT = TypeVar("ItemT")


class Report(NamedTuple, Generic[MessageT_co]):
    """A checked message with who sent it and when. Times are UTC epoch s; event_time is corrected for the clock."""

    device: int
    message: MessageT_co
    event_time: float
    received: float


class Shelf(Generic[ItemT]):
    """A bounded queue; the oldest falls off and is counted."""

    def __init__(self, capacity: int) -> None:
        self._items: deque[ItemT] = deque(maxlen=capacity)
        self.shed = 0

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: ItemT) -> None:
        """Add the newest."""
        self.shed += len(self._items) == self._items.maxlen
        self._items.append(item)

    def take(self) -> list[ItemT]:
        """Take all, the oldest first."""
        items = list(self._items)
        self._items.clear()
        return items


class Counters:
    """Messages by what became of them: sum(received) = sum(accepted) + sum(refused)."""

    def __init__(self) -> None:
        self.received: Counter[str] = Counter()
        """By stream; "unknown" for topics that are not ours."""
        self.accepted: Counter[str] = Counter()
        """By stream."""
        self.refused: Counter[str] = Counter()
        """By reason."""
        self.held: Counter[str] = Counter()
        """Messages, by stream, that were taken and kept out of the picture: their device is not approved."""
        self.observations = 0
        self.participants_refused: Counter[str] = Counter()
        """Participants left out of RSMs that were taken, by reason."""
        self.flagged: Counter[str] = Counter()
        """Messages that were taken with a warning and kept out of the live picture, by reason."""
        self.dead_letters_shed = 0
        self.reports_shed = 0


class Collector:
    """What the steps write to."""

    def __init__(self, box: BoxE7, registry: DeviceRegistry, coverage_radius: float = COVERAGE_RADIUS) -> None:
        """Collect for the city inside `box`; `coverage_radius` (m) holds for units that did not say theirs."""
        self.box = box
        self.registry = registry
        self.coverage_radius = coverage_radius
        self.clocks = DeviceClocks()
        self.health = DeviceHealth(registry, self.clocks)
        self.counters = Counters()
        self.buffer = ObservationBuffer()
        self.keys = RecentKeys()
        self.copies = Copies()
        """RSMs of all units: one that several units hand on counts once."""
        self.spats: Shelf[Report[Spat]] = Shelf(50_000)
        self.maps: Shelf[Report[MapData]] = Shelf(5_000)
        self.events: Shelf[Report[Wire]] = Shelf(100_000)
        self.dead_letters: Shelf[DeadLetter] = Shelf(2_000)
        self.wrong_clocks: set[int] = set()
        """Rows of the devices whose clock is more than 5 min off."""
        self._boxes: dict[Crs, BoxE7] = {}

    def published(self, row: int, timestamp: int | None, received: float) -> float | None:
        """Give the time of publication (s) by the device, or None where it is not said or cannot be believed."""
        if timestamp is None:
            return None
        time = timestamp * 0.001
        return time if self.is_clock_right(row, time, received) else None

    def is_clock_right(self, row: int, time: float, received: float) -> bool:
        """Judge the clock of a device by the full time (UTC epoch s) that it gives."""
        if abs(received - time) <= CLOCK_WRONG:
            if row in self.wrong_clocks:
                self.wrong_clocks.discard(row)
                self.health.note_clock(row, wrong=False)
            return True
        self.wrong_clocks.add(row)
        self.health.note_clock(row, wrong=True)
        return False

    def flag(self, row: int, stream: str) -> Accepted:
        """Take a message of a device with a wrong clock without letting it into the live picture."""
        self.counters.flagged[RefusalReason.CLOCK_WRONG.value] += 1
        return Accepted(stream, row, 0, None, RefusalReason.CLOCK_WRONG)

    def box_of(self, row: int) -> BoxE7:
        """Give the box of the city in the reference system of a device."""
        crs = self.registry.shifted.get(row)
        if crs is None:
            return self.box
        if crs not in self._boxes:
            self._boxes[crs] = self.box.in_system(crs)
        return self._boxes[crs]

    def to_wgs84(self, row: int, message: MessageT) -> MessageT:
        """Turn the positions in a message of a device to WGS-84."""
        crs = self.registry.shifted.get(row)
        return message if crs is None else shift_message(message, crs, Crs.WGS84)

    def note_delay(self, row: int, health: StreamHealth, delay: float) -> None:
        """Note receive time minus device time, s."""
        health.latencies.append(delay)
        clocks = self.clocks
        if row >= len(clocks.least):
            clocks.grow(row + 1)
        clocks.least[row] = min(clocks.least[row], delay)
