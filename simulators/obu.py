"""Vehicle terminals of all equipped vehicles: they come and go with their vehicle, report it and take advice."""

from dataclasses import dataclass, field

import msgspec
import numpy as np

from maps.participants import ParticipantKind as Kind
from simulators.bus import PriorityAsker
from simulators.bus_duty import BusDuties
from simulators.fleet_client import DeviceClient
from simulators.fleet_context import GROUPS, FleetContext
from simulators.fleet_downlink import refusal_reason
from simulators.fleet_motion import Rows, Segment
from simulators.fleet_playback import Step
from simulators.fleet_units import VEHICLE_CLASS
from simulators.obu_advice import Advice, Declined, Drive, answer, end_of_speed, is_news, is_willing
from simulators.obu_gnss import GnssErrors
from simulators.obu_messages import (
    Request,
    SelfReports,
    advice_answer,
    bsm_texts,
    parking_request,
    vir_text,
)

LATENCY = 0.010
"""From sample to publication, s."""
_PERIOD = 0.1
_JOIN_WITHIN = 1.0
"""A new terminal connects within so many seconds, so that many do not come at once."""


@dataclass
class Terminal:
    """One terminal."""

    vid: str
    vehicle: str
    """Name of the vehicle in the city."""
    kind: int
    clock: float
    drive: Drive
    silent: bool
    client: DeviceClient | None = None
    lane: str = ""
    requests: int = 0
    asked_parking: bool = False
    topic: str = field(init=False)
    name: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.topic, self.name = f"V2X/OBU/{self.vid}/BSM/UP", self.vid.encode()

    @property
    def link(self) -> str:
        """Link of its lane, empty inside a junction."""
        return self.lane.rpartition("_")[0]


class ObuFleet:
    """All terminals."""

    def __init__(self, context: FleetContext, priority: PriorityAsker) -> None:
        self._context, self._priority, self._duties = context, priority, BusDuties()
        self._gnss = GnssErrors(context.level.gnss, context.rng)
        self._terminals: dict[int, Terminal] = {}
        self._vids: dict[str, str] = {}
        self._numbers = {"BUS": 0, "CAR": 0}
        self._clock = np.zeros(256)
        self._count = np.zeros(256, np.int64)
        self._groups: list[tuple[Rows, Rows, list[Terminal]]] = []
        self._limits = dict(zip(context.network.lanes.id.tolist(), context.network.lanes.speed.tolist(), strict=True))

    @property
    def online(self) -> int:
        """Terminals with a live connection."""
        return sum(terminal.client is not None and terminal.client.connected for terminal in self._terminals.values())

    @property
    def vids(self) -> dict[str, str]:
        """Vid of every vehicle that ever had a terminal, by its name in the city."""
        return self._vids

    def enter(self, step: Step) -> None:
        """Take the next step of the city: terminals come and go, ask for things and end advice."""
        frame, segment = step.segment.last, step.segment
        self._make_room(step.capacity)
        for slot in [slot for name, slot in step.gone.items() if self._is_at(slot, name)]:
            self._leave(slot)
        equipped = np.flatnonzero(frame.equipped[segment.last_row])
        for row in equipped.tolist():
            slot, source = int(segment.slot[row]), int(segment.last_row[row])
            vehicle = str(frame.id[source])
            if not self._is_at(slot, vehicle):
                self._join(slot, vehicle, int(frame.kind[source]))
            terminal = self._terminals[slot]
            terminal.lane = str(frame.lane[source])
            self._think(terminal, segment, row)
        self._groups = self._grouped(segment, equipped)

    def _grouped(self, segment: Segment, equipped: Rows) -> list[tuple[Rows, Rows, list[Terminal]]]:
        slots = segment.slot[equipped]
        speaking = np.array([not self._terminals[slot].silent for slot in slots.tolist()], np.bool_)
        parts = [np.flatnonzero((slots % GROUPS == group) & speaking) for group in range(GROUPS)]
        return [
            (equipped[part], slots[part], [self._terminals[slot] for slot in slots[part].tolist()]) for part in parts
        ]

    def _is_at(self, slot: int, vehicle: str) -> bool:
        terminal = self._terminals.get(slot)
        return terminal is not None and terminal.vehicle == vehicle

    def _make_room(self, capacity: int) -> None:
        missing = capacity - len(self._clock)
        if missing > 0:
            self._clock = np.concatenate((self._clock, np.zeros(missing + capacity)))
            self._count = np.concatenate((self._count, np.zeros(missing + capacity, np.int64)))

    def _join(self, slot: int, vehicle: str, kind: int) -> None:
        context = self._context
        if slot in self._terminals:
            self._leave(slot)
        vid = self._vids.get(vehicle) or self._new_vid(vehicle, kind)
        drive = Drive(is_willing(vehicle, context.compliance, context.seed))
        terminal = Terminal(vid, vehicle, kind, context.clock_offset(), drive, context.faults.silent())
        subscriptions = (f"V2X/OBU/{vid}/ADVICE/DOWN", f"V2X/OBU/{vid}/+/UP/ACK")
        terminal.client = context.client(vid, subscriptions, lambda topic, data: self._receive(terminal, topic, data))
        terminal.client.start(float(context.rng.uniform(0.0, _JOIN_WITHIN)))
        self._terminals[slot] = terminal
        self._clock[slot] = terminal.clock
        self._count[slot] = context.rng.integers(128)
        self._gnss.enter(len(self._clock), np.array([slot]))

    def _new_vid(self, vehicle: str, kind: int) -> str:
        family = "BUS" if kind == Kind.BUS else "CAR"
        self._numbers[family] += 1
        self._vids[vehicle] = f"{family}{self._numbers[family]:05d}"
        return self._vids[vehicle]

    def _leave(self, slot: int) -> None:
        terminal = self._terminals.pop(slot)
        if terminal.client is not None:
            self._context.spawn(terminal.client.stop())

    def stop(self) -> None:
        """Disconnect all terminals."""
        for slot in list(self._terminals):
            self._leave(slot)

    def send(self, group: int, segment: Segment, sampled: float, published: float) -> None:
        """Publish the BSM of a group sampled at true UTC `sampled`, sent at `published`."""
        if not self._groups:
            return
        rows, slots, terminals = self._groups[group]
        self._count[slots] = (self._count[slots] + 1) % 128
        reports = self._measure(segment, rows, slots, sampled, published)
        texts = bsm_texts([terminal.name for terminal in terminals], reports, round(self._context.level.gnss / 0.05))
        send = self._context.telemetry
        for terminal, text in zip(terminals, texts, strict=True):
            if terminal.client is not None:
                send(terminal.client, "obu_bsm", terminal.topic, text)

    def _measure(self, segment: Segment, rows: Rows, slots: Rows, sampled: float, published: float) -> SelfReports:
        true, last, source = segment.at(sampled, rows), segment.last, segment.last_row[rows]
        east, north = self._gnss.sample(slots, _PERIOD)
        lon, lat = segment.degrees(rows, true.x + east, true.y + north)
        clock = self._clock[slots]
        return SelfReports(
            count=self._count[slots],
            sampled=sampled + clock,
            published=published + clock,
            lon=lon,
            lat=lat,
            speed=np.maximum(true.speed + self._context.rng.normal(0.0, 0.05, len(rows)), 0.0),
            heading=true.heading + np.radians(self._context.rng.normal(0.0, 0.5, len(rows))),
            acceleration=last.acceleration[source].astype(np.float64),
            yaw_rate=segment.turn[rows] / segment.duration,
            length=last.length[source].astype(np.float64),
            width=last.width[source].astype(np.float64),
            height=last.height[source].astype(np.float64),
            kind=last.kind[source],
        )

    def _think(self, terminal: Terminal, segment: Segment, row: int) -> None:
        frame, source = segment.last, int(segment.last_row[row])
        ended = end_of_speed(terminal.drive, terminal.vehicle, terminal.link, frame.time)
        if ended is not None:
            self._context.order(ended)
        if terminal.silent or terminal.client is None:
            return
        if terminal.kind == Kind.BUS:
            stamp = self._context.now() + terminal.clock
            duty = self._duties.status(terminal.vid, terminal.vehicle, str(frame.line[source]), stamp)
            if duty is not None:
                terminal.client.send_event("obu_bus", f"V2X/OBU/{terminal.vid}/BUS/UP", duty)
            text = self._priority.ask(terminal.vid, terminal.lane, stamp, segment, row)
        else:
            text = self._ask_parking(terminal, str(frame.goal[source]) if len(frame.goal) else "", segment, row)
        if text is not None:
            terminal.client.send_event("obu_vir", f"V2X/OBU/{terminal.vid}/VIR/UP", text)

    def _ask_parking(self, terminal: Terminal, goal: str, segment: Segment, row: int) -> bytes | None:
        if terminal.asked_parking or not goal:
            return None
        parks, plane = self._context.network.car_parks, self._context.network.plane
        found = np.flatnonzero(parks.id == goal)
        if not len(found):
            return None
        terminal.asked_parking = True
        lon, lat = plane.inverse(parks.x[found[:1]], parks.y[found[:1]])
        place = float(segment.lon[row]), float(segment.lat[row])
        request = Request(terminal.vid, 1, *place, self._context.now() + terminal.clock, life_time=600.0)
        vehicle_class = int(VEHICLE_CLASS[terminal.kind])
        return vir_text(request, parking_request(float(lon[0]), float(lat[0]), vehicle_class))

    def _receive(self, terminal: Terminal, topic: str, payload: bytes) -> None:
        if topic.endswith("/UP/ACK"):
            self._context.ledger.refused(refusal_reason(payload))
            return
        try:
            advice = msgspec.json.decode(payload, type=Advice)
            declined = "" if is_news(advice) else self._follow(terminal, advice)
        except msgspec.MsgspecError:
            self._context.ledger.fault("advisory_not_understood")
            return
        if terminal.client is not None:
            reply = advice_answer(advice.id, not declined)
            terminal.client.send_event("obu_advice_ack", f"{topic}/ACK", reply)

    def _follow(self, terminal: Terminal, advice: Advice) -> str:
        """Give the order by which the driver follows; the reason why not, empty where it is followed."""
        limit = float(self._limits.get(terminal.lane, 13.9))
        now = self._context.now()
        order = answer(advice, terminal.drive, terminal.vehicle, link=terminal.link, limit=limit, now=now)
        declined = order.value if isinstance(order, Declined) else ""
        self._context.ledger.advisory(advice.kind, not declined, declined)
        if not isinstance(order, Declined):
            self._context.order(order)
        return declined
