"""What comes from the broker: topic, bytes and the time we got them."""

import msgspec


class RawMessage(msgspec.Struct, frozen=True, gc=False):
    """One MQTT message. `received` is UTC epoch s."""

    topic: str
    payload: bytes
    received: float
