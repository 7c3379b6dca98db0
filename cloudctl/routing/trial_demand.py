"""Demand for a trial: trips between random links, weighted by length, each with its quickest way on free roads."""

from pathlib import Path

import numpy as np

from cloudctl.routing.errors import DiversionTrialError
from cloudctl.routing.trial_vehicles import read_vehicles
from maps.errors import NoRouteError
from maps.network import RoadNetwork
from maps.participants import ParticipantKind
from maps.routing import Router

LEAST_WAY = 1500.0
"""Trips are at least this long by air, m."""
STUB = 30.0
"""Nobody sets out or arrives on shorter links, m."""
_TRIES = 30


def write_demand(network: RoadNetwork, count: int, period: float, seed: int, path: Path) -> None:
    """Write `count` trips that set out over `period` s to `path`, in SUMO's form.

    Raises:
        DiversionTrialError: the network does not give so many trips.
    """
    rng = np.random.default_rng((seed, 21))
    router, links = Router(network), network.links
    middle = network.points[links.shape_start + links.shape_count // 2]
    open_to = np.bitwise_or.reduceat(network.lanes.allowed, links.lane_start) & np.uint32(ParticipantKind.CAR.bit)
    fit = np.flatnonzero((links.length >= STUB) & (open_to > 0))
    if len(fit) < 2:
        raise DiversionTrialError(network.name, "no two links for cars that are long enough")
    weight = links.length[fit] / links.length[fit].sum(dtype=np.float64)
    rows: list[str] = []
    for _ in range(_TRIES * count):
        if len(rows) == count:
            break
        start, end = rng.choice(fit, 2, p=weight / weight.sum()).tolist()
        if np.hypot(*(middle[start] - middle[end])) < LEAST_WAY:
            continue
        try:
            route = router.route(start, end)
        except NoRouteError:
            continue
        depart = period * len(rows) / count
        edges = " ".join(links.id[route.links].tolist())
        rows.append(f'<vehicle id="{len(rows)}" depart="{depart:.2f}"><route edges="{edges}"/></vehicle>')
    if len(rows) < count:
        raise DiversionTrialError(network.name, f"{len(rows)} of {count} trips found that are {LEAST_WAY:.0f} m long")
    path.write_text("<routes>\n" + "\n".join(rows) + "\n</routes>\n", encoding="utf-8")


def busiest_link(network: RoadNetwork, routes: Path) -> str:
    """Id of the link that most routes lead over, of those long enough to close; the most lanes win where equal.

    Raises:
        DiversionTrialError: no route leads over a link of this network.
    """
    used = np.zeros(len(network.links.id))
    for _, _, edges in read_vehicles(routes):
        rows = [network.link_rows[edge] for edge in edges.split() if edge in network.link_rows]
        used[rows[1:-1]] += 1
    used[network.links.length < 10 * STUB] = 0
    if not used.any():
        raise DiversionTrialError(str(routes), "no route leads over a link that could be closed")
    return str(network.links.id[np.lexsort((network.links.lane_count, used))[-1]])
