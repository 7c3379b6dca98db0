"""Which host names are ours, and whether a page of another site is behind a request.

Browsers say where a request comes from (Fetch Metadata; Origin, RFC 6454 §7); programs say nothing. A host name that we
do not know is refused, because a stranger's name may point at us (DNS rebinding); an address in digits cannot be his.
"""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
OWN_SITES = frozenset({"same-origin", "none"})


class Hosts:
    """Names under which the gateway may be asked for."""

    def __init__(self, *names: str) -> None:
        self._names = {name.lower().rstrip(".") for name in names if name} | {"localhost"}

    def knows(self, host: str | None) -> bool:
        """Tell whether a Host header names us; the port does not matter."""
        if not host:
            return False
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name.rstrip(".") in self._names or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def foreign_origin(headers: Mapping[str, str]) -> str | None:
    """Give the other site that a request comes from, None where it is our own page or no browser."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
        return origin
    if site is not None and site not in OWN_SITES:
        return origin or site
    return None


def says_where_from(headers: Mapping[str, str]) -> bool:
    """Tell whether a request carries what every browser of this decade sends."""
    return "origin" in headers or "sec-fetch-site" in headers
