"""A dispatcher sees the own lines in the live picture too: buses, and advisories about them."""

import time

import gateway_samples as sample
import msgspec
import orjson
import pytest
import transit_samples as buses

from cloudctl.access.actor import DEMO_ACTOR, Actor
from cloudctl.access.roles import Role
from cloudctl.advice.advisory import Advisory, AdvisoryKind
from cloudctl.api.buses_message import buses_message
from cloudctl.api.hub import Hub
from cloudctl.api.line_sight import LineSight, sight_of
from cloudctl.api.live import NEEDS
from cloudctl.api.live_state import LiveState, Part
from cloudctl.api.measures import Measures
from cloudctl.store.reader import StoredAdvisory

DISPATCHER = Actor("user:1", "one", frozenset({Role.BUS_DISPATCHER}), lines=frozenset({"1"}))
ENGINEER = Actor("user:2", "two", frozenset({Role.SIGNAL_ENGINEER}))
POLICE = Actor("user:3", "three", frozenset({Role.POLICE_VIEWER, Role.BUS_DISPATCHER}))


def priority(vehicle: str) -> Advisory:
    """A request for a green."""
    return msgspec.structs.replace(
        sample.advisory("a1", 1000.0), kind=AdvisoryKind.BUS_PRIORITY, content={"vehicle": vehicle, "signal": "s"}
    )


def live() -> LiveState:
    """Three buses of line 1 and one of line 2."""
    state = LiveState()
    buses.fill(state, time.time())
    return state


def test_who_sees_all_lines_has_no_sight_to_look_through() -> None:
    assert sight_of(DEMO_ACTOR) is None
    assert sight_of(POLICE) is None
    assert sight_of(DISPATCHER) == LineSight(DISPATCHER)
    assert sight_of(ENGINEER) is not None


@pytest.mark.parametrize(("vehicle", "seen"), [("BUS1", True), ("OTHER", False), ("NOBODY", False)])
def test_a_request_for_a_green_is_seen_by_who_sees_the_line_of_its_bus(vehicle: str, *, seen: bool) -> None:
    assert LineSight(DISPATCHER).advisory(priority(vehicle), live().transit) is seen
    assert LineSight(ENGINEER).advisory(priority(vehicle), live().transit) is False
    assert LineSight(DISPATCHER).advisory(priority(vehicle), None) is False


def test_of_stored_requests_those_are_seen_that_name_an_own_line() -> None:
    def stored(kind: AdvisoryKind, **content: object) -> StoredAdvisory:
        return StoredAdvisory(
            "a1", kind.value, "signal:s", 1000.0, 1010.0, "", "", 112.9, 28.2, dict(content), None, None, None
        )

    requests = [stored(AdvisoryKind.BUS_PRIORITY, line=line, vehicle="BUS1") for line in ("1", "2", None)]
    assert [LineSight(DISPATCHER).stored(each) for each in requests] == [True, False, False]
    assert [LineSight(POLICE).stored(each) for each in requests] == [True] * 3
    assert LineSight(ENGINEER).stored(stored(AdvisoryKind.GLOSA))


def test_every_other_advisory_is_for_everybody() -> None:
    assert LineSight(ENGINEER).advisory(sample.advisory("a1", 1000.0), None)


def test_the_live_feed_tells_a_dispatcher_of_the_own_line_alone() -> None:
    state = live()
    for number, vehicle in enumerate(("BUS1", "OTHER")):
        state.advisories.append((number + 1, priority(vehicle)))
    hub = Hub(state, Measures())
    some, every = hub.join(sight=sight_of(DISPATCHER)), hub.join()
    told = {}
    for client in (some, every):
        messages = [orjson.loads(text) for text in hub.take(client) if isinstance(text, str)]
        told[client] = {each["type"]: each for each in messages}
    assert {bus["line"] for bus in told[some][Part.TRANSIT]["buses"]} == {"1"}
    assert [each["content"]["vehicle"] for each in told[some][Part.ADVISORIES]["items"]] == ["BUS1"]
    assert {bus["line"] for bus in told[every][Part.TRANSIT]["buses"]} == {"1", "2"}
    assert len(told[every][Part.ADVISORIES]["items"]) == 2


def test_the_text_of_the_feed_holds_the_lines_in_sight() -> None:
    assert {bus["line"] for bus in buses_message(live(), LineSight(DISPATCHER))["buses"]} == {"1"}  # type: ignore[attr-defined]  # a list
    assert buses_message(live(), LineSight(ENGINEER))["buses"] == []


def test_buses_in_the_live_feed_need_the_permission_to_see_buses() -> None:
    assert not ENGINEER.may(NEEDS[Part.TRANSIT])
    assert DISPATCHER.may(NEEDS[Part.TRANSIT])
