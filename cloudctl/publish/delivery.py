"""What is ordered of devices, what became of it, and whether devices answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from cloudctl.advice.advisory import Advisory
from ingest.device_kinds import DeviceKind
from ingest.dialects.description import Json
from ingest.messages.common import Wire


class DeliveryStatus(StrEnum):
    """What became of a message to a device."""

    SENT = "sent"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    CONNECTION_ABNORMAL = "connection_abnormal"
    """No answer, however often it was sent (连接异常)."""
    NO_FORM = "no_form"
    """The dialect of the device cannot say it."""
    UNANSWERED = "unanswered"
    """Sent once, as it must not be done twice, and no answer came."""


@dataclass(frozen=True)
class Order:
    """A message to one device that is no advisory: CONFIG, MNG, MAP, SPAT, a warning, an event of the police."""

    reference: str
    """Id by which the one who ordered it knows it."""
    device: str
    name: str
    """Name of the message, such as config."""
    body: Wire
    valid_until: float = float("inf")
    """Not sent again from then on, UTC epoch s."""
    extras: Mapping[str, Json] = field(default_factory=dict)
    """What stands beside the body in JSON: eTag and mapSlice of a MAP."""
    kind: DeviceKind = DeviceKind.RSU
    answered: bool = True
    """Whether an answer is awaited."""
    once: bool = False
    """Whether it is sent once only, as a restart is; its answer is awaited all the same."""


@dataclass(frozen=True)
class Receipt:
    """What a device answered to an advisory."""

    advisory: Advisory
    accepted: bool


class Delivery(msgspec.Struct, frozen=True):
    """What became of an order; `time` is UTC epoch s."""

    reference: str
    device: str
    message: str
    status: DeliveryStatus
    time: float
    seq_num: str = ""
    detail: str = ""


class ConnectionNow(msgspec.Struct, frozen=True):
    """A device that stopped answering (abnormal) or answers again (normal); `timestamp` is UTC epoch ms."""

    device: str
    state: str
    timestamp: int
    failures: int
    """Sendings without an answer."""
