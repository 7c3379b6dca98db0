"""`/api/v1/ondemand/...`: riders' requests, buses on demand and their routes."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from cloudctl.access.permissions import CurrentActor, Permission, requires
from cloudctl.api.errors import ProblemError
from cloudctl.api.ondemand_models import (
    NAME_PATTERN,
    FleetPlan,
    HaltItem,
    ReportRequest,
    RideItem,
    RideRequest,
    RideSummary,
    VehicleItem,
    VehicleRequest,
    VisitItem,
)
from cloudctl.api.problems import RESPONSES, problem_responses
from cloudctl.api.services import Services, now
from cloudctl.ondemand.desk import OnDemandDesk, Wanted
from cloudctl.ondemand.errors import OnDemandStoreError, RefusedRideError, UnknownRideError
from cloudctl.ondemand.plan import Visit
from cloudctl.ondemand.rides import Halt, Ride, RideVehicle

LONGEST_AHEAD_S = 12 * 3600.0
"""Requests for later are too early: the plan reaches a day, and promises this far."""
_ANSWERS = {**RESPONSES, **problem_responses(409, 503)}
_RIDE, _DISPATCH = [requires(Permission.REQUEST_RIDES)], [requires(Permission.DISPATCH_BUSES)]
Id = Annotated[str, Path(pattern=NAME_PATTERN)]
router = APIRouter(prefix="/api/v1/ondemand", tags=["ondemand"], responses=_ANSWERS)


async def _desk(request: Request) -> AsyncIterator[OnDemandDesk]:
    desk = Services.of(request).rides
    if desk is None:
        raise ProblemError(503, "Rides not reachable", "this gateway plans no buses on demand")
    try:
        yield desk
    except RefusedRideError as fault:
        raise ProblemError(409, f"Cannot be met: {fault.code}", fault.detail) from fault
    except UnknownRideError as fault:
        raise ProblemError(404, "Unknown", str(fault)) from fault
    except OnDemandStoreError as fault:
        raise ProblemError(503, "Rides not reachable", str(fault)) from fault


Desk = Annotated[OnDemandDesk, Depends(_desk)]


@router.post("/requests", status_code=201, dependencies=_RIDE)
async def request_ride(desk: Desk, wanted: RideRequest) -> RideItem:
    """Ask for seats; what is accepted carries a promise that later requests do not break.

    409 says why a request cannot be met: outside_area, window_too_short, no_capacity or no_accessible_vehicle.
    """
    earliest, latest = wanted.earliest.timestamp(), wanted.latest.timestamp()
    if not now() < latest <= now() + LONGEST_AHEAD_S or earliest >= latest:
        raise ProblemError(422, "Unusable window", "earliest < latest, and latest within the next 12 hours")
    asked = Wanted(
        wanted.rider, (wanted.start.lon, wanted.start.lat), (wanted.goal.lon, wanted.goal.lat), earliest, latest,
        wanted.seats, wanted.accessible,
    )  # fmt: skip
    return _item(await desk.request(asked))


@router.get("/requests/{ride}", dependencies=_RIDE)
async def get_ride(desk: Desk, ride: Id) -> RideItem:
    """Give a request with what is expected now."""
    return _item(await desk.find(ride))


@router.delete("/requests/{ride}", dependencies=_RIDE)
async def cancel_ride(desk: Desk, ride: Id) -> RideItem:
    """Give the seats back; to do so again changes nothing."""
    return _item(await desk.cancel(ride))


@router.get("/plan", dependencies=[requires(Permission.SEE_BUSES)])
async def get_plan(desk: Desk) -> FleetPlan:
    """Give the route of every bus on demand: stops in order with time windows."""
    vehicles = [_vehicle(desk, each) for each in desk.vehicles.values()]
    return FleetPlan(vehicles=vehicles, open_rides=sum(ride.open for ride in desk.rides.values()))


@router.get("/summary", dependencies=[requires(Permission.SEE_BUSES)])
async def get_summary(desk: Desk) -> RideSummary:
    """Say what became of riders' requests since the gateway started."""
    counts, refused = desk.counts, sum(desk.counts.refused.values())
    return RideSummary(
        since=_time(counts.since), requested=counts.accepted + refused, accepted=counts.accepted,
        refused=dict(sorted(counts.refused.items())), open=sum(ride.open for ride in desk.rides.values()),
        boarded=counts.boarded, served=counts.served, cancelled=counts.cancelled, late=counts.late,
        mean_wait_s=round(counts.waited / counts.boarded, 1) if counts.boarded else None,
    )  # fmt: skip


@router.put("/vehicles/{vehicle}", dependencies=_DISPATCH)
async def put_vehicle(
    request: Request, desk: Desk, actor: CurrentActor, vehicle: Id, wanted: VehicleRequest
) -> VehicleItem:
    """Enter a bus and its shift, or change them."""
    if wanted.since >= wanted.until:
        raise ProblemError(422, "Unusable shift", "since < until")
    entered = RideVehicle(
        id=vehicle, seats=wanted.seats, accessible=wanted.accessible, lon=wanted.place.lon, lat=wanted.place.lat,
        since=wanted.since.timestamp(), until=wanted.until.timestamp(),
    )  # fmt: skip
    await Services.of(request).audit.record(actor.id, "ondemand.vehicle", f"bus:{vehicle}", {"seats": wanted.seats})
    await desk.put_vehicle(entered)
    return _vehicle(desk, entered)


@router.post("/vehicles/{vehicle}/reports", dependencies=_DISPATCH)
async def report(desk: Desk, vehicle: Id, said: ReportRequest) -> VehicleItem:
    """Report where a bus is, and who got in and out."""
    return _vehicle(desk, await desk.report(vehicle, (said.place.lon, said.place.lat), said.boarded, said.alighted))


def _item(ride: Ride) -> RideItem:
    return RideItem(
        id=ride.id,
        status=ride.status,
        seats=ride.seats,
        accessible=ride.accessible,
        pickup=_halt(ride.pickup),
        dropoff=_halt(ride.dropoff),
        walk_m=ride.walk_m,
        walk_to_m=ride.walk_to_m,
        promised_pickup=_time(ride.promised_pickup),
        promised_dropoff=_time(ride.promised_dropoff),
        expected_pickup=_time(ride.expected_pickup or ride.promised_pickup),
        expected_dropoff=_time(ride.expected_dropoff or ride.promised_dropoff),
        vehicle=ride.vehicle or None,
    )


def _vehicle(desk: OnDemandDesk, vehicle: RideVehicle) -> VehicleItem:
    return VehicleItem(
        id=vehicle.id,
        seats=vehicle.seats,
        accessible=vehicle.accessible,
        lon=vehicle.lon,
        lat=vehicle.lat,
        since=_time(vehicle.since),
        until=_time(vehicle.until),
        route=[
            _visit(visit, desk.rides[visit.job])
            for visit in desk.plan.visits.get(vehicle.id, ())
            if visit.job in desk.rides
        ],
    )


def _visit(visit: Visit, ride: Ride) -> VisitItem:
    return VisitItem(
        ride=ride.id,
        what="pickup" if visit.is_pickup else "dropoff",
        halt=_halt(ride.pickup if visit.is_pickup else ride.dropoff),
        time=_time(visit.time),
        earliest=_time(ride.earliest),
        latest=_time(ride.promised_pickup if visit.is_pickup else ride.promised_dropoff),
    )


def _halt(halt: Halt) -> HaltItem:
    return HaltItem(id=halt.id, name=halt.name, lon=halt.lon, lat=halt.lat)


def _time(moment: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(moment, dt.UTC)
