"""Turns of the way down: from the raw integers of the standard to the units and habits of vendors. All are pure."""

from datetime import UTC, datetime

from msgspec import convert

from ingest.dialects.description import ABSENT, Absent, Context, Json, Turn
from ingest.dialects.units import CHINA
from ingest.messages.common import ELEVATION_UNAVAILABLE
from ingest.messages.enumerations import EventSource, LightState, ParticipantType
from ingest.messages.positions import Position3D, PositionOffsetLLV
from ingest.timebase import full_time_of_year

_COLOURS = {
    "red": "red",
    "yellow": "yellow",
    "permissive-green": "green",
    "protected-green": "green",
    "flashing-green": "flashing-green",
    "flashing-yellow": "flashing-yellow",
    "flashing-red": "flashing-red",
    "dark": "dark",
}
_WEATHER, _VEHICLE = 3, 9
"""Classes of GB/T 29100, hundreds of eventType."""


def as_text(value: Json, _: Context) -> Json:
    """Write all numbers in a value as text, as OpenV2X's MAP has them."""
    return _text(value)


def _text(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _text(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_text(inner) for inner in value]
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def digit(names: dict[str, int]) -> Turn:
    """Make a turn from the name of an enumerated value to its number as text."""
    return lambda value, _: str(names.get(value, value) if isinstance(value, str) else value)


light_digit = digit({light.value: light.code for light in LightState})
participant_digit = digit({one.value: one.code for one in ParticipantType})
_PARTICIPANTS = [one.value for one in ParticipantType]
_SOURCES = {source.code: source.value for source in EventSource}


def participant_name(value: Json, _: Context) -> Json:
    """Name a DE_ParticipantType."""
    return _PARTICIPANTS[value] if isinstance(value, int) and 0 <= value < len(_PARTICIPANTS) else value


def source_name(value: Json, _: Context) -> Json:
    """Name a DE_EventSource."""
    return _SOURCES.get(value, "unknown") if isinstance(value, int) else value


def colour(value: Json, _: Context) -> Json:
    """DE_LightState to the colour of a light."""
    name = LightState.of_code(value).value if isinstance(value, int) else value
    return _COLOURS.get(str(name), "dark")


def _lon_lat(value: Json, context: Context) -> tuple[int, int, int | None]:
    """Read longitude, latitude (1e-7 deg) and elevation of DF_Position3D, or of an offset to the message's refPos."""
    if not isinstance(value, dict):
        raise TypeError("is no position")
    if "offsetLL" not in value:
        lon, lat = value.get("long", value.get("lon")), value["lat"]
        height = value.get("elevation")
        return int(str(lon)), int(str(lat)), None if height is None else int(str(height))
    reference = context.whole.get("refPos") if isinstance(context.whole, dict) else None
    where = _resolved(value, reference)
    return where[0], where[1], None


def _resolved(value: Json, reference: Json) -> tuple[int, int]:
    origin = convert(reference, Position3D) if reference is not None else Position3D(lat=0, long=0)
    found = convert(value, PositionOffsetLLV).offset_ll.resolve_e7(origin)
    if found is None:
        raise ValueError("holds none of its alternatives")
    return found


def lon_lat(value: Json, context: Context) -> Json:
    """Write a position as {lat, lon, ele} in 1e-7 deg and 0.1 m."""
    lon, lat, height = _lon_lat(value, context)
    made: dict[str, Json] = {"lat": lat, "lon": lon}
    return made if height is None or height == ELEVATION_UNAVAILABLE else {**made, "ele": height}


def lon_lat_degrees(value: Json, context: Context) -> Json:
    """Write a position as {lat, lon, ele} in deg."""
    lon, lat, height = _lon_lat(value, context)
    made: dict[str, Json] = {"lat": round(lat * 1e-7, 7), "lon": round(lon * 1e-7, 7)}
    return made if height is None or height == ELEVATION_UNAVAILABLE else {**made, "ele": height}


def description(value: Json, _: Context) -> Json | Absent:
    """CHOICE DF_Description to its text."""
    return next(iter(value.values())) if isinstance(value, dict) and value else ABSENT


def priority_level(value: Json, _: Context) -> Json:
    """Read the top three bits of DE_RSIPriority as a level 0..7."""
    return _octet(value) >> 5


def _octet(value: Json) -> int:
    if isinstance(value, int):
        return value & 0xFF
    text = str(value)
    return int(text, 2) if len(text) == 8 and set(text) <= {"0", "1"} else int(text.lower().removeprefix("0x"), 16)


def _time(minute: Json, context: Context) -> float:
    time = full_time_of_year(int(str(minute)), 0, context.received)
    return context.received if time is None else time


def iso_of_minute(value: Json, context: Context) -> Json:
    """DE_MinuteOfTheYear to ISO 8601 in UTC."""
    return datetime.fromtimestamp(_time(value, context), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def duration(value: Json, context: Context) -> Json:
    """DF_RSITimeDetails to the s that an event lasts from its start; 0 where its end is not said."""
    if not isinstance(value, dict) or "startTime" not in value or "endTime" not in value:
        return 0
    return max(round(_time(value["endTime"], context) - _time(value["startTime"], context)), 0)


def lasts(value: Json, context: Context) -> Json:
    """Tell of DF_RSITimeDetails whether the event lasts: its end lies ahead or is not said."""
    end = value.get("endTime") if isinstance(value, dict) else None
    return end is None or _time(end, context) + 60.0 > context.received


def event_class(value: Json, _: Context) -> Json:
    """Name the class of an event of GB/T 29100, by its hundreds, as OpenV2X does."""
    hundreds = int(str(value)) // 100
    return {_WEATHER: "AdverseWeather", _VEHICLE: "AbnormalVehicle"}.get(hundreds, "AbnormalTraffic")


def wall_clock(value: Json, context: Context) -> Json:
    """DE_TimeMark from now to the second of the local wall clock."""
    ends = context.received + int(str(value)) * 0.1
    return datetime.fromtimestamp(round(ends), CHINA).strftime("%Y-%m-%d %H:%M:%S")


def works(value: Json, _: Context) -> Json:
    """Tell of DE_IntersectionStatusObject whether the signal works: neither failure (8) nor off (9)."""
    return not (isinstance(value, str) and "1" in value[8:10])


def bits_number(value: Json, _: Context) -> Json:
    """Read a BIT STRING as a number, bit 0 being the greatest."""
    return int(str(value), 2)


def node_number(value: Json, _: Context) -> Json:
    """Write DF_NodeReferenceID as its number in text."""
    return str(value["id"]) if isinstance(value, dict) else value
