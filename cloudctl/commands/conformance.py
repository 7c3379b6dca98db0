"""`cloudctl conformance`: a report that a vendor can act on, from a recording or from a running broker."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.uper.schema import Profile

if TYPE_CHECKING:
    from ingest.conformance import ConformanceSession
    from ingest.conformance_report import ConformanceReport, Finding
    from ingest.plausibility import BoxE7

_BOX_PARTS = 4


def conformance(
    recording: Annotated[Path | None, typer.Argument(help="Recording made by `cloudctl record`.")] = None,
    broker: Annotated[str | None, typer.Option(help="Listen to mqtt://user:password@host:port instead.")] = None,
    device: Annotated[str | None, typer.Option(help="Serial of the RSU or id of the terminal; else all.")] = None,
    seconds: Annotated[float, typer.Option(min=1, help="How long to listen to a broker.")] = 60.0,
    profile: Annotated[Profile, typer.Option(help="Profile of UPER messages: v3, v4, vn4 or d2.")] = Profile.V4,
    box: Annotated[str | None, typer.Option(help="WEST,SOUTH,EAST,NORTH in degrees: where devices may be.")] = None,
    map_file: Annotated[Path | None, typer.Option("--map", help="Road network: devices must be within it.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the report as JSON.")] = None,
) -> None:
    """Check what a device sends: counts, rates, refusals with an example each, signal data, clocks."""
    from cloudctl.errors import CloudctlError
    from ingest.conformance import ConformanceSession

    if (recording is None) == (broker is None):
        raise CloudctlError("name a recording, or --broker URL")
    session = ConformanceSession(_box(box, map_file), profile, device)
    if recording is not None:
        _read(session, recording)
    elif broker is not None:
        _listen(session, broker, seconds)
    report = session.report()
    _write(report, out)
    _show(report)


def _box(text: str | None, map_file: Path | None) -> "BoxE7":
    from cloudctl.errors import CloudctlError
    from ingest.conformance import CHINA
    from ingest.plausibility import BoxE7

    if map_file is not None:
        from maps.network_file import open_network

        return BoxE7.of_network(open_network(map_file))
    if text is None:
        return CHINA
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise CloudctlError(f"--box {text}: {_BOX_PARTS} numbers with commas between them are needed") from None
    return BoxE7.of_degrees(west, south, east, north)


def _read(session: "ConformanceSession", path: Path) -> None:
    from fusion.recording import Recording

    for message in Recording(path):
        if not message.topic.startswith("V2X/CLOUD/"):
            session.take(message.topic, message.payload, message.received)


def _listen(session: "ConformanceSession", url: str, seconds: float) -> None:
    import asyncio
    import time

    from ingest.telemetry_receiver import TelemetryReceiver
    from ingest.topics import uplinks

    filters = tuple(dict.fromkeys(link.subscription for link in uplinks()))

    async def listen() -> None:
        async with TelemetryReceiver(url, client_id=f"conformance-{time.time_ns()}", filters=filters) as receiver:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                await asyncio.sleep(0.05)
                for message in receiver.take():
                    session.take(message.topic, message.payload, message.received)

    asyncio.run(listen())


def _write(report: "ConformanceReport", out: Path | None) -> None:
    if out is None:
        return
    import msgspec

    from cloudctl.errors import CloudctlError

    try:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(report)) + b"\n")
    except OSError as error:
        raise CloudctlError(f"{out}: {error.strerror}") from error


def _show(report: "ConformanceReport") -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title="Streams", title_justify="left")
    for name in ("stream", "writing", "grade"):
        table.add_column(name, no_wrap=True)
    for name in ("sent", "taken", "Hz", "due", "lost", "p50 ms", "p99 ms"):
        table.add_column(name, justify="right")
    for stream in report.streams:
        numbers = (stream.messages, stream.accepted, stream.rate_hz, stream.nominal_hz, stream.missing)
        latencies = (stream.latency_ms_p50, stream.latency_ms_p99)
        cells = ("-" if number is None else f"{number:g}" for number in (*numbers, *latencies))
        table.add_row(stream.stream, stream.writing, stream.grade, *cells)
    console.print(table)
    for stream in report.streams:
        for finding in (*stream.refused, *stream.warnings):
            _tell(console.print, stream.stream, finding)
    for finding in (*report.device_findings, *report.signal_findings):
        _tell(console.print, "device" if finding in report.device_findings else "signal", finding)
    for topic, count in report.unknown_topics.items():
        console.print(f"unknown topic {topic}: {count} messages", markup=False)
    summary = f"{report.messages} messages in {report.seconds:g} s, {report.refused} refused: {report.grade}"
    console.print(summary, style="bold", markup=False)


def _tell(write: Callable[..., None], where: str, finding: "Finding") -> None:
    write(f"{where}: {finding.name} x {finding.count}", style="bold", markup=False)
    write(f"  {finding.detail}", markup=False)
    if finding.example is not None:
        write(f"  example: {finding.example.topic} {finding.example.payload}", markup=False, style="dim")
    write(f"  do: {finding.advice}", markup=False)
