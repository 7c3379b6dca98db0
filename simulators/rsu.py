"""Roadside units: one per signal, each with its connection; RSM, SPAT, MAP, heartbeat up, events and orders down."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import msgspec
import numpy as np

from simulators.commands import CommandResult, ControlStage, RequestPriority
from simulators.fleet_client import DeviceClient
from simulators.fleet_context import GROUPS, FleetContext
from simulators.fleet_downlink import Down, down_answer, read_down, refusal_reason
from simulators.fleet_motion import Segment
from simulators.fleet_playback import SHIFT, Step
from simulators.fleet_units import milliseconds, minute_of_year, second_mark
from simulators.rsu_map import map_nodes
from simulators.rsu_messages import RsmWriter, heartbeat, participant_texts, registration, running_info
from simulators.rsu_orders import PriorityOrders
from simulators.rsu_sensor import RoadsideSensors, Sites
from simulators.signal_controller import SignalController

_JOIN_WITHIN = 2.0
_MAP_EVERY, _HEARTBEAT_EVERY, _INFO_EVERY = 10, 50, 600
"""Ticks of 100 ms."""
_MAP = b'{"msgCnt":%d,"timeStamp":%d,"timestamp":%d,"nodes":%b}'


@dataclass
class Unit:
    """One roadside unit."""

    row: int
    """Row of its signal in the network."""
    esn: str
    clock: float
    silent: bool
    rsm: RsmWriter
    controller: SignalController
    client: DeviceClient | None = None
    registered: bool = False
    map_count: int = 0
    map_nodes: bytes = b""
    beats: int = 0
    topics: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.topics = {name: f"V2X/RSU/{self.esn}/{name}/UP" for name in ("RSM", "SPAT", "MAP")}


def unit_name(row: int) -> str:
    """Serial number of the unit at a signal."""
    return f"RSU{row + 1:05d}"


class RsuFleet:
    """All roadside units."""

    def __init__(self, context: FleetContext, controllers: dict[int, SignalController]) -> None:
        self._context = context
        self.sites = _sites(context)
        self._sensors = RoadsideSensors(self.sites, context.level, GROUPS, context.rng)
        self._units = [self._make(row, controller) for row, controller in controllers.items()]
        self._clock = np.array([unit.clock for unit in self._units])
        self._orders = PriorityOrders(context.order, SHIFT)
        self._confidence = context.level.position_confidence.encode()
        self._ticks = [0] * GROUPS
        several = [unit.row for unit in self._units if unit.controller.stages > 1 and not unit.silent]
        self._takes_stages = frozenset(several[: context.controllable])

    def _make(self, row: int, controller: SignalController) -> Unit:
        context, esn = self._context, unit_name(row)
        writer = RsmWriter(esn, self.sites.lon[row], self.sites.lat[row], int(context.rng.integers(128)))
        return Unit(row, esn, context.clock_offset(), context.faults.silent(), writer, controller)

    @property
    def online(self) -> int:
        """Units with a live connection."""
        return sum(unit.client is not None and unit.client.connected for unit in self._units)

    @property
    def latency(self) -> float:
        """A new draw of the time from sample to publication, s."""
        level = self._context.level
        return level.latency + level.latency_spread * float(self._context.rng.uniform(-1.0, 1.0))

    def start(self) -> None:
        """Connect all units and register them."""
        for unit in self._units:
            subscriptions = [f"V2X/RSU/{unit.esn}/{name}/DOWN" for name in ("RSI", "RSC", "CONFIG")]
            subscriptions.append(f"V2X/RSU/{unit.esn}/+/UP/ACK")
            unit.client = self._context.client(unit.esn, subscriptions, self._receiver(unit))
            unit.client.start(float(self._context.rng.uniform(0.0, _JOIN_WITHIN)))
            if not unit.silent:
                unit.client.send_event("rsu_info", "V2X/RSU/INFO/UP", self._registration(unit))

    def stop(self) -> None:
        """Disconnect all units."""
        for unit in self._units:
            if unit.client is not None:
                self._context.spawn(unit.client.stop())

    def _registration(self, unit: Unit) -> bytes:
        signals, row = self._context.network.signals, unit.row
        place = float(self.sites.lon[row]), float(self.sites.lat[row])
        name = str(signals.name_zh[row]) or unit.controller.id
        return registration(
            unit.esn,
            row + 1,
            name,
            place,
            unit.controller.reference,
            reach=float(self.sites.reach[row]),
            published_ms=round(self._context.now() * 1e3),
            takes_stages=row in self._takes_stages,
        )

    def enter(self, step: Step) -> None:
        """Take the next step of the city."""
        self._sensors.enter(step.segment, step.capacity, step.fresh)

    def send(self, group: int, segment: Segment, sampled: float, published: float) -> None:
        """Publish all that a group of units has to say now; they sampled the road at true UTC `sampled`."""
        found = self._sensors.sense(group, segment, sampled)
        texts = participant_texts(found, second_mark(sampled + self._clock[found.unit]), self._confidence)
        bounds = np.searchsorted(found.unit, np.arange(len(self._units) + 1)).tolist()
        self._ticks[group] += 1
        for row in range(group, len(self._units), GROUPS):
            unit = self._units[row]
            if unit.silent or unit.client is None:
                continue
            self._send_rsm(unit, unit.client, texts[bounds[row] : bounds[row + 1]], published)
            self._send_spat(unit, unit.client, segment, published)
            self._send_slow(unit, unit.client, self._ticks[group] + row, published)
        self._orders.expire(published)

    def _send_rsm(self, unit: Unit, client: DeviceClient, texts: list[bytes], published: float) -> None:
        for message in unit.rsm.write(texts, milliseconds(published + unit.clock)):
            self._context.telemetry(client, "rsu_rsm", unit.topics["RSM"], message)

    def _send_spat(self, unit: Unit, client: DeviceClient, segment: Segment, published: float) -> None:
        frame = segment.first if published < segment.last.time else segment.last
        state = frame.lights.get(unit.controller.id)
        if state is not None:
            end = frame.light_ends.get(unit.controller.id, published)
            message = unit.controller.spat(state, end, published, published + unit.clock)
            self._context.telemetry(client, "rsu_spat", unit.topics["SPAT"], message)

    def _send_slow(self, unit: Unit, client: DeviceClient, tick: int, published: float) -> None:
        stamp = milliseconds(published + unit.clock)
        if tick % _MAP_EVERY == 0:
            self._context.telemetry(client, "rsu_map", unit.topics["MAP"], self._map(unit, published + unit.clock))
        if tick % _HEARTBEAT_EVERY == 0:
            unit.beats += 1
            self._context.telemetry(client, "rsu_heartbeat", "V2X/RSU/HB/UP", heartbeat(unit.esn, unit.beats, stamp))
        if tick % _INFO_EVERY == 0:
            draw = self._context.rng.uniform(0.2, 0.4, 2)
            status = running_info(unit.esn, float(draw[0]), 2048 * float(draw[1]))
            self._context.telemetry(client, "rsu_running_info", "V2X/RSU/RunningInfo/UP", status)

    def _map(self, unit: Unit, clock: float) -> bytes:
        """MAP; its nodes never change, and making them costs more than all other messages of a second."""
        if not unit.map_nodes:
            unit.map_nodes = msgspec.json.encode(map_nodes(self._context.network, unit.row))
        unit.map_count = (unit.map_count + 1) % 128
        return _MAP % (unit.map_count, minute_of_year(clock), milliseconds(clock), unit.map_nodes)

    def _receiver(self, unit: Unit) -> Callable[[str, bytes], None]:
        return lambda topic, payload: self._receive(unit, topic, payload)

    def _receive(self, unit: Unit, topic: str, payload: bytes) -> None:
        if topic.endswith("/UP/ACK"):
            self._context.ledger.refused(refusal_reason(payload))
            return
        down = read_down(payload)
        if down is None:
            self._context.ledger.fault("order_not_understood")
        else:
            self._obey(unit, topic, down)

    def _obey(self, unit: Unit, topic: str, down: Down) -> None:
        name = topic.split("/")[3].lower()
        client, ledger = unit.client, self._context.ledger
        if client is None:
            return
        stream, answer = f"rsu_{name}_ack", f"{topic}/ACK"
        if name == "rsc":
            if down.signal_control is None:
                ledger.advisory("bus_priority", accepted=None)
            reply = partial(client.send_event, stream, answer)
            controller = unit.controller
            self._orders.take(down, controller.id, controller.reference, self._context.now(), reply)
            return
        ledger.advisory("congestion" if name == "rsi" else name, accepted=True)
        if down.ack:
            client.send_event(stream, answer, down_answer(down.seq_num, 0))

    def result(self, result: CommandResult) -> None:
        """Pass on what the city answered to a request for priority."""
        if isinstance(result.command, RequestPriority):
            self._context.ledger.settled("bus_priority", accepted=result.accepted)
            self._orders.settle(result.command, accepted=result.accepted, reason=result.reason)
        elif isinstance(result.command, ControlStage):
            self._orders.settle(result.command, accepted=result.accepted, reason=result.reason)


def _sites(context: FleetContext) -> Sites:
    signals = context.network.signals
    lon, lat = context.network.plane.inverse(signals.x, signals.y)
    count = len(signals.id)
    return Sites(
        x=signals.x.astype(np.float64),
        y=signals.y.astype(np.float64),
        lon=lon,
        lat=lat,
        reach=np.full(count, context.reach),
        centre=np.zeros(count),
        half_view=np.full(count, np.pi),
    )
