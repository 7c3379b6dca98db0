"""Incidents: what goes wrong on the road, with start, end, place, evidence and confidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class IncidentKind(StrEnum):
    """What happened (事件类型)."""

    STOPPED_VEHICLE = "stopped_vehicle"
    WRONG_WAY = "wrong_way"
    SLOW_VEHICLE = "slow_vehicle"
    CONGESTION = "congestion"
    BLOCKED_LANE = "blocked_lane"
    PEDESTRIAN_ON_CARRIAGEWAY = "pedestrian_on_carriageway"
    ANIMAL_ON_CARRIAGEWAY = "animal_on_carriageway"
    FAST_VEHICLE = "fast_vehicle"
    SUDDEN_BRAKING = "sudden_braking"
    DEBRIS = "debris"
    CONGESTION_TAIL = "congestion_tail"
    SPILL_BACK = "spill_back"
    ILLEGAL_PARKING = "illegal_parking"
    RED_LIGHT_PASSAGE = "red_light_passage"
    NEAR_MISS = "near_miss"


MOMENTARY = frozenset({IncidentKind.SUDDEN_BRAKING, IncidentKind.RED_LIGHT_PASSAGE, IncidentKind.NEAR_MISS})
"""Kinds that are over as soon as they have happened."""


@dataclass(frozen=True)
class Incident:
    """One incident; a new value replaces the old one as it goes on."""

    incident_id: str
    """Unique and stable from start to end."""
    kind: IncidentKind
    started: float
    """UTC epoch, s."""
    updated: float
    ended: float | None
    x: float
    y: float
    link: int
    """Row of the link in the road network, -1 where off the network."""
    lane: int
    tracks: tuple[int, ...]
    """Ids of the tracks that are the evidence."""
    confidence: float
    evidence: str
    """One sentence with the figures that led to it."""
    figures: Mapping[str, float] = field(default_factory=dict)
    """The figures by name with their unit, such as `speed_mps`."""
