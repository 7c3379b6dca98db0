"""Kind of a road user from DE_ParticipantType and DE_BasicVehicleClass (T/CSAE 53-2020), as tables for columns."""

import numpy as np
from numpy.typing import NDArray

from ingest.messages.enumerations import ParticipantType
from maps.participants import ParticipantKind

NO_CLASS = 256
"""Column value where a message gives no vehicle class."""

_CLASS_RANGES = (
    (1, 1, ParticipantKind.SPECIAL),
    (10, 19, ParticipantKind.CAR),
    (20, 24, ParticipantKind.VAN),
    (25, 39, ParticipantKind.TRUCK),
    (40, 49, ParticipantKind.MOTORCYCLE),
    (50, 59, ParticipantKind.BUS),
    (60, 69, ParticipantKind.SPECIAL),
    (82, 84, ParticipantKind.PEDESTRIAN),
    (85, 85, ParticipantKind.CYCLIST),
    (86, 86, ParticipantKind.PEDESTRIAN),
)
_CONFIDENCE_BY_CLASS = 0.9
_CONFIDENCE_BY_TYPE = 0.7


def _class_kinds() -> NDArray[np.uint8]:
    kinds = np.zeros(NO_CLASS + 1, np.uint8)
    for first, last, kind in _CLASS_RANGES:
        kinds[first : last + 1] = kind
    return kinds


def _kinds() -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Make tables (DE_ParticipantType, DE_BasicVehicleClass or 256) -> kind and how sure that is."""
    by_class = _class_kinds()
    kinds = np.tile(by_class, (len(ParticipantType), 1))
    confidence = np.where(kinds > 0, _CONFIDENCE_BY_CLASS, 0.0).astype(np.float32)
    defaults = {
        ParticipantType.MOTOR: (ParticipantKind.CAR, by_class == 0),
        ParticipantType.NON_MOTOR: (ParticipantKind.CYCLIST, by_class != ParticipantKind.MOTORCYCLE),
        ParticipantType.PEDESTRIAN: (ParticipantKind.PEDESTRIAN, np.ones(NO_CLASS + 1, np.bool_)),
    }
    for participant, (kind, where) in defaults.items():
        kinds[participant.code, where] = kind
        confidence[participant.code, where] = _CONFIDENCE_BY_TYPE
    return kinds, confidence


KIND_TABLE, KIND_CONFIDENCE_TABLE = _kinds()
