"""The API of the past over real databases: each question has its answer, its permission and its audit entry."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import history_city as city
import psycopg
import pytest
from history_gateway import APPROACH, NETWORK, ONWARD, SIGNAL, SPAN, WAY, Api, at, running_api
from store_frames import NOON

from cloudctl.access.actor import Actor
from cloudctl.access.roles import Role


@pytest.fixture
async def api(store_database: str, tmp_path: Path) -> AsyncIterator[Api]:
    async with running_api(store_database, tmp_path) as running:
        yield running


async def test_points_of_a_time_and_an_area_come_by_pages_each_once(api: Api) -> None:
    seen: set[tuple[int, str]] = set()
    cursor: dict[str, object] = {}
    while True:
        page = await api.get("tracks", limit=100, **SPAN, **cursor)
        assert isinstance(page["items"], list)
        new = {(track["id"], time) for track in page["items"] for time in track["time"]}
        assert not new & seen
        seen |= new
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert len(seen) == 3 * 120
    away = await api.items("tracks", bbox="0,0,1,1", **SPAN)
    assert away == []


async def test_a_trip_has_its_links_its_length_and_its_times(api: Api) -> None:
    trip = await api.get(f"tracks/{city.SESSION}/2")
    assert isinstance(trip["links"], list)
    assert [link["link"] for link in trip["links"]] == [APPROACH, ONWARD]
    assert trip["links"][1]["entered"] == at(12)
    assert trip["start"], trip["end"] == (at(0), at(23.8))
    assert trip["standing"] == 0.0
    assert isinstance(trip["points"], dict)
    assert len(trip["points"]["lon"]) == 120
    missing = await api.client.get(f"/api/v1/history/tracks/{city.SESSION}/99")
    assert missing.status_code == 404


async def test_a_device_has_the_tracks_whose_source_it_was(api: Api) -> None:
    found = await api.items(f"devices/{city.DEVICE}/tracks", **SPAN)
    assert [(each["session"], each["id"]) for each in found] == [
        (city.SESSION, 1),
        (city.SESSION, 2),
        (city.SESSION, 3),
    ]
    assert await api.items("devices/RSU99999/tracks", **SPAN) == []


async def test_a_link_has_who_was_on_it(api: Api) -> None:
    stays = await api.items(f"links/{APPROACH}/stays", **SPAN)
    assert {(stay["id"], stay["entered"]) for stay in stays} == {(n, at(t)) for n in (1, 2, 3) for t in (0, 10)}
    assert sum(float(str(stay["distance"])) for stay in stays if stay["id"] == 1) == pytest.approx(120, abs=0.1)
    first = await api.get(f"links/{APPROACH}/stays", limit=4, **SPAN)
    second = await api.get(f"links/{APPROACH}/stays", limit=4, cursor=first["next"], **SPAN)
    assert isinstance(first["items"], list)
    assert isinstance(second["items"], list)
    assert first["items"] + second["items"] == stays


@pytest.fixture
async def busy_api(store_database: str, tmp_path: Path) -> AsyncIterator[Api]:
    async with running_api(store_database, tmp_path, cars=12) as running:
        yield running


async def test_figures_over_fewer_than_ten_vehicles_say_nothing(api: Api) -> None:
    times = await api.get("travel-times", origin=f"link:{APPROACH}", destination=f"link:{ONWARD}", **SPAN)
    assert isinstance(times["items"], list)
    assert [(row["vehicles"], row["mean"], row["p95"]) for row in times["items"]] == [(-1, None, None)]
    diagram = await api.get(f"links/{APPROACH}/diagram", step=10, **SPAN)
    assert isinstance(diagram["items"], list)
    assert {(row["vehicles"], row["flow"], row["speed"]) for row in diagram["items"]} == {(-1, None, None)}


async def test_travel_times_are_those_of_vehicles_that_went_from_place_to_place(busy_api: Api) -> None:
    api = busy_api
    answer = await api.get("travel-times", origin=f"link:{APPROACH}", destination=f"link:{ONWARD}", **SPAN)
    assert isinstance(answer["items"], list)
    assert [(row["vehicles"], row["mean"], row["median"]) for row in answer["items"]] == [(12, 12.0, 12.0)]
    lon, lat = (value / 1e7 for value in city.sample_place(NETWORK, WAY))
    by_place = await api.get("travel-times", origin=f"{lon},{lat}", destination=f"link:{ONWARD}", **SPAN)
    assert isinstance(by_place["origin"], list)
    assert APPROACH in by_place["origin"]


async def test_the_diagram_follows_edies_definitions(busy_api: Api) -> None:
    answer = await busy_api.get(f"links/{APPROACH}/diagram", step=10, **SPAN)
    assert isinstance(answer["items"], list)
    assert isinstance(answer["length"], float)
    first = answer["items"][0]
    assert first["flow"] == pytest.approx(12 * 100 / (answer["length"] * 10) * 3600, rel=0.01)
    assert first["density"] == pytest.approx(12 * 10 / (answer["length"] * 10) * 1000, rel=0.01)
    assert first["speed"] == pytest.approx(10.0)
    assert first["vehicles"] == 12


async def test_an_intersection_is_shown_as_it_was_at_a_moment(api: Api) -> None:
    now = await api.get(f"signals/{SIGNAL}", time=at(11))
    assert isinstance(now["groups"], list)
    phase = int(NETWORK.groups.phase_id[WAY.group])
    light = next(group for group in now["groups"] if group["phase_id"] == phase)
    assert (light["state"], light["since"], light["until"]) == ("red", at(8), at(20))
    assert isinstance(now["approaches"], list)
    approach = next(link for link in now["approaches"] if link["link"] == APPROACH)
    assert (approach["vehicles"], approach["queue"], approach["speed"]) == (3, 15, 10.0)
    changes = await api.items(f"signals/{SIGNAL}/transitions", **SPAN)
    assert [(change["time"], change["state"]) for change in changes] == [
        (at(0), "protected-green"),
        (at(8), "red"),
        (at(20), "protected-green"),
    ]


async def test_who_leaves_the_approach_on_red_is_found(api: Api) -> None:
    found = await api.items(f"signals/{SIGNAL}/red-passages", **SPAN)
    assert {each["id"] for each in found} == {1, 2, 3}
    assert all(each["red_for"] == pytest.approx(3.8, abs=0.01) for each in found)
    assert {each["from_link"] for each in found} == {APPROACH}


async def test_incidents_and_advisories_come_with_what_became_of_them(api: Api) -> None:
    with psycopg.connect(api.url, autocommit=True) as connection:
        connection.execute("SELECT v2x.aggregate(to_timestamp(%s))", (NOON + 3600,))
    incidents = await api.items("incidents", **SPAN)
    assert [(each["id"], each["ended"]) for each in incidents] == [("i2", None), ("i1", at(10))]
    first = await api.get("incidents", limit=1, **SPAN)
    second = await api.get("incidents", limit=1, cursor=first["next"], **SPAN)
    assert isinstance(second["items"], list)
    assert [each["id"] for each in second["items"]] == ["i1"]
    (advisory,) = await api.items("advisories", **SPAN)
    assert (advisory["answer"], advisory["outcome"], advisory["followed"]) == ("accepted", "accepted", True)
    assert (advisory["speed_before"], advisory["speed_after"]) == (10.0, 10.0)


async def test_device_health_is_kept(api: Api) -> None:
    (health,) = await api.items(f"devices/{city.DEVICE}/health", **SPAN)
    assert (health["online"], health["rates"], health["refused"]) == (True, {"RSM": 10.0}, {"schema": 2})
    assert (health["missing"], health["clock_offset"]) == (3, pytest.approx(0.02))


async def test_raw_observations_come_the_newest_first(api: Api) -> None:
    found = await api.items(f"devices/{city.DEVICE}/observations", **SPAN)
    assert [each["time"] for each in found] == [at(n) for n in (4, 3, 2, 1, 0)]
    first = await api.get(f"devices/{city.DEVICE}/observations", limit=2, **SPAN)
    second = await api.items(f"devices/{city.DEVICE}/observations", limit=3, cursor=first["next"], **SPAN)
    assert [each["time"] for each in second] == [at(n) for n in (2, 1, 0)]


async def test_every_look_at_a_trajectory_is_entered_before_it_is_answered(api: Api) -> None:
    looks = [
        ("tracks", SPAN),
        (f"tracks/{city.SESSION}/1", {}),
        (f"devices/{city.DEVICE}/tracks", SPAN),
        (f"devices/{city.DEVICE}/observations", SPAN),
        (f"links/{APPROACH}/stays", SPAN),
        (f"signals/{SIGNAL}/red-passages", SPAN),
    ]
    for path, query in looks:
        await api.get(path, purpose="a test", **query)
    assert [(actor, purpose) for actor, purpose, _ in api.ledger.looks] == [("demo", "a test")] * len(looks)
    assert [what["route"] for _, _, what in api.ledger.looks] == [f"/api/v1/history/{path}" for path, _ in looks]
    api.ledger.open = False
    for path, query in looks:
        answer = await api.client.get(f"/api/v1/history/{path}", params=query)
        assert answer.status_code == 503, path


async def test_who_may_not_see_history_sees_none(api: Api) -> None:
    api.access.actor = Actor("user:1", "x", frozenset({Role.PARKING_REPORTER}))
    for path in ("tracks", f"links/{APPROACH}/stays", "incidents", f"signals/{SIGNAL}/transitions"):
        answer = await api.client.get(f"/api/v1/history/{path}", params=SPAN)
        assert answer.status_code == 403, path


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("tracks", {"start": at(60), "end": at(0)}, 422),
        ("tracks", {"start": at(0), "end": at(100_000)}, 422),
        ("tracks", SPAN | {"cursor": "nonsense"}, 422),
        ("tracks", {"start": "2026-09-21T00:00:00", "end": at(0)}, 422),
        ("links/none/diagram", SPAN, 404),
        ("signals/none", {"time": at(0)}, 404),
        ("travel-times", SPAN | {"origin": "1,2", "destination": "1,2"}, 404),
        ("travel-times", SPAN | {"origin": "here", "destination": "1,2"}, 422),
    ],
)
async def test_a_wrong_question_is_a_problem_that_says_so(
    api: Api, path: str, query: dict[str, str], status: int
) -> None:
    answer = await api.client.get(f"/api/v1/history/{path}", params=query)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_switches_are_made_listed_ended_and_entered(api: Api) -> None:
    path = "/api/v1/observation-switches"
    made = await api.client.post(path, json={"device": "RSU7", "seconds": 600, "purpose": "a fault"})
    area = await api.client.post(path, json={"box": [112.9, 28.2, 113, 28.3], "seconds": 600, "purpose": "a fault"})
    assert (made.status_code, area.status_code) == (201, 201)
    assert [item["device"] for item in (await api.client.get(path)).json()["items"]] == ["RSU7", None]
    with psycopg.connect(api.url) as connection:
        on = connection.execute("SELECT v2x.observed_devices(now()) ORDER BY 1").fetchall()
    assert on == [(city.DEVICE,), ("RSU7",)]
    assert (await api.client.delete(f"{path}/{made.json()['id']}")).status_code == 204
    assert (await api.client.delete(f"{path}/{made.json()['id']}")).status_code == 404
    assert [item["device"] for item in (await api.client.get(path)).json()["items"]] == [None]
    both = await api.client.post(path, json={"device": "R", "box": [0, 0, 1, 1], "seconds": 5, "purpose": "x"})
    assert both.status_code == 422
    assert [(actor, action) for actor, action, _ in api.ledger.orders][:2] == [("demo", "observe")] * 2
    assert json.dumps(made.json()["made_by"]) == '"demo"'
