"""What the pipeline says to a message: taken, or refused with a reason, and the reply a device gets for a refusal."""

import re

import msgspec

from ingest.errors import RefusalReason
from ingest.messages.acks import RefusalAck
from ingest.messages.decoding import encode

_LONGEST_SENTENCE = 500
_ANSWERED = re.compile(r"^V2X/.*/UP(/[A-Z0-9]+)?$")
"""Topics whose senders listen to replies."""
_SILENT = frozenset({RefusalReason.DUPLICATE, RefusalReason.UNKNOWN_TOPIC})


class Refused(msgspec.Struct, frozen=True, gc=False):
    """A message, or a part of it, that was not taken."""

    topic: str
    stream: str | None
    device: int | None
    """Row in the registry, None where the topic names no device."""
    reason: RefusalReason
    field: str
    detail: str
    """One sentence that names the field and its value."""
    msg_cnt: int | None = None
    seq_num: str | int | None = None


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """A message that was taken."""

    stream: str
    device: int
    observations: int = 0
    """Rows that it added to the next ObservationBatch."""
    partly: Refused | None = None
    """The first participant that was left out, if any was, or why the message is kept out of the picture."""
    warning: RefusalReason | None = None
    """Why the message, though kept, does not enter the live picture."""


class DeadLetter(msgspec.Struct, frozen=True, gc=False):
    """Bytes that were refused, for the dead-letter store. `received` is UTC epoch s."""

    received: float
    topic: str
    payload: bytes
    reason: str
    detail: str


def refusal_ack(topic: str, refusal: Refused) -> tuple[str, bytes] | None:
    """Give topic and payload of the reply to the device.

    None where nobody waits for one: repeats (they did arrive), unknown topics, and refused acknowledgements.
    """
    if refusal.reason in _SILENT or not _ANSWERED.search(topic):
        return None
    seq_num, msg_cnt = refusal.seq_num, refusal.msg_cnt
    ack = RefusalAck(
        error_code=refusal.reason.code,
        reason=refusal.reason.value,
        error_desc=refusal.detail[:_LONGEST_SENTENCE],
        msg_cnt=msg_cnt,
        seq_num=seq_num,
    )
    return f"{topic}/ACK", encode(ack)
