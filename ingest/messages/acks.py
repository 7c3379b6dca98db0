"""Replies: RSI and RSC acknowledgements (OpenV2X `{"seqNum":"9","errorCode":0}`), advice answers, refusals of uplinks.

| message | fields |
|---|---|
| Ack | seqNum, errorCode (0 success; RSC: 1 refused), errorDesc |
| AdviceAck | id of the advisory, status accepted or rejected |
| RefusalAck | errorCode above 0, reason (counter name), errorDesc, msgCnt and seqNum where known |
"""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from ingest.messages.common import DeviceId, MsgCount, Wire

Sentence = Annotated[str, Meta(max_length=512)]


class Ack(Wire, frozen=True):
    """A roadside unit took an RSI or RSC, or not."""

    error_code: Annotated[int, Meta(ge=0, le=65535)]
    seq_num: str | int | None = None
    error_desc: Sentence | None = None


class UnitAck(Ack, frozen=True, kw_only=True):
    """The same on a topic that names no device: the payload does."""

    rsu_esn: DeviceId | None = None
    rsu_id: DeviceId | None = None

    @property
    def unit(self) -> str:
        """Serial of the unit, empty where none is named."""
        return self.rsu_esn or self.rsu_id or ""


class AdviceAnswer(StrEnum):
    """What a vehicle does with an advisory."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


class AdviceAck(Wire, frozen=True):
    """A vehicle's answer to an advisory."""

    id: str | int
    status: AdviceAnswer


class RefusalAck(Wire, frozen=True):
    """Reply to a device whose message we did not take."""

    error_code: Annotated[int, Meta(ge=1)]
    reason: str
    error_desc: Sentence
    msg_cnt: MsgCount | None = None
    seq_num: str | int | None = None
