"""`cloudctl bench maas`: how long a journey takes to plan, in a gateway in this process with live times."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import msgspec
import numpy as np

from cloudctl.access.open_access import OpenAccess
from cloudctl.api.app import make_app
from cloudctl.api.doors import Doors
from cloudctl.api.hub import Hub
from cloudctl.api.live_state import LiveState
from cloudctl.api.measures import Measures
from cloudctl.api.network_tables import NetworkTables
from cloudctl.api.services import Services
from cloudctl.api.stored_history import StoredHistory
from cloudctl.commands.bench_output import show, write
from cloudctl.maas.desk import LOOK_S, JourneyDesk
from cloudctl.transit.state import BusState, StopPrediction, TransitState
from cloudctl.transit.timetable import BusLine, BusStop, Call, ServiceDays, Timetable, Trip
from maps.network import RoadNetwork

GOAL_MS = 150.0
REPEATS = 300
STOPS, LEG, HEADWAY, SPAN = 24, 90.0, 480.0, 8 * 3600.0
UNDER_WAY = 1800.0
SEED = 7


def bench_maas(out: Path | None, lines: int, network: RoadNetwork) -> dict[str, object]:
    """Plan journeys between random places of a network with many lines, one after the other."""
    rng = np.random.default_rng(SEED)
    timetable = _timetable(network, lines, rng)
    state, measures = LiveState(), Measures()
    state.transit = _live(timetable)
    desk = JourneyDesk(network, Path("none.zip"), lambda: state.transit)
    desk.use(timetable)
    services = Services(
        state, Hub(state, measures), measures, NetworkTables(network), StoredHistory("postgresql://127.0.0.1:1/none"),
        Doors(), access=OpenAccess(), journeys=desk,
    )  # fmt: skip
    services.roads.times_from(0)
    times = asyncio.run(_ask(make_app(services, Path(__file__)), desk, network, rng))
    p50, p99 = (round(float(value), 1) for value in np.quantile(times[1:], (0.5, 0.99)))
    show(
        f"{len(timetable.stops)} stops, {lines} lines, {len(timetable.trips)} trips",
        ("question", "p50 ms", "p99 ms", "first ms", "goal ms"), [["journey", p50, p99, round(times[0], 1), GOAL_MS]],
    )  # fmt: skip
    figures: dict[str, object] = {
        "stops": len(timetable.stops), "lines": lines, "trips": len(timetable.trips), "live": len(state.transit.buses),
        "p50_ms": p50, "p99_ms": p99, "first_ms": round(times[0], 1),
    }  # fmt: skip
    write({"maas": figures}, out)
    return figures


async def _ask(app: object, desk: JourneyDesk, network: RoadNetwork, rng: np.random.Generator) -> list[float]:
    times, renewed = [], time.monotonic()
    renewing: asyncio.Task[None] | None = None
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # an ASGI application
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for _ in range(REPEATS):
            rows = rng.integers(0, len(network.nodes.x), 2)
            lon, lat = network.plane.inverse(network.nodes.x[rows], network.nodes.y[rows])
            body = {name: {"lon": float(lon[n]), "lat": float(lat[n])} for n, name in enumerate(("start", "goal"))}
            if time.monotonic() - renewed > LOOK_S:
                renewed, renewing = time.monotonic(), asyncio.create_task(asyncio.to_thread(desk.renew))
            started = time.perf_counter()
            (await client.post("/api/v1/journeys/plan", json=body)).raise_for_status()
            times.append(1e3 * (time.perf_counter() - started))
            await asyncio.sleep(0.02)  # below the limit of requests of one address
    if renewing is not None:
        await renewing
    return times


def _timetable(network: RoadNetwork, lines: int, rng: np.random.Generator) -> Timetable:
    """Lines that each wander over the nodes of the network towards a far place."""
    lon, lat = network.plane.inverse(network.nodes.x, network.nodes.y)
    stops = {
        f"N{row}": BusStop(f"N{row}", f"N{row}", float(lon[row]), float(lat[row]))
        for row in range(len(network.nodes.x))
    }
    zone = ZoneInfo("Asia/Shanghai")
    bare = Timetable(zone, stops, {}, {}, {})
    today = bare.day_of(time.time())
    first = time.time() - bare.midnight(today) - 2 * 3600.0
    trips = {}
    for line in range(lines):
        way = _way(network, rng)
        for number in range(int(SPAN / HEADWAY)):
            start = first + number * HEADWAY + line % 60
            calls = tuple(Call(f"N{stop}", start + LEG * at, start + LEG * at + 15, at) for at, stop in enumerate(way))
            name = f"L{line}T{number}"
            trips[name] = Trip(name, f"L{line}", 0, "s", calls)
    known = {f"L{line}": BusLine(f"L{line}", str(line)) for line in range(lines)}
    return replace(bare, lines=known, trips=trips, services={"s": ServiceDays(added=frozenset({today}))}, version="b")


def _way(network: RoadNetwork, rng: np.random.Generator) -> list[int]:
    """Nodes along a line from one place to another, in order, none twice."""
    x, y = network.nodes.x, network.nodes.y
    a, b = rng.choice(len(x), 2, replace=False)
    steps = np.linspace(0, 1, STOPS)
    near = [int(np.argmin(np.hypot(x - x[a] - s * (x[b] - x[a]), y - y[a] - s * (y[b] - y[a])))) for s in steps]
    found = list(dict.fromkeys(near))
    return found if len(found) > 1 else [int(a), int(b)]


def _live(timetable: Timetable) -> TransitState:
    now, buses = time.time(), []
    for dated in timetable.between(now - UNDER_WAY, now):
        calls = dated.trip.calls
        ahead = [at for at, call in enumerate(calls) if dated.midnight + call.arrival > now]
        if dated.start > now or not ahead:
            continue
        buses.append(
            BusState(
                vehicle=dated.key, line=dated.trip.line, direction=0, pattern="", trip=dated.key, trip_id=dated.trip.id,
                service_day="", start_time=None, lon=0.0, lat=0.0, bearing=0.0, speed=8.0, updated=now, along=0.0,
                next_stop=ahead[0], at_stop=False, lateness=60.0, headway_ahead=None, headway_behind=None,
                headway_planned=None, vehicle_ahead=None, vehicle_behind=None,
                arrivals=tuple(_prediction(calls[at], at, dated.midnight) for at in ahead),
            )
        )  # fmt: skip
    return msgspec.structs.replace(TransitState.empty(now), timetable="b", buses=tuple(buses))


def _prediction(call: Call, at: int, midnight: float) -> StopPrediction:
    expected = midnight + call.arrival + 60.0
    return StopPrediction(
        stop=call.stop, number=at, sequence=at, expected=expected, earliest=expected - 30, latest=expected + 30
    )
