"""What became of the requests for buses on demand, as the riders saw it."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Rider:
    """Somebody who was promised a ride; times UTC epoch s."""

    at_stop: float
    """When the rider is at the stop."""
    pickup_by: float
    dropoff_by: float
    """Latest times that were promised."""
    boarded: float = 0.0
    alighted: float = 0.0


@dataclass
class RideAccount:
    """Counts of one run."""

    requested: int = 0
    unanswered: Counter[str] = field(default_factory=Counter)
    """The platform could not be reached or gave no answer to the question, by what came instead."""
    refused: Counter[str] = field(default_factory=Counter)
    """By the reason that the platform gave."""
    riders: dict[str, Rider] = field(default_factory=dict)
    """By the id of their ride."""

    def report(self, now: float) -> dict[str, object]:
        """Figures at a moment; waits run from the moment the rider is at the stop."""
        riders = list(self.riders.values())
        aboard = [each for each in riders if each.boarded]
        served = [each for each in riders if each.alighted]
        waits = [max(each.boarded - each.at_stop, 0.0) for each in aboard]
        overdue = [each for each in riders if not each.boarded and now > each.pickup_by]
        kept = [each.boarded <= each.pickup_by for each in aboard] + [
            each.alighted <= each.dropoff_by for each in served
        ]
        return {
            "requested": self.requested,
            "accepted": len(riders),
            "refused": dict(sorted(self.refused.items())),
            "unanswered": dict(sorted(self.unanswered.items())),
            "boarded": len(aboard),
            "served": len(served),
            "overdue": len(overdue),
            "wait_s": _spread(waits),
            "ride_s": _spread([each.alighted - each.boarded for each in served]),
            "promises_kept": sum(kept),
            "promises_broken": len(kept) - sum(kept) + len(overdue),
        }


def _spread(values: list[float]) -> dict[str, float] | None:
    if not values:
        return None
    return {"median": round(float(np.median(values)), 1), "p90": round(float(np.quantile(values, 0.9)), 1)}
