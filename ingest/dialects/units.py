"""Turns: from the units and habits of vendors to the raw integers of the standard. All are pure."""

from datetime import UTC, datetime, timedelta, timezone
from zlib import crc32

from ingest.dialects.description import ABSENT, Absent, Context, Json, Turn
from ingest.messages.common import ELEVATION_UNAVAILABLE, LATITUDE_UNAVAILABLE, LONGITUDE_UNAVAILABLE
from ingest.timebase import minute_of_year

CHINA = timezone(timedelta(hours=8))
"""Local time of wall clocks."""

_GREATEST_DEGREES = 180
_LIKELY_TIMES = (1e9, 1e11)
"""Epoch seconds between 2001 and 5138; greater numbers are ms."""


def number(value: Json) -> int | float:  # the two are told apart
    """Read a number, also where it is written as text; ValueError where it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError("is no number")  # noqa: TRY004  # one error for all turns
    try:
        return value if isinstance(value, (int, float)) else int(value)
    except ValueError:
        return float(value)


def whole(value: Json, _: Context) -> Json:
    """Read a whole number, also where it is written as text or as 3.0."""
    found = number(value)
    if found != round(found):
        raise ValueError("is no whole number")
    return round(found)


def scaled(unit: float, unavailable: int | None = None) -> Turn:
    """Make a turn that counts in `unit`; negative values keep their sign."""

    def turn(value: Json, _: Context) -> Json:
        found = number(value)
        return unavailable if found != found else round(found / unit)  # noqa: PLR0124  # NaN is not itself

    return turn


def size_of(unit: float) -> Turn:
    """Make a turn for the size of a body, m; 0 (unknown) where it is negative."""
    return lambda value, _: max(round(number(value) / unit), 0)


speed_mps = scaled(0.02)
"""m/s to DE_Speed."""
speed_kmh = scaled(0.02 * 3.6)
"""km/h to DE_Speed."""


def speed_signed(value: Json, _: Context) -> Json:
    """m/s towards or away from a sensor to DE_Speed."""
    return round(abs(number(value)) / 0.02)


def heading_degrees(value: Json, _: Context) -> Json:
    """Deg clockwise from north to DE_Heading."""
    return round(number(value) % 360.0 / 0.0125) % 28800


def degrees_e7(value: Json) -> int:
    """Read a latitude or longitude that may be in degrees or in 1e-7 deg.

    A fraction, or a number that no place on land has in 1e-7 deg, is in degrees.
    """
    found = number(value)
    in_degrees = isinstance(found, float) or abs(found) <= _GREATEST_DEGREES
    return round(found * 1e7) if in_degrees else round(found)


def _member(value: Json, *names: str) -> Json | Absent:
    if not isinstance(value, dict):
        raise TypeError("is no object")
    return next((value[name] for name in names if value.get(name) is not None), ABSENT)


def _lon_lat(value: Json) -> tuple[int, int]:
    lon, lat = _member(value, "lon", "long", "longitude", "pos_lon"), _member(value, "lat", "latitude", "pos_lat")
    if isinstance(lon, Absent) or isinstance(lat, Absent):
        raise TypeError("lacks latitude or longitude")
    return degrees_e7(lon), degrees_e7(lat)


def position(value: Json, _: Context) -> Json:
    """Make DF_Position3D of an object with lat and lon in any of their spellings and units."""
    lon, lat = _lon_lat(value)
    made: dict[str, Json] = {"lat": lat, "long": lon}
    height = _member(value, "ele", "elevation")
    if not isinstance(height, Absent):
        raw = round(number(height))
        made["elevation"] = max(raw, ELEVATION_UNAVAILABLE)
    return made


def place(value: Json, _: Context) -> Json:
    """Make DF_PositionOffsetLLV, absolute, of such an object."""
    lon, lat = _lon_lat(value)
    return {"offsetLL": {"position-LatLon": {"lon": lon, "lat": lat}}}


def offset(value: Json, context: Context) -> Json:
    """Read the CHOICE DF_PositionOffsetLLV with numbers as text, or a plain object with lat and lon."""
    choice = _member(value, "offsetLL")
    if isinstance(choice, Absent):
        return place(value, context)
    if not isinstance(choice, dict) or len(choice) != 1:
        raise ValueError("offsetLL holds not one alternative")
    ((name, inner),) = choice.items()
    if name == "position-LatLon":
        return place(inner, context)
    lon, lat = _member(inner, "lon"), _member(inner, "lat")
    if isinstance(lon, Absent) or isinstance(lat, Absent):
        raise TypeError("lacks latitude or longitude")
    return {"offsetLL": {name: {"lon": whole(lon, context), "lat": whole(lat, context)}}}


NOWHERE: Json = {"lat": LATITUDE_UNAVAILABLE, "long": LONGITUDE_UNAVAILABLE}
"""DF_Position3D that says: unavailable."""


def word(value: Json, _: Context) -> Json:
    """Read an enumerated value: its name, its number, or its number as text."""
    if isinstance(value, str) and value.strip().isdigit():
        return int(value)
    return value


def only_key(value: Json, context: Context) -> Json:
    """Read an enumerated value that XML tools write as `{"name": null}`."""
    if isinstance(value, dict) and len(value) == 1:
        return next(iter(value))
    return word(value, context)


def bits(size: int) -> Turn:
    """Make a turn for a BIT STRING that is read as a number, bit 0 being the greatest; text of bits stays."""

    def turn(value: Json, _: Context) -> Json:
        if isinstance(value, str) and len(value) == size:
            return value
        if isinstance(value, bool):
            return "0" * size
        found = round(number(value))
        if not 0 <= found < 1 << size:
            raise ValueError(f"has more than {size} bits")
        return f"{found:0{size}b}"

    return turn


def node(value: Json, context: Context) -> Json:
    """Read DF_NodeReferenceID: an object, a number, or a number as text."""
    if not isinstance(value, dict):
        return {"id": whole(value, context)}
    return {name: whole(value[name], context) for name in ("region", "id") if value.get(name) is not None}


def text_id(value: Json, _: Context) -> Json:
    """Read an id that may be a number."""
    return value if isinstance(value, str) else str(round(number(value)))


def octet(value: Json, _: Context) -> Json:
    """Squeeze an id into one octet: its low bits where it is a number, a checksum of it otherwise."""
    if isinstance(value, str) and not value.strip().isdigit():
        return crc32(value.encode()) & 0xFF
    return round(number(value)) & 0xFF


def object_id(value: Json, _: Context) -> Json:
    """Squeeze the number of a track into ptcId, 1..65535."""
    return (round(number(value)) - 1) % 65535 + 1


def priority_level(value: Json, _: Context) -> Json:
    """Level 0..7 to the top three bits of one octet."""
    return min(max(round(number(value)), 0), 7) << 5


def epoch_ms(value: Json, _: Context) -> Json:
    """Read a time: epoch ms, epoch s, or ISO 8601 text (without zone: UTC)."""
    return round(epoch(value) * 1000.0)


def epoch(value: Json) -> float:
    """Read a time as UTC epoch s."""
    if isinstance(value, str) and not value.strip().lstrip("-").replace(".", "", 1).isdigit():
        time = datetime.fromisoformat(value)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
    found = number(value)
    low, high = _LIKELY_TIMES
    return float(found) if low <= found < high else found * 0.001


def mark_of_epoch(value: Json, _: Context) -> Json:
    """Time to DE_DSecond."""
    return round(epoch(value) * 1000.0) % 60_000


def minute_of_epoch(value: Json, _: Context) -> Json:
    """Time to DE_MinuteOfTheYear."""
    return minute_of_year(epoch(value))[0]


def until_wall_clock(value: Json, context: Context) -> Json:
    """Second of the local wall clock to DE_TimeMark: 0.1 s from now, 36000 where it is more than an hour ahead."""
    time = datetime.fromisoformat(str(value))
    ahead = (time if time.tzinfo else time.replace(tzinfo=CHINA)).timestamp() - context.received
    return min(max(round(ahead * 10.0), 0), 36_000)


def description(value: Json, _: Context) -> Json | Absent:
    """Text to CHOICE DF_Description; nothing where it is empty."""
    text = str(value)
    if not text.strip():
        return ABSENT
    return {"textString" if text.isascii() else "textGB2312": text[:512]}
