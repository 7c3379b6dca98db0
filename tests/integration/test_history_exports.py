"""Exports read back by programs that are not ours: fastparquet, csv, shapely, movingpandas."""

import asyncio
import csv
import io
import json
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

import fastparquet  # type: ignore[import-untyped]  # has no types
import history_city as city
import numpy as np
import pandas as pd  # type: ignore[import-untyped]  # its types are a package of their own
import psycopg
import pytest
import shapely
from history_gateway import SPAN, Api, at, running_api
from store_frames import NOON
from typer.testing import CliRunner

from cloudctl.access.actor import Actor
from cloudctl.access.roles import Role
from cloudctl.cli import app as command_line
from cloudctl.exports import tables
from cloudctl.exports.formats import Format, write_tables
from cloudctl.exports.tables import Content, state_tables, track_tables
from cloudctl.store.reader import Box, StoreReader


@pytest.fixture
async def api(store_database: str, tmp_path: Path) -> AsyncIterator[Api]:
    async with running_api(store_database, tmp_path) as running:
        yield running


async def fetch(api: Api, content: str, name: str, **query: str) -> bytes:
    parameters = SPAN | {"format": name, "purpose": "a study"} | query
    answer = await api.client.get(f"/api/v1/exports/{content}", params=parameters)
    assert answer.status_code == 200, answer.text
    assert f'filename="{content}-' in answer.headers["content-disposition"]
    return answer.content


def read_parquet(path: Path) -> pd.DataFrame:
    """Read by fastparquet, which leaves its files open."""
    opened = []

    def keep(name: str, mode: str = "rb") -> object:
        opened.append(Path(name).open(mode))  # noqa: SIM115  # closed below
        return opened[-1]

    frame = fastparquet.ParquetFile(str(path), open_with=keep).to_pandas()
    for file in opened:
        file.close()
    return frame


def stored_points(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT round(extract(epoch FROM t) * 1000)::bigint, track_id, lon, lat, speed FROM v2x.trajectory_point"
            " ORDER BY track_id, t"
        ).fetchall()


async def test_parquet_is_read_by_fastparquet(api: Api, tmp_path: Path) -> None:
    (tmp_path / "tracks.parquet").write_bytes(await fetch(api, "tracks", "parquet"))
    frame = read_parquet(tmp_path / "tracks.parquet")
    ms = frame["time"].astype("datetime64[ms]").astype(np.int64)
    found = list(zip(ms, frame["track"], frame["lon"], frame["lat"], frame["speed"].round(2), strict=True))
    assert len(found) == 360
    assert [tuple(map(float, point)) for point in found] == [
        tuple(float(str(value)) for value in point) for point in stored_points(api.url)
    ]
    assert set(frame["kind"]) == {"car"}


async def test_csv_is_read_by_the_csv_module(api: Api) -> None:
    rows = list(csv.DictReader(io.StringIO((await fetch(api, "tracks", "csv")).decode())))
    stored = stored_points(api.url)
    assert [(int(row["track"]), float(row["lon"])) for row in rows] == [(each[1], each[2]) for each in stored]
    assert rows[0]["time"] == "2026-09-21T14:13:20.000Z"
    states = list(csv.DictReader(io.StringIO((await fetch(api, "states", "csv")).decode())))
    assert [(row["time"][17:23], row["speed"], row["queue"]) for row in states] == [
        ("20.000", "10", "15"), ("30.000", "10", "15"), ("40.000", "10", "15"),
    ]  # fmt: skip
    lights = list(csv.DictReader(io.StringIO((await fetch(api, "lights", "csv")).decode())))
    assert [(row["state"], row["previous"]) for row in lights] == [("6", ""), ("3", "6"), ("6", "3")]


async def test_geojson_is_read_by_shapely(api: Api) -> None:
    text = (await fetch(api, "tracks", "geojson")).decode()
    places = shapely.get_parts(shapely.from_geojson(text))
    assert [(place.x, place.y) for place in places] == [(each[2], each[3]) for each in stored_points(api.url)]
    incidents = json.loads(await fetch(api, "incidents", "geojson"))
    assert [feature["properties"]["id"] for feature in incidents["features"]] == ["i2", "i1"]
    assert incidents["features"][1]["properties"]["ended"] == at(10).replace("Z", ".000Z")
    assert incidents["features"][0]["properties"]["ended"] is None


async def test_moving_features_are_read_by_movingpandas(api: Api, tmp_path: Path) -> None:
    (tmp_path / "tracks.json").write_bytes(await fetch(api, "tracks", "mf-json"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of parts that are not installed and not needed
        import movingpandas  # type: ignore[import-untyped]  # noqa: PLC0415  # no types; warns when it is imported

        found = movingpandas.read_mf_json(str(tmp_path / "tracks.json"), traj_id_property="track")
    assert sorted(trajectory.id for trajectory in found.trajectories) == [1, 2, 3]
    stored = stored_points(api.url)
    for trajectory in found.trajectories:
        mine = [each for each in stored if each[1] == trajectory.id]
        assert [(place.x, place.y) for place in trajectory.df.geometry] == [(each[2], each[3]) for each in mine]
        assert [round(t.timestamp() * 1e3) for t in trajectory.df.index] == [each[0] for each in mine]


async def test_only_what_lies_inside_the_area_is_exported(api: Api) -> None:
    lon = (min(float(str(each[2])) for each in stored_points(api.url))) + 0.0003
    inside = await fetch(api, "tracks", "csv", bbox=f"{lon},28,113.5,29")
    expected = [each[2] for each in stored_points(api.url) if float(str(each[2])) >= lon]
    assert [float(row["lon"]) for row in csv.DictReader(io.StringIO(inside.decode()))] == expected
    away = json.loads(await fetch(api, "incidents", "geojson", bbox="0,0,1,1"))
    assert away["features"] == []


@pytest.mark.parametrize("name", ["parquet", "csv", "geojson", "mf-json"])
async def test_a_time_without_anything_makes_an_empty_file_that_can_be_read(
    api: Api, tmp_path: Path, name: str
) -> None:
    data = await fetch(api, "tracks", name, start=at(-600), end=at(-500))
    if name == "parquet":
        (tmp_path / "empty").write_bytes(data)
        assert len(read_parquet(tmp_path / "empty")) == 0
    elif name == "csv":
        assert list(pd.read_csv(io.BytesIO(data)).columns) == tables.TRACK_SCHEMA.names
    else:
        assert json.loads(data)["features"] == []


async def test_exports_need_their_permission_a_purpose_and_an_entry(api: Api) -> None:
    await fetch(api, "tracks", "csv")
    assert [(actor, purpose) for actor, purpose, _ in api.ledger.looks] == [("demo", "a study")]
    assert (await api.client.get("/api/v1/exports/tracks", params=SPAN)).status_code == 422
    for content in ("states", "lights", "incidents"):
        answer = await api.client.get(
            f"/api/v1/exports/{content}", params=SPAN | {"format": "mf-json", "purpose": "a study"}
        )
        assert answer.status_code == 422
    query = SPAN | {"purpose": "a study"}
    api.access.actor = Actor("user:2", "x", frozenset({Role.AUDITOR}))
    assert (await api.client.get("/api/v1/exports/tracks", params=query)).status_code == 403
    api.access.actor = Actor("user:3", "x", frozenset({Role.PARKING_REPORTER}))
    assert (await api.client.get("/api/v1/exports/states", params=query)).status_code == 403


async def test_many_pieces_make_the_same_file_as_one(
    store_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(city.fill, store_database, tmp_path)
    whole: list[bytes] = []
    parts: list[bytes] = []
    async with StoreReader(store_database) as reader:
        for found in (whole, parts):
            for name, given in (
                (Format.CSV, track_tables(reader, NOON, NOON + 60, Box.everywhere())),
                (Format.CSV, state_tables(reader, NOON, NOON + 60)),
                (Format.MF_JSON, track_tables(reader, NOON, NOON + 60, None)),
            ):
                content = Content.STATES if name is Format.CSV and found and len(found) % 3 == 1 else Content.TRACKS
                pieces = [piece async for piece in write_tables(content, name, given)]
                found.append(b"".join(pieces))
            monkeypatch.setattr(tables, "PAGE_TRACKS", 1)
            monkeypatch.setattr(tables, "PAGE_ROWS", 1)
    assert whole == parts
    assert whole[0].count(b"\n") == 361


async def test_the_command_writes_the_file_that_its_ending_asks_for(store_database: str, tmp_path: Path) -> None:
    await asyncio.to_thread(city.fill, store_database, tmp_path)
    for ending, head in (("parquet", b"PAR1"), ("csv", b'"time"'), ("geojson", b'{"type"'), ("mfjson", b'{"type"')):
        out = tmp_path / f"tracks.{ending}"
        options = ["--database", store_database, "--start", at(0), "--end", at(60)]
        ended = await asyncio.to_thread(CliRunner().invoke, command_line, ["export", "tracks", str(out), *options])
        assert ended.exit_code == 0, ended.exception
        assert out.read_bytes().startswith(head)
    refused = await asyncio.to_thread(
        CliRunner().invoke, command_line, ["export", "tracks", str(tmp_path / "tracks.doc"), *options]
    )
    assert refused.exit_code != 0
    assert not any(path.suffix == ".part" for path in [*tmp_path.iterdir()])  # noqa: ASYNC240  # a folder of the test
