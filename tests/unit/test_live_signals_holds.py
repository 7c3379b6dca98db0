"""Holds of several signals, of a corridor's signals, and events for units that stand away from signals."""

import msgspec
import pytest
from advice_city import NOW, Vehicle, build_network, scene_of

from cloudctl.advice.bus_priority import BusPriority
from cloudctl.advice.scene import Scene
from cloudctl.api.errors import ProblemError
from cloudctl.api.operator_holds import chosen_signals, held_signals
from cloudctl.api.operator_models import HoldRequest
from cloudctl.engine.commands import CommandDesk
from cloudctl.engine.operator_work import OperatorWork
from cloudctl.engine.roadside import RoadsideUnits
from cloudctl.incidents.operator_events import targets
from cloudctl.incidents.work import HOLD_SIGNAL, RELEASE_SIGNAL, EventOrder, HoldOrder, WorkState
from cloudctl.incidents.work_store import Work
from cloudctl.publish.commands import Command, CommandReply, CommandStatus
from ingest.device_kinds import DeviceKind
from ingest.device_registry import DeviceRegistry
from ingest.messages.status import Location, RsuInfo

PLACES = {"A": (0.0, 0.0), "B": (500.0, 0.0), "C": (1000.0, 0.0), "D": (1500.0, 0.0), "N": (500.0, 400.0)}
ROADS = [("AB", "A", "B", 1), ("BC", "B", "C", 1), ("CD", "C", "D", 1), ("NB", "N", "B", 1)]
NETWORK = build_network(PLACES, ROADS, ["B", "C"])


class Desk:
    """Operators' work in an engine without sockets."""

    def __init__(self) -> None:
        self.priority, self.commands = BusPriority(), CommandDesk()
        self.work = OperatorWork(NETWORK, self.priority, 1)
        self.work.register(self.commands)
        self._count = 0

    def order(self, kind: str, content: object, second: float = 0.0) -> CommandReply:
        self._count += 1
        built = msgspec.to_builtins(content)
        now = NOW + second
        command = Command(id=f"c{self._count}", kind=kind, issued_by="me", time=now, expires=now + 5, content=built)
        reply = self.commands.handle(msgspec.json.encode(command), now)[-1]
        return msgspec.json.decode(reply.payload, type=CommandReply)

    def held(self, second: float) -> set[int]:
        self.work.prepare(scene_of(NETWORK, now=NOW + second))
        return set(self.priority.held)


def hold(name: str, *signals: str, until: float = 60.0) -> HoldOrder:
    return HoldOrder(id=name, revision=1, signal=signals[0], signals=signals, until=NOW + until)


def test_a_hold_of_several_signals_holds_each_until_its_end() -> None:
    desk = Desk()
    assert desk.order(HOLD_SIGNAL, hold("h1", "SB", "SC")).status is CommandStatus.DONE
    assert desk.held(1.0) == {0, 1}
    assert desk.held(61.0) == set()


def test_of_two_holds_of_a_signal_the_later_end_counts_and_a_release_ends_its_own_alone() -> None:
    desk = Desk()
    desk.order(HOLD_SIGNAL, hold("h1", "SB", "SC", until=100.0))
    desk.order(HOLD_SIGNAL, hold("h2", "SC", until=30.0))
    assert desk.priority.held[1] == NOW + 100.0
    desk.order(RELEASE_SIGNAL, {"id": "h1"})
    assert desk.held(1.0) == {1}
    assert desk.priority.held[1] == NOW + 30.0


def test_what_is_held_back_is_told_for_the_hold_as_a_whole() -> None:
    desk = Desk()
    desk.order(HOLD_SIGNAL, hold("h1", "SB", "SC"))
    desk.held(1.0)
    desk.priority.held_back.update({0: 2, 1: 3})
    (message,) = desk.work.messages(NOW + 2.0)
    (state,) = msgspec.json.decode(message.payload, type=WorkState).holds
    assert state.held_back == 5


def test_a_hold_with_an_unknown_signal_is_refused_whole() -> None:
    desk = Desk()
    reply = desk.order(HOLD_SIGNAL, hold("h1", "SB", "nowhere"))
    assert (reply.status, reply.detail) == (CommandStatus.REFUSED, "no signal 'nowhere'")
    assert desk.held(1.0) == set()


@pytest.mark.parametrize(
    ("content", "signals"),
    [
        ({"signal": "SB"}, ["SB"]),
        ({"signal": "SB", "signals": ["SB", "SC"]}, ["SB", "SC"]),
        ({"minutes": 3}, []),
    ],
)
def test_the_signals_of_a_stored_hold_are_read_from_its_content(content: dict[str, object], signals: list[str]) -> None:
    assert held_signals(content) == signals


def scene_with_units(*vehicles: Vehicle) -> Scene:
    """One unit at signal B, one beside the road from C to D, one in the fields."""
    registry = DeviceRegistry()
    for name, (x, y) in {"RSUROAD1": (1250.0, 20.0), "RSUFIELD": (1250.0, 900.0)}.items():
        lon, lat = (float(each) for each in NETWORK.plane.inverse(x, y))
        row = registry.row_of(DeviceKind.RSU, name)
        registry.describe(row, RsuInfo(rsu_esn=name, location=Location(lon=lon, lat=lat), coverage_radius=100.0))
    at_signal = registry.row_of(DeviceKind.RSU, "RSUSIGN1")
    registry.describe(at_signal, RsuInfo(rsu_esn="RSUSIGN1", region=1, node_id=100))
    units = RoadsideUnits(NETWORK, registry)
    units.refresh()
    assert set(units.places) == {"RSUROAD1", "RSUFIELD", "RSUSIGN1"}
    plain = scene_of(NETWORK, vehicles, roadside_units=units.at_signal)
    return Scene(NOW, plain.picture, plain.topology, plain.device_names, units.at_signal, units.places)


def event(x: float, y: float, radius: float, *links: str) -> EventOrder:
    lon, lat = (float(each) for each in NETWORK.plane.inverse(x, y))
    return EventOrder(
        id="e1", revision=1, event_type=401, lon=lon, lat=lat, radius_m=radius, links=links, text="", started=NOW,
        until=NOW + 600,
    )  # fmt: skip


def test_a_unit_away_from_signals_is_told_of_events_around_it() -> None:
    assert targets(scene_with_units(), event(1250.0, 0.0, 100.0)) == ["rsu:RSUROAD1"]
    assert targets(scene_with_units(), event(1250.0, 450.0, 600.0)) == ["rsu:RSUROAD1", "rsu:RSUFIELD"]


def test_a_unit_beside_a_link_is_told_of_events_on_it_however_far_the_circle() -> None:
    found = targets(scene_with_units(), event(500.0, 0.0, 50.0, "CD"))
    assert "rsu:RSUROAD1" in found
    assert "rsu:RSUFIELD" not in found


def corridor(status: str, signals: list[str]) -> Work:
    """A corridor as the desk lists it."""
    result: dict[str, object] = {"stops": [{"signal": signal, "status": "ahead"} for signal in signals]}
    return Work("c1", "corridor", status, 1, {}, result, NOW, "me", "Me", NOW + 600, None, None)


def test_a_corridor_that_is_open_is_held_at_all_its_signals() -> None:
    work = [corridor("active", ["SB", "SC", "SB"])]
    assert chosen_signals(work, HoldRequest(corridor="c1", minutes=5, reason="procession")) == ["SB", "SC"]
    assert chosen_signals([], HoldRequest(signals=["SC", "SB", "SC"], minutes=5, reason="works")) == ["SC", "SB"]


@pytest.mark.parametrize(
    "wanted",
    [
        HoldRequest(minutes=5, reason="nothing named"),
        HoldRequest(signal="SB", corridor="c1", minutes=5, reason="two things named"),
        HoldRequest(corridor="c1", minutes=5, reason="a corridor that is over"),
        HoldRequest(corridor="elsewhere", minutes=5, reason="no such corridor"),
    ],
)
def test_a_hold_names_one_thing_that_is_there(wanted: HoldRequest) -> None:
    with pytest.raises(ProblemError):
        chosen_signals([corridor("ended", ["SB"])], wanted)
