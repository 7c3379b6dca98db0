"""What is stored of a district is for those who may see the district: in lists, figures, exports and replay."""

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import history_city as city
import pytest
from history_districts import CROSSED, WEST_UNIT, halves, of_district
from history_gateway import APPROACH, NETWORK, OBSERVATIONS, ONWARD, SIGNAL, SPAN, Api, at, running_api
from store_frames import NOON

from cloudctl.api.network_tables import NetworkTables
from cloudctl.devices.record import DeviceRecord, DeviceStatus, DeviceType

BORDER = 112.9313


@pytest.fixture(scope="module")
def filled(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    city.fill(module_database, tmp_path_factory.mktemp("districts"), observations=OBSERVATIONS)
    return module_database


@pytest.fixture
async def api(filled: str, tmp_path: Path) -> AsyncIterator[Api]:
    async with running_api(filled, tmp_path, districts=halves(NetworkTables(NETWORK)), filled=True) as running:
        yield running


async def export(api: Api, content: str, name: str = "csv") -> str:
    answer = await api.client.get(f"/api/v1/exports/{content}", params=SPAN | {"format": name, "purpose": "a study"})
    assert answer.status_code == 200, answer.text
    return answer.text


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def sides(places: list[float]) -> set[str]:
    return {"west" if lon < BORDER else "east" for lon in places}


def after_noon(time: object) -> float:
    return datetime.fromisoformat(str(time)).timestamp() - NOON


def as_person_of(api: Api, district: str) -> None:
    api.access.actor = of_district(district)


async def test_points_of_tracks_are_those_in_the_district(api: Api) -> None:
    counts = []
    for district in ("west", "east", "*"):
        as_person_of(api, district)
        tracks = await api.items("tracks", **SPAN)
        places = [lon for track in tracks for lon in track["lon"]]  # type: ignore[attr-defined]  # a list
        assert sides(places) == ({"west", "east"} if district == "*" else {district})
        counts.append(len(places))
    assert counts[0] + counts[1] == counts[2] == 360


async def test_a_trip_is_told_as_far_as_it_lay_in_the_district(api: Api) -> None:
    trips = {}
    for district in ("west", "east", "*"):
        as_person_of(api, district)
        trips[district] = await api.get(f"tracks/{city.SESSION}/2")
    left, came = after_noon(trips["west"]["end"]), after_noon(trips["east"]["start"])
    assert CROSSED - 1 < left < came < CROSSED + 1
    lengths = [float(str(trips[name]["distance"])) for name in ("west", "east", "*")]
    assert lengths[0] + lengths[1] == pytest.approx(lengths[2] - 1.96, abs=0.1)  # the step over the border is nobody's
    as_person_of(api, "north")
    gone = await api.client.get(f"/api/v1/history/tracks/{city.SESSION}/2")
    assert gone.status_code == 404


async def test_tracks_of_a_device_are_those_that_came_into_the_district(api: Api) -> None:
    as_person_of(api, "east")
    found = await api.items(f"devices/{city.DEVICE}/tracks", **SPAN)
    assert [each["id"] for each in found] == [1, 2, 3]
    assert all(abs(after_noon(each["first"]) - CROSSED) < 1 for each in found)
    assert await api.items(f"devices/{city.DEVICE}/tracks", start=at(0), end=at(CROSSED - 1)) == []
    as_person_of(api, "west")
    assert await api.items(f"devices/{city.DEVICE}/tracks", **SPAN) == []


async def test_health_and_raw_reports_are_those_of_the_districts_own_units(api: Api) -> None:
    for district, count in (("west", 0), ("east", 1), ("*", 1)):
        as_person_of(api, district)
        assert len(await api.items(f"devices/{city.DEVICE}/health", **SPAN)) == count
        assert len(await api.items(f"devices/{city.DEVICE}/observations", **SPAN)) == OBSERVATIONS * count


async def test_raw_reports_of_what_stands_nowhere_are_for_those_who_see_the_whole_city(api: Api) -> None:
    vehicle = DeviceRecord(
        id=city.DEVICE, kind=DeviceType.OBU, status=DeviceStatus.APPROVED, lon=112.9329, lat=28.2, district="east"
    )
    api.districts.take([vehicle])
    as_person_of(api, "east")
    assert await api.items(f"devices/{city.DEVICE}/observations", **SPAN) == []
    assert len(await api.items(f"devices/{city.DEVICE}/health", **SPAN)) == 1


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (f"links/{ONWARD}/stays", SPAN),
        (f"links/{ONWARD}/diagram", SPAN),
        (f"links/{ONWARD}/sums", SPAN),
        (f"links/{ONWARD}/profile", {}),
        (f"links/{APPROACH}/movements", SPAN),
        (f"signals/{SIGNAL}/red-passages", SPAN),
        ("travel-times", SPAN | {"origin": f"link:{APPROACH}", "destination": f"link:{ONWARD}"}),
    ],
)
async def test_figures_of_roads_are_for_those_whose_districts_they_end_in(
    api: Api, path: str, query: dict[str, str]
) -> None:
    answers = {}
    for district in ("west", "east", "*"):
        as_person_of(api, district)
        answers[district] = (await api.client.get(f"/api/v1/history/{path}", params=query)).status_code
    assert answers == {"west": 403, "east": 200, "*": 200}


async def test_a_link_over_the_border_is_on_both_sides(api: Api) -> None:
    for district in ("west", "east"):
        as_person_of(api, district)
        assert await api.items(f"links/{APPROACH}/stays", **SPAN)


async def test_lights_are_the_citys_and_traffic_on_the_approaches_is_not(api: Api) -> None:
    seen = {}
    for district in ("west", "north", "*"):
        as_person_of(api, district)
        found = await api.get(f"signals/{SIGNAL}", time=at(11))
        assert isinstance(found["groups"], list)
        assert isinstance(found["approaches"], list)
        assert any(group["state"] == "red" for group in found["groups"])
        seen[district] = {each["link"] for each in found["approaches"]}
    assert seen["north"] == set()
    assert APPROACH in seen["west"] < seen["*"]


async def test_incidents_and_advice_are_those_in_the_district(api: Api) -> None:
    found = {}
    for district in ("west", "east", "*"):
        as_person_of(api, district)
        items = [await api.items(path, **SPAN) for path in ("incidents", "advisories")]
        found[district] = [[each["id"] for each in listed] for listed in items]
    assert found == {"west": [[], ["a1"]], "east": [["i2", "i1"], []], "*": [["i2", "i1"], ["a1"]]}


async def test_exports_hold_what_lies_in_the_district(api: Api) -> None:
    counts = {}
    for district in ("west", "east", "north", "*"):
        as_person_of(api, district)
        points = rows(await export(api, "tracks"))
        if district in ("west", "east"):
            assert sides([float(row["lon"]) for row in points]) == {district}
        incidents = json.loads(await export(api, "incidents", "geojson"))["features"]
        counts[district] = [len(points), len(rows(await export(api, "states"))), len(incidents)]
        assert len(rows(await export(api, "lights"))) == 3
    assert [counts["west"][0] + counts["east"][0], counts["north"][0], counts["*"][0]] == [360, 0, 360]
    assert {name: found[1:] for name, found in counts.items()} == {
        "west": [3, 0], "east": [3, 2], "north": [0, 0], "*": [3, 2],
    }  # fmt: skip


async def test_observations_are_switched_on_where_one_works(api: Api) -> None:
    path, wish = "/api/v1/observation-switches", {"seconds": 600, "purpose": "a fault"}
    west, east = [112.925, 28.199, 112.930, 28.201], [112.933, 28.199, 112.936, 28.201]
    as_person_of(api, "west")
    made = {}
    for name, where in (
        ("own", {"device": WEST_UNIT}), ("other", {"device": city.DEVICE}), ("unknown", {"device": "OBU1"}),
        ("box", {"box": west}), ("far box", {"box": east}), ("both", {"box": [*west[:2], *east[2:]]}),
    ):  # fmt: skip
        made[name] = (await api.client.post(path, json=wish | where)).status_code
    assert made == {"own": 201, "other": 403, "unknown": 403, "box": 201, "far box": 403, "both": 403}
    as_person_of(api, "east")
    assert (await api.client.get(path)).json()["items"] == []
    as_person_of(api, "*")
    on = (await api.client.get(path)).json()["items"]
    as_person_of(api, "east")
    assert (await api.client.delete(f"{path}/{on[0]['id']}")).status_code == 404
    as_person_of(api, "west")
    assert (await api.client.delete(f"{path}/{on[0]['id']}")).status_code == 204


async def test_the_trail_of_a_road_user_ends_at_the_border(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudctl.api.road_users.now", lambda: NOON + 24)
    for district, expected in (("east", {"east"}), ("*", {"west", "east"})):
        as_person_of(api, district)
        answer = await api.client.get("/api/v1/tracks/2", params={"trail_seconds": 60})
        assert answer.status_code == 200, answer.text
        assert sides([point["lon"] for point in answer.json()["trail"]]) == expected
