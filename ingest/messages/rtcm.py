"""RTCM corrections for positioning: T/CSAE 157-2020 MSG_RTCM.

| field | type |
|---|---|
| msgCnt | 0..127 |
| corrections | 1..5: rev, rtcmID, payload 1..2047 octets as hex digits |
| timestamp | our extension, UTC epoch ms |
"""

from typing import Annotated, Literal

from msgspec import Meta, field

from ingest.messages.common import MsgCount, Timestamp, Wire

RTCMPayload = Annotated[str, Meta(min_length=2, max_length=4094)]
RTCMRevision = (
    Literal[
        "unknown",
        "reserved",
        "rtcmCMR",
        "rtcmCMR-Plus",
        "rtcmSAPOS",
        "rtcmSAPOS-Adv",
        "rtcmRTCA",
        "rtcmRAW",
        "rtcmRINEX",
        "rtcmSP3",
        "rtcmBINEX",
        "rtcmRev2-x",
        "rtcmRev2-0",
        "rtcmRev2-1",
        "rtcmRev2-3",
        "rtcmRev3-0",
        "rtcmRev3-1",
        "rtcmRev3-2",
    ]
    | Annotated[int, Meta(ge=0, le=17)]
)


class RTCMmsg(Wire, frozen=True):
    """DF_RTCMmsg."""

    payload: RTCMPayload
    rev: RTCMRevision | None = None
    rtcm_id: Annotated[int, Meta(ge=0, le=32767)] | None = field(default=None, name="rtcmID")


class RTCMcorrections(Wire, frozen=True):
    """MSG_RTCMcorrections."""

    msg_cnt: MsgCount
    corrections: Annotated[list[RTCMmsg], Meta(min_length=1, max_length=5)]
    timestamp: Timestamp | None = None
