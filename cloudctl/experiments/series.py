"""From stored states of links and movements to one value of each measure an interval, over the whole area.

Only states that were observed count. A link that is unknown in an interval takes its own mean over both periods, so
that a difference never comes from which links happened to be seen; an interval in which less than half of the area's
length is known is left out.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cloudctl.experiments.plan import Measure, Period
from cloudctl.row_source import RowSource
from maps.network import RoadNetwork

KNOWN = 0.5
"""Share of the area's length that an interval must know."""
SLOWEST = 0.5
"""m/s; a link that stands is reckoned to be driven at this speed"""
_Reals = NDArray[np.float64]


class LinkBin(NamedTuple):
    """A link in one interval."""

    t: float
    link: int
    speed: float | None
    """m/s"""
    flow: float | None
    """Vehicles an hour."""


class MovementBin(NamedTuple):
    """All movements from a link in one interval."""

    t: float
    link: int
    delay: float | None
    """s a vehicle"""
    stops: float | None
    """1 a vehicle"""
    flow: float
    """Vehicles an hour."""


class Series(NamedTuple):
    """Values by interval; `t` is its start, UTC epoch s."""

    t: _Reals
    value: _Reals


async def link_bins(source: RowSource, links: Sequence[int], period: Period, bin_s: int) -> list[LinkBin]:
    """Means of observed links (rows) by whole interval, counted from the start of the period."""
    return await source.rows(
        LinkBin,
        "SELECT extract(epoch FROM date_bin(%s * interval '1 second', t, to_timestamp(%s)))::float8, link,"
        " (avg(speed) FILTER (WHERE speed >= 0) / 100.0)::float8, (avg(flow) FILTER (WHERE flow >= 0))::float8"
        " FROM v2x.link_state WHERE link = ANY (%s) AND t >= to_timestamp(%s) AND t < to_timestamp(%s)"
        " AND confidence > 0 GROUP BY 1, 2",
        (bin_s, period.start, list(links), *_whole(period, bin_s)),
    )


async def movement_bins(source: RowSource, links: Sequence[int], period: Period, bin_s: int) -> list[MovementBin]:
    """Means of the movements from links (rows) by whole interval, weighted by flow."""
    return await source.rows(
        MovementBin,
        "SELECT extract(epoch FROM date_bin(%s * interval '1 second', t, to_timestamp(%s)))::float8, from_link,"
        " (sum(delay * flow::float8) FILTER (WHERE delay >= 0) / nullif(sum(flow) FILTER (WHERE delay >= 0), 0) / 10.0)"
        "::float8, (sum(stops * flow::float8) FILTER (WHERE stops >= 0)"
        " / nullif(sum(flow) FILTER (WHERE stops >= 0), 0) / 100.0)::float8, avg(flow)::float8"
        " FROM v2x.movement_state WHERE from_link = ANY (%s) AND t >= to_timestamp(%s) AND t < to_timestamp(%s)"
        " AND confidence > 0 AND flow > 0 GROUP BY 1, 2",
        (bin_s, period.start, list(links), *_whole(period, bin_s)),
    )


def _whole(period: Period, bin_s: int) -> Period:
    """Leave out the end of a period that fills no interval: a mean over a part of one would count as much as others."""
    return Period(period.start, period.start + bin_s * ((period.end - period.start) // bin_s))


def link_series(
    network: RoadNetwork, links: Sequence[int], measure: Measure, before: Sequence[LinkBin], after: Sequence[LinkBin]
) -> tuple[Series, Series]:
    """Series of travel time, speed or flow before and after."""
    length = network.links.length[list(links)].astype(np.float64)
    tables = [_table(links, rows, "flow" if measure is Measure.FLOW else "speed") for rows in (before, after)]
    usual = _usual([values for _, values in tables])
    return _summed(tables[0], usual, length, measure), _summed(tables[1], usual, length, measure)


def movement_series(
    links: Sequence[int], measure: Measure, before: Sequence[MovementBin], after: Sequence[MovementBin]
) -> tuple[Series, Series]:
    """Series of delay or stops before and after; every link keeps the flow that it has over both periods as weight."""
    name = "delay" if measure is Measure.DELAY else "stops"
    tables = [_table(links, rows, name) for rows in (before, after)]
    flows = [_table(links, rows, "flow")[1] for rows in (before, after)]
    usual, weight = _usual([values for _, values in tables]), np.nan_to_num(_usual(flows))
    return _weighted(tables[0], usual, weight), _weighted(tables[1], usual, weight)


def _table(links: Sequence[int], rows: Sequence[LinkBin] | Sequence[MovementBin], name: str) -> tuple[_Reals, _Reals]:
    """Times (n,) and values (n, links), NaN where unknown."""
    times = sorted({row.t for row in rows})
    at, place = {t: number for number, t in enumerate(times)}, {link: number for number, link in enumerate(links)}
    values = np.full((len(times), len(links)), np.nan)
    for row in rows:
        value = getattr(row, name)
        if value is not None:
            values[at[row.t], place[row.link]] = value
    return np.array(times, np.float64), values


def _usual(tables: Sequence[_Reals]) -> _Reals:
    """Mean of each link over both periods, both of the same weight; NaN where it was never known."""
    means = []
    for values in tables:
        known = np.isfinite(values)
        count = known.sum(axis=0)
        means.append(np.where(count, np.where(known, values, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan))
    both = np.array(means)
    known = np.isfinite(both)
    total: _Reals = np.where(known, both, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known.any(axis=0), total, np.nan)


def _summed(table: tuple[_Reals, _Reals], usual: _Reals, length: _Reals, measure: Measure) -> Series:
    """One value an interval over the links that were ever known."""
    times, values = table
    ever = np.isfinite(usual)
    if not ever.any() or not len(times):
        return Series(np.zeros(0), np.zeros(0))
    part, metres = values[:, ever], length[ever]
    enough = (np.isfinite(part) @ metres) >= KNOWN * metres.sum()
    filled = np.where(np.isfinite(part), part, usual[ever])[enough]
    if measure is Measure.FLOW:
        return Series(times[enough], filled @ metres / metres.sum())
    seconds = (metres / np.maximum(filled, SLOWEST)).sum(axis=1)
    return Series(times[enough], seconds if measure is Measure.TRAVEL_TIME else metres.sum() / seconds)


def _weighted(table: tuple[_Reals, _Reals], usual: _Reals, weight: _Reals) -> Series:
    times, values = table
    ever = np.isfinite(usual) & (weight > 0)
    if not ever.any() or not len(times):
        return Series(np.zeros(0), np.zeros(0))
    part, share = values[:, ever], weight[ever] / weight[ever].sum()
    enough = (np.isfinite(part) @ share) >= KNOWN
    filled = np.where(np.isfinite(part), part, usual[ever])[enough]
    return Series(times[enough], filled @ share)
