"""The register of lots: what is taken, what is refused by name, hours, prices, GeoJSON, rows on the network."""

import json
import math
from itertools import permutations
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest
from advice_city import build_network
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudctl.engine.commands import CommandDesk
from cloudctl.engine.lots import MORE_CARS_THAN_PLACES, Lots
from cloudctl.parking.assignment import assign
from cloudctl.parking.errors import RegisterError
from cloudctl.parking.geojson import read_geojson
from cloudctl.parking.lot_table import LotTable
from cloudctl.parking.orders import OCCUPANCY
from cloudctl.parking.register import CarPark, Entrance, Hours, ParkingRegister, Price, check
from cloudctl.publish.commands import Command, CommandReply, CommandStatus
from ingest.messages.parking import ParkingStatus

NOW = 1_700_000_000.0
SHANGHAI = ZoneInfo("Asia/Shanghai")
NETWORK = build_network(
    {"A": (0.0, 0.0), "B": (400.0, 0.0), "C": (800.0, 0.0)}, [("AB", "A", "B", 1), ("BC", "B", "C", 1)],
    car_parks=[("P1", "AB", 10), ("P2", "BC", 20)],
)  # fmt: skip
LOT = CarPark(id="K1", lon=112.93, lat=28.2, capacity=10)


def place(x: float, y: float) -> tuple[float, float]:
    lon, lat = NETWORK.plane.inverse(np.array([x]), np.array([y]))
    return float(lon[0]), float(lat[0])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"id": "a/b"}, "without /"), ({"id": ""}, "1 to 64"), ({"kind": "garage"}, "garage"), ({"capacity": 0}, "0"),
        ({"capacity": 200_000}, "200000"), ({"accessible": 11}, "11"), ({"lat": 91.0}, "91.0"),
        ({"price": Price(per_hour=-1.0)}, "-1.0"), ({"opening": (Hours(days=(7,)),)}, "7"),
        ({"opening": (Hours(since="8:00"),)}, "8:00"), ({"opening": (Hours(until="24:01"),)}, "24:01"),
        ({"entrances": (Entrance(lon=200.0, lat=0.0),)}, "200.0"),
    ],
)  # fmt: skip
def test_a_description_that_cannot_be_is_refused_with_its_value(change: dict[str, object], named: str) -> None:
    with pytest.raises(RegisterError, match=named):
        check(msgspec.structs.replace(LOT, **change))


@pytest.mark.parametrize(
    ("minutes", "cost"),
    [(0.0, 0.0), (15.0, 0.0), (16.0, 5.0), (61.0, 10.0), (600.0, 30.0), (1440.0 + 61.0, 40.0)],
)
def test_each_hour_begun_counts_up_to_the_most_of_a_day(minutes: float, cost: float) -> None:
    assert Price(per_hour=5.0, free_minutes=15, day_most=30.0).of(minutes) == cost


@pytest.mark.parametrize(
    ("hour", "weekday", "is_open"),
    [(9, 0, True), (7, 0, False), (22, 0, False), (23, 4, True), (1, 5, True), (3, 5, False), (12, 5, False)],
)
def test_hours_hold_on_their_days_and_may_run_over_midnight(hour: int, weekday: int, is_open: bool) -> None:
    hours = (Hours(days=(0,), since="08:00", until="22:00"), Hours(days=(4,), since="22:00", until="02:00"))
    monday = 1_795_363_200.0  # 2026-11-23 00:00 in Shanghai
    moment = monday + 86_400.0 * weekday + 3600.0 * hour
    assert msgspec.structs.replace(LOT, opening=hours).open_at(moment, SHANGHAI) is is_open


def test_a_geojson_register_is_read_and_faulty_features_are_named(tmp_path: Path) -> None:
    good = {"id": "K1", "capacity": 12, "kind": "kerb", "price": {"per_hour": 4.0}, "entrances": [[112.93, 28.2]]}
    line = {"type": "LineString", "coordinates": [[112.93, 28.2], [112.94, 28.2]]}
    point = {"type": "Point", "coordinates": [112.93, 28.2]}
    features = [
        {"type": "Feature", "properties": good, "geometry": line},
        {"type": "Feature", "properties": good, "geometry": point},
        {"type": "Feature", "properties": {"id": "K2"}, "geometry": point},
        {"type": "Feature", "properties": {"id": "K3", "capacity": 3}, "geometry": {"type": "Spot"}},
        {"type": "Feature", "properties": {"id": "K4", "capacity": 3, "colour": "red"}, "geometry": point},
        {"type": "Feature", "properties": {"id": "K5", "capacity": "many"}, "geometry": point},
        {"type": "Feature", "geometry": None},
        7,
    ]
    path = tmp_path / "lots.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    lots, problems = read_geojson(path)
    assert [(lot.id, lot.kind, round(lot.lon, 4), lot.capacity) for lot in lots] == [("K1", "kerb", 112.935, 12)]
    assert lots[0].price == Price(per_hour=4.0)
    wanted = ("twice", "capacity", "geometry", "colour", "capacity", "properties", "properties")
    assert [word in text for word, text in zip(wanted, problems, strict=True)] == [True] * 7


@pytest.mark.parametrize("text", ["", "[]", '{"features": 3}', "{"])
def test_a_file_that_is_no_geojson_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "lots.geojson"
    path.write_text(text)
    with pytest.raises(RegisterError):
        read_geojson(path)


def test_lots_of_the_register_replace_those_of_the_map_and_come_after_them() -> None:
    lon, lat = place(600.0, 5.0)
    kerb = CarPark(id="K1", lon=lon, lat=lat, capacity=4, kind="kerb", entrances=(Entrance(lon=lon, lat=lat),))
    other = msgspec.structs.replace(LotTable.of(NETWORK).lots[1], capacity=99)
    far = CarPark(id="K2", lon=0.0, lat=0.0, capacity=4)
    table = LotTable.of(NETWORK, [kerb, other, far])
    assert [(lot.id, lot.capacity) for lot in table.lots] == [("P1", 10), ("P2", 99), ("K1", 4), ("K2", 4)]
    assert table.links == ((0,), (1,), (1,), ())
    times, links = table.best_entrances(np.array([20.0, 50.0]))
    assert times.tolist() == [20.0, 50.0, 50.0, math.inf]
    assert links.tolist() == [0, 1, 1, -1]


def status(occupied: int, capacity: int = 10, lot: str = "P1", seq: int = 1) -> ParkingStatus:
    return ParkingStatus(lot, int(1e3 * NOW), seq, capacity, occupied)


def test_a_lot_with_more_cars_than_places_is_told_counts_as_full_and_leaves_the_others_alone() -> None:
    lots = Lots(NETWORK)
    lots.take(status(3, 20, "P2"), NOW)
    lots.take(status(12), NOW)
    (answer,) = lots.take_answers()
    said = json.loads(answer.payload)
    assert answer.topic == "V2X/PARKING/P1/STATUS/UP/ACK"
    assert said["errorCode"] == MORE_CARS_THAN_PLACES
    assert "12" in said["errorDesc"]
    assert "10" in said["errorDesc"]
    assert (lots.now[0].occupied, lots.now[1].occupied) == (10, 3)
    assert lots.counts["overfull"] == 1
    assert lots.take_answers() == []


def order(**content: object) -> Command:
    return Command(id=str(content), kind=OCCUPANCY, issued_by="t", time=NOW, expires=NOW + 9, content=content)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"lot": "P1", "occupied": 11}, "11"), ({"lot": "none", "occupied": 1}, "none"),
        ({"lot": "P1", "occupied": 1, "time": NOW - 50}, "newer"), ({"lot": "P1"}, "occupied"),
    ],
)  # fmt: skip
def test_an_occupancy_that_cannot_be_is_refused_by_name(content: dict[str, object], named: str) -> None:
    lots, desk = Lots(NETWORK), CommandDesk()
    desk.register(OCCUPANCY, lots.order)
    lots.take(status(2), NOW - 10)
    (reply,) = desk.handle(msgspec.json.encode(order(**content)), NOW)
    said = msgspec.json.decode(reply.payload, type=CommandReply)
    assert said.status is CommandStatus.REFUSED
    assert named in said.detail
    assert lots.now[0].occupied == 2


def test_occupancy_over_http_counts_like_that_of_a_sensor() -> None:
    lots = Lots(NETWORK)
    assert lots.order(order(lot="P2", occupied=7), NOW).content == {"capacity": 20, "occupied": 7}
    assert lots.now[1].occupied == 7


def test_a_new_register_keeps_what_is_known_of_lots_and_rubbish_changes_nothing() -> None:
    lots = Lots(NETWORK)
    lots.take(status(2), NOW)
    lots.take_register(b"rubbish")
    lots.take_register(msgspec.json.encode(ParkingRegister(lots=(LOT,))))
    assert [lot.id for lot in lots.table.lots] == ["P1", "P2", "K1"]
    assert lots.now[0].occupied == 2
    assert lots.take(status(4, lot="K1"), NOW)
    assert lots.counts["register_unreadable"] == 1


@settings(max_examples=60, deadline=None)
@given(data=st.data(), cars=st.integers(1, 3), lots=st.integers(1, 3))
def test_the_assignment_costs_no_more_than_any_other(data: st.DataObject, cars: int, lots: int) -> None:
    numbers = st.floats(0, 1000)
    costs = np.array(data.draw(st.lists(st.lists(numbers, min_size=lots, max_size=lots), min_size=cars, max_size=cars)))
    chances = -np.sort(-np.array(data.draw(st.lists(
        st.lists(st.floats(0, 1), min_size=cars, max_size=cars), min_size=lots, max_size=lots))), axis=1)  # fmt: skip

    def total(given_lots: tuple[int, ...]) -> float:
        taken = [given_lots[:car].count(lot) for car, lot in enumerate(given_lots)]
        return float(sum(costs[c, lot] + 1200 * (1 - chances[lot, n]) for c, (lot, n) in
                         enumerate(zip(given_lots, taken, strict=True))))  # fmt: skip

    found = tuple(row for row, _ in assign(costs, chances, 1200.0))
    every = {tuple(choice) for choice in permutations([lot for lot in range(lots) for _ in range(cars)], cars)}
    assert total(found) <= min(total(choice) for choice in every) + 1e-6


def test_a_car_that_reaches_no_lot_is_given_none_and_the_others_are_served() -> None:
    costs = np.array([[np.inf, np.inf], [10.0, 20.0]])
    found = assign(costs, np.ones((2, 2)), 1200.0)
    assert found == [(-1, 0.0), (0, 1.0)]
    assert assign(np.empty((1, 0)), np.empty((0, 1)), 1.0) == [(-1, 0.0)]
