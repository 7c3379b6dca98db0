"""Outlines of districts hold what lies in them, in few corners, and are given to those who may see them."""

import gateway_samples as sample
import httpx
import numpy as np
import pytest
import shapely
from access_kit import Door, Trail, services_with
from fastapi import FastAPI
from numpy.typing import NDArray

from cloudctl.access.actor import Actor
from cloudctl.access.roles import Role
from cloudctl.api import district_outlines
from cloudctl.api.district_outlines import MOST_CORNERS, one_ring, outlines
from cloudctl.api.district_raster import DistrictRaster
from cloudctl.devices.record import DeviceRecord, DeviceStatus, DeviceType

Place = tuple[float, float, str]
Reals = NDArray[np.float64]


def scattered(seed: int, landmarks: int = 12, districts: int = 3) -> list[Place]:
    rng = np.random.default_rng(seed)
    return [
        (112.9 + rng.uniform(0, 0.15), 28.15 + rng.uniform(0, 0.12), f"d{place % districts}")
        for place in range(landmarks)
    ]


def within_ring(ring: list[tuple[float, float]], x: Reals, y: Reals) -> NDArray[np.bool_]:
    """As the map's own filter counts."""
    inside = np.zeros(len(x), bool)
    for place, (ax, ay) in enumerate(ring):
        bx, by = ring[place - 1]
        crosses = (ay > y) != (by > y)
        inside ^= crosses & (x < (bx - ax) * (y - ay) / np.where(crosses, by - ay, 1.0) + ax)
    return inside


@pytest.mark.parametrize("seed", range(4))
def test_an_outline_holds_what_the_districts_raster_says_lies_in_it(seed: int) -> None:
    places = scattered(seed)
    raster, found = DistrictRaster(places), outlines(places)
    x, y = np.random.default_rng(seed).uniform((112.86, 28.11), (113.09, 28.31), (6000, 2)).T
    codes = raster.codes(x, y)
    assert list(found) == raster.names
    for code, name in enumerate(raster.names):
        ring = one_ring(found[name])
        assert len(ring) <= MOST_CORNERS
        inside = within_ring(ring, x, y)
        assert (inside == shapely.contains_xy(found[name], x, y)).mean() > 0.998
        assert (inside != (codes == code)).sum() < 0.04 * (codes == code).sum()


def test_parts_and_holes_are_walked_as_one_ring() -> None:
    holed = shapely.Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(3, 3), (6, 3), (6, 6), (3, 6)]])
    several = shapely.MultiPolygon([holed, shapely.box(20, 20, 25, 25), shapely.box(-9, 20, -4, 30)])
    x, y = np.random.default_rng(1).uniform(-10, 31, (4000, 2)).T
    assert (within_ring(one_ring(several), x, y) == shapely.contains_xy(several, x, y)).all()


@pytest.mark.parametrize("places", [[(112.9, 28.2, "a")], [(112.9, 28.2, "a"), (112.9, 28.2, "a")]])
def test_a_single_landmark_reaches_three_kilometres(places: list[Place]) -> None:
    (shape,) = outlines(places).values()
    west, south, east, north = shape.bounds
    assert (north - south) * 111_320 == pytest.approx(6000, rel=0.01)
    assert (east - west) * 111_320 * np.cos(np.radians(28.2)) == pytest.approx(6000, rel=0.01)


def test_without_landmarks_there_are_no_districts() -> None:
    assert outlines([]) == {}


def test_many_scattered_parts_still_fit_into_a_filter() -> None:
    places = [(112.0 + 0.2 * (place % 8), 28.0 + 0.2 * (place // 8), "a") for place in range(40)]
    (shape,) = outlines(places).values()
    assert len(one_ring(shape)) <= MOST_CORNERS
    assert shape.area > 0


async def test_everybody_gets_the_outlines_of_the_own_districts(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door()
    services = services_with(door, Trail(), sample.filled_state(1_790_000_000.0))
    app = FastAPI()
    app.state.services = services
    app.state.access = door
    app.include_router(district_outlines.router)
    transport = httpx.ASGITransport(app)
    made = 0

    def counted(places: list[Place]) -> dict[str, shapely.MultiPolygon]:
        nonlocal made
        made += 1
        return outlines(places)

    monkeypatch.setattr(district_outlines, "outlines", counted)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        assert (await client.get("/api/v1/districts")).json()["features"] == []
        services.districts.take(
            DeviceRecord(id=name, kind=DeviceType.RSU, status=DeviceStatus.APPROVED, lon=lon, lat=28.2, district=name)
            for name, lon in (("west", 112.92), ("east", 112.94))
        )
        for districts, names in (({"*"}, ["east", "west"]), ({"west"}, ["west"]), ({"north"}, [])):
            door.actor = Actor("user:1", "Wu", frozenset({Role.POLICE_VIEWER}), districts=frozenset(districts))
            answer = await client.get("/api/v1/districts")
            assert answer.headers["content-type"] == "application/geo+json"
            features = answer.json()["features"]
            assert [each["properties"]["district"] for each in features] == names
            for each in features:
                shape = shapely.from_geojson(str(each["geometry"]).replace("'", '"'))
                assert len(each["properties"]["ring"]) == len(shape.geoms[0].exterior.coords) - 1
        assert made == 2  # for no landmarks, and once for these
