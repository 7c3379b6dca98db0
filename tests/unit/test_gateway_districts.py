"""Districts: a place is that of the nearest roadside device; who is bound to districts sees and does nothing beyond."""

import asyncio
import time

import gateway_samples as sample
import pytest

from cloudctl.access.actor import Actor
from cloudctl.access.roles import Role
from cloudctl.api.district_sight import Districts
from cloudctl.api.hub import Hub
from cloudctl.api.live_state import LiveState, Part
from cloudctl.api.measures import Measures
from cloudctl.devices.errors import RegisterDownError
from cloudctl.devices.record import DeviceRecord, DeviceStatus, DeviceType

WEST, EAST = (112.93, 28.2), (112.98, 28.2)
HERE, THERE = (112.931, 28.201), (112.979, 28.2)
FAR = (113.5, 28.2)


def _record(
    name: str, place: tuple[float, float], district: str | None, kind: DeviceType = DeviceType.RSU
) -> DeviceRecord:
    return DeviceRecord(id=name, kind=kind, status=DeviceStatus.APPROVED, lon=place[0], lat=place[1], district=district)


@pytest.fixture
def districts() -> Districts:
    """Two districts with a roadside unit each, and a vehicle that is no landmark."""
    made = Districts({"J1": HERE, "J2": THERE})
    car = _record("CAR", FAR, "west", DeviceType.OBU)
    made.take(
        [_record("RSU00001", WEST, "west"), _record("RSU00002", EAST, "east"), _record("RSU00003", HERE, None), car]
    )
    return made


def _actor(*districts: str) -> Actor:
    return Actor("user:1", "Wu", frozenset({Role.POLICE_OPERATOR}), districts=frozenset(districts))


def test_a_place_lies_in_the_district_of_the_nearest_unit_and_far_away_in_none(districts: Districts) -> None:
    assert [districts.at(*place) for place in (HERE, THERE, FAR)] == ["west", "east", ""]


def test_who_is_bound_to_a_district_sees_that_and_what_lies_in_none(districts: Districts) -> None:
    sight = districts.sight_of(_actor("west"))
    assert sight is not None
    assert [sight.place(*place) for place in (HERE, THERE, FAR)] == [True, False, True]
    assert [sight.signal(name) for name in ("J1", "J2", "unknown")] == [True, False, False]
    assert [sight.work({"signal": "J2"}), sight.work({"lon": HERE[0], "lat": HERE[1]}), sight.work({})] == [
        False,
        True,
        False,
    ]


def test_who_may_see_every_district_is_bound_to_none(districts: Districts) -> None:
    assert districts.sight_of(_actor("*")) is None


def test_before_the_register_was_read_nothing_is_shown() -> None:
    sight = Districts().sight_of(_actor("west"))
    assert sight is not None
    assert not sight.place(*HERE)


@pytest.mark.parametrize("place", [(None, 28.2), ("112.9", 28.2), (float("nan"), 28.2)])
def test_a_place_that_is_none_is_nobodys(districts: Districts, place: tuple[object, object]) -> None:
    sight = districts.sight_of(_actor("west"))
    assert sight is not None
    assert sight.place(*place) is (place[0] != place[0])  # a place that is no number lies in no district


def _shown(hub: Hub, actor: Actor, districts: Districts) -> str:
    client = hub.join(districts=districts.sight_of(actor))
    return "\n".join(str(message) for message in hub.take(client))


def test_the_feed_shows_incidents_desk_work_and_devices_of_the_own_districts(districts: Districts) -> None:
    now = time.time()
    state = LiveState()
    for name, (lon, lat) in (("near", HERE), ("over", THERE)):
        incident = sample.incident(name, now, lon=lon, lat=lat)
        state.incidents[incident.incident_id] = incident
    state.devices = sample.filled_state(now).devices
    state.desk[Part.DESK] = {
        "items": [{"incident_id": "near"}, {"incident_id": "over"}],
        "mutes": [{"id": 1, "lon": THERE[0], "lat": THERE[1]}, {"id": 2, "lon": None, "lat": None}],
        "reachable": True,
    }
    state.desk[Part.EVENTS] = {"items": [{"id": "e2", "content": {"lon": THERE[0], "lat": THERE[1]}}]}
    state.desk[Part.HOLDS] = {
        "items": [{"id": "h1", "content": {"signal": "J1"}}, {"id": "h2", "content": {"signal": "J2"}}]
    }
    hub = Hub(state, Measures())
    everything = _shown(hub, _actor("*"), districts)
    own = _shown(hub, _actor("west"), districts)
    other = _shown(hub, _actor("east"), districts)
    assert all(name in everything for name in ('"near"', '"over"', '"e2"', '"h1"', '"h2"', "RSU00001"))
    assert all(name in own for name in ('"near"', '"h1"', "RSU00001", '"id":2', '"reachable":true'))
    assert not any(name in own for name in ('"over"', '"e2"', '"h2"', '"id":1'))
    assert '"over"' in other
    assert "RSU00001" not in other


async def test_what_is_known_of_districts_stays_while_the_register_is_down(
    districts: Districts, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    async def read() -> dict[str, DeviceRecord]:
        asked.append(1)
        raise RegisterDownError("down")

    monkeypatch.setattr("cloudctl.api.district_sight.REFRESH_S", 0.0)
    task = asyncio.create_task(districts.keep(read))
    while len(asked) < 3:
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert districts.at(*HERE) == "west"
