"""What is sent down to a device, and how far that has come: content of the command `deliver`, reports on DELIVERY."""

from enum import StrEnum

import msgspec

from cloudctl.publish.delivery import Delivery as Report
from cloudctl.publish.delivery import DeliveryStatus as Reported

DELIVER = "deliver"
"""Kind of the command by which the gateway has something sent down."""


class DeliveryKind(StrEnum):
    """What is sent down."""

    CONFIG = "config"
    MAP = "map"
    MANAGEMENT = "management"


class DeliveryStatus(StrEnum):
    """How far it has come."""

    QUEUED = "queued"
    """Waits for the engine."""
    SENT = "sent"
    """Published; no answer yet. A management order without one stays here: interfaces that do not answer are common."""
    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"
    """The device answered that it did not take it."""
    CONNECTION_ABNORMAL = "connection_abnormal"
    """No answer to the first sending and three more. The newest CONFIG and MAP go out again when the device is back."""
    SUPERSEDED = "superseded"
    """A newer one of its kind took its place before an answer came."""
    PRESENT = "present"
    """Not sent: the device has a MAP of this eTag already."""


class DeliveryOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Content of the command `deliver`."""

    delivery: int
    device: str
    kind: DeliveryKind
    content: dict[str, object]
    etag: str | None = None
    map_slice: str | None = None


REFERENCE = "delivery:"
"""How the engine calls a delivery of the register, before its number, in its reports on `V2X/CLOUD/DELIVERY`."""
STATUS_OF_REPORT = {
    Reported.SENT: DeliveryStatus.SENT,
    Reported.ACCEPTED: DeliveryStatus.ACKNOWLEDGED,
    Reported.REJECTED: DeliveryStatus.FAILED,
    Reported.EXPIRED: DeliveryStatus.FAILED,
    Reported.NO_FORM: DeliveryStatus.FAILED,
    Reported.SUPERSEDED: DeliveryStatus.SUPERSEDED,
    Reported.CONNECTION_ABNORMAL: DeliveryStatus.CONNECTION_ABNORMAL,
    Reported.UNANSWERED: DeliveryStatus.SENT,
}


def number_of(report: Report) -> int | None:
    """Give the number of the delivery that a report is about, None for an order that is not the register's."""
    word, _, number = report.reference.partition(":")
    return int(number) if f"{word}:" == REFERENCE and number.isdecimal() else None
