"""CLPMM, platooning management: T/CSAE 157-2020 MSG_CLPMM. Who leads, follows, joins or leaves a platoon.

| field | type |
|---|---|
| msgCnt, id, secMark | header |
| pid | platoon, 17 octets as hex digits |
| role, status | of the sender in the platoon |
| leadingExt | members 1..32, joining, leaving; of the leader only |
| timestamp | our extension, UTC epoch ms |
"""

from typing import Annotated, Literal

from msgspec import Meta

from ingest.messages.common import DeviceId, DSecond, MsgCount, Timestamp, Wire

RoleInPlatooning = Literal["leader", "follower", "tail", "free-vehicle"] | Annotated[int, Meta(ge=0, le=3)]
StatusInPlatooning = (
    Literal["navigating", "beginToDissmiss", "askForJoining", "joining", "following", "askForLeaving", "leaving"]
    | Annotated[int, Meta(ge=0, le=6)]
)


class MemberNode(Wire, frozen=True):
    """DF_MemberNode."""

    vid: DeviceId


class MemberManagement(Wire, frozen=True):
    """DF_MemberManagement."""

    member_list: Annotated[list[MemberNode], Meta(min_length=1, max_length=32)]
    capacity: Annotated[int, Meta(ge=1, le=32)]
    open_to_join: bool
    joining_list: Annotated[list[MemberNode], Meta(min_length=1, max_length=32)] | None = None
    leaving_list: Annotated[list[MemberNode], Meta(min_length=1, max_length=32)] | None = None


class CLPMM(Wire, frozen=True):
    """MSG_CLPMM."""

    msg_cnt: MsgCount
    id: DeviceId
    sec_mark: DSecond
    pid: Annotated[str, Meta(min_length=34, max_length=34)]
    role: RoleInPlatooning
    status: StatusInPlatooning
    leading_ext: MemberManagement | None = None
    timestamp: Timestamp | None = None
