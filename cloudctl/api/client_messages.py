"""What a live-feed client may say: small JSON objects, told apart by `type`."""

from typing import Annotated

import msgspec

from cloudctl.api.errors import ClientMessageError
from cloudctl.api.live_state import Part

Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Zoom = Annotated[float, msgspec.Meta(ge=0, le=26)]
Milliseconds = Annotated[float, msgspec.Meta(ge=0, le=600_000)]
MAX_MESSAGE_BYTES = 4096


class View(msgspec.Struct, frozen=True, tag="view", tag_field="type"):
    """The box looked at (west, south, east, north; deg), zoom, and the parts wanted."""

    box: tuple[Longitude, Latitude, Longitude, Latitude]
    zoom: Zoom = 12.0
    layers: Annotated[tuple[Part, ...], msgspec.Meta(max_length=32)] = tuple(Part)
    deltas: bool = False
    """Movers and links come as keys and changes, see `cloudctl.api.mover_stream`; else whole frames."""
    anew: bool = False
    """The client has nothing any more of what it was sent."""


class Paint(msgspec.Struct, frozen=True, tag="paint", tag_field="type"):
    """Ages (ms) of the frames drawn since the last report, at the moment they were on screen."""

    ages_ms: Annotated[tuple[Milliseconds, ...], msgspec.Meta(max_length=100)]


class Ping(msgspec.Struct, frozen=True, tag="ping", tag_field="type"):
    """Clock question; `t` comes back as it is."""

    t: float


ClientMessage = View | Paint | Ping
_DECODER: msgspec.json.Decoder[ClientMessage] = msgspec.json.Decoder(ClientMessage)


def read_client_message(text: str) -> ClientMessage:
    """Decode one message; raise ClientMessageError naming the field at fault."""
    if len(text) > MAX_MESSAGE_BYTES:
        raise ClientMessageError(f"{len(text)} bytes are more than {MAX_MESSAGE_BYTES}", len(text))
    try:
        message = _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeError) as fault:
        raise ClientMessageError(str(fault), text[:200]) from fault
    if isinstance(message, View) and (message.box[0] > message.box[2] or message.box[1] > message.box[3]):
        raise ClientMessageError("box: west and south come first", message.box)
    return message
