"""Riders who ask for buses on demand over HTTP, and the drivers of these buses, who drive what the plan says.

Riders come at random (Poisson) and want to go between random places near stops within random windows; they take the
refusal that they get. A van waits beside the road where it was last; a rider boards once both are at the stop.
"""

import asyncio
import datetime as dt
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import httpx
import msgspec
import numpy as np

from simulators.commands import DriveToStop, EnterVan
from simulators.fleet_context import FleetContext
from simulators.ride_account import RideAccount, Rider
from simulators.ride_places import spread_out, stop_places, stops_near
from simulators.world import WorldFrame

VANS, SEATS = 10, 7
"""The first of them takes wheelchairs."""
EVERY = 20.0
"""Mean time between two requests, s."""
TURN, PLACE_EVERY = 1.0, 10.0
"""The plan is looked at, and places are told, this often, s."""
FIRST = 5.0
"""After the platform answers, until riders ask, s."""
NEAR_STOP = 30.0
"""Riders start and end within this distance of a stop, east and north, m."""
SOON, WINDOW = (0.0, 30.0), (600.0, 1800.0)
"""From the request to the earliest start, and from there to the latest arrival, s."""
FROM_STAND = 0.6
"""Share of riders who start at a stop where vans begin to wait, as most do at a station."""
ACCESSIBLE = 0.1
"""Share of riders in a wheelchair."""
AT_STOP = 60.0
"""A van that left the road this near to its stop stands there, m."""
STANDS = 10.0
"""For riders to get in or out, s."""
SHIFT = 4 * 3600.0
WALK = 1.25
"""m/s"""
_PATIENCE = 5.0
_API = "/api/v1/ondemand"


class Visit(msgspec.Struct, frozen=True):
    """A stop of a planned route, cut to what a driver needs."""

    ride: str
    what: str
    halt: "Halt"


class Halt(msgspec.Struct, frozen=True):
    """Where it is."""

    id: str


class _Vehicle(msgspec.Struct, frozen=True):
    id: str
    route: tuple[Visit, ...] = ()


class _Plan(msgspec.Struct, frozen=True):
    vehicles: tuple[_Vehicle, ...]


class _Ride(msgspec.Struct, frozen=True):
    id: str
    walk_to_m: float
    promised_pickup: dt.datetime
    promised_dropoff: dt.datetime


class _Problem(msgspec.Struct, frozen=True):
    title: str = "unnamed"
    """Ends with the reason: `Cannot be met: no_capacity`."""


@dataclass
class Van:
    """A bus on demand."""

    name: str
    stop: str
    """Where it stands or drives to."""
    x: float
    y: float
    on_road: bool = False
    arrived: float = 0.0
    """Since when it stands at its stop, UTC epoch s; 0 while it drives."""
    route: tuple[Visit, ...] = ()
    entered: bool = False
    told: float = 0.0
    done: set[tuple[str, str]] = field(default_factory=set)
    """Visits made, (ride, what)."""

    def next_visits(self) -> list[Visit]:
        """What is to be done at the next stop of the route."""
        left = [visit for visit in self.route if (visit.ride, visit.what) not in self.done]
        first = next((number for number, visit in enumerate(left) if visit.halt.id != left[0].halt.id), len(left))
        return left[:first]


class RideService:
    """Riders and vans of one city."""

    def __init__(self, context: FleetContext, api: str) -> None:
        """`api` is the address of the platform's gateway."""
        self._context, self._api = context, api.rstrip("/")
        self._random = np.random.default_rng(context.seed + 17)
        self._stops = stop_places(context.network)
        self.account = RideAccount()
        names = self._stands = spread_out(self._stops, VANS)
        self.vans = [Van(f"VAN{number + 1:03d}", stop, *self._stops[stop]) for number, stop in enumerate(names)]
        self._near: Mapping[str, frozenset[str]] = {}
        self._next = float("inf")
        self._work: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Work beside the fleet until `stop`."""
        self._work = self._context.spawn(self._run())

    def stop(self) -> None:
        """End at once: a platform that does not answer is not waited for."""
        if self._work is not None:
            self._work.cancel()

    def enter(self, frame: WorldFrame) -> None:
        """See where the vans are at a step of the city; one that left the road at its stop has arrived."""
        for van in self.vans:
            rows = np.flatnonzero(frame.id == van.name)
            if len(rows):
                van.on_road, van.arrived = True, 0.0
                van.x, van.y = float(frame.x[rows[0]]), float(frame.y[rows[0]])
            elif van.on_road:
                van.on_road = False
                x, y = self._stops[van.stop]
                van.arrived = frame.time if np.hypot(van.x - x, van.y - y) <= AT_STOP else 0.0

    async def _run(self) -> None:
        self._near = await asyncio.to_thread(stops_near, self._context.network)
        async with httpx.AsyncClient(base_url=self._api, trust_env=False, timeout=_PATIENCE) as client:
            while True:
                with suppress(httpx.HTTPError, msgspec.MsgspecError):
                    await self.turn(client)
                await asyncio.sleep(TURN)

    async def turn(self, client: httpx.AsyncClient) -> None:
        """Let riders ask and drivers drive.

        Raises:
            httpx.HTTPError: the platform did not answer.
            msgspec.MsgspecError: it answered something else.
        """
        now = self._context.now()
        await self._enter_vans(client, now)
        while now >= self._next:
            self._next += float(self._random.exponential(EVERY))
            await self._ask(client, now)
        plan = msgspec.json.decode((await client.get(f"{_API}/plan")).raise_for_status().content, type=_Plan)
        routes = {vehicle.id: vehicle.route for vehicle in plan.vehicles}
        for van in self.vans:
            van.route = routes.get(van.name, ())
            await self._drive(client, van, now)

    async def _enter_vans(self, client: httpx.AsyncClient, now: float) -> None:
        for number, van in enumerate(self.vans):
            if van.entered:
                continue
            body = {"seats": SEATS, "accessible": number == 0, "place": self._place(van.x, van.y),
                    "since": _text(now - 60.0), "until": _text(now + SHIFT)}  # fmt: skip
            (await client.put(f"{_API}/vehicles/{van.name}", json=body)).raise_for_status()
            self._context.order(EnterVan(van.name, van.stop))
            van.entered, self._next = True, now + FIRST

    async def _ask(self, client: httpx.AsyncClient, now: float) -> None:
        body, earliest = self._wish(now)
        self.account.requested += 1
        answer = await self._post(client, body)
        if answer is None:
            return
        if answer.status_code == httpx.codes.CONFLICT:
            problem = msgspec.json.decode(answer.content, type=_Problem)
            self.account.refused[problem.title.rpartition(" ")[2]] += 1
        elif answer.status_code == httpx.codes.CREATED:
            ride = msgspec.json.decode(answer.content, type=_Ride)
            times = ride.promised_pickup.timestamp(), ride.promised_dropoff.timestamp()
            self.account.riders.setdefault(ride.id, Rider(earliest + ride.walk_to_m / WALK, *times))
        else:
            self.account.unanswered[str(answer.status_code)] += 1

    async def _post(self, client: httpx.AsyncClient, body: Mapping[str, object]) -> httpx.Response | None:
        """Ask, and once more where no answer comes: the platform knows the same request again."""
        fault = ""
        for _ in range(2):
            try:
                return await client.post(f"{_API}/requests", json=body)
            except httpx.HTTPError as error:
                fault = type(error).__name__
        self.account.unanswered[fault] += 1
        return None

    def _wish(self, now: float) -> tuple[Mapping[str, object], float]:
        """A request, and when its rider sets out."""
        draw = self._random
        ends = [
            self._place(*(np.array(self._stops[name]) + draw.uniform(-NEAR_STOP, NEAR_STOP, 2)).tolist())
            for name in self._two_stops()
        ]
        earliest = now + float(draw.uniform(*SOON))
        body = {
            "rider": f"rider-{int(draw.integers(1 << 60)):016x}",
            "start": ends[0],
            "goal": ends[1],
            "earliest": _text(earliest),
            "latest": _text(earliest + float(draw.uniform(*WINDOW))),
            "seats": int(draw.integers(1, 3)),
            "accessible": bool(draw.random() < ACCESSIBLE),
        }
        return body, earliest

    def _two_stops(self) -> tuple[str, str]:
        """Where a rider gets in and out; of stops that have none at the usual distance any other will do."""
        start, *others = self._random.permutation(sorted(self._stops)).tolist()
        if self._random.random() < FROM_STAND:
            others.append(start)
            start = self._stands[int(self._random.integers(len(self._stands)))]
            others.remove(start)
        near = self._near.get(start, frozenset())
        return start, next((name for name in others if name in near), others[0])

    async def _drive(self, client: httpx.AsyncClient, van: Van, now: float) -> None:
        visits = van.next_visits()
        if visits and visits[0].halt.id in self._stops and visits[0].halt.id != van.stop:
            van.stop, van.arrived = visits[0].halt.id, 0.0
            self._context.order(DriveToStop(van.name, van.stop))
        served = [visit for visit in visits if self._can_serve(visit, van, now)] if visits else []
        if served:
            await self._serve(client, van, served, now)
        elif now - van.told >= PLACE_EVERY:
            await self._report(client, van, {}, now)

    def _can_serve(self, visit: Visit, van: Van, now: float) -> bool:
        if not van.arrived or visit.halt.id != van.stop or now - van.arrived < STANDS:
            return False
        rider = self.account.riders.get(visit.ride)
        return visit.what != "pickup" or rider is None or now >= rider.at_stop

    async def _serve(self, client: httpx.AsyncClient, van: Van, visits: list[Visit], now: float) -> None:
        into = [visit.ride for visit in visits if visit.what == "pickup"]
        out = [visit.ride for visit in visits if visit.what != "pickup"]
        await self._report(client, van, {"boarded": into, "alighted": out}, now)
        van.done |= {(visit.ride, visit.what) for visit in visits}
        for ride in into:
            if ride in self.account.riders:
                self.account.riders[ride].boarded = now
        for ride in out:
            if ride in self.account.riders:
                self.account.riders[ride].alighted = now

    async def _report(self, client: httpx.AsyncClient, van: Van, more: Mapping[str, object], now: float) -> None:
        van.told = now
        body = {"place": self._place(van.x, van.y), **more}
        (await client.post(f"{_API}/vehicles/{van.name}/reports", json=body)).raise_for_status()

    def _place(self, x: float, y: float) -> dict[str, float]:
        lon, lat = self._context.network.plane.inverse(np.array([x]), np.array([y]))
        return {"lon": round(float(lon[0]), 7), "lat": round(float(lat[0]), 7)}


def _text(moment: float) -> str:
    return dt.datetime.fromtimestamp(moment, dt.UTC).isoformat()
