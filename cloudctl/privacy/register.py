"""The register of lawful bases: what each vehicle may be known for at a moment. Pure: the time is a parameter.

On the broker a vehicle stands in it by a keyed token, HMAC-SHA-256 of its id under a key that the processes of one
installation share; who listens on the broker learns how many agreed, and nobody's name.
"""

import hmac
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

TOKEN_BYTES = 16


class LawfulBasis(StrEnum):
    """Why data of a vehicle may be handled (PIPL art. 13)."""

    CONSENT = "consent"
    """Purpose by purpose, each with an end."""
    CONTRACT = "contract"
    """Buses and works vehicles of the city and its contractors: the vehicle serves, nobody is private in it."""
    STATUTORY_DUTY = "statutory_duty"
    """Emergency services and others whom a law obliges."""
    NONE = "none"


class Purpose(StrEnum):
    """What a consent is for."""

    LIVE_IDENTIFIED = "live_identified"
    """To be known by its id in the live picture, masked for all but those who may unmask."""
    STORAGE = "storage"
    """Tracks, requests and answers are stored so that they lead back to the vehicle."""
    RESEARCH = "research"
    """Stored tracks may be studied under the pseudonym of the day."""
    BUS_DISPATCH = "bus_dispatch"
    """Dispatchers see and address the vehicle; for hired vehicles on a bus line."""


PUBLIC = frozenset({LawfulBasis.CONTRACT, LawfulBasis.STATUTORY_DUTY})
"""Bases that need no consent, and from which nobody can withdraw."""


@dataclass(frozen=True)
class Grant:
    """What a vehicle may be known for at a moment; by default nothing."""

    public: bool = False
    """Its id is no personal data here."""
    live: bool = False
    storage: bool = False

    @property
    def named(self) -> bool:
        """Its id may travel between processes of the platform."""
        return self.public or self.live or self.storage


NOTHING = Grant()
EVERYTHING = Grant(public=True, live=True, storage=True)


class Standing(msgspec.Struct, frozen=True):
    """One vehicle in the register."""

    basis: LawfulBasis
    until: dict[Purpose, float] = {}
    """End of each consent that holds, UTC epoch s."""

    def grant(self, now: float) -> Grant:
        """Give what holds at UTC epoch s."""
        if self.basis in PUBLIC:
            return EVERYTHING
        if self.basis is not LawfulBasis.CONSENT:
            return NOTHING
        live, storage = (self.until.get(each, 0.0) > now for each in (Purpose.LIVE_IDENTIFIED, Purpose.STORAGE))
        return Grant(live=live, storage=storage)

    def next_end(self, now: float) -> float:
        """Give when the next consent ends, UTC epoch s; infinity where none will."""
        return min((end for end in self.until.values() if end > now), default=math.inf)


class RegisterMessage(msgspec.Struct, frozen=True):
    """The whole register as it travels, retained, on `V2X/CLOUD/PRIVACY/REGISTER`."""

    version: int
    time: float
    entries: dict[str, Standing]
    """By token."""


@dataclass(frozen=True)
class Register:
    """Standings by id or by token; whoever is not in it may be known for nothing."""

    version: int = -1
    standings: Mapping[str, Standing] = field(default_factory=dict)

    def grant(self, name: str, now: float) -> Grant:
        """Give what a vehicle may be known for at UTC epoch s."""
        standing = self.standings.get(name)
        return NOTHING if standing is None else standing.grant(now)

    def next_end(self, now: float) -> float:
        """Give when the next consent of anybody ends, UTC epoch s."""
        return min((standing.next_end(now) for standing in self.standings.values()), default=math.inf)

    def message(self, key: bytes, now: float) -> RegisterMessage:
        """Make what is published of a register by id."""
        entries = {token_of(key, name): standing for name, standing in self.standings.items()}
        return RegisterMessage(self.version, now, entries)


def token_of(key: bytes, name: str) -> str:
    """Give the token of a vehicle."""
    return hmac.digest(key, name.encode(), "sha256")[:TOKEN_BYTES].hex()
