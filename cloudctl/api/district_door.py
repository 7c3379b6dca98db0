"""What routes ask about districts: a place in another one is refused, what is there is unknown."""

from collections.abc import Mapping

from fastapi import Request

from cloudctl.access.actor import Actor
from cloudctl.api.district_sight import DistrictSight
from cloudctl.api.errors import ProblemError
from cloudctl.api.live_state import LiveFrame, Part
from cloudctl.api.services import Services


def districts_of(request: Request, actor: Actor) -> DistrictSight | None:
    """Give what an actor may see; None where that is the whole city."""
    return Services.of(request).districts.sight_of(actor)


def frame_for(request: Request, actor: Actor, part: Part) -> LiveFrame | None:
    """Give the newest frame of a part as far as the actor may see it, None before the first."""
    return Services.of(request).hub.find_frame(part, districts_of(request, actor))


def check_place(request: Request, actor: Actor, content: Mapping[str, object]) -> None:
    """Raise ProblemError (403) where the `lon` and `lat` (deg) of some work lie in a district of others."""
    sight = districts_of(request, actor)
    if sight is not None and not sight.place(content.get("lon"), content.get("lat")):
        raise ProblemError(403, "Not your district", f"{content.get('lon')}, {content.get('lat')} lies in another one")


def check_signal(request: Request, actor: Actor, signal: object) -> None:
    """Raise ProblemError (403) where a signal stands in a district of others."""
    sight = districts_of(request, actor)
    if sight is not None and not sight.signal(signal):
        raise ProblemError(403, "Not your district", f"signal {signal!r} stands in another one")
