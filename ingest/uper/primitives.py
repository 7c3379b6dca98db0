"""What the generated code calls: values whose length is in the message."""

from collections.abc import Callable
from functools import lru_cache

from ingest.uper.values import Value, octets_from_text, text_from_octets


class Rare(Exception):  # noqa: N818  # no error: it asks the reference codec to look
    """The generated code does not handle this; the reference codec does."""


def read_length(n: int, r: int) -> tuple[int, int]:
    """Read a length without bound (X.691, 11.9)."""
    r -= 8
    first = n >> r & 0xFF
    if first < 0x80:
        return first, r
    if first >= 0xC0:
        raise Rare
    r -= 8
    return (first & 0x3F) << 8 | n >> r & 0xFF, r


def read_text(n: int, r: int, lo: int, hi: int) -> tuple[str, int]:
    """Read an IA5String, 7 bits a character."""
    width = (hi - lo).bit_length()
    r -= width
    count = (n >> r & ((1 << width) - 1)) + lo
    if count > hi:
        raise Rare
    r -= 7 * count
    number = n >> r
    return "".join(chr(number >> shift & 0x7F) for shift in range(7 * (count - 1), -1, -7)), r


def read_octets(n: int, r: int, lo: int, hi: int, extensible: bool) -> tuple[str, int]:
    """Read an OCTET STRING of a size between bounds."""
    width = (hi - lo).bit_length() + extensible
    r -= width
    count = (n >> r & ((1 << width) - 1)) + lo
    if count > hi:
        raise Rare
    r -= 8 * count
    octets = (n >> r & ((1 << 8 * count) - 1)).to_bytes(count, "big")
    return text_from_octets(octets, named=lo == hi == 8), r


def read_extensible(n: int, r: int, lo: int, hi: int) -> tuple[int, int]:
    """Read an INTEGER with an extension marker that is not set."""
    width = (hi - lo).bit_length() + 1
    r -= width
    value = n >> r & ((1 << width) - 1)
    if value > hi - lo:
        raise Rare
    return value + lo, r


def read_open(n: int, r: int, read: Callable[[int, int], tuple[Value, int]]) -> tuple[Value, int]:
    """Read an open type: a length and a whole encoding of its own (X.691, 11.2)."""
    size, r = read_length(n, r)
    r -= size * 8
    inner = n >> r & ((1 << size * 8) - 1)
    value, left = read(inner, size * 8)
    if left >= 8 or inner & ((1 << left) - 1):
        raise Rare
    return value, r


@lru_cache(maxsize=4096)
def bits_number(text: str, size: int) -> int:
    """Return the number that a string of 0 and 1 spells."""
    if len(text) != size or set(text) - {"0", "1"}:
        raise Rare
    return int(text, 2)


def length_pair(length: int) -> tuple[int, int]:
    """Return number and width of a length without bound."""
    if length < 0x80:
        return length, 8
    if length < 0x4000:
        return 0x8000 | length, 16
    raise Rare


def open_pair(pair: tuple[int, int]) -> tuple[int, int]:
    """Return number and width of an open type with this content."""
    number, width = pair
    size = max(1, -(-width // 8))
    length, length_width = length_pair(size)
    return length << size * 8 | number << (size * 8 - width), length_width + size * 8


@lru_cache(maxsize=4096)
def text_pair(text: str, lo: int, hi: int) -> tuple[int, int]:
    """Return number and width of an IA5String."""
    if not (lo <= len(text) <= hi and text.isascii()):
        raise Rare
    width = (hi - lo).bit_length()
    number = len(text) - lo
    for character in text:
        number = number << 7 | ord(character)
    return number, width + 7 * len(text)


def octets_pair(text: str, lo: int, hi: int, extensible: bool) -> tuple[int, int]:
    """Return number and width of an OCTET STRING of a size between bounds."""
    octets = octets_from_text(text, named=lo == hi == 8)
    if octets is None or not lo <= len(octets) <= hi:
        raise Rare
    width = (hi - lo).bit_length() + extensible
    return (len(octets) - lo) << 8 * len(octets) | int.from_bytes(octets, "big"), width + 8 * len(octets)
