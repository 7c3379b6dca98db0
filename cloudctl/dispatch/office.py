"""Dispatch in the gateway: uploaded timetables and connections on their way to database and engine, results of days."""

import asyncio
import io
import os
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import structlog

from cloudctl.dispatch.announcer import DispatchAnnouncer
from cloudctl.dispatch.errors import DispatchStoreError
from cloudctl.dispatch.orders import TrunkArrival
from cloudctl.dispatch.store import DispatchStore
from cloudctl.transit.errors import TimetableError
from cloudctl.transit.gtfs_import import Import, import_gtfs

MOST_BYTES = 64 << 20
"""Size of an uploaded timetable, packed."""
MOST_UNPACKED = 1 << 30
NAMED = 10
"""So many of the stops that are missing are named."""
RETRY_S = 5.0
_LOG = structlog.get_logger("gateway.dispatch")


@dataclass(frozen=True)
class DispatchOffice:
    """Keeps timetables; `timetable` is the file that the engine reads."""

    store: DispatchStore
    timetable: Path
    announcer: DispatchAnnouncer | None = None
    """Tells the engine what is kept; None where there is no broker."""

    async def run(self) -> None:
        """Hold the database open; put the newest uploaded timetable back where its file is gone; tell what is kept."""
        async with self.store.opened(), asyncio.TaskGroup() as tasks:
            tasks.create_task(self._restore(), name="timetable restore")
            if self.announcer is not None:
                tasks.create_task(self.announcer.run(), name="dispatch announcer")
            await asyncio.Event().wait()

    async def connect(
        self, arrivals: Collection[TrunkArrival], lines: Collection[str] | None, by: str, now: float
    ) -> tuple[TrunkArrival, ...]:
        """Keep arrivals in the place of those told before for some lines, None for all; gives those of all lines.

        Raises:
            DispatchStoreError: the database does not answer.
        """
        await self.store.keep_trunk_arrivals(arrivals, lines, by)
        if self.announcer is not None:
            self.announcer.hurry()
        return await self.store.trunk_arrivals(now)

    async def take(self, content: bytes, by: str, *, partly: bool = False) -> Import:
        """Check an uploaded timetable, keep it, and hand it to the engine.

        Args:
            content: GTFS zip file.
            by: Account of who uploads it.
            partly: Whether to use it without the trips that call at stops that it does not have.

        Raises:
            TimetableError: it cannot be used, or lacks stops; nothing is kept.
            DispatchStoreError: the database does not answer; the engine keeps what it has.
        """
        done = await asyncio.to_thread(_check, content)
        if done.missing_stops and not partly:
            raise TimetableError("upload", _without(done.missing_stops))
        await self.store.keep_timetable(content, done.timetable.version, by)
        await asyncio.to_thread(_write, self.timetable, content)
        return done

    async def _restore(self) -> None:
        while not self.timetable.exists():
            try:
                content = await self.store.newest_timetable()
            except DispatchStoreError as fault:
                _LOG.info("timetable_not_restored", reason=str(fault))
                await asyncio.sleep(RETRY_S)
                continue
            if content is not None:
                await asyncio.to_thread(_write, self.timetable, content)
            return


def _without(missing: Mapping[str, str]) -> str:
    """Name stops that a timetable lacks."""
    named = [f"{stop!r} (trip {trip!r})" for stop, trip in list(missing.items())[:NAMED]]
    more = f" and {len(missing) - NAMED} more" if len(missing) > NAMED else ""
    return f"stops.txt lacks {', '.join(named)}{more}, at which trips call; nothing was changed"


def _check(content: bytes) -> Import:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, ValueError) as fault:
        raise TimetableError("upload", f"no zip file: {fault}") from fault
    if size > MOST_UNPACKED:
        raise TimetableError("upload", f"{size >> 20} MiB unpacked, more than {MOST_UNPACKED >> 20}")
    with NamedTemporaryFile(suffix=".zip") as file:
        file.write(content)
        file.flush()
        try:
            return import_gtfs(Path(file.name))
        except TimetableError as fault:
            raise TimetableError("upload", fault.detail) from fault
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as fault:
            raise TimetableError("upload", f"damaged: {fault}") from fault


def _write(path: Path, content: bytes) -> None:
    """Put a file in place whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".upload")
    fresh.write_bytes(content)
    os.replace(fresh, path)  # noqa: PTH105  # also where another gateway writes
