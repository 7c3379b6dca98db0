"""Parameters of fusion as the settings say."""

from cloudctl.settings import TrafficSettings
from fusion.cycle import FusionParameters
from fusion.traffic_parameters import LevelThresholds, TrafficParameters


def fusion_parameters(traffic: TrafficSettings) -> FusionParameters:
    """Make the parameters of a fusion cycle."""
    levels = LevelThresholds(
        expressway=traffic.expressway_kmh,
        arterial=traffic.arterial_kmh,
        minor=traffic.minor_kmh,
        share_of_limit=traffic.share_of_limit,
        control_delay=traffic.control_delay_s,
    )
    return FusionParameters(traffic=TrafficParameters(levels=levels, level_window=traffic.level_window_s))
