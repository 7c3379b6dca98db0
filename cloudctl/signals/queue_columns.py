"""Columns of the queue model: a signal as it stands, the plan that is tried, the memory of a run."""

from typing import NamedTuple

import numpy as np

from cloudctl.signals.layout import Ints, Reals

Bytes2 = np.ndarray[tuple[int, int], np.dtype[np.uint8]]

HEADWAY = 1.9
"""s between two vehicles that leave a queue"""
START_LOSS = 1.2
"""s from green to the first departure of a queue"""
STOP_COST = 6.0
"""s that slowing down and speeding up again cost a vehicle that is stopped"""
HORIZON = 50
"""s"""
STAGES_PLANNED = 8
OPEN_LEAST, OPEN_FULLY = 0.01, 0.99
YIELD_USUAL = 0.3
"""share of the saturation flow that yielding links usually carry"""
ROOM_LEAST = 0.5
"""vehicles of room behind the signal without which none leaves"""


class Approach(NamedTuple):
    """One signal as the model sees it, lanes local; `open_*` `[stage, lane]` is the share of its vehicles served."""

    number: Ints
    arrival: Reals
    share: Reals
    value: Reals
    """share times how many vehicles the delay of this one counts as"""
    care: Reals
    """weight of a second of delay on each lane"""
    open_protected: Reals
    open_yield: Reals
    foes: "np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]"
    """`[stage, lane, lane]`: the second lane goes before the yielding links of the first"""
    change: Reals
    min_green: Reals
    room: Reals
    stuck: "np.ndarray[tuple[int], np.dtype[np.uint8]]"
    """lanes whose first vehicle stands although its lane has green: it waits for another light or a gap"""
    refill: Reals
    """vehicles/s by which the room behind the signal grows"""
    open_usual: Reals
    """share of the saturation flow that a stage usually carries, `[stage, lane]`"""
    feeds: "Feeds"


class Feeds(NamedTuple):
    """Lanes inside a unit that vehicles come to behind a stop line of the same unit, rows from `start[lane]`."""

    start: Ints
    lane: Ints
    part: Reals
    """`[stage, row]`: share of those who leave the lane under a stage"""
    delay: Reals
    """s from stop line to stop line"""
    storage: Reals
    """vehicles that a lane inside holds, 0 where a lane begins outside, `(lanes,)`"""


class Work(NamedTuple):
    """Memory of the model, reused."""

    number: Ints
    """vehicles of each lane, those included that come from other lanes of the unit"""
    load: Reals
    """vehicles on each lane inside and on their way to it"""
    done: Ints
    queued: Ints
    free_at: Reals
    room: Reals
    waiting: Reals
    valued: Reals
    """value of those waiting"""
    ready: Reals
    """vehicles that could go at once, on the lanes of `ready_lane`"""
    ready_lane: Ints
    last: Reals
    unblocked: Reals
    """chance that no vehicle which must wait heads the lane"""
    active: Ints
    """lanes with vehicles; the first `active_count[0]` rows hold"""
    active_count: Ints
    place: Ints
    """row of the plan, stage, stage before"""
    clock: Reals
    """s: green of the stage, when it begins or began, when the change before it began"""


class Plan(NamedTuple):
    """Stages and their green times, s, counted from the beginning of that green; `length[0]` of them hold."""

    stage: Ints
    green: Reals
    length: Ints
