"""Open access: every visitor is the demo's actor. For the demo on a loopback address, never where others come in."""

import ipaddress

from starlette.requests import HTTPConnection

from cloudctl.access.actor import DEMO_ACTOR, Actor
from cloudctl.access.errors import OpenAccessError


class OpenAccess:
    """Takes every visitor for the demo's actor."""

    async def identify(self, connection: HTTPConnection) -> Actor:
        """Give the demo's actor."""
        del connection
        return DEMO_ACTOR

    async def still_in(self, actor: Actor) -> bool:
        """Keep everybody in."""
        del actor
        return True


def only_this_machine(host: str) -> bool:
    """Tell whether a listening address can be reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def refuse_open_to_others(host: str) -> None:
    """Raise OpenAccessError unless a listening address can be reached from this machine alone."""
    if not only_this_machine(host):
        raise OpenAccessError(host)
