"""What an import found, what it had to guess and what it left out."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from maps.network import RoadNetwork


@dataclass
class ImportReport:
    """Counts of one import, by name; filled while the importer works."""

    counts: dict[str, int] = field(default_factory=dict)
    """Rows of each table of the network."""
    guessed: Counter[str] = field(default_factory=Counter)
    """Values that the source lacks and the importer chose."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Parts of the source that the network does not carry."""

    def as_dict(self) -> dict[str, dict[str, int]]:
        """Plain form for JSON."""
        return {"counts": dict(self.counts), "guessed": dict(+self.guessed), "dropped": dict(+self.dropped)}


class Imported(NamedTuple):
    """A network and how it came about."""

    network: RoadNetwork
    report: ImportReport


def count_tables(network: RoadNetwork) -> dict[str, int]:
    """Rows of each table of `network`, by the table's name."""
    return {
        "nodes": len(network.nodes.id),
        "links": len(network.links.id),
        "lanes": len(network.lanes.id),
        "connections": len(network.connections.from_lane),
        "signals": len(network.signals.id),
        "groups": len(network.groups.signal),
        "program_steps": len(network.program.signal),
        "crossings": len(network.crossings.id),
        "stops": len(network.stops.id),
        "car_parks": len(network.car_parks.id),
    }
