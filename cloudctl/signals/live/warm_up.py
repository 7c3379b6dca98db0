"""Compiles what recommendations need before the first picture."""

from cloudctl.signals.catalogue import strategy_named
from cloudctl.signals.live.area import Area
from cloudctl.signals.live.network_layout import programs_of
from maps.network import RoadNetwork


def warm_up(network: RoadNetwork) -> None:
    """Decide once on one signal of the network, where it has one; nothing of it is kept."""
    programs = programs_of(network)
    for row in programs:
        area = Area(network, programs, [row], strategy_named("default"))
        if area.rows:
            area.warm_up()
            return
