"""Reports of a cycle in the order in which they are applied: scan by scan in event time.

A scan is what one device saw at one instant. The order depends on times and places alone, so neither the order of
arrival nor the numbering of devices changes the result.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fusion.columns import REPORT, Bytes, Floats, Ints, Longs, Reals, Record, Table
from fusion.parameters import TrackerParameters
from ingest.observation import ObservationBatch, Source
from maps.compiled import compiled

ROADSIDE = int(Source.ROADSIDE)


class Columns(NamedTuple):
    """The columns of a batch that make a report, see `ingest.observation.ObservationBatch`."""

    event_time: Floats
    device: Ints
    object_id: Longs
    source: Bytes
    kind: Bytes
    kind_confidence: Reals
    x: Floats
    y: Floats
    vx: Reals
    vy: Reals
    heading: Reals
    sigma_position: Reals
    sigma_velocity: Reals
    length: Reals
    width: Reals


class Scans(NamedTuple):
    """Reports grouped into scans."""

    reports: Table
    """(n,) of REPORT, scan after scan."""
    starts: Longs
    """(scans + 1,) first report of each scan, and n."""
    sequence: Longs
    """(scans,) the order in which scans are applied."""
    doubles: int
    """Reports left out because the same device had said the same in this cycle."""


def gather_scans(
    batch: ObservationBatch, devices: Table, now: float, parameters: TrackerParameters, tuning: Table
) -> Scans:
    """Return the usable reports of a batch as scans; event times are put on the common clock."""
    rows = np.flatnonzero(usable(batch, now, parameters))
    rows = rows[np.argsort(batch.device[rows], kind="stable")]
    moment = batch.event_time.copy()
    put_on_common_clock(rows, batch.device, moment, devices["bias"][:, 3])
    order, starts = cut_scans(rows, batch.device, moment, batch.x, batch.y, parameters.scan_span)
    first = order[starts[:-1]]
    sequence = np.lexsort((batch.x[first], moment[first]))
    reports = np.empty(len(order), REPORT)
    columns = Columns(*(getattr(batch, name) for name in Columns._fields))
    fill_reports(reports, order, columns, moment, devices, tuning)
    return Scans(reports, starts, sequence, len(rows) - len(order))


def usable(batch: ObservationBatch, now: float, parameters: TrackerParameters) -> NDArray[np.bool_]:
    """Tell which reports (n,) have a place and a time that a track can take."""
    age = now - batch.event_time
    timely = (age <= parameters.longest_lag) & (age >= -parameters.farthest_future)
    return timely & np.isfinite(batch.x) & np.isfinite(batch.y) & (batch.device >= 0)


@compiled
def put_on_common_clock(rows: Longs, device: Ints, moment: Floats, ahead: Floats) -> None:
    """Take what the clocks of their devices are `ahead` (s) out of the event times in `rows`."""
    for row in rows:
        moment[row] -= ahead[device[row]]


@compiled
def comes_first(a: int, b: int, first: Floats, second: Floats) -> bool:
    """Tell whether row `a` comes before row `b` by two keys."""
    if first[a] != first[b]:
        return bool(first[a] < first[b])
    return bool(second[a] < second[b])


@compiled
def sort_by_time(rows: Longs, moment: Floats) -> None:
    """Sort rows by time in place, those of one time as they are; made for nearly sorted runs."""
    for at in range(1, len(rows)):
        row, place = rows[at], at
        while place > 0 and moment[row] < moment[rows[place - 1]]:
            rows[place] = rows[place - 1]
            place -= 1
        rows[place] = row


@compiled
def sort_by_place(rows: Longs, x: Floats, y: Floats, moment: Floats, keys: Floats) -> None:
    """Sort rows by x, y and time in place, equal ones as they are; made for short runs. `keys` is scratch."""
    for at, row in enumerate(rows):
        place, key = at, x[row]
        while place > 0 and key <= keys[place - 1]:
            before = rows[place - 1]
            if key == keys[place - 1] and not comes_first(row, before, y, moment):
                break
            rows[place], keys[place] = before, keys[place - 1]
            place -= 1
        rows[place], keys[place] = row, key


@compiled
def cut_scans(rows: Longs, device: Ints, moment: Floats, x: Floats, y: Floats, span: float) -> tuple[Longs, Longs]:
    """Cut rows sorted by device into scans: a gap of `span` s starts a new one, inside they go by place.

    Returns the rows without doubles and where each scan starts, with the total at the end. Changes `rows`.
    """
    order, starts, keys = np.empty(len(rows), np.int64), np.empty(len(rows) + 1, np.int64), np.empty(len(rows))
    count, scans, start, last = 0, 0, 0, 0
    while start < len(rows):
        number, stop = device[rows[start]], start + 1
        if start == last:
            while last < len(rows) and device[rows[last]] == number:
                last += 1
            sort_by_time(rows[start:last], moment)
        while stop < last and moment[rows[stop]] - moment[rows[stop - 1]] < span:
            stop += 1
        sort_by_place(rows[start:stop], x, y, moment, keys)
        starts[scans], before = count, -1
        for row in rows[start:stop]:
            double = before >= 0 and moment[row] == moment[before] and x[row] == x[before] and y[row] == y[before]
            order[count] = before = row
            count += not double
        scans, start = scans + 1, stop
    starts[scans] = count
    return order[:count], starts[: scans + 1]


@compiled
def known_or(value: float, fallback: float) -> float:
    """Return a value, or the fallback where it is not a finite positive number."""
    return value if math.isfinite(value) and value > 0.0 else fallback


@compiled
def finite_or_nan(value: float) -> float:
    """Return a value, NaN where it is not finite."""
    return value if math.isfinite(value) else math.nan


@compiled
def fill_report(report: Record, row: int, batch: Columns, moment: Floats, devices: Table, parameters: Record) -> None:
    """Write one report from row `row` of the columns of a batch."""
    roadside = batch.source[row] == ROADSIDE
    report["roadside"], report["device"] = roadside, batch.device[row]
    report["moment"], report["time"] = moment[row], batch.event_time[row]
    report["object_id"], report["kind"] = batch.object_id[row], batch.kind[row]
    report["kind_confidence"] = batch.kind_confidence[row]
    report["heading"] = finite_or_nan(batch.heading[row])
    report["length"], report["width"] = finite_or_nan(batch.length[row]), finite_or_nan(batch.width[row])
    x, y, vx, vy = batch.x[row], batch.y[row], float(batch.vx[row]), float(batch.vy[row])
    moving = math.isfinite(vx) and math.isfinite(vy)
    z = report["z"]
    z[0], z[1] = x, y
    z[2], z[3] = (vx, vy) if moving else (math.nan, math.nan)
    report["raw"][0], report["raw"][1] = x, y
    usual = parameters["roadside_sigma"] if roadside else parameters["self_sigma"]
    sigma = max(known_or(batch.sigma_position[row], usual), parameters["least_sigma"])
    factor = parameters["roadside_inflation"] if roadside else parameters["self_inflation"]
    report["stated"] = sigma * sigma
    report["variance"][0] = sigma * sigma * factor * devices[batch.device[row]]["scale"]
    sigma = max(known_or(batch.sigma_velocity[row], parameters["velocity_sigma"]), parameters["least_velocity_sigma"])
    report["variance"][1] = sigma * sigma
    report["blur"], report["compared"] = 0.0, report["variance"][0]


@compiled
def fill_reports(
    reports: Table, order: Longs, batch: Columns, moment: Floats, devices: Table, parameters: Table
) -> None:
    """Write the reports of the given rows of a batch."""
    for place, row in enumerate(order):
        fill_report(reports[place], row, batch, moment, devices, parameters[0])
