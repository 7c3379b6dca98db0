"""Read a register of lots from GeoJSON (RFC 7946): points, or lines and areas whose middle counts; one feature a lot.

Properties have the names of `CarPark`; `entrances` is a list of [lon, lat]. A feature that cannot be used is named in
the findings and left out.
"""

from pathlib import Path

import msgspec
import shapely

from cloudctl.parking.errors import RegisterError
from cloudctl.parking.register import CarPark, check


def read_geojson(path: Path) -> tuple[list[CarPark], list[str]]:
    """Lots of a file, and what was wrong with the others.

    Raises:
        RegisterError: the file cannot be read or is no FeatureCollection.
    """
    try:
        found = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError) as fault:
        raise RegisterError(str(path), f"cannot be read: {fault}") from fault
    features = found.get("features") if isinstance(found, dict) else None
    if not isinstance(features, list):
        raise RegisterError(str(path), "is no GeoJSON FeatureCollection")
    lots: dict[str, CarPark] = {}
    problems = []
    for number, feature in enumerate(features):
        try:
            lot = _lot(feature, number)
            if lot.id in lots:
                raise RegisterError(lot.id, "stands there twice")  # noqa: TRY301  # one way out for every fault
            lots[lot.id] = lot
        except RegisterError as fault:
            problems.append(f"feature {number}: {fault}")
    return list(lots.values()), problems


def _lot(feature: object, number: int) -> CarPark:
    if not isinstance(feature, dict) or not isinstance(properties := feature.get("properties"), dict):
        raise RegisterError(f"feature {number}", "has no properties")
    name = str(properties.get("id", feature.get("id", "")))
    try:
        middle = shapely.from_geojson(msgspec.json.encode(feature.get("geometry"))).centroid
        place = {"lon": float(middle.x), "lat": float(middle.y)}
    except (shapely.errors.GEOSException, shapely.errors.ShapelyError, AttributeError, TypeError, ValueError) as fault:
        raise RegisterError(name, f"geometry cannot be used: {fault}") from fault
    entrances = properties.get("entrances", [])
    if isinstance(entrances, list):
        pairs = [pair for pair in entrances if isinstance(pair, list) and len(pair) == 2]
        entrances = [{"lon": pair[0], "lat": pair[1]} for pair in pairs] if len(pairs) == len(entrances) else entrances
    try:
        return check(msgspec.convert({**properties, **place, "id": name, "entrances": entrances}, CarPark))
    except msgspec.ValidationError as fault:
        raise RegisterError(name, str(fault)) from fault
