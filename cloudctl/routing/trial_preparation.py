"""What a trial needs before SUMO starts: vehicles and the link to close."""

from pathlib import Path

from cloudctl.routing.errors import DiversionTrialError
from cloudctl.routing.trial_demand import busiest_link, write_demand
from maps.importers.sumo import import_sumo

AUTO = "auto"


def prepare(
    net: Path, trips: Path | None, demand: int, period: float, blocked: str, seed: int, folder: Path
) -> tuple[Path, str]:
    """Vehicles of one seed as a SUMO route file, and the link to close.

    Raises:
        DiversionTrialError: the network has no such link, or does not give so many trips.
    """
    network = import_sumo(net).network
    routes = trips.resolve() if trips else folder / f"vehicles{seed}.rou.xml"
    if trips is None:
        write_demand(network, demand, period, seed, routes)
    if blocked != AUTO and blocked not in network.link_rows:
        raise DiversionTrialError(str(net), f"no link has the id {blocked!r}")
    return routes, busiest_link(network, routes) if blocked == AUTO else blocked
