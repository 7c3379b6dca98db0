"""TEST: T/CSAE 157-2020 TestMsg, for trying out a link. Octets are hex digits.

| field | type |
|---|---|
| msgCnt | 0..127 |
| userData | 1..2048 octets |
| timestamp | our extension, UTC epoch ms |
"""

from typing import Annotated

from msgspec import Meta

from ingest.messages.common import MsgCount, Timestamp, Wire


class TestMsg(Wire, frozen=True):
    """MSG_TestMsg."""

    msg_cnt: MsgCount
    user_data: Annotated[str, Meta(min_length=2, max_length=4096)]
    timestamp: Timestamp | None = None
