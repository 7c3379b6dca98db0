"""Which incident comes first: points by rule for kind, road, confidence and age, cut into four priorities.

The rules follow what alarm management asks for (few priorities, the same cause always the same, IEC 62682 clause 10):
danger to life first, then blocked capacity, then nuisance; a faster road and a surer sign raise it; so does waiting.
"""

import math
from dataclasses import dataclass

from fusion.incidents import IncidentKind
from maps.network import RoadClass

_KIND_POINTS: dict[str, float] = {
    IncidentKind.WRONG_WAY: 60.0,
    IncidentKind.PEDESTRIAN_ON_CARRIAGEWAY: 50.0,
    IncidentKind.DEBRIS: 45.0,
    IncidentKind.BLOCKED_LANE: 45.0,
    IncidentKind.ANIMAL_ON_CARRIAGEWAY: 40.0,
    IncidentKind.STOPPED_VEHICLE: 40.0,
    IncidentKind.SPILL_BACK: 35.0,
    IncidentKind.NEAR_MISS: 30.0,
    IncidentKind.CONGESTION_TAIL: 30.0,
    IncidentKind.RED_LIGHT_PASSAGE: 25.0,
    IncidentKind.SUDDEN_BRAKING: 20.0,
    IncidentKind.CONGESTION: 20.0,
    IncidentKind.FAST_VEHICLE: 20.0,
    IncidentKind.SLOW_VEHICLE: 15.0,
    IncidentKind.ILLEGAL_PARKING: 10.0,
}
OTHER_POINTS = 25.0
ROAD_POINTS = 20.0
"""On an expressway; less on each lower class, none on a path or where the class is unknown."""
CONFIDENCE_POINTS = 15.0
AGE_POINTS = 10.0
AGE_FULL_S = 600.0
"""From this age on waiting counts in full."""
THRESHOLDS = (70.0, 50.0, 40.0)
"""Points from which on an incident is critical (1), high (2), medium (3); else it is low (4)."""


@dataclass(frozen=True)
class Sign:
    """What is known of an incident when it is ranked."""

    kind: str
    road_class: int | None
    """`maps.network.RoadClass`; None off the network."""
    confidence: float
    """0..1"""
    age: float
    """s since it began."""


def points(sign: Sign) -> float:
    """Give the points of an incident, 0..105."""
    known = sign.road_class is not None and RoadClass.EXPRESSWAY <= sign.road_class <= RoadClass.PATH
    share = (RoadClass.PATH - (sign.road_class or 0)) / (RoadClass.PATH - RoadClass.EXPRESSWAY) if known else 0.0
    sure = min(max(sign.confidence, 0.0), 1.0) if math.isfinite(sign.confidence) else 0.0
    waited = min(max(sign.age / AGE_FULL_S, 0.0), 1.0)
    return (
        _KIND_POINTS.get(sign.kind, OTHER_POINTS) + ROAD_POINTS * share + CONFIDENCE_POINTS * sure + AGE_POINTS * waited
    )


def priority(sign: Sign) -> int:
    """Give the priority: 1 critical, 2 high, 3 medium, 4 low."""
    reached = points(sign)
    return 1 + sum(reached < threshold for threshold in THRESHOLDS)
