"""Kinds of devices."""

from enum import IntEnum


class DeviceKind(IntEnum):
    """Kind of a device."""

    RSU = 0
    OBU = 1
    LOT = 2
    RADAR = 3
    SIGNAL_CONTROLLER = 4
