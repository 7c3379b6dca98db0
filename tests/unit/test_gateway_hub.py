"""Fan-out: what is new is sent once, the newest wins, and the same box costs one cut."""

import gateway_samples as sample
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudctl.api.client_messages import MAX_MESSAGE_BYTES, Paint, Ping, View, read_client_message
from cloudctl.api.doors import Doors
from cloudctl.api.errors import ClientMessageError
from cloudctl.api.hub import Client, Hub, Outgoing
from cloudctl.api.live_state import Part
from cloudctl.api.measures import Measures
from cloudctl.api.view_box import snapped_box
from cloudctl.publish.frames import FrameKind, decode_frame

NOW = 1_790_000_000.0
CITY = View(box=(112.0, 28.0, 113.0, 29.0), zoom=12)
CENTRE = View(box=(112.933, 28.203, 112.935, 28.205), zoom=17)


@pytest.fixture
def hub() -> Hub:
    return Hub(sample.filled_state(NOW), Measures())


def _frames(messages: list[Outgoing]) -> dict[FrameKind, list[int]]:
    decoded = [decode_frame(message) for message in messages if isinstance(message, bytes)]
    return {frame.kind: next(iter(frame.columns.values())).tolist() for frame in decoded}


def _texts(messages: list[Outgoing]) -> set[str]:
    return {orjson.loads(message)["type"] for message in messages if isinstance(message, str)}


def _joined(hub: Hub, view: View) -> Client:
    client = hub.join()
    client.look(view)
    return client


def test_a_new_client_gets_everything_once_and_then_nothing(hub: Hub) -> None:
    client = _joined(hub, CITY)
    messages = hub.take(client)
    assert _texts(messages) == {"status", "incidents", "advisories", "parking", "devices"}
    assert set(_frames(messages)) == {FrameKind.MOVERS, FrameKind.SIGNALS, FrameKind.LINKS}
    assert hub.take(client) == []


def test_a_client_that_looks_at_nothing_gets_no_frames(hub: Hub) -> None:
    assert _frames(hub.take(hub.join())) == {}


def test_movers_are_cut_to_the_view_and_passed_on_unchanged_where_all_are_inside(hub: Hub) -> None:
    assert _frames(hub.take(_joined(hub, CENTRE)))[FrameKind.MOVERS] == [1, 2]
    live = hub.state.find_frame(Part.MOVERS)
    assert live is not None
    assert live.raw in hub.take(_joined(hub, CITY))


def test_a_slow_client_gets_the_newest_frame_alone(hub: Hub) -> None:
    client = _joined(hub, CITY)
    hub.take(client)
    for tick in range(2, 9):
        hub.state.accept(sample.MOVERS, sample.movers_frame(NOW + tick, [], tick), NOW + tick)
        hub.changed(Part.MOVERS)
    frames = [decode_frame(message) for message in hub.take(client) if isinstance(message, bytes)]
    assert [frame.tick for frame in frames] == [8]


def test_clients_of_the_same_box_share_one_cut(hub: Hub) -> None:
    near = View(box=(112.93301, 28.20301, 112.93501, 28.20501), zoom=17)
    cut = [next(m for m in hub.take(_joined(hub, view)) if isinstance(m, bytes)) for view in (CENTRE, near)]
    assert cut[0] is cut[1]


def test_an_advisory_is_sent_to_each_client_once(hub: Hub) -> None:
    client = _joined(hub, CITY)
    hub.take(client)
    hub.changed(Part.ADVISORIES)
    assert "advisories" not in _texts(hub.take(client))


def test_a_moved_view_brings_movers_and_nothing_else(hub: Hub) -> None:
    client = _joined(hub, CITY)
    hub.take(client)
    client.look(CENTRE)
    messages = hub.take(client)
    assert set(_frames(messages)) == {FrameKind.MOVERS}
    assert _texts(messages) == set()


def test_layers_that_are_not_wanted_are_not_sent(hub: Hub) -> None:
    messages = hub.take(_joined(hub, View(box=CITY.box, layers=(Part.SIGNALS,))))
    assert set(_frames(messages)) == {FrameKind.SIGNALS}


def test_a_client_that_left_hears_nothing(hub: Hub) -> None:
    client = hub.join()
    hub.leave(client)
    client.news.clear()
    hub.changed(Part.MOVERS)
    assert client.news == set()


@given(
    west=st.floats(-179, 178),
    south=st.floats(-89, 88),
    width=st.floats(0.0001, 0.9),
    height=st.floats(0.0001, 0.9),
)
def test_a_snapped_box_holds_the_box_and_little_more(west: float, south: float, width: float, height: float) -> None:
    box = snapped_box(west, south, west + width, south + height)
    assert box.west <= west * 1e7 + 1
    assert box.south <= south * 1e7 + 1
    assert box.east >= (west + width) * 1e7 - 1
    assert box.north >= (south + height) * 1e7 - 1
    assert box.east - box.west <= (width + max(width, height)) * 1e7 + 10


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"type":"ping","t":5}', Ping(5.0)),
        ('{"type":"paint","ages_ms":[40,55.5]}', Paint((40.0, 55.5))),
        ('{"type":"view","box":[1,2,3,4],"zoom":11,"layers":["movers"]}', View((1, 2, 3, 4), 11, (Part.MOVERS,))),
    ],
)
def test_a_client_message_is_read(text: str, expected: object) -> None:
    assert read_client_message(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"type":"order"}',
        '{"type":"view","box":[3,2,1,4]}',
        '{"type":"view","box":[1,2,3,400]}',
        '{"type":"view","box":[1,2,3]}',
        '{"type":"view","box":[1,2,3,4],"layers":["secrets"]}',
        '{"type":"paint","ages_ms":[-1]}',
        '{"type":"ping","t":1}' + " " * MAX_MESSAGE_BYTES,
    ],
)
def test_what_is_no_client_message_is_refused(text: str) -> None:
    with pytest.raises(ClientMessageError):
        read_client_message(text)


def test_the_doors_close_when_a_host_has_enough_feeds_and_open_again() -> None:
    doors = Doors(most=3, most_a_host=2)
    assert [doors.enter("a"), doors.enter("a"), doors.enter("a"), doors.enter("b"), doors.enter("c")] == [
        True, True, False, True, False,
    ]  # fmt: skip
    doors.leave("a")
    assert doors.enter("c")
