"""DF_LaneAttributes, which the lanes of both phases have: T/CSAE 53-2020 and T/CSAE 157-2020, MSG_MAP."""

from typing import Annotated

from msgspec import Meta

from ingest.messages.common import Bits16, Wire

Bits8Up = Annotated[str, Meta(pattern="^[01]{8,32}$")]
Bits10 = Annotated[str, Meta(pattern="^[01]{10}$")]


class LaneTypeAttributes(Wire, frozen=True):
    """CHOICE DF_LaneTypeAttributes."""

    vehicle: Bits8Up | None = None
    crosswalk: Bits16 | None = None
    bike_lane: Bits16 | None = None
    sidewalk: Bits16 | None = None
    median: Bits16 | None = None
    striping: Bits16 | None = None
    tracked_vehicle: Bits16 | None = None
    parking: Bits16 | None = None


class LaneAttributes(Wire, frozen=True):
    """DF_LaneAttributes."""

    lane_type: LaneTypeAttributes
    share_with: Bits10 | None = None
