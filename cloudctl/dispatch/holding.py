"""How long to hold a bus, and how slowly to drive it, so that the headways of a line even out.

Two-way headway control: a bus that is nearer to the one ahead than to the one behind waits for a share of half the
difference, which is the self-equalising rule of Bartholdi and Eisenstein (2012) with the forward headway that Daganzo
and Pilachowski (2011) add. Neither a timetable nor a target headway is needed, so it also works late.
"""

from dataclasses import dataclass

GAIN = 0.8
"""Share of half the difference that is made up at once."""
LONGEST, SHORTEST = 30.0, 8.0
"""Of a hold at a stop, s; a shorter one is not worth saying."""
LONGEST_AT_START = 180.0
"""At the first stop, where nobody is on board yet, s."""
EVEN, EVEN_AT_START = 0.6, 0.95
"""A bus whose headway ahead is at least this share of the mean of both is left alone."""
LONGEST_SLOW = 20.0
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


def wait_needed(gaps: Gaps, even: float = EVEN) -> float:
    """Give how much later the bus should come, s; 0 where it is even enough or nothing is known behind it."""
    following = gaps.following
    if following is None or gaps.ahead >= even * (gaps.ahead + following) / 2:
        return 0.0
    return GAIN * (following - gaps.ahead) / 2


def wait_at_start(gaps: Gaps) -> float:
    """Give how much later a bus should leave its first stop, s.

    The one behind it has not set out yet, so what is planned is all that is known of it, and the difference to it is
    made up at once: later that would cost those on board.
    """
    usual = gaps.planned if gaps.planned is not None else gaps.behind
    if usual is None or gaps.ahead >= EVEN_AT_START * usual:
        return 0.0
    return GAIN * (usual - gaps.ahead)


def hold_for(gaps: Gaps, *, at_start: bool = False) -> float:
    """Give how long to hold at a stop, s; 0 for not at all."""
    wait = min(wait_at_start(gaps), LONGEST_AT_START) if at_start else min(wait_needed(gaps), LONGEST)
    return wait if wait >= SHORTEST else 0.0


def speed_for(gaps: Gaps, way: float, usual: float) -> float:
    """Give the speed to drive at most to the next stop, m/s; 0 for no advice.

    Args:
        gaps: Headways.
        way: To the next stop, m.
        usual: Speed it would drive, m/s.
    """
    wait = wait_needed(gaps)
    if wait < SHORTEST or way < LEAST_WAY or usual <= 0.0:
        return 0.0
    return max(way / (way / usual + min(wait, LONGEST_SLOW)), SLOWEST * usual)
