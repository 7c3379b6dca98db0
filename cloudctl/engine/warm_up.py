"""Everything that is compiled at first use is used once before the first beat."""

import gc

from cloudctl.advice.live_routes import LiveRoutes
from cloudctl.parking.prediction import look_ahead, rates_ahead
from cloudctl.routing.warm_up import warm_up as warm_up_routing
from cloudctl.signals.live.warm_up import warm_up as warm_up_signals
from cloudctl.transit.passage import warm_up as warm_up_transit
from fusion.warm_up import warm_up as warm_up_fusion
from maps.network import RoadNetwork


def warm_up(network: RoadNetwork) -> None:
    """Fuse a few road users for a moment and look for a route; nothing of it is kept."""
    if len(network.links.id) == 0:
        return
    warm_up_fusion(network)
    warm_up_signals(network)
    warm_up_transit()
    warm_up_routing(network)
    routes = LiveRoutes(network)
    seconds = network.links.length / network.links.speed
    routes.find(0, len(network.links.id) - 1, seconds)
    routes.times_from(0, seconds)
    look_ahead(1, 2, rates_ahead(None, (False, 0.0), 60.0, 1, 0.0))


def set_aside() -> None:
    """Spare the garbage collector all that stands now and stays.

    Network, code and compiler make some 300,000 objects; looking through them holds a beat up for more than 0.1 s.
    """
    gc.collect()
    gc.freeze()
