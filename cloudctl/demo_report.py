"""The report of a demo: what devices sent, what became of it, how fast and how true the picture was."""

import asyncio
import csv
import json
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import orjson
import psycopg

from cloudctl.demo_monitor import HealthMonitor
from cloudctl.errors import CloudctlError
from cloudctl.settings import Settings
from cloudctl.store.withheld import COUNTER as WITHHELD
from maps.network_file import open_network
from maps.participants import ParticipantKind

_POINTS = "SELECT count(*) FROM v2x.trajectory_point WHERE t >= %s"
_EVENTS = "SELECT stream, count(*) FROM v2x.device_event WHERE received >= %s GROUP BY stream"
_WITHHELD = "SELECT name, value FROM v2x.store_counter WHERE name LIKE %s"
_TRACKS = """
SELECT extract(epoch FROM t)::double precision, session, track_id, kind, lon, lat, speed, heading, sigma, lane
FROM v2x.trajectory_point WHERE t >= %s ORDER BY t, track_id
"""


class ScoringError(CloudctlError):
    """The tracks could not be scored."""


@dataclass(frozen=True)
class DemoEvidence:
    """What a finished demo leaves behind; the database still runs."""

    settings: Settings
    network: Path
    started: float
    """UTC epoch, s."""
    monitor: HealthMonitor
    devices: Path
    """Report of the simulated devices."""
    truth: Path
    restarts: dict[str, int]
    withheld_before: Mapping[str, int]
    """Events by stream that had been withheld before the demo started."""


class _Class(msgspec.Struct):
    sent: int = 0
    acknowledged: int = 0
    shed: int = 0


class DeviceReport(msgspec.Struct):
    """What the devices say they did."""

    sent_by_devices: int
    telemetry: _Class
    event: _Class
    streams: dict[str, dict[str, int | str]]
    advisories: dict[str, dict[str, int]]
    connections: dict[str, int]
    refusals: dict[str, int]
    orders: dict[str, dict[str, int]] = {}
    """What the city did with the orders of drivers and devices, by order."""
    rides: dict[str, object] | None = None
    """What became of requests for buses on demand."""


async def write_report(evidence: DemoEvidence, path: Path) -> None:
    """Collect the figures and write them as JSON.

    Raises:
        ScoringError: the simulators' scoring failed; the message is theirs.
    """
    devices = read_devices(evidence.devices)
    since = datetime.fromtimestamp(evidence.started, UTC)
    async with await psycopg.AsyncConnection.connect(evidence.settings.database.url) as connection:
        points = await (await connection.execute(_POINTS, [since])).fetchone()
        stored = {str(row[0]): int(row[1]) async for row in await connection.execute(_EVENTS, [since])}
        withheld = await withheld_events(connection)
        tracks = evidence.settings.data_dir / "tracks.csv"
        await asyncio.to_thread(tracks.unlink, missing_ok=True)
        await _write_tracks(_rows(connection, since), evidence.network, tracks)
    withheld = {stream: count - evidence.withheld_before.get(stream, 0) for stream, count in withheld.items()}
    report = figures(evidence.monitor, devices, stored, withheld) | {
        "points_stored": int(points[0]) if points else 0,
        "restarts": evidence.restarts,
        "accuracy": await _score("simulators.scoring", truth=evidence.truth, tracks=tracks),
        "incidents": await _judge_incidents(evidence),
    }
    content = orjson.dumps(report, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
    await asyncio.to_thread(path.write_bytes, content)


async def withheld_events(connection: psycopg.AsyncConnection) -> dict[str, int]:
    """Events by stream that were ever withheld, as the archiver counted them where it stores."""
    start = f"{WITHHELD}."
    rows = await connection.execute(_WITHHELD, [f"{start}%"])
    return {str(name).removeprefix(start): int(value) async for name, value in rows}


def read_devices(path: Path) -> DeviceReport:
    """Read the devices' own account.

    Raises:
        ScoringError: it is missing or not theirs.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=DeviceReport)
    except (OSError, msgspec.MsgspecError) as error:
        raise ScoringError(f"the devices left no report in {path}: {error}") from error


def figures(
    monitor: HealthMonitor, devices: DeviceReport, stored: Mapping[str, int], withheld: Mapping[str, int]
) -> dict[str, object]:
    """Put the account of the devices beside that of the platform.

    Events of vehicles that did not agree to be stored are left out on purpose, and counted as `withheld`. Both counts
    are those of the database: what a process knew when it was killed is not part of them.
    """
    engine, archiver = monitor.counters("engine"), monitor.counters("archiver")
    received = monitor.by_label("engine", "messages_received")
    newest = monitor.newest.get("engine")
    acknowledged = {
        stream: int(counts["acknowledged"]) - int(counts["repeated"])
        for stream, counts in devices.streams.items()
        if "acknowledged" in counts
    }
    return {
        "sent_by_devices": devices.sent_by_devices,
        "sent": {"telemetry": devices.telemetry.sent, "event": devices.event.sent},
        "messages_received": sum(received.values()),
        "messages_received_by_stream": received,
        "messages_refused": monitor.by_label("engine", "messages_refused"),
        "lost": sum(
            max(0, count - stored.get(stream, 0) - withheld.get(stream, 0)) for stream, count in acknowledged.items()
        ),
        "events": {
            stream: {"acknowledged": count, "stored": stored.get(stream, 0), "withheld": withheld.get(stream, 0)}
            for stream, count in acknowledged.items()
        },
        "missed": {
            "engine_s": round(engine.get("gap_seconds", 0), 1),
            "trajectory_frames": int(archiver.get("frames_missed", 0)),
        },
        "reports_fused": int(engine.get("reports_fused", 0)),
        "tracks_peak": int(engine.get("tracks_peak", 0)),
        "advisories": monitor.by_label("engine", "advisories"),
        "advisories_received_by_devices": devices.advisories,
        "orders_of_drivers_and_devices": devices.orders,
        "rides_on_demand": devices.rides,
        "publish_to_picture_ms": (newest.latency_ms.get("publish_to_picture") if newest else None) or {},
        "latency_ms": newest.latency_ms if newest else {},
        "engine": {name: value for name, value in sorted(engine.items()) if "." not in name},
        "archiver": {name: value for name, value in sorted(archiver.items()) if "." not in name},
    }


async def _rows(connection: psycopg.AsyncConnection, since: datetime) -> AsyncIterator[tuple[float | int, ...]]:
    async with connection.cursor("tracks") as cursor:
        cursor.itersize = 20000
        await cursor.execute(_TRACKS, [since])
        async for row in cursor:
            yield row


async def _write_tracks(rows: AsyncIterator[tuple[float | int, ...]], network: Path, path: Path) -> None:
    """Write the stored tracks as the tracks file that `cloudctl fuse` writes too."""
    lanes = (await asyncio.to_thread(open_network, network)).lanes.id.tolist()
    kinds = [kind.label for kind in ParticipantKind]
    names = ("t", "track_id", "kind", "lat", "lon", "speed", "heading", "length", "width", "sigma", "lane", "sources")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        async for t, session, track, kind, lon, lat, speed, heading, sigma, lane in rows:
            lane_id = lanes[int(lane)] if lane is not None and 0 <= lane < len(lanes) else ""
            writer.writerow(
                (
                    f"{t:.3f}",
                    f"{session}-{track}",
                    kinds[int(kind)],
                    lat,
                    lon,
                    speed,
                    heading,
                    "",
                    "",
                    sigma,
                    lane_id,
                    "",
                )
            )


async def _judge_incidents(evidence: DemoEvidence) -> object:
    """Let the simulators, who know what they staged, judge what incidents were told."""
    told = evidence.settings.data_dir / "incidents.json"
    await asyncio.to_thread(told.write_bytes, orjson.dumps(evidence.monitor.incidents.lines()))
    files = {"truth": evidence.truth, "incidents": told, "map": evidence.network}
    return await _score("simulators.scoring_incidents", **files)


async def _score(module: str, **files: Path) -> object:
    """Let the simulators, who know the truth, score what the platform made of it."""
    argv = [sys.executable, "-m", module]
    for name, file in files.items():
        argv += [f"--{name}", str(file)]
    process = await asyncio.create_subprocess_exec(
        *argv, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await process.communicate()
    if process.returncode:
        lines = errors.decode(errors="replace").strip().splitlines()
        raise ScoringError(lines[-1] if lines else f"{module} ended with code {process.returncode}")
    return json.loads(output)
