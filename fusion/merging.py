"""Two tracks of one road user become one: they coincide in position and velocity for some time.

A device that reported both at one instant has seen two objects; such tracks are never joined while that is fresh.
"""

import math

from fusion.association import Scratch
from fusion.columns import COUNT, RECENT, SOURCES, Ints, Longs, Record, Table
from fusion.estimation import absorb, note_source, note_steadiness
from fusion.gating import FINE, Grid, borrowed_grid, clear_level, enter, near, near_within, sort_level
from fusion.lifecycle import take_over
from fusion.memory_access import AHEAD, borrowed, load_near
from fusion.motion import move_track
from maps.compiled import compiled

SAME_INSTANT = 1e-4
LEAST_VARIANCE = 0.01
TERMINAL_ALLOWANCE = 2.5
"""A terminal's errors wander: its track may lie further from that of its vehicle by this factor of the distance."""
BLOCK, ROUNDING = 64, 1.0
"""Tracks that are looked at together; the grid's single-precision places are closer than this to the true ones, m."""
FASTEST_DIFFERENCE = 3.0
"""Tracks whose velocities differ by more are two, m/s."""


@compiled
def told_apart(first: Record, second: Record) -> bool:
    """Tell whether one device reported both tracks at one instant, or they carry two terminals."""
    terminals = first["self_device"] >= 0 and second["self_device"] >= 0
    if terminals and first["self_device"] != second["self_device"]:
        return True
    for slot in range(RECENT):
        device, time = first["recent_device"][slot], first["recent_time"][slot]
        if device < 0:
            continue
        for other in range(RECENT):
            if second["recent_device"][other] == device and abs(time - second["recent_time"][other]) < SAME_INSTANT:
                return True
    return False


@compiled
def unsure(track: Record) -> float:
    """Return the variance per axis by which errors of its devices, its own terminal included, shift a track."""
    alone = track["self_device"] >= 0 and track["source"][1] < 0
    return float(max(track["blur"], 0.5 * (track["covariance"][0, 0] + track["covariance"][1, 1]) if alone else 0.0))


@compiled
def merge_reach(blur: float, parameters: Record) -> float:
    """Return how far apart two tracks of one road user may be, m; `blur` is what their devices' errors make of it."""
    return float(min(max(parameters["merge_reach"], 3.0 * math.sqrt(2.0 * blur)), parameters["largest_reach"]))


@compiled
def coincidence(first: Record, second: Record, work: Record, parameters: Record) -> float:
    """Return the squared normalised distance of two tracks of one time, inf where they are clearly two."""
    a, b = first["state"], second["state"]
    if (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 > merge_reach(max(unsure(first), unsure(second)), parameters) ** 2:
        return math.inf
    if max(abs(a[2] - b[2]), abs(a[3] - b[3])) > FASTEST_DIFFERENCE:
        return math.inf
    for i in range(4):
        work["state"][i] = a[i]
        for j in range(4):
            work["covariance"][i, j] = first["covariance"][i, j] + second["covariance"][i, j]
    doubt = LEAST_VARIANCE + abs(first["blur"] - second["blur"])
    distance, _ = absorb(work["state"], work["covariance"], b, doubt, LEAST_VARIANCE, 0.0)
    return distance


@compiled
def by_terminal(first: Record, second: Record) -> bool:
    """Tell whether two tracks carry one terminal, or one is what a terminal alone says and the other carries none."""
    one, other = first["self_device"] >= 0, second["self_device"] >= 0
    if one and first["self_device"] == second["self_device"]:
        return True
    return bool((one and not other and first["source"][1] < 0) or (other and not one and second["source"][1] < 0))


@compiled
def outranks(first: Record, second: Record) -> bool:
    """Tell whether `first` keeps its id when the two are joined: confirmed before not, then the elder."""
    if first["confirmed"] != second["confirmed"]:
        return bool(first["confirmed"])
    if first["born"] != second["born"]:
        return bool(first["born"] < second["born"])
    return bool(first["track_id"] < second["track_id"])


@compiled
def join(winner: Record, loser: Record) -> None:
    """Join two tracks; the state with the smaller position variance stands, since their errors are shared."""
    own = winner["covariance"][0, 0] + winner["covariance"][1, 1]
    if loser["covariance"][0, 0] + loser["covariance"][1, 1] < own:
        winner["state"][:] = loser["state"]
        winner["covariance"][:] = loser["covariance"]
        winner["time"] = loser["time"]
        winner["detached"] = True
    for slot in range(SOURCES - 1, -1, -1):
        device = loser["source"][slot]
        if device < 0:
            continue
        held = False
        for own_slot in range(SOURCES):
            held = held or winner["source"][own_slot] == device
        if not held:
            note_source(winner, device, loser["source_object"][slot], loser["source_time"][slot])
            winner["source_place"][0] = loser["source_place"][slot]
            winner["source_variance"][0] = loser["source_variance"][slot]
    note_steadiness(winner)
    take_over(winner, loser)


@compiled
def nearest_rival(tracks: Table, row: int, grid: Grid, work: Record, parameters: Record) -> int:
    """Return the track that coincides best with one and may be the same road user, -1 where none does."""
    best, least, track = -1, math.inf, tracks[row]
    reach = merge_reach(unsure(track), parameters)
    for place in range(near(grid, FINE, track["state"][0], track["state"][1], reach, work["found"])):
        at = work["found"][place]
        other = tracks[at]
        if at == row or other["log_odds"] == -math.inf or not outranks(other, track):
            continue
        distance = coincidence(other, track, work, parameters)
        limit = parameters["merge_distance"] * (TERMINAL_ALLOWANCE if by_terminal(other, track) else 1.0)
        if distance < min(least, limit) and not told_apart(other, track):
            best, least = at, distance
    return best


@compiled
def note_seat(track: Record, seat: Record, parameters: Record) -> None:
    """Note where a track is and how far from it others are looked for."""
    seat["x"], seat["y"] = track["state"][0], track["state"][1]
    seat["reach"] = merge_reach(unsure(track), parameters)
    seat["dead"], seat["watched"] = track["log_odds"] == -math.inf, track["rival"] >= 0


@compiled
def take_seats(tracks: Table, count: int, time: float, grid: Grid, seats: Table, parameters: Record) -> float:
    """Carry all tracks forward to `time` and fill the finest level of the grid; return the largest reach."""
    widest = 0.0
    clear_level(grid, FINE)
    for row in range(count):
        load_near(tracks[min(row + AHEAD, count - 1)])
        move_track(tracks[row], time, parameters)
        note_seat(tracks[row], seats[row], parameters)
        enter(grid, FINE, row, seats[row]["x"], seats[row]["y"])
        widest = max(widest, seats[row]["reach"])
    sort_level(grid, FINE, count)
    return widest


@compiled
def watch_company(tracks: Table, seats: Table, grid: Grid, farthest: float, found: Ints) -> None:
    """Tell of some tracks whether any other is near, and start to load those; most are alone."""
    for seat in seats:
        count = near_within(grid, FINE, seat["x"], seat["y"], seat["reach"], farthest, found)
        seat["watched"] |= count > 1
        if seat["watched"]:
            for row in found[:count]:
                load_near(tracks[row])


@compiled
def merge(tracks: Table, counters: Longs, time: float, grid: Grid, scratch: Scratch, parameters: Table) -> None:
    """Join tracks that have coincided for long enough; carries all forward to `time`, s of events.

    The finest level of `grid` is filled anew.
    """
    tracks, counters, seats = borrowed(tracks), borrowed(counters), borrowed(scratch.seats)
    grid, work, tuning = borrowed_grid(grid), borrowed(scratch.work)[0], borrowed(parameters)[0]
    count, moved = counters[COUNT], 0.0
    widest = take_seats(tracks, count, time, grid, seats, tuning)
    for first in range(0, count, BLOCK):
        block, joined = seats[first : min(first + BLOCK, count)], False
        watch_company(tracks, block, grid, widest + moved + ROUNDING, work["found"])
        for place, seat in enumerate(block):
            if (seat["watched"] or joined) and not seat["dead"]:
                at = find_rival(tracks, first + place, time, grid, work, tuning)
                if at >= 0:
                    x, y, joined = seats[at]["x"], seats[at]["y"], True
                    join(tracks[at], tracks[first + place])
                    note_seat(tracks[at], seats[at], tuning)
                    widest = max(widest, seats[at]["reach"])
                    moved += math.hypot(seats[at]["x"] - x, seats[at]["y"] - y)


@compiled
def find_rival(tracks: Table, row: int, time: float, grid: Grid, work: Record, parameters: Record) -> int:
    """Note which track coincides with one; return it once that has been so for long enough, else -1."""
    track, at = tracks[row], nearest_rival(tracks, row, grid, work, parameters)
    if at < 0:
        track["rival"] = -1
        return -1
    if track["rival"] != tracks[at]["track_id"]:
        track["rival"], track["rival_since"] = tracks[at]["track_id"], time
    return at if time - track["rival_since"] >= parameters["merge_after"] - SAME_INSTANT else -1
