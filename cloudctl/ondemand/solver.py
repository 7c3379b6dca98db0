"""Pickup and delivery with time windows by OR-Tools: capacity, wheelchairs, longest ride, promises that are kept.

Requests that were accepted must be served, as early as promised: each second later costs more than any new request
gains, so that an insertion never breaks a promise. New ones are left out where they do not fit. The search is the
cheapest insertion with local search until nothing improves; without a random part, so that it is repeatable. The limit
of time is a backstop.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ortools.constraint_solver import (  # type: ignore[import-untyped]  # OR-Tools has no types there
    pywrapcp,
    routing_enums_pb2,
)

from cloudctl.ondemand.plan import Bus, Job, Plan, Visit

LATE_COST, LEFT_OUT_COST, MUST_COST = 1_000_000, 900_000, 10**12
"""Of a second beyond a promise, of a new request that is left out, of an accepted one that is left out."""
RIDER_COST = 2
"""Of a second of a rider at the stop, and of one until the goal, in seconds of driving: without it one bus serves all
in turn, and takes everybody round by everybody's stops."""
TURN_COST = 600
"""Of sending a bus elsewhere than where it is driving, in seconds of driving: plans that are nearly equal must not make
buses drive to and fro."""
DWELL = 20
"""Time at a stop for a request, s."""
HORIZON = 24 * 3600
FAR = 10**7
"""Stands for no way, s."""


@dataclass(frozen=True)
class _Node:
    place: int
    job: int = -1
    is_pickup: bool = False


def solve(
    jobs: Sequence[Job], buses: Sequence[Bus], seconds: NDArray[np.float64], now: float, limit: float = 5.0
) -> Plan:
    """Plan all buses.

    Args:
        jobs: Accepted and new requests.
        buses: Vehicles.
        seconds: Driving times between places, inf where no way leads, (n, n).
        now: UTC epoch s; no visit is earlier.
        limit: The search ends after this long, s.
    """
    possible = [job for job in jobs if job.promised_dropoff is not None or job.aboard or job.latest > job.earliest]
    if not buses or not possible:
        return Plan(visits={bus.id: () for bus in buses}, left_out=tuple(job.id for job in jobs))
    plan = _Model(possible, buses, seconds, now).solve(limit)
    accepted = [job for job in possible if job.promised_dropoff is not None or job.aboard]
    if len(accepted) < len(possible) and _lateness(plan, accepted) > 0.0:  # a search is no proof: try without new ones
        without = _Model(accepted, buses, seconds, now).solve(limit) if accepted else Plan()
        plan = without if _lateness(without, accepted) < _lateness(plan, accepted) else plan
    served = {visit.job for route in plan.visits.values() for visit in route}
    return Plan(visits=plan.visits, left_out=tuple(job.id for job in jobs if job.id not in served))


class _Model:
    """One OR-Tools model; node 0 is a shared end at no place, then the starts, then pickups and dropoffs."""

    def __init__(self, jobs: Sequence[Job], buses: Sequence[Bus], seconds: NDArray[np.float64], now: float) -> None:
        self._jobs, self._buses, self._now = jobs, buses, now
        self._nodes = [_Node(-1), *(_Node(bus.place) for bus in buses)]
        self._pickup: dict[int, int] = {}
        self._dropoff: dict[int, int] = {}
        for number, job in enumerate(jobs):
            if not job.aboard:
                self._pickup[number] = len(self._nodes)
                self._nodes.append(_Node(job.pickup, number, is_pickup=True))
            self._dropoff[number] = len(self._nodes)
            self._nodes.append(_Node(job.dropoff, number))
        starts = list(range(1, len(buses) + 1))
        self._manager = pywrapcp.RoutingIndexManager(len(self._nodes), len(buses), starts, [0] * len(buses))
        self._routing = pywrapcp.RoutingModel(self._manager)
        self._add_times(seconds)
        self._add_seats()
        for number, job in enumerate(jobs):
            self._add_job(number, job)

    def solve(self, limit: float) -> Plan:
        parameters = pywrapcp.DefaultRoutingSearchParameters()
        strategy = routing_enums_pb2.FirstSolutionStrategy
        parameters.first_solution_strategy = strategy.PARALLEL_CHEAPEST_INSERTION
        parameters.time_limit.FromMilliseconds(max(int(1e3 * limit), 1))
        found = self._routing.SolveWithParameters(parameters)
        if found is None:
            return Plan(visits={bus.id: () for bus in self._buses})
        visits = {bus.id: self._visits(found, row) for row, bus in enumerate(self._buses)}
        return Plan(visits=visits)

    def _add_times(self, seconds: NDArray[np.float64]) -> None:
        place = np.array([node.place for node in self._nodes])
        drive = np.where(np.isfinite(seconds), seconds, FAR)[np.ix_(place, place)]
        dwell = np.array([0 if node.job < 0 else DWELL for node in self._nodes])
        drive = np.where((place[:, None] == place[None, :]) & (dwell[:, None] > 0), 0.0, drive)
        # riders of one stop get in together: the dwell is spent on leaving the place
        stay = np.where(place[:, None] != place[None, :], dwell[:, None], 0)
        matrix = np.ceil(drive + stay).astype(np.int64)
        matrix[:, 0] = 0
        transit = self._routing.RegisterTransitMatrix(matrix.tolist())
        self._routing.SetArcCostEvaluatorOfAllVehicles(self._routing.RegisterTransitMatrix(self._costs(matrix)))
        self._routing.AddDimension(transit, HORIZON, HORIZON, False, "time")  # noqa: FBT003  # positional in OR-Tools
        self._time = self._routing.GetDimensionOrDie("time")
        # a variable bears one soft bound: what riders' time costs needs a twin of the time, whose own is the promise
        self._routing.AddDimension(transit, HORIZON, HORIZON, False, "riders")  # noqa: FBT003  # the same
        self._riders = self._routing.GetDimensionOrDie("riders")
        for row, bus in enumerate(self._buses):
            first, last = self._after(bus.available), self._after(bus.until)
            self._time.CumulVar(self._routing.Start(row)).SetRange(first, HORIZON)
            self._time.SetCumulVarSoftUpperBound(self._routing.End(row), max(last, first), LATE_COST // 100)
            self._routing.AddVariableMinimizedByFinalizer(self._time.CumulVar(self._routing.End(row)))

    def _costs(self, matrix: NDArray[np.int64]) -> list[list[int]]:
        """Seconds of driving between nodes, and what it costs to turn a bus away from where it is driving."""
        costs, numbers = matrix.copy(), {job.id: number for number, job in enumerate(self._jobs)}
        for row, bus in enumerate(self._buses, 1):
            job, is_pickup = bus.heads_for or ("", False)
            node = (self._pickup if is_pickup else self._dropoff).get(numbers.get(job, -1))
            if node is not None:
                costs[row] += TURN_COST
                costs[row, node] -= TURN_COST
                self._routing.SetVehicleUsedWhenEmpty(True, row - 1)  # noqa: FBT003  # the same
        return [[int(cost) for cost in line] for line in costs]

    def _add_seats(self) -> None:
        load = [0] * len(self._nodes)
        for number, job in enumerate(self._jobs):
            if number in self._pickup:
                load[self._pickup[number]] = job.seats
            load[self._dropoff[number]] = -job.seats
        for row, bus in enumerate(self._buses):
            load[1 + row] = sum(job.seats for job in self._jobs if job.aboard == bus.id)
        evaluator = self._routing.RegisterUnaryTransitVector(load)
        seats = [bus.seats for bus in self._buses]
        self._routing.AddDimensionWithVehicleCapacity(evaluator, 0, seats, True, "seats")  # noqa: FBT003  # the same

    def _add_job(self, number: int, job: Job) -> None:
        routing, solver = self._routing, self._routing.solver()
        drop = self._manager.NodeToIndex(self._dropoff[number])
        arrive = self._time.CumulVar(drop)
        nodes = [drop]
        if number in self._pickup:
            pick = self._manager.NodeToIndex(self._pickup[number])
            nodes.append(pick)
            leave = self._time.CumulVar(pick)
            routing.AddPickupAndDelivery(pick, drop)
            solver.Add(routing.VehicleVar(pick) == routing.VehicleVar(drop))
            solver.Add(leave <= arrive)
            leave.SetMin(min(self._after(job.earliest), HORIZON))
            if job.promised_pickup is not None:
                self._time.SetCumulVarSoftUpperBound(pick, self._after(job.promised_pickup), LATE_COST)
            else:
                solver.Add(arrive - leave <= math.ceil(job.longest) + DWELL)
            routing.AddVariableMinimizedByFinalizer(leave)
        if job.promised_dropoff is not None or job.aboard:
            self._time.SetCumulVarSoftUpperBound(drop, self._after(job.promised_dropoff or job.latest), LATE_COST)
        else:
            arrive.SetMax(max(min(self._after(job.latest), HORIZON), 0))
        for node in nodes:
            solver.Add(self._riders.CumulVar(node) == self._time.CumulVar(node))
            self._riders.SetCumulVarSoftUpperBound(node, self._after(job.earliest), RIDER_COST * job.seats)
        routing.AddVariableMinimizedByFinalizer(arrive)
        fit = [row for row, bus in enumerate(self._buses) if _fits(job, bus)]
        for node in nodes:
            routing.VehicleVar(node).SetValues([-1, *fit])
        cost = LEFT_OUT_COST * job.seats if job.promised_dropoff is None and not job.aboard else MUST_COST
        for node in nodes:
            routing.AddDisjunction([node], cost)

    def _visits(self, found: pywrapcp.Assignment, row: int) -> tuple[Visit, ...]:
        visits, index = [], self._routing.Start(row)
        while not self._routing.IsEnd(index):
            node = self._nodes[self._manager.IndexToNode(index)]
            if node.job >= 0:
                time = self._now + found.Min(self._time.CumulVar(index))
                job = self._jobs[node.job].id
                visits.append(Visit(job=job, is_pickup=node.is_pickup, place=node.place, time=time))
            index = found.Value(self._routing.NextVar(index))
        return tuple(visits)

    def _after(self, moment: float) -> int:
        return min(max(math.floor(moment - self._now), 0), HORIZON)


def _lateness(plan: Plan, accepted: Sequence[Job]) -> float:
    """Seconds by which promises are broken in all; a request that is not served counts as a day."""
    times = {(visit.job, visit.is_pickup): visit.time for route in plan.visits.values() for visit in route}
    total = 0.0
    for job in accepted:
        for is_pickup, promised in ((True, job.promised_pickup), (False, job.promised_dropoff)):
            if promised is not None and not (is_pickup and job.aboard):
                total += max(times.get((job.id, is_pickup), promised + HORIZON) - promised, 0.0)
    return total


def _fits(job: Job, bus: Bus) -> bool:
    if job.aboard:
        return job.aboard == bus.id
    return bus.seats >= job.seats and (bus.accessible or not job.accessible)
