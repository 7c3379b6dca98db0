"""Classes of vehicles and what each may use (路径优先级): who, how big, at which hours, out of which zones.

The rules file is JSON: `{"classes": {"heavy_truck": {"kind": "TRUCK", "height_m": 4.0, "weight_t": 25,
"road_classes": [...], "closed_links": [...], "closed_hours": [[7, 9], [17, 20]], "closed_zones": ["centre"]}},
"zones": {"centre": [[lon, lat], ...]}}`. A class of the file replaces the one of the same name; hours are local ones.
"""

from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from cloudctl.routing.errors import UnknownClassError, VehicleRulesError
from maps.link_limits import LinkLimits, VehicleBody
from maps.network import RoadNetwork
from maps.participants import ParticipantKind


class ClassRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rules of one class."""

    kind: str = "CAR"
    """Name of a `ParticipantKind`, whose lanes it may use."""
    height_m: float = 0.0
    weight_t: float = 0.0
    pace: float = 1.0
    """Its time on free roads as a multiple of a car's."""
    delay: float = 1.0
    """Part of the delay by traffic and lights that it suffers; a vehicle with blue lights suffers less."""
    closed_links: tuple[str, ...] = ()
    closed_zones: tuple[str, ...] = ()
    """Areas that it keeps out of, at `closed_hours` where there are any, else always; ends inside are still served."""
    closed_hours: tuple[tuple[float, float], ...] = ()
    """Hours of the day, from and before."""
    corridor: bool = False
    """Whether a green corridor may be opened for it."""


class RulesFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file holds."""

    classes: dict[str, ClassRules] = {}
    zones: dict[str, list[tuple[float, float]]] = {}
    """Corners of areas, deg."""


CLASSES = {
    "car": ClassRules(),
    "emergency": ClassRules(kind="SPECIAL", pace=0.9, delay=0.4, corridor=True),
    "bus": ClassRules(kind="BUS", height_m=3.2, weight_t=18.0, pace=1.15),
    "heavy_truck": ClassRules(kind="TRUCK", height_m=4.0, weight_t=31.0, pace=1.2),
    "works": ClassRules(kind="TRUCK", height_m=3.5, weight_t=18.0, pace=1.3),
}
"""The classes without a file; their restrictions are those that the map carries."""


class VehicleClasses:
    """The classes on one network."""

    def __init__(self, network: RoadNetwork, rules: RulesFile | None = None) -> None:
        self._network = network
        self._rules = rules or RulesFile()
        self.classes = CLASSES | self._rules.classes
        self._limits = LinkLimits.of(network)

    def find(self, name: str) -> ClassRules:
        """Rules of a class; raises UnknownClassError."""
        if name not in self.classes:
            raise UnknownClassError(name, tuple(self.classes))
        return self.classes[name]

    def kind(self, rules: ClassRules) -> ParticipantKind:
        """Whose lanes a class uses; those of cars where the map has no kind of this name."""
        return ParticipantKind.__members__.get(rules.kind, ParticipantKind.CAR)

    def closed(
        self, rules: ClassRules, hour: float, height: float | None = None, weight: float | None = None
    ) -> NDArray[np.int32]:
        """Rows of the links closed to a class at an hour of the day; height (m) and weight (t) replace the usual."""
        body = VehicleBody(rules.height_m if height is None else height, rules.weight_t if weight is None else weight)
        named = [self._network.link_rows[link] for link in rules.closed_links if link in self._network.link_rows]
        parts = [self._limits.closed_to(body), np.array(named, np.int32)]
        if not rules.closed_hours or any(begin <= hour < end for begin, end in rules.closed_hours):
            parts += [self._inside[zone] for zone in rules.closed_zones]
        return np.unique(np.concatenate(parts)).astype(np.int32)

    @cached_property
    def _inside(self) -> dict[str, NDArray[np.int32]]:
        """Rows of the links whose middle lies in each zone."""
        links, network = self._network.links, self._network
        middle = network.points[links.shape_start + links.shape_count // 2]
        lon, lat = network.plane.inverse(middle[:, 0], middle[:, 1])
        return {
            name: np.flatnonzero(shapely.contains_xy(shapely.Polygon(corners), lon, lat)).astype(np.int32)
            for name, corners in self._rules.zones.items()
        }


def read_rules(path: Path | None) -> RulesFile:
    """Read the rules file; without one nothing is added to the map's own restrictions.

    Raises:
        VehicleRulesError: it is not readable, or names a zone that it does not have.
    """
    if path is None:
        return RulesFile()
    try:
        rules = msgspec.json.decode(path.read_bytes(), type=RulesFile)
    except (OSError, msgspec.MsgspecError) as error:
        raise VehicleRulesError(str(path), str(error)) from error
    for name, each in rules.classes.items():
        for zone in each.closed_zones:
            if len(rules.zones.get(zone, ())) < 3:
                raise VehicleRulesError(str(path), f"class {name!r} names zone {zone!r}, which has no area")
        if each.kind not in ParticipantKind.__members__:
            raise VehicleRulesError(str(path), f"class {name!r} is of kind {each.kind!r}, which is unknown")
    return rules
