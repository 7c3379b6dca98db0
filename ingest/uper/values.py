"""How values of the abstract syntax look in JSON."""

from functools import lru_cache

Value = int | bool | str | list["Value"] | dict[str, "Value"]


def text_from_octets(octets: bytes, *, named: bool) -> str:
    """Return hex digits, or the characters themselves where a device id of 8 octets is printable ASCII."""
    if named and octets.isascii():
        text = octets.decode("ascii")
        if text.isprintable():
            return text
    return octets.hex()


def octets_from_text(text: Value, *, named: bool) -> bytes | None:
    """Undo `text_from_octets`; None where `text` is neither."""
    if not isinstance(text, str):
        return None
    if named and len(text) == 8 and text.isascii():
        return text.encode("ascii")
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None


@lru_cache(maxsize=1 << 16)
def device_id_text(number: int) -> str:
    """Return the text of a device id read as a number of 64 bits; devices repeat theirs ten times a second."""
    return text_from_octets(number.to_bytes(8, "big"), named=True)


@lru_cache(maxsize=1 << 16)
def device_id_number(text: str) -> int:
    """Undo `device_id_text`.

    Raises:
        ValueError: the text is no device id.
    """
    octets = octets_from_text(text, named=True)
    if octets is None or len(octets) != 8:
        raise ValueError(text)
    return int.from_bytes(octets, "big")
