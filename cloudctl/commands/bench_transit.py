"""`cloudctl bench transit`: how long the questions of dispatch take with the buses of a large city."""

import asyncio
import itertools
import time
from pathlib import Path

import httpx
import msgspec
import numpy as np

from cloudctl.access.open_access import OpenAccess
from cloudctl.advice.advisory import AdvisoryKind
from cloudctl.api.app import make_app
from cloudctl.api.doors import Doors
from cloudctl.api.hub import Hub
from cloudctl.api.live_state import LiveState
from cloudctl.api.measures import Measures
from cloudctl.api.network_tables import NetworkTables
from cloudctl.api.services import Services
from cloudctl.api.stored_history import StoredHistory
from cloudctl.commands.bench_output import show, write
from cloudctl.dispatch.advice import DispatchAdvice, Expected
from cloudctl.dispatch.state import DispatchState
from cloudctl.transit.lines import LinePlace, LinesState, PatternPlace, StopPlace
from cloudctl.transit.state import AccuracyState, BusState, StopPrediction, TransitState
from maps.network import RoadNetwork

GOAL_MS = 20.0
STOPS = 24
REPEATS = 200
HALF = 30.0


def bench_transit(out: Path | None, buses: int, lines: int, network: RoadNetwork) -> dict[str, object]:
    """Ask each question many times, one after the other, of a gateway in this process."""
    now = time.time()
    state, measures = LiveState(), Measures()
    state.lines, state.transit, state.dispatch = _lines(lines), _buses(buses, lines, now), _advice(buses, lines, now)
    services = Services(
        state,
        Hub(state, measures),
        measures,
        NetworkTables(network),
        StoredHistory("postgresql://127.0.0.1:1/none"),
        Doors(),
        access=OpenAccess(),
    )
    app = make_app(services, Path(__file__))
    rows = asyncio.run(_ask(app))
    show(f"{buses} buses on {lines} lines", ("question", "p50 ms", "p99 ms", "goal ms"), rows)
    figures: dict[str, object] = {
        "buses": buses,
        "lines": lines,
        "queries": {str(name): {"p50_ms": p50, "p99_ms": p99} for name, p50, p99, _ in rows},
    }
    write({"transit": figures}, out)
    return figures


async def _ask(app: object) -> list[list[object]]:
    questions = {
        "arrivals of one stop": "/api/v1/transit/stops/L0S5/arrivals",
        "advice of one line": "/api/v1/transit/advice?line=L0",
        "one bus": "/api/v1/transit/buses/BUS0",
        "one line": "/api/v1/transit/lines/L0",
        "trip updates": "/api/v1/gtfs-rt/trip-updates",
    }
    rows: list[list[object]] = []
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # an ASGI application
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for name, path in questions.items():
            times = []
            for _ in range(REPEATS):
                started = time.perf_counter()
                (await client.get(path)).raise_for_status()
                times.append(1e3 * (time.perf_counter() - started))
                await asyncio.sleep(0.005)  # below the limit of requests of one address
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
