"""`cloudctl bench transit`: how long the questions of dispatch take at a real gateway that hears a city's picture.

Broker and gateway run as processes of their own. A publisher tells them what an engine would: the buses and the advice
once a second, the road users five times a second. The questions come over HTTP on one connection, one after the other.
"""

import asyncio
import itertools
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import msgspec
import numpy as np
import orjson

from cloudctl.advice.advisory import AdvisoryKind
from cloudctl.commands.bench_city import make_grid_map
from cloudctl.commands.bench_output import show, write
from cloudctl.commands.bench_rig import NoMosquittoError, await_broker, running_process
from cloudctl.dispatch.advice import DispatchAdvice, Expected
from cloudctl.dispatch.state import DispatchState
from cloudctl.embedded_broker import HOST, find_mosquitto, free_port, prepare_broker
from cloudctl.errors import CloudctlError
from cloudctl.publish.frames import Column, FrameKind, encode_frame
from cloudctl.transit.lines import LinePlace, LinesState, PatternPlace, StopPlace
from cloudctl.transit.state import AccuracyState, BusState, StopPrediction, TransitState
from ingest.broker import Publisher
from ingest.streams import BY_NAME
from maps.base_map import write_base_map
from maps.network_file import open_network

GOAL_MS = 20.0
STOPS = 24
JUNCTIONS = 6
HALF = 30.0
PAUSE = 0.005
"""Between two questions, s."""
PATIENCE = 60.0
"""For the gateway to start and to hear of the buses, s."""
QUESTIONS = {
    "arrivals of one stop": "/api/v1/transit/stops/L0S5/arrivals",
    "advice of one line": "/api/v1/transit/advice?line=L0",
    "one bus": "/api/v1/transit/buses/BUS0",
    "one line": "/api/v1/transit/lines/L0",
    "trip updates": "/api/v1/gtfs-rt/trip-updates",
}
_Rows = list[list[object]]


def bench_transit(out: Path | None, buses: int, lines: int, movers: int, repeats: int) -> dict[str, object]:
    """Ask each question `repeats` times while `buses` run on `lines` among `movers` road users.

    Raises:
        CloudctlError: Mosquitto or SUMO is missing, or the gateway did not start.
    """
    if find_mosquitto() is None:
        raise NoMosquittoError
    with (
        TemporaryDirectory() as scratch,
        _gateway(Path(scratch)) as (address, broker),
        _city(broker, buses, lines, movers),
    ):
        rows = _ask(address, repeats)
    show(f"{buses} buses on {lines} lines, {movers} road users", ("question", "p50 ms", "p99 ms", "goal ms"), rows)
    figures: dict[str, object] = {
        "buses": buses,
        "lines": lines,
        "movers": movers,
        "queries": {str(name): {"p50_ms": p50, "p99_ms": p99} for name, p50, p99, _ in rows},
    }
    write({"transit": figures}, out)
    return figures


@contextmanager
def _gateway(folder: Path) -> Iterator[tuple[str, str]]:
    """Run a broker and a gateway; gives the gateway's address and the broker's URL."""
    city, port = make_grid_map(folder, JUNCTIONS), free_port(0)
    network = open_network(city)
    write_base_map(network, folder / "base.pmtiles")
    broker = prepare_broker(folder / "broker", free_port(0), folder / "broker.log")
    configuration = folder / "gateway.json"
    configuration.touch(0o600)
    configuration.write_bytes(
        orjson.dumps(
            {
                "data_dir": str(folder),
                "map": {"file": str(city), "tiles": str(folder / "base.pmtiles")},
                "broker": {"url": broker.url},
                "database": {"url": "postgresql://127.0.0.1:1/none"},
                "gateway": {"port": port},
                "access": {"mode": "open"},
            }
        )
    )
    argv = [sys.executable, "-m", "cloudctl.gateway", "--config", str(configuration)]
    with running_process(list(broker.process.argv), folder / "broker.log"):
        await_broker(broker)
        with running_process(argv, folder / "gateway.log"):
            address = f"http://{HOST}:{port}"
            _await_gateway(address, "/healthz")
            # A gateway that has just started still compiles its searches beside the first questions.
            link = str(network.links.id[0])
            httpx.get(f"{address}/api/v1/routes", params={"from": link, "to": link}, timeout=PATIENCE, trust_env=False)
            yield address, broker.url


def _await_gateway(address: str, path: str) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            if httpx.get(address + path, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise CloudctlError(f"the gateway did not answer {path} within {PATIENCE:g} s")


@contextmanager
def _city(broker: str, buses: int, lines: int, movers: int) -> Iterator[None]:
    """Publish what an engine would, from a thread."""
    ended = threading.Event()
    thread = threading.Thread(target=_publish, args=(broker, (buses, lines, movers), ended), name="bench city")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _publish(broker: str, sizes: tuple[int, int, int], ended: threading.Event) -> None:
    asyncio.run(_tell(broker, sizes, ended))


async def _tell(broker: str, sizes: tuple[int, int, int], ended: threading.Event) -> None:
    buses, lines, movers = sizes
    async with Publisher(broker, client_id="v2x-bench-city", capacity=100) as publisher:
        _offer(publisher, "transit_lines", msgspec.json.encode(_lines(lines)))
        for tick in itertools.count():
            now = time.time()
            if tick % 5 == 0:
                _offer(publisher, "transit_now", msgspec.json.encode(_buses(buses, lines, now)))
                _offer(publisher, "dispatch_now", msgspec.json.encode(_advice(buses, lines, now)))
            _offer(publisher, "live_movers", _movers(movers, tick, now))
            if ended.is_set():
                return
            await asyncio.sleep(max(now + 0.2 - time.time(), 0.01))


def _offer(publisher: Publisher, stream: str, payload: bytes) -> None:
    found = BY_NAME[stream]
    publisher.offer(found.topic, payload, qos=found.qos, retain=found.retain)


def _movers(count: int, tick: int, now: float) -> bytes:
    step, lane = np.arange(count), np.uint16
    columns: dict[str, Column] = {
        "id": step.astype(np.uint32),
        "lon": (1_129_000_000 + 400 * step + 100 * tick).astype(np.int32),
        "lat": np.full(count, 282_000_000, np.int32),
        "speed": np.full(count, 900, lane),
        "heading": np.full(count, 9000, lane),
        "age": np.full(count, 80, lane),
        "class": np.ones(count, np.uint8),
        "flags": np.zeros(count, np.uint8),
        "length": np.full(count, 46, np.uint8),
        "width": np.full(count, 18, np.uint8),
    }
    return encode_frame(FrameKind.MOVERS, tick, now, columns)


def _ask(address: str, repeats: int) -> _Rows:
    rows: _Rows = []
    with httpx.Client(base_url=address, timeout=PATIENCE, trust_env=False) as client:
        _await_gateway(address, QUESTIONS["one bus"])
        for name, path in QUESTIONS.items():
            client.get(path).raise_for_status()
            times = []
            for _ in range(repeats):
                started = time.perf_counter()
                client.get(path).raise_for_status()
                times.append(1e3 * (time.perf_counter() - started))
                time.sleep(PAUSE)
            p50, p99 = np.quantile(times, (0.5, 0.99))
            rows.append([name, round(float(p50), 2), round(float(p99), 2), GOAL_MS])
    return rows


def _lines(count: int) -> LinesState:
    stops = [f"L{line}S{stop}" for line, stop in itertools.product(range(count), range(STOPS))]
    return LinesState(
        version="bench",
        zone="Asia/Shanghai",
        trips=count,
        lines=tuple(LinePlace(id=f"L{line}", name=str(line)) for line in range(count)),
        stops=tuple(StopPlace(id=stop, name=stop, lon=112.9, lat=28.2) for stop in stops),
        patterns=tuple(
            PatternPlace(
                id=f"L{line}/0",
                line=f"L{line}",
                direction=0,
                stops=tuple(f"L{line}S{stop}" for stop in range(STOPS)),
                stop_at=tuple(500.0 * stop for stop in range(STOPS)),
                length=500.0 * STOPS,
                points=((112.9, 28.2), (113.0, 28.2)),
                trips=1,
            )
            for line in range(count)
        ),
    )


def _buses(count: int, lines: int, now: float) -> TransitState:
    found = []
    for number in range(count):
        line = f"L{number % lines}"
        found.append(
            BusState(
                vehicle=f"BUS{number}", line=line, direction=0, pattern=f"{line}/0", trip=f"t{number}@20261123",
                trip_id=f"t{number}", service_day="20261123", start_time=None, lon=112.9, lat=28.2, bearing=90.0,
                speed=8.0, updated=now, along=100.0, next_stop=0, at_stop=False, lateness=10.0, headway_ahead=300.0,
                headway_behind=300.0, headway_planned=300.0, vehicle_ahead=None, vehicle_behind=None,
                arrivals=tuple(_prediction(line, stop, now) for stop in range(STOPS)),
            )
        )  # fmt: skip
    accuracy = AccuracyState(
        judged=0, median_error_s=None, within_band=None, band_width_s=None, timetable_median_error_s=None
    )
    return TransitState(time=now, timetable="bench", buses=tuple(found), findings=(), accuracy=accuracy)


def _prediction(line: str, stop: int, now: float) -> StopPrediction:
    expected = now + 60.0 * (stop + 1)
    return StopPrediction(
        stop=f"{line}S{stop}", number=stop, sequence=stop, expected=expected, earliest=expected - HALF,
        latest=expected + HALF, scheduled=expected,
    )  # fmt: skip


def _advice(buses: int, lines: int, now: float) -> DispatchState:
    one = DispatchAdvice(
        id="", kind=AdvisoryKind.BUS_HOLD, vehicle="", line="", direction=0, pattern="", trip="", created=now,
        valid_until=now + 60, updated=now, lon=112.9, lat=28.2, reason="100 s to the bus ahead",
        reason_code="dispatch.hold", expected=Expected(), seconds=30.0,
    )  # fmt: skip
    advised = tuple(
        msgspec.structs.replace(one, id=f"a{number}", vehicle=f"BUS{number}", line=f"L{number % lines}")
        for number in range(0, buses, 3)
    )
    return DispatchState(time=now, advice=advised)
