"""Who may use a lane, as DF_LaneAttributes of a MAP says it (T/CSAE 53-2020, 6.2.3).

| member | bits that count here |
|---|---|
| shareWith | 3 individual motor vehicles, 4 buses, 6 and 9 pedestrians, 7 cyclists |
| laneType.vehicle | 3 buses alone, 5 no public use |
| laneType.bikeLane | 1 pedestrians too |

Sums of kinds that the fields cannot say, such as cars without trucks, come back as the next wider one.
"""

from maps.participants import ANY_KIND, MOTOR_KINDS, ParticipantKind

Fields = dict[str, object]
_CAR, _BUS, _SPECIAL = ParticipantKind.CAR.bit, ParticipantKind.BUS.bit, ParticipantKind.SPECIAL.bit
_CYCLIST, _PEDESTRIAN = ParticipantKind.CYCLIST.bit, ParticipantKind.PEDESTRIAN.bit
_UNKNOWN = ParticipantKind.UNKNOWN.bit
_SHARES = {3: MOTOR_KINDS & ~_BUS, 4: _BUS, 6: _PEDESTRIAN, 7: _CYCLIST, 9: _PEDESTRIAN}
"""Kinds by bit of LaneSharing."""
_SHARE_OF = {3: _CAR, 4: _BUS, 7: _CYCLIST, 9: _PEDESTRIAN}
"""Kind whose presence sets the bit."""
_BUSES_ALONE, _NO_PUBLIC_USE = 3, 5
_PEDESTRIANS_TOO = 1
_OTHERS = {
    "bikeLane": _CYCLIST | _UNKNOWN,
    "sidewalk": _PEDESTRIAN | _UNKNOWN,
    "crosswalk": _PEDESTRIAN | _UNKNOWN,
    "median": 0,
    "striping": 0,
    "trackedVehicle": 0,
    "parking": MOTOR_KINDS,
}
LANE_TYPES = ("vehicle", *_OTHERS)
"""Alternatives of DF_LaneTypeAttributes."""


def lane_attributes(allowed: int) -> Fields:
    """LaneAttributes of a lane that the kinds of the mask `allowed` may use."""
    share = {bit for bit, kind in _SHARE_OF.items() if allowed & kind}
    return {"shareWith": _bits(share, 10), "laneType": _lane_type(allowed)}


def allowed_kinds(lane_type: str, bits: set[int], share: set[int]) -> int:
    """Mask of the kinds that may use a lane.

    Args:
        lane_type: One of `LANE_TYPES`; a name that is none of them is closed to all.
        bits: Set bits of its attributes.
        share: Set bits of LaneSharing; without any a lane for vehicles is open to all but pedestrians.
    """
    shared = 0
    for bit in share:
        shared |= _SHARES.get(bit, 0)
    if lane_type != "vehicle":
        own = _OTHERS.get(lane_type, 0)
        return own | shared | (_PEDESTRIAN if lane_type == "bikeLane" and _PEDESTRIANS_TOO in bits else 0)
    if _BUSES_ALONE in bits:
        return _BUS | _SPECIAL | _UNKNOWN | shared
    if _NO_PUBLIC_USE in bits:
        return _SPECIAL | _UNKNOWN | shared
    return shared | _SPECIAL | _UNKNOWN if shared else ANY_KIND & ~_PEDESTRIAN


def _lane_type(allowed: int) -> Fields:
    if not allowed & MOTOR_KINDS:
        return {"bikeLane": _bits({_PEDESTRIANS_TOO} if allowed & _PEDESTRIAN else set(), 16)}
    if allowed & _CAR:
        return {"vehicle": _bits(set(), 8)}
    return {"vehicle": _bits({_BUSES_ALONE if allowed & _BUS else _NO_PUBLIC_USE}, 8)}


def _bits(found: set[int], size: int) -> str:
    return "".join("1" if bit in found else "0" for bit in range(size))
