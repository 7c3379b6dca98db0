"""Errors of sensors, terminals and networks by which trajectories are turned into reports: good, typical and poor."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReportLevel:
    """Errors; metres and seconds, 1-sigma unless said otherwise."""

    noise: float
    """Position of one roadside report, each axis; its velocity in m/s has the same."""
    bias: float
    """Position offset of a roadside unit, drawn once."""
    yaw_deg: float
    """Rotation of a roadside unit about itself, drawn once."""
    near: float
    far: float
    """Share of samples in which a road user is seen, next to the unit and at the end of its range."""
    burst: float
    """Mean length of a miss."""
    false: float
    """New false objects a sample and unit."""
    clock: float
    """Clock offset of a device, drawn once."""
    latency: float
    latency_sigma: float
    """From sample to reception."""
    gnss: float
    """Position of a terminal: 80 % of the variance is slow (10 s), 20 % white."""
    confidence: str
    """PositionConfidence (95 %) that a roadside unit states."""


LEVELS = {
    "good": ReportLevel(0.2, 0.1, 0.1, 0.98, 0.93, 0.2, 0.2, 0.005, 0.03, 0.01, 0.5, "a50cm"),
    "typical": ReportLevel(0.5, 0.3, 0.3, 0.95, 0.80, 0.4, 1.0, 0.020, 0.06, 0.03, 1.2, "a1m"),
    "poor": ReportLevel(1.0, 0.6, 0.6, 0.88, 0.65, 0.7, 3.0, 0.050, 0.12, 0.08, 2.5, "a2m"),
}
