"""Events of the bus lines that a client can go on from, and when it cannot."""

from collections.abc import AsyncIterator

import msgspec
import pytest
from transit_samples import VISIT, advice, priority, transit_state

from cloudctl.access.actor import DEMO_ACTOR, Actor
from cloudctl.access.roles import Role
from cloudctl.api.transit_log import TransitEvent, TransitLog, VisitState
from cloudctl.api.transit_socket import messages
from cloudctl.dispatch.advice import AdviceStatus
from cloudctl.dispatch.priority import PriorityStatus
from cloudctl.dispatch.state import DispatchState

ONE_LINE = Actor("user:1", "d", frozenset({Role.BUS_DISPATCHER}), lines=frozenset({"1"}))


def visit(number: int, line: str = "1") -> VisitState:
    return msgspec.structs.replace(VISIT, number=number, line=line)


def filled(count: int, most: int = 100) -> TransitLog:
    log = TransitLog("life", most)
    for number in range(count):
        log.visit(visit(number))
    return log


async def take(feed: AsyncIterator[dict[str, object]], count: int) -> list[dict[str, object]]:
    return [await anext(feed) for _ in range(count)]


def numbers(found: list[dict[str, object]]) -> list[int]:
    events = [each.get("event") for each in found]
    contents = [event.content for event in events if isinstance(event, TransitEvent)]
    return [content.number for content in contents if isinstance(content, VisitState)]


def test_what_the_broker_delivers_twice_is_one_event() -> None:
    log = filled(2)
    log.visit(visit(1))
    log.advice(advice())
    log.advice(advice())
    assert log.newest == 3


async def test_a_client_that_was_away_misses_nothing() -> None:
    log = filled(3)
    feed = messages(log, DEMO_ACTOR, log.cursor(1))
    assert numbers(await take(feed, 3)) == [1, 2]
    log.visit(visit(3))
    (last,) = await take(feed, 1)
    assert numbers([last]) == [3]
    again = messages(log, DEMO_ACTOR, str(last["cursor"]))
    assert (await anext(again))["type"] == "hello"
    log.visit(visit(4))
    assert numbers(await take(again, 1)) == [4]


async def test_a_client_without_a_cursor_begins_now() -> None:
    log = filled(3)
    (hello,) = await take(messages(log, DEMO_ACTOR, ""), 1)
    assert hello == {"type": "hello", "cursor": "life-3"}


@pytest.mark.parametrize(
    "cursor", ["life-1", "other-9", "life-99", "life--1", "nonsense", "life-\u0663", "life-" + "9" * 30]
)
async def test_a_cursor_that_cannot_be_gone_on_from_is_answered_with_410(cursor: str) -> None:
    log = filled(10, most=5)
    feed = messages(log, DEMO_ACTOR, cursor)
    (gone,) = await take(feed, 1)
    assert (gone["type"], gone["status"], gone["cursor"]) == ("gone", 410, "life-10")
    log.visit(visit(10))
    (first,) = await take(feed, 1)
    assert numbers([first]) == [10]


async def test_a_client_too_slow_for_the_ring_is_told_so() -> None:
    log = filled(2, most=5)
    feed = messages(log, DEMO_ACTOR, "life-1")
    assert numbers(await take(feed, 2)) == [1]
    for number in range(2, 20):
        log.visit(visit(number))
    (gone,) = await take(feed, 1)
    assert (gone["type"], gone["cursor"]) == ("gone", "life-20")


async def test_events_of_other_lines_are_not_told() -> None:
    log = TransitLog("life")
    log.visit(visit(0, "2"))
    log.visit(visit(1, "1"))
    log.visit(visit(2, ""))
    log.visit(visit(3, "1"))
    feed = messages(log, ONE_LINE, "life-0")
    assert numbers(await take(feed, 3)) == [1, 3]


def test_findings_become_events_when_they_come_and_go() -> None:
    log = TransitLog("life")
    state = transit_state(1000.0)
    log.findings(state)
    log.findings(state)
    log.findings(msgspec.structs.replace(state, findings=()))
    kinds = [each.event.kind for each in log.after(0)]
    assert kinds == ["finding"] * len(state.findings) + ["finding_ended"] * len(state.findings)


def test_a_change_is_seen_at_once_and_advice_that_is_over_goes() -> None:
    state = DispatchState(time=0.0, advice=(advice("a1"), advice("a2", "2", "OTHER")))
    done = msgspec.structs.replace(advice("a1"), status=AdviceStatus.DONE)
    accepted = msgspec.structs.replace(advice("a2", "2", "OTHER"), status=AdviceStatus.ACCEPTED)
    assert state.with_advice(done).with_advice(accepted).advice == (accepted,)
    asked = priority("p1")
    granted = msgspec.structs.replace(asked, status=PriorityStatus.GRANTED)
    assert state.with_priority(asked).with_priority(granted).priority == (granted,)
