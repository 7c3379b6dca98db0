"""The advice desk: the ordered list of advisors, how often each looks at the picture, and what they have advised."""

from collections import Counter
from dataclasses import dataclass, field

from cloudctl.advice.advisory import Advisory
from cloudctl.advice.bus_priority import BusPriority
from cloudctl.advice.congestion import Congestion
from cloudctl.advice.diversion import Diversion
from cloudctl.advice.glosa import Glosa
from cloudctl.advice.live_routes import LiveRoutes
from cloudctl.advice.parking import Parking
from cloudctl.advice.scene import Advisor, Scene

SLACK = 0.01
"""A run that is due this soon is due now, s: cycles are not exactly on time."""


@dataclass
class _Turn:
    advisor: Advisor
    period: float
    offset: float
    due: float = field(default=0.0)


class AdviceDesk:
    """Runs the advisors on the newest picture. Their turns are spread over the second so that no cycle has all."""

    def __init__(self, routes: LiveRoutes) -> None:
        self.bus_priority = BusPriority()
        self.parking = Parking(routes)
        self._turns = [
            _Turn(Glosa(), 0.5, 0.0),
            _Turn(self.bus_priority, 1.0, 0.1),
            _Turn(Congestion(), 1.0, 0.2),
            _Turn(self.parking, 1.0, 0.3),
            _Turn(Diversion(routes), 1.0, 0.4),
        ]
        self.counts: Counter[str] = Counter()
        """Advisories made, by kind."""

    def run(self, scene: Scene) -> list[Advisory]:
        """Give what the advisors whose turn it is advise now, one advisory an id, none that is already over."""
        found: dict[str, Advisory] = {}
        for turn in self._turns:
            if scene.now < turn.due - SLACK:
                continue
            turn.due = _next_turn(scene.now, turn.period, turn.offset)
            for advisory in turn.advisor.advise(scene):
                if advisory.valid_until >= scene.now:
                    found[advisory.id] = advisory
        self.counts.update(str(advisory.kind) for advisory in found.values())
        return list(found.values())


def _next_turn(now: float, period: float, offset: float) -> float:
    """Give the first time after `now` on the advisor's own beat."""
    beats = (now + SLACK - offset) // period + 1
    return float(beats * period + offset)
