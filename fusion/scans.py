"""Reports of a cycle in the order in which they are applied: scan by scan in event time.

A scan is what one device saw at one instant. The order depends on times and places alone, so neither the order of
arrival nor the numbering of devices changes the result.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fusion.columns import REPORT, Floats, Ints, Longs, Table
from fusion.parameters import TrackerParameters
from ingest.observation import ObservationBatch, Source
from maps.compiled import compiled


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


def gather_scans(batch: ObservationBatch, devices: Table, now: float, parameters: TrackerParameters) -> Scans:
    """Return the usable reports of a batch as scans; event times are put on the common clock."""
    rows = np.flatnonzero(usable(batch, now, parameters))
    rows = rows[np.argsort(batch.device[rows], kind="stable")]
    moment = batch.event_time.copy()
    moment[rows] -= devices["bias"][batch.device[rows], 3]
    order, starts = cut_scans(rows, batch.device, moment, batch.x, batch.y, parameters.scan_span)
    first = order[starts[:-1]]
    sequence = np.lexsort((batch.x[first], moment[first]))
    return Scans(_reports(batch, order, moment, parameters), starts, sequence, len(rows) - len(order))


def usable(batch: ObservationBatch, now: float, parameters: TrackerParameters) -> NDArray[np.bool_]:
    """Tell which reports (n,) have a place and a time that a track can take."""
    age = now - batch.event_time
    timely = (age <= parameters.longest_lag) & (age >= -parameters.farthest_future)
    return timely & np.isfinite(batch.x) & np.isfinite(batch.y) & (batch.device >= 0)


@compiled
def comes_first(a: int, b: int, first: Floats, second: Floats, third: Floats) -> bool:
    """Tell whether row `a` comes before row `b` by three keys."""
    if first[a] != first[b]:
        return bool(first[a] < first[b])
    if second[a] != second[b]:
        return bool(second[a] < second[b])
    return bool(third[a] < third[b])


@compiled
def sort_rows(order: Longs, first: Floats, second: Floats, third: Floats) -> None:
    """Sort rows by three keys in place; made for short and nearly sorted runs."""
    for at in range(1, len(order)):
        row, place = order[at], at
        while place > 0 and comes_first(row, order[place - 1], first, second, third):
            order[place] = order[place - 1]
            place -= 1
        order[place] = row


@compiled
def cut_scans(rows: Longs, device: Ints, moment: Floats, x: Floats, y: Floats, span: float) -> tuple[Longs, Longs]:
    """Cut rows sorted by device into scans: a gap of `span` s starts a new one, inside they go by place.

    Returns the rows without doubles and where each scan starts, with the total at the end.
    """
    order, starts = np.empty(len(rows), np.int64), np.empty(len(rows) + 1, np.int64)
    count, scans, start = 0, 0, 0
    while start < len(rows):
        stop = start
        while stop < len(rows) and device[rows[stop]] == device[rows[start]]:
            stop += 1
        sort_rows(rows[start:stop], moment, x, y)
        before = -1
        for row in rows[start:stop]:
            if before < 0 or moment[row] - moment[before] >= span:
                starts[scans] = count
                scans += 1
            elif moment[row] == moment[before] and x[row] == x[before] and y[row] == y[before]:
                continue
            order[count] = before = row
            count += 1
        start = stop
    starts[scans] = count
    for scan in range(scans):
        sort_rows(order[starts[scan] : starts[scan + 1]], x, y, moment)
    return order[:count], starts[: scans + 1]


def _variance(stated: NDArray[np.float32], fallback: Floats | float, least: float, factor: Floats | float) -> Floats:
    known = np.isfinite(stated) & (stated > 0)
    variance: Floats = np.square(np.maximum(np.where(known, stated, fallback), least)) * factor
    return variance


def _reports(batch: ObservationBatch, order: Longs, moment: Floats, parameters: TrackerParameters) -> Table:
    roadside = batch.source[order] == Source.ROADSIDE
    reports = np.empty(len(order), REPORT)
    reports["moment"], reports["time"] = moment[order], batch.event_time[order]
    reports["roadside"] = roadside
    for name in ("device", "object_id", "kind", "kind_confidence"):
        reports[name] = getattr(batch, name)[order]
    for name in ("heading", "length", "width"):
        column = getattr(batch, name)[order]
        reports[name] = np.where(np.isfinite(column), column, np.nan)
    vx, vy = batch.vx[order], batch.vy[order]
    moving = np.isfinite(vx) & np.isfinite(vy)
    columns = (batch.x[order], batch.y[order], np.where(moving, vx, np.nan), np.where(moving, vy, np.nan))
    for axis, column in enumerate(columns):
        reports["z"][:, axis] = column
    reports["variance"][:, 0] = _variance(
        batch.sigma_position[order],
        np.where(roadside, parameters.roadside_sigma, parameters.self_sigma),
        parameters.least_sigma,
        np.where(roadside, parameters.roadside_inflation, parameters.self_inflation),
    )
    sigma = batch.sigma_velocity[order]
    reports["variance"][:, 1] = _variance(sigma, parameters.velocity_sigma, parameters.least_velocity_sigma, 1.0)
    return reports
