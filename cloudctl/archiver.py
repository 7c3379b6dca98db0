"""The archiver process: `python -m cloudctl.archiver --config FILE`.

It takes trajectories, states, events and advisories from the broker, puts them on disk, acknowledges them, and stores
them in the database from there. The connection may break, the database may go away, the process may be killed at any
moment: what was acknowledged is on disk and finds its way.
"""

import argparse
import asyncio
import contextlib
import hashlib
import signal
import sys
import threading
import time
from pathlib import Path

import msgspec

from cloudctl.archive.health import make_health
from cloudctl.archive.intake import FILTERS, Intake
from cloudctl.archive.keeper import Keeper
from cloudctl.archive.observations import ObservationTap
from cloudctl.errors import CloudctlError
from cloudctl.observability import configure_logging
from cloudctl.privacy.eraser import Eraser
from cloudctl.privacy.gate import StoreGate
from cloudctl.privacy.keys import KeyRing
from cloudctl.settings import Settings, read_settings
from cloudctl.store.spool import Spool
from cloudctl.store.track_places import NO_LANES, LaneLinks, lane_links_of
from cloudctl.store.writer import Writer
from ingest.broker import EventReceiver, Publisher
from ingest.errors import IngestError
from ingest.streams import BY_NAME
from maps.errors import MapsError
from maps.network_file import open_network

CLIENT_ID = "v2x-archiver"
"""Fixed: the broker keeps what comes while we are away under this name."""
HEALTH_EVERY = 1.0
DRAIN_PATIENCE = 7.0
"""How long the end waits for the database, s; what is not stored by then stays in the spool."""
_HEALTH_TOPIC = BY_NAME["health"].topic_of("archiver")


class Archiver:
    """Everything the process runs: receiver, spool, writer, health."""

    def __init__(self, settings: Settings) -> None:
        self._broker = settings.broker.url
        self._started = time.time()
        keys = KeyRing(settings.data_dir / "keys")
        gate = StoreGate(keys, time.time)
        self._spool = Spool(settings.data_dir / "spool", settings.archiver.spool_bytes)
        self._writer = Writer(
            settings.database.url,
            self._spool,
            map_identity(settings.map.file),
            lane_links=read_lane_links(settings.map.file),
            gate=gate,
        )
        self._eraser = Eraser(settings.database.url, self._spool, keys, settings.data_dir, gate)
        self._keeper = Keeper(settings.database.url)
        self._intake = Intake(self._spool, gate=gate)
        self._tap = ObservationTap(settings.broker.url, self._intake.take, lambda: self._keeper.observed)
        self._ending = threading.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Archive until `stop`, then store what is spooled if the database lets us in time."""
        # A daemon: a database that hangs must not keep the process from ending.
        thread = threading.Thread(target=self._writer.run, args=(self._ending,), name="writer", daemon=True)
        thread.start()
        keeper = threading.Thread(target=self._keeper.run, args=(self._ending,), name="keeper", daemon=True)
        keeper.start()
        eraser = threading.Thread(target=self._eraser.run, args=(self._ending,), name="eraser", daemon=True)
        eraser.start()
        async with Publisher(self._broker, client_id=f"{CLIENT_ID}-health", capacity=10) as publisher:
            receiver = EventReceiver(self._broker, self._intake.take, client_id=CLIENT_ID, filters=FILTERS)
            async with receiver, self._tap:
                await self._tell_health(publisher, receiver, stop)
            self._ending.set()
            await asyncio.to_thread(thread.join, DRAIN_PATIENCE)
            self._offer_health(publisher, receiving=False)
            await publisher.flush(1.0)
        self._spool.close()

    async def _tell_health(self, publisher: Publisher, receiver: EventReceiver, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._offer_health(publisher, receiving=receiver.connected)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEALTH_EVERY):
                    await stop.wait()

    def _offer_health(self, publisher: Publisher, *, receiving: bool) -> None:
        health = make_health(
            self._intake, self._spool, self._writer, started=self._started, now=time.time(), receiving=receiving
        )
        publisher.offer(_HEALTH_TOPIC, msgspec.json.encode(health), retain=True)


def map_identity(file: Path) -> str:
    """Name of the road network that row numbers refer to: file name and SHA-256, or only the name where it is gone."""
    with contextlib.suppress(OSError):
        return f"{file.name}:{hashlib.sha256(file.read_bytes()).hexdigest()}"
    return file.name


def read_lane_links(file: Path) -> LaneLinks:
    """Links of the lanes of the road network; none where it cannot be read: tracks are stored without their links."""
    try:
        return lane_links_of(open_network(file))
    except (MapsError, OSError) as error:
        configure_logging("archiver").warning("tracks are not entered by link", reason=str(error))
        return NO_LANES


async def archive(settings: Settings) -> None:
    """Archive until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await Archiver(settings).run(stop)


def main() -> int:
    """Run the process; one line and exit code 2 where it cannot start."""
    parser = argparse.ArgumentParser(prog="cloudctl.archiver", description="trajectories and events to the database")
    parser.add_argument("--config", type=Path, required=True, help="settings file (TOML)")
    arguments = parser.parse_args()
    log = configure_logging("archiver")
    try:
        settings = read_settings(arguments.config)
        log.info("archiver starts", data_dir=str(settings.data_dir))
        asyncio.run(archive(settings))
    except (CloudctlError, IngestError, OSError) as fault:
        print(f"cloudctl.archiver: {fault}", file=sys.stderr)  # noqa: T201  # the one line for the user
        return 2
    log.info("archiver ended")
    return 0


if __name__ == "__main__":
    sys.exit(main())
