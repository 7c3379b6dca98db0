"""Many browsers at one gateway over real sockets: what each more costs it, and what one that does not read costs."""

import asyncio
import socket
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import psutil
import pytest
from conftest import MosquittoBroker
from crowd import CENTRE, SIZE, Crowd
from gateway_process import Gateway, module_broker, running_gateway, wait_for
from websockets.asyncio.client import connect

from cloudctl.publish.frames import FrameKind

BROWSERS = 20
MOVERS = 2000
SECONDS = 4.0
WEST, SOUTH = CENTRE[0] - SIZE / 2, CENTRE[1] - SIZE / 2
VIEW = f'{{"type":"view","box":[{WEST},{SOUTH},{WEST + SIZE},{SOUTH + SIZE}],"zoom":13,"deltas":true}}'
KIND_AT = 6
MOST_EXTRA = 0.4
"""Of a core for 19 browsers more; ten times what it takes on a quiet machine."""
MOST_GROWTH = 24e6


@dataclass
class Browser:
    """Reads the live feed as a page does, and counts its pictures."""

    url: str
    pictures: int = 0
    _task: asyncio.Task[None] | None = field(default=None, repr=False)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _read(self) -> None:
        async with connect(self.url, max_size=None, compression=None) as feed:
            await feed.send(VIEW)
            async for message in feed:
                if isinstance(message, bytes) and message[KIND_AT] == FrameKind.MOVER_MOVES:
                    self.pictures += 1


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MosquittoBroker]:
    with module_broker(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, broker: MosquittoBroker) -> Iterator[Gateway]:
    with running_gateway(tmp_path_factory.mktemp("gateway"), broker.url) as running:
        wait_for(lambda: running.checks()["broker"])
        with Crowd(broker.port, MOVERS):
            wait_for(lambda: running.checks()["picture"])
            yield running


def _address(gateway: Gateway) -> str:
    return gateway.url.replace("http", "ws") + "/api/v1/live"


def _used(gateway: Gateway) -> float:
    """CPU time of the gateway so far, s; to the nanosecond, where ticks of 10 ms would miss what is short."""
    tasks = Path(f"/proc/{gateway.process.pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) * 1e-9


async def _share(gateway: Gateway, count: int) -> tuple[float, list[int]]:
    """Share of a core that the gateway uses for so many browsers, and the pictures that each got."""
    browsers = [Browser(_address(gateway)) for _ in range(count)]
    async with AsyncExitStack() as stack:
        for browser in browsers:
            await stack.enter_async_context(browser)
        await asyncio.sleep(1.0)
        before, began = _used(gateway), asyncio.get_running_loop().time()
        seen = [browser.pictures for browser in browsers]
        await asyncio.sleep(SECONDS)
        after, took = _used(gateway), asyncio.get_running_loop().time() - began
        pictures = [browser.pictures - old for browser, old in zip(browsers, seen, strict=True)]
    return (after - before) / took, pictures


async def test_a_picture_is_made_once_for_all_browsers_of_a_view(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    one, _ = await _share(gateway, 1)
    many, pictures = await _share(gateway, BROWSERS)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{MOVERS} road users: the gateway uses {one:.1%} of a core for 1 browser and {many:.1%} for {BROWSERS}: "
            f"{many - one:.1%} more, {min(pictures) / SECONDS:.1f} to {max(pictures) / SECONDS:.1f} pictures/s each\n"
        )
    assert min(pictures) > 0
    assert many - one < MOST_EXTRA


def _stalled(gateway: Gateway) -> socket.socket:
    """Open a feed, ask for everything, and never read again."""
    where = urlsplit(gateway.url)
    stuck = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuck.connect((where.hostname or "", where.port or 0))
    stuck.sendall(
        f"GET /api/v1/live HTTP/1.1\r\nHost: {where.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    assert stuck.recv(12) == b"HTTP/1.1 101"
    text = VIEW.encode()
    # a masked text frame (RFC 6455, 5.2) whose mask is zero
    stuck.sendall(bytes([0x81, 0x80 | 126]) + len(text).to_bytes(2, "big") + bytes(4) + text)
    return stuck


async def test_browsers_that_do_not_read_cost_the_others_and_the_memory_nothing(
    gateway: Gateway, capsys: pytest.CaptureFixture[str]
) -> None:
    await _share(gateway, 1)
    process = psutil.Process(gateway.process.pid)
    before = process.memory_info().rss
    stuck = [_stalled(gateway) for _ in range(5)]
    try:
        used, [pictures] = await _share(gateway, 1)
        grown = process.memory_info().rss - before
    finally:
        for each in stuck:
            each.close()
    with capsys.disabled():
        sys.stdout.write(
            f"\n5 browsers that do not read: another gets {pictures / SECONDS:.1f} pictures/s, the gateway uses "
            f"{used:.1%} of a core and {grown / 1e6:.1f} MB more\n"
        )
    assert pictures >= 2
    assert grown < MOST_GROWTH
