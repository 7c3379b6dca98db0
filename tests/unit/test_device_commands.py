"""Commands about devices at the engine: frames that are kept while somebody looks, and orders to devices."""

import json

import msgspec
import pytest
from advice_city import NOW
from device_world import rsm
from engine_messages import NETWORK, raw

from cloudctl.devices.delivery import DeliveryKind
from cloudctl.engine.core import EngineCore
from cloudctl.engine.device_watch import LONGEST_FRAME, MOST_FRAMES, MOST_WATCHED
from cloudctl.publish.commands import Command, CommandReply, CommandStatus
from cloudctl.publish.outgoing import Outgoing
from cloudctl.settings import EngineSettings
from ingest.asyncapi_examples import EXAMPLES
from ingest.raw_message import RawMessage


class Desk:
    """An engine that is given commands."""

    def __init__(self) -> None:
        self.core = EngineCore(NETWORK, EngineSettings(), epoch=3)
        self.number = 0

    def give(self, kind: str, content: dict[str, object], now: float = NOW) -> tuple[CommandReply, list[Outgoing]]:
        self.number += 1
        command = Command(id=str(self.number), kind=kind, issued_by="li", time=now, expires=now + 5, content=content)
        out = self.core.control([RawMessage(f"V2X/CLOUD/COMMAND/{kind}", msgspec.json.encode(command), now)])
        return msgspec.json.decode(out[-1].payload, type=CommandReply), out[:-1]

    def hear(self, unit: str, count: int = 1) -> None:
        for number in range(count):
            self.core.accept([raw(f"V2X/RSU/{unit}/RSM/UP", rsm(unit, number, NOW + 0.1 * number), NOW)])

    def watch(self, device: str = "R1", now: float = NOW, **more: object) -> CommandReply:
        return self.give("watch_device", {"device": device, **more}, now)[0]

    def deliver(
        self, kind: DeliveryKind, content: dict[str, object], **more: object
    ) -> tuple[CommandReply, list[Outgoing]]:
        order = {"delivery": 5, "device": "R1", "kind": kind.value, "content": content, **more}
        return self.give("deliver", order)

    def reports(self, now: float) -> list[dict[str, object]]:
        out = self.core.beat(now, lambda: now).messages
        return [json.loads(each.payload) for each in out if each.topic == "V2X/CLOUD/DELIVERY"]


def frames(reply: CommandReply) -> list[dict[str, object]]:
    found = reply.content["frames"]
    assert isinstance(found, list)
    return found


def test_messages_are_kept_from_the_first_look_on_newest_first() -> None:
    desk = Desk()
    desk.hear("R1")
    assert frames(desk.watch()) == []
    desk.hear("R2")
    desk.hear("R1", 3)
    kept = frames(desk.watch(limit=2))
    assert len(kept) == 2
    assert {frame["topic"] for frame in kept} == {"V2X/RSU/R1/RSM/UP"}
    newest = json.loads(bytes.fromhex(str(kept[0]["payload_hex"])))
    assert newest["msgCnt"] == 2


def test_a_refused_message_is_kept_with_its_reason_and_cut_when_it_is_long() -> None:
    desk = Desk()
    desk.watch()
    desk.core.accept([RawMessage("V2X/RSU/R1/RSM/UP", b'{"pad":"' + b"x" * 5000 + b'"}', NOW)])
    (frame,) = frames(desk.watch())
    assert (frame["verdict"], frame["size"]) == ("refused", 5010)
    assert len(str(frame["payload_hex"])) == 2 * LONGEST_FRAME
    assert frame["reason"] == "missing_field"


def test_a_heartbeat_whose_payload_names_the_device_is_kept_too() -> None:
    desk = Desk()
    desk.watch()
    desk.core.accept([raw("V2X/RSU/HB/UP", {"rsuEsn": "R1"}, NOW), raw("V2X/RSU/HB/UP", {"rsuEsn": "R2"}, NOW)])
    assert [frame["topic"] for frame in frames(desk.watch())] == ["V2X/RSU/HB/UP"]


def test_memory_is_bounded_in_messages_devices_and_time() -> None:
    desk = Desk()
    desk.watch(seconds=30)
    desk.hear("R1", MOST_FRAMES + 50)
    assert len(frames(desk.watch(seconds=30, limit=MOST_FRAMES))) == MOST_FRAMES
    for number in range(MOST_WATCHED - 1):
        assert desk.watch(f"X{number}", seconds=30).status is CommandStatus.DONE
    assert desk.watch("one more").status is CommandStatus.REFUSED
    assert desk.watch("one more", now=NOW + 31.0).status is CommandStatus.DONE
    assert frames(desk.watch(now=NOW + 31.0)) == []


@pytest.mark.parametrize("wrong", [{"seconds": 0}, {"seconds": 601}, {"limit": 0}, {"limit": 201}, {"limit": "all"}])
def test_a_look_without_measure_is_refused(wrong: dict[str, object]) -> None:
    assert Desk().give("watch_device", {"device": "R1", **wrong})[0].status is CommandStatus.REFUSED


def test_a_configuration_is_sent_answered_and_reported() -> None:
    desk = Desk()
    desk.hear("R1")
    reply, (message,) = desk.deliver(DeliveryKind.CONFIG, {"rsmConfig": {"upLimit": 5}})
    assert reply.status is CommandStatus.DONE
    assert (message.topic, message.qos) == ("V2X/RSU/R1/CONFIG/DOWN", 1)
    order = json.loads(message.payload)
    assert order["rsmConfig"] == {"upLimit": 5}
    assert order["ack"] is True
    assert [report["status"] for report in desk.reports(NOW)] == ["sent"]
    desk.core.accept([raw("V2X/RSU/R1/CONFIG/DOWN/ACK", {"seqNum": order["seqNum"], "errorCode": 0}, NOW + 1)])
    (report,) = desk.reports(NOW + 1)
    assert (report["reference"], report["device"], report["status"]) == ("delivery:5", "R1", "accepted")


def test_a_map_carries_its_etag_and_silence_ends_as_connection_abnormal() -> None:
    desk = Desk()
    desk.hear("R1")
    _, (message,) = desk.deliver(DeliveryKind.MAP, EXAMPLES["map"], etag="e1", map_slice="west")
    assert json.loads(message.payload)["eTag"] == "e1"
    assert json.loads(message.payload)["mapSlice"] == "west"
    told = [report["status"] for second in range(20) for report in desk.reports(NOW + second)]
    assert told == ["sent", "connection_abnormal"]


def test_a_management_order_is_sent_once_and_its_silence_is_told() -> None:
    desk = Desk()
    desk.hear("R1")
    reply, (message,) = desk.deliver(DeliveryKind.MANAGEMENT, {"reboot": "reboot"})
    assert reply.status is CommandStatus.DONE
    assert message.topic == "V2X/RSU/R1/MNG/DOWN"
    beats = [desk.core.beat(NOW + second, lambda: NOW).messages for second in range(20)]
    assert not [out for messages in beats for out in messages if out.topic.endswith("MNG/DOWN")]
    told = {
        second: json.loads(out.payload)["status"]
        for second, messages in enumerate(beats)
        for out in messages
        if out.topic == "V2X/CLOUD/DELIVERY"
    }
    assert told == {0: "sent", 12: "unanswered"}
    assert not [out for messages in beats for out in messages if out.topic == "V2X/CLOUD/CONNECTION"]


@pytest.mark.parametrize(("code", "status"), [(0, "accepted"), (1, "rejected")])
def test_the_answer_to_a_management_order_is_told(code: int, status: str) -> None:
    desk = Desk()
    desk.hear("R1")
    _, (message,) = desk.deliver(DeliveryKind.MANAGEMENT, {"heartbeatRate": 30})
    answer = {"seqNum": json.loads(message.payload)["seqNum"], "errorCode": code, "errorDesc": "why"}
    desk.core.accept([raw("V2X/RSU/R1/MNG/DOWN/ACK", answer, NOW + 1)])
    assert [report["status"] for report in desk.reports(NOW + 1)] == ["sent", status]
    assert desk.reports(NOW + 30) == []


def test_a_device_that_cannot_be_told_is_refused() -> None:
    desk = Desk()
    assert "no topic" in desk.deliver(DeliveryKind.CONFIG, {})[0].detail
    desk.hear("R1")
    assert "upLimit" in desk.deliver(DeliveryKind.CONFIG, {"rsmConfig": {"upLimit": -1}})[0].detail
    desk.core.registry.decide("R1", vehicle=False, live=False)
    assert "not approved" in desk.deliver(DeliveryKind.CONFIG, {})[0].detail
