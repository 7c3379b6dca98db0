"""Parking guidance: the lot of least cost, the chance of a place, balance over lots."""

import dataclasses
from collections import Counter

import msgspec
import numpy as np
from advice_city import NOW, Vehicle, build_network, scene_of

from cloudctl.advice.live_routes import LiveRoutes
from cloudctl.advice.parking import PATIENCE, Parking, ParkingRequest
from cloudctl.advice.scene import Lot, Scene
from cloudctl.parking.lot_table import LotTable
from cloudctl.parking.register import CarPark, Hours, Price

PLACES = {"A": (0.0, 0.0), "B": (400.0, 0.0), "C": (800.0, 0.0), "N": (600.0, 150.0)}
ROADS = [("AB", "A", "B", 1), ("BC", "B", "C", 1), ("BN", "B", "N", 1)]
NETWORK = build_network(PLACES, ROADS, car_parks=[("near", "BC", 100), ("far", "BN", 100)])
FREE = {row: Lot(occupied=20, capacity=100, updated=NOW) for row in (0, 1)}


def request(device: int = 3, received: float = NOW) -> ParkingRequest:
    return ParkingRequest(f"CAR{device:05d}", device, 800.0, 0.0, received)


def scene(second: float = 0.0, devices: int = 30, lots: dict[int, Lot] = FREE) -> Scene:
    vehicles = [Vehicle("AB", 10.0 * device, device=device) for device in range(devices)]
    return scene_of(NETWORK, vehicles, now=NOW + second, lots=lots)


def advisor(*requests: ParkingRequest) -> Parking:
    parking = Parking(LiveRoutes(NETWORK))
    for each in requests:
        parking.request(each)
    return parking


def test_the_lot_nearest_to_the_destination_is_advised_with_its_route() -> None:
    (advisory,) = advisor(request()).advise(scene())
    assert advisory.target == "obu:CAR00003"
    assert advisory.content["lot"] == "near"
    assert advisory.content["links"] == ["AB", "BC"]
    assert advisory.content["free"] == 80
    assert float(str(advisory.content["probability"])) > 0.99


def test_a_full_lot_is_passed_over() -> None:
    lots = {**FREE, 0: dataclasses.replace(FREE[0], occupied=100)}
    (advisory,) = advisor(request()).advise(scene(lots=lots))
    assert advisory.content["lot"] == "far"


def test_cars_under_way_count_so_that_the_last_places_are_not_given_twice() -> None:
    lots = {**FREE, 0: dataclasses.replace(FREE[0], occupied=90)}
    parking = advisor(*(request(device) for device in range(30)))
    found = Counter(advisory.content["lot"] for advisory in parking.advise(scene(lots=lots)))
    assert 5 <= found["near"] <= 11
    assert found["near"] + found["far"] == 30


def test_a_request_is_answered_once() -> None:
    parking = advisor(request())
    assert [len(parking.advise(scene(second))) for second in (0.0, 1.0)] == [1, 0]


def test_a_vehicle_that_no_track_shows_waits_and_is_then_counted() -> None:
    parking = advisor(request(device=77))
    assert parking.advise(scene()) == []
    assert parking.unanswered == 0
    assert parking.advise(scene(PATIENCE + 1)) == []
    assert parking.unanswered == 1


def test_a_driver_who_declines_gives_the_place_back() -> None:
    parking = advisor(request())
    parking.advise(scene())
    assert parking.under_way == {"near": 1}
    parking.declined("CAR00003")
    assert parking.under_way == {}


def test_a_lot_of_the_register_is_advised_and_a_closed_one_is_not() -> None:
    lon, lat = NETWORK.plane.inverse(np.array([790.0]), np.array([0.0]))
    kerb = CarPark(id="kerb", lon=float(lon[0]), lat=float(lat[0]), capacity=5, kind="kerb")
    closed = msgspec.structs.replace(kerb, opening=(Hours(days=(0,), since="00:00", until="00:01"),))
    full = dataclasses.replace(FREE[0], occupied=100)
    for lot, wanted in ((kerb, "kerb"), (closed, "far")):
        table = LotTable.of(NETWORK, [lot])
        now = {**FREE, 0: full, table.rows["kerb"]: Lot(0, 5, NOW)}
        seen = dataclasses.replace(scene(lots=now), lot_table=table)
        (advisory,) = advisor(request()).advise(seen)
        assert advisory.content["lot"] == wanted


def test_a_cheaper_lot_is_preferred_where_all_else_is_alike() -> None:
    dear = [CarPark(id="near", lon=0.0, lat=0.0, capacity=100, price=Price(per_hour=20.0))]
    here = LotTable.of(NETWORK)
    register = [msgspec.structs.replace(here.lots[0], price=dear[0].price)]
    seen = dataclasses.replace(scene(), lot_table=LotTable.of(NETWORK, register))
    (advisory,) = advisor(request()).advise(seen)
    assert advisory.content["lot"] == "far"
