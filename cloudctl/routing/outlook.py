"""Travel times ahead: of every link now and in slots of the next hour, and more or less than these by turn.

Now comes from the picture; later it is drawn to what is usual at that time of the week, or to free flow where nothing
is stored. A link that is closed takes `CLOSED_SECONDS` until it is expected to open.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.link_graph import LinkGraph

Columns = NDArray[np.float64]
Links = NDArray[np.integer]
SLOT = 300.0
"""Length of a slot, s."""
SLOTS = 13
"""Now and one hour."""
FADE = 3600.0
"""Time after which what is measured now counts for a third, s: jams outlast trips."""
CLOSED_SECONDS = 3600.0
LEAST_CLOSED = 900.0
"""A closed link is expected to stay closed as long again as it has been, at least this long, s."""
LONGEST = 1800.0
"""No open link is reckoned with more, s."""
_Z80 = 1.2816
"""Half-width of an 80 % band in standard deviations."""


@dataclass(frozen=True)
class Outlook:
    """Expected travel times; row 0 holds now, row k the time k slots later."""

    times: Columns
    """s, (slots, links)."""
    turn: Columns
    """What a turn takes beyond its link, s, (arcs,) of the link graph."""
    spread: Columns
    """Standard deviation of `times`, s, (slots, links)."""
    slot: float = SLOT

    def at(self, ahead: float) -> tuple[Columns, Columns]:
        """Times and standard deviations of all links `ahead` s from now."""
        row = min(max(int(ahead / self.slot), 0), len(self.times) - 1)
        return self.times[row], self.spread[row]


@dataclass(frozen=True)
class Usual:
    """What is usual at one time of the week on each link, s, (slots of the outlook, links)."""

    times: Columns
    spread: Columns


def make_outlook(
    present: Columns,
    turn: Columns,
    usual: Usual,
    *,
    present_spread: Columns | None = None,
    closed: Mapping[int, float] | None = None,
) -> Outlook:
    """Blend what is measured now into what is usual.

    Args:
        present: Time of each link now, s, (links,).
        turn: More or less than that by turn, s, (arcs,).
        usual: What is usual.
        present_spread: Standard deviation of `present`, s; none counts as 0.
        closed: How long closed links stay closed, s, by row.
    """
    weight = np.exp(-SLOT * np.arange(SLOTS) / FADE)[:, None]
    now = np.minimum(np.where(np.isfinite(present), present, usual.times[0]), LONGEST)
    times = weight * now + (1 - weight) * usual.times
    noise = np.zeros_like(now) if present_spread is None else present_spread
    spread = np.sqrt((weight * noise) ** 2 + (1 - weight**2) * usual.spread**2)
    for row, seconds in (closed or {}).items():
        times[: max(int(np.ceil(seconds / SLOT)), 1), row] = CLOSED_SECONDS
    return Outlook(times, turn, spread)


def expected_closure(age: float) -> float:
    """Give how long a link stays closed that has been for `age` s (Lindy: as long again), s."""
    return max(age, LEAST_CLOSED)


def free_usual(free: Columns) -> Usual:
    """What is usual where nothing is stored: free flow, with a fifth of it as spread."""
    times = np.broadcast_to(free, (SLOTS, len(free))).copy()
    return Usual(times, 0.2 * times)


def arc_times(graph: LinkGraph, tails: Links, heads: Links, times: Columns) -> Columns:
    """Times (arcs,) of the graph from times (m,) of movements from link to link, s; NaN where there is none."""
    found = np.full(len(graph.heads), np.nan)
    if not len(found) or not len(times):
        return found
    links = len(graph.starts) - 1
    key = tails.astype(np.int64) * links + heads.astype(np.int64)
    keys = graph.tails.astype(np.int64) * links + graph.heads
    place = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
    known = keys[place] == key
    found[place[known]] = times[known]
    return found


def turn_delays(graph: LinkGraph, present: Columns, by_turn: Columns) -> Columns:
    """What each arc takes beyond its link, s, from the times (arcs,) of its turns; 0 where a turn is not known."""
    beyond = by_turn - present[graph.tails]
    return np.where(np.isfinite(beyond), np.clip(beyond, -LONGEST, LONGEST), 0.0)


def band(times: Columns, spread: Columns) -> tuple[Columns, Columns]:
    """Ends of the band that holds 80 % of the times, s."""
    return np.maximum(times - _Z80 * spread, 0.3 * times), times + _Z80 * spread
