"""`cloudctl decode` and `cloudctl encode`: one UPER message to JSON and back."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ingest.uper.schema import Profile

_PROFILE = typer.Option(help="Edition of the message layer: v3, v4, vn4 or d2 (with Day II).")


def decode(
    message: Annotated[str, typer.Argument(metavar="HEX", help="One UPER MessageFrame as hex digits.")],
    profile: Annotated[Profile, _PROFILE] = Profile.V4,
) -> None:
    """Print one UPER message as JSON with the standard's field names."""
    import orjson

    from cloudctl.errors import CloudctlError
    from ingest.uper.codec import codec_for

    try:
        data = bytes.fromhex(message)
    except ValueError as error:
        raise CloudctlError(f"{message[:40]!r} is no row of hex digits") from error
    print(orjson.dumps(codec_for(profile).decode(data), option=orjson.OPT_INDENT_2).decode())


def encode(
    source: Annotated[str, typer.Argument(metavar="FILE|-", help="JSON as `decode` prints it; - for standard input.")],
    profile: Annotated[Profile, _PROFILE] = Profile.V4,
) -> None:
    """Print a message in JSON as the hex digits of its UPER encoding."""
    import orjson

    from cloudctl.errors import CloudctlError
    from ingest.uper.codec import codec_for

    try:
        value = orjson.loads(sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise CloudctlError(f"{source}: {error}") from error
    print(codec_for(profile).encode(value).hex())
