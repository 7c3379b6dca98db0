"""Kinds of road user, shared by lanes (who may drive here) and tracks (who is this).

The kinds follow ParticipantType and BasicVehicleClass of T/CSAE 53-2020, folded to what a lane rule can tell apart.
"""

from enum import IntEnum


class ParticipantKind(IntEnum):
    """Kind of a road user (交通参与者类型); the value is what columns carry."""

    UNKNOWN = 0
    CAR = 1
    VAN = 2
    TRUCK = 3
    BUS = 4
    SPECIAL = 5
    MOTORCYCLE = 6
    CYCLIST = 7
    PEDESTRIAN = 8

    @property
    def label(self) -> str:
        """Lower-case name used in files and in the API."""
        return self.name.lower()

    @property
    def bit(self) -> int:
        """Bit of this kind in a lane's mask of allowed kinds."""
        return 1 << self.value


ANY_KIND = (1 << len(ParticipantKind)) - 1
MOTOR_KINDS = sum(
    kind.bit
    for kind in (
        ParticipantKind.CAR,
        ParticipantKind.VAN,
        ParticipantKind.TRUCK,
        ParticipantKind.BUS,
        ParticipantKind.SPECIAL,
        ParticipantKind.MOTORCYCLE,
    )
)
VEHICLE_KINDS = MOTOR_KINDS | ParticipantKind.CYCLIST.bit
