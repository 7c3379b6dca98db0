"""Recommendations for every signal that has a layout, once a second each; the signals are spread over the second."""

from collections.abc import Mapping

import numpy as np

from cloudctl.signals.catalogue import strategy_named
from cloudctl.signals.live.area import Area, Decision
from cloudctl.signals.live.network_layout import programs_of
from cloudctl.signals.live.observed import ObservedPrograms
from cloudctl.signals.live.orders import Orders
from cloudctl.signals.live.pedestrians import Waiting
from cloudctl.signals.live.recommendation import Mode, Reason, SignalRecommendation
from cloudctl.signals.live.saving import planned_stages, recommended_stages
from cloudctl.signals.live.spread import spread
from cloudctl.signals.program import GREEN, Step
from cloudctl.signals.safety import FOLLOW_PLAN, STALE
from cloudctl.signals.strategy import Strategy
from fusion.picture import TrafficPicture
from fusion.sensors import SensorTable
from maps.network import RoadNetwork

PERIOD = 1.0
AREAS = 10
SLACK = 0.01
"""A turn that is due this soon is due now, s."""
SOON = 15
"""s over which arrivals are told in the reason"""
SHORTEST_STAY = 5.0
"""s for which a green that is kept goes on at least"""
LONGER = (0.0, 5.0, 10.0, 20.0)
"""s by which the recommended green may go on beyond that; the best of them counts, as the strategy goes on choosing"""


class LiveRecommender:
    """Recommends for a whole network; `current` is by signal row."""

    def __init__(self, network: RoadNetwork, strategy: type[Strategy] | None = None, areas: int = AREAS) -> None:
        """Use `strategy` (the default one where None), in so many groups of signals that are close to one another."""
        self._network = network
        chosen = strategy or strategy_named("default")
        self.programs = programs_of(network)
        self.observed = ObservedPrograms(network, self.programs)
        self.waiting = Waiting(network)
        made = [Area(network, self.programs, rows, chosen) for rows in spread(network, self.programs, areas)]
        self.areas = [area for area in made if area.rows]
        self._due = [0.0] * len(self.areas)
        self._confidence = np.zeros(0, np.float32)
        self._place = {row: (area, place) for area in self.areas for place, row in enumerate(area.rows)}
        self.current: dict[int, SignalRecommendation] = {}

    def follow(
        self, picture: TrafficPicture, sensors: SensorTable, orders: Orders | None = None
    ) -> list[SignalRecommendation]:
        """Take a picture; decide on the signals whose turn it is; give what is recommended anew or for a new reason."""
        orders = orders or Orders()
        self.observed.follow(picture.signals, picture.time)
        self._confidence = picture.signals.confidence
        changed: list[SignalRecommendation] = []
        for number, area in enumerate(self.areas):
            if picture.time < self._due[number] - SLACK:
                continue
            offset = number * PERIOD / len(self.areas)
            self._due[number] = ((picture.time + SLACK - offset) // PERIOD + 1) * PERIOD + offset
            if number == 0:
                self.waiting.follow(picture.tracks, picture.time)
            decisions = area.decide(picture, self.observed.shown, sensors, self.waiting.seconds, orders)
            for place, decision in enumerate(decisions):
                fresh = self._recommend(area, place, decision, orders.held, picture.time)
                before = self.current.get(decision.row)
                self.current[decision.row] = fresh
                if not fresh.says_the_same(before):
                    changed.append(fresh)
        return changed

    def phases(self, row: int, stage: int) -> tuple[int, ...]:
        """PhaseIDs that are green in a stage of a signal."""
        first = int(self._network.signals.group_start[row])
        state = self.programs[row].stage_state(stage)
        return tuple(
            int(self._network.groups.phase_id[first + light]) for light, letter in enumerate(state) if letter in GREEN
        )

    def stage_for_group(self, row: int, group: int) -> int | None:
        """Stage in which a signal group (row) is green, the one that follows soonest; None where none is."""
        if row not in self._place:
            return None
        program, light = self.programs[row], group - int(self._network.signals.group_start[row])
        area, place = self._place[row]
        now = int(area.safety.target[place])
        stages = sorted(range(len(program.greens)), key=lambda stage: (stage - now) % len(program.greens))
        return next((stage for stage in stages if program.stage_state(stage)[light] in GREEN), None)

    def _recommend(
        self, area: Area, place: int, decision: Decision, held: Mapping[int, float], now: float
    ) -> SignalRecommendation:
        program, row = area.layout.programs[place], decision.row
        mode, reason = _judge(decision, self.observed.shown[row].row, row in held)
        stage = decision.passed if mode is Mode.RECOMMENDED else None
        before = self.current.get(row)
        stands = before is not None and (before.mode, before.stage) == (mode, stage)
        first = int(self._network.signals.group_start[row])
        groups = self._confidence[first : first + len(program.phases[0].state)]
        trust = float(groups.min()) * min(decision.coverage, 1.0) if stage is not None and len(groups) else 0.0
        return SignalRecommendation(
            signal=program.signal,
            time=now,
            mode=mode,
            reason=reason,
            detail=_detail(area, place, decision, reason),
            stage=stage,
            phases=() if stage is None else self.phases(row, stage),
            shown=decision.shown if decision.shown >= 0 else None,
            since=before.since if stands and before is not None else now,
            until=now + STALE,
            saving_s=0.0 if stage is None else round(self._saving(area, place, decision, now), 1),
            confidence=round(trust, 3),
            coverage=round(decision.coverage, 3),
        )

    def _saving(self, area: Area, place: int, decision: Decision, now: float) -> float:
        """Delay that following the recommendation saves against the plan, vehicle seconds."""
        program, shown = area.layout.programs[place], self.observed.shown[decision.row]
        if shown.row not in program.greens or decision.shown < 0:
            return 0.0
        elapsed = max(now - shown.since, 0.0)
        planned = planned_stages(program, shown.row, elapsed)
        if decision.passed == decision.shown:
            change: tuple[Step, ...] = ()
            least = max(program.phases[shown.row].duration - elapsed, SHORTEST_STAY)
        else:
            change = program.change(decision.shown, decision.passed)
            least = program.min_greens[decision.passed]
        options = (recommended_stages(program, change, decision.passed, least + more) for more in LONGER)
        return max(area.savings.of(place, planned, each) for each in options)


def _judge(decision: Decision, row: int, held: bool) -> tuple[Mode, Reason]:
    if held:
        return Mode.HELD, Reason.HOLD
    if not decision.fresh:
        return Mode.PLAN, Reason.UNMATCHED if decision.shown < 0 and row < 0 else Reason.STALE
    if not decision.covered or decision.wanted == FOLLOW_PLAN:
        return Mode.PLAN, Reason.COVERAGE
    if decision.passed != decision.wanted:
        kept = decision.passed == decision.shown
        return Mode.RECOMMENDED, Reason.LEAST_GREEN if kept else Reason.LONGEST_GREEN
    if decision.forced:
        return Mode.RECOMMENDED, Reason(decision.forced)
    return Mode.RECOMMENDED, Reason.KEEP if decision.passed == decision.shown else Reason.DEMAND


def _detail(area: Area, place: int, decision: Decision, reason: Reason) -> str:
    fixed = {
        Reason.HOLD: "An operator holds the signal.",
        Reason.STALE: "The newest word about the lights is older than 2 s.",
        Reason.UNMATCHED: "The lights fit no row of the program that the map has.",
        Reason.COVERAGE: f"{100 * decision.coverage:.0f} % of the approaches is seen, too little to leave the plan.",
    }
    if reason in fixed:
        return fixed[reason]
    here, there = (area.savings.demand(place, stage, SOON) for stage in (max(decision.shown, 0), decision.passed))
    counted = f"stage {decision.passed + 1} serves {there:.0f} vehicles within {SOON} s"
    if decision.passed != decision.shown:
        counted += f", stage {decision.shown + 1} {here:.0f}"
    because = {
        Reason.PEDESTRIANS: "Pedestrians have waited for more than a minute; ",
        Reason.PRIORITY: "A vehicle with priority comes; ",
        Reason.LEAST_GREEN: "The present green has not lasted its least time, or a change is under way; ",
        Reason.LONGEST_GREEN: "The present green has lasted its longest time; ",
    }
    text = because.get(reason, "") + counted + "."
    return text[0].upper() + text[1:]
