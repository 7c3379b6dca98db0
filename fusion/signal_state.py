"""What every signal group shows and when it changes, from SPAT messages.

Times in SPAT count from the message's event time (0.1 s); here they are UTC epoch seconds, so they need no
update while they hold. A SPAT older than `STALE` s says nothing any more.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fusion.picture import SignalStates
from ingest.messages.spat import TIME_MARK_UNKNOWN, Phase, PhaseState, Spat
from maps.network import RoadNetwork

STALE = 2.0
"""s"""
RED, YELLOW = 3, 7
GREEN = (4, 5, 6)
"""LightState of flashing, permissive and protected green (DE_LightState)."""
HOUR = 3600.0
LONGEST_MARK = 35990
"""Marks above say "more than an hour" or "unknown"."""
USUAL_CONFIDENCE = 0.9
"""Confidence of a timing that states none."""


class SpatReport(NamedTuple):
    """One SPAT message with its times, UTC epoch s."""

    message: Spat
    event_time: float
    received: float


class Timing(NamedTuple):
    """When a light starts and ends, UTC epoch s, NaN where unknown."""

    start: float
    likely_end: float
    min_end: float
    max_end: float
    confidence: float


UNKNOWN_TIMING = Timing(math.nan, math.nan, math.nan, math.nan, 0.5)


def timing_of(state: PhaseState, event_time: float) -> Timing:
    """Return the timing of one light in epoch seconds."""
    if state.timing is None:
        return UNKNOWN_TIMING
    counting, utc = state.timing.counting, state.timing.utc_timing
    if counting is not None:
        marks = (counting.start_time, counting.likely_end_time, counting.min_end_time, counting.max_end_time)
        ends = [_counted(mark, event_time) for mark in marks]
        stated = counting.time_confidence
    elif utc is not None:
        marks = (utc.start_utc_time, utc.likely_end_utc_time, utc.min_end_utc_time, utc.max_end_utc_time)
        ends = [_of_hour(marks[0], event_time, HOUR / 2)] + [_of_hour(mark, event_time, 1.0) for mark in marks[1:]]
        stated = utc.time_confidence
    else:
        return UNKNOWN_TIMING
    return Timing(ends[0], ends[1], ends[2], ends[3], USUAL_CONFIDENCE if stated is None else stated / 200.0)


def _counted(mark: int | None, event_time: float) -> float:
    if mark is None or mark > LONGEST_MARK or mark == TIME_MARK_UNKNOWN:
        return math.nan
    return event_time + mark / 10.0


def _of_hour(mark: int | None, event_time: float, past: float) -> float:
    """Return the time of a mark in the UTC hour that is no more than `past` s before the event."""
    if mark is None or mark > LONGEST_MARK:
        return math.nan
    moment = event_time - event_time % HOUR + mark / 10.0
    if moment < event_time - past:
        moment += HOUR
    elif moment > event_time + HOUR - past:
        moment -= HOUR
    return moment


def next_green(phase: Phase, event_time: float) -> float:
    """Return when the group next turns green, NaN where that is unknown or it is green now."""
    current = phase.phase_states[0]
    if current.light_code in GREEN:
        return math.nan
    before = timing_of(current, event_time).likely_end
    for state in phase.phase_states[1:]:
        timing = timing_of(state, event_time)
        start = before if math.isnan(timing.start) else timing.start
        if state.light_code in GREEN:
            return start
        before = timing.likely_end
    alone = len(phase.phase_states) == 1 and current.light_code == RED
    return before if alone else math.nan


class SignalTable:
    """Keeps the newest word about every signal group."""

    def __init__(self, network: RoadNetwork) -> None:
        groups = network.groups
        count = len(groups.signal)
        self._signals = network.signal_rows
        pairs = zip(groups.signal.tolist(), groups.phase_id.tolist(), strict=True)
        self._groups = {pair: row for row, pair in enumerate(pairs)}
        self._state = np.zeros(count, np.uint8)
        self._times = np.full((count, 4), np.nan)
        self._confidence = np.zeros(count)
        self._event = np.full(count, -np.inf)
        self._received = np.full(count, np.nan)
        self._since = np.full(count, np.nan)
        self.unknown = 0
        """Phases that no group of the network answers to."""

    def apply(self, message: Spat, event_time: float, received: float) -> None:
        """Take in one message; what is older than what is known is left out."""
        for intersection in message.intersections:
            key = (intersection.intersection_id.region or 0, intersection.intersection_id.id)
            signal = self._signals.get(key, -1)
            for phase in intersection.phases:
                row = self._groups.get((signal, phase.id), -1)
                if row < 0:
                    self.unknown += 1
                elif event_time >= self._event[row]:
                    self._set(row, phase, event_time, received)

    def _set(self, row: int, phase: Phase, event_time: float, received: float) -> None:
        current = phase.phase_states[0]
        timing = timing_of(current, event_time)
        if current.light_code != self._state[row] or math.isnan(self._since[row]):
            self._since[row] = event_time
        self._state[row] = current.light_code
        self._times[row] = (timing.likely_end, timing.min_end, timing.max_end, next_green(phase, event_time))
        self._confidence[row] = timing.confidence
        self._event[row] = event_time
        self._received[row] = received

    def states(self, now: float) -> SignalStates:
        """Return the state of all groups as columns of their own."""
        age = now - self._event
        fresh = age <= STALE
        times = np.where(fresh[:, None], self._times, np.nan)
        trust = np.where(fresh, self._confidence * np.clip(1 - age / (2 * STALE), 0.5, 1.0), 0.0)
        return SignalStates(
            state=np.where(fresh, self._state, 0).astype(np.uint8),
            likely_end=times[:, 0].copy(),
            min_end=times[:, 1].copy(),
            max_end=times[:, 2].copy(),
            next_green=times[:, 3].copy(),
            confidence=trust.astype(np.float32),
            received=self._received.copy(),
        )

    def shown_for(self, now: float) -> NDArray[np.float64]:
        """Return for how long each group has shown its light, s; NaN where stale or never heard of."""
        return np.where(now - self._event <= STALE, now - self._since, np.nan)
