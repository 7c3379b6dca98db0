"""Positions of a message from one reference system into another, all at once: devices in China may send GCJ-02.

Every DF_Position3D, absolute offset and {lon, lat} in deg is turned. Offsets are resolved first and come out absolute:
the shift changes by more than a metre over the reach of an offset. Unavailable positions stay. Columns of BSM and RSM
are turned in `observation_buffer`; this is for everything else.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import numpy as np

from ingest.messages.common import Wire
from ingest.messages.positions import Position3D, PositionOffsetLLV
from maps.coordinates import Crs, convert

MessageT = TypeVar("MessageT", bound=Wire)
_Plain = Any
_Place = tuple[dict[str, _Plain], str, str, float]
"""Object, names of its longitude and latitude, and their unit in deg."""
_E7 = 1e-7
_REFERENCES = ("refPos", "sensorPos", "pos", "egoPos")


def shift_message(message: MessageT, source: Crs, target: Crs) -> MessageT:
    """Give the same message with its positions in another reference system."""
    plain = msgspec.to_builtins(message)
    shift_plain(plain, source, target)
    return msgspec.convert(plain, type(message))


def shift_plain(plain: _Plain, source: Crs, target: Crs) -> None:
    """Turn the positions of a message of plain values in place."""
    places: list[_Place] = []
    _collect(plain, None, places.append)
    if not places:
        return
    lon = np.array([place[place_lon] * unit for place, place_lon, _, unit in places])
    lat = np.array([place[place_lat] * unit for place, _, place_lat, unit in places])
    sane = (np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0)  # others are unavailable, or for the checks to refuse
    lon[sane], lat[sane] = convert(lon[sane], lat[sane], source, target)
    for (place, name, other, unit), x, y, good in zip(places, lon.tolist(), lat.tolist(), sane.tolist(), strict=True):
        if good:
            place[name], place[other] = (x, y) if unit == 1.0 else (round(x / unit), round(y / unit))


def _collect(value: _Plain, reference: Position3D | None, put: Callable[[_Place], None]) -> None:
    """Put every position in a part of a message; `reference` is where its offsets start."""
    if isinstance(value, list):
        for entry in value:
            _collect(entry, reference, put)
        return
    if not isinstance(value, dict) or "vert" in value:  # accelerations are called long and lat too
        return
    own = _reference(value) or reference
    if "offsetLL" in value:
        if _resolve(value, reference):
            put((value["offsetLL"]["position-LatLon"], "lon", "lat", _E7))
        return
    for name, other in (("long", "lat"), ("lon", "lat"), ("longitude", "latitude")):
        if {name, other} <= value.keys() and _are_numbers(value[name], value[other]):
            put((value, name, other, 1.0 if isinstance(value[other], float) else _E7))
            return
    for inner in value.values():
        _collect(inner, own, put)


def _reference(value: dict[str, _Plain]) -> Position3D | None:
    for name in _REFERENCES:
        inner = value.get(name)
        if isinstance(inner, dict) and {"lat", "long"} <= inner.keys():
            return Position3D(lat=inner["lat"], long=inner["long"])
    return None


def _resolve(value: dict[str, _Plain], reference: Position3D | None) -> bool:
    """Make an offset absolute and say whether it is; one that holds nothing, or has no start, stays as it is."""
    if "position-LatLon" in value["offsetLL"]:
        return True
    if reference is None:
        return False
    where = msgspec.convert(value, PositionOffsetLLV).offset_ll.resolve_e7(reference)
    if where is None:
        return False
    value["offsetLL"] = {"position-LatLon": {"lon": where[0], "lat": where[1]}}
    return True


def _are_numbers(*values: _Plain) -> bool:
    return all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
