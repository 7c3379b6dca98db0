"""What the engine does with events of devices: requests, parking, registration, answers to advice.

The durable record of events is the archiver's; here they only change what the platform does next.
"""

from collections import Counter
from dataclasses import dataclass

from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.advice.bus_priority import PriorityRequest
from cloudctl.advice.desk import AdviceDesk
from cloudctl.advice.parking import ParkingRequest
from cloudctl.dispatch.advice import TO_DRIVERS
from cloudctl.engine.lots import Lots
from cloudctl.engine.signal_control import SignalControl
from cloudctl.engine.transit import TransitPart
from cloudctl.engine.vehicle_routes import VehicleRoutes
from cloudctl.publish.delivery import Receipt
from cloudctl.publish.downlink import Downlink
from ingest.collector import Report
from ingest.device_registry import DeviceKind, DeviceRegistry
from ingest.errors import RefusedError
from ingest.messages import vir
from ingest.messages.acks import Ack, AdviceAck, AdviceAnswer
from ingest.messages.bus_status import BusStatus
from ingest.messages.common import TIME_OFFSET_UNAVAILABLE, Wire
from ingest.messages.parking import ParkingStatus
from ingest.messages.status import RsuInfo
from ingest.messages.vir import DriveRequest, SignalPriorityRequest, VehIntentionAndRequest
from maps.network import RoadNetwork

REQUEST_LIFE = 60.0
"""A request that does not say how long it holds, holds this long, s."""
CENTISECOND = 0.01


@dataclass(frozen=True)
class Parts:
    """Who is told of events."""

    network: RoadNetwork
    registry: DeviceRegistry
    desk: AdviceDesk
    downlink: Downlink
    lots: Lots
    routes: VehicleRoutes
    transit: TransitPart
    signals: SignalControl | None = None
    """Takes what units say of their controllers; None where signals are not looked after."""


class EventHandler:
    """Takes checked events one by one, in the order in which they came."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        groups = parts.network.groups
        keys = zip(groups.signal.tolist(), groups.phase_id.tolist(), strict=True)
        self._groups = {key: row for row, key in enumerate(keys)}
        self.counts: Counter[str] = Counter()
        """Requests: priority, parking; unknown_signal, impossible_vehicle for those that cannot be served."""

    def handle(self, report: Report[Wire]) -> Advisory | None:
        """Act on one event; gives an advisory whose status it changed."""
        message = report.message
        if report.device in self._parts.registry.held and not isinstance(message, Ack | AdviceAck):
            self.counts["held"] += 1
        elif isinstance(message, VehIntentionAndRequest):
            self._take_requests(report, message)
        elif isinstance(message, BusStatus):
            self._parts.transit.note(self._parts.registry.get(report.device).id, message, report.received)
        elif isinstance(message, ParkingStatus):
            self._parts.lots.take(message, report.event_time)
        elif isinstance(message, AdviceAck):
            self._take_advice_answer(report, message)
        elif isinstance(message, RsuInfo):
            self._take_info(report, message)
        elif isinstance(message, Ack):
            return self._take_unit_answer(report, message)
        return None

    def _take_requests(self, report: Report[Wire], message: VehIntentionAndRequest) -> None:
        for request in message.int_and_req.reqs or ():
            if request.info is None:
                continue
            if request.info.signal_priority is not None:
                self._take_priority(report, message.id, request, request.info.signal_priority)
            if request.info.parking is not None:
                self._take_parking(report, message, request.info.parking)

    def _take_priority(
        self, report: Report[Wire], vehicle: str, request: DriveRequest, wanted: SignalPriorityRequest
    ) -> None:
        signal = self._parts.network.signal_rows.get(wanted.intersection_id.key, -1)
        group = self._groups.get((signal, wanted.required_mov.phase_id or 0))
        if group is None:
            self.counts["unknown_signal"] += 1
            return
        self.counts["priority"] += 1
        life = _seconds(request.life_time)
        self._parts.desk.bus_priority.request(
            PriorityRequest(
                vehicle=vehicle,
                group=group,
                arrival=report.event_time + (_seconds(wanted.estimated_arrival_time) or 0.0),
                received=report.received,
                expires=report.received + (life or REQUEST_LIFE),
                request_id=f"{vehicle}-{request.req_id}",
            )
        )

    def _take_parking(self, report: Report[Wire], message: VehIntentionAndRequest, wanted: vir.ParkingRequest) -> None:
        place = wanted.destination
        lon, lat = (place.lon, place.lat) if place else (message.ref_pos.longitude, message.ref_pos.latitude)
        if lon is None or lat is None:
            return
        try:
            device = self._parts.registry.row_of(DeviceKind.OBU, message.id)
        except RefusedError:
            self.counts["impossible_vehicle"] += 1
            return
        self.counts["parking"] += 1
        x, y = self._parts.network.plane.forward(lon, lat)
        self._parts.desk.parking.request(ParkingRequest(message.id, device, float(x), float(y), report.received))

    def _take_advice_answer(self, report: Report[Wire], message: AdviceAck) -> None:
        accepted = message.status is AdviceAnswer.ACCEPTED
        receipt = self._acknowledge(report, str(message.id), accepted=accepted)
        if receipt is not None and receipt.advisory.kind in TO_DRIVERS:
            self._parts.transit.dispatch.answered(receipt.advisory.id, accepted=accepted, now=report.received)
            return
        if receipt is not None and not accepted and receipt.advisory.kind is AdvisoryKind.PARKING:
            self._parts.desk.parking.declined(receipt.advisory.target.removeprefix("obu:"))
        if receipt is None or not accepted or receipt.advisory.kind is AdvisoryKind.GLOSA:
            return
        links = receipt.advisory.content.get("links")
        if isinstance(links, list):
            self._parts.routes.accept(report.device, [str(link) for link in links], report.received)

    def _take_unit_answer(self, report: Report[Wire], message: Ack) -> Advisory | None:
        granted = message.error_code == 0
        if self._answers_stage(report, message):
            return None
        receipt = self._acknowledge(report, str(message.seq_num), accepted=granted, detail=message.error_desc or "")
        if receipt is None or receipt.advisory.kind is not AdvisoryKind.BUS_PRIORITY:
            return None
        return self._parts.desk.bus_priority.answer(
            receipt.advisory.id, granted=granted, now=report.received, reason=message.error_desc or ""
        )

    def _take_info(self, report: Report[Wire], info: RsuInfo) -> None:
        if self._parts.signals is not None:
            self._parts.signals.announced(self._parts.registry.get(report.device).id, info)

    def _answers_stage(self, report: Report[Wire], answer: Ack) -> bool:
        """Take the answer to a command of a stage; False where it is to something else."""
        if self._parts.signals is None:
            return False
        unit, key, good = self._parts.registry.get(report.device).id, str(answer.seq_num), answer.error_code == 0
        return self._parts.signals.commands.acknowledge(
            unit, key, accepted=good, detail=answer.error_desc or "", now=report.received
        )

    def _acknowledge(self, report: Report[Wire], key: str, *, accepted: bool, detail: str = "") -> Receipt | None:
        device = self._parts.registry.get(report.device).id
        return self._parts.downlink.acknowledge(device, key, accepted=accepted, now=report.received, detail=detail)


def _seconds(offset: int | None) -> float | None:
    """Turn DE_TimeOffset into s."""
    return None if offset is None or offset == TIME_OFFSET_UNAVAILABLE else offset * CENTISECOND
