"""Who may use a SUMO lane (SUMO documentation, "Simulation/VehiclePermissions") as a mask of our kinds."""

from functools import cache

from maps.participants import ANY_KIND, ParticipantKind

_CLASSES = {
    ParticipantKind.CAR: {"passenger"},
    ParticipantKind.VAN: {"delivery"},
    ParticipantKind.TRUCK: {"truck", "trailer"},
    ParticipantKind.BUS: {"bus", "coach"},
    ParticipantKind.SPECIAL: {"emergency", "authority", "army", "vip"},
    ParticipantKind.MOTORCYCLE: {"motorcycle", "moped"},
    ParticipantKind.CYCLIST: {"bicycle"},
    ParticipantKind.PEDESTRIAN: {"pedestrian"},
}
_ALL = {name for names in _CLASSES.values() for name in names}


@cache
def allowed_mask(allow: str, disallow: str) -> int:
    """Turn the `allow` and `disallow` attributes of a lane into a mask of `ParticipantKind.bit`.

    A kind is allowed where any of its SUMO classes is. The unknown kind may be wherever any known kind may.
    """
    if not allow and not disallow:
        return ANY_KIND
    named = set((allow or disallow).split())
    if "all" in named:
        named = _ALL
    permitted = named if allow else _ALL - named
    mask = sum(kind.bit for kind, classes in _CLASSES.items() if classes & permitted)
    return mask | ParticipantKind.UNKNOWN.bit if mask else 0
