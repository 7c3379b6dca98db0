"""What keeps trucks off OpenStreetMap ways (OpenStreetMap wiki, "Key:maxheight", "Key:maxweight" and "Key:hgv").

Without a unit heights are metres and weights tonnes; feet and inches, kilograms, pounds and short tons are read too.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from cloudctl.errors import CloudctlError
from maps.network import Limits, RoadNetwork
from maps.participants import ParticipantKind


class Limit(NamedTuple):
    """What a way bears; NaN where it has no limit of a kind."""

    height: float
    """m"""
    weight: float
    """t"""
    no_trucks: bool = False


class LimitError(CloudctlError):
    """A limit is neither a number nor a word that stands for none."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(f"{key} {text!r} is no limit")
        self.key = key
        self.text = text


_HEIGHT_KEYS = ("maxheight", "maxheight:physical")
_WEIGHT_KEYS = ("maxweight", "maxweightrating", "maxweightrating:hgv")
_NO_LIMIT = {"none", "no", "default", "below_default", "no_sign", "no_indications", "unsigned"}
_CLOSED = {"no", "private"}
_UNITS = {"": 1.0, "m": 1.0, "cm": 0.01, "ft": 0.3048, "t": 1.0, "kg": 0.001, "lbs": 0.00045359237, "st": 0.90718474}
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*(m|cm|ft|t|kg|lbs|st)?")
_FEET = re.compile(r"(\d+)\s*'\s*(?:(\d+)\s*(?:\"|'')?)?")
_WAY = re.compile(r"-?(\d+)")


def limit_of(tags: Mapping[str, str]) -> Limit | None:
    """Strictest limits that the tags of a way name; None where nothing keeps trucks off.

    Raises:
        LimitError: a tag is not readable.
    """
    height = _strictest(tags, _HEIGHT_KEYS)
    weight = _strictest(tags, _WEIGHT_KEYS)
    limit = Limit(height, weight, no_trucks=tags.get("hgv") in _CLOSED)
    return limit if limit.no_trucks or not (math.isnan(height) and math.isnan(weight)) else None


def with_limits(network: RoadNetwork, ways: Mapping[str, Limit]) -> RoadNetwork:
    """Network that netconvert made of OpenStreetMap ways, with their limits; link ids begin with the id of the way."""
    found = [
        (row, ways[way.group(1)])
        for name, row in network.link_rows.items()
        if (way := _WAY.match(name)) is not None and way.group(1) in ways
    ]
    bounded = [(row, limit) for row, limit in found if not (math.isnan(limit.height) and math.isnan(limit.weight))]
    limits = Limits(
        link=np.array([row for row, _ in bounded], np.int32),
        height=np.array([limit.height for _, limit in bounded], np.float32),
        weight=np.array([limit.weight for _, limit in bounded], np.float32),
    )
    closed = np.isin(network.lanes.link, [row for row, limit in found if limit.no_trucks])
    allowed = np.where(closed, network.lanes.allowed & ~np.uint32(ParticipantKind.TRUCK.bit), network.lanes.allowed)
    return replace(network, limits=limits, lanes=replace(network.lanes, allowed=allowed))


def _strictest(tags: Mapping[str, str], keys: tuple[str, ...]) -> float:
    values = [_value(key, tags[key]) for key in keys if key in tags]
    return min((value for value in values if not math.isnan(value)), default=math.nan)


def _value(key: str, text: str) -> float:
    plain = text.strip().lower().replace(",", ".")
    if plain in _NO_LIMIT:
        return math.nan
    feet, number = _FEET.fullmatch(plain), _NUMBER.fullmatch(plain)
    if feet:
        return (int(feet.group(1)) + int(feet.group(2) or 0) / 12) * _UNITS["ft"]
    if number is None or float(number.group(1)) == 0:
        raise LimitError(key, text)
    return float(number.group(1)) * _UNITS[number.group(2) or ""]
