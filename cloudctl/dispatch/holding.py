"""How long to hold a bus, and how slowly to drive it, so that the headways of a line even out.

Two-way headway control: a bus that is nearer to the one ahead than to the one behind waits for a share of half the
difference, which is the self-equalising rule of Bartholdi and Eisenstein (2012) with the forward headway that Daganzo
and Pilachowski (2011) add. Most of it is done at the first stop, where nobody on board loses time: there a bus does not
leave before its time, and keeps some distance to one that left late (Xuan, Argote and Daganzo, 2011). On the way it is
held at few stops, shortly, and no more than the budget of its trip, so that no line gets slower by more than that.
"""

from dataclasses import dataclass

GAIN, GAIN_AT_START = 0.8, 0.85
"""Share of half the difference that is made up at once; at the first stop, of the whole difference to the plan."""
LONGEST, SHORTEST = 15.0, 8.0
"""Of a hold at a stop, s; a shorter one is not worth saying."""
BUDGET, BUDGET_SHARE = 20.0, 0.015
"""Longest time by which holds and speeds on the way make one trip later: s, and share of its planned time."""
CONTROL_EVERY = 3
"""Only each so manieth stop on the way is one where buses are held."""
LONGEST_AT_START = 240.0
"""At the first stop, where nobody is on board yet, s."""
EVEN, EVEN_AT_START = 0.6, 0.95
"""A bus whose headway ahead is at least this share of the mean of both is left alone."""
LONGEST_SLOW = 12.0
"""By which driving slowly makes a bus later up to its next stop, s."""
SLOWEST = 0.65
"""Share of the usual speed below which no bus is told to drive."""
LEAST_WAY = 120.0
"""Way to the next stop for which a speed is worth saying, m."""


@dataclass(frozen=True)
class Gaps:
    """Headways of a bus, s; `behind` None where no bus follows on the road, then `planned` takes its place."""

    ahead: float
    behind: float | None
    planned: float | None

    @property
    def following(self) -> float | None:
        """Headway behind, or what is planned."""
        return self.planned if self.behind is None else self.behind

    @property
    def usual(self) -> float | None:
        """Planned headway, or that behind."""
        return self.behind if self.planned is None else self.planned


def budget_of(planned: float) -> float:
    """Give the longest time by which advice on the way makes a trip later that is planned to take `planned` s."""
    return min(BUDGET, BUDGET_SHARE * planned)


def wait_needed(gaps: Gaps, even: float = EVEN) -> float:
    """Give how much later the bus should come, s; 0 where it is even enough or nothing is known behind it."""
    following = gaps.following
    if following is None or gaps.ahead >= even * (gaps.ahead + following) / 2:
        return 0.0
    return GAIN * (following - gaps.ahead) / 2


def even_wait(gaps: Gaps, early: float | None) -> float:
    """Give how much later a bus should leave its first stop to even the headways, s; negative where it is late.

    Args:
        gaps: Headways if it left when all are on board.
        early: By how much that would be before its time, s; None where no timetable says.
    """
    usual = gaps.usual
    missing = 0.0 if usual is None else usual - gaps.ahead
    wait = GAIN_AT_START * missing if missing > 0.0 else missing
    return wait if early is None else max(wait, early)


def hold_at_start(gaps: Gaps | None, early: float | None) -> float:
    """Give how long to hold at the first stop where nothing is known of the lights, s; 0 for not at all.

    `gaps` is None where no bus is ahead.
    """
    wait = max(early or 0.0, 0.0)
    if gaps is not None and gaps.usual is not None and gaps.ahead < EVEN_AT_START * gaps.usual:
        wait = max(wait, even_wait(gaps, early))
    wait = min(wait, LONGEST_AT_START)
    return wait if wait >= SHORTEST else 0.0


def hold_wanted(gaps: Gaps) -> float:
    """Give how long to hold at a stop on the way if nothing but headways counted, s; 0 for not at all."""
    wait = min(wait_needed(gaps), LONGEST)
    return wait if wait >= SHORTEST else 0.0


def delay_wanted(gaps: Gaps, way: float, usual: float) -> float:
    """Give how much later to come to the next stop by driving slowly, s; 0 for not at all.

    Args:
        gaps: Headways.
        way: To the next stop, m.
        usual: Speed it would drive, m/s.
    """
    if way < LEAST_WAY or usual <= 0.0:
        return 0.0
    wait = min(wait_needed(gaps), LONGEST_SLOW, way / (SLOWEST * usual) - way / usual)
    return wait if wait >= SHORTEST else 0.0
