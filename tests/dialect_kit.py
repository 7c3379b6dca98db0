"""Values of our own that every documented shape bears, and how a message in one is taken."""

from typing import Any

from ingest_samples import LAT, LON, NOON, mark, new_pipeline, raw

from ingest.pipeline import Pipeline
from ingest.verdicts import Accepted

MS = round(NOON * 1000)
MARK = mark(NOON)
DEG_LON, DEG_LAT = LON * 1e-7, LAT * 1e-7
E7 = {"lat": LAT, "lon": LON, "ele": 520}
DEGREES = {"lat": DEG_LAT, "lon": DEG_LON, "ele": 520}


def take(topic: str, message: Any) -> tuple[Pipeline, Accepted]:
    """Let a new pipeline accept a message whole."""
    pipeline = new_pipeline()
    verdict = pipeline.accept(topic, raw(message), NOON + 0.05)
    assert isinstance(verdict, Accepted), verdict
    assert verdict.partly is None, verdict.partly
    return pipeline, verdict


def event(topic: str, message: Any) -> Any:
    """The event that a message became."""
    return take(topic, message)[0].take_events()[0].message
