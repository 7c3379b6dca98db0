"""What the platform recommends to a signal, as it travels, is stored and is shown."""

from enum import StrEnum

import msgspec


class Mode(StrEnum):
    """What a recommendation rests on."""

    RECOMMENDED = "recommended"
    """The stage that the strategy chose and the safety layer let pass."""
    PLAN = "plan"
    """Stay with the fixed plan: there is no ground for anything better."""
    HELD = "held"
    """An operator has taken the signal out of the platform's hands."""


class Reason(StrEnum):
    """Why, as a code that the user interface translates."""

    DEMAND = "demand"
    """More vehicles come to the recommended stage."""
    KEEP = "keep"
    """The present green still serves best."""
    PEDESTRIANS = "pedestrians"
    """Pedestrians have waited long."""
    PRIORITY = "priority"
    """A vehicle with priority comes."""
    LEAST_GREEN = "least_green"
    """The safety layer keeps the present green: it has not lasted its least time, or a change is under way."""
    LONGEST_GREEN = "longest_green"
    """The safety layer ends the present green: it has lasted its longest time."""
    COVERAGE = "coverage"
    """Too little of the approaches is seen."""
    STALE = "stale"
    """The newest word about the lights, or about the road, is older than 2 s."""
    UNMATCHED = "unmatched"
    """The lights fit no row of the program that the map has."""
    HOLD = "hold"


class SignalRecommendation(msgspec.Struct, frozen=True, kw_only=True):
    """One signal at one moment; times are UTC epoch s."""

    signal: str
    time: float
    mode: Mode
    reason: Reason
    detail: str
    """One English sentence with the figures behind it."""
    stage: int | None = None
    """Green stage of the program, counted from 0; None where nothing is recommended."""
    phases: tuple[int, ...] = ()
    """PhaseIDs that are green in it."""
    shown: int | None = None
    """Stage that is green now, or coming."""
    since: float
    """Since when this mode and stage stand."""
    until: float
    """Not to be relied on after that; renewed every second while it stands."""
    saving_s: float = 0.0
    """Delay of all vehicles in sight over the next minute that it saves against the plan, vehicle seconds."""
    confidence: float = 0.0
    """0..1: coverage times the confidence of the lights."""
    coverage: float = 0.0
    """Share of the approaches, or of the vehicles, that is seen, 0..1."""

    def says_the_same(self, other: "SignalRecommendation | None") -> bool:
        """Whether the other recommends the same for the same reason."""
        return other is not None and (self.mode, self.stage, self.reason) == (other.mode, other.stage, other.reason)
