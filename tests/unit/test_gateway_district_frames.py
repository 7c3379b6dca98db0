"""Live frames by district: what is over the border is not sent, and one frame serves all of the same districts."""

import gateway_samples as sample
import numpy as np
import pytest
from gateway_samples import Mover

from cloudctl.access.actor import Actor
from cloudctl.access.roles import Role
from cloudctl.api.client_messages import View
from cloudctl.api.district_frames import DistrictFrames
from cloudctl.api.district_raster import REACH_M, DistrictRaster
from cloudctl.api.district_sight import Districts
from cloudctl.api.hub import Client, Hub, Outgoing
from cloudctl.api.live_state import LiveState, Part
from cloudctl.api.measures import Measures
from cloudctl.api.network_tables import NetworkTables
from cloudctl.devices.record import DeviceRecord, DeviceStatus, DeviceType
from cloudctl.publish.frames import Column, FrameKind, decode_frame, encode_frame

NOW = 1_790_000_000.0
WEST, EAST = (112.930, 28.204), (112.938, 28.204)
NOWHERE = (113.5, 28.2)
CITY = View(box=(112.0, 28.0, 114.0, 29.0), zoom=12)
DELTAS = View(box=(112.0, 28.0, 114.0, 29.0), zoom=17, deltas=True)
TABLES = NetworkTables(sample.network())
MOVERS = [Mover(1, 112.9301, 28.204), Mover(2, 112.9379, 28.204), Mover(3, *NOWHERE)]


def _record(name: str, place: tuple[float, float], district: str) -> DeviceRecord:
    return DeviceRecord(
        id=name, kind=DeviceType.RSU, status=DeviceStatus.APPROVED, lon=place[0], lat=place[1], district=district
    )


@pytest.fixture
def districts() -> Districts:
    """A western and an eastern half of the sample city."""
    made = Districts({}, TABLES.link_ends)
    made.take([_record("RSU00001", WEST, "west"), _record("RSU00002", EAST, "east")])
    return made


@pytest.fixture
def hub() -> Hub:
    state = LiveState(connected=True)
    for topic, payload in sample.small_state(NOW).items():
        state.accept(topic, payload, NOW)
    links = dict.fromkeys(range(len(TABLES.network.links.id)), 3)
    state.accept(sample.LINKS, sample.links_frame(NOW, links), NOW)
    state.accept(sample.MOVERS, sample.movers_frame(NOW, MOVERS), NOW)
    return Hub(state, Measures())


def _actor(*names: str) -> Actor:
    return Actor("user:1", "Wu", frozenset({Role.POLICE_OPERATOR}), districts=frozenset(names))


def _joined(hub: Hub, districts: Districts, *names: str, view: View = CITY) -> Client:
    client = hub.join(districts=districts.sight_of(_actor(*names)))
    client.look(view)
    return client


def _frame(messages: list[Outgoing], kind: FrameKind) -> bytes:
    return next(m for m in messages if isinstance(m, bytes) and decode_frame(m).kind is kind)


def _ids(messages: list[Outgoing], kind: FrameKind, column: str) -> list[int]:
    found: list[int] = decode_frame(_frame(messages, kind)).column(column).tolist()
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("far", [0, 1], ids=["city", "one landmark at the end of the world"])
def test_the_raster_says_what_the_distances_say(seed: int, far: int) -> None:
    rng = np.random.default_rng(seed)
    spread = 0.05 if seed < 3 else 0.4
    where = rng.uniform((112.9 - spread, 28.2 - spread), (112.9 + spread, 28.2 + spread), (60, 2)).tolist()
    landmarks = [(lon, lat, f"d{number % 5}") for number, (lon, lat) in enumerate(where)]
    raster = DistrictRaster([*landmarks, *[(0.0, 0.0, "d9")] * far])
    lon = np.r_[rng.uniform(112.9 - 2 * spread, 112.9 + 2 * spread, 3000), 0.001, 0.2, -120.0]
    lat = np.r_[rng.uniform(28.2 - 2 * spread, 28.2 + 2 * spread, 3000), 0.001, 0.2, 80.0]
    codes = raster.codes(lon, lat)
    assert codes.tolist() == raster.nearest(lon, lat).tolist()
    assert len(set(codes.tolist())) == 6 + far


def test_a_place_out_of_reach_or_without_landmarks_is_in_no_district() -> None:
    raster = DistrictRaster([(*WEST, "west")])
    north = WEST[1] + np.array([0.99, 1.01]) * REACH_M / 111_320.0
    assert raster.codes(np.full(2, WEST[0]), north).tolist() == [0, -1]
    assert DistrictRaster([]).codes(np.zeros(2), np.array([28.2, np.nan])).tolist() == [-1, -1]


@pytest.mark.parametrize(("names", "seen"), [(("west",), [1, 3]), (("east",), [2, 3]), (("*",), [1, 2, 3])])
def test_road_users_of_other_districts_are_not_sent(
    hub: Hub, districts: Districts, names: tuple[str, ...], seen: list[int]
) -> None:
    assert _ids(hub.take(_joined(hub, districts, *names)), FrameKind.MOVERS, "id") == seen
    slots = _ids(hub.take(_joined(hub, districts, *names, view=DELTAS)), FrameKind.MOVER_KEY, "id")
    assert sorted(filter(None, slots)) == seen


def test_a_link_is_sent_where_one_of_its_ends_is_and_the_road_between_to_both(hub: Hub, districts: Districts) -> None:
    border = 112.932  # between the streets of the west, so that roads cross it
    districts.take(
        [_record("RSU00001", (border - 0.004, WEST[1]), "west"), _record("RSU00002", (border + 0.004, EAST[1]), "east")]
    )
    own = {
        name: set(_ids(hub.take(_joined(hub, districts, name)), FrameKind.LINKS, "link")) for name in ("west", "east")
    }
    (first, _), (last, _) = TABLES.link_ends
    rows = range(len(first))
    assert own["west"] == {row for row in rows if min(first[row], last[row]) < border}
    assert own["east"] == {row for row in rows if max(first[row], last[row]) > border}
    assert own["west"] & own["east"]
    assert own["west"] ^ own["east"]


def test_whoever_crosses_the_border_leaves_one_picture_and_enters_the_other(hub: Hub, districts: Districts) -> None:
    west, east = (_joined(hub, districts, name) for name in ("west", "east"))
    for lon, seen in ((112.931, [9]), (112.937, [])):
        hub.state.accept(sample.MOVERS, sample.movers_frame(NOW, [Mover(9, lon, 28.204)]), NOW)
        hub.changed(Part.MOVERS)
        assert _ids(hub.take(west), FrameKind.MOVERS, "id") == seen
        assert _ids(hub.take(east), FrameKind.MOVERS, "id") == ([] if seen else [9])


def test_all_of_the_same_districts_share_one_frame(
    hub: Hub, districts: Districts, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = [_joined(hub, districts, "west", view=view) for view in (CITY, CITY, DELTAS, DELTAS)]
    encoded: list[int] = []

    def counted(kind: FrameKind, tick: int, time: float, columns: dict[str, Column], **more: bool) -> bytes:
        encoded.append(kind)
        return encode_frame(kind, tick, time, columns, epoch=int(more["epoch"]), key=more["key"])

    monkeypatch.setattr("cloudctl.api.district_frames.encode_frame", counted)
    sent = [hub.take(client) for client in clients]
    assert sorted(encoded) == [FrameKind.MOVERS, FrameKind.LINKS]
    for kind in (FrameKind.MOVERS, FrameKind.LINKS):
        assert _frame(sent[0], kind) is _frame(sent[1], kind)
    assert _frame(sent[2], FrameKind.MOVER_MOVES) is _frame(sent[3], FrameKind.MOVER_MOVES)


def test_nothing_is_sent_before_the_register_was_read_and_borders_move_with_it(hub: Hub) -> None:
    districts = Districts({}, TABLES.link_ends)
    sight = districts.sight_of(_actor("west"))
    assert sight is not None
    frames, live = DistrictFrames(), hub.state.find_frame(Part.MOVERS)
    assert live is not None
    assert len(frames.of(Part.MOVERS, live, sight).frame) == 0
    districts.take([_record("RSU00001", WEST, "west"), _record("RSU00002", EAST, "east")])
    assert frames.of(Part.MOVERS, live, sight).frame.column("id").tolist() == [1, 3]
    districts.take([_record("RSU00001", WEST, "west"), _record("RSU00002", EAST, "west")])
    assert frames.of(Part.MOVERS, live, sight).frame.column("id").tolist() == [1, 2, 3]


def test_lights_are_everybodys(hub: Hub, districts: Districts) -> None:
    everything, own = (hub.take(_joined(hub, districts, name)) for name in ("*", "west"))
    assert _frame(own, FrameKind.SIGNALS) == _frame(everything, FrameKind.SIGNALS)


def test_advice_of_other_districts_is_not_sent(hub: Hub, districts: Districts) -> None:
    feeds = [hub.take(hub.join(districts=districts.sight_of(_actor(name)))) for name in ("west", "east")]
    near = [any('"a1"' in message for message in messages if isinstance(message, str)) for messages in feeds]
    assert sorted(near) == [False, True]
