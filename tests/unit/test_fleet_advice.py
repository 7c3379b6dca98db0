"""Drivers and units take advice as people and machines would: within reason, and with an answer."""

import msgspec
import pytest

from simulators.commands import Command, HoldAtStop, ParkAt, RequestPriority, SetRoute, SetSpeed
from simulators.device_report import Ledger
from simulators.fleet_downlink import Down, Priority
from simulators.obu_advice import Advice, Declined, Drive, answer, end_of_speed, is_news, is_willing
from simulators.rsu_orders import PATIENCE, PriorityOrders

NOW = 1_700_000_000.0


def advice(kind: str, content: dict[str, object], valid_until: float = NOW + 30) -> Advice:
    return Advice("a1", kind, valid_until, msgspec.Raw(msgspec.json.encode(content)))


def take(given: Advice, drive: Drive, link: str = "L1") -> Command | Declined:
    return answer(given, drive, "car.1", link=link, limit=16.0, now=NOW)


def test_willingness_is_the_same_every_time_and_has_the_set_share() -> None:
    willing = [is_willing(f"car.{n}", 0.8, 1) for n in range(5000)]
    assert willing == [is_willing(f"car.{n}", 0.8, 1) for n in range(5000)]
    assert sum(willing) / 5000 == pytest.approx(0.8, abs=0.02)


def test_the_two_directions_of_a_line_are_not_willing_together() -> None:
    lines = [[is_willing(f"bus{n:02d}{way}.0", 0.8, 1) for way in "ab"] for n in range(400)]
    assert sum(a != b for a, b in lines) / 400 == pytest.approx(2 * 0.8 * 0.2, abs=0.07)


@pytest.mark.parametrize(("advised", "driven"), [(12.0, 12.0), (2.0, 8.0), (30.0, 16.0)])
def test_a_speed_is_followed_between_half_the_limit_and_the_limit(advised: float, driven: float) -> None:
    drive = Drive(willing=True)
    assert take(advice("glosa", {"speed_mps": advised, "green_end": NOW + 20}), drive) == SetSpeed("car.1", driven)


def test_a_followed_speed_ends_behind_the_stop_line_or_when_it_expires() -> None:
    for link, when in (("", NOW + 1), ("L2", NOW + 1), ("L1", NOW + 21)):
        drive = Drive(willing=True)
        take(advice("glosa", {"speed_mps": 12.0, "green_end": NOW + 20}), drive)
        assert end_of_speed(drive, "car.1", "L1", NOW + 1) is None
        assert end_of_speed(drive, "car.1", link, when) == SetSpeed("car.1", None)
        assert end_of_speed(drive, "car.1", link, when) is None


def test_a_diversion_is_driven_only_from_where_the_vehicle_is() -> None:
    given = advice("diversion", {"links": ["L1", "L5", "L6"], "saves_s": 60})
    assert take(given, Drive(willing=True)) == SetRoute("car.1", ("L1", "L5", "L6"))
    assert take(given, Drive(willing=True), link="L9") is Declined.OFF_ROUTE
    assert take(given, Drive(willing=True), link="L5") == SetRoute("car.1", ("L5", "L6")), "it has driven on"
    assert take(given, Drive(willing=True), link="") == SetRoute("car.1", ("L1", "L5", "L6")), "inside a junction"


def test_parking_guidance_leads_to_the_lot() -> None:
    assert take(advice("parking", {"lot": "P1", "free": 3}), Drive(willing=True)) == ParkAt("car.1", "P1")


@pytest.mark.parametrize(
    ("given", "willing", "reason"),
    [
        (advice("glosa", {"speed_mps": 12.0}), False, Declined.UNWILLING),
        (advice("glosa", {"speed_mps": 12.0}, NOW - 1), True, Declined.LATE),
        (advice("bus_hold", {"until": NOW - 5}, NOW - 1), True, Declined.LATE),
        (advice("horoscope", {}), True, Declined.UNKNOWN),
    ],
)
def test_what_is_unwanted_late_or_unknown_is_declined_with_the_reason(
    given: Advice, willing: bool, reason: Declined
) -> None:
    assert take(given, Drive(willing)) is reason


def test_the_end_of_a_diversion_and_the_answer_to_a_request_are_no_advice_to_decline() -> None:
    assert is_news(advice("diversion", {"links": [], "ended": True}, NOW))
    assert is_news(advice("bus_priority", {"state": 4}))
    assert not is_news(advice("diversion", {"links": ["L1"], "ended": False}))
    assert not is_news(advice("glosa", {"speed_mps": 12.0}))


@pytest.mark.parametrize("willing", [True, False])
def test_a_bus_on_duty_does_what_dispatch_says(willing: bool) -> None:
    assert take(advice("bus_hold", {"until": NOW + 20}), Drive(willing)) == HoldAtStop("car.1", NOW + 20)
    assert take(advice("bus_speed", {"speed_mps": 9.0}), Drive(willing)) == SetSpeed("car.1", 9.0)
    assert take(advice("bus_speed", {"speed_mps": 9.0}), Drive(willing), link="") == SetSpeed("car.1", 9.0)


def test_declined_advice_is_counted_by_its_reason() -> None:
    ledger = Ledger(NOW)
    ledger.advisory("glosa", accepted=True)
    for reason in (Declined.UNWILLING, Declined.LATE, Declined.UNWILLING):
        ledger.advisory("glosa", accepted=False, reason=reason.value)
    assert ledger.report(NOW)["advisories"] == {
        "glosa": {
            "received": 4, "accepted": 1, "rejected": 3, Declined.UNWILLING.value: 2, Declined.LATE.value: 1
        }
    }  # fmt: skip


def orders() -> tuple[PriorityOrders, list[Command], list[dict[str, object]]]:
    sent, replies = list[Command](), list[dict[str, object]]()
    made = PriorityOrders(sent.append, 0.5)
    down = Down("9", ack=True, priority=Priority("r1", {"region": 1, "id": 2}, 3, NOW + 10, 8.0))
    made.take(down, "J1", (1, 2), NOW, lambda text: replies.append(msgspec.json.decode(text)))
    return made, sent, replies


@pytest.mark.parametrize(("accepted", "error"), [(True, 0), (False, 1)])
def test_a_priority_order_is_answered_with_what_the_signal_did(accepted: bool, error: int) -> None:
    made, sent, replies = orders()
    assert sent == [RequestPriority("r1", "J1", 3, NOW + 9.5, 8.0)]
    assert replies == []
    made.settle(RequestPriority("r1", "J1", 3, NOW + 9.5, 8.0), accepted=accepted, reason="")
    assert replies == [{"seqNum": "9", "errorCode": error}]


def test_a_signal_that_never_answers_is_a_refusal() -> None:
    made, _, replies = orders()
    made.expire(NOW + PATIENCE + 1)
    assert [reply["errorCode"] for reply in replies] == [1]


def test_an_order_for_another_signal_is_refused() -> None:
    made, sent, replies = orders()
    down = Down("10", ack=True, priority=Priority("r2", {"region": 1, "id": 7}, 3, NOW + 10, 8.0))
    made.take(down, "J1", (1, 2), NOW, lambda text: replies.append(msgspec.json.decode(text)))
    assert len(sent) == 1
    assert replies[0]["errorCode"] == 1
    assert "(1, 7)" in str(replies[0]["errorDesc"])
