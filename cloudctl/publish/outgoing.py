"""A message that is to be published."""

from dataclasses import dataclass
from typing import Self

from ingest.streams import BY_NAME


@dataclass(frozen=True)
class Outgoing:
    """One MQTT message."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False

    @classmethod
    def on(cls, stream_name: str, payload: bytes, device: str = "") -> Self:
        """Make a message of a stream; topic, QoS and retention follow from the table of streams."""
        stream = BY_NAME[stream_name]
        return cls(stream.topic_of(device), payload, stream.qos, stream.retain)
