"""The few MQTT 3.1.1 packets that a subscriber at QoS 0 needs (OASIS mqtt-v3.1.1, chapter 3).

| packet | first byte | sent | read |
|---|---|---|---|
| CONNECT 3.1, SUBSCRIBE 3.8, PINGREQ 3.12, DISCONNECT 3.14 | 0x10, 0x82, 0xC0, 0xE0 | yes | |
| CONNACK 3.2, PUBLISH 3.3, SUBACK 3.9, PINGRESP 3.13 | 0x20, 0x30, 0x90, 0xD0 | | yes |

General clients read each packet by several calls of the socket; here one read yields all packets in it.
"""

from collections.abc import Callable
from enum import IntEnum
from typing import Final

from ingest.errors import MqttProtocolError

PINGREQ: Final = b"\xc0\x00"
DISCONNECT: Final = b"\xe0\x00"
LARGEST_PACKET = 4 * 1024 * 1024

_PUBLISH = 3
_REFUSED_FILTER = 0x80


class _Kind(IntEnum):
    CONNACK = 2
    SUBACK = 9
    PINGRESP = 13


_REFUSALS = {
    1: "protocol version not accepted",
    2: "client id not accepted",
    3: "broker not available",
    4: "user name or password wrong",
    5: "not authorised",
}


def connect_packet(client_id: str, keepalive: int, user: str | None, password: str | None) -> bytes:
    """CONNECT with a clean session; keepalive in s."""
    flags = 0x02 | (0x80 if user is not None else 0) | (0x40 if user is not None and password is not None else 0)
    body = _text("MQTT") + bytes((4, flags)) + keepalive.to_bytes(2, "big") + _text(client_id)
    if user is not None:
        body += _text(user)
        if password is not None:
            body += _text(password)
    return _packet(0x10, body)


def subscribe_packet(filters: tuple[str, ...]) -> bytes:
    """SUBSCRIBE to topic filters at QoS 0."""
    return _packet(0x82, b"\x00\x01" + b"".join(_text(text) + b"\x00" for text in filters))


class PacketReader:
    """Cuts the byte stream of a broker into packets."""

    def __init__(self, on_message: Callable[[bytes, bytes], None]) -> None:
        """Call `on_message(topic, payload)` for each PUBLISH."""
        self._on_message = on_message
        self._rest = b""
        self.connected = False
        self.subscribed = False

    def feed(self, data: bytes) -> None:
        """Read what came; MqttProtocolError where the broker refuses us or speaks no MQTT."""
        if self._rest:
            data = self._rest + data
        position, end, on_message = 0, len(data), self._on_message
        while end - position >= 2:
            first, length, body = data[position], data[position + 1], position + 2
            if length & 0x80:
                length, body = _long_length(data, position + 1)
                if body == 0:
                    break
            after = body + length
            if after > end:
                break
            if first >> 4 == _PUBLISH:
                name = body + 2
                text = name + (data[body] << 8 | data[body + 1]) if length >= 2 else after + 1
                start = text + 2 if first & 0x06 else text
                if start > after:
                    raise MqttProtocolError("PUBLISH shorter than its topic")
                on_message(data[name:text], data[start:after])
            else:
                self._control(first >> 4, data[body:after])
            position = after
        self._rest = data[position:]

    def _control(self, kind: int, body: bytes) -> None:
        match kind:
            case _Kind.CONNACK:
                if len(body) != 2 or body[1]:
                    raise MqttProtocolError(_REFUSALS.get(body[-1] if body else 0, "connection refused"))
                self.connected = True
            case _Kind.SUBACK:
                if _REFUSED_FILTER in body[2:]:
                    raise MqttProtocolError("subscription refused")
                self.subscribed = True
            case _Kind.PINGRESP:
                pass
            case _:
                raise MqttProtocolError(f"packet of kind {kind} was not asked for")


def _long_length(data: bytes, position: int) -> tuple[int, int]:
    """Read a length of two to four bytes (2.2.3): length and where the body starts, 0 where bytes are missing."""
    length = 0
    for index in range(4):
        if position + index >= len(data):
            return 0, 0
        byte = data[position + index]
        length |= (byte & 0x7F) << (7 * index)
        if not byte & 0x80:
            if length > LARGEST_PACKET:
                raise MqttProtocolError(f"packet of {length} bytes")
            return length, position + index + 1
    raise MqttProtocolError("length of more than four bytes")


def _packet(first: int, body: bytes) -> bytes:
    length, head = len(body), bytearray((first,))
    while True:
        length, byte = length >> 7, length & 0x7F
        head.append(byte | (0x80 if length else 0))
        if not length:
            return bytes(head) + body


def _text(value: str) -> bytes:
    raw = value.encode()
    return len(raw).to_bytes(2, "big") + raw
