"""How good the devices are: three levels of sensor error, drawn once per device or anew per report."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Level:
    """Errors of roadside sensors and of vehicle terminals; metres, seconds, 1-sigma unless said otherwise."""

    noise: float
    """Position noise of one roadside report."""
    bias: float
    """Position offset of a roadside unit, drawn once."""
    yaw_bias_deg: float
    """Rotation of a roadside unit about itself, drawn once."""
    detection_near: float
    detection_far: float
    """Share of samples in which a road user is seen, next to the unit and at the edge of its range."""
    burst: float
    """Mean length of a miss."""
    false_alarms: float
    """New false objects a sample and unit."""
    clock: float
    """Clock offset of a device, drawn once."""
    latency: float
    latency_spread: float
    """From sample to publication; the spread is half the width of an even distribution."""
    gnss: float
    """Position error of a vehicle terminal: 80 % of the variance is slow (10 s), 20 % white."""
    speed_noise: float
    """m/s"""
    wrong_kind: float
    """Share of road users whose kind a unit takes for another."""
    position_confidence: str
    """PositionConfidence (95 %) that a roadside unit states."""


LEVELS = {
    "good": Level(0.25, 0.10, 0.1, 0.98, 0.93, 0.2, 0.05, 0.005, 0.045, 0.015, 0.65, 0.2, 0.01, "a50cm"),
    "typical": Level(0.50, 0.30, 0.3, 0.95, 0.80, 0.4, 0.3, 0.020, 0.060, 0.030, 1.2, 0.4, 0.03, "a1m"),
    "poor": Level(1.00, 0.60, 0.6, 0.88, 0.65, 0.7, 1.0, 0.050, 0.120, 0.060, 2.5, 0.8, 0.06, "a2m"),
}
