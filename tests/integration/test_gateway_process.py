"""The gateway as a process against a real broker: live feed, recovery, wrong input."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import gateway_samples as sample
import pytest
from conftest import MosquittoBroker, free_port
from gateway_process import Gateway, Publisher, module_broker, running_gateway, wait_for, write_config
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from cloudctl.publish.frames import Frame, FrameKind, decode_frame

CENTRE = (112.934, 28.204)
CITY = '{"type":"view","box":[112.9,28.1,113.0,28.3],"zoom":13}'
FAR = '{"type":"view","box":[100,20,101,21],"zoom":13}'


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MosquittoBroker]:
    with module_broker(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, broker: MosquittoBroker) -> Iterator[Gateway]:
    with running_gateway(tmp_path_factory.mktemp("gateway"), broker.url) as running:
        yield running


@pytest.fixture
def publisher(gateway: Gateway, broker: MosquittoBroker) -> Iterator[Publisher]:
    wait_for(lambda: gateway.checks()["broker"])
    with Publisher(broker.port, CENTRE) as running:
        wait_for(lambda: gateway.checks()["picture"])
        yield running


@asynccontextmanager
async def _feed(gateway: Gateway, origin: str | None = None) -> AsyncIterator[ClientConnection]:
    url = gateway.url.replace("http", "ws") + "/api/v1/live"
    headers = {"Origin": origin} if origin else {}
    async with connect(url, additional_headers=headers, max_queue=None) as socket:
        yield socket


async def _frames(socket: ClientConnection, kind: FrameKind, count: int) -> list[Frame]:
    found: list[Frame] = []
    async with asyncio.timeout(20):
        while len(found) < count:
            message = await socket.recv()
            if isinstance(message, bytes) and (frame := decode_frame(message)).kind is kind:
                found.append(frame)
    return found


async def _text(socket: ClientConnection, kind: str) -> dict[str, object]:
    async with asyncio.timeout(20):
        while True:
            message = await socket.recv()
            if isinstance(message, str):
                content: dict[str, object] = json.loads(message)
                if content["type"] == kind:
                    return content


@pytest.mark.usefixtures("publisher")
async def test_a_client_receives_the_picture_of_its_view(gateway: Gateway) -> None:
    async with _feed(gateway) as socket:
        await socket.send(CITY)
        movers = await _frames(socket, FrameKind.MOVERS, 3)
        assert [len(frame) for frame in movers] == [40, 40, 40]
        assert movers[0].tick < movers[1].tick < movers[2].tick
        assert len((await _frames(socket, FrameKind.SIGNALS, 1))[0]) == len(sample.network().groups.signal)
        await socket.send(FAR)
        await _frames(socket, FrameKind.LINKS, 1)
        assert len((await _frames(socket, FrameKind.MOVERS, 2))[1]) == 0


@pytest.mark.usefixtures("publisher")
async def test_a_client_learns_the_servers_clock_and_state(gateway: Gateway) -> None:
    async with _feed(gateway, gateway.url) as socket:
        await socket.send('{"type":"ping","t":12345}')
        assert (await _text(socket, "pong"))["t"] == 12345
        status = await _text(socket, "status")
        assert status["broker"] is True
        assert status["movers"] == 40


@pytest.mark.usefixtures("publisher")
async def test_what_browsers_painted_is_measured(gateway: Gateway) -> None:
    async with _feed(gateway) as socket:
        await socket.send('{"type":"paint","ages_ms":[120,180]}')
        wait_for(lambda: b'stage="screen"} 2.0' in gateway.get("/metrics")[1].replace(b'process="gateway",', b""))


async def test_a_page_of_another_host_is_turned_away(gateway: Gateway) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        async with _feed(gateway, "http://evil.example"):
            pass


@pytest.mark.parametrize("message", ["{", '{"type":"view","box":[1,2,3]}', "x" * 5000])
async def test_a_client_that_speaks_nonsense_is_let_go(gateway: Gateway, message: str) -> None:
    async with _feed(gateway) as socket:
        await socket.send(message)
        with pytest.raises(ConnectionClosed):
            await _text(socket, "never")
        assert socket.close_code in {1008, 1009}


@pytest.mark.usefixtures("publisher")
async def test_a_client_that_does_not_read_costs_the_others_nothing(gateway: Gateway) -> None:
    async with _feed(gateway) as stalled, _feed(gateway) as reading:
        await stalled.send(CITY)
        stalled.transport.pause_reading()
        await reading.send(CITY)
        ticks = [frame.tick for frame in await _frames(reading, FrameKind.MOVERS, 9)][1:]
        # the first one may come twice: as the newest that there was, and as the next that came
        assert ticks == sorted(set(ticks))
        stalled.transport.resume_reading()


async def test_after_a_broker_outage_the_picture_comes_back_without_a_restart(
    gateway: Gateway, broker: MosquittoBroker
) -> None:
    wait_for(lambda: gateway.checks()["broker"])
    broker.kill()
    wait_for(lambda: not gateway.checks()["broker"] and not gateway.checks()["picture"])
    broker.start()
    wait_for(lambda: gateway.checks()["broker"])
    with Publisher(broker.port, CENTRE):
        wait_for(lambda: gateway.checks()["picture"])


def test_a_damaged_frame_is_counted_and_the_picture_goes_on(gateway: Gateway, publisher: Publisher) -> None:
    publisher.publish(sample.MOVERS, b"V2XF damaged")
    wait_for(lambda: b'messages_refused_total{process="gateway",reason="FrameError"} 1.0' in _sorted(gateway))
    assert gateway.checks()["picture"]


def _sorted(gateway: Gateway) -> bytes:
    """Metrics with the labels of each sample in alphabetical order."""
    text = gateway.get("/metrics")[1].decode()
    lines = []
    for line in text.splitlines():
        name, _, rest = line.partition("{")
        labels, closing, value = rest.partition("}")
        lines.append(f"{name}{{{','.join(sorted(labels.split(',')))}}}{value}" if closing else line)
    return "\n".join(lines).encode()


@pytest.mark.parametrize("fault", ["no config", "no map", "port in use"])
def test_wrong_input_gives_one_clear_line_and_a_failing_exit(
    gateway: Gateway, broker: MosquittoBroker, tmp_path: Path, fault: str
) -> None:
    port = int(gateway.url.rpartition(":")[2]) if fault == "port in use" else free_port()
    config = write_config(tmp_path, broker.url, port)
    if fault == "no map":
        (tmp_path / "city.map").unlink()
    name = str(config) if fault != "no config" else str(tmp_path / "none.toml")
    done = subprocess.run(
        [sys.executable, "-m", "cloudctl.gateway", "--config", name],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    last = done.stderr.strip().splitlines()[-1]
    assert done.returncode == 2
    assert last.startswith("cloudctl.gateway: ")
    assert {"no config": "none.toml", "no map": "city.map", "port in use": str(port)}[fault] in last
    assert "Traceback" not in done.stderr
