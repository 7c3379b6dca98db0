"""Errors of ingest.

IngestError
├── RefusedError          a message from a device that we do not take; carries the reason a counter is named after
├── MqttProtocolError     the broker refuses us or does not speak MQTT
├── BrokerUrlError        the address of the broker is not one we understand
└── DeliveryError         a message could not be handed to the broker in time
"""

from enum import StrEnum
from typing import Self


class IngestError(Exception):
    """Base of all errors of ingest."""


class RefusalReason(StrEnum):
    """Why a message was not taken; the value names the counter.

    `code` is the errorCode of the reply to the device (0 is success there and never used here).
    """

    code: int

    def __new__(cls, name: str, code: int) -> Self:
        """Make a member from its counter name and its code in replies."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.code = code
        return member

    UNKNOWN_TOPIC = "unknown_topic", 1
    UNKNOWN_DEVICE = "unknown_device", 2
    NOT_JSON = "not_json", 3
    TOO_LARGE = "too_large", 4
    MISSING_FIELD = "missing_field", 5
    WRONG_TYPE = "wrong_type", 6
    OUT_OF_RANGE = "out_of_range", 7
    UNKNOWN_VALUE = "unknown_value", 8
    INVALID_CHOICE = "invalid_choice", 9
    POSITION_UNAVAILABLE = "position_unavailable", 10
    POSITION_OUTSIDE = "position_outside", 11
    COORDINATES_SWAPPED = "coordinates_swapped", 12
    PARTICIPANT_FAR = "participant_far", 13
    SPEED_IMPLAUSIBLE = "speed_implausible", 14
    DUPLICATE = "duplicate", 15
    TOO_MANY_DEVICES = "too_many_devices", 16
    NOT_UPER = "not_uper", 17
    PROFILE_MISMATCH = "profile_mismatch", 18
    WRONG_MESSAGE = "wrong_message", 19
    NOT_ENVELOPE = "not_envelope", 20
    CLOCK_WRONG = "clock_wrong", 21
    """A warning: the message is kept and flagged."""


class RefusedError(IngestError):
    """A message from a device that we do not take."""

    def __init__(self, reason: RefusalReason, field: str, value: object, detail: str = "") -> None:
        """Keep what was wrong: `field` is a path such as `participants[0].speed`, empty for the whole message."""
        super().__init__(detail or f"{field or 'message'}: {reason} ({value!r})")
        self.reason = reason
        self.field = field
        self.value = value


class MqttProtocolError(IngestError):
    """The broker refuses us or does not speak MQTT."""


class BrokerUrlError(IngestError):
    """The address of the broker is not one we understand."""

    def __init__(self, url: str, detail: str) -> None:
        super().__init__(f"broker address {url!r}: {detail}; expected mqtt://[user:password@]host[:port]")
        self.url = url


class DeliveryError(IngestError):
    """A message could not be handed to the broker in time."""

    def __init__(self, topic: str, waited: float) -> None:
        super().__init__(f"no delivery to {topic} within {waited:g} s")
        self.topic = topic
        self.waited = waited
