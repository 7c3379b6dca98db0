"""Findings about tracks: what most rules report, put together in one place."""

from collections.abc import Mapping

from fusion.incident_book import Finding
from fusion.incidents import IncidentKind
from fusion.scene import Scene
from maps.network import RoadNetwork


def about_track(
    network: RoadNetwork,
    scene: Scene,
    row: int,
    kind: IncidentKind,
    *,
    since: float,
    confidence: float,
    evidence: str,
    figures: Mapping[str, float],
    lane: int | None = None,
    others: tuple[int, ...] = (),
) -> Finding:
    """Make a finding about one track at its place; `lane` overrides the track's own."""
    tracks = scene.tracks
    on = int(tracks.lane[row]) if lane is None else lane
    track = int(tracks.track_id[row])
    return Finding(
        cause=f"{kind}:{track}",
        kind=kind,
        since=since,
        x=float(tracks.x[row]),
        y=float(tracks.y[row]),
        link=int(network.lanes.link[on]) if on >= 0 else -1,
        lane=on,
        tracks=(track, *others),
        confidence=float(confidence) * float(min(tracks.existence[row], 1.0)),
        evidence=evidence,
        figures={name: round(float(value), 3) for name, value in figures.items()},
    )


def lane_name(network: RoadNetwork, lane: int) -> str:
    """Name a lane for a sentence."""
    return str(network.lanes.id[lane]) if lane >= 0 else "none"
