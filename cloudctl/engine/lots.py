"""Occupancy of the lots, with its trend; the register of lots as the gateway tells it."""

from collections import Counter
from collections.abc import Mapping

import msgspec
import structlog

from cloudctl.advice.scene import Lot
from cloudctl.engine.commands import Outcome, content_of
from cloudctl.engine.errors import RefusedCommandError
from cloudctl.parking.lot_table import LotTable
from cloudctl.parking.orders import OccupancyOrder
from cloudctl.parking.register import ParkingRegister, Profile
from cloudctl.publish.commands import Command
from cloudctl.publish.outgoing import Outgoing
from ingest.messages.acks import RefusalAck
from ingest.messages.decoding import encode
from ingest.messages.parking import ParkingStatus
from ingest.streams import BY_NAME
from maps.network import RoadNetwork

MEMORY = 300.0
"""The trend forgets what is older than about this, s."""
MORE_CARS_THAN_PLACES = 22
"""errorCode of the answer to a lot that reports more cars than places; refusals of messages have those below."""
_ANSWER = "parking_status_ack"
_LOG = structlog.get_logger("engine")


class Lots:
    """Newest state of every lot of map and register."""

    def __init__(self, network: RoadNetwork) -> None:
        self._network = network
        self.table = LotTable.of(network)
        self.register = ParkingRegister()
        self.profiles: dict[str, Profile] = {}
        self.now: dict[int, Lot] = {}
        """By row."""
        self.changed = False
        """Whether something is new since the flag was lowered."""
        self.unknown = 0
        """Statuses of lots that neither map nor register has."""
        self.counts: Counter[str] = Counter()
        """statuses; overfull: more cars than places; register, register_unreadable."""
        self.under_way: Mapping[str, int] = {}
        """Cars that were sent to each lot and are not there yet, by id."""
        self._answers: list[Outgoing] = []

    def take(self, status: ParkingStatus, time: float) -> bool:
        """Take one status, `time` in UTC epoch s; an older one than the last is left out.

        A lot that reports more cars than places is told so and counts as full. False where nobody knows the lot.
        """
        row = self.table.rows.get(status.lot)
        if row is None:
            self.unknown += 1
            return False
        self.counts["statuses"] += 1
        if status.occupied > status.capacity:
            self._complain(status)
        before = self.now.get(row)
        if before is not None and time <= before.updated:
            return True
        occupied = min(status.occupied, status.capacity)
        trend = 0.0
        if before is not None:
            span = time - before.updated
            weight = min(span / MEMORY, 1.0)
            trend = before.trend + weight * ((occupied - before.occupied) / span - before.trend)
        self.now[row] = Lot(occupied, status.capacity, time, trend)
        self.changed = True
        return True

    def take_register(self, payload: bytes) -> None:
        """Take the register over; what cannot be read changes nothing."""
        try:
            register = msgspec.json.decode(payload, type=ParkingRegister)
        except msgspec.MsgspecError as fault:
            self.counts["register_unreadable"] += 1
            _LOG.warning("parking_register_unreadable", reason=str(fault))
            return
        self.counts["register"] += 1
        if register.lots != self.register.lots:
            before = {self.table.lots[row].id: lot for row, lot in self.now.items()}
            self.table = LotTable.of(self._network, register.lots)
            self.now = {self.table.rows[name]: lot for name, lot in before.items() if name in self.table.rows}
        self.register = register
        self.profiles = {each.lot: each for each in register.profiles}
        self.changed = True

    def order(self, command: Command, now: float) -> Outcome:
        """Carry out `parking_occupancy`."""
        order = content_of(command, OccupancyOrder)
        row = self.table.rows.get(order.lot)
        if row is None:
            raise RefusedCommandError(command.kind, f"no lot {order.lot!r}")
        known = self.now.get(row)
        capacity = order.capacity or (known.capacity if known else self.table.lots[row].capacity)
        if order.occupied > capacity:
            self.counts["overfull"] += 1
            raise RefusedCommandError(command.kind, _more_cars(order.occupied, capacity))
        time = min(order.time or now, now)
        if known is not None and time < known.updated:
            raise RefusedCommandError(command.kind, f"a newer status than that of {time:.0f} is known")
        self.take(ParkingStatus(order.lot, int(1e3 * time), 0, capacity, order.occupied), time)
        return Outcome(content={"capacity": capacity, "occupied": order.occupied})

    def take_answers(self) -> list[Outgoing]:
        """Give the answers to lots since the last call."""
        answers, self._answers = self._answers, []
        return answers

    def _complain(self, status: ParkingStatus) -> None:
        self.counts["overfull"] += 1
        text = _more_cars(status.occupied, status.capacity) + "; the lot counts as full"
        answer = RefusalAck(MORE_CARS_THAN_PLACES, "more_cars_than_places", text, seq_num=status.seq)
        self._answers.append(Outgoing.on(_ANSWER, encode(answer), device=status.lot))


def _more_cars(occupied: int, capacity: int) -> str:
    return f"occupied {occupied} is more than the capacity {capacity}"


REGISTER_TOPIC = BY_NAME["parking_register"].topic
