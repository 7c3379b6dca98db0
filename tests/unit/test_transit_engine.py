"""What the engine takes over from the gateway about buses; what cannot be read changes nothing."""

import time
from pathlib import Path

import msgspec
import pytest
import transit_world as world

from cloudctl.advice.bus_priority import BusPriority
from cloudctl.dispatch.kept import StoredDwell, StoredDwells
from cloudctl.dispatch.orders import TrunkArrival, TrunkArrivals
from cloudctl.engine.dispatch import DispatchPart
from cloudctl.engine.transit import LEAST_SPREAD, TransitPart

NOW = world.SIX
DWELLS = StoredDwells(items=(StoredDwell(stop="S3", line="1", mean=47.0, spread=0.5, visits=20),))


def opened(folder: Path, *, dwells_first: bool) -> TransitPart:
    """A part that has read its timetable and taken dwells, in either order."""
    part = TransitPart(world.network(), world.write_gtfs(folder / "g.zip"))
    if dwells_first:
        part.take_dwells(msgspec.json.encode(DWELLS))
    until = time.monotonic() + 20.0
    while part.desk is None and time.monotonic() < until:
        part._reload(folder / "g.zip")  # what a beat does
        time.sleep(0.02)
    if not dwells_first:
        part.take_dwells(msgspec.json.encode(DWELLS))
    return part


@pytest.mark.parametrize("first", [True, False])
def test_dwells_of_former_days_are_what_is_usual_after_a_restart(tmp_path: Path, *, first: bool) -> None:
    part = opened(tmp_path, dwells_first=first)
    assert part.desk is not None
    dwell = part.desk.predictor.dwell(world.pattern(), 3, NOW)
    assert (dwell.mean, dwell.variance) == (47.0, LEAST_SPREAD**2)
    assert part.desk.predictor.dwell(world.pattern(), 4, NOW).mean == 20.0
    part.take_dwells(b"{")
    assert part.desk.predictor.dwell(world.pattern(), 3, NOW) == dwell


def test_connections_that_the_gateway_keeps_are_taken_over_and_those_of_the_past_left_out() -> None:
    part = DispatchPart(world.network(), BusPriority())
    kept = TrunkArrivals((TrunkArrival("S3", NOW - 1.0, "M4", "1"), TrunkArrival("S3", NOW + 60.0, "M5", "1")))
    part.take_connections(msgspec.json.encode(kept), NOW)
    assert [each.trunk for each in part.desk.connections] == ["M5"]
    part.take_connections(b'{"items": 7}', NOW)
    assert [each.trunk for each in part.desk.connections] == ["M5"]
    part.take_connections(msgspec.json.encode(TrunkArrivals()), NOW)
    assert part.desk.connections == []
