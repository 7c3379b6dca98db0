"""Questions about traffic over time: travel times, the fundamental diagram of a link, its sums and usual speeds.

Times are UTC epoch s, speeds m/s, lengths m, flows vehicles an hour.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import LiteralString, NamedTuple

from cloudctl.row_source import RowSource

LONGEST_TRIP = 7200.0
"""A vehicle that takes longer from place to place went somewhere else meanwhile, s."""


class TravelTime(NamedTuple):
    """Travel times of the vehicles that set out in one step of time, s."""

    t: float
    vehicles: int
    mean: float
    p15: float
    median: float
    p85: float
    p95: float


class LinkUse(NamedTuple):
    """What all vehicles together did on a link in one step of time."""

    t: float
    spent: float
    """Time spent on the link by all, s."""
    driven: float
    """Distance driven on it by all, m."""
    vehicles: int


class LinkSum(NamedTuple):
    """A link over one step of time; None where nothing was known."""

    t: float
    samples: int
    speed: float | None
    speed_min: float | None
    flow: float | None
    queue_max: int
    level_max: int


class ProfileSlot(NamedTuple):
    """Usual speed in a quarter of an hour of the week."""

    slot: int
    """96 * day of the week (Monday 0) + quarter of the day, UTC."""
    samples: int
    speed: float
    speed_low: float


class MovementCount(NamedTuple):
    """Vehicles from one link to another in an hour."""

    t: float
    from_link: int
    to_link: int
    vehicles: int


class Step(StrEnum):
    """Length of the steps of stored sums."""

    QUARTER = "quarter"
    HOUR = "hour"
    DAY = "day"


async def travel_times(
    source: RowSource, origin: Sequence[int], destination: Sequence[int], t0: float, t1: float, step: float
) -> list[TravelTime]:
    """Times from entering a link of `origin` to entering one of `destination`, by steps of `step` s of setting out."""
    return await source.rows(
        TravelTime,
        "WITH start AS (SELECT session, track_id, min(t) AS t FROM v2x.track_link WHERE link = ANY (%s)"
        " AND t >= to_timestamp(%s) AND t < to_timestamp(%s) GROUP BY session, track_id),"
        " arrival AS (SELECT session, track_id, t FROM v2x.track_link WHERE link = ANY (%s)"
        " AND t >= to_timestamp(%s) AND t < to_timestamp(%s)),"
        " trip AS (SELECT start.t, extract(epoch FROM min(arrival.t) - start.t) AS seconds FROM start"
        " JOIN arrival USING (session, track_id) WHERE arrival.t > start.t"
        " AND arrival.t < start.t + %s * interval '1 second' GROUP BY session, track_id, start.t)"
        " SELECT extract(epoch FROM date_bin(%s * interval '1 second', t, timestamptz 'epoch'))::float8, count(*)::int,"
        " avg(seconds)::float8, percentile_cont(0.15) WITHIN GROUP (ORDER BY seconds)::float8,"
        " percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds)::float8,"
        " percentile_cont(0.85) WITHIN GROUP (ORDER BY seconds)::float8,"
        " percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds)::float8 FROM trip GROUP BY 1 ORDER BY 1",
        (list(origin), t0, t1, list(destination), t0, t1 + LONGEST_TRIP, LONGEST_TRIP, step),
    )


async def link_use(source: RowSource, link: int, t0: float, t1: float, step: float) -> list[LinkUse]:
    """Time and distance that all vehicles spent on a link, by steps of `step` s: what Edie's definitions divide."""
    return await source.rows(
        LinkUse,
        "SELECT extract(epoch FROM date_bin(%s * interval '1 second', t, timestamptz 'epoch'))::float8,"
        " sum(dwell)::float8 / 1000, sum(distance)::float8 / 100, count(DISTINCT (session, track_id))::int"
        " FROM v2x.track_link WHERE link = %s AND t >= to_timestamp(%s) AND t < to_timestamp(%s)"
        " GROUP BY 1 ORDER BY 1 LIMIT 10000",
        (step, link, t0, t1),
    )


_SUM_COLUMNS: LiteralString = (
    "SELECT extract(epoch FROM t)::float8, samples, speed::float8, speed_min::float8, flow::float8, queue_max,"
    " level_max"
)
_SUM_WHERE: LiteralString = " WHERE link = %s AND t >= to_timestamp(%s) AND t < to_timestamp(%s) ORDER BY t LIMIT 10000"
_SUMS: dict[Step, LiteralString] = {
    Step.QUARTER: f"{_SUM_COLUMNS} FROM v2x.link_quarter{_SUM_WHERE}",
    Step.HOUR: f"{_SUM_COLUMNS} FROM v2x.link_hour{_SUM_WHERE}",
    Step.DAY: f"{_SUM_COLUMNS} FROM v2x.link_day{_SUM_WHERE}",
}


async def link_sums(source: RowSource, link: int, t0: float, t1: float, step: Step) -> list[LinkSum]:
    """Stored sums of a link, by time."""
    return await source.rows(LinkSum, _SUMS[step], (link, t0, t1))


async def link_profile(source: RowSource, link: int) -> list[ProfileSlot]:
    """Usual speeds of a link over the week; slots without one are left out."""
    return await source.rows(
        ProfileSlot,
        "SELECT slot, samples, speed::float8, speed_low::float8 FROM v2x.link_profile WHERE link = %s ORDER BY slot",
        (link,),
    )


async def movement_counts(source: RowSource, from_link: int, t0: float, t1: float) -> list[MovementCount]:
    """Vehicles that left a link, by hour and where they went."""
    return await source.rows(
        MovementCount,
        "SELECT extract(epoch FROM t)::float8, from_link, to_link, vehicles FROM v2x.movement_hour"
        " WHERE from_link = %s AND t >= to_timestamp(%s) AND t < to_timestamp(%s) ORDER BY t, to_link LIMIT 10000",
        (from_link, t0, t1),
    )
