"""How long buses take along their way when every light ahead is met: many possible drives of each bus, not one.

A way is cut into pieces that end at a light, at a stop or at the end of a link. A drive takes each piece at its own
speed, waits at lights by their cycle and behind the queue there, and dwells at stops. `DRIVES` drives with speeds and
dwells from a fixed table of normal deviates give the distribution of every arrival, its two humps at a light included.
"""

import numpy as np
from numpy.typing import NDArray

from maps.compiled import compiled

Reals = NDArray[np.float64]
Rows = NDArray[np.int64]
DRIVES = 24
DISCHARGE = 2.0
"""Seconds a queued vehicle and lane (Highway Capacity Manual: 1,800 vehicles an hour and lane)."""
START_LOSS = 3.0
"""Of each green until the queue is in motion, s."""
SHORTEST_GREEN = 2.0
"""What is left of a green after it at least, s."""
UNSURE = 0.35
"""Relative spread of the time in which a queue sets off."""
LASTS = 900.0
"""A queue that one green does not clear has shrunk to 1/e after this long, s."""
_DEVIATES = np.random.default_rng(20_240_601).standard_normal((DRIVES, 257))
"""Fixed: equal input gives equal predictions."""


def deviates() -> Reals:
    """Table of normal deviates, (drives, 257), each column with mean 0 and variance 1."""
    centred = _DEVIATES - _DEVIATES.mean(axis=0)
    return np.asarray(centred / centred.std(axis=0))


def spread_of(drives: Reals) -> Reals:
    """5 %, 50 % and 95 % quantile (s, 3) of the drives (d, s), linear between two drives."""
    ordered = np.sort(drives, axis=0)
    place = np.array((0.05, 0.5, 0.95)) * (len(ordered) - 1)
    below = place.astype(np.int64)
    low, high = ordered[below], ordered[np.minimum(below + 1, len(ordered) - 1)]
    return np.asarray((low + (place - below)[:, None] * (high - low)).T)


@compiled
def drive_on(
    pieces: tuple[Reals, Reals, Rows, Rows],
    stops: tuple[Reals, Reals],
    lights: tuple[Reals, Reals, Reals, Reals],
    queues: tuple[Reals, Reals],
    drift: float,
    begin: tuple[int, float, float, float],
    noise: Reals,
    out: Reals,
) -> None:  # pragma: no cover  # machine code
    """Drive on from a place to the end of a way.

    Args:
        pieces: (p,) moving time s, its spread s, signal group at the end (-1 none), stop at the end (-1 none).
        stops: (s,) dwell s, its spread s, by number of the stop.
        lights: (g,) start of a green, green, cycle, spread of the cycle, s, by group.
        queues: (p,) vehicles a lane that wait at the end of each piece now, and that usually stay there behind a green.
        drift: Spread of a drive's speed as a whole, relative.
        begin: Number of the present piece, share of it that is left, UTC epoch s, dwell left before it starts, s.
        noise: (d, m) normal deviates.
        out: (d, s) UTC epoch of each drive's arrival at each stop; stops behind stay as they are.
    """
    moving, spread, group_at, stop_at = pieces
    dwell, dwell_spread = stops
    start, green, cycle, wobble = lights
    first, left, now, wait = begin
    queue, standing = queues
    width = noise.shape[1]
    for drive in range(noise.shape[0]):
        time = now + wait
        pace = 1.0 + drift * noise[drive, width - 1]
        for piece in range(first, len(moving)):
            share = left if piece == first else 1.0
            change = spread[piece] * noise[drive, (3 * piece) % (width - 1)]
            time += max(share * (moving[piece] * pace + change), 0.3 * share * moving[piece])
            group = group_at[piece]
            if group >= 0 and cycle[group] > 0.0:
                if start[group] == start[group]:
                    ahead = max(time - start[group], 0.0)
                    shift = wobble[group] * np.sqrt(ahead / cycle[group]) * noise[drive, (5 * piece + 1) % (width - 1)]
                    phase = (time - start[group] - shift) % cycle[group]
                else:
                    phase = cycle[group] * ((drive * 0.618034 + 0.37 * piece) % 1.0)
                luck = 1.0 + UNSURE * noise[drive, (11 * piece + 3) % (width - 1)]
                discharge = DISCHARGE * queue[piece] * max(luck, 0.3)
                useful = max(green[group] - START_LOSS, SHORTEST_GREEN)
                if discharge > useful:  # more than one green lets through: whole cycles pass, and fade slowly
                    discharge *= np.exp(-(time - now) / LASTS)
                elif time - now >= cycle[group]:
                    discharge = 0.0
                if time - now >= cycle[group]:
                    discharge = max(discharge, DISCHARGE * standing[piece] * max(luck, 0.3))
                if discharge > useful:
                    time += cycle[group] * np.floor(discharge / useful)
                    discharge %= useful
                if phase >= green[group]:
                    time += cycle[group] - phase + discharge
                elif phase < discharge:
                    time += discharge - phase
            stop = stop_at[piece]
            if stop >= 0:
                out[drive, stop] = time
                time += max(dwell[stop] + dwell_spread[stop] * noise[drive, (7 * piece + 2) % (width - 1)], 3.0)


def warm_up() -> None:
    """Drive once, so that the machine code is there before the first bus."""
    one, none = np.ones(1), np.full(1, -1, np.int64)
    drive_on(
        (one, one, none, np.zeros(1, np.int64)), (one, one), (one, one, one, one), (one, one), 0.0, (0, 1.0, 0.0, 0.0),
        deviates(), np.full((DRIVES, 1), np.nan),
    )  # fmt: skip
