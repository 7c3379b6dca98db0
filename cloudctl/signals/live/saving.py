"""What a recommendation saves against the program: delay of the vehicles in sight under both, by a point queue."""

import numpy as np

from cloudctl.signals.layout import SIGHT, Ints, Layout, Reals, Tracks
from cloudctl.signals.program import Program, Step
from maps.compiled import compiled

LOOK_AHEAD = 60
"""s"""
FLOW = 1.0 / 1.9
"""vehicles/s that leave a lane on green"""
START_LOSS = 2
"""s of green that a standing queue needs to start"""
CHANGING = -1
"""Stage of a second in which no stage is green."""


@compiled
def arrivals_by_second(
    road: Ints,
    rest: Reals,
    speed: Reals,
    limit: Reals,
    reach_start: Ints,
    reach_lane: Ints,
    reach_extra: Reals,
    reach_weight: Reals,
    sight: float,
    found: Reals,
) -> None:
    """Add each track to the second in which it would reach each stop line that it may head for; `[lane, second]`."""
    for i in range(road.size):
        for row in range(reach_start[road[i]], reach_start[road[i] + 1]):
            lane = reach_lane[row]
            distance = rest[i] + reach_extra[row]
            if distance > sight:
                continue
            pace = max(speed[i], 0.6 * limit[lane])
            second = 0 if speed[i] < 1.0 else int(distance / pace)
            if second < found.shape[1]:
                found[lane, second] += reach_weight[row]


@compiled
def queue_delay(arrival: Reals, served: Reals, stage: Ints, flow: float, loss: int) -> float:
    """Vehicle seconds spent in queue; `arrival` `[lane, second]`, `served` `[stage, lane]`, `stage` `[second]`."""
    total = 0.0
    for lane in range(arrival.shape[0]):
        queue, green = 0.0, 0
        for second in range(stage.size):
            queue += arrival[lane, second]
            opened = 0.0 if stage[second] < 0 else served[stage[second], lane]
            green = green + 1 if opened > 0 else 0
            if green > loss:
                queue = max(queue - opened * flow, 0.0)
            total += queue
    return total


class Savings:
    """Delay under a recommendation against the program, for the signals of one layout."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._limit = layout.roads.speed[layout.lane_road]
        self._arrival = np.zeros((len(layout.lane_road), LOOK_AHEAD))
        self._served = [_served(layout, signal) for signal in range(layout.signals)]

    def look(self, tracks: Tracks) -> None:
        """Take the tracks of one moment."""
        layout = self._layout
        self._arrival[:] = 0.0
        reach = (layout.reach_start, layout.reach_lane, layout.reach_extra, layout.reach_weight)
        arrivals_by_second(tracks.road, tracks.rest, tracks.speed, self._limit, *reach, float(SIGHT), self._arrival)

    def demand(self, signal: int, stage: int, seconds: int) -> float:
        """Vehicles that a stage would serve and that are there within so many seconds."""
        arrival = self._arrival[self._lanes(signal), :seconds].sum(axis=1)
        return float((self._served[signal][stage] > 0) @ arrival)

    def of(self, signal: int, planned: Ints, recommended: Ints) -> float:
        """Vehicle seconds of delay that the recommended stages (by second) save against the planned ones."""
        arrival, served = self._arrival[self._lanes(signal)], self._served[signal]
        delays = [queue_delay(arrival, served, each, FLOW, START_LOSS) for each in (planned, recommended)]
        return delays[0] - delays[1]

    def _lanes(self, signal: int) -> slice:
        return slice(int(self._layout.lane_start[signal]), int(self._layout.lane_start[signal + 1]))


def _served(layout: Layout, signal: int) -> Reals:
    """Share of each lane's links that each stage opens, `[stage, lane]`; yielding links count by half."""
    links = slice(int(layout.link_start[signal]), int(layout.link_start[signal + 1]))
    lane = layout.link_lane[links]
    lanes = int(layout.lane_start[signal + 1] - layout.lane_start[signal])
    stages = int(layout.stage_start[signal + 1] - layout.stage_start[signal])
    shown = layout.shown[layout.shown_start[signal] : layout.shown_start[signal + 1]].reshape(stages, -1)
    of_lane = np.eye(lanes)[lane] / np.maximum(np.bincount(lane, minlength=lanes), 1)
    served: Reals = (shown / 2.0) @ of_lane
    return served


def planned_stages(program: Program, row: int, elapsed: float, seconds: int = LOOK_AHEAD) -> Ints:
    """Stage that the program shows in each of the coming seconds when it is `elapsed` s in a row now."""
    stages = {at: stage for stage, at in enumerate(program.greens)}
    found, left = np.full(seconds, CHANGING, np.int32), program.phases[row].duration - elapsed
    for second in range(seconds):
        while left <= 0:
            row = (row + 1) % len(program.phases)
            left += max(program.phases[row].duration, 1e-3)
        found[second] = stages.get(row, CHANGING)
        left -= 1.0
    return found


def recommended_stages(
    program: Program, change: tuple[Step, ...], stage: int, held: float, seconds: int = LOOK_AHEAD
) -> Ints:
    """Stages when the signal changes now (`change`) to a stage, holds it `held` s, then goes on with its program."""
    begin = min(round(sum(step.duration for step in change)), seconds)
    end = min(begin + round(held), seconds)
    found = np.full(seconds, CHANGING, np.int32)
    found[begin:end] = stage
    if end < seconds:
        row = (program.greens[stage] + 1) % len(program.phases)
        found[end:] = planned_stages(program, row, 0.0, seconds - end)
    return found
