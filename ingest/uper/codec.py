"""Decode and encode one UPER MessageFrame of a profile (T/CSAE 53, T/CSAE 157; ITU-T X.691, unaligned)."""

from collections.abc import Callable
from functools import cache
from typing import cast

from ingest.uper import primitives, values
from ingest.uper.decoder_source import decoder_source
from ingest.uper.encoder_source import encoder_source
from ingest.uper.errors import DecodeError, EncodeError
from ingest.uper.primitives import Rare
from ingest.uper.reference_decoder import ReferenceDecoder
from ingest.uper.reference_encoder import ReferenceEncoder
from ingest.uper.schema import Profile, load_schema
from ingest.uper.source import function_name
from ingest.uper.values import Value

_Read = Callable[[int, int], tuple[Value, int]]
_Write = Callable[[Value], tuple[int, int]]

_TRIPS = (Rare, ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError)
"""What generated code raises for whatever it does not handle."""


class Codec:
    """Codec of one profile; make it with `codec_for`, which keeps one of each."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._frame = load_schema(profile)
        self._read = cast("_Read", _compiled(decoder_source(self._frame), function_name(self._frame)))
        self._write = cast("_Write", _compiled(encoder_source(self._frame), function_name(self._frame)))

    def decode(self, data: bytes) -> dict[str, Value]:
        """Return `{frame: message}` with the standard's field names.

        Raises:
            DecodeError: the bytes are truncated, too long or hold a value out of range; it names bit and field.
        """
        number = int.from_bytes(data, "big")
        try:
            value, left = self._read(number, len(data) * 8)
            if left >= 8 or number & ((1 << left) - 1):
                raise Rare  # the reference decoder says it better
        except _TRIPS:
            try:
                value = ReferenceDecoder(data).message(self._frame)
            except RecursionError as error:
                raise DecodeError("parts are nested too deeply", "", 0) from error
        return cast("dict[str, Value]", value)

    def encode(self, value: Value) -> bytes:
        """Undo `decode`.

        Raises:
            EncodeError: a field is missing, unknown, of the wrong type or out of its range; it is named.
        """
        try:
            number, width = self._write(value)
        except _TRIPS:
            return ReferenceEncoder().message(self._frame, value)
        except RecursionError as error:
            raise EncodeError("parts are nested too deeply", "") from error
        size = -(-width // 8)
        return (number << (size * 8 - width)).to_bytes(size, "big")


@cache
def codec_for(profile: Profile) -> Codec:
    """Return the codec of a profile; the first call writes and compiles its code, about 0.2 s."""
    return Codec(profile)


def _compiled(source: str, name: str) -> object:
    scope: dict[str, object] = {**vars(primitives), **vars(values)}
    exec(compile(source, f"<uper {name}>", "exec"), scope)  # noqa: S102  # the source is made here from our own schema
    return scope[name]
