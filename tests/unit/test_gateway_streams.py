"""Keys and changes of the live feed: any message may be missed, and what is drawn is still the newest picture."""

import itertools

import gateway_samples as sample
import numpy as np
import pytest
from gateway_samples import Mover
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudctl.api.client_messages import View
from cloudctl.api.hub import Client, Hub
from cloudctl.api.link_stream import LinkStream
from cloudctl.api.live_state import LiveFrame, Part
from cloudctl.api.measures import Measures
from cloudctl.api.mover_stream import EMPTY, GONE, MoverStream
from cloudctl.api.view_box import snapped_box
from cloudctl.publish.frames import Frame, FrameKind, decode_frame

NOW = 1_790_000_000.0
BOX = snapped_box(112.0, 28.0, 113.0, 29.0)
CITY = View(box=(112.0, 28.0, 113.0, 29.0), deltas=True)
Place = tuple[int, int]


class Screen:
    """What a page makes of the frames, slot by slot; the twin of `js/mover_store.js`."""

    def __init__(self) -> None:
        self.fixed: dict[str, np.ndarray] = {}
        self.moves: Frame | None = None
        self.epoch = -1

    def take(self, message: bytes) -> None:
        frame = decode_frame(message)
        if frame.kind is FrameKind.MOVER_KEY:
            self.fixed = {name: column.copy() for name, column in frame.columns.items()}
            self.epoch = frame.epoch
        elif frame.kind is FrameKind.MOVER_ENTRIES:
            assert frame.epoch == self.epoch
            for name, column in self.fixed.items():
                column[frame.column("slot")] = frame.column(name)
        else:
            assert frame.kind is FrameKind.MOVER_MOVES
            assert frame.epoch == self.epoch
            self.moves = frame

    def shown(self) -> dict[int, Place]:
        assert self.moves is not None
        rows = np.flatnonzero((self.moves.column("flags") < GONE) & (self.fixed["class"] != EMPTY))
        lon = self.fixed["lon"][rows] + self.moves.column("dlon")[rows]
        lat = self.fixed["lat"][rows] + self.moves.column("dlat")[rows]
        ids = self.fixed["id"][rows].tolist()
        assert len(set(ids)) == len(ids)
        return dict(zip(ids, zip(lon.tolist(), lat.tolist(), strict=True), strict=True))

    def slot(self, number: int) -> int:
        return int(np.flatnonzero(self.fixed["id"] == number)[0])


def _live(movers: dict[int, Place], time: float) -> LiveFrame:
    listed = [Mover(number, lon * 1e-7, lat * 1e-7) for number, (lon, lat) in movers.items()]
    raw = sample.movers_frame(time, listed)
    return LiveFrame(raw, decode_frame(raw), time)


def _everything(stream: MoverStream) -> list[bytes]:
    return [stream.key, *([stream.entries] if stream.entered else []), stream.moves]


_MOVERS = st.dictionaries(
    st.integers(1, 40),
    st.tuples(st.integers(1_120_000_000, 1_130_000_000), st.integers(280_000_000, 290_000_000)),
    max_size=30,
)


@given(pictures=st.lists(st.tuples(_MOVERS, st.floats(0.1, 3)), min_size=1, max_size=8), data=st.data())
@settings(max_examples=150, deadline=None)
def test_whatever_a_page_missed_it_shows_the_newest_picture(
    pictures: list[tuple[dict[int, Place], float]], data: st.DataObject
) -> None:
    stream, screen, time = MoverStream(BOX, itertools.count(1)), Screen(), NOW
    for movers, after in pictures:
        time += after
        stream.feed(_live(movers, time))
        if data.draw(st.booleans(), "the page gets this one"):
            for message in _everything(stream):
                screen.take(message)
            assert screen.shown() == movers


def test_a_road_user_keeps_its_slot_and_newcomers_take_free_ones() -> None:
    stream, screen = MoverStream(BOX, itertools.count(1)), Screen()
    stream.feed(_live({5: (1_125_000_000, 285_000_000), 9: (1_125_000_100, 285_000_000)}, NOW))
    epoch = stream.epoch
    for message in _everything(stream):
        screen.take(message)
    before = screen.slot(9)
    stream.feed(_live({7: (1_125_000_200, 285_000_000), 9: (1_125_000_150, 285_000_000)}, NOW + 0.2))
    screen.take(stream.entries)
    screen.take(stream.moves)
    assert stream.epoch == epoch
    assert screen.slot(9) == before
    assert set(screen.shown()) == {7, 9}


def test_a_slot_that_was_left_is_not_used_again_before_the_next_key() -> None:
    stream, screen = MoverStream(BOX, itertools.count(1)), Screen()
    stream.feed(_live({5: (1_125_000_000, 285_000_000)}, NOW))
    screen.take(stream.key)
    left = screen.slot(5)
    stream.feed(_live({6: (1_125_000_000, 285_000_000)}, NOW + 0.2))
    screen.take(stream.entries)
    assert screen.slot(6) != left


def test_who_moves_further_than_the_moves_reach_enters_again() -> None:
    stream, screen = MoverStream(BOX, itertools.count(1)), Screen()
    stream.feed(_live({5: (1_125_000_000, 285_000_000)}, NOW))
    stream.feed(_live({5: (1_125_900_000, 285_000_000)}, NOW + 0.2))
    for message in _everything(stream):
        screen.take(message)
    assert screen.shown() == {5: (1_125_900_000, 285_000_000)}
    assert stream.entered == 1


def test_a_key_follows_after_five_seconds_and_after_a_jump_back_in_time() -> None:
    stream = MoverStream(BOX, itertools.count(1))
    epochs = []
    for time in (NOW, NOW + 4.9, NOW + 5.0, NOW + 5.2, NOW - 60):
        stream.feed(_live({5: (1_125_000_000, 285_000_000)}, time))
        epochs.append(stream.epoch)
    assert epochs == [1, 1, 2, 2, 3]


def test_moves_cost_at_most_ten_bytes_a_slot() -> None:
    stream = MoverStream(BOX, itertools.count(1))
    movers = {number: (1_125_000_000 + number, 285_000_000) for number in range(1, 2001)}
    stream.feed(_live(movers, NOW))
    slots = len(decode_frame(stream.moves))
    assert slots == 2500
    assert len(stream.moves) <= 10 * slots + 400


@pytest.fixture
def hub() -> Hub:
    return Hub(sample.filled_state(NOW), Measures())


def _look(hub: Hub) -> Client:
    client = hub.join()
    client.look(CITY)
    return client


def _kinds(hub: Hub, client: Client) -> list[FrameKind]:
    return [decode_frame(message).kind for message in hub.take(client) if isinstance(message, bytes)]


def _advance(hub: Hub, tick: int, movers: list[Mover]) -> None:
    hub.state.accept(sample.MOVERS, sample.movers_frame(NOW + 0.2 * tick, movers, tick), NOW + 0.2 * tick)
    hub.changed(Part.MOVERS)


def test_a_key_is_sent_once_and_moves_after_it(hub: Hub) -> None:
    client = _look(hub)
    assert _kinds(hub, client) == [
        FrameKind.MOVER_KEY, FrameKind.MOVER_MOVES, FrameKind.SIGNALS, FrameKind.LINKS,
    ]  # fmt: skip
    _advance(hub, 1, [Mover(1, 112.934, 28.204)])
    assert _kinds(hub, client) == [FrameKind.MOVER_MOVES]
    _advance(hub, 2, [Mover(1, 112.934, 28.204), Mover(77, 112.934, 28.2)])
    assert _kinds(hub, client) == [FrameKind.MOVER_ENTRIES, FrameKind.MOVER_MOVES]


def test_clients_of_one_view_get_the_same_bytes(hub: Hub) -> None:
    first, second = _look(hub), _look(hub)
    one, other = ([m for m in hub.take(client) if isinstance(m, bytes)] for client in (first, second))
    assert [a is b for a, b in zip(one, other, strict=True)] == [True] * 4


def test_a_client_that_has_nothing_any_more_gets_keys_again(hub: Hub) -> None:
    client = _look(hub)
    hub.take(client)
    client.look(View(box=CITY.box, deltas=True, anew=True))
    assert FrameKind.MOVER_KEY in (kinds := _kinds(hub, client))
    assert FrameKind.LINKS in kinds


@pytest.mark.parametrize("deltas", [True, False])
def test_the_first_picture_comes_once(hub: Hub, deltas: bool) -> None:  # a case of the test
    view = View(box=CITY.box, zoom=17, deltas=deltas)
    client = hub.join()
    before = hub.take(client)
    client.look(view)
    first = hub.take(client)
    hub.changed(Part.MOVERS)  # the word of the picture that the view has already brought
    client.look(view)
    assert hub.take(client) == []
    texts = [str(message).split(",", 1)[0] for message in (*before, *first) if isinstance(message, str)]
    assert len(texts) == len(set(texts)) > 3
    frames = [decode_frame(message).kind for message in first if isinstance(message, bytes)]
    assert len(frames) == len(set(frames)) > 2
    client.look(View(box=(112.93, 28.2, 112.94, 28.21), zoom=17, deltas=deltas))
    assert [decode_frame(message).kind for message in hub.take(client) if isinstance(message, bytes)] == (
        [FrameKind.MOVER_KEY, FrameKind.MOVER_MOVES] if deltas else [FrameKind.MOVERS]
    )


def test_a_stalled_client_gets_the_newest_moves_alone(hub: Hub) -> None:
    client = _look(hub)
    hub.take(client)
    for tick in range(1, 9):
        _advance(hub, tick, [Mover(1, 112.934, 28.204)])
    frames = [decode_frame(message) for message in hub.take(client) if isinstance(message, bytes)]
    assert [(frame.kind, frame.tick) for frame in frames] == [(FrameKind.MOVER_MOVES, 8)]


def _links(levels: dict[int, int], time: float) -> LiveFrame:
    raw = sample.links_frame(time, levels)
    return LiveFrame(raw, decode_frame(raw), time)


def test_only_links_that_changed_are_sent() -> None:
    stream = LinkStream(itertools.count(1))
    stream.feed(_links(dict.fromkeys(range(20), 1), NOW))
    stream.feed(_links(dict.fromkeys(range(20), 1), NOW + 1))
    assert (stream.version, stream.changes) == (0, b"")
    stream.feed(_links(dict.fromkeys(range(20), 1) | {4: 5}, NOW + 2))
    changes = decode_frame(stream.changes)
    assert (changes.column("link").tolist(), changes.column("level").tolist()) == ([4], [5])


def test_a_link_that_changed_back_is_told_until_the_next_key() -> None:
    stream = LinkStream(itertools.count(1))
    for step, level in enumerate((1, 5, 1)):
        stream.feed(_links(dict.fromkeys(range(20), 1) | {4: level}, NOW + step))
    assert decode_frame(stream.changes).column("level").tolist() == [1]
    assert stream.epoch == 1


def test_a_link_of_which_nothing_is_known_any_more_comes_without_confidence() -> None:
    stream = LinkStream(itertools.count(1))
    stream.feed(_links(dict.fromkeys(range(20), 2), NOW))
    stream.feed(_links(dict.fromkeys(range(19), 2) | {19: 2}, NOW + 1))
    stream.feed(_links({link: 2 for link in range(20) if link != 7}, NOW + 2))
    changes = decode_frame(stream.changes)
    assert (changes.column("link").tolist(), changes.column("conf").tolist()) == ([7], [0])


def test_a_key_follows_when_most_links_changed() -> None:
    stream = LinkStream(itertools.count(1))
    stream.feed(_links(dict.fromkeys(range(20), 1), NOW))
    stream.feed(_links(dict.fromkeys(range(20), 4), NOW + 1))
    assert (stream.epoch, stream.version) == (2, 0)
