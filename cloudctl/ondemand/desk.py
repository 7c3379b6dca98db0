"""Customised buses in the gateway: takes requests, plans again on live times, keeps promises, forgets riders."""

import asyncio
import datetime as dt
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

import msgspec
import numpy as np
import structlog
from numpy.typing import NDArray

from cloudctl.ondemand.errors import OnDemandStoreError, RefusedRideError, UnknownRideError
from cloudctl.ondemand.plan import Bus, Job, Plan, Reason
from cloudctl.ondemand.rides import ABOARD, ACCEPTED, CANCELLED, DONE, Halt, Ride, RideVehicle, digest
from cloudctl.ondemand.solver import solve
from cloudctl.ondemand.store import RideStore

REPLAN_S, FORGET_S, RETRY_S = 30.0, 3600.0, 5.0
SOLVE_S = 3.0
WALK_MOST = 500.0
"""Longest way to a stop, m."""
SAME_STOP = 80.0
"""A stop in use is preferred to a nearer one by up to this, m."""
PICKUP_SLACK, DROPOFF_SLACK = 180.0, 300.0
"""A bus may come so much later than planned and still keep the promise, s."""
DETOUR, LEAST_DETOUR = 1.8, 600.0
"""Longest time on board: so many times the direct drive, and at least so much more, s."""
WALK_SPEED = 1.25
_LOG = structlog.get_logger("gateway.rides")
Place = tuple[float, float]
NearHalts = Callable[[Place, float], list[tuple[Halt, float]]]
"""Stops within some metres on foot of a place, with the way."""
Times = Callable[[Sequence[Place]], NDArray[np.float64]]
"""Driving times between places now, s."""


@dataclass(frozen=True)
class Wanted:
    """What a rider asks for."""

    rider: str
    start: Place
    goal: Place
    earliest: float
    latest: float
    seats: int = 1
    accessible: bool = False


@dataclass
class RideCounts:
    """What became of requests since the gateway started."""

    since: float
    """UTC epoch, s."""
    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """By reason."""
    boarded: int = 0
    served: int = 0
    cancelled: int = 0
    late: int = 0
    """Boarded after the promised time."""
    waited: float = 0.0
    """Seconds from the earliest time that riders named to their boarding, together."""


class OnDemandDesk:
    """Plans one fleet; one plan is made at a time, off the event loop."""

    def __init__(
        self,
        store: RideStore,
        near: NearHalts,
        times: Times,
        executor: Executor | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`executor` solves; by default a thread does."""
        self.store, self._near, self._times, self._executor, self._clock = store, near, times, executor, clock
        self._planning = asyncio.Lock()
        self.rides: dict[str, Ride] = {}
        self.vehicles: dict[str, RideVehicle] = {}
        self.plan = Plan()
        self.counts = RideCounts(clock())
        self._warming: asyncio.Task[Plan] | None = None

    async def run(self) -> None:
        """Load what is open, then plan again and forget, as long as the gateway runs."""
        async with self.store.opened():
            forgotten, loaded = float("-inf"), False
            while True:
                try:
                    if not loaded:
                        rides, vehicles = await self.store.load()
                        self.rides |= {ride.id: ride for ride in rides}
                        self.vehicles |= {vehicle.id: vehicle for vehicle in vehicles}
                        loaded = True
                    if self._clock() - forgotten >= FORGET_S:
                        await self.store.forget(dt.datetime.fromtimestamp(self._clock(), dt.UTC))
                        forgotten = self._clock()
                    await self.replan()
                except OnDemandStoreError as fault:
                    _LOG.info("rides not kept", reason=str(fault))
                await asyncio.sleep(REPLAN_S if loaded else RETRY_S)

    async def request(self, wanted: Wanted) -> Ride:
        """Accept a request with a promise.

        Raises:
            RefusedRideError: it cannot be met; nothing else changes.
            OnDemandStoreError: it cannot be kept.
        """
        try:
            return await self._request(wanted)
        except RefusedRideError as refusal:
            self.counts.refused[str(refusal.code)] += 1
            raise

    async def _request(self, wanted: Wanted) -> Ride:
        async with self._planning:
            known = self._of_rider(wanted)
            if known is not None:
                return known
            found = await asyncio.to_thread(self._halts, wanted)
            asked = self._ride(wanted, *found)
            jobs, buses, seconds = await asyncio.to_thread(self._problem, asked)
            walks = found[0][1] / WALK_SPEED, found[1][1] / WALK_SPEED
            job = self._checked(walks, jobs[-1], buses, seconds)
            plan = await self._solve([*jobs[:-1], job], buses, seconds)
            times = {(visit.job, visit.is_pickup): visit.time for route in plan.visits.values() for visit in route}
            if asked.id in plan.left_out:
                raise RefusedRideError(Reason.NO_CAPACITY, "no bus can serve it in its window and keep all promises")
            ride = msgspec.structs.replace(
                asked, longest=job.longest, promised_pickup=times[asked.id, True] + PICKUP_SLACK,
                promised_dropoff=min(times[asked.id, False] + DROPOFF_SLACK, job.latest),
            )  # fmt: skip
            await self.store.keep([ride])
            self.rides[ride.id] = ride
            self.counts.accepted += 1
            self._use(plan)
            return self.rides[ride.id]

    async def replan(self) -> None:
        """Plan what is open on the travel times of now."""
        async with self._planning:
            if any(ride.open for ride in self.rides.values()) and self.vehicles:
                jobs, buses, seconds = await asyncio.to_thread(self._problem, None)
                self._use(await self._solve(jobs, buses, seconds))

    async def cancel(self, name: str) -> Ride:
        """Give a place back; one that is over stays as it is. Raises UnknownRideError, OnDemandStoreError."""
        ride = await self.find(name)
        if not ride.open:
            return ride
        ride = msgspec.structs.replace(ride, status=CANCELLED)
        await self._end(ride)
        self.counts.cancelled += 1
        return ride

    async def find(self, name: str) -> Ride:
        """Give a ride. Raises UnknownRideError, OnDemandStoreError."""
        ride = self.rides.get(name) or await self.store.find(name)
        if ride is None:
            raise UnknownRideError("request", name)
        return ride

    async def put_vehicle(self, vehicle: RideVehicle) -> None:
        """Enter a vehicle or change it. Raises OnDemandStoreError."""
        await self.store.keep_vehicle(vehicle)
        self.vehicles[vehicle.id] = vehicle
        if self._warming is None:  # the first rider must not wait until the solver's process has started
            self._warming = asyncio.create_task(self._solve((), (), np.empty((0, 0))))

    async def report(self, name: str, place: Place, boarded: Sequence[str], alighted: Sequence[str]) -> RideVehicle:
        """Take a driver's report. Raises UnknownRideError, OnDemandStoreError."""
        vehicle = self.vehicles.get(name)
        if vehicle is None:
            raise UnknownRideError("vehicle", name)
        for ride in (*boarded, *alighted):
            if ride not in self.rides:
                raise UnknownRideError("request", ride)
        await self.put_vehicle(msgspec.structs.replace(vehicle, lon=place[0], lat=place[1]))
        for ride in boarded:
            known = self.rides[ride]
            if known.status == ACCEPTED:
                now = self._clock()
                self.rides[ride] = msgspec.structs.replace(known, status=ABOARD, vehicle=name, boarded=now)
                await self.store.keep([self.rides[ride]])
                self._count_boarding(known, now)
        for ride in alighted:
            await self._end(msgspec.structs.replace(self.rides[ride], status=DONE, expected_dropoff=self._clock()))
            self.counts.served += 1
        return self.vehicles[name]

    def _count_boarding(self, ride: Ride, now: float) -> None:
        self.counts.boarded += 1
        self.counts.waited += max(now - ride.earliest, 0.0)
        self.counts.late += now > ride.promised_pickup

    async def _end(self, ride: Ride) -> None:
        await self.store.keep([ride])
        self.rides.pop(ride.id, None)
        visits = {
            name: tuple(visit for visit in route if visit.job != ride.id) for name, route in self.plan.visits.items()
        }
        self.plan = Plan(visits=visits)

    async def _solve(self, jobs: Sequence[Job], buses: Sequence[Bus], seconds: NDArray[np.float64]) -> Plan:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, solve, jobs, buses, seconds, self._clock(), SOLVE_S)

    def _of_rider(self, wanted: Wanted) -> Ride | None:
        """A ride of the same rider at the same time: the same request sent twice."""
        rider = digest(wanted.rider)
        same = (rider, wanted.start, wanted.goal, wanted.earliest, wanted.latest)
        for ride in self.rides.values():
            if (ride.rider, ride.start, ride.goal, ride.earliest, ride.latest) == same and ride.open:
                return ride
        return None

    def _halts(self, wanted: Wanted) -> list[tuple[Halt, float]]:
        """Stop where it begins and where it ends, each with the walk there, m."""
        used = {halt.id for ride in self.rides.values() for halt in (ride.pickup, ride.dropoff)}
        found = []
        for name, place in (("start", wanted.start), ("goal", wanted.goal)):
            near = self._near(place, WALK_MOST)
            if not near:
                detail = f"{name} {place[0]}, {place[1]} has no stop within {WALK_MOST:.0f} m"
                raise RefusedRideError(Reason.OUTSIDE_AREA, detail)
            found.append(min(near, key=lambda one: (one[1] - SAME_STOP * (one[0].id in used), one[0].id)))
        if found[0][0].id == found[1][0].id:
            raise RefusedRideError(Reason.OUTSIDE_AREA, f"start and goal share the stop {found[0][0].id!r}: walk")
        return found

    @staticmethod
    def _ride(wanted: Wanted, begin: tuple[Halt, float], end: tuple[Halt, float]) -> Ride:
        return Ride(
            id=uuid.uuid4().hex, rider=digest(wanted.rider), seats=wanted.seats, accessible=wanted.accessible,
            start=wanted.start, goal=wanted.goal, earliest=wanted.earliest, latest=wanted.latest, pickup=begin[0],
            dropoff=end[0], walk_m=round(max(begin[1], end[1]), 1), walk_to_m=round(begin[1], 1), longest=0.0,
            promised_pickup=0.0, promised_dropoff=0.0,
        )  # fmt: skip

    def _problem(self, asked: Ride | None) -> tuple[list[Job], list[Bus], NDArray[np.float64]]:
        rides = [ride for ride in self.rides.values() if ride.open] + ([asked] if asked else [])
        places: dict[Place, int] = {}

        def row(lon: float, lat: float) -> int:
            return places.setdefault((lon, lat), len(places))

        now = self._clock()
        buses = [
            Bus(id=each.id, seats=each.seats, accessible=each.accessible, place=row(each.lon, each.lat),
                available=max(each.since, now), until=each.until, heads_for=self._next_visit(each.id))
            for each in self.vehicles.values() if each.until > now or any(r.vehicle == each.id for r in rides)
        ]  # fmt: skip
        jobs = [
            ride.job(row(ride.pickup.lon, ride.pickup.lat), row(ride.dropoff.lon, ride.dropoff.lat)) for ride in rides
        ]
        return jobs, buses, self._times(list(places)) if places else np.empty((0, 0))

    def _next_visit(self, vehicle: str) -> tuple[str, bool] | None:
        """Where a bus is driving by the plan: the ride, and whether its riders get in there."""
        for visit in self.plan.visits.get(vehicle, ()):
            ride = self.rides.get(visit.job)
            if ride is not None and visit.is_pickup == (ride.status == ACCEPTED):
                return visit.job, visit.is_pickup
        return None

    def _checked(self, walks: tuple[float, float], job: Job, buses: Sequence[Bus], seconds: NDArray[np.float64]) -> Job:
        """Bounds of a new request with its walks (s); RefusedRideError where no bus at all could meet them."""
        direct = float(seconds[job.pickup, job.dropoff])
        if not np.isfinite(direct):
            raise RefusedRideError(Reason.OUTSIDE_AREA, "no road leads from its stop to the other")
        earliest, latest = max(job.earliest, self._clock()) + walks[0], job.latest - walks[1]
        if latest - earliest < direct:
            need = (direct + sum(walks)) / 60
            have = (job.latest - max(job.earliest, self._clock())) / 60
            raise RefusedRideError(
                Reason.WINDOW_TOO_SHORT, f"the ride takes {need:.0f} min with its walks, the window has {have:.0f} min"
            )
        if not any(bus.accessible for bus in buses) and job.accessible:
            raise RefusedRideError(Reason.NO_ACCESSIBLE_VEHICLE, "no bus on duty takes wheelchairs")
        most = max((bus.seats for bus in buses), default=0)
        if job.seats > most:
            raise RefusedRideError(Reason.NO_CAPACITY, f"{job.seats} seats are more than the {most} of the largest bus")
        longest = max(DETOUR * direct, direct + LEAST_DETOUR)
        return msgspec.structs.replace(
            job, earliest=earliest, latest=latest, longest=longest, promised_pickup=None, promised_dropoff=None
        )

    def _use(self, plan: Plan) -> None:
        self.plan = plan
        for name, route in plan.visits.items():
            for visit in route:
                ride = self.rides.get(visit.job)
                if ride is not None:
                    key = "expected_pickup" if visit.is_pickup else "expected_dropoff"
                    self.rides[ride.id] = msgspec.structs.replace(ride, vehicle=name, **{key: visit.time})
