"""The vehicles of a trial: which are guided, and their routes as SUMO reads and writes them."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from cloudctl.routing.errors import DiversionTrialError
from cloudctl.routing.trial_order import TrialOrder, Way


def is_guided(name: str, share: float, seed: int) -> bool:
    """Whether a vehicle belongs to the guided share: the same ones for every way of guiding, more with more share."""
    return zlib.crc32(f"{seed}:{name}".encode()) / 2**32 < share


def write_vehicles(order: TrialOrder, path: Path) -> dict[str, tuple[str, ...]]:
    """Copy the vehicles to `path`, with SUMO's device for the guided share where it leads; give their routes."""
    routes: dict[str, tuple[str, ...]] = {}
    rows: list[str] = []
    for name, depart, edges in read_vehicles(order.routes):
        routes[name] = tuple(edges.split())
        guided = order.way is Way.DEVICE and is_guided(name, order.share, order.seed)
        device = '<param key="has.rerouting.device" value="true"/>' if guided else ""
        rows.append(
            f'<vehicle id="{name}" depart="{depart}" type="car" departLane="best" departSpeed="max">'
            f'<route edges="{edges}"/>{device}</vehicle>'
        )
    head = '<routes>\n<vType id="car" vClass="passenger"/>\n'
    path.write_text(head + "\n".join(rows) + "\n</routes>\n", encoding="utf-8")
    return routes


def read_vehicles(path: Path) -> Iterator[tuple[str, str, str]]:
    """Name, departure (s) and edges of every vehicle of a route file.

    Raises:
        DiversionTrialError: the file is not readable, or a vehicle has no route of its own.
    """
    try:
        for _, element in ET.iterparse(path):  # noqa: S314  # a file that the user names
            if element.tag == "vehicle":
                route = element.find("route")
                if route is None:
                    raise DiversionTrialError(str(path), f"vehicle {element.get('id')!r} has no route")
                yield element.get("id", ""), element.get("depart", "0"), route.get("edges", "")
                element.clear()
    except (OSError, ET.ParseError) as error:
        raise DiversionTrialError(str(path), str(error)) from error
