"""Replay: a recording and the database give the same picture, the clock obeys, and the map gets what live gives it."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from pathlib import Path

import gateway_samples as sample
import history_city as city
import numpy as np
import paho.mqtt.client as paho
import pytest
import uvicorn
import websockets
from conftest import MosquittoBroker, free_port
from history_districts import halves, of_district
from history_gateway import Known, Ledger, at
from paho.mqtt.enums import CallbackAPIVersion
from store_frames import LINKS, NOON, SIGNALS, TRAJECTORY

from cloudctl.api.app import make_app
from cloudctl.api.district_sight import Districts
from cloudctl.api.doors import Doors
from cloudctl.api.hub import Hub
from cloudctl.api.measures import Measures
from cloudctl.api.network_tables import NetworkTables
from cloudctl.api.services import Services
from cloudctl.api.stored_history import StoredHistory
from cloudctl.playback.database_source import DatabaseSource
from cloudctl.playback.errors import RecordingError
from cloudctl.playback.footage import Scene, scene_at
from cloudctl.playback.player import Player
from cloudctl.playback.recording_source import RecordingSource
from cloudctl.publish.frames import Frame, FrameKind, decode_frame
from cloudctl.store.reader import StoreReader

NETWORK = sample.network()


def write_recording(path: Path) -> None:
    """What `cloudctl record` writes of the same quarter of an hour that the database holds."""
    way = city.straight_way(NETWORK)
    lines: list[tuple[float, str, bytes]] = [
        (decode_frame(frame).time + 0.05, TRAJECTORY, frame) for frame in city.car_frames(NETWORK, way)
    ]
    for tick, (after, state) in enumerate([(0, city.GREEN), (8, city.RED), (20, city.GREEN)]):
        lines.append((NOON + after + 0.05, SIGNALS, city.light_frame(tick, NOON + after, way.group, state)))
    link = int(NETWORK.lanes.link[way.from_lane])
    lines += [(NOON + n * 10 + 0.05, LINKS, city.state_frame(n, NOON + n * 10, link)) for n in range(3)]
    lines += [(NOON + n, topic, payload) for n, topic, payload in city.event_messages()]
    with path.open("w") as file:
        for time, topic, payload in sorted(lines):
            content = {"payload": json.loads(payload)} if payload.startswith(b"{") else {"hex": payload.hex()}
            file.write(json.dumps({"t": time, "topic": topic, **content}, separators=(",", ":")) + "\n")


def described(scene: Scene) -> dict[str, object]:
    """All of a scene that can be compared."""
    order = np.argsort(scene.points.track_id)
    names = ("t", "session", "track_id", "kind", "lon", "lat", "speed", "heading")
    found: dict[str, object] = {name: getattr(scene.points, name)[order].tolist() for name in names}
    lights, links = scene.lights, scene.links
    found |= {"lights": list(zip(lights.group.tolist(), lights.state.tolist(), lights.t.tolist(), strict=True))}
    found |= {"links": list(zip(links.link.tolist(), links.speed.tolist(), links.queue.tolist(), strict=True))}
    found |= {"incidents": [(i.incident_id, i.kind, i.lon) for i in scene.incidents]}
    return found | {"advisories": [advisory.id for advisory in scene.advisories]}


async def test_a_recording_and_the_database_give_the_same_picture(store_database: str, tmp_path: Path) -> None:
    await asyncio.to_thread(city.fill, store_database, tmp_path)
    write_recording(tmp_path / "recording.jsonl")
    with RecordingSource(tmp_path / "recording.jsonl") as recording:
        async with StoreReader(store_database) as reader:
            stored = DatabaseSource(reader)
            for start in (NOON, NOON + 10, NOON + 20):
                mine, other = await stored.fetch(start, start + 10), await recording.fetch(start, start + 10)
                for moment in (start, start + 0.3, start + 2.5, start + 9.9):
                    ours, theirs = described(scene_at(mine, moment)), described(scene_at(other, moment))
                    if moment >= start + 0.5:
                        assert ours == theirs
                    else:
                        assert ours["lights"] == theirs["lights"]
                        assert ours["incidents"] == theirs["incidents"]
    scene = described(scene_at(mine, NOON + 22.5))
    assert scene["track_id"] == [1, 2, 3]
    assert scene["lights"] == [(city.straight_way(NETWORK).group, city.GREEN, NOON + 20)]
    assert scene["incidents"] == [("i2", "blocked_lane", 112.934)]
    assert scene["advisories"] == ["a1"]


def test_a_broken_recording_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "broken").write_text('{"t":1,"topic":"V2X/CLOUD/INCIDENT","payload":{"kind":1}}\n')
    with pytest.raises(RecordingError, match="line 1"), RecordingSource(tmp_path / "broken"):
        pass
    with pytest.raises(RecordingError), RecordingSource(tmp_path / "none"):
        pass


@asynccontextmanager
async def playing(url: str, clock: list[float], start: float = NOON, end: float = NOON + 24) -> AsyncIterator[Player]:
    async with StoreReader(url) as reader:
        player = Player(DatabaseSource(reader), start, end, lambda: clock[0])
        try:
            yield player
        finally:
            await player.close()


async def test_the_clock_runs_at_its_speed_and_stops_at_the_end(store_database: str, tmp_path: Path) -> None:
    await asyncio.to_thread(city.fill, store_database, tmp_path)
    clock = [100.0]
    async with playing(store_database, clock) as player:
        first = await player.scene()
        assert (first.time, player.playing) == (NOON, False)
        clock[0] += 5
        assert (await player.scene()).time == NOON
        player.play()
        for speed, expected in ((1.0, 1.0), (4.0, 5.0), (16.0, 21.0), (0.25, 21.25)):
            player.set_speed(speed)
            clock[0] += 1
            scene = await player.scene()
            assert scene.time == pytest.approx(NOON + expected)
            assert len(scene.points) == 3
        clock[0] += 100
        assert (await player.scene()).time == NOON + 24
        assert not player.playing


async def test_seek_and_step_show_the_moment_itself(store_database: str, tmp_path: Path) -> None:
    await asyncio.to_thread(city.fill, store_database, tmp_path)
    async with playing(store_database, [0.0]) as player:
        for moment in (20.2, 3.4, 10.1, 9.95):
            player.seek(NOON + moment)
            scene = await player.scene()
            assert len(scene.points) == 3
            assert np.all((scene.points.t > NOON + moment - 0.201) & (scene.points.t <= NOON + moment))
            assert scene.time == NOON + moment
        player.step(-0.2)
        assert (await player.scene()).time == pytest.approx(NOON + 9.75)
        player.seek(NOON - 1000)
        assert (await player.scene()).time == NOON


async def test_a_slow_source_holds_the_clock(store_database: str, tmp_path: Path) -> None:
    await asyncio.to_thread(city.fill, store_database, tmp_path)
    clock = [0.0]
    async with StoreReader(store_database) as reader:
        source, gate = DatabaseSource(reader), asyncio.Event()

        class Slow:
            async def fetch(self, start: float, end: float) -> object:
                await gate.wait()
                return await source.fetch(start, end)

        player = Player(Slow(), NOON, NOON + 24, lambda: clock[0])  # type: ignore[arg-type]  # a source all the same
        player.play()
        scene = asyncio.create_task(player.scene())
        await asyncio.sleep(0.05)
        assert player.waiting
        clock[0] += 9
        gate.set()
        assert (await scene).time == NOON
        clock[0] += 1
        assert (await player.scene()).time == pytest.approx(NOON + 1)
        await player.close()


@contextmanager
def served(application: object) -> Iterator[int]:
    """Serve an application on a free port, in the running loop."""
    port = free_port()
    config = uvicorn.Config(application, port=port, log_level="warning", ws="websockets-sansio")  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    server.capture_signals = nullcontext  # type: ignore[method-assign, assignment]  # signals are the test runner's
    task = asyncio.get_running_loop().create_task(server.serve())
    try:
        yield port
    finally:
        server.should_exit = True
        assert not task.cancelled()


@asynccontextmanager
async def gateway(
    url: str, tmp_path: Path, ledger: Ledger, access: Known | None = None, districts: Districts | None = None
) -> AsyncIterator[int]:
    tiles = tmp_path / "base.pmtiles"
    tiles.write_bytes(bytes(16))
    measures, state = Measures(), sample.filled_state(NOON)
    history = StoredHistory(url)
    services = Services(
        state, Hub(state, measures), measures, NetworkTables(NETWORK), history, Doors(), access or Known(),
        audit=ledger, store=history, districts=districts or Districts(),
    )  # fmt: skip
    running = asyncio.create_task(history.run())
    with served(make_app(services, tiles)) as port:
        while not await history.reachable():
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)
        yield port
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await asyncio.sleep(0.2)


async def until_message(socket: websockets.ClientConnection, wanted: object) -> object:
    """Read on until `wanted(message)`; give that message."""
    assert callable(wanted)
    async with asyncio.timeout(20):
        while True:
            data = await socket.recv()
            message = json.loads(data) if isinstance(data, str) else decode_frame(data)
            if wanted(message):
                return message


def is_signals(message: object) -> bool:
    return isinstance(message, Frame) and message.kind is FrameKind.SIGNALS


async def test_the_live_maps_feed_shows_a_stored_period(store_database: str, tmp_path: Path) -> None:
    await asyncio.to_thread(city.fill, store_database, tmp_path)
    ledger = Ledger()
    async with gateway(store_database, tmp_path, ledger) as port:
        address = f"ws://127.0.0.1:{port}/api/v1/replay?start={at(0)}&end={at(24)}&purpose=a+test"
        async with websockets.connect(address) as socket:
            view = {"type": "view", "box": [112.0, 28.0, 113.5, 28.9], "zoom": 15}
            await socket.send(json.dumps(view))
            await socket.send(json.dumps({"type": "seek", "time": NOON + 11}))
            told = await until_message(socket, lambda m: isinstance(m, dict) and m.get("time") == NOON + 11)
            assert isinstance(told, dict)
            assert (told["type"], told["playing"], told["end"]) == ("replay", False, NOON + 24)
            movers = await until_message(socket, lambda m: not isinstance(m, dict) and len(m) == 3)
            assert movers.column("id").tolist() == [1, 2, 3]  # type: ignore[attr-defined]  # a frame
            figures = await until_message(socket, lambda m: isinstance(m, dict) and m.get("movers") == 3)
            assert isinstance(figures, dict)
            assert (figures["type"], figures["kinds"][sample.CAR], figures["terminals"]) == ("status", 3, None)
            lights = await until_message(socket, lambda m: is_signals(m) and m.column("state").tolist() == [city.RED])
            assert lights.column("likely").tolist() == [65535]  # type: ignore[attr-defined]  # beyond these ten seconds
            await socket.send('{"type": "speed", "value": 16}')
            await socket.send('{"type": "play"}')
            ended = await until_message(socket, lambda m: isinstance(m, dict) and m.get("time") == NOON + 24)
            assert ended["speed"] == 16  # type: ignore[index]  # a text
            await socket.send('{"type": "step", "seconds": -1e9}')
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await until_message(socket, lambda _: False)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008
    assert [(actor, purpose) for actor, purpose, _ in ledger.looks] == [("demo", "a test")]


@pytest.mark.parametrize(
    ("district", "before", "after", "incidents"), [("west", 3, 0, 0), ("east", 0, 3, 2), ("*", 3, 3, 2)]
)
async def test_a_replay_shows_the_callers_district(
    plain_database: str, tmp_path: Path, district: str, before: int, after: int, incidents: int
) -> None:
    await asyncio.to_thread(city.fill, plain_database, tmp_path)
    borders = halves(NetworkTables(NETWORK))
    async with gateway(plain_database, tmp_path, Ledger(), Known(of_district(district)), borders) as port:
        address = f"ws://127.0.0.1:{port}/api/v1/replay?start={at(0)}&end={at(24)}"
        async with websockets.connect(address) as socket:
            await socket.send(json.dumps({"type": "view", "box": [112.0, 28.0, 113.5, 28.9], "zoom": 15}))
            for moment, count in ((8, before), (20, after)):
                await socket.send(json.dumps({"type": "seek", "time": NOON + moment}))
                await until_message(socket, lambda m, t=moment: isinstance(m, dict) and m.get("time") == NOON + t)
                movers = await until_message(socket, lambda m: isinstance(m, Frame) and m.kind is FrameKind.MOVERS)
                assert len(movers) == count  # type: ignore[arg-type]  # a frame
                if moment == 8:
                    told = await until_message(socket, lambda m: isinstance(m, dict) and m.get("type") == "incidents")
                    assert len(told["items"]) == incidents  # type: ignore[index]  # a text


async def test_a_replay_that_cannot_be_entered_in_the_audit_log_is_refused(store_database: str, tmp_path: Path) -> None:
    async with gateway(store_database, tmp_path, Ledger(open=False)) as port:
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(f"ws://127.0.0.1:{port}/api/v1/replay?start={at(0)}&end={at(24)}")


async def test_a_stored_period_is_replayed_onto_a_broker(
    store_database: str, tmp_path: Path, mosquitto_broker: MosquittoBroker
) -> None:
    await asyncio.to_thread(city.fill, store_database, tmp_path)
    heard: list[tuple[str, bytes]] = []
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _c, _u, message: heard.append((message.topic, bytes(message.payload)))
    client.connect("127.0.0.1", mosquitto_broker.port)
    client.subscribe("V2X/CLOUD/#", 1)
    client.loop_start()
    options = ["--from-database", store_database, "--start", at(0), "--end", at(24), "--speed", "16", "--as-recorded"]
    command = [sys.executable, "-c", "from cloudctl.cli import main; main()", "replay"]
    ended = await asyncio.to_thread(
        subprocess.run,
        [*command, "--broker", mosquitto_broker.url, *options],
        capture_output=True,
        text=True,
        check=False,
    )
    await asyncio.sleep(0.3)
    client.disconnect()
    client.loop_stop()
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["scenes"] > 5
    movers = [decode_frame(payload) for topic, payload in heard if topic == sample.MOVERS]
    assert movers[0].time == pytest.approx(NOON, abs=0.5)
    assert movers[-1].time == NOON + 24
    assert {len(frame) for frame in movers[:-1]} == {3}
    lights = [decode_frame(payload) for topic, payload in heard if topic == sample.SIGNALS]
    assert {city.RED, city.GREEN} == {frame.column("state").tolist()[0] for frame in lights}
    advisories = [json.loads(payload)["id"] for topic, payload in heard if topic == sample.ADVISORY]
    assert advisories == ["a1"]
    incidents = [
        [each["incident_id"] for each in json.loads(payload)] for topic, payload in heard if topic == sample.INCIDENTS
    ]
    assert incidents[-1] == ["i2"]
