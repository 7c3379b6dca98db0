"""Take names of vehicles out of texts and messages, and find them there. Pure.

A name counts where it stands whole: `CAR1` is not in `CAR12`. In UPER an id starts at any bit, so bytes are searched at
all eight.
"""

import re
from collections.abc import Iterable, Mapping

import msgspec

ANONYMOUS = "anonymous"
"""What stands in the place of a name that must not be known."""
_PLATE_KEYS = frozenset({"vehicleLicencePlateNumber", "plate", "plateNo", "plateNumber", "licensePlate", "carNumber"})
_NAME_KEYS = frozenset({"id", "vehId", "vehicle", "vid", "obuId", "leadingVehId"})
_EDGE = "A-Za-z0-9_-"


def whole_word(names: Iterable[str]) -> re.Pattern[str]:
    """Make a pattern that finds any of the names where it stands whole."""
    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)) or r"(?!)"
    return re.compile(f"(?<![{_EDGE}])(?:{either})(?![{_EDGE}])")


def rename(value: object, new_names: Mapping[str, str]) -> object:
    """Put new names in the place of old ones in all texts of a decoded JSON value; plates go altogether."""
    return _rename(value, whole_word(new_names), new_names)


def rename_text(text: str, new_names: Mapping[str, str]) -> str:
    """Put new names in the place of old ones in a text."""
    return whole_word(new_names).sub(lambda found: new_names[found[0]], text)


def _rename(value: object, pattern: re.Pattern[str], new_names: Mapping[str, str]) -> object:
    if isinstance(value, str):
        return pattern.sub(lambda found: new_names[found[0]], value)
    if isinstance(value, Mapping):
        return {
            key: ANONYMOUS if key in _PLATE_KEYS else _rename(each, pattern, new_names) for key, each in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_rename(each, pattern, new_names) for each in value]
    return value


def names_in(payload: bytes) -> frozenset[str]:
    """Give what a JSON message calls vehicles by; nothing where it is no JSON."""
    try:
        return frozenset(_names(msgspec.json.decode(payload)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return frozenset()


def _names(value: object) -> Iterable[str]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key in _NAME_KEYS and isinstance(each, str):
                yield each
            else:
                yield from _names(each)
    elif isinstance(value, list):
        for each in value:
            yield from _names(each)


def mentions(payload: bytes, names: Iterable[str]) -> bool:
    """Tell whether bytes hold one of the names: as a whole word, or as packed bits."""
    wanted = list(names)
    pattern = re.compile(
        b"(?<![%(edge)s])(?:%(either)s)(?![%(edge)s])"
        % {b"edge": _EDGE.encode(), b"either": b"|".join(re.escape(name.encode()) for name in wanted) or b"(?!)"}
    )
    return bool(pattern.search(payload)) or any(_holds_shifted(payload, name.encode()) for name in wanted)


def _holds_shifted(payload: bytes, name: bytes) -> bool:
    """Tell whether a name of at least four bytes stands in packed bits, off the byte borders."""
    if len(name) < 4 or len(payload) <= len(name):
        return False
    whole = int.from_bytes(payload)
    size = len(payload)
    return any(name in ((whole << shift) & ((1 << 8 * size) - 1)).to_bytes(size) for shift in range(1, 8))
