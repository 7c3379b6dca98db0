"""Functional class of a road from what a source says of it.

Chinese practice (CJJ 37-2012, 3.1.1): expressway 快速路, arterial 主干路, collector 次干路, local 支路; OpenStreetMap
maps them to trunk, primary, secondary and tertiary in China.
"""

from maps.network import RoadClass
from maps.participants import MOTOR_KINDS

_BY_WORD = {
    "motorway": RoadClass.EXPRESSWAY,
    "trunk": RoadClass.EXPRESSWAY,
    "expressway": RoadClass.EXPRESSWAY,
    "primary": RoadClass.ARTERIAL,
    "arterial": RoadClass.ARTERIAL,
    "secondary": RoadClass.COLLECTOR,
    "collector": RoadClass.COLLECTOR,
    "tertiary": RoadClass.LOCAL,
    "unclassified": RoadClass.LOCAL,
    "residential": RoadClass.LOCAL,
    "living_street": RoadClass.LOCAL,
    "service": RoadClass.LOCAL,
    "local": RoadClass.LOCAL,
    "footway": RoadClass.PATH,
    "cycleway": RoadClass.PATH,
    "pedestrian": RoadClass.PATH,
    "path": RoadClass.PATH,
    "steps": RoadClass.PATH,
}
_EXPRESS_SPEED = 19.0
_ARTERIAL_SPEED = 15.0
_COLLECTOR_SPEED = 12.0


def class_from_type(text: str) -> RoadClass:
    """Class that a type text such as `highway.primary_link` names; UNKNOWN where it names none."""
    words = text.lower().replace("|", ".").replace(":", ".").split(".")
    found = (_BY_WORD.get(word.removesuffix("_link")) for word in words)
    return next((road_class for road_class in found if road_class is not None), RoadClass.UNKNOWN)


def guess_class(*, speed: float, lanes: int, allowed: int) -> RoadClass:
    """Class that fits the speed limit (m/s), the number of lanes for motor traffic and who may use them."""
    if not allowed & MOTOR_KINDS:
        return RoadClass.PATH
    if speed >= _EXPRESS_SPEED and lanes > 1:
        return RoadClass.EXPRESSWAY
    if speed >= _ARTERIAL_SPEED or lanes > 2:
        return RoadClass.ARTERIAL
    if speed >= _COLLECTOR_SPEED:
        return RoadClass.COLLECTOR
    return RoadClass.LOCAL
